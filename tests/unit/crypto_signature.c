/* crypto_signature.c - keys and signatures: published ones, those of openssl, and what must be refused. */
#include "crypto/signature.h"

#include "crypto/ecdsa_der.h"
#include "tests/tap.h"
#include "tests/unit/crypto_hex.h"
#include "tests/unit/crypto_rsa_data.h"

static const struct dtls_random system_random = { NULL, NULL };

static const uint16_t schemes[] = {
    DTLS_RSA_PKCS1_SHA256, DTLS_RSA_PKCS1_SHA384, DTLS_RSA_PKCS1_SHA512, DTLS_ECDSA_SHA256,   DTLS_ECDSA_SHA384,
    DTLS_ECDSA_SHA512,     DTLS_RSA_PSS_SHA256,   DTLS_RSA_PSS_SHA384,   DTLS_RSA_PSS_SHA512, DTLS_ED25519,
};

enum { SCHEMES = sizeof schemes / sizeof schemes[0] };

/* The RSA numbers of a test, alive as long as it. */
struct rsa_hex {
    struct hex n, e, d, p, q, dp, dq, qinv;
};

static struct rsa_hex rsa_2048(void)
{
    return (struct rsa_hex){ hex(rsa_n), hex(rsa_e),  hex(rsa_d),  hex(rsa_p),
                             hex(rsa_q), hex(rsa_dp), hex(rsa_dq), hex(rsa_qinv) };
}

static int load_rsa(const struct rsa_hex *rsa, struct dtls_private_key **out)
{
    struct dtls_rsa_numbers numbers = { view(&rsa->n), view(&rsa->e),  view(&rsa->d),  view(&rsa->p),
                                        view(&rsa->q), view(&rsa->dp), view(&rsa->dq), view(&rsa->qinv) };

    return dtls_private_key_from_rsa(&numbers, out);
}

static struct dtls_private_key *key_of_kind(enum dtls_key_kind kind)
{
    struct dtls_private_key *key = NULL;
    struct rsa_hex rsa = rsa_2048();

    int result = kind == DTLS_KEY_RSA ? load_rsa(&rsa, &key) : dtls_private_key_generate(kind, &system_random, &key);
    CU_ASSERT_EQUAL_FATAL(result, DTLS_OK);
    return key;
}

static const enum dtls_key_kind kinds[] = { DTLS_KEY_P256, DTLS_KEY_P384, DTLS_KEY_ED, DTLS_KEY_RSA };

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* ---- what fits, and there and back ---- */

static void schemes_fit_their_kinds_of_key_only(void)
{
    for (unsigned scheme = 0; scheme <= 0xffff; scheme++) {
        bool rsa = scheme == 0x0401 || scheme == 0x0501 || scheme == 0x0601 || (scheme >= 0x0804 && scheme <= 0x0806);
        bool ecdsa = scheme == 0x0403 || scheme == 0x0503 || scheme == 0x0603;

        CHECK_CASE(dtls_scheme_fits((uint16_t)scheme, DTLS_KEY_RSA) == rsa, "%04x and RSA", scheme);
        CHECK_CASE(dtls_scheme_fits((uint16_t)scheme, DTLS_KEY_P256) == ecdsa, "%04x and P-256", scheme);
        CHECK_CASE(dtls_scheme_fits((uint16_t)scheme, DTLS_KEY_P384) == ecdsa, "%04x and P-384", scheme);
        CHECK_CASE(dtls_scheme_fits((uint16_t)scheme, DTLS_KEY_ED) == (scheme == 0x0807), "%04x and Ed25519", scheme);
        CHECK_CASE(!dtls_scheme_fits((uint16_t)scheme, DTLS_KEY_NONE), "%04x and no key", scheme);
    }
}

static void every_key_signs_with_every_scheme_that_fits(void)
{
    for (size_t k = 0; k < KINDS; k++) {
        struct dtls_private_key *key = key_of_kind(kinds[k]);
        struct dtls_public_key public = dtls_private_key_public(key);

        for (size_t s = 0; s < SCHEMES; s++) {
            uint8_t out[DTLS_SIGNATURE_LARGEST];
            size_t len = 1;
            int result = dtls_signature_make(key, schemes[s], &system_random, text_view("message"), out, &len);
            struct dtls_bytes signature = { out, len };

            if (!dtls_scheme_fits(schemes[s], kinds[k])) {
                CHECK_CASE(result == DTLS_ERR_INTERNAL && len == 0, "kind %zu made %04x", k, schemes[s]);
                result = dtls_signature_verify(&public, schemes[s], text_view("message"), signature);
                CHECK_CASE(result == DTLS_ERR_ILLEGAL_PARAMETER, "kind %zu took %04x", k, schemes[s]);
                continue;
            }
            CHECK_CASE(result == DTLS_OK, "kind %zu, %04x: %d", k, schemes[s], result);
            result = dtls_signature_verify(&public, schemes[s], text_view("message"), signature);
            CHECK_CASE(result == DTLS_OK, "kind %zu, %04x verified: %d", k, schemes[s], result);
            for (size_t other = 0; other < SCHEMES; other++)
                if (other != s && dtls_scheme_fits(schemes[other], kinds[k]))
                    CHECK_CASE(dtls_signature_verify(&public, schemes[other], text_view("message"), signature) ==
                                   DTLS_ERR_BAD_SIGNATURE,
                               "kind %zu, %04x as %04x", k, schemes[s], schemes[other]);
        }
        dtls_private_key_free(key);
    }
}

static void a_changed_signature_is_refused(void)
{
    static const uint16_t one_scheme[] = { DTLS_ECDSA_SHA256, DTLS_ECDSA_SHA384, DTLS_ED25519, DTLS_RSA_PSS_SHA256 };

    for (size_t k = 0; k < KINDS; k++) {
        struct dtls_private_key *key = key_of_kind(kinds[k]), *other = NULL;
        struct dtls_public_key public = dtls_private_key_public(key);
        uint8_t out[DTLS_SIGNATURE_LARGEST + 1] = { 0 };
        size_t len;

        CU_ASSERT_EQUAL(dtls_signature_make(key, one_scheme[k], &system_random, text_view("message"), out, &len), 0);
        for (size_t bit = 0; bit < 8 * len; bit += 3) {
            out[bit / 8] ^= (uint8_t)(1 << bit % 8);
            CHECK_CASE(dtls_signature_verify(&public, one_scheme[k], text_view("message"),
                                             (struct dtls_bytes){ out, len }) == DTLS_ERR_BAD_SIGNATURE,
                       "kind %zu, bit %zu", k, bit);
            out[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t wrong = 0; wrong <= len + 1; wrong++)
            CHECK_CASE((dtls_signature_verify(&public, one_scheme[k], text_view("message"),
                                              (struct dtls_bytes){ out, wrong }) == DTLS_OK) == (wrong == len),
                       "kind %zu, %zu of %zu bytes", k, wrong, len);
        CHECK_CASE(dtls_signature_verify(&public, one_scheme[k], text_view("messagf"),
                                         (struct dtls_bytes){ out, len }) == DTLS_ERR_BAD_SIGNATURE,
                   "kind %zu, another message", k);
        if (kinds[k] != DTLS_KEY_RSA) {
            CU_ASSERT_EQUAL(dtls_private_key_generate(kinds[k], &system_random, &other), DTLS_OK);
            public = dtls_private_key_public(other);
            CHECK_CASE(dtls_signature_verify(&public, one_scheme[k], text_view("message"),
                                             (struct dtls_bytes){ out, len }) == DTLS_ERR_BAD_SIGNATURE,
                       "kind %zu, another key", k);
        }
        dtls_private_key_free(other);
        dtls_private_key_free(key);
    }
}

/* ---- published signatures ---- */

/* RFC 6979, A.2.5 and A.2.6: the message is "sample". */
static const struct {
    enum dtls_key_kind kind;
    uint16_t scheme;
    const char *r, *s;
} ecdsa_vectors[] = {
    { DTLS_KEY_P256, DTLS_ECDSA_SHA256, "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8" },
    { DTLS_KEY_P256, DTLS_ECDSA_SHA384, "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719",
      "4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954" },
    { DTLS_KEY_P256, DTLS_ECDSA_SHA512, "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00",
      "2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe" },
    { DTLS_KEY_P384, DTLS_ECDSA_SHA256,
      "21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd",
      "f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0" },
    { DTLS_KEY_P384, DTLS_ECDSA_SHA384,
      "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46",
      "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8" },
    { DTLS_KEY_P384, DTLS_ECDSA_SHA512,
      "ed0959d5880ab2d869ae7f6c2915c6d60f96507f9cb3e047c0046861da4a799cfe30f35cc900056d7c99cd7882433709",
      "512c8cceee3890a84058ce1e22dbc2198f42323ce8aca9135329f03c068e5112dc7cc3ef3446defceb01a45c2667fdd5" },
};

static const char rfc6979_p256[] = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
static const char rfc6979_p256_point[] = "04 60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                                         "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
static const char rfc6979_p384[] =
    "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5";

static struct dtls_private_key *key_of_scalar(enum dtls_key_kind kind, const char *text)
{
    struct dtls_private_key *key = NULL;
    struct hex scalar = hex(text);

    CU_ASSERT_EQUAL_FATAL(dtls_private_key_from_scalar(kind, view(&scalar), &key), DTLS_OK);
    return key;
}

static void published_ecdsa_signatures_verify(void)
{
    for (size_t i = 0; i < sizeof ecdsa_vectors / sizeof ecdsa_vectors[0]; i++) {
        bool p256 = ecdsa_vectors[i].kind == DTLS_KEY_P256;
        struct dtls_private_key *key = key_of_scalar(ecdsa_vectors[i].kind, p256 ? rfc6979_p256 : rfc6979_p384);
        struct dtls_public_key public = dtls_private_key_public(key);
        struct hex r = hex(ecdsa_vectors[i].r), s = hex(ecdsa_vectors[i].s);
        uint8_t der[DTLS_SIGNATURE_LARGEST];
        struct dtls_writer to = dtls_writer_to(der, sizeof der);

        if (p256)
            CU_ASSERT_TRUE(is_hex(public.point.at, public.point.len, rfc6979_p256_point));
        dtls_ecdsa_der_write(&to, view(&r), view(&s));
        CHECK_CASE(dtls_signature_verify(&public, ecdsa_vectors[i].scheme, text_view("sample"),
                                         dtls_writer_bytes(&to)) == DTLS_OK,
                   "vector %zu", i);
        dtls_private_key_free(key);
    }
}

/* RFC 8032, 7.1, tests 1 to 3. */
static const struct {
    const char *seed, *point, *message, *signature;
} ed_vectors[] = {
    { "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
      "d25bf5f0595bbe24655141438e7a100b" },
    { "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
      "387b2eaeb4302aeeb00d291612bb0c00" },
    { "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
      "4a7c15e9716ed28dc027beceea1ec40a" },
};

static void ed25519_makes_the_published_signatures(void)
{
    for (size_t i = 0; i < sizeof ed_vectors / sizeof ed_vectors[0]; i++) {
        struct dtls_private_key *key = key_of_scalar(DTLS_KEY_ED, ed_vectors[i].seed);
        struct dtls_public_key public = dtls_private_key_public(key);
        struct hex message = hex(ed_vectors[i].message);
        uint8_t out[DTLS_SIGNATURE_LARGEST];
        size_t len;

        CHECK_CASE(is_hex(public.point.at, public.point.len, ed_vectors[i].point), "vector %zu, key", i);
        CU_ASSERT_EQUAL(dtls_signature_make(key, DTLS_ED25519, &system_random, view(&message), out, &len), DTLS_OK);
        CHECK_CASE(is_hex(out, len, ed_vectors[i].signature), "vector %zu, signature", i);
        dtls_private_key_free(key);
    }
}

/* S + L is the same number to careless arithmetic (RFC 8032, 5.1.7, asks for S < L). */
static void a_second_form_of_an_ed25519_signature_is_refused(void)
{
    struct hex order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    struct hex point = hex(ed_vectors[1].point), signature = hex(ed_vectors[1].signature);
    struct dtls_public_key public = { .kind = DTLS_KEY_ED, .point = view(&point) };
    struct hex message = hex(ed_vectors[1].message);
    unsigned carry = 0;

    CU_ASSERT_EQUAL(dtls_signature_verify(&public, DTLS_ED25519, view(&message), view(&signature)), DTLS_OK);
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)signature.at[32 + i] + order.at[i];
        signature.at[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    CU_ASSERT_EQUAL(dtls_signature_verify(&public, DTLS_ED25519, view(&message), view(&signature)),
                    DTLS_ERR_BAD_SIGNATURE);
}

static void openssl_rsa_signatures_verify(void)
{
    static const struct {
        uint16_t scheme;
        const char *signature;
    } cases[] = {
        { DTLS_RSA_PKCS1_SHA256, rsa_pkcs1_sha256 }, { DTLS_RSA_PKCS1_SHA384, rsa_pkcs1_sha384 },
        { DTLS_RSA_PKCS1_SHA512, rsa_pkcs1_sha512 }, { DTLS_RSA_PSS_SHA256, rsa_pss_sha256 },
        { DTLS_RSA_PSS_SHA384, rsa_pss_sha384 },     { DTLS_RSA_PSS_SHA512, rsa_pss_sha512 },
    };
    struct hex n = hex(rsa_n), e = hex(rsa_e);
    struct dtls_public_key public = { .kind = DTLS_KEY_RSA, .modulus = view(&n), .exponent = view(&e) };
    struct dtls_bytes message = text_view("libdtls test message");

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hex signature = hex(cases[i].signature);
        CHECK_CASE(dtls_signature_verify(&public, cases[i].scheme, message, view(&signature)) == DTLS_OK, "case %zu",
                   i);
    }
    struct hex short_salt = hex(rsa_pss_short_salt);
    CU_ASSERT_EQUAL(dtls_signature_verify(&public, DTLS_RSA_PSS_SHA256, message, view(&short_salt)),
                    DTLS_ERR_BAD_SIGNATURE);
}

/* PKCS#1 signatures have no randomness: ours must be openssl's, whichever way the primes are told. */
static void rsa_pkcs1_makes_what_openssl_makes(void)
{
    static const char *const expected[] = { rsa_pkcs1_sha256, rsa_pkcs1_sha384, rsa_pkcs1_sha512 };
    struct rsa_hex rsa = rsa_2048();
    struct rsa_hex exchanged = { rsa.n, rsa.e, rsa.d, rsa.q, rsa.p, rsa.dq, rsa.dp, hex(rsa_pinv) };
    const struct rsa_hex *both[] = { &rsa, &exchanged };
    struct dtls_bytes message = text_view("libdtls test message");

    for (size_t i = 0; i < 2; i++) {
        struct dtls_private_key *key = NULL;

        CU_ASSERT_EQUAL_FATAL(load_rsa(both[i], &key), DTLS_OK);
        for (size_t s = 0; s < 3; s++) {
            uint8_t out[DTLS_SIGNATURE_LARGEST];
            size_t len;
            int result = dtls_signature_make(key, schemes[s], &system_random, message, out, &len);
            CHECK_CASE(result == DTLS_OK && is_hex(out, len, expected[s]), "order %zu, %04x", i, schemes[s]);
        }
        dtls_private_key_free(key);
    }
}

/* ---- keys that must be refused ---- */

static void rsa_keys_of_the_wrong_size_verify_nothing(void)
{
    struct hex n = hex(small_n), e = hex(rsa_e), signature = hex(small_pkcs1_sha256);
    struct dtls_public_key public = { .kind = DTLS_KEY_RSA, .modulus = view(&n), .exponent = view(&e) };
    struct dtls_bytes message = text_view("libdtls test message");
    struct rsa_hex small = {
        n, e, hex(small_d), hex(small_p), hex(small_q), hex(small_dp), hex(small_dq), hex(small_qinv)
    };
    struct dtls_private_key *key;

    CU_ASSERT_EQUAL(dtls_signature_verify(&public, DTLS_RSA_PKCS1_SHA256, message, view(&signature)),
                    DTLS_ERR_BAD_SIGNATURE);
    CU_ASSERT_EQUAL(load_rsa(&small, &key), DTLS_ERR_BAD_KEY);
    CU_ASSERT_PTR_NULL(key);

    struct hex huge = { .len = 1025 }; /* 8,193 bits and more */
    memset(huge.at, 0xff, huge.len);
    public.modulus = view(&huge);
    CU_ASSERT_EQUAL(dtls_signature_verify(&public, DTLS_RSA_PKCS1_SHA256, message, view(&huge)),
                    DTLS_ERR_BAD_SIGNATURE);
}

static void odd_public_keys_verify_nothing(void)
{
    /* Zero, one, even, and nine bytes long: each would be a crash, a forgery or a long computation. */
    static const char *const exponents[] = { "", "00", "01", "02", "010000", "010000000000000001" };
    struct hex n = hex(rsa_n), e = hex(rsa_e), signature = hex(rsa_pkcs1_sha256), even = n, zero = n;
    struct dtls_public_key public = { .kind = DTLS_KEY_RSA, .modulus = view(&n), .exponent = view(&e) };
    struct dtls_bytes message = text_view("libdtls test message");

    for (size_t i = 0; i < sizeof exponents / sizeof exponents[0]; i++) {
        struct hex exponent = hex(exponents[i]);
        public.exponent = view(&exponent);
        CHECK_CASE(dtls_signature_verify(&public, DTLS_RSA_PKCS1_SHA256, message, view(&signature)) ==
                       DTLS_ERR_BAD_SIGNATURE,
                   "exponent '%s'", exponents[i]);
    }
    public.exponent = view(&e);
    even.at[even.len - 1] &= 0xfe;
    public.modulus = view(&even);
    CU_ASSERT_EQUAL(dtls_signature_verify(&public, DTLS_RSA_PKCS1_SHA256, message, view(&signature)),
                    DTLS_ERR_BAD_SIGNATURE);
    memset(zero.at, 0, zero.len);
    public.modulus = view(&zero);
    CU_ASSERT_EQUAL(dtls_signature_verify(&public, DTLS_RSA_PKCS1_SHA256, message, view(&signature)),
                    DTLS_ERR_BAD_SIGNATURE);

    struct dtls_public_key off_curve = { .kind = DTLS_KEY_P256, .point = view(&n) }, empty = { .kind = DTLS_KEY_ED };
    struct hex der = hex("30 06 020101 020101"), ed = hex(ed_vectors[0].signature);
    CU_ASSERT_EQUAL(dtls_signature_verify(&off_curve, DTLS_ECDSA_SHA256, message, view(&der)), DTLS_ERR_BAD_SIGNATURE);
    CU_ASSERT_EQUAL(dtls_signature_verify(&empty, DTLS_ED25519, message, view(&ed)), DTLS_ERR_BAD_SIGNATURE);
}

static void a_leading_zero_of_the_modulus_does_not_matter(void)
{
    struct hex n = hex(rsa_n), led = { .len = n.len + 1 }, e = hex("00010001"), signature = hex(rsa_pkcs1_sha256);

    memcpy(led.at + 1, n.at, n.len);
    struct dtls_public_key public = { .kind = DTLS_KEY_RSA, .modulus = view(&led), .exponent = view(&e) };
    CU_ASSERT_EQUAL(
        dtls_signature_verify(&public, DTLS_RSA_PKCS1_SHA256, text_view("libdtls test message"), view(&signature)),
        DTLS_OK);

    struct rsa_hex rsa = rsa_2048();
    struct dtls_private_key *key = NULL;
    rsa.n = led;
    rsa.e = e;
    CU_ASSERT_EQUAL_FATAL(load_rsa(&rsa, &key), DTLS_OK);
    public = dtls_private_key_public(key);
    CU_ASSERT_TRUE(is_hex(public.modulus.at, public.modulus.len, rsa_n));
    CU_ASSERT_TRUE(is_hex(public.exponent.at, public.exponent.len, rsa_e));
    dtls_private_key_free(key);
}

static void rsa_numbers_that_disagree_are_refused(void)
{
    for (unsigned i = 0; i < 8; i++) {
        for (unsigned change = 0; change < 4; change++) {
            struct rsa_hex rsa = rsa_2048();
            struct hex *numbers[] = { &rsa.n, &rsa.e, &rsa.d, &rsa.p, &rsa.q, &rsa.dp, &rsa.dq, &rsa.qinv };
            struct hex *number = numbers[i];
            struct dtls_private_key *key;

            if (change == 0) {
                number->at[number->len - 1] ^= 2;
            } else if (change == 1) { /* zero */
                memset(number->at, 0, number->len);
            } else if (change == 2) { /* one */
                memset(number->at, 0, number->len);
                number->at[number->len - 1] = 1;
            } else {
                number->len = 0;
            }
            int result = load_rsa(&rsa, &key);
            CHECK_CASE(result == DTLS_ERR_BAD_KEY && key == NULL, "number %u, change %u: %d", i, change, result);
        }
    }
}

static void scalars_out_of_range_are_refused(void)
{
    static const struct {
        enum dtls_key_kind kind;
        const char *scalar;
        int result;
    } cases[] = {
        { DTLS_KEY_P256, "", DTLS_ERR_BAD_KEY },
        { DTLS_KEY_P256, "00", DTLS_ERR_BAD_KEY },
        { DTLS_KEY_P256, "01", DTLS_OK }, /* leading zeroes may be missing: some tools write it so */
        /* The order less one, the order, and one more; 33 bytes. */
        { DTLS_KEY_P256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550", DTLS_OK },
        { DTLS_KEY_P256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", DTLS_ERR_BAD_KEY },
        { DTLS_KEY_P256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552", DTLS_ERR_BAD_KEY },
        { DTLS_KEY_P256, "00c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", DTLS_ERR_BAD_KEY },
        { DTLS_KEY_P384,
          "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
          DTLS_ERR_BAD_KEY },
        { DTLS_KEY_P384,
          "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52972", DTLS_OK },
        { DTLS_KEY_ED, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f", DTLS_ERR_BAD_KEY },
        { DTLS_KEY_ED, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f6000", DTLS_ERR_BAD_KEY },
        { DTLS_KEY_RSA, "01", DTLS_ERR_BAD_KEY },
        { DTLS_KEY_NONE, "01", DTLS_ERR_BAD_KEY },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hex scalar = hex(cases[i].scalar);
        struct dtls_private_key *key;

        CHECK_CASE(dtls_private_key_from_scalar(cases[i].kind, view(&scalar), &key) == cases[i].result, "case %zu", i);
        CHECK_CASE((key != NULL) == (cases[i].result == DTLS_OK), "case %zu, key", i);
        dtls_private_key_free(key);
    }
}

/* ---- randomness that fails ---- */

static int fail_after(void *arg, uint8_t *out, size_t len)
{
    unsigned *left = arg;

    if (*left == 0)
        return -1;
    (*left)--;
    return dtls_system_random(NULL, out, len);
}

static void failing_randomness_makes_no_signature(void)
{
    for (size_t k = 0; k < KINDS; k++) {
        struct dtls_private_key *key = key_of_kind(kinds[k]);

        for (size_t s = 0; s < SCHEMES; s++) {
            uint8_t out[DTLS_SIGNATURE_LARGEST] = { 0 };
            unsigned calls = 0;
            size_t len = 1;
            int result = DTLS_ERR_RANDOM;

            if (!dtls_scheme_fits(schemes[s], kinds[k]) || schemes[s] == DTLS_ED25519) /* which needs none */
                continue;
            for (; result == DTLS_ERR_RANDOM && calls < 5; calls++) {
                unsigned left = calls;
                result = dtls_signature_make(key, schemes[s], &(struct dtls_random){ fail_after, &left },
                                             text_view("message"), out, &len);
                if (result == DTLS_ERR_RANDOM)
                    CHECK_CASE(len == 0 && out[0] == 0, "kind %zu, %04x, call %u", k, schemes[s], calls);
            }
            bool pss = schemes[s] >= DTLS_RSA_PSS_SHA256;
            CHECK_CASE(result == DTLS_OK && calls == (pss ? 3 : 2), "kind %zu, %04x: %u", k, schemes[s], calls);
        }
        dtls_private_key_free(key);
    }
}

static int give_zeroes(void *arg, uint8_t *out, size_t len)
{
    (void)arg;
    memset(out, 0, len);
    return DTLS_OK;
}

static void bad_randomness_makes_no_key(void)
{
    for (size_t k = 0; k < KINDS; k++) {
        struct dtls_private_key *key;
        unsigned left = 0;

        if (kinds[k] == DTLS_KEY_RSA)
            continue;
        CHECK_CASE(dtls_private_key_generate(kinds[k], &(struct dtls_random){ fail_after, &left }, &key) ==
                           DTLS_ERR_RANDOM &&
                       key == NULL,
                   "kind %zu, failing", k);
        if (kinds[k] != DTLS_KEY_ED) /* to which zeroes are a seed like any other */
            CHECK_CASE(dtls_private_key_generate(kinds[k], &(struct dtls_random){ give_zeroes, NULL }, &key) ==
                               DTLS_ERR_RANDOM &&
                           key == NULL,
                       "kind %zu, stuck", k);
    }
}

static void ecdsa_numbers_out_of_range_are_refused(void)
{
    static const char order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    const char *const numbers[][2] = {
        { "00", "00" },
        { "00", "01" },
        { "01", "00" },
        { order, "01" },
        { "01", order },
        { order, order },
        { "01", "01 0000000000000000000000000000000000000000000000000000000000000000" },
    };
    struct dtls_private_key *key = key_of_scalar(DTLS_KEY_P256, rfc6979_p256);
    struct dtls_public_key public = dtls_private_key_public(key);

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct hex r = hex(numbers[i][0]), s = hex(numbers[i][1]);
        uint8_t der[128];
        struct dtls_writer to = dtls_writer_to(der, sizeof der);

        dtls_ecdsa_der_write(&to, view(&r), view(&s));
        CHECK_CASE(dtls_signature_verify(&public, DTLS_ECDSA_SHA256, text_view("sample"), dtls_writer_bytes(&to)) ==
                       DTLS_ERR_BAD_SIGNATURE,
                   "case %zu", i);
    }
    dtls_private_key_free(key);
}

static CU_TestInfo tests[] = {
    { "schemes fit their kinds of key only", schemes_fit_their_kinds_of_key_only },
    { "every key signs with every scheme that fits, and no other", every_key_signs_with_every_scheme_that_fits },
    { "a changed signature, message or key is refused", a_changed_signature_is_refused },
    { "the ECDSA signatures of RFC 6979 verify", published_ecdsa_signatures_verify },
    { "Ed25519 makes the signatures of RFC 8032", ed25519_makes_the_published_signatures },
    { "a second form of an Ed25519 signature is refused", a_second_form_of_an_ed25519_signature_is_refused },
    { "openssl's RSA signatures verify, a short salt does not", openssl_rsa_signatures_verify },
    { "RSA PKCS#1 makes what openssl makes, primes in either order", rsa_pkcs1_makes_what_openssl_makes },
    { "RSA keys of 1024 bits, or above 8192, verify nothing", rsa_keys_of_the_wrong_size_verify_nothing },
    { "odd public keys verify nothing", odd_public_keys_verify_nothing },
    { "a leading zero of the modulus does not matter", a_leading_zero_of_the_modulus_does_not_matter },
    { "RSA numbers that disagree are refused", rsa_numbers_that_disagree_are_refused },
    { "scalars out of range are refused", scalars_out_of_range_are_refused },
    { "failing randomness makes no signature", failing_randomness_makes_no_signature },
    { "bad randomness makes no key", bad_randomness_makes_no_key },
    { "ECDSA numbers out of range are refused", ecdsa_numbers_out_of_range_are_refused },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "crypto_signature", tests);
}
