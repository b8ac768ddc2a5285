/* curve25519.c - X25519 and Ed25519: the published vectors that tests/unit does not have. */
#include "crypto/ecdhe.h"
#include "crypto/signature.h"
#include "dtls/config.h"
#include "tests/tap.h"
#include "tests/unit/crypto_hex.h"

static void multiply(const uint8_t *scalar, const uint8_t *point, uint8_t *out)
{
    struct dtls_ecdhe pair = { .group = DTLS_GROUP_X25519 };
    uint8_t secret[DTLS_ECDHE_MAX_SECRET];
    size_t len = 0;

    memcpy(pair.scalar, scalar, 32);
    CU_ASSERT_EQUAL(dtls_ecdhe_agree(&pair, (struct dtls_bytes){ point, 32 }, secret, &len), DTLS_OK);
    memcpy(out, secret, 32);
}

static void x25519_multiplies_as_published(void)
{
    struct hex scalar = hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
    struct hex point = hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
    uint8_t out[32];

    multiply(scalar.at, point.at, out);
    CU_ASSERT_TRUE(is_hex(out, sizeof out, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"));
}

static void x25519_iterates_as_published(void)
{
    uint8_t k[32] = { 9 }, u[32] = { 9 }, out[32];

    for (int i = 1; i <= 1000; i++) {
        multiply(k, u, out);
        memcpy(u, k, sizeof u);
        memcpy(k, out, sizeof k);
        if (i == 1)
            CU_ASSERT_TRUE(is_hex(k, 32, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"));
    }
    CU_ASSERT_TRUE(is_hex(k, 32, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"));
}

static void ed25519_signs_a_digest_as_published(void)
{
    struct hex seed = hex("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42");
    struct hex message = hex("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                             "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    const struct dtls_random unused = { NULL, NULL };
    struct dtls_private_key *key = NULL;
    uint8_t out[DTLS_SIGNATURE_LARGEST];
    size_t len = 0;

    CU_ASSERT_EQUAL_FATAL(dtls_private_key_from_scalar(DTLS_KEY_ED, view(&seed), &key), DTLS_OK);
    struct dtls_public_key public = dtls_private_key_public(key);
    CU_ASSERT_TRUE(
        is_hex(public.point.at, public.point.len, "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf"));
    CU_ASSERT_EQUAL(dtls_signature_make(key, DTLS_ED25519, &unused, view(&message), out, &len), DTLS_OK);
    CU_ASSERT_TRUE(is_hex(out, len,
                          "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
                          "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"));
    dtls_private_key_free(key);
}

static CU_TestInfo tests[] = {
    { "X25519 multiplies as RFC 7748, 5.2, says", x25519_multiplies_as_published },
    { "X25519 iterates a thousand times as RFC 7748, 5.2, says", x25519_iterates_as_published },
    { "Ed25519 signs SHA(abc) as RFC 8032, 7.1, says", ed25519_signs_a_digest_as_published },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "vectors_curve25519", tests);
}
