/* found.c - what went wrong once in an association that was open, as its users saw it. First handshakes: found_first.c;
 * some more, beside the rule that they broke: rehandshake_*.c. */
#include <string.h>

#include "conn/conn_private.h"
#include "tests/box/call.h"
#include "tests/box/memory.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

/* ---- a shelf: datagrams that the network keeps until the test wants them to arrive ---- */

enum { SHELF_MOST = 16, SHELF_DATAGRAM = 1500 };

struct shelf {
    struct pair *pair;
    bool keeps[2]; /* what this end sends */
    size_t count;
    struct {
        enum net_end to;
        size_t len;
        uint8_t bytes[SHELF_DATAGRAM];
    } kept[SHELF_MOST];
};

static struct net_verdict keep(void *arg, const struct net_sending *sending)
{
    struct shelf *shelf = arg;

    if (!shelf->keeps[sending->from])
        return (struct net_verdict){ NET_PASS, 0 };
    if (shelf->count < SHELF_MOST && sending->len <= SHELF_DATAGRAM) {
        shelf->kept[shelf->count].to = net_other(sending->from);
        shelf->kept[shelf->count].len = sending->len;
        memcpy(shelf->kept[shelf->count].bytes, sending->bytes, sending->len);
        shelf->count++;
    }
    return (struct net_verdict){ NET_DROP, 0 };
}

/* It arrives now, and whatever follows at once follows. */
static void hand_over(struct shelf *shelf, size_t index)
{
    CU_ASSERT_TRUE_FATAL(index < shelf->count);
    net_inject(&shelf->pair->net, shelf->kept[index].to, 0, shelf->kept[index].bytes, shelf->kept[index].len);
    pair_run_for(shelf->pair, NET_MS);
}

/* The first datagram to an end, from number `first` on; `count` when there is none. */
static size_t first_to(const struct shelf *shelf, enum net_end to, size_t first)
{
    while (first < shelf->count && shelf->kept[first].to != to)
        first++;
    return first;
}

static void begin(struct call *call, struct pair_options *options, struct shelf *shelf)
{
    *shelf = (struct shelf){ .keeps = { false, false } };
    options->filter = keep;
    options->filter_arg = shelf;
    call_begin(call, options);
    shelf->pair = call->pair;
}

static void set_policy(struct call *call, enum net_end end, enum dtls_rehandshake_policy policy)
{
    struct dtls_config config = *call_config(call, end);

    config.rehandshake_policy = policy;
    call_set_config(call, end, &config);
}

static size_t count_of(const struct call *call, enum net_end end, enum dtls_event_type type)
{
    return pair_count(call->pair, end, type);
}

/* Alive, in this epoch, and nothing failed on the way. */
static void check_alive(struct call *call, uint16_t epoch)
{
    CU_ASSERT_TRUE(call_is_alive(call));
    for (int end = CLIENT; end <= SERVER; end++) {
        CU_ASSERT_EQUAL(dtls_conn_epoch(call->pair->end[end].conn), epoch);
        CU_ASSERT_FALSE(dtls_conn_rehandshake_pending(call->pair->end[end].conn));
        CU_ASSERT_EQUAL(count_of(call, (enum net_end)end, DTLS_EVENT_FAILED), 0);
    }
}

/* ---- a peer that is ahead ---- */

/* The server dropped the keys of n+1 with the attempt that it had to finish first: silence for good. */
static void a_hello_of_the_next_epoch_ends_no_attempt(void)
{
    struct pair_options options;
    struct shelf shelf;
    struct call call;

    pair_options(&options, 1);
    begin(&call, &options, &shelf);
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_ABBREVIATED);
    pair_run_for(call.pair, 30 * NET_MS); /* the server has answered */
    shelf.keeps[CLIENT] = true;
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE, NET_SECOND));
    shelf.keeps[SERVER] = true;    /* it repeats itself in vain */
    for (int i = 0; i < 10; i++) { /* its numbers in n+1 pass the hello's in n */
        pair_send(call.pair, CLIENT, "lost", 4);
        pair_run_for(call.pair, 200 * NET_MS);
    }
    shelf.count = 0;
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_ABBREVIATED), DTLS_OK);
    CU_ASSERT_TRUE(shelf.count > 0);
    hand_over(&shelf, shelf.count - 1); /* the flight in front of it does not come through */
    pair_run_for(call.pair, NET_MS);
    CU_ASSERT_EQUAL(dtls_conn_epoch(call.pair->end[SERVER].conn), 1);
    shelf.keeps[CLIENT] = shelf.keeps[SERVER] = false;
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 2, 10 * NET_SECOND));
    check_alive(&call, 3);
    call_end(&call);
}

struct ear {
    size_t count;
    char heard[8];
};

static void hear(void *arg, enum net_end end, const struct dtls_event *event)
{
    struct ear *ear = arg;

    if (end == CLIENT && event->data.len == 1 && ear->count < sizeof ear->heard)
        ear->heard[ear->count++] = (char)event->data.at[0];
}

/* The record behind Finished in its datagram came before the one that had been held for it. */
static void held_data_comes_before_data_behind_finished(void)
{
    struct pair_options options;
    struct shelf shelf;
    struct call call;
    struct ear ear = { 0 };

    pair_options(&options, 2);
    begin(&call, &options, &shelf);
    call.pair->on_arrival = NULL;
    call.pair->on_data = hear;
    call.pair->watcher = &ear;
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    pair_run_for(call.pair, 50 * NET_MS);
    shelf.keeps[SERVER] = true;
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE, NET_SECOND));
    shelf.keeps[SERVER] = false; /* Finished alone was lost */
    struct dtls_last_flight *last = call.pair->end[SERVER].conn->last;
    uint8_t copies = last->copies;
    last->copies = DTLS_MOST_COPIES; /* as if data without it had overtaken data with it */
    pair_send(call.pair, SERVER, "1", 1);
    pair_send(call.pair, SERVER, "2", 1);
    last->copies = copies;
    uint8_t datagram[3000];
    size_t with_flight, without;
    struct dtls_conn *server = call.pair->end[SERVER].conn;
    dtls_conn_send(server, call.pair->net.now_us, (const uint8_t *)"3", 1, datagram, 1500, &with_flight);
    last->copies = DTLS_MOST_COPIES;
    dtls_conn_send(server, call.pair->net.now_us, (const uint8_t *)"4", 1, datagram + with_flight, 1500, &without);
    net_inject(&call.pair->net, CLIENT, call.pair->net.now_us + 30 * NET_MS, datagram, with_flight + without);
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, NET_SECOND));
    CU_ASSERT_EQUAL(pair_stats(call.pair, CLIENT).held, 2);
    CHECK_CASE(ear.count == 4 && memcmp(ear.heard, "1234", 4) == 0, "heard: %.*s", (int)ear.count, ear.heard);
    check_alive(&call, 2);
    call_end(&call);
}

/* CLOSED was given first when the owner closed before it took the data. */
static void data_before_the_end_comes_before_the_end(void)
{
    struct pair_options options;
    struct shelf shelf;
    struct call call;
    struct dtls_event event;
    uint8_t datagram[1500];
    size_t len;

    pair_options(&options, 3);
    begin(&call, &options, &shelf);
    struct dtls_conn *client = call.pair->end[CLIENT].conn, *server = call.pair->end[SERVER].conn;
    uint64_t now = call.pair->net.now_us;
    CU_ASSERT_EQUAL(dtls_conn_send(client, now, (const uint8_t *)"last", 4, datagram, sizeof datagram, &len), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_conn_receive(server, now, datagram, len), DTLS_OK);
    dtls_conn_close(server, now);
    CU_ASSERT_TRUE(dtls_conn_next_event(server, &event) && event.type == DTLS_EVENT_DATA);
    CU_ASSERT_TRUE(dtls_conn_next_event(server, &event) && event.type == DTLS_EVENT_CLOSED);
    CU_ASSERT_FALSE(dtls_conn_next_event(server, &event));
    traffic_free(call.traffic);
    pair_free(call.pair);
}

/* ---- refusals ---- */

/* The client forgot what it had offered, and the answer to that met another hello: BAD_SIGNATURE. */
static void a_late_copy_that_is_accepted_after_a_refusal_kills_nobody(void)
{
    struct pair_options options;
    struct shelf shelf;
    struct call call;

    pair_options(&options, 3);
    options.config[SERVER].rehandshake_policy = DTLS_REHANDSHAKE_DENY;
    begin(&call, &options, &shelf);
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    shelf.keeps[CLIENT] = shelf.keeps[SERVER] = true;
    pair_run_for(call.pair, 200 * NET_MS);
    size_t refusal = first_to(&shelf, CLIENT, 0), late_copy = first_to(&shelf, SERVER, 0), flight = shelf.count;
    set_policy(&call, SERVER, DTLS_REHANDSHAKE_ACCEPT);
    hand_over(&shelf, late_copy);
    CU_ASSERT_EQUAL(count_of(&call, SERVER, DTLS_EVENT_REHANDSHAKE_STARTED), 1);
    size_t flight_end = shelf.count;
    hand_over(&shelf, refusal);
    CU_ASSERT_EQUAL(count_of(&call, CLIENT, DTLS_EVENT_REHANDSHAKE_REFUSED), 1);
    CU_ASSERT_FALSE(dtls_conn_rehandshake_pending(call.pair->end[CLIENT].conn));
    shelf.keeps[CLIENT] = shelf.keeps[SERVER] = false;
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    for (size_t i = flight; i < flight_end; i++)
        hand_over(&shelf, i);
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND));
    check_alive(&call, 2);
    call_end(&call);
}

/* A warning of the epoch before was taken for the answer to an attempt of this one. */
static void a_refusal_of_the_previous_epoch_ends_nothing(void)
{
    struct pair_options options;
    struct shelf shelf;
    struct call call;

    pair_options(&options, 4);
    options.config[SERVER].rehandshake_policy = DTLS_REHANDSHAKE_DENY;
    begin(&call, &options, &shelf);
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    shelf.keeps[SERVER] = true;
    pair_run_for(call.pair, 30 * NET_MS);
    shelf.keeps[SERVER] = false;
    CU_ASSERT_EQUAL(shelf.count, 1);
    set_policy(&call, SERVER, DTLS_REHANDSHAKE_ACCEPT);
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND));
    pair_run_for(call.pair, 2 * NET_SECOND);
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    hand_over(&shelf, 0);
    CU_ASSERT_TRUE(dtls_conn_rehandshake_pending(call.pair->end[CLIENT].conn));
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 2, 5 * NET_SECOND));
    CU_ASSERT_EQUAL(count_of(&call, CLIENT, DTLS_EVENT_REHANDSHAKE_REFUSED), 0);
    check_alive(&call, 3);
    call_end(&call);
}

static void a_late_copy_of_a_refused_hello_asks_nobody_again(void)
{
    struct pair_options options;
    struct shelf shelf;
    struct call call;

    pair_options(&options, 5);
    options.config[SERVER].rehandshake_policy = DTLS_REHANDSHAKE_ASK;
    begin(&call, &options, &shelf);
    struct dtls_conn *server = call.pair->end[SERVER].conn;
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    shelf.keeps[CLIENT] = true;
    pair_run_for(call.pair, 300 * NET_MS); /* the application thinks, and the client repeats itself */
    shelf.keeps[CLIENT] = false;
    CU_ASSERT_EQUAL(dtls_conn_refuse_rehandshake(server, call.pair->net.now_us), DTLS_OK);
    pair_settle(call.pair, SERVER);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_REFUSED, NET_SECOND));
    pair_run_for(call.pair, 5 * NET_SECOND);
    hand_over(&shelf, 0);
    CU_ASSERT_EQUAL(count_of(&call, SERVER, DTLS_EVENT_REHANDSHAKE_REQUESTED), 1);
    pair_run_for(call.pair, 11 * NET_SECOND); /* by then it is another wish, and another question */
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    pair_run_for(call.pair, 50 * NET_MS);
    CU_ASSERT_EQUAL(count_of(&call, SERVER, DTLS_EVENT_REHANDSHAKE_REQUESTED), 2);
    CU_ASSERT_EQUAL(dtls_conn_accept_rehandshake(server, call.pair->net.now_us), DTLS_OK);
    pair_settle(call.pair, SERVER);
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND));
    check_alive(&call, 2);
    call_end(&call);
}

/* ---- questions ---- */

/* Yes was said to the attempt that the server's wish had met on its way: one attempt was lost, and its memory. */
static void an_accept_after_a_late_answer_starts_no_second_attempt(void)
{
    struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
    struct pair_options options;
    struct shelf shelf;
    struct call call;

    pair_options(&options, 6);
    options.config[CLIENT].rehandshake_policy = DTLS_REHANDSHAKE_ASK;
    options.config[CLIENT].rehandshake_timeout_ms = 500;
    memory_use(&memory, &options.config[CLIENT]);
    begin(&call, &options, &shelf);
    struct dtls_conn *client = call.pair->end[CLIENT].conn;
    shelf.keeps[CLIENT] = true;
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_FAILED, NET_SECOND));
    shelf.keeps[CLIENT] = false;
    pair_rehandshake(call.pair, SERVER, DTLS_REHANDSHAKE_FULL);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_REQUESTED, NET_SECOND));
    hand_over(&shelf, 0); /* the hello that was given up */
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_STARTED, NET_SECOND));
    CU_ASSERT_EQUAL(dtls_conn_accept_rehandshake(client, call.pair->net.now_us), DTLS_ERR_NOT_ASKED);
    pair_settle(call.pair, CLIENT);
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND));
    check_alive(&call, 2);
    call_end(&call);
    CU_ASSERT_EQUAL(memory.live_blocks, 0);
}

/* The client had forgotten the attempt (here: by force), and the application was asked a second time for it. */
static void an_attempt_that_replaces_an_accepted_one_is_accepted(void)
{
    struct pair_options options;
    struct shelf shelf;
    struct call call;

    pair_options(&options, 7);
    options.config[SERVER].rehandshake_policy = DTLS_REHANDSHAKE_ASK;
    begin(&call, &options, &shelf);
    struct dtls_conn *server = call.pair->end[SERVER].conn;
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_REQUESTED, NET_SECOND));
    shelf.keeps[SERVER] = true;
    CU_ASSERT_EQUAL(dtls_conn_accept_rehandshake(server, call.pair->net.now_us), DTLS_OK);
    pair_settle(call.pair, SERVER);
    pair_run_for(call.pair, 2 * NET_SECOND);
    dtls_conn_drop_handshake(call.pair->end[CLIENT].conn);
    shelf.keeps[SERVER] = false;
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND));
    CU_ASSERT_EQUAL(count_of(&call, SERVER, DTLS_EVENT_REHANDSHAKE_REQUESTED), 1);
    check_alive(&call, 2);
    call_end(&call);
}

/* ---- at other moments ---- */

static void a_client_can_renew_as_soon_as_it_hears_open(void)
{
    struct pair_options options;
    struct shelf shelf = { .keeps = { false, true } };
    struct dtls_event event;
    bool asked = false;

    pair_options(&options, 8);
    options.silent = true;
    options.filter = keep;
    options.filter_arg = &shelf;
    struct pair *pair = shelf.pair = pair_new(&options);
    pair_start_client(pair);
    while (pair_count(pair, SERVER, DTLS_EVENT_OPEN) == 0) { /* all but the server's last datagram arrives */
        shelf.count = 0;
        if (!pair_run_until_event(pair, SERVER, DTLS_EVENT_OPEN, 25 * NET_MS))
            for (size_t i = 0; i < shelf.count; i++)
                hand_over(&shelf, i);
    }
    CU_ASSERT_TRUE_FATAL(shelf.count > 0);
    struct dtls_conn *client = pair->end[CLIENT].conn;
    CU_ASSERT_EQUAL(dtls_conn_receive(client, pair->net.now_us, shelf.kept[0].bytes, shelf.kept[0].len), DTLS_OK);
    while (dtls_conn_next_event(client, &event))
        if (event.type == DTLS_EVENT_OPEN) { /* SESSION is still to come */
            int result = dtls_conn_rehandshake(client, pair->net.now_us, DTLS_REHANDSHAKE_FULL);
            CHECK_CASE(result == DTLS_OK, "%s", dtls_error_string(result));
            asked = true;
        }
    CU_ASSERT_TRUE(asked);
    shelf.keeps[SERVER] = false;
    pair_settle(pair, CLIENT);
    CU_ASSERT_TRUE(pair_run_until_renewed(pair, 1, 5 * NET_SECOND));
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    pair_free(pair);
}

/* The largest record of the new suite was sealed with the old one, whose records are longer. */
static void a_change_of_suites_makes_no_datagram_too_large(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        struct pair_options options;
        struct shelf shelf;
        struct call call;
        pair_options(&options, 9);
        options.config[SERVER].suites[0] = DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384;
        options.config[SERVER].suite_count = 1;
        begin(&call, &options, &shelf);
        for (int end = CLIENT; end <= SERVER; end++) {
            struct dtls_config config = *call_config(&call, (enum net_end)end);
            config.suites[0] = DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256;
            config.suite_count = 1;
            call_set_config(&call, (enum net_end)end, &config);
        }
        pair_rehandshake(call.pair, call_kinds[k].from, DTLS_REHANDSHAKE_FULL);
        for (int i = 0; i < 200; i++) { /* traffic.c looks at every size */
            for (int end = CLIENT; end <= SERVER; end++)
                traffic_send(call.traffic, (enum net_end)end, dtls_conn_max_payload(call.pair->end[end].conn));
            pair_run_for(call.pair, 5 * NET_MS);
        }
        CU_ASSERT_EQUAL(dtls_conn_suite(call.pair->end[CLIENT].conn), DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256);
        check_alive(&call, 2);
        call_end(&call);
    }
}

/* session_lifetime_s is about sessions of the cache and tickets; the own one has its 24 hours (R11). */
static void a_short_lifetime_for_others_leaves_the_own_session_alone(void)
{
    for (int k = 2; k < CALL_KINDS; k++) {
        struct pair_options options;
        struct shelf shelf;
        struct call call;
        pair_options(&options, 10);
        options.config[CLIENT].session_lifetime_s = options.config[SERVER].session_lifetime_s = 60;
        begin(&call, &options, &shelf);
        pair_run_for(call.pair, 3600 * NET_SECOND);
        CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], 1, NET_SECOND));
        const struct pair_event *done = pair_last(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE);
        CHECK_CASE(done != NULL && done->resumed, "%s: not resumed", call_kinds[k].name);
        check_alive(&call, 2);
        call_end(&call);
    }
}

/* The new hello that replaced an accepted attempt never became whole: the flag it left opened the door to the next. */
static void permission_for_a_replaced_attempt_does_not_outlive_it(void)
{
    struct pair_options options;
    struct shelf shelf;
    struct call call;

    pair_options(&options, 4);
    begin(&call, &options, &shelf);
    set_policy(&call, SERVER, DTLS_REHANDSHAKE_DENY);
    call.pair->end[SERVER].conn->re.replacing = true;
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_REFUSED, NET_SECOND));
    check_alive(&call, 1);
    call_end(&call);
}

static CU_TestInfo tests[] = {
    { "a hello of the next epoch does not silence both ends for good", a_hello_of_the_next_epoch_ends_no_attempt },
    { "held data comes before data behind Finished in its datagram", held_data_comes_before_data_behind_finished },
    { "a late copy of a refused hello that is accepted after all kills nobody",
      a_late_copy_that_is_accepted_after_a_refusal_kills_nobody },
    { "a refusal of the previous epoch ends no attempt of this one", a_refusal_of_the_previous_epoch_ends_nothing },
    { "a late copy of a refused hello does not ask the application again",
      a_late_copy_of_a_refused_hello_asks_nobody_again },
    { "a yes after a late answer to an older attempt starts no second one",
      an_accept_after_a_late_answer_starts_no_second_attempt },
    { "an attempt that replaces an accepted one is not asked about again",
      an_attempt_that_replaces_an_accepted_one_is_accepted },
    { "a client can renew as soon as it hears of OPEN", a_client_can_renew_as_soon_as_it_hears_open },
    { "a change of suites makes no datagram larger than the MTU", a_change_of_suites_makes_no_datagram_too_large },
    { "a short lifetime for others' sessions leaves the own one alone",
      a_short_lifetime_for_others_leaves_the_own_session_alone },
    { "data that came before the end is given before the end", data_before_the_end_comes_before_the_end },
    { "permission for a replaced attempt does not outlive it (S5, R7)",
      permission_for_a_replaced_attempt_does_not_outlive_it },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "found", tests);
}
