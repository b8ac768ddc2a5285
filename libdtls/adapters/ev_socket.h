/* ev_socket.h - one non-blocking UDP socket, its buffers, and the life of what stands on it. */
#ifndef DTLS_ADAPTERS_EV_SOCKET_H
#define DTLS_ADAPTERS_EV_SOCKET_H

#include <ev.h>

#include "adapters/ev_path.h"

enum {
    DTLS_EV_DATAGRAM = 65536, /* bytes; no UDP payload is longer */
    DTLS_EV_BURST = 64,       /* datagrams taken in one go, so that timers get their turn */
};

struct dtls_ev_socket {
    struct ev_loop *loop;
    int fd;                       /* -1: closed */
    ev_io readable;               /* its data is the owner's */
    struct dtls_ev_address local; /* bound to, but for the port; unset when connected */
    bool connected;
    bool has_errors; /* a call has failed because of an earlier datagram: there is more to read about it */

    /* An application may free anything from any callback. What it frees is put aside until the outermost call on
     * this socket returns: then, and only then, `idle` frees it for good. */
    unsigned busy;
    void (*idle)(struct dtls_ev_socket *socket);

    uint8_t in[DTLS_EV_DATAGRAM]; /* data events point into it */
    uint8_t out[DTLS_EV_DATAGRAM];
};

/* Opens one, connected to `remote` or bound to `local` (the other is NULL), and starts watching it. With `share` other
 * sockets may be bound to the same port, if they say so, too.
 * DTLS_OK or DTLS_EV_ERR_SYSTEM with errno; then nothing is open. */
int dtls_ev_socket_open(struct dtls_ev_socket *opened, struct ev_loop *loop, const struct dtls_ev_address *local,
                        const struct dtls_ev_address *remote, bool share);

/* Stops watching and closes; again does nothing. */
void dtls_ev_socket_close(struct dtls_ev_socket *socket);

/* One datagram into `in`: true with *len, and *from when that is wanted; false when no more is waiting.
 * An error that an earlier datagram met on its way (ICMP) reads as an empty datagram, and sets `has_errors`. */
bool dtls_ev_socket_receive(struct dtls_ev_socket *socket, struct dtls_ev_address *from, size_t *len);

/* The next such error; false when there are no more. */
bool dtls_ev_socket_next_error(struct dtls_ev_socket *socket, struct dtls_ev_path_error *error);

/* Sends, in one piece. False: nothing has left, since the path to `to` takes no datagram of `len` bytes. What cannot be
 * sent for other reasons is lost, as anywhere else in the network. */
bool dtls_ev_socket_send(struct dtls_ev_socket *socket, const struct dtls_ev_address *to, const uint8_t *datagram,
                         size_t len);

/* Sends, and lets anybody on the way cut it. Two system calls more. */
void dtls_ev_socket_send_in_fragments(struct dtls_ev_socket *socket, const struct dtls_ev_address *to,
                                      const uint8_t *datagram, size_t len);

/* The bytes of UDP payload that the kernel believes to fit on the path to `to`; 0 when it does not say. */
size_t dtls_ev_socket_fits(const struct dtls_ev_socket *socket, const struct dtls_ev_address *to);

/* Around every call and every callback of libev on this socket. After _leave the socket may be gone. */
void dtls_ev_socket_enter(struct dtls_ev_socket *socket);
void dtls_ev_socket_leave(struct dtls_ev_socket *socket);

#endif
