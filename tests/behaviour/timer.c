/* timer.c - contract T on the virtual clock: when flights are repeated, when waiting ends, when nothing is due. */
#include "tests/box/scene.h"
#include "tests/tap.h"

#include <stdio.h>

enum { TIMES_MAX = 256 };

/* Moments at which an end sent something, each once, relative to the first. */
struct times {
    uint64_t at_us[TIMES_MAX];
    size_t count;
};

static void note_time(struct times *times, uint64_t at_us)
{
    if (times->count < TIMES_MAX && (times->count == 0 || times->at_us[times->count - 1] != at_us))
        times->at_us[times->count++] = at_us;
}

static struct times sending_times(const struct pair *pair, enum net_end from, uint64_t after_us)
{
    struct times times = { .count = 0 };

    for (size_t i = 0; i < pair->net.recorded_count; i++)
        if (pair->net.recorded[i].from == from && pair->net.recorded[i].sent_us >= after_us)
            note_time(&times, pair->net.recorded[i].sent_us - after_us);
    return times;
}

/* RFC 6347, 4.2.4.1: double, saturate, stop at the total (0: at `until_us`). */
static struct times expected_times(uint64_t initial_us, uint64_t maximum_us, uint64_t end_us)
{
    struct times times = { .count = 0 };
    uint64_t timeout_us = initial_us;

    for (uint64_t at_us = 0; at_us < end_us; at_us += timeout_us, timeout_us = 2 * timeout_us) {
        if (timeout_us > maximum_us)
            timeout_us = maximum_us;
        note_time(&times, at_us);
    }
    return times;
}

static void check_times(const char *what, const struct times *seen, const struct times *expected)
{
    CHECK_CASE(seen->count == expected->count, "%s: sent at %zu moments instead of %zu", what, seen->count,
               expected->count);
    for (size_t i = 0; i < seen->count && i < expected->count; i++)
        CHECK_CASE(seen->at_us[i] == expected->at_us[i], "%s: moment %zu is %llu us instead of %llu", what, i,
                   (unsigned long long)seen->at_us[i], (unsigned long long)expected->at_us[i]);
}

static void set_times(struct dtls_config *config, uint32_t initial_ms, uint32_t maximum_ms, uint32_t total_ms)
{
    config->initial_timeout_ms = initial_ms;
    config->maximum_timeout_ms = maximum_ms;
    config->handshake_timeout_ms = total_ms;
}

static const struct net_link deaf = { .loss = 10000 };

/* A client whose datagrams all vanish. */
static void client_alone(uint32_t initial_ms, uint32_t maximum_ms, uint32_t total_ms, uint64_t run_us)
{
    struct pair_options options;
    char what[100];

    snprintf(what, sizeof what, "%u to %u ms, %u in all", initial_ms, maximum_ms, total_ms);
    pair_options(&options, 1);
    set_times(&options.config[CLIENT], initial_ms, maximum_ms, total_ms);
    options.config[SERVER].handshake_timeout_ms = 0;
    options.link[CLIENT] = deaf;
    options.recording = true;
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, run_us);
    struct times seen = sending_times(pair, CLIENT, options.start_us);
    uint64_t end_us = total_ms == 0 ? run_us + 1 : total_ms * NET_MS;
    struct times expected = expected_times(initial_ms * NET_MS, maximum_ms * NET_MS, end_us);
    check_times(what, &seen, &expected);
    const struct pair_event *failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
    if (total_ms == 0) {
        CHECK_CASE(failed == NULL, "%s: ends", what);
    } else {
        CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_TIMEOUT &&
                       failed->time_us == options.start_us + total_ms * NET_MS,
                   "%s: ends at %.3f ms with %d", what,
                   failed == NULL ? 0 : (double)(failed->time_us - options.start_us) / 1000,
                   failed == NULL ? 0 : failed->error);
        CHECK_CASE(pair_deadline(pair) == DTLS_NEVER, "%s: a deadline after the end", what);
    }
    pair_free(pair);
}

static void defaults_are_one_to_sixty_seconds(void)
{
    struct dtls_config config;

    dtls_config_init(&config);
    CU_ASSERT_EQUAL(config.initial_timeout_ms, 1000);
    CU_ASSERT_EQUAL(config.maximum_timeout_ms, 60000);
    CU_ASSERT_EQUAL(config.handshake_timeout_ms, 60000);
    client_alone(1000, 60000, 60000, 100 * NET_SECOND);
}

static void preset_is_a_tenth_to_two_seconds(void)
{
    struct dtls_config config;

    dtls_config_init(&config);
    dtls_config_preset_realtime(&config);
    CU_ASSERT_EQUAL(config.initial_timeout_ms, 100);
    CU_ASSERT_EQUAL(config.maximum_timeout_ms, 2000);
    CU_ASSERT_EQUAL(config.handshake_timeout_ms, 60000);
    client_alone(100, 2000, 60000, 100 * NET_SECOND);
}

static void every_start_value_doubles_and_saturates(void)
{
    for (uint32_t initial_ms = 50; initial_ms <= 60000; initial_ms += initial_ms < 100 ? 1 : 599) {
        client_alone(initial_ms, 60000, 60000, 61 * NET_SECOND);
        client_alone(initial_ms, 60000, 0, 400 * NET_SECOND);
    }
    client_alone(60000, 60000, 60000, 61 * NET_SECOND);
    client_alone(60000, 60000, 0, 400 * NET_SECOND);
    client_alone(50, 50, 5000, 6 * NET_SECOND);
}

static void no_total_means_never(void)
{
    client_alone(1000, 60000, 0, 4 * 3600 * NET_SECOND);
}

static void large_settings_saturate(void)
{
    client_alone(60000, UINT32_MAX, UINT32_MAX, UINT32_MAX * NET_MS + NET_SECOND);
    client_alone(60000, UINT32_MAX, 0, 20 * (UINT32_MAX * NET_MS));
}

static void the_end_of_time_is_no_deadline_in_the_past(void)
{
    const dtls_time now = UINT64_MAX - 500 * NET_MS;
    struct pair_options options;
    struct dtls_event event;
    uint8_t out[2000];
    size_t len;

    pair_options(&options, 2);
    options.config[CLIENT].initial_timeout_ms = 60000;
    options.config[CLIENT].maximum_timeout_ms = 60000;
    struct dtls_conn *conn = dtls_conn_new(&options.config[CLIENT], DTLS_CLIENT);
    CU_ASSERT_EQUAL(dtls_conn_start(conn, now), DTLS_OK);
    CU_ASSERT_FALSE(dtls_conn_next_event(conn, &event));
    CU_ASSERT_TRUE(dtls_conn_next_datagram(conn, now, out, sizeof out, &len));
    CU_ASSERT_TRUE(dtls_conn_deadline(conn) > now);
    CU_ASSERT_EQUAL(dtls_conn_tick(conn, now + 1), DTLS_OK);
    CU_ASSERT_FALSE(dtls_conn_next_datagram(conn, now + 1, out, sizeof out, &len));
    dtls_conn_free(conn);
}

/* Only the client's first datagram gets through. */
static struct net_verdict pass_first(void *arg, const struct net_sending *sending)
{
    (void)arg;
    return (struct net_verdict){ sending->index == 0 ? NET_PASS : NET_DROP, 0 };
}

static void a_server_repeats_its_flight_on_the_same_schedule(void)
{
    struct pair_options options;

    pair_options(&options, 3);
    set_times(&options.config[CLIENT], 60000, 60000, 0);
    set_times(&options.config[SERVER], 1000, 60000, 60000);
    options.filter = pass_first;
    options.recording = true;
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, 100 * NET_SECOND);
    uint64_t first_us = options.start_us + 20 * NET_MS;
    struct times seen = sending_times(pair, SERVER, first_us);
    struct times expected = expected_times(NET_SECOND, 60 * NET_SECOND, 60 * NET_SECOND - 20 * NET_MS);
    check_times("server", &seen, &expected);
    const struct pair_event *failed = pair_last(pair, SERVER, DTLS_EVENT_FAILED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(failed);
    CU_ASSERT_EQUAL(failed->error, DTLS_ERR_TIMEOUT);
    CU_ASSERT_EQUAL(failed->time_us, options.start_us + 60 * NET_SECOND);
    pair_free(pair);
}

static void a_server_without_a_client_ends_on_time(void)
{
    struct pair_options options;

    pair_options(&options, 4);
    options.link[CLIENT] = deaf;
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, 100 * NET_SECOND);
    const struct pair_event *failed = pair_last(pair, SERVER, DTLS_EVENT_FAILED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(failed);
    CU_ASSERT_EQUAL(failed->error, DTLS_ERR_TIMEOUT);
    CU_ASSERT_EQUAL(failed->time_us, options.start_us + 60 * NET_SECOND);
    CU_ASSERT_EQUAL(pair_stats(pair, SERVER).datagrams_sent, 0);
    pair_free(pair);
}

/* Drops what the server sends from its second flight on. */
static struct net_verdict silence_the_server(void *arg, const struct net_sending *sending)
{
    const uint64_t *from_us = arg;

    return (struct net_verdict){ sending->from == SERVER && sending->now_us > *from_us ? NET_DROP : NET_PASS, 0 };
}

static void later_flights_follow_the_round_trip(void)
{
    struct pair_options options;

    pair_options(&options, 5);
    set_times(&options.config[CLIENT], 1000, 60000, 60000);
    uint64_t silent_from_us = options.start_us + 20 * NET_MS;
    options.filter = silence_the_server;
    options.filter_arg = &silent_from_us;
    options.recording = true;
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, 100 * NET_SECOND);
    uint64_t flight_us = options.start_us + 40 * NET_MS;
    struct times seen = sending_times(pair, CLIENT, flight_us);
    /* One sample of 40 ms: srtt 40, rttvar 20 (RFC 6298, 2.2), so srtt + 4 rttvar is 120 ms. */
    struct times expected = expected_times(120 * NET_MS, 60 * NET_SECOND, 60 * NET_SECOND - 40 * NET_MS);
    check_times("second flight", &seen, &expected);
    CU_ASSERT_EQUAL(dtls_conn_round_trip(pair->end[CLIENT].conn), 40 * NET_MS);
    pair_free(pair);
}

static void a_known_round_trip_shortens_the_first_wait(void)
{
    struct pair_options options;

    pair_options(&options, 6);
    set_times(&options.config[CLIENT], 1000, 60000, 60000);
    options.link[CLIENT] = deaf;
    options.recording = true;
    options.silent = true;
    struct pair *pair = pair_new(&options);
    dtls_conn_set_round_trip(pair->end[CLIENT].conn, 40 * NET_MS);
    CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
    pair_run_for(pair, NET_SECOND);
    struct times seen = sending_times(pair, CLIENT, options.start_us);
    CU_ASSERT_TRUE(seen.count > 2 && seen.at_us[1] >= 50 * NET_MS && seen.at_us[1] <= 200 * NET_MS);
    pair_free(pair);
}

/* Drops one of an end's datagrams, by its number among them. */
struct loss_of_one {
    enum net_end from;
    size_t number, seen;
};

static struct net_verdict drop_one_of_one(void *arg, const struct net_sending *sending)
{
    struct loss_of_one *loss = arg;

    bool lost = sending->from == loss->from && loss->seen++ == loss->number;
    return (struct net_verdict){ lost ? NET_DROP : NET_PASS, 0 };
}

/* Contract T4. The answerer's own timer would take longer. */
static void a_repeated_flight_is_answered_at_once(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        struct pair_options options;
        struct loss_of_one loss = { .from = (enum net_end)end, .number = end == CLIENT ? 1 : 0 };
        pair_options(&options, 12);
        set_times(&options.config[SERVER], end == SERVER ? 50000 : 100, 60000, 60000);
        options.filter = drop_one_of_one;
        options.filter_arg = &loss;
        struct pair *pair = pair_new(&options);
        CHECK_CASE(pair_run_until_open(pair, 9 * 20 * NET_MS), "end %d does not answer", end);
        CHECK_CASE(pair_stats(pair, (enum net_end)end).answers == 1, "end %d does not count its answer", end);
        pair_free(pair);
    }
}

/* ---- quiet ---- */

static void check_quiet(struct pair *pair, const char *when)
{
    size_t ticks[2] = { pair->end[CLIENT].ticks, pair->end[SERVER].ticks };

    pair_run_for(pair, 300 * NET_SECOND); /* longer than every grace time: R4's 120 s, T5's 240 s */
    CHECK_CASE(pair_deadline(pair) == DTLS_NEVER, "%s: a deadline in %lld us", when,
               (long long)(pair_deadline(pair) - pair->net.now_us));
    for (int end = CLIENT; end <= SERVER; end++)
        CHECK_CASE(pair->end[end].ticks - ticks[end] <= 12, "%s: end %d wakes up %zu times", when, end,
                   pair->end[end].ticks - ticks[end]);
}

static void nothing_is_due_when_nothing_happens(void)
{
    for (int kind = 0; kind < SCENE_KINDS; kind++)
        for (int with_data = 0; with_data <= 1; with_data++) {
            struct scene scene;
            struct pair_options options;
            scene_begin(&scene, (enum scene_kind)kind);
            scene_options(&scene, &options, 7);
            struct pair *pair = scene_pair(&scene, &options);
            CHECK_CASE(scene_run(&scene, pair, 5 * NET_SECOND), "%s: never done", scene_name((enum scene_kind)kind));
            if (with_data == 1)
                CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
            check_quiet(pair, scene_name((enum scene_kind)kind));
            CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
            pair_free(pair);
            scene_end(&scene);
        }
}

static void old_keys_are_gone_ten_seconds_after_new_data(void)
{
    struct scene scene;
    struct pair_options options;

    scene_begin(&scene, SCENE_FULL_FROM_CLIENT);
    scene_options(&scene, &options, 8);
    struct pair *pair = scene_pair(&scene, &options);
    CU_ASSERT_TRUE(scene_run(&scene, pair, 5 * NET_SECOND));
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    CU_ASSERT_TRUE(pair_deadline(pair) <= pair->net.now_us + 10 * NET_SECOND);
    pair_run_for(pair, 11 * NET_SECOND);
    CU_ASSERT_EQUAL(dtls_conn_deadline(pair->end[CLIENT].conn), DTLS_NEVER);
    CU_ASSERT_EQUAL(dtls_conn_deadline(pair->end[SERVER].conn), DTLS_NEVER);
    pair_free(pair);
    scene_end(&scene);
}

static void obeying_deadlines_is_enough(void)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct scene scene;
        struct pair_options options;
        enum scene_kind kind = (enum scene_kind)(seed % SCENE_KINDS);
        scene_begin(&scene, kind);
        scene_options(&scene, &options, seed);
        for (int end = CLIENT; end <= SERVER; end++) {
            set_times(&options.config[end], 1000, 60000, 0);
            options.link[end].loss = 4000;
        }
        struct pair *pair = scene_pair(&scene, &options);
        CHECK_CASE(scene_run(&scene, pair, 3600 * NET_SECOND), "seed %llu: %s never finishes", (unsigned long long)seed,
                   scene_name(kind));
        pair_free(pair);
        scene_end(&scene);
    }
}

/* ---- rehandshakes without an answer (contract R10) ---- */

static struct pair *open_pair(struct pair_options *options)
{
    struct pair *pair = pair_new(options);

    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    pair_run_for(pair, 2 * NET_SECOND);
    return pair;
}

static void an_unanswered_rehandshake_leaves_the_connection_alone(void)
{
    for (int from = CLIENT; from <= SERVER; from++) {
        struct pair_options options;
        enum net_end end = (enum net_end)from;
        pair_options(&options, 9);
        struct pair *pair = open_pair(&options);
        pair->net.link[CLIENT].loss = pair->net.link[SERVER].loss = 10000;
        uint64_t begun_us = pair->net.now_us;
        CU_ASSERT_EQUAL(pair_rehandshake(pair, end, DTLS_REHANDSHAKE_FULL), DTLS_OK);
        CU_ASSERT_EQUAL(pair_rehandshake(pair, end, DTLS_REHANDSHAKE_FULL), DTLS_ERR_REHANDSHAKE_RUNNING);
        pair_run_for(pair, 100 * NET_SECOND);
        const struct pair_event *failed = pair_last(pair, end, DTLS_EVENT_REHANDSHAKE_FAILED);
        CHECK_CASE(failed != NULL && failed->time_us == begun_us + 60 * NET_SECOND, "from end %d: not dropped on time",
                   from);
        CU_ASSERT_FALSE(dtls_conn_rehandshake_pending(pair->end[from].conn));
        CU_ASSERT_EQUAL(pair_deadline(pair), DTLS_NEVER);
        pair->net.link[CLIENT].loss = pair->net.link[SERVER].loss = 0;
        CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
        CU_ASSERT_EQUAL(dtls_conn_epoch(pair->end[CLIENT].conn), 1);
        CU_ASSERT_EQUAL(pair_rehandshake(pair, end, DTLS_REHANDSHAKE_FULL), DTLS_OK);
        CHECK_CASE(pair_run_until_renewed(pair, 1, 5 * NET_SECOND), "from end %d: the retry is not done", from);
        CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
        pair_free(pair);
    }
}

static void a_mandatory_rehandshake_without_answer_closes(void)
{
    struct pair_options options;

    pair_options(&options, 10);
    options.config[CLIENT].rehandshake_mandatory = true;
    options.config[CLIENT].rehandshake_timeout_ms = 3000;
    struct pair *pair = open_pair(&options);
    uint64_t begun_us = pair->net.now_us;
    pair->net.link[CLIENT].loss = 10000;
    CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    pair_run_for(pair, 10 * NET_SECOND);
    const struct pair_event *failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(failed);
    CU_ASSERT_EQUAL(failed->error, DTLS_ERR_REHANDSHAKE_REQUIRED);
    CU_ASSERT_EQUAL(failed->time_us, begun_us + 3 * NET_SECOND);
    CU_ASSERT_EQUAL(pair_deadline(pair), DTLS_NEVER);
    pair_free(pair);
}

/* The server hears the ClientHello and the client the answer, and then the server hears nothing more. */
static struct net_verdict silence_the_client(void *arg, const struct net_sending *sending)
{
    (void)arg;
    return (struct net_verdict){ sending->from == CLIENT && sending->index > 0 ? NET_DROP : NET_PASS, 0 };
}

static void an_answered_rehandshake_stalls_and_goes_on(void)
{
    struct pair_options options;

    pair_options(&options, 11);
    struct pair *pair = open_pair(&options);
    uint64_t begun_us = pair->net.now_us;
    net_set_filter(&pair->net, silence_the_client, NULL);
    CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    pair_run_for(pair, 200 * NET_SECOND);
    for (int end = CLIENT; end <= SERVER; end++) {
        const struct pair_event *stalled = pair_last(pair, (enum net_end)end, DTLS_EVENT_REHANDSHAKE_STALLED);
        uint64_t expected_us = begun_us + 60 * NET_SECOND + (end == SERVER ? 20 * NET_MS : 0);
        CHECK_CASE(stalled != NULL && pair_count(pair, (enum net_end)end, DTLS_EVENT_REHANDSHAKE_STALLED) == 1,
                   "end %d: not stalled once", end);
        CHECK_CASE(stalled == NULL || stalled->time_us == expected_us, "end %d stalls at %.3f ms", end,
                   (double)(stalled->time_us - begun_us) / 1000);
    }
    net_set_filter(&pair->net, NULL, NULL);
    CU_ASSERT_TRUE(pair_run_until_renewed(pair, 1, 5 * NET_SECOND));
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    check_quiet(pair, "after a stall");
    pair_free(pair);
}

static CU_TestInfo tests[] = {
    { "the defaults repeat after 1, 2, 4 ... s and end after 60 s", defaults_are_one_to_sixty_seconds },
    { "the preset repeats after 100, 200 ... 2,000 ms", preset_is_a_tenth_to_two_seconds },
    { "every start value from 50 to 60,000 ms doubles and saturates", every_start_value_doubles_and_saturates },
    { "a total of 0 never ends and stays at 60 s", no_total_means_never },
    { "the largest settings saturate", large_settings_saturate },
    { "at the end of time no deadline lies in the past", the_end_of_time_is_no_deadline_in_the_past },
    { "a server repeats its flight on the same schedule", a_server_repeats_its_flight_on_the_same_schedule },
    { "a server without a client ends on time", a_server_without_a_client_ends_on_time },
    { "later flights follow the measured round trip", later_flights_follow_the_round_trip },
    { "a round trip known before shortens the first wait", a_known_round_trip_shortens_the_first_wait },
    { "a repeated flight is answered at once", a_repeated_flight_is_answered_at_once },
    { "nothing is due when nothing happens", nothing_is_due_when_nothing_happens },
    { "old keys are gone 10 s after data under the new ones", old_keys_are_gone_ten_seconds_after_new_data },
    { "an owner who obeys only deadlines always finishes", obeying_deadlines_is_enough },
    { "an unanswered rehandshake leaves the connection alone", an_unanswered_rehandshake_leaves_the_connection_alone },
    { "a mandatory rehandshake without answer closes", a_mandatory_rehandshake_without_answer_closes },
    { "an answered rehandshake stalls, goes on, and completes", an_answered_rehandshake_stalls_and_goes_on },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "timer", tests);
}
