/* found_mtu.c - what went wrong once where the search for a larger MTU met handshakes, outages and settings (M6, M8).
 */
#include <stdlib.h>
#include <string.h>

#include "bytes/writer.h"
#include "conn/conn_private.h"
#include "messages/handshake_header.h"
#include "messages/hello.h"
#include "tests/box/call.h"
#include "tests/box/forge.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

enum { ETHERNET = 1472 };

/* A path that swallows what is too large, or all. */
struct path {
    size_t fits;
    bool down;
    size_t heartbeats[2];
};

static struct net_verdict carry(void *arg, const struct net_sending *sending)
{
    struct path *path = arg;
    struct record_view record;

    path->heartbeats[sending->from] += record_view_find(sending->bytes, sending->len, RECORD_HEARTBEAT, &record);
    return (struct net_verdict){ path->down || sending->len > path->fits ? NET_DROP : NET_PASS, 0 };
}

static void probing_options(struct pair_options *options, enum net_end prober, struct path *path)
{
    *path = (struct path){ .fits = 65507 };
    pair_options(options, 160);
    options->config[prober].probe_mtu_to = ETHERNET;
    options->config[net_other(prober)].answer_probes = true;
    options->filter = carry;
    options->filter_arg = path;
}

/* A client that has found all there is, and a call. */
static void begin_found(struct call *call, struct path *path)
{
    struct pair_options options;

    probing_options(&options, CLIENT, path);
    call_begin(call, &options);
    CU_ASSERT_EQUAL(dtls_conn_mtu(call->pair->end[CLIENT].conn), ETHERNET);
    call_flow(call, 20 * NET_MS, 160);
}

static size_t mtu_of(const struct call *call, enum net_end end)
{
    return dtls_conn_mtu(call->pair->end[end].conn);
}

/* ---- answers that wait ---- */

/* All datagrams that wait go nowhere; the largest one. */
static size_t largest_waiting(struct call *call, enum net_end end, size_t cap)
{
    uint8_t *out = malloc(cap); /* to the byte, for AddressSanitizer */
    size_t len, largest = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    while (dtls_conn_next_datagram(call->pair->end[end].conn, call->pair->net.now_us, out, cap, &len))
        largest = len > largest ? len : largest;
    free(out);
    return largest;
}

/* A request whose answer just fits, and then less does: the answer was written beyond the owner's buffer. */
static void an_answer_that_waits_is_judged_again(void)
{
    static const uint8_t request[3 + 1140 + 16] = { 1, 1140 >> 8, 1140 & 0xff };

    for (int what = 0; what < 3; what++) {
        struct pair_options options;
        struct call call;
        uint8_t record[FORGE_MAX];
        struct dtls_event event;
        size_t cap = 1200;
        pair_options(&options, 161);
        options.config[CLIENT].answer_probes = options.config[SERVER].answer_probes = true;
        if (what == 0) { /* a suite that takes less around a record, and then one that takes more */
            options.config[CLIENT].suites[0] = DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256;
            options.config[CLIENT].suite_count = 1;
        }
        call_begin(&call, &options);
        struct dtls_conn *server = call.pair->end[SERVER].conn;
        size_t len = forge_record(call.pair, SERVER, 1, RECORD_HEARTBEAT, request, sizeof request, record);
        CU_ASSERT_EQUAL(dtls_conn_receive(server, call.pair->net.now_us, record, len), DTLS_OK);
        CU_ASSERT_FALSE(dtls_conn_next_event(server, &event));
        CU_ASSERT_PTR_NOT_NULL(server->echo);
        if (what < 2) { /* a rehandshake brings another suite, or a smaller limit; the answer is not waited for */
            struct dtls_config config = *call_config(&call, CLIENT);
            config.suites[0] = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256;
            config.record_size_limit = what == 1 ? 100 : 16384;
            call_set_config(&call, CLIENT, &config);
            call.pair->stuck[SERVER] = true;
            CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
            pair_run_for(call.pair, 30 * NET_MS);
            call.pair->stuck[SERVER] = false;
            pair_settle(call.pair, SERVER);
            CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND));
        } else {
            cap = 300;
            dtls_conn_datagram_too_big(server, call.pair->net.now_us, cap);
        }
        size_t largest = largest_waiting(&call, SERVER, cap);
        CHECK_CASE(largest <= cap && server->echo == NULL, "case %d: %zu bytes, MTU %zu", what, largest,
                   dtls_conn_mtu(server));
        CU_ASSERT_TRUE(call_is_alive(&call));
        call_end(&call);
    }
}

/* ---- a size is lost only when smaller ones pass ---- */

static void an_outage_is_no_black_hole(void)
{
    struct path path;
    struct call call;

    begin_found(&call, &path);
    pair_run_for(call.pair, NET_SECOND);
    path.down = true;
    pair_run_for(call.pair, 300 * NET_SECOND);
    CHECK_CASE(path.heartbeats[CLIENT] < 30, "%zu heartbeats in five minutes", path.heartbeats[CLIENT]);
    path.down = false;
    pair_run_for(call.pair, 120 * NET_SECOND);
    CHECK_CASE(mtu_of(&call, CLIENT) == ETHERNET && pair_count(call.pair, CLIENT, DTLS_EVENT_MTU) == 1,
               "MTU %zu after an outage", mtu_of(&call, CLIENT));
    path.fits = 1300; /* but that is one */
    pair_run_for(call.pair, 120 * NET_SECOND);
    CU_ASSERT_EQUAL(mtu_of(&call, CLIENT), 1300);
    call_end(&call);
}

static void a_slow_path_is_no_black_hole(void)
{
    struct path path;
    struct call call;

    begin_found(&call, &path);
    call.pair->net.link[CLIENT].delay_us = call.pair->net.link[SERVER].delay_us = 2500 * NET_MS;
    pair_run_for(call.pair, 300 * NET_SECOND);
    CHECK_CASE(mtu_of(&call, CLIENT) == ETHERNET, "MTU %zu at a round trip of 5 s", mtu_of(&call, CLIENT));
    call_end(&call);
}

/* The client is in a handshake for ten minutes, since nobody answers, and takes no heartbeats. */
static void a_peer_in_a_handshake_is_no_black_hole(void)
{
    struct pair_options options;
    struct path path;
    struct call call;

    probing_options(&options, SERVER, &path);
    options.config[SERVER].rehandshake_policy = DTLS_REHANDSHAKE_IGNORE;
    options.config[CLIENT].rehandshake_timeout_ms = 600000;
    call_begin(&call, &options);
    call_flow(&call, 20 * NET_MS, 160);
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    pair_run_for(call.pair, 300 * NET_SECOND);
    CHECK_CASE(mtu_of(&call, SERVER) == ETHERNET && path.heartbeats[SERVER] < 30, "MTU %zu, %zu heartbeats",
               mtu_of(&call, SERVER), path.heartbeats[SERVER]);
    call_end(&call);
}

/* One whose traffic goes one way hears nothing but the answers to its probes. */
static void one_way_traffic_finds_a_black_hole_too(void)
{
    struct pair_options options;
    struct path path;
    struct call call;

    probing_options(&options, CLIENT, &path);
    call_begin(&call, &options);
    path.fits = 1300;
    for (int i = 0; i < 2000; i++) {
        CU_ASSERT_EQUAL(pair_send(call.pair, CLIENT, "one way only....", 16), DTLS_OK);
        pair_run_for(call.pair, 20 * NET_MS);
    }
    CU_ASSERT_EQUAL(mtu_of(&call, CLIENT), 1300);
    call_end(&call);
}

/* ---- handshakes and settings ---- */

static void a_rehandshake_does_not_end_it(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        struct path path;
        struct call call;
        begin_found(&call, &path);
        CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], 1, 5 * NET_SECOND));
        path.fits = 1300;
        pair_run_for(call.pair, 120 * NET_SECOND);
        CHECK_CASE(mtu_of(&call, CLIENT) == 1300, "%s: MTU %zu in a hole of 1300", call_kinds[k].name,
                   mtu_of(&call, CLIENT));
        path.fits = 65507;
        pair_run_for(call.pair, 650 * NET_SECOND);
        CHECK_CASE(mtu_of(&call, CLIENT) == ETHERNET, "%s: MTU %zu after it", call_kinds[k].name,
                   mtu_of(&call, CLIENT));
        call_end(&call);
    }
}

/* Another end of the search comes with the handshake that was made with it, and a fall goes to where it all began. */
static void settings_come_with_the_handshake(void)
{
    struct path path;
    struct call call;

    begin_found(&call, &path);
    struct dtls_config config = *call_config(&call, CLIENT);
    config.probe_mtu_to = 1500;
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    call_set_config(&call, CLIENT, &config);
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, NET_SECOND));
    pair_run_for(call.pair, 5 * NET_SECOND);
    CU_ASSERT_EQUAL(mtu_of(&call, CLIENT), ETHERNET);  /* an attempt keeps its settings */
    call.pair->end[CLIENT].config.probe_mtu_to = 1500; /* what pair.c expects; the engine has left that one */
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 2, NET_SECOND));
    pair_run_for(call.pair, 5 * NET_SECOND);
    CU_ASSERT_EQUAL(mtu_of(&call, CLIENT), 1500);
    size_t told = pair_count(call.pair, CLIENT, DTLS_EVENT_MTU);
    path.fits = 1300;
    while (pair_count(call.pair, CLIENT, DTLS_EVENT_MTU) == told)
        pair_run_for(call.pair, 100 * NET_MS);
    CU_ASSERT_EQUAL(mtu_of(&call, CLIENT), 1200); /* not the 1472 of before */
    call_end(&call);
}

static void no_probe_is_larger_than_one_record_of_the_peer(void)
{
    struct pair_options options;
    struct path path;
    struct call call;

    probing_options(&options, CLIENT, &path);
    options.config[SERVER].record_size_limit = 1250;
    call_begin(&call, &options);
    CU_ASSERT_EQUAL(mtu_of(&call, CLIENT), 1250 + 37);
    CU_ASSERT_EQUAL(dtls_conn_set_mtu(call.pair->end[CLIENT].conn, 1400), DTLS_OK);
    pair_settle(call.pair, CLIENT);
    call_flow(&call, 20 * NET_MS, 160);
    pair_run_for(call.pair, 60 * NET_SECOND);
    CU_ASSERT_EQUAL(mtu_of(&call, CLIENT), 1400);
    CU_ASSERT_EQUAL(pair_stats(call.pair, SERVER).dropped[DTLS_DROP_TOO_LARGE], 0);
    call_end(&call);
}

static void an_mtu_beyond_the_search_is_still_confirmed(void)
{
    struct path path;
    struct call call;

    begin_found(&call, &path);
    struct dtls_conn *client = call.pair->end[CLIENT].conn;
    CU_ASSERT_EQUAL(dtls_conn_set_mtu(client, 1600), DTLS_OK);
    dtls_conn_datagram_too_big(client, call.pair->net.now_us, 1550);
    path.fits = 1550;
    pair_settle(call.pair, CLIENT);
    pair_run_for(call.pair, 60 * NET_SECOND);
    CU_ASSERT_EQUAL(mtu_of(&call, CLIENT), 1550);
    call_end(&call);
}

/* ---- what a peer with keys could make of it ---- */

static size_t write_hello(uint8_t out[FORGE_MAX], unsigned number)
{
    static const uint8_t suites[] = { 0xc0, 0x2b }, zero[] = { 0 };
    uint8_t random[DTLS_HELLO_RANDOM_LEN] = { (uint8_t)number, (uint8_t)(number >> 8), 9 }, body[500];
    struct dtls_writer to_body = dtls_writer_to(body, sizeof body), to = dtls_writer_to(out, FORGE_MAX);

    dtls_client_hello_write(&to_body, &(struct dtls_client_hello){ .version = DTLS_VERSION_1_2,
                                                                   .random = { random, sizeof random },
                                                                   .suites = { suites, sizeof suites },
                                                                   .compressions = { zero, 1 },
                                                                   .extensions = { .extended_master_secret = true } });
    dtls_fragment_write(&to, &(struct dtls_fragment){ .type = DTLS_CLIENT_HELLO,
                                                      .length = (uint32_t)to_body.len,
                                                      .body = dtls_writer_bytes(&to_body) });
    return to.len;
}

/* Each refused hello let a probe of 16,000 bytes leave at once. */
static void refused_hellos_draw_no_probes(void)
{
    struct pair_options options;
    struct call call;
    uint8_t message[FORGE_MAX];

    pair_options(&options, 162);
    options.config[SERVER].probe_mtu_to = 16000;
    options.config[SERVER].rehandshake_policy = DTLS_REHANDSHAKE_DENY;
    options.config[CLIENT].answer_probes = true;
    call_begin(&call, &options);
    CU_ASSERT_EQUAL(dtls_conn_set_mtu(call.pair->end[SERVER].conn, 1200), DTLS_OK);
    uint64_t probes = pair_stats(call.pair, SERVER).probes;
    for (unsigned i = 0; i < 1000; i++)
        CU_ASSERT_TRUE(forge_receive(call.pair, SERVER, 1, RECORD_HANDSHAKE, message, write_hello(message, i)));
    CHECK_CASE(pair_stats(call.pair, SERVER).probes - probes <= 1, "%llu probes",
               (unsigned long long)(pair_stats(call.pair, SERVER).probes - probes));
    call_end(&call);
}

/* Forged ICMP that goes down byte by byte, in the middle of a handshake. */
static void the_systems_word_is_no_amplifier(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 163);
    options.config[SERVER].identity = identity_of(IDENTITY_LONG_CHAIN);
    options.config[SERVER].flight_interval_ms = 0;
    call_begin(&call, &options);
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_STARTED, NET_SECOND));
    uint64_t sent = pair_stats(call.pair, SERVER).datagrams_sent;
    for (size_t mtu = 1199; mtu >= 600; mtu--) {
        dtls_conn_datagram_too_big(call.pair->end[SERVER].conn, call.pair->net.now_us, mtu);
        pair_settle(call.pair, SERVER);
    }
    sent = pair_stats(call.pair, SERVER).datagrams_sent - sent;
    CHECK_CASE(sent <= (size_t)8 * 12, "%llu datagrams", (unsigned long long)sent);
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND) && call_is_alive(&call));
    call_end(&call);
}

/* ---- limits ---- */

/* A client that does not know record_size_limit cannot keep to it. */
static void a_limit_that_was_not_told_is_not_enforced(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 164);
    options.config[SERVER].record_size_limit = 512;
    call_begin(&call, &options);
    struct dtls_conn *server = call.pair->end[SERVER].conn;
    CU_ASSERT_EQUAL(server->as.active.own_limit, 512);
    struct dtls_handshake *hs = dtls_handshake_new(&server->as, server->as.config, call.pair->net.now_us);
    CU_ASSERT_PTR_NOT_NULL_FATAL(hs);
    CU_ASSERT_EQUAL(dtls_handshake_take_record_limit(hs, &(struct dtls_extensions){ .has_record_size_limit = false }),
                    DTLS_OK);
    CU_ASSERT_EQUAL(hs->pending.own_limit, 16384);
    dtls_handshake_free(hs);
    call_end(&call);
}

static void the_payload_told_to_a_strict_end_is_true(void)
{
    struct pair_options options;
    struct call call;
    uint8_t data[1200] = { 0 }, out[1200];
    size_t len, checked = 0;

    pair_options(&options, 165);
    options.config[CLIENT].peer_model = DTLS_PEER_STRICT;
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    call_begin(&call, &options);
    struct dtls_config config = *call_config(&call, SERVER);
    config.record_size_limit = 200;
    call_set_config(&call, SERVER, &config);
    struct dtls_conn *client = call.pair->end[CLIENT].conn;
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    for (int ms = 0; ms < 200; ms++, pair_run_for(call.pair, NET_MS)) {
        size_t most = dtls_conn_max_payload(client);
        int err = dtls_conn_send(client, call.pair->net.now_us, data, most, out, sizeof out, &len);
        bool next = err == DTLS_OK && out[4] == 2; /* under n+1 */
        CHECK_CASE((err == DTLS_OK || err == DTLS_ERR_PAUSED) && most == (next ? 200 : most),
                   "%d ms: %zu bytes: %d, %zu", ms, most, err, len);
        checked += next && dtls_conn_rehandshake_pending(client);
    }
    CU_ASSERT_TRUE(checked > 10); /* before its event */
    call_end(&call);
}

static CU_TestInfo tests[] = {
    { "an answer that waits is judged again (M1, M6, M8)", an_answer_that_waits_is_judged_again },
    { "an outage is no black hole (M5, M6)", an_outage_is_no_black_hole },
    { "a slow path is no black hole (M6)", a_slow_path_is_no_black_hole },
    { "a peer in a handshake is no black hole (M6)", a_peer_in_a_handshake_is_no_black_hole },
    { "traffic that goes one way finds a black hole too (M6)", one_way_traffic_finds_a_black_hole_too },
    { "a rehandshake does not end the search (M6)", a_rehandshake_does_not_end_it },
    { "its settings come with the handshake (M6)", settings_come_with_the_handshake },
    { "no probe is larger than one record of the peer (M6, M8)", no_probe_is_larger_than_one_record_of_the_peer },
    { "an MTU beyond the search's end is confirmed like any other (M6)", an_mtu_beyond_the_search_is_still_confirmed },
    { "refused hellos draw no probes (M6, S5)", refused_hellos_draw_no_probes },
    { "the system's word is no amplifier (M4, T4)", the_systems_word_is_no_amplifier },
    { "a limit that was not told is not enforced (M8)", a_limit_that_was_not_told_is_not_enforced },
    { "the payload that is told to a STRICT end is true (M3, M8, R18)", the_payload_told_to_a_strict_end_is_true },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "found about the MTU", tests);
}
