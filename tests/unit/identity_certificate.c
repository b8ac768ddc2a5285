/* identity_certificate.c - certificates read and made, their fingerprints, and the verifiers that look at those. */
#include "identity/certificate.h"

#include "identity/algorithm.h"
#include "identity/der.h"
#include "identity/identity.h"
#include "tests/cuts.h"
#include "tests/tap.h"
#include "tests/unit/identity_data.h"

/* `openssl x509 -in p256.pem -noout -fingerprint -sha256` */
#define P256_FINGERPRINT                                                                                               \
    "3D:24:36:49:91:3A:8F:CD:66:EB:C5:9F:35:38:F0:41:5B:DB:5E:5D:E8:47:CB:BC:3F:F2:A3:7A:CD:67:AA:0D"

static const char *const certificate_files[] = { "p256.pem", "p384.pem", "ed25519.pem", "rsa2048.pem" };

enum { CERTIFICATE_FILES = sizeof certificate_files / sizeof certificate_files[0] };

/* ---- reading ---- */

static void finds_the_key_of_every_kind(void)
{
    static const struct {
        enum dtls_key_kind kind;
        size_t point, modulus, exponent;
    } expected[CERTIFICATE_FILES] = {
        { DTLS_KEY_P256, 65, 0, 0 },
        { DTLS_KEY_P384, 97, 0, 0 },
        { DTLS_KEY_ED, 32, 0, 0 },
        { DTLS_KEY_RSA, 0, 256, 3 },
    };

    for (size_t i = 0; i < CERTIFICATE_FILES; i++) {
        struct copy der = read_block(certificate_files[i], "CERTIFICATE");
        struct dtls_public_key key = { 0 };
        CHECK_CASE(dtls_certificate_public_key(view_of(der), &key) == DTLS_OK, "%s: refused", certificate_files[i]);
        CHECK_CASE(key.kind == expected[i].kind, "%s: kind %d", certificate_files[i], (int)key.kind);
        CHECK_CASE(key.point.len == expected[i].point, "%s: point of %zu", certificate_files[i], key.point.len);
        CHECK_CASE(key.modulus.len == expected[i].modulus && key.exponent.len == expected[i].exponent,
                   "%s: RSA numbers of %zu and %zu", certificate_files[i], key.modulus.len, key.exponent.len);
        free(der.at);
    }
}

static void refuses_keys_of_other_kinds(void)
{
    static const char *const files[] = { "p521.pem", "rsa-pss.pem" };

    for (size_t i = 0; i < 2; i++) {
        struct copy der = read_block(files[i], "CERTIFICATE");
        struct dtls_public_key key;
        CHECK_CASE(dtls_certificate_public_key(view_of(der), &key) == DTLS_ERR_BAD_X509, "%s: taken", files[i]);
        free(der.at);
    }
}

/* As check_cuts wants its answers. */
static int read_for_cuts(struct dtls_bytes der, void *out)
{
    int result = dtls_certificate_public_key(der, out);

    return result == DTLS_ERR_BAD_X509 ? DTLS_ERR_DECODE : result;
}

/* The parameters of rsaEncryption are NULL, or are not there (RFC 3279, 2.3.1). */
static void rsa_parameters_are_null_or_nothing(void)
{
#define RSA_ENCRYPTION 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1
    static const uint8_t with_null[] = { 0x30, 13, RSA_ENCRYPTION, 5, 0 },
                         with_nothing[] = { 0x30, 11, RSA_ENCRYPTION };
    static const uint8_t with_a_byte[] = { 0x30, 14, RSA_ENCRYPTION, 5, 1, 0 },
                         with_a_number[] = { 0x30, 14, RSA_ENCRYPTION, 2, 1, 0 };
#undef RSA_ENCRYPTION
    struct dtls_reader from = dtls_reader_of(dtls_view(with_null, sizeof with_null));

    CU_ASSERT_EQUAL(dtls_algorithm_read_key(&from), DTLS_KEY_RSA);
    from = dtls_reader_of(dtls_view(with_nothing, sizeof with_nothing));
    CU_ASSERT_EQUAL(dtls_algorithm_read_key(&from), DTLS_KEY_RSA);
    from = dtls_reader_of(dtls_view(with_a_byte, sizeof with_a_byte));
    CU_ASSERT_EQUAL(dtls_algorithm_read_key(&from), DTLS_KEY_NONE);
    from = dtls_reader_of(dtls_view(with_a_number, sizeof with_a_number));
    CU_ASSERT_EQUAL(dtls_algorithm_read_key(&from), DTLS_KEY_NONE);
}

static void refuses_a_certificate_cut_anywhere(void)
{
    for (size_t i = 0; i < CERTIFICATE_FILES; i++) {
        struct copy der = read_block(certificate_files[i], "CERTIFICATE");
        check_cuts(certificate_files[i], read_for_cuts, sizeof(struct dtls_public_key), view_of(der), NOWHERE);
        free(der.at);
    }
}

static bool lies_within(struct dtls_bytes part, struct dtls_bytes whole)
{
    return part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static void a_changed_bit_never_leads_outside(void)
{
    for (size_t i = 0; i < CERTIFICATE_FILES; i++) {
        struct copy der = read_block(certificate_files[i], "CERTIFICATE");
        struct dtls_bytes view = view_of(der);
        for (size_t bit = 0; bit < der.len * 8; bit++) {
            struct dtls_public_key key = { 0 };
            der.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
            int result = dtls_certificate_public_key(view, &key);
            CHECK_CASE(result == DTLS_OK || result == DTLS_ERR_BAD_X509, "%s, bit %zu: %d", certificate_files[i], bit,
                       result);
            CHECK_CASE(lies_within(key.point, view) && lies_within(key.modulus, view) &&
                           lies_within(key.exponent, view),
                       "%s, bit %zu: outside", certificate_files[i], bit);
            der.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        free(der.at);
    }
}

static void every_value_of_every_byte_is_survived(void)
{
    struct copy der = read_block("p256.pem", "CERTIFICATE");

    for (size_t at = 0; at < der.len; at++) {
        uint8_t before = der.at[at];
        for (unsigned value = 0; value < 256; value++) {
            struct dtls_public_key key;
            der.at[at] = (uint8_t)value;
            int result = dtls_certificate_public_key(view_of(der), &key);
            CHECK_CASE(result == DTLS_OK || result == DTLS_ERR_BAD_X509, "%zu = %u: %d", at, value, result);
        }
        der.at[at] = before;
    }
    free(der.at);
}

/* ---- making ---- */

/* The values of a TBSCertificate, in order. */
struct statement {
    struct dtls_bytes whole, version, serial, issuer, validity, subject;
};

static struct statement statement_of(const struct dtls_identity *identity, struct dtls_bytes *signature)
{
    struct dtls_reader file = dtls_reader_of(dtls_identity_certificate(identity, 0));
    struct dtls_reader certificate = dtls_reader_of(dtls_der_read(&file, DTLS_DER_SEQUENCE));
    struct statement statement = { .whole = dtls_der_read_any(&certificate) };
    dtls_der_read(&certificate, DTLS_DER_SEQUENCE);
    *signature = dtls_der_read(&certificate, DTLS_DER_BIT_STRING);

    struct dtls_reader outer = dtls_reader_of(statement.whole);
    struct dtls_reader from = dtls_reader_of(dtls_der_read(&outer, DTLS_DER_SEQUENCE));
    statement.version = dtls_der_read(&from, DTLS_DER_CONTEXT_0);
    statement.serial = dtls_der_read_unsigned(&from);
    dtls_der_read(&from, DTLS_DER_SEQUENCE);
    statement.issuer = dtls_der_read(&from, DTLS_DER_SEQUENCE);
    statement.validity = dtls_der_read(&from, DTLS_DER_SEQUENCE);
    statement.subject = dtls_der_read(&from, DTLS_DER_SEQUENCE);
    return statement;
}

static struct dtls_identity *generate(enum dtls_key_type type, int64_t not_before, int64_t not_after)
{
    struct dtls_identity *identity;

    CU_ASSERT_EQUAL_FATAL(dtls_identity_generate(type, "call", not_before, not_after, NULL, NULL, &identity), DTLS_OK);
    return identity;
}

static void what_is_made_is_read_and_verified(void)
{
    static const struct {
        enum dtls_key_type type;
        enum dtls_key_kind kind;
        uint16_t scheme;
    } cases[] = {
        { DTLS_KEY_ECDSA_P256, DTLS_KEY_P256, DTLS_ECDSA_SHA256 },
        { DTLS_KEY_ED25519, DTLS_KEY_ED, DTLS_ED25519 },
    };

    for (size_t i = 0; i < 2; i++) {
        struct dtls_identity *identity = generate(cases[i].type, 0, 1);
        struct dtls_public_key key = { 0 };
        struct dtls_bytes bits;
        int result = dtls_certificate_public_key(dtls_identity_certificate(identity, 0), &key);
        CHECK_CASE(result == DTLS_OK && key.kind == cases[i].kind, "%zu: not read: %d", i, result);
        CHECK_CASE(dtls_bytes_equal(key.point, identity->public_key.point), "%zu: another key", i);

        struct statement statement = statement_of(identity, &bits);
        struct dtls_reader signature = dtls_reader_of(bits);
        CHECK_CASE(dtls_read_u8(&signature) == 0, "%zu: unused bits", i);
        result = dtls_signature_verify(&key, cases[i].scheme, statement.whole, dtls_read_rest(&signature));
        CHECK_CASE(result == DTLS_OK, "%zu: not verified: %d", i, result);
        CHECK_CASE(dtls_identity_certificate(identity, 1).len == 0, "%zu: not alone", i);
        dtls_identity_free(identity);
    }
}

static void says_what_rfc_5280_asks_for(void)
{
    static const uint8_t v3[] = { 0x02, 0x01, 0x02 };
    static const uint8_t name[] = {
        0x31, 0x0d, 0x30, 0x0b, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x04, 'c', 'a', 'l', 'l'
    };
    struct dtls_identity *identity = generate(DTLS_KEY_ECDSA_P256, 0, 1);
    struct dtls_bytes signature;

    struct statement statement = statement_of(identity, &signature);

    CU_ASSERT_TRUE(dtls_bytes_equal(statement.version, (struct dtls_bytes){ v3, sizeof v3 }));
    CU_ASSERT_EQUAL(statement.serial.len, 16);
    CU_ASSERT_TRUE(dtls_bytes_equal(statement.issuer, (struct dtls_bytes){ name, sizeof name }));
    CU_ASSERT_TRUE(dtls_bytes_equal(statement.subject, statement.issuer));
    dtls_identity_free(identity);
}

static void times_change_their_form_in_2050(void)
{
    static const struct {
        int64_t time;
        uint8_t tag;
        const char *text;
    } cases[] = {
        /* `date -u -d @...` */
        { 0, DTLS_DER_UTC_TIME, "700101000000Z" },
        { 951782399, DTLS_DER_UTC_TIME, "000228235959Z" },
        { 951782400, DTLS_DER_UTC_TIME, "000229000000Z" },
        { 1709251199, DTLS_DER_UTC_TIME, "240229235959Z" },
        { 2524607999, DTLS_DER_UTC_TIME, "491231235959Z" },
        { 2524608000, DTLS_DER_GENERALIZED_TIME, "20500101000000Z" },
        { 4107542399, DTLS_DER_GENERALIZED_TIME, "21000228235959Z" },
        { 4107542400, DTLS_DER_GENERALIZED_TIME, "21000301000000Z" },
        { 253402300799, DTLS_DER_GENERALIZED_TIME, "99991231235959Z" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dtls_identity *identity = generate(DTLS_KEY_ED25519, cases[i].time, cases[i].time);
        struct dtls_bytes signature, wanted = { (const uint8_t *)cases[i].text, strlen(cases[i].text) };
        struct dtls_reader validity = dtls_reader_of(statement_of(identity, &signature).validity);
        CHECK_CASE(dtls_bytes_equal(dtls_der_read(&validity, cases[i].tag), wanted), "not before %s", cases[i].text);
        CHECK_CASE(dtls_bytes_equal(dtls_der_read(&validity, cases[i].tag), wanted), "not after %s", cases[i].text);
        dtls_identity_free(identity);
    }
}

static void no_two_serials_and_keys_are_the_same(void)
{
    struct dtls_identity *one = generate(DTLS_KEY_ED25519, 0, 1), *other = generate(DTLS_KEY_ED25519, 0, 1);
    struct dtls_bytes signature;

    CU_ASSERT_FALSE(dtls_bytes_equal(statement_of(one, &signature).serial, statement_of(other, &signature).serial));
    CU_ASSERT_FALSE(dtls_bytes_equal(one->public_key.point, other->public_key.point));
    dtls_identity_free(one);
    dtls_identity_free(other);
}

#define SIXTEEN    "0123456789abcdef"
#define SIXTY_FOUR SIXTEEN SIXTEEN SIXTEEN SIXTEEN

static void refuses_what_no_certificate_can_say(void)
{
    static const struct {
        const char *what, *name;
        int64_t not_before, not_after;
        int result;
    } cases[] = {
        { "the longest name", SIXTY_FOUR, 0, 253402300799, DTLS_OK },
        { "UTF-8", "z\xc3\xbc\xe2\x82\xac\xf0\x9f\x93\x9e", 0, 1, DTLS_OK },
        { "the borders of UTF-8",
          "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 0, 1, DTLS_OK },
        { "no name", "", 0, 1, DTLS_ERR_ARGUMENT },
        { "a name too long", SIXTY_FOUR "x", 0, 1, DTLS_ERR_ARGUMENT },
        { "Latin-1", "z\xfc", 0, 1, DTLS_ERR_ARGUMENT },
        { "a lone continuation", "\x80", 0, 1, DTLS_ERR_ARGUMENT },
        { "a character cut short", "\xe2\x82", 0, 1, DTLS_ERR_ARGUMENT },
        { "a character broken off", "\xe2\x82x", 0, 1, DTLS_ERR_ARGUMENT },
        { "overlong, two bytes", "\xc1\xbf", 0, 1, DTLS_ERR_ARGUMENT },
        { "overlong, three bytes", "\xe0\x9f\xbf", 0, 1, DTLS_ERR_ARGUMENT },
        { "overlong, four bytes", "\xf0\x8f\xbf\xbf", 0, 1, DTLS_ERR_ARGUMENT },
        { "a surrogate", "\xed\xa0\x80", 0, 1, DTLS_ERR_ARGUMENT },
        { "beyond Unicode", "\xf4\x90\x80\x80", 0, 1, DTLS_ERR_ARGUMENT },
        { "five bytes", "\xf8\x88\x80\x80\x80", 0, 1, DTLS_ERR_ARGUMENT },
        { "before 1970", "x", -1, 1, DTLS_ERR_ARGUMENT },
        { "after 9999", "x", 0, 253402300800, DTLS_ERR_ARGUMENT },
        { "the end before the beginning", "x", 2, 1, DTLS_ERR_ARGUMENT },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dtls_identity *identity;
        int result = dtls_identity_generate(DTLS_KEY_ED25519, cases[i].name, cases[i].not_before, cases[i].not_after,
                                            NULL, NULL, &identity);
        CHECK_CASE(result == cases[i].result, "%s: %d", cases[i].what, result);
        CHECK_CASE((identity != NULL) == (result == DTLS_OK), "%s: out is wrong", cases[i].what);
        dtls_identity_free(identity);
    }
}

static void refuses_a_type_there_is_none_of(void)
{
    struct dtls_identity *identity;

    CU_ASSERT_EQUAL(dtls_identity_generate((enum dtls_key_type)7, "x", 0, 1, NULL, NULL, &identity), DTLS_ERR_ARGUMENT);
    CU_ASSERT_PTR_NULL(identity);
}

/* Gives bytes as often as `arg` says. */
static int random_that_ends(void *arg, uint8_t *out, size_t len)
{
    unsigned *left = arg;

    return (*left)-- > 0 ? dtls_system_random(NULL, out, len) : DTLS_ERR_RANDOM;
}

static void no_randomness_no_identity(void)
{
    for (enum dtls_key_type type = DTLS_KEY_ECDSA_P256; type <= DTLS_KEY_ED25519; type++) {
        struct dtls_identity *identity = NULL;
        for (unsigned calls = 0; calls < 20 && identity == NULL; calls++) {
            unsigned left = calls;
            int result = dtls_identity_generate(type, "x", 0, 1, random_that_ends, &left, &identity);
            CHECK_CASE(result == (identity != NULL ? DTLS_OK : DTLS_ERR_RANDOM), "type %d, %u calls: %d", (int)type,
                       calls, result);
            CHECK_CASE(identity == NULL || calls >= 2, "type %d: made with %u calls", (int)type, calls);
        }
        CHECK_CASE(identity != NULL, "type %d: never made", (int)type);
        dtls_identity_free(identity);
    }
}

/* ---- fingerprints and verifiers ---- */

static void fingerprint_is_what_openssl_says(void)
{
    struct copy text = read_file("p256.pem");
    struct dtls_identity *identity;
    uint8_t own[DTLS_FINGERPRINT_LEN], der[DTLS_FINGERPRINT_LEN];
    char shown[DTLS_FINGERPRINT_TEXT];

    CU_ASSERT_EQUAL_FATAL(dtls_identity_from_pem((char *)text.at, text.len, (char *)text.at, text.len, &identity),
                          DTLS_OK);
    dtls_identity_fingerprint(identity, own);
    dtls_certificate_fingerprint(dtls_identity_certificate(identity, 0), der);
    dtls_fingerprint_format(own, shown);

    CU_ASSERT_STRING_EQUAL(shown, "SHA-256:" P256_FINGERPRINT);
    CU_ASSERT_EQUAL(memcmp(own, der, sizeof own), 0);
    dtls_identity_free(identity);
    free(text.at);
}

#define WITHOUT_COLONS "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define WITH_COLONS(first, last)                                                                                       \
    first "11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"                                                              \
          "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:" last

static void fingerprints_are_read_as_people_write_them(void)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        { "SHA-256:" WITH_COLONS("00:", "FF"), true },
        { "sha-256 " WITH_COLONS("00:", "ff"), true },
        { "Sha-256:" WITH_COLONS("00:", "fF"), true },
        { "SHA-256:" WITHOUT_COLONS, true },
        { "sha-256 " WITHOUT_COLONS, true },
        { "", false },
        { "SHA-256", false },
        { "SHA-256:", false },
        { "SHA-1:" WITH_COLONS("00:", "FF"), false },
        { "SHA-512:" WITH_COLONS("00:", "FF"), false },
        { "SHA-256" WITH_COLONS("00:", "FF"), false },
        { "SHA-256::" WITH_COLONS("00:", "FF"), false },
        { WITH_COLONS("00:", "FF"), false },
        { "SHA-256:" WITH_COLONS("00::", "FF"), false },
        { "SHA-256:" WITH_COLONS("0:", "FF"), false },
        { "SHA-256:" WITH_COLONS("0g:", "FF"), false },
        { "SHA-256:" WITH_COLONS("00 ", "FF"), false },
        { "SHA-256:" WITH_COLONS("00:", "FF:"), false },
        { "SHA-256:" WITH_COLONS("00:", "FF "), false },
        { "SHA-256:" WITH_COLONS("00:", "FF:00"), false },
        { "SHA-256:" WITHOUT_COLONS "0", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t out[DTLS_FINGERPRINT_LEN];
        memset(out, 0x5a, sizeof out);
        int result = dtls_fingerprint_parse(cases[i].text, out);
        CHECK_CASE(result == (cases[i].good ? DTLS_OK : DTLS_ERR_BAD_FINGERPRINT), "%s: %d", cases[i].text, result);
        for (size_t at = 0; at < sizeof out; at++)
            CHECK_CASE(out[at] == (cases[i].good ? at % 16 * 0x11 : 0x5a), "%s: byte %zu", cases[i].text, at);
    }
}

/* By each hash, as in SDP: what is written is read, and what openssl says is written. */
static void fingerprints_of_every_hash_are_lines_of_sdp(void)
{
    static const enum dtls_fingerprint_hash hashes[] = { DTLS_FINGERPRINT_SHA_256, DTLS_FINGERPRINT_SHA_384,
                                                         DTLS_FINGERPRINT_SHA_512 };
    static const char *const names[] = { "sha-256 ", "sha-384 ", "sha-512 " };
    struct copy text = read_file("p256.pem");
    struct dtls_identity *identity;
    char sdp[DTLS_FINGERPRINT_SDP], changed[DTLS_FINGERPRINT_SDP + 2];

    CU_ASSERT_EQUAL_FATAL(dtls_identity_from_pem((char *)text.at, text.len, (char *)text.at, text.len, &identity),
                          DTLS_OK);
    for (size_t i = 0; i < 3; i++) {
        struct dtls_fingerprint own, read, untouched;
        dtls_identity_fingerprint_by(identity, hashes[i], &own);
        dtls_fingerprint_to_sdp(&own, sdp);
        size_t len = strlen(sdp);
        CU_ASSERT_TRUE(strncmp(sdp, names[i], 8) == 0 && len == 7 + 3 * dtls_fingerprint_len(hashes[i]));
        CU_ASSERT_EQUAL(dtls_fingerprint_from_sdp(sdp, &read), DTLS_OK);
        CU_ASSERT_EQUAL(memcmp(&own, &read, sizeof own), 0);
        memset(&read, 0x5a, sizeof read);
        untouched = read;
        for (size_t cut = 0; cut < len; cut++) {
            memcpy(changed, sdp, cut);
            changed[cut] = '\0';
            CHECK_CASE(dtls_fingerprint_from_sdp(changed, &read) == DTLS_ERR_BAD_FINGERPRINT &&
                           memcmp(&read, &untouched, sizeof read) == 0,
                       "%s, cut at %zu", names[i], cut);
        }
        memcpy(changed, sdp, len);
        memcpy(changed + len, ":", 2);
        CU_ASSERT_EQUAL(dtls_fingerprint_from_sdp(changed, &read), DTLS_ERR_BAD_FINGERPRINT);
        memcpy(changed, names[(i + 1) % 3], 8); /* another hash: the length is wrong */
        changed[len] = '\0';
        CU_ASSERT_EQUAL(dtls_fingerprint_from_sdp(changed, &read), DTLS_ERR_BAD_FINGERPRINT);
    }
    struct dtls_fingerprint shortest;
    dtls_identity_fingerprint_by(identity, DTLS_FINGERPRINT_SHA_256, &shortest);
    dtls_fingerprint_to_sdp(&shortest, sdp);
    CU_ASSERT_STRING_EQUAL(sdp, "sha-256 " P256_FINGERPRINT);
    CU_ASSERT_EQUAL(dtls_fingerprint_from_sdp("sha-1 00:11", &shortest), DTLS_ERR_BAD_FINGERPRINT);
    CU_ASSERT_EQUAL(dtls_fingerprint_len((enum dtls_fingerprint_hash)0), 0);
    dtls_identity_free(identity);
    free(text.at);
}

static void fingerprint_cut_anywhere_is_refused(void)
{
    static const char text[] = "SHA-256:" WITH_COLONS("00:", "FF");
    uint8_t out[DTLS_FINGERPRINT_LEN];

    for (size_t len = 0; len < sizeof text - 1; len++) {
        char *cut = malloc(len + 1);
        memcpy(cut, text, len);
        cut[len] = '\0';
        CHECK_CASE(dtls_fingerprint_parse(cut, out) == DTLS_ERR_BAD_FINGERPRINT, "%zu", len);
        free(cut);
    }
}

static void fingerprints_come_back_as_written(void)
{
    uint8_t in[DTLS_FINGERPRINT_LEN], out[DTLS_FINGERPRINT_LEN];
    char text[DTLS_FINGERPRINT_TEXT];

    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * 37 + 5);
    dtls_fingerprint_format(in, text);

    CU_ASSERT_EQUAL(dtls_fingerprint_parse(text, out), DTLS_OK);
    CU_ASSERT_EQUAL(memcmp(in, out, sizeof in), 0);
    CU_ASSERT_EQUAL(strlen(text), DTLS_FINGERPRINT_TEXT - 1);
}

static void pinned_verifier_takes_one_certificate_only(void)
{
    uint8_t pinned[DTLS_FINGERPRINT_LEN] = { 1, 2, 3 }, other[DTLS_FINGERPRINT_LEN];
    struct dtls_verifier verifier = dtls_verifier_pinned(pinned);

    for (size_t at = 0; at <= sizeof other; at++) {
        memcpy(other, pinned, sizeof other);
        if (at < sizeof other)
            other[at] ^= 0x40;
        int alert = verifier.verify(verifier.arg, &(struct dtls_peer_identity){ .fingerprint = other });
        CHECK_CASE(alert == (at < sizeof other ? DTLS_ALERT_BAD_CERTIFICATE : 0), "byte %zu: %d", at, alert);
    }
}

static void accepting_verifier_takes_every_certificate(void)
{
    uint8_t any[DTLS_FINGERPRINT_LEN] = { 9 };
    struct dtls_verifier verifier = dtls_verifier_accept();

    CU_ASSERT_EQUAL(verifier.verify(verifier.arg, &(struct dtls_peer_identity){ .fingerprint = any }), 0);
}

static CU_TestInfo certificate_tests[] = {
    { "the key of every kind is found", finds_the_key_of_every_kind },
    { "keys of other kinds are refused", refuses_keys_of_other_kinds },
    { "an RSA key's parameters are NULL, or nothing", rsa_parameters_are_null_or_nothing },
    { "a certificate cut anywhere is refused", refuses_a_certificate_cut_anywhere },
    { "a changed bit never leads outside the certificate", a_changed_bit_never_leads_outside },
    { "every value of every byte is survived", every_value_of_every_byte_is_survived },
    { "what is made is read and verified", what_is_made_is_read_and_verified },
    { "a made certificate says what RFC 5280 asks for", says_what_rfc_5280_asks_for },
    { "times change their form in 2050", times_change_their_form_in_2050 },
    { "no two serials and keys are the same", no_two_serials_and_keys_are_the_same },
    { "what no certificate can say is refused", refuses_what_no_certificate_can_say },
    { "a type there is none of is refused", refuses_a_type_there_is_none_of },
    { "without randomness there is no identity", no_randomness_no_identity },
    { "a fingerprint is what openssl says it is", fingerprint_is_what_openssl_says },
    { "fingerprints are read as people write them", fingerprints_are_read_as_people_write_them },
    { "fingerprints of every hash are lines of SDP", fingerprints_of_every_hash_are_lines_of_sdp },
    { "a fingerprint cut anywhere is refused", fingerprint_cut_anywhere_is_refused },
    { "fingerprints come back as they were written", fingerprints_come_back_as_written },
    { "the pinned verifier takes one certificate only", pinned_verifier_takes_one_certificate_only },
    { "the accepting verifier takes every certificate", accepting_verifier_takes_every_certificate },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "identity_certificate", certificate_tests);
}
