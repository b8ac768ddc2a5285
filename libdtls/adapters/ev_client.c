/* ev_client.c - one association with a UDP socket of its own, connected to the peer. */
#include <errno.h>
#include <stdlib.h>

#include "adapters/ev_internal.h"

struct client {
    struct dtls_ev_socket socket; /* first: `idle` gets this one and means the client */
    struct dtls_ev_conn conn;
};

static void take_errors(struct client *client)
{
    struct dtls_ev_path_error error;

    for (int i = 0; i < DTLS_EV_BURST && !client->conn.dead; i++) {
        if (!dtls_ev_socket_next_error(&client->socket, &error))
            break;
        dtls_ev_conn_take_error(&client->conn, &error);
    }
}

static void on_readable(struct ev_loop *loop, ev_io *readable, int happened)
{
    struct client *client = readable->data;
    struct dtls_ev_socket *socket = &client->socket;
    size_t len;
    int i;

    (void)loop;
    (void)happened;
    dtls_ev_socket_enter(socket);
    for (i = 0; i < DTLS_EV_BURST && !client->conn.dead && socket->fd >= 0; i++) {
        if (!dtls_ev_socket_receive(socket, NULL, &len))
            break;
        if (len > 0)
            dtls_ev_conn_receive(&client->conn, len);
    }
    if (socket->has_errors || i == 0) /* what else has woken us? */
        take_errors(client);
    dtls_ev_socket_leave(socket);
}

static void free_when_dead(struct dtls_ev_socket *socket)
{
    struct client *client = (struct client *)socket;

    if (!client->conn.dead)
        return;
    dtls_ev_conn_wipe(&client->conn);
    dtls_ev_socket_close(socket);
    free(client);
}

static int open_client(struct client *client, struct ev_loop *loop, const struct dtls_config *config,
                       const struct dtls_session *session)
{
    ev_init(&client->socket.readable, on_readable);
    client->socket.readable.data = client;
    client->socket.idle = free_when_dead;
    int error = dtls_ev_socket_open(&client->socket, loop, NULL, &client->conn.peer, false);
    if (error != DTLS_OK)
        return error;
    error = dtls_ev_conn_open(&client->conn, config, DTLS_CLIENT, session);
    if (error != DTLS_OK)
        dtls_ev_socket_close(&client->socket);
    return error;
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
