/* rehandshake_wire.c - contract R3 and R5: the last flight behind data, and records that overtake it. */
#include <string.h>

#include "conn/conn_private.h"
#include "messages/handshake_header.h"
#include "tests/box/call.h"
#include "tests/box/peek.h"
#include "tests/box/record_view.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

enum { MOST_FLIGHT = 99 }; /* R3's bound for ChangeCipherSpec and Finished */

/* What one end sent since its final flight was due. */
struct watch {
    enum net_end from;
    uint16_t epoch;               /* n+1 */
    bool lose_finals;             /* datagrams with its Finished vanish */
    bool lose_first_only;         /* and then no more */
    size_t finals, riders, wrong; /* Finished in n+1; of these behind data; not as R3 wants them */
};

static struct net_verdict watch_final_flight(void *arg, const struct net_sending *sending)
{
    struct watch *watch = arg;
    struct record_view r[RECORD_VIEW_MAX];
    size_t count = record_view_split(sending->bytes, sending->len, r), finished = 0;

    while (finished < count && (r[finished].type != RECORD_HANDSHAKE || r[finished].epoch != watch->epoch))
        finished++;
    if (sending->from != watch->from || finished == count)
        return (struct net_verdict){ NET_PASS, 0 };
    size_t rides = r[0].type == RECORD_DATA; /* and is where the flight begins */
    watch->finals++;
    watch->riders += rides;
    watch->wrong += count != rides + 2 || finished != rides + 1 || r[rides].type != RECORD_CHANGE_CIPHER_SPEC ||
                    r[rides].epoch != watch->epoch - 1 || sending->len - r[rides].at > MOST_FLIGHT ||
                    (rides && r[0].epoch != watch->epoch);
    if (!watch->lose_finals)
        return (struct net_verdict){ NET_PASS, 0 };
    watch->lose_finals = !watch->lose_first_only;
    return (struct net_verdict){ NET_DROP, 0 };
}

/* ---- R3 ---- */

static void the_last_flight_rides_behind_data_until_it_is_confirmed(void)
{
    static const uint16_t suites[] = { DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384,
                                       DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, DTLS_ECDHE_ECDSA_AES_128_CCM };

    for (size_t i = 0; i < 4 * CALL_KINDS; i++) {
        const struct call_kind *kind = &call_kinds[i % CALL_KINDS];
        enum net_end first = kind->first_finisher;
        struct watch watch = { .from = first, .epoch = 2 };
        struct pair_options options;
        struct call call;
        pair_options(&options, i);
        options.config[SERVER].suites[0] = suites[i / CALL_KINDS];
        options.config[SERVER].suite_count = 1;
        options.filter = watch_final_flight;
        options.filter_arg = &watch;
        call_begin(&call, &options);
        uint64_t copies = pair_stats(call.pair, first).final_copies; /* of the first handshake */
        pair_rehandshake(call.pair, kind->from, kind->mode);
        pair_run_until_event(call.pair, first, DTLS_EVENT_REHANDSHAKE_DONE, NET_SECOND);
        for (size_t copy = 1; copy <= 3; copy++) { /* half a round trip: not confirmed yet */
            CU_ASSERT_EQUAL(traffic_send(call.traffic, first, 160), DTLS_OK);
            CHECK_CASE(watch.riders == copy, "%s: %zu riders with %zu records", kind->name, watch.riders, copy);
            pair_run_for(call.pair, 5 * NET_MS);
        }
        CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, NET_SECOND));
        CU_ASSERT_EQUAL(traffic_send(call.traffic, net_other(first), 160), DTLS_OK);
        pair_run_for(call.pair, 100 * NET_MS);
        CU_ASSERT_EQUAL(traffic_send(call.traffic, first, 160), DTLS_OK);
        CHECK_CASE(watch.riders == 3 && watch.finals == 4 && watch.wrong == 0,
                   "%s, suite %04x: %zu Finished, %zu riders, %zu wrong", kind->name, suites[i / CALL_KINDS],
                   watch.finals, watch.riders, watch.wrong);
        CU_ASSERT_EQUAL(pair_stats(call.pair, first).final_copies, copies + 3);
        call_end(&call);
    }
}

static void the_first_datagram_of_data_completes_it(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        const struct call_kind *kind = &call_kinds[k];
        enum net_end first = kind->first_finisher;
        struct watch watch = { .from = first, .epoch = 2, .lose_finals = true, .lose_first_only = true };
        struct pair_options options;
        struct call call;
        pair_options(&options, 20);
        options.filter = watch_final_flight;
        options.filter_arg = &watch;
        call_begin(&call, &options);
        pair_rehandshake(call.pair, kind->from, kind->mode);
        pair_run_until_event(call.pair, first, DTLS_EVENT_REHANDSHAKE_DONE, NET_SECOND);
        CU_ASSERT_FALSE(watch.lose_finals);
        uint64_t sent = pair_stats(call.pair, net_other(first)).datagrams_sent;
        traffic_send(call.traffic, first, 160);
        pair_run_for(call.pair, 20 * NET_MS);
        struct dtls_stats stats = pair_stats(call.pair, net_other(first));
        CHECK_CASE(pair_count(call.pair, net_other(first), DTLS_EVENT_REHANDSHAKE_DONE) == 1 &&
                       call.traffic->flow[first].delivered == 1 && call.traffic->flow[first].longest_wait_us == 0,
                   "%s: not completed by the first record", kind->name);
        CHECK_CASE(watch.riders == 1 && watch.wrong == 0, "%s: it is not behind the data", kind->name);
        CHECK_CASE(stats.held == 0 && stats.datagrams_sent == sent, "%s: asked for again", kind->name);
        call_end(&call);
    }
}

/* A receive-only peer, and a sender of 1,000 records a second. */
static void eight_copies_at_most(void)
{
    for (int lose = 0; lose < 2; lose++)
        for (int k = 0; k < CALL_KINDS; k++) {
            const struct call_kind *kind = &call_kinds[k];
            enum net_end first = kind->first_finisher;
            struct watch watch = { .from = first, .epoch = 2, .lose_finals = lose };
            struct pair_options options;
            struct call call;
            pair_options(&options, 21);
            options.filter = watch_final_flight;
            options.filter_arg = &watch;
            call_begin(&call, &options);
            uint64_t copies = pair_stats(call.pair, first).final_copies; /* of the first handshake */
            traffic_start(call.traffic, first, NET_MS, 160);
            pair_rehandshake(call.pair, kind->from, kind->mode);
            pair_run_for(call.pair, 200 * NET_MS); /* fewer records than may be held */
            watch.lose_finals = false;
            pair_run_for(call.pair, 3 * NET_SECOND);
            struct dtls_stats stats = pair_stats(call.pair, first);
            size_t initial = 1, asked_for = (size_t)stats.answers;
            CHECK_CASE(watch.riders == 8 && stats.final_copies == copies + 8 &&
                           watch.finals == initial + asked_for + 8 && watch.wrong == 0,
                       "%s: %zu Finished, %zu riders, %zu asked for, %zu wrong", kind->name, watch.finals, watch.riders,
                       asked_for, watch.wrong);
            CHECK_CASE(lose || asked_for == 0, "%s: %zu asked for without loss", kind->name, asked_for);
            CHECK_CASE(pair_count(call.pair, net_other(first), DTLS_EVENT_REHANDSHAKE_DONE) == 1, "%s: never done",
                       kind->name);
            CU_ASSERT_EQUAL(pair_stats(call.pair, net_other(first)).records_sent, 1); /* call_begin's ping */
            call_end(&call);
        }
}

static void three_copies_in_a_first_handshake(void)
{
    static const struct {
        enum scene_kind kind;
        enum net_end first;
        size_t copies;
    } cases[] = {
        { SCENE_FULL, SERVER, 3 },
        { SCENE_MUTUAL, SERVER, 3 },
        { SCENE_RESUMED_BY_ID, CLIENT, 3 },
        { SCENE_TICKET, SERVER, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct watch watch = { .from = cases[i].first, .epoch = 1, .lose_finals = true };
        struct pair_options options;
        struct scene scene;
        scene_begin(&scene, cases[i].kind);
        scene_options(&scene, &options, 22);
        options.filter = watch_final_flight;
        options.filter_arg = &watch;
        struct pair *pair = scene_pair(&scene, &options);
        struct traffic *traffic = traffic_new(pair);
        traffic_start(traffic, cases[i].first, NET_MS, 160);
        pair_run_until_event(pair, cases[i].first, DTLS_EVENT_OPEN, 5 * NET_SECOND);
        pair_run_for(pair, 100 * NET_MS);
        watch.lose_finals = false;
        CHECK_CASE(scene_run(&scene, pair, 5 * NET_SECOND), "%s: never open", scene_name(cases[i].kind));
        pair_run_for(pair, NET_SECOND);
        traffic_stop(traffic);
        pair_run_for(pair, NET_SECOND);
        CHECK_CASE(pair_stats(pair, cases[i].first).final_copies == cases[i].copies &&
                       watch.riders == cases[i].copies && (watch.wrong == 0 || cases[i].kind == SCENE_TICKET),
                   "%s: %zu riders, %zu wrong", scene_name(cases[i].kind), watch.riders, watch.wrong);
        traffic_check(traffic);
        traffic_free(traffic);
        pair_free(pair);
        scene_end(&scene);
    }
}

static uint16_t epoch_of_large(struct call *call, enum net_end from)
{
    size_t most = dtls_conn_max_payload(call->pair->end[from].conn);
    const struct traffic_flow *flow = &call->traffic->flow[from];

    CU_ASSERT_EQUAL(traffic_send(call->traffic, from, most), DTLS_OK);
    return flow->records[flow->count - 1].epoch;
}

static void large_records_stay_in_n_for_a_second(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        const struct call_kind *kind = &call_kinds[k];
        enum net_end first = kind->first_finisher;
        struct watch watch = { .from = first, .epoch = 2, .lose_finals = true };
        struct pair_options options;
        struct call call;
        pair_options(&options, 23);
        options.filter = watch_final_flight;
        options.filter_arg = &watch;
        call_begin(&call, &options);
        size_t most = dtls_conn_max_payload(call.pair->end[first].conn);
        pair_rehandshake(call.pair, kind->from, kind->mode);
        pair_run_until_event(call.pair, first, DTLS_EVENT_REHANDSHAKE_DONE, NET_SECOND);
        uint64_t done_us = call.pair->net.now_us;
        CU_ASSERT_EQUAL(dtls_conn_max_payload(call.pair->end[first].conn), most);
        for (int i = 0; i < 10; i++) {
            CHECK_CASE(epoch_of_large(&call, first) == 1, "%s: n+1 after %d ms", kind->name, 100 * i);
            pair_run_for(call.pair, 100 * NET_MS);
        }
        CU_ASSERT_EQUAL(call.pair->net.now_us, done_us + NET_SECOND);
        CHECK_CASE(epoch_of_large(&call, first) == 2, "%s: still n after 1 s", kind->name);
        watch.lose_finals = false;
        CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND));
        call_end(&call);
    }
}

static void large_records_change_epoch_with_the_proof(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        const struct call_kind *kind = &call_kinds[k];
        enum net_end first = kind->first_finisher;
        struct pair_options options;
        struct call call;
        pair_options(&options, 24);
        call_begin(&call, &options);
        pair_rehandshake(call.pair, kind->from, kind->mode);
        pair_run_until_event(call.pair, first, DTLS_EVENT_REHANDSHAKE_DONE, NET_SECOND);
        CHECK_CASE(epoch_of_large(&call, first) == 1, "%s: n+1 before the proof", kind->name);
        CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, NET_SECOND));
        CHECK_CASE(epoch_of_large(&call, net_other(first)) == 2, "%s: the second finisher's is n", kind->name);
        CHECK_CASE(epoch_of_large(&call, first) == 1, "%s: n+1 before the proof has come", kind->name);
        pair_run_for(call.pair, 20 * NET_MS);
        CHECK_CASE(epoch_of_large(&call, first) == 2, "%s: n after the proof", kind->name);
        call_end(&call);
    }
}

static void the_lost_flight_goes_in_front_of_a_close(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        const struct call_kind *kind = &call_kinds[k];
        struct watch watch = { .from = kind->first_finisher, .epoch = 2, .lose_finals = true, .lose_first_only = true };
        struct pair_options options;
        struct call call;
        pair_options(&options, 25);
        options.filter = watch_final_flight;
        options.filter_arg = &watch;
        call_begin(&call, &options);
        pair_rehandshake(call.pair, kind->from, kind->mode);
        pair_run_until_event(call.pair, kind->first_finisher, DTLS_EVENT_REHANDSHAKE_DONE, NET_SECOND);
        pair_close(call.pair, kind->first_finisher);
        pair_run_for(call.pair, 30 * NET_MS);
        CHECK_CASE(pair_count(call.pair, net_other(kind->first_finisher), DTLS_EVENT_CLOSED) == 1, "%s: not heard",
                   kind->name);
        CHECK_CASE(watch.finals == 2 && watch.wrong == 0, "%s: no datagram of its own", kind->name);
        call_end(&call);
    }
}

/* ---- R5 ---- */

enum { HEARD_MOST = 64 };

/* What one end's application got, byte by byte, and whether its rehandshake was done by then. */
struct ear {
    struct pair *pair;
    enum net_end end;
    size_t count, before_done;
    uint8_t heard[HEARD_MOST];
};

static void hear(void *arg, enum net_end end, const struct dtls_event *event)
{
    struct ear *ear = arg;

    if (end != ear->end || ear->count == HEARD_MOST || event->data.len == 0)
        return;
    ear->heard[ear->count++] = event->data.at[0];
    ear->before_done += pair_count(ear->pair, end, DTLS_EVENT_REHANDSHAKE_DONE) == 0;
}

/* The first finisher is done, its final flights vanish, and none may ride any more: what it sends overtakes them. */
static void begin_overtaking(struct call *call, struct pair_options *options, struct watch *watch, struct ear *ear,
                             const struct call_kind *kind)
{
    enum net_end first = kind->first_finisher;

    *watch = (struct watch){ .from = first, .epoch = 2, .lose_finals = true };
    options->filter = watch_final_flight;
    options->filter_arg = watch;
    call_begin(call, options);
    traffic_free(call->traffic); /* the ear listens in its place */
    call->pair->on_data = hear;
    call->pair->watcher = ear;
    *ear = (struct ear){ .pair = call->pair, .end = net_other(first) };
    pair_rehandshake(call->pair, kind->from, kind->mode);
    pair_run_until_event(call->pair, first, DTLS_EVENT_REHANDSHAKE_DONE, NET_SECOND);
    call->pair->end[first].conn->last->copies = DTLS_MOST_COPIES;
}

static void early_records_are_held_in_order(void)
{
    for (int k = 0; k < 2; k++) { /* full: only there is a Finished waited for */
        struct pair_options options;
        struct watch watch;
        struct call call;
        struct ear ear;
        pair_options(&options, 30);
        begin_overtaking(&call, &options, &watch, &ear, &call_kinds[k]);
        for (uint8_t i = 0; i < 20; i++) {
            pair_send(call.pair, SERVER, &i, 1);
            pair_run_for(call.pair, 5 * NET_MS);
        }
        pair_run_for(call.pair, 30 * NET_MS);
        CU_ASSERT_EQUAL(ear.count, 0);
        CU_ASSERT_EQUAL(pair_stats(call.pair, CLIENT).held, 20);
        watch.lose_finals = false;
        uint8_t newest = 20;
        pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND);
        pair_send(call.pair, SERVER, &newest, 1);
        pair_run_for(call.pair, 100 * NET_MS);
        CHECK_CASE(ear.count == 21 && ear.before_done == 0, "%zu delivered, %zu before Finished", ear.count,
                   ear.before_done);
        for (size_t i = 0; i < ear.count; i++)
            CHECK_CASE(ear.heard[i] == i, "record %u is delivered as number %zu", ear.heard[i], i);
        pair_free(call.pair);
    }
}

static void held_records_have_bounds(void)
{
    static const struct {
        size_t records, bytes, expected;
    } cases[] = { { 4, 262144, 4 }, { 256, 45, 4 }, { 256, 9, 0 }, { 10, 100, 10 } };

    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct pair_options options;
        struct watch watch;
        struct call call;
        struct ear ear;
        pair_options(&options, 31);
        options.config[CLIENT].held_records = cases[c].records;
        options.config[CLIENT].held_bytes = cases[c].bytes;
        begin_overtaking(&call, &options, &watch, &ear, &call_kinds[0]);
        for (uint8_t i = 0; i < 10; i++)
            pair_send(call.pair, SERVER, (uint8_t[10]){ i }, 10);
        pair_run_for(call.pair, 20 * NET_MS);
        CHECK_CASE(pair_stats(call.pair, CLIENT).held == cases[c].expected &&
                       pair_stats(call.pair, CLIENT).dropped[DTLS_DROP_NO_ROOM] == 10 - cases[c].expected,
                   "case %zu: %llu held", c, (unsigned long long)pair_stats(call.pair, CLIENT).held);
        watch.lose_finals = false;
        pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND);
        CHECK_CASE(ear.count == cases[c].expected, "case %zu: %zu delivered", c, ear.count);
        for (size_t i = 0; i < ear.count; i++)
            CHECK_CASE(ear.heard[i] == i, "case %zu: not the oldest are kept", c);
        pair_free(call.pair);
    }
}

static void held_records_die_with_a_wrong_finished(void)
{
    struct pair_options options;
    struct watch watch;
    struct call call;
    struct ear ear;

    pair_options(&options, 32);
    begin_overtaking(&call, &options, &watch, &ear, &call_kinds[0]);
    struct dtls_last_flight *last = call.pair->end[SERVER].conn->last;
    last->bytes[last->room - 1] ^= 1; /* a server that does not know what was said */
    pair_send(call.pair, SERVER, "never", 5);
    pair_run_for(call.pair, 30 * NET_MS);
    CU_ASSERT_EQUAL(pair_stats(call.pair, CLIENT).held, 1);
    watch.lose_finals = false;
    call.pair->end[SERVER].conn->last->copies = 0;
    pair_send(call.pair, SERVER, "never", 5); /* the wrong Finished behind it, in the same datagram */
    pair_run_for(call.pair, 5 * NET_SECOND);
    const struct pair_event *failed = pair_last(call.pair, CLIENT, DTLS_EVENT_FAILED);
    CU_ASSERT_TRUE(failed != NULL && failed->error == DTLS_ERR_BAD_FINISHED);
    CU_ASSERT_EQUAL(pair_stats(call.pair, CLIENT).held, 1);
    CU_ASSERT_EQUAL(ear.count, 0);
    CU_ASSERT_EQUAL(pair_count(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE), 0);
    pair_free(call.pair);
}

static void abbreviated_data_needs_no_finished_at_the_server(void)
{
    for (int k = 2; k < CALL_KINDS; k++) {
        struct pair_options options;
        struct watch watch;
        struct call call;
        struct ear ear;
        pair_options(&options, 33);
        begin_overtaking(&call, &options, &watch, &ear, &call_kinds[k]);
        for (uint8_t i = 0; i < 10; i++) {
            pair_send(call.pair, CLIENT, &i, 1);
            pair_run_for(call.pair, 20 * NET_MS);
            CHECK_CASE(ear.count == i + 1u && ear.heard[i] == i, "%s: record %u waits", call_kinds[k].name, i);
        }
        CU_ASSERT_EQUAL(ear.before_done, 10);
        CU_ASSERT_EQUAL(pair_stats(call.pair, SERVER).held, 0);
        watch.lose_finals = false;
        CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND));
        CU_ASSERT_EQUAL(ear.count, 10);
        pair_free(call.pair);
    }
}

/* When did an end send its Finished of epoch 2? */
static size_t finished_times(const struct pair *pair, enum net_end from, uint64_t since_us, uint64_t *times,
                             size_t most)
{
    struct record_view r[RECORD_VIEW_MAX];
    size_t count = 0;

    for (size_t i = 0; i < pair->net.recorded_count && count < most; i++) {
        const struct net_recorded *sent = &pair->net.recorded[i];
        bool wanted = sent->from == from && sent->sent_us >= since_us;
        size_t records = wanted ? record_view_split(sent->bytes, sent->len, r) : 0;
        for (size_t j = 0; j < records; j++)
            if (r[j].type == RECORD_HANDSHAKE && r[j].epoch == 2)
                times[count++] = sent->sent_us;
    }
    return count;
}

static void a_held_record_makes_the_waiting_side_resend(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        enum net_end first = call_kinds[k].first_finisher, waiting = net_other(first);
        struct pair_options options;
        struct watch watch;
        struct call call;
        struct ear ear;
        uint64_t times[256];
        pair_options(&options, 34);
        options.recording = true;
        options.config[waiting].held_records = 4096;
        begin_overtaking(&call, &options, &watch, &ear, &call_kinds[k]);
        struct dtls_conn *conn = call.pair->end[waiting].conn;
        uint64_t rto_us = conn->hs->timer.rto_us, since_us = call.pair->net.now_us;
        pair_send(call.pair, first, "early", 5);
        pair_run_for(call.pair, 20 * NET_MS);
        size_t count = finished_times(call.pair, waiting, since_us, times, 256);
        CHECK_CASE(count == 1 && times[0] == since_us + 20 * NET_MS, "%s: not resent at once", call_kinds[k].name);
        for (int i = 0; i < 3000; i++) {
            pair_send(call.pair, first, "early", 5);
            pair_run_for(call.pair, NET_MS);
        }
        CHECK_CASE(conn->early_copies >= 2 && conn->early_copies <= 8, "%s: %u copies", call_kinds[k].name,
                   conn->early_copies);
        count = finished_times(call.pair, waiting, since_us, times, 256);
        /* In the first RTO it is only this one, and the timer's. */
        size_t soon = 0;
        for (size_t i = 0; i < count; i++)
            soon += times[i] < since_us + 20 * NET_MS + rto_us;
        CHECK_CASE(soon <= 2 && count <= 8 + 12, "%s: %zu resent in the first RTO, %zu in 3 s", call_kinds[k].name,
                   soon, count);
        pair_free(call.pair);
    }
}

static CU_TestInfo tests[] = {
    { "the last flight, 99 bytes or less, rides behind data until it is confirmed (R3)",
      the_last_flight_rides_behind_data_until_it_is_confirmed },
    { "the first datagram of data completes the handshake (R3)", the_first_datagram_of_data_completes_it },
    { "a receive-only peer of 1,000 records a second gets eight copies at most (R3)", eight_copies_at_most },
    { "three copies in a first handshake, none behind a ticket (R3)", three_copies_in_a_first_handshake },
    { "a record without room for the flight stays in n, for a second at most (R3)",
      large_records_stay_in_n_for_a_second },
    { "a record without room changes epoch when the flight is confirmed (R3)",
      large_records_change_epoch_with_the_proof },
    { "a lost last flight goes in front of close_notify, in a datagram of its own (T5)",
      the_lost_flight_goes_in_front_of_a_close },
    { "records that overtake Finished are held, and delivered in order after it (R5)",
      early_records_are_held_in_order },
    { "held records are bounded, the newest are dropped and counted (R5)", held_records_have_bounds },
    { "held records are never delivered when Finished is wrong (R5)", held_records_die_with_a_wrong_finished },
    { "in an abbreviated rehandshake the server delivers n+1 at once (R5)",
      abbreviated_data_needs_no_finished_at_the_server },
    { "a held record makes the waiting side resend, once per RTO (R5)", a_held_record_makes_the_waiting_side_resend },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "rehandshake wire", tests);
}
