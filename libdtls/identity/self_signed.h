/* self_signed.h - makes a certificate for a key that nobody but itself vouches for (RFC 8827, 6.5). */
#ifndef DTLS_IDENTITY_SELF_SIGNED_H
#define DTLS_IDENTITY_SELF_SIGNED_H

#include "bytes/writer.h"
#include "crypto/signature.h"

enum { DTLS_SELF_SIGNED_MAX = 1024 }; /* room for the longest one, with some to spare */

/* What the certificate says besides its key. */
struct dtls_self_signed {
    const char *common_name;       /* 1 to 64 bytes of UTF-8; subject and issuer */
    int64_t not_before, not_after; /* seconds since 1970, UTC, to the end of 9999 */
};

/* Writes an X.509 v3 certificate of a P-256 or Ed25519 key. DTLS_ERR_ARGUMENT (name or validity), _RANDOM, or
 * _INTERNAL when the signature fails or `to` is too small. */
int dtls_self_signed_write(struct dtls_writer *to, const struct dtls_self_signed *what,
                           const struct dtls_private_key *key, const struct dtls_random *random);

#endif
