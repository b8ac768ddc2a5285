/* aead_ccm.c - AES-128-CCM (NIST SP 800-38C) as the record layer wants it (RFC 6655), with the whole tag and with eight
 * bytes of it. */
#include "crypto/aead.h"

#include <nettle/ccm.h>

#include "crypto/nettle_length.h"
#include "crypto/secret.h"

enum { SHORT_TAG_LEN = 8 };

/* 2^23 records of 2^14 bytes (RFC 9147, 4.5.3 and B.1): CCM takes two AES blocks for one of data. How long the tag is
 * makes no difference to confidentiality. */
#define BLOCK_LIMIT (UINT64_C(1) << 33)

static void encrypt(const void *cipher, size_t len, uint8_t *to, const uint8_t *from)
{
    aes128_encrypt(cipher, len, to, from);
}

static void set_key(void *context, const uint8_t *bytes)
{
    aes128_set_encrypt_key(context, bytes);
}

/* The first block, which the tag begins with, has the length of the tag in it. */
static void begin(struct ccm_ctx *ccm, const void *cipher, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                  size_t len, size_t tag_len)
{
    ccm_set_nonce(ccm, cipher, encrypt, DTLS_AEAD_NONCE_LEN, nonce, aad_len, len, tag_len);
    ccm_update(ccm, cipher, encrypt, aad_len, aad);
}

static void finish(struct ccm_ctx *ccm, const void *cipher, uint8_t *tag, size_t tag_len)
{
    (void)tag_len; /* nettle 4 remembers it */
    ccm_digest(ccm, cipher, encrypt, DTLS_NETTLE_LENGTH(tag_len) tag);
    dtls_wipe(ccm, sizeof *ccm);
}

static void seal_with(const void *cipher, size_t tag_len, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                      uint8_t *data, size_t len, uint8_t *tag)
{
    struct ccm_ctx ccm;

    begin(&ccm, cipher, nonce, aad, aad_len, len, tag_len);
    ccm_encrypt(&ccm, cipher, encrypt, len, data, data);
    finish(&ccm, cipher, tag, tag_len);
}

static bool open_with(const void *cipher, size_t tag_len, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
                      uint8_t *data, size_t len, const uint8_t *tag)
{
    uint8_t expected[DTLS_AEAD_TAG_LEN];
    struct ccm_ctx ccm;

    begin(&ccm, cipher, nonce, aad, aad_len, len, tag_len);
    ccm_decrypt(&ccm, cipher, encrypt, len, data, data);
    finish(&ccm, cipher, expected, tag_len);
    return dtls_secret_equal(expected, tag, tag_len);
}

static void seal(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                 uint8_t *data, size_t len, uint8_t *tag)
{
    seal_with(context, DTLS_AEAD_TAG_LEN, nonce, aad, aad_len, data, len, tag);
}

static bool open(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                 uint8_t *data, size_t len, const uint8_t *tag)
{
    return open_with(context, DTLS_AEAD_TAG_LEN, nonce, aad, aad_len, data, len, tag);
}

static void seal_short(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                       uint8_t *data, size_t len, uint8_t *tag)
{
    seal_with(context, SHORT_TAG_LEN, nonce, aad, aad_len, data, len, tag);
}

static bool open_short(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                       uint8_t *data, size_t len, const uint8_t *tag)
{
    return open_with(context, SHORT_TAG_LEN, nonce, aad, aad_len, data, len, tag);
}

const struct dtls_aead dtls_aes_128_ccm = {
    .key_len = AES128_KEY_SIZE,
    .fixed_iv_len = 4,
    .explicit_len = 8,
    .tag_len = DTLS_AEAD_TAG_LEN,
    .context_size = sizeof(struct aes128_ctx),
    .block_limit = BLOCK_LIMIT,
    .set_key = set_key,
    .seal = seal,
    .open = open,
};

const struct dtls_aead dtls_aes_128_ccm_8 = {
    .key_len = AES128_KEY_SIZE,
    .fixed_iv_len = 4,
    .explicit_len = 8,
    .tag_len = SHORT_TAG_LEN,
    .context_size = sizeof(struct aes128_ctx),
    .block_limit = BLOCK_LIMIT,
    .set_key = set_key,
    .seal = seal_short,
    .open = open_short,
};
