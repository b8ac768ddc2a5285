/* change_cipher_spec.c - ChangeCipherSpec where it has no business. Here it means nothing anywhere: the epoch of a
 * record says what it is sealed with, and Finished authenticates the switch. */
#include <string.h>

#include "conn/conn_private.h"
#include "handshake/key_schedule.h"
#include "tests/attacks/siege.h"
#include "tests/box/forge.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

static const struct body {
    const char *bytes;
    size_t len;
} bodies[] = { { "\1", 1 }, { "", 0 },     { "\0", 1 },
               { "\2", 1 }, { "\1\1", 2 }, { "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 16 } };

enum { BODIES = sizeof bodies / sizeof bodies[0] };

static void strike_change_cipher_spec(struct siege *siege, enum net_end victim)
{
    for (int times = 0; times < 5; times++)
        for (uint16_t epoch = 0; epoch <= 3; epoch++)
            for (size_t i = 0; i < BODIES; i++)
                siege_strike_record(siege, victim, RECORD_CHANGE_CIPHER_SPEC, epoch, bodies[i].bytes, bodies[i].len);
}

static void it_changes_nothing_in_any_state(void)
{
    siege_each(0, SIEGE_PHASES - 1, NULL, "ChangeCipherSpec", strike_change_cipher_spec);
}

/* The very first thing that a connection hears, before any hello, and before it has begun. */
static void it_may_be_the_first_record(void)
{
    for (int started = 0; started <= 1; started++) {
        struct pair_options options;
        pair_options(&options, 1);
        options.silent = true;
        struct pair *pair = pair_new(&options);
        if (started)
            CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
        for (int end = CLIENT; end <= SERVER; end++)
            for (size_t i = 0; i < BODIES; i++) {
                uint8_t record[RECORD_HEADER_LEN + 16];
                record_view_header(record, RECORD_CHANGE_CIPHER_SPEC, 0, i, bodies[i].len);
                memcpy(record + RECORD_HEADER_LEN, bodies[i].bytes, bodies[i].len);
                int answer =
                    dtls_conn_receive(pair->end[end].conn, pair->net.now_us, record, RECORD_HEADER_LEN + bodies[i].len);
                CU_ASSERT_EQUAL(answer, started || end == SERVER ? DTLS_OK : DTLS_ERR_ARGUMENT);
                pair_settle(pair, (enum net_end)end);
            }
        if (!started)
            CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
        CU_ASSERT_TRUE(pair_run_until_open(pair, NET_SECOND) && pair_ping(pair, NET_SECOND));
        pair_free(pair);
    }
}

/* ---- with keys that anyone can compute ---- */

/* The epoch that an end would have if it made keys without a key exchange: from an empty premaster secret, or a master
 * secret of zeroes. What the attack of 2014 rests on. */
static struct dtls_epoch *known_keys(const struct siege *siege, enum net_end victim, bool zero_master)
{
    const struct dtls_handshake *hs = siege->pair->end[victim].conn->hs;
    uint8_t master[DTLS_MASTER_SECRET_LEN] = { 0 };

    CU_ASSERT_PTR_NOT_NULL_FATAL(hs);
    const struct dtls_suite_row *suite =
        hs->pending.suite != NULL ? hs->pending.suite : dtls_suite_find(DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256);
    if (!zero_master)
        dtls_master_secret(suite->hash, (struct dtls_bytes){ 0 }, &hs->randoms, (struct dtls_bytes){ 0 }, master);
    return dtls_make_epoch(&hs->as->memory, (uint16_t)(hs->epoch + 1), victim == CLIENT ? DTLS_SERVER : DTLS_CLIENT,
                           suite, master, &hs->randoms, 64);
}

static void strike_with_known_keys(struct siege *siege, enum net_end victim, bool zero_master)
{
    static const uint8_t finished[] = { 20, 0, 0, 12, 0, 2, 0, 0, 0, 0, 0, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
    struct dtls_epoch *epoch = known_keys(siege, victim, zero_master);
    size_t delivered = pair_count(siege->pair, victim, DTLS_EVENT_DATA);

    CU_ASSERT_PTR_NOT_NULL_FATAL(epoch);
    for (uint8_t type = RECORD_CHANGE_CIPHER_SPEC; type <= RECORD_DATA; type++) {
        uint8_t record[FORGE_MAX];
        memcpy(record + dtls_epoch_prefix(epoch), finished, sizeof finished);
        size_t len = dtls_epoch_seal(epoch, type, record, type == RECORD_ALERT ? 2 : sizeof finished);
        siege_strike(siege, victim, record, len);
    }
    dtls_epoch_free(&siege->pair->end[victim].conn->as.memory, epoch);
    CHECK_CASE(pair_count(siege->pair, victim, DTLS_EVENT_DATA) == delivered &&
                   pair_count(siege->pair, victim, DTLS_EVENT_OPEN) == siege_epoch(siege) &&
                   pair_count(siege->pair, victim, DTLS_EVENT_REHANDSHAKE_DONE) == 0,
               "%s, end %d: known keys are keys", siege_name(siege->phase), (int)victim);
}

/* The ServerHello alone of the flight that is on its way: from here on a client could make keys, if it made any. */
static void hear_server_hello(struct siege *siege)
{
    const struct net_recorded *flight = &siege->pair->net.recorded[siege->pair->net.recorded_count - 1];
    struct record_view hello;

    CU_ASSERT_TRUE_FATAL(flight->from == SERVER &&
                         record_view_find(flight->bytes, flight->len, RECORD_HANDSHAKE, &hello));
    siege_strike(siege, CLIENT, flight->bytes + hello.at, RECORD_HEADER_LEN + hello.len);
    CU_ASSERT_PTR_NOT_NULL(siege->pair->end[CLIENT].conn->hs->pending.suite);
}

static void attack_early(enum siege_phase phase, enum net_end victim)
{
    for (int zero_master = 0; zero_master <= 1; zero_master++) {
        struct pair_options options;
        struct siege siege;
        pair_options(&options, 1);
        options.recording = true;
        siege_begin(&siege, phase, &options);
        if (victim == CLIENT && (phase == SIEGE_ANSWERED || phase == SIEGE_AGAIN_ANSWERED))
            hear_server_hello(&siege);
        strike_change_cipher_spec(&siege, victim);
        if (siege_epoch(&siege) > 0) /* and an authentic one */
            CU_ASSERT_TRUE(forge_receive(siege.pair, victim, 1, RECORD_CHANGE_CIPHER_SPEC, "\1", 1));
        if (siege.pair->end[victim].conn->hs != NULL)
            strike_with_known_keys(&siege, victim, zero_master == 1);
        siege_survives(&siege, "an early ChangeCipherSpec, and keys that all know");
        siege_end(&siege);
    }
}

static void before_the_key_exchange_no_keys_are_made(void)
{
    for (enum siege_phase phase = SIEGE_HELLO; phase <= SIEGE_KEYS; phase++)
        attack_early(phase, SERVER);
    for (enum siege_phase phase = SIEGE_AGAIN_HELLO; phase <= SIEGE_AGAIN_KEYS; phase++)
        attack_early(phase, SERVER);
}

static void a_client_makes_no_keys_for_it_either(void)
{
    for (enum siege_phase phase = SIEGE_HELLO; phase <= SIEGE_KEYS; phase++)
        attack_early(phase, CLIENT);
    for (enum siege_phase phase = SIEGE_AGAIN_HELLO; phase <= SIEGE_AGAIN_KEYS; phase++)
        attack_early(phase, CLIENT);
}

/* A server that meets nothing else, for as long as it waits: it stays as it was, and small. */
static void a_server_without_a_client_survives_it(void)
{
    struct pair_options options;
    struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
    uint8_t record[RECORD_HEADER_LEN + 1];

    pair_options(&options, 1);
    options.silent = true;
    memory_use(&memory, &options.config[SERVER]);
    struct pair *pair = pair_new(&options);
    size_t asked = memory.asked;
    for (uint64_t i = siege_count(10000); i > 0; i--) {
        record_view_header(record, RECORD_CHANGE_CIPHER_SPEC, (uint16_t)(i % 3), i, 1);
        record[RECORD_HEADER_LEN] = 1;
        CU_ASSERT_EQUAL(dtls_conn_receive(pair->end[SERVER].conn, pair->net.now_us, record, sizeof record), DTLS_OK);
        pair_settle(pair, SERVER);
    }
    CU_ASSERT_TRUE(memory.asked <= asked + 8); /* sealed ones of epoch 1, which may have overtaken a hello (R5) */
    CU_ASSERT_EQUAL(pair->net.counts[SERVER].sent, 0);
    CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_open(pair, NET_SECOND) && pair_ping(pair, NET_SECOND));
    pair_free(pair);
    CU_ASSERT_EQUAL(memory.live_blocks, 0);
}

static CU_TestInfo tests[] = {
    { "CVE-2009-1386: ChangeCipherSpec may be the first record of all", it_may_be_the_first_record },
    { "CVE-2009-1386: ChangeCipherSpec changes nothing in any state", it_changes_nothing_in_any_state },
    { "CVE-2014-0224: no keys are made before the key exchange", before_the_key_exchange_no_keys_are_made },
    { "CVE-2026-93304: a client makes no keys for an early ChangeCipherSpec either",
      a_client_makes_no_keys_for_it_either },
    { "CVE-2017-7243: a server survives ChangeCipherSpec before any hello", a_server_without_a_client_survives_it },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks change_cipher_spec", tests);
}
