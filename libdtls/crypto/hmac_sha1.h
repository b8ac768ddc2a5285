/* hmac_sha1.h - HMAC with SHA-1 (RFC 2104), for STUN's MESSAGE-INTEGRITY alone (RFC 8489, 14.5). No part of the
 * library: a program that speaks STUN compiles it for itself. */
#ifndef DTLS_CRYPTO_HMAC_SHA1_H
#define DTLS_CRYPTO_HMAC_SHA1_H

#include "dtls/identity.h"

enum { DTLS_HMAC_SHA1_LEN = 20 };

/* Over `count` views in a row. */
void dtls_hmac_sha1(struct dtls_bytes key, const struct dtls_bytes *parts, size_t count,
                    uint8_t out[DTLS_HMAC_SHA1_LEN]);

#endif
