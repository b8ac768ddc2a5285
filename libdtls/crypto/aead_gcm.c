/* aead_gcm.c - AES-GCM (NIST SP 800-38D) as the record layer wants it (RFC 5288). */
#include "crypto/aead.h"

#include <assert.h>
#include <nettle/gcm.h>

#include "crypto/secret.h"

/* 2^24.5 records of 2^14 bytes: the margin that RFC 8446, 5.5 keeps, and RFC 9147, 4.5.3 with it. */
#define BLOCK_LIMIT (UINT64_C(23726566) << 10)

static_assert(sizeof(struct gcm_aes128_ctx) <= DTLS_AEAD_MAX_CONTEXT, "room for a context");
static_assert(sizeof(struct gcm_aes256_ctx) <= DTLS_AEAD_MAX_CONTEXT, "room for a context");

/* The two calls that change with nettle 4, where they lose their length. */
static void finish_128(struct gcm_aes128_ctx *gcm, uint8_t *tag)
{
    gcm_aes128_digest(gcm, DTLS_AEAD_TAG_LEN, tag);
}

static void finish_256(struct gcm_aes256_ctx *gcm, uint8_t *tag)
{
    gcm_aes256_digest(gcm, DTLS_AEAD_TAG_LEN, tag);
}

static void set_key_128(void *context, const uint8_t *key)
{
    gcm_aes128_set_key(context, key);
}

static void seal_128(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                     uint8_t *data, size_t len, uint8_t tag[DTLS_AEAD_TAG_LEN])
{
    gcm_aes128_set_iv(context, DTLS_AEAD_NONCE_LEN, nonce);
    gcm_aes128_update(context, aad_len, aad);
    gcm_aes128_encrypt(context, len, data, data);
    finish_128(context, tag);
}

static bool open_128(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                     uint8_t *data, size_t len, const uint8_t tag[DTLS_AEAD_TAG_LEN])
{
    uint8_t expected[DTLS_AEAD_TAG_LEN];

    gcm_aes128_set_iv(context, DTLS_AEAD_NONCE_LEN, nonce);
    gcm_aes128_update(context, aad_len, aad);
    gcm_aes128_decrypt(context, len, data, data);
    finish_128(context, expected);
    return dtls_secret_equal(expected, tag, sizeof expected);
}

static void set_key_256(void *context, const uint8_t *key)
{
    gcm_aes256_set_key(context, key);
}

static void seal_256(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                     uint8_t *data, size_t len, uint8_t tag[DTLS_AEAD_TAG_LEN])
{
    gcm_aes256_set_iv(context, DTLS_AEAD_NONCE_LEN, nonce);
    gcm_aes256_update(context, aad_len, aad);
    gcm_aes256_encrypt(context, len, data, data);
    finish_256(context, tag);
}

static bool open_256(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                     uint8_t *data, size_t len, const uint8_t tag[DTLS_AEAD_TAG_LEN])
{
    uint8_t expected[DTLS_AEAD_TAG_LEN];

    gcm_aes256_set_iv(context, DTLS_AEAD_NONCE_LEN, nonce);
    gcm_aes256_update(context, aad_len, aad);
    gcm_aes256_decrypt(context, len, data, data);
    finish_256(context, expected);
    return dtls_secret_equal(expected, tag, sizeof expected);
}

const struct dtls_aead dtls_aes_128_gcm = {
    .key_len = AES128_KEY_SIZE,
    .fixed_iv_len = 4,
    .explicit_len = 8,
    .context_size = sizeof(struct gcm_aes128_ctx),
    .block_limit = BLOCK_LIMIT,
    .set_key = set_key_128,
    .seal = seal_128,
    .open = open_128,
};

const struct dtls_aead dtls_aes_256_gcm = {
    .key_len = AES256_KEY_SIZE,
    .fixed_iv_len = 4,
    .explicit_len = 8,
    .context_size = sizeof(struct gcm_aes256_ctx),
    .block_limit = BLOCK_LIMIT,
    .set_key = set_key_256,
    .seal = seal_256,
    .open = open_256,
};
