/* token.c - identities whose key stays in a token: SoftHSM's, behind a module that fails as it is told to. */
#define _DEFAULT_SOURCE /* mkdtemp, setenv */
#include <dlfcn.h>
#include <glob.h>
#include <gnutls/abstract.h>
#include <gnutls/pkcs11.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/ecdsa_der.h"
#include "tests/pkix/meet.h"
#include "tests/pkix/token_module.h"
#include "tests/tap.h"

#define PIN "1234"

static struct token_mood *mood;

static const struct issued *leaf_of(enum issue_key kind)
{
    static const struct issued *made[2];
    struct issue_spec spec = leaf_spec();

    spec.key = kind;
    if (made[kind] == NULL)
        made[kind] = issue(&spec);
    return made[kind];
}

static const char *uri_of(enum issue_key kind)
{
    return kind == ISSUE_P256 ? "pkcs11:token=box;object=p256" : "pkcs11:token=box;object=rsa";
}

/* Whoever has been logged in for the process would make a PIN needless: so nothing is open when a test begins. */
static void begin(void)
{
    *mood = (struct token_mood){ 0 };
}

static int open_with(enum issue_key kind, enum issue_key certificate, const char *pin, struct dtls_identity **out,
                     char *reason)
{
    const struct issued *chain[] = { leaf_of(certificate), mid() };
    const struct dtls_pkix_key_settings settings = { .uri = uri_of(kind), .pin = pin, .module = TOKEN_MODULE };
    size_t len;
    char *pem = issue_pem(chain, 2, &len);
    int result = dtls_pkix_identity_from_pkcs11(pem, len, &settings, out, reason);

    free(pem);
    return result;
}

static struct dtls_identity *identity_in_token(enum issue_key kind)
{
    struct dtls_identity *identity;
    char reason[DTLS_REASON_MAX] = "";
    int result = open_with(kind, kind, PIN, &identity, reason);

    CHECK_CASE(result == DTLS_OK, "%s: %d, %s", uri_of(kind), result, reason);
    CU_ASSERT_EQUAL_FATAL(result, DTLS_OK);
    return identity;
}

static void refused(enum issue_key kind, enum issue_key certificate, const char *pin, int error, const char *words)
{
    struct dtls_identity *identity;
    char reason[DTLS_REASON_MAX] = "";
    int result = open_with(kind, certificate, pin, &identity, reason);

    CHECK_CASE(result == error && strstr(reason, words) != NULL && identity == NULL, "%d, \"%s\" instead of %d, \"%s\"",
               result, reason, error, words);
}

/* ---- on the box ---- */

static struct pair *pair_of(enum net_end end, const struct dtls_identity *identity)
{
    struct pair_options options;

    pair_options(&options, 1);
    options.config[end].identity = identity;
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    return pair_new(&options);
}

static void opens(enum net_end end, const struct dtls_identity *identity)
{
    struct pair *pair = pair_of(end, identity);

    CHECK_CASE(pair_run_until_open(pair, 20 * NET_SECOND) && pair_ping(pair, NET_SECOND), "end %d: not open", end);
    pair_free(pair);
}

static void fails(enum net_end end, const struct dtls_identity *identity, const char *words)
{
    struct pair *pair = pair_of(end, identity);

    pair_run_for(pair, 5 * NET_SECOND);
    const struct pair_event *failed = pair_last(pair, end, DTLS_EVENT_FAILED);
    const struct pair_event *told = pair_last(pair, net_other(end), DTLS_EVENT_FAILED);
    const char *reason = dtls_conn_reason(pair->end[end].conn);
    CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_INTERNAL && told != NULL &&
                   told->alert == DTLS_ALERT_INTERNAL_ERROR && reason != NULL && strstr(reason, words) != NULL,
               "end %d: \"%s\" instead of \"%s\"", end, reason == NULL ? "" : reason, words);
    pair_free(pair);
}

/* ---- what happens ---- */

static void keys_in_a_token_sign_at_either_end_in_rehandshakes_too(void)
{
    for (int kind = ISSUE_P256; kind <= ISSUE_RSA2048; kind++)
        for (int end = CLIENT; end <= SERVER; end++) {
            begin();
            struct dtls_identity *identity = identity_in_token((enum issue_key)kind);
            struct pair *pair = pair_of((enum net_end)end, identity);
            CHECK_CASE(pair_run_until_open(pair, 20 * NET_SECOND) &&
                           pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL) == DTLS_OK &&
                           pair_run_until_renewed(pair, 1, 20 * NET_SECOND) && pair_ping(pair, NET_SECOND),
                       "key %d, end %d", kind, end);
            pair_free(pair);
            dtls_identity_free(identity);
            CU_ASSERT_EQUAL(mood->logins, 1);
        }
}

static void a_token_that_goes_away_ends_a_handshake_and_not_the_next(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        begin();
        struct dtls_identity *identity = identity_in_token(ISSUE_P256);
        opens((enum net_end)end, identity);
        mood->gone = true;
        fails((enum net_end)end, identity, "there is no such token");
        fails((enum net_end)end, identity, "there is no such token");
        mood->gone = false;
        opens((enum net_end)end, identity);
        dtls_identity_free(identity);
    }
}

static void a_rehandshake_fails_with_the_token_gone(void)
{
    begin();
    struct dtls_identity *identity = identity_in_token(ISSUE_P256);
    struct pair *pair = pair_of(SERVER, identity);

    CU_ASSERT_TRUE(pair_run_until_open(pair, 20 * NET_SECOND));
    mood->gone = true;
    CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_event(pair, SERVER, DTLS_EVENT_FAILED, 20 * NET_SECOND));
    const char *reason = dtls_conn_reason(pair->end[SERVER].conn);
    CU_ASSERT_TRUE(reason != NULL && strcmp(reason, "there is no such token") == 0);
    pair_free(pair);
    mood->gone = false;
    opens(SERVER, identity);
    dtls_identity_free(identity);
}

static void a_session_that_has_ended_is_opened_again_unnoticed(void)
{
    static const unsigned long ways[] = { TOKEN_SESSION_HANDLE_INVALID, TOKEN_DEVICE_REMOVED,
                                          TOKEN_KEY_HANDLE_INVALID };

    for (size_t i = 0; i < 3; i++) {
        begin();
        struct dtls_identity *identity = identity_in_token(ISSUE_P256);
        mood->loses = ways[i];
        opens(SERVER, identity);
        CHECK_CASE(mood->loses == 0 && mood->logins == 2, "0x%lx: %u logins", ways[i], mood->logins);
        dtls_identity_free(identity);
    }
}

static void a_wrong_pin_is_tried_once(void)
{
    begin();
    refused(ISSUE_P256, ISSUE_P256, "4321", DTLS_PKIX_ERR_PASSWORD, "the token refuses the PIN");
    CU_ASSERT_EQUAL(mood->logins, 1);
    refused(ISSUE_P256, ISSUE_P256, NULL, DTLS_PKIX_ERR_PASSWORD, "asks for a PIN, and there is none");
    CU_ASSERT_EQUAL(mood->logins, 1);
}

/* Peers could lock the token otherwise: one handshake, one try. */
static void a_pin_that_is_another_now_is_tried_once_for_all_handshakes(void)
{
    begin();
    struct dtls_identity *identity = identity_in_token(ISSUE_P256);

    mood->gone = true;
    fails(SERVER, identity, "there is no such token");
    mood->gone = false;
    mood->pin_is_another = true;
    mood->logins = 0;
    for (int i = 0; i < 3; i++)
        fails(SERVER, identity, "the token refuses the PIN");
    CU_ASSERT_EQUAL(mood->logins, 1);
    mood->pin_is_another = false;
    fails(SERVER, identity, "the token refuses the PIN");
    CU_ASSERT_EQUAL(mood->logins, 1);
    dtls_identity_free(identity);
}

static void the_last_try_is_not_taken(void)
{
    begin();
    mood->one_try_left = true;
    refused(ISSUE_P256, ISSUE_P256, PIN, DTLS_PKIX_ERR_PASSWORD, "one try is left");
    CU_ASSERT_EQUAL(mood->logins, 0);
    mood->one_try_left = false;
    dtls_identity_free(identity_in_token(ISSUE_P256));
}

static void a_key_of_another_certificate_is_refused(void)
{
    begin();
    refused(ISSUE_RSA2048, ISSUE_P256, PIN, DTLS_ERR_KEY_MISMATCH, "not the one of the certificate");
    refused(ISSUE_P256, ISSUE_RSA2048, PIN, DTLS_ERR_KEY_MISMATCH, "not the one of the certificate");

    struct issue_spec spec = leaf_spec();
    const struct issued *chain[] = { issue(&spec), mid() }; /* the same kind, and another key */
    const struct dtls_pkix_key_settings settings = { .uri = uri_of(ISSUE_P256), .pin = PIN, .module = TOKEN_MODULE };
    struct dtls_identity *identity;
    char reason[DTLS_REASON_MAX];
    size_t len;
    char *pem = issue_pem(chain, 2, &len);
    CU_ASSERT_EQUAL(dtls_pkix_identity_from_pkcs11(pem, len, &settings, &identity, reason), DTLS_ERR_KEY_MISMATCH);
    CU_ASSERT_PTR_NULL(identity);
    free(pem);
}

static void a_token_without_what_rsa_needs_is_refused(void)
{
    begin();
    mood->no_pss = true;
    refused(ISSUE_RSA2048, ISSUE_RSA2048, PIN, DTLS_PKIX_ERR_TOKEN, "cannot sign with RSA-PSS (CKM_RSA_PKCS_PSS)");
    begin();
    mood->no_pkcs1 = true;
    refused(ISSUE_RSA2048, ISSUE_RSA2048, PIN, DTLS_PKIX_ERR_TOKEN, "cannot sign with RSA PKCS#1 (CKM_RSA_PKCS)");
}

static struct dtls_pkix_key *open_key(const char *uri)
{
    const struct dtls_pkix_key_settings settings = { .uri = uri, .module = TOKEN_MODULE };
    struct dtls_pkix_key *key;
    char reason[DTLS_REASON_MAX] = "";

    CHECK_CASE(dtls_pkix_key_open(&settings, &key, reason) == DTLS_OK, "%s: %s", uri, reason);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    return key;
}

/* One number in 256 begins with a byte of zero. */
static void each_signature_is_der_even_where_its_numbers_are_short(void)
{
    begin();
    struct dtls_pkix_key *key = open_key("pkcs11:token=box;object=p256?pin-value=" PIN);
    uint8_t digest[32] = { 0 }, signature[DTLS_SIGNATURE_LARGEST];
    const struct dtls_sign_request request = { .scheme = 0x0403, .digest = { digest, sizeof digest } };
    size_t len, refused = 0, short_ones = 0;

    for (unsigned i = 0; i < 2000; i++) {
        struct dtls_bytes r = { 0 }, s = { 0 };
        char reason[DTLS_REASON_MAX] = "";
        digest[0] = (uint8_t)i;
        CU_ASSERT_EQUAL_FATAL(dtls_pkix_key_sign(key, &request, signature, &len, reason), DTLS_OK);
        refused += !dtls_ecdsa_der_read((struct dtls_bytes){ signature, len }, &r, &s);
        short_ones += r.len < 32 || s.len < 32;
    }
    CHECK_CASE(refused == 0 && short_ones > 0, "%zu of 2000 are no DER, %zu are short", refused, short_ones);
    dtls_pkix_key_close(key);
}

static void *sign_often(void *arg)
{
    uint8_t digest[32] = { 0 }, signature[DTLS_SIGNATURE_LARGEST];
    const struct dtls_sign_request request = { .scheme = 0x0403, .digest = { digest, sizeof digest } };
    char reason[DTLS_REASON_MAX];
    uintptr_t made = 0;
    size_t len;

    for (unsigned i = 0; i < 50; i++)
        made += dtls_pkix_key_sign(arg, &request, signature, &len, reason) == DTLS_OK;
    return (void *)made; /* NOLINT(performance-no-int-to-ptr): a number, all it has to say */
}

static void a_key_signs_for_several_threads(void)
{
    begin();
    struct dtls_pkix_key *key = open_key("pkcs11:token=box;object=p256?pin-value=" PIN);
    pthread_t threads[4];

    for (size_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, sign_often, key), 0);
    for (size_t i = 0; i < 4; i++) {
        void *made;
        pthread_join(threads[i], &made);
        CU_ASSERT_EQUAL((uintptr_t)made, 50);
    }
    dtls_pkix_key_close(key);
}

/* ---- a program whose loop does not wait ---- */

struct task {
    struct dtls_pkix_key *key;
    struct dtls_question *question;
    uint16_t scheme;
    uint8_t digest[64];
    size_t digest_len;
    pthread_t thread;
    int result;
    uint8_t signature[DTLS_SIGNATURE_LARGEST];
    size_t len;
    char reason[DTLS_REASON_MAX];
    struct pair *pair;
};

static void *in_the_thread(void *arg)
{
    struct task *task = arg;
    const struct dtls_sign_request request = { .scheme = task->scheme, .digest = { task->digest, task->digest_len } };

    task->result = dtls_pkix_key_sign(task->key, &request, task->signature, &task->len, task->reason);
    return NULL;
}

static void back_in_the_loop(void *arg)
{
    struct task *task = arg;
    struct dtls_conn *conn = dtls_question_conn(task->question);

    pthread_join(task->thread, NULL);
    int err = task->result == DTLS_OK ? dtls_question_answer_signature(task->question, task->signature, task->len)
                                      : dtls_question_refuse_signature(task->question, task->reason);
    CU_ASSERT_EQUAL_FATAL(err, DTLS_OK);
    dtls_conn_tick(conn, task->pair->net.now_us);
    pair_settle(task->pair, SERVER);
}

static void sign_later(void *arg, struct dtls_question *question, const struct dtls_sign_request *request)
{
    struct task *task = arg;

    task->question = question;
    task->scheme = request->scheme;
    task->digest_len = request->digest.len;
    memcpy(task->digest, request->digest.at, request->digest.len);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&task->thread, NULL, in_the_thread, task), 0);
    net_call_at(&task->pair->net, task->pair->net.now_us + 100 * NET_MS, back_in_the_loop, task);
}

static void a_thread_of_the_program_signs_and_the_loop_answers_later(void)
{
    const struct issued *chain[] = { leaf_of(ISSUE_RSA2048), mid() }, *other[] = { leaf_of(ISSUE_P256), mid() };
    struct dtls_identity *identity, *another;
    struct task task = { .len = 0 };
    struct pair_options options;
    size_t len, other_len;
    char *pem = issue_pem(chain, 2, &len), *other_pem = issue_pem(other, 2, &other_len);

    begin();
    task.key = open_key("pkcs11:token=box;object=rsa?pin-value=" PIN);
    CU_ASSERT_EQUAL_FATAL(dtls_identity_from_signer(pem, len, sign_later, &task, &identity), DTLS_OK);
    CU_ASSERT_EQUAL_FATAL(dtls_identity_from_signer(other_pem, other_len, sign_later, &task, &another), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_pkix_key_check(task.key, identity, task.reason), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_pkix_key_check(task.key, another, task.reason), DTLS_ERR_KEY_MISMATCH);
    for (int gone = 0; gone < 2; gone++) {
        pair_options(&options, 1);
        options.config[SERVER].identity = identity;
        options.silent = true;
        mood->gone = gone;
        task.pair = pair_new(&options);
        CU_ASSERT_EQUAL(pair_start_client(task.pair), DTLS_OK);
        CU_ASSERT_EQUAL(pair_run_until_open(task.pair, 5 * NET_SECOND), !gone);
        const char *reason = dtls_conn_reason(task.pair->end[SERVER].conn);
        CU_ASSERT_TRUE(!gone || (reason != NULL && strcmp(reason, "there is no such token") == 0));
        pair_free(task.pair);
    }
    dtls_identity_free(identity);
    dtls_identity_free(another);
    dtls_pkix_key_close(task.key);
    free(pem);
    free(other_pem);
}

/* ---- the token ---- */

static char room[] = "/tmp/dtls-token-XXXXXX";

/* SoftHSM's module, wherever a distribution has put it. */
static const char *find_softhsm(void)
{
    static const char *const places[] = { "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so",
                                          "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so" };
    static char path[256];

    for (size_t i = 0; i < sizeof places / sizeof places[0] && path[0] == '\0'; i++) {
        glob_t found;
        if (glob(places[i], 0, NULL, &found) == 0)
            snprintf(path, sizeof path, "%s", found.gl_pathv[0]);
        globfree(&found);
    }
    return path[0] == '\0' ? NULL : path;
}

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
    char command[512];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    if (system(command) == 0) /* NOLINT(cert-env33-c): of our own words */
        return;
    printf("Bail out! %s\n", command);
    exit(1);
}

static void put_key(enum issue_key kind, const char *label, const char *id)
{
    const gnutls_datum_t number = { (unsigned char *)(uintptr_t)id, (unsigned)strlen(id) };

    issue_check(gnutls_pkcs11_copy_x509_privkey2("pkcs11:token=box?pin-value=" PIN, leaf_of(kind)->key, label, &number,
                                                 GNUTLS_KEY_DIGITAL_SIGNATURE,
                                                 GNUTLS_PKCS11_OBJ_FLAG_MARK_PRIVATE | GNUTLS_PKCS11_OBJ_FLAG_LOGIN),
                "a key in the token");
}

/* False: SoftHSM is not there. */
static bool make_token(void)
{
    const char *below = find_softhsm();
    char path[64];

    if (below == NULL || system("command -v softhsm2-util >/dev/null") != 0) /* NOLINT(cert-env33-c) */
        return false;
    if (mkdtemp(room) == NULL)
        return false;
    snprintf(path, sizeof path, "%s/conf", room);
    setenv("SOFTHSM2_CONF", path, 1);
    setenv(TOKEN_MODULE_BELOW, below, 1);
    run("mkdir %s/tokens && echo directories.tokendir = %s/tokens >%s", room, room, path);
    run("softhsm2-util --init-token --free --label box --pin " PIN " --so-pin 5678 >/dev/null");
    issue_check(gnutls_pkcs11_init(GNUTLS_PKCS11_FLAG_MANUAL, NULL), "PKCS#11"); /* none of the machine's modules */
    issue_check(gnutls_pkcs11_add_provider(TOKEN_MODULE, NULL), TOKEN_MODULE);
    mood = dlsym(dlopen(TOKEN_MODULE, RTLD_NOW), "token_mood");
    put_key(ISSUE_P256, "p256", "1");
    put_key(ISSUE_RSA2048, "rsa", "2");
    return mood != NULL;
}

static CU_TestInfo tests[] = {
    { "keys in a token sign at either end, in rehandshakes, too, after one login",
      keys_in_a_token_sign_at_either_end_in_rehandshakes_too },
    { "a token that goes away ends a handshake with words, and not the next one, when it is back",
      a_token_that_goes_away_ends_a_handshake_and_not_the_next },
    { "a rehandshake fails with the token gone", a_rehandshake_fails_with_the_token_gone },
    { "a session that has ended is opened again, unnoticed", a_session_that_has_ended_is_opened_again_unnoticed },
    { "a wrong PIN is tried once, and none not at all", a_wrong_pin_is_tried_once },
    { "a PIN that is another one now is tried once for all handshakes",
      a_pin_that_is_another_now_is_tried_once_for_all_handshakes },
    { "the last try before a token locks is not taken", the_last_try_is_not_taken },
    { "a key of another certificate is refused", a_key_of_another_certificate_is_refused },
    { "a token without what RSA needs is refused", a_token_without_what_rsa_needs_is_refused },
    { "each signature is DER, even where its numbers are short",
      each_signature_is_der_even_where_its_numbers_are_short },
    { "a key signs for several threads", a_key_signs_for_several_threads },
    { "a program's own thread signs, and the loop answers later",
      a_thread_of_the_program_signs_and_the_loop_answers_later },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    if (!make_token()) {
        printf("1..0 # SKIP softhsm2 is not installed\n");
        return 0;
    }
    int result = tap_main(argc, argv, "token", tests);
    run("rm -r %s", room);
    return result;
}
