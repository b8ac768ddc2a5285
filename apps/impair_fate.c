/* impair_fate.c - dice for a bad network. Knows no socket, no clock, and of a datagram only its length. */
#include "apps/impair_fate.h"

/* SplitMix64 (Steele, Lea, Flood 2014): a counter in golden-ratio steps, and a mixer. */
static uint64_t next_random(struct impair_random *random)
{
    uint64_t mixed = random->state += 0x9e3779b97f4a7c15;

    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

/* From 0 up to, never reaching, `end`. */
static double random_below(struct impair_random *random, double end)
{
    return (double)(next_random(random) >> 11) * 0x1p-53 * end;
}

struct impair_fate impair_decide(const struct impair_settings *settings, struct impair_random *random, size_t len)
{
    bool lost = random_below(random, 100) < settings->loss;
    bool reordered = random_below(random, 100) < settings->reorder;
    bool duplicated = random_below(random, 100) < settings->duplicate;
    bool corrupted = random_below(random, 100) < settings->corrupt && len > 0;
    double late_ms = settings->delay_ms + random_below(random, settings->jitter_ms);
    uint64_t bit = next_random(random);

    if (len > settings->mtu)
        return (struct impair_fate){ .too_large = true };
    if (lost)
        return (struct impair_fate){ .lost = true };
    return (struct impair_fate){
        .reordered = reordered,
        .duplicated = duplicated,
        .corrupted = corrupted,
        .delay_us = (uint64_t)(late_ms * 1000) + (reordered ? IMPAIR_REORDER_US : 0),
        .bit = corrupted ? (size_t)(bit % (8 * len)) : 0,
    };
}
