/* ev_internal.h - one association around the engine: a client is one, a server has many. */
#ifndef DTLS_ADAPTERS_EV_INTERNAL_H
#define DTLS_ADAPTERS_EV_INTERNAL_H

#include "adapters/ev_socket.h"
#include "dtls/ev.h"

struct dtls_ev_pooled;

struct dtls_ev_conn {
    struct dtls_conn *engine;
    const struct dtls_config *config; /* the engine's */
    struct dtls_ev_socket *socket;
    struct dtls_ev_address peer;
    ev_timer timer;
    dtls_time armed; /* what the timer is set to */
    dtls_ev_callback *callback;
    void *arg;
    void *data;       /* the application's */
    bool thin;        /* the kernel says that even DTLS_EV_PATH_LEAST is too big: what is so small may be fragmented */
    bool in_callback; /* an event is being told: the next one waits */
    bool dead;        /* freed, but for the memory */
    struct dtls_ev_pooled *pooled; /* the job of it that a pool has; NULL: none */

    /* A server's: NULL in a client, which owns its socket. */
    struct dtls_ev_server *server;
    struct dtls_ev_name name;
    struct dtls_ev_conn *next;       /* in the same bucket */
    struct dtls_ev_conn *next_dying; /* to be freed when the socket is idle */
};

/* Lives in ev_conn.c. Makes the engine and starts it, and sends what that made ready; tells nothing to the application
 * yet. `conn` is zeroed memory with socket, peer, callback and arg set. On an error nothing is left to undo. */
int dtls_ev_conn_open(struct dtls_ev_conn *conn, const struct dtls_config *config, enum dtls_role role,
                      const struct dtls_session *session);

/* Gives the engine the socket's `in`, and does all that follows. The socket is busy. */
void dtls_ev_conn_receive(struct dtls_ev_conn *conn, size_t len);

/* An earlier datagram did not get there. Only its size matters: anybody can forge the rest. The socket is busy. */
void dtls_ev_conn_take_error(struct dtls_ev_conn *conn, const struct dtls_ev_path_error *error);

/* Stops the timer and frees the engine: the last step before its memory goes. */
void dtls_ev_conn_wipe(struct dtls_ev_conn *conn);

/* Lives in ev_jobs.c: what the pool has of an association that dies is nobody's any more. */
void dtls_ev_jobs_forget(struct dtls_ev_conn *conn);

/* Lives in ev_server.c: puts an association that died aside, to be freed when the socket is idle. */
void dtls_ev_server_bury(struct dtls_ev_server *server, struct dtls_ev_conn *conn);

#endif
