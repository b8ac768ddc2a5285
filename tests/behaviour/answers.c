/* answers.c - contract R19: what the application is asked may be answered at once, later, never, and when nobody waits
 * any more. The questions here are for pre-shared keys. */
#include <string.h>

#include "conn/conn_private.h"
#include "tests/box/call.h"
#include "tests/box/keyring.h"
#include "tests/box/memory.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

/* Both ends ask their applications; the rings' waits say how long that takes. */
struct party {
    struct keyring ring[2];
    struct pair_options options;
};

static void begin(struct party *party, uint64_t seed, uint16_t suite)
{
    const struct dtls_psk alice = keyring_psk("alice", 1, 16);

    memset(party, 0, sizeof *party);
    pair_options(&party->options, seed);
    for (int end = CLIENT; end <= SERVER; end++) {
        struct dtls_config *config = &party->options.config[end];
        party->ring[end] = (struct keyring){ .psk = { alice }, .count = 1 };
        keyring_use(&party->ring[end], (enum net_end)end, config);
        config->identity = NULL;
        config->verifier.verify = NULL;
        config->suites[0] = suite;
        config->suite_count = 1;
    }
}

static struct pair *make_pair(struct party *party)
{
    party->options.silent = true;
    struct pair *pair = pair_new(&party->options);
    party->ring[CLIENT].pair = party->ring[SERVER].pair = pair;
    CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
    return pair;
}

/* For a call the answers come at once until it is open. */
static void begin_call(struct party *party, struct call *call)
{
    call_begin(call, &party->options);
    party->ring[CLIENT].pair = party->ring[SERVER].pair = call->pair;
}

static const uint16_t suites[] = { DTLS_PSK_AES_128_GCM_SHA256, DTLS_ECDHE_PSK_AES_128_GCM_SHA256 };

/* ---- at once, and later ---- */

static void a_handshake_waits_as_long_as_the_answers_take(void)
{
    static const uint64_t waits[] = { 0, 1, 40 * NET_MS, 700 * NET_MS, 9 * NET_SECOND };

    for (size_t s = 0; s < 2; s++)
        for (size_t c = 0; c < 5; c++)
            for (size_t w = 0; w < 5; w++) {
                struct party party;
                begin(&party, c * 5 + w, suites[s]);
                party.ring[CLIENT].wait_us = waits[c];
                party.ring[SERVER].wait_us = waits[w];
                struct pair *pair = make_pair(&party);
                uint64_t start_us = pair->net.now_us;
                CHECK_CASE(pair_run_until_open(pair, 30 * NET_SECOND), "waits of %llu and %llu us",
                           (unsigned long long)waits[c], (unsigned long long)waits[w]);
                uint64_t took_us = pair->net.now_us - start_us, least_us = 80 * NET_MS + waits[c] + waits[w];
                CHECK_CASE(took_us >= least_us && (took_us <= least_us + 40 * NET_MS || waits[w] > 100 * NET_MS),
                           "waits of %llu and %llu us: took %llu", (unsigned long long)waits[c],
                           (unsigned long long)waits[w], (unsigned long long)took_us);
                CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
                CU_ASSERT_TRUE(party.ring[CLIENT].asked == 1 && party.ring[SERVER].asked == 1);
                pair_free(pair);
            }
}

/* Whoever waits sends nothing; the peer, who waits for it, repeats its flight, and that draws no answer. */
static void the_timeout_of_who_waits_rests(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        struct party party;
        begin(&party, 2, suites[end]);
        party.ring[end].wait_us = 20 * NET_SECOND;
        struct pair *pair = make_pair(&party);
        pair_run_for(pair, 10 * NET_SECOND);
        CU_ASSERT_EQUAL(party.ring[end].waiting_count, 1);
        struct dtls_stats stats = pair_stats(pair, (enum net_end)end);
        CU_ASSERT_EQUAL(stats.retransmissions, 0);
        CU_ASSERT_EQUAL(stats.answers, 0);
        CU_ASSERT_TRUE(pair_stats(pair, net_other((enum net_end)end)).retransmissions > 2);
        CU_ASSERT_TRUE(dtls_conn_deadline(pair->end[end].conn) > pair->net.now_us + 10 * NET_SECOND); /* the total's */
        CU_ASSERT_TRUE(pair_run_until_open(pair, 30 * NET_SECOND));
        pair_free(pair);
    }
}

static void data_flows_in_a_rehandshake_that_waits(void)
{
    for (size_t s = 0; s < 2; s++)
        for (int end = CLIENT; end <= SERVER; end++) {
            const uint64_t interval_us = 5 * NET_MS;
            struct party party;
            struct call call;
            begin(&party, 3, suites[s]);
            begin_call(&party, &call);
            call_flow(&call, interval_us, 160);
            pair_run_for(call.pair, 100 * NET_MS);
            party.ring[end].wait_us = 2 * NET_SECOND;
            traffic_measure(call.traffic);
            uint64_t start_us = call.pair->net.now_us;
            CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, 10 * NET_SECOND));
            CU_ASSERT_TRUE(call.pair->net.now_us - start_us >= 2 * NET_SECOND);
            pair_run_for(call.pair, 100 * NET_MS);
            for (int from = CLIENT; from <= SERVER; from++) {
                const struct traffic_flow *flow = &call.traffic->flow[from];
                CHECK_CASE(flow->longest_gap_us <= interval_us && flow->longest_wait_us == 0,
                           "end %d waits, from end %d: a gap of %llu us, a wait of %llu", end, from,
                           (unsigned long long)flow->longest_gap_us, (unsigned long long)flow->longest_wait_us);
            }
            call_end(&call);
        }
}

static void late_answers_survive_bad_networks(void)
{
    size_t lost = 0;

    for (uint64_t seed = 0; seed < 60; seed++) {
        struct party party;
        struct call call;
        begin(&party, seed, suites[seed % 2]);
        for (int end = CLIENT; end <= SERVER; end++) {
            party.options.link[end].loss = 1500;
            party.options.link[end].duplicate = 1000;
            party.options.link[end].jitter_us = 15 * NET_MS;
            party.options.config[end].mtu = seed & 8 ? 300 : 1200;
            party.options.config[end].held_records = 4096;
            party.options.config[end].public_key_jobs = seed & 16;
        }
        party.options.job_us = 5 * NET_MS;
        begin_call(&party, &call);
        call_flow(&call, 10 * NET_MS, 160);
        for (size_t number = 1; number <= 3; number++) {
            party.ring[CLIENT].wait_us = seed * 31 % 400 * NET_MS;
            party.ring[SERVER].wait_us = seed * 17 % 400 * NET_MS;
            CHECK_CASE(call_renew(&call, &call_kinds[(seed + number) % CALL_KINDS], number, 60 * NET_SECOND),
                       "seed %llu: rehandshake %zu is never done", (unsigned long long)seed, number);
            pair_run_for(call.pair, 1100 * NET_MS);
        }
        lost += call.pair->net.counts[CLIENT].lost + call.pair->net.counts[SERVER].lost;
        call_end(&call);
    }
    CU_ASSERT_TRUE(lost > 1000);
}

static void an_answer_that_is_none_is_still_to_be_given(void)
{
    static uint8_t long_name[DTLS_PSK_MAX_IDENTITY + 1];

    for (int end = CLIENT; end <= SERVER; end++) {
        struct dtls_psk bad = keyring_psk("alice", 1, 0);
        struct party party;
        begin(&party, 4, suites[0]);
        party.ring[end].wait_us = KEYRING_NEVER;
        struct pair *pair = make_pair(&party);
        pair_run_for(pair, NET_SECOND);
        struct dtls_question *question = party.ring[end].waiting[0];
        CU_ASSERT_PTR_EQUAL(dtls_question_conn(question), pair->end[end].conn);
        CU_ASSERT_EQUAL(dtls_question_answer_psk(question, &bad), DTLS_ERR_ARGUMENT);
        bad.key.len = DTLS_PSK_MAX_KEY + 1;
        CU_ASSERT_EQUAL(dtls_question_answer_psk(question, &bad), DTLS_ERR_ARGUMENT);
        bad.key.len = 16;
        bad.identity = (struct dtls_bytes){ long_name, sizeof long_name };
        if (end == CLIENT)
            CU_ASSERT_EQUAL(dtls_question_answer_psk(question, &bad), DTLS_ERR_ARGUMENT);
        CU_ASSERT_EQUAL(keyring_answer(&party.ring[end], false), DTLS_OK);
        CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND)); /* its owner obeys the deadline, and ticks */
        pair_free(pair);
    }
}

/* Which may be anything: psk.h asks for the key alone. */
static void a_server_does_not_look_at_the_identity_of_an_answer(void)
{
    struct dtls_psk answer = keyring_psk("alice", 1, 16);
    struct party party;

    begin(&party, 12, suites[0]);
    party.ring[SERVER].wait_us = KEYRING_NEVER;
    struct pair *pair = make_pair(&party);
    pair_run_for(pair, NET_SECOND);
    answer.identity = (struct dtls_bytes){ (const uint8_t *)(uintptr_t)1, 200 }; /* nobody may read there */
    CU_ASSERT_EQUAL(dtls_question_answer_psk(party.ring[SERVER].waiting[0], &answer), DTLS_OK);
    party.ring[SERVER].waiting_count = 0;
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_TRUE(dtls_conn_psk_identity(pair->end[SERVER].conn).len == 5);
    pair_free(pair);
}

/* ---- never ---- */

static void without_an_answer_the_first_handshake_ends_in_its_time(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
        struct party party;
        begin(&party, 5, suites[0]);
        party.ring[end].wait_us = KEYRING_NEVER;
        party.options.config[end].handshake_timeout_ms = 5000;
        memory_use(&memory, &party.options.config[end]);
        struct pair *pair = make_pair(&party);
        uint64_t start_us = pair->net.now_us;
        CU_ASSERT_TRUE_FATAL(pair_run_until_event(pair, (enum net_end)end, DTLS_EVENT_FAILED, 60 * NET_SECOND));
        CU_ASSERT_EQUAL(pair_last(pair, (enum net_end)end, DTLS_EVENT_FAILED)->error, DTLS_ERR_TIMEOUT);
        CU_ASSERT_EQUAL(pair->net.now_us - start_us, 5 * NET_SECOND);
        CU_ASSERT_PTR_NULL(dtls_question_conn(party.ring[end].waiting[0]));
        CU_ASSERT_EQUAL(keyring_answer(&party.ring[end], false), DTLS_ERR_NOT_ASKED);
        pair_free(pair);
        CU_ASSERT_EQUAL(memory.live_blocks, 0);
    }
}

/* After its first answer nothing of a rehandshake is given up (R10). */
static void without_an_answer_a_rehandshake_stalls_and_the_keys_stay(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        struct party party;
        struct call call;
        begin(&party, 6, suites[1]);
        party.options.config[end].rehandshake_timeout_ms = 3000;
        begin_call(&party, &call);
        call_flow(&call, 20 * NET_MS, 160);
        party.ring[end].wait_us = KEYRING_NEVER;
        pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
        pair_run_for(call.pair, 120 * NET_SECOND);
        CU_ASSERT_EQUAL(pair_count(call.pair, (enum net_end)end, DTLS_EVENT_REHANDSHAKE_STALLED), 1);
        CU_ASSERT_TRUE(pair_both_open(call.pair));
        CU_ASSERT_EQUAL(dtls_conn_epoch(call.pair->end[end].conn), 1);
        CU_ASSERT_EQUAL(keyring_answer(&party.ring[end], false), DTLS_OK);
        CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 120 * NET_SECOND) && call_is_alive(&call));
        call_end(&call);
    }
}

/* Anyone can send what looks like a record of the keys to come, for as long as the application looks a name up. */
static void noise_of_a_first_handshake_that_waits_takes_no_more_memory(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
        struct party party;
        begin(&party, 11, suites[end]);
        party.ring[end].wait_us = KEYRING_NEVER;
        memory_use(&memory, &party.options.config[end]);
        struct pair *pair = make_pair(&party);
        pair_run_for(pair, 500 * NET_MS);
        size_t before = memory.live_bytes;
        for (unsigned i = 0; i < 1000; i++) {
            uint8_t noise[13 + 900] = { 22,         0xfe,     0xfd,     0, 1, 0, 0, 0, 0, (uint8_t)(i >> 8),
                                        (uint8_t)i, 900 >> 8, 900 & 255 };
            CU_ASSERT_EQUAL(dtls_conn_receive(pair->end[end].conn, pair->net.now_us, noise, sizeof noise), DTLS_OK);
        }
        CHECK_CASE(memory.live_bytes <= before + DTLS_EARLY_BYTES + DTLS_EARLY_RECORDS * 128, "end %d: %zu bytes", end,
                   memory.live_bytes - before);
        CU_ASSERT_EQUAL(keyring_answer(&party.ring[end], false), DTLS_OK);
        CU_ASSERT_TRUE(pair_run_until_open(pair, 30 * NET_SECOND));
        pair_free(pair);
        CU_ASSERT_EQUAL(memory.live_blocks, 0);
    }
}

/* ---- when nobody waits any more ---- */

static void an_answer_after_the_end_is_refused(void)
{
    for (int end = CLIENT; end <= SERVER; end++)
        for (int freed = 0; freed < 2; freed++)
            for (int no = 0; no < 2; no++) {
                struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
                struct party party;
                begin(&party, 7, suites[1]);
                party.ring[end].wait_us = KEYRING_NEVER;
                memory_use(&memory, &party.options.config[end]);
                struct pair *pair = make_pair(&party);
                pair_run_for(pair, NET_SECOND);
                if (freed) {
                    pair_free(pair);
                } else {
                    pair_close(pair, (enum net_end)end);
                    pair_run_for(pair, NET_SECOND);
                }
                CU_ASSERT_PTR_NULL(dtls_question_conn(party.ring[end].waiting[0]));
                CU_ASSERT_EQUAL(keyring_answer(&party.ring[end], no), DTLS_ERR_NOT_ASKED);
                if (!freed)
                    pair_free(pair);
                CU_ASSERT_EQUAL(memory.live_blocks, 0);
            }
}

/* It had been given before the connection ended, and nobody has looked at it. */
static void an_answer_that_is_not_heard_is_freed(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
        struct party party;
        begin(&party, 8, suites[0]);
        party.ring[end].wait_us = KEYRING_NEVER;
        memory_use(&memory, &party.options.config[end]);
        struct pair *pair = make_pair(&party);
        pair_run_for(pair, NET_SECOND);
        CU_ASSERT_EQUAL(keyring_answer(&party.ring[end], false), DTLS_OK);
        pair_free(pair);
        CU_ASSERT_EQUAL(memory.live_blocks, 0);
    }
}

/* The client forgets its attempt and makes another while the server's application is looking (S5). */
static void an_answer_to_a_replaced_attempt_is_refused(void)
{
    struct party party;
    struct call call;

    begin(&party, 9, suites[0]);
    party.options.config[SERVER].rehandshake_interval_ms = 0; /* R13 would keep it out for a second */
    begin_call(&party, &call);
    call_flow(&call, 20 * NET_MS, 160);
    party.ring[SERVER].wait_us = KEYRING_NEVER;
    struct dtls_conn *client = call.pair->end[CLIENT].conn;
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    pair_run_for(call.pair, 100 * NET_MS);
    CU_ASSERT_EQUAL(party.ring[SERVER].waiting_count, 1);
    dtls_conn_drop_handshake(client); /* as no engine of ours would */
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    pair_run_for(call.pair, 100 * NET_MS);
    CU_ASSERT_EQUAL(party.ring[SERVER].waiting_count, 2);
    CU_ASSERT_EQUAL(keyring_answer(&party.ring[SERVER], false), DTLS_ERR_NOT_ASKED);
    pair_run_for(call.pair, 100 * NET_MS);
    CU_ASSERT_EQUAL(pair_count(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE), 0);
    CU_ASSERT_EQUAL(keyring_answer(&party.ring[SERVER], false), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 10 * NET_SECOND) && call_is_alive(&call));
    call_end(&call);
}

/* ---- what comes meanwhile ---- */

/* One handshake record of epoch 0 with one message of `len` zeroes. */
static size_t write_forged(uint8_t *out, uint8_t type, uint8_t message_seq, size_t len)
{
    memset(out, 0, RECORD_HEADER_LEN + 12 + len);
    record_view_header(out, RECORD_HANDSHAKE, 0, 1000 + message_seq, 12 + len);
    uint8_t *message = out + RECORD_HEADER_LEN;
    message[0] = type;
    message[3] = message[11] = (uint8_t)len;
    message[5] = message_seq;
    return RECORD_HEADER_LEN + 12 + len;
}

/* The next message of a server that waits: it would be the end, but nobody looks at it. Before the one that is waited
 * for, when that comes in two fragments; and behind it. */
static void no_message_is_processed_meanwhile(void)
{
    static const uint8_t name[DTLS_PSK_MAX_IDENTITY];

    for (int before = 0; before < 2; before++) {
        struct party party;
        uint8_t forged[100];
        begin(&party, 11, suites[0]);
        party.options.config[CLIENT].mtu = 256; /* ClientKeyExchange does not fit */
        party.ring[CLIENT].psk[0].identity = party.ring[SERVER].psk[0].identity =
            (struct dtls_bytes){ name, sizeof name };
        party.ring[SERVER].wait_us = KEYRING_NEVER;
        struct pair *pair = make_pair(&party);
        size_t len = write_forged(forged, 11, 2, 10); /* Certificate, as number 2: behind ClientKeyExchange */
        net_inject(&pair->net, SERVER, pair->net.now_us + (before ? 30 : 200) * NET_MS, forged, len);
        pair_run_for(pair, 500 * NET_MS);
        CU_ASSERT_EQUAL(party.ring[SERVER].waiting_count, 1);
        CU_ASSERT_EQUAL(pair_count(pair, SERVER, DTLS_EVENT_FAILED), 0);
        pair_free(pair);
        keyring_answer(&party.ring[SERVER], true);
    }
}

/* Sealed records of n+1, as many as there may be later on (R5). */
static void sealed_records_are_kept_meanwhile(void)
{
    struct party party;
    struct call call;

    begin(&party, 12, suites[0]);
    begin_call(&party, &call);
    party.ring[SERVER].wait_us = KEYRING_NEVER;
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    pair_run_for(call.pair, 200 * NET_MS);
    CU_ASSERT_EQUAL(party.ring[SERVER].waiting_count, 1);
    for (uint64_t i = 0; i < 100; i++) {
        uint8_t record[RECORD_HEADER_LEN + 50] = { 0 };
        record_view_header(record, RECORD_DATA, 2, 100 + i, 50);
        net_inject(&call.pair->net, SERVER, call.pair->net.now_us + i, record, sizeof record);
    }
    pair_run_for(call.pair, 100 * NET_MS);
    CU_ASSERT_EQUAL(pair_stats(call.pair, SERVER).dropped[DTLS_DROP_NO_ROOM], 0);
    CU_ASSERT_EQUAL(keyring_answer(&party.ring[SERVER], false), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 10 * NET_SECOND) && call_is_alive(&call));
    CU_ASSERT_EQUAL(pair_stats(call.pair, SERVER).dropped[DTLS_DROP_FORGED], 100);
    call_end(&call);
}

/* ---- memory (S8) ---- */

/* Then the step waits for its timeout, and no clock is to turn round and round. */
static void an_answer_that_lacks_memory_makes_no_hurry(void)
{
    struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
    struct party party;
    struct call call;

    begin(&party, 13, suites[0]);
    memory_use(&memory, &party.options.config[SERVER]);
    begin_call(&party, &call);
    party.ring[SERVER].wait_us = KEYRING_NEVER;
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    pair_run_for(call.pair, 200 * NET_MS);
    struct dtls_conn *server = call.pair->end[SERVER].conn;
    memory.fail_at = memory.asked;
    memory.fail_for_good = true;
    CU_ASSERT_EQUAL(keyring_answer(&party.ring[SERVER], false), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_conn_tick(server, call.pair->net.now_us), DTLS_OK);
    CU_ASSERT_TRUE(dtls_conn_deadline(server) > call.pair->net.now_us);
    memory.fail_at = MEMORY_NEVER_FAILS;
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 10 * NET_SECOND) && call_is_alive(&call));
    call_end(&call);
}

/* A handshake in which allocation `number` of one end fails; false when it asks for fewer. */
static bool survive(enum net_end poor, uint16_t suite, size_t number, uint64_t wait_us, bool again)
{
    struct memory memory = { .fail_at = again ? MEMORY_NEVER_FAILS : number };
    struct party party;
    struct call call;

    begin(&party, 10, suite);
    memory_use(&memory, &party.options.config[poor]);
    party.options.config[CLIENT].handshake_timeout_ms = party.options.config[SERVER].handshake_timeout_ms = 8000;
    if (again) {
        begin_call(&party, &call);
        memory.fail_at = memory.asked + number;
        party.ring[CLIENT].wait_us = party.ring[SERVER].wait_us = wait_us;
        if (pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL) == DTLS_OK)
            CHECK_CASE(pair_run_until_renewed(call.pair, 1, 30 * NET_SECOND) && call_is_alive(&call),
                       "suite %04x, allocation %zu of end %d, %llu us: not done", suite, number, (int)poor,
                       (unsigned long long)wait_us);
        call_end(&call);
    } else {
        party.ring[CLIENT].wait_us = party.ring[SERVER].wait_us = wait_us;
        party.options.silent = true;
        struct pair *pair = pair_new(&party.options);
        party.ring[CLIENT].pair = party.ring[SERVER].pair = pair;
        if (pair->end[CLIENT].conn != NULL && pair->end[SERVER].conn != NULL)
            pair_start_client(pair);
        pair_run_for(pair, 20 * NET_SECOND);
        CHECK_CASE(pair_both_open(pair) || !(pair_is_open(pair, CLIENT) || pair_is_open(pair, SERVER)) ||
                       memory.failed > 0,
                   "suite %04x, allocation %zu of end %d: half open", suite, number, (int)poor);
        pair_free(pair);
    }
    CHECK_CASE(memory.live_blocks == 0, "suite %04x, allocation %zu of end %d, %llu us: %zu blocks are lost", suite,
               number, (int)poor, (unsigned long long)wait_us, memory.live_blocks);
    return memory.failed > 0;
}

static void any_allocation_may_fail(void)
{
    static const uint64_t waits[] = { 0, 50 * NET_MS, 300 * NET_MS };

    for (size_t s = 0; s < 2; s++)
        for (int poor = CLIENT; poor <= SERVER; poor++)
            for (size_t w = 0; w < 3; w++)
                for (int again = 0; again < 2; again++) {
                    size_t number = 0;
                    while (survive((enum net_end)poor, suites[s], number, waits[w], again))
                        number++;
                    CHECK_CASE(number > 3, "end %d asks for memory only %zu times", poor, number);
                }
}

static CU_TestInfo tests[] = {
    { "a handshake waits as long as the answers take, at either end (R19)",
      a_handshake_waits_as_long_as_the_answers_take },
    { "the timeout of who waits rests (R19)", the_timeout_of_who_waits_rests },
    { "data flows in a rehandshake that waits, without gap or wait (R1, R19)", data_flows_in_a_rehandshake_that_waits },
    { "late answers survive bad networks, and no data is lost (R19)", late_answers_survive_bad_networks },
    { "an answer that is none is still to be given (R19)", an_answer_that_is_none_is_still_to_be_given },
    { "a server does not look at the identity of an answer (R19)",
      a_server_does_not_look_at_the_identity_of_an_answer },
    { "without an answer the first handshake ends in its time (R19, T6)",
      without_an_answer_the_first_handshake_ends_in_its_time },
    { "without an answer a rehandshake stalls, and the keys stay (R19, R10)",
      without_an_answer_a_rehandshake_stalls_and_the_keys_stay },
    { "noise of a first handshake that waits takes no more memory (R19, S5)",
      noise_of_a_first_handshake_that_waits_takes_no_more_memory },
    { "an answer after the end is refused, and harmless (R19)", an_answer_after_the_end_is_refused },
    { "an answer that is not heard is freed (R19)", an_answer_that_is_not_heard_is_freed },
    { "an answer to a replaced attempt is refused (R19, S5)", an_answer_to_a_replaced_attempt_is_refused },
    { "no message is processed meanwhile (R19)", no_message_is_processed_meanwhile },
    { "sealed records are kept meanwhile (R5, R19)", sealed_records_are_kept_meanwhile },
    { "an answer that lacks memory makes no hurry (R19, S8)", an_answer_that_lacks_memory_makes_no_hurry },
    { "any allocation may fail, whenever the answers come (R19, S8)", any_allocation_may_fail },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "answers", tests);
}
