/* forge.h - authentic records that their sender never made: sealed with the receiver's own keys. Like peek.h, it looks
 * inside an engine; what it changes there is the sender's next number, as if that had sent them. */
#ifndef DTLS_TESTS_BOX_FORGE_H
#define DTLS_TESTS_BOX_FORGE_H

#include "tests/box/pair.h"

enum { FORGE_MAX = 4096 };

/* What `to` would take for a record of its peer: plaintext in epoch 0, else sealed, with a sequence number that is new
 * to it. Returns the length, 0 when it has no keys to read that epoch with. `body` of at most 4,000 bytes. */
size_t forge_record(const struct pair *pair, enum net_end to, uint16_t epoch, uint8_t type, const void *body,
                    size_t len, uint8_t out[FORGE_MAX]);

/* The same, received by `to` at once; false when there are no keys. */
bool forge_receive(struct pair *pair, enum net_end to, uint16_t epoch, uint8_t type, const void *body, size_t len);

#endif
