/* rehandshake_strict.c - contract R18: a peer that cannot take data in mid-handshake gets none. */
#include <stdio.h>
#include <string.h>

#include "conn/conn_private.h"
#include "tests/box/call.h"
#include "tests/box/peek.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

/* What such a peer would say to the order in which one end's records leave: data under n while it may be in the middle
 * of a rehandshake kills it, and it reads n+1 only from ChangeCipherSpec on. */
struct critic {
    enum net_end of;
    uint16_t epoch;  /* n */
    bool begun;      /* the first ClientHello has left its sender (ours), or has come (theirs) */
    bool switched;   /* ChangeCipherSpec of n has left */
    size_t deadly;   /* records of data under n since the beginning */
    size_t too_soon; /* under n+1 before ChangeCipherSpec */
    size_t fine;     /* under n+1 after it, before the peer is verified */
    struct pair *pair;
};

static struct net_verdict judge(void *arg, const struct net_sending *sending)
{
    struct critic *critic = arg;
    struct record_view r[RECORD_VIEW_MAX];
    size_t count = record_view_split(sending->bytes, sending->len, r);

    for (size_t i = 0; i < count && sending->from == critic->of; i++) {
        bool old = r[i].epoch == critic->epoch, new = r[i].epoch == critic->epoch + 1;
        if (critic->of == CLIENT && old && r[i].type == RECORD_HANDSHAKE)
            critic->begun = true;
        if (old && r[i].type == RECORD_CHANGE_CIPHER_SPEC)
            critic->switched = true;
        if (r[i].type != RECORD_DATA)
            continue;
        critic->deadly += old && critic->begun;
        critic->too_soon += new && !critic->switched;
        critic->fine += new && critic->switched &&dtls_conn_epoch(critic->pair->end[critic->of].conn) == critic->epoch;
    }
    return (struct net_verdict){ NET_PASS, 0 };
}

/* A server hears of it with the ClientHello. */
static bool heard_hello(const struct pair *pair, const void *arg)
{
    (void)arg;
    return pair->end[SERVER].conn->hs != NULL;
}

/* The flows of a strict end: what it refused, it refused as it says; everything else is as ever. */
static size_t forgive_pauses(struct call *call, enum net_end end)
{
    struct traffic_flow *flow = &call->traffic->flow[end];
    size_t paused = flow->refused;

    CU_ASSERT_TRUE(paused == 0 || flow->last_refusal == DTLS_ERR_PAUSED);
    flow->refused = 0;
    return paused;
}

static void a_strict_end_pauses_for_one_round_trip(void)
{
    for (int k = 0; k < CALL_KINDS; k++)
        for (int end = CLIENT; end <= SERVER; end++) {
            const struct call_kind *kind = &call_kinds[k];
            struct critic critic = { .of = (enum net_end)end, .epoch = 1 };
            struct pair_options options;
            struct call call;
            pair_options(&options, 100);
            options.config[end].peer_model = DTLS_PEER_STRICT;
            options.filter = judge;
            options.filter_arg = &critic;
            call_begin(&call, &options);
            critic.pair = call.pair;
            call_flow(&call, 5 * NET_MS, 160);
            pair_run_for(call.pair, 22 * NET_MS);
            CU_ASSERT_EQUAL(pair_rehandshake(call.pair, kind->from, kind->mode), DTLS_OK);
            CU_ASSERT_TRUE(pair_run_until(call.pair, heard_hello, NULL, NET_SECOND));
            critic.begun = true;
            CHECK_CASE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND), "%s: never done", kind->name);
            pair_run_for(call.pair, 200 * NET_MS);
            size_t paused = forgive_pauses(&call, (enum net_end)end);
            /* 40 ms are 8 records. An abbreviated server sends its ChangeCipherSpec at once. */
            bool pauses = end == CLIENT || kind->mode == DTLS_REHANDSHAKE_FULL;
            CHECK_CASE(pauses ? paused >= 7 && paused <= 9 : paused <= 1, "%s: end %d refuses %zu records", kind->name,
                       end, paused);
            CHECK_CASE(critic.deadly == 0 && critic.too_soon == 0 && critic.switched,
                       "%s: end %d: %zu records of n in mid-handshake, %zu of n+1 too soon", kind->name, end,
                       critic.deadly, critic.too_soon);
            /* The second finisher does not wait for the peer's Finished: a round trip less of silence. */
            CHECK_CASE((critic.fine > 0) == ((enum net_end)end != kind->first_finisher),
                       "%s: end %d: %zu records before Finished", kind->name, end, critic.fine);
            CHECK_CASE(forgive_pauses(&call, net_other((enum net_end)end)) == 0, "%s: the other end pauses",
                       kind->name);
            CU_ASSERT_TRUE(call_is_alive(&call));
            call_end(&call);
        }
}

/* Where a flight is lost, what follows it under n+1 comes to a peer without keys, which keeps 8 records (R5). */
static size_t forgive_early_drops(struct call *call, enum net_end from)
{
    const struct traffic_flow *flow = &call->traffic->flow[from];
    struct dtls_stats stats = pair_stats(call->pair, net_other(from));
    size_t missing = 0;

    for (size_t i = 0; i < flow->count; i++)
        if (flow->records[i].arrived_us != 0 && flow->records[i].deliveries == 0) {
            missing++;
            flow->records[i].arrived_us = 0;
        }
    CHECK_CASE(missing <= stats.dropped[DTLS_DROP_NO_ROOM] + stats.dropped[DTLS_DROP_EPOCH],
               "seed %llu: %zu records of end %d vanish", (unsigned long long)call->pair->seed, missing, from);
    return missing;
}

static void strict_ends_on_a_bad_network(uint64_t seeds, unsigned loss, size_t *paused, size_t *early)
{
    for (uint64_t seed = 0; seed < seeds; seed++) {
        struct pair_options options;
        struct call call;
        pair_options(&options, seed);
        options.config[CLIENT].peer_model = DTLS_PEER_STRICT;
        options.config[SERVER].peer_model = seed % 2 ? DTLS_PEER_STRICT : DTLS_PEER_FLOWING;
        for (int end = CLIENT; end <= SERVER; end++)
            options.link[end] = (struct net_link){
                .delay_us = 20 * NET_MS, .loss = loss, .reorder = 1000, .reorder_us = 30 * NET_MS, .duplicate = 500
            };
        call_begin(&call, &options);
        call_flow(&call, 5 * NET_MS, 160);
        for (size_t number = 1; number <= 4; number++) {
            CHECK_CASE(call_renew(&call, &call_kinds[(seed + number) % CALL_KINDS], number, 60 * NET_SECOND),
                       "seed %llu: rehandshake %zu is never done", (unsigned long long)seed, number);
            pair_run_for(call.pair, 1100 * NET_MS);
        }
        *paused += forgive_pauses(&call, CLIENT) + forgive_pauses(&call, SERVER);
        traffic_stop(call.traffic);
        pair_run_for(call.pair, NET_SECOND);
        *early += forgive_early_drops(&call, CLIENT) + forgive_early_drops(&call, SERVER);
        call_end(&call);
    }
}

static void what_a_strict_end_accepts_is_not_lost(void)
{
    size_t paused = 0, early = 0;

    strict_ends_on_a_bad_network(100, 0, &paused, &early);
    CHECK_CASE(paused > 0 && early == 0, "%zu paused, %zu lost without loss", paused, early);
    paused = 0;
    strict_ends_on_a_bad_network(100, 2000, &paused, &early);
    CU_ASSERT_TRUE(paused > 0);
    printf("# strict at 20 %% loss: %zu sends paused, %zu records came before their keys\n", paused, early);
}

/* Nothing has begun, or it is over: data goes. */
static int send_now(const struct call *call, enum net_end end)
{
    uint8_t out[200];
    size_t len;

    return dtls_conn_send(call->pair->end[end].conn, call->pair->net.now_us, (const uint8_t *)"data", 4, out,
                          sizeof out, &len);
}

static void a_refusal_ends_the_pause(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 101);
    options.config[CLIENT].peer_model = options.config[SERVER].peer_model = DTLS_PEER_STRICT;
    options.config[CLIENT].rehandshake_policy = options.config[SERVER].rehandshake_policy = DTLS_REHANDSHAKE_DENY;
    call_begin(&call, &options);
    pair_rehandshake(call.pair, SERVER, DTLS_REHANDSHAKE_FULL);
    CU_ASSERT_EQUAL(send_now(&call, SERVER), DTLS_OK); /* a HelloRequest begins nothing (RFC 5246, 7.4.1.1) */
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_REFUSED, NET_SECOND));
    pair_run_for(call.pair, 2 * NET_SECOND);
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    CU_ASSERT_EQUAL(send_now(&call, CLIENT), DTLS_ERR_PAUSED);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_REFUSED, NET_SECOND));
    CU_ASSERT_EQUAL(send_now(&call, CLIENT), DTLS_OK);
    CU_ASSERT_EQUAL(send_now(&call, SERVER), DTLS_OK);
    CU_ASSERT_TRUE(call_is_alive(&call));
    call_end(&call);
}

static void silence_ends_the_pause_too(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 102);
    options.config[CLIENT].peer_model = DTLS_PEER_STRICT;
    options.config[CLIENT].rehandshake_timeout_ms = 3000;
    options.config[SERVER].rehandshake_policy = DTLS_REHANDSHAKE_IGNORE;
    call_begin(&call, &options);
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    pair_run_for(call.pair, 2900 * NET_MS);
    CU_ASSERT_EQUAL(send_now(&call, CLIENT), DTLS_ERR_PAUSED);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_FAILED, NET_SECOND));
    CU_ASSERT_EQUAL(send_now(&call, CLIENT), DTLS_OK);
    call_end(&call);
}

/* The flight is spaced in time (R16): ChangeCipherSpec is its end. */
static void a_spaced_flight_is_waited_for(void)
{
    struct critic critic = { .of = CLIENT, .epoch = 1 };
    struct pair_options options;
    struct call call;

    pair_options(&options, 103);
    options.config[CLIENT].peer_model = DTLS_PEER_STRICT;
    options.config[CLIENT].identity = identity_of(IDENTITY_RSA4096_CHAIN);
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.filter = judge;
    options.filter_arg = &critic;
    call_begin(&call, &options);
    critic.pair = call.pair;
    call_flow(&call, NET_MS, 160);
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, 5 * NET_SECOND));
    CU_ASSERT_TRUE(critic.deadly == 0 && critic.too_soon == 0 && critic.fine > 0);
    CU_ASSERT_TRUE(forgive_pauses(&call, CLIENT) > 40);
    call_end(&call);
}

static CU_TestInfo tests[] = {
    { "a strict end sends nothing from ClientHello to its ChangeCipherSpec, and n+1 from there (R18)",
      a_strict_end_pauses_for_one_round_trip },
    { "what a strict end accepts is delivered exactly once, if its keys are there (R18)",
      what_a_strict_end_accepts_is_not_lost },
    { "a refusal ends the pause, and a HelloRequest begins none (R18)", a_refusal_ends_the_pause },
    { "silence ends the pause with the attempt (R18)", silence_ends_the_pause_too },
    { "a spaced flight is waited for to its end (R18, R16)", a_spaced_flight_is_waited_for },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "rehandshake strict", tests);
}
