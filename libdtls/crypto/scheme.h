/* scheme.h - what the number of a signature scheme stands for (RFC 8446, 4.2.3). */
#ifndef DTLS_CRYPTO_SCHEME_H
#define DTLS_CRYPTO_SCHEME_H

#include "crypto/hash.h"
#include "crypto/signature.h"

enum dtls_signing { DTLS_SIGN_ECDSA, DTLS_SIGN_ED25519, DTLS_SIGN_PKCS1, DTLS_SIGN_PSS };

struct dtls_scheme_parts {
    uint16_t scheme;
    enum dtls_signing signing;
    enum dtls_hash hash; /* of the message; not used by Ed25519, which hashes inside */
};

/* NULL when there is no such scheme, or it does not fit the key. */
const struct dtls_scheme_parts *dtls_scheme_parts(uint16_t scheme, enum dtls_key_kind kind);

#endif
