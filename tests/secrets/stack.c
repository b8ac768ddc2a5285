/* stack.c - what our calls leave behind on the stack: no secret, but where nettle and gmp leave one (contract S7). */
#include <stdio.h>
#include <string.h>

#include "bytes/reader.h"
#include "handshake/psk.h"
#include "tests/box/forge.h"
#include "tests/box/record_view.h"
#include "tests/box/rng.h"
#include "tests/box/scene.h"
#include "tests/secrets/book.h"
#include "tests/secrets/painted.h"
#include "tests/secrets/psk_scene.h"

/* ---- our calls, on that stack ---- */

struct call {
    struct dtls_conn *conn;
    dtls_time now;
    uint8_t *datagram;
    const uint8_t *data;
    uint8_t *out;
    size_t len, cap, *out_len;
    enum dtls_rehandshake_mode mode;
    struct dtls_job *job;
    struct dtls_handshake *hs;
    int result;
};

#define ON_STACK(name, expression, ...)                                                                                \
    int __real_##name(__VA_ARGS__); /* NOLINT: the linker's names */                                                   \
    int __wrap_##name(__VA_ARGS__); /* NOLINT */                                                                       \
    static void run_##name(void *of)                                                                                   \
    {                                                                                                                  \
        struct call *call = of;                                                                                        \
        call->result = __real_##name expression;                                                                       \
    }                                                                                                                  \
    int __wrap_##name(__VA_ARGS__) /* NOLINT */

ON_STACK(dtls_conn_start, (call->conn, call->now), struct dtls_conn *conn, dtls_time now)
{
    struct call call = { .conn = conn, .now = now };

    painted_call("dtls_conn_start", run_dtls_conn_start, &call);
    return call.result;
}

ON_STACK(dtls_conn_receive, (call->conn, call->now, call->datagram, call->len), struct dtls_conn *conn, dtls_time now,
         uint8_t *datagram, size_t len)
{
    struct call call = { .conn = conn, .now = now, .datagram = datagram, .len = len };

    painted_call("dtls_conn_receive", run_dtls_conn_receive, &call);
    return call.result;
}

ON_STACK(dtls_conn_tick, (call->conn, call->now), struct dtls_conn *conn, dtls_time now)
{
    struct call call = { .conn = conn, .now = now };

    painted_call("dtls_conn_tick", run_dtls_conn_tick, &call);
    return call.result;
}

ON_STACK(dtls_conn_rehandshake, (call->conn, call->now, call->mode), struct dtls_conn *conn, dtls_time now,
         enum dtls_rehandshake_mode mode)
{
    struct call call = { .conn = conn, .now = now, .mode = mode };

    painted_call("dtls_conn_rehandshake", run_dtls_conn_rehandshake, &call);
    return call.result;
}

ON_STACK(dtls_conn_send, (call->conn, call->now, call->data, call->len, call->out, call->cap, call->out_len),
         struct dtls_conn *conn, dtls_time now, const uint8_t *data, size_t len, uint8_t *out, size_t cap,
         size_t *out_len)
{
    struct call call = {
        .conn = conn, .now = now, .data = data, .len = len, .out = out, .cap = cap, .out_len = out_len
    };

    painted_call("dtls_conn_send", run_dtls_conn_send, &call);
    return call.result;
}

ON_STACK(dtls_conn_finish_job, (call->conn, call->now, call->job), struct dtls_conn *conn, dtls_time now,
         struct dtls_job *job)
{
    struct call call = { .conn = conn, .now = now, .job = job };

    painted_call("dtls_conn_finish_job", run_dtls_conn_finish_job, &call);
    return call.result;
}

/* Its end is far from that of the call it is a part of. */
ON_STACK(dtls_handshake_derive_psk, (call->hs), struct dtls_handshake *hs)
{
    struct call call = { .hs = hs };

    painted_call("dtls_handshake_derive_psk", run_dtls_handshake_derive_psk, &call);
    return call.result;
}

struct identity_call {
    enum dtls_key_type type;
    struct rng rng;
    const char *pem;
    size_t len;
    struct dtls_identity *identity;
};

static void make_identity(void *of)
{
    struct identity_call *call = of;

    dtls_identity_generate(call->type, "on the stack", 0, 1, rng_fill, &call->rng, &call->identity);
}

static void read_identity(void *of)
{
    struct identity_call *call = of;

    dtls_identity_from_pem(call->pem, call->len, call->pem, call->len, &call->identity);
}

static void run_kinds(uint16_t suite, uint16_t group, enum identity_kind identity)
{
    for (int kind = 0; kind < SCENE_KINDS; kind++) {
        struct scene scene;
        struct pair_options options;

        painted_begin();
        scene_begin(&scene, (enum scene_kind)kind);
        scene_options(&scene, &options, 53);
        for (int end = CLIENT; end <= SERVER; end++) {
            options.config[end].identity = identity_of(identity);
            options.config[end].suites[0] = suite;
            options.config[end].groups[0] = group;
            options.config[end].suite_count = options.config[end].group_count = scene.session == NULL;
        }
        struct pair *pair = scene_pair(&scene, &options);
        CHECK_CASE(scene_run(&scene, pair, 10 * NET_SECOND), "%s: not done", scene_name(scene.kind));
        CHECK_CASE(pair_ping(pair, NET_SECOND), "%s: no ping", scene_name(scene.kind));
        pair_run_for(pair, 300 * NET_SECOND);
        pair_free(pair);
        scene_end(&scene);
        painted_check(scene_name((enum scene_kind)kind));
    }
}

static void x25519_and_aes_128(void)
{
    run_kinds(DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, DTLS_GROUP_X25519, IDENTITY_SERVER);
}

static void p256_and_chacha(void)
{
    run_kinds(DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, DTLS_GROUP_SECP256R1, IDENTITY_ED25519);
}

static void p384_and_aes_256(void)
{
    run_kinds(DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384, DTLS_GROUP_SECP384R1, IDENTITY_P384);
}

static void rsa(void)
{
    run_kinds(DTLS_ECDHE_RSA_AES_128_GCM_SHA256, DTLS_GROUP_X25519, IDENTITY_RSA2048);
}

static void pre_shared_keys(void)
{
    static const uint16_t suites[] = { DTLS_PSK_AES_128_GCM_SHA256, DTLS_PSK_AES_128_CCM_8,
                                       DTLS_ECDHE_PSK_AES_128_GCM_SHA256, DTLS_ECDHE_PSK_CHACHA20_POLY1305_SHA256 };
    uint8_t key[48];
    struct rng rng = { 67 };

    rng_fill(&rng, key, sizeof key);
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
        for (int asked = 0; asked < PSK_SCENES; asked++) {
            painted_begin();
            book_note("pre-shared key", key, sizeof key);
            psk_scene_run(suites[i], (enum psk_scene)asked, dtls_view(key, sizeof key));
            painted_check(dtls_suite_name(suites[i]));
        }
}

static void identities(void)
{
    for (int type = DTLS_KEY_ECDSA_P256; type <= DTLS_KEY_ED25519; type++) {
        struct identity_call call = { .type = (enum dtls_key_type)type, .rng = { 59 } };

        painted_begin();
        painted_call("dtls_identity_generate", make_identity, &call);
        CHECK_CASE(call.identity != NULL, "no identity");
        dtls_identity_free(call.identity);
        painted_check("an identity that is made");
    }
}

static void identities_that_are_read(void)
{
    static const char *const names[] = { "p256.pem", "p384.pem", "ed25519.pem", "rsa2048.pem" };
    static char pem[16384];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct identity_call call = { .pem = pem };
        char path[512];
        snprintf(path, sizeof path, "%s/identity/%s", TESTS_DATA, names[i]);
        FILE *file = fopen(path, "rb");
        call.len = file == NULL ? 0 : fread(pem, 1, sizeof pem, file);
        if (file != NULL)
            fclose(file);
        painted_begin();
        painted_call("dtls_identity_from_pem", read_identity, &call);
        CHECK_CASE(call.identity != NULL, "%s is not read", names[i]);
        dtls_identity_free(call.identity);
        painted_check(names[i]);
    }
}

/* The server has made its share, and is to forget it. */
static void a_client_key_exchange_that_is_wrong(void)
{
    static const uint8_t cut_short[12 + 4] = { 16, 0, 0, 4, 0, 1, 0, 0, 0, 0, 0, 4, 32, 1, 2, 3 };
    static const uint8_t no_point[12 + 4] = { 16, 0, 0, 4, 0, 1, 0, 0, 0, 0, 0, 4, 3, 1, 2, 3 };
    static const uint8_t *const messages[] = { cut_short, no_point };
    struct pair_options options;

    for (size_t i = 0; i < 2; i++) {
        painted_begin();
        pair_options(&options, 61);
        struct pair *pair = pair_new(&options);
        pair_run_for(pair, 30 * NET_MS); /* the server has answered the hello */
        forge_receive(pair, SERVER, 0, RECORD_HANDSHAKE, messages[i], sizeof cut_short);
        CHECK_CASE(pair_count(pair, SERVER, DTLS_EVENT_FAILED) == 1, "the server takes it");
        pair_free(pair);
        painted_check("a wrong ClientKeyExchange");
    }
}

static void a_step_without_memory(void)
{
    for (int i = SCENE_MUTUAL; i < SCENE_KINDS; i += 2) {
        bool failed = true;
        for (size_t number = 0; failed; number++) {
            struct scene scene;
            struct pair_options options;

            scene_begin(&scene, (enum scene_kind)i);
            scene_options(&scene, &options, 37);
            options.config[SERVER].public_key_jobs = number % 2 != 0;
            struct pair *pair = scene_prepare(&scene, &options);
            painted_begin();
            book_note("something", "that is never empty", 16);
            book_fail_allocation(number);
            scene_start(&scene, pair);
            scene_run(&scene, pair, 70 * NET_SECOND);
            failed = book_allocation_failed();
            book_fail_allocation(SIZE_MAX);
            pair_free(pair);
            scene_end(&scene);
            painted_check(scene_name((enum scene_kind)i));
        }
    }
}

static const uint8_t forgotten[32] = "this is to be forgotten, but not";

static void forget_nothing(void *arg)
{
    volatile uint8_t copies[32 * sizeof forgotten]; /* what follows on the stack may hit some of them */

    (void)arg;
    for (size_t i = 0; i < sizeof copies; i++)
        copies[i] = forgotten[i % sizeof forgotten];
}

static void a_forgotten_wipe_is_found(void)
{
    painted_begin();
    book_note("text", forgotten, sizeof forgotten);
    painted_call("on purpose", forget_nothing, NULL);
    CHECK_CASE(painted_dirty() == 1, "a secret on the stack is not found");
    book_close();
}

static CU_TestInfo tests[] = {
    { "a secret that is left there would be found", a_forgotten_wipe_is_found },
    { "x25519, P-256 keys, AES-128-GCM", x25519_and_aes_128 },
    { "secp256r1, Ed25519 keys, ChaCha20-Poly1305", p256_and_chacha },
    { "secp384r1, P-384 keys, AES-256-GCM", p384_and_aes_256 },
    { "RSA keys", rsa },
    { "pre-shared keys", pre_shared_keys },
    { "a ClientKeyExchange that is wrong", a_client_key_exchange_that_is_wrong },
    { "handshakes in which each allocation fails", a_step_without_memory },
    { "identities that are made", identities },
    { "identities that are read", identities_that_are_read },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return painted_main(argc, argv, "secrets on the stack", tests);
}
