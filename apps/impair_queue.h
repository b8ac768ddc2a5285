/* impair_queue.h - datagrams that are under way, ordered by the time at which they are due. */
#ifndef IMPAIR_QUEUE_H
#define IMPAIR_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IMPAIR_QUEUE_COUNT = 8192,            /* datagrams under way at once; like a router, we drop what does not fit */
    IMPAIR_QUEUE_BYTES = 32 * 1024 * 1024 /* and their payloads together */
};

enum impair_direction { IMPAIR_UP, IMPAIR_DOWN }; /* client to server, and back */

/* One datagram under way. */
struct impair_parcel {
    uint64_t due_us;
    uint64_t order; /* of arrival, set by the queue: what is due together leaves in this order */
    size_t client;  /* index of the client it comes from or goes to */
    enum impair_direction direction;
    bool copy;      /* the second of a doubled datagram */
    bool corrupted; /* its records are counted as lost already */
    size_t len;
    uint8_t bytes[];
};

/* A heap of parcels. All zeroes is the empty queue. */
struct impair_queue {
    struct impair_parcel *heap[IMPAIR_QUEUE_COUNT];
    size_t count;
    size_t bytes;
    uint64_t arrivals;
};

/* Copies parcel and bytes in. False when there is no room: nothing was kept. */
bool impair_queue_put(struct impair_queue *queue, const struct impair_parcel *parcel, const uint8_t *bytes);

/* When the first parcel is due; UINT64_MAX when there is none. */
uint64_t impair_queue_due(const struct impair_queue *queue);

/* Takes the first parcel out, whenever it is due; the caller frees it. NULL when there is none. */
struct impair_parcel *impair_queue_take(struct impair_queue *queue);

#endif
