/* survivor.c - contract S as a whole: a flood of hostile datagrams at every moment of a first handshake, of a
 * rehandshake and in between, and everyone is still there afterwards.
 *
 * Environment: DTLS_FLOOD, how many datagrams each connection gets at each moment (default 3,000; ./dev test --long:
 * 1,000,000). */
#include <stdio.h>
#include <stdlib.h>

#include "conn/conn_private.h"
#include "tests/box/flood.h"
#include "tests/box/memory.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

enum { DATAGRAMS = 3000, MOMENTS_MAX = 200 };

/* What an attacker without keys may make an end keep: sealed records of an epoch without keys (R5), each with a header
 * and what the allocator is told. */
enum { ROOM_FOR_NOISE = DTLS_EARLY_BYTES + DTLS_EARLY_RECORDS * 128 };

static uint64_t datagrams(void)
{
    const char *text = getenv("DTLS_FLOOD");

    return text == NULL ? DATAGRAMS : strtoull(text, NULL, 10);
}

/* ---- one connection under attack ---- */

struct siege {
    const struct scene *scene;
    struct pair *pair;
    struct memory memory[2];
    struct flood flood;
    size_t arrived, moment; /* datagrams that have arrived; how many shall before the flood */
};

static void count_arrival(void *arg, const struct net_datagram *datagram)
{
    struct siege *siege = arg;

    (void)datagram;
    siege->arrived++;
}

static bool is_the_moment(const struct pair *pair, const void *arg)
{
    const struct siege *siege = arg;

    (void)pair;
    return siege->arrived >= siege->moment;
}

static void begin(struct siege *siege, const struct scene *scene, size_t moment, bool tame)
{
    struct pair_options options;

    *siege = (struct siege){ .scene = scene, .moment = moment };
    scene_options(scene, &options, 7);
    options.recording = true;
    for (int end = CLIENT; end <= SERVER; end++) {
        siege->memory[end].fail_at = MEMORY_NEVER_FAILS;
        memory_use(&siege->memory[end], &options.config[end]);
    }
    siege->pair = scene_prepare(scene, &options);
    siege->pair->net.recording = true;
    siege->pair->on_arrival = count_arrival;
    siege->pair->watcher = siege;
    siege->flood = (struct flood){ .net = &siege->pair->net, .chance = { moment }, .tame = tame };
}

static void end(struct siege *siege)
{
    pair_free(siege->pair);
    for (int end = CLIENT; end <= SERVER; end++)
        CHECK_CASE(siege->memory[end].live_blocks == 0, "%s, moment %zu: %zu blocks of end %d are lost",
                   scene_name(siege->scene->kind), siege->moment, siege->memory[end].live_blocks, end);
}

/* What the engine says has become of records that it did not use. */
static uint64_t accounted(const struct siege *siege, enum net_end end)
{
    const struct dtls_conn *conn = siege->pair->end[end].conn;
    struct dtls_stats stats = pair_stats(siege->pair, end);

    return pair_drops(siege->pair, end) + stats.ignored + conn->early.count + (conn->doomed ? 1 : 0);
}

/* The flood, all of it in one instant of the virtual clock. */
static void strike(struct siege *siege, enum net_end end, uint64_t count)
{
    static uint8_t bytes[FLOOD_MAX];
    struct pair *pair = siege->pair;
    struct dtls_conn *conn = pair->end[end].conn;

    for (uint64_t i = 0; i < count && conn != NULL; i++) {
        uint64_t before = accounted(siege, end);
        size_t len = flood_next(&siege->flood, dtls_conn_epoch(conn), bytes);
        dtls_conn_receive(conn, pair->net.now_us, bytes, len);
        pair_settle(pair, end);
        if (siege->flood.tame)
            CHECK_CASE(accounted(siege, end) > before, "%s, moment %zu: datagram %llu to end %d is not accounted for",
                       scene_name(siege->scene->kind), siege->moment, (unsigned long long)siege->flood.made, end);
    }
}

/* Runs to the moment; false when the handshake has no such one. */
static bool reach(struct siege *siege)
{
    if (siege->moment == 0)
        return true;
    return pair_run_until(siege->pair, is_the_moment, siege, 300 * NET_MS);
}

static size_t bad_ends(const struct pair *pair)
{
    size_t count = 0;

    for (int end = CLIENT; end <= SERVER; end++)
        count += pair_count(pair, (enum net_end)end, DTLS_EVENT_FAILED) +
                 pair_count(pair, (enum net_end)end, DTLS_EVENT_CLOSED) +
                 pair_count(pair, (enum net_end)end, DTLS_EVENT_ALERT);
    return count;
}

/* ---- nobody suffers ---- */

/* At rest again: no old keys, no copies of the last flight, nothing held. */
static void come_to_rest(struct pair *pair)
{
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    pair_run_for(pair, 400 * NET_SECOND);
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
}

/* One handshake with a flood at one moment, or none; `live` and `most` tell what memory the two ends use at its end,
 * and used at most. False when there is no such moment. */
static bool survive(const struct scene *scene, size_t moment, uint64_t count, size_t live[2], size_t most[2])
{
    const char *name = scene_name(scene->kind);
    struct siege siege;

    begin(&siege, scene, moment, true);
    CU_ASSERT_EQUAL(scene_start(scene, siege.pair), DTLS_OK);
    bool there = reach(&siege);
    if (there) {
        strike(&siege, CLIENT, count / 2);
        strike(&siege, SERVER, count / 2);
        CHECK_CASE(scene_run(scene, siege.pair, 10 * NET_SECOND), "%s, moment %zu: is never done", name, moment);
        CHECK_CASE(bad_ends(siege.pair) == 0, "%s, moment %zu: an end, or an alert", name, moment);
        come_to_rest(siege.pair);
        CHECK_CASE(dtls_conn_epoch(siege.pair->end[CLIENT].conn) == dtls_conn_epoch(siege.pair->end[SERVER].conn),
                   "%s, moment %zu: a fork", name, moment);
    }
    for (int at = CLIENT; at <= SERVER; at++) {
        live[at] = siege.memory[at].live_bytes;
        most[at] = siege.memory[at].most_bytes;
    }
    end(&siege);
    return there;
}

static void survive_every_moment(enum scene_kind kind, size_t *moments)
{
    const char *name = scene_name(kind);
    size_t calm_live[2], calm_most[2], live[2], most[2];
    struct scene scene;

    scene_begin(&scene, kind);
    CU_ASSERT_TRUE(survive(&scene, 0, 0, calm_live, calm_most));
    for (size_t moment = 0; moment < MOMENTS_MAX && survive(&scene, moment, datagrams(), live, most); moment++) {
        for (int at = CLIENT; at <= SERVER; at++)
            CHECK_CASE(live[at] == calm_live[at] && most[at] <= calm_most[at] + ROOM_FOR_NOISE,
                       "%s, moment %zu, end %d: %zu bytes live, %zu at most; without a flood %zu and %zu", name, moment,
                       at, live[at], most[at], calm_live[at], calm_most[at]);
        (*moments)++;
    }
    scene_end(&scene);
}

static void every_handshake_survives_a_flood(void)
{
    size_t moments = 0;

    for (int kind = 0; kind < SCENE_KINDS; kind++)
        survive_every_moment((enum scene_kind)kind, &moments);
    CU_ASSERT_TRUE(moments > 50);
    printf("# %zu moments, %llu datagrams at each\n", moments, (unsigned long long)datagrams());
}

static void an_open_association_survives_a_flood(void)
{
    struct scene scene;
    struct siege siege;

    for (int renewed = 0; renewed < 2; renewed++) {
        scene_begin(&scene, SCENE_FULL_FROM_CLIENT);
        begin(&siege, &scene, 0, false); /* wild: there are keys, and nothing in the clear counts */
        if (renewed) {                   /* there is a previous epoch too, and a last flight */
            CU_ASSERT_EQUAL(scene_start(&scene, siege.pair), DTLS_OK);
            CU_ASSERT_TRUE(scene_run(&scene, siege.pair, NET_SECOND));
            pair_run_for(siege.pair, 50 * NET_MS);
        }
        for (int to = CLIENT; to <= SERVER; to++) {
            struct dtls_stats before = pair_stats(siege.pair, (enum net_end)to);
            uint64_t drops = pair_drops(siege.pair, (enum net_end)to);
            size_t live = siege.memory[to].live_bytes, sent = siege.pair->net.counts[to].sent;
            strike(&siege, (enum net_end)to, datagrams() / 2);
            struct dtls_stats after = pair_stats(siege.pair, (enum net_end)to);
            drops = pair_drops(siege.pair, (enum net_end)to) - drops;
            CHECK_CASE(after.datagrams_received - before.datagrams_received == datagrams() / 2 &&
                           drops >= datagrams() / 2 && after.ignored == before.ignored,
                       "end %d: %llu drops of %llu", to, (unsigned long long)drops,
                       (unsigned long long)datagrams() / 2);
            CHECK_CASE(siege.memory[to].live_bytes == live && siege.pair->net.counts[to].sent == sent,
                       "end %d: keeps %zu bytes, sends %zu datagrams", to, siege.memory[to].live_bytes - live,
                       siege.pair->net.counts[to].sent - sent);
        }
        CU_ASSERT_EQUAL(bad_ends(siege.pair), 0);
        CU_ASSERT_TRUE(pair_ping(siege.pair, NET_SECOND));
        end(&siege);
        scene_end(&scene);
    }
}

/* ---- forged messages of a first handshake ---- */

/* Nothing in it is authentic before Finished. What a forged message can do is end this attempt, with a reason; the
 * next one is untouched by it. */
static void ends_with_a_reason_or_is_done(const struct scene *scene, size_t moment, bool *there, size_t *done)
{
    const char *name = scene_name(scene->kind);
    struct siege siege;

    begin(&siege, scene, moment, false);
    CU_ASSERT_EQUAL(scene_start(scene, siege.pair), DTLS_OK);
    *there = reach(&siege);
    if (*there) {
        strike(&siege, CLIENT, datagrams() / 2);
        strike(&siege, SERVER, datagrams() / 2);
        size_t bound = (size_t)32768 * 12; /* max_message, for each message of the window */
        for (int at = CLIENT; at <= SERVER; at++)
            CHECK_CASE(siege.memory[at].most_bytes <= bound, "%s, moment %zu, end %d: %zu bytes", name, moment, at,
                       siege.memory[at].most_bytes);
        pair_run_for(siege.pair, 200 * NET_SECOND);
        for (int at = CLIENT; at <= SERVER; at++) {
            const struct pair_event *failed = pair_last(siege.pair, (enum net_end)at, DTLS_EVENT_FAILED);
            bool none = siege.pair->end[at].conn == NULL; /* no hello with a cookie has reached the server */
            CHECK_CASE(none || pair_is_open(siege.pair, (enum net_end)at) || (failed != NULL && failed->error != 0),
                       "%s, moment %zu, end %d: neither open nor over", name, moment, at);
        }
        *done += pair_both_open(siege.pair);
    }
    end(&siege);
}

static void a_forged_message_ends_one_attempt_at_most(void)
{
    size_t attempts = 0, done = 0;

    for (int kind = 0; kind < SCENE_FULL_FROM_CLIENT; kind++) {
        struct scene scene;
        bool there = true;
        scene_begin(&scene, (enum scene_kind)kind);
        for (size_t moment = 0; there && moment < MOMENTS_MAX; moment++) {
            ends_with_a_reason_or_is_done(&scene, moment, &there, &done);
            attempts += there;
        }
        size_t live[2], most[2];
        CU_ASSERT_TRUE(survive(&scene, 0, 0, live, most)); /* a new attempt, with the same server's memory */
        scene_end(&scene);
    }
    CU_ASSERT_TRUE(attempts > 20);
    printf("# %zu of %zu first handshakes are done all the same\n", done, attempts);
}

static CU_TestInfo tests[] = {
    { "an open association survives a flood, and accounts for every datagram (S1, S2)",
      an_open_association_survives_a_flood },
    { "every handshake survives a flood at every moment, and accounts for every datagram (S1, S2, S5)",
      every_handshake_survives_a_flood },
    { "a forged message ends one first handshake at most, with a reason (S9)",
      a_forged_message_ends_one_attempt_at_most },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "survivor", tests);
}
