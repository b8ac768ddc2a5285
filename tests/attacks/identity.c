/* identity.c - who the peer is: proofs that are missing, certificates that are another's, verdicts that are ignored,
 * sessions of somebody else. */
#include <stdlib.h>
#include <string.h>

#include "conn/conn_private.h"
#include "identity/identity.h"
#include "messages/handshake_header.h"
#include "messages/key_exchange.h"
#include "tests/attacks/draft.h"
#include "tests/box/forge.h"
#include "tests/box/keyring.h"
#include "tests/box/record_view.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

/* ---- a certificate without a proof (CVE-2022-29222) ---- */

/* The client's flight as a malicious one sends it: that certificate, and no CertificateVerify. */
static void answer_without_proof(struct siege *siege, const struct dtls_identity *shown)
{
    struct dtls_conn *conn = siege->pair->end[CLIENT].conn;
    struct dtls_handshake *hs = conn->hs;
    const struct net_recorded *flight = &siege->pair->net.recorded[siege->pair->net.recorded_count - 1];
    struct record_view records[RECORD_VIEW_MAX];
    size_t count = record_view_split(flight->bytes, flight->len, records);

    CU_ASSERT_TRUE_FATAL(flight->from == SERVER && count == 5);
    siege_strike(siege, CLIENT, flight->bytes, records[4].at); /* all but ServerHelloDone */
    struct dtls_message done = { DTLS_SERVER_HELLO_DONE, hs->in.next, hs->epoch, { NULL, 0 } };
    CU_ASSERT_EQUAL(dtls_handshake_hear(hs, &done), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_handshake_add_certificate(hs, shown), DTLS_OK);
    struct dtls_writer to = dtls_flight_open(&hs->building, 1 + DTLS_ECDHE_MAX_POINT);
    dtls_client_key_exchange_write(&to, (struct dtls_bytes){ hs->ecdhe.public_point, hs->ecdhe.public_len });
    CU_ASSERT_EQUAL(dtls_handshake_close_message(hs, &to, DTLS_CLIENT_KEY_EXCHANGE), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_handshake_derive(hs, (struct dtls_bytes){ hs->premaster, hs->premaster_len }), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_handshake_add_finished(hs), DTLS_OK);
    dtls_handshake_flight_ready(hs);
    hs->happened = 0;
    dtls_conn_transmit(conn);
    pair_settle(siege->pair, CLIENT);
    pair_run_for(siege->pair, 30 * NET_MS);
}

static void a_certificate_without_its_proof_is_refused(void)
{
    for (enum siege_phase phase = SIEGE_ANSWERED; phase <= SIEGE_AGAIN_ANSWERED;
         phase += SIEGE_AGAIN_ANSWERED - SIEGE_ANSWERED)
        for (int show = 0; show <= 1; show++) {
            enum dtls_event_type done = phase == SIEGE_ANSWERED ? DTLS_EVENT_OPEN : DTLS_EVENT_REHANDSHAKE_DONE;
            struct pair_options options;
            struct siege siege;
            pair_options(&options, 1);
            options.recording = true;
            options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_ASK;
            if (show == 0) /* a client without one answers like this, and is welcome: the flight is a good one */
                options.config[CLIENT].identity = NULL;
            siege_begin(&siege, phase, &options);
            answer_without_proof(&siege, show ? identity_of(IDENTITY_CLIENT) : NULL);
            CHECK_CASE(draft_verdict(&siege, SERVER) == (show ? DTLS_ERR_UNEXPECTED_MESSAGE : DTLS_OK), "%s, %d: %d",
                       siege_name(phase), show, draft_verdict(&siege, SERVER));
            CHECK_CASE(pair_count(siege.pair, SERVER, done) == (show ? 0 : 1), "%s, %d: not as it should be",
                       siege_name(phase), show);
            siege_end(&siege);
        }
}

/* Somebody else's certificate over the own key. */
static struct dtls_identity mix(enum identity_kind certificate, enum identity_kind key)
{
    struct dtls_identity mixed = *identity_of(certificate);

    mixed.key = identity_of(key)->key;
    mixed.public_key = identity_of(key)->public_key;
    return mixed;
}

/* What the end that judges has died of, after a first handshake. */
static int judge(const struct pair_options *options, enum net_end judging)
{
    struct pair *pair = pair_new(options);

    pair_run_for(pair, 10 * NET_SECOND);
    const struct pair_event *failed = pair_last(pair, judging, DTLS_EVENT_FAILED);
    int error = failed == NULL ? DTLS_OK : failed->error;
    CU_ASSERT_EQUAL(pair_count(pair, judging, DTLS_EVENT_OPEN), error == DTLS_OK);
    CU_ASSERT_EQUAL(pair_count(pair, judging, DTLS_EVENT_DATA), 0);
    pair_free(pair);
    return error;
}

static void a_proof_with_another_key_is_refused(void)
{
    struct dtls_identity mixed = mix(IDENTITY_CLIENT, IDENTITY_OTHER);
    struct pair_options options;

    pair_options(&options, 1);
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    CU_ASSERT_EQUAL(judge(&options, SERVER), DTLS_OK);
    options.config[CLIENT].identity = &mixed;
    options.config[SERVER].verifier = dtls_verifier_pinned(identity_fingerprint(IDENTITY_CLIENT)); /* it looks right */
    CU_ASSERT_EQUAL(judge(&options, SERVER), DTLS_ERR_BAD_SIGNATURE);
}

/* ---- verification that can be got round (CVE-2021-34433) ---- */

static void change_nothing(struct dtls_identity *identity, struct pair_options *options)
{
    (void)identity;
    (void)options;
}

static void pin_another(struct dtls_identity *identity, struct pair_options *options)
{
    (void)identity;
    options->config[CLIENT].verifier = dtls_verifier_pinned(identity_fingerprint(IDENTITY_OTHER));
}

static void show_another(struct dtls_identity *identity, struct pair_options *options)
{
    *identity = mix(IDENTITY_SERVER, IDENTITY_OTHER);
    options->config[CLIENT].verifier = dtls_verifier_pinned(identity_fingerprint(IDENTITY_SERVER));
}

static void show_a_cut_one(struct dtls_identity *identity, struct pair_options *options)
{
    (void)options;
    identity->chain[0].len--;
}

static void show_one_of_no_bytes(struct dtls_identity *identity, struct pair_options *options)
{
    (void)options;
    identity->chain[0].len = 0;
}

static void show_another_kind(struct dtls_identity *identity, struct pair_options *options)
{
    (void)options;
    identity->chain[0] = identity_of(IDENTITY_RSA2048)->chain[0];
}

/* The pinned certificate is in the chain, and not its leaf. */
static void put_the_pinned_one_second(struct dtls_identity *identity, struct pair_options *options)
{
    *identity = *identity_of(IDENTITY_OTHER);
    identity->chain[1] = identity_of(IDENTITY_SERVER)->chain[0];
    identity->chain_count = 2;
    options->config[CLIENT].verifier = dtls_verifier_pinned(identity_fingerprint(IDENTITY_SERVER));
}

static void every_bad_certificate_of_a_server_is_refused(void)
{
    static const struct {
        const char *name;
        void (*change)(struct dtls_identity *identity, struct pair_options *options);
        int error;
    } cases[] = {
        { "the right one", change_nothing, DTLS_OK },
        { "not the pinned one", pin_another, DTLS_ERR_BAD_CERTIFICATE },
        { "the pinned one, another key", show_another, DTLS_ERR_BAD_SIGNATURE },
        { "one cut short", show_a_cut_one, DTLS_ERR_BAD_CERTIFICATE },
        { "one of no bytes", show_one_of_no_bytes, DTLS_ERR_DECODE },
        { "one of another kind than the suite's", show_another_kind, DTLS_ERR_ILLEGAL_PARAMETER },
        { "the pinned one behind another", put_the_pinned_one_second, DTLS_ERR_BAD_CERTIFICATE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dtls_identity identity = *identity_of(IDENTITY_SERVER);
        struct pair_options options;
        pair_options(&options, 1);
        options.config[SERVER].identity = &identity;
        cases[i].change(&identity, &options);
        int error = judge(&options, CLIENT);
        CHECK_CASE(error == cases[i].error, "%s: %d", cases[i].name, error);
    }
}

/* No engine of ours would say it. */
static void an_empty_chain_of_a_server_is_refused(void)
{
    const struct draft draft = { .random = 1 };
    const struct siege_fragment certificate = {
        .type = DTLS_CERTIFICATE, .message_seq = 1, .length = 3, .fragment_length = 3, .present = 3
    };
    struct siege siege;

    siege_begin(&siege, SIEGE_HELLO, NULL);
    draft_say_server_hello(&siege, &draft);
    CU_ASSERT_EQUAL(draft_verdict(&siege, CLIENT), DTLS_OK);
    siege_say(&siege, CLIENT, &certificate);
    CU_ASSERT_EQUAL(draft_verdict(&siege, CLIENT), DTLS_ERR_NO_CERTIFICATE);
    siege_end(&siege);
}

static void a_client_that_has_to_show_one_shows_one(void)
{
    struct pair_options options;

    pair_options(&options, 1);
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.config[CLIENT].identity = NULL;
    CU_ASSERT_EQUAL(judge(&options, SERVER), DTLS_ERR_NO_CERTIFICATE);
    options.config[CLIENT].identity = identity_of(IDENTITY_OTHER);
    options.config[SERVER].verifier = dtls_verifier_pinned(identity_fingerprint(IDENTITY_CLIENT));
    CU_ASSERT_EQUAL(judge(&options, SERVER), DTLS_ERR_BAD_CERTIFICATE);
}

/* ---- a verdict that is ignored ---- */

/* The judge says no. Its peer does not care, hears no alert, and sends all it has: under no circumstances comes OPEN,
 * or data either way, or a session that could be resumed. */
static void no_data_without_a_yes(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        enum net_end judging = (enum net_end)end;
        struct pair_options options;
        pair_options(&options, 1);
        options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
        struct dtls_session_cache *cache = dtls_session_cache_new(4);
        options.config[SERVER].store = dtls_session_cache_store(cache);
        options.config[judging].verifier = dtls_verifier_pinned(identity_fingerprint(IDENTITY_OTHER));
        options.silent = true;
        struct pair *pair = pair_new(&options);
        CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
        pair_run_for(pair, 35 * NET_MS);
        pair->net.link[judging].loss = 10000; /* the flights have come; the alert does not */
        for (int i = 0; i < 100; i++) {
            pair_run_for(pair, 100 * NET_MS);
            CU_ASSERT_EQUAL(pair_send(pair, CLIENT, "data", 4), DTLS_ERR_NOT_OPEN);
            CU_ASSERT_EQUAL(pair_send(pair, SERVER, "data", 4), DTLS_ERR_NOT_OPEN);
            if (judging == SERVER && pair->end[CLIENT].conn->as.epochs.next != NULL) { /* its own keys, unasked */
                struct dtls_epoch *next = pair->end[CLIENT].conn->as.epochs.next;
                uint8_t record[100];
                memcpy(record + dtls_epoch_prefix(next), "data", 4);
                size_t len = dtls_epoch_seal(next, RECORD_DATA, record, 4);
                net_inject(&pair->net, SERVER, pair->net.now_us, record, len);
            }
        }
        const struct pair_event *failed = pair_last(pair, judging, DTLS_EVENT_FAILED);
        CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_BAD_CERTIFICATE, "end %d does not fail", end);
        for (int other = CLIENT; other <= SERVER; other++) {
            CU_ASSERT_EQUAL(pair_count(pair, (enum net_end)other, DTLS_EVENT_OPEN), 0);
            CU_ASSERT_EQUAL(pair_count(pair, (enum net_end)other, DTLS_EVENT_DATA), 0);
            CU_ASSERT_EQUAL(pair_count(pair, (enum net_end)other, DTLS_EVENT_SESSION), 0);
        }
        CU_ASSERT_PTR_NULL(dtls_conn_peer_fingerprint(pair->end[judging].conn));
        pair_free(pair);
        dtls_session_cache_free(cache);
    }
}

/* One failure stays with the one who failed: configuration, cache, ticket keys and cookie secrets are as before. */
static void a_bad_peer_spoils_no_good_one(void)
{
    struct dtls_session_cache *cache = dtls_session_cache_new(4);
    const struct dtls_ticket_keys keys = { .keys = { { .name = "one", .key = "two" } }, .count = 1 };
    struct dtls_identity mixed = mix(IDENTITY_CLIENT, IDENTITY_OTHER);
    const struct dtls_identity *bad[] = { &mixed, identity_of(IDENTITY_OTHER), NULL };

    for (size_t i = 0; i < siege_count(60); i++)
        for (int good = 0; good <= 1; good++) {
            struct pair_options options;
            pair_options(&options, i + 1);
            options.cookies = true;
            options.config[SERVER].store = dtls_session_cache_store(cache);
            options.config[SERVER].ticket_keys = i % 2 ? &keys : NULL;
            options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
            options.config[SERVER].verifier = dtls_verifier_pinned(identity_fingerprint(IDENTITY_CLIENT));
            if (!good)
                options.config[CLIENT].identity = bad[i % 3];
            CHECK_CASE((judge(&options, SERVER) == DTLS_OK) == good, "peer %zu, %s", i, good ? "good" : "bad");
        }
    dtls_session_cache_free(cache);
}

/* ---- sessions of somebody else (CVE-2026-94419) ---- */

static struct dtls_session *session_with_server(uint64_t *now_us)
{
    struct pair_options options;
    struct dtls_session_cache *cache = dtls_session_cache_new(4);

    pair_options(&options, 1);
    options.config[SERVER].store = dtls_session_cache_store(cache);
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, NET_SECOND));
    pair_run_for(pair, NET_SECOND);
    struct dtls_session *session = pair_session(pair);
    *now_us = pair->net.now_us;
    pair_free(pair);
    dtls_session_cache_free(cache);
    return session;
}

static void plant(struct dtls_session_cache *cache, const struct dtls_session_state *state)
{
    const struct dtls_store *store = dtls_session_cache_store(cache);
    uint8_t entry[DTLS_SESSION_STATE_MAX];
    struct dtls_writer to = dtls_writer_to(entry, sizeof entry);

    dtls_session_state_write(&to, state);
    store->put(store->arg, dtls_view(state->id, state->id_len), dtls_writer_bytes(&to), 60);
}

/* Another server has, or says that it has, a session of the same id. */
static void a_session_is_resumed_with_nobody_else(void)
{
    for (int claims = 0; claims <= 1; claims++) {
        struct pair_options options;
        pair_options(&options, 2);
        struct dtls_session *session = session_with_server(&options.start_us);
        struct dtls_session_state other = session->state;
        struct dtls_session_cache *cache = dtls_session_cache_new(4);
        memset(other.master, 7, sizeof other.master); /* all it lacks */
        other.has_peer = false;
        if (claims)
            plant(cache, &other);
        options.config[SERVER].store = dtls_session_cache_store(cache);
        options.config[SERVER].identity = identity_of(IDENTITY_OTHER);
        options.config[CLIENT].verifier = dtls_verifier_pinned(identity_fingerprint(IDENTITY_SERVER));
        options.session = session;
        struct pair *pair = pair_new(&options);
        pair_run_for(pair, 100 * NET_SECOND);
        const struct pair_event *failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
        CHECK_CASE(failed != NULL && pair_count(pair, CLIENT, DTLS_EVENT_OPEN) == 0, "claims %d: it opens", claims);
        if (claims)
            CU_ASSERT_TRUE(pair_stats(pair, CLIENT).dropped[DTLS_DROP_FORGED] > 0) /* its Finished, under other keys */
        else
            CU_ASSERT_EQUAL(failed == NULL ? 0 : failed->error, DTLS_ERR_BAD_CERTIFICATE);
        pair_free(pair);
        dtls_session_cache_free(cache);
        dtls_session_free(session);
    }
}

static void a_session_of_another_peer_is_not_offered(void)
{
    struct pair_options options;

    pair_options(&options, 3);
    struct dtls_session *session = session_with_server(&options.start_us);
    options.config[CLIENT].verifier = dtls_verifier_pinned(identity_fingerprint(IDENTITY_OTHER));
    struct dtls_conn *client = dtls_conn_new(&options.config[CLIENT], DTLS_CLIENT);
    CU_ASSERT_EQUAL(dtls_conn_resume(client, session), DTLS_ERR_ARGUMENT);
    dtls_conn_free(client);
    dtls_session_free(session);
}

/* ---- identities with zero bytes in them ---- */

static void a_zero_byte_ends_no_comparison(void)
{
    uint8_t pinned[DTLS_FINGERPRINT_LEN], shown[DTLS_FINGERPRINT_LEN];

    for (size_t zero = 0; zero < DTLS_FINGERPRINT_LEN; zero++)
        for (size_t i = 0; i < DTLS_FINGERPRINT_LEN; i++) {
            struct dtls_verifier verifier = dtls_verifier_pinned(pinned);
            memset(pinned, 0x41, sizeof pinned);
            pinned[zero] = 0;
            memcpy(shown, pinned, sizeof shown);
            CU_ASSERT_EQUAL(verifier.verify(verifier.arg, &(struct dtls_peer_identity){ .fingerprint = shown }), 0);
            shown[i] ^= 1;
            CU_ASSERT_NOT_EQUAL(verifier.verify(verifier.arg, &(struct dtls_peer_identity){ .fingerprint = shown }), 0);
        }
    uint8_t almost[DTLS_FINGERPRINT_LEN]; /* and in a handshake every byte counts */
    for (size_t i = 0; i < DTLS_FINGERPRINT_LEN; i++) {
        struct pair_options options;
        pair_options(&options, 1);
        memcpy(almost, identity_fingerprint(IDENTITY_SERVER), sizeof almost);
        almost[i] ^= 0x80;
        options.config[CLIENT].verifier = dtls_verifier_pinned(almost);
        CU_ASSERT_EQUAL(judge(&options, CLIENT), DTLS_ERR_BAD_CERTIFICATE);
    }
}

/* Two clients whose identities differ behind a zero byte alone, each with its key. */
static void begin_with_zero_bytes(struct pair_options *options, struct keyring *ring, size_t name, size_t key)
{
    static const uint8_t names[2][7] = { { 'a', 'l', 'i', 'c', 'e', 0, '1' }, { 'a', 'l', 'i', 'c', 'e', 0, '2' } };

    pair_options(options, 1);
    *ring = (struct keyring){ .psk = { keyring_psk("", 1, 16), keyring_psk("", 2, 16) }, .count = 2 };
    for (size_t i = 0; i < 2; i++)
        ring->psk[i].identity = (struct dtls_bytes){ names[i], sizeof names[i] };
    keyring_use(ring, SERVER, &options->config[SERVER]);
    options->config[SERVER].identity = options->config[CLIENT].identity = NULL;
    options->config[SERVER].verifier.verify = options->config[CLIENT].verifier.verify = NULL;
    options->config[CLIENT].psk_identity = ring->psk[name].identity;
    options->config[CLIENT].psk_key = ring->psk[key].key;
}

static void a_zero_byte_ends_no_psk_identity(void)
{
    struct pair_options options;
    struct keyring ring;

    for (size_t name = 0; name < 2; name++)
        for (size_t key = 0; key < 2; key++) {
            begin_with_zero_bytes(&options, &ring, name, key);
            struct pair *pair = pair_new(&options);
            CHECK_CASE(pair_run_until_open(pair, 5 * NET_SECOND) == (name == key), "name %zu, key %zu", name, key);
            CHECK_CASE(ring.name_len == 7 && memcmp(ring.name, ring.psk[name].identity.at, 7) == 0, "name %zu", name);
            pair_free(pair);
        }
    begin_with_zero_bytes(&options, &ring, 0, 0); /* nor is it the same peer in a rehandshake */
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 5 * NET_SECOND));
    struct dtls_config other = *dtls_conn_config(pair->end[CLIENT].conn);
    other.psk_identity = ring.psk[1].identity;
    other.psk_key = ring.psk[1].key;
    other.change_own_identity = true;
    CU_ASSERT_EQUAL(dtls_conn_set_config(pair->end[CLIENT].conn, &other), DTLS_OK);
    pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    pair_run_for(pair, 3 * NET_SECOND);
    const struct pair_event *failed = pair_last(pair, SERVER, DTLS_EVENT_FAILED);
    CU_ASSERT_TRUE(failed != NULL && failed->error == DTLS_ERR_IDENTITY_CHANGED);
    pair_free(pair);
}

static CU_TestInfo tests[] = {
    { "CVE-2022-29222: a certificate without its proof is refused, in a rehandshake too",
      a_certificate_without_its_proof_is_refused },
    { "CVE-2022-29222: a proof with another key is refused", a_proof_with_another_key_is_refused },
    { "CVE-2021-34433: every bad certificate of a server is refused", every_bad_certificate_of_a_server_is_refused },
    { "CVE-2021-34433: an empty chain of a server is refused", an_empty_chain_of_a_server_is_refused },
    { "CVE-2021-34433: a client that has to show a certificate shows one", a_client_that_has_to_show_one_shows_one },
    { "GHSA-74xm-qj29-cq8p: without a yes of the verifier there is no data, whatever the peer does",
      no_data_without_a_yes },
    { "CVE-2020-27222: a bad peer spoils no good one", a_bad_peer_spoils_no_good_one },
    { "CVE-2026-94419: a session is resumed with nobody but the one it was made with",
      a_session_is_resumed_with_nobody_else },
    { "CVE-2026-94419: a session of another peer is not offered", a_session_of_another_peer_is_not_offered },
    { "CVE-2026-42010: a zero byte ends no comparison of identities", a_zero_byte_ends_no_comparison },
    { "CVE-2026-42010: a zero byte ends no identity of a pre-shared key", a_zero_byte_ends_no_psk_identity },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks identity", tests);
}
