/* own.h - the identity that a program's options name. */
#ifndef APPS_OWN_H
#define APPS_OWN_H

#include "apps/trust.h"

/* --cert and --key, or --pkcs12, with --key-password, and --ocsp-response; or one made for this run. The caller's, to
 * free. NULL: `why` says what is wrong. On one thread at a time. */
struct dtls_identity *own_identity(const struct settings *settings, struct files_why *why);

#endif
