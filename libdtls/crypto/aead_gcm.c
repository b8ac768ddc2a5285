/* aead_gcm.c - AES-GCM (NIST SP 800-38D) as the record layer wants it (RFC 5288). */
#include "crypto/aead_gcm.h"

#include <assert.h>
#include <nettle/gcm.h>

#include "crypto/nettle_length.h"
#include "crypto/secret.h"

/* A keyed context is nettle's gcm_aes128_ctx without the state of a single message: that lives on the stack. */
struct key_128 {
    struct gcm_key hash;
    struct aes128_ctx cipher;
};

struct key_256 {
    struct gcm_key hash;
    struct aes256_ctx cipher;
};

static_assert(sizeof(struct key_256) <= DTLS_AEAD_MAX_CONTEXT, "room for a context");

static void encrypt_128(const void *cipher, size_t len, uint8_t *to, const uint8_t *from)
{
    aes128_encrypt(cipher, len, to, from);
}

static void encrypt_256(const void *cipher, size_t len, uint8_t *to, const uint8_t *from)
{
    aes256_encrypt(cipher, len, to, from);
}

static void begin(struct gcm_ctx *gcm, const struct gcm_key *hash, const uint8_t *nonce, const uint8_t *aad,
                  size_t aad_len)
{
    gcm_set_iv(gcm, hash, DTLS_AEAD_NONCE_LEN, nonce);
    gcm_update(gcm, hash, aad_len, aad);
}

static void finish(struct gcm_ctx *gcm, const struct gcm_key *hash, const void *cipher, nettle_cipher_func *encrypt,
                   uint8_t *tag)
{
    gcm_digest(gcm, hash, cipher, encrypt, DTLS_NETTLE_LENGTH(DTLS_AEAD_TAG_LEN) tag);
    dtls_wipe(gcm, sizeof *gcm);
}

static void set_key_128(void *context, const uint8_t *bytes)
{
    struct key_128 *key = context;

    aes128_set_encrypt_key(&key->cipher, bytes);
    gcm_set_key(&key->hash, &key->cipher, encrypt_128);
}

static void seal_128(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                     uint8_t *data, size_t len, uint8_t *tag)
{
    const struct key_128 *key = context;
    struct gcm_ctx gcm;

    begin(&gcm, &key->hash, nonce, aad, aad_len);
    gcm_encrypt(&gcm, &key->hash, &key->cipher, encrypt_128, len, data, data);
    finish(&gcm, &key->hash, &key->cipher, encrypt_128, tag);
}

static bool open_128(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                     uint8_t *data, size_t len, const uint8_t *tag)
{
    const struct key_128 *key = context;
    uint8_t expected[DTLS_AEAD_TAG_LEN];
    struct gcm_ctx gcm;

    begin(&gcm, &key->hash, nonce, aad, aad_len);
    gcm_decrypt(&gcm, &key->hash, &key->cipher, encrypt_128, len, data, data);
    finish(&gcm, &key->hash, &key->cipher, encrypt_128, expected);
    return dtls_secret_equal(expected, tag, sizeof expected);
}

static void set_key_256(void *context, const uint8_t *bytes)
{
    struct key_256 *key = context;

    aes256_set_encrypt_key(&key->cipher, bytes);
    gcm_set_key(&key->hash, &key->cipher, encrypt_256);
}

static void seal_256(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                     uint8_t *data, size_t len, uint8_t *tag)
{
    const struct key_256 *key = context;
    struct gcm_ctx gcm;

    begin(&gcm, &key->hash, nonce, aad, aad_len);
    gcm_encrypt(&gcm, &key->hash, &key->cipher, encrypt_256, len, data, data);
    finish(&gcm, &key->hash, &key->cipher, encrypt_256, tag);
}

static bool open_256(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                     uint8_t *data, size_t len, const uint8_t *tag)
{
    const struct key_256 *key = context;
    uint8_t expected[DTLS_AEAD_TAG_LEN];
    struct gcm_ctx gcm;

    begin(&gcm, &key->hash, nonce, aad, aad_len);
    gcm_decrypt(&gcm, &key->hash, &key->cipher, encrypt_256, len, data, data);
    finish(&gcm, &key->hash, &key->cipher, encrypt_256, expected);
    return dtls_secret_equal(expected, tag, sizeof expected);
}

const struct dtls_aead dtls_aes_128_gcm = {
    .key_len = AES128_KEY_SIZE,
    .fixed_iv_len = 4,
    .explicit_len = 8,
    .tag_len = DTLS_AEAD_TAG_LEN,
    .context_size = sizeof(struct key_128),
    .block_limit = DTLS_GCM_BLOCK_LIMIT,
    .faster = dtls_faster_aes_128_gcm,
    .set_key = set_key_128,
    .seal = seal_128,
    .open = open_128,
};

const struct dtls_aead dtls_aes_256_gcm = {
    .key_len = AES256_KEY_SIZE,
    .fixed_iv_len = 4,
    .explicit_len = 8,
    .tag_len = DTLS_AEAD_TAG_LEN,
    .context_size = sizeof(struct key_256),
    .block_limit = DTLS_GCM_BLOCK_LIMIT,
    .faster = dtls_faster_aes_256_gcm,
    .set_key = set_key_256,
    .seal = seal_256,
    .open = open_256,
};
