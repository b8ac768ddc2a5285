/* wire.h - the UDP socket of a peer: datagrams in and out, counted and timed, one at a time.
 * Looks at record headers, which are in the clear; knows no library. */
#ifndef BENCH_PEERS_WIRE_H
#define BENCH_PEERS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apps/address.h"
#include "bench/peers/arrivals.h"
#include "bench/peers/settings.h"

enum { WIRE_DATAGRAM = 65536 };

struct wire {
    int fd;
    bool connected;       /* a server is, to whoever sends the first ClientHello */
    struct address other; /* the other side's, once connected */

    uint64_t sent, received; /* datagrams; so also the number of the next one */
    uint64_t data_sent;      /* those of `sent` with application data in them; of the last one of these: */
    uint64_t data_datagram;  /* its number */
    uint64_t data_left;      /* when it was given to the socket */

    uint8_t datagram[WIRE_DATAGRAM]; /* the one that is being handed on */
    size_t len;                      /* 0 when it is taken */
    bool dry;                        /* more was asked for than that one */
    struct arrivals arrivals;
};

/* Opens the socket; refuses (exit 2) an address that cannot be had. */
void wire_open(struct wire *wire, const struct settings *settings);
void wire_close(struct wire *wire);
uint16_t wire_port(const struct wire *wire);

/* ---- for call.c ---- */

/* Takes the next datagram from the socket for wire_take; false when none is there. */
bool wire_receive(struct wire *wire);

/* What the library has left of it is gone. */
void wire_drop(struct wire *wire);

/* Waits for a datagram, but not beyond `until` (clock_now's time). */
void wire_wait(const struct wire *wire, uint64_t until);

/* ---- for the libraries ---- */

/* Sends one whole datagram. What the network thinks of it is the network's business. */
void wire_send(struct wire *wire, const uint8_t *datagram, size_t len);

/* Takes the datagram that waits, whole; 0 when it is taken already, or longer than `cap`, and then the wire is dry. */
size_t wire_take(struct wire *wire, uint8_t *out, size_t cap);

/* Is there one to take? If not, the wire is dry, too. */
bool wire_waits(struct wire *wire);

/* Has it application data? Then also of which epoch the first of it is. */
bool wire_has_data(const struct wire *wire, uint16_t *epoch);

#endif
