/* tally.c - sums, as lines and as JSON. */
#include "bench/load/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "apps/json.h"

/* More than there is room for are counted with the last. */
void tally_fail(struct tally *tally, const char *words)
{
    size_t i = 0;

    while (i < TALLY_REASONS - 1 && tally->reasons[i].words != NULL && strcmp(tally->reasons[i].words, words) != 0)
        i++;
    tally->reasons[i].words = words;
    tally->reasons[i].count++;
    tally->failed++;
}

static double per_second(uint64_t count, uint64_t us)
{
    return us > 0 ? (double)count * 1e6 / (double)us : 0;
}

/* A duplicate of the network's never gets here, so this is not below zero. */
static uint64_t count_lost(const struct tally *tally)
{
    return tally->sent - tally->echoed;
}

static double share_ms(const struct flow_latency *latency, double share)
{
    return (double)flow_latency_share(latency, share) / 1000;
}

static void print_latency(const struct flow_latency *latency)
{
    if (latency->count == 0) {
        printf("\n");
        return;
    }
    printf("; ms: 50 %% %.3f, 90 %% %.3f, 99 %% %.3f, max %.3f\n", share_ms(latency, 0.5), share_ms(latency, 0.9),
           share_ms(latency, 0.99), (double)latency->max / 1000);
}

void tally_print(const struct tally *tally)
{
    printf("handshakes    %" PRIu64 " of %" PRIu64 ", %" PRIu64 " of them resumed, %.1f/s", tally->opened,
           tally->clients, tally->resumed, per_second(tally->opened, tally->handshakes_us));
    print_latency(&tally->handshake);
    printf("records       %" PRIu64 " sent, %.1f/s; %" PRIu64 " echoed, %.1f/s; %" PRIu64 " lost", tally->sent,
           per_second(tally->sent, tally->records_us), tally->echoed, per_second(tally->echoed, tally->records_us),
           count_lost(tally));
    if (tally->refused > 0)
        printf(", %" PRIu64 " refused", tally->refused);
    print_latency(&tally->echo);
    printf("rehandshakes  %" PRIu64 " done, %" PRIu64 " failed, %" PRIu64 " unfinished", tally->rehandshakes,
           tally->rehandshakes_failed, tally->rehandshakes_unfinished);
    print_latency(&tally->rehandshake);
    printf("failures      %" PRIu64 "\n", tally->failed);
    for (size_t i = 0; i < TALLY_REASONS && tally->reasons[i].words != NULL; i++)
        printf("              %" PRIu64 " %s\n", tally->reasons[i].count, tally->reasons[i].words);
}

static void put_latency(const char *key, const struct flow_latency *latency)
{
    json_open(key);
    json_real("p50", share_ms(latency, 0.5));
    json_real("p90", share_ms(latency, 0.9));
    json_real("p99", share_ms(latency, 0.99));
    json_real("max", (double)latency->max / 1000);
    json_close();
}

void tally_print_json(const struct tally *tally)
{
    json_begin("load");
    json_whole("clients", tally->clients);
    json_whole("opened", tally->opened);
    json_whole("resumed", tally->resumed);
    json_real("handshakes_per_s", per_second(tally->opened, tally->handshakes_us));
    put_latency("handshake_ms", &tally->handshake);
    json_whole("sent", tally->sent);
    json_real("sent_per_s", per_second(tally->sent, tally->records_us));
    json_whole("echoed", tally->echoed);
    json_real("echoed_per_s", per_second(tally->echoed, tally->records_us));
    json_whole("lost", count_lost(tally));
    json_whole("refused", tally->refused);
    put_latency("echo_ms", &tally->echo);
    json_whole("rehandshakes", tally->rehandshakes);
    json_whole("rehandshakes_failed", tally->rehandshakes_failed);
    json_whole("rehandshakes_unfinished", tally->rehandshakes_unfinished);
    put_latency("rehandshake_ms", &tally->rehandshake);
    json_whole("failed", tally->failed);
    json_open("failures");
    for (size_t i = 0; i < TALLY_REASONS && tally->reasons[i].words != NULL; i++)
        json_whole(tally->reasons[i].words, tally->reasons[i].count);
    json_close();
    json_end();
}
