/* freed.c - no memory that is given back still has a secret in it, whatever becomes of a handshake (contract S7). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conn/conn_private.h"
#include "crypto/memory.h"
#include "tests/box/forge.h"
#include "tests/box/record_view.h"
#include "tests/box/rng.h"
#include "tests/box/scene.h"
#include "tests/secrets/book.h"
#include "tests/secrets/psk_scene.h"
#include "tests/tap.h"

static const struct dtls_memory heap;

/* Nothing was found; and there was something to be found, and where. */
static void close_book(const char *what)
{
    struct book_sums sums = book_sums();

    book_close();
    CHECK_CASE(sums.secrets > 0 && sums.blocks > 0, "%s: %zu secrets, %zu blocks: nothing was looked at", what,
               sums.secrets, sums.blocks);
    CHECK_CASE(sums.dirty == 0, "%s: %zu of %zu blocks have a secret in them, the last one a %s", what, sums.dirty,
               sums.blocks, sums.found);
    if (sums.unwiped > 0)
        printf("# %s: gmp and hogweed left secrets in %zu of %zu blocks, the last one a %s\n", what, sums.unwiped,
               sums.others, sums.found_other);
}

struct variant {
    uint16_t suite, group;
    enum identity_kind identity;
};

static const struct variant variants[] = {
    { DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, DTLS_GROUP_X25519, IDENTITY_SERVER },
    { DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, DTLS_GROUP_SECP256R1, IDENTITY_ED25519 },
    { DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384, DTLS_GROUP_SECP384R1, IDENTITY_P384 },
    { DTLS_ECDHE_RSA_AES_128_GCM_SHA256, DTLS_GROUP_X25519, IDENTITY_RSA2048 },
    { DTLS_ECDHE_ECDSA_AES_128_CCM_8, DTLS_GROUP_X25519, IDENTITY_SERVER },
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

static void use_variant(const struct variant *variant, struct pair_options *options)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        options->config[end].identity = identity_of(variant->identity);
        options->config[end].suites[0] = variant->suite;
        options->config[end].groups[0] = variant->group;
        options->config[end].suite_count = options->config[end].group_count = 1;
    }
}

static void want_media(struct pair_options *options)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        options->config[end].srtp_profiles[0] = DTLS_SRTP_AEAD_AES_256_GCM;
        options->config[end].srtp_profile_count = 1;
        options->config[end].srtp_mki_len = 4;
    }
}

/* ---- what ends well ---- */

static void a_done_handshake(void)
{
    for (size_t variant = 0; variant < VARIANTS; variant++)
        for (int kind = 0; kind < SCENE_KINDS; kind++)
            for (int jobs = 0; jobs < 2; jobs++) {
                struct scene scene;
                struct pair_options options;

                book_open();
                scene_begin(&scene, (enum scene_kind)kind);
                scene_options(&scene, &options, 29);
                want_media(&options);
                if (scene.session == NULL)
                    use_variant(&variants[variant], &options);
                options.config[CLIENT].public_key_jobs = options.config[SERVER].public_key_jobs = jobs != 0;
                struct pair *pair = scene_pair(&scene, &options);
                CHECK_CASE(scene_run(&scene, pair, 10 * NET_SECOND), "%s: not done", scene_name(scene.kind));
                CHECK_CASE(pair_ping(pair, NET_SECOND), "%s: no ping", scene_name(scene.kind));
                pair_run_for(pair, 300 * NET_SECOND);
                pair_free(pair);
                scene_end(&scene);
                close_book(scene_name((enum scene_kind)kind));
            }
}

/* ---- what does not ---- */

struct cut {
    size_t after; /* datagrams: whatever is sent later vanishes */
};

static struct net_verdict cut_off(void *arg, const struct net_sending *sending)
{
    const struct cut *cut = arg;

    return (struct net_verdict){ sending->index < cut->after ? NET_PASS : NET_DROP, 0 };
}

/* The network ends in mid-handshake, and the connection with it; a rehandshake that was not answered is given up. */
static void a_handshake_that_stops_anywhere(void)
{
    for (int kind = 0; kind < SCENE_KINDS; kind++)
        for (size_t after = 0; after < 10; after++) {
            struct scene scene;
            struct pair_options options;
            struct cut cut = { after };

            book_open();
            scene_begin(&scene, (enum scene_kind)kind);
            scene_options(&scene, &options, 31);
            want_media(&options);
            options.filter = cut_off;
            options.filter_arg = &cut;
            options.config[CLIENT].public_key_jobs = after % 2 != 0;
            options.config[CLIENT].rehandshake_timeout_ms = 5000;
            options.job_us = 30 * NET_MS;
            struct pair *pair = scene_pair(&scene, &options);
            pair_run_for(pair, after % 3 == 0 ? 90 * NET_MS : 100 * NET_SECOND);
            pair_free(pair);
            scene_end(&scene);
            book_note("something", "that is never empty", 16);
            close_book(scene_name((enum scene_kind)kind));
        }
}

static void a_step_without_memory(void)
{
    for (int kind = 0; kind < SCENE_KINDS; kind += 3) {
        bool failed = true;
        for (size_t number = 0; failed; number++) {
            struct scene scene;
            struct pair_options options;

            scene_begin(&scene, (enum scene_kind)kind);
            scene_options(&scene, &options, 37);
            want_media(&options);
            options.config[SERVER].public_key_jobs = number % 2 != 0;
            struct pair *pair = scene_prepare(&scene, &options);
            book_open();
            book_note("something", "that is never empty", 16);
            book_fail_allocation(number);
            scene_start(&scene, pair);
            scene_run(&scene, pair, 70 * NET_SECOND);
            failed = book_allocation_failed();
            book_fail_allocation(SIZE_MAX);
            pair_free(pair);
            scene_end(&scene);
            close_book(scene_name((enum scene_kind)kind));
        }
    }
}

static bool has_next_epoch(const struct pair *pair, const void *arg)
{
    (void)arg;
    return pair->end[CLIENT].conn->as.epochs.next != NULL;
}

static void a_handshake_that_fails(void)
{
    enum { MESSAGE_SEQ = 4 }; /* of Finished, where no cookie is asked for */
    static const uint8_t finished[12 + 12] = { 20, 0, 0, 12, 0, MESSAGE_SEQ, 0, 0, 0, 0, 0, 12 };
    static const uint8_t key_exchange[12 + 4] = { 16, 0, 0, 4, 0, 1, 0, 0, 0, 0, 0, 4, 3, 1, 2, 3 };
    struct pair_options options;

    book_open();
    pair_options(&options, 41);
    struct pair *pair = pair_new(&options);
    CHECK_CASE(pair_run_until(pair, has_next_epoch, NULL, 10 * NET_SECOND), "no keys");
    CHECK_CASE(forge_receive(pair, CLIENT, 1, RECORD_HANDSHAKE, finished, sizeof finished), "no keys to forge with");
    const struct pair_event *failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
    CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_BAD_FINISHED, "the client is content with its Finished");
    pair_run_for(pair, 90 * NET_SECOND);
    pair_free(pair);
    close_book("a wrong Finished");

    book_open();
    pair = pair_new(&options);
    pair_run_for(pair, 30 * NET_MS); /* the server has answered the hello */
    forge_receive(pair, SERVER, 0, RECORD_HANDSHAKE, key_exchange, sizeof key_exchange);
    failed = pair_last(pair, SERVER, DTLS_EVENT_FAILED);
    CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_ILLEGAL_PARAMETER, "the server is content with three bytes");
    pair_free(pair);
    close_book("a wrong ClientKeyExchange");
}

/* Of the key, the premaster secret that is made of it, and what an application has answered. */
static void pre_shared_keys(void)
{
    static const uint16_t suites[] = { DTLS_PSK_AES_128_GCM_SHA256, DTLS_ECDHE_PSK_AES_128_GCM_SHA256 };
    uint8_t key[48];
    struct rng rng = { 49 };

    rng_fill(&rng, key, sizeof key);
    for (size_t i = 0; i < 2; i++)
        for (int kind = 0; kind < PSK_SCENES; kind++) {
            book_open();
            book_note("pre-shared key", key, sizeof key);
            psk_scene_run(suites[i], (enum psk_scene)kind, dtls_view(key, sizeof key));
            close_book("a pre-shared key");
        }
}

/* ---- what is not a connection's ---- */

static void sessions_and_their_cache(void)
{
    struct dtls_session_cache *cache = dtls_session_cache_new(2);
    struct pair_options options;

    book_open();
    pair_options(&options, 43);
    options.config[SERVER].store = dtls_session_cache_store(cache);
    for (int round = 0; round < 3; round++) {
        options.seed++;
        struct pair *pair = pair_new(&options);
        CHECK_CASE(pair_run_until_open(pair, 10 * NET_SECOND), "not open");
        pair_run_for(pair, NET_SECOND);
        struct dtls_session *session = pair_session(pair);
        CHECK_CASE(session != NULL, "no session");
        dtls_session_free(session);
        struct dtls_session *none = NULL;
        pair->end[CLIENT].session[pair->end[CLIENT].session_len] = 0;
        CHECK_CASE(dtls_session_read(pair->end[CLIENT].session, pair->end[CLIENT].session_len + 1, &none) ==
                       DTLS_ERR_BAD_SESSION,
                   "a session with a byte behind it");
        pair_free(pair);
    }
    dtls_session_cache_free(cache);
    close_book("sessions");
}

static size_t read_text(const char *name, char text[16384])
{
    char path[512];

    snprintf(path, sizeof path, "%s/identity/%s", TESTS_DATA, name);
    FILE *file = fopen(path, "rb");
    size_t len = file == NULL ? 0 : fread(text, 1, 16384, file);
    CHECK_CASE(len > 0, "%s cannot be read", path);
    if (file != NULL)
        fclose(file);
    return len;
}

static void identities(void)
{
    static const struct {
        const char *certificate, *key;
        int result;
    } files[] = {
        { "p256.pem", "p256.pem", DTLS_OK },
        { "p384.pem", "p384-sec1-key.pem", DTLS_OK },
        { "ed25519.pem", "ed25519.pem", DTLS_OK },
        { "rsa2048.pem", "rsa2048-pkcs1-key.pem", DTLS_OK },
        { "rsa4096-chain.pem", "rsa4096-key.pem", DTLS_OK },
        { "p256.pem", "p256-other-key.pem", DTLS_ERR_KEY_MISMATCH },
        { "p256.pem", "rsa2048.pem", DTLS_ERR_KEY_MISMATCH },
    };
    static char certificate[16384], key[16384];
    struct rng rng = { 47 };
    struct dtls_identity *identity = NULL;

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        size_t certificate_len = read_text(files[i].certificate, certificate), key_len = read_text(files[i].key, key);
        book_open();
        int result = dtls_identity_from_pem(certificate, certificate_len, key, key_len, &identity);
        CHECK_CASE(result == files[i].result, "%s: %d", files[i].key, result);
        dtls_identity_free(identity);
        close_book(files[i].key);
    }
    for (int type = DTLS_KEY_ECDSA_P256; type <= DTLS_KEY_ED25519; type++) {
        book_open();
        int result = dtls_identity_generate((enum dtls_key_type)type, "made here", 0, 1, rng_fill, &rng, &identity);
        CHECK_CASE(result == DTLS_OK, "not made: %d", result);
        dtls_identity_free(identity);
        close_book("an identity that is made here");
    }
}

/* ---- would a secret be found? ---- */

static void a_forgotten_wipe_is_found(void)
{
    static const uint8_t secret[32] = "this is to be forgotten, but not";
    uint8_t *block = dtls_allocate(&heap, 100);

    book_open();
    book_note("text", secret, sizeof secret);
    CHECK_CASE(book_find(secret + 7, 16) != NULL && book_find(secret + 7, 15) == NULL, "the book is wrong");
    memcpy(block + 60, secret + 5, 20);
    dtls_release(&heap, block, 70);
    CHECK_CASE(book_sums().dirty == 0, "what is left of a secret is shorter than a window, and found");
    block = dtls_allocate(&heap, 100);
    memcpy(block + 80, secret + 5, 20);
    dtls_release(&heap, block, 80);
    CHECK_CASE(book_sums().dirty == 1, "a secret behind what is wiped is not found");
    book_close();
}

static CU_TestInfo tests[] = {
    { "a secret that is not wiped would be found", a_forgotten_wipe_is_found },
    { "handshakes that are done: every kind, suite, group and key, with jobs and without", a_done_handshake },
    { "handshakes whose network ends at each of their datagrams", a_handshake_that_stops_anywhere },
    { "handshakes in which each allocation fails", a_step_without_memory },
    { "handshakes that fail", a_handshake_that_fails },
    { "pre-shared keys, answered at once and late", pre_shared_keys },
    { "sessions and their cache", sessions_and_their_cache },
    { "identities", identities },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "secrets in freed memory", tests);
}
