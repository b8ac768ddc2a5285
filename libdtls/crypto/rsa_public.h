/* rsa_public.h - which RSA public keys we work with. */
#ifndef DTLS_CRYPTO_RSA_PUBLIC_H
#define DTLS_CRYPTO_RSA_PUBLIC_H

#include <nettle/rsa.h>
#include <stdbool.h>

#include "dtls/identity.h"

enum { DTLS_RSA_MIN_BITS = 2048, DTLS_RSA_MAX_BITS = 8192, DTLS_RSA_MAX_LEN = DTLS_RSA_MAX_BITS / 8 };

/* The longest public exponent: what a peer may make us compute has a bound. In use are 3 and 65,537. */
enum { DTLS_RSA_MAX_EXPONENT_LEN = 8 };

/* False, and nothing to clear, when the key is none of ours. Leading zeroes are allowed. */
bool dtls_rsa_public_init(struct rsa_public_key *rsa, struct dtls_bytes modulus, struct dtls_bytes exponent);

#endif
