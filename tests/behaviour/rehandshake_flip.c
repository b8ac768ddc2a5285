/* rehandshake_flip.c - every parameter changes from one rehandshake to the next, while data flows, and every question
 * is answered from the active set until DONE. */
#include <stdio.h>
#include <string.h>

#include "tests/box/call.h"
#include "tests/tap.h"

/* What both ends' owners can ask. */
struct answers {
    uint16_t epoch, suite, group;
    bool has_peer, secure;
    uint8_t peer[DTLS_FINGERPRINT_LEN];
    size_t max_payload;
};

static struct answers ask(const struct call *call, enum net_end end)
{
    const struct dtls_conn *conn = call->pair->end[end].conn;
    const uint8_t *peer = dtls_conn_peer_fingerprint(conn);
    struct answers answers = { 0 };

    answers.epoch = dtls_conn_epoch(conn);
    answers.suite = dtls_conn_suite(conn);
    answers.group = dtls_conn_group(conn);
    answers.has_peer = peer != NULL;
    answers.secure = dtls_conn_secure_renegotiation(conn);
    if (peer != NULL)
        memcpy(answers.peer, peer, sizeof answers.peer);
    answers.max_payload = dtls_conn_max_payload(conn);
    return answers;
}

static bool are_equal(const struct answers *a, const struct answers *b)
{
    return a->epoch == b->epoch && a->suite == b->suite && a->group == b->group && a->has_peer == b->has_peer &&
           a->secure == b->secure && a->max_payload == b->max_payload && memcmp(a->peer, b->peer, sizeof a->peer) == 0;
}

/* One change of both ends' settings, and what comes of it. */
struct flip {
    const char *name;
    void (*change)(struct dtls_config *client, struct dtls_config *server);
    uint16_t suite, group; /* 0: as before */
    enum identity_kind server, client;
    bool client_is_known;
};

static void use_suite(struct dtls_config *config, uint16_t suite)
{
    config->suites[0] = suite;
    config->suite_count = 1;
}

static void use_group(struct dtls_config *config, uint16_t group)
{
    config->groups[0] = group;
    config->group_count = 1;
}

static void to_chacha(struct dtls_config *client, struct dtls_config *server)
{
    (void)server;
    use_suite(client, DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256);
}

static void to_aes_256(struct dtls_config *client, struct dtls_config *server)
{
    (void)client;
    use_suite(server, DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384);
    client->suite_count = 0;
}

static void to_aes_128(struct dtls_config *client, struct dtls_config *server)
{
    client->suite_count = 0;
    server->suite_count = 0;
}

static void to_p256(struct dtls_config *client, struct dtls_config *server)
{
    (void)server;
    use_group(client, DTLS_GROUP_SECP256R1);
}

static void to_p384(struct dtls_config *client, struct dtls_config *server)
{
    client->group_count = 0;
    use_group(server, DTLS_GROUP_SECP384R1);
}

static void to_x25519(struct dtls_config *client, struct dtls_config *server)
{
    client->group_count = server->group_count = 0;
}

static void to_rsa(struct dtls_config *client, struct dtls_config *server)
{
    (void)client;
    server->identity = identity_of(IDENTITY_RSA2048);
}

static void to_ed25519(struct dtls_config *client, struct dtls_config *server)
{
    (void)client;
    server->identity = identity_of(IDENTITY_ED25519);
}

static void to_a_chain(struct dtls_config *client, struct dtls_config *server)
{
    (void)client;
    server->identity = identity_of(IDENTITY_LONG_CHAIN);
}

static void ask_the_client(struct dtls_config *client, struct dtls_config *server)
{
    (void)client;
    server->client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
}

static void ask_no_more(struct dtls_config *client, struct dtls_config *server)
{
    (void)client;
    server->client_certificate = DTLS_CLIENT_CERTIFICATE_NONE;
}

static void another_client(struct dtls_config *client, struct dtls_config *server)
{
    client->identity = identity_of(IDENTITY_P384);
    server->client_certificate = DTLS_CLIENT_CERTIFICATE_ASK;
}

static void no_client_certificate(struct dtls_config *client, struct dtls_config *server)
{
    (void)server;
    client->identity = NULL;
}

static const struct dtls_ticket_keys ticket_keys = { .keys = { { { 1 }, { 2 }, 0, 0 } }, .count = 1 };

static void with_tickets(struct dtls_config *client, struct dtls_config *server)
{
    (void)client;
    server->ticket_keys = &ticket_keys;
}

static void without_tickets(struct dtls_config *client, struct dtls_config *server)
{
    (void)client;
    server->ticket_keys = NULL;
}

enum { AES_128 = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256 };

static const struct flip flips[] = {
    { "ChaCha20", to_chacha, DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, 0, IDENTITY_SERVER, 0, false },
    { "AES-256", to_aes_256, DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384, 0, IDENTITY_SERVER, 0, false },
    { "AES-128", to_aes_128, AES_128, 0, IDENTITY_SERVER, 0, false },
    { "secp256r1", to_p256, AES_128, DTLS_GROUP_SECP256R1, IDENTITY_SERVER, 0, false },
    { "secp384r1", to_p384, AES_128, DTLS_GROUP_SECP384R1, IDENTITY_SERVER, 0, false },
    { "x25519", to_x25519, AES_128, DTLS_GROUP_X25519, IDENTITY_SERVER, 0, false },
    { "a client certificate", ask_the_client, AES_128, 0, IDENTITY_SERVER, IDENTITY_CLIENT, true },
    { "RSA", to_rsa, DTLS_ECDHE_RSA_AES_128_GCM_SHA256, 0, IDENTITY_RSA2048, IDENTITY_CLIENT, true },
    { "nobody asks the client", ask_no_more, DTLS_ECDHE_RSA_AES_128_GCM_SHA256, 0, IDENTITY_RSA2048, IDENTITY_CLIENT,
      true },
    { "Ed25519", to_ed25519, AES_128, 0, IDENTITY_ED25519, IDENTITY_CLIENT, true },
    { "another client certificate", another_client, AES_128, 0, IDENTITY_ED25519, IDENTITY_P384, true },
    { "a long chain", to_a_chain, AES_128, 0, IDENTITY_LONG_CHAIN, IDENTITY_P384, true },
    { "no client certificate", no_client_certificate, AES_128, 0, IDENTITY_LONG_CHAIN, 0, false },
    { "tickets", with_tickets, AES_128, 0, IDENTITY_LONG_CHAIN, 0, false },
    { "no tickets", without_tickets, AES_128, 0, IDENTITY_LONG_CHAIN, 0, false },
};
enum { FLIPS = sizeof flips / sizeof flips[0] };

static void check_answers(const struct flip *flip, enum net_end end, const struct answers *now,
                          const struct answers *before)
{
    enum identity_kind peer = end == CLIENT ? flip->server : flip->client;
    uint16_t group = flip->group != 0 ? flip->group : before->group;

    CHECK_CASE(now->suite == flip->suite && now->group == group && now->secure, "%s: end %d: suite %04x, group %u",
               flip->name, end, now->suite, now->group);
    CHECK_CASE(now->has_peer == (end == CLIENT || flip->client_is_known), "%s: end %d: a peer", flip->name, end);
    CHECK_CASE(!now->has_peer || memcmp(now->peer, identity_fingerprint(peer), sizeof now->peer) == 0,
               "%s: end %d: another peer", flip->name, end);
}

static void flip_once(struct call *call, const struct flip *flip, size_t number)
{
    struct dtls_config client = *call_config(call, CLIENT), server = *call_config(call, SERVER);
    struct answers before[2] = { ask(call, CLIENT), ask(call, SERVER) };

    flip->change(&client, &server);
    call_set_config(call, CLIENT, &client);
    call_set_config(call, SERVER, &server);
    before[CLIENT].max_payload = ask(call, CLIENT).max_payload; /* new settings may change that, and nothing else */
    before[SERVER].max_payload = ask(call, SERVER).max_payload;
    CU_ASSERT_EQUAL(pair_rehandshake(call->pair, number % 2 ? CLIENT : SERVER, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    for (int ms = 0; ms < 500; ms++, pair_run_for(call->pair, NET_MS))
        for (int end = CLIENT; end <= SERVER; end++) {
            struct answers now = ask(call, (enum net_end)end);
            if (pair_count(call->pair, (enum net_end)end, DTLS_EVENT_REHANDSHAKE_DONE) >= number)
                check_answers(flip, (enum net_end)end, &now, &before[end]);
            else
                CHECK_CASE(are_equal(&now, &before[end]), "%s: end %d after %d ms: a pending answer", flip->name, end,
                           ms);
        }
    CHECK_CASE(pair_run_until_renewed(call->pair, number, NET_SECOND), "%s: never done", flip->name);
    pair_run_for(call->pair, 600 * NET_MS);
}

static void every_parameter_changes(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 120);
    for (int end = CLIENT; end <= SERVER; end++) {
        options.config[end].allow_identity_change = options.config[end].change_own_identity = true;
        options.config[end].flight_interval_ms = 0;
    }
    call_begin(&call, &options);
    call_flow(&call, 20 * NET_MS, 160);
    for (size_t i = 0; i < FLIPS; i++)
        flip_once(&call, &flips[i], i + 1);
    CU_ASSERT_TRUE(call_is_alive(&call));
    call_end(&call);
}

/* An abbreviated one between two full ones keeps what the full one before it has made. */
static void abbreviated_ones_keep_everything(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 121);
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    call_begin(&call, &options);
    call_flow(&call, 20 * NET_MS, 160);
    size_t number = 0;
    for (int k = 2; k < CALL_KINDS; k++) {
        struct answers before[2] = { ask(&call, CLIENT), ask(&call, SERVER) };
        struct dtls_config client = *call_config(&call, CLIENT), server = *call_config(&call, SERVER);
        use_group(&client, DTLS_GROUP_SECP384R1); /* other wishes, which an abbreviated one does not ask */
        server.client_certificate = DTLS_CLIENT_CERTIFICATE_NONE;
        call_set_config(&call, CLIENT, &client);
        call_set_config(&call, SERVER, &server);
        CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], ++number, NET_SECOND));
        for (int end = CLIENT; end <= SERVER; end++) {
            struct answers now = ask(&call, (enum net_end)end);
            CHECK_CASE(now.suite == before[end].suite && now.has_peer && now.epoch == before[end].epoch + 1 &&
                           memcmp(now.peer, before[end].peer, sizeof now.peer) == 0,
                       "%s: end %d: something else has changed", call_kinds[k].name, end);
        }
        pair_run_for(call.pair, 2 * NET_SECOND);
    }
    call_end(&call);
}

/* The MTU changes under way, smaller and larger, in every phase. */
static void the_mtu_may_change_in_any_phase(void)
{
    for (uint64_t at_us = 0; at_us <= 100 * NET_MS; at_us += 5 * NET_MS)
        for (int larger = 0; larger < 2; larger++)
            for (int k = 0; k < CALL_KINDS; k++) {
                struct pair_options options;
                struct call call;
                pair_options(&options, 122);
                options.config[SERVER].identity = identity_of(IDENTITY_LONG_CHAIN);
                options.config[CLIENT].mtu = options.config[SERVER].mtu = larger ? 300 : 1200;
                call_begin(&call, &options);
                call_flow(&call, 10 * NET_MS, 160);
                pair_rehandshake(call.pair, call_kinds[k].from, call_kinds[k].mode);
                pair_run_for(call.pair, at_us);
                for (int end = CLIENT; end <= SERVER; end++)
                    CU_ASSERT_EQUAL(dtls_conn_set_mtu(call.pair->end[end].conn, larger ? 1400 : 256), DTLS_OK);
                CHECK_CASE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND), "%s, %s after %llu us: never done",
                           call_kinds[k].name, larger ? "larger" : "smaller", (unsigned long long)at_us);
                call_end(&call);
            }
}

static CU_TestInfo tests[] = {
    { "every parameter changes from one rehandshake to the next, and shows at DONE alone", every_parameter_changes },
    { "an abbreviated rehandshake changes nothing but the keys", abbreviated_ones_keep_everything },
    { "the MTU may change in any phase of a rehandshake", the_mtu_may_change_in_any_phase },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "rehandshake flip", tests);
}
