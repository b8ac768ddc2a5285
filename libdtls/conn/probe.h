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
#define DTLS_PROBE_PATIENT ((uint64_t)60 * 1000 * 1000)  /* the longest wait, while nothing at all is answered */
#define DTLS_PROBE_CONFIRM ((uint64_t)15 * 1000 * 1000)  /* while data goes: does the size still pass? */
#define DTLS_PROBE_RAISE   ((uint64_t)600 * 1000 * 1000) /* the path may have grown (PMTU_RAISE_TIMER) */

/*
 * A probe that is not answered says nothing by itself: the path may be down, or the peer in a handshake, where it
 * answers none. A small one follows, the control: only when that is answered the larger one is a loss.
 */
enum dtls_probe_state {
    DTLS_PROBE_OFF,
    DTLS_PROBE_RESTS,         /* until a confirmation or a new search is due */
    DTLS_PROBE_WANTED,        /* one of `size` is to be sent */
    DTLS_PROBE_IN_THE_AIR,    /* and was */
    DTLS_PROBE_CONTROL,       /* the control is to be sent */
    DTLS_PROBE_CONTROL_FLIES, /* and was */
};

/* All zeroes is no search. `to` is its owner's. */
struct dtls_probe {
    uint8_t state;       /* enum dtls_probe_state */
    uint8_t losses;      /* of `size`, in a row */
    uint16_t to;         /* where the configuration wants a search to end */
    uint32_t good;       /* passes: the MTU; always below too_big */
    uint32_t least;      /* what a black hole falls back to */
    uint32_t most;       /* the end of the search */
    uint32_t too_big;    /* the smallest size that is known not to pass; most + 1 at first */
    uint32_t size;       /* being tried; not while it rests */
    uint32_t number;     /* of that size: an answer to any try of it counts, however late */
    uint32_t patience;   /* for the next answer */
    dtls_time deadline;  /* of the answer, or of the next step */
    dtls_time raise_at;  /* when the search begins anew */
    uint64_t data_count; /* records sent when the size was confirmed last */
};

/* A search from `good`, which is taken to pass, up to `most`, which is no less. A black hole falls back to `least`. */
void dtls_probe_begin(struct dtls_probe *probe, size_t good, size_t least, size_t most, dtls_time now);

/* A handshake has begun: the peer answers nothing, and what is in the air counts for nothing: it is sent again. */
void dtls_probe_pause(struct dtls_probe *probe);

enum dtls_probe_outcome { DTLS_PROBE_AS_IT_WAS, DTLS_PROBE_ROSE, DTLS_PROBE_FELL };

/* Its time has come, or may have. `data_count` is how many records of data were sent so far: without any since the last
 * time nothing is confirmed. */
void dtls_probe_tick(struct dtls_probe *probe, uint64_t data_count, dtls_time now);

/* The size that is to be sent now (1 stands for the smallest there is); 0: none. And that it was. */
size_t dtls_probe_wanted(const struct dtls_probe *probe);
void dtls_probe_sent(struct dtls_probe *probe, uint64_t round_trip_us, dtls_time now);

/* What stands in the one that is sent, and is repeated in its answer. */
uint32_t dtls_probe_number(const struct dtls_probe *probe);

/* False for an answer to nothing that counts any more; else what has become of `good`. */
bool dtls_probe_answered(struct dtls_probe *probe, uint32_t number, dtls_time now, enum dtls_probe_outcome *outcome);

/* The system says that no more than `fits` bytes pass. */
void dtls_probe_told(struct dtls_probe *probe, size_t fits, dtls_time now);

/* When tick is due, or DTLS_NEVER. */
dtls_time dtls_probe_deadline(const struct dtls_probe *probe, uint64_t data_count);

#endif
