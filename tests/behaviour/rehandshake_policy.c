/* rehandshake_policy.c - contract R: who may start a rehandshake, how one is refused, limited, or required. */
#include <stdio.h>
#include <string.h>

#include "conn/conn_private.h"
#include "messages/handshake_header.h"
#include "tests/box/call.h"
#include "tests/box/peek.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

/* The control events of an end since its event number `first`, as one line. */
static const char *events_since(const struct pair *pair, enum net_end end, size_t first)
{
    static char text[2][400];
    size_t used = 0;

    text[end][0] = '\0';
    for (size_t i = first; i < pair->end[end].event_count && used < sizeof text[end]; i++)
        if (pair->end[end].events[i].type != DTLS_EVENT_SESSION)
            used += (size_t)snprintf(text[end] + used, sizeof text[end] - used, "%s%s", used == 0 ? "" : " ",
                                     dtls_event_name(pair->end[end].events[i].type));
    return text[end];
}

static void check_events(const struct pair *pair, const char *what, const size_t first[2], enum net_end end,
                         const char *expected)
{
    const char *seen = events_since(pair, end, first[end]);

    CHECK_CASE(strcmp(seen, expected) == 0, "%s: end %d: \"%s\" instead of \"%s\"", what, end, seen, expected);
}

/* Drops handshake messages of one type from one end, `count` times; their bytes are kept for later. */
struct dropper {
    enum net_end from;
    uint8_t type;
    size_t count;
};

static bool drop_messages(void *arg, const struct peek_note *note)
{
    struct dropper *dropper = arg;

    if (note->from != dropper->from || dropper->count == 0 || !peek_is_message(&note->record, dropper->type))
        return false;
    dropper->count--;
    return true;
}

/* ---- R6: HelloRequest, message numbers, glare ---- */

static void check_numbers(const struct peek_log *log, const char *what, size_t nth, uint16_t server_hello)
{
    const struct peek_note *note = peek_log_message(log, SERVER, DTLS_SERVER_HELLO, nth);

    CHECK_CASE(note != NULL && peek_message_seq(&note->record) == server_hello, "%s: ServerHello has message_seq %d",
               what, note == NULL ? -1 : peek_message_seq(&note->record));
    note = peek_log_message(log, CLIENT, DTLS_CLIENT_HELLO, nth);
    CHECK_CASE(note != NULL && peek_message_seq(&note->record) == 0, "%s: ClientHello is not number 0", what);
}

static void hello_request_is_outside_the_count(void)
{
    struct pair_options options;
    struct peek_log log;
    struct dropper dropper = { SERVER, DTLS_HELLO_REQUEST, 0 };
    struct call call;

    pair_options(&options, 1);
    options.config[SERVER].rehandshake_timeout_ms = 3000;
    call_begin(&call, &options);
    peek_log_begin(&log, call.pair, drop_messages, &dropper);
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, NET_SECOND));
    check_numbers(&log, "the client starts", 0, 0);
    pair_run_for(call.pair, 2 * NET_SECOND);
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[1], 2, NET_SECOND));
    check_numbers(&log, "the server starts", 1, 1);
    pair_run_for(call.pair, 2 * NET_SECOND);
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[2], 3, NET_SECOND));
    check_numbers(&log, "the client starts again", 2, 0);
    pair_run_for(call.pair, 2 * NET_SECOND);
    dropper.count = SIZE_MAX;
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, SERVER, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    pair_run_for(call.pair, 4 * NET_SECOND);
    CU_ASSERT_EQUAL(pair_count(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_FAILED), 1);
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 4, NET_SECOND));
    check_numbers(&log, "the client starts after a HelloRequest that was given up", 3, 1);
    pair_run_for(call.pair, 2 * NET_SECOND);
    dropper.count = 0;
    struct dtls_config deny = *call_config(&call, CLIENT);
    deny.rehandshake_policy = DTLS_REHANDSHAKE_DENY;
    call_set_config(&call, CLIENT, &deny);
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, SERVER, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_REFUSED, NET_SECOND));
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[2], 5, NET_SECOND));
    check_numbers(&log, "the client starts after a HelloRequest that it refused", 4, 1);
    for (size_t i = 0; peek_log_message(&log, SERVER, DTLS_HELLO_REQUEST, i) != NULL; i++)
        CU_ASSERT_EQUAL(peek_message_seq(&peek_log_message(&log, SERVER, DTLS_HELLO_REQUEST, i)->record), 0);
    CU_ASSERT_PTR_NOT_NULL(peek_log_message(&log, SERVER, DTLS_HELLO_REQUEST, 3));
    peek_log_end(&log, call.pair);
    call_end(&call);
}

/* Keeps the first handshake datagram of one end back. */
struct keeper {
    enum net_end from;
    size_t len;
    uint8_t bytes[1500];
};

static struct net_verdict keep_first_message(void *arg, const struct net_sending *sending)
{
    struct keeper *keeper = arg;
    struct record_view view;

    if (sending->from != keeper->from || keeper->len > 0 ||
        !record_view_find(sending->bytes, sending->len, RECORD_HANDSHAKE, &view))
        return (struct net_verdict){ NET_PASS, 0 };
    memcpy(keeper->bytes, sending->bytes, sending->len);
    keeper->len = sending->len;
    return (struct net_verdict){ NET_DROP, 0 };
}

static void hellos_of_the_previous_epoch_start_nothing(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        const struct call_kind *kind = &call_kinds[k];
        enum net_end to = net_other(kind->from);
        struct keeper keeper = { .from = kind->from };
        struct pair_options options;
        struct call call;
        pair_options(&options, 2);
        options.filter = keep_first_message;
        options.filter_arg = &keeper;
        call_begin(&call, &options);
        CHECK_CASE(call_renew(&call, kind, 1, 5 * NET_SECOND) && keeper.len > 0, "%s: never done", kind->name);
        pair_run_for(call.pair, 2 * NET_SECOND);
        size_t first[2] = { call.pair->end[CLIENT].event_count, call.pair->end[SERVER].event_count };
        uint64_t drops = pair_drops(call.pair, to), sent = pair_stats(call.pair, to).datagrams_sent;
        net_inject(&call.pair->net, to, 0, keeper.bytes, keeper.len);
        pair_run_for(call.pair, 5 * NET_SECOND);
        CHECK_CASE(pair_drops(call.pair, to) == drops + 1, "%s: not one drop", kind->name);
        CHECK_CASE(pair_stats(call.pair, to).datagrams_sent == sent, "%s: an answer", kind->name);
        CHECK_CASE(call.pair->end[to].conn->hs == NULL, "%s: a handshake", kind->name);
        check_events(call.pair, kind->name, first, CLIENT, "");
        check_events(call.pair, kind->name, first, SERVER, "");
        CU_ASSERT_TRUE(call_is_alive(&call));
        call_end(&call);
    }
}

struct second_start {
    struct call *call;
    enum net_end from;
    enum dtls_rehandshake_mode mode;
    int result;
};

static void start_second(void *arg)
{
    struct second_start *second = arg;

    second->result = pair_rehandshake(second->call->pair, second->from, second->mode);
}

/* Both ends want one, the second `offset_us` after the first. */
static void glare(uint64_t seed, unsigned loss, enum net_end first, uint64_t offset_us,
                  const enum dtls_rehandshake_mode mode[2])
{
    struct pair_options options;
    struct call call;
    char what[120];

    snprintf(what, sizeof what, "seed %llu, end %d first, %llu us apart, client %d, server %d",
             (unsigned long long)seed, first, (unsigned long long)offset_us, mode[CLIENT], mode[SERVER]);
    pair_options(&options, seed);
    options.link[CLIENT].loss = options.link[SERVER].loss = loss;
    call_begin(&call, &options);
    call_flow(&call, 5 * NET_MS, 160);
    struct second_start second = { &call, net_other(first), mode[net_other(first)], DTLS_OK };
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, first, mode[first]), DTLS_OK);
    net_call_at(&call.pair->net, call.pair->net.now_us + offset_us, start_second, &second);
    CHECK_CASE(pair_run_until_renewed(call.pair, 1, 30 * NET_SECOND), "%s: never done", what);
    pair_run_for(call.pair, 10 * NET_SECOND);
    CHECK_CASE(second.result == DTLS_OK || second.result == DTLS_ERR_REHANDSHAKE_RUNNING, "%s: %s", what,
               dtls_error_string(second.result));
    for (int end = CLIENT; end <= SERVER; end++) {
        const struct pair_event *done = pair_last(call.pair, (enum net_end)end, DTLS_EVENT_REHANDSHAKE_DONE);
        bool server_says_full = mode[SERVER] == DTLS_REHANDSHAKE_FULL && (first == SERVER || second.result == DTLS_OK);
        bool client_says_full = mode[CLIENT] == DTLS_REHANDSHAKE_FULL && (first == CLIENT || second.result == DTLS_OK);
        CHECK_CASE(pair_count(call.pair, (enum net_end)end, DTLS_EVENT_REHANDSHAKE_DONE) == 1 &&
                       pair_count(call.pair, (enum net_end)end, DTLS_EVENT_REHANDSHAKE_STARTED) == 1 &&
                       dtls_conn_epoch(call.pair->end[end].conn) == 2 &&
                       !dtls_conn_rehandshake_pending(call.pair->end[end].conn),
                   "%s: not one rehandshake at end %d", what, end);
        CHECK_CASE(done != NULL && done->resumed == (!server_says_full && !client_says_full), "%s: the wrong kind",
                   what);
    }
    call_end(&call);
}

static void glare_at_every_offset(void)
{
    for (int modes = 0; modes < 4; modes++)
        for (int first = CLIENT; first <= SERVER; first++)
            for (uint64_t offset_us = 0; offset_us <= 40 * NET_MS; offset_us += 2500) {
                const enum dtls_rehandshake_mode mode[2] = { (enum dtls_rehandshake_mode)(modes & 1),
                                                             (enum dtls_rehandshake_mode)(modes >> 1) };
                glare(3, 0, (enum net_end)first, offset_us, mode);
            }
}

/* An offset below the delay: both ends really start. */
static void glare_under_loss(void)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        const enum dtls_rehandshake_mode mode[2] = { (enum dtls_rehandshake_mode)(seed & 1),
                                                     (enum dtls_rehandshake_mode)(seed >> 1 & 1) };
        glare(seed, 2000, seed & 4 ? CLIENT : SERVER, seed % 16 * NET_MS, mode);
    }
}

static void data_between_hello_request_and_client_hello_is_delivered(void)
{
    struct pair_options options;
    struct dropper dropper = { CLIENT, DTLS_CLIENT_HELLO, 5 };
    struct peek_log log;
    struct call call;

    pair_options(&options, 4);
    call_begin(&call, &options);
    peek_log_begin(&log, call.pair, drop_messages, &dropper);
    call_flow(&call, NET_MS, 160);
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[1], 1, 10 * NET_SECOND));
    peek_log_end(&log, call.pair);
    call_end(&call);
}

/* ---- R7: policy ---- */

enum answer { NO_ANSWER, YES, NO };

static const struct policy_case {
    const char *name;
    enum dtls_rehandshake_policy policy;
    enum answer answer;
    const char *asker, *peer; /* their events */
    size_t warnings;
    bool done;
} policy_cases[] = {
    { "accept", DTLS_REHANDSHAKE_ACCEPT, NO_ANSWER, "rehandshake_started rehandshake_done",
      "rehandshake_started rehandshake_done", 0, true },
    { "deny", DTLS_REHANDSHAKE_DENY, NO_ANSWER, "rehandshake_refused", "", 1, false },
    { "ignore", DTLS_REHANDSHAKE_IGNORE, NO_ANSWER, "rehandshake_failed", "", 0, false },
    { "ask, yes", DTLS_REHANDSHAKE_ASK, YES, "rehandshake_started rehandshake_done",
      "rehandshake_requested rehandshake_started rehandshake_done", 0, true },
    { "ask, no", DTLS_REHANDSHAKE_ASK, NO, "rehandshake_refused", "rehandshake_requested", 1, false },
    { "ask, never", DTLS_REHANDSHAKE_ASK, NO_ANSWER, "rehandshake_refused", "rehandshake_requested", 1, false },
};
enum { POLICY_CASES = sizeof policy_cases / sizeof policy_cases[0] };

static void policy_while_data_flows(const struct policy_case *at, const struct call_kind *kind)
{
    enum net_end peer = net_other(kind->from);
    struct pair_options options;
    struct peek_log log;
    struct call call;
    char what[100];

    snprintf(what, sizeof what, "%s, %s", kind->name, at->name);
    pair_options(&options, 5);
    options.config[kind->from].rehandshake_timeout_ms = 8000;
    options.config[peer].rehandshake_timeout_ms = 4000;
    options.config[peer].rehandshake_policy = at->policy;
    call_begin(&call, &options);
    struct dtls_conn *asker_conn = call.pair->end[kind->from].conn, *peer_conn = call.pair->end[peer].conn;
    peek_log_begin(&log, call.pair, NULL, NULL);
    call_flow(&call, 20 * NET_MS, 160);
    size_t first[2] = { call.pair->end[CLIENT].event_count, call.pair->end[SERVER].event_count };
    CHECK_CASE(!dtls_conn_rehandshake_pending(asker_conn), "%s: pending before", what);
    CHECK_CASE(pair_rehandshake(call.pair, kind->from, kind->mode) == DTLS_OK, "%s: does not begin", what);
    CHECK_CASE(dtls_conn_rehandshake_pending(asker_conn), "%s: not pending after the request", what);
    if (at->policy == DTLS_REHANDSHAKE_ASK) {
        pair_run_until_event(call.pair, peer, DTLS_EVENT_REHANDSHAKE_REQUESTED, NET_SECOND);
        pair_run_for(call.pair, 2 * NET_SECOND); /* the application thinks; the asker repeats itself meanwhile */
        CHECK_CASE(dtls_conn_rehandshake_pending(peer_conn), "%s: not pending while asked", what);
        if (at->answer == YES)
            CU_ASSERT_EQUAL(dtls_conn_accept_rehandshake(peer_conn, call.pair->net.now_us), DTLS_OK);
        if (at->answer == NO)
            CU_ASSERT_EQUAL(dtls_conn_refuse_rehandshake(peer_conn, call.pair->net.now_us), DTLS_OK);
        pair_settle(call.pair, peer);
    }
    pair_run_for(call.pair, 20 * NET_SECOND);
    check_events(call.pair, what, first, kind->from, at->asker);
    check_events(call.pair, what, first, peer, at->peer);
    CHECK_CASE(!dtls_conn_rehandshake_pending(asker_conn) && !dtls_conn_rehandshake_pending(peer_conn),
               "%s: pending after the last event", what);
    CHECK_CASE(dtls_conn_accept_rehandshake(peer_conn, call.pair->net.now_us) == DTLS_ERR_NOT_ASKED &&
                   dtls_conn_refuse_rehandshake(peer_conn, call.pair->net.now_us) == DTLS_ERR_NOT_ASKED,
               "%s: an answer to nothing is taken", what);
    size_t warnings = 0;
    while (peek_log_alert(&log, peer, DTLS_ALERT_NO_RENEGOTIATION, warnings) != NULL)
        warnings++;
    CHECK_CASE(warnings == at->warnings, "%s: %zu warnings", what, warnings);
    CHECK_CASE(dtls_conn_epoch(asker_conn) == (at->done ? 2 : 1), "%s: epoch %u", what, dtls_conn_epoch(asker_conn));
    CHECK_CASE(call_is_alive(&call), "%s: dead", what);
    peek_log_end(&log, call.pair);
    call_end(&call);
}

static void every_policy_on_both_sides(void)
{
    for (int k = 0; k < CALL_KINDS; k++)
        for (size_t i = 0; i < POLICY_CASES; i++)
            policy_while_data_flows(&policy_cases[i], &call_kinds[k]);
}

static bool drop_warnings(void *arg, const struct peek_note *note)
{
    (void)arg;
    return note->record.type == RECORD_ALERT;
}

static void three_warnings_at_most_a_second_apart(void)
{
    for (int k = 0; k < 2; k++) {
        const struct call_kind *kind = &call_kinds[k];
        enum net_end peer = net_other(kind->from);
        const struct peek_note *note;
        struct pair_options options;
        struct peek_log log;
        struct call call;
        pair_options(&options, 6);
        options.config[kind->from].rehandshake_timeout_ms = 20000;
        options.config[peer].rehandshake_policy = DTLS_REHANDSHAKE_DENY;
        call_begin(&call, &options);
        peek_log_begin(&log, call.pair, drop_warnings, NULL);
        size_t first[2] = { call.pair->end[CLIENT].event_count, call.pair->end[SERVER].event_count };
        pair_rehandshake(call.pair, kind->from, kind->mode);
        pair_run_for(call.pair, 30 * NET_SECOND);
        uint64_t last_us = 0;
        size_t count = 0;
        for (; (note = peek_log_alert(&log, peer, DTLS_ALERT_NO_RENEGOTIATION, count)) != NULL; count++) {
            CHECK_CASE(last_us == 0 || note->time_us - last_us >= NET_SECOND, "%s: two within %llu us", kind->name,
                       (unsigned long long)(note->time_us - last_us));
            CHECK_CASE(note->record.bytes[0] == DTLS_ALERT_WARNING, "%s: not a warning", kind->name);
            last_us = note->time_us;
        }
        CHECK_CASE(count == 3, "%s: %zu warnings", kind->name, count);
        check_events(call.pair, kind->name, first, kind->from, "rehandshake_failed");
        check_events(call.pair, kind->name, first, peer, "");
        CU_ASSERT_TRUE(call_is_alive(&call));
        peek_log_end(&log, call.pair);
        call_end(&call);
    }
}

static void a_flood_of_hello_requests_is_bounded(void)
{
    static const enum dtls_rehandshake_policy policies[] = { DTLS_REHANDSHAKE_DENY, DTLS_REHANDSHAKE_IGNORE,
                                                             DTLS_REHANDSHAKE_ACCEPT };
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        struct pair_options options;
        struct call call;
        pair_options(&options, 7);
        options.config[CLIENT].rehandshake_policy = policies[i];
        call_begin(&call, &options);
        uint64_t sent = pair_stats(call.pair, CLIENT).datagrams_sent;
        for (int flood = 0; flood < 10000; flood++) {
            dtls_conn_transmit_request(call.pair->end[SERVER].conn); /* no public door would send so many */
            pair_settle(call.pair, SERVER);
            if (flood % 100 == 99)
                pair_run_for(call.pair, 100 * NET_MS);
        }
        pair_run_for(call.pair, 2 * NET_SECOND);
        sent = pair_stats(call.pair, CLIENT).datagrams_sent - sent;
        CHECK_CASE(sent <= 40, "policy %d: %llu datagrams from the client", policies[i], (unsigned long long)sent);
        CU_ASSERT_TRUE(call_is_alive(&call));
        call_end(&call);
    }
}

static void a_mandatory_one_closes_when_it_does_not_start(void)
{
    static const enum dtls_rehandshake_policy policies[] = { DTLS_REHANDSHAKE_ACCEPT, DTLS_REHANDSHAKE_DENY,
                                                             DTLS_REHANDSHAKE_IGNORE };
    for (int k = 0; k < CALL_KINDS; k++)
        for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
            const struct call_kind *kind = &call_kinds[k];
            enum net_end peer = net_other(kind->from);
            struct pair_options options;
            struct call call;
            pair_options(&options, 8);
            options.config[kind->from].rehandshake_mandatory = true;
            options.config[kind->from].rehandshake_timeout_ms = 3000;
            options.config[peer].rehandshake_policy = policies[i];
            call_begin(&call, &options);
            uint64_t began_us = call.pair->net.now_us;
            pair_rehandshake(call.pair, kind->from, kind->mode);
            pair_run_for(call.pair, 10 * NET_SECOND);
            const struct pair_event *failed = pair_last(call.pair, kind->from, DTLS_EVENT_FAILED);
            const struct pair_event *told = pair_last(call.pair, peer, DTLS_EVENT_FAILED);
            if (policies[i] == DTLS_REHANDSHAKE_ACCEPT) {
                CHECK_CASE(failed == NULL && call_is_alive(&call), "%s: closed although accepted", kind->name);
            } else {
                uint64_t after_us = policies[i] == DTLS_REHANDSHAKE_DENY ? 40 * NET_MS : 3000 * NET_MS;
                CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_REHANDSHAKE_REQUIRED &&
                               failed->time_us == began_us + after_us,
                           "%s, policy %d: not closed in time", kind->name, policies[i]);
                CHECK_CASE(told != NULL && told->error == DTLS_ERR_ALERT, "%s: the peer is not told", kind->name);
                CHECK_CASE(pair_count(call.pair, kind->from, DTLS_EVENT_REHANDSHAKE_REFUSED) +
                                   pair_count(call.pair, kind->from, DTLS_EVENT_REHANDSHAKE_FAILED) ==
                               0,
                           "%s, policy %d: two endings", kind->name, policies[i]);
            }
            call_end(&call);
        }
}

/* ---- R13: not too often ---- */

static void one_that_comes_too_early_succeeds_later(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        const struct call_kind *kind = &call_kinds[k];
        enum net_end peer = net_other(kind->from);
        struct pair_options options;
        struct peek_log log;
        struct call call;
        pair_options(&options, 9);
        call_begin(&call, &options);
        call_flow(&call, 20 * NET_MS, 160);
        peek_log_begin(&log, call.pair, NULL, NULL);
        uint64_t began_us = call.pair->net.now_us;
        CHECK_CASE(call_renew(&call, kind, 1, 5 * NET_SECOND), "%s: never done", kind->name);
        pair_run_for(call.pair, 50 * NET_MS);
        CHECK_CASE(call_renew(&call, kind, 2, 5 * NET_SECOND), "%s: the second is never done", kind->name);
        CHECK_CASE(call.pair->net.now_us >= began_us + NET_SECOND, "%s: too early", kind->name);
        CHECK_CASE(pair_stats(call.pair, peer).dropped[DTLS_DROP_RATE] > 0, "%s: not counted", kind->name);
        CHECK_CASE(peek_log_alert(&log, peer, DTLS_ALERT_NO_RENEGOTIATION, 0) == NULL, "%s: refused", kind->name);
        peek_log_end(&log, call.pair);
        call_end(&call);
    }
}

static void the_answer_to_our_own_request_is_exempt(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 10);
    call_begin(&call, &options);
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, NET_SECOND));
    pair_run_for(call.pair, 50 * NET_MS);
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[1], 2, 110 * NET_MS));
    CU_ASSERT_EQUAL(pair_stats(call.pair, SERVER).dropped[DTLS_DROP_RATE], 0);
    call_end(&call);
}

/* ---- the application's mistakes ---- */

static void check_refused(struct call *call, enum net_end end, enum dtls_rehandshake_mode mode, int expected)
{
    size_t first[2] = { call->pair->end[CLIENT].event_count, call->pair->end[SERVER].event_count };
    uint64_t sent = pair_stats(call->pair, end).datagrams_sent;
    dtls_time deadline = dtls_conn_deadline(call->pair->end[end].conn);
    bool pending = dtls_conn_rehandshake_pending(call->pair->end[end].conn);
    int result = pair_rehandshake(call->pair, end, mode);

    CHECK_CASE(result == expected, "end %d: %s instead of %s", end, dtls_error_string(result),
               dtls_error_string(expected));
    CU_ASSERT_EQUAL(pair_stats(call->pair, end).datagrams_sent, sent);
    CU_ASSERT_EQUAL(dtls_conn_deadline(call->pair->end[end].conn), deadline);
    CU_ASSERT_EQUAL(dtls_conn_rehandshake_pending(call->pair->end[end].conn), pending);
    check_events(call->pair, "a mistake", first, end, "");
}

static void mistakes_are_refused_and_change_nothing(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        const struct call_kind *kind = &call_kinds[k];
        struct pair_options options;
        struct call call = { 0 };
        pair_options(&options, 13);
        options.silent = true;
        call.pair = pair_new(&options);
        check_refused(&call, kind->from, kind->mode, DTLS_ERR_NOT_OPEN);
        pair_free(call.pair);
        options.silent = false;
        call.pair = pair_new(&options);
        check_refused(&call, kind->from, kind->mode, DTLS_ERR_NOT_OPEN); /* in the first handshake */
        pair_free(call.pair);
        call_begin(&call, &options);
        check_refused(&call, kind->from, (enum dtls_rehandshake_mode)2, DTLS_ERR_ARGUMENT);
        check_refused(&call, kind->from, (enum dtls_rehandshake_mode)UINT32_MAX, DTLS_ERR_ARGUMENT);
        CU_ASSERT_EQUAL(pair_rehandshake(call.pair, kind->from, kind->mode), DTLS_OK);
        check_refused(&call, kind->from, kind->mode, DTLS_ERR_REHANDSHAKE_RUNNING);
        pair_run_until_event(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_STARTED, NET_SECOND);
        check_refused(&call, kind->from, kind->mode, DTLS_ERR_REHANDSHAKE_RUNNING);
        check_refused(&call, net_other(kind->from), kind->mode, DTLS_ERR_REHANDSHAKE_RUNNING);
        CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, NET_SECOND));
        CU_ASSERT_TRUE(call_is_alive(&call));
        pair_close(call.pair, kind->from);
        check_refused(&call, kind->from, kind->mode, DTLS_ERR_NOT_OPEN);
        pair_run_for(call.pair, NET_SECOND);
        check_refused(&call, net_other(kind->from), kind->mode, DTLS_ERR_NOT_OPEN);
        call_end(&call);
    }
}

static void the_last_epoch_is_a_clear_refusal(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        struct pair_options options;
        struct call call;
        pair_options(&options, 14);
        call_begin(&call, &options);
        for (int end = CLIENT; end <= SERVER; end++)
            call.pair->end[end].conn->as.epochs.current->number = 65534;
        CHECK_CASE(call_renew(&call, &call_kinds[k], 1, NET_SECOND), "%s: 65535 is not reached", call_kinds[k].name);
        check_refused(&call, CLIENT, call_kinds[k].mode, DTLS_ERR_EXHAUSTED);
        check_refused(&call, SERVER, call_kinds[k].mode, DTLS_ERR_EXHAUSTED);
        CU_ASSERT_TRUE(call_is_alive(&call));
        call_end(&call);
    }
}

static CU_TestInfo tests[] = {
    { "HelloRequest has message_seq 0, the ServerHello after it 1 (R6)", hello_request_is_outside_the_count },
    { "HelloRequest and ClientHello of the previous epoch start nothing (R6)",
      hellos_of_the_previous_epoch_start_nothing },
    { "glare ends in one rehandshake at every offset within a round trip (R6)", glare_at_every_offset },
    { "glare ends in one rehandshake under loss (R6)", glare_under_loss },
    { "data between HelloRequest and ClientHello is delivered (R6)",
      data_between_hello_request_and_client_hello_is_delivered },
    { "accept, deny, ignore, ask: exact events, warnings, pending, on both sides (R7)", every_policy_on_both_sides },
    { "three warnings no_renegotiation at most, a second apart (R7)", three_warnings_at_most_a_second_apart },
    { "a flood of HelloRequests draws a bounded number of datagrams (R7)", a_flood_of_hello_requests_is_bounded },
    { "a mandatory rehandshake closes when it does not start in time (R7)",
      a_mandatory_one_closes_when_it_does_not_start },
    { "a rehandshake that comes too early is dropped, and succeeds later (R13)",
      one_that_comes_too_early_succeeds_later },
    { "the answer to our own HelloRequest is exempt from the limit (R13)", the_answer_to_our_own_request_is_exempt },
    { "before OPEN, while one runs, after close, a bad mode: refused, nothing changed",
      mistakes_are_refused_and_change_nothing },
    { "epoch 65535 is the last, and a clear refusal (R12)", the_last_epoch_is_a_clear_refusal },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "rehandshake policy", tests);
}
