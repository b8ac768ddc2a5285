/* impair_queue.c - a binary heap of datagrams under way. Knows no socket and no clock. */
#include "apps/impair_queue.h"

#include <stdlib.h>
#include <string.h>

static bool is_before(const struct impair_parcel *a, const struct impair_parcel *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

bool impair_queue_put(struct impair_queue *queue, const struct impair_parcel *parcel, const uint8_t *bytes)
{
    if (queue->count == IMPAIR_QUEUE_COUNT || queue->bytes + parcel->len > IMPAIR_QUEUE_BYTES)
        return false;
    struct impair_parcel *kept = malloc(sizeof *kept + parcel->len);
    if (kept == NULL)
        return false;
    *kept = *parcel;
    kept->order = queue->arrivals++;
    memcpy(kept->bytes, bytes, parcel->len);
    queue->bytes += parcel->len;

    size_t hole = queue->count++;
    while (hole > 0 && is_before(kept, queue->heap[(hole - 1) / 2])) {
        queue->heap[hole] = queue->heap[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    queue->heap[hole] = kept;
    return true;
}

uint64_t impair_queue_due(const struct impair_queue *queue)
{
    return queue->count > 0 ? queue->heap[0]->due_us : UINT64_MAX;
}

struct impair_parcel *impair_queue_take(struct impair_queue *queue)
{
    if (queue->count == 0)
        return NULL;
    struct impair_parcel *first = queue->heap[0];
    struct impair_parcel *last = queue->heap[--queue->count];
    queue->bytes -= first->len;

    size_t hole = 0;
    for (size_t child = 1; child < queue->count; child = 2 * hole + 1) {
        if (child + 1 < queue->count && is_before(queue->heap[child + 1], queue->heap[child]))
            child++;
        if (!is_before(queue->heap[child], last))
            break;
        queue->heap[hole] = queue->heap[child];
        hole = child;
    }
    queue->heap[hole] = last;
    return first;
}
