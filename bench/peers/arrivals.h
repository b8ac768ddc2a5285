/* arrivals.h - which datagram did a delivered record come in?
 *
 * A library says what it delivers, not where that came from. Normally it came in the datagram that was handed over
 * last. A record that the library has held back came earlier, and which of the earlier ones it was in is our best
 * knowledge only: the oldest one, in the newest epoch, that is not accounted for and did not arrive before the record
 * was written. A record that the library has dropped stays unaccounted for, and may be taken for a held one.
 * Knows record headers (RFC 6347, 4.1), no library and no socket. */
#ifndef BENCH_PEERS_ARRIVALS_H
#define BENCH_PEERS_ARRIVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ARRIVALS_KEPT = 1024, /* records of application data looked back upon: 20 s of a voice call */
    ARRIVALS_AT_ONCE = 512,
};

/* One record of application data that has arrived. */
struct arrival {
    uint64_t datagram, at;
    uint16_t epoch;
    bool accounted;
};

/* One record that the library has delivered since the last datagram arrived. */
struct delivery {
    uint64_t number, written_at, at;
};

/* Zero is a valid start. */
struct arrivals {
    struct arrival ring[ARRIVALS_KEPT];
    uint64_t count;   /* ever noted; the newest is ring[(count - 1) % ARRIVALS_KEPT] */
    uint64_t current; /* how many of these are of the datagram that was noted last */
    struct delivery deliveries[ARRIVALS_AT_ONCE];
    size_t delivery_count;
};

/* Notes a datagram as it arrives. */
void arrivals_note(struct arrivals *arrivals, const uint8_t *datagram, size_t len, uint64_t number, uint64_t at);

/* Notes a delivery. False when there are too many of one datagram. */
bool arrivals_deliver(struct arrivals *arrivals, const struct delivery *delivery);

/*
 * The library has nothing more to deliver from the last datagram: calls tell(arg, delivery, arrival) for each delivery,
 * in order. `arrival` is never NULL; an unknown one has the time of the delivery.
 */
void arrivals_settle(struct arrivals *arrivals,
                     void (*tell)(void *arg, const struct delivery *delivery, const struct arrival *arrival),
                     void *arg);

/* Has the datagram a record of application data in it? Then also the epoch of the first one. */
bool record_has_data(const uint8_t *datagram, size_t len, uint16_t *epoch);

/* Does it begin as a call does? */
bool record_is_hello(const uint8_t *datagram, size_t len);

#endif
