/* rehandshake_pace.c - contract R16: a long flight of a rehandshake leaves datagram by datagram, and media passes
 * between them. */
#include <stdio.h>

#include "conn/conn_private.h"
#include "tests/box/call.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

enum { MOST = 64 };

/* When the datagrams with handshake messages of one end left. */
struct departures {
    enum net_end from;
    size_t count;
    uint64_t at_us[MOST];
};

static struct net_verdict note_departure(void *arg, const struct net_sending *sending)
{
    struct departures *departures = arg;
    struct record_view view;

    if (sending->from == departures->from && departures->count < MOST &&
        record_view_find(sending->bytes, sending->len, RECORD_HANDSHAKE, &view))
        departures->at_us[departures->count++] = sending->now_us;
    return (struct net_verdict){ NET_PASS, 0 };
}

/* A server with about 5 KB of certificates: five datagrams. */
static void options_with_chain(struct pair_options *options, struct departures *departures, uint64_t delay_us)
{
    pair_options(options, 90);
    options->config[SERVER].identity = identity_of(IDENTITY_RSA4096_CHAIN);
    options->link[CLIENT].delay_us = options->link[SERVER].delay_us = delay_us;
    options->filter = note_departure;
    options->filter_arg = departures;
}

static uint64_t retransmissions(const struct pair *pair)
{
    return pair_stats(pair, CLIENT).retransmissions + pair_stats(pair, SERVER).retransmissions;
}

static void check_spacing(const struct departures *departures, const char *what, uint64_t interval_us, size_t least)
{
    CHECK_CASE(departures->count >= least, "%s: %zu datagrams", what, departures->count);
    for (size_t i = 1; i < least; i++) {
        uint64_t gap_us = departures->at_us[i] - departures->at_us[i - 1];
        CHECK_CASE(gap_us == interval_us, "%s: datagram %zu leaves after %llu us instead of %llu", what, i,
                   (unsigned long long)gap_us, (unsigned long long)interval_us);
    }
}

static void a_long_flight_is_spaced(void)
{
    static const struct {
        uint64_t delay_us;
        uint32_t setting_ms;
        uint64_t interval_us; /* 0: an eighth of the round trip */
    } cases[] = {
        { 200 * NET_MS, DTLS_FLIGHT_INTERVAL_AUTO, 20 * NET_MS },
        { 20 * NET_MS, DTLS_FLIGHT_INTERVAL_AUTO, 0 },
        { 20 * NET_MS, 35, 35 * NET_MS },
        { 20 * NET_MS, 0, UINT64_MAX }, /* none at all */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct departures departures = { .from = SERVER };
        struct pair_options options;
        struct call call;
        char what[40];
        snprintf(what, sizeof what, "case %zu", i);
        options_with_chain(&options, &departures, cases[i].delay_us);
        options.config[SERVER].flight_interval_ms = cases[i].setting_ms;
        call_begin(&call, &options);
        call_flow(&call, 5 * NET_MS, 160);
        uint64_t srtt_us = dtls_conn_round_trip(call.pair->end[SERVER].conn);
        uint64_t before = retransmissions(call.pair);
        CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, 5 * NET_SECOND));
        uint64_t expected_us = cases[i].interval_us == UINT64_MAX ? 0
                               : cases[i].interval_us == 0        ? srtt_us / 8
                                                                  : cases[i].interval_us;
        check_spacing(&departures, what, expected_us, 4);
        CHECK_CASE(retransmissions(call.pair) == before ||
                       cases[i].setting_ms == 35, /* longer than the client waits for the next piece */
                   "%s: something is sent again", what);
        call_end(&call);
    }
}

static void two_datagrams_leave_at_once(void)
{
    struct departures departures = { .from = SERVER };
    struct pair_options options;
    struct call call;

    pair_options(&options, 91);
    options.config[SERVER].mtu = 700; /* about 900 bytes with a P-256 certificate */
    options.filter = note_departure;
    options.filter_arg = &departures;
    call_begin(&call, &options);
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, 5 * NET_SECOND));
    CU_ASSERT_TRUE(departures.count == 3 && departures.at_us[0] == departures.at_us[1]); /* and Finished */
    call_end(&call);
}

static void a_first_handshake_is_not_spaced(void)
{
    struct departures departures = { .from = SERVER };
    struct pair_options options;

    options_with_chain(&options, &departures, 20 * NET_MS);
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    check_spacing(&departures, "a first handshake", 0, 4);
    pair_free(pair);
}

/* The alert does not stand in line: an owner drains once, and frees. */
static void a_close_does_not_wait(void)
{
    struct departures departures = { .from = SERVER };
    struct pair_options options;
    struct call call;

    options_with_chain(&options, &departures, 20 * NET_MS);
    options.config[SERVER].flight_interval_ms = 1000;
    call_begin(&call, &options);
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    pair_run_for(call.pair, 500 * NET_MS);
    CU_ASSERT_EQUAL(departures.count, 1);
    pair_close(call.pair, SERVER);
    CU_ASSERT_EQUAL(pair_deadline(call.pair), dtls_conn_deadline(call.pair->end[CLIENT].conn));
    pair_run_for(call.pair, 20 * NET_MS);
    CU_ASSERT_EQUAL(pair_count(call.pair, CLIENT, DTLS_EVENT_CLOSED), 1);
    call_end(&call);
}

/* Loses each datagram of the spaced flight in turn. */
struct loser {
    enum net_end from;
    size_t victim, seen;
};

static struct net_verdict lose_one(void *arg, const struct net_sending *sending)
{
    struct loser *loser = arg;
    struct record_view view;

    if (sending->from != loser->from || !record_view_find(sending->bytes, sending->len, RECORD_HANDSHAKE, &view))
        return (struct net_verdict){ NET_PASS, 0 };
    return (struct net_verdict){ loser->seen++ == loser->victim ? NET_DROP : NET_PASS, 0 };
}

static void a_spaced_flight_survives_loss(void)
{
    for (size_t victim = 0; victim < 6; victim++)
        for (int mutual = 0; mutual < 2; mutual++) {
            struct loser loser = { .from = mutual ? CLIENT : SERVER, .victim = victim };
            struct pair_options options;
            struct call call;
            pair_options(&options, 92);
            options.config[SERVER].identity = identity_of(IDENTITY_RSA4096_CHAIN);
            options.config[CLIENT].identity = identity_of(IDENTITY_RSA4096_CHAIN);
            options.config[SERVER].client_certificate =
                mutual ? DTLS_CLIENT_CERTIFICATE_REQUIRE : DTLS_CLIENT_CERTIFICATE_NONE;
            options.filter = lose_one;
            options.filter_arg = &loser;
            call_begin(&call, &options);
            call_flow(&call, 5 * NET_MS, 160);
            CHECK_CASE(call_renew(&call, &call_kinds[0], 1, 5 * NET_SECOND), "datagram %zu of end %d lost: never done",
                       victim, loser.from);
            CU_ASSERT_TRUE(call_is_alive(&call));
            call_end(&call);
        }
}

/* 64 kbit/s, of which 50 records a second of 60 bytes (97 sealed) take 39: issue's worst case. What a record waits for
 * is the queue in front of the link. */
static uint64_t wait_on_a_thin_link(uint32_t interval_ms, uint64_t *done_us)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 93);
    options.config[SERVER].identity = identity_of(IDENTITY_RSA4096_CHAIN);
    options.config[SERVER].flight_interval_ms = interval_ms;
    options.link[CLIENT].rate_bps = options.link[SERVER].rate_bps = 64000;
    call_begin(&call, &options);
    call_flow(&call, 20 * NET_MS, 60);
    pair_run_for(call.pair, NET_SECOND);
    uint64_t start_us = call.pair->net.now_us;
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, 30 * NET_SECOND));
    *done_us = call.pair->net.now_us - start_us;
    pair_run_for(call.pair, 10 * NET_SECOND);
    const struct traffic_flow *flow = &call.traffic->flow[SERVER];
    uint64_t longest_us = 0;
    for (size_t i = 0; i < flow->count; i++)
        if (flow->records[i].delivered_us != 0 && flow->records[i].delivered_us - flow->records[i].sent_us > longest_us)
            longest_us = flow->records[i].delivered_us - flow->records[i].sent_us;
    CU_ASSERT_TRUE(call_is_alive(&call));
    printf("# 5 KB of certificates on 64 kbit/s, interval %u ms: done in %llu ms, a record takes %llu ms at most, "
           "%llu + %llu flights again\n",
           interval_ms == DTLS_FLIGHT_INTERVAL_AUTO ? 20 : interval_ms, (unsigned long long)*done_us / 1000,
           (unsigned long long)longest_us / 1000, (unsigned long long)pair_stats(call.pair, CLIENT).retransmissions,
           (unsigned long long)pair_stats(call.pair, SERVER).retransmissions);
    call_end(&call);
    return longest_us;
}

static void a_thin_link_carries_both(void)
{
    uint64_t done_us, at_once_us = wait_on_a_thin_link(0, &done_us);
    uint64_t default_us = wait_on_a_thin_link(DTLS_FLIGHT_INTERVAL_AUTO, &done_us);
    uint64_t spaced_us = wait_on_a_thin_link(600, &done_us);

    CU_ASSERT_TRUE(default_us <= at_once_us);
    /* One datagram of 1,200 bytes is 150 ms on this link, and delay is 20 ms: no record waits for two of them. */
    CU_ASSERT_TRUE(spaced_us <= 250 * NET_MS);
}

static CU_TestInfo tests[] = {
    { "a long flight leaves datagram by datagram, 20 ms or an eighth of a round trip apart (R16)",
      a_long_flight_is_spaced },
    { "two datagrams leave at once (R16)", two_datagrams_leave_at_once },
    { "a first handshake is not spaced (R16)", a_first_handshake_is_not_spaced },
    { "a close does not wait for the flight in front of it (R16)", a_close_does_not_wait },
    { "a spaced flight survives the loss of any datagram (R16)", a_spaced_flight_survives_loss },
    { "5 KB of certificates and 50 records a second share 64 kbit/s (R16)", a_thin_link_carries_both },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "rehandshake pace", tests);
}
