/* srtp_reference.c - on nettle's block cipher, GCM and HMAC. */
#include "tests/vectors/srtp_reference.h"

#include <nettle/aes.h>
#include <nettle/gcm.h>
#include <nettle/hmac.h>
#include <string.h>

#include "libdtls/crypto/nettle_length.h"

static void encrypt_block(const uint8_t *key, size_t key_len, uint8_t *out, const uint8_t *in)
{
    if (key_len == 32) {
        struct aes256_ctx aes;
        aes256_set_encrypt_key(&aes, key);
        aes256_encrypt(&aes, 16, out, in);
    } else {
        struct aes128_ctx aes;
        aes128_set_encrypt_key(&aes, key);
        aes128_encrypt(&aes, 16, out, in);
    }
}

void reference_key_stream(const uint8_t *key, size_t key_len, const uint8_t iv[16], uint8_t *out, size_t len)
{
    for (size_t block = 0; block * 16 < len; block++) {
        uint8_t counter[16], stream[16];
        memcpy(counter, iv, 16);
        counter[14] = (uint8_t)(block >> 8);
        counter[15] = (uint8_t)block;
        encrypt_block(key, key_len, stream, counter);
        memcpy(out + block * 16, stream, len - block * 16 < 16 ? len - block * 16 : 16);
    }
}

void reference_derive(const uint8_t *master, size_t key_len, const uint8_t *salt, size_t salt_len, uint8_t label,
                      uint8_t *out, size_t len)
{
    uint8_t iv[16] = { 0 };

    memcpy(iv, salt, salt_len);
    iv[7] ^= label; /* in front of 48 bits of index, which are zero */
    reference_key_stream(master, key_len, iv, out, len);
}

void reference_session_keys(struct reference_keys *out, const uint8_t *master, size_t key_len, const uint8_t *salt,
                            size_t salt_len, int is_rtcp)
{
    uint8_t first = is_rtcp ? 3 : 0;

    out->key_len = key_len;
    reference_derive(master, key_len, salt, salt_len, first, out->key, key_len);
    reference_derive(master, key_len, salt, salt_len, (uint8_t)(first + 1), out->auth, sizeof out->auth);
    reference_derive(master, key_len, salt, salt_len, (uint8_t)(first + 2), out->salt, salt_len);
}

static void xor_into(uint8_t *at, const uint8_t *with, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] ^= with[i];
}

static void put(uint8_t *at, uint64_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
}

/* RFC 3711, 4.1.1: salt, SSRC and index. */
static void cm_encrypt(const struct reference_keys *keys, const uint8_t *ssrc, uint64_t index, uint8_t *at, size_t len)
{
    uint8_t iv[16] = { 0 }, number[6], stream[512];

    memcpy(iv, keys->salt, 14);
    xor_into(iv + 4, ssrc, 4);
    put(number, index, 6);
    xor_into(iv + 8, number, 6);
    reference_key_stream(keys->key, keys->key_len, iv, stream, len);
    xor_into(at, stream, len);
}

static void sign(const struct reference_keys *keys, const uint8_t *packet, size_t len, const uint8_t *more,
                 size_t more_len, uint8_t *tag)
{
    uint8_t whole[SHA1_DIGEST_SIZE];
    struct hmac_sha1_ctx hmac;

    hmac_sha1_set_key(&hmac, sizeof keys->auth, keys->auth);
    hmac_sha1_update(&hmac, len, packet);
    hmac_sha1_update(&hmac, more_len, more);
    hmac_sha1_digest(&hmac, DTLS_NETTLE_LENGTH(sizeof whole) whole);
    memcpy(tag, whole, keys->tag_len);
}

void reference_cm_rtp(const struct reference_keys *keys, uint64_t index, uint8_t *packet, size_t *len)
{
    uint8_t roc[4];

    put(roc, index >> 16, 4);
    cm_encrypt(keys, packet + 8, index, packet + 12, *len - 12);
    sign(keys, packet, *len, roc, 4, packet + *len);
    *len += keys->tag_len;
}

void reference_cm_rtcp(const struct reference_keys *keys, uint32_t index, uint8_t *packet, size_t *len)
{
    cm_encrypt(keys, packet + 4, index, packet + 8, *len - 8);
    put(packet + *len, 0x80000000u | index, 4);
    *len += 4;
    sign(keys, packet, *len, NULL, 0, packet + *len);
    *len += keys->tag_len;
}

static void seal_with_gcm(const struct reference_keys *keys, const uint8_t iv[12], const uint8_t *aad, size_t aad_len,
                          uint8_t *at, size_t len)
{
    if (keys->key_len == 32) {
        struct gcm_aes256_ctx gcm;
        gcm_aes256_set_key(&gcm, keys->key);
        gcm_aes256_set_iv(&gcm, 12, iv);
        gcm_aes256_update(&gcm, aad_len, aad);
        gcm_aes256_encrypt(&gcm, len, at, at);
        gcm_aes256_digest(&gcm, DTLS_NETTLE_LENGTH(REFERENCE_TAG) at + len);
    } else {
        struct gcm_aes128_ctx gcm;
        gcm_aes128_set_key(&gcm, keys->key);
        gcm_aes128_set_iv(&gcm, 12, iv);
        gcm_aes128_update(&gcm, aad_len, aad);
        gcm_aes128_encrypt(&gcm, len, at, at);
        gcm_aes128_digest(&gcm, DTLS_NETTLE_LENGTH(REFERENCE_TAG) at + len);
    }
}

void reference_gcm_rtp(const struct reference_keys *keys, uint64_t index, uint8_t *packet, size_t *len)
{
    uint8_t iv[12] = { 0 };

    memcpy(iv + 2, packet + 8, 4); /* RFC 7714, 8.1 */
    put(iv + 6, index, 6);
    xor_into(iv, keys->salt, 12);
    seal_with_gcm(keys, iv, packet, 12, packet + 12, *len - 12);
    *len += REFERENCE_TAG;
}

void reference_gcm_rtcp(const struct reference_keys *keys, uint32_t index, uint8_t *packet, size_t *len)
{
    uint8_t iv[12] = { 0 }, aad[12];

    memcpy(iv + 2, packet + 4, 4); /* RFC 7714, 9.1 */
    put(iv + 8, index, 4);
    xor_into(iv, keys->salt, 12);
    memcpy(aad, packet, 8);
    put(aad + 8, 0x80000000u | index, 4);
    seal_with_gcm(keys, iv, aad, 12, packet + 8, *len - 8);
    *len += REFERENCE_TAG;
    memcpy(packet + *len, aad + 8, 4);
    *len += 4;
}
