/* handshake.c - first handshakes over a friendly network: what is agreed on, who is believed, how it ends. */
#include "handshake/session.h"
#include "tests/box/pair.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

#include <string.h>

static const struct {
    uint16_t suite;
    bool is_rsa;
} suites[] = {
    { DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, false },
    { DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384, false },
    { DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, false },
    { DTLS_ECDHE_RSA_AES_128_GCM_SHA256, true },
    { DTLS_ECDHE_RSA_AES_256_GCM_SHA384, true },
    { DTLS_ECDHE_RSA_CHACHA20_POLY1305_SHA256, true },
    { DTLS_ECDHE_ECDSA_AES_128_CCM, false },
    { DTLS_ECDHE_ECDSA_AES_128_CCM_8, false },
};

static const uint16_t groups[] = { DTLS_GROUP_X25519, DTLS_GROUP_SECP256R1, DTLS_GROUP_SECP384R1 };

static const struct {
    enum identity_kind identity;
    bool is_rsa;
    const char *name;
} keys[] = {
    { IDENTITY_SERVER, false, "P-256" },
    { IDENTITY_P384, false, "P-384" },
    { IDENTITY_ED25519, false, "Ed25519" },
    { IDENTITY_RSA2048, true, "RSA-2048" },
};

enum { SUITES = sizeof suites / sizeof suites[0], GROUPS = 3, KEYS = sizeof keys / sizeof keys[0] };

static void offer(struct pair_options *options, uint16_t suite, uint16_t group)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        options->config[end].suites[0] = suite;
        options->config[end].suite_count = 1;
        options->config[end].groups[0] = group;
        options->config[end].group_count = 1;
    }
}

static void check_agreement(const struct pair *pair, enum net_end end, uint16_t suite, uint16_t group, const char *key)
{
    const struct dtls_conn *conn = pair->end[end].conn;

    CHECK_CASE(dtls_conn_suite(conn) == suite && dtls_conn_group(conn) == group,
               "%s with %s and %s: end %d has suite %04x and group %u", dtls_suite_name(suite), dtls_group_name(group),
               key, (int)end, dtls_conn_suite(conn), dtls_conn_group(conn));
    CHECK_CASE(dtls_conn_epoch(conn) == 1, "end %d is in epoch %u", (int)end, dtls_conn_epoch(conn));
    CHECK_CASE(dtls_conn_secure_renegotiation(conn), "end %d cannot rehandshake", (int)end);
}

static void agree(size_t suite, size_t group, size_t key)
{
    struct pair_options options;

    pair_options(&options, 1);
    offer(&options, suites[suite].suite, groups[group]);
    options.config[SERVER].identity = identity_of(keys[key].identity);
    struct pair *pair = pair_new(&options);
    bool opened = pair_run_until_open(pair, 5 * NET_SECOND);
    CHECK_CASE(opened, "%s with %s and %s does not open", dtls_suite_name(suites[suite].suite),
               dtls_group_name(groups[group]), keys[key].name);
    if (opened) {
        CU_ASSERT_EQUAL(pair_drops(pair, CLIENT) + pair_drops(pair, SERVER), 0);
        check_agreement(pair, CLIENT, suites[suite].suite, groups[group], keys[key].name);
        check_agreement(pair, SERVER, suites[suite].suite, groups[group], keys[key].name);
        CHECK_CASE(pair_ping(pair, NET_SECOND), "%s with %s and %s carries no data",
                   dtls_suite_name(suites[suite].suite), dtls_group_name(groups[group]), keys[key].name);
        CU_ASSERT_EQUAL(memcmp(dtls_conn_peer_fingerprint(pair->end[CLIENT].conn),
                               identity_fingerprint(keys[key].identity), DTLS_FINGERPRINT_LEN),
                        0);
        CU_ASSERT_EQUAL(pair_stats(pair, CLIENT).retransmissions, 0);
    }
    pair_free(pair);
}

static void every_suite_group_and_key_agree(void)
{
    for (size_t suite = 0; suite < SUITES; suite++)
        for (size_t group = 0; group < GROUPS; group++)
            for (size_t key = 0; key < KEYS; key++)
                if (suites[suite].is_rsa == keys[key].is_rsa)
                    agree(suite, group, key);
}

static void every_client_key_signs(void)
{
    for (size_t key = 0; key < KEYS; key++) {
        struct pair_options options;
        pair_options(&options, 2);
        options.config[CLIENT].identity = identity_of(keys[key].identity);
        options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
        struct pair *pair = pair_new(&options);
        bool opened = pair_run_until_open(pair, 5 * NET_SECOND);
        CHECK_CASE(opened, "a client with %s does not get in", keys[key].name);
        CHECK_CASE(!opened || memcmp(dtls_conn_peer_fingerprint(pair->end[SERVER].conn),
                                     identity_fingerprint(keys[key].identity), DTLS_FINGERPRINT_LEN) == 0,
                   "a client with %s is taken for another", keys[key].name);
        pair_free(pair);
    }
}

/* Both ends fail: `end` with `error` and the other with `alert`; neither was ever open. */
static void check_refusal(const struct pair *pair, enum net_end end, int error, uint8_t alert)
{
    const struct pair_event *cause = pair_last(pair, end, DTLS_EVENT_FAILED);
    const struct pair_event *effect = pair_last(pair, net_other(end), DTLS_EVENT_FAILED);

    CU_ASSERT_EQUAL(pair_count(pair, CLIENT, DTLS_EVENT_OPEN), 0);
    CU_ASSERT_EQUAL(pair_count(pair, SERVER, DTLS_EVENT_OPEN), 0);
    CHECK_CASE(cause != NULL && cause->error == error, "the cause is %d instead of %d",
               cause == NULL ? 0 : cause->error, error);
    CHECK_CASE(effect != NULL && effect->error == DTLS_ERR_ALERT && effect->alert == alert,
               "the effect is %d with alert %u instead of %u", effect == NULL ? 0 : effect->error,
               effect == NULL ? 0u : effect->alert, alert);
    CU_ASSERT_EQUAL(pair_deadline(pair), DTLS_NEVER);
}

/* Longer than S9's two more timeouts. */
#define UNTIL_REFUSED (90 * NET_SECOND)

static void no_common_suite(void)
{
    struct pair_options options;

    pair_options(&options, 3);
    options.config[CLIENT].suites[0] = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256;
    options.config[SERVER].suites[0] = DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384;
    options.config[CLIENT].suite_count = options.config[SERVER].suite_count = 1;
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, UNTIL_REFUSED);
    check_refusal(pair, SERVER, DTLS_ERR_NO_COMMON_SUITE, DTLS_ALERT_HANDSHAKE_FAILURE);
    pair_free(pair);
}

static void no_suite_for_the_key(void)
{
    struct pair_options options;

    pair_options(&options, 4);
    options.config[CLIENT].suites[0] = DTLS_ECDHE_RSA_AES_128_GCM_SHA256;
    options.config[CLIENT].suite_count = 1;
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, UNTIL_REFUSED);
    check_refusal(pair, SERVER, DTLS_ERR_NO_COMMON_SUITE, DTLS_ALERT_HANDSHAKE_FAILURE);
    pair_free(pair);
}

static void no_common_group(void)
{
    struct pair_options options;

    pair_options(&options, 5);
    options.config[CLIENT].groups[0] = DTLS_GROUP_X25519;
    options.config[SERVER].groups[0] = DTLS_GROUP_SECP384R1;
    options.config[CLIENT].group_count = options.config[SERVER].group_count = 1;
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, UNTIL_REFUSED);
    check_refusal(pair, SERVER, DTLS_ERR_NO_COMMON_SUITE, DTLS_ALERT_HANDSHAKE_FAILURE);
    pair_free(pair);
}

/* Its tag of 8 bytes is for those who ask for it. */
static void a_short_tag_is_for_those_who_name_it(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        struct pair_options options;
        pair_options(&options, 2);
        options.config[end].suites[0] = DTLS_ECDHE_ECDSA_AES_128_CCM_8;
        options.config[end].suite_count = 1;
        struct pair *pair = pair_new(&options);
        CU_ASSERT_TRUE_FATAL(pair_run_until_event(pair, CLIENT, DTLS_EVENT_FAILED, 5 * NET_SECOND));
        CU_ASSERT_EQUAL(pair_last(pair, SERVER, DTLS_EVENT_FAILED)->error, DTLS_ERR_NO_COMMON_SUITE);
        pair_free(pair);
    }
}

static void the_servers_order_decides(void)
{
    struct pair_options options;

    pair_options(&options, 6);
    options.config[SERVER].suites[0] = DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256;
    options.config[SERVER].suites[1] = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256;
    options.config[SERVER].suite_count = 2;
    options.config[SERVER].groups[0] = DTLS_GROUP_SECP384R1;
    options.config[SERVER].groups[1] = DTLS_GROUP_X25519;
    options.config[SERVER].group_count = 2;
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 5 * NET_SECOND));
    check_agreement(pair, CLIENT, DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, DTLS_GROUP_SECP384R1, "P-256");
    pair_free(pair);
}

static void client_refuses_a_wrong_pin(void)
{
    struct pair_options options;

    pair_options(&options, 7);
    options.config[CLIENT].verifier = dtls_verifier_pinned(identity_fingerprint(IDENTITY_OTHER));
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, UNTIL_REFUSED);
    check_refusal(pair, CLIENT, DTLS_ERR_BAD_CERTIFICATE, DTLS_ALERT_BAD_CERTIFICATE);
    pair_free(pair);
}

static void server_refuses_a_wrong_pin(void)
{
    struct pair_options options;

    pair_options(&options, 8);
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.config[SERVER].verifier = dtls_verifier_pinned(identity_fingerprint(IDENTITY_OTHER));
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, UNTIL_REFUSED);
    check_refusal(pair, SERVER, DTLS_ERR_BAD_CERTIFICATE, DTLS_ALERT_BAD_CERTIFICATE);
    pair_free(pair);
}

static void right_pins_open(void)
{
    struct pair_options options;

    pair_options(&options, 9);
    options.config[CLIENT].verifier = dtls_verifier_pinned(identity_fingerprint(IDENTITY_SERVER));
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.config[SERVER].verifier = dtls_verifier_pinned(identity_fingerprint(IDENTITY_CLIENT));
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    pair_free(pair);
}

/* Opens with `ask`, a client that has an identity or none, and tells whether the server knows who it is. */
static bool server_knows_client(enum dtls_client_certificate ask, bool has_identity)
{
    struct pair_options options;

    pair_options(&options, 10);
    options.config[SERVER].client_certificate = ask;
    if (!has_identity)
        options.config[CLIENT].identity = NULL;
    struct pair *pair = pair_new(&options);
    CHECK_CASE(pair_run_until_open(pair, 5 * NET_SECOND), "asking %d does not open", (int)ask);
    CU_ASSERT_PTR_NOT_NULL(dtls_conn_peer_fingerprint(pair->end[CLIENT].conn));
    bool known = dtls_conn_peer_fingerprint(pair->end[SERVER].conn) != NULL;
    pair_free(pair);
    return known;
}

static void clients_are_asked_as_configured(void)
{
    CU_ASSERT_FALSE(server_knows_client(DTLS_CLIENT_CERTIFICATE_NONE, true));
    CU_ASSERT_FALSE(server_knows_client(DTLS_CLIENT_CERTIFICATE_NONE, false));
    CU_ASSERT_TRUE(server_knows_client(DTLS_CLIENT_CERTIFICATE_ASK, true));
    CU_ASSERT_FALSE(server_knows_client(DTLS_CLIENT_CERTIFICATE_ASK, false));
    CU_ASSERT_TRUE(server_knows_client(DTLS_CLIENT_CERTIFICATE_REQUIRE, true));
}

static void required_certificate_is_missed(void)
{
    struct pair_options options;

    pair_options(&options, 11);
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.config[CLIENT].identity = NULL;
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, UNTIL_REFUSED);
    check_refusal(pair, SERVER, DTLS_ERR_NO_CERTIFICATE, DTLS_ALERT_HANDSHAKE_FAILURE);
    pair_free(pair);
}

static void cookies_cost_one_round_trip(void)
{
    uint64_t took_us[2];

    for (int cookies = 0; cookies <= 1; cookies++) {
        struct pair_options options;
        pair_options(&options, 12);
        options.cookies = cookies == 1;
        struct pair *pair = pair_new(&options);
        CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
        took_us[cookies] = pair->net.now_us - options.start_us;
        CU_ASSERT_EQUAL(pair->hellos_answered, (size_t)cookies);
        CU_ASSERT_EQUAL(pair->hellos_dropped, 0);
        CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
        pair_free(pair);
    }
    CU_ASSERT_EQUAL(took_us[0], 4 * 20 * NET_MS);
    CU_ASSERT_EQUAL(took_us[1], 6 * 20 * NET_MS);
}

/* One handshake of `kind`, its options changed by `spoil`; tells whether it was a resumed one at both ends. */
static bool resumes(enum scene_kind kind, void (*spoil)(struct pair_options *options))
{
    struct scene scene;
    struct pair_options options;

    scene_begin(&scene, kind);
    scene_options(&scene, &options, 13);
    if (spoil != NULL)
        spoil(&options);
    struct pair *pair = scene_pair(&scene, &options);
    CHECK_CASE(scene_run(&scene, pair, 5 * NET_SECOND), "%s: does not open", scene_name(kind));
    CHECK_CASE(pair_ping(pair, NET_SECOND), "%s: carries no data", scene_name(kind));
    const struct pair_event *client = pair_last(pair, CLIENT, DTLS_EVENT_OPEN);
    const struct pair_event *server = pair_last(pair, SERVER, DTLS_EVENT_OPEN);
    bool resumed = client != NULL && client->resumed;
    CHECK_CASE(server != NULL && server->resumed == resumed, "%s: the ends disagree", scene_name(kind));
    CHECK_CASE(!resumed || dtls_conn_group(pair->end[CLIENT].conn) == 0, "%s: a group without a key exchange",
               scene_name(kind));
    const uint8_t *peer = dtls_conn_peer_fingerprint(pair->end[CLIENT].conn);
    CHECK_CASE(peer != NULL && memcmp(peer, identity_fingerprint(IDENTITY_SERVER), DTLS_FINGERPRINT_LEN) == 0,
               "%s: the client has forgotten who the server is", scene_name(kind));
    pair_free(pair);
    scene_end(&scene);
    return resumed;
}

/* Servers of other libraries may give a ticket, and no session id with it. */
static void forget_the_id(struct pair_options *options)
{
    static struct dtls_session without;

    without = *options->session;
    without.state.id_len = 0;
    options->session = &without;
}

static void a_ticket_without_a_session_id_resumes(void)
{
    CU_ASSERT_TRUE(resumes(SCENE_RESUMED_BY_TICKET, forget_the_id));
    CU_ASSERT_FALSE(resumes(SCENE_RESUMED_BY_ID, forget_the_id));
}

static void sessions_resume(void)
{
    CU_ASSERT_TRUE(resumes(SCENE_RESUMED_BY_ID, NULL));
    CU_ASSERT_TRUE(resumes(SCENE_RESUMED_BY_TICKET, NULL));
}

static void take_cache_away(struct pair_options *options)
{
    options->config[SERVER].store = NULL;
}

static void change_ticket_key(struct pair_options *options)
{
    static const struct dtls_ticket_keys other = { .keys = { { .name = "another key" } }, .count = 1 };

    options->config[SERVER].ticket_keys = &other;
}

static void let_it_grow_old(struct pair_options *options)
{
    options->start_us += 86401 * NET_SECOND;
}

static void disable_the_suite(struct pair_options *options)
{
    options->config[SERVER].suites[0] = DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384;
    options->config[SERVER].suite_count = 1;
}

static void what_cannot_be_resumed_becomes_full(void)
{
    CU_ASSERT_FALSE(resumes(SCENE_RESUMED_BY_ID, take_cache_away));
    CU_ASSERT_FALSE(resumes(SCENE_RESUMED_BY_TICKET, change_ticket_key));
    CU_ASSERT_FALSE(resumes(SCENE_RESUMED_BY_ID, let_it_grow_old));
    CU_ASSERT_FALSE(resumes(SCENE_RESUMED_BY_TICKET, let_it_grow_old));
    CU_ASSERT_FALSE(resumes(SCENE_RESUMED_BY_ID, disable_the_suite));
    CU_ASSERT_FALSE(resumes(SCENE_RESUMED_BY_TICKET, disable_the_suite));
}

static void a_resumed_client_stays_known(void)
{
    static const enum scene_kind kinds[] = { SCENE_RESUMED_BY_ID, SCENE_RESUMED_BY_TICKET };

    for (size_t i = 0; i < 2; i++) {
        struct scene scene;
        struct pair_options options;
        scene_begin(&scene, kinds[i]);
        scene_options(&scene, &options, 14);
        options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
        struct pair *first = pair_new(&options); /* the scene's own session is not authenticated: full */
        CU_ASSERT_TRUE(pair_run_until_open(first, 5 * NET_SECOND));
        pair_run_for(first, NET_SECOND);
        struct dtls_session *session = pair_session(first);
        options.session = session;
        options.start_us = first->net.now_us;
        struct pair *second = pair_new(&options);
        CU_ASSERT_TRUE(pair_run_until_open(second, 5 * NET_SECOND));
        const struct pair_event *open = pair_last(second, SERVER, DTLS_EVENT_OPEN);
        const uint8_t *peer = dtls_conn_peer_fingerprint(second->end[SERVER].conn);
        CHECK_CASE(open != NULL && open->resumed, "%s: a mutual session is not resumed", scene_name(kinds[i]));
        CHECK_CASE(peer != NULL && memcmp(peer, identity_fingerprint(IDENTITY_CLIENT), DTLS_FINGERPRINT_LEN) == 0,
                   "%s: the server has forgotten who the client is", scene_name(kinds[i]));
        pair_free(first);
        pair_free(second);
        dtls_session_free(session);
        scene_end(&scene);
    }
}

static void a_session_of_a_refused_peer_is_not_taken(void)
{
    struct scene scene;
    struct pair_options options;

    scene_begin(&scene, SCENE_RESUMED_BY_ID);
    pair_options(&options, 15);
    options.config[CLIENT].verifier = dtls_verifier_pinned(identity_fingerprint(IDENTITY_OTHER));
    struct dtls_conn *conn = dtls_conn_new(&options.config[CLIENT], DTLS_CLIENT);
    CU_ASSERT_EQUAL(dtls_conn_resume(conn, scene.session), DTLS_ERR_ARGUMENT);
    dtls_conn_free(conn);
    scene_end(&scene);
}

static void close_reaches_the_other_side(void)
{
    for (int i = CLIENT; i <= SERVER; i++) {
        enum net_end end = (enum net_end)i;
        struct pair_options options;
        pair_options(&options, 16);
        struct pair *pair = pair_new(&options);
        CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
        CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
        pair_close(pair, end);
        pair_close(pair, end);
        CU_ASSERT_EQUAL(pair_count(pair, end, DTLS_EVENT_CLOSED), 1);
        pair_run_for(pair, NET_SECOND);
        CU_ASSERT_EQUAL(pair_count(pair, net_other(end), DTLS_EVENT_CLOSED), 1);
        CU_ASSERT_FALSE(pair_is_open(pair, CLIENT) || pair_is_open(pair, SERVER));
        CU_ASSERT_EQUAL(pair_send(pair, CLIENT, "late", 4), DTLS_ERR_NOT_OPEN);
        CU_ASSERT_EQUAL(pair_send(pair, SERVER, "late", 4), DTLS_ERR_NOT_OPEN);
        CU_ASSERT_EQUAL(pair_deadline(pair), DTLS_NEVER);
        pair_free(pair);
    }
}

static void a_seed_repeats_every_byte(void)
{
    struct pair *pairs[2];
    struct pair_options options;

    pair_options(&options, 17);
    options.recording = true;
    options.cookies = true;
    for (int i = 0; i < 2; i++) {
        options.link[CLIENT].loss = options.link[SERVER].loss = 1000;
        pairs[i] = pair_new(&options);
        CU_ASSERT_TRUE(pair_run_until_open(pairs[i], 20 * NET_SECOND));
    }
    bool same = pairs[0]->net.recorded_count == pairs[1]->net.recorded_count;
    for (size_t i = 0; same && i < pairs[0]->net.recorded_count; i++) {
        const struct net_recorded *a = &pairs[0]->net.recorded[i], *b = &pairs[1]->net.recorded[i];
        same = a->len == b->len && a->sent_us == b->sent_us && memcmp(a->bytes, b->bytes, a->len) == 0;
    }
    CU_ASSERT_TRUE(same);
    pair_free(pairs[0]);
    pair_free(pairs[1]);
}

static CU_TestInfo tests[] = {
    { "every suite opens with every group and every key of its kind", every_suite_group_and_key_agree },
    { "every kind of client key signs", every_client_key_signs },
    { "without a common suite both ends fail with handshake_failure", no_common_suite },
    { "without a suite for the server's key both ends fail", no_suite_for_the_key },
    { "without a common group both ends fail", no_common_group },
    { "AES-128-CCM-8 is neither offered nor taken by default", a_short_tag_is_for_those_who_name_it },
    { "the server's order of preference decides", the_servers_order_decides },
    { "a client refuses a server with another fingerprint", client_refuses_a_wrong_pin },
    { "a server refuses a client with another fingerprint", server_refuses_a_wrong_pin },
    { "the right fingerprints open", right_pins_open },
    { "clients are asked for certificates as configured", clients_are_asked_as_configured },
    { "a client without the required certificate is refused", required_certificate_is_missed },
    { "a cookie exchange costs exactly one round trip", cookies_cost_one_round_trip },
    { "sessions resume by id and by ticket", sessions_resume },
    { "a ticket that came without a session id resumes", a_ticket_without_a_session_id_resumes },
    { "a session that cannot be resumed becomes a full handshake", what_cannot_be_resumed_becomes_full },
    { "a resumed client stays authenticated", a_resumed_client_stays_known },
    { "a session whose peer the verifier refuses is not taken", a_session_of_a_refused_peer_is_not_taken },
    { "close_notify from either side closes both", close_reaches_the_other_side },
    { "a seed repeats every byte on the wire", a_seed_repeats_every_byte },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "handshake", tests);
}
