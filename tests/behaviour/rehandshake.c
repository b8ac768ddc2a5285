/* rehandshake.c - what a rehandshake changes, and when; and how it ends when the application closes.
 * Who may ask and who may refuse is rehandshake_policy.c's. */
#include "tests/box/scene.h"
#include "tests/tap.h"

#include <string.h>

static struct pair *open_pair(const struct pair_options *options)
{
    struct pair *pair = pair_new(options);

    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    pair_run_for(pair, 2 * NET_SECOND);
    return pair;
}

static void a_server_without_the_session_makes_it_full(void)
{
    struct pair_options options;

    pair_options(&options, 10);
    options.config[SERVER].rehandshake_mode = DTLS_REHANDSHAKE_FULL;
    struct pair *pair = open_pair(&options);
    CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_ABBREVIATED), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_renewed(pair, 1, NET_SECOND));
    CU_ASSERT_FALSE(pair_last(pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE)->resumed);
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    pair_free(pair);
}

static void the_session_of_the_connection_needs_no_cache(void)
{
    struct pair_options options;

    pair_options(&options, 11);
    CU_ASSERT_PTR_NULL(options.config[SERVER].store);
    struct pair *pair = open_pair(&options);
    for (size_t number = 1; number <= 3; number++) {
        CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_ABBREVIATED), DTLS_OK);
        CU_ASSERT_TRUE(pair_run_until_renewed(pair, number, 5 * NET_SECOND));
        CU_ASSERT_TRUE(pair_last(pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE)->resumed);
        pair_run_for(pair, NET_SECOND);
    }
    pair_free(pair);
}

static void questions_are_about_what_is_in_force(void)
{
    struct pair_options options;

    pair_options(&options, 12);
    struct pair *pair = open_pair(&options);
    struct dtls_config other = pair->end[SERVER].config;
    other.suites[0] = DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256;
    other.suite_count = 1;
    other.groups[0] = DTLS_GROUP_SECP384R1;
    other.group_count = 1;
    CU_ASSERT_EQUAL(dtls_conn_set_config(pair->end[SERVER].conn, &other), DTLS_OK);
    CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    for (int ms = 0; ms < 200; ms++, pair_run_for(pair, NET_MS))
        for (int end = CLIENT; end <= SERVER; end++) {
            bool done = pair_count(pair, (enum net_end)end, DTLS_EVENT_REHANDSHAKE_DONE) > 0;
            const struct dtls_conn *conn = pair->end[end].conn;
            CHECK_CASE(dtls_conn_suite(conn) == (done ? DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256
                                                      : DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256) &&
                           dtls_conn_group(conn) == (done ? DTLS_GROUP_SECP384R1 : DTLS_GROUP_X25519) &&
                           dtls_conn_epoch(conn) == (done ? 2 : 1),
                       "end %d after %d ms: suite %04x, group %u, epoch %u", end, ms, dtls_conn_suite(conn),
                       dtls_conn_group(conn), dtls_conn_epoch(conn));
        }
    CU_ASSERT_EQUAL(pair_count(pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE), 1);
    pair_free(pair);
}

static void a_client_can_become_authenticated(void)
{
    struct pair_options options;

    pair_options(&options, 13);
    struct pair *pair = open_pair(&options);
    struct dtls_config other = pair->end[SERVER].config;
    other.client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    CU_ASSERT_PTR_NULL(dtls_conn_peer_fingerprint(pair->end[SERVER].conn));
    CU_ASSERT_EQUAL(dtls_conn_set_config(pair->end[SERVER].conn, &other), DTLS_OK);
    CU_ASSERT_EQUAL(pair_rehandshake(pair, SERVER, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_renewed(pair, 1, NET_SECOND));
    const uint8_t *peer = dtls_conn_peer_fingerprint(pair->end[SERVER].conn);
    CU_ASSERT_TRUE(peer != NULL && memcmp(peer, identity_fingerprint(IDENTITY_CLIENT), DTLS_FINGERPRINT_LEN) == 0);
    pair_free(pair);
}

static void close_is_heard_at_every_moment(void)
{
    for (int kind = SCENE_FULL_FROM_CLIENT; kind < SCENE_KINDS; kind++)
        for (int i = CLIENT; i <= SERVER; i++)
            for (uint64_t after_us = 0; after_us <= 140 * NET_MS; after_us += 10 * NET_MS) {
                struct scene scene;
                struct pair_options options;
                enum net_end from = (enum net_end)i;
                scene_begin(&scene, (enum scene_kind)kind);
                scene_options(&scene, &options, 14);
                struct pair *pair = scene_pair(&scene, &options);
                pair_run_for(pair, after_us);
                pair_close(pair, from);
                pair_run_for(pair, NET_SECOND);
                for (int end = CLIENT; end <= SERVER; end++)
                    CHECK_CASE(pair_count(pair, (enum net_end)end, DTLS_EVENT_CLOSED) == 1,
                               "%s: end %d closes after %llu us, end %d does not hear it",
                               scene_name((enum scene_kind)kind), i, (unsigned long long)after_us, end);
                CU_ASSERT_EQUAL(pair_deadline(pair), DTLS_NEVER);
                pair_free(pair);
                scene_end(&scene);
            }
}

static CU_TestInfo tests[] = {
    { "a server whose mode is full makes it full", a_server_without_the_session_makes_it_full },
    { "the connection's own session needs no cache", the_session_of_the_connection_needs_no_cache },
    { "questions are about what is in force", questions_are_about_what_is_in_force },
    { "a client can become authenticated", a_client_can_become_authenticated },
    { "close is heard at every moment of a rehandshake", close_is_heard_at_every_moment },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "rehandshake", tests);
}
