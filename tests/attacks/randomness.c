/* randomness.c - randoms that are none, and nonces that come twice. */
#include <stdlib.h>
#include <string.h>

#include "conn/conn_private.h"
#include "messages/handshake_header.h"
#include "tests/attacks/siege.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

enum { RANDOM_AT = SIEGE_FRAGMENT_HEADER + 2, RANDOM_LEN = 32, RANDOMS_MOST = 400 };

/* ---- the hellos' randoms ---- */

struct randoms {
    uint8_t seen[RANDOMS_MOST][RANDOM_LEN];
    size_t count;
};

static void collect(struct randoms *randoms, const struct pair *pair)
{
    for (size_t i = 0; i < pair->net.recorded_count; i++) {
        struct record_view record;
        const struct net_recorded *sent = &pair->net.recorded[i];
        if (!record_view_find(sent->bytes, sent->len, RECORD_HANDSHAKE, &record) || record.epoch > 0 ||
            record.body[0] != (sent->from == CLIENT ? DTLS_CLIENT_HELLO : DTLS_SERVER_HELLO))
            continue;
        if (sent->from == CLIENT && i > 0) /* with the cookie it is the same hello */
            CU_ASSERT_EQUAL(memcmp(record.body + RANDOM_AT, randoms->seen[randoms->count - 1], RANDOM_LEN), 0)
        else if (randoms->count < RANDOMS_MOST)
            memcpy(randoms->seen[randoms->count++], record.body + RANDOM_AT, RANDOM_LEN);
    }
}

static bool has_many_values(const uint8_t random[RANDOM_LEN])
{
    bool seen[256] = { false };
    size_t values = 0;

    for (size_t i = 0; i < RANDOM_LEN; i++) {
        values += !seen[random[i]];
        seen[random[i]] = true;
    }
    return values > 16;
}

/* The operating system's randomness, as an application gets it that says nothing. */
static void hellos_are_random_and_never_the_same(void)
{
    static struct randoms randoms;

    for (size_t i = 0; i < 100; i++) {
        struct pair_options options;
        pair_options(&options, 1); /* always the same seed */
        options.cookies = i % 2 == 0;
        options.recording = true;
        options.config[CLIENT].random = options.config[SERVER].random = dtls_system_random;
        struct pair *pair = pair_new(&options);
        CU_ASSERT_TRUE(pair_run_until_open(pair, NET_SECOND));
        collect(&randoms, pair);
        pair_run_for(pair, 2 * NET_SECOND);
        CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
        pair_run_for(pair, 30 * NET_MS);
        const struct dtls_handshake *server = pair->end[SERVER].conn->hs;
        if (server != NULL && randoms.count + 2 <= RANDOMS_MOST) {
            memcpy(randoms.seen[randoms.count++], server->randoms.client, RANDOM_LEN);
            memcpy(randoms.seen[randoms.count++], server->randoms.server, RANDOM_LEN);
        }
        pair_free(pair);
    }
    CU_ASSERT_EQUAL(randoms.count, 400);
    for (size_t i = 0; i < randoms.count; i++) {
        CHECK_CASE(has_many_values(randoms.seen[i]), "random %zu is none", i);
        for (size_t k = 0; k < i; k++)
            CHECK_CASE(memcmp(randoms.seen[i], randoms.seen[k], RANDOM_LEN) != 0, "randoms %zu and %zu are the same", i,
                       k);
    }
}

/* ---- a source that fails ---- */

struct source {
    struct rng rng;
    size_t fail_at, draws, bytes;
};

static int draw(void *arg, uint8_t *out, size_t len)
{
    struct source *source = arg;

    if (source->draws++ == source->fail_at)
        return DTLS_ERR_RANDOM;
    source->bytes += len;
    return rng_fill(&source->rng, out, len);
}

/* Whichever draw fails: what leaves has a random that is one, or no hello leaves. */
static void no_hello_leaves_without_randomness(void)
{
    for (int poor = CLIENT; poor <= SERVER; poor++)
        for (size_t number = 0, draws = 1; number < draws; number++) {
            struct source source = { .rng = { 3 }, .fail_at = number };
            struct pair_options options;
            static struct randoms randoms;
            pair_options(&options, 1);
            options.recording = options.silent = true;
            options.config[poor].random = draw;
            options.config[poor].random_arg = &source;
            struct pair *pair = pair_new(&options);
            int begun = pair_start_client(pair);
            CU_ASSERT_TRUE(begun == DTLS_OK || (poor == CLIENT && begun == DTLS_ERR_RANDOM));
            struct record_view hello; /* an alert may leave */
            for (size_t i = 0; begun != DTLS_OK && i < pair->net.recorded_count; i++)
                CU_ASSERT_FALSE(
                    record_view_find(pair->net.recorded[i].bytes, pair->net.recorded[i].len, RECORD_HANDSHAKE, &hello));
            pair_run_for(pair, 10 * NET_SECOND);
            const struct pair_event *failed = pair_last(pair, (enum net_end)poor, DTLS_EVENT_FAILED);
            CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_RANDOM, "end %d, draw %zu: %d", poor, number,
                       failed == NULL ? 0 : failed->error);
            randoms.count = 0;
            collect(&randoms, pair);
            for (size_t i = 0; i < randoms.count; i++)
                CHECK_CASE(has_many_values(randoms.seen[i]), "end %d, draw %zu: a random that is none", poor, number);
            pair_free(pair);
            if (number == 0) { /* how many are there? */
                source = (struct source){ .rng = { 3 }, .fail_at = SIZE_MAX };
                options.silent = false;
                pair = pair_new(&options);
                CU_ASSERT_TRUE(pair_run_until_open(pair, NET_SECOND));
                draws = source.draws;
                CU_ASSERT_TRUE(draws >= 2 && source.bytes >= 64); /* its hello's random, and its share */
                pair_free(pair);
            }
        }
}

/* All of an end's randomness is what its source gives: the same source, the same datagrams; another one, other
 * randoms, other shares, other keys. */
static void there_is_no_other_source(void)
{
    struct pair *pairs[3];

    for (size_t i = 0; i < 3; i++) {
        struct pair_options options;
        pair_options(&options, i == 2 ? 8 : 7);
        options.recording = true;
        options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
        pairs[i] = pair_new(&options);
        CU_ASSERT_TRUE(pair_run_until_open(pairs[i], NET_SECOND) && pair_ping(pairs[i], NET_SECOND));
    }
    CU_ASSERT_EQUAL_FATAL(pairs[0]->net.recorded_count, pairs[1]->net.recorded_count);
    for (size_t i = 0; i < pairs[0]->net.recorded_count; i++) {
        const struct net_recorded *one = &pairs[0]->net.recorded[i], *two = &pairs[1]->net.recorded[i];
        CHECK_CASE(one->len == two->len && memcmp(one->bytes, two->bytes, one->len) == 0, "datagram %zu differs", i);
    }
    for (size_t i = 0; i < 4; i++) {
        const struct net_recorded *one = &pairs[0]->net.recorded[i], *two = &pairs[2]->net.recorded[i];
        CHECK_CASE(one->len != two->len || memcmp(one->bytes, two->bytes, one->len) != 0, "datagram %zu is the same",
                   i);
    }
    for (size_t i = 0; i < 3; i++)
        pair_free(pairs[i]);
}

/* ---- nonces ---- */

static const uint16_t suites[] = { DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384,
                                   DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256 };

/* Rehandshakes, data and retransmissions over a bad network: a suite's life, recorded. */
static struct pair *live(uint16_t suite)
{
    struct pair_options options;

    pair_options(&options, 26014);
    options.recording = true;
    options.config[CLIENT].suites[0] = suite;
    options.config[CLIENT].suite_count = 1;
    options.config[SERVER].rehandshake_interval_ms = 0;
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, NET_SECOND));
    pair->net.link[CLIENT].loss = pair->net.link[SERVER].loss = 2000;
    pair->net.link[CLIENT].duplicate = pair->net.link[SERVER].duplicate = 1000;
    for (size_t i = 1; i <= 20; i++) {
        CU_ASSERT_EQUAL(pair_rehandshake(pair, (enum net_end)(i % 2), (enum dtls_rehandshake_mode)(i / 2 % 2)),
                        DTLS_OK);
        for (int k = 0; k < 20; k++) {
            pair_send(pair, (enum net_end)(k % 2), "data", 4);
            pair_run_for(pair, 5 * NET_MS);
        }
        CU_ASSERT_TRUE(pair_run_until_renewed(pair, i, 100 * NET_SECOND));
    }
    return pair;
}

static int compare(const void *one, const void *two)
{
    return memcmp(one, two, 9);
}

static void no_number_is_used_twice(void)
{
    for (size_t s = 0; s < sizeof suites / sizeof suites[0]; s++) {
        struct pair *pair = live(suites[s]);
        size_t count = 0, cap = 0;
        uint8_t(*numbers)[9] = NULL; /* end, epoch, sequence */
        for (size_t i = 0; i < pair->net.recorded_count; i++) {
            struct record_view records[RECORD_VIEW_MAX];
            const struct net_recorded *sent = &pair->net.recorded[i];
            size_t record_count = record_view_split(sent->bytes, sent->len, records);
            for (size_t k = 0; k < record_count; k++) {
                const uint8_t *number = sent->bytes + records[k].at + 3;
                if (records[k].epoch == 0)
                    continue;
                if (suites[s] != DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256)
                    CHECK_CASE(memcmp(records[k].body, number, 8) == 0, "a nonce that is not epoch and sequence");
                if (count == cap)
                    numbers = realloc(numbers, (cap = 2 * cap + 64) * sizeof numbers[0]);
                if (numbers == NULL)
                    abort();
                numbers[count][0] = (uint8_t)sent->from;
                memcpy(numbers[count++] + 1, number, 8);
            }
        }
        CU_ASSERT_TRUE(count > 300);
        qsort(numbers, count, sizeof numbers[0], compare);
        for (size_t i = 1; i < count; i++)
            CHECK_CASE(memcmp(numbers[i - 1], numbers[i], 9) != 0, "%s: a number twice", dtls_suite_name(suites[s]));
        free(numbers);
        pair_free(pair);
    }
}

/* Each epoch has keys and IVs of its own in each direction, an abbreviated one's too. */
static void no_iv_is_used_twice(void)
{
    for (size_t s = 0; s < sizeof suites / sizeof suites[0]; s++) {
        struct pair_options options;
        uint8_t seen[64][DTLS_AEAD_NONCE_LEN] = { { 0 } };
        size_t count = 0;
        pair_options(&options, 23408);
        options.config[CLIENT].suites[0] = suites[s];
        options.config[CLIENT].suite_count = 1;
        options.config[SERVER].rehandshake_interval_ms = 0;
        struct pair *pair = pair_new(&options);
        CU_ASSERT_TRUE(pair_run_until_open(pair, NET_SECOND));
        size_t fixed = pair->end[CLIENT].conn->as.epochs.current->aead->fixed_iv_len;
        for (size_t i = 1; i <= 20; i++) {
            const struct dtls_epoch *client = pair->end[CLIENT].conn->as.epochs.current,
                                    *server = pair->end[SERVER].conn->as.epochs.current;
            CU_ASSERT_EQUAL(memcmp(client->write_iv, server->read_iv, fixed), 0);
            CU_ASSERT_EQUAL(memcmp(client->read_iv, server->write_iv, fixed), 0);
            memcpy(seen[count++], client->write_iv, fixed);
            memcpy(seen[count++], server->write_iv, fixed);
            CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, (enum dtls_rehandshake_mode)(i % 2)), DTLS_OK);
            CU_ASSERT_TRUE(pair_run_until_renewed(pair, i, NET_SECOND));
        }
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < i; k++)
                CHECK_CASE(memcmp(seen[i], seen[k], fixed) != 0, "%s: IVs %zu and %zu are the same",
                           dtls_suite_name(suites[s]), i, k);
        pair_free(pair);
    }
}

static CU_TestInfo tests[] = {
    { "GNUTLS-SA-2020-03-31: hellos have random randoms, each its own", hellos_are_random_and_never_the_same },
    { "GNUTLS-SA-2020-03-31: without randomness no hello leaves", no_hello_leaves_without_randomness },
    { "CVE-2021-34430: there is no source of randomness but the one that was given", there_is_no_other_source },
    { "CVE-2026-26014: nonces are epoch and sequence, and none is used twice", no_number_is_used_twice },
    { "CVE-2022-23408: every epoch and direction has an IV of its own", no_iv_is_used_twice },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks randomness", tests);
}
