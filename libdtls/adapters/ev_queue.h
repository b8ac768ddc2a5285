/* ev_queue.h - datagrams that leave together, at the end of a turn of the loop: gathered by where they go and by their
 * length, so that the kernel is called once for many. Bounded. Knows no DTLS. */
#ifndef DTLS_ADAPTERS_EV_QUEUE_H
#define DTLS_ADAPTERS_EV_QUEUE_H

#include "adapters/ev_io.h"
#include "adapters/ev_path.h"
#include "dtls/ev.h"

enum {
    DTLS_EV_DATAGRAM = 65536,     /* bytes; no UDP payload is longer */
    DTLS_EV_QUEUE_BYTES = 131072, /* that may wait; and one datagram more */
    DTLS_EV_QUEUE_PIECES = 1024,
    DTLS_EV_QUEUE_RUNS = 256,
    DTLS_EV_SHARE = 16, /* datagrams of one peer that may wait where the kernel takes nothing more */
};

/* One datagram in the buffer. */
struct dtls_ev_piece {
    uint32_t at;
    uint16_t len;
    uint16_t next; /* of the same run */
};

/* Datagrams to one address, each as long as the first; the last may be shorter. */
struct dtls_ev_run {
    struct dtls_ev_address to;
    uint16_t size;
    bool closed; /* its last datagram is shorter: nothing may follow */
    uint16_t first, last, count;
    uint32_t bytes;
};

/* Of one peer, for it to find its open run again. All zeroes: it has none. */
struct dtls_ev_lane {
    uint64_t batch;
    uint16_t run;
    uint16_t waiting; /* datagrams */
};

struct dtls_ev_queue {
    uint8_t *bytes; /* owned; DTLS_EV_QUEUE_BYTES + DTLS_EV_DATAGRAM */
    size_t used;
    struct dtls_ev_piece pieces[DTLS_EV_QUEUE_PIECES];
    size_t piece_count;
    struct dtls_ev_run runs[DTLS_EV_QUEUE_RUNS];
    size_t run_count, first_run; /* which has not left yet */
    uint64_t batch;
    bool connected;
    bool whole;                 /* the kernel cuts nothing: every datagram is a message of its own */
    bool blocked;               /* the socket takes nothing now */
    struct dtls_ev_stats stats; /* of sending */

    /* A datagram of a run was too big for the path to `to`, and has not left. */
    void (*too_big)(void *arg, const struct dtls_ev_address *to);
    void *arg;
};

/* False without memory. The rest of the struct is zeroes. */
bool dtls_ev_queue_init(struct dtls_ev_queue *queue, bool connected);
void dtls_ev_queue_free(struct dtls_ev_queue *queue);

bool dtls_ev_queue_is_empty(const struct dtls_ev_queue *queue);

/* Where the next datagram is to be written, DTLS_EV_DATAGRAM bytes; NULL when so much waits that it has to leave first.
 */
uint8_t *dtls_ev_queue_room(const struct dtls_ev_queue *queue);

/* Has this peer as much waiting as its share, while the socket takes nothing? */
bool dtls_ev_queue_is_full_for(const struct dtls_ev_queue *queue, const struct dtls_ev_lane *lane);

/* The datagram that was written there waits now. `lane` may be NULL. */
void dtls_ev_queue_add(struct dtls_ev_queue *queue, struct dtls_ev_lane *lane, const struct dtls_ev_address *to,
                       size_t len);

/* Gives all of it to the kernel, or as much as it takes: then `blocked` is set. True when something is known to have
 * gone wrong with an earlier datagram. */
bool dtls_ev_queue_flush(struct dtls_ev_queue *queue, int fd);

/* What becomes of one datagram that goes at once. */
enum dtls_ev_fate {
    DTLS_EV_LEFT,
    DTLS_EV_TOO_BIG, /* for the path: nothing has left */
    DTLS_EV_BLOCKED, /* the buffer is full: nothing has left */
    DTLS_EV_LOST,    /* as anywhere in the network */
};
enum dtls_ev_fate dtls_ev_queue_send_now(struct dtls_ev_queue *queue, int fd, const struct dtls_ev_address *to,
                                         const uint8_t *bytes, size_t len, bool *has_errors);

/* The same, and anybody on the way may cut it. Two system calls more. */
void dtls_ev_queue_send_in_fragments(struct dtls_ev_queue *queue, int fd, const struct dtls_ev_address *to,
                                     const uint8_t *bytes, size_t len, bool *has_errors);

#endif
