/* storm.c - whole lives in bad weather: a hostile network, and an application that calls anything at any time.
 *
 * Environment: DTLS_SEEDS, how many lives each test lives (default 300); DTLS_FIRST_SEED, where they begin, to see one
 * again (with DTLS_TRACE=1 every datagram is printed, and each seed before it runs: the last one has crashed). */
#include <stdio.h>
#include <stdlib.h>

#include "dtls/session.h"
#include "tests/box/memory.h"
#include "tests/box/traffic.h"
#include "tests/box/weather.h"
#include "tests/tap.h"

enum { SEEDS = 300, WORST_SEEDS = 10 /* failing ones, after which a test stops trying more */ };

/* Longer than any timeout of `configure`: by then an attempt has ended, or goes on until it is done. */
#define PEACE_US (420 * NET_SECOND)

struct life {
    struct pair *pair;
    struct traffic *traffic;
    struct weather weather;
    struct rng chance;
    struct memory memory;
    bool poor; /* allocations fail now and then */
    struct dtls_session_cache *cache;
    struct dtls_ticket_keys ticket_keys;
    size_t refused_while_open; /* records of a size that fits */
};

static uint64_t up_to(struct life *life, uint64_t most)
{
    return rng_up_to(&life->chance, most);
}

static bool one_in(struct life *life, uint64_t count)
{
    return up_to(life, count - 1) == 0;
}

/* ---- who they are ---- */

static void configure_end(struct life *life, struct dtls_config *config)
{
    config->rehandshake_policy =
        one_in(life, 3) ? (enum dtls_rehandshake_policy)up_to(life, 3) : DTLS_REHANDSHAKE_ACCEPT;
    config->rehandshake_mode = (enum dtls_rehandshake_mode)up_to(life, 1);
    config->rehandshake_interval_ms = one_in(life, 3) ? 1000 : 0;
    config->replay_window = (size_t)64 << up_to(life, 3);
    if (one_in(life, 3))
        config->mtu = 256 + up_to(life, 300);
    if (one_in(life, 3))
        config->handshake_timeout_ms = 4000 + (uint32_t)up_to(life, 2) * 1000;
    if (one_in(life, 3))
        config->rehandshake_timeout_ms = 300 + (uint32_t)up_to(life, 3000);
    if (one_in(life, 2)) {
        config->initial_timeout_ms = 1000;
        config->maximum_timeout_ms = 60000;
    }
    memory_use(&life->memory, config);
}

static void configure(struct life *life, struct pair_options *options)
{
    static const uint16_t suites[] = { DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
                                       DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384 };

    for (int end = CLIENT; end <= SERVER; end++) {
        configure_end(life, &options->config[end]);
        options->link[end].delay_us = 1000 + up_to(life, 50 * NET_MS);
    }
    struct dtls_config *client = &options->config[CLIENT], *server = &options->config[SERVER];
    if (one_in(life, 2)) {
        client->suites[0] = suites[up_to(life, 2)];
        client->suite_count = 1;
    }
    server->client_certificate = (enum dtls_client_certificate)up_to(life, 2);
    if (one_in(life, 2))
        server->store = dtls_session_cache_store(life->cache);
    if (one_in(life, 2)) {
        server->ticket_keys = &life->ticket_keys;
        life->ticket_keys.count = 1;
    }
    options->cookies = one_in(life, 2);
}

static void begin(struct life *life, uint64_t seed, struct pair_options *options)
{
    *life = (struct life){ .chance = { seed }, .memory = { .fail_at = MEMORY_NEVER_FAILS } };
    life->cache = dtls_session_cache_new(16);
    rng_fill(&life->chance, life->ticket_keys.keys[0].key, sizeof life->ticket_keys.keys[0].key);
    pair_options(options, seed);
    configure(life, options);
}

/* Gives everything back, and checks what does not depend on the story. Size of datagrams, standing clocks and what
 * calls may answer are pair.c's checks. */
static void end(struct life *life, uint64_t seed)
{
    for (int from = CLIENT; from <= SERVER; from++) {
        const struct traffic_flow *flow = &life->traffic->flow[from];
        CHECK_CASE(flow->duplicated == 0, "seed %llu: %zu records of end %d came twice", (unsigned long long)seed,
                   flow->duplicated, from);
        CHECK_CASE(flow->corrupted == 0, "seed %llu: %zu records of end %d came changed, or were never sent",
                   (unsigned long long)seed, flow->corrupted, from);
    }
    CHECK_CASE(life->refused_while_open == 0, "seed %llu: %zu records of a size that fits were refused",
               (unsigned long long)seed, life->refused_while_open);
    traffic_free(life->traffic);
    pair_free(life->pair);
    dtls_session_cache_free(life->cache);
    CHECK_CASE(life->memory.live_blocks == 0, "seed %llu: %zu blocks are lost", (unsigned long long)seed,
               life->memory.live_blocks);
}

/* ---- what the application does ---- */

static void send_something(struct life *life, enum net_end from)
{
    struct dtls_conn *conn = life->pair->end[from].conn;
    size_t most = dtls_conn_max_payload(conn);
    size_t len = one_in(life, 5) ? most : TRAFFIC_SMALLEST + up_to(life, 160);

    if (!dtls_conn_is_open(conn))
        return;
    if (traffic_send(life->traffic, from, len < most ? len : most) != DTLS_OK && dtls_conn_is_open(conn))
        life->refused_while_open++;
}

static void call_anything(struct life *life, enum net_end end)
{
    struct pair *pair = life->pair;
    struct dtls_conn *conn = pair->end[end].conn;

    if (conn == NULL)
        return;
    switch (up_to(life, 11)) {
    case 0:
        dtls_conn_rehandshake(conn, pair->net.now_us, (enum dtls_rehandshake_mode)up_to(life, 1));
        break;
    case 1:
        dtls_conn_accept_rehandshake(conn, pair->net.now_us);
        break;
    case 2:
        dtls_conn_refuse_rehandshake(conn, pair->net.now_us);
        break;
    case 3:
        dtls_conn_set_mtu(conn, one_in(life, 3) ? 256 + up_to(life, 1500) : 1200);
        break;
    case 4:
        dtls_conn_tick(conn, pair->net.now_us);
        break;
    case 5:
    case 6:
        weather_forge(&life->weather, end);
        break;
    case 7:
        weather_repeat(&life->weather);
        break;
    default:
        send_something(life, end);
    }
    pair_settle(pair, end);
}

/* Mostly a moment, now and then long enough for timeouts. */
static uint64_t pause_us(struct life *life)
{
    if (!one_in(life, 3))
        return up_to(life, 20 * NET_MS);
    return up_to(life, one_in(life, 30) ? 8 * NET_SECOND : 300 * NET_MS);
}

static void live(struct life *life)
{
    for (uint64_t left = 50 + up_to(life, 600); left > 0; left--) {
        if (one_in(life, 30))
            weather_turn(&life->weather);
        if (life->poor && one_in(life, 10))
            life->memory.fail_at = life->memory.asked + up_to(life, 20);
        call_anything(life, (enum net_end)up_to(life, 1));
        pair_run_for(life->pair, pause_us(life));
    }
}

/* ---- scenarios ---- */

static void check_peace(struct life *life, uint64_t seed)
{
    struct pair *pair = life->pair;
    struct dtls_conn *client = pair->end[CLIENT].conn, *server = pair->end[SERVER].conn;

    pair_run_for(pair, PEACE_US);
    if (!pair_both_open(pair)) {
        for (int at = CLIENT; at <= SERVER; at++) {
            const struct pair_event *failed = pair_last(pair, (enum net_end)at, DTLS_EVENT_FAILED);
            CHECK_CASE(failed == NULL, "seed %llu: end %d died of %d, alert %u", (unsigned long long)seed, at,
                       failed == NULL ? 0 : failed->error, failed == NULL ? 0 : failed->alert);
        }
        CHECK_CASE(false, "seed %llu: the association has ended", (unsigned long long)seed);
        return;
    }
    bool heard = pair_ping(pair, NET_SECOND);
    CHECK_CASE(heard, "seed %llu: silence: epochs %u and %u", (unsigned long long)seed, dtls_conn_epoch(client),
               dtls_conn_epoch(server));
    pair_run_for(pair, 70 * NET_SECOND); /* data may confirm what nothing else did */
    CHECK_CASE(!dtls_conn_rehandshake_pending(client) && !dtls_conn_rehandshake_pending(server),
               "seed %llu: an attempt never ends (client %d, server %d)", (unsigned long long)seed,
               dtls_conn_rehandshake_pending(client), dtls_conn_rehandshake_pending(server));
    CHECK_CASE(dtls_conn_epoch(client) == dtls_conn_epoch(server), "seed %llu: epochs %u and %u in peace",
               (unsigned long long)seed, dtls_conn_epoch(client), dtls_conn_epoch(server));
}

static void survive_a_storm(uint64_t seed)
{
    struct pair_options options;
    struct life life;

    begin(&life, seed, &options);
    life.pair = pair_new(&options);
    life.traffic = traffic_new(life.pair);
    bool open = pair_run_until_open(life.pair, 5 * NET_SECOND) && pair_ping(life.pair, NET_SECOND);
    CHECK_CASE(open, "seed %llu: no association before the storm", (unsigned long long)seed);
    weather_storm(&life.weather, &life.pair->net, seed);
    if (open)
        live(&life);
    weather_clear(&life.weather);
    if (open)
        check_peace(&life, seed);
    end(&life, seed);
}

/* From the first byte, when anyone's words count, to a close from either side; now and then memory is out. */
static void live_and_die(uint64_t seed)
{
    struct pair_options options;
    struct life life;

    begin(&life, seed, &options);
    life.poor = one_in(&life, 2);
    if (life.poor)
        life.memory.fail_at = up_to(&life, 60);
    options.silent = true;
    life.pair = pair_new(&options);
    life.traffic = traffic_new(life.pair);
    weather_storm(&life.weather, &life.pair->net, seed);
    pair_start_client(life.pair);
    live(&life);
    pair_close(life.pair, (enum net_end)up_to(&life, 1));
    live(&life);
    weather_clear(&life.weather);
    pair_run_for(life.pair, 100 * NET_SECOND);
    end(&life, seed);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void for_each_seed(void (*story)(uint64_t seed))
{
    uint64_t first = from_environment("DTLS_FIRST_SEED", 1), count = from_environment("DTLS_SEEDS", SEEDS), worst = 0;

    for (uint64_t seed = first; seed < first + count && worst < WORST_SEEDS; seed++) {
        unsigned failures = CU_get_number_of_failures();
        if (getenv("DTLS_TRACE") != NULL)
            fprintf(stderr, "# seed %llu\n", (unsigned long long)seed);
        story(seed);
        worst += CU_get_number_of_failures() > failures;
    }
}

static void an_open_association_survives_a_storm(void)
{
    for_each_seed(survive_a_storm);
}

static void whole_lives_leak_nothing(void)
{
    for_each_seed(live_and_die);
}

static CU_TestInfo tests[] = {
    { "an open association survives a hostile network and any calls", an_open_association_survives_a_storm },
    { "whole lives in a hostile network, with little memory, crash and leak nothing", whole_lives_leak_nothing },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "storm", tests);
}
