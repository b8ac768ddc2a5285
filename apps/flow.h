/* flow.h - numbered, time-stamped records, and what became of those that came back.
 * Knows no connection; time is an argument. */
#ifndef APPS_FLOW_H
#define APPS_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FLOW_RECORD_MIN = 24, /* bytes: identity of the flow, number and size, time of sending */
    FLOW_SIZE_BITS = 16,  /* of the second 64; the number is in front */
    FLOW_LATENCY_BUCKETS = 2048,
};

/* Durations in microseconds, each kept to within 1.6 %. Zero is an empty one. */
struct flow_latency {
    uint32_t counts[FLOW_LATENCY_BUCKETS];
    uint64_t count, max;
};

struct flow {
    uint64_t id;    /* tells our records from other data */
    size_t size;    /* of each record from now on, bytes */
    uint64_t total; /* records it is to have */
    uint64_t sent;
    uint64_t received;  /* different ones, so that sent - received is lost */
    uint64_t reordered; /* came after one with a higher number */
    uint64_t duplicated;
    uint64_t foreign; /* data that is no record of ours */
    uint64_t next;    /* one past the highest number received */
    uint64_t last_us, longest_gap_us;
    struct flow_latency round_trip;
    uint8_t *seen; /* a bit for each number */
};

/* False without memory. */
bool flow_init(struct flow *flow, uint64_t id, size_t size, uint64_t total);
void flow_free(struct flow *flow);

/* Writes the next record, `size` bytes. It counts as sent when flow->sent is increased. */
void flow_write(const struct flow *flow, uint64_t now_us, uint8_t *out);

/* Takes what came back. */
void flow_take(struct flow *flow, uint64_t now_us, const uint8_t *data, size_t len);

void flow_latency_add(struct flow_latency *latency, uint64_t us);

/* The duration that `share` (0 to 1) of all do not exceed; 0 when there is none. */
uint64_t flow_latency_share(const struct flow_latency *latency, double share);

#endif
