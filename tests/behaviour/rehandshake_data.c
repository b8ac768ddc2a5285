/* rehandshake_data.c - contract R: data while keys are renewed, the life of the old epoch, resumption, memory. */
#include <string.h>

#include "conn/conn_private.h"
#include "messages/handshake_header.h"
#include "tests/box/call.h"
#include "tests/box/memory.h"
#include "tests/box/peek.h"
#include "tests/box/record_view.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

/* ---- data in every phase ---- */

static void no_gap_and_no_delay_without_loss(void)
{
    const uint64_t one_way_us = 50 * NET_MS, interval_us = NET_MS;

    for (int k = 0; k < CALL_KINDS; k++) {
        const struct call_kind *kind = &call_kinds[k];
        struct call call;
        struct pair_options options;
        pair_options(&options, 1);
        options.link[CLIENT].delay_us = options.link[SERVER].delay_us = one_way_us;
        call_begin(&call, &options);
        call_flow(&call, interval_us, 160);
        pair_run_for(call.pair, NET_SECOND);
        traffic_measure(call.traffic);
        uint64_t began_us = call.pair->net.now_us;
        CHECK_CASE(call_renew(&call, kind, 1, 5 * NET_SECOND), "%s: never done", kind->name);
        pair_run_for(call.pair, NET_SECOND);
        for (int from = CLIENT; from <= SERVER; from++) {
            const struct traffic_flow *flow = &call.traffic->flow[from];
            CHECK_CASE(flow->longest_gap_us == interval_us && flow->longest_wait_us == 0,
                       "%s: from end %d the longest gap is %llu us, the longest wait %llu", kind->name, from,
                       (unsigned long long)flow->longest_gap_us, (unsigned long long)flow->longest_wait_us);
        }
        const struct pair_event *done = pair_last(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE);
        unsigned ways = (kind->mode == DTLS_REHANDSHAKE_FULL ? 4u : 2u) + (kind->from == SERVER ? 1u : 0u);
        CHECK_CASE(done != NULL && done->time_us == began_us + ways * one_way_us,
                   "%s: not done after %u one-way delays", kind->name, ways);
        traffic_stop(call.traffic);
        pair_run_for(call.pair, NET_SECOND);
        for (int from = CLIENT; from <= SERVER; from++)
            CHECK_CASE(call.traffic->flow[from].delivered == call.traffic->flow[from].count, "%s: %zu of %zu delivered",
                       kind->name, call.traffic->flow[from].delivered, call.traffic->flow[from].count);
        call_end(&call);
    }
}

/* A sender that compares the epoch of each of its records with what its own side has verified. */
struct watched_sender {
    struct call *call;
    enum net_end from;
    size_t wrong, under_n, under_n1;
};

static void send_and_compare(void *arg)
{
    struct watched_sender *sender = arg;
    struct pair *pair = sender->call->pair;
    const struct traffic_flow *flow = &sender->call->traffic->flow[sender->from];
    size_t verified = 1 + pair_count(pair, sender->from, DTLS_EVENT_REHANDSHAKE_DONE);

    if (traffic_send(sender->call->traffic, sender->from, 100) == DTLS_OK) {
        sender->wrong += flow->records[flow->count - 1].epoch != verified;
        sender->under_n += verified == 1;
        sender->under_n1 += verified == 2;
    }
    net_call_at(&pair->net, pair->net.now_us + NET_MS, send_and_compare, arg);
}

static void epoch_changes_when_finished_is_verified(void)
{
    for (uint64_t seed = 0; seed < 10 * CALL_KINDS; seed++) {
        const struct call_kind *kind = &call_kinds[seed % CALL_KINDS];
        struct call call;
        struct pair_options options;
        pair_options(&options, seed);
        options.link[CLIENT].loss = options.link[SERVER].loss = seed < CALL_KINDS ? 0 : 2000;
        call_begin(&call, &options);
        struct watched_sender senders[2] = { { .call = &call, .from = CLIENT }, { .call = &call, .from = SERVER } };
        send_and_compare(&senders[CLIENT]);
        send_and_compare(&senders[SERVER]);
        CHECK_CASE(call_renew(&call, kind, 1, 30 * NET_SECOND), "seed %llu: %s: never done", (unsigned long long)seed,
                   kind->name);
        pair_run_for(call.pair, 100 * NET_MS);
        for (int from = CLIENT; from <= SERVER; from++)
            CHECK_CASE(senders[from].wrong == 0 && senders[from].under_n > 0 && senders[from].under_n1 > 0,
                       "seed %llu: %s: end %d sent %zu records of %zu + %zu under the wrong epoch",
                       (unsigned long long)seed, kind->name, from, senders[from].wrong, senders[from].under_n,
                       senders[from].under_n1);
        traffic_check(call.traffic);
        traffic_free(call.traffic); /* the senders never stop: what is still queued goes with the pair */
        pair_free(call.pair);
    }
}

/* ---- the life of the old epoch ---- */

enum { KEPT = 4 };

/* Application data that the network kept back, to be injected later. */
struct kept {
    enum net_end from;
    size_t count;
    size_t len[KEPT];
    uint8_t bytes[KEPT][256];
};

static struct net_verdict keep_data(void *arg, const struct net_sending *sending)
{
    struct kept *kept = arg;
    struct record_view data;

    if (sending->from != kept->from || kept->count == KEPT || sending->len > sizeof kept->bytes[0] ||
        !record_view_find(sending->bytes, sending->len, RECORD_DATA, &data))
        return (struct net_verdict){ NET_PASS, 0 };
    memcpy(kept->bytes[kept->count], sending->bytes, sending->len);
    kept->len[kept->count++] = sending->len;
    return (struct net_verdict){ NET_DROP, 0 };
}

/* A call renewed once, with KEPT records of epoch 1 in the network's hands. */
static void renew_with_kept_records(struct call *call, struct kept *kept, enum net_end to)
{
    struct pair_options options;

    pair_options(&options, 2);
    *kept = (struct kept){ .from = net_other(to) };
    options.filter = keep_data;
    options.filter_arg = kept;
    call_begin(call, &options);
    for (int i = 0; i < KEPT; i++)
        CU_ASSERT_EQUAL(pair_send(call->pair, kept->from, "old", 3), DTLS_OK);
    CU_ASSERT_EQUAL(kept->count, KEPT);
    net_set_filter(&call->pair->net, NULL, NULL);
    CU_ASSERT_TRUE(call_renew(call, &call_kinds[0], 1, 5 * NET_SECOND));
}

/* Gives an end a kept record at a moment; was it delivered? */
static bool takes_kept(struct call *call, const struct kept *kept, size_t index, uint64_t at_us)
{
    enum net_end to = net_other(kept->from);
    size_t before = pair_count(call->pair, to, DTLS_EVENT_DATA);

    net_inject(&call->pair->net, to, at_us, kept->bytes[index], kept->len[index]);
    pair_run_for(call->pair, at_us - call->pair->net.now_us);
    return pair_count(call->pair, to, DTLS_EVENT_DATA) > before;
}

static void old_epoch_ends_ten_seconds_after_the_first_new_record(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        enum net_end to = (enum net_end)end;
        struct call call;
        struct kept kept;
        renew_with_kept_records(&call, &kept, to);
        const struct dtls_conn *conn = call.pair->end[to].conn;
        pair_run_for(call.pair, 30 * NET_SECOND);
        CHECK_CASE(takes_kept(&call, &kept, 0, call.pair->net.now_us), "end %d refuses an old record after 30 s", end);
        pair_send(call.pair, kept.from, "new", 3);
        pair_run_for(call.pair, 20 * NET_MS);
        uint64_t used_us = call.pair->net.now_us;
        CHECK_CASE(dtls_conn_deadline(conn) == used_us + 10 * NET_SECOND, "end %d: no deadline for the old epoch", end);
        pair_send(call.pair, kept.from, "new", 3); /* not counted from again */
        CHECK_CASE(takes_kept(&call, &kept, 1, used_us + 10 * NET_SECOND - 1), "end %d refuses too early", end);
        CHECK_CASE(!takes_kept(&call, &kept, 1, used_us + 10 * NET_SECOND - 1), "end %d delivers a replay", end);
        CHECK_CASE(!takes_kept(&call, &kept, 2, used_us + 10 * NET_SECOND), "end %d takes one after 10 s", end);
        CHECK_CASE(conn->as.epochs.previous == NULL || conn->as.epochs.previous->read_key == NULL,
                   "end %d keeps the old read key", end);
        CHECK_CASE(dtls_conn_deadline(conn) == DTLS_NEVER, "end %d is not quiescent", end);
        call_end(&call);
    }
}

static void old_epoch_ends_after_two_minutes_without_data(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        enum net_end to = (enum net_end)end;
        struct call call;
        struct kept kept;
        renew_with_kept_records(&call, &kept, to);
        const struct dtls_conn *conn = call.pair->end[to].conn;
        uint64_t end_us = pair_last(call.pair, to, DTLS_EVENT_REHANDSHAKE_DONE)->time_us + 120 * NET_SECOND;
        CHECK_CASE(dtls_conn_deadline(conn) == end_us, "end %d: no deadline for the old epoch", end);
        CHECK_CASE(takes_kept(&call, &kept, 0, end_us - 1), "end %d refuses too early", end);
        CHECK_CASE(!takes_kept(&call, &kept, 1, end_us), "end %d takes an old record after 120 s", end);
        CHECK_CASE(dtls_conn_deadline(conn) == DTLS_NEVER, "end %d is not quiescent", end);
        call_end(&call);
    }
}

static void old_epoch_ends_with_the_next_but_one(void)
{
    struct call call;
    struct kept kept;

    renew_with_kept_records(&call, &kept, SERVER);
    pair_run_for(call.pair, 2 * NET_SECOND);
    CU_ASSERT_TRUE(takes_kept(&call, &kept, 0, call.pair->net.now_us));
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[2], 2, 5 * NET_SECOND));
    CU_ASSERT_FALSE(takes_kept(&call, &kept, 1, call.pair->net.now_us));
    call_end(&call);
}

/* The flight that would complete the client is lost; data of n+1 is all it gets, and keeps. */
static bool drop_finished_of_server(void *arg, const struct peek_note *note)
{
    size_t *left = arg;

    if (note->from != SERVER || *left == 0 || !peek_is_message(&note->record, DTLS_FINISHED))
        return false;
    --*left;
    return true;
}

static void a_held_record_counts_for_the_end_of_the_old_epoch(void)
{
    struct call call;
    struct pair_options options;
    struct peek_log log;
    size_t left = 1;

    pair_options(&options, 3);
    call_begin(&call, &options);
    peek_log_begin(&log, call.pair, drop_finished_of_server, &left);
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE, NET_SECOND));
    call.pair->end[SERVER].conn->last->copies = DTLS_MOST_COPIES; /* as if they had all been lost before */
    CU_ASSERT_EQUAL(pair_send(call.pair, SERVER, "new", 3), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND));
    CU_ASSERT_EQUAL(pair_stats(call.pair, CLIENT).held, 1);
    dtls_time deadline = dtls_conn_deadline(call.pair->end[CLIENT].conn);
    CHECK_CASE(deadline <= call.pair->net.now_us + 10 * NET_SECOND, "the old epoch ends only after %llu ms",
               (unsigned long long)(deadline - call.pair->net.now_us) / 1000);
    peek_log_end(&log, call.pair);
    call_end(&call);
}

/* ---- resumption ---- */

static bool resumes(struct call *call, const struct call_kind *kind, size_t number)
{
    CHECK_CASE(call_renew(call, kind, number, 5 * NET_SECOND), "rehandshake %zu is never done", number);
    const struct pair_event *client = pair_last(call->pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE);
    const struct pair_event *server = pair_last(call->pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE);
    CU_ASSERT_TRUE_FATAL(client != NULL && server != NULL);
    CU_ASSERT_EQUAL(client->resumed, server->resumed);
    return client->resumed;
}

static void abbreviated_is_one_round_trip_without_certificates(void)
{
    for (int k = 2; k < CALL_KINDS; k++) {
        struct pair_options options;
        struct peek_log log;
        struct call call;
        size_t bytes = 0, count = 0;
        pair_options(&options, 11);
        options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
        call_begin(&call, &options);
        peek_log_begin(&log, call.pair, NULL, NULL);
        CHECK_CASE(call_renew(&call, &call_kinds[k], 1, 100 * NET_MS + 1), "%s: slow", call_kinds[k].name);
        for (size_t i = 0; i < log.count; i++) {
            const struct peeked *record = &log.notes[i].record;
            uint8_t type = record->bytes[0];
            CHECK_CASE(
                record->type == RECORD_CHANGE_CIPHER_SPEC ||
                    (record->type == RECORD_HANDSHAKE && (type == DTLS_HELLO_REQUEST || type == DTLS_CLIENT_HELLO ||
                                                          type == DTLS_SERVER_HELLO || type == DTLS_FINISHED)),
                "%s: a record of type %u with message %u", call_kinds[k].name, record->type, type);
            bytes += record->len;
            count = log.notes[i].datagram + 1;
        }
        CHECK_CASE(bytes < 600 && count <= 4, "%s: %zu bytes in %zu datagrams", call_kinds[k].name, bytes, count);
        const uint8_t *peer = dtls_conn_peer_fingerprint(call.pair->end[SERVER].conn);
        CU_ASSERT_PTR_NOT_NULL_FATAL(peer);
        CU_ASSERT_EQUAL(memcmp(peer, identity_fingerprint(IDENTITY_CLIENT), DTLS_FINGERPRINT_LEN), 0);
        peek_log_end(&log, call.pair);
        call_end(&call);
    }
}

static void a_resumed_association_can_be_renewed(void)
{
    static const enum scene_kind kinds[] = { SCENE_RESUMED_BY_ID, SCENE_RESUMED_BY_TICKET };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        for (int k = 0; k < CALL_KINDS; k++) {
            struct pair_options options;
            struct scene scene;
            struct call call;
            scene_begin(&scene, kinds[i]);
            scene_options(&scene, &options, 12);
            call_begin(&call, &options);
            CU_ASSERT_TRUE(pair_last(call.pair, CLIENT, DTLS_EVENT_OPEN)->resumed);
            CHECK_CASE(resumes(&call, &call_kinds[k], 1) == (k >= 2), "%s, %s: the wrong kind", scene_name(kinds[i]),
                       call_kinds[k].name);
            CU_ASSERT_TRUE(call_is_alive(&call));
            call_end(&call);
            scene_end(&scene);
        }
}

static void abbreviated_works_round_after_round(void)
{
    struct call call;
    struct pair_options options;

    pair_options(&options, 5);
    call_begin(&call, &options);
    call_flow(&call, 20 * NET_MS, 160);
    for (size_t number = 1; number <= 50; number++) {
        CHECK_CASE(resumes(&call, &call_kinds[number % 2 == 0 ? 2 : 3], number), "round %zu is full", number);
        CU_ASSERT_EQUAL(dtls_conn_epoch(call.pair->end[CLIENT].conn), number + 1);
        CU_ASSERT_PTR_NOT_NULL(dtls_conn_peer_fingerprint(call.pair->end[CLIENT].conn));
        pair_run_for(call.pair, 1100 * NET_MS);
    }
    call_end(&call);
}

static void a_session_of_more_than_a_day_is_not_resumed(void)
{
    for (int k = 2; k < CALL_KINDS; k++) {
        struct call call;
        struct pair_options options;
        pair_options(&options, 6);
        call_begin(&call, &options);
        pair_run_for(call.pair, 23 * 3600 * NET_SECOND);
        CHECK_CASE(resumes(&call, &call_kinds[k], 1), "%s: not resumed after 23 h", call_kinds[k].name);
        pair_run_for(call.pair, 3600 * NET_SECOND);
        CHECK_CASE(!resumes(&call, &call_kinds[k], 2), "%s: resumed after 24 h", call_kinds[k].name);
        pair_run_for(call.pair, 3600 * NET_SECOND);
        CHECK_CASE(resumes(&call, &call_kinds[k], 3), "%s: the new session is not resumed", call_kinds[k].name);
        call_end(&call);
    }
}

static void a_server_that_declines_gets_a_full_one(void)
{
    struct call call;
    struct pair_options options;

    pair_options(&options, 7);
    call_begin(&call, &options);
    CU_ASSERT_TRUE(resumes(&call, &call_kinds[2], 1));
    struct dtls_config config = *call_config(&call, SERVER);
    config.rehandshake_mode = DTLS_REHANDSHAKE_FULL;
    call_set_config(&call, SERVER, &config);
    pair_run_for(call.pair, 2 * NET_SECOND);
    CU_ASSERT_FALSE(resumes(&call, &call_kinds[2], 2));
    config.suites[0] = DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256;
    config.suite_count = 1; /* the session's suite is not among them */
    call_set_config(&call, SERVER, &config);
    pair_run_for(call.pair, 2 * NET_SECOND);
    CU_ASSERT_FALSE(resumes(&call, &call_kinds[3], 3));
    CU_ASSERT_EQUAL(dtls_conn_suite(call.pair->end[CLIENT].conn), DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256);
    pair_run_for(call.pair, 2 * NET_SECOND);
    CU_ASSERT_TRUE(resumes(&call, &call_kinds[3], 4)); /* its own wish carries the mode */
    call_end(&call);
}

/* ---- memory ---- */

static void two_hundred_rehandshakes_leave_memory_flat(void)
{
    static struct memory memory[2];
    struct call call;
    struct pair_options options;
    size_t blocks[2] = { 0 }, bytes[2] = { 0 };

    pair_options(&options, 8);
    for (int end = CLIENT; end <= SERVER; end++) {
        memory[end] = (struct memory){ .fail_at = MEMORY_NEVER_FAILS };
        memory_use(&memory[end], &options.config[end]);
    }
    call_begin(&call, &options);
    for (size_t number = 1; number <= 200; number++) {
        CHECK_CASE(call_renew(&call, &call_kinds[number % CALL_KINDS], number, 5 * NET_SECOND), "number %zu", number);
        pair_run_for(call.pair, 1100 * NET_MS);
        if (number % 100 != 4 && number != 200)
            continue;
        pair_run_for(call.pair, 250 * NET_SECOND); /* the old epoch and the last flight are over, once that is known */
        CU_ASSERT_TRUE(pair_ping(call.pair, NET_SECOND) && pair_ping(call.pair, NET_SECOND));
        for (int end = CLIENT; end <= SERVER; end++) {
            CHECK_CASE(number == 4 || (memory[end].live_blocks == blocks[end] && memory[end].live_bytes == bytes[end]),
                       "after %zu rehandshakes end %d has %zu bytes in %zu blocks, not %zu in %zu", number, end,
                       memory[end].live_bytes, memory[end].live_blocks, bytes[end], blocks[end]);
            blocks[end] = memory[end].live_blocks;
            bytes[end] = memory[end].live_bytes;
        }
    }
    call_end(&call);
    CU_ASSERT_EQUAL(memory[CLIENT].live_blocks + memory[SERVER].live_blocks, 0);
}

static CU_TestInfo tests[] = {
    { "data flows both ways in every phase, without gap, wait, loss or refusal (R1)",
      no_gap_and_no_delay_without_loss },
    { "data changes epoch exactly when this side has verified Finished (R2)", epoch_changes_when_finished_is_verified },
    { "the old epoch is read until 10 s after the first new record (R4)",
      old_epoch_ends_ten_seconds_after_the_first_new_record },
    { "the old epoch is read for 120 s at most (R4)", old_epoch_ends_after_two_minutes_without_data },
    { "the old epoch ends when the next but one is current (R4)", old_epoch_ends_with_the_next_but_one },
    { "a held record starts the old epoch's last 10 s too (R4)", a_held_record_counts_for_the_end_of_the_old_epoch },
    { "an abbreviated rehandshake is one round trip without certificates (R11)",
      abbreviated_is_one_round_trip_without_certificates },
    { "an association that was resumed can be renewed, either way (R11)", a_resumed_association_can_be_renewed },
    { "an abbreviated rehandshake resumes the own session, 50 times (R11)", abbreviated_works_round_after_round },
    { "a session of more than 24 h is not resumed (R11)", a_session_of_more_than_a_day_is_not_resumed },
    { "a server that declines the session gets a full rehandshake (R11)", a_server_that_declines_gets_a_full_one },
    { "two hundred rehandshakes leave memory flat", two_hundred_rehandshakes_leave_memory_flat },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "rehandshake data", tests);
}
