/* cuts.h - feeds a message reader every beginning of a valid message, and the message with a byte too many. */
#ifndef DTLS_TESTS_CUTS_H
#define DTLS_TESTS_CUTS_H

#include "dtls/identity.h"

#define NOWHERE SIZE_MAX /* as `whole`: it may end nowhere else */

/*
 * Checks that `read` takes `message`, refuses it with DTLS_ERR_DECODE when it is cut anywhere or one byte longer, and
 * then leaves its output (of `out_size` bytes) as it was. A cut after `whole` bytes is let through: a message that
 * may also end there.
 */
void check_cuts(const char *name, int (*read)(struct dtls_bytes body, void *out), size_t out_size,
                struct dtls_bytes message, size_t whole);

#endif
