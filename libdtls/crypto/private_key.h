/* private_key.h - the inside of a private key, for the room that signs with it. */
#ifndef DTLS_CRYPTO_PRIVATE_KEY_H
#define DTLS_CRYPTO_PRIVATE_KEY_H

#include "crypto/curve.h"
#include "crypto/rsa_public.h"
#include "crypto/signature.h"

struct dtls_private_key {
    enum dtls_key_kind kind;
    union {
        struct { /* P-256 and P-384 */
            struct ecc_scalar scalar;
            uint8_t point[DTLS_POINT_MAX];
            size_t point_len;
        } ec;
        struct { /* Ed25519 */
            uint8_t seed[DTLS_ED25519_LEN];
            uint8_t point[DTLS_ED25519_LEN];
        } ed;
        struct {
            struct rsa_private_key secret;
            struct rsa_public_key public;
            uint8_t modulus[DTLS_RSA_MAX_LEN]; /* the public key as bytes, no leading zeroes */
            uint8_t exponent[DTLS_RSA_MAX_EXPONENT_LEN];
            size_t exponent_len;
        } rsa;
    };
};

/* The curve of an ECDSA key; NULL for other kinds. */
const struct ecc_curve *dtls_key_kind_curve(enum dtls_key_kind kind);

#endif
