/* mtu_probe.c - contract M6: the search for a larger MTU with padded heartbeats (RFC 8899, RFC 6520), and what a peer
 * may make of heartbeats (CVE-2014-0160). */
#include <string.h>

#include "conn/conn_private.h"
#include "messages/hello.h"
#include "tests/box/call.h"
#include "tests/box/forge.h"
#include "tests/box/peek.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

enum { GCM_AROUND = 8 + 16, GCM_EXPANSION = 13 + GCM_AROUND, ETHERNET = 1472 };

/* ---- a path ---- */

struct path {
    size_t fits;
    struct pair *pair; /* who is told at once what fits; NULL: nobody */
    size_t heartbeats[2], vanished;
};

struct word {
    struct path *path;
    enum net_end to;
};

static void hear(void *arg)
{
    struct word *word = arg;

    dtls_conn_datagram_too_big(word->path->pair->end[word->to].conn, word->path->pair->net.now_us, word->path->fits);
    pair_settle(word->path->pair, word->to);
}

static struct net_verdict carry(void *arg, const struct net_sending *sending)
{
    static struct word words[2];
    struct path *path = arg;
    struct record_view record;

    path->heartbeats[sending->from] += record_view_find(sending->bytes, sending->len, RECORD_HEARTBEAT, &record);
    if (sending->len <= path->fits)
        return (struct net_verdict){ NET_PASS, 0 };
    path->vanished++;
    words[sending->from] = (struct word){ path, sending->from };
    if (path->pair != NULL)
        net_call_at(&path->pair->net, sending->now_us + 5 * NET_MS, hear, &words[sending->from]);
    return (struct net_verdict){ NET_DROP, 0 };
}

static void begin(struct call *call, struct path *path, enum net_end prober, size_t most)
{
    struct pair_options options;

    pair_options(&options, 150);
    options.config[prober].probe_mtu_to = most;
    options.config[net_other(prober)].answer_probes = true;
    options.filter = carry;
    options.filter_arg = path;
    call_begin(call, &options);
}

/* ---- the search ---- */

static void it_finds_what_passes(void)
{
    static const size_t sizes[] = { 1200, 1201, 1280, 1400, 1452, 1464, 1471, 1472, 9000 };

    for (int end = CLIENT; end <= SERVER; end++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            enum net_end prober = (enum net_end)end;
            struct path path = { .fits = 65507 };
            struct call call;
            size_t expected = sizes[i] < ETHERNET ? sizes[i] : ETHERNET;
            path.fits = sizes[i]; /* since the beginning: call_begin's own network carries all */
            begin(&call, &path, prober, ETHERNET);
            /* It begins with OPEN, on that network; again, on this one: */
            struct dtls_stats before = pair_stats(call.pair, prober);
            dtls_conn_set_mtu(call.pair->end[prober].conn, 1200);
            pair_settle(call.pair, prober);
            call_flow(&call, 20 * NET_MS, 160);
            pair_run_for(call.pair, 60 * NET_SECOND);
            struct dtls_stats after = pair_stats(call.pair, prober);
            CHECK_CASE(dtls_conn_mtu(call.pair->end[prober].conn) == expected, "end %d through %zu: MTU %zu", end,
                       sizes[i], dtls_conn_mtu(call.pair->end[prober].conn));
            CHECK_CASE(after.probes - before.probes == path.heartbeats[prober] && path.heartbeats[prober] <= 70,
                       "end %d through %zu: %llu probes", end, sizes[i],
                       (unsigned long long)(after.probes - before.probes));
            CU_ASSERT_EQUAL(after.retransmissions, before.retransmissions);
            CU_ASSERT_EQUAL(dtls_conn_mtu(call.pair->end[net_other(prober)].conn), 1200);
            CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, 5 * NET_SECOND));
            call_end(&call); /* data is as if there had been no probe */
        }
}

static void it_begins_with_open(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        struct pair_options options;
        struct dtls_event event;
        pair_options(&options, 151);
        options.config[end].probe_mtu_to = ETHERNET;
        options.config[net_other((enum net_end)end)].answer_probes = true;
        struct pair *pair = pair_new(&options);
        CU_ASSERT_TRUE(pair_run_until_event(pair, (enum net_end)end, DTLS_EVENT_MTU, NET_SECOND));
        CU_ASSERT_EQUAL(dtls_conn_mtu(pair->end[end].conn), ETHERNET);
        CU_ASSERT_EQUAL(dtls_conn_max_payload(pair->end[end].conn), ETHERNET - GCM_EXPANSION);
        CU_ASSERT_FALSE(dtls_conn_next_event(pair->end[end].conn, &event));
        pair_run_for(pair, 10 * NET_SECOND);
        CU_ASSERT_EQUAL(pair_stats(pair, (enum net_end)end).probes, 1); /* all is known, and no data has gone */
        CU_ASSERT_EQUAL(dtls_conn_deadline(pair->end[end].conn), DTLS_NEVER);
        pair_free(pair);
    }
}

static void it_is_off_by_default(void)
{
    for (int end = CLIENT; end <= SERVER; end++) { /* and one side alone can do nothing */
        struct path path = { .fits = 65507 };
        struct pair_options options;
        struct call call;
        pair_options(&options, 152);
        options.config[end].probe_mtu_to = end == CLIENT ? ETHERNET : 0;
        options.filter = carry;
        options.filter_arg = &path;
        call_begin(&call, &options);
        for (size_t k = 0; k < CALL_KINDS; k++) {
            CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], k + 1, 5 * NET_SECOND));
            pair_run_for(call.pair, 200 * NET_SECOND);
        }
        CU_ASSERT_TRUE(path.heartbeats[CLIENT] == 0 && path.heartbeats[SERVER] == 0);
        CU_ASSERT_EQUAL(pair_deadline(call.pair), NET_NEVER);
        call_end(&call);
    }
}

/* What the system says of a probe saves its three tries. */
static void the_systems_word_shortens_it(void)
{
    struct path path = { .fits = 1333 };
    struct call call;

    begin(&call, &path, CLIENT, ETHERNET);
    path.pair = call.pair;
    dtls_conn_set_mtu(call.pair->end[CLIENT].conn, 1200);
    pair_settle(call.pair, CLIENT);
    pair_run_for(call.pair, 100 * NET_MS);
    CHECK_CASE(dtls_conn_mtu(call.pair->end[CLIENT].conn) == 1333 && path.vanished == 1, "MTU %zu, %zu too large",
               dtls_conn_mtu(call.pair->end[CLIENT].conn), path.vanished);
    call_end(&call);
}

/* The path shrinks, and nobody says so. */
static void a_black_hole_is_found(void)
{
    static const size_t sizes[] = { 300, 548, 900, 1200, 1300 };

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct path path = { .fits = 65507 };
        struct call call;
        begin(&call, &path, CLIENT, ETHERNET);
        struct dtls_conn *client = call.pair->end[CLIENT].conn;
        CU_ASSERT_EQUAL(dtls_conn_mtu(client), ETHERNET);
        call_flow(&call, 20 * NET_MS, 160);
        pair_run_for(call.pair, NET_SECOND);
        path.fits = sizes[i];
        CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_MTU, NET_MS)); /* the one of before */
        size_t told = pair_count(call.pair, CLIENT, DTLS_EVENT_MTU);
        pair_run_for(call.pair, 20 * NET_SECOND);
        CHECK_CASE(pair_count(call.pair, CLIENT, DTLS_EVENT_MTU) > told && dtls_conn_mtu(client) < ETHERNET,
                   "hole of %zu: not found in 20 s", sizes[i]);
        pair_run_for(call.pair, 120 * NET_SECOND);
        CHECK_CASE(dtls_conn_mtu(client) == sizes[i], "hole of %zu: MTU %zu", sizes[i], dtls_conn_mtu(client));
        path.fits = 65507; /* and grows again: found in ten minutes */
        pair_run_for(call.pair, 620 * NET_SECOND);
        CHECK_CASE(dtls_conn_mtu(client) == ETHERNET, "after a hole of %zu: MTU %zu", sizes[i], dtls_conn_mtu(client));
        call_end(&call);
    }
}

static void loss_is_no_reason_to_grow_or_to_shrink_below_what_passes(void)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct path path = { .fits = 1400 };
        struct pair_options options;
        struct call call;
        pair_options(&options, seed);
        options.config[CLIENT].probe_mtu_to = ETHERNET;
        options.config[SERVER].answer_probes = true;
        options.link[CLIENT] = options.link[SERVER] = (struct net_link){
            .delay_us = 20 * NET_MS, .loss = 1000, .reorder = 1000, .reorder_us = 1500 * NET_MS, .duplicate = 500
        };
        options.filter = carry;
        options.filter_arg = &path;
        call_begin(&call, &options);
        dtls_conn_set_mtu(call.pair->end[CLIENT].conn, 1200);
        pair_settle(call.pair, CLIENT);
        call_flow(&call, 20 * NET_MS, 160);
        pair_run_for(call.pair, 100 * NET_SECOND);
        size_t mtu = dtls_conn_mtu(call.pair->end[CLIENT].conn);
        CHECK_CASE(mtu <= 1400 && mtu >= 1200, "seed %llu: MTU %zu", (unsigned long long)seed, mtu);
        call_end(&call);
    }
}

/* ---- handshakes ---- */

struct order {
    bool handshake[2]; /* each end is in one, as its own messages show */
    size_t inside;
};

static bool watch(void *arg, const struct peek_note *note)
{
    struct order *order = arg;

    order->handshake[note->from] |=
        peek_is_message(&note->record, DTLS_CLIENT_HELLO) || peek_is_message(&note->record, DTLS_SERVER_HELLO);
    order->inside += note->record.type == RECORD_HEARTBEAT && note->record.epoch == 1 && order->handshake[note->from];
    return false;
}

static void it_waits_for_handshakes(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        struct path path = { .fits = 1300 };
        struct order order = { .inside = 0 };
        struct peek_log log;
        struct call call;
        begin(&call, &path, CLIENT, ETHERNET);
        dtls_conn_set_mtu(call.pair->end[CLIENT].conn, 1200);
        pair_settle(call.pair, CLIENT);
        pair_run_for(call.pair, NET_SECOND); /* in the middle of the search */
        peek_log_begin(&log, call.pair, watch, &order);
        CU_ASSERT_EQUAL(pair_rehandshake(call.pair, call_kinds[k].from, call_kinds[k].mode), DTLS_OK);
        CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE, 5 * NET_SECOND));
        CHECK_CASE(order.inside == 0, "%s: %zu heartbeats inside", call_kinds[k].name, order.inside);
        peek_log_end(&log, call.pair);
        net_set_filter(&call.pair->net, carry, &path);
        pair_run_for(call.pair, 60 * NET_SECOND);
        CHECK_CASE(dtls_conn_mtu(call.pair->end[CLIENT].conn) == 1300, "%s: MTU %zu", call_kinds[k].name,
                   dtls_conn_mtu(call.pair->end[CLIENT].conn));
        call_end(&call);
    }
}

/* ---- hostile heartbeats ---- */

static void a_request_never_draws_more_than_it_has(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 153);
    options.config[CLIENT].answer_probes = options.config[SERVER].answer_probes = true;
    call_begin(&call, &options);
    struct dtls_conn *server = call.pair->end[SERVER].conn;
    for (size_t payload = 0; payload < 40; payload++)
        for (size_t len = 0; len < 60; len++) {
            uint8_t request[64] = { 1, 0, (uint8_t)payload, 'a', 'b', 'c' }, record[FORGE_MAX], out[1200];
            size_t out_len, sealed = forge_record(call.pair, SERVER, 1, RECORD_HEARTBEAT, request, len, record);
            CU_ASSERT_EQUAL(dtls_conn_receive(server, call.pair->net.now_us, record, sealed), DTLS_OK);
            bool answered = dtls_conn_next_datagram(server, call.pair->net.now_us, out, sizeof out, &out_len);
            bool proper = len >= 3 + payload + 16;
            CHECK_CASE(answered == proper, "%zu bytes of %zu: answered %d", payload, len, answered);
            if (!answered)
                continue;
            struct dtls_record back;
            size_t at = 0;
            CU_ASSERT_EQUAL(out_len, GCM_EXPANSION + 3 + payload + 16);
            CU_ASSERT_TRUE(dtls_record_read(out, out_len, &at, &back));
            CU_ASSERT_EQUAL(dtls_epoch_open(call.pair->end[CLIENT].conn->as.epochs.current, &back), DTLS_OPENED);
            CU_ASSERT_TRUE(back.type == RECORD_HEARTBEAT && back.body[0] == 2 && back.body[2] == payload &&
                           memcmp(back.body + 3, request + 3, payload) == 0);
        }
    call_end(&call);
}

static void wrong_heartbeats_do_nothing(void)
{
    static const uint8_t response[3 + 4 + 16] = { 2, 0, 4, 0, 0, 0, 1 }, other[3 + 16] = { 3, 0, 0 };

    for (int end = CLIENT; end <= SERVER; end++) {
        struct path path = { .fits = 1300 };
        struct call call;
        begin(&call, &path, (enum net_end)end, ETHERNET);
        size_t mtu = dtls_conn_mtu(call.pair->end[end].conn);
        uint64_t dropped = pair_stats(call.pair, (enum net_end)end).dropped[DTLS_DROP_STATE];
        for (int i = 0; i < 100; i++) {
            CU_ASSERT_TRUE(forge_receive(call.pair, (enum net_end)end, 1, RECORD_HEARTBEAT, response, sizeof response));
            CU_ASSERT_TRUE(forge_receive(call.pair, (enum net_end)end, 1, RECORD_HEARTBEAT, other, sizeof other));
        }
        CU_ASSERT_EQUAL(dtls_conn_mtu(call.pair->end[end].conn), mtu);
        CU_ASSERT_EQUAL(pair_stats(call.pair, (enum net_end)end).dropped[DTLS_DROP_STATE], dropped + 200);
        CU_ASSERT_EQUAL(path.heartbeats[end], 0); /* no answer to an answer */
        call_end(&call);
    }
}

/* Ten thousand at once: one is kept, and the rest is dropped. */
static void a_flood_of_requests_is_bounded(void)
{
    static const uint8_t request[3 + 16] = { 1, 0, 0 };
    struct pair_options options;
    struct call call;

    pair_options(&options, 154);
    options.config[CLIENT].answer_probes = options.config[SERVER].answer_probes = true;
    call_begin(&call, &options);
    struct dtls_conn *server = call.pair->end[SERVER].conn;
    call.pair->stuck[SERVER] = true;
    for (int i = 0; i < 10000; i++)
        CU_ASSERT_TRUE(forge_receive(call.pair, SERVER, 1, RECORD_HEARTBEAT, request, sizeof request));
    CU_ASSERT_EQUAL(pair_stats(call.pair, SERVER).dropped[DTLS_DROP_NO_ROOM], 9999);
    size_t sent = pair_stats(call.pair, SERVER).datagrams_sent;
    call.pair->stuck[SERVER] = false;
    pair_settle(call.pair, SERVER);
    CU_ASSERT_EQUAL(pair_stats(call.pair, SERVER).datagrams_sent, sent + 1);
    CU_ASSERT_PTR_NULL(server->echo);
    CU_ASSERT_TRUE(call_is_alive(&call));
    call_end(&call);
}

/* An owner whose buffer is smaller than a probe: no datagram is lost, and nothing waits that cannot be taken. */
static void a_buffer_may_be_smaller_than_a_probe(void)
{
    enum { BUFFER = 1300 };
    struct path path = { .fits = 65507 };
    struct call call;
    uint8_t out[BUFFER];
    size_t len = 0;

    begin(&call, &path, CLIENT, ETHERNET);
    struct dtls_conn *client = call.pair->end[CLIENT].conn;
    dtls_conn_set_mtu(client, 1200);
    CU_ASSERT_TRUE(dtls_conn_next_datagram(client, call.pair->net.now_us, out, sizeof out, &len));
    CHECK_CASE(len > 1200 && len <= BUFFER, "a probe of %zu bytes", len);
    net_send(&call.pair->net, CLIENT, out, len, 0);
    CU_ASSERT_FALSE(dtls_conn_next_datagram(client, call.pair->net.now_us, out, sizeof out, &len));
    pair_run_for(call.pair, 60 * NET_SECOND);
    CU_ASSERT_EQUAL(dtls_conn_mtu(client), BUFFER);
    CU_ASSERT_TRUE(call_is_alive(&call));
    call_end(&call);
}

static CU_TestInfo tests[] = {
    { "the search finds the largest size that passes, and data is as without it (M6)", it_finds_what_passes },
    { "it begins with OPEN, and rests when all is known (M6, T1)", it_begins_with_open },
    { "it is off by default, and one side alone does nothing (M6)", it_is_off_by_default },
    { "the system's word shortens it (M4, M6)", the_systems_word_shortens_it },
    { "a buffer may be smaller than a probe (M6)", a_buffer_may_be_smaller_than_a_probe },
    { "a black hole is found, and so is its end (M6)", a_black_hole_is_found },
    { "loss is no reason to grow, or to shrink below what passes (M6)",
      loss_is_no_reason_to_grow_or_to_shrink_below_what_passes },
    { "it waits for handshakes (M6, RFC 6520)", it_waits_for_handshakes },
    { "a heartbeat never draws more than it has (CVE-2014-0160)", a_request_never_draws_more_than_it_has },
    { "answers to nothing, and unknown heartbeats, do nothing", wrong_heartbeats_do_nothing },
    { "a flood of heartbeats is bounded", a_flood_of_requests_is_bounded },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "MTU probes", tests);
}
