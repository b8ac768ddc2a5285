/* ev_client.c - one association with a UDP socket of its own, connected to the peer. */
#include <errno.h>
#include <stdlib.h>

#include "adapters/ev_internal.h"

struct client {
    struct dtls_ev_socket socket; /* first: its owner gets this one and means the client */
    struct dtls_ev_conn conn;
};

static struct client *client_of(struct dtls_ev_socket *socket)
{
    return (struct client *)socket;
}

static void tell_all(struct dtls_ev_conn *conn)
{
    struct dtls_event event;

    while (!conn->dead && !conn->in_callback && dtls_conn_next_event(conn->engine, &event))
        dtls_ev_conn_tell(conn, &event);
}

void dtls_ev_client_settle(struct dtls_ev_conn *conn)
{
    tell_all(conn);
    if (conn->dead)
        return;
    dtls_ev_conn_flush(conn);
    dtls_ev_arm(conn->socket->loop, &conn->timer, &conn->armed, dtls_conn_deadline(conn->engine));
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct dtls_ev_conn *conn = timer->data;
    struct dtls_ev_socket *socket = conn->socket;

    (void)loop;
    (void)happened;
    dtls_ev_socket_enter(socket);
    socket->now = dtls_ev_now();
    dtls_conn_tick(conn->engine, socket->now); /* a death is also an event */
    dtls_ev_client_settle(conn);
    dtls_ev_socket_leave(socket);
}

/* ---- the socket's owner ---- */

static void receive(struct dtls_ev_socket *socket, struct dtls_ev_arrival *arrival)
{
    struct dtls_ev_conn *conn = &client_of(socket)->conn;
    uint8_t *datagram;
    size_t len;

    while ((datagram = dtls_ev_socket_next(socket, arrival, &len)) != NULL) {
        dtls_conn_receive(conn->engine, socket->now, datagram, len); /* a death is also an event */
        tell_all(conn);
    }
}

static void too_big(struct dtls_ev_socket *socket, const struct dtls_ev_address *to)
{
    (void)to;
    dtls_ev_conn_heed(&client_of(socket)->conn);
}

static void settle(struct dtls_ev_socket *socket)
{
    dtls_ev_client_settle(&client_of(socket)->conn);
}

static bool is_dead(const struct dtls_ev_socket *socket)
{
    return ((const struct client *)socket)->conn.dead;
}

static void free_when_dead(struct dtls_ev_socket *socket)
{
    struct client *client = client_of(socket);

    if (!client->conn.dead)
        return;
    dtls_ev_socket_close(socket);
    dtls_ev_socket_free(socket);
    dtls_conn_free(client->conn.engine);
    free(client);
}

static const struct dtls_ev_owner owner = { NULL, receive, too_big, settle, free_when_dead, is_dead };

/* ---- life ---- */

static int start_engine(struct dtls_ev_conn *conn, const struct dtls_config *config, const struct dtls_session *session)
{
    int error = DTLS_OK;

    conn->engine = dtls_conn_new(config, DTLS_CLIENT);
    if (conn->engine == NULL)
        return dtls_config_problem(config, DTLS_CLIENT) != NULL ? DTLS_ERR_ARGUMENT : DTLS_ERR_NO_MEMORY;
    if (session != NULL)
        error = dtls_conn_resume(conn->engine, session);
    if (error == DTLS_OK)
        error = dtls_conn_start(conn->engine, dtls_ev_now());
    if (error != DTLS_OK)
        dtls_conn_free(conn->engine);
    return error;
}

static int open_client(struct client *client, struct ev_loop *loop, const struct dtls_config *config,
                       const struct dtls_session *session)
{
    struct dtls_ev_conn *conn = &client->conn;

    int error = dtls_ev_socket_open(&client->socket, loop, &owner, &conn->peer, DTLS_EV_CONNECTED);
    if (error != DTLS_OK)
        return error;
    error = start_engine(conn, config, session);
    if (error != DTLS_OK) {
        dtls_ev_socket_close(&client->socket);
        dtls_ev_socket_free(&client->socket);
        return error;
    }
    ev_init(&conn->timer, on_timer);
    conn->timer.data = conn;
    conn->armed = DTLS_NEVER;
    conn->proven = DTLS_EV_PATH_LEAST;
    client->socket.now = dtls_ev_now();
    dtls_ev_conn_flush(conn); /* nothing is told before dtls_ev_connect has returned */
    dtls_ev_arm(loop, &conn->timer, &conn->armed, dtls_conn_deadline(conn->engine));
    return DTLS_OK;
}

int dtls_ev_connect(struct ev_loop *loop, const struct dtls_config *config, const struct sockaddr *address,
                    socklen_t address_len, const struct dtls_session *session, dtls_ev_callback *callback, void *arg,
                    struct dtls_ev_conn **out)
{
    struct dtls_ev_address peer;

    *out = NULL;
    if (!dtls_ev_address_set(&peer, address, address_len))
        return DTLS_ERR_ARGUMENT;
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return DTLS_ERR_NO_MEMORY;
    client->conn.socket = &client->socket;
    client->conn.peer = peer;
    client->conn.callback = callback;
    client->conn.arg = arg;
    int error = open_client(client, loop, config, session);
    if (error != DTLS_OK) {
        int reason = errno;
        free(client);
        errno = reason;
        return error;
    }
    *out = &client->conn;
    return DTLS_OK;
}
