/* trust.c - what libdtls-pkix is made of: sources of trust, settings, and identities in wrappings; and what is wrong
 * with them. */
#define _POSIX_C_SOURCE 200809L /* mkdtemp */
#include <errno.h>
#include <gnutls/pkcs12.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/pkix/meet.h"
#include "tests/tap.h"

/* ---- files ---- */

static char room[] = "/tmp/dtls-pkix-XXXXXX";

static const char *path_of(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", room, name);
    return path;
}

static void put(const char *name, const void *bytes, size_t len)
{
    FILE *file = fopen(path_of(name), "wb");

    CU_ASSERT_TRUE_FATAL(file != NULL && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
}

static void put_pem(const char *name, const struct issued *const *chain, size_t count)
{
    size_t len;
    char *pem = issue_pem(chain, count, &len);

    put(name, pem, len);
    free(pem);
}

static void enter_room(void)
{
    strcpy(room + sizeof room - 7, "XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(room));
}

static void leave_room(const char *const *names)
{
    for (; *names != NULL; names++)
        if (unlink(path_of(*names)) != 0)
            rmdir(path_of(*names));
    CU_ASSERT_EQUAL(rmdir(room), 0);
}

/* ---- whom we trust ---- */

/* Does a verifier with that trust accept a leaf of mid? */
static bool accepts(const struct dtls_pkix_trust *trust)
{
    const struct dtls_pkix_settings settings = { .role = DTLS_CLIENT, .name = "sip.example" };
    struct issue_spec spec = leaf_spec();
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN] = { 1 };
    char reason[DTLS_REASON_MAX] = "";
    struct dtls_pkix *pkix;

    spec.from = 1577836800; /* 2020: the system's clock counts here */
    const struct dtls_bytes chain[] = { issue(&spec)->der, mid()->der };
    CU_ASSERT_EQUAL_FATAL(dtls_pkix_new(trust, &settings, &pkix), DTLS_OK);
    const struct dtls_verifier verifier = dtls_pkix_verifier(pkix);
    const struct dtls_peer_identity peer = {
        .fingerprint = fingerprint, .chain = chain, .chain_count = 2, .role = DTLS_SERVER, .reason = reason
    };
    int verdict = verifier.verify(verifier.arg, &peer);
    dtls_pkix_free(pkix);
    return verdict == 0;
}

static void check_added(int result, size_t count, size_t expected, struct dtls_pkix_trust *trust, const char *what)
{
    CHECK_CASE(result == DTLS_OK && count == expected && accepts(trust), "%s: %d, %zu certificates", what, result,
               count);
    dtls_pkix_trust_free(trust);
}

static struct dtls_pkix_trust *nobody(void)
{
    struct dtls_pkix_trust *trust;

    CU_ASSERT_EQUAL_FATAL(dtls_pkix_trust_new(&trust), DTLS_OK);
    return trust;
}

static void comes_from_memory_files_and_directories(void)
{
    const struct issued *other = issue(&(struct issue_spec){ .name = "Other", .ca = true });
    const struct issued *const both[] = { other, root() };
    struct dtls_pkix_trust *trust = nobody();
    size_t count, len;
    char *pem = issue_pem(both, 2, &len);

    int result = dtls_pkix_trust_add(trust, pem, len, &count);
    check_added(result, count, 2, trust, "PEM in memory");
    free(pem);
    trust = nobody();
    result = dtls_pkix_trust_add(trust, root()->der.at, root()->der.len, &count);
    check_added(result, count, 1, trust, "DER in memory");

    enter_room();
    put_pem("both.pem", both, 2);
    put("root.der", root()->der.at, root()->der.len);
    trust = nobody();
    result = dtls_pkix_trust_add_file(trust, path_of("both.pem"), &count);
    check_added(result, count, 2, trust, "a file of PEM");
    trust = nobody();
    result = dtls_pkix_trust_add_file(trust, path_of("root.der"), &count);
    check_added(result, count, 1, trust, "a file of DER");
    put("README", "nothing", 7);
    put("empty", "", 0);
    mkdir(path_of("sub"), 0700);
    trust = nobody();
    result = dtls_pkix_trust_add_directory(trust, room, &count);
    check_added(result, count, 3, trust, "a directory, with other things in it");
    leave_room((const char *const[]){ "both.pem", "root.der", "README", "empty", "sub", NULL });
}

static void comes_from_the_system(void)
{
    struct dtls_pkix_trust *trust = nobody();
    size_t count = 0;
    int result = dtls_pkix_trust_add_system(trust, &count);

    CU_ASSERT_TRUE(result == DTLS_OK ? count > 0 : result == DTLS_PKIX_ERR_EMPTY && count == 0);
    CU_ASSERT_TRUE(result != DTLS_OK || !accepts(trust)); /* of whom root is none */
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_TRUE(dtls_pkix_trust_authority(trust, i).len > 2);
    CU_ASSERT_EQUAL(dtls_pkix_trust_authority(trust, count).len, 0);
    dtls_pkix_trust_free(trust);
}

static void says_what_is_wrong_with_it(void)
{
    struct dtls_pkix_trust *trust = nobody();
    static const char broken[] = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    gnutls_datum_t key = issue_key_pem(root(), NULL);
    size_t count = 7;

    CU_ASSERT_EQUAL(dtls_pkix_trust_add(trust, "", 0, &count), DTLS_PKIX_ERR_EMPTY);
    CU_ASSERT_EQUAL(count, 0);
    CU_ASSERT_EQUAL(dtls_pkix_trust_add(trust, "no certificate", 14, NULL), DTLS_ERR_BAD_X509);
    CU_ASSERT_EQUAL(dtls_pkix_trust_add(trust, key.data, key.size, NULL), DTLS_PKIX_ERR_EMPTY);
    CU_ASSERT_EQUAL(dtls_pkix_trust_add(trust, broken, sizeof broken - 1, NULL), DTLS_ERR_BAD_X509);
    CU_ASSERT_EQUAL(dtls_pkix_trust_add_crls(trust, "no list", 7, NULL), DTLS_PKIX_ERR_CRL);
    CU_ASSERT_EQUAL(dtls_pkix_trust_add_crls(trust, key.data, key.size, NULL), DTLS_PKIX_ERR_CRL);
    gnutls_free(key.data);
    errno = 0;
    CU_ASSERT_EQUAL(dtls_pkix_trust_add_file(trust, "/nowhere/ca.pem", NULL), DTLS_PKIX_ERR_SYSTEM);
    CU_ASSERT_EQUAL(errno, ENOENT);
    CU_ASSERT_EQUAL(dtls_pkix_trust_add_file(trust, "/tmp", NULL), DTLS_PKIX_ERR_SYSTEM);
    CU_ASSERT_EQUAL(errno, EISDIR);
    CU_ASSERT_EQUAL(dtls_pkix_trust_add_directory(trust, "/nowhere", NULL), DTLS_PKIX_ERR_SYSTEM);
    CU_ASSERT_EQUAL(dtls_pkix_trust_add_crl_file(trust, "/nowhere", NULL), DTLS_PKIX_ERR_SYSTEM);
    CU_ASSERT_EQUAL(dtls_pkix_trust_add_file(trust, "/dev/zero", NULL), DTLS_PKIX_ERR_SYSTEM); /* it has no end */
    CU_ASSERT_EQUAL(errno, EFBIG);
    CU_ASSERT_EQUAL(dtls_pkix_trust_authority(trust, 0).len, 0);
    dtls_pkix_trust_free(trust);
}

/* A delta, or a part: what is not in it may be revoked all the same. */
static void takes_no_crl_that_is_not_whole(void)
{
    struct dtls_pkix_trust *trust = nobody();
    gnutls_datum_t der = issue_crl(root(), NULL, ISSUE_NOW, ISSUE_NOW + ISSUE_DAY);
    static const uint8_t number[] = { 6, 3, 0x55, 0x1d, 0x14 }, critical[] = { 6, 3, 0x55, 0x1d, 0x14, 1, 1, 0xff };
    struct dtls_bytes whole = { der.data, der.size };
    uint8_t *bent = malloc(der.size + 3);
    size_t at = 0;

    CU_ASSERT_EQUAL(dtls_pkix_trust_add_crls(trust, der.data, der.size, NULL), DTLS_OK);
    while (memcmp(whole.at + at, number, sizeof number) != 0)
        at++;
    memcpy(bent, whole.at, at);
    memcpy(bent + at, critical, sizeof critical); /* cRLNumber, as if it were critical: the lengths around it grow */
    memcpy(bent + at + sizeof critical, whole.at + at + sizeof number, whole.len - at - sizeof number);
    bent[at - 1] = (uint8_t)(bent[at - 1] + 3);
    CU_ASSERT_EQUAL(dtls_pkix_trust_add_crls(trust, bent, der.size + 3, NULL), DTLS_PKIX_ERR_CRL);
    free(bent);
    gnutls_free(der.data);
    dtls_pkix_trust_free(trust);
}

/* ---- settings ---- */

static void a_client_without_a_name_gets_no_verifier(void)
{
    static const struct {
        struct dtls_pkix_settings settings;
        const char *words; /* NULL: it is made */
    } cases[] = {
        { { .role = DTLS_CLIENT },
          "a client needs the name of the server that it expects (name), or has to say any_name" },
        { { .role = DTLS_CLIENT, .any_name = true }, NULL },
        { { .role = DTLS_CLIENT, .name = "sip.example" }, NULL },
        { { .role = DTLS_CLIENT, .name = "sip.example", .any_name = true }, "name and any_name contradict each other" },
        { { .role = DTLS_CLIENT, .name = "" }, "name is no host name in ASCII, and no IP address" },
        { { .role = DTLS_CLIENT, .name = "*.example.org" }, "name is no host name in ASCII, and no IP address" },
        { { .role = DTLS_CLIENT, .name = "b\303\274cher.example" },
          "name is no host name in ASCII, and no IP address" },
        { { .role = DTLS_CLIENT, .name = "a..b" }, "name is no host name in ASCII, and no IP address" },
        { { .role = DTLS_CLIENT, .name = "1.2.3" }, "name is no host name in ASCII, and no IP address" },
        { { .role = DTLS_CLIENT, .name = "1.2.3.4" }, NULL },
        { { .role = DTLS_CLIENT, .name = "::1" }, NULL },
        { { .role = DTLS_SERVER }, NULL },
        { { .role = DTLS_SERVER, .name = "gate.example" }, NULL },
        { { .role = (enum dtls_role)2, .any_name = true }, "role is neither DTLS_CLIENT nor DTLS_SERVER" },
    };
    struct dtls_pkix_trust *trust = nobody();

    CU_ASSERT_STRING_EQUAL(dtls_pkix_problem(trust, &cases[1].settings), "nobody is trusted: add an authority first");
    CU_ASSERT_EQUAL(dtls_pkix_trust_add(trust, root()->der.at, root()->der.len, NULL), DTLS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *words = dtls_pkix_problem(trust, &cases[i].settings);
        struct dtls_pkix *pkix = (struct dtls_pkix *)&trust;
        int result = dtls_pkix_new(trust, &cases[i].settings, &pkix);
        CHECK_CASE((words == NULL) == (cases[i].words == NULL) && (words == NULL || strcmp(words, cases[i].words) == 0),
                   "case %zu: %s", i, words == NULL ? "no problem" : words);
        CHECK_CASE(result == (words == NULL ? DTLS_OK : DTLS_ERR_ARGUMENT) && (pkix != NULL) == (words == NULL),
                   "case %zu: %d", i, result);
        dtls_pkix_free(pkix);
    }
    dtls_pkix_trust_free(trust);
}

static void a_verifier_judges_the_other_role_only(void)
{
    const struct dtls_pkix_settings settings = { .role = DTLS_SERVER };
    struct issue_spec spec = leaf_spec();
    struct dtls_pkix_trust *trust = nobody();
    struct dtls_pkix *pkix;
    char reason[DTLS_REASON_MAX];

    CU_ASSERT_EQUAL(dtls_pkix_trust_add(trust, root()->der.at, root()->der.len, NULL), DTLS_OK);
    CU_ASSERT_EQUAL_FATAL(dtls_pkix_new(trust, &settings, &pkix), DTLS_OK);
    const struct dtls_bytes chain[] = { issue(&spec)->der };
    const struct dtls_verifier verifier = dtls_pkix_verifier(pkix);
    const struct dtls_peer_identity peer = { .chain = chain, .chain_count = 1, .role = DTLS_SERVER, .reason = reason };
    CU_ASSERT_EQUAL(verifier.verify(verifier.arg, &peer), DTLS_ALERT_INTERNAL_ERROR);
    CU_ASSERT_STRING_EQUAL(reason, "this verifier was made for the other role");
    dtls_pkix_free(pkix);
    dtls_pkix_trust_free(trust);
}

static void a_raw_key_is_nobodys(void)
{
    const struct dtls_pkix_settings settings = { .role = DTLS_SERVER };
    const struct dtls_bytes key = { (const uint8_t *)"a key", 5 };
    struct dtls_pkix_trust *trust = nobody();
    struct dtls_pkix *pkix;
    char reason[DTLS_REASON_MAX];

    CU_ASSERT_EQUAL(dtls_pkix_trust_add(trust, root()->der.at, root()->der.len, NULL), DTLS_OK);
    CU_ASSERT_EQUAL_FATAL(dtls_pkix_new(trust, &settings, &pkix), DTLS_OK);
    const struct dtls_verifier verifier = dtls_pkix_verifier(pkix);
    for (size_t shown = 0; shown < 2; shown++) { /* in a handshake, and of a session */
        const struct dtls_peer_identity peer = { .kind = DTLS_PEER_RAW_KEY,
                                                 .chain = &key,
                                                 .chain_count = shown,
                                                 .fingerprint = root()->der.at,
                                                 .role = DTLS_CLIENT,
                                                 .reason = reason };
        CU_ASSERT_EQUAL(verifier.verify(verifier.arg, &peer), DTLS_ALERT_UNSUPPORTED_CERTIFICATE);
        CU_ASSERT_STRING_EQUAL(reason, "the peer has a raw public key, and no authority vouches for one");
    }
    dtls_pkix_free(pkix);
    dtls_pkix_trust_free(trust);
}

/* ---- who we are ---- */

static void an_encrypted_key_needs_its_password(void)
{
    for (int kind = ISSUE_P256; kind <= ISSUE_RSA2048; kind++) {
        struct issue_spec spec = leaf_spec();
        spec.key = (enum issue_key)kind;
        const struct issued *leaf = issue(&spec);
        gnutls_datum_t plain = issue_key_pem(leaf, NULL), sealed = issue_key_pem(leaf, "open sesame");
        const struct {
            const gnutls_datum_t *key;
            const char *password;
            int result;
        } cases[] = {
            { &plain, NULL, DTLS_OK },
            { &plain, "not needed", DTLS_OK },
            { &sealed, "open sesame", DTLS_OK },
            { &sealed, "open barley", DTLS_PKIX_ERR_PASSWORD },
            { &sealed, "", DTLS_PKIX_ERR_PASSWORD },
            { &sealed, NULL, DTLS_PKIX_ERR_PASSWORD },
        };
        size_t len;
        char *pem = issue_pem(&leaf, 1, &len);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct dtls_identity *identity = NULL;
            int result = dtls_pkix_identity_from_pem(pem, len, (const char *)cases[i].key->data, cases[i].key->size,
                                                     cases[i].password, &identity);
            CHECK_CASE(result == cases[i].result && (identity != NULL) == (result == DTLS_OK), "case %zu: %d", i,
                       result);
            dtls_identity_free(identity);
        }
        free(pem);
        gnutls_free(plain.data);
        gnutls_free(sealed.data);
    }
}

static void add_bag(gnutls_pkcs12_t file, const struct issued *certificate, const struct issued *key)
{
    gnutls_pkcs12_bag_t bag;
    uint8_t id[32];
    size_t len = sizeof id;

    issue_check(gnutls_pkcs12_bag_init(&bag), "bag");
    if (certificate != NULL)
        issue_check(gnutls_pkcs12_bag_set_crt(bag, certificate->certificate), "bag");
    if (key != NULL) {
        gnutls_datum_t der;
        issue_check(gnutls_x509_privkey_export2_pkcs8(key->key, GNUTLS_X509_FMT_DER, "swordfish",
                                                      GNUTLS_PKCS_PBES2_AES_256, &der),
                    "bag");
        issue_check(gnutls_pkcs12_bag_set_data(bag, GNUTLS_BAG_PKCS8_ENCRYPTED_KEY, &der), "bag");
        gnutls_free(der.data);
    }
    issue_check(gnutls_x509_crt_get_key_id((key != NULL ? key : certificate)->certificate, 0, id, &len), "bag");
    issue_check(gnutls_pkcs12_bag_set_key_id(bag, 0, &(gnutls_datum_t){ id, (unsigned)len }), "bag");
    if (certificate != NULL)
        issue_check(gnutls_pkcs12_bag_encrypt(bag, "swordfish", GNUTLS_PKCS_PBES2_AES_256), "bag");
    issue_check(gnutls_pkcs12_set_bag(file, bag), "bag");
    gnutls_pkcs12_bag_deinit(bag);
}

static gnutls_datum_t pkcs12_of(const struct issued *leaf, bool key, bool certificates)
{
    gnutls_pkcs12_t file;
    gnutls_datum_t der;

    issue_check(gnutls_pkcs12_init(&file), "PKCS#12");
    if (certificates) {
        add_bag(file, mid(), NULL);
        add_bag(file, leaf, NULL);
        add_bag(file, root(), NULL);
    }
    if (key)
        add_bag(file, NULL, leaf);
    issue_check(gnutls_pkcs12_generate_mac(file, "swordfish"), "PKCS#12");
    issue_check(gnutls_pkcs12_export2(file, GNUTLS_X509_FMT_DER, &der), "PKCS#12");
    gnutls_pkcs12_deinit(file);
    return der;
}

static void a_pkcs12_file_is_key_and_chain(void)
{
    struct issue_spec spec = leaf_spec();
    const struct issued *leaf = issue(&spec);
    gnutls_datum_t whole = pkcs12_of(leaf, true, true), no_key = pkcs12_of(leaf, false, true),
                   no_certificate = pkcs12_of(leaf, true, false);
    struct dtls_identity *identity = NULL;

    CU_ASSERT_EQUAL_FATAL(dtls_pkix_identity_from_pkcs12(whole.data, whole.size, "swordfish", &identity), DTLS_OK);
    struct dtls_bytes first = dtls_identity_certificate(identity, 0), second = dtls_identity_certificate(identity, 1);
    CU_ASSERT_TRUE(first.len == leaf->der.len && memcmp(first.at, leaf->der.at, first.len) == 0);
    CU_ASSERT_TRUE(second.len == mid()->der.len && memcmp(second.at, mid()->der.at, second.len) == 0);
    dtls_identity_free(identity);
    CU_ASSERT_EQUAL(dtls_pkix_identity_from_pkcs12(whole.data, whole.size, "herring", &identity),
                    DTLS_PKIX_ERR_PASSWORD);
    CU_ASSERT_PTR_NULL(identity);
    CU_ASSERT_EQUAL(dtls_pkix_identity_from_pkcs12(whole.data, whole.size, NULL, &identity), DTLS_PKIX_ERR_PASSWORD);
    CU_ASSERT_EQUAL(dtls_pkix_identity_from_pkcs12(no_key.data, no_key.size, "swordfish", &identity),
                    DTLS_PKIX_ERR_EMPTY);
    CU_ASSERT_EQUAL(dtls_pkix_identity_from_pkcs12(no_certificate.data, no_certificate.size, "swordfish", &identity),
                    DTLS_PKIX_ERR_EMPTY);
    CU_ASSERT_EQUAL(dtls_pkix_identity_from_pkcs12("PKCS", 4, "swordfish", &identity), DTLS_ERR_BAD_KEY);
    CU_ASSERT_EQUAL(dtls_pkix_identity_from_pkcs12(NULL, 0, "swordfish", &identity), DTLS_ERR_BAD_KEY);
    gnutls_free(whole.data);
    gnutls_free(no_key.data);
    gnutls_free(no_certificate.data);
}

static CU_TestInfo tests[] = {
    { "trust comes from memory, files and directories", comes_from_memory_files_and_directories },
    { "trust comes from the system", comes_from_the_system },
    { "trust says what is wrong with it", says_what_is_wrong_with_it },
    { "trust takes no CRL that is not whole", takes_no_crl_that_is_not_whole },
    { "a client without a name gets no verifier", a_client_without_a_name_gets_no_verifier },
    { "a verifier judges the other role only", a_verifier_judges_the_other_role_only },
    { "a raw public key is nobody's, and a reason says so", a_raw_key_is_nobodys },
    { "an encrypted key needs its password", an_encrypted_key_needs_its_password },
    { "a PKCS#12 file is a key and its chain", a_pkcs12_file_is_key_and_chain },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "pkix_trust", tests);
}
