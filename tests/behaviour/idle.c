/* idle.c - what a connection at rest carries: the bytes that it asked its allocator for, and what malloc adds.
 * bench/memory weighs the same, and other libraries beside it. */
#include "tests/box/memory.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

#define KIB ((size_t)1024)

static const struct {
    const char *name;
    uint16_t suite;
    size_t most; /* nettle's tables for GCM are 4 KiB for each direction */
} suites[] = {
    { "ChaCha20-Poly1305", DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, 3 * KIB },
    { "AES-128-GCM", DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, 10 * KIB },
};
enum { SUITES = sizeof suites / sizeof suites[0] };

/* Data both ways, and then silence until the old keys are gone (R4). */
static void come_to_rest(struct pair *pair)
{
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    pair_run_for(pair, 11 * NET_SECOND);
    for (int end = CLIENT; end <= SERVER; end++)
        CU_ASSERT_EQUAL(dtls_conn_deadline(pair->end[end].conn), DTLS_NEVER);
}

static struct pair *idle_pair(size_t suite, struct memory memory[2], const struct dtls_ticket_keys *keys)
{
    struct pair_options options;

    pair_options(&options, 1);
    for (int end = CLIENT; end <= SERVER; end++) {
        memory[end] = (struct memory){ .fail_at = MEMORY_NEVER_FAILS };
        memory_use(&memory[end], &options.config[end]);
        options.config[end].suites[0] = suites[suite].suite;
        options.config[end].suite_count = 1;
    }
    options.config[SERVER].ticket_keys = keys;
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 5 * NET_SECOND));
    come_to_rest(pair);
    return pair;
}

static void end_pair(struct pair *pair, const struct memory memory[2])
{
    pair_free(pair);
    CU_ASSERT_TRUE(memory[CLIENT].live_blocks == 0 && memory[SERVER].live_blocks == 0);
}

static void an_idle_connection_is_small(void)
{
    for (size_t i = 0; i < SUITES; i++) {
        struct memory memory[2];
        struct pair *pair = idle_pair(i, memory, NULL);
        for (int end = CLIENT; end <= SERVER; end++)
            CHECK_CASE(memory[end].live_heap <= suites[i].most, "%s, end %d: %zu bytes in %zu blocks", suites[i].name,
                       end, memory[end].live_heap, memory[end].live_blocks);
        end_pair(pair, memory);
    }
}

static void rehandshakes_leave_nothing_behind(void)
{
    static const struct {
        const char *name;
        enum net_end from;
        enum dtls_rehandshake_mode mode;
    } kinds[] = {
        { "full from the client", CLIENT, DTLS_REHANDSHAKE_FULL },
        { "full from the server", SERVER, DTLS_REHANDSHAKE_FULL },
        { "abbreviated from the client", CLIENT, DTLS_REHANDSHAKE_ABBREVIATED },
        { "abbreviated from the server", SERVER, DTLS_REHANDSHAKE_ABBREVIATED },
    };

    for (size_t n = 0; n < SUITES * sizeof kinds / sizeof kinds[0]; n++) {
        size_t i = n % SUITES, k = n / SUITES;
        struct memory memory[2];
        struct pair *pair = idle_pair(i, memory, NULL);
        for (uint16_t count = 1; count <= 10; count++) {
            size_t before[2] = { memory[CLIENT].live_bytes, memory[SERVER].live_bytes };
            CU_ASSERT_EQUAL(pair_rehandshake(pair, kinds[k].from, kinds[k].mode), DTLS_OK);
            CHECK_CASE(pair_run_until_renewed(pair, count, 5 * NET_SECOND), "%s: it does not end", kinds[k].name);
            come_to_rest(pair);
            for (int end = CLIENT; end <= SERVER; end++) {
                /* The end that finishes first keeps its last flight (T5): in an abbreviated one that is the client. */
                bool changes = count == 1 && kinds[k].mode == DTLS_REHANDSHAKE_ABBREVIATED;
                CHECK_CASE(changes || memory[end].live_bytes == before[end], "%s, %s %u, end %d: %zu bytes more",
                           suites[i].name, kinds[k].name, count, end, memory[end].live_bytes - before[end]);
                CHECK_CASE(memory[end].live_heap <= suites[i].most, "%s, %s %u, end %d: %zu bytes", suites[i].name,
                           kinds[k].name, count, end, memory[end].live_heap);
            }
        }
        end_pair(pair, memory);
    }
}

/* The last flight has the ticket in it; nothing else of it stays. */
static void a_ticket_costs_its_own_length(void)
{
    const struct dtls_ticket_keys keys = { .keys = { { { 1 }, { 2 }, 0, 0 } }, .count = 1 };

    for (size_t i = 0; i < SUITES; i++) {
        struct memory without[2], with[2];
        struct pair *pair = idle_pair(i, without, NULL);
        size_t bytes = without[SERVER].live_bytes;
        end_pair(pair, without);
        pair = idle_pair(i, with, &keys);
        CHECK_CASE(with[SERVER].live_bytes > bytes && with[SERVER].live_bytes <= bytes + 256, "%s: %zu bytes more",
                   suites[i].name, with[SERVER].live_bytes - bytes);
        end_pair(pair, with);
    }
}

static CU_TestInfo tests[] = {
    { "an idle connection has at most 3 KiB, 10 KiB with nettle's AES-128-GCM", an_idle_connection_is_small },
    { "ten rehandshakes leave nothing behind", rehandshakes_leave_nothing_behind },
    { "a ticket costs a server its own length", a_ticket_costs_its_own_length },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "idle", tests);
}
