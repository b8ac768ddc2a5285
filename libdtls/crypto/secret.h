/* secret.h - forgetting and comparing secrets (contract S7). */
#ifndef DTLS_CRYPTO_SECRET_H
#define DTLS_CRYPTO_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Overwrites with zeroes in a way the compiler keeps; NULL with len 0 is allowed. */
void dtls_wipe(void *secret, size_t len);

/* Compares in a time that depends on `len` only. */
bool dtls_secret_equal(const void *a, const void *b, size_t len);

#endif
