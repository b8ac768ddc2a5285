/* fuzz_gcm.c - AES-GCM by whatever is fastest here, against nettle's: what one seals the other opens, byte for byte,
 * and what one refuses the other refuses. Where nettle's is the fastest, it is compared with itself.
 *
 * Input: key (32 bytes; AES-128 takes half), nonce (12), length of the associated data, which bit is flipped (2 bytes,
 * beyond the end: none); then associated data and plaintext. */
#include "crypto/aead.h"
#include "tests/fuzz/fuzz.h"

static void *keyed(const struct dtls_aead *aead, const uint8_t *key)
{
    void *context = malloc(aead->context_size);

    FUZZ_CHECK(context != NULL);
    aead->set_key(context, key);
    return context;
}

static void compare(const struct dtls_aead *nettle, struct dtls_bytes key, struct dtls_bytes nonce,
                    struct dtls_bytes aad, struct dtls_bytes plain, size_t flip)
{
    const struct dtls_aead *here = dtls_aead_here(nettle);
    void *ours = keyed(nettle, key.at), *theirs = keyed(here, key.at);
    uint8_t *one = malloc(plain.len + 1), *other = malloc(plain.len + 1);
    uint8_t tag[DTLS_AEAD_TAG_LEN], other_tag[DTLS_AEAD_TAG_LEN];

    FUZZ_CHECK(one != NULL && other != NULL);
    if (plain.len > 0) {
        memcpy(one, plain.at, plain.len);
        memcpy(other, plain.at, plain.len);
    }
    nettle->seal(ours, nonce.at, aad.at, aad.len, one, plain.len, tag);
    here->seal(theirs, nonce.at, aad.at, aad.len, other, plain.len, other_tag);
    FUZZ_CHECK(memcmp(one, other, plain.len) == 0 && memcmp(tag, other_tag, sizeof tag) == 0);
    if (flip < 8 * plain.len)
        one[flip / 8] ^= (uint8_t)(1 << flip % 8), other[flip / 8] ^= (uint8_t)(1 << flip % 8);
    bool opened = here->open(theirs, nonce.at, aad.at, aad.len, one, plain.len, tag);
    FUZZ_CHECK(opened == nettle->open(ours, nonce.at, aad.at, aad.len, other, plain.len, tag));
    FUZZ_CHECK(opened == (flip >= 8 * plain.len));
    FUZZ_CHECK(!opened || (memcmp(one, other, plain.len) == 0 && memcmp(one, plain.at, plain.len) == 0));
    free(ours);
    free(theirs);
    free(one);
    free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ data, len });
    struct dtls_bytes key = dtls_read_bytes(&from, DTLS_AEAD_MAX_KEY),
                      nonce = dtls_read_bytes(&from, DTLS_AEAD_NONCE_LEN);
    size_t aad_len = dtls_read_u8(&from), flip = dtls_read_u16(&from);
    struct dtls_bytes aad = dtls_read_bytes(&from, aad_len), plain = dtls_read_rest(&from);

    if (from.broken)
        return 0;
    compare(&dtls_aes_128_gcm, key, nonce, aad, plain, flip);
    compare(&dtls_aes_256_gcm, key, nonce, aad, plain, flip);
    return 0;
}
