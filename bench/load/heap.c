/* heap.c - a binary heap whose members know their place in it. */
#include "bench/load/heap.h"

#include <stdlib.h>

bool heap_init(struct heap *heap, size_t most)
{
    *heap = (struct heap){ .alarms = calloc(most + 1, sizeof(struct heap_alarm *)), .cap = most };
    return heap->alarms != NULL;
}

void heap_free(struct heap *heap)
{
    free(heap->alarms);
    heap->alarms = NULL;
}

static void put(struct heap *heap, size_t place, struct heap_alarm *alarm)
{
    heap->alarms[place] = alarm;
    alarm->place = place;
}

static void rise(struct heap *heap, struct heap_alarm *alarm)
{
    size_t place = alarm->place;

    for (; place > 1 && alarm->at < heap->alarms[place / 2]->at; place /= 2)
        put(heap, place, heap->alarms[place / 2]);
    put(heap, place, alarm);
}

static void sink(struct heap *heap, struct heap_alarm *alarm)
{
    size_t place = alarm->place, child;

    for (; (child = 2 * place) <= heap->count; place = child) {
        if (child < heap->count && heap->alarms[child + 1]->at < heap->alarms[child]->at)
            child++;
        if (heap->alarms[child]->at >= alarm->at)
            break;
        put(heap, place, heap->alarms[child]);
    }
    put(heap, place, alarm);
}

/* The last one takes the empty place. */
static void take_out(struct heap *heap, struct heap_alarm *alarm)
{
    struct heap_alarm *last = heap->alarms[heap->count--];
    size_t place = alarm->place;

    alarm->place = 0;
    if (last == alarm)
        return;
    put(heap, place, last);
    rise(heap, last);
    sink(heap, last);
}

void heap_set(struct heap *heap, struct heap_alarm *alarm, uint64_t at)
{
    alarm->at = at;
    if (at == HEAP_NEVER) {
        if (alarm->place != 0)
            take_out(heap, alarm);
        return;
    }
    if (alarm->place == 0) {
        if (heap->count == heap->cap)
            abort(); /* the owner has promised */
        put(heap, ++heap->count, alarm);
    }
    rise(heap, alarm);
    sink(heap, alarm);
}

struct heap_alarm *heap_first(const struct heap *heap)
{
    return heap->count > 0 ? heap->alarms[1] : NULL;
}
