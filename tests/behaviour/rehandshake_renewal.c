/* rehandshake_renewal.c - contract R12: keys that are used up, by the configuration's measure, the cipher's, or the
 * record layer's. */
#include "conn/conn_private.h"
#include "tests/box/call.h"
#include "tests/tap.h"

/* ---- renewal by itself ---- */

static void begin(struct call *call, enum net_end end, uint64_t records, uint64_t bytes, uint32_t seconds)
{
    struct pair_options options;

    pair_options(&options, 80);
    options.config[end].renew_after_records = records;
    options.config[end].renew_after_bytes = bytes;
    options.config[end].renew_after_s = seconds;
    call_begin(call, &options);
}

/* Records of 100 bytes go one way until the keys are renewed; how many that took since the last time. */
static size_t records_until_renewed(struct call *call, enum net_end from, size_t renewals)
{
    struct pair *pair = call->pair;

    for (size_t count = 1; count < 1000; count++) {
        traffic_send(call->traffic, from, 100);
        pair_run_for(pair, NET_MS);
        if (dtls_conn_rehandshake_pending(pair->end[CLIENT].conn) ||
            dtls_conn_rehandshake_pending(pair->end[SERVER].conn)) {
            CU_ASSERT_TRUE(pair_run_until_renewed(pair, renewals, NET_SECOND));
            return count;
        }
    }
    return 0;
}

/* Whoever counts, and whoever sends: both directions wear a key out. */
static void keys_are_renewed_after_so_many(uint64_t records, uint64_t bytes, size_t expected)
{
    for (int end = CLIENT; end <= SERVER; end++)
        for (int from = CLIENT; from <= SERVER; from++) {
            struct call call;
            begin(&call, (enum net_end)end, records, bytes, 0);
            for (size_t renewals = 1; renewals <= 3; renewals++) {
                size_t count = records_until_renewed(&call, (enum net_end)from, renewals);
                /* A receiver sees them 20 ms later; the ping of the beginning is one record more, of 16 bytes. */
                size_t late = end == from ? 0 : 20;
                CHECK_CASE(count + 1 >= expected && count <= expected + late,
                           "end %d counts, end %d sends: renewal %zu after %zu records", end, from, renewals, count);
                pair_run_for(call.pair, 2 * NET_SECOND);
            }
            CU_ASSERT_TRUE(call_is_alive(&call));
            call_end(&call);
        }
}

static void keys_are_renewed_after_so_many_records(void)
{
    keys_are_renewed_after_so_many(50, 0, 50);
}

static void keys_are_renewed_after_so_many_bytes(void)
{
    keys_are_renewed_after_so_many(0, 5000, 50);
}

static void keys_are_renewed_after_so_many_seconds(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        struct call call;
        begin(&call, (enum net_end)end, 0, 0, 30);
        const struct dtls_conn *conn = call.pair->end[end].conn;
        uint64_t opened_us = pair_last(call.pair, (enum net_end)end, DTLS_EVENT_OPEN)->time_us;
        CU_ASSERT_EQUAL(dtls_conn_deadline(conn), opened_us + 30 * NET_SECOND);
        for (size_t renewals = 1; renewals <= 10; renewals++)
            CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, renewals, 31 * NET_SECOND));
        const struct pair_event *done = pair_last(call.pair, (enum net_end)end, DTLS_EVENT_REHANDSHAKE_DONE);
        CHECK_CASE(done->epoch == 11 && done->time_us >= opened_us + 300 * NET_SECOND &&
                       done->time_us <= opened_us + 301 * NET_SECOND,
                   "end %d: epoch %u at %llu us", end, done->epoch, (unsigned long long)done->time_us);
        CU_ASSERT_TRUE(call_is_alive(&call));
        call_end(&call);
    }
}

/* Both ends count the same: they start in the same instant, and it is one rehandshake (R6). */
static void both_ends_may_count(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 81);
    for (int end = CLIENT; end <= SERVER; end++) {
        options.config[end].renew_after_s = 10;
        options.config[end].renew_after_records = 200;
        options.config[end].renew_mode = DTLS_REHANDSHAKE_ABBREVIATED;
        options.link[end].loss = 1000;
    }
    call_begin(&call, &options);
    call_flow(&call, 20 * NET_MS, 160);
    pair_run_for(call.pair, 100 * NET_SECOND);
    uint64_t renewals = pair_stats(call.pair, CLIENT).rehandshakes;
    CHECK_CASE(renewals >= 18 && renewals <= 30, "%llu renewals in 100 s of 50 records/s, one for each 200",
               (unsigned long long)renewals);
    CU_ASSERT_TRUE(call_is_alive(&call));
    call_end(&call);
}

static void a_refused_renewal_waits_for_its_next_turn(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 82);
    options.config[CLIENT].renew_after_s = 5;
    options.config[SERVER].rehandshake_policy = DTLS_REHANDSHAKE_DENY;
    call_begin(&call, &options);
    const struct pair_end *client = &call.pair->end[CLIENT];
    uint64_t before_us = pair_last(call.pair, CLIENT, DTLS_EVENT_OPEN)->time_us;
    for (size_t refusals = 1; refusals <= 3; refusals++) { /* then the server is silent (R7): it is the same hello */
        pair_run_for(call.pair, before_us + 5 * NET_SECOND - call.pair->net.now_us - 1);
        CHECK_CASE(client->counts[DTLS_EVENT_REHANDSHAKE_REFUSED] == refusals - 1, "refusal %zu is early", refusals);
        pair_run_for(call.pair, NET_SECOND);
        CHECK_CASE(client->counts[DTLS_EVENT_REHANDSHAKE_REFUSED] == refusals, "refusal %zu is late", refusals);
        before_us += 5 * NET_SECOND;
    }
    CU_ASSERT_TRUE(call_is_alive(&call));
    call_end(&call);
}

static void nothing_is_renewed_that_cannot_be(void)
{
    struct call call;

    begin(&call, CLIENT, 10, 1000, 5);
    call.pair->end[CLIENT].conn->as.active.extended_master_secret = false; /* the peer turned out to be of that kind */
    CU_ASSERT_EQUAL(dtls_conn_deadline(call.pair->end[CLIENT].conn), DTLS_NEVER);
    call_flow(&call, 20 * NET_MS, 160);
    pair_run_for(call.pair, 20 * NET_SECOND);
    CU_ASSERT_EQUAL(dtls_conn_epoch(call.pair->end[CLIENT].conn), 1);
    call_end(&call);
}

/* ---- the cipher's limit ---- */

static size_t advices(const struct call *call, enum net_end end)
{
    return pair_count(call->pair, end, DTLS_EVENT_REHANDSHAKE_ADVISED);
}

static void renewal_is_advised_once_per_epoch(void)
{
    for (int end = CLIENT; end <= SERVER; end++)
        for (int opened = 0; opened < 2; opened++) {
            enum net_end judge = (enum net_end)end;
            struct pair_options options;
            struct call call;
            pair_options(&options, 83);
            call_begin(&call, &options);
            for (uint16_t epoch = 1; epoch <= 3; epoch++) {
                struct dtls_epoch *current = call.pair->end[end].conn->as.epochs.current;
                uint64_t *blocks = opened ? &current->opened_blocks : &current->sealed_blocks;
                *blocks = current->aead->block_limit / 2 - 100;
                CU_ASSERT_TRUE(pair_ping(call.pair, NET_SECOND));
                CHECK_CASE(advices(&call, judge) == epoch - 1u, "end %d, epoch %u: advised too early", end, epoch);
                *blocks += 100; /* 1,500 bytes are 95 blocks; a ping is 2 */
                for (int i = 0; i < 10; i++)
                    CU_ASSERT_TRUE(pair_ping(call.pair, NET_SECOND));
                CHECK_CASE(advices(&call, judge) == epoch, "end %d, epoch %u: advised %zu times", end, epoch,
                           advices(&call, judge));
                pair_run_for(call.pair, 2 * NET_SECOND);
                CU_ASSERT_TRUE(call_renew(&call, &call_kinds[epoch % CALL_KINDS], epoch, NET_SECOND));
            }
            call_end(&call);
        }
}

/* One who only sends has no datagram to be reminded by: the deadline says that there is something to take. */
static void a_sender_is_advised_by_the_clock(void)
{
    struct pair_options options;
    struct call call;
    struct dtls_event event;
    uint8_t out[200];
    size_t len;

    pair_options(&options, 89);
    call_begin(&call, &options);
    struct dtls_conn *client = call.pair->end[CLIENT].conn;
    uint64_t now_us = call.pair->net.now_us;
    client->as.epochs.current->sealed_blocks = client->as.epochs.current->aead->block_limit / 2 - 1;
    CU_ASSERT_EQUAL(dtls_conn_deadline(client), DTLS_NEVER);
    CU_ASSERT_EQUAL(dtls_conn_send(client, now_us, (const uint8_t *)"data", 4, out, sizeof out, &len), DTLS_OK);
    CU_ASSERT_TRUE(dtls_conn_deadline(client) <= now_us);
    CU_ASSERT_EQUAL(dtls_conn_tick(client, now_us), DTLS_OK);
    CU_ASSERT_TRUE(dtls_conn_next_event(client, &event) && event.type == DTLS_EVENT_REHANDSHAKE_ADVISED);
    CU_ASSERT_EQUAL(dtls_conn_deadline(client), DTLS_NEVER);
    call_end(&call);
}

/* 16 bytes of ping, one block; and one for the tag. */
static void every_block_is_counted(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 84);
    call_begin(&call, &options);
    const struct dtls_epoch *current = call.pair->end[CLIENT].conn->as.epochs.current;
    uint64_t sealed = current->sealed_blocks, opened = current->opened_blocks;
    traffic_send(call.traffic, CLIENT, 161);
    traffic_send(call.traffic, SERVER, 160);
    pair_run_for(call.pair, 100 * NET_MS);
    CU_ASSERT_EQUAL(current->sealed_blocks - sealed, 12);
    CU_ASSERT_EQUAL(current->opened_blocks - opened, 11);
    call_end(&call);
}

/* ---- the end of the numbers ---- */

static void numbers_that_end_are_advised_and_then_refused(void)
{
    for (int chacha = 0; chacha < 2; chacha++) {
        struct pair_options options;
        struct call call;
        uint8_t out[1500];
        size_t len;
        pair_options(&options, 85);
        options.config[CLIENT].suites[0] =
            chacha ? DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256 : DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256;
        options.config[CLIENT].suite_count = 1;
        call_begin(&call, &options);
        struct dtls_conn *conn = call.pair->end[CLIENT].conn;
        struct dtls_epoch *current = conn->as.epochs.current;
        CU_ASSERT_TRUE((current->aead->block_limit == 0) == chacha);
        current->write_sequence = (UINT64_C(1) << 47) - 2;
        CU_ASSERT_TRUE(pair_ping(call.pair, NET_SECOND) && advices(&call, CLIENT) == 0);
        CU_ASSERT_TRUE(pair_ping(call.pair, NET_SECOND) && pair_ping(call.pair, NET_SECOND));
        CU_ASSERT_TRUE(advices(&call, CLIENT) == 1 && advices(&call, SERVER) == 1); /* who reads them, too */
        current->write_sequence = DTLS_MAX_DATA_SEQUENCE - 1;
        CU_ASSERT_EQUAL(dtls_conn_send(conn, call.pair->net.now_us, out, 10, out, sizeof out, &len), DTLS_OK);
        CU_ASSERT_EQUAL(dtls_conn_send(conn, call.pair->net.now_us, out, 10, out, sizeof out, &len),
                        DTLS_ERR_EXHAUSTED);
        CU_ASSERT_TRUE(dtls_conn_is_open(conn));
        CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, NET_SECOND)); /* numbers are left for that */
        CU_ASSERT_TRUE(call_is_alive(&call));
        call_end(&call);
    }
}

/* Openings that fail are an attacker's to count up: they renew and close nothing. */
static void failed_openings_cause_nothing(void)
{
    struct call call;

    begin(&call, CLIENT, 50, 5000, 0);
    struct pair *pair = call.pair;
    for (uint64_t i = 0; i < 10000; i++) {
        uint8_t forged[60] = { 23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i, 0, 47 };
        net_inject(&pair->net, CLIENT, pair->net.now_us + i, forged, sizeof forged);
    }
    pair_run_for(pair, 5 * NET_SECOND);
    CU_ASSERT_TRUE(pair_stats(pair, CLIENT).dropped[DTLS_DROP_FORGED] > 9900);
    CU_ASSERT_EQUAL(dtls_conn_epoch(pair->end[CLIENT].conn), 1);
    CU_ASSERT_FALSE(dtls_conn_rehandshake_pending(pair->end[CLIENT].conn));
    CU_ASSERT_TRUE(call_is_alive(&call));
    call_end(&call);
}

static CU_TestInfo tests[] = {
    { "keys are renewed after so many records, either way (R12)", keys_are_renewed_after_so_many_records },
    { "keys are renewed after so many bytes, either way (R12)", keys_are_renewed_after_so_many_bytes },
    { "keys are renewed after so many seconds (R12)", keys_are_renewed_after_so_many_seconds },
    { "both ends may count the same (R12, R6)", both_ends_may_count },
    { "a renewal that is refused waits for its next turn (R12)", a_refused_renewal_waits_for_its_next_turn },
    { "with an unsafe peer nothing is renewed, and nothing is due (R12, R8)", nothing_is_renewed_that_cannot_be },
    { "near the cipher's limit renewal is advised, once per epoch (R12)", renewal_is_advised_once_per_epoch },
    { "one who only sends is advised by the clock (R12)", a_sender_is_advised_by_the_clock },
    { "every block of a record is counted, and its tag (R12)", every_block_is_counted },
    { "numbers that end are advised, then refused, and a rehandshake helps (R12)",
      numbers_that_end_are_advised_and_then_refused },
    { "openings that fail renew and close nothing (R12)", failed_openings_cause_nothing },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "rehandshake renewal", tests);
}
