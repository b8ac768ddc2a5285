/* random.h - where unpredictable bytes come from: a callback, or the operating system (contract S7). */
#ifndef DTLS_CRYPTO_RANDOM_H
#define DTLS_CRYPTO_RANDOM_H

#include "dtls/identity.h"

/* All zeroes is the operating system. */
struct dtls_random {
    dtls_random_function *function;
    void *arg;
};

/* DTLS_OK or DTLS_ERR_RANDOM (then `out` is wiped). */
int dtls_random_bytes(const struct dtls_random *random, uint8_t *out, size_t len);

#endif
