/* net.h - a virtual network between two ends, and the virtual clock. Knows datagrams and time, nothing of DTLS.
 *
 * Nothing happens by itself: the owner asks net_next_time, jumps there with net_run_next or net_advance, and so on. */
#ifndef DTLS_TESTS_BOX_NET_H
#define DTLS_TESTS_BOX_NET_H

#include "tests/box/rng.h"

#define NET_MS     ((uint64_t)1000)
#define NET_SECOND ((uint64_t)1000000)
#define NET_NEVER  UINT64_MAX

enum net_end { CLIENT, SERVER };

static inline enum net_end net_other(enum net_end end)
{
    return end == CLIENT ? SERVER : CLIENT;
}

/* One direction. All zeroes is the perfect network. */
struct net_link {
    uint64_t delay_us;
    uint64_t jitter_us;                         /* up to this much more */
    unsigned loss, duplicate, reorder, corrupt; /* chances per 10,000; corrupt flips one bit */
    uint64_t reorder_us;                        /* the extra delay of a reordered datagram */
    size_t mtu;                                 /* larger datagrams vanish; 0: none is too large */
    uint64_t rate_bps;                          /* bits per second, with an endless queue in front; 0: no limit */
};

/* A datagram as the sender gave it to the network. */
struct net_sending {
    enum net_end from;
    size_t index; /* of all datagrams of both ends since the filter was set, from 0 */
    uint64_t now_us;
    const uint8_t *bytes;
    size_t len;
    uint64_t tag;
};

enum net_fate { NET_PASS, NET_DROP, NET_DOUBLE, NET_HOLD, NET_CORRUPT };

/* What a filter does to a datagram. PASS, DOUBLE and HOLD leave it to the link's chances afterwards. */
struct net_verdict {
    enum net_fate fate;
    uint64_t hold_us; /* HOLD: this much later */
};

typedef struct net_verdict net_filter(void *arg, const struct net_sending *sending);

/* A datagram that reaches an end. Copies of one datagram have its tag. */
struct net_datagram {
    enum net_end to;
    uint64_t tag; /* what the sender attached; 0 for injected ones */
    bool intact;  /* no bit was flipped on the way */
    size_t len;
    uint8_t bytes[]; /* may be overwritten by whoever gets it; gone when `deliver` returns */
};

/* A datagram that was sent, as the recorder keeps it. */
struct net_recorded {
    enum net_end from;
    uint64_t sent_us;
    size_t len;
    uint8_t *bytes;
};

/* What became of one end's datagrams. */
struct net_counts {
    size_t sent, lost, doubled, reordered, corrupted, too_large;
};

struct net_thing; /* in the queue: an arrival or a call */

struct net {
    uint64_t now_us; /* the clock */
    struct rng chance;
    struct net_link link[2]; /* by sending end; change at will */
    struct net_counts counts[2];
    bool trace; /* print every datagram on stderr (environment: DTLS_TRACE) */

    void (*deliver)(void *arg, struct net_datagram *datagram);
    void *deliver_arg;

    net_filter *filter; /* set with net_set_filter */
    void *filter_arg;
    size_t filtered;

    bool recording; /* keep a copy of everything sent (not of what is injected) */
    struct net_recorded *recorded;
    size_t recorded_count;

    uint64_t busy_until_us[2]; /* of a link with a rate */
    struct net_thing **heap;   /* earliest first; of equals the first queued */
    size_t heap_count, heap_cap;
    uint64_t order;
};

void net_init(struct net *net, uint64_t seed, uint64_t start_us);
void net_clear(struct net *net);

/* Every datagram passes `filter` before the link; NULL ends that. The index starts again. */
void net_set_filter(struct net *net, net_filter *filter, void *arg);

/* Sends one datagram to the other end. */
void net_send(struct net *net, enum net_end from, const uint8_t *bytes, size_t len, uint64_t tag);

/* An attacker's datagram: reaches `to` at `at_us` whatever filter and link are. */
void net_inject(struct net *net, enum net_end to, uint64_t at_us, const uint8_t *bytes, size_t len);

/* Calls `function` at `at_us`: an application's tick. */
void net_call_at(struct net *net, uint64_t at_us, void (*function)(void *arg), void *arg);

/* When the next thing happens, or NET_NEVER. */
uint64_t net_next_time(const struct net *net);

/* Jumps to the next thing and lets it happen; one that the clock has passed already (net_advance) happens now. */
void net_run_next(struct net *net);

/* Moves the clock. What was due meanwhile is late, as for a program that was suspended. */
void net_advance(struct net *net, uint64_t to_us);

#endif
