/* aead_chacha.c - ChaCha20-Poly1305 (RFC 8439) as the record layer wants it (RFC 7905). */
#include "crypto/aead.h"

#include <assert.h>
#include <nettle/chacha-poly1305.h>

#include "crypto/nettle_length.h"
#include "crypto/secret.h"

static_assert(sizeof(struct chacha_poly1305_ctx) <= DTLS_AEAD_MAX_CONTEXT, "room for a context");

static void finish(struct chacha_poly1305_ctx *context, uint8_t *tag)
{
    chacha_poly1305_digest(context, DTLS_NETTLE_LENGTH(DTLS_AEAD_TAG_LEN) tag);
}

static void set_key(void *context, const uint8_t *key)
{
    chacha_poly1305_set_key(context, key);
}

static void seal(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                 uint8_t *data, size_t len, uint8_t *tag)
{
    chacha_poly1305_set_nonce(context, nonce);
    chacha_poly1305_update(context, aad_len, aad);
    chacha_poly1305_encrypt(context, len, data, data);
    finish(context, tag);
}

static bool open(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                 uint8_t *data, size_t len, const uint8_t *tag)
{
    uint8_t expected[DTLS_AEAD_TAG_LEN];

    chacha_poly1305_set_nonce(context, nonce);
    chacha_poly1305_update(context, aad_len, aad);
    chacha_poly1305_decrypt(context, len, data, data);
    finish(context, expected);
    return dtls_secret_equal(expected, tag, sizeof expected);
}

const struct dtls_aead dtls_chacha20_poly1305 = {
    .key_len = CHACHA_POLY1305_KEY_SIZE,
    .fixed_iv_len = 12,
    .explicit_len = 0,
    .tag_len = DTLS_AEAD_TAG_LEN,
    .context_size = sizeof(struct chacha_poly1305_ctx),
    .block_limit = 0, /* sequence numbers end first (RFC 8446, 5.5) */
    .set_key = set_key,
    .seal = seal,
    .open = open,
};
