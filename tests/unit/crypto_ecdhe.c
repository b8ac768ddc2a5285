/* crypto_ecdhe.c - key exchange: published pairs and secrets, and points that must be refused. */
#include "crypto/ecdhe.h"

#include "dtls/config.h"
#include "tests/tap.h"
#include "tests/unit/crypto_hex.h"

static const uint16_t groups[] = { DTLS_GROUP_X25519, DTLS_GROUP_SECP256R1, DTLS_GROUP_SECP384R1 };

enum { GROUPS = sizeof groups / sizeof groups[0] };

static const struct {
    const char *name;
    uint16_t group;
    const char *scalar, *point, *peer_point, *secret;
} vectors[] = {
    { "RFC 7748, 6.1, Alice", DTLS_GROUP_X25519, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
      "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
      "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
      "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
    { "RFC 7748, 6.1, Bob", DTLS_GROUP_X25519, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
      "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
      "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
      "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
    /* The peer's point has its highest bit set, which is to be ignored. */
    { "RFC 7748, 5.2, second", DTLS_GROUP_X25519, "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
      NULL, "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
      "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957" },
    { "RFC 5903, 8.1", DTLS_GROUP_SECP256R1, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
      "04 dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
      "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
      "04 d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
      "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
      "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de" },
    { "RFC 5903, 8.2", DTLS_GROUP_SECP384R1,
      "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
      "04 667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa"
      "9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c",
      "04 e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571"
      "dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
      "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746" },
};

enum { VECTORS = sizeof vectors / sizeof vectors[0] };

static const struct dtls_random system_random = { NULL, NULL };

/* A source that gives the bytes it was told, and counts how often it was asked. */
struct script {
    struct hex bytes;
    unsigned asked;
    int result;
};

static int give(void *arg, uint8_t *out, size_t len)
{
    struct script *script = arg;

    script->asked++;
    for (size_t i = 0; i < len; i++)
        out[i] = i < script->bytes.len ? script->bytes.at[i] : 0;
    return script->result;
}

static struct dtls_ecdhe pair_of_vector(size_t i)
{
    struct script script = { .bytes = hex(vectors[i].scalar) };
    struct dtls_ecdhe pair;

    int result = dtls_ecdhe_generate(&pair, vectors[i].group, &(struct dtls_random){ give, &script });
    CHECK_CASE(result == DTLS_OK && script.asked == 1, "%s: %d", vectors[i].name, result);
    return pair;
}

static void pairs_and_secrets_are_the_published_ones(void)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct dtls_ecdhe pair = pair_of_vector(i);
        struct hex peer_point = hex(vectors[i].peer_point);
        uint8_t secret[DTLS_ECDHE_MAX_SECRET];
        size_t len;

        if (vectors[i].point != NULL)
            CHECK_CASE(is_hex(pair.public_point, pair.public_len, vectors[i].point), "%s, point", vectors[i].name);
        CHECK_CASE(dtls_ecdhe_agree(&pair, view(&peer_point), secret, &len) == DTLS_OK, "%s", vectors[i].name);
        CHECK_CASE(is_hex(secret, len, vectors[i].secret), "%s, secret", vectors[i].name);
    }
}

static void fresh_pairs_agree(void)
{
    for (size_t i = 0; i < GROUPS; i++) {
        struct dtls_ecdhe a, b;
        uint8_t secret_a[DTLS_ECDHE_MAX_SECRET], secret_b[DTLS_ECDHE_MAX_SECRET];
        size_t len_a = 0, len_b = 0;

        CU_ASSERT_EQUAL(dtls_ecdhe_generate(&a, groups[i], &system_random), DTLS_OK);
        CU_ASSERT_EQUAL(dtls_ecdhe_generate(&b, groups[i], &system_random), DTLS_OK);
        CHECK_CASE(memcmp(a.public_point, b.public_point, a.public_len) != 0, "group %u, two pairs", groups[i]);
        CHECK_CASE(dtls_ecdhe_agree(&a, (struct dtls_bytes){ b.public_point, b.public_len }, secret_a, &len_a) == 0 &&
                       dtls_ecdhe_agree(&b, (struct dtls_bytes){ a.public_point, a.public_len }, secret_b, &len_b) == 0,
                   "group %u", groups[i]);
        CHECK_CASE(len_a == len_b && memcmp(secret_a, secret_b, len_a) == 0, "group %u, secrets", groups[i]);
    }
}

static void check_refused(const struct dtls_ecdhe *pair, struct dtls_bytes point, const char *what)
{
    static const uint8_t zeroes[DTLS_ECDHE_MAX_SECRET];
    uint8_t secret[DTLS_ECDHE_MAX_SECRET] = { 0 };
    size_t len = 7;

    int result = dtls_ecdhe_agree(pair, point, secret, &len);
    CHECK_CASE(result == DTLS_ERR_ILLEGAL_PARAMETER, "group %u, %s: %d", pair->group, what, result);
    CHECK_CASE(len == 0 && memcmp(secret, zeroes, sizeof secret) == 0, "group %u, %s, traces", pair->group, what);
}

static void points_of_small_order_are_refused(void)
{
    /* All encodings of points whose order divides 8 (RFC 7748, 6.1, asks for the check). */
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
    };
    struct dtls_ecdhe pair = pair_of_vector(0);

    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct hex point = hex(points[i]);
        check_refused(&pair, view(&point), points[i]);
    }
}

static void points_off_the_curve_are_refused(void)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct dtls_ecdhe pair = pair_of_vector(i);
        struct hex good = hex(vectors[i].peer_point);

        if (pair.group == DTLS_GROUP_X25519)
            continue;
        for (size_t bit = 8; bit < 8 * good.len; bit++) {
            struct hex bad = good;
            bad.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
            check_refused(&pair, view(&bad), "a flipped bit");
        }
        struct hex zero = { .at = { 4 }, .len = good.len };
        check_refused(&pair, view(&zero), "0, 0");
        check_refused(&pair, (struct dtls_bytes){ (const uint8_t[]){ 0 }, 1 }, "the point at infinity");
    }
}

static void a_coordinate_above_the_prime_is_refused(void)
{
    /* x is p + 5 here; 5 is the x of a point of P-256, with this y. */
    struct hex point = hex("04 ffffffff00000001000000000000000000000001000000000000000000000004"
                           "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
    struct dtls_ecdhe pair = pair_of_vector(3);
    uint8_t secret[DTLS_ECDHE_MAX_SECRET];
    size_t len;

    check_refused(&pair, view(&point), "p + 5");
    memset(point.at + 1, 0, 32);
    point.at[32] = 5;
    CU_ASSERT_EQUAL(dtls_ecdhe_agree(&pair, view(&point), secret, &len), DTLS_OK);
}

static void wrong_forms_and_lengths_are_refused(void)
{
    static const uint8_t forms[] = { 0, 1, 2, 3, 5, 6, 7, 0x40, 0xff }; /* compressed and hybrid among them */

    for (size_t i = 0; i < VECTORS; i++) {
        struct dtls_ecdhe pair = pair_of_vector(i);
        struct hex point = hex(vectors[i].peer_point);

        check_refused(&pair, (struct dtls_bytes){ NULL, 0 }, "nothing");
        for (size_t len = 1; len <= point.len + 1; len++)
            if (len != point.len)
                check_refused(&pair, (struct dtls_bytes){ point.at, len }, "a wrong length");
        for (size_t f = 0; pair.group != DTLS_GROUP_X25519 && f < sizeof forms; f++) {
            point.at[0] = forms[f];
            check_refused(&pair, view(&point), "a wrong form");
            check_refused(&pair, (struct dtls_bytes){ point.at, 1 + point.len / 2 }, "a compressed point");
        }
    }
}

static void a_group_we_do_not_have_is_refused(void)
{
    static const uint16_t others[] = { 0, 25 /* secp521r1 */, 30 /* x448 */, 0x11ec };
    struct dtls_ecdhe pair;

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        CHECK_CASE(dtls_ecdhe_generate(&pair, others[i], &system_random) == DTLS_ERR_ARGUMENT, "%u", others[i]);
}

static void failing_randomness_makes_no_pair(void)
{
    static const struct dtls_ecdhe none;

    for (size_t i = 0; i < GROUPS; i++) {
        struct script script = { .bytes = hex("7777777777"), .result = -1 };
        struct dtls_ecdhe pair;

        CHECK_CASE(dtls_ecdhe_generate(&pair, groups[i], &(struct dtls_random){ give, &script }) == DTLS_ERR_RANDOM &&
                       script.asked == 1,
                   "group %u", groups[i]);
        CHECK_CASE(memcmp(&pair, &none, sizeof pair) == 0, "group %u, traces", groups[i]);
    }
}

/* Zero is no scalar: a source that gives nothing else must not be asked for ever. */
static void stuck_randomness_ends(void)
{
    for (size_t i = 1; i < GROUPS; i++) {
        struct script script = { .asked = 0 };
        struct dtls_ecdhe pair;

        CHECK_CASE(dtls_ecdhe_generate(&pair, groups[i], &(struct dtls_random){ give, &script }) == DTLS_ERR_RANDOM,
                   "group %u", groups[i]);
    }
}

static CU_TestInfo tests[] = {
    { "pairs and secrets are those of RFC 7748 and RFC 5903", pairs_and_secrets_are_the_published_ones },
    { "fresh pairs agree", fresh_pairs_agree },
    { "x25519 points of small order are refused", points_of_small_order_are_refused },
    { "points off the curve are refused", points_off_the_curve_are_refused },
    { "a coordinate above the prime is refused", a_coordinate_above_the_prime_is_refused },
    { "wrong forms and lengths are refused", wrong_forms_and_lengths_are_refused },
    { "a group we do not have is refused", a_group_we_do_not_have_is_refused },
    { "failing randomness makes no pair", failing_randomness_makes_no_pair },
    { "stuck randomness ends", stuck_randomness_ends },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "crypto_ecdhe", tests);
}
