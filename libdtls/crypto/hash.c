/* hash.c - SHA-2, HMAC (RFC 2104) and the PRF of TLS 1.2 over nettle's table of hashes.
 * HMAC is made of running hashes here: nettle 4 dropped the calls that take any hash and any length of key. */
#include "crypto/hash.h"

#include <assert.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha2.h>
#include <stdalign.h>
#include <string.h>

#include "crypto/nettle_length.h"
#include "crypto/secret.h"

struct hmac {
    struct dtls_hash_context inner, outer; /* the key is hashed in, the message is not */
};

static_assert(sizeof(struct sha512_ctx) <= sizeof((struct dtls_hash_context){ 0 }.state), "room for nettle's SHA-512");
static_assert(sizeof(struct sha256_ctx) <= sizeof((struct dtls_hash_context){ 0 }.state), "room for nettle's SHA-256");
static_assert(alignof(struct sha512_ctx) <= alignof(uint64_t), "alignment for nettle's SHA-512");
static_assert(alignof(struct sha256_ctx) <= alignof(uint64_t), "alignment for nettle's SHA-256");

static const struct nettle_hash *primitive(enum dtls_hash hash)
{
    static const struct nettle_hash *const primitives[] = {
        [DTLS_SHA256] = &nettle_sha256,
        [DTLS_SHA384] = &nettle_sha384,
        [DTLS_SHA512] = &nettle_sha512,
    };

    return primitives[hash];
}

static void finish(struct dtls_hash_context *context, uint8_t *out)
{
    const struct nettle_hash *hash = primitive(context->hash);

    hash->digest(context->state, DTLS_NETTLE_LENGTH(hash->digest_size) out);
}

static void hmac_init(struct hmac *hmac, enum dtls_hash hash, struct dtls_bytes key)
{
    uint8_t block[SHA512_BLOCK_SIZE] = { 0 };
    struct dtls_bytes padded = { block, primitive(hash)->block_size };

    if (key.len > padded.len)
        dtls_hash_once(hash, key, block);
    else if (key.len > 0)
        memcpy(block, key.at, key.len);

    for (size_t i = 0; i < padded.len; i++)
        block[i] ^= 0x36;
    dtls_hash_init(&hmac->inner, hash);
    dtls_hash_update(&hmac->inner, padded);

    for (size_t i = 0; i < padded.len; i++)
        block[i] ^= 0x36 ^ 0x5c;
    dtls_hash_init(&hmac->outer, hash);
    dtls_hash_update(&hmac->outer, padded);
    dtls_wipe(block, sizeof block);
}

/* `out` may be one of the parts. */
static void hmac_digest(const struct hmac *hmac, const struct dtls_bytes *parts, size_t count, uint8_t *out)
{
    struct dtls_hash_context running = hmac->inner;
    uint8_t digest[DTLS_HASH_MAX];

    for (size_t i = 0; i < count; i++)
        dtls_hash_update(&running, parts[i]);
    finish(&running, digest);

    running = hmac->outer;
    dtls_hash_update(&running, (struct dtls_bytes){ digest, dtls_hash_len(running.hash) });
    finish(&running, out);
    dtls_wipe(&running, sizeof running);
    dtls_wipe(digest, sizeof digest);
}

size_t dtls_hash_len(enum dtls_hash hash)
{
    return primitive(hash)->digest_size;
}

void dtls_hash_init(struct dtls_hash_context *context, enum dtls_hash hash)
{
    *context = (struct dtls_hash_context){ .hash = hash };
    primitive(hash)->init(context->state);
}

void dtls_hash_update(struct dtls_hash_context *context, struct dtls_bytes bytes)
{
    if (bytes.len > 0)
        primitive(context->hash)->update(context->state, bytes.len, bytes.at);
}

size_t dtls_hash_digest(const struct dtls_hash_context *context, uint8_t out[DTLS_HASH_MAX])
{
    struct dtls_hash_context copy = *context;

    finish(&copy, out);
    dtls_wipe(&copy, sizeof copy);
    return dtls_hash_len(context->hash);
}

size_t dtls_hash_once(enum dtls_hash hash, struct dtls_bytes bytes, uint8_t out[DTLS_HASH_MAX])
{
    struct dtls_hash_context context;

    dtls_hash_init(&context, hash);
    dtls_hash_update(&context, bytes);
    finish(&context, out);
    dtls_wipe(&context, sizeof context);
    return dtls_hash_len(hash);
}

void dtls_hmac(enum dtls_hash hash, struct dtls_bytes key, const struct dtls_bytes *parts, size_t count, uint8_t *out)
{
    struct hmac hmac;

    hmac_init(&hmac, hash, key);
    hmac_digest(&hmac, parts, count, out);
    dtls_wipe(&hmac, sizeof hmac);
}

void dtls_prf(enum dtls_hash hash, struct dtls_bytes secret, const char *label, struct dtls_bytes seed_a,
              struct dtls_bytes seed_b, uint8_t *out, size_t len)
{
    dtls_prf_seeds(hash, secret, label, (struct dtls_bytes[]){ seed_a, seed_b }, 2, out, len);
}

void dtls_prf_seeds(enum dtls_hash hash, struct dtls_bytes secret, const char *label, const struct dtls_bytes *seeds,
                    size_t count, uint8_t *out, size_t len)
{
    struct hmac hmac;
    uint8_t a[DTLS_HASH_MAX], block[DTLS_HASH_MAX]; /* A(i) of RFC 5246, 5, and one block of output */
    struct dtls_bytes parts[2 + DTLS_PRF_SEEDS] = { { a, dtls_hash_len(hash) },
                                                    { (const uint8_t *)label, strlen(label) } };

    for (size_t i = 0; i < count; i++)
        parts[2 + i] = seeds[i];
    hmac_init(&hmac, hash, secret);
    for (bool first = true; len > 0; first = false) {
        size_t piece = len < parts[0].len ? len : parts[0].len;

        if (first)
            hmac_digest(&hmac, parts + 1, 1 + count, a);
        else
            hmac_digest(&hmac, parts, 1, a);
        hmac_digest(&hmac, parts, 2 + count, block);
        memcpy(out, block, piece);
        out += piece;
        len -= piece;
    }
    dtls_wipe(&hmac, sizeof hmac);
    dtls_wipe(a, sizeof a);
    dtls_wipe(block, sizeof block);
}
