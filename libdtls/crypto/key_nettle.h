/* key_nettle.h - the inside of nettle's private keys. */
#ifndef DTLS_CRYPTO_KEY_NETTLE_H
#define DTLS_CRYPTO_KEY_NETTLE_H

#include <nettle/rsa.h>

#include "crypto/curve.h"
#include "crypto/provider.h"

struct dtls_ecdsa_key { /* P-256 and P-384 */
    struct dtls_private_key head;
    struct ecc_scalar scalar;
    uint8_t point[DTLS_POINT_MAX];
};

struct dtls_ed25519_key {
    struct dtls_private_key head;
    uint8_t seed[DTLS_ED25519_LEN];
    uint8_t point[DTLS_ED25519_LEN];
};

struct dtls_rsa_key {
    struct dtls_private_key head;
    struct rsa_private_key secret;
    struct rsa_public_key public;
    uint8_t modulus[DTLS_RSA_MAX_LEN]; /* the public key as bytes, no leading zeroes */
    uint8_t exponent[DTLS_RSA_MAX_EXPONENT_LEN];
};

/* Randomness for nettle's callbacks, which cannot fail. So the first failure waits in `result`, and nettle gets bytes
 * with which its search for a usable number ends; what is made from them must never leave. */
struct dtls_nettle_random {
    const struct dtls_random *random;
    int result;
};
void dtls_nettle_draw(void *arg, size_t len, uint8_t *out); /* `arg` is one */

#endif
