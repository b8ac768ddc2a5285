/* ev_server.c - many associations on one UDP socket: an endpoint (dtls/endpoint.h) with a socket and a timer. */
#include <errno.h>
#include <stdlib.h>

#include "adapters/ev_internal.h"

enum { LARGEST_MOST = 1 << 20 };

struct dtls_ev_server {
    struct dtls_ev_socket socket; /* first: its owner gets this one and means the server */
    struct dtls_endpoint *endpoint;
    const struct dtls_config *config; /* of the associations to come */
    dtls_ev_callback *callback;
    void *arg;
    ev_timer timer;
    dtls_time armed;
    bool settling;              /* events are being told: those that come up meanwhile are told there */
    bool dead;                  /* freed, but for the memory */
    struct dtls_ev_conn *dying; /* dead: somebody may still hold them */
};

static struct dtls_ev_server *server_of(struct dtls_ev_socket *socket)
{
    return (struct dtls_ev_server *)socket;
}

/* The application gets to know an association with its first event. NULL without memory. */
static struct dtls_ev_conn *conn_of(struct dtls_ev_server *server, struct dtls_conn *engine)
{
    struct dtls_ev_conn *conn = dtls_conn_data(engine);

    if (conn != NULL)
        return conn;
    conn = calloc(1, sizeof *conn);
    if (conn == NULL)
        return NULL;
    conn->engine = engine;
    conn->socket = &server->socket;
    conn->server = server;
    conn->peer = dtls_ev_address_of(dtls_endpoint_address(engine));
    conn->callback = server->callback;
    conn->arg = server->arg;
    conn->proven = DTLS_EV_PATH_LEAST;
    dtls_conn_set_data(engine, conn);
    return conn;
}

void dtls_ev_server_bury(struct dtls_ev_server *server, struct dtls_ev_conn *conn)
{
    conn->next_dying = server->dying;
    server->dying = conn;
    dtls_conn_set_data(conn->engine, NULL);
    dtls_endpoint_remove(conn->engine); /* one whose end was told goes by itself, when its last datagram has left */
}

/* What the endpoint has to send, some of it to addresses without an association. */
static void send_all(struct dtls_ev_server *server)
{
    struct dtls_ev_socket *socket = &server->socket;
    struct dtls_address name;
    uint8_t *room;
    size_t len;

    while ((room = dtls_ev_socket_room(socket)) != NULL &&
           dtls_endpoint_next_datagram(server->endpoint, socket->now, room, DTLS_EV_DATAGRAM, &len, &name)) {
        struct dtls_conn *engine = dtls_endpoint_find(server->endpoint, &name);
        struct dtls_ev_conn *conn = engine != NULL ? conn_of(server, engine) : NULL;
        struct dtls_ev_address to = dtls_ev_address_of(&name);
        if (conn != NULL)
            dtls_ev_conn_transmit(conn, room, len);
        else if (len <= DTLS_EV_PATH_LEAST)
            dtls_ev_socket_put(socket, NULL, &to, len);
        else
            dtls_ev_socket_send_now(socket, &to, room, len);
    }
}

static void tell_all(struct dtls_ev_server *server)
{
    struct dtls_event event;
    struct dtls_conn *engine;

    if (server->settling)
        return;
    server->settling = true;
    while (!server->dead && dtls_endpoint_next_event(server->endpoint, &engine, &event)) {
        struct dtls_ev_conn *conn = conn_of(server, engine);
        if (conn != NULL)
            dtls_ev_conn_tell(conn, &event);
        else
            dtls_endpoint_remove(engine);
    }
    server->settling = false;
    if (!server->dead)
        send_all(server);
}

void dtls_ev_server_settle(struct dtls_ev_server *server)
{
    if (server->settling)
        return;
    tell_all(server);
    if (!server->dead)
        dtls_ev_arm(server->socket.loop, &server->timer, &server->armed, dtls_endpoint_deadline(server->endpoint));
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct dtls_ev_server *server = timer->data;

    (void)loop;
    (void)happened;
    dtls_ev_socket_enter(&server->socket);
    server->socket.now = dtls_ev_now();
    dtls_endpoint_tick(server->endpoint, server->socket.now);
    dtls_ev_server_settle(server);
    dtls_ev_socket_leave(&server->socket);
}

/* ---- the socket's owner ---- */

static void expect(struct dtls_ev_socket *socket, const struct dtls_ev_arrival *arrivals, size_t count)
{
    struct dtls_address names[DTLS_EV_ARRIVALS];

    for (size_t i = 0; i < count; i++)
        names[i] = dtls_ev_address_name(&arrivals[i].from);
    dtls_endpoint_expect(server_of(socket)->endpoint, names, count);
}

static void receive(struct dtls_ev_socket *socket, struct dtls_ev_arrival *arrival)
{
    struct dtls_ev_server *server = server_of(socket);
    struct dtls_address name = dtls_ev_address_name(&arrival->from);
    uint8_t *datagram;
    size_t len;

    while ((datagram = dtls_ev_socket_next(socket, arrival, &len)) != NULL) {
        dtls_endpoint_receive(server->endpoint, socket->now, &name, datagram, len);
        tell_all(server);
    }
}

static void too_big(struct dtls_ev_socket *socket, const struct dtls_ev_address *to)
{
    struct dtls_ev_server *server = server_of(socket);
    struct dtls_address name = dtls_ev_address_name(to);
    struct dtls_conn *engine = dtls_endpoint_find(server->endpoint, &name);
    struct dtls_ev_conn *conn = engine != NULL ? conn_of(server, engine) : NULL;

    if (conn != NULL)
        dtls_ev_conn_heed(conn);
}

static void settle(struct dtls_ev_socket *socket)
{
    dtls_ev_server_settle(server_of(socket));
}

static bool is_dead(const struct dtls_ev_socket *socket)
{
    return ((const struct dtls_ev_server *)socket)->dead;
}

static void free_when_dead(struct dtls_ev_socket *socket)
{
    struct dtls_ev_server *server = server_of(socket);
    struct dtls_ev_conn *conn;

    while ((conn = server->dying) != NULL) {
        server->dying = conn->next_dying;
        free(conn);
    }
    if (!server->dead)
        return;
    ev_timer_stop(socket->loop, &server->timer);
    dtls_ev_socket_close(socket);
    dtls_ev_socket_free(socket);
    dtls_endpoint_free(server->endpoint);
    free(server);
}

static const struct dtls_ev_owner owner = { expect, receive, too_big, settle, free_when_dead, is_dead };

/* ---- life ---- */

static int open_server(struct dtls_ev_server *server, struct ev_loop *loop, const struct dtls_ev_address *local,
                       const struct dtls_ev_server_settings *settings)
{
    server->endpoint = dtls_endpoint_new(server->config, &settings->limits);
    if (server->endpoint == NULL)
        return DTLS_ERR_NO_MEMORY;
    ev_init(&server->timer, on_timer);
    server->timer.data = server;
    server->armed = DTLS_NEVER;
    int error = dtls_ev_socket_open(&server->socket, loop, &owner, local,
                                    settings->share_port ? DTLS_EV_SHARED : DTLS_EV_BOUND);
    if (error != DTLS_OK)
        dtls_endpoint_free(server->endpoint);
    return error;
}

int dtls_ev_listen(struct ev_loop *loop, const struct dtls_config *config, const struct sockaddr *address,
                   socklen_t address_len, const struct dtls_ev_server_settings *settings, dtls_ev_callback *callback,
                   void *arg, struct dtls_ev_server **out)
{
    static const struct dtls_ev_server_settings defaults;
    struct dtls_ev_address local;

    *out = NULL;
    if (settings == NULL)
        settings = &defaults;
    if (settings->limits.most > LARGEST_MOST || dtls_endpoint_problem(&settings->limits) != NULL ||
        !dtls_ev_address_set(&local, address, address_len) || dtls_config_problem(config, DTLS_SERVER) != NULL)
        return DTLS_ERR_ARGUMENT;
    struct dtls_ev_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return DTLS_ERR_NO_MEMORY;
    server->config = config;
    server->callback = callback;
    server->arg = arg;
    int error = open_server(server, loop, &local, settings);
    if (error != DTLS_OK) {
        int reason = errno;
        free(server);
        errno = reason;
        return error;
    }
    *out = server;
    return DTLS_OK;
}

int dtls_ev_server_set_config(struct dtls_ev_server *server, const struct dtls_config *config)
{
    int error = dtls_endpoint_set_config(server->endpoint, config);

    if (error == DTLS_OK)
        server->config = config;
    return error;
}

bool dtls_ev_server_has_config(const struct dtls_ev_server *server, const struct dtls_config *config)
{
    return dtls_endpoint_has_config(server->endpoint, config);
}

int dtls_ev_server_address(const struct dtls_ev_server *server, struct sockaddr *address, socklen_t *len)
{
    return getsockname(server->socket.fd, address, len);
}

void dtls_ev_server_set_other(struct dtls_ev_server *server, dtls_ev_other *other, void *arg)
{
    server->socket.other = other;
    server->socket.other_arg = arg;
}

int dtls_ev_server_send_other(struct dtls_ev_server *server, const struct sockaddr *to, socklen_t to_len,
                              const uint8_t *datagram, size_t len)
{
    struct dtls_ev_socket *socket = &server->socket;
    struct dtls_ev_address address;

    if (!dtls_ev_address_set(&address, to, to_len))
        return DTLS_ERR_ARGUMENT;
    dtls_ev_socket_enter(socket);
    int result = dtls_ev_socket_send_other(socket, NULL, &address, datagram, len);
    dtls_ev_socket_leave(socket);
    return result;
}

struct dtls_ev_conn *dtls_ev_server_find(struct dtls_ev_server *server, const struct sockaddr *from, socklen_t from_len)
{
    struct dtls_ev_address address;

    if (!dtls_ev_address_set(&address, from, from_len))
        return NULL;
    struct dtls_address name = dtls_ev_address_name(&address);
    struct dtls_conn *engine = dtls_endpoint_find(server->endpoint, &name);
    return engine != NULL ? dtls_conn_data(engine) : NULL;
}

size_t dtls_ev_server_count(const struct dtls_ev_server *server)
{
    return dtls_endpoint_count(server->endpoint);
}

/* Who has been answered has a deadline that is over. */
void dtls_ev_server_go_on(struct dtls_ev_server *server)
{
    dtls_ev_socket_enter(&server->socket);
    dtls_ev_server_settle(server);
    dtls_ev_socket_leave(&server->socket);
}

const struct dtls_endpoint *dtls_ev_server_endpoint(const struct dtls_ev_server *server)
{
    return server->endpoint;
}

void dtls_ev_server_stats(const struct dtls_ev_server *server, struct dtls_ev_stats *out)
{
    dtls_ev_socket_stats(&server->socket, out);
}

/* Nothing is told in between: so nobody but the visitor ends an association, and that only the one it is given. */
void dtls_ev_server_each(struct dtls_ev_server *server, void (*visit)(void *arg, struct dtls_ev_conn *conn), void *arg)
{
    bool settling = server->settling;
    struct dtls_conn *next;

    dtls_ev_socket_enter(&server->socket);
    server->settling = true;
    for (struct dtls_conn *at = dtls_endpoint_each(server->endpoint, NULL); at != NULL && !server->dead; at = next) {
        struct dtls_ev_conn *conn = conn_of(server, at);
        next = dtls_endpoint_each(server->endpoint, at);
        if (conn != NULL)
            visit(arg, conn);
    }
    server->settling = settling;
    if (!server->dead)
        dtls_ev_server_settle(server);
    dtls_ev_socket_leave(&server->socket);
}

static void free_one(void *arg, struct dtls_ev_conn *conn)
{
    (void)arg;
    dtls_ev_free(conn);
}

void dtls_ev_server_free(struct dtls_ev_server *server)
{
    if (server == NULL || server->dead)
        return;
    dtls_ev_socket_enter(&server->socket);
    dtls_ev_server_each(server, free_one, NULL);
    server->dead = true;
    dtls_ev_socket_leave(&server->socket);
}
