/* ev_internal.h - one association around the engine: a client is one, a server has many. */
#ifndef DTLS_ADAPTERS_EV_INTERNAL_H
#define DTLS_ADAPTERS_EV_INTERNAL_H

#include "adapters/ev_socket.h"
#include "dtls/ev.h"

struct dtls_ev_pooled;

struct dtls_ev_conn {
    struct dtls_conn *engine;
    struct dtls_ev_socket *socket;
    struct dtls_ev_address peer;
    dtls_ev_callback *callback;
    void *arg;
    void *data;                    /* the application's */
    bool in_callback;              /* an event is being told: the next one waits */
    bool dead;                     /* freed, but for the memory */
    struct dtls_ev_pooled *pooled; /* the job of it that a pool has; NULL: none */

    /* The way to the peer. */
    struct dtls_ev_lane lane;
    size_t proven; /* bytes; so much the kernel has taken before: it can wait for the others */
    bool thin;     /* the kernel says that even DTLS_EV_PATH_LEAST is too big: what is so small may be fragmented */

    /* A client's: a server has one timer for all. */
    ev_timer timer;
    dtls_time armed; /* what the timer is set to */

    /* A server's: NULL in a client, which owns its socket. */
    struct dtls_ev_server *server;
    struct dtls_ev_conn *next_dying; /* to be freed when the socket is idle */
};

/* ---- ev_conn.c ---- */

/* Sends what the engine has ready, or as much of it as the socket takes. */
void dtls_ev_conn_flush(struct dtls_ev_conn *conn);

/* Sends the `len` bytes at `datagram`, which dtls_ev_socket_room gave. False: it was too big for the path, and the
 * engine has been told, which believes in less than that now (or did before: a probe, M6). */
bool dtls_ev_conn_transmit(struct dtls_ev_conn *conn, const uint8_t *datagram, size_t len);

/* The kernel has a new opinion of how much fits. */
void dtls_ev_conn_heed(struct dtls_ev_conn *conn);

/* Tells one event. What the engine has ready is sent first: the answer to the event must not overtake the flight that
 * caused it, and the last alert must be out before the application frees the connection. */
void dtls_ev_conn_tell(struct dtls_ev_conn *conn, const struct dtls_event *event);

/* No more calls of the application will come, and none goes to it. */
void dtls_ev_conn_die(struct dtls_ev_conn *conn);

/* Sets a timer for a deadline, given what it is set to. */
void dtls_ev_arm(struct ev_loop *loop, ev_timer *timer, dtls_time *armed, dtls_time deadline);

/* ---- ev_client.c and ev_server.c ---- */

/* After every call of the engine: events, datagrams, timer. Callbacks do not nest: inside of one, the loop further out
 * does the rest. */
void dtls_ev_client_settle(struct dtls_ev_conn *conn);
void dtls_ev_server_settle(struct dtls_ev_server *server);

/* Puts an association that died aside, to be freed when the socket is idle. */
void dtls_ev_server_bury(struct dtls_ev_server *server, struct dtls_ev_conn *conn);

/* ---- ev_jobs.c ---- */

/* What the pool has of an association that dies is nobody's any more. */
void dtls_ev_jobs_forget(struct dtls_ev_conn *conn);

#endif
