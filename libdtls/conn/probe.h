/* probe.h - the search for the largest datagram that a path carries (RFC 8899; contract M6). Knows sizes and times; no
 * record, no connection. */
#ifndef DTLS_CONN_PROBE_H
#define DTLS_CONN_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes/time_after.h"

enum { DTLS_PROBE_LOSSES = 3 /* in a row: the size does not pass (MAX_PROBES) */ };

#define DTLS_PROBE_TIMER   ((uint64_t)1000 * 1000)       /* at least, for an answer (PROBE_TIMER) */
#define DTLS_PROBE_CONFIRM ((uint64_t)15 * 1000 * 1000)  /* while data goes: does the size still pass? */
#define DTLS_PROBE_RAISE   ((uint64_t)600 * 1000 * 1000) /* the path may have grown (PMTU_RAISE_TIMER) */

/* All zeroes is no search. */
struct dtls_probe {
    bool running;
    size_t good;         /* passes: the MTU */
    size_t least;        /* what a black hole falls back to */
    size_t most;         /* the end of the search */
    size_t too_big;      /* the smallest size that is known not to pass; most + 1 at first */
    size_t size;         /* being tried; 0: none */
    bool in_the_air;     /* has left, and its answer is awaited */
    uint32_t number;     /* of the probe that is tried: its answer repeats it */
    unsigned losses;     /* of this size, in a row */
    dtls_time deadline;  /* of the answer, or until the next step */
    dtls_time raise_at;  /* when the search begins anew */
    uint64_t data_count; /* records sent when the size was confirmed last */
};

/* A search from `good`, which is taken to pass, up to `most`. Nothing to do when that is not above it. */
void dtls_probe_begin(struct dtls_probe *probe, size_t good, size_t least, size_t most, dtls_time now);

/* A handshake runs: what is in the air counts for nothing, and the search waits. */
void dtls_probe_pause(struct dtls_probe *probe, dtls_time now);

/* Its time has come, or may have. `data_count` is how many records of data were sent so far: without any since the last
 * time nothing is confirmed. False: a black hole, `good` has fallen. */
bool dtls_probe_tick(struct dtls_probe *probe, uint64_t data_count, dtls_time now);

/* The size that is to be sent now; 0: none. And that it was. */
size_t dtls_probe_wanted(const struct dtls_probe *probe);
void dtls_probe_sent(struct dtls_probe *probe, uint64_t round_trip_us, dtls_time now);

/* An answer to probe `number`. True when `good` has risen. */
bool dtls_probe_answered(struct dtls_probe *probe, uint32_t number, dtls_time now);

/* The system says that no more than `fits` bytes pass. */
void dtls_probe_told(struct dtls_probe *probe, size_t fits, dtls_time now);

/* When tick is due, or DTLS_NEVER. */
dtls_time dtls_probe_deadline(const struct dtls_probe *probe, uint64_t data_count);

#endif
