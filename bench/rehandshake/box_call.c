/* box_call.c - our engine in the virtual network: two engines, one clock that jumps. */
#include <stdio.h>
#include <string.h>

#include "apps/impair_fate.h"
#include "bench/bench.h"
#include "bench/rehandshake/case.h"
#include "tests/box/traffic.h"

/* The same dice as in the relay (apps/impair_fate.h). */
struct network {
    struct impair_settings settings;
    struct impair_random random[2];
    struct book *book;
};

static struct net_verdict throw_dice(void *arg, const struct net_sending *sending)
{
    struct network *network = arg;
    struct impair_fate fate = impair_decide(&network->settings, &network->random[sending->from], sending->len);

    if (!fate.lost)
        return (struct net_verdict){ NET_PASS, 0 };
    if (sending->tag > 0) /* a record of the flow is in it */
        book_record(network->book, (enum book_side)sending->from, sending->tag - 1)->lost = true;
    return (struct net_verdict){ NET_DROP, 0 };
}

static void write_book(struct book *book, const struct pair *pair, const struct traffic *traffic)
{
    for (int from = CLIENT; from <= SERVER; from++) {
        const struct traffic_flow *flow = &traffic->flow[from];
        for (size_t i = 0; i < flow->count; i++) {
            const struct traffic_record *record = &flow->records[i];
            struct book_record *line = book_record(book, (enum book_side)from, i);
            line->wished = line->left = record->sent_us;
            line->arrived = record->arrived_us;
            line->delivered = record->delivered_us;
            line->deliveries = record->deliveries;
        }
        const struct pair_event *done = pair_last(pair, (enum net_end)from, DTLS_EVENT_REHANDSHAKE_DONE);
        const struct pair_event *failed = pair_last(pair, (enum net_end)from, DTLS_EVENT_FAILED);
        book->done[from] = done != NULL ? done->time_us : 0;
        if (failed != NULL && !book->dead) {
            book->dead = true;
            snprintf(book->error, sizeof book->error, "%s", dtls_error_string(failed->error));
        }
    }
}

static void run_until(struct pair *pair, uint64_t until_us)
{
    pair_run_for(pair, until_us - pair->net.now_us);
}

void box_call(const struct bench_case *bench_case, uint64_t seed, struct book *book)
{
    struct network network = { .settings = { .loss = bench_case->loss, .mtu = UINT32_MAX },
                               .random = { { 2 * seed }, { 2 * seed + 1 } },
                               .book = book };
    struct pair_options options;

    *book = (struct book){ .interval_us = CASE_INTERVAL_MS * NET_MS };
    pair_options(&options, seed);
    options.link[CLIENT].delay_us = options.link[SERVER].delay_us = CASE_DELAY_MS * NET_MS;
    struct pair *pair = pair_new(&options);
    struct traffic *traffic = traffic_new(pair);
    if (!pair_run_until_open(pair, 10 * NET_SECOND))
        bench_fail("no first handshake in the box");
    net_set_filter(&pair->net, throw_dice, &network);
    traffic_start(traffic, CLIENT, CASE_INTERVAL_MS * NET_MS, CASE_RECORD);
    traffic_start(traffic, SERVER, CASE_INTERVAL_MS * NET_MS, CASE_RECORD);
    /* At a moment of its own, not at a record's. */
    pair_run_for(pair, (1000 + seed % CASE_INTERVAL_MS) * NET_MS);
    book->started = pair->net.now_us;
    if (pair_rehandshake(pair, (enum net_end)bench_case->initiator,
                         bench_case->abbreviated ? DTLS_REHANDSHAKE_ABBREVIATED : DTLS_REHANDSHAKE_FULL) != DTLS_OK)
        bench_fail("a rehandshake does not begin in the box");
    run_until(pair, book->started + BOOK_AFTER_MS * NET_MS);
    traffic_stop(traffic);
    pair_run_for(pair, NET_SECOND);
    write_book(book, pair, traffic);
    traffic_free(traffic);
    pair_free(pair);
}
