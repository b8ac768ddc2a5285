/* heap.h - many alarms, the earliest on top. Knows no clock, and nothing of what the alarms are for. */
#ifndef BENCH_LOAD_HEAP_H
#define BENCH_LOAD_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAP_NEVER UINT64_MAX

/* Part of what it belongs to. All zeroes is an alarm that is not set. */
struct heap_alarm {
    uint64_t at;
    size_t place; /* in the heap, from 1; 0: not set */
};

struct heap {
    struct heap_alarm **alarms; /* alarms[1] is the earliest */
    size_t count, cap;
};

/* Room for `most` alarms; false without memory. */
bool heap_init(struct heap *heap, size_t most);
void heap_free(struct heap *heap);

/* Sets the alarm, or moves it; HEAP_NEVER takes it out. */
void heap_set(struct heap *heap, struct heap_alarm *alarm, uint64_t at);

/* The earliest, which stays set; NULL when there is none. */
struct heap_alarm *heap_first(const struct heap *heap);

#endif
