/* memcheck.c - no branch and no index depends on a secret: every kind of handshake, with secrets that memcheck follows
 * (contract S7). To be run by memcheck_test.sh. */
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "conn/conn_private.h"
#include "identity/identity.h"
#include "tests/box/forge.h"
#include "tests/box/record_view.h"
#include "tests/box/rng.h"
#include "tests/box/scene.h"
#include "tests/secrets/mark.h"
#include "tests/secrets/psk_scene.h"
#include "tests/tap.h"

/* ---- every kind of handshake, with every primitive ---- */

struct variant {
    uint16_t suite, group;
    enum identity_kind server, client;
};

static const struct variant usual = { DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, DTLS_GROUP_X25519, IDENTITY_SERVER,
                                      IDENTITY_CLIENT };

static void use_variant(const struct variant *variant, struct pair_options *options)
{
    options->config[SERVER].identity = identity_of(variant->server);
    options->config[CLIENT].identity = identity_of(variant->client);
    for (int end = CLIENT; end <= SERVER; end++) {
        options->config[end].suites[0] = variant->suite;
        options->config[end].groups[0] = variant->group;
        options->config[end].suite_count = options->config[end].group_count = 1;
    }
}

static unsigned long errors_before;

static void begin_errors(void)
{
    errors_before = VALGRIND_COUNT_ERRORS;
}

/* What they are stands in memcheck's log. */
static void check_errors(const char *what)
{
    unsigned long errors = VALGRIND_COUNT_ERRORS - errors_before;

    CHECK_CASE(RUNNING_ON_VALGRIND != 0, "this program shows nothing without valgrind");
    CHECK_CASE(errors == 0, "%s: memcheck sees %lu branches or indices that depend on a secret", what, errors);
}

/* Runs one handshake of a kind, and sends data both ways. */
static void run_scene(enum scene_kind kind, const struct variant *variant, bool jobs, unsigned loss)
{
    struct scene scene;
    struct pair_options options;

    begin_errors();
    scene_begin(&scene, kind);
    scene_options(&scene, &options, 7);
    use_variant(variant, &options);
    for (int end = CLIENT; end <= SERVER; end++) {
        options.config[end].public_key_jobs = jobs;
        options.link[end].loss = options.link[end].reorder = loss;
        options.link[end].reorder_us = 50 * NET_MS;
    }
    struct pair *pair = scene_pair(&scene, &options);
    CHECK_CASE(scene_run(&scene, pair, 60 * NET_SECOND), "%s: not done", scene_name(kind));
    options.link[CLIENT].loss = options.link[SERVER].loss = 0;
    pair->net.link[CLIENT] = options.link[CLIENT];
    pair->net.link[SERVER] = options.link[SERVER];
    scene_check(&scene, pair);
    CHECK_CASE(pair_ping(pair, NET_SECOND), "%s: no ping", scene_name(kind));
    pair_run_for(pair, 300 * NET_SECOND); /* old keys come to their end */
    pair_close(pair, CLIENT);
    pair_free(pair);
    scene_end(&scene);
    check_errors(scene_name(kind));
}

static void every_kind_of_handshake(void)
{
    for (int kind = 0; kind < SCENE_KINDS; kind++)
        run_scene((enum scene_kind)kind, &usual, false, 0);
}

static void chacha_and_p256(void)
{
    run_scene(SCENE_MUTUAL,
              &(struct variant){ DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, DTLS_GROUP_SECP256R1, IDENTITY_ED25519,
                                 IDENTITY_ED25519 },
              false, 0);
}

static void aes_256_and_p384(void)
{
    run_scene(
        SCENE_MUTUAL_FROM_CLIENT,
        &(struct variant){ DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384, DTLS_GROUP_SECP384R1, IDENTITY_P384, IDENTITY_P384 },
        false, 0);
}

static void rsa(void)
{
    run_scene(
        SCENE_MUTUAL,
        &(struct variant){ DTLS_ECDHE_RSA_AES_128_GCM_SHA256, DTLS_GROUP_X25519, IDENTITY_RSA2048, IDENTITY_RSA2048 },
        false, 0);
}

static void jobs_in_threads(void)
{
    run_scene(SCENE_MUTUAL_FROM_CLIENT, &usual, true, 0);
}

static void a_lossy_network(void)
{
    run_scene(SCENE_TICKET, &usual, false, 1500);
    run_scene(SCENE_FULL_FROM_SERVER, &usual, false, 1500);
}

/* ---- what an attacker tries ---- */

static struct pair *open_pair(const struct variant *variant)
{
    struct pair_options options;

    pair_options(&options, 11);
    use_variant(variant, &options);
    options.cookies = true;
    return pair_new(&options);
}

static void records_that_are_forged(void)
{
    static const struct variant chacha = { DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, DTLS_GROUP_X25519,
                                           IDENTITY_SERVER, IDENTITY_CLIENT };
    static const struct variant *const variants[] = { &usual, &chacha };

    begin_errors();
    for (size_t i = 0; i < 2; i++) {
        struct pair *pair = open_pair(variants[i]);

        CHECK_CASE(pair_run_until_open(pair, 10 * NET_SECOND), "not open");
        pair->net.link[CLIENT].corrupt = 10000;
        for (int record = 0; record < 50; record++)
            pair_send(pair, CLIENT, "to be bent", 10);
        pair_run_for(pair, NET_SECOND);
        CHECK_CASE(pair_stats(pair, SERVER).dropped[DTLS_DROP_FORGED] > 0, "nothing was forged");
        pair_free(pair);
    }
    check_errors("forged records");
}

static bool has_next_epoch(const struct pair *pair, const void *arg)
{
    (void)arg;
    return pair->end[CLIENT].conn->as.epochs.next != NULL;
}

static void a_finished_that_is_wrong(void)
{
    enum { MESSAGE_SEQ = 5 }; /* behind HelloVerifyRequest, ServerHello, Certificate, and two more */
    static const uint8_t finished[12 + 12] = { 20, 0, 0, 12, 0, MESSAGE_SEQ, 0, 0, 0, 0, 0, 12 };

    begin_errors();
    struct pair *pair = open_pair(&usual);
    CHECK_CASE(pair_run_until(pair, has_next_epoch, NULL, 10 * NET_SECOND), "no keys");
    CHECK_CASE(forge_receive(pair, CLIENT, 1, RECORD_HANDSHAKE, finished, sizeof finished), "no keys to forge with");
    const struct pair_event *failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
    CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_BAD_FINISHED, "the client is content");
    pair_free(pair);
    check_errors("a wrong Finished");
}

static void a_ticket_and_a_cookie_that_are_wrong(void)
{
    struct scene scene;
    struct pair_options options;

    begin_errors();
    scene_begin(&scene, SCENE_RESUMED_BY_TICKET);
    scene_options(&scene, &options, 13);
    scene.session->ticket[scene.session->ticket_len - 1] ^= 1;
    struct pair *pair = pair_new(&options);
    CHECK_CASE(pair_run_until_event(pair, SERVER, DTLS_EVENT_OPEN, 10 * NET_SECOND) &&
                   !pair_last(pair, SERVER, DTLS_EVENT_OPEN)->resumed,
               "the ticket is taken");
    pair_free(pair);
    scene_end(&scene);

    pair_options(&options, 17);
    options.cookies = options.recording = true;
    pair = pair_new(&options);
    CHECK_CASE(pair_run_until_open(pair, 10 * NET_SECOND), "not open");
    const struct net_recorded *hello = &pair->net.recorded[2]; /* ClientHello, HelloVerifyRequest, and this */
    uint8_t wrong[2048], reply[DTLS_HELLO_REPLY_LEN];
    memcpy(wrong, hello->bytes, hello->len);
    int answer = dtls_hello_check(&pair->cookie_secrets, pair->net.now_us, (const uint8_t *)"another", 7, wrong,
                                  hello->len, NULL, NULL, reply);
    CHECK_CASE(answer == DTLS_HELLO_REPLY, "the cookie is taken from another address: %d", answer);
    pair_free(pair);
    check_errors("a wrong ticket and a wrong cookie");
}

/* ---- what no handshake above does ---- */

static void keys_that_are_made_here(void)
{
    static const enum dtls_key_kind kinds[] = { DTLS_KEY_P256, DTLS_KEY_P384, DTLS_KEY_ED };
    struct rng rng = { 19 };
    const struct dtls_random random = { rng_fill, &rng };
    struct dtls_identity *identity = NULL;
    uint8_t signature[DTLS_SIGNATURE_LARGEST];
    size_t len;

    begin_errors();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct dtls_private_key *key = NULL;
        CHECK_CASE(dtls_private_key_generate(kinds[i], &random, &key) == DTLS_OK, "no key of kind %d", kinds[i]);
        dtls_private_key_free(key);
    }
    CHECK_CASE(dtls_identity_generate(DTLS_KEY_ECDSA_P256, "n", 0, 1, rng_fill, &rng, &identity) == DTLS_OK,
               "no P-256");
    dtls_identity_free(identity);
    CHECK_CASE(dtls_identity_generate(DTLS_KEY_ED25519, "n", 0, 1, rng_fill, &rng, &identity) == DTLS_OK, "no Ed25519");
    dtls_identity_free(identity);
    CHECK_CASE(dtls_signature_make(identity_of(IDENTITY_RSA2048)->key, DTLS_RSA_PKCS1_SHA256, &random,
                                   dtls_view("text", 4), signature, &len) == DTLS_OK,
               "no signature by RSA PKCS#1");
    check_errors("keys");
}

/* ---- was anything looked at? ---- */

static void every_secret_was_marked(void)
{
    for (int i = 0; i < SECRET_KINDS; i++) {
        enum secret_kind kind = (enum secret_kind)i;
        printf("# %s: seen %zu times\n", secret_name(kind), secret_sightings(kind));
        CHECK_CASE(secret_sightings(kind) > 0, "%s: never seen", secret_name(kind));
        CHECK_CASE(secret_unmarked(kind) == 0, "%s: not marked %zu times of %zu", secret_name(kind),
                   secret_unmarked(kind), secret_sightings(kind));
    }
}

/* ---- pre-shared keys ---- */

static void pre_shared_keys(void)
{
    static const uint16_t suites[] = { DTLS_PSK_AES_128_GCM_SHA256, DTLS_PSK_AES_128_CCM,
                                       DTLS_ECDHE_PSK_AES_128_GCM_SHA256, DTLS_ECDHE_PSK_CHACHA20_POLY1305_SHA256 };
    uint8_t key[32];
    struct rng rng = { 23 };

    rng_fill(&rng, key, sizeof key);
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        begin_errors();
        secret_expect_psk(sizeof key);
        psk_scene_run(suites[i], i % 2 != 0 ? PSK_ANSWERED_LATER : PSK_SERVER_ASKED, dtls_view(key, sizeof key));
        secret_expect_psk(0);
        check_errors(dtls_suite_name(suites[i]));
    }
}

static CU_TestInfo tests[] = {
    { "every kind of handshake, data before and after it", every_kind_of_handshake },
    { "ChaCha20-Poly1305, secp256r1, Ed25519 at both ends", chacha_and_p256 },
    { "AES-256-GCM, secp384r1, P-384 at both ends, again under old keys", aes_256_and_p384 },
    { "RSA at both ends", rsa },
    { "public-key work in threads", jobs_in_threads },
    { "loss and reordering", a_lossy_network },
    { "forged records", records_that_are_forged },
    { "a wrong Finished", a_finished_that_is_wrong },
    { "a wrong ticket, a wrong cookie", a_ticket_and_a_cookie_that_are_wrong },
    { "private keys of every kind are made; RSA PKCS#1 signs", keys_that_are_made_here },
    { "pre-shared keys, ready and asked for, with ECDHE and without", pre_shared_keys },
    { "each secret was used, and was marked then", every_secret_was_marked },
    CU_TEST_INFO_NULL,
};

/* ---- what memcheck has to see, or it would see nothing of the above either ---- */

#define NAMED __attribute__((noinline)) /* the script looks for the name in the report */

static unsigned depend(unsigned (*how)(const uint8_t *secret))
{
    struct pair *pair = open_pair(&usual);

    CHECK_CASE(pair_run_until_open(pair, 10 * NET_SECOND), "not open");
    unsigned result = how(pair->end[CLIENT].conn->as.session->state.master);
    pair_free(pair);
    return result;
}

static NAMED unsigned branch(const uint8_t *secret)
{
    volatile unsigned way = 1;

    if (secret[0] & 1)
        way = 2;
    return way;
}

static void depends_by_a_branch(void)
{
    depend(branch);
}

static NAMED unsigned index(const uint8_t *secret)
{
    static const volatile uint8_t table[256];

    return table[secret[0]];
}

static void depends_by_an_index(void)
{
    depend(index);
}

static unsigned compare(const uint8_t *secret)
{
    return dtls_bytes_equal(dtls_view(secret, 8), dtls_view("guessed!", 8));
}

static void depends_by_a_comparison_of_ours(void)
{
    depend(compare);
}

static CU_TestInfo dependences[] = {
    { "branch", depends_by_a_branch },
    { "index", depends_by_an_index },
    { "dtls_bytes_equal", depends_by_a_comparison_of_ours },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--depend") == 0)
        return tap_main(argc - 1, argv + 1, "dependences", dependences);
    return tap_main(argc, argv, "secrets under memcheck", tests);
}
