/* flow.c - numbered, time-stamped records and their statistics. */
#include "apps/flow.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS_BITS = 6, STEPS = 1 << STEPS_BITS }; /* buckets for each doubling of a duration */

static void put_u64(uint8_t *out, uint64_t number)
{
    for (int i = 7; i >= 0; i--, number >>= 8)
        out[i] = (uint8_t)number;
}

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t number = 0;

    for (int i = 0; i < 8; i++)
        number = number << 8 | at[i];
    return number;
}

/* Below STEPS each microsecond has a bucket; above, the highest STEPS_BITS + 1 bits choose one. */
static size_t bucket_of(uint64_t us)
{
    unsigned shift = 0;

    while (us >> shift >= 2 * STEPS)
        shift++;
    size_t bucket = shift * STEPS + (size_t)(us >> shift);
    return bucket < FLOW_LATENCY_BUCKETS ? bucket : FLOW_LATENCY_BUCKETS - 1;
}

static uint64_t bucket_middle(size_t bucket)
{
    if (bucket < 2 * STEPS)
        return bucket;
    size_t shift = bucket / STEPS - 1;
    return ((uint64_t)(bucket % STEPS + STEPS) << shift) + (((uint64_t)1 << shift) >> 1);
}

void flow_latency_add(struct flow_latency *latency, uint64_t us)
{
    latency->counts[bucket_of(us)]++;
    latency->count++;
    if (us > latency->max)
        latency->max = us;
}

uint64_t flow_latency_share(const struct flow_latency *latency, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)latency->count + 0.999999), passed = 0;

    for (size_t i = 0; i < FLOW_LATENCY_BUCKETS; i++) {
        passed += latency->counts[i];
        if (passed > 0 && passed >= wanted)
            return bucket_middle(i) < latency->max ? bucket_middle(i) : latency->max;
    }
    return 0;
}

bool flow_init(struct flow *flow, uint64_t id, size_t size, uint64_t total)
{
    *flow = (struct flow){ .id = id, .size = size, .total = total };
    flow->seen = calloc(total / 8 + 1, 1);
    return flow->seen != NULL;
}

void flow_free(struct flow *flow)
{
    free(flow->seen);
    flow->seen = NULL;
}

void flow_write(const struct flow *flow, uint64_t now_us, uint8_t *out)
{
    put_u64(out, flow->id);
    put_u64(out + 8, flow->sent << FLOW_SIZE_BITS | flow->size);
    put_u64(out + 16, now_us);
    memset(out + FLOW_RECORD_MIN, (int)(flow->sent & 0xff), flow->size - FLOW_RECORD_MIN);
}

static bool is_ours(const struct flow *flow, uint64_t now_us, const uint8_t *data, size_t len)
{
    if (len < FLOW_RECORD_MIN || get_u64(data) != flow->id || (uint16_t)get_u64(data + 8) != len)
        return false;
    uint64_t number = get_u64(data + 8) >> FLOW_SIZE_BITS;
    if (number >= flow->sent || get_u64(data + 16) > now_us)
        return false;
    for (size_t i = FLOW_RECORD_MIN; i < len; i++)
        if (data[i] != (number & 0xff))
            return false;
    return true;
}

void flow_take(struct flow *flow, uint64_t now_us, const uint8_t *data, size_t len)
{
    if (!is_ours(flow, now_us, data, len)) {
        flow->foreign++;
        return;
    }
    uint64_t number = get_u64(data + 8) >> FLOW_SIZE_BITS;
    uint8_t bit = (uint8_t)(1 << number % 8);
    if (flow->seen[number / 8] & bit) {
        flow->duplicated++;
        return;
    }
    flow->seen[number / 8] |= bit;
    if (number < flow->next)
        flow->reordered++;
    else
        flow->next = number + 1;
    if (flow->received++ > 0 && now_us - flow->last_us > flow->longest_gap_us)
        flow->longest_gap_us = now_us - flow->last_us;
    flow->last_us = now_us;
    flow_latency_add(&flow->round_trip, now_us - get_u64(data + 16));
}
