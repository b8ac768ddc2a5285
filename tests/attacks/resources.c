/* resources.c - what many attackers, many failures and early ends cost: nothing that stays. */
#include <stdlib.h>
#include <string.h>

#include "identity/identity.h"
#include "tests/attacks/draft.h"
#include "tests/box/forge.h"
#include "tests/box/record_view.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

/* ---- handshakes that fail ---- */

enum failure { NO_CLIENT_CERTIFICATE, NOT_TRUSTED, NO_COMMON_SUITE, GARBAGE, SILENCE, GONE, FAILURES };

/* One failing client after the other at one server's configuration, whose memory they share. */
static void failing_handshakes_leave_memory_flat(void)
{
    struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
    struct dtls_session_cache *cache = dtls_session_cache_new(8);
    const struct dtls_ticket_keys keys = { .keys = { { .name = "one", .key = "two" } }, .count = 1 };
    size_t count = siege_count(1200), most = 0;

    for (size_t i = 0; i < count; i++) {
        enum failure failure = (enum failure)(i % FAILURES);
        struct pair_options options;
        pair_options(&options, i + 1);
        options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
        options.config[SERVER].store = dtls_session_cache_store(cache);
        options.config[SERVER].ticket_keys = &keys;
        memory_use(&memory, &options.config[SERVER]);
        if (failure == NO_CLIENT_CERTIFICATE)
            options.config[CLIENT].identity = NULL;
        if (failure == NOT_TRUSTED)
            options.config[SERVER].verifier = dtls_verifier_pinned(identity_fingerprint(IDENTITY_OTHER));
        if (failure == NO_COMMON_SUITE) {
            options.config[CLIENT].suites[0] = DTLS_ECDHE_RSA_AES_128_GCM_SHA256;
            options.config[CLIENT].suite_count = 1;
        }
        if (failure == SILENCE)
            options.link[CLIENT].loss = 10000;
        struct pair *pair = pair_new(&options);
        if (failure == GONE)
            pair_run_for(pair, 45 * NET_MS); /* and its owner frees it with the handshake half done */
        if (failure == GARBAGE) {
            uint8_t garbage[200] = { 22, 0xfe, 0xfd, 0,   0, 0, 0, 0, 0, 0, 9, 0,  187,
                                     1,  0,    0,    175, 0, 0, 0, 0, 0, 0, 0, 175 };
            net_inject(&pair->net, SERVER, pair->net.now_us, garbage, sizeof garbage);
        }
        if (failure != GONE) {
            pair_run_for(pair, 100 * NET_SECOND);
            CHECK_CASE(pair_count(pair, SERVER, DTLS_EVENT_FAILED) == 1 &&
                           pair_count(pair, SERVER, DTLS_EVENT_OPEN) == 0,
                       "failure %d does not fail", (int)failure);
        }
        pair_free(pair);
        CHECK_CASE(memory.live_blocks == 0 && memory.live_bytes == 0, "handshake %zu leaves %zu blocks", i,
                   memory.live_blocks);
        if (i == FAILURES)
            most = memory.most_bytes;
        CHECK_CASE(i <= FAILURES || memory.most_bytes <= most + 64, "handshake %zu needs %zu bytes", i,
                   memory.most_bytes);
    }
    dtls_session_cache_free(cache);
}

/* ---- the race for the first ClientHello ---- */

/* Somebody off the path, at an address of his own, is first, in between, and last; with a cookie that he has overheard
 * too. His hellos draw replies to himself, and make no connection. */
struct stranger {
    struct dtls_cookie_secrets *secrets;
    struct rng rng;
    const uint8_t *overheard; /* the victim's second hello, with its cookie */
    size_t overheard_len;
    size_t replies, drops;
};

static void say_hellos(struct stranger *stranger, uint64_t now_us)
{
    static const uint8_t address[] /* as long as the victim's (pair.c) */ = "203.0.113.6:66";
    uint8_t datagram[SIEGE_MOST + 25], reply[DTLS_HELLO_REPLY_LEN], bytes[32];

    for (int i = 0; i < 50; i++) {
        rng_fill(&stranger->rng, bytes, sizeof bytes);
        struct draft draft = { .random = (uint8_t)i, .cookie = { bytes, (size_t)i % 33 } };
        size_t len = draft_client_hello_datagram(&draft, datagram);
        if (i % 5 == 4)
            datagram[RECORD_HEADER_LEN + rng_up_to(&stranger->rng, len - RECORD_HEADER_LEN - 1)] ^= 0x40;
        if (i % 5 == 3 && stranger->overheard != NULL)
            memcpy(datagram, stranger->overheard, len = stranger->overheard_len);
        int verdict = dtls_hello_check(stranger->secrets, now_us, address, sizeof address, datagram, len, rng_fill,
                                       &stranger->rng, reply);
        CU_ASSERT_NOT_EQUAL(verdict, DTLS_HELLO_VALID);
        stranger->replies += verdict == DTLS_HELLO_REPLY;
        stranger->drops += verdict == DTLS_HELLO_DROP;
    }
}

static void who_is_first_does_not_win(void)
{
    struct pair_options options;

    pair_options(&options, 1);
    options.cookies = options.silent = options.recording = true;
    struct pair *pair = pair_new(&options);
    struct stranger stranger = { .secrets = &pair->cookie_secrets, .rng = { 51443 } };
    say_hellos(&stranger, pair->net.now_us);
    CU_ASSERT_PTR_NULL(pair->end[SERVER].conn);
    CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
    for (int i = 0; i < 12; i++) {
        pair_run_for(pair, 10 * NET_MS);
        for (size_t k = 0; k < pair->net.recorded_count && stranger.overheard == NULL; k++)
            if (pair->net.recorded[k].from == CLIENT && pair->net.recorded[k].len > pair->net.recorded[0].len) {
                stranger.overheard = pair->net.recorded[k].bytes;
                stranger.overheard_len = pair->net.recorded[k].len;
            }
        say_hellos(&stranger, pair->net.now_us);
    }
    CU_ASSERT_PTR_NOT_NULL(stranger.overheard);
    CU_ASSERT_TRUE(stranger.replies > 400);
    CU_ASSERT_TRUE(pair_run_until_open(pair, NET_SECOND) && pair_ping(pair, NET_SECOND));
    pair_free(pair);
}

/* Where the address is validated by other means (ICE), a forged hello from it can be first: the attempt that it begins
 * fails by itself, and a new connection succeeds. It spoils nothing else. */
static void a_call_outlives_a_lost_race(void)
{
    for (int bad = 0; bad <= 2; bad++) {
        struct siege siege;
        struct draft draft = { .random = 66, .without = bad == 1 ? 13 : 0 };
        uint8_t datagram[SIEGE_MOST + 25];
        siege_begin(&siege, SIEGE_HELLO, NULL);
        size_t len = draft_client_hello_datagram(&draft, datagram);
        if (bad == 2)
            datagram[len - 1] ^= 1;
        siege_strike(&siege, SERVER, datagram, len);
        pair_run_for(siege.pair, 100 * NET_SECOND);
        CU_ASSERT_EQUAL(pair_count(siege.pair, SERVER, DTLS_EVENT_FAILED), 1);
        CU_ASSERT_EQUAL(pair_count(siege.pair, SERVER, DTLS_EVENT_OPEN), 0);
        struct siege next;
        siege_begin(&next, SIEGE_HELLO, NULL);
        siege_survives(&next, "the next attempt");
        siege_end(&next);
        siege_end(&siege);
    }
}

/* ---- freed while something is under way ---- */

struct freeing {
    struct dtls_conn *conn[2];
    size_t seen, free_at; /* events of both ends */
    enum net_end which;
    uint64_t now_us;
};

/* Takes events as an application does that frees the connection in the middle of one, data still in hand. */
static void take_events(struct freeing *freeing, enum net_end end)
{
    struct dtls_event event;

    while (freeing->conn[end] != NULL && dtls_conn_next_event(freeing->conn[end], &event)) {
        if (freeing->which == end && freeing->seen++ == freeing->free_at) {
            dtls_conn_free(freeing->conn[end]);
            freeing->conn[end] = NULL;
        }
    }
}

static void exchange(struct freeing *freeing)
{
    static uint8_t datagrams[16][2000];
    size_t lens[16];

    for (int rounds = 0; rounds < 10; rounds++)
        for (int end = CLIENT; end <= SERVER; end++) {
            size_t count = 0;
            if (freeing->conn[end] == NULL)
                continue;
            while (count < 16 && dtls_conn_next_datagram(freeing->conn[end], freeing->now_us, datagrams[count],
                                                         sizeof datagrams[count], &lens[count]))
                count++;
            enum net_end other = net_other((enum net_end)end);
            for (size_t i = 0; i < count && freeing->conn[other] != NULL; i++) {
                uint8_t *exact = malloc(lens[i]);
                if (exact == NULL)
                    abort();
                memcpy(exact, datagrams[i], lens[i]);
                dtls_conn_receive(freeing->conn[other], freeing->now_us, exact, lens[i]);
                take_events(freeing, other);
                free(exact);
            }
            freeing->now_us += 1000;
        }
}

static void send_both_ways(struct freeing *freeing)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        uint8_t out[1300];
        size_t len;
        enum net_end other = net_other((enum net_end)end);
        if (freeing->conn[end] != NULL && freeing->conn[other] != NULL &&
            dtls_conn_send(freeing->conn[end], freeing->now_us, (const uint8_t *)"data", 4, out, sizeof out, &len) ==
                DTLS_OK) {
            dtls_conn_receive(freeing->conn[other], freeing->now_us, out, len);
            take_events(freeing, other);
        }
    }
}

/* A life with everything in it; returns how many events one end has had. */
static size_t live_until(enum net_end which, size_t free_at)
{
    struct pair_options options;
    struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
    struct freeing freeing = { .which = which, .free_at = free_at, .now_us = NET_SECOND };

    pair_options(&options, 1);
    options.config[SERVER].rehandshake_interval_ms = 0;
    options.config[SERVER].rehandshake_policy = DTLS_REHANDSHAKE_ASK;
    for (int end = CLIENT; end <= SERVER; end++) {
        memory_use(&memory, &options.config[end]);
        freeing.conn[end] = dtls_conn_new(&options.config[end], (enum dtls_role)end);
        dtls_conn_start(freeing.conn[end], freeing.now_us);
    }
    for (int i = 0; i < 4; i++) {
        exchange(&freeing);
        send_both_ways(&freeing);
        freeing.now_us += 2 * NET_SECOND;
        if (freeing.conn[i % 2] != NULL)
            dtls_conn_rehandshake(freeing.conn[i % 2], freeing.now_us, (enum dtls_rehandshake_mode)(i / 2));
        exchange(&freeing);
        if (freeing.conn[SERVER] != NULL &&
            dtls_conn_accept_rehandshake(freeing.conn[SERVER], freeing.now_us) == DTLS_OK)
            take_events(&freeing, SERVER);
        send_both_ways(&freeing);
    }
    exchange(&freeing);
    if (freeing.conn[CLIENT] != NULL) {
        dtls_conn_close(freeing.conn[CLIENT], freeing.now_us);
        take_events(&freeing, CLIENT);
        exchange(&freeing);
    }
    dtls_conn_free(freeing.conn[CLIENT]);
    dtls_conn_free(freeing.conn[SERVER]);
    CHECK_CASE(memory.live_blocks == 0, "freed at event %zu: %zu blocks are lost", free_at, memory.live_blocks);
    return freeing.seen;
}

static void a_connection_may_be_freed_in_any_event(void)
{
    for (int which = CLIENT; which <= SERVER; which++) {
        size_t events = live_until((enum net_end)which, SIZE_MAX);
        CHECK_CASE(events > 12, "end %d has %zu events only", which, events);
        for (size_t i = 0; i < events; i++)
            live_until((enum net_end)which, i);
    }
    for (enum siege_phase phase = 0; phase < SIEGE_PHASES; phase++) { /* and between any two datagrams */
        struct siege siege;
        siege_begin(&siege, phase, NULL);
        for (int end = CLIENT; end <= SERVER; end++)
            siege_strike_record(&siege, (enum net_end)end, RECORD_DATA, (uint16_t)(siege_epoch(&siege) + 1), "early",
                                5);
        siege_end(&siege);
    }
}

static CU_TestInfo tests[] = {
    { "CVE-2022-39368: failing handshakes leave memory flat", failing_handshakes_leave_memory_flat },
    { "CVE-2023-51443: a ClientHello from off the path wins no race", who_is_first_does_not_win },
    { "CVE-2023-49786: a call outlives a race that was lost", a_call_outlives_a_lost_race },
    { "GHSA-5v6h-wvqr-3crq: a connection may be freed in any event", a_connection_may_be_freed_in_any_event },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks resources", tests);
}
