/* mtu_feedback.c - contract M4: the system says that a datagram was too big, and how much fits. */
#include <string.h>

#include "tests/box/call.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

enum { GCM_EXPANSION = 13 + 8 + 16 };

/* ---- one association at rest ---- */

static void a_size_that_is_told_holds_from_then_on(void)
{
    static const struct {
        size_t told, expected;
    } cases[] = { { 1199, 1199 }, { 548, 548 },   { 256, 256 },   { 255, 256 },
                  { 0, 256 },     { 1200, 1200 }, { 1500, 1200 }, { SIZE_MAX, 1200 } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t told = cases[i].told, expected = cases[i].expected;
        struct pair_options options;
        struct call call;
        pair_options(&options, 130);
        call_begin(&call, &options);
        for (int end = CLIENT; end <= SERVER; end++) {
            struct dtls_conn *conn = call.pair->end[end].conn;
            dtls_conn_datagram_too_big(conn, call.pair->net.now_us, told);
            CHECK_CASE(dtls_conn_mtu(conn) == expected && dtls_conn_max_payload(conn) == expected - GCM_EXPANSION,
                       "told %zu: MTU %zu, payload %zu", told, dtls_conn_mtu(conn), dtls_conn_max_payload(conn));
            pair_settle(call.pair, (enum net_end)end);
            CHECK_CASE(pair_count(call.pair, (enum net_end)end, DTLS_EVENT_MTU) == (expected < 1200), "told %zu: %zu",
                       told, pair_count(call.pair, (enum net_end)end, DTLS_EVENT_MTU));
        }
        CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, 5 * NET_SECOND));
        CU_ASSERT_TRUE(call_is_alive(&call));
        call_end(&call);
    }
}

static void the_event_tells_the_whole_way(void)
{
    struct pair_options options;
    struct dtls_event event;
    struct call call;

    pair_options(&options, 131);
    call_begin(&call, &options);
    struct dtls_conn *conn = call.pair->end[CLIENT].conn;
    for (size_t mtu = 1100; mtu >= 600; mtu -= 100)
        dtls_conn_datagram_too_big(conn, call.pair->net.now_us, mtu);
    CU_ASSERT_TRUE(dtls_conn_next_event(conn, &event));
    CU_ASSERT_TRUE(event.type == DTLS_EVENT_MTU && event.old_mtu == 1200 && event.mtu == 600 &&
                   event.mtu_reason == DTLS_MTU_TOO_BIG);
    CU_ASSERT_FALSE(dtls_conn_next_event(conn, &event));
    dtls_conn_close(conn, call.pair->net.now_us);
    dtls_conn_datagram_too_big(conn, call.pair->net.now_us, 500);
    CU_ASSERT_EQUAL(dtls_conn_mtu(conn), 600);
    CU_ASSERT_TRUE(dtls_conn_next_event(conn, &event) && event.type == DTLS_EVENT_CLOSED);
    CU_ASSERT_FALSE(dtls_conn_next_event(conn, &event));
    call_end(&call);
}

/* ---- a hop that says so ---- */

/* A router 5 ms away: larger datagrams vanish, and their sender's system hears of it. */
struct hop {
    struct pair *pair;
    size_t fits;
    size_t told[2];
};

struct word {
    struct hop *hop;
    enum net_end to;
};

static void hear(void *arg)
{
    struct word *word = arg;
    struct pair *pair = word->hop->pair;

    word->hop->told[word->to]++;
    if (pair->end[word->to].conn != NULL) {
        dtls_conn_datagram_too_big(pair->end[word->to].conn, pair->net.now_us, word->hop->fits);
        pair_settle(pair, word->to);
    }
}

static struct net_verdict pass_if_small(void *arg, const struct net_sending *sending)
{
    static struct word words[2];
    struct hop *hop = arg;

    if (sending->len <= hop->fits)
        return (struct net_verdict){ NET_PASS, 0 };
    words[sending->from] = (struct word){ hop, sending->from };
    net_call_at(&hop->pair->net, sending->now_us + 5 * NET_MS, hear, &words[sending->from]);
    return (struct net_verdict){ NET_DROP, 0 };
}

static void a_handshake_is_cut_again_at_once(void)
{
    static const size_t sizes[] = { 256, 300, 548, 800, 1100, 1199 };

    for (int kind = 0; kind < SCENE_KINDS; kind++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            const char *name = scene_name((enum scene_kind)kind);
            struct hop hop = { .fits = sizes[i] };
            struct pair_options options;
            struct scene scene;
            scene_begin(&scene, (enum scene_kind)kind);
            scene_options(&scene, &options, 132);
            options.config[CLIENT].identity = options.config[SERVER].identity = identity_of(IDENTITY_LONG_CHAIN);
            for (int end = CLIENT; end <= SERVER; end++) {
                options.config[end].initial_timeout_ms = options.config[end].maximum_timeout_ms = 30000;
                options.config[end].flight_interval_ms = 0;
            }
            options.filter = pass_if_small;
            options.filter_arg = &hop;
            struct pair *pair = scene_prepare(&scene, &options);
            hop.pair = pair;
            CU_ASSERT_EQUAL(scene_start(&scene, pair), DTLS_OK);
            /* Far below the timeout: the word alone has brought it on. */
            CHECK_CASE(scene_run(&scene, pair, 400 * NET_MS), "%s through %zu bytes: no handshake in time", name,
                       sizes[i]);
            CHECK_CASE(pair_ping(pair, NET_SECOND), "%s through %zu bytes: no ping", name, sizes[i]);
            for (int end = CLIENT; end <= SERVER; end++)
                CHECK_CASE(pair_count(pair, (enum net_end)end, DTLS_EVENT_MTU) == (hop.told[end] > 0),
                           "%s through %zu bytes: end %d is told %zu times, and tells %zu", name, sizes[i], end,
                           hop.told[end], pair_count(pair, (enum net_end)end, DTLS_EVENT_MTU));
            pair_free(pair);
            scene_end(&scene);
        }
}

/* The path shrinks in the middle of a rehandshake under data: nothing is lost but what the hop itself has dropped. */
static void a_path_may_shrink_in_mid_rehandshake(void)
{
    for (int k = 0; k < CALL_KINDS; k++)
        for (uint64_t when_us = 0; when_us <= 100 * NET_MS; when_us += 10 * NET_MS) {
            struct hop hop = { .fits = 65507 };
            struct pair_options options;
            struct call call;
            pair_options(&options, 133);
            options.config[CLIENT].identity = options.config[SERVER].identity = identity_of(IDENTITY_LONG_CHAIN);
            options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_ASK;
            options.filter = pass_if_small;
            options.filter_arg = &hop;
            hop.pair = NULL;
            call_begin(&call, &options);
            hop.pair = call.pair;
            call_flow(&call, 20 * NET_MS, 160);
            CU_ASSERT_EQUAL(pair_rehandshake(call.pair, call_kinds[k].from, call_kinds[k].mode), DTLS_OK);
            pair_run_for(call.pair, when_us);
            hop.fits = 400;
            CHECK_CASE(pair_run_until_renewed(call.pair, 1, 2 * NET_SECOND), "%s, after %llu us: is never done",
                       call_kinds[k].name, (unsigned long long)when_us);
            CU_ASSERT_TRUE(call_is_alive(&call));
            call_end(&call);
        }
}

struct last {
    struct pair *pair;
    bool passes;
};

static struct net_verdict lose_the_last_flight(void *arg, const struct net_sending *sending)
{
    const struct last *last = arg;
    bool lost = sending->from == SERVER && !last->passes && pair_is_open(last->pair, SERVER);

    return (struct net_verdict){ lost ? NET_DROP : NET_PASS, 0 };
}

/* A path of 258 bytes, found by the handshake, and a word (a forged one?) of 1,100: that makes nothing larger. The last
 * flight is sent again in the size that has been found. */
static void a_word_makes_no_flight_larger(void)
{
    static const struct dtls_ticket_keys keys = { .keys = { { "name", "key", 0, 0 } }, .count = 1 };

    for (int told = 0; told < 2; told++) {
        struct last last = { .passes = false };
        struct pair_options options;
        pair_options(&options, 134);
        options.config[SERVER].ticket_keys = &keys;
        options.config[SERVER].identity = identity_of(IDENTITY_LONG_CHAIN);
        options.link[CLIENT].mtu = options.link[SERVER].mtu = 258;
        options.filter = lose_the_last_flight;
        options.filter_arg = &last;
        options.silent = true;
        struct pair *pair = last.pair = pair_new(&options);
        CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
        CU_ASSERT_TRUE_FATAL(pair_run_until_event(pair, SERVER, DTLS_EVENT_OPEN, 30 * NET_SECOND));
        last.passes = true;
        if (told)
            dtls_conn_datagram_too_big(pair->end[SERVER].conn, pair->net.now_us, 1100);
        pair_settle(pair, SERVER);
        CHECK_CASE(pair_run_until_open(pair, 30 * NET_SECOND), "told %d: the last flight never comes", told);
        pair_free(pair);
    }
}

/* ---- nothing ---- */

static void an_empty_record_is_data(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 134);
    call_begin(&call, &options);
    for (int end = CLIENT; end <= SERVER; end++) {
        uint8_t out[100];
        struct dtls_event event;
        size_t len;
        struct dtls_conn *from = call.pair->end[end].conn, *to = call.pair->end[net_other((enum net_end)end)].conn;
        CU_ASSERT_EQUAL(dtls_conn_send(from, call.pair->net.now_us, NULL, 0, out, sizeof out, &len), DTLS_OK);
        CU_ASSERT_EQUAL(len, GCM_EXPANSION);
        CU_ASSERT_EQUAL(dtls_conn_receive(to, call.pair->net.now_us, out, len), DTLS_OK);
        CU_ASSERT_TRUE(dtls_conn_next_event(to, &event) && event.type == DTLS_EVENT_DATA && event.data.len == 0);
        CU_ASSERT_FALSE(dtls_conn_next_event(to, &event));
    }
    call_end(&call);
}

static CU_TestInfo tests[] = {
    { "a size that is told holds from then on, within bounds (M4)", a_size_that_is_told_holds_from_then_on },
    { "event MTU tells the whole way, once (M4)", the_event_tells_the_whole_way },
    { "a handshake through a small hop is cut again at once (M4)", a_handshake_is_cut_again_at_once },
    { "a path may shrink in the middle of a rehandshake (M4, R1)", a_path_may_shrink_in_mid_rehandshake },
    { "a word makes no flight larger (M4, M5)", a_word_makes_no_flight_larger },
    { "an empty record is data", an_empty_record_is_data },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "MTU feedback", tests);
}
