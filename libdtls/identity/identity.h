/* identity.h - the inside of a struct dtls_identity: what the handshake takes from it. */
#ifndef DTLS_IDENTITY_IDENTITY_H
#define DTLS_IDENTITY_IDENTITY_H

#include "crypto/signature.h"

enum { DTLS_MAX_CHAIN = DTLS_MOST_CERTIFICATES };

struct dtls_identity {
    struct dtls_private_key *key;
    struct dtls_public_key public_key;       /* views into key */
    uint8_t *der;                            /* the chain's certificates, one after the other; owned */
    struct dtls_bytes chain[DTLS_MAX_CHAIN]; /* views into der, leaf first */
    size_t chain_count;
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN];
    struct dtls_bytes ocsp_response; /* to staple; owned; empty: none */
};

#endif
