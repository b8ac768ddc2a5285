/* impair_fate.h - what the bad network does to one datagram. */
#ifndef IMPAIR_FATE_H
#define IMPAIR_FATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IMPAIR_REORDER_US = 50000, /* how much later a reordered datagram leaves: two or three voice records overtake it */
    IMPAIR_COPY_US = 5000      /* how far a copy is behind its original */
};

struct impair_settings {
    double loss, reorder, duplicate, corrupt; /* percent of the datagrams */
    double delay_ms, jitter_ms;
    uint32_t mtu; /* largest payload that passes */
};

struct impair_fate {
    bool too_large, lost; /* at most one; nothing else happens to such a datagram */
    bool reordered, duplicated, corrupted;
    uint64_t delay_us;
    size_t bit; /* which one flips, if corrupted */
};

/* The state of a random number generator: any value seeds it. */
struct impair_random {
    uint64_t state;
};

/* Decides about the next datagram, of `len` bytes. Takes the same number of random numbers each time: with the same
 * seed, datagram n is lost or not whatever else is switched on. */
struct impair_fate impair_decide(const struct impair_settings *settings, struct impair_random *random, size_t len);

#endif
