/* hash.h - SHA-2, HMAC and the PRF of TLS 1.2 (RFC 5246, 5). The door to nettle's hashes. */
#ifndef DTLS_CRYPTO_HASH_H
#define DTLS_CRYPTO_HASH_H

#include "dtls/identity.h"

enum dtls_hash { DTLS_SHA256, DTLS_SHA384, DTLS_SHA512 };

enum { DTLS_HASH_MAX = 64 };

size_t dtls_hash_len(enum dtls_hash hash);

/* A running hash; a plain struct, copied by assignment. Fill with dtls_hash_init. */
struct dtls_hash_context {
    enum dtls_hash hash;
    uint64_t state[32]; /* room and alignment for nettle's context; checked where it is used */
};

void dtls_hash_init(struct dtls_hash_context *context, enum dtls_hash hash);
void dtls_hash_update(struct dtls_hash_context *context, struct dtls_bytes bytes);

/* The digest of what was hashed so far; the context can go on. Returns the digest's length. */
size_t dtls_hash_digest(const struct dtls_hash_context *context, uint8_t out[DTLS_HASH_MAX]);

/* The digest of one view. */
size_t dtls_hash_once(enum dtls_hash hash, struct dtls_bytes bytes, uint8_t out[DTLS_HASH_MAX]);

/* HMAC over `count` views in a row; writes dtls_hash_len bytes. */
void dtls_hmac(enum dtls_hash hash, struct dtls_bytes key, const struct dtls_bytes *parts, size_t count, uint8_t *out);

/* PRF(secret, label, seed_a + seed_b) with P_hash of `hash`: fills out[0..len). */
void dtls_prf(enum dtls_hash hash, struct dtls_bytes secret, const char *label, struct dtls_bytes seed_a,
              struct dtls_bytes seed_b, uint8_t *out, size_t len);

/* The same over `count` seeds in a row, DTLS_PRF_SEEDS at most. */
enum { DTLS_PRF_SEEDS = 3 };
void dtls_prf_seeds(enum dtls_hash hash, struct dtls_bytes secret, const char *label, const struct dtls_bytes *seeds,
                    size_t count, uint8_t *out, size_t len);

#endif
