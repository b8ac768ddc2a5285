/* relay.h - a bad network between two processes: datagrams are delayed, and lost once it is told to lose them. */
#ifndef BENCH_REHANDSHAKE_RELAY_H
#define BENCH_REHANDSHAKE_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apps/impair_fate.h"
#include "bench/rehandshake/book.h"

struct relay_parcel;

struct relay {
    struct impair_settings settings;
    struct impair_random random[2];
    bool losing;
    int fd[2];         /* towards the client, towards the server */
    bool knows_client; /* the first one is connected to it */
    bool *lost[2];     /* by sender: what became of its datagrams, in the order they were sent */
    size_t count[2], cap[2];
    struct relay_parcel *first, *last; /* under way; all take equally long */
};

/* Opens both sockets; *port is what a client may connect to. Ends the program when there are no sockets. */
void relay_open(struct relay *relay, uint16_t server_port, uint16_t *port);
void relay_close(struct relay *relay);

/* Takes what has come from a side, and sends on what is due at `now` (microseconds of CLOCK_MONOTONIC). */
void relay_take(struct relay *relay, enum book_side from, uint64_t now);
void relay_deliver(struct relay *relay, uint64_t now);

/* When relay_deliver has something to do; UINT64_MAX when nothing is under way. */
uint64_t relay_due(const struct relay *relay);

/* Was a side's datagram with this number lost? */
bool relay_has_lost(const struct relay *relay, enum book_side from, size_t number);

#endif
