/* ev_conn.c - one association: its engine, its timer, and the order in which things happen around a call. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "adapters/ev_internal.h"

#include <string.h>
#include <time.h>

uint64_t dtls_ev_unix_time_offset(void)
{
    struct timespec today;

    clock_gettime(CLOCK_REALTIME, &today);
    return (uint64_t)today.tv_sec * 1000000 + (uint64_t)today.tv_nsec / 1000 - dtls_ev_now();
}

dtls_time dtls_ev_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (dtls_time)now.tv_sec * 1000000 + (dtls_time)now.tv_nsec / 1000;
}

/* A smaller path, for all that the kernel knows (contract M4). Whoever forges ICMP can bring it down to 552 bytes of
 * packet, and no further; below 548 of payload we do not follow, but let the network cut what it cannot carry. */
void dtls_ev_conn_heed(struct dtls_ev_conn *conn)
{
    size_t fits = dtls_ev_socket_fits(conn->socket, &conn->peer);

    if (fits == 0)
        return;
    conn->thin = fits < DTLS_EV_PATH_LEAST;
    if (conn->thin)
        fits = DTLS_EV_PATH_LEAST;
    if (conn->proven > fits)
        conn->proven = fits;
    dtls_conn_datagram_too_big(conn->engine, conn->socket->now, fits);
}

/* It waits after all: behind what has left meanwhile. */
static void put_back(struct dtls_ev_conn *conn, const uint8_t *datagram, size_t len)
{
    uint8_t *room = dtls_ev_socket_room(conn->socket);

    if (room == NULL)
        return; /* lost, as anywhere in the network */
    memmove(room, datagram, len);
    dtls_ev_socket_put(conn->socket, &conn->lane, &conn->peer, len);
}

/* What is larger than anything before goes at once, to know whether it can: the caller may still make it smaller. */
bool dtls_ev_conn_transmit(struct dtls_ev_conn *conn, const uint8_t *datagram, size_t len)
{
    struct dtls_ev_socket *socket = conn->socket;

    if (conn->thin && len <= DTLS_EV_PATH_LEAST) {
        dtls_ev_socket_flush(socket); /* what waits was first */
        if (socket->queue.blocked)
            put_back(conn, datagram, len);
        else
            dtls_ev_socket_send_in_fragments(socket, &conn->peer, datagram, len);
        return true;
    }
    if (len <= conn->proven) {
        dtls_ev_socket_put(socket, &conn->lane, &conn->peer, len);
        return true;
    }
    switch (dtls_ev_socket_send_now(socket, &conn->peer, datagram, len)) {
    case DTLS_EV_LEFT:
        conn->proven = len;
        return true;
    case DTLS_EV_LOST:
        return true;
    case DTLS_EV_BLOCKED:
        put_back(conn, datagram, len);
        return true;
    case DTLS_EV_TOO_BIG:
        break;
    }
    dtls_ev_conn_heed(conn);
    if (len > dtls_conn_mtu(conn->engine))
        return false;
    dtls_ev_socket_send_in_fragments(socket, &conn->peer, datagram, len);
    return true;
}

void dtls_ev_conn_flush(struct dtls_ev_conn *conn)
{
    struct dtls_ev_socket *socket = conn->socket;
    uint8_t *room;
    size_t len;

    while ((room = dtls_ev_socket_room(socket)) != NULL &&
           dtls_conn_next_datagram(conn->engine, socket->now, room, DTLS_EV_DATAGRAM, &len))
        dtls_ev_conn_transmit(conn, room, len); /* a flight that is too big comes again, smaller */
}

void dtls_ev_arm(struct ev_loop *loop, ev_timer *timer, dtls_time *armed, dtls_time deadline)
{
    if (deadline == *armed && (deadline == DTLS_NEVER || ev_is_active(timer)))
        return;
    *armed = deadline;
    ev_timer_stop(loop, timer);
    if (deadline == DTLS_NEVER)
        return;
    dtls_time now = dtls_ev_now();
    ev_now_update(loop); /* a relative timer counts from the loop's idea of now, which may be old */
    ev_timer_set(timer, deadline > now ? (double)(deadline - now) / 1e6 : 0., 0.);
    ev_timer_start(loop, timer);
}

void dtls_ev_conn_die(struct dtls_ev_conn *conn)
{
    if (conn->dead)
        return;
    conn->dead = true;
    dtls_ev_jobs_forget(conn);
    if (conn->server != NULL)
        dtls_ev_server_bury(conn->server, conn);
    else
        ev_timer_stop(conn->socket->loop, &conn->timer);
}

void dtls_ev_conn_tell(struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    bool last = event->type == DTLS_EVENT_CLOSED || event->type == DTLS_EVENT_FAILED;

    dtls_ev_conn_flush(conn);
    if (last && conn->server == NULL)
        dtls_ev_socket_close(conn->socket);
    conn->in_callback = true;
    conn->callback(conn->arg, conn, event);
    conn->in_callback = false;
    if (last && conn->server != NULL)
        dtls_ev_conn_die(conn);
}

static void settle(struct dtls_ev_conn *conn)
{
    if (conn->server != NULL)
        dtls_ev_server_settle(conn->server);
    else
        dtls_ev_client_settle(conn);
}

void dtls_ev_free(struct dtls_ev_conn *conn)
{
    if (conn == NULL)
        return;
    struct dtls_ev_socket *socket = conn->socket;
    dtls_ev_socket_enter(socket);
    dtls_ev_conn_die(conn);
    dtls_ev_socket_leave(socket);
}

void dtls_ev_close(struct dtls_ev_conn *conn)
{
    struct dtls_ev_socket *socket = conn->socket;

    dtls_ev_socket_enter(socket);
    dtls_conn_close(conn->engine, socket->now);
    settle(conn);
    dtls_ev_socket_leave(socket);
}

int dtls_ev_send(struct dtls_ev_conn *conn, const uint8_t *data, size_t len, size_t *fits)
{
    struct dtls_ev_socket *socket = conn->socket;
    size_t out_len = 0;
    uint8_t *room;
    int result;

    dtls_ev_socket_enter(socket);
    do { /* again when the path has shrunk: it may fit still, or the answer is what does */
        room = dtls_ev_socket_room(socket);
        if (room == NULL || dtls_ev_queue_is_full_for(&socket->queue, &conn->lane))
            result = DTLS_EV_ERR_FULL;
        else
            result = dtls_conn_send(conn->engine, socket->now, data, len, room, DTLS_EV_DATAGRAM, &out_len);
    } while (result == DTLS_OK && !dtls_ev_conn_transmit(conn, room, out_len));
    if (result == DTLS_ERR_LARGE_PACKET && fits != NULL)
        *fits = out_len;
    settle(conn);
    dtls_ev_socket_leave(socket);
    return result;
}

void dtls_ev_set_other(struct dtls_ev_conn *conn, dtls_ev_other *other, void *arg)
{
    if (conn->server != NULL)
        return; /* its server's business */
    conn->socket->other = other;
    conn->socket->other_arg = arg;
}

int dtls_ev_send_other(struct dtls_ev_conn *conn, const uint8_t *datagram, size_t len)
{
    struct dtls_ev_socket *socket = conn->socket;

    dtls_ev_socket_enter(socket);
    int result = dtls_ev_socket_send_other(socket, &conn->lane, &conn->peer, datagram, len);
    dtls_ev_socket_leave(socket);
    return result;
}

int dtls_ev_media_confirmed(struct dtls_ev_conn *conn, uint16_t epoch)
{
    struct dtls_ev_socket *socket = conn->socket;

    dtls_ev_socket_enter(socket);
    int result = dtls_conn_media_confirmed(conn->engine, socket->now, epoch);
    settle(conn);
    dtls_ev_socket_leave(socket);
    return result;
}

void dtls_ev_flush(struct dtls_ev_conn *conn)
{
    struct dtls_ev_socket *socket = conn->socket;

    dtls_ev_socket_enter(socket);
    dtls_ev_socket_flush(socket);
    settle(conn);
    dtls_ev_socket_leave(socket);
}

int dtls_ev_rehandshake(struct dtls_ev_conn *conn, enum dtls_rehandshake_mode mode)
{
    struct dtls_ev_socket *socket = conn->socket;

    dtls_ev_socket_enter(socket);
    int result = dtls_conn_rehandshake(conn->engine, socket->now, mode);
    settle(conn);
    dtls_ev_socket_leave(socket);
    return result;
}

int dtls_ev_accept_rehandshake(struct dtls_ev_conn *conn)
{
    struct dtls_ev_socket *socket = conn->socket;

    dtls_ev_socket_enter(socket);
    int result = dtls_conn_accept_rehandshake(conn->engine, socket->now);
    settle(conn);
    dtls_ev_socket_leave(socket);
    return result;
}

int dtls_ev_refuse_rehandshake(struct dtls_ev_conn *conn)
{
    struct dtls_ev_socket *socket = conn->socket;

    dtls_ev_socket_enter(socket);
    int result = dtls_conn_refuse_rehandshake(conn->engine, socket->now);
    settle(conn);
    dtls_ev_socket_leave(socket);
    return result;
}

struct dtls_job *dtls_ev_take_job(struct dtls_ev_conn *conn)
{
    return dtls_conn_take_job(conn->engine);
}

int dtls_ev_finish_job(struct dtls_ev_conn *conn, struct dtls_job *job)
{
    struct dtls_ev_socket *socket = conn->socket;

    dtls_ev_socket_enter(socket);
    int result = dtls_conn_finish_job(conn->engine, socket->now, job);
    settle(conn);
    dtls_ev_socket_leave(socket);
    return result;
}

void dtls_ev_go_on(struct dtls_ev_conn *conn)
{
    struct dtls_ev_socket *socket = conn->socket;

    dtls_ev_socket_enter(socket);
    if (conn->server == NULL)
        dtls_conn_tick(conn->engine, socket->now);
    settle(conn);
    dtls_ev_socket_leave(socket);
}

const struct dtls_conn *dtls_ev_engine(const struct dtls_ev_conn *conn)
{
    return conn->engine;
}

const struct sockaddr *dtls_ev_peer(const struct dtls_ev_conn *conn, socklen_t *len)
{
    *len = conn->peer.len;
    return &conn->peer.of.any;
}

void dtls_ev_stats(const struct dtls_ev_conn *conn, struct dtls_ev_stats *out)
{
    dtls_ev_socket_stats(conn->socket, out);
}

void dtls_ev_set_data(struct dtls_ev_conn *conn, void *data)
{
    conn->data = data;
}

void *dtls_ev_data(const struct dtls_ev_conn *conn)
{
    return conn->data;
}
