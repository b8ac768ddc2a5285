/* ev_server.c - many associations on one UDP socket, found by the sender's address. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/ev_internal.h"

enum {
    DEFAULT_MOST = 1024,
    LARGEST_MOST = 1 << 20,
};

struct dtls_ev_server {
    struct dtls_ev_socket socket; /* first: `idle` gets this one and means the server */
    const struct dtls_config *config;
    dtls_ev_callback *callback;
    void *arg;
    bool dead; /* freed, but for the memory */

    struct dtls_cookie_secrets cookies;
    struct dtls_ev_hash hash;
    size_t most, count;         /* associations; the dead are not counted */
    struct dtls_ev_conn *dying; /* dead, and still in their buckets: somebody may be walking there */
    uint32_t mask;              /* number of buckets - 1 */
    struct dtls_ev_conn **buckets;
};

static struct dtls_ev_conn **bucket_of(struct dtls_ev_server *server, const struct dtls_ev_name *name)
{
    return &server->buckets[dtls_ev_name_hash(&server->hash, name) & server->mask];
}

static struct dtls_ev_conn *find(struct dtls_ev_server *server, const struct dtls_ev_name *name)
{
    struct dtls_ev_conn *conn = *bucket_of(server, name);

    while (conn != NULL && (conn->dead || !dtls_ev_name_equal(&conn->name, name)))
        conn = conn->next;
    return conn;
}

static struct dtls_ev_conn *add(struct dtls_ev_server *server, const struct dtls_ev_address *peer,
                                const struct dtls_ev_name *name)
{
    struct dtls_ev_conn **bucket = bucket_of(server, name);
    struct dtls_ev_conn *conn = calloc(1, sizeof *conn);

    if (conn == NULL)
        return NULL;
    conn->socket = &server->socket;
    conn->peer = *peer;
    conn->callback = server->callback;
    conn->arg = server->arg;
    conn->server = server;
    conn->name = *name;
    if (dtls_ev_conn_open(conn, server->config, DTLS_SERVER, NULL) != DTLS_OK) {
        free(conn);
        return NULL;
    }
    conn->next = *bucket;
    *bucket = conn;
    server->count++;
    return conn;
}

void dtls_ev_server_bury(struct dtls_ev_server *server, struct dtls_ev_conn *conn)
{
    conn->next_dying = server->dying;
    server->dying = conn;
    server->count--;
}

static void free_dying(struct dtls_ev_server *server)
{
    struct dtls_ev_conn *conn;

    while ((conn = server->dying) != NULL) {
        struct dtls_ev_conn **link = bucket_of(server, &conn->name);
        while (*link != conn)
            link = &(*link)->next;
        *link = conn->next;
        server->dying = conn->next_dying;
        dtls_ev_conn_wipe(conn);
        free(conn);
    }
}

static void free_when_dead(struct dtls_ev_socket *socket)
{
    struct dtls_ev_server *server = (struct dtls_ev_server *)socket;

    free_dying(server);
    if (!server->dead)
        return;
    dtls_ev_socket_close(socket);
    free(server->buckets);
    dtls_cookie_secrets_wipe(&server->cookies);
    free(server);
}

/* RFC 6347, 4.2.1: an address costs nothing until its cookie has come back. */
static struct dtls_ev_conn *admit(struct dtls_ev_server *server, const struct dtls_ev_address *from,
                                  const struct dtls_ev_name *name, size_t len)
{
    struct dtls_ev_socket *socket = &server->socket;
    int verdict = dtls_hello_check(&server->cookies, dtls_ev_now(), (const uint8_t *)name, sizeof *name, socket->in,
                                   len, server->config->random, server->config->random_arg, socket->out);

    if (verdict == DTLS_HELLO_REPLY)
        dtls_ev_socket_send(socket, from, socket->out, DTLS_HELLO_REPLY_LEN);
    return verdict == DTLS_HELLO_VALID && server->count < server->most ? add(server, from, name) : NULL;
}

static void take_datagram(struct dtls_ev_server *server, const struct dtls_ev_address *from, size_t len)
{
    struct dtls_ev_name name = dtls_ev_address_name(from);
    struct dtls_ev_conn *conn = find(server, &name);

    if (conn == NULL)
        conn = admit(server, from, &name, len);
    if (conn != NULL)
        dtls_ev_conn_receive(conn, len);
}

static void take_errors(struct dtls_ev_server *server)
{
    struct dtls_ev_path_error error;

    for (int i = 0; i < DTLS_EV_BURST && !server->dead; i++) {
        if (!dtls_ev_socket_next_error(&server->socket, &error))
            break;
        struct dtls_ev_name name = dtls_ev_address_name(&error.to);
        struct dtls_ev_conn *conn = find(server, &name);
        if (conn != NULL)
            dtls_ev_conn_take_error(conn, &error);
    }
}

static void on_readable(struct ev_loop *loop, ev_io *readable, int happened)
{
    struct dtls_ev_server *server = readable->data;
    struct dtls_ev_address from;
    size_t len;
    int i;

    (void)loop;
    (void)happened;
    dtls_ev_socket_enter(&server->socket);
    for (i = 0; i < DTLS_EV_BURST && !server->dead; i++) {
        if (!dtls_ev_socket_receive(&server->socket, &from, &len))
            break;
        if (len > 0)
            take_datagram(server, &from, len);
    }
    if (server->socket.has_errors || i == 0) /* what else has woken us? */
        take_errors(server);
    dtls_ev_socket_leave(&server->socket);
}

static int open_server(struct dtls_ev_server *server, struct ev_loop *loop, const struct dtls_ev_address *local,
                       bool share_port)
{
    uint32_t buckets = 16;

    while (buckets < server->most)
        buckets *= 2;
    server->mask = buckets - 1;
    server->buckets = calloc(buckets, sizeof(struct dtls_ev_conn *));
    if (server->buckets == NULL)
        return DTLS_ERR_NO_MEMORY;
    if (dtls_system_random(NULL, (uint8_t *)&server->hash, sizeof server->hash) != DTLS_OK)
        return DTLS_ERR_RANDOM;
    ev_init(&server->socket.readable, on_readable);
    server->socket.readable.data = server;
    server->socket.idle = free_when_dead;
    return dtls_ev_socket_open(&server->socket, loop, local, NULL, share_port);
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
    if (settings->most > LARGEST_MOST || !dtls_ev_address_set(&local, address, address_len) ||
        dtls_config_problem(config, DTLS_SERVER) != NULL)
        return DTLS_ERR_ARGUMENT;
    struct dtls_ev_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return DTLS_ERR_NO_MEMORY;
    server->config = config;
    server->callback = callback;
    server->arg = arg;
    server->most = settings->most > 0 ? settings->most : DEFAULT_MOST;
    int error = open_server(server, loop, &local, settings->share_port);
    if (error != DTLS_OK) {
        int reason = errno;
        free(server->buckets);
        free(server);
        errno = reason;
        return error;
    }
    *out = server;
    return DTLS_OK;
}

int dtls_ev_server_set_config(struct dtls_ev_server *server, const struct dtls_config *config)
{
    if (dtls_config_problem(config, DTLS_SERVER) != NULL)
        return DTLS_ERR_ARGUMENT;
    server->config = config;
    return DTLS_OK;
}

/* The dead count: they may not have been wiped yet. */
bool dtls_ev_server_has_config(const struct dtls_ev_server *server, const struct dtls_config *config)
{
    for (uint32_t i = 0; i <= server->mask; i++)
        for (const struct dtls_ev_conn *conn = server->buckets[i]; conn != NULL; conn = conn->next)
            if (conn->config == config)
                return true;
    return server->config == config;
}

int dtls_ev_server_address(const struct dtls_ev_server *server, struct sockaddr *address, socklen_t *len)
{
    return getsockname(server->socket.fd, address, len);
}

size_t dtls_ev_server_count(const struct dtls_ev_server *server)
{
    return server->count;
}

void dtls_ev_server_each(struct dtls_ev_server *server, void (*visit)(void *arg, struct dtls_ev_conn *conn), void *arg)
{
    dtls_ev_socket_enter(&server->socket);
    for (uint32_t i = 0; i <= server->mask; i++)
        for (struct dtls_ev_conn *conn = server->buckets[i]; conn != NULL; conn = conn->next)
            if (!conn->dead)
                visit(arg, conn);
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
    server->dead = true;
    dtls_ev_server_each(server, free_one, NULL);
    dtls_ev_socket_leave(&server->socket);
}
