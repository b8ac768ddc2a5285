/* identity.h - the inside of a struct dtls_identity: what the handshake takes from it. */
#ifndef DTLS_IDENTITY_IDENTITY_H
#define DTLS_IDENTITY_IDENTITY_H

#include "crypto/signature.h"
#include "dtls/signer.h"

enum { DTLS_MAX_CHAIN = DTLS_MOST_CERTIFICATES };

struct dtls_identity {
    struct dtls_private_key *key; /* NULL: somebody else has it, who is asked by */
    dtls_sign_function *sign;     /* this (signer.h) */
    void *sign_arg;
    void (*release)(void *sign_arg);           /* by dtls_identity_free; NULL: nobody */
    struct dtls_public_key public_key;         /* views into key_info */
    struct dtls_bytes key_info;                /* its SubjectPublicKeyInfo: a view into der */
    uint8_t *der;                              /* the chain's certificates, one after the other, or key_info; owned */
    struct dtls_bytes chain[DTLS_MAX_CHAIN];   /* views into der, leaf first */
    size_t chain_count;                        /* 0: a raw public key alone */
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN]; /* of the leaf, or of key_info where there is none */
    struct dtls_bytes ocsp_response;           /* to staple; owned; empty: none */
};

#endif
