/* identity_pem.c - PEM text, the private keys in it, and the identities made of it. */
#include "identity/pem.h"

#include "identity/algorithm.h"
#include "identity/identity.h"
#include "identity/private_key_file.h"
#include "tests/tap.h"
#include "tests/unit/identity_data.h"

/* ---- blocks ---- */

static struct dtls_reader reader_of_text(const char *text)
{
    return dtls_reader_of((struct dtls_bytes){ (const uint8_t *)text, strlen(text) });
}

static bool is_text(struct dtls_bytes bytes, const char *text)
{
    return dtls_bytes_equal(bytes, (struct dtls_bytes){ (const uint8_t *)text, strlen(text) });
}

static void finds_blocks_among_other_text(void)
{
    struct dtls_reader file = reader_of_text("subject=CN = x\n-----END A-----\n"
                                             "-----BEGIN A-----\nAAAA\n-----END A-----\n"
                                             "\nissuer: y\n-----BEGIN B C-----\nBBBB\nBB==\n-----END B C-----");
    struct dtls_pem_block block;

    CU_ASSERT_TRUE(dtls_pem_next(&file, &block) && dtls_pem_is(&block, "A") && is_text(block.text, "AAAA\n"));
    CU_ASSERT_TRUE(dtls_pem_next(&file, &block) && dtls_pem_is(&block, "B C") && is_text(block.text, "BBBB\nBB==\n"));
    CU_ASSERT_FALSE(dtls_pem_next(&file, &block));
    CU_ASSERT_TRUE(dtls_reader_finished(&file));
}

static void white_space_around_a_line_does_not_matter(void)
{
    struct dtls_reader file = reader_of_text("text\r\n\r\n \t-----BEGIN A-----  \r\nAAAA\r\n\t-----END A-----\r\n");
    struct dtls_pem_block block;

    CU_ASSERT_TRUE(dtls_pem_next(&file, &block) && dtls_pem_is(&block, "A") && is_text(block.text, "AAAA\r\n"));
}

static void headers_are_no_body(void)
{
    struct dtls_reader file = reader_of_text("-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: X,00\r\n\nAAAA\n"
                                             "-----END A-----\n"
                                             "-----BEGIN B-----\nComment: none\n\nAAAA\n-----END B-----");
    struct dtls_pem_block block;

    CU_ASSERT_TRUE(dtls_pem_next(&file, &block) && block.encrypted && is_text(block.text, "\nAAAA\n"));
    CU_ASSERT_TRUE(dtls_pem_next(&file, &block) && !block.encrypted && is_text(block.text, "\nAAAA\n"));
}

static void half_blocks_break_the_reader(void)
{
    static const char *const files[] = {
        "-----BEGIN A-----",
        "-----BEGIN A-----\n",
        "-----BEGIN A-----\nAAAA\n",
        "-----BEGIN A-----\nAAAA\n-----END A----",
        "-----BEGIN A-----\nAAAA\n-----END B-----\n-----END A-----\n",
        "-----BEGIN A-----\n-----END A-----\n",
        "-----BEGIN A-----\nName: value\n-----END A-----\n",
    };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct dtls_reader file = reader_of_text(files[i]);
        struct dtls_pem_block block;
        CHECK_CASE(!dtls_pem_next(&file, &block) && file.broken, "%s", files[i]);
    }
}

static void a_line_that_only_resembles_begin_is_other_text(void)
{
    struct dtls_reader file = reader_of_text("-----BEGIN\n-----BEGIN A\nBEGIN A-----\n-----BEGIN ----\n");
    struct dtls_pem_block block;

    CU_ASSERT_FALSE(dtls_pem_next(&file, &block));
    CU_ASSERT_FALSE(file.broken);
}

/* ---- identities ---- */

static int identity_of(struct dtls_bytes certificates, struct dtls_bytes key, struct dtls_identity **out)
{
    return dtls_identity_from_pem((const char *)certificates.at, certificates.len, (const char *)key.at, key.len, out);
}

static int identity_of_files(const char *certificates, const char *key, struct dtls_identity **out)
{
    struct copy certificate_text = read_file(certificates), key_text = read_file(key);
    int result = identity_of(view_of(certificate_text), view_of(key_text), out);

    free(certificate_text.at);
    free(key_text.at);
    return result;
}

static void every_kind_of_file_gives_its_answer(void)
{
    static const struct {
        const char *certificates, *key;
        int result;
        enum dtls_key_kind kind;
    } cases[] = {
        { "p256.pem", "p256.pem", DTLS_OK, DTLS_KEY_P256 },
        { "p256.pem", "p256-sec1-key.pem", DTLS_OK, DTLS_KEY_P256 },
        { "p384.pem", "p384.pem", DTLS_OK, DTLS_KEY_P384 },
        { "p384.pem", "p384-sec1-key.pem", DTLS_OK, DTLS_KEY_P384 },
        { "ed25519.pem", "ed25519.pem", DTLS_OK, DTLS_KEY_ED },
        { "rsa2048.pem", "rsa2048.pem", DTLS_OK, DTLS_KEY_RSA },
        { "rsa2048.pem", "rsa2048-pkcs1-key.pem", DTLS_OK, DTLS_KEY_RSA },
        { "rsa4096-chain.pem", "rsa4096-key.pem", DTLS_OK, DTLS_KEY_RSA },
        { "p256.pem", "p256-encrypted-key.pem", DTLS_ERR_ENCRYPTED_KEY, DTLS_KEY_NONE },
        { "p256.pem", "p256-sec1-encrypted-key.pem", DTLS_ERR_ENCRYPTED_KEY, DTLS_KEY_NONE },
        { "rsa2048.pem", "rsa2048-pkcs1-encrypted-key.pem", DTLS_ERR_ENCRYPTED_KEY, DTLS_KEY_NONE },
        { "p256.pem", "p256-other-key.pem", DTLS_ERR_KEY_MISMATCH, DTLS_KEY_NONE },
        { "p256.pem", "p384.pem", DTLS_ERR_KEY_MISMATCH, DTLS_KEY_NONE },
        { "ed25519.pem", "p256.pem", DTLS_ERR_KEY_MISMATCH, DTLS_KEY_NONE },
        { "rsa2048.pem", "rsa4096-key.pem", DTLS_ERR_KEY_MISMATCH, DTLS_KEY_NONE },
        { "rsa2048.pem", "ed25519.pem", DTLS_ERR_KEY_MISMATCH, DTLS_KEY_NONE },
        { "p256.pem", "p256-explicit-key.pem", DTLS_ERR_BAD_KEY, DTLS_KEY_NONE },
        { "p256.pem", "p521.pem", DTLS_ERR_BAD_KEY, DTLS_KEY_NONE },
        { "rsa1024.pem", "rsa1024.pem", DTLS_ERR_BAD_KEY, DTLS_KEY_NONE },
        { "p521.pem", "p521.pem", DTLS_ERR_BAD_X509, DTLS_KEY_NONE },
        { "rsa-pss.pem", "rsa-pss.pem", DTLS_ERR_BAD_X509, DTLS_KEY_NONE },
        { "README", "p256.pem", DTLS_ERR_BAD_PEM, DTLS_KEY_NONE },
        { "rsa4096-key.pem", "rsa4096-key.pem", DTLS_ERR_BAD_PEM, DTLS_KEY_NONE },
        { "rsa4096-chain.pem", "rsa4096-chain.pem", DTLS_ERR_BAD_PEM, DTLS_KEY_NONE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dtls_identity *identity;
        int result = identity_of_files(cases[i].certificates, cases[i].key, &identity);
        CHECK_CASE(result == cases[i].result, "%s with %s: %d", cases[i].certificates, cases[i].key, result);
        CHECK_CASE((identity != NULL) == (cases[i].result == DTLS_OK), "%s with %s: out is wrong",
                   cases[i].certificates, cases[i].key);
        CHECK_CASE(identity == NULL || identity->public_key.kind == cases[i].kind, "%s with %s: kind",
                   cases[i].certificates, cases[i].key);
        dtls_identity_free(identity);
    }
}

static void what_the_key_signs_the_certificate_verifies(void)
{
    static const struct {
        const char *certificates, *key;
        uint16_t scheme;
    } cases[] = {
        { "p256.pem", "p256-sec1-key.pem", DTLS_ECDSA_SHA256 },
        { "p384.pem", "p384.pem", DTLS_ECDSA_SHA384 },
        { "ed25519.pem", "ed25519.pem", DTLS_ED25519 },
        { "rsa2048.pem", "rsa2048.pem", DTLS_RSA_PSS_SHA256 },
        { "rsa4096-chain.pem", "rsa4096-key.pem", DTLS_RSA_PKCS1_SHA256 },
    };
    const struct dtls_bytes message = { (const uint8_t *)"message", 7 };
    const struct dtls_random system = { 0 };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dtls_identity *identity;
        uint8_t signature[DTLS_SIGNATURE_LARGEST];
        size_t len = 0;
        int result = identity_of_files(cases[i].certificates, cases[i].key, &identity);
        CHECK_CASE(result == DTLS_OK, "%s: %d", cases[i].certificates, result);
        if (result != DTLS_OK)
            continue;
        result = dtls_signature_make(identity->key, cases[i].scheme, &system, message, signature, &len);
        CHECK_CASE(result == DTLS_OK, "%s: not signed: %d", cases[i].certificates, result);
        result = dtls_signature_verify(&identity->public_key, cases[i].scheme, message,
                                       (struct dtls_bytes){ signature, len });
        CHECK_CASE(result == DTLS_OK, "%s: not verified: %d", cases[i].certificates, result);
        dtls_identity_free(identity);
    }
}

static void a_chain_keeps_its_order(void)
{
    struct copy leaf = read_block("rsa4096-chain.pem", "CERTIFICATE");
    struct dtls_identity *identity;

    CU_ASSERT_EQUAL_FATAL(identity_of_files("rsa4096-chain.pem", "rsa4096-key.pem", &identity), DTLS_OK);

    CU_ASSERT_TRUE(dtls_bytes_equal(dtls_identity_certificate(identity, 0), view_of(leaf)));
    CU_ASSERT_TRUE(dtls_identity_certificate(identity, 1).len > 0);
    CU_ASSERT_TRUE(dtls_identity_certificate(identity, 2).len > 0);
    CU_ASSERT_EQUAL(dtls_identity_certificate(identity, 3).len, 0);
    CU_ASSERT_EQUAL(dtls_identity_certificate(identity, SIZE_MAX).len, 0);
    dtls_identity_free(identity);
    free(leaf.at);
}

static void a_chain_ends_at_its_bound(void)
{
    struct copy der = read_block("ed25519.pem", "CERTIFICATE"), key = read_file("ed25519.pem");
    struct copy one = write_block("CERTIFICATE", view_of(der));
    struct copy many = { .at = malloc((DTLS_MAX_CHAIN + 1) * one.len) };

    for (size_t count = 1; count <= DTLS_MAX_CHAIN + 1; count++) {
        struct dtls_identity *identity;
        memcpy(many.at + many.len, one.at, one.len);
        many.len += one.len;
        int result = identity_of(view_of(many), view_of(key), &identity);
        CHECK_CASE(result == (count <= DTLS_MAX_CHAIN ? DTLS_OK : DTLS_ERR_BAD_PEM), "%zu: %d", count, result);
        CHECK_CASE(identity == NULL || identity->chain_count == count, "%zu: other count", count);
        dtls_identity_free(identity);
    }
    free(many.at);
    free(one.at);
    free(key.at);
    free(der.at);
}

/* An intermediate may have any key, but it must be one DER value. */
static void an_intermediate_must_be_whole(void)
{
    struct copy leaf = read_file("ed25519.pem"), der = read_block("p521.pem", "CERTIFICATE");

    for (size_t cut = 0; cut < 2; cut++) {
        struct copy second = write_block("CERTIFICATE", (struct dtls_bytes){ der.at, der.len - cut });
        struct copy both = { malloc(leaf.len + second.len), leaf.len + second.len };
        struct dtls_identity *identity;
        memcpy(both.at, leaf.at, leaf.len);
        memcpy(both.at + leaf.len, second.at, second.len);
        int result = identity_of(view_of(both), view_of(leaf), &identity);
        CHECK_CASE(result == (cut == 0 ? DTLS_OK : DTLS_ERR_BAD_X509), "cut by %zu: %d", cut, result);
        dtls_identity_free(identity);
        free(both.at);
        free(second.at);
    }
    free(leaf.at);
    free(der.at);
}

static void a_file_with_cr_lf_is_the_same_file(void)
{
    struct copy text = read_file("rsa2048.pem"), dos = { .at = malloc(text.len * 2) };
    struct dtls_identity *identity;

    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\n')
            dos.at[dos.len++] = '\r';
        dos.at[dos.len++] = text.at[i];
    }

    CU_ASSERT_EQUAL(identity_of(view_of(dos), view_of(dos), &identity), DTLS_OK);

    dtls_identity_free(identity);
    free(dos.at);
    free(text.at);
}

static void bytes_that_are_not_base64_are_refused(void)
{
    struct copy text = read_file("p256.pem");
    struct dtls_identity *identity;

    for (size_t i = 0; i < 2; i++) {
        const char *end = i == 0 ? "-----END CERTIFICATE" : "-----END PRIVATE";
        char *damaged = malloc(text.len + 1);
        memcpy(damaged, text.at, text.len);
        damaged[text.len] = '\0';
        strstr(damaged, end)[-10] = '*';
        CHECK_CASE(dtls_identity_from_pem(damaged, text.len, damaged, text.len, &identity) == DTLS_ERR_BAD_PEM,
                   "before %s: taken", end);
        free(damaged);
    }
    free(text.at);
}

/* Only the last line's end may be missing. */
static void a_file_cut_anywhere_is_bad_pem(void)
{
    static const char *const files[] = { "p256.pem", "p384.pem", "ed25519.pem", "rsa2048.pem" };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct copy text = read_file(files[i]);
        for (size_t len = 0; len < text.len; len++) {
            struct copy cut = { malloc(len + 1), len };
            struct dtls_identity *identity;
            memcpy(cut.at + 1, text.at, len); /* its end is the allocation's end */
            struct dtls_bytes view = { cut.at + 1, len };
            int result = identity_of(view, view, &identity);
            CHECK_CASE(result == (len == text.len - 1 ? DTLS_OK : DTLS_ERR_BAD_PEM), "%s at %zu: %d", files[i], len,
                       result);
            dtls_identity_free(identity);
            free(cut.at);
        }
        free(text.at);
    }
}

/* Half a BEGIN line is other text, so between two blocks a cut leaves a good file behind. */
static void a_chain_cut_anywhere_is_bad_pem_or_a_shorter_chain(void)
{
    struct copy text = read_file("rsa4096-chain.pem"), key = read_file("rsa4096-key.pem");
    size_t longest = 0;

    for (size_t len = 0; len < text.len; len++) {
        struct dtls_identity *identity;
        int result = identity_of((struct dtls_bytes){ text.at, len }, view_of(key), &identity);
        CHECK_CASE(result == DTLS_OK || result == DTLS_ERR_BAD_PEM, "%zu: %d", len, result);
        if (identity == NULL)
            continue;
        CHECK_CASE(identity->chain_count == longest || identity->chain_count == longest + 1, "%zu: %zu certificates",
                   len, identity->chain_count);
        longest = identity->chain_count;
        dtls_identity_free(identity);
    }

    CU_ASSERT_EQUAL(longest, 3); /* the last byte is the end of a line */
    free(text.at);
    free(key.at);
}

/* ---- private keys ---- */

static const struct key_file {
    const char *name, *label;
} key_files[] = {
    { "p256.pem", "PRIVATE KEY" },
    { "p256-sec1-key.pem", "EC PRIVATE KEY" },
    { "p384.pem", "PRIVATE KEY" },
    { "p384-sec1-key.pem", "EC PRIVATE KEY" },
    { "ed25519.pem", "PRIVATE KEY" },
    { "rsa2048.pem", "PRIVATE KEY" },
    { "rsa2048-pkcs1-key.pem", "RSA PRIVATE KEY" },
};

enum { KEY_FILES = sizeof key_files / sizeof key_files[0] };

static int key_of(const char *label, struct dtls_bytes der, struct dtls_private_key **out)
{
    struct copy text = write_block(label, der);

    *out = NULL;
    int result = dtls_private_key_from_pem(view_of(text), out);
    free(text.at);
    return result;
}

static void a_key_cut_anywhere_is_a_bad_key(void)
{
    for (size_t i = 0; i < KEY_FILES; i++) {
        struct copy der = read_block(key_files[i].name, key_files[i].label);
        for (size_t len = 1; len <= der.len; len++) {
            struct dtls_private_key *key;
            int result = key_of(key_files[i].label, (struct dtls_bytes){ der.at, len }, &key);
            CHECK_CASE(result == (len == der.len ? DTLS_OK : DTLS_ERR_BAD_KEY), "%s at %zu: %d", key_files[i].name, len,
                       result);
            dtls_private_key_free(key);
        }
        free(der.at);
    }
}

static void a_key_with_a_byte_behind_it_is_a_bad_key(void)
{
    for (size_t i = 0; i < KEY_FILES; i++) {
        struct copy der = read_block(key_files[i].name, key_files[i].label);
        struct dtls_private_key *key;
        der.at[der.len++] = 0; /* base64 is longer than what it says: there is room */
        CHECK_CASE(key_of(key_files[i].label, view_of(der), &key) == DTLS_ERR_BAD_KEY, "%s", key_files[i].name);
        free(der.at);
    }
}

static void a_key_with_a_changed_byte_is_another_key_or_a_bad_one(void)
{
    for (size_t i = 0; i < KEY_FILES; i++) {
        struct copy der = read_block(key_files[i].name, key_files[i].label);
        size_t step = der.len > 500 ? 7 : 1; /* the numbers of an RSA key are long and all alike */
        for (size_t at = 0; at < der.len; at += step) {
            struct dtls_private_key *key;
            der.at[at] ^= 0x81;
            int result = key_of(key_files[i].label, view_of(der), &key);
            CHECK_CASE(result == DTLS_OK || result == DTLS_ERR_BAD_KEY, "%s at %zu: %d", key_files[i].name, at, result);
            CHECK_CASE((key != NULL) == (result == DTLS_OK), "%s at %zu: out is wrong", key_files[i].name, at);
            dtls_private_key_free(key);
            der.at[at] ^= 0x81;
        }
        free(der.at);
    }
}

/* PKCS#8 names P-256; the EC key inside names its curve once more (openssl leaves that out). */
static void a_key_that_names_two_curves_is_a_bad_key(void)
{
    static const struct {
        const char *inner;
        int result;
    } cases[] = { { "p256-sec1-key.pem", DTLS_OK }, { "p384-sec1-key.pem", DTLS_ERR_BAD_KEY } };

    for (size_t i = 0; i < 2; i++) {
        struct copy inner = read_block(cases[i].inner, "EC PRIVATE KEY");
        uint8_t space[400];
        struct dtls_writer to = dtls_writer_to(space, sizeof space);
        struct dtls_private_key *key;

        size_t outer = dtls_der_open(&to, DTLS_DER_SEQUENCE);
        dtls_der_write(&to, DTLS_DER_INTEGER, (struct dtls_bytes){ (const uint8_t *)"", 1 });
        dtls_algorithm_write_key(&to, DTLS_KEY_P256);
        dtls_der_write(&to, DTLS_DER_OCTET_STRING, view_of(inner));
        dtls_der_close(&to, outer);

        int result = key_of("PRIVATE KEY", dtls_writer_bytes(&to), &key);
        CHECK_CASE(result == cases[i].result, "%s: %d", cases[i].inner, result);
        dtls_private_key_free(key);
        free(inner.at);
    }
}

/* As certtool writes half of its keys: the scalar is an INTEGER's bytes. */
static void a_scalar_may_have_one_zero_in_front(void)
{
    static const struct {
        uint8_t front[2];
        size_t len;
        int result;
    } cases[] = {
        { { 0 }, 0, DTLS_OK }, { { 0 }, 1, DTLS_OK }, { { 0 }, 2, DTLS_ERR_BAD_KEY }, { { 1 }, 1, DTLS_ERR_BAD_KEY }
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t space[400], scalar[34];
        struct dtls_writer to = dtls_writer_to(space, sizeof space);
        struct dtls_private_key *key;

        memset(scalar, 0x81, sizeof scalar);
        memcpy(scalar, cases[i].front, cases[i].len);
        size_t outer = dtls_der_open(&to, DTLS_DER_SEQUENCE);
        dtls_der_write(&to, DTLS_DER_INTEGER, (struct dtls_bytes){ (const uint8_t *)"", 1 });
        dtls_algorithm_write_key(&to, DTLS_KEY_P256);
        size_t octets = dtls_der_open(&to, DTLS_DER_OCTET_STRING), inner = dtls_der_open(&to, DTLS_DER_SEQUENCE);
        dtls_der_write(&to, DTLS_DER_INTEGER, (struct dtls_bytes){ (const uint8_t *)"\1", 1 });
        dtls_der_write(&to, DTLS_DER_OCTET_STRING, (struct dtls_bytes){ scalar, 32 + cases[i].len });
        dtls_der_close(&to, inner);
        dtls_der_close(&to, octets);
        dtls_der_close(&to, outer);

        int result = key_of("PRIVATE KEY", dtls_writer_bytes(&to), &key);
        CHECK_CASE(result == cases[i].result, "case %zu: %d", i, result);
        dtls_private_key_free(key);
    }
}

static CU_TestInfo pem_tests[] = {
    { "blocks are found among other text", finds_blocks_among_other_text },
    { "white space around a line does not matter", white_space_around_a_line_does_not_matter },
    { "headers are no part of the body", headers_are_no_body },
    { "half a block breaks the reader", half_blocks_break_the_reader },
    { "a line that only resembles BEGIN is other text", a_line_that_only_resembles_begin_is_other_text },
    { "every kind of file gives its answer", every_kind_of_file_gives_its_answer },
    { "what the key signs, the certificate verifies", what_the_key_signs_the_certificate_verifies },
    { "a chain keeps its order", a_chain_keeps_its_order },
    { "a chain ends at its bound", a_chain_ends_at_its_bound },
    { "an intermediate must be one whole value", an_intermediate_must_be_whole },
    { "a file with CR LF is the same file", a_file_with_cr_lf_is_the_same_file },
    { "bytes that are not base64 are refused", bytes_that_are_not_base64_are_refused },
    { "a file cut anywhere is bad PEM", a_file_cut_anywhere_is_bad_pem },
    { "a chain cut anywhere is bad PEM or a shorter chain", a_chain_cut_anywhere_is_bad_pem_or_a_shorter_chain },
    { "a key cut anywhere is a bad key", a_key_cut_anywhere_is_a_bad_key },
    { "a key with a byte behind it is a bad key", a_key_with_a_byte_behind_it_is_a_bad_key },
    { "a key with a changed byte is another key or a bad one", a_key_with_a_changed_byte_is_another_key_or_a_bad_one },
    { "a key that names two curves is a bad key", a_key_that_names_two_curves_is_a_bad_key },
    { "a scalar may have one zero in front", a_scalar_may_have_one_zero_in_front },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "identity_pem", pem_tests);
}
