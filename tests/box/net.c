/* net.c - the queue of things to come, and what a bad network does to a datagram. */
#include "tests/box/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/box/record_view.h"

struct net_thing {
    uint64_t at_us, order;
    void (*function)(void *arg); /* NULL: an arrival */
    void *arg;
    struct net_datagram datagram;
};

/* The box is no place to test the machine's memory. */
static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static bool is_before(const struct net_thing *a, const struct net_thing *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void push(struct net *net, struct net_thing *thing)
{
    if (net->heap_count == net->heap_cap) {
        net->heap_cap = net->heap_cap == 0 ? 64 : 2 * net->heap_cap;
        net->heap = must(realloc(net->heap, net->heap_cap * sizeof net->heap[0]));
    }
    thing->order = net->order++;
    size_t at = net->heap_count++;
    while (at > 0 && is_before(thing, net->heap[(at - 1) / 2])) {
        net->heap[at] = net->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    net->heap[at] = thing;
}

static struct net_thing *pop(struct net *net)
{
    struct net_thing *first = net->heap[0];
    struct net_thing *last = net->heap[--net->heap_count];
    size_t at = 0;

    for (size_t child; (child = 2 * at + 1) < net->heap_count; at = child) {
        if (child + 1 < net->heap_count && is_before(net->heap[child + 1], net->heap[child]))
            child++;
        if (!is_before(net->heap[child], last))
            break;
        net->heap[at] = net->heap[child];
    }
    net->heap[at] = last;
    return first;
}

/* One line per datagram, in the way a person debugs with. */
static void trace(const struct net *net, const char *what, enum net_end from, const uint8_t *bytes, size_t len)
{
    char records[400];

    if (!net->trace)
        return;
    record_view_format(bytes, len, records, sizeof records);
    fprintf(stderr, "# %10.3f ms  %s  %s  %zu: %s\n", (double)net->now_us / 1000, from == CLIENT ? "C>S" : "S>C", what,
            len, records);
}

static void queue_arrival(struct net *net, enum net_end to, uint64_t at_us, const uint8_t *bytes, size_t len,
                          uint64_t tag, bool corrupted)
{
    struct net_thing *thing = must(calloc(1, sizeof *thing + len));

    thing->at_us = at_us;
    thing->datagram = (struct net_datagram){ .to = to, .tag = tag, .intact = !corrupted, .len = len };
    if (len > 0)
        memcpy(thing->datagram.bytes, bytes, len);
    if (corrupted && len > 0)
        thing->datagram.bytes[rng_up_to(&net->chance, len - 1)] ^= (uint8_t)(1u << rng_up_to(&net->chance, 7));
    push(net, thing);
}

/* One copy over the link: delay, jitter, reordering, corruption. */
static void travel(struct net *net, enum net_end from, uint64_t depart_us, const uint8_t *bytes, size_t len,
                   uint64_t tag, bool corrupted)
{
    const struct net_link *link = &net->link[from];
    uint64_t arrive_us = depart_us + link->delay_us + rng_up_to(&net->chance, link->jitter_us);

    if (rng_chance(&net->chance, link->reorder)) {
        arrive_us += link->reorder_us;
        net->counts[from].reordered++;
    }
    corrupted = rng_chance(&net->chance, link->corrupt) || corrupted;
    if (corrupted)
        net->counts[from].corrupted++;
    queue_arrival(net, net_other(from), arrive_us, bytes, len, tag, corrupted);
}

/* The link's queue: when the last bit has left. */
static uint64_t departure(struct net *net, enum net_end from, size_t len)
{
    uint64_t *busy_until_us = &net->busy_until_us[from];

    if (net->link[from].rate_bps == 0)
        return net->now_us;
    if (*busy_until_us < net->now_us)
        *busy_until_us = net->now_us;
    *busy_until_us += len * 8 * NET_SECOND / net->link[from].rate_bps;
    return *busy_until_us;
}

static void keep_record(struct net *net, enum net_end from, const uint8_t *bytes, size_t len)
{
    net->recorded = must(realloc(net->recorded, (net->recorded_count + 1) * sizeof net->recorded[0]));
    struct net_recorded *record = &net->recorded[net->recorded_count++];
    *record = (struct net_recorded){ .from = from, .sent_us = net->now_us, .len = len, .bytes = must(malloc(len + 1)) };
    memcpy(record->bytes, bytes, len);
}

void net_init(struct net *net, uint64_t seed, uint64_t start_us)
{
    *net = (struct net){ .now_us = start_us, .chance = { seed }, .trace = getenv("DTLS_TRACE") != NULL };
}

void net_clear(struct net *net)
{
    for (size_t i = 0; i < net->heap_count; i++)
        free(net->heap[i]);
    for (size_t i = 0; i < net->recorded_count; i++)
        free(net->recorded[i].bytes);
    free(net->heap);
    free(net->recorded);
    *net = (struct net){ 0 };
}

void net_set_filter(struct net *net, net_filter *filter, void *arg)
{
    net->filter = filter;
    net->filter_arg = arg;
    net->filtered = 0;
}

void net_send(struct net *net, enum net_end from, const uint8_t *bytes, size_t len, uint64_t tag)
{
    const struct net_link *link = &net->link[from];
    struct net_counts *counts = &net->counts[from];
    struct net_verdict verdict = { NET_PASS, 0 };

    counts->sent++;
    if (net->recording)
        keep_record(net, from, bytes, len);
    if (net->filter != NULL)
        verdict =
            net->filter(net->filter_arg, &(struct net_sending){ from, net->filtered++, net->now_us, bytes, len, tag });
    if (link->mtu != 0 && len > link->mtu) {
        counts->too_large++;
        trace(net, "BIG ", from, bytes, len);
        return;
    }
    uint64_t depart_us = departure(net, from, len) + (verdict.fate == NET_HOLD ? verdict.hold_us : 0);
    if (verdict.fate == NET_DROP || rng_chance(&net->chance, link->loss)) {
        counts->lost++;
        trace(net, "LOST", from, bytes, len);
        return;
    }
    trace(net, verdict.fate == NET_HOLD ? "held" : verdict.fate == NET_CORRUPT ? "flip" : "    ", from, bytes, len);
    travel(net, from, depart_us, bytes, len, tag, verdict.fate == NET_CORRUPT);
    if (verdict.fate == NET_DOUBLE || rng_chance(&net->chance, link->duplicate)) {
        counts->doubled++;
        travel(net, from, depart_us, bytes, len, tag, false);
    }
}

void net_inject(struct net *net, enum net_end to, uint64_t at_us, const uint8_t *bytes, size_t len)
{
    queue_arrival(net, to, at_us < net->now_us ? net->now_us : at_us, bytes, len, 0, false);
}

void net_call_at(struct net *net, uint64_t at_us, void (*function)(void *arg), void *arg)
{
    struct net_thing *thing = must(calloc(1, sizeof *thing));

    thing->at_us = at_us < net->now_us ? net->now_us : at_us;
    thing->function = function;
    thing->arg = arg;
    push(net, thing);
}

uint64_t net_next_time(const struct net *net)
{
    return net->heap_count == 0 ? NET_NEVER : net->heap[0]->at_us;
}

void net_advance(struct net *net, uint64_t to_us)
{
    if (to_us > net->now_us)
        net->now_us = to_us;
}

void net_run_next(struct net *net)
{
    struct net_thing *thing = pop(net);

    net_advance(net, thing->at_us);
    if (thing->function != NULL)
        thing->function(thing->arg);
    else
        net->deliver(net->deliver_arg, &thing->datagram);
    free(thing);
}
