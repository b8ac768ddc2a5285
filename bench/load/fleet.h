/* fleet.h - all clients: who begins when, one epoll for their sockets, one heap for their alarms. */
#ifndef BENCH_LOAD_FLEET_H
#define BENCH_LOAD_FLEET_H

#include "bench/load/choices.h"
#include "bench/load/client.h"
#include "bench/load/heap.h"

struct fleet {
    struct client_plan *plan;
    struct client *clients;
    struct heap heap;
    int epoll;
    uint32_t count, started;
    uint32_t handshaking; /* those in their first handshake */
};

/* Refuses (exit 2) more clients than the system has file descriptors or memory for. */
void fleet_init(struct fleet *fleet, uint32_t count, struct client_plan *plan);
void fleet_free(struct fleet *fleet);

/* Begins the first handshakes, and returns when each client is open or has failed. */
void fleet_connect(struct fleet *fleet, const struct choices *choices);

/* Records and rehandshakes, for so long. */
void fleet_load(struct fleet *fleet, uint64_t for_us);

/* Waits for echoes and for the ends of rehandshakes, but no longer than a few seconds; counts what is missing. */
void fleet_settle(struct fleet *fleet);

/* Closes all that live. */
void fleet_close(struct fleet *fleet);

#endif
