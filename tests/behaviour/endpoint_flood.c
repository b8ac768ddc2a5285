/* endpoint_flood.c - more of everything than an endpoint wants: hellos, half-open handshakes, records of strangers, and
 * too many callers behind one address. Genuine calls go on. */
#include <stdlib.h>
#include <string.h>

#include "tests/box/crowd.h"
#include "tests/box/identity.h"
#include "tests/tap.h"

static size_t flood(size_t usual)
{
    const char *said = getenv("DTLS_FLOOD");

    return said != NULL ? (size_t)strtoull(said, NULL, 10) : usual;
}

/* A crowd with ten callers in a call. */
static void begin(struct crowd *crowd, uint64_t seed, size_t most)
{
    crowd_init(crowd, seed);
    crowd->settings.most = most;
    crowd_open(crowd);
    for (uint32_t i = 0; i < 10; i++)
        crowd_call(crowd, 1000 + i, 5060, NULL);
    CU_ASSERT_TRUE_FATAL(crowd_run_until_open(crowd, NET_SECOND));
    crowd_run_for(crowd, NET_SECOND);
}

/* And new ones come in, and all are heard. */
static void check_calls_go_on(struct crowd *crowd)
{
    crowd_call(crowd, 5000 + (uint32_t)crowd->caller_count, 5060, NULL);
    CHECK_CASE(crowd_run_until_open(crowd, 10 * NET_SECOND), "seed %llu: a genuine caller does not get in",
               (unsigned long long)crowd->seed);
    CHECK_CASE(crowd_ping(crowd, NET_SECOND), "seed %llu: a genuine call is disturbed",
               (unsigned long long)crowd->seed);
}

struct letter {
    uint8_t bytes[2048];
    size_t len;
};

static struct net_verdict keep_it(void *arg, const struct net_sending *sending)
{
    struct letter *letter = arg;

    if (letter->len == 0 && sending->from == CLIENT) {
        memcpy(letter->bytes, sending->bytes, sending->len);
        letter->len = sending->len;
    }
    return (struct net_verdict){ NET_PASS, 0 };
}

/* Lessons 66 and 67: from as many addresses as there are hellos. */
static void hellos_of_strangers(void)
{
    struct crowd crowd;
    struct letter hello = { .len = 0 };

    begin(&crowd, 1, 1024);
    net_set_filter(&crowd.net, keep_it, &hello);
    crowd_vanish(crowd_call(&crowd, 1, 1, NULL));
    net_set_filter(&crowd.net, NULL, NULL);
    size_t asked = crowd.memory.asked, sent = crowd.datagrams, many = flood(100000);
    for (uint32_t i = 0; i < many; i++) {
        struct dtls_address from = crowd_address(rng_next(&crowd.random) & 0xffffffff, (uint16_t)i);
        memcpy(hello.bytes + 13 + 12 + 2, &i, sizeof i);
        crowd_inject(&crowd, &from, hello.bytes, hello.len);
    }
    CU_ASSERT_EQUAL(crowd.memory.asked, asked);
    CU_ASSERT_EQUAL(crowd.datagrams - sent, many); /* of 60 bytes each: fewer than came */
    CU_ASSERT_EQUAL(crowd_stats(&crowd).hellos_answered, 10 + many);
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 10);
    check_calls_go_on(&crowd);
    crowd_free(&crowd);
}

static void records_of_strangers(void)
{
    struct crowd crowd;
    uint8_t record[64] = { 23, 254, 253, 0, 1 };

    begin(&crowd, 2, 1024);
    size_t asked = crowd.memory.asked, sent = crowd.datagrams, many = flood(100000);
    for (uint32_t i = 0; i < many; i++) {
        struct dtls_address from = crowd_address((uint32_t)rng_next(&crowd.random), (uint16_t)i);
        record[0] = (uint8_t)(20 + i % 5);
        record[4] = i % 3 == 0;
        crowd_inject(&crowd, &from, record, i % (sizeof record + 1));
    }
    CU_ASSERT_EQUAL(crowd.memory.asked, asked);
    CU_ASSERT_EQUAL(crowd.datagrams, sent);
    CU_ASSERT_EQUAL(crowd_stats(&crowd).stray, many);
    check_calls_go_on(&crowd);
    crowd_free(&crowd);
}

enum { ATTACKERS = 100000, MOST_ROUNDS = 40 };

/* Every attacker has its cookie, and then goes no further: a hello with the cookie was the last thing that it said. */
static void fall_silent(const struct crowd *crowd, uint64_t before)
{
    for (struct caller *caller = crowd->callers; caller != NULL; caller = caller->next)
        caller->slow = caller->slow || (caller->address.bytes[2] != 0 && caller->number <= before);
}

/* `each` in 25 ms, from `hosts` hosts, without a pause, for so many rounds; and a genuine caller in each of them. */
static void check_half_open(uint64_t seed, uint32_t hosts, uint32_t rounds, uint32_t each)
{
    struct crowd crowd;
    struct caller *genuine[MOST_ROUNDS];
    uint64_t before[MOST_ROUNDS];

    begin(&crowd, seed, 1024);
    for (uint32_t round = 0; round < rounds; round++) {
        before[round] = crowd.caller_count;
        genuine[round] = crowd_call(&crowd, 2000 + round, 1, NULL);
        for (uint32_t i = round * each; i < (round + 1) * each; i++) {
            crowd_call(&crowd, ATTACKERS + i % hosts, (uint16_t)(i / hosts), NULL);
            crowd_run_for(&crowd, 25 * NET_MS / each);
        }
        if (round > 0)
            fall_silent(&crowd, before[round - 1] + 1); /* 50 ms and more have gone by */
    }
    crowd_run_for(&crowd, 15 * NET_MS);
    fall_silent(&crowd, crowd.caller_count);
    crowd_run_for(&crowd, 2 * NET_SECOND);
    for (size_t round = 0; round < rounds; round++)
        CHECK_CASE(genuine[round]->opens == 1, "%u hosts: genuine caller %zu was crowded out", hosts, round);
    CU_ASSERT(crowd_stats(&crowd).crowded_out + crowd_stats(&crowd).refused_full > 500);
    CU_ASSERT_EQUAL((uint64_t)crowd.errors[-100 - DTLS_ERR_CROWDED], crowd_stats(&crowd).crowded_out);
    CU_ASSERT(dtls_endpoint_count(crowd.endpoint) <= 10 + rounds + 512);
    for (struct caller *caller = crowd.callers; caller != NULL; caller = caller->next)
        if (caller->slow)
            crowd_vanish(caller);
    check_calls_go_on(&crowd);
    crowd_free(&crowd);
}

static void handshakes_that_nobody_ends(void)
{
    check_half_open(1, 1, MOST_ROUNDS, 50);
    check_half_open(2, 50, MOST_ROUNDS, 50);
    check_half_open(3, 20000, MOST_ROUNDS, 50);
    /* So many that a place would be free for no longer than a handshake takes, if the oldest always went. */
    check_half_open(4, 10, 8, 250);
}

/* From one port after the other, a hundred in a second, for ten seconds. */
static void a_caller_who_cannot_stop(void)
{
    struct crowd crowd;

    crowd_init(&crowd, 4);
    crowd.settings.source_rate = 5;
    crowd.settings.source_burst = 10;
    crowd_open(&crowd);
    struct caller *victim = crowd_call(&crowd, 9, 1, NULL);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    for (uint16_t i = 0; i < 1000; i++) {
        struct caller *caller = crowd_call(&crowd, 1, i, NULL);
        crowd_run_for(&crowd, 10 * NET_MS);
        for (caller = crowd.callers; caller != NULL; caller = caller->next)
            if (caller != victim && caller->conn != NULL && caller->number + 20 < crowd.caller_count)
                crowd_vanish(caller);
    }
    uint64_t admitted = crowd_stats(&crowd).admitted;
    CHECK_CASE(admitted > 40 && admitted <= 1 + 10 + 5 * 11, "%llu handshakes of one source in 10 s",
               (unsigned long long)admitted);
    CU_ASSERT(crowd_stats(&crowd).refused_rate > 500);
    CU_ASSERT_EQUAL(victim->ends, 0);
    for (struct caller *caller = crowd.callers; caller != NULL; caller = caller->next)
        if (caller != victim && caller->conn != NULL)
            crowd_vanish(caller);
    crowd_run_for(&crowd, 3 * NET_SECOND);
    check_calls_go_on(&crowd);
    crowd_free(&crowd);
}

/* After a power cut: more of them at one moment than may be half-open. */
static void a_crowd_that_comes_at_once(void)
{
    struct crowd crowd;

    crowd_init(&crowd, 6);
    crowd.settings.most = 300;
    crowd.settings.most_half_open = 64;
    crowd_open(&crowd);
    for (uint32_t i = 0; i < 300; i++)
        crowd_call(&crowd, i + 1, 5060, NULL);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, 10 * NET_SECOND));
    CU_ASSERT_EQUAL(crowd.counts[DTLS_EVENT_FAILED], 0);
    CU_ASSERT(crowd_stats(&crowd).refused_full > 0);
    crowd_free(&crowd);
}

/* They share one allowance, and all get in. */
static void ten_thousand_behind_one_address(void)
{
    struct crowd crowd;
    size_t many = getenv("DTLS_FLOOD") != NULL ? 10000 : 1000;

    crowd_init(&crowd, 5);
    crowd.settings.most = 20000;
    crowd.no_echo = true;
    crowd_open(&crowd);
    for (size_t i = 0; i < many; i++) {
        crowd_call(&crowd, 1, (uint16_t)i, NULL);
        crowd_run_for(&crowd, 100);
    }
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, 60 * NET_SECOND));
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), many);
    CU_ASSERT_EQUAL(crowd.counts[DTLS_EVENT_FAILED], 0);
    crowd_free(&crowd);
}

static enum dtls_admit everyone_is_known(void *arg, const struct dtls_address *from, const struct dtls_config **config)
{
    (void)config;
    (void)arg;
    (void)from;
    return DTLS_ADMIT_VALIDATED;
}

/* While the socket takes nothing, the last words of those that have ended wait, and they with them: not without end. */
static void a_full_socket_is_no_attic(void)
{
    struct crowd crowd;
    struct letter hello = { .len = 0 };
    size_t most_blocks = 0;

    crowd_init(&crowd, 6);
    crowd.settings.most = crowd.settings.most_half_open = 50;
    crowd.settings.admit = everyone_is_known;
    crowd_open(&crowd);
    net_set_filter(&crowd.net, keep_it, &hello);
    crowd_vanish(crowd_call(&crowd, 1, 1, NULL));
    net_set_filter(&crowd.net, NULL, NULL);
    crowd.stuck = true;
    for (uint32_t i = 0; i < 1500; i++) {
        struct dtls_address from = crowd_address(i, (uint16_t)i);
        memcpy(hello.bytes + 13 + 12 + 2, &i, sizeof i);
        if (i % 500 >= 400) /* one of these gives way to another at its own address */
            from = crowd_address(7, 7);
        crowd_inject(&crowd, &from, hello.bytes, hello.len);
        crowd_run_for(&crowd, 1100 * NET_MS);
        if (i < 150 && crowd.memory.live_blocks > most_blocks)
            most_blocks = crowd.memory.live_blocks;
    }
    CHECK_CASE(crowd.memory.live_blocks <= most_blocks, "%zu blocks, not %zu", crowd.memory.live_blocks, most_blocks);
    crowd.stuck = false;
    crowd_settle(&crowd);
    check_calls_go_on(&crowd);
    crowd_free(&crowd);
}

static CU_TestInfo tests[] = {
    { "hellos of strangers cost nothing (lessons 66, 67)", hellos_of_strangers },
    { "records of strangers cost nothing", records_of_strangers },
    { "handshakes that nobody ends, from one host, from fifty, and from each its own", handshakes_that_nobody_ends },
    { "a caller who cannot stop", a_caller_who_cannot_stop },
    { "a crowd that comes at once", a_crowd_that_comes_at_once },
    { "a full socket keeps no more than the limits", a_full_socket_is_no_attic },
    { "ten thousand behind one address", ten_thousand_behind_one_address },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "endpoint_flood", tests);
}
