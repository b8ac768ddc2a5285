/* store.c - sessions in a store that servers share (dtls/store.h; contract R19): found by any of them, whatever the
 * store does, and never anything but what one of them has put there. */
#include <stdlib.h>
#include <string.h>

#include "conn/conn_private.h"
#include "tests/box/call.h"
#include "tests/box/memory.h"
#include "tests/box/shelf.h"
#include "tests/tap.h"

enum { LIMIT_MS = 200 }; /* store_timeout_ms's default */

static const struct dtls_ticket_keys fleet_keys = { .keys = { { "the fleet's", "secret", 0, 0 } }, .count = 1 };
static const struct dtls_ticket_keys other_keys = { .keys = { { "the fleet's", "another's", 0, 0 } }, .count = 1 };

/* Servers with one store, and a client that comes back. */
struct fleet {
    struct shelf shelf;
    struct pair_options options;
    struct dtls_session *session;
    uint64_t clock_us;
};

static void begin(struct fleet *fleet, uint64_t seed)
{
    memset(fleet, 0, sizeof *fleet);
    fleet->clock_us = NET_SECOND;
    pair_options(&fleet->options, seed);
    for (int end = CLIENT; end <= SERVER; end++)
        fleet->options.config[end].unix_time_offset_us = UINT64_C(1700000000) * NET_SECOND;
    shelf_use(&fleet->shelf, &fleet->options.config[SERVER], &fleet_keys);
}

/* Another server process each time, another engine of the client. */
static struct pair *visit(struct fleet *fleet)
{
    fleet->options.seed++;
    fleet->options.start_us = fleet->clock_us;
    fleet->options.session = fleet->session;
    struct pair *pair = pair_new(&fleet->options);
    fleet->shelf.pair = pair;
    return pair;
}

static void leave(struct fleet *fleet, struct pair *pair)
{
    struct dtls_session *session = pair_session(pair);

    pair_run_for(pair, NET_SECOND);
    fleet->clock_us = pair->net.now_us;
    if (session != NULL) {
        dtls_session_free(fleet->session);
        fleet->session = session;
    }
    pair_free(pair);
}

/* Opens; was it resumed? */
static bool resumes(struct fleet *fleet)
{
    struct pair *pair = visit(fleet);

    CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 20 * NET_SECOND));
    bool resumed = pair_last(pair, SERVER, DTLS_EVENT_OPEN)->resumed;
    CU_ASSERT_TRUE(pair_ping(pair, 2 * NET_SECOND));
    leave(fleet, pair);
    return resumed;
}

static void end(struct fleet *fleet)
{
    dtls_session_free(fleet->session);
}

/* ---- resumption ---- */

static void a_session_is_resumed_at_another_server(void)
{
    struct fleet fleet;

    begin(&fleet, 1);
    CU_ASSERT_FALSE(resumes(&fleet));
    CU_ASSERT_TRUE(fleet.shelf.puts == 1 && fleet.shelf.gets == 0); /* who has no session id asks for none */
    CU_ASSERT_EQUAL(fleet.shelf.entries[0].lifetime_s, 86400);
    for (size_t i = 1; i <= 5; i++) {
        CU_ASSERT_TRUE(resumes(&fleet));
        CU_ASSERT_TRUE(fleet.shelf.puts == 1 && fleet.shelf.gets == i && fleet.shelf.takes == 0);
    }
    end(&fleet);
}

static void and_its_keys_are_renewed_by_it(void)
{
    for (size_t k = 0; k < CALL_KINDS; k++) {
        struct fleet fleet;
        struct call call;
        begin(&fleet, 2);
        CU_ASSERT_FALSE(resumes(&fleet));
        fleet.options.start_us = fleet.clock_us;
        fleet.options.session = fleet.session;
        call_begin(&call, &fleet.options);
        CU_ASSERT_TRUE(pair_last(call.pair, SERVER, DTLS_EVENT_OPEN)->resumed);
        call_flow(&call, 20 * NET_MS, 160);
        CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], 1, 10 * NET_SECOND));
        CU_ASSERT_EQUAL(pair_last(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE)->resumed,
                        call_kinds[k].mode == DTLS_REHANDSHAKE_ABBREVIATED);
        CU_ASSERT_TRUE(call_is_alive(&call));
        CU_ASSERT_EQUAL(fleet.shelf.gets, 1); /* a rehandshake asks no store: it has its session (R11) */
        call_end(&call);
        end(&fleet);
    }
}

/* One place for each client, however often keys are renewed; and a client that comes back has the newest. */
static void a_full_rehandshake_replaces_the_session(void)
{
    struct fleet fleet;
    struct call call;

    begin(&fleet, 16);
    call_begin(&call, &fleet.options);
    for (size_t number = 1; number <= 4; number++) {
        CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], number, 10 * NET_SECOND));
        pair_run_for(call.pair, 2 * NET_SECOND);
    }
    size_t kept = 0;
    for (size_t i = 0; i < fleet.shelf.count; i++)
        kept += fleet.shelf.entries[i].len > 0;
    CU_ASSERT_TRUE(fleet.shelf.puts == 5 && kept == 1);
    fleet.session = pair_session(call.pair);
    fleet.clock_us = call.pair->net.now_us;
    call_end(&call);
    CU_ASSERT_TRUE(resumes(&fleet));
    end(&fleet);
}

static void what_nobody_can_have_put_is_not_asked_for(void)
{
    struct fleet fleet;

    begin(&fleet, 3);
    CU_ASSERT_FALSE(resumes(&fleet));
    fleet.session->state.id_len = 31;
    CU_ASSERT_FALSE(resumes(&fleet));
    CU_ASSERT_EQUAL(fleet.shelf.gets, 0);
    end(&fleet);
}

/* Whoever gets a ticket has no place in the store. */
static void a_client_with_a_ticket_takes_no_place(void)
{
    struct fleet fleet;

    begin(&fleet, 4);
    fleet.options.config[SERVER].ticket_keys = &fleet_keys;
    CU_ASSERT_FALSE(resumes(&fleet));
    CU_ASSERT_TRUE(resumes(&fleet));
    CU_ASSERT_TRUE(fleet.shelf.puts == 0 && fleet.shelf.gets == 0);
    end(&fleet);
}

static void a_session_of_single_use_is_taken(void)
{
    struct fleet fleet;

    begin(&fleet, 5);
    fleet.options.config[SERVER].single_use_sessions = true;
    for (size_t i = 0; i < 6; i++)
        CHECK_CASE(resumes(&fleet) == (i % 2 == 1), "visit %zu", i);
    CU_ASSERT_TRUE(fleet.shelf.takes == fleet.shelf.gets && fleet.shelf.puts == 3);
    end(&fleet);
}

/* ---- at once, late, never, and after the end ---- */

static void a_handshake_waits_for_the_store_but_not_long(void)
{
    static const uint64_t waits_us[] = {
        0, 1, 40 * NET_MS, 199 * NET_MS, 201 * NET_MS, NET_SECOND, 10 * NET_SECOND, SHELF_NEVER
    };

    for (size_t i = 0; i < sizeof waits_us / sizeof waits_us[0]; i++) {
        struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
        struct fleet fleet;
        begin(&fleet, 6);
        memory_use(&memory, &fleet.options.config[SERVER]);
        CU_ASSERT_FALSE(resumes(&fleet));
        fleet.shelf.wait_us = waits_us[i];
        struct pair *pair = visit(&fleet);
        uint64_t wait_us = waits_us[i] < LIMIT_MS * NET_MS ? waits_us[i] : LIMIT_MS * NET_MS;
        bool in_time = waits_us[i] < LIMIT_MS * NET_MS;
        CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 20 * NET_SECOND));
        const struct pair_event *open = pair_last(pair, CLIENT, DTLS_EVENT_OPEN);
        CHECK_CASE(open->resumed == in_time, "after %llu us: resumed %d", (unsigned long long)waits_us[i],
                   open->resumed);
        uint64_t took_us = open->time_us - fleet.clock_us, least_us = (in_time ? 40 : 80) * NET_MS + wait_us;
        CHECK_CASE(took_us >= least_us && took_us <= least_us + 1 * NET_MS, "after %llu us: open after %llu",
                   (unsigned long long)waits_us[i], (unsigned long long)took_us);
        CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
        if (waits_us[i] != SHELF_NEVER)
            pair_run_for(pair, waits_us[i] + 1);
        CU_ASSERT_EQUAL(fleet.shelf.refused, !in_time && waits_us[i] != SHELF_NEVER);
        pair_free(pair);
        if (waits_us[i] == SHELF_NEVER)
            CU_ASSERT_EQUAL(shelf_answer(&fleet.shelf), DTLS_ERR_NOT_ASKED);
        CU_ASSERT_EQUAL(memory.live_blocks, 0);
        end(&fleet);
    }
}

static void the_limit_is_the_configurations(void)
{
    struct fleet fleet;

    begin(&fleet, 7);
    fleet.options.config[SERVER].store_timeout_ms = 1500;
    CU_ASSERT_FALSE(resumes(&fleet));
    fleet.shelf.wait_us = 1400 * NET_MS;
    CU_ASSERT_TRUE(resumes(&fleet));
    fleet.shelf.wait_us = 1600 * NET_MS;
    CU_ASSERT_FALSE(resumes(&fleet));
    end(&fleet);
}

static void an_answer_after_the_end_is_refused(void)
{
    for (int freed = 0; freed < 2; freed++) {
        struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
        struct fleet fleet;
        begin(&fleet, 8);
        memory_use(&memory, &fleet.options.config[SERVER]);
        CU_ASSERT_FALSE(resumes(&fleet));
        fleet.shelf.wait_us = SHELF_NEVER;
        struct pair *pair = visit(&fleet);
        pair_run_for(pair, 50 * NET_MS);
        CU_ASSERT_EQUAL_FATAL(fleet.shelf.waiting_count, 1);
        CU_ASSERT_PTR_EQUAL(dtls_question_conn(fleet.shelf.waiting[0].question), pair->end[SERVER].conn);
        CU_ASSERT_EQUAL(dtls_question_answer_psk(fleet.shelf.waiting[0].question, NULL), DTLS_ERR_ARGUMENT);
        if (freed)
            pair_free(pair);
        else
            pair_close(pair, SERVER);
        CU_ASSERT_EQUAL(shelf_answer(&fleet.shelf), DTLS_ERR_NOT_ASKED);
        if (!freed)
            pair_free(pair);
        CU_ASSERT_EQUAL(memory.live_blocks, 0);
        end(&fleet);
    }
}

static void it_survives_bad_networks(void)
{
    size_t resumed = 0, full = 0, lost = 0;

    for (uint64_t seed = 0; seed < 200; seed++) {
        struct fleet fleet;
        begin(&fleet, seed * 8);
        CU_ASSERT_FALSE(resumes(&fleet));
        for (int from = CLIENT; from <= SERVER; from++)
            fleet.options.link[from] =
                (struct net_link){ .delay_us = 20 * NET_MS, .jitter_us = 15 * NET_MS, .loss = 2000, .duplicate = 1000 };
        fleet.options.cookies = seed & 1;
        fleet.options.config[SERVER].public_key_jobs = seed & 2;
        fleet.options.config[SERVER].mtu = seed & 4 ? 300 : 1200;
        fleet.shelf.wait_us = seed * 37 % 400 * NET_MS;
        struct pair *pair = visit(&fleet);
        CHECK_CASE(pair_run_until_open(pair, 60 * NET_SECOND), "seed %llu: it never opens", (unsigned long long)seed);
        const struct pair_event *open[2] = { pair_last(pair, CLIENT, DTLS_EVENT_OPEN),
                                             pair_last(pair, SERVER, DTLS_EVENT_OPEN) };
        CU_ASSERT_TRUE_FATAL(open[CLIENT] != NULL && open[SERVER] != NULL);
        CHECK_CASE(open[CLIENT]->resumed == open[SERVER]->resumed &&
                       open[SERVER]->resumed == (fleet.shelf.wait_us < LIMIT_MS * NET_MS),
                   "seed %llu: resumed %d", (unsigned long long)seed, open[SERVER]->resumed);
        resumed += open[SERVER]->resumed;
        full += !open[SERVER]->resumed;
        lost += pair->net.counts[CLIENT].lost + pair->net.counts[SERVER].lost;
        pair_free(pair);
        while (fleet.shelf.waiting_count > 0) /* with the network went the calls for these */
            CU_ASSERT_EQUAL(shelf_answer(&fleet.shelf), DTLS_ERR_NOT_ASKED);
        end(&fleet);
    }
    CU_ASSERT_TRUE(resumed > 50 && full > 50 && lost > 100);
}

/* A step that lacks memory is a handshake that ends, or a full one; and nothing is left behind (S8). */
static void without_memory_nothing_is_lost_but_the_handshake(void)
{
    for (int late = 0; late < 2; late++) {
        bool done = false;
        for (size_t n = 0; !done; n++) {
            struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
            struct fleet fleet;
            begin(&fleet, 9);
            CU_ASSERT_FALSE(resumes(&fleet));
            fleet.shelf.wait_us = late ? 30 * NET_MS : 0;
            memory.fail_at = n;
            memory_use(&memory, &fleet.options.config[SERVER]);
            struct pair *pair = visit(&fleet);
            pair_run_for(pair, 20 * NET_SECOND);
            done = memory.failed == 0;
            CHECK_CASE(!done || pair_both_open(pair), "it never opens, with %zu allocations", n);
            pair_free(pair);
            CHECK_CASE(memory.live_blocks == 0, "without allocation %zu: %zu blocks are left", n, memory.live_blocks);
            end(&fleet);
        }
    }
}

/* ---- what the store may say ---- */

/* The client's entry is `bytes` now. A full handshake follows, and is stored beside it. */
static void expect_full(struct fleet *fleet, const uint8_t *bytes, size_t len, const char *what, size_t number)
{
    struct fleet visitor = *fleet; /* with the store as it was */

    visitor.shelf.door.arg = &visitor.shelf;
    visitor.options.config[SERVER].store = &visitor.shelf.door;
    visitor.session = fleet->session;
    size_t at = 0;
    while (at < SHELF_MOST - 1 &&
           memcmp(visitor.shelf.entries[at].name, fleet->session->state.id, DTLS_STORE_NAME_LEN) != 0)
        at++;
    memcpy(visitor.shelf.entries[at].bytes, bytes, len);
    visitor.shelf.entries[at].len = len;
    struct pair *pair = visit(&visitor);
    CHECK_CASE(pair_run_until_open(pair, NET_SECOND) && !pair_last(pair, SERVER, DTLS_EVENT_OPEN)->resumed,
               "%s %zu: not a full handshake", what, number);
    CU_ASSERT_TRUE(visitor.shelf.gets == fleet->shelf.gets + 1 && visitor.shelf.puts == fleet->shelf.puts + 1);
    pair_free(pair);
}

static void a_poisoned_store_yields_no_session(void)
{
    struct fleet fleet;
    uint8_t bytes[2 * DTLS_STORE_ENTRY_MOST] = { 0 };
    struct rng rng = { 10 };

    begin(&fleet, 10);
    CU_ASSERT_FALSE(resumes(&fleet));
    const struct shelf_entry entry = fleet.shelf.entries[0];
    for (size_t i = 0; i < entry.len; i++)
        for (unsigned change = 1; change < 256; change = change == 1 ? 0x80 : change == 0x80 ? 0xff : 256) {
            memcpy(bytes, entry.bytes, entry.len);
            bytes[i] ^= (uint8_t)change;
            expect_full(&fleet, bytes, entry.len, "changed byte", i);
        }
    memcpy(bytes, entry.bytes, entry.len);
    for (size_t cut = 1; cut < entry.len; cut++)
        expect_full(&fleet, bytes, cut, "cut at", cut);
    for (size_t more = 1; more <= DTLS_STORE_ENTRY_MOST; more += 15)
        expect_full(&fleet, bytes, entry.len + more, "longer by", more);
    for (size_t i = 0; i < 100; i++) {
        rng_fill(&rng, bytes, sizeof bytes);
        expect_full(&fleet, bytes, 1 + rng_up_to(&rng, DTLS_STORE_ENTRY_MOST - 1), "random", i);
    }
    CU_ASSERT_TRUE(resumes(&fleet)); /* as it was */
    end(&fleet);
}

/* Valid entries under names that are not theirs: of another client, of another fleet, tickets; and entries as tickets.
 */
static void an_entry_is_one_of_its_own_name_and_fleet(void)
{
    struct fleet fleet, other;
    struct dtls_session_state state;

    begin(&fleet, 11);
    CU_ASSERT_FALSE(resumes(&fleet));
    struct dtls_session *first = fleet.session;
    fleet.session = NULL;
    CU_ASSERT_FALSE(resumes(&fleet));
    expect_full(&fleet, fleet.shelf.entries[0].bytes, fleet.shelf.entries[0].len, "the second's client, entry", 1);
    dtls_session_free(fleet.session);
    fleet.session = first;
    expect_full(&fleet, fleet.shelf.entries[1].bytes, fleet.shelf.entries[1].len, "the first's client, entry", 2);

    /* Another fleet has the same session, by whatever way, under keys of its own. */
    begin(&other, 12);
    uint8_t bytes[DTLS_STORE_ENTRY_MOST];
    size_t len;
    const struct dtls_memory heap = { 0 };
    struct rng rng = { 12 };
    const struct dtls_random random = { rng_fill, &rng };
    state = first->state;
    CU_ASSERT_EQUAL(dtls_session_seal(&other_keys.keys[0], DTLS_SEALED_ENTRY, &heap, &random, &state, bytes, &len),
                    DTLS_OK);
    expect_full(&fleet, bytes, len, "another fleet's entry", 0);
    CU_ASSERT_EQUAL(dtls_session_seal(&fleet_keys.keys[0], DTLS_SEALED_TICKET, &heap, &random, &state, bytes, &len),
                    DTLS_OK);
    expect_full(&fleet, bytes, len, "a ticket", 0);

    fleet.options.config[SERVER].ticket_keys = &fleet_keys;
    first->ticket = malloc(fleet.shelf.entries[0].len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(first->ticket);
    first->ticket_len = (uint16_t)fleet.shelf.entries[0].len;
    memcpy(first->ticket, fleet.shelf.entries[0].bytes, first->ticket_len);
    CU_ASSERT_FALSE(resumes(&fleet)); /* though its session is in the store: a ticket was shown */
    end(&fleet);
    end(&other);
}

/* ---- what ends a session ---- */

static void a_fatal_alert_ends_the_session_everywhere(void)
{
    struct fleet fleet;

    begin(&fleet, 13);
    struct pair *pair = visit(&fleet);
    CU_ASSERT_TRUE(pair_run_until_open(pair, NET_SECOND) && pair_ping(pair, NET_SECOND));
    dtls_conn_transmit_alert(pair->end[CLIENT].conn, DTLS_ALERT_FATAL, DTLS_ALERT_INTERNAL_ERROR);
    pair_settle(pair, CLIENT);
    CU_ASSERT_TRUE(pair_run_until_event(pair, SERVER, DTLS_EVENT_FAILED, NET_SECOND));
    CU_ASSERT_EQUAL(fleet.shelf.removes, 1);
    leave(&fleet, pair);
    CU_ASSERT_FALSE(resumes(&fleet));
    CU_ASSERT_TRUE(resumes(&fleet));
    end(&fleet);
}

/* Whatever the settings of the next handshake are. */
static void a_session_is_removed_where_it_was_put(void)
{
    struct fleet fleet;

    for (int way = 0; way < 2; way++) {
        struct shelf other = { .wait_us = 0 };
        begin(&fleet, 17);
        struct dtls_config config = fleet.options.config[SERVER];
        shelf_use(&other, &config, &fleet_keys);
        if (way == 1)
            config.store = NULL;
        struct pair *pair = visit(&fleet);
        CU_ASSERT_TRUE(pair_run_until_open(pair, NET_SECOND) && pair_ping(pair, NET_SECOND));
        CU_ASSERT_EQUAL(dtls_conn_set_config(pair->end[SERVER].conn, &config), DTLS_OK);
        dtls_conn_transmit_alert(pair->end[CLIENT].conn, DTLS_ALERT_FATAL, DTLS_ALERT_INTERNAL_ERROR);
        pair_settle(pair, CLIENT);
        CU_ASSERT_TRUE(pair_run_until_event(pair, SERVER, DTLS_EVENT_FAILED, NET_SECOND));
        CU_ASSERT_TRUE(fleet.shelf.removes == 1 && other.removes == 0);
        leave(&fleet, pair);
        CU_ASSERT_FALSE(resumes(&fleet));
        end(&fleet);
    }
}

/* close_notify, silence, what anyone can forge, and a client that has begun anew (S6). */
static void other_ends_leave_the_session(void)
{
    static const uint8_t alert[] = { 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 80 };
    struct fleet fleet;

    begin(&fleet, 14);
    for (int way = 0; way < 4; way++) {
        struct pair *pair = visit(&fleet);
        CU_ASSERT_TRUE(pair_run_until_open(pair, NET_SECOND));
        CU_ASSERT_EQUAL(pair_last(pair, SERVER, DTLS_EVENT_OPEN)->resumed, way > 0);
        if (way == 0)
            pair_close(pair, CLIENT);
        if (way == 1) {
            uint8_t copy[sizeof alert];
            memcpy(copy, alert, sizeof alert);
            CU_ASSERT_EQUAL(dtls_conn_receive(pair->end[SERVER].conn, pair->net.now_us, copy, sizeof copy), DTLS_OK);
        }
        if (way == 2)
            dtls_conn_die(pair->end[SERVER].conn, DTLS_ERR_REPLACED, 0);
        leave(&fleet, pair);
    }
    CU_ASSERT_EQUAL(fleet.shelf.removes, 0);
    CU_ASSERT_TRUE(resumes(&fleet));
    end(&fleet);
}

static void a_session_ages_by_the_time_of_day(void)
{
    struct fleet fleet;

    begin(&fleet, 15);
    fleet.options.config[SERVER].session_lifetime_s = 100;
    CU_ASSERT_FALSE(resumes(&fleet));
    CU_ASSERT_EQUAL(fleet.shelf.entries[0].lifetime_s, 100);
    /* A server that has started just now, by a clock of its own, in the same second of the day. */
    fleet.options.config[SERVER].unix_time_offset_us += fleet.clock_us;
    fleet.clock_us = 0;
    CU_ASSERT_TRUE(resumes(&fleet));
    fleet.clock_us = 97 * NET_SECOND;
    CU_ASSERT_TRUE(resumes(&fleet));
    fleet.clock_us = 101 * NET_SECOND;
    CU_ASSERT_FALSE(resumes(&fleet));
    end(&fleet);
}

static CU_TestInfo tests[] = {
    { "a session made at one server is resumed at another", a_session_is_resumed_at_another_server },
    { "and its keys are renewed by it, fully or abbreviated (R11)", and_its_keys_are_renewed_by_it },
    { "a full rehandshake's session takes the place of the one before", a_full_rehandshake_replaces_the_session },
    { "what nobody can have put is not asked for", what_nobody_can_have_put_is_not_asked_for },
    { "a client with a ticket takes no place", a_client_with_a_ticket_takes_no_place },
    { "a session of single use is taken", a_session_of_single_use_is_taken },
    { "a handshake waits for the store, but not long: at once, late, never (R19)",
      a_handshake_waits_for_the_store_but_not_long },
    { "the limit is the configuration's", the_limit_is_the_configurations },
    { "an answer after the end is refused (R19)", an_answer_after_the_end_is_refused },
    { "it survives bad networks", it_survives_bad_networks },
    { "without memory nothing is lost but the handshake (S8)", without_memory_nothing_is_lost_but_the_handshake },
    { "a poisoned store yields no session", a_poisoned_store_yields_no_session },
    { "an entry is one of its own name and fleet", an_entry_is_one_of_its_own_name_and_fleet },
    { "a fatal alert ends the session everywhere (RFC 5246, 7.2.2)", a_fatal_alert_ends_the_session_everywhere },
    { "a session is removed where it was put", a_session_is_removed_where_it_was_put },
    { "other ends leave the session", other_ends_leave_the_session },
    { "a session ages by the time of day", a_session_ages_by_the_time_of_day },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "store", tests);
}
