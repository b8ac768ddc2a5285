/* ev_socket.h - one non-blocking UDP socket on a loop: what has come, what waits to leave at the end of the turn, and
 * the life of what stands on it. */
#ifndef DTLS_ADAPTERS_EV_SOCKET_H
#define DTLS_ADAPTERS_EV_SOCKET_H

#include <ev.h>

#include "adapters/ev_path.h"
#include "adapters/ev_queue.h"
#include "dtls/ev.h"

enum {
    DTLS_EV_BURST = 64,   /* errors, or other things, taken in one go, so that timers get their turn */
    DTLS_EV_ARRIVALS = 32 /* messages taken with one call; each may be many datagrams */
};

struct dtls_ev_socket;

/* What the owner of a socket does. All but `idle` are called while it is busy. */
struct dtls_ev_owner {
    /* These come next; may be NULL. */
    void (*expect)(struct dtls_ev_socket *socket, const struct dtls_ev_arrival *arrivals, size_t count);
    /* Takes all datagrams of an arrival (dtls_ev_socket_next), which are gone when this returns, and tells what comes
     * of them. `settle` follows, when all arrivals are taken. */
    void (*receive)(struct dtls_ev_socket *socket, struct dtls_ev_arrival *arrival);
    /* The kernel has a new opinion of how much fits to there. Called in the middle of sending: tells nobody. */
    void (*too_big)(struct dtls_ev_socket *socket, const struct dtls_ev_address *to);
    /* After that, or when the socket takes datagrams again: time to tell and to send. */
    void (*settle)(struct dtls_ev_socket *socket);
    /* Nothing is busy any more: what was freed meanwhile can go, the socket itself included. */
    void (*idle)(struct dtls_ev_socket *socket);
    /* Has the owner been freed? Then nothing more is given to it. */
    bool (*is_dead)(const struct dtls_ev_socket *socket);
};

struct dtls_ev_socket {
    struct ev_loop *loop;
    const struct dtls_ev_owner *owner;
    int fd; /* -1: closed */
    ev_io readable, writable;
    ev_prepare turn_ends;          /* while something waits to leave: before the loop sleeps, ... */
    ev_idle not_asleep;            /* ... or after, where it was put in behind that; it does not sleep meanwhile */
    struct dtls_ev_address local;  /* bound to, but for the port; unset when connected */
    struct dtls_ev_address remote; /* connected to */
    bool connected;
    bool has_errors; /* a call has failed because of an earlier datagram: there is more to read about it */
    uint64_t now;    /* microseconds; of the outermost call, or of this turn of the loop */
    double turn;     /* ev_now() then */

    /* An application may free anything from any callback. What it frees is put aside until the outermost call on
     * this socket returns: then, and only then, owner->idle frees it for good. */
    unsigned busy;

    uint8_t *in; /* owned; arrival_count times room for a datagram */
    size_t arrival_count;
    struct dtls_ev_arrival arrivals[DTLS_EV_ARRIVALS]; /* data events point into what they point to */
    uint64_t received, receive_calls;
    dtls_ev_other *other; /* gets what is not DTLS; may be NULL */
    void *other_arg;
    struct dtls_ev_queue queue;
};

enum dtls_ev_binding {
    DTLS_EV_CONNECTED, /* to a peer */
    DTLS_EV_BOUND,     /* to an address of our own */
    DTLS_EV_SHARED,    /* the same, with others */
};

/* Opens one and starts watching it. DTLS_OK, DTLS_ERR_NO_MEMORY, or DTLS_EV_ERR_SYSTEM with errno; then nothing is
 * open. */
int dtls_ev_socket_open(struct dtls_ev_socket *opened, struct ev_loop *loop, const struct dtls_ev_owner *owner,
                        const struct dtls_ev_address *address, enum dtls_ev_binding binding);

/* Sends what waits, stops watching and closes; again does nothing. */
void dtls_ev_socket_close(struct dtls_ev_socket *socket);

/* Gives back its memory. */
void dtls_ev_socket_free(struct dtls_ev_socket *socket);

/* The next datagram of an arrival, decrypted in place; NULL when there is none, or nobody to take it. What is not DTLS
 * has gone to `other`. */
uint8_t *dtls_ev_socket_next(struct dtls_ev_socket *socket, struct dtls_ev_arrival *arrival, size_t *len);

/* Where the next datagram may be written, DTLS_EV_DATAGRAM bytes; NULL while the socket takes nothing more. */
uint8_t *dtls_ev_socket_room(struct dtls_ev_socket *socket);

/* The datagram that was written there leaves at the end of the turn. */
void dtls_ev_socket_put(struct dtls_ev_socket *socket, struct dtls_ev_lane *lane, const struct dtls_ev_address *to,
                        size_t len);

/* A copy of a datagram leaves at the end of the turn. As dtls_ev_send_other. */
int dtls_ev_socket_send_other(struct dtls_ev_socket *socket, struct dtls_ev_lane *lane,
                              const struct dtls_ev_address *to, const uint8_t *datagram, size_t len);

/* Or at once, behind all that waits. */
enum dtls_ev_fate dtls_ev_socket_send_now(struct dtls_ev_socket *socket, const struct dtls_ev_address *to,
                                          const uint8_t *bytes, size_t len);

/* At once, and anybody on the way may cut it. Two system calls more. */
void dtls_ev_socket_send_in_fragments(struct dtls_ev_socket *socket, const struct dtls_ev_address *to,
                                      const uint8_t *bytes, size_t len);

/* All that waits leaves now, as far as the kernel takes it. */
void dtls_ev_socket_flush(struct dtls_ev_socket *socket);

/* What it has done so far. */
void dtls_ev_socket_stats(const struct dtls_ev_socket *socket, struct dtls_ev_stats *out);

/* The bytes of UDP payload that the kernel believes to fit on the path to `to`; 0 when it does not say. */
size_t dtls_ev_socket_fits(const struct dtls_ev_socket *socket, const struct dtls_ev_address *to);

/* Around every call and every callback of libev on this socket. After _leave the socket may be gone. */
void dtls_ev_socket_enter(struct dtls_ev_socket *socket);
void dtls_ev_socket_leave(struct dtls_ev_socket *socket);

#endif
