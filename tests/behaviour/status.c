/* status.c - the stapled OCSP response (RFC 6066, 8), a verifier's words, and the peer's certificates as they came. */
#include <stdio.h>
#include <string.h>

#include "tests/box/memory.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

static const uint8_t response[3000] = { 0x30, 0x82, 'o', 'c', 's', 'p' };

/* What a verifier was shown. */
struct seen {
    unsigned calls;
    enum dtls_role role;
    bool asked;
    size_t status_len, chain_count;
    bool same; /* as `response` */
    int answer;
};

static int look(void *arg, const struct dtls_peer_identity *peer)
{
    struct seen *seen = arg;

    seen->calls++;
    seen->role = peer->role;
    seen->asked = peer->asked_status;
    seen->status_len = peer->status.len;
    seen->chain_count = peer->chain_count;
    seen->same = peer->status.len == sizeof response && memcmp(peer->status.at, response, sizeof response) == 0;
    if (seen->answer != 0)
        snprintf(peer->reason, DTLS_REASON_MAX, "not before tea (%d)", seen->answer);
    return seen->answer;
}

/* A server with something to staple, and a client that asks or does not; both show their certificates. */
static void arrange(struct pair_options *options, struct dtls_identity *server, struct seen *seen, bool asks)
{
    pair_options(options, 3);
    options->config[SERVER].identity = server;
    options->config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    options->config[CLIENT].verifier = (struct dtls_verifier){ look, seen };
    options->config[CLIENT].request_status = asks;
}

static struct dtls_identity *stapling(bool staples)
{
    struct dtls_identity *identity = NULL;

    CU_ASSERT_EQUAL_FATAL(
        dtls_identity_generate(DTLS_KEY_ECDSA_P256, "stapler", 1577836800, 2524608000, NULL, NULL, &identity), DTLS_OK);
    if (staples)
        CU_ASSERT_EQUAL(dtls_identity_set_ocsp_response(identity, response, sizeof response), DTLS_OK);
    return identity;
}

/* The response's first bytes, in clear in any datagram of the server. */
static bool was_sent(const struct pair *pair)
{
    for (size_t i = 0; i < pair->net.recorded_count; i++) {
        const struct net_recorded *sent = &pair->net.recorded[i];
        for (size_t at = 0; sent->from == SERVER && at + 6 <= sent->len; at++)
            if (memcmp(sent->bytes + at, response, 6) == 0)
                return true;
    }
    return false;
}

static void who_asks_gets_what_there_is_and_nobody_else(void)
{
    for (int asks = 0; asks < 2; asks++)
        for (int staples = 0; staples < 2; staples++) {
            struct dtls_identity *identity = stapling(staples);
            struct pair_options options;
            struct seen seen = { 0 };
            arrange(&options, identity, &seen, asks);
            options.recording = true;
            struct pair *pair = pair_new(&options);
            CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND) && pair_ping(pair, NET_SECOND));
            CHECK_CASE(seen.calls == 1 && seen.role == DTLS_SERVER && seen.asked == asks && seen.chain_count == 1,
                       "asks %d, staples %d: %u calls", asks, staples, seen.calls);
            CHECK_CASE(seen.same == (asks && staples) && seen.status_len == (asks && staples ? sizeof response : 0),
                       "asks %d, staples %d: %zu bytes", asks, staples, seen.status_len);
            CHECK_CASE(was_sent(pair) == (asks && staples), "asks %d, staples %d", asks, staples);
            pair_free(pair);
            dtls_identity_free(identity);
        }
}

/* In twelve pieces, on a bad network, with another thread's public-key work, and again in a rehandshake. */
static void a_long_one_comes_through_fragments_loss_and_jobs(void)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct dtls_identity *identity = stapling(true);
        struct pair_options options;
        struct seen seen = { 0 };
        size_t one = 1;
        arrange(&options, identity, &seen, true);
        options.seed = seed;
        options.config[SERVER].mtu = 300;
        for (int end = CLIENT; end <= SERVER; end++) {
            options.link[end].loss = options.link[end].reorder = options.link[end].duplicate = 1000;
            options.link[end].reorder_us = 30 * NET_MS;
            options.config[end].public_key_jobs = seed % 2 == 0;
        }
        options.job_us = 5 * NET_MS;
        struct pair *pair = pair_new(&options);
        CHECK_CASE(pair_run_until_open(pair, 60 * NET_SECOND), "seed %u does not open", (unsigned)seed);
        CHECK_CASE(seen.calls == 1 && seen.same, "seed %u: %u calls", (unsigned)seed, seen.calls);
        CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
        CHECK_CASE(pair_run_until_renewed(pair, one, 60 * NET_SECOND), "seed %u is not renewed", (unsigned)seed);
        CHECK_CASE(seen.calls == 2 && seen.same, "seed %u: %u calls", (unsigned)seed, seen.calls);
        pair_free(pair);
        dtls_identity_free(identity);
    }
}

static void a_resumption_staples_nothing(void)
{
    struct dtls_identity *identity = stapling(true);
    struct pair_options options;
    struct seen seen = { 0 };

    arrange(&options, identity, &seen, true);
    struct pair *pair = pair_new(&options);
    size_t one = 1;
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_ABBREVIATED), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_renewed(pair, one, 5 * NET_SECOND));
    CU_ASSERT_TRUE(seen.calls > 1 && seen.chain_count == 0 && seen.status_len == 0 && seen.role == DTLS_SERVER);
    pair_free(pair);
    dtls_identity_free(identity);
}

static void the_words_of_a_refusal_are_the_applications(void)
{
    for (int judge = CLIENT; judge <= SERVER; judge++)
        for (int asks = 0; asks < 2; asks++) {
            struct dtls_identity *identity = stapling(asks);
            struct pair_options options;
            struct seen seen = { .answer = DTLS_ALERT_CERTIFICATE_REVOKED };
            arrange(&options, identity, &seen, asks);
            options.config[net_other((enum net_end)judge)].verifier = dtls_verifier_accept();
            options.config[judge].verifier = (struct dtls_verifier){ look, &seen };
            struct pair *pair = pair_new(&options);
            pair_run_for(pair, 30 * NET_SECOND);
            const struct pair_event *own = pair_last(pair, (enum net_end)judge, DTLS_EVENT_FAILED);
            const struct pair_event *other = pair_last(pair, net_other((enum net_end)judge), DTLS_EVENT_FAILED);
            CU_ASSERT_TRUE(own != NULL && own->error == DTLS_ERR_BAD_CERTIFICATE);
            CU_ASSERT_TRUE(other != NULL && other->error == DTLS_ERR_ALERT && other->alert == 44);
            const char *words = dtls_conn_reason(pair->end[judge].conn);
            CHECK_CASE(words != NULL && strcmp(words, "not before tea (44)") == 0, "judge %d says %s", judge,
                       words == NULL ? "nothing" : words);
            CU_ASSERT_PTR_NULL(dtls_conn_reason(pair->end[net_other((enum net_end)judge)].conn));
            CU_ASSERT_EQUAL(seen.role, judge == CLIENT ? DTLS_SERVER : DTLS_CLIENT);
            pair_free(pair);
            dtls_identity_free(identity);
        }
}

/* Of two ways to an authority the first was none, perhaps: that is no reason for what happens later. */
static int look_and_grumble(void *arg, const struct dtls_peer_identity *peer)
{
    snprintf(peer->reason, DTLS_REASON_MAX, "not the first way");
    return look(arg, peer);
}

static void words_of_a_yes_explain_no_timeout(void)
{
    struct dtls_identity *identity = stapling(true);
    struct pair_options options;
    struct seen seen = { 0 };

    arrange(&options, identity, &seen, true);
    options.config[CLIENT].verifier = (struct dtls_verifier){ look_and_grumble, &seen };
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, 50 * NET_MS);
    CU_ASSERT_EQUAL(seen.calls, 1);
    pair->net.link[CLIENT].loss = pair->net.link[SERVER].loss = 10000;
    pair_run_for(pair, 90 * NET_SECOND);
    const struct pair_event *failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
    const char *words = dtls_conn_reason(pair->end[CLIENT].conn);
    CU_ASSERT_TRUE(failed != NULL && failed->error == DTLS_ERR_TIMEOUT);
    CHECK_CASE(words == NULL, "%s", words);
    pair_free(pair);
    dtls_identity_free(identity);
}

/* Anybody can send the beginning of a message that is too large. */
static void words_about_a_forged_message_explain_no_other_refusal(void)
{
    uint8_t forged[13 + 12 + 1] = { 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 13,
                                    11, 0xff, 0,    0, 0, 1, 0, 0, 0, 0, 0, 1 };
    struct dtls_fingerprint other = { .hash = DTLS_FINGERPRINT_SHA_256 };
    struct dtls_identity *identity = stapling(false);
    struct pair_options options;
    struct seen seen = { 0 };

    arrange(&options, identity, &seen, false);
    options.config[CLIENT].fingerprints = &other;
    options.config[CLIENT].fingerprint_count = 1;
    struct pair *pair = pair_new(&options);
    struct dtls_conn *client = pair->end[CLIENT].conn;
    CU_ASSERT_EQUAL(dtls_conn_receive(client, pair->net.now_us, forged, sizeof forged), DTLS_OK);
    CU_ASSERT_EQUAL(pair_stats(pair, CLIENT).dropped[DTLS_DROP_TOO_LARGE], 1);
    pair_run_for(pair, 5 * NET_SECOND);
    const struct pair_event *failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
    const char *words = dtls_conn_reason(client);
    CU_ASSERT_TRUE(failed != NULL && failed->error == DTLS_ERR_BAD_CERTIFICATE && seen.calls == 0);
    CHECK_CASE(words == NULL, "%s", words);
    pair_free(pair);
    dtls_identity_free(identity);
}

static void the_chain_is_there_as_it_came_where_it_is_wanted(void)
{
    for (int kept = 0; kept < 2; kept++) {
        struct memory memory[2] = { { .fail_at = MEMORY_NEVER_FAILS }, { .fail_at = MEMORY_NEVER_FAILS } };
        struct pair_options options;
        size_t one = 1;
        pair_options(&options, 9);
        options.config[SERVER].identity = identity_of(IDENTITY_LONG_CHAIN);
        options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
        for (int end = CLIENT; end <= SERVER; end++) {
            memory_use(&memory[end], &options.config[end]);
            options.config[end].keep_peer_chain = kept;
        }
        struct pair *pair = pair_new(&options);
        CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 5 * NET_SECOND));
        for (int again = 0; again < 2; again++) {
            for (int end = CLIENT; end <= SERVER; end++)
                for (size_t i = 0; i < 5; i++) {
                    enum identity_kind kind = end == CLIENT ? IDENTITY_LONG_CHAIN : IDENTITY_CLIENT;
                    struct dtls_bytes shown = dtls_identity_certificate(identity_of(kind), i);
                    struct dtls_bytes has = dtls_conn_peer_certificate(pair->end[end].conn, i);
                    CHECK_CASE(has.len == (kept ? shown.len : 0) &&
                                   (has.len == 0 || memcmp(has.at, shown.at, has.len) == 0),
                               "kept %d, end %d, certificate %zu, again %d: %zu bytes", kept, end, i, again, has.len);
                }
            CU_ASSERT_EQUAL(
                pair_rehandshake(pair, CLIENT, again ? DTLS_REHANDSHAKE_FULL : DTLS_REHANDSHAKE_ABBREVIATED), DTLS_OK);
            CU_ASSERT_TRUE(pair_run_until_renewed(pair, one++, 5 * NET_SECOND));
        }
        pair_free(pair);
        CU_ASSERT_TRUE(memory[CLIENT].live_blocks == 0 && memory[SERVER].live_blocks == 0);
    }
}

static void a_response_has_its_bounds(void)
{
    static uint8_t long_one[UINT16_MAX + 1];
    struct dtls_identity *identity = stapling(true);

    CU_ASSERT_EQUAL(dtls_identity_set_ocsp_response(identity, long_one, sizeof long_one), DTLS_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(dtls_identity_set_ocsp_response(identity, long_one, sizeof long_one - 1), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_identity_set_ocsp_response(identity, NULL, 0), DTLS_OK);
    dtls_identity_free(identity);
}

/* It may be forged, so it ends nothing; the end by time knows why. */
static void a_message_too_large_is_named_when_time_is_up(void)
{
    struct dtls_identity *identity = stapling(true);
    struct pair_options options;
    struct seen seen = { 0 };

    arrange(&options, identity, &seen, true);
    options.config[CLIENT].max_message = 2048;
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, 90 * NET_SECOND);
    const struct pair_event *failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
    const char *words = dtls_conn_reason(pair->end[CLIENT].conn);
    CU_ASSERT_TRUE(failed != NULL && failed->error == DTLS_ERR_TIMEOUT && seen.calls == 0);
    CHECK_CASE(words != NULL && strcmp(words, "a CertificateStatus of 3004 bytes came, and max_message is 2048") == 0,
               "%s", words == NULL ? "no words" : words);
    pair_free(pair);
    dtls_identity_free(identity);
}

static CU_TestInfo tests[] = {
    { "who asks gets what there is, and nobody else", who_asks_gets_what_there_is_and_nobody_else },
    { "a long one comes through fragments, loss and jobs", a_long_one_comes_through_fragments_loss_and_jobs },
    { "a resumption staples nothing", a_resumption_staples_nothing },
    { "the words of a refusal are the application's", the_words_of_a_refusal_are_the_applications },
    { "the words of a yes explain no timeout", words_of_a_yes_explain_no_timeout },
    { "the words about a forged message explain no other refusal",
      words_about_a_forged_message_explain_no_other_refusal },
    { "the chain is there as it came, where it is wanted", the_chain_is_there_as_it_came_where_it_is_wanted },
    { "a response has its bounds", a_response_has_its_bounds },
    { "a message too large is named when time is up", a_message_too_large_is_named_when_time_is_up },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "status", tests);
}
