/* rehandshake_many.c - ten thousand rehandshakes: on bad networks, each of another seed; and in one association.
 *
 * Environment: DTLS_SEEDS, how many calls of four rehandshakes (default 2,500); DTLS_FIRST_SEED, where they begin. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/box/call.h"
#include "tests/box/memory.h"
#include "tests/tap.h"

enum { CALLS = 2500, RENEWALS = 4, WORST_SEEDS = 10 };

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

/* ---- on bad networks ---- */

struct sums {
    size_t lost, wanted, delivered;
    uint64_t rehandshakes, held, longest_wait_us;
};

/* 50 records a second each way, up to 30 % loss, some reordering and doubling, up to 80 ms each way. */
static void one_call(uint64_t seed, struct sums *sums)
{
    struct rng rng = { seed };
    struct pair_options options;
    struct call call;

    pair_options(&options, seed);
    for (int end = CLIENT; end <= SERVER; end++)
        options.link[end] = (struct net_link){ .delay_us = rng_up_to(&rng, 80 * NET_MS),
                                               .jitter_us = rng_up_to(&rng, 10 * NET_MS),
                                               .loss = (unsigned)rng_up_to(&rng, 3000),
                                               .duplicate = (unsigned)rng_up_to(&rng, 500),
                                               .reorder = (unsigned)rng_up_to(&rng, 1000),
                                               .reorder_us = 40 * NET_MS };
    options.config[SERVER].client_certificate =
        rng_chance(&rng, 3000) ? DTLS_CLIENT_CERTIFICATE_REQUIRE : DTLS_CLIENT_CERTIFICATE_NONE;
    call_begin(&call, &options);
    call_flow(&call, 20 * NET_MS, 160);
    for (size_t number = 1; number <= RENEWALS; number++) {
        const struct call_kind *kind = &call_kinds[rng_up_to(&rng, CALL_KINDS - 1)];
        CHECK_CASE(call_renew(&call, kind, number, 120 * NET_SECOND), "seed %llu: %s, number %zu, is never done",
                   (unsigned long long)seed, kind->name, number);
        pair_run_for(call.pair, 1100 * NET_MS);
    }
    traffic_stop(call.traffic);
    pair_run_for(call.pair, NET_SECOND);
    for (int end = CLIENT; end <= SERVER; end++) {
        const struct traffic_flow *flow = &call.traffic->flow[end];
        struct dtls_stats stats = pair_stats(call.pair, (enum net_end)end);
        sums->lost += call.pair->net.counts[end].lost;
        sums->wanted += flow->count;
        sums->delivered += flow->delivered;
        sums->held += stats.held;
        if (flow->longest_wait_us > sums->longest_wait_us)
            sums->longest_wait_us = flow->longest_wait_us;
        CHECK_CASE(pair_count(call.pair, (enum net_end)end, DTLS_EVENT_FAILED) == 0, "seed %llu: end %d fails",
                   (unsigned long long)seed, end);
    }
    sums->rehandshakes += pair_stats(call.pair, CLIENT).rehandshakes;
    call_end(&call);
}

static void ten_thousand_on_bad_networks(void)
{
    uint64_t first = from_environment("DTLS_FIRST_SEED", 1), count = from_environment("DTLS_SEEDS", CALLS);
    unsigned failures = CU_get_number_of_failures();
    struct sums sums = { 0 };

    for (uint64_t seed = first; seed < first + count && CU_get_number_of_failures() <= failures + WORST_SEEDS; seed++)
        one_call(seed, &sums);
    printf("# %llu rehandshakes, %zu records wanted, %zu delivered, %zu datagrams lost, %llu records held, the longest "
           "for "
           "%llu ms\n",
           (unsigned long long)sums.rehandshakes, sums.wanted, sums.delivered, sums.lost, (unsigned long long)sums.held,
           (unsigned long long)sums.longest_wait_us / 1000);
    CU_ASSERT_TRUE(sums.lost > 0 && sums.longest_wait_us <= 2 * NET_MS);
}

/* ---- in one association ---- */

static void ten_thousand_leave_memory_flat(void)
{
    enum { MANY = 10000, EARLY = 10 };
    struct memory memory[2] = { { .fail_at = MEMORY_NEVER_FAILS }, { .fail_at = MEMORY_NEVER_FAILS } };
    size_t most[2] = { 0 }, live[2] = { 0 };
    struct pair_options options;
    struct call call;

    pair_options(&options, 5);
    for (int end = CLIENT; end <= SERVER; end++) {
        memory_use(&memory[end], &options.config[end]);
        options.config[end].rehandshake_interval_ms = 0;
        options.link[end].delay_us = NET_MS;
    }
    call_begin(&call, &options);
    for (size_t number = 1; number <= MANY; number++) {
        bool full = number % 16 < 2;
        CHECK_CASE(call_renew(&call, &call_kinds[number % 2 + (full ? 0 : 2)], number, NET_SECOND), "number %zu",
                   number);
        CU_ASSERT_TRUE(pair_ping(call.pair, NET_SECOND));
        for (int end = CLIENT; end <= SERVER; end++) {
            if (number == 2 * EARLY) {
                most[end] = memory[end].most_bytes;
                live[end] = memory[end].live_bytes;
            }
            if (number % 16 == 2 * EARLY % 16 && number >= 2 * EARLY) /* of the same kind */
                CHECK_CASE(memory[end].live_bytes == live[end], "end %d, number %zu: %zu bytes live, not %zu", end,
                           number, memory[end].live_bytes, live[end]);
        }
        pair_run_for(call.pair, 100 * NET_MS);
    }
    for (int end = CLIENT; end <= SERVER; end++)
        CHECK_CASE(memory[end].most_bytes <= most[end] + 16, /* DER signatures are some bytes longer or shorter */
                   "end %d: %zu bytes at most, %zu early on", end, memory[end].most_bytes, most[end]);
    CU_ASSERT_EQUAL(dtls_conn_epoch(call.pair->end[CLIENT].conn), MANY + 1);
    call_end(&call);
    CU_ASSERT_TRUE(memory[CLIENT].live_blocks == 0 && memory[SERVER].live_blocks == 0);
}

static CU_TestInfo tests[] = {
    { "ten thousand rehandshakes at up to 30 % loss: what arrives is delivered exactly once",
      ten_thousand_on_bad_networks },
    { "ten thousand rehandshakes of one association leave memory flat", ten_thousand_leave_memory_flat },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "rehandshake many", tests);
}
