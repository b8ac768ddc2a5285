/* traffic.c - senders, receivers, and the book that is kept about every record. */
#include "tests/box/traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/box/record_view.h"
#include "tests/tap.h"

enum { RECORD_MAX = 16384, DATAGRAM_MAX = 65536 };

static const char words[4] = "flow";

struct head {
    char words[4];
    uint32_t size;
    uint64_t number;
    uint32_t from;
    uint32_t checksum; /* of all bytes, with zero here */
};

_Static_assert(sizeof(struct head) == TRAFFIC_SMALLEST, "the smallest record is a head without a body");

/* FNV-1a (Fowler, Noll, Vo). */
static uint32_t checksum(const uint8_t *bytes, size_t len)
{
    uint32_t sum = 2166136261u;

    for (size_t i = 0; i < len; i++)
        sum = (sum ^ bytes[i]) * 16777619u;
    return sum;
}

static void write_record(uint8_t *out, size_t size, enum net_end from, uint64_t number)
{
    struct head head = { .size = (uint32_t)size, .number = number, .from = from };
    struct rng body = { number };

    memcpy(head.words, words, sizeof words);
    rng_fill(&body, out + sizeof head, size - sizeof head);
    memcpy(out, &head, sizeof head);
    head.checksum = checksum(out, size);
    memcpy(out, &head, sizeof head);
}

/* Is it a record of `from`, byte for byte? */
static bool read_record(struct dtls_bytes data, enum net_end from, uint64_t *number)
{
    uint8_t copy[RECORD_MAX];
    struct head head;

    if (data.len < sizeof head || data.len > sizeof copy)
        return false;
    memcpy(copy, data.at, data.len);
    memcpy(&head, copy, sizeof head);
    uint32_t expected = head.checksum;
    head.checksum = 0;
    memcpy(copy, &head, sizeof head);
    *number = head.number;
    return head.size == data.len && head.from == (uint32_t)from && checksum(copy, data.len) == expected;
}

static bool is_traffic(struct dtls_bytes data)
{
    return data.len >= sizeof words && memcmp(data.at, words, sizeof words) == 0;
}

static struct traffic_record *new_record(struct traffic_flow *flow)
{
    if (flow->count == flow->cap) {
        flow->cap = flow->cap == 0 ? 256 : 2 * flow->cap;
        flow->records = realloc(flow->records, flow->cap * sizeof flow->records[0]);
        if (flow->records == NULL)
            abort();
    }
    flow->records[flow->count] = (struct traffic_record){ 0 };
    return &flow->records[flow->count++];
}

static void note_arrival(void *arg, const struct net_datagram *datagram)
{
    struct traffic *traffic = arg;
    struct traffic_flow *flow = &traffic->flow[net_other(datagram->to)];

    if (datagram->tag == 0 || !datagram->intact)
        return;
    struct traffic_record *record = &flow->records[datagram->tag - 1];
    if (record->arrived_us == 0)
        record->arrived_us = traffic->pair->net.now_us;
}

static void note_delivery(void *arg, enum net_end end, const struct dtls_event *event)
{
    struct traffic *traffic = arg;
    struct traffic_flow *flow = &traffic->flow[net_other(end)];
    uint64_t now_us = traffic->pair->net.now_us, number;

    if (!is_traffic(event->data))
        return;
    if (!read_record(event->data, flow->from, &number) || number >= flow->count) {
        flow->corrupted++;
        return;
    }
    struct traffic_record *record = &flow->records[number];
    flow->delivered++;
    if (record->deliveries++ > 0) {
        flow->duplicated++;
        return;
    }
    record->delivered_us = now_us;
    if (flow->last_delivery_us != 0 && now_us - flow->last_delivery_us > flow->longest_gap_us)
        flow->longest_gap_us = now_us - flow->last_delivery_us;
    flow->last_delivery_us = now_us;
    if (record->arrived_us != 0 && now_us - record->arrived_us > flow->longest_wait_us)
        flow->longest_wait_us = now_us - record->arrived_us;
}

struct traffic *traffic_new(struct pair *pair)
{
    struct traffic *traffic = calloc(1, sizeof *traffic);

    if (traffic == NULL)
        abort();
    traffic->pair = pair;
    traffic->flow[CLIENT] = (struct traffic_flow){ .traffic = traffic, .from = CLIENT };
    traffic->flow[SERVER] = (struct traffic_flow){ .traffic = traffic, .from = SERVER };
    pair->on_arrival = note_arrival;
    pair->on_data = note_delivery;
    pair->watcher = traffic;
    return traffic;
}

void traffic_free(struct traffic *traffic)
{
    if (traffic == NULL)
        return;
    traffic->pair->on_arrival = NULL;
    traffic->pair->on_data = NULL;
    free(traffic->flow[CLIENT].records);
    free(traffic->flow[SERVER].records);
    free(traffic);
}

int traffic_send(struct traffic *traffic, enum net_end from, size_t size)
{
    static uint8_t out[DATAGRAM_MAX], elsewhere[RECORD_MAX];
    struct pair *pair = traffic->pair;
    struct traffic_flow *flow = &traffic->flow[from];
    struct traffic_record *record = new_record(flow);
    struct record_view sealed;
    size_t len = 0;

    /* Every second record is sealed in place. */
    uint8_t *data = flow->count % 2 == 0 ? out + DTLS_SEND_HEADROOM : elsewhere;
    write_record(data, size, from, flow->count - 1);
    record->sent_us = pair->net.now_us;
    int result = dtls_conn_send(pair->end[from].conn, pair->net.now_us, data, size, out, sizeof out, &len);
    if (result != DTLS_OK) {
        flow->refused++;
        flow->last_refusal = result;
        return result;
    }
    size_t mtu = dtls_conn_mtu(pair->end[from].conn);
    CHECK_CASE(len <= mtu && record_view_find(out, len, RECORD_DATA, &sealed),
               "seed %llu: %zu bytes of data became a datagram of %zu under an MTU of %zu",
               (unsigned long long)pair->seed, size, len, mtu);
    record->epoch = sealed.epoch;
    net_send(&pair->net, from, out, len, flow->count);
    pair_settle(pair, from);
    return DTLS_OK;
}

static void send_and_come_back(void *arg)
{
    struct traffic_flow *flow = arg;
    struct pair *pair = flow->traffic->pair;

    if (!flow->running)
        return;
    if (pair_is_open(pair, flow->from) || flow->count > 0)
        traffic_send(flow->traffic, flow->from, flow->size);
    net_call_at(&pair->net, pair->net.now_us + flow->interval_us, send_and_come_back, flow);
}

void traffic_start(struct traffic *traffic, enum net_end from, uint64_t interval_us, size_t size)
{
    struct traffic_flow *flow = &traffic->flow[from];

    flow->interval_us = interval_us;
    flow->size = size;
    flow->running = true;
    net_call_at(&traffic->pair->net, traffic->pair->net.now_us, send_and_come_back, flow);
}

void traffic_stop(struct traffic *traffic)
{
    traffic->flow[CLIENT].running = false;
    traffic->flow[SERVER].running = false;
}

void traffic_measure(struct traffic *traffic)
{
    for (int from = CLIENT; from <= SERVER; from++) {
        struct traffic_flow *flow = &traffic->flow[from];
        flow->longest_gap_us = flow->longest_wait_us = 0;
        flow->last_delivery_us = 0;
    }
}

bool traffic_missing(const struct traffic_flow *flow, size_t *number)
{
    for (size_t i = 0; i < flow->count; i++)
        if (flow->records[i].arrived_us != 0 && flow->records[i].deliveries == 0) {
            *number = i;
            return true;
        }
    return false;
}

void traffic_check(const struct traffic *traffic)
{
    unsigned long long seed = traffic->pair->seed;

    for (int from = CLIENT; from <= SERVER; from++) {
        const struct traffic_flow *flow = &traffic->flow[from];
        const char *name = from == CLIENT ? "client" : "server";
        size_t missing = 0;
        bool lost = traffic_missing(flow, &missing);
        CHECK_CASE(flow->refused == 0, "seed %llu: %zu records of the %s were refused, the last with %d (%s)", seed,
                   flow->refused, name, flow->last_refusal, dtls_error_string(flow->last_refusal));
        CHECK_CASE(flow->duplicated == 0, "seed %llu: %zu records of the %s came twice", seed, flow->duplicated, name);
        CHECK_CASE(flow->corrupted == 0, "seed %llu: %zu records of the %s came damaged", seed, flow->corrupted, name);
        struct traffic_record none = { 0 };
        const struct traffic_record *at = lost ? &flow->records[missing] : &none;
        CHECK_CASE(!lost, "seed %llu: record %zu of the %s (epoch %u, sent at %.3f ms) arrived at %.3f, not delivered",
                   seed, missing, name, at->epoch, (double)at->sent_us / 1000, (double)at->arrived_us / 1000);
    }
}
