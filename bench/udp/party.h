/* party.h - the door between the common part of a run and what is measured: each file that implements it is a program,
 * whose one process sends records to its other one. */
#ifndef BENCH_UDP_PARTY_H
#define BENCH_UDP_PARTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/udp/meter.h"

enum {
    PARTY_MTU = 1400,       /* UDP payload bytes; what every library is told */
    PARTY_MOST_SIZE = 1200, /* bytes of a record */
    PARTY_MOST_BURST = 32,
};

/* One end. */
struct party {
    const char *cipher; /* one of the library's */
    size_t size, burst; /* bytes of a record; records that the sender has in each turn of its loop */
    int fd;             /* a blocking UDP socket on loopback, connected to the other end's */
    struct meter *meter;
};

/*
 * What is measured. The sender's loop is the same for all: as long as !meter_is_over, a turn, in which it looks at its
 * socket (party_look), as every sender must that can be spoken to, and sends a burst if meter_has_room for one.
 */
struct party_library {
    const char *name;
    const char *(*version)(void);
    const char *const *ciphers; /* NULL at the end */

    /* Connects (meter_begin), and sends until all is measured. */
    void (*send)(const struct party *party);

    /* Accepts, and receives for ever. */
    void (*receive)(const struct party *party);
};

extern const struct party_library party_library;

/* Gives every datagram socket of the process large buffers, as far as the system lets it. */
void party_enlarge_buffers(void);

/* Has anything come to the sender? What comes to it in these runs means nothing. */
void party_look(const struct party *party);

/* The loop of a sender that has one call for a burst: send(burst's argument, records, bytes of each, count). */
void party_send_bursts(const struct party *party,
                       void (*burst)(void *arg, const uint8_t *data, size_t size, size_t count), void *arg);

#endif
