/* psk.c - handshakes with pre-shared keys (RFC 4279, RFC 5489): what is agreed on, who is believed, and what somebody
 * without a key can learn. */
#include <string.h>

#include "handshake/association.h"
#include "handshake/psk.h"
#include "tests/box/call.h"
#include "tests/box/crowd.h"
#include "tests/box/keyring.h"
#include "tests/tap.h"

static const uint16_t suites[] = { DTLS_ECDHE_PSK_AES_128_GCM_SHA256, DTLS_ECDHE_PSK_CHACHA20_POLY1305_SHA256,
                                   DTLS_PSK_AES_128_GCM_SHA256, DTLS_PSK_AES_128_CCM, DTLS_PSK_AES_128_CCM_8 };
enum { SUITES = sizeof suites / sizeof suites[0], ECDHE_SUITES = 2 };

/* Neither end has a certificate; the server knows alice and bob, the client is alice. */
static void begin(struct pair_options *options, struct keyring *ring, uint64_t seed)
{
    pair_options(options, seed);
    *ring = (struct keyring){ .psk = { keyring_psk("alice", 1, 16), keyring_psk("bob", 2, 32) }, .count = 2 };
    keyring_use(ring, SERVER, &options->config[SERVER]);
    options->config[SERVER].identity = options->config[CLIENT].identity = NULL;
    options->config[SERVER].verifier.verify = options->config[CLIENT].verifier.verify = NULL;
    options->config[CLIENT].psk_identity = ring->psk[0].identity;
    options->config[CLIENT].psk_key = ring->psk[0].key;
}

static void offer(struct dtls_config *config, uint16_t suite)
{
    config->suites[0] = suite;
    config->suite_count = 1;
}

static bool is_text(struct dtls_bytes bytes, const char *text)
{
    return bytes.at != NULL && bytes.len == strlen(text) && memcmp(bytes.at, text, bytes.len) == 0;
}

static bool knows(const struct pair *pair, enum net_end end, const char *identity)
{
    const struct dtls_conn *conn = pair->end[end].conn;

    return is_text(dtls_conn_psk_identity(conn), identity) && dtls_conn_psk_fingerprint(conn) != NULL &&
           dtls_conn_peer_fingerprint(conn) == NULL;
}

/* ---- what is agreed on ---- */

static void every_suite_opens(void)
{
    for (size_t i = 0; i < SUITES; i++)
        for (int named = CLIENT; named <= SERVER; named++)
            for (int jobs = 0; jobs < 2; jobs++) {
                struct pair_options options;
                struct keyring ring;
                begin(&options, &ring, i);
                offer(&options.config[named], suites[i]);
                offer(&options.config[CLIENT], suites[i]);
                if (suites[i] == DTLS_PSK_AES_128_CCM_8)
                    offer(&options.config[SERVER], suites[i]);
                options.config[CLIENT].public_key_jobs = options.config[SERVER].public_key_jobs = jobs == 1;
                struct pair *pair = pair_new(&options);
                CHECK_CASE(pair_run_until_open(pair, 5 * NET_SECOND) && pair_ping(pair, NET_SECOND), "suite %04x",
                           suites[i]);
                for (int end = CLIENT; end <= SERVER; end++) {
                    const struct dtls_conn *conn = pair->end[end].conn;
                    CHECK_CASE(dtls_conn_suite(conn) == suites[i] && dtls_conn_secure_renegotiation(conn) &&
                                   dtls_conn_group(conn) == (i < ECDHE_SUITES ? DTLS_GROUP_X25519 : 0) &&
                                   knows(pair, (enum net_end)end, "alice"),
                               "suite %04x, end %d: %04x, group %u", suites[i], end, dtls_conn_suite(conn),
                               dtls_conn_group(conn));
                }
                CHECK_CASE(pair_count(pair, SERVER, DTLS_EVENT_JOB) == (jobs == 1 && i < ECDHE_SUITES ? 2 : 0),
                           "suite %04x: %zu jobs", suites[i], pair_count(pair, SERVER, DTLS_EVENT_JOB));
                CU_ASSERT_EQUAL(ring.asked, 1);
                pair_free(pair);
            }
}

static void keys_of_every_length_open(void)
{
    for (size_t len = 1; len <= DTLS_PSK_MAX_KEY; len++)
        for (size_t i = 0; i < SUITES; i += 2) {
            struct pair_options options;
            struct keyring ring;
            begin(&options, &ring, len);
            offer(&options.config[CLIENT], suites[i]);
            offer(&options.config[SERVER], suites[i]);
            ring.psk[0].key.len = options.config[CLIENT].psk_key.len = len;
            struct pair *pair = pair_new(&options);
            CHECK_CASE(pair_run_until_open(pair, 5 * NET_SECOND), "a key of %zu bytes, suite %04x", len, suites[i]);
            pair_free(pair);
        }
}

/* Any bytes, none, and as many as there may be. */
static void identities_and_hints_are_bytes(void)
{
    static uint8_t bytes[DTLS_PSK_MAX_IDENTITY];
    static const size_t lens[] = { 0, 1, 5, 128, DTLS_PSK_MAX_IDENTITY };

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37); /* begins with a NUL, and has all values */
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++)
        for (size_t s = 0; s < SUITES; s += 2) {
            struct pair_options options;
            struct keyring ring, client = { .wait_us = 0 };
            begin(&options, &ring, i);
            offer(&options.config[CLIENT], suites[s]);
            offer(&options.config[SERVER], suites[s]);
            ring.psk[0].identity = (struct dtls_bytes){ bytes, lens[i] };
            client.psk[0] = ring.psk[0];
            client.count = 1;
            options.config[CLIENT].psk_key.len = options.config[CLIENT].psk_identity.len = 0;
            keyring_use(&client, CLIENT, &options.config[CLIENT]);
            options.config[SERVER].psk_hint = (struct dtls_bytes){ bytes, lens[i] };
            struct pair *pair = pair_new(&options);
            CHECK_CASE(pair_run_until_open(pair, 5 * NET_SECOND), "%zu bytes, suite %04x", lens[i], suites[s]);
            CHECK_CASE(ring.name_len == lens[i] && memcmp(ring.name, bytes, lens[i]) == 0, "an identity of %zu bytes",
                       lens[i]);
            CHECK_CASE(client.name_len == lens[i] && memcmp(client.name, bytes, lens[i]) == 0, "a hint of %zu bytes",
                       lens[i]);
            for (int end = CLIENT; end <= SERVER; end++) {
                struct dtls_bytes identity = dtls_conn_psk_identity(pair->end[end].conn);
                CHECK_CASE(identity.at != NULL && identity.len == lens[i] && memcmp(identity.at, bytes, lens[i]) == 0,
                           "end %d tells %zu bytes", end, identity.len);
            }
            pair_free(pair);
        }
}

/* Both ends have certificates and keys: the server's order of suites decides. */
static void the_order_of_suites_chooses_between_key_and_certificate(void)
{
    for (int first = 0; first < 2; first++) {
        struct pair_options options;
        struct keyring ring;
        begin(&options, &ring, 1);
        options.config[SERVER].identity = identity_of(IDENTITY_SERVER);
        options.config[CLIENT].verifier = dtls_verifier_accept();
        options.config[SERVER].suites[first] = DTLS_PSK_AES_128_GCM_SHA256;
        options.config[SERVER].suites[!first] = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256;
        options.config[SERVER].suite_count = 2;
        struct pair *pair = pair_new(&options);
        CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 5 * NET_SECOND));
        CU_ASSERT_EQUAL(ring.asked, first == 0);
        CU_ASSERT_EQUAL(dtls_conn_psk_fingerprint(pair->end[CLIENT].conn) != NULL, first == 0);
        CU_ASSERT_EQUAL(dtls_conn_peer_fingerprint(pair->end[CLIENT].conn) != NULL, first == 1);
        CU_ASSERT_PTR_NULL(dtls_conn_peer_fingerprint(pair->end[SERVER].conn));
        pair_free(pair);
    }
}

/* Each end offers what it has credentials for, and the other has the other kind only. */
static void nobody_is_offered_what_there_are_no_credentials_for(void)
{
    for (int with_key = CLIENT; with_key <= SERVER; with_key++) {
        struct pair_options options, plain;
        struct keyring ring;
        begin(&options, &ring, 1);
        pair_options(&plain, 1);
        options.config[net_other((enum net_end)with_key)] = plain.config[net_other((enum net_end)with_key)];
        struct pair *pair = pair_new(&options);
        CU_ASSERT_TRUE(pair_run_until_event(pair, CLIENT, DTLS_EVENT_FAILED, 5 * NET_SECOND));
        CU_ASSERT_EQUAL(pair_last(pair, SERVER, DTLS_EVENT_FAILED)->error, DTLS_ERR_NO_COMMON_SUITE);
        CU_ASSERT_EQUAL(ring.asked, 0);
        pair_free(pair);
    }
}

/* ---- who has no key ---- */

struct outcome {
    struct pair *pair;
    struct keyring ring;
};

/* A client that claims `identity` with a key of nobody, until the server gives up; all that is sent is kept. */
static void fail(struct outcome *outcome, uint16_t suite, struct dtls_bytes identity, size_t key_len, uint64_t wait_us)
{
    static const uint8_t wrong[DTLS_PSK_MAX_KEY] = { 99 };
    struct pair_options options;

    begin(&options, &outcome->ring, 7);
    offer(&options.config[CLIENT], suite);
    offer(&options.config[SERVER], suite);
    options.recording = true;
    options.config[CLIENT].psk_identity = identity;
    options.config[CLIENT].psk_key = (struct dtls_bytes){ wrong, key_len };
    options.config[SERVER].handshake_timeout_ms = options.config[CLIENT].handshake_timeout_ms = 10000;
    outcome->ring.wait_us = wait_us;
    outcome->pair = pair_new(&options);
    outcome->ring.pair = outcome->pair;
    pair_run_for(outcome->pair, 60 * NET_SECOND);
}

static void end_outcome(struct outcome *outcome)
{
    pair_free(outcome->pair);
}

/* Everything that the server sent, and when, byte for byte. */
static bool server_says_the_same(const struct pair *a, const struct pair *b)
{
    const struct net *one = &a->net, *two = &b->net;
    size_t i = 0, k = 0;

    for (;;) {
        while (i < one->recorded_count && one->recorded[i].from != SERVER)
            i++;
        while (k < two->recorded_count && two->recorded[k].from != SERVER)
            k++;
        if (i == one->recorded_count || k == two->recorded_count)
            return i == one->recorded_count && k == two->recorded_count;
        if (one->recorded[i].len != two->recorded[k].len || one->recorded[i].sent_us != two->recorded[k].sent_us ||
            memcmp(one->recorded[i].bytes, two->recorded[k].bytes, one->recorded[i].len) != 0)
            return false;
        i++;
        k++;
    }
}

/* What is told of it: the same death at the same time, with the same counts, and as much randomness drawn. */
static bool server_ends_the_same(const struct pair *a, const struct pair *b)
{
    struct dtls_stats one = pair_stats(a, SERVER), two = pair_stats(b, SERVER);
    const struct pair_event *x = pair_last(a, SERVER, DTLS_EVENT_FAILED), *y = pair_last(b, SERVER, DTLS_EVENT_FAILED);

    return x != NULL && y != NULL && x->error == DTLS_ERR_TIMEOUT && y->error == DTLS_ERR_TIMEOUT &&
           x->time_us == y->time_us && memcmp(&one, &two, sizeof one) == 0 &&
           memcmp(&a->end[SERVER].random, &b->end[SERVER].random, sizeof a->end[SERVER].random) == 0;
}

static void an_unknown_identity_is_like_a_wrong_key(void)
{
    static const uint64_t waits[] = { 0, 30 * NET_MS, 800 * NET_MS };
    const struct dtls_bytes known = { (const uint8_t *)"alice", 5 };
    const struct dtls_bytes unknown = { (const uint8_t *)"mallo", 5 };

    for (size_t s = 0; s < SUITES; s++)
        for (size_t w = 0; w < 3; w++) {
            struct outcome wrong, nobody;
            fail(&wrong, suites[s], known, 16, waits[w]);
            fail(&nobody, suites[s], unknown, 16, waits[w]);
            CHECK_CASE(wrong.ring.asked == 1 && nobody.ring.asked == 1 && wrong.ring.answered == 1 &&
                           nobody.ring.answered == 1,
                       "suite %04x: asked %zu and %zu times", suites[s], wrong.ring.asked, nobody.ring.asked);
            CHECK_CASE(server_says_the_same(wrong.pair, nobody.pair), "suite %04x, %llu us: the wire tells", suites[s],
                       (unsigned long long)waits[w]);
            CHECK_CASE(server_ends_the_same(wrong.pair, nobody.pair), "suite %04x, %llu us: the end tells", suites[s],
                       (unsigned long long)waits[w]);
            CU_ASSERT_TRUE(pair_stats(wrong.pair, SERVER).dropped[DTLS_DROP_FORGED] > 0);
            end_outcome(&wrong);
            end_outcome(&nobody);
        }
}

static void wrong_keys_of_any_length_open_nothing(void)
{
    for (size_t len = 1; len <= DTLS_PSK_MAX_KEY; len += 7)
        for (size_t s = 0; s < SUITES; s += 2) {
            struct outcome outcome;
            fail(&outcome, suites[s], (struct dtls_bytes){ (const uint8_t *)"alice", 5 }, len, 0);
            CU_ASSERT_FALSE(pair_is_open(outcome.pair, CLIENT) || pair_is_open(outcome.pair, SERVER));
            CU_ASSERT_EQUAL(pair_count(outcome.pair, CLIENT, DTLS_EVENT_OPEN), 0);
            CU_ASSERT_EQUAL(pair_count(outcome.pair, SERVER, DTLS_EVENT_OPEN), 0);
            end_outcome(&outcome);
        }
}

static void a_client_without_a_key_for_this_server_says_so(void)
{
    struct pair_options options;
    struct keyring ring, client = { .count = 0 };

    begin(&options, &ring, 3);
    options.config[CLIENT].psk_key.len = options.config[CLIENT].psk_identity.len = 0;
    keyring_use(&client, CLIENT, &options.config[CLIENT]);
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_event(pair, CLIENT, DTLS_EVENT_FAILED, 5 * NET_SECOND));
    CU_ASSERT_EQUAL(pair_last(pair, CLIENT, DTLS_EVENT_FAILED)->error, DTLS_ERR_UNKNOWN_PSK);
    CU_ASSERT_TRUE(pair_run_until_event(pair, SERVER, DTLS_EVENT_FAILED, 5 * NET_SECOND));
    CU_ASSERT_EQUAL(pair_last(pair, SERVER, DTLS_EVENT_FAILED)->error, DTLS_ERR_ALERT);
    CU_ASSERT_EQUAL(dtls_conn_alert(pair->end[SERVER].conn), DTLS_ALERT_HANDSHAKE_FAILURE);
    pair_free(pair);
}

/* ---- sessions ---- */

/* What the second of two associations is, which resumes the first one's session. */
static bool resumes(bool by_ticket, void (*change)(struct pair_options *options))
{
    static const struct dtls_ticket_keys keys = { .keys = { { .name = "a key" } }, .count = 1 };
    struct dtls_session_cache *cache = dtls_session_cache_new(4);
    struct pair_options options;
    struct keyring ring;

    begin(&options, &ring, 5);
    options.config[SERVER].store = by_ticket ? NULL : dtls_session_cache_store(cache);
    options.config[SERVER].ticket_keys = by_ticket ? &keys : NULL;
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 5 * NET_SECOND));
    pair_run_for(pair, NET_SECOND);
    struct dtls_session *session = pair_session(pair);
    CU_ASSERT_PTR_NOT_NULL_FATAL(session);
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN];
    memcpy(fingerprint, dtls_conn_psk_fingerprint(pair->end[SERVER].conn), sizeof fingerprint);
    options.start_us = pair->net.now_us;
    pair_free(pair);
    options.seed++; /* or the server would choose the same session id again */
    options.session = session;
    if (change != NULL)
        change(&options);
    pair = pair_new(&options);
    bool opened = pair_run_until_open(pair, 5 * NET_SECOND), resumed = false;
    if (opened) {
        resumed = pair_last(pair, SERVER, DTLS_EVENT_OPEN)->resumed;
        if (resumed) {
            const uint8_t *now = dtls_conn_psk_fingerprint(pair->end[SERVER].conn);
            CU_ASSERT_TRUE(now != NULL && memcmp(now, fingerprint, sizeof fingerprint) == 0);
            CU_ASSERT_PTR_NULL(dtls_conn_psk_identity(pair->end[SERVER].conn).at);
            CU_ASSERT_EQUAL(ring.asked, 1);
            pair_run_for(pair, 2 * NET_SECOND); /* and a full handshake tells the name again */
            CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
            CU_ASSERT_TRUE(pair_run_until_renewed(pair, 1, 5 * NET_SECOND));
            CU_ASSERT_TRUE(knows(pair, SERVER, "alice") && knows(pair, CLIENT, "alice"));
        }
    }
    CU_ASSERT_TRUE(opened);
    pair_free(pair);
    dtls_session_free(session);
    dtls_session_cache_free(cache);
    return resumed;
}

static void be_bob(struct pair_options *options)
{
    const struct keyring *ring = options->config[SERVER].psk_arg;

    options->config[CLIENT].psk_identity = ring->psk[1].identity;
    options->config[CLIENT].psk_key = ring->psk[1].key;
    options->session = NULL;
}

static void forget_the_keys(struct pair_options *options)
{
    options->config[SERVER].psk = NULL;
    options->config[SERVER].identity = identity_of(IDENTITY_SERVER);
    options->config[CLIENT].verifier = dtls_verifier_accept();
}

static void sessions_resume_by_id_and_by_ticket(void)
{
    for (int by_ticket = 0; by_ticket < 2; by_ticket++) {
        CU_ASSERT_TRUE(resumes(by_ticket, NULL));
        CU_ASSERT_FALSE(resumes(by_ticket, be_bob));
        CU_ASSERT_FALSE(resumes(by_ticket, forget_the_keys));
    }
}

/* The engine refuses it before anything is sent; and one of a certificate where only keys are known. */
static void a_session_of_another_identity_is_not_offered(void)
{
    struct pair_options options;
    struct keyring ring;
    struct dtls_session_state state = { .suite = DTLS_PSK_AES_128_GCM_SHA256, .has_peer = true };
    struct dtls_memory heap = { 0 };

    begin(&options, &ring, 5);
    dtls_psk_fingerprint(ring.psk[1].identity, state.peer);
    struct dtls_session *bobs = dtls_session_new(&heap, &state, (struct dtls_bytes){ (const uint8_t *)"t", 1 }, 0);
    dtls_psk_fingerprint(ring.psk[0].identity, state.peer);
    struct dtls_session *own = dtls_session_new(&heap, &state, (struct dtls_bytes){ (const uint8_t *)"t", 1 }, 0);
    state.suite = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256;
    struct dtls_session *certified = dtls_session_new(&heap, &state, (struct dtls_bytes){ (const uint8_t *)"t", 1 }, 0);
    struct dtls_conn *conn = dtls_conn_new(&options.config[CLIENT], DTLS_CLIENT);
    CU_ASSERT_EQUAL(dtls_conn_resume(conn, bobs), DTLS_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(dtls_conn_resume(conn, certified), DTLS_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(dtls_conn_resume(conn, own), DTLS_OK);
    dtls_conn_free(conn);
    dtls_session_free(bobs);
    dtls_session_free(own);
    dtls_session_free(certified);
}

/* Somebody's identity could be the bytes of somebody else's certificate. */
static void a_key_is_never_the_same_peer_as_a_certificate(void)
{
    struct dtls_established psk = { .suite = dtls_suite_find(DTLS_PSK_AES_128_GCM_SHA256), .has_peer = true };
    struct dtls_established certificate = { .suite = dtls_suite_find(DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256),
                                            .has_peer = true };
    struct dtls_established nobody = { .suite = NULL };

    CU_ASSERT_FALSE(dtls_is_same_peer(&psk, &certificate));
    CU_ASSERT_TRUE(dtls_is_same_peer(&psk, &psk) && dtls_is_same_peer(&certificate, &certificate));
    CU_ASSERT_FALSE(dtls_is_same_peer(&psk, &nobody) || dtls_is_same_peer(&nobody, &certificate));
}

/* ---- rehandshakes (R9) ---- */

static void rehandshakes_of_every_kind_renew_the_keys(void)
{
    for (size_t s = 0; s < SUITES; s++) {
        struct pair_options options;
        struct keyring ring;
        struct call call;
        begin(&options, &ring, s);
        offer(&options.config[CLIENT], suites[s]);
        offer(&options.config[SERVER], suites[s]);
        for (int end = CLIENT; end <= SERVER; end++)
            options.link[end].loss = 1000;
        call_begin(&call, &options);
        call_flow(&call, 10 * NET_MS, 160);
        for (size_t k = 0; k < CALL_KINDS; k++) {
            CHECK_CASE(call_renew(&call, &call_kinds[k], k + 1, 30 * NET_SECOND), "suite %04x: %s", suites[s],
                       call_kinds[k].name);
            pair_run_for(call.pair, 1100 * NET_MS);
        }
        CU_ASSERT_TRUE(knows(call.pair, SERVER, "alice") && knows(call.pair, CLIENT, "alice"));
        call_end(&call);
    }
}

/* The client begins a rehandshake as bob; what comes of it is the server's error, or 0. */
static int become_bob(bool own, bool allowed)
{
    struct pair_options options;
    struct keyring ring;
    struct call call;

    begin(&options, &ring, 8);
    call_begin(&call, &options);
    struct dtls_config client = *call_config(&call, CLIENT), server = *call_config(&call, SERVER);
    client.psk_identity = ring.psk[1].identity;
    client.psk_key = ring.psk[1].key;
    client.change_own_identity = own;
    server.allow_identity_change = allowed;
    call_set_config(&call, CLIENT, &client);
    call_set_config(&call, SERVER, &server);
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    pair_run_for(call.pair, 3 * NET_SECOND);
    const struct pair_event *failed = pair_last(call.pair, SERVER, DTLS_EVENT_FAILED);
    int error = failed == NULL ? 0 : failed->error;
    if (error == 0) {
        CU_ASSERT_EQUAL(pair_count(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE), 1);
        CU_ASSERT_TRUE(knows(call.pair, SERVER, own ? "bob" : "alice"));
        CU_ASSERT_TRUE(knows(call.pair, CLIENT, own ? "bob" : "alice"));
    }
    call_end(&call);
    return error;
}

static void another_identity_in_a_rehandshake_is_fatal_unless_allowed(void)
{
    CU_ASSERT_EQUAL(become_bob(false, false), 0); /* what was used first stays */
    CU_ASSERT_EQUAL(become_bob(true, false), DTLS_ERR_IDENTITY_CHANGED);
    CU_ASSERT_EQUAL(become_bob(true, true), 0);
}

/* A client's callback that gives another name is refused at home. */
static void a_clients_application_may_not_change_its_mind_either(void)
{
    struct pair_options options;
    struct keyring ring, client;
    struct call call;

    begin(&options, &ring, 9);
    client = (struct keyring){ .psk = { ring.psk[0] }, .count = 1 };
    options.config[CLIENT].psk_key.len = options.config[CLIENT].psk_identity.len = 0;
    keyring_use(&client, CLIENT, &options.config[CLIENT]);
    call_begin(&call, &options);
    client.psk[0] = ring.psk[1];
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    pair_run_for(call.pair, 3 * NET_SECOND);
    const struct pair_event *failed = pair_last(call.pair, CLIENT, DTLS_EVENT_FAILED);
    CU_ASSERT_TRUE(failed != NULL && failed->error == DTLS_ERR_IDENTITY_CHANGED);
    call_end(&call);
}

/* Both ends could do either: what the association began with stays, although the server's order says otherwise. */
static void a_rehandshake_does_not_turn_from_key_to_certificate(void)
{
    for (int allowed = 0; allowed < 2; allowed++)
        for (int first = 0; first < 2; first++) {
            struct pair_options options;
            struct keyring ring;
            struct call call;
            begin(&options, &ring, 10);
            options.config[SERVER].identity = identity_of(IDENTITY_SERVER);
            options.config[CLIENT].verifier = dtls_verifier_accept();
            options.config[CLIENT].allow_identity_change = options.config[SERVER].allow_identity_change = allowed;
            options.config[SERVER].suites[first] = DTLS_PSK_AES_128_GCM_SHA256;
            options.config[SERVER].suites[!first] = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256;
            options.config[SERVER].suite_count = 2;
            call_begin(&call, &options);
            struct dtls_config server = *call_config(&call, SERVER);
            server.suites[!first] = DTLS_PSK_AES_128_GCM_SHA256;
            server.suites[first] = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256;
            call_set_config(&call, SERVER, &server);
            CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, 5 * NET_SECOND));
            bool psk = dtls_conn_psk_fingerprint(call.pair->end[CLIENT].conn) != NULL;
            CU_ASSERT_EQUAL(psk, (first == 0) != allowed);
            CU_ASSERT_EQUAL(dtls_conn_psk_fingerprint(call.pair->end[SERVER].conn) != NULL, psk);
            CU_ASSERT_EQUAL(dtls_conn_psk_identity(call.pair->end[SERVER].conn).at != NULL, psk);
            CU_ASSERT_EQUAL(dtls_conn_peer_fingerprint(call.pair->end[CLIENT].conn) != NULL, !psk);
            call_end(&call);
        }
}

/* ---- a client that begins anew (S6) ---- */

/* A second client from the address of alice's association, with `psk`: how often it has opened. */
static size_t begin_anew(const struct dtls_psk *psk, bool late, struct dtls_endpoint_stats *stats)
{
    struct keyring ring = { .psk = { keyring_psk("alice", 1, 16), keyring_psk("bob", 2, 32) }, .count = 2 };
    struct crowd crowd;

    crowd_init(&crowd, 11);
    keyring_use(&ring, SERVER, &crowd.server);
    crowd.server.identity = crowd.client.identity = NULL;
    crowd.server.verifier.verify = crowd.client.verifier.verify = NULL;
    crowd.client.psk_identity = ring.psk[0].identity;
    crowd.client.psk_key = ring.psk[0].key;
    crowd_open(&crowd);
    struct caller *old = crowd_call(&crowd, 1, 1, NULL);
    CU_ASSERT_TRUE_FATAL(crowd_run_until_open(&crowd, NET_SECOND));
    CU_ASSERT_TRUE_FATAL(crowd_ping(&crowd, NET_SECOND));
    crowd_run_for(&crowd, NET_SECOND);
    crowd_vanish(old);
    struct dtls_config config = crowd.client;
    config.psk_identity = psk->identity;
    config.psk_key = psk->key;
    ring.wait_us = late ? KEYRING_NEVER : 0;
    struct caller *fresh = crowd_call(&crowd, 1, 1, &config);
    crowd_run_for(&crowd, 200 * NET_MS);
    if (late) { /* in the words of dtls/question.h, with an endpoint */
        CU_ASSERT_EQUAL(keyring_answer(&ring, false), DTLS_OK);
        crowd_settle(&crowd);
        CU_ASSERT_TRUE(dtls_endpoint_deadline(crowd.endpoint) <= crowd.net.now_us);
        CU_ASSERT_EQUAL(dtls_endpoint_tick(crowd.endpoint, crowd.net.now_us), DTLS_OK);
        crowd_settle(&crowd);
    }
    crowd_run_for(&crowd, NET_SECOND);
    *stats = crowd_stats(&crowd);
    size_t opens = fresh->opens;
    if (opens > 0 && stats->restarts > 0)
        CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
    crowd_free(&crowd);
    return opens;
}

static void only_the_same_identity_replaces_its_association(void)
{
    const struct dtls_psk alice = keyring_psk("alice", 1, 16), bob = keyring_psk("bob", 2, 32);
    struct dtls_endpoint_stats stats;

    for (int late = 0; late < 2; late++) {
        CU_ASSERT_EQUAL(begin_anew(&alice, late, &stats), 1);
        CU_ASSERT_TRUE(stats.restarts == 1 && stats.impostors == 0);
        begin_anew(&bob, late, &stats);
        CU_ASSERT_TRUE(stats.restarts == 0 && stats.impostors == 1);
    }
}

static CU_TestInfo tests[] = {
    { "every suite opens, with and without jobs, and both ends know the identity", every_suite_opens },
    { "keys of every length open", keys_of_every_length_open },
    { "identities and hints are bytes of any value and number", identities_and_hints_are_bytes },
    { "the order of suites chooses between key and certificate",
      the_order_of_suites_chooses_between_key_and_certificate },
    { "nobody is offered what there are no credentials for", nobody_is_offered_what_there_are_no_credentials_for },
    { "an unknown identity is like a wrong key, byte for byte and at the same times",
      an_unknown_identity_is_like_a_wrong_key },
    { "wrong keys of any length open nothing", wrong_keys_of_any_length_open_nothing },
    { "a client without a key for this server says so", a_client_without_a_key_for_this_server_says_so },
    { "sessions resume by id and by ticket, of the same identity only", sessions_resume_by_id_and_by_ticket },
    { "a session of another identity is not offered", a_session_of_another_identity_is_not_offered },
    { "a pre-shared key is never the same peer as a certificate", a_key_is_never_the_same_peer_as_a_certificate },
    { "rehandshakes of every kind renew the keys, and lose no data", rehandshakes_of_every_kind_renew_the_keys },
    { "another identity in a rehandshake is fatal unless allowed (R9)",
      another_identity_in_a_rehandshake_is_fatal_unless_allowed },
    { "a client's application may not change its mind either (R9)",
      a_clients_application_may_not_change_its_mind_either },
    { "a rehandshake does not turn from key to certificate, or back, unless allowed (R9)",
      a_rehandshake_does_not_turn_from_key_to_certificate },
    { "only the same identity replaces its association at an endpoint (S6)",
      only_the_same_identity_replaces_its_association },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "psk", tests);
}
