/* loss.c - handshakes and rehandshakes over a network that loses, doubles and reorders; data flows meanwhile.
 *
 * Environment: DTLS_SEEDS, how many seeds the long tests try (default 1,000); DTLS_FIRST_SEED, where they begin, to
 * see one seed again (with DTLS_TRACE=1 every datagram is printed). */
#include "tests/box/scene.h"
#include "tests/box/traffic.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>

enum { SEEDS = 1000, WORST_SEEDS = 10 /* failing ones, after which a test stops trying more */ };

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

/* ---- single datagrams and pairs of datagrams ---- */

enum { NO_DROP = 1000000 };

/* Drops two datagrams by index, and counts all. */
struct droplist {
    size_t first, second;
    size_t seen;
};

static struct net_verdict drop_listed(void *arg, const struct net_sending *sending)
{
    struct droplist *list = arg;

    list->seen = sending->index + 1;
    bool listed = sending->index == list->first || sending->index == list->second;
    return (struct net_verdict){ listed ? NET_DROP : NET_PASS, 0 };
}

/* Runs one handshake without the datagrams `first` and `second`; how many datagrams it took. */
static size_t survive(const struct scene *scene, size_t mtu, size_t first, size_t second)
{
    struct droplist list = { first, second, 0 };
    struct pair_options options;
    unsigned failures = CU_get_number_of_failures();

    scene_options(scene, &options, 1);
    options.config[CLIENT].mtu = options.config[SERVER].mtu = mtu;
    options.filter = drop_listed;
    options.filter_arg = &list;
    struct pair *pair = scene_pair(scene, &options);
    bool done = scene_run(scene, pair, 20 * NET_SECOND);
    size_t taken = list.seen;
    net_set_filter(&pair->net, NULL, NULL);
    if (done)
        scene_check(scene, pair);
    bool pinged = done && pair_ping(pair, NET_SECOND);
    CHECK_CASE(pinged && CU_get_number_of_failures() == failures, "%s at MTU %zu without datagrams %zu and %zu: %s",
               scene_name(scene->kind), mtu, first, second,
               !done     ? "never done"
               : !pinged ? "no ping"
                         : "see above");
    pair_free(pair);
    return taken;
}

static void drop_each_and_each_pair(enum scene_kind kind, size_t mtu)
{
    struct scene scene;

    scene_begin(&scene, kind);
    size_t count = survive(&scene, mtu, NO_DROP, NO_DROP);
    CHECK_CASE(count >= 3, "%s: only %zu datagrams", scene_name(kind), count);
    for (size_t first = 0; first < count; first++) {
        size_t longer = survive(&scene, mtu, first, NO_DROP);
        for (size_t second = first + 1; second < longer; second++)
            survive(&scene, mtu, first, second);
    }
    scene_end(&scene);
}

static void any_pair_lost_in_a_first_handshake(void)
{
    for (int kind = 0; kind < SCENE_KINDS; kind++)
        if (!scene_is_rehandshake((enum scene_kind)kind))
            drop_each_and_each_pair((enum scene_kind)kind, 1200);
}

static void any_pair_lost_in_a_rehandshake(void)
{
    for (int kind = 0; kind < SCENE_KINDS; kind++)
        if (scene_is_rehandshake((enum scene_kind)kind))
            drop_each_and_each_pair((enum scene_kind)kind, 1200);
}

static void any_pair_lost_of_many_small_datagrams(void)
{
    drop_each_and_each_pair(SCENE_MUTUAL, 400);
    drop_each_and_each_pair(SCENE_MUTUAL_FROM_CLIENT, 400);
    drop_each_and_each_pair(SCENE_ABBREVIATED_FROM_SERVER, 256);
}

/* ---- one side cannot be heard for a while ---- */

/* Loses the first `count` datagrams of one end. */
struct mute {
    enum net_end from;
    size_t count;
};

static struct net_verdict drop_first_of_one(void *arg, const struct net_sending *sending)
{
    struct mute *mute = arg;

    if (sending->from != mute->from || mute->count == 0)
        return (struct net_verdict){ NET_PASS, 0 };
    mute->count--;
    return (struct net_verdict){ NET_DROP, 0 };
}

static void either_side_unheard_for_a_while(void)
{
    for (int kind = 0; kind < SCENE_KINDS; kind++)
        for (int from = CLIENT; from <= SERVER; from++) {
            struct scene scene;
            struct pair_options options;
            struct mute mute = { (enum net_end)from, 6 };
            scene_begin(&scene, (enum scene_kind)kind);
            scene_options(&scene, &options, 2);
            options.filter = drop_first_of_one;
            options.filter_arg = &mute;
            struct pair *pair = scene_pair(&scene, &options);
            CHECK_CASE(scene_run(&scene, pair, 55 * NET_SECOND) && pair_ping(pair, NET_SECOND),
                       "%s: six datagrams of end %d lost, never done", scene_name((enum scene_kind)kind), from);
            pair_free(pair);
            scene_end(&scene);
        }
}

/* ---- thousands of bad networks ---- */

static void make_bad_network(struct pair_options *options, struct rng *rng, unsigned most_loss)
{
    static const size_t mtus[] = { 256, 320, 548, 1200 };

    for (int end = CLIENT; end <= SERVER; end++) {
        struct net_link *link = &options->link[end];
        link->delay_us = rng_up_to(rng, 80 * NET_MS);
        link->jitter_us = rng_up_to(rng, 20 * NET_MS);
        link->loss = (unsigned)rng_up_to(rng, most_loss);
        link->duplicate = (unsigned)rng_up_to(rng, 1000);
        link->reorder = (unsigned)rng_up_to(rng, 2000);
        link->reorder_us = rng_up_to(rng, 150 * NET_MS);
        options->config[end].mtu = mtus[rng_up_to(rng, 3)];
    }
}

static void first_handshakes_complete(void)
{
    uint64_t first = from_environment("DTLS_FIRST_SEED", 1), count = from_environment("DTLS_SEEDS", SEEDS);
    unsigned failures = CU_get_number_of_failures();
    struct scene scenes[SCENE_FULL_FROM_CLIENT];

    for (int kind = 0; kind < SCENE_FULL_FROM_CLIENT; kind++)
        scene_begin(&scenes[kind], (enum scene_kind)kind);
    for (uint64_t seed = first; seed < first + count; seed++) {
        const struct scene *scene = &scenes[seed % SCENE_FULL_FROM_CLIENT];
        struct rng rng = { seed };
        struct pair_options options;
        scene_options(scene, &options, seed);
        make_bad_network(&options, &rng, 2000);
        struct pair *pair = scene_pair(scene, &options);
        bool done = scene_run(scene, pair, 60 * NET_SECOND);
        CHECK_CASE(done, "seed %llu: %s: never done", (unsigned long long)seed, scene_name(scene->kind));
        if (done)
            scene_check(scene, pair);
        pair_free(pair);
        if (CU_get_number_of_failures() > failures + WORST_SEEDS)
            break;
    }
    for (int kind = 0; kind < SCENE_FULL_FROM_CLIENT; kind++)
        scene_end(&scenes[kind]);
}

/* What the ends do to each other in one seed of the next test. */
struct plan {
    enum net_end from;
    enum dtls_rehandshake_mode mode;
    bool glare; /* the other end starts in the same instant */
};

static void rehandshake_once(struct pair *pair, const struct plan *plan, size_t number)
{
    int result = pair_rehandshake(pair, plan->from, plan->mode);

    CHECK_CASE(result == DTLS_OK, "seed %llu: rehandshake %zu does not begin: %s", (unsigned long long)pair->seed,
               number, dtls_error_string(result));
    if (plan->glare)
        pair_rehandshake(pair, net_other(plan->from), plan->mode);
    CHECK_CASE(pair_run_until_renewed(pair, number, 120 * NET_SECOND),
               "seed %llu: rehandshake %zu (mode %d, from end %d%s) is never done", (unsigned long long)pair->seed,
               number, (int)plan->mode, (int)plan->from, plan->glare ? ", glare" : "");
}

/* What happened in all the calls of a test: proof that the box was unkind. */
struct hardship {
    size_t lost, reordered, doubled;
    uint64_t held, final_copies, rehandshakes;
};

static void add_hardship(struct hardship *sum, const struct pair *pair)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        struct dtls_stats stats = pair_stats(pair, (enum net_end)end);
        sum->lost += pair->net.counts[end].lost;
        sum->reordered += pair->net.counts[end].reordered;
        sum->doubled += pair->net.counts[end].doubled;
        sum->held += stats.held;
        sum->final_copies += stats.final_copies;
        sum->rehandshakes += stats.rehandshakes;
    }
}

/* A call of a few seconds over one bad network: every record that arrives is delivered, once. */
static void call(uint64_t seed, unsigned most_loss, bool corrupting, struct hardship *sum)
{
    enum { REHANDSHAKES = 4 };
    struct rng rng = { seed };
    struct scene scene;
    struct pair_options options;

    scene_begin(&scene, seed % 2 == 0 ? SCENE_FULL : SCENE_MUTUAL);
    scene_options(&scene, &options, seed);
    make_bad_network(&options, &rng, most_loss);
    if (most_loss > 2000) /* then Finished may be late by more than the default of 256 records (R5) */
        options.config[CLIENT].held_records = options.config[SERVER].held_records = 8192;
    struct pair *pair = scene_pair(&scene, &options);
    struct traffic *traffic = traffic_new(pair);
    for (int from = CLIENT; from <= SERVER; from++)
        traffic_start(traffic, (enum net_end)from, seed % 8 == 0 ? 3 * NET_MS : 20 * NET_MS,
                      TRAFFIC_SMALLEST + rng_up_to(&rng, 160));
    bool open = scene_run(&scene, pair, 60 * NET_SECOND);
    CHECK_CASE(open, "seed %llu: never open", (unsigned long long)seed);
    if (corrupting)
        pair->net.link[CLIENT].corrupt = pair->net.link[SERVER].corrupt = 300;
    for (size_t number = 1; open && number <= REHANDSHAKES; number++) {
        struct plan plan = { .from = rng_chance(&rng, 5000) ? CLIENT : SERVER,
                             .mode = rng_chance(&rng, 5000) ? DTLS_REHANDSHAKE_FULL : DTLS_REHANDSHAKE_ABBREVIATED,
                             .glare = rng_chance(&rng, 1000) };
        pair_run_for(pair, NET_SECOND + rng_up_to(&rng, 200 * NET_MS));
        rehandshake_once(pair, &plan, number);
    }
    pair_run_for(pair, NET_SECOND / 2);
    traffic_stop(traffic);
    pair_run_for(pair, 2 * NET_SECOND);
    traffic_check(traffic);
    for (int end = CLIENT; end <= SERVER; end++)
        CHECK_CASE(pair_count(pair, (enum net_end)end, DTLS_EVENT_FAILED) == 0, "seed %llu: end %d fails",
                   (unsigned long long)seed, end);
    add_hardship(sum, pair);
    traffic_free(traffic);
    pair_free(pair);
    scene_end(&scene);
}

static void calls(uint64_t count, unsigned most_loss, bool corrupting)
{
    uint64_t first = from_environment("DTLS_FIRST_SEED", 1);
    unsigned failures = CU_get_number_of_failures();
    struct hardship sum = { 0 };

    for (uint64_t seed = first; seed < first + count && CU_get_number_of_failures() <= failures + WORST_SEEDS; seed++)
        call(seed, most_loss, corrupting, &sum);
    printf("# %llu calls: %llu rehandshakes, %zu datagrams lost, %zu reordered, %zu doubled, %llu records held, "
           "%llu last flights behind data\n",
           (unsigned long long)count, (unsigned long long)sum.rehandshakes / 2, sum.lost, sum.reordered, sum.doubled,
           (unsigned long long)sum.held, (unsigned long long)sum.final_copies);
    CU_ASSERT_TRUE(count < 100 || (sum.lost > 0 && sum.reordered > 0 && sum.doubled > 0 && sum.held > 0));
    CU_ASSERT_TRUE(sum.final_copies > 0);
}

static void calls_lose_nothing_to_rehandshakes(void)
{
    calls(from_environment("DTLS_SEEDS", SEEDS), 2000, false);
}

static void calls_survive_corruption(void)
{
    calls(from_environment("DTLS_SEEDS", SEEDS) / 10, 1000, true);
}

static void calls_survive_half_the_datagrams(void)
{
    calls(from_environment("DTLS_SEEDS", SEEDS) / 50, 5000, false);
}

/* ---- the friendly network ---- */

static void no_gap_without_loss(void)
{
    for (int kind = SCENE_FULL_FROM_CLIENT; kind < SCENE_KINDS; kind++) {
        struct scene scene;
        struct pair_options options;
        const uint64_t interval_us = 5 * NET_MS;
        scene_begin(&scene, (enum scene_kind)kind);
        scene_options(&scene, &options, 3);
        struct pair *pair = scene_pair(&scene, &options);
        struct traffic *traffic = traffic_new(pair);
        traffic_start(traffic, CLIENT, interval_us, 160);
        traffic_start(traffic, SERVER, interval_us, 160);
        CHECK_CASE(scene_run(&scene, pair, 5 * NET_SECOND), "%s: never done", scene_name((enum scene_kind)kind));
        pair_run_for(pair, NET_SECOND);
        traffic_stop(traffic);
        pair_run_for(pair, NET_SECOND);
        traffic_check(traffic);
        for (int from = CLIENT; from <= SERVER; from++) {
            const struct traffic_flow *flow = &traffic->flow[from];
            CHECK_CASE(flow->delivered == flow->count && flow->longest_gap_us <= interval_us,
                       "%s: %zu of %zu from end %d, longest gap %llu us", scene_name((enum scene_kind)kind),
                       flow->delivered, flow->count, from, (unsigned long long)flow->longest_gap_us);
            CHECK_CASE(flow->longest_wait_us == 0, "%s: a record of end %d waits %llu us",
                       scene_name((enum scene_kind)kind), from, (unsigned long long)flow->longest_wait_us);
        }
        CU_ASSERT_EQUAL(pair_stats(pair, CLIENT).retransmissions + pair_stats(pair, SERVER).retransmissions, 0);
        traffic_free(traffic);
        pair_free(pair);
        scene_end(&scene);
    }
}

static void twenty_rehandshakes_in_one_call(void)
{
    struct pair_options options;

    pair_options(&options, 4);
    struct pair *pair = pair_new(&options);
    struct traffic *traffic = traffic_new(pair);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    traffic_start(traffic, CLIENT, 20 * NET_MS, 160);
    traffic_start(traffic, SERVER, 20 * NET_MS, 160);
    for (size_t number = 1; number <= 20; number++) {
        pair_run_for(pair, 1100 * NET_MS);
        rehandshake_once(pair,
                         &(struct plan){ number % 2 == 0 ? CLIENT : SERVER,
                                         number % 4 < 2 ? DTLS_REHANDSHAKE_FULL : DTLS_REHANDSHAKE_ABBREVIATED, false },
                         number);
    }
    CU_ASSERT_EQUAL(dtls_conn_epoch(pair->end[CLIENT].conn), 21);
    CU_ASSERT_EQUAL(pair_stats(pair, SERVER).rehandshakes, 20);
    traffic_stop(traffic);
    pair_run_for(pair, NET_SECOND);
    traffic_check(traffic);
    traffic_free(traffic);
    pair_free(pair);
}

static CU_TestInfo tests[] = {
    { "a rehandshake on a loss-free link adds no gap and delays no record", no_gap_without_loss },
    { "twenty rehandshakes in one call lose nothing", twenty_rehandshakes_in_one_call },
    { "a first handshake survives the loss of any datagram and any pair", any_pair_lost_in_a_first_handshake },
    { "a rehandshake survives the loss of any datagram and any pair", any_pair_lost_in_a_rehandshake },
    { "handshakes of many small datagrams survive the loss of any pair", any_pair_lost_of_many_small_datagrams },
    { "either side may be unheard for a while", either_side_unheard_for_a_while },
    { "first handshakes complete on networks that lose up to a fifth", first_handshakes_complete },
    { "what arrives during rehandshakes is delivered exactly once", calls_lose_nothing_to_rehandshakes },
    { "what arrives intact is delivered exactly once while bits flip", calls_survive_corruption },
    { "what arrives is delivered exactly once when half is lost", calls_survive_half_the_datagrams },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "loss", tests);
}
