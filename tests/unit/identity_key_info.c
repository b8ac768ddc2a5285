/* identity_key_info.c - public keys as SubjectPublicKeyInfo; identities of a key alone, and of a key that is elsewhere.
 */
#include "identity/key_info.h"

#include <stdio.h>
#include <string.h>

#include "dtls/choose.h"
#include "dtls/signer.h"
#include "identity/identity.h"
#include "tests/tap.h"

enum { FILE_MAX = 16384 };

static const char *const names[] = { "p256", "p384", "ed25519", "rsa2048" };
enum { NAMES = sizeof names / sizeof names[0] };

static size_t read_file(const char *name, char text[FILE_MAX])
{
    char path[512];

    snprintf(path, sizeof path, TESTS_DATA "/identity/%s.pem", name);
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    size_t len = fread(text, 1, FILE_MAX, file);
    fclose(file);
    return len;
}

static bool are_equal(struct dtls_bytes a, struct dtls_bytes b)
{
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* What we write is what the certificate, which another program has made, says. */
static void a_key_alone_is_the_key_of_its_certificate(void)
{
    for (size_t i = 0; i < NAMES; i++) {
        static char text[FILE_MAX];
        struct dtls_identity *whole, *bare;
        uint8_t fingerprint[2][DTLS_FINGERPRINT_LEN];
        size_t len = read_file(names[i], text);
        CU_ASSERT_EQUAL_FATAL(dtls_identity_from_pem(text, len, text, len, &whole), DTLS_OK);
        CU_ASSERT_EQUAL_FATAL(dtls_identity_from_key(text, len, &bare), DTLS_OK);
        CHECK_CASE(are_equal(dtls_identity_key_info(bare), dtls_identity_key_info(whole)), "%s", names[i]);
        CU_ASSERT_EQUAL(dtls_identity_certificate(bare, 0).len, 0);
        dtls_identity_key_fingerprint(whole, fingerprint[0]);
        dtls_identity_fingerprint(bare, fingerprint[1]);
        CU_ASSERT_EQUAL(memcmp(fingerprint[0], fingerprint[1], DTLS_FINGERPRINT_LEN), 0);
        dtls_identity_fingerprint(whole, fingerprint[1]);
        CU_ASSERT_NOT_EQUAL(memcmp(fingerprint[0], fingerprint[1], DTLS_FINGERPRINT_LEN), 0);
        dtls_identity_free(whole);
        dtls_identity_free(bare);
    }
}

static void a_key_info_that_is_cut_or_longer_is_refused(void)
{
    for (size_t i = 0; i < NAMES; i++) {
        static char text[FILE_MAX];
        uint8_t longer[DTLS_KEY_INFO_MAX + 1];
        struct dtls_identity *bare;
        struct dtls_public_key key;
        size_t len = read_file(names[i], text);
        CU_ASSERT_EQUAL_FATAL(dtls_identity_from_key(text, len, &bare), DTLS_OK);
        struct dtls_bytes info = dtls_identity_key_info(bare);
        for (size_t cut = 0; cut < info.len; cut++)
            CHECK_CASE(dtls_key_info_public_key((struct dtls_bytes){ info.at, cut }, &key) == DTLS_ERR_BAD_X509,
                       "%s, cut at %zu", names[i], cut);
        memcpy(longer, info.at, info.len);
        longer[info.len] = 0;
        CU_ASSERT_EQUAL(dtls_key_info_public_key((struct dtls_bytes){ longer, info.len + 1 }, &key), DTLS_ERR_BAD_X509);
        dtls_identity_free(bare);
    }
}

static void no_sign(void *arg, struct dtls_question *question, const struct dtls_sign_request *request)
{
    (void)arg;
    (void)question;
    (void)request;
}

static void an_identity_without_its_key_is_of_certificates_or_of_a_public_key(void)
{
    static const char public_key[] = "-----BEGIN PUBLIC KEY-----\n"
                                     "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                                     "-----END PUBLIC KEY-----\n"; /* RFC 8410, 10.1 */
    static const char bad[] = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2Vw\n-----END PUBLIC KEY-----\n";
    static char text[FILE_MAX];
    struct dtls_identity *identity;
    size_t len = read_file("p256", text);

    CU_ASSERT_EQUAL_FATAL(dtls_identity_from_signer(text, len, no_sign, NULL, &identity), DTLS_OK);
    CU_ASSERT_TRUE(dtls_identity_certificate(identity, 0).len > 0 && identity->key == NULL);
    dtls_identity_free(identity);
    CU_ASSERT_EQUAL_FATAL(dtls_identity_from_signer(public_key, strlen(public_key), no_sign, NULL, &identity), DTLS_OK);
    CU_ASSERT_TRUE(dtls_identity_certificate(identity, 0).len == 0 && dtls_identity_key_info(identity).len == 44);
    dtls_identity_free(identity);
    CU_ASSERT_EQUAL(dtls_identity_from_signer(bad, strlen(bad), no_sign, NULL, &identity), DTLS_ERR_BAD_X509);
    CU_ASSERT_PTR_NULL(identity);
    CU_ASSERT_EQUAL(dtls_identity_from_signer("", 0, no_sign, NULL, &identity), DTLS_ERR_BAD_PEM);
    CU_ASSERT_EQUAL(dtls_identity_from_key(public_key, strlen(public_key), &identity), DTLS_ERR_BAD_PEM);
}

static void count(void *arg)
{
    ++*(int *)arg;
}

static void who_signs_is_released_with_the_identity(void)
{
    static char text[FILE_MAX];
    struct dtls_identity *identity;
    size_t len = read_file("p256", text);
    int released = 0;

    CU_ASSERT_EQUAL_FATAL(dtls_identity_from_signer(text, len, no_sign, &released, &identity), DTLS_OK);
    dtls_identity_release_signer(identity, count);
    CU_ASSERT_EQUAL(released, 0);
    dtls_identity_free(identity);
    CU_ASSERT_EQUAL(released, 1);
}

/* With the subject of each certificate once; made of a file that begins with a leaf. */
static void authorities_are_the_subjects_of_certificates(void)
{
    static char text[FILE_MAX];
    uint8_t list[2048];
    size_t text_len = read_file("rsa4096-chain", text), len = 0, count = 0;
    struct dtls_bytes left, name;

    CU_ASSERT_EQUAL(dtls_authorities_from_pem(text, text_len, list, sizeof list, &len), DTLS_OK);
    for (left = (struct dtls_bytes){ list, len }; dtls_authorities_next(&left, &name); count++)
        CU_ASSERT_TRUE(name.len > 2 && name.at[0] == 0x30);
    CU_ASSERT_TRUE(count == 3 && left.len == 0);
    CU_ASSERT_EQUAL(dtls_authorities_from_pem(text, text_len, list, len - 1, &len), DTLS_ERR_BUFFER_TOO_SMALL);
    CU_ASSERT_EQUAL(dtls_authorities_from_pem("", 0, list, sizeof list, &len), DTLS_ERR_BAD_PEM);
}

static CU_TestInfo tests[] = {
    { "a key alone is the key of its certificate", a_key_alone_is_the_key_of_its_certificate },
    { "a key info that is cut or longer is refused", a_key_info_that_is_cut_or_longer_is_refused },
    { "an identity without its private key is of certificates, or of a public key",
      an_identity_without_its_key_is_of_certificates_or_of_a_public_key },
    { "who signs is released with the identity", who_signs_is_released_with_the_identity },
    { "authorities are the subjects of certificates", authorities_are_the_subjects_of_certificates },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "identity_key_info", tests);
}
