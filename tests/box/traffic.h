/* traffic.h - numbered application records in both directions, and the oracle that knows which of them the network
 * brought intact to the engine: each of those must be delivered to the application exactly once. */
#ifndef DTLS_TESTS_BOX_TRAFFIC_H
#define DTLS_TESTS_BOX_TRAFFIC_H

#include "tests/box/pair.h"

enum { TRAFFIC_SMALLEST = 24 }; /* bytes of a record that can carry its number and checksum */

/* The life of one record; a time of 0 means not (yet). */
struct traffic_record {
    uint64_t sent_us;
    uint64_t arrived_us; /* first intact copy at the other end */
    uint64_t delivered_us;
    unsigned deliveries;
    uint16_t epoch; /* that it was sealed under */
};

/* One direction. */
struct traffic_flow {
    struct traffic *traffic;
    enum net_end from;
    uint64_t interval_us;
    size_t size;
    bool running;

    struct traffic_record *records; /* by number */
    size_t count, cap;

    size_t refused; /* by dtls_conn_send after the sender's OPEN */
    int last_refusal;
    size_t delivered, duplicated, corrupted;
    uint64_t last_delivery_us, longest_gap_us; /* between two deliveries */
    uint64_t longest_wait_us;                  /* from arrival to delivery */
};

struct traffic {
    struct pair *pair;
    struct traffic_flow flow[2]; /* by sender */
};

/* Watches the pair; nothing is sent yet. Free it before the pair. */
struct traffic *traffic_new(struct pair *pair);
void traffic_free(struct traffic *traffic);

/* From now on, and from its OPEN on, `from` sends a record of `size` bytes every `interval_us`. */
void traffic_start(struct traffic *traffic, enum net_end from, uint64_t interval_us, size_t size);
void traffic_stop(struct traffic *traffic);

/* Sends one record now; what dtls_conn_send answered. Its number is flow[from].count - 1 afterwards. */
int traffic_send(struct traffic *traffic, enum net_end from, size_t size);

/* Forgets the gap and wait so far: to measure from here. */
void traffic_measure(struct traffic *traffic);

/* The first record that arrived and was not delivered; false when there is none. */
bool traffic_missing(const struct traffic_flow *flow, size_t *number);

/* Checks with CUnit: nothing refused, doubled, damaged, or missing. `seed` names the case. */
void traffic_check(const struct traffic *traffic);

#endif
