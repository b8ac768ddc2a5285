/* crypto_aead.c - the AEAD table: published vectors, and that nothing forged is opened. */
#include "crypto/aead.h"

#include <stdlib.h>

#include "tests/tap.h"
#include "tests/unit/crypto_hex.h"

#define GCM_PLAIN                                                                                                      \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"                 \
    "b16aedf5aa0de657ba637b39"
#define GCM_AAD "feedfacedeadbeeffeedfacedeadbeefabaddad2"

static const struct {
    const char *name;
    const struct dtls_aead *aead;
    const char *key, *nonce, *aad, *plain, *sealed, *tag;
} vectors[] = {
    /* McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B. */
    { "GCM test case 1", &dtls_aes_128_gcm, "00000000000000000000000000000000", "000000000000000000000000", "", "", "",
      "58e2fccefa7e3061367f1d57a4e7455a" },
    { "GCM test case 2", &dtls_aes_128_gcm, "00000000000000000000000000000000", "000000000000000000000000", "",
      "00000000000000000000000000000000", "0388dace60b6a392f328c2b971b2fe78", "ab6e47d42cec13bdf53a67b21257bddf" },
    { "GCM test case 4", &dtls_aes_128_gcm, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", GCM_AAD,
      GCM_PLAIN,
      "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05"
      "1ba30b396a0aac973d58e091",
      "5bc94fbc3221a5db94fae95ae7121a47" },
    { "GCM test case 14", &dtls_aes_256_gcm, "0000000000000000000000000000000000000000000000000000000000000000",
      "000000000000000000000000", "", "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18",
      "d0d1c8a799996bf0265b98b5d48ab919" },
    { "GCM test case 16", &dtls_aes_256_gcm, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
      "cafebabefacedbaddecaf888", GCM_AAD, GCM_PLAIN,
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
      "c5f61e6393ba7a0abcc9f662",
      "76fc6ece0f4e1768cddf8853bb2d551b" },
    /* RFC 8439, 2.8.2. */
    { "RFC 8439", &dtls_chacha20_poly1305, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
      "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
      "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a20496620492063"
      "6f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
      "637265656e20776f756c642062652069742e",
      "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b"
      "1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
      "3ff4def08e4b7a9de576d26586cec64b6116",
      "1ae10b594f09e26a7e902ecbd0600691" },
    /* NIST SP 800-38C, C.3. */
    { "SP 800-38C example 3", &dtls_aes_128_ccm_8, "404142434445464748494a4b4c4d4e4f", "101112131415161718191a1b",
      "000102030405060708090a0b0c0d0e0f10111213", "202122232425262728292a2b2c2d2e2f3031323334353637",
      "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5", "484392fbc1b09951" },
};

enum { VECTORS = sizeof vectors / sizeof vectors[0] };

/* The last two: by whatever is fastest here, which may be nettle's again. */
static const struct dtls_aead *every[7] = { &dtls_aes_128_gcm, &dtls_aes_256_gcm, &dtls_chacha20_poly1305,
                                            &dtls_aes_128_ccm, &dtls_aes_128_ccm_8 };

enum { EVERY = sizeof every / sizeof every[0] };

/* A keyed context; the caller frees it. */
static void *keyed(const struct dtls_aead *aead, const uint8_t *key)
{
    void *context = malloc(aead->context_size);

    aead->set_key(context, key);
    return context;
}

static void seals_and_opens_the_published_vectors(void)
{
    for (size_t n = 0; n < 2 * VECTORS; n++) {
        size_t i = n / 2;
        const struct dtls_aead *aead = n % 2 == 0 ? vectors[i].aead : dtls_aead_here(vectors[i].aead);
        struct hex key = hex(vectors[i].key), nonce = hex(vectors[i].nonce), aad = hex(vectors[i].aad);
        struct hex data = hex(vectors[i].plain);
        uint8_t tag[DTLS_AEAD_TAG_LEN];
        void *context = keyed(aead, key.at);

        CHECK_CASE(key.len == aead->key_len && nonce.len == DTLS_AEAD_NONCE_LEN, "%s", vectors[i].name);
        aead->seal(context, nonce.at, aad.at, aad.len, data.at, data.len, tag);
        CHECK_CASE(is_hex(data.at, data.len, vectors[i].sealed), "%s sealed", vectors[i].name);
        CHECK_CASE(is_hex(tag, aead->tag_len, vectors[i].tag), "%s tag", vectors[i].name);
        CHECK_CASE(aead->open(context, nonce.at, aad.at, aad.len, data.at, data.len, tag), "%s opens", vectors[i].name);
        CHECK_CASE(is_hex(data.at, data.len, vectors[i].plain), "%s opened", vectors[i].name);
        free(context);
    }
}

static void lengths_are_those_of_the_record_layer(void)
{
    for (size_t i = 0; i < EVERY; i++)
        CHECK_CASE(every[i]->fixed_iv_len + every[i]->explicit_len == DTLS_AEAD_NONCE_LEN &&
                       every[i]->key_len <= DTLS_AEAD_MAX_KEY && every[i]->tag_len <= DTLS_AEAD_TAG_LEN &&
                       every[i]->explicit_len <= DTLS_AEAD_MAX_EXPLICIT,
                   "cipher %zu", i);
}

/* In exactly as much memory as the bytes need, so that the sanitizer sees any other access. */
static void every_length_goes_there_and_back(void)
{
    static const uint8_t key[DTLS_AEAD_MAX_KEY] = { 1, 2, 3 }, nonce[DTLS_AEAD_NONCE_LEN] = { 4, 5 }, aad[13] = { 6 };

    for (size_t i = 0; i < EVERY; i++) {
        void *context = keyed(every[i], key);
        for (size_t len = 0; len <= 300; len++) {
            uint8_t *data = malloc(len + 1), tag[DTLS_AEAD_TAG_LEN];
            for (size_t k = 0; k < len; k++)
                data[k] = (uint8_t)(k * 7);
            data[len] = 0x5a;
            every[i]->seal(context, nonce, aad, sizeof aad, data, len, tag);
            bool ok = every[i]->open(context, nonce, aad, sizeof aad, data, len, tag) && data[len] == 0x5a;
            for (size_t k = 0; k < len; k++)
                ok = ok && data[k] == (uint8_t)(k * 7);
            CHECK_CASE(ok, "cipher %zu, %zu bytes", i, len);
            free(data);
        }
        free(context);
    }
}

static void any_flipped_bit_is_refused(void)
{
    enum { AAD = 13, DATA = 40, PARTS = DTLS_AEAD_NONCE_LEN + AAD + DATA + DTLS_AEAD_TAG_LEN };
    static const uint8_t key[DTLS_AEAD_MAX_KEY] = { 9 };

    for (size_t i = 0; i < EVERY; i++) {
        void *context = keyed(every[i], key);
        uint8_t sealed[PARTS] = { 0 }, parts[PARTS];
        uint8_t *aad = parts + DTLS_AEAD_NONCE_LEN, *data = aad + AAD, *tag = data + DATA;

        every[i]->seal(context, sealed, sealed + DTLS_AEAD_NONCE_LEN, AAD, sealed + DTLS_AEAD_NONCE_LEN + AAD, DATA,
                       sealed + PARTS - DTLS_AEAD_TAG_LEN);
        for (size_t bit = 0; bit < 8 * (PARTS - DTLS_AEAD_TAG_LEN + every[i]->tag_len); bit++) {
            memcpy(parts, sealed, sizeof parts);
            parts[bit / 8] ^= (uint8_t)(1 << bit % 8);
            CHECK_CASE(!every[i]->open(context, parts, aad, AAD, data, DATA, tag), "cipher %zu, bit %zu", i, bit);
        }
        memcpy(parts, sealed, sizeof parts);
        CHECK_CASE(every[i]->open(context, parts, aad, AAD, data, DATA, tag), "cipher %zu, untouched", i);
        free(context);
    }
}

static void a_cut_record_is_refused(void)
{
    static const uint8_t key[DTLS_AEAD_MAX_KEY] = { 3 }, nonce[DTLS_AEAD_NONCE_LEN] = { 1 }, aad[13] = { 2 };

    for (size_t i = 0; i < EVERY; i++) {
        void *context = keyed(every[i], key);
        uint8_t sealed[48] = { 0 }, data[48], tag[DTLS_AEAD_TAG_LEN];

        every[i]->seal(context, nonce, aad, sizeof aad, sealed, sizeof sealed, tag);
        for (size_t len = 0; len < sizeof sealed; len++) {
            memcpy(data, sealed, sizeof data);
            CHECK_CASE(!every[i]->open(context, nonce, aad, sizeof aad, data, len, tag), "cipher %zu, %zu", i, len);
            memcpy(data, sealed, sizeof data);
            if (len < sizeof aad)
                CHECK_CASE(!every[i]->open(context, nonce, aad, len, data, sizeof data, tag), "cipher %zu, aad", i);
        }
        free(context);
    }
}

static void a_context_remembers_nothing_but_its_key(void)
{
    static const uint8_t key[DTLS_AEAD_MAX_KEY] = { 8 }, aad[13] = { 2 };
    static const uint8_t nonces[][DTLS_AEAD_NONCE_LEN] = { { 1 }, { 2 } };

    for (size_t i = 0; i < EVERY; i++) {
        void *context = keyed(every[i], key), *fresh = keyed(every[i], key);
        uint8_t a[50] = { 0 }, b[50] = { 0 }, forged[50] = { 0 }, tag_a[DTLS_AEAD_TAG_LEN], tag_b[DTLS_AEAD_TAG_LEN];

        memset(tag_a, 0, sizeof tag_a);
        CHECK_CASE(!every[i]->open(context, nonces[1], aad, 5, forged, 33, tag_a), "cipher %zu, forged", i);
        every[i]->seal(context, nonces[0], aad, sizeof aad, a, sizeof a, tag_a);
        every[i]->seal(fresh, nonces[0], aad, sizeof aad, b, sizeof b, tag_b);
        CHECK_CASE(memcmp(a, b, sizeof a) == 0 && memcmp(tag_a, tag_b, every[i]->tag_len) == 0, "cipher %zu", i);
        free(context);
        free(fresh);
    }
}

static CU_TestInfo tests[] = {
    { "seals and opens the vectors of the GCM paper, RFC 8439 and SP 800-38C", seals_and_opens_the_published_vectors },
    { "fixed and explicit nonce parts make one nonce", lengths_are_those_of_the_record_layer },
    { "every length goes there and back, in place", every_length_goes_there_and_back },
    { "any flipped bit is refused", any_flipped_bit_is_refused },
    { "a cut record is refused", a_cut_record_is_refused },
    { "a context remembers nothing but its key", a_context_remembers_nothing_but_its_key },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    every[5] = dtls_aead_here(&dtls_aes_128_gcm);
    every[6] = dtls_aead_here(&dtls_aes_256_gcm);
    return tap_main(argc, argv, "crypto_aead", tests);
}
