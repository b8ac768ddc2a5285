/* crypto_hash.c - SHA-2, HMAC, the PRF, and the small rooms beside them: base64, secrets, memory, randomness. */
#include "crypto/hash.h"

#include <stdlib.h>

#include "crypto/base64.h"
#include "crypto/memory.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "tests/tap.h"
#include "tests/unit/crypto_hex.h"

/* FIPS 180-2, appendix B and C: "abc". */
static const char *const abc[] = {
    [DTLS_SHA256] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    [DTLS_SHA384] = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                    "8086072ba1e7cc2358baeca134c825a7",
    [DTLS_SHA512] = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
};

static void hashes_the_published_message(void)
{
    for (unsigned i = DTLS_SHA256; i <= DTLS_SHA512; i++) {
        uint8_t out[DTLS_HASH_MAX];
        size_t len = dtls_hash_once((enum dtls_hash)i, text_view("abc"), out);

        CHECK_CASE(len == dtls_hash_len((enum dtls_hash)i) && is_hex(out, len, abc[i]), "hash %u", i);
    }
}

static void digest_leaves_the_running_hash_as_it_was(void)
{
    for (unsigned i = DTLS_SHA256; i <= DTLS_SHA512; i++) {
        struct dtls_hash_context context, copy;
        uint8_t early[DTLS_HASH_MAX], out[DTLS_HASH_MAX];

        dtls_hash_init(&context, (enum dtls_hash)i);
        dtls_hash_update(&context, text_view("a"));
        dtls_hash_update(&context, (struct dtls_bytes){ NULL, 0 });
        copy = context;
        size_t len = dtls_hash_digest(&context, early);
        dtls_hash_update(&context, text_view("bc"));
        dtls_hash_update(&copy, text_view("bc"));
        CHECK_CASE(dtls_hash_digest(&context, out) == len && is_hex(out, len, abc[i]), "hash %u goes on", i);
        CHECK_CASE(dtls_hash_digest(&copy, out) == len && is_hex(out, len, abc[i]), "hash %u, its copy", i);
        CHECK_CASE(memcmp(early, out, len) != 0, "hash %u, digest of a beginning", i);
    }
}

/* RFC 4231, test cases 1, 2, 3 and 6. */
static const struct {
    const char *key, *data, *sha256, *sha384, *sha512;
} hmac_vectors[] = {
    { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
      "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
      "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4"
      "be9d914eeb61f1702e696c203a126854" },
    { "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd"
      "caeab1a34d4a6b4b636e070a38bce737" },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
      "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
      "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807"
      "b946a337bee8942674278859e13292fb" },
    { NULL /* 131 times aa: longer than any block */,
      "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
      "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
      "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e52"
      "95e64f73f63f0aec8b915a985d786598" },
};

static void hmac_gives_the_published_codes(void)
{
    uint8_t long_key[131];

    memset(long_key, 0xaa, sizeof long_key);
    for (size_t i = 0; i < sizeof hmac_vectors / sizeof hmac_vectors[0]; i++) {
        struct hex key = hex(hmac_vectors[i].key != NULL ? hmac_vectors[i].key : "");
        struct hex data = hex(hmac_vectors[i].data);
        struct dtls_bytes key_view =
            hmac_vectors[i].key != NULL ? view(&key) : (struct dtls_bytes){ long_key, sizeof long_key };
        const char *expected[] = { hmac_vectors[i].sha256, hmac_vectors[i].sha384, hmac_vectors[i].sha512 };
        /* In three parts, one of them empty. */
        struct dtls_bytes parts[] = { { data.at, 3 }, { NULL, 0 }, { data.at + 3, data.len - 3 } };

        for (unsigned h = DTLS_SHA256; h <= DTLS_SHA512; h++) {
            uint8_t out[DTLS_HASH_MAX];
            dtls_hmac((enum dtls_hash)h, key_view, parts, 3, out);
            CHECK_CASE(is_hex(out, dtls_hash_len((enum dtls_hash)h), expected[h]), "vector %zu, hash %u", i, h);
        }
    }
}

static void hmac_takes_no_key_and_no_parts(void)
{
    uint8_t out[32]; /* no more than the length of the hash is written: the sanitizer looks */

    dtls_hmac(DTLS_SHA256, (struct dtls_bytes){ NULL, 0 }, NULL, 0, out);
    CU_ASSERT_TRUE(is_hex(out, sizeof out, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"));
}

/* The vectors everyone uses for RFC 5246, 5 (posted to the IETF's TLS list); OpenSSL's TLS1-PRF agrees. */
static const char prf_sha256[] =
    "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af"
    "0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701"
    "87347b66";
static const char prf_sha384[] =
    "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0"
    "e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425"
    "9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e099070"
    "3d73e56f";

static void prf_gives_the_published_bytes(void)
{
    uint8_t out[148];
    struct hex secret = hex("9bbe436ba940f017b17652849a71db35"), seed = hex("a0ba9f936cda311827a6f796ffd5198c");
    struct dtls_bytes halves[] = { { seed.at, 5 }, { seed.at + 5, seed.len - 5 } };

    dtls_prf(DTLS_SHA256, view(&secret), "test label", view(&seed), (struct dtls_bytes){ NULL, 0 }, out, 100);
    CU_ASSERT_TRUE(is_hex(out, 100, prf_sha256));
    dtls_prf(DTLS_SHA256, view(&secret), "test label", halves[0], halves[1], out, 100);
    CU_ASSERT_TRUE(is_hex(out, 100, prf_sha256));

    secret = hex("b80b733d6ceefcdc71566ea48e5567df");
    seed = hex("cd665cf6a8447dd6ff8b27555edb7465");
    dtls_prf(DTLS_SHA384, view(&secret), "test label", view(&seed), (struct dtls_bytes){ NULL, 0 }, out, 148);
    CU_ASSERT_TRUE(is_hex(out, 148, prf_sha384));
}

static void prf_is_cut_anywhere(void)
{
    struct hex secret = hex("9bbe436ba940f017b17652849a71db35"), seed = hex("a0ba9f936cda311827a6f796ffd5198c");
    struct hex whole = hex(prf_sha256);

    for (size_t len = 0; len <= whole.len; len++) {
        uint8_t *out = malloc(len + 1); /* exact, so that the sanitizer sees a byte too many */
        out[len] = 0x5a;
        dtls_prf(DTLS_SHA256, view(&secret), "test label", view(&seed), (struct dtls_bytes){ NULL, 0 }, out, len);
        CHECK_CASE(memcmp(out, whole.at, len) == 0 && out[len] == 0x5a, "%zu bytes", len);
        free(out);
    }
}

static void base64_takes_only_canonical_text(void)
{
    static const struct {
        const char *text, *bytes; /* NULL: refused */
    } cases[] = {
        { "", "" },
        { "Zg==", "f" },
        { "Zm8=", "fo" },
        { "Zm9v", "foo" }, /* RFC 4648, 10 */
        { "Zm9vYg==", "foob" },
        { "Zm9vYmE=", "fooba" },
        { "Zm9vYmFy", "foobar" },
        { " Zm\r\n9v\tYg = =\n", "foob" },
        { "Zg", NULL },
        { "Zg=", NULL },
        { "Zg===", NULL },
        { "Zh==", NULL },
        { "Zm9", NULL },
        { "Zm-v", NULL },
        { "Zg==Zg==", NULL },
        { "=", NULL },
        { "Z", NULL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t text_len = strlen(cases[i].text), len = 0;
        uint8_t *out = malloc(text_len + (text_len == 0)); /* the room that is promised, and no more */
        bool ok = dtls_base64_decode(cases[i].text, text_len, out, &len);

        CHECK_CASE(ok == (cases[i].bytes != NULL), "'%s' is %s", cases[i].text, ok ? "taken" : "refused");
        if (ok && cases[i].bytes != NULL)
            CHECK_CASE(len == strlen(cases[i].bytes) && memcmp(out, cases[i].bytes, len) == 0, "'%s'", cases[i].text);
        free(out);
    }
}

static void secrets_are_compared_and_wiped(void)
{
    uint8_t a[33], b[33], zeroes[33] = { 0 };

    memset(a, 0x77, sizeof a);
    memset(b, 0x77, sizeof b);
    CU_ASSERT_TRUE(dtls_secret_equal(a, b, sizeof a));
    for (size_t i = 0; i < 8 * sizeof a; i++) {
        b[i / 8] ^= (uint8_t)(1 << i % 8);
        CHECK_CASE(!dtls_secret_equal(a, b, sizeof a), "bit %zu", i);
        b[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    dtls_wipe(a, sizeof a);
    CU_ASSERT_TRUE(memcmp(a, zeroes, sizeof a) == 0);
    dtls_wipe(NULL, 0);
}

/* An allocator with one block, full of what was there before. */
static struct {
    uint8_t block[64];
    unsigned allocated, released;
    bool wiped;
} only;

static void *allocate_only(void *arg, size_t len)
{
    (void)arg;
    memset(only.block, 0xee, sizeof only.block);
    only.allocated++;
    return len <= sizeof only.block ? only.block : NULL;
}

static void release_only(void *arg, void *block)
{
    static const uint8_t zeroes[40];

    (void)arg;
    only.released++;
    only.wiped = block == only.block && memcmp(block, zeroes, sizeof zeroes) == 0 && only.block[40] == 0xee;
}

static void memory_comes_zeroed_and_goes_wiped(void)
{
    static const uint8_t zeroes[40];
    const struct dtls_memory own = { allocate_only, release_only, NULL }, plain = { NULL, NULL, NULL };

    memset(&only, 0, sizeof only);
    uint8_t *block = dtls_allocate(&own, 40);
    CU_ASSERT_TRUE(block == only.block && memcmp(block, zeroes, sizeof zeroes) == 0);
    memset(block, 0x11, 40);
    dtls_release(&own, block, 40);
    CU_ASSERT_TRUE(only.released == 1 && only.wiped);
    CU_ASSERT_PTR_NULL(dtls_allocate(&own, 65));
    dtls_release(&own, NULL, 0);
    CU_ASSERT_EQUAL(only.released, 1);

    block = dtls_allocate(&plain, 40);
    CU_ASSERT_TRUE(block != NULL && memcmp(block, zeroes, sizeof zeroes) == 0);
    dtls_release(&plain, block, 40);
}

static int fail_half_way(void *arg, uint8_t *out, size_t len)
{
    (void)arg;
    memset(out, 0x33, len / 2);
    return -1;
}

static void failing_randomness_is_told_and_leaves_nothing(void)
{
    static const uint8_t zeroes[16];
    const struct dtls_random failing = { fail_half_way, NULL };
    uint8_t out[16];

    memset(out, 0x44, sizeof out);
    CU_ASSERT_EQUAL(dtls_random_bytes(&failing, out, sizeof out), DTLS_ERR_RANDOM);
    CU_ASSERT_TRUE(memcmp(out, zeroes, sizeof out) == 0);
}

static void the_system_is_the_default_source(void)
{
    const struct dtls_random system = { NULL, NULL };
    static uint8_t a[1000], b[1000]; /* getrandom may answer in pieces above 256 */

    CU_ASSERT_EQUAL(dtls_random_bytes(&system, a, sizeof a), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_system_random(NULL, b, sizeof b), DTLS_OK);
    CU_ASSERT_TRUE(memcmp(a, b, sizeof a) != 0);
    CU_ASSERT_TRUE(memcmp(a + 980, b + 980, 20) != 0);
    CU_ASSERT_EQUAL(dtls_system_random(NULL, a, 0), DTLS_OK);
}

static CU_TestInfo tests[] = {
    { "SHA-2 hashes the published message", hashes_the_published_message },
    { "a digest leaves the running hash as it was", digest_leaves_the_running_hash_as_it_was },
    { "HMAC gives the codes of RFC 4231, in parts", hmac_gives_the_published_codes },
    { "HMAC takes an empty key and an empty message", hmac_takes_no_key_and_no_parts },
    { "the PRF gives the published bytes", prf_gives_the_published_bytes },
    { "the PRF fills any length exactly", prf_is_cut_anywhere },
    { "base64 takes white space and nothing uncanonical", base64_takes_only_canonical_text },
    { "secrets are compared bit by bit and wiped", secrets_are_compared_and_wiped },
    { "memory comes zeroed and goes wiped", memory_comes_zeroed_and_goes_wiped },
    { "failing randomness is told and leaves nothing", failing_randomness_is_told_and_leaves_nothing },
    { "the operating system is the default source", the_system_is_the_default_source },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "crypto_hash", tests);
}
