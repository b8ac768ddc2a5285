/* rehandshake_outage.c - contract R10, S5 and T5: a network that dies in a rehandshake, and messages of long ago. */
#include <string.h>

#include "conn/conn_private.h"
#include "messages/handshake_header.h"
#include "tests/box/call.h"
#include "tests/box/peek.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

/* ---- outages ---- */

enum { BOTH_SILENT = 2 };

/* The network dies with the datagram of this index, in one direction or both. */
struct outage {
    size_t step;
    int silent; /* an end, or BOTH_SILENT */
    bool over;
    size_t seen;
};

static struct net_verdict die_at_step(void *arg, const struct net_sending *sending)
{
    struct outage *outage = arg;
    bool silent = outage->silent == BOTH_SILENT || outage->silent == (int)sending->from;

    outage->seen = sending->index + 1;
    return (struct net_verdict){ !outage->over && silent && sending->index >= outage->step ? NET_DROP : NET_PASS, 0 };
}

static void chat(void *arg)
{
    struct pair *pair = arg;

    CHECK_CASE(pair_send(pair, CLIENT, "chat", 4) == DTLS_OK && pair_send(pair, SERVER, "chat", 4) == DTLS_OK,
               "data is refused during an outage");
    net_call_at(&pair->net, pair->net.now_us + NET_SECOND, chat, pair);
}

/* Did every end that had started one, and no other, stall once? */
static bool stall_as_they_should(const struct pair *pair, bool *answered)
{
    bool right = true;

    *answered = false;
    for (int end = CLIENT; end <= SERVER; end++) {
        size_t started = pair_count(pair, (enum net_end)end, DTLS_EVENT_REHANDSHAKE_STARTED);
        size_t done = pair_count(pair, (enum net_end)end, DTLS_EVENT_REHANDSHAKE_DONE);
        right = right && pair_count(pair, (enum net_end)end, DTLS_EVENT_REHANDSHAKE_STALLED) == started - done;
        *answered = *answered || started > 0;
    }
    return right;
}

/* How many datagrams the rehandshake sent in its first 200 ms. */
static size_t live_through(const struct call_kind *kind, size_t step, int silent, bool chatting)
{
    struct outage outage = { .step = step, .silent = silent };
    struct call call;
    struct pair_options options;
    unsigned failures = CU_get_number_of_failures();
    bool answered;

    pair_options(&options, 4);
    options.filter = die_at_step;
    options.filter_arg = &outage;
    call_begin(&call, &options);
    int result = pair_rehandshake(call.pair, kind->from, kind->mode);
    CU_ASSERT_EQUAL(result, DTLS_OK);
    if (chatting)
        net_call_at(&call.pair->net, call.pair->net.now_us + 500 * NET_MS, chat, call.pair);
    pair_run_for(call.pair, 200 * NET_MS);
    size_t taken = outage.seen;
    pair_run_for(call.pair, 600 * NET_SECOND);
    CHECK_CASE(stall_as_they_should(call.pair, &answered), "not one event STALLED for each attempt that began");
    outage.over = true;
    pair_run_for(call.pair, 10 * NET_SECOND);
    if (!answered) {
        CHECK_CASE(pair_count(call.pair, kind->from, DTLS_EVENT_REHANDSHAKE_FAILED) == 1, "no event for silence");
        CHECK_CASE(call_is_alive(&call), "no life after silence");
        CHECK_CASE(call_renew(&call, kind, 1, 10 * NET_SECOND), "the retry is never done");
    }
    for (int end = CLIENT; end <= SERVER; end++) {
        size_t done = pair_count(call.pair, (enum net_end)end, DTLS_EVENT_REHANDSHAKE_DONE);
        CHECK_CASE(pair_count(call.pair, (enum net_end)end, DTLS_EVENT_REHANDSHAKE_STALLED) <= 1, "end %d stalls twice",
                   end);
        CHECK_CASE(done == 1 && dtls_conn_epoch(call.pair->end[end].conn) == 2, "end %d is in epoch %u after %zu DONE",
                   end, dtls_conn_epoch(call.pair->end[end].conn), done);
    }
    CHECK_CASE(call_is_alive(&call), "no data after the outage");
    CHECK_CASE(CU_get_number_of_failures() == failures, "%s, outage from datagram %zu on, silent %d, %s: see above",
               kind->name, step, silent, chatting ? "chatting" : "quiet");
    traffic_free(call.traffic);
    pair_free(call.pair);
    return taken;
}

static void outages(bool chatting)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        size_t count = live_through(&call_kinds[k], SIZE_MAX, BOTH_SILENT, false);
        CHECK_CASE(count >= 3 && count < 20, "%s takes %zu datagrams", call_kinds[k].name, count);
        for (size_t step = 0; step < count; step++)
            for (int silent = CLIENT; silent <= BOTH_SILENT; silent++)
                live_through(&call_kinds[k], step, silent, chatting);
    }
}

static void quiet_outages_end_in_one_epoch(void)
{
    outages(false);
}

static void outages_under_data_end_in_one_epoch(void)
{
    outages(true);
}

/* A network that takes every final flight, alone or behind data, and nothing else. */
static struct net_verdict take_final_flights(void *arg, const struct net_sending *sending)
{
    struct outage *outage = arg;
    struct record_view view;
    bool flight =
        outage->silent == (int)sending->from && record_view_find(sending->bytes, sending->len, RECORD_HANDSHAKE, &view);

    return (struct net_verdict){ !outage->over && flight && sending->index >= outage->step ? NET_DROP : NET_PASS, 0 };
}

/* Both sides have used up their copies, and the waiting side's timer is at its maximum of a minute: it is the data of
 * n+1 that tells it to ask again. */
static void data_after_an_outage_ends_the_wait(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        const struct call_kind *kind = &call_kinds[k];
        size_t final = live_through(kind, SIZE_MAX, BOTH_SILENT, false) - 1;
        struct outage outage = { .step = final, .silent = (int)kind->first_finisher };
        struct pair_options options;
        struct call call;
        pair_options(&options, 5);
        for (int end = CLIENT; end <= SERVER; end++) {
            options.config[end].initial_timeout_ms = 1000;
            options.config[end].maximum_timeout_ms = 60000;
        }
        options.filter = take_final_flights;
        options.filter_arg = &outage;
        call_begin(&call, &options);
        pair_rehandshake(call.pair, kind->from, kind->mode);
        net_call_at(&call.pair->net, call.pair->net.now_us + 500 * NET_MS, chat, call.pair);
        pair_run_for(call.pair, 330 * NET_SECOND);
        CU_ASSERT_EQUAL(pair_count(call.pair, net_other(kind->first_finisher), DTLS_EVENT_REHANDSHAKE_DONE), 0);
        outage.over = true;
        CHECK_CASE(pair_run_until_renewed(call.pair, 1, 1200 * NET_MS), "%s: not done with the next second's data",
                   kind->name);
        traffic_free(call.traffic);
        pair_free(call.pair);
    }
}

/* ---- an attempt without an answer ---- */

static bool drop_handshake_of_server(void *arg, const struct peek_note *note)
{
    const bool *deaf = arg;

    return *deaf && note->from == SERVER && note->record.type == RECORD_HANDSHAKE;
}

static void a_retry_repeats_the_hello_byte_for_byte(void)
{
    for (int k = 0; k < CALL_KINDS; k += 2) {
        struct pair_options options;
        struct peek_log log;
        struct call call;
        bool deaf = true;
        pair_options(&options, 9);
        options.config[CLIENT].rehandshake_timeout_ms = 3000;
        call_begin(&call, &options);
        peek_log_begin(&log, call.pair, drop_handshake_of_server, &deaf);
        pair_rehandshake(call.pair, CLIENT, call_kinds[k].mode);
        CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_FAILED, 4 * NET_SECOND));
        CU_ASSERT_FALSE(dtls_conn_rehandshake_pending(call.pair->end[CLIENT].conn));
        CU_ASSERT_TRUE(pair_ping(call.pair, NET_SECOND));
        pair_run_for(call.pair, 3 * NET_SECOND);
        size_t before = log.count, copies = 1;
        CHECK_CASE(pair_rehandshake(call.pair, CLIENT, call_kinds[2 - k].mode) == DTLS_OK, "no retry");
        deaf = false;
        CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND));
        const struct peek_note *first = peek_log_message(&log, CLIENT, DTLS_CLIENT_HELLO, 0), *again, *last = first;
        CU_ASSERT_PTR_NOT_NULL_FATAL(first);
        for (; (again = peek_log_message(&log, CLIENT, DTLS_CLIENT_HELLO, copies)) != NULL; copies++) {
            last = again;
            CHECK_CASE(again->record.len == first->record.len &&
                           memcmp(again->record.bytes, first->record.bytes, first->record.len) == 0,
                       "copy %zu differs", copies);
        }
        CU_ASSERT_TRUE(copies > 2 && last >= log.notes + before);
        CU_ASSERT_EQUAL(pair_count(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_FAILED), 1);
        CU_ASSERT_TRUE(call_is_alive(&call));
        peek_log_end(&log, call.pair);
        call_end(&call);
    }
}

static void an_answer_after_the_end_is_welcome(void)
{
    for (int k = 0; k < CALL_KINDS; k += 2) {
        struct pair_options options;
        struct peek_log log;
        struct call call;
        bool deaf = true;
        pair_options(&options, 10);
        options.config[CLIENT].rehandshake_timeout_ms = 3000;
        call_begin(&call, &options);
        peek_log_begin(&log, call.pair, drop_handshake_of_server, &deaf);
        pair_rehandshake(call.pair, CLIENT, call_kinds[k].mode);
        CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_FAILED, 4 * NET_SECOND));
        deaf = false; /* the server has taken the ClientHello, so it goes on, and must not be left alone */
        CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 10 * NET_SECOND));
        CU_ASSERT_TRUE(call_is_alive(&call));
        CU_ASSERT_EQUAL(pair_count(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_FAILED), 1);
        CU_ASSERT_EQUAL(pair_count(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_STALLED), 0);
        peek_log_end(&log, call.pair);
        call_end(&call);
    }
}

/* ---- S5: which ClientHello counts ---- */

struct kept {
    bool keeping, deaf;
    size_t len;
    uint8_t bytes[1500];
};

static struct net_verdict keep_first_hello(void *arg, const struct net_sending *sending)
{
    struct kept *kept = arg;
    struct record_view view;
    bool handshake = record_view_find(sending->bytes, sending->len, RECORD_HANDSHAKE, &view);

    if (kept->keeping && handshake && sending->from == CLIENT && kept->len == 0) {
        memcpy(kept->bytes, sending->bytes, sending->len);
        kept->len = sending->len;
        return (struct net_verdict){ NET_DROP, 0 };
    }
    return (struct net_verdict){ kept->deaf && handshake && sending->from == SERVER ? NET_DROP : NET_PASS, 0 };
}

static void a_hello_of_an_earlier_record_replaces_nothing(void)
{
    struct kept kept = { .keeping = true };
    struct pair_options options;
    struct call call;

    pair_options(&options, 11);
    options.config[SERVER].rehandshake_policy = DTLS_REHANDSHAKE_DENY;
    options.config[SERVER].rehandshake_interval_ms = 100;
    options.filter = keep_first_hello;
    options.filter_arg = &kept;
    call_begin(&call, &options);
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL); /* refused; its first copy is still on the way */
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_REFUSED, NET_SECOND));
    struct dtls_config config = *call_config(&call, SERVER);
    config.rehandshake_policy = DTLS_REHANDSHAKE_ACCEPT;
    call_set_config(&call, SERVER, &config);
    kept.deaf = true;
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_STARTED, NET_SECOND));
    pair_run_for(call.pair, 500 * NET_MS);
    net_inject(&call.pair->net, SERVER, 0, kept.bytes, kept.len);
    pair_run_for(call.pair, 500 * NET_MS);
    CU_ASSERT_EQUAL(pair_count(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_STARTED), 1);
    kept.deaf = false;
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND));
    CU_ASSERT_TRUE(call_is_alive(&call));
    call_end(&call);
}

/* A client that has forgotten its attempt (here: by force) begins another one with another random. */
static void a_later_hello_replaces_the_attempt(void)
{
    struct kept kept = { .deaf = true };
    struct pair_options options;
    struct call call;

    pair_options(&options, 12);
    options.filter = keep_first_hello;
    options.filter_arg = &kept;
    call_begin(&call, &options);
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    pair_run_for(call.pair, 2 * NET_SECOND);
    dtls_conn_drop_handshake(call.pair->end[CLIENT].conn);
    kept.deaf = false;
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND));
    CU_ASSERT_TRUE(call_is_alive(&call));
    call_end(&call);
}

/* ---- T5: the final flight is lost, and the next rehandshake begins ---- */

/* Final flights of epoch 2 vanish while `lost`; but so many of the next ones pass. */
struct final_loss {
    bool lost;
    enum net_end first_finisher;
    int passes;
};

static struct net_verdict lose_final_flight(void *arg, const struct net_sending *sending)
{
    struct final_loss *loss = arg;
    struct record_view records[RECORD_VIEW_MAX];
    size_t count = record_view_split(sending->bytes, sending->len, records);
    bool final = false;

    for (size_t i = 0; i < count; i++)
        final = final || (records[i].type == RECORD_HANDSHAKE && records[i].epoch == 2);
    if (!final || !loss->lost || sending->from != loss->first_finisher)
        return (struct net_verdict){ NET_PASS, 0 };
    return (struct net_verdict){ loss->passes-- > 0 ? NET_PASS : NET_DROP, 0 };
}

static void the_next_rehandshake_carries_the_lost_flight(void)
{
    for (int k = 0; k < CALL_KINDS; k++)
        for (int second = 0; second < 2; second++) {
            const struct call_kind *kind = &call_kinds[k];
            struct final_loss loss = { true, kind->first_finisher, 0 };
            enum dtls_rehandshake_mode mode = (enum dtls_rehandshake_mode)second;
            struct pair_options options;
            struct call call;
            pair_options(&options, 13);
            options.filter = lose_final_flight;
            options.filter_arg = &loss;
            call_begin(&call, &options);
            pair_rehandshake(call.pair, kind->from, kind->mode);
            CHECK_CASE(pair_run_until_event(call.pair, kind->first_finisher, DTLS_EVENT_REHANDSHAKE_DONE, NET_SECOND),
                       "%s: never done at the first finisher", kind->name);
            pair_run_for(call.pair, 2 * NET_SECOND);
            CU_ASSERT_EQUAL(pair_count(call.pair, net_other(kind->first_finisher), DTLS_EVENT_REHANDSHAKE_DONE), 0);
            loss.passes = 1;
            CU_ASSERT_EQUAL(pair_rehandshake(call.pair, kind->first_finisher, mode), DTLS_OK);
            pair_run_for(call.pair, 21 * NET_MS); /* one way takes 20 */
            CHECK_CASE(pair_count(call.pair, net_other(kind->first_finisher), DTLS_EVENT_REHANDSHAKE_DONE) == 1,
                       "%s, then mode %d: no final flight in front", kind->name, mode);
            loss.lost = false;
            CHECK_CASE(pair_run_until_renewed(call.pair, 2, 10 * NET_SECOND), "%s, then mode %d: never done",
                       kind->name, mode);
            CU_ASSERT_EQUAL(dtls_conn_epoch(call.pair->end[CLIENT].conn), 3);
            CU_ASSERT_TRUE(call_is_alive(&call));
            call_end(&call);
        }
}

static void a_repeated_finished_is_answered_in_the_next_rehandshake_too(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        const struct call_kind *kind = &call_kinds[k];
        struct final_loss loss = { true, kind->first_finisher, 0 };
        struct pair_options options;
        struct call call;
        pair_options(&options, 14);
        options.filter = lose_final_flight;
        options.filter_arg = &loss;
        call_begin(&call, &options);
        call_flow(&call, 50 * NET_MS, 160); /* in 6 s fewer than are held */
        pair_rehandshake(call.pair, kind->from, kind->mode);
        pair_run_for(call.pair, 3 * NET_SECOND);
        CU_ASSERT_EQUAL(pair_rehandshake(call.pair, kind->first_finisher, kind->mode), DTLS_OK);
        pair_run_for(call.pair, 3 * NET_SECOND); /* nothing of the new one gets through either: it has it in front */
        CU_ASSERT_EQUAL(pair_count(call.pair, net_other(kind->first_finisher), DTLS_EVENT_REHANDSHAKE_DONE), 0);
        loss.lost = false;
        CHECK_CASE(pair_run_until_renewed(call.pair, 2, 20 * NET_SECOND), "%s: never done", kind->name);
        CU_ASSERT_EQUAL(dtls_conn_epoch(call.pair->end[SERVER].conn), 3);
        CU_ASSERT_TRUE(call_is_alive(&call));
        call_end(&call);
    }
}

static CU_TestInfo tests[] = {
    { "a quiet outage of 10 minutes at any step ends in one epoch (R10)", quiet_outages_end_in_one_epoch },
    { "an outage of 10 minutes under data, at any step, ends in one epoch (R10)", outages_under_data_end_in_one_epoch },
    { "data after an outage ends the wait, long before the timer does (R10)", data_after_an_outage_ends_the_wait },
    { "a retry repeats the stored ClientHello byte for byte (R10)", a_retry_repeats_the_hello_byte_for_byte },
    { "an answer that comes after FAILED is taken (R10)", an_answer_after_the_end_is_welcome },
    { "a ClientHello of an earlier record replaces no attempt (S5)", a_hello_of_an_earlier_record_replaces_nothing },
    { "a later ClientHello with another random replaces the attempt (S5)", a_later_hello_replaces_the_attempt },
    { "a lost final flight travels in front of the next rehandshake (T5)",
      the_next_rehandshake_carries_the_lost_flight },
    { "a repeated Finished is answered during the next rehandshake too (T5)",
      a_repeated_finished_is_answered_in_the_next_rehandshake_too },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "rehandshake outage", tests);
}
