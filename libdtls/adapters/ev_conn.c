/* ev_conn.c - one association: its engine, its timer, and the order in which things happen around a call. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "adapters/ev_internal.h"

#include <time.h>

dtls_time dtls_ev_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (dtls_time)now.tv_sec * 1000000 + (dtls_time)now.tv_nsec / 1000;
}

/* A smaller path, for all that the kernel knows (contract M4). Whoever forges ICMP can bring it down to 552 bytes of
 * packet, and no further; below 548 of payload we do not follow, but let the network cut what it cannot carry. */
static void heed(struct dtls_ev_conn *conn, size_t fits)
{
    if (fits == 0)
        return;
    conn->thin = fits < DTLS_EV_PATH_LEAST;
    dtls_conn_datagram_too_big(conn->engine, dtls_ev_now(), conn->thin ? DTLS_EV_PATH_LEAST : fits);
}

/* Sends out[0..len). False: it was too big, and the engine has been told, which believes in less than `len` now (or
 * did before: a probe, M6). */
static bool transmit(struct dtls_ev_conn *conn, size_t len)
{
    struct dtls_ev_socket *socket = conn->socket;
    bool in_fragments = conn->thin && len <= DTLS_EV_PATH_LEAST;

    if (!in_fragments && dtls_ev_socket_send(socket, &conn->peer, socket->out, len))
        return true;
    if (!in_fragments)
        heed(conn, dtls_ev_socket_fits(socket, &conn->peer));
    if (len > dtls_conn_mtu(conn->engine))
        return false;
    dtls_ev_socket_send_in_fragments(socket, &conn->peer, socket->out, len);
    return true;
}

static void flush(struct dtls_ev_conn *conn)
{
    struct dtls_ev_socket *socket = conn->socket;
    size_t len;

    while (dtls_conn_next_datagram(conn->engine, dtls_ev_now(), socket->out, sizeof socket->out, &len))
        transmit(conn, len); /* a flight that is too big comes again, smaller */
}

static void arm(struct dtls_ev_conn *conn)
{
    struct ev_loop *loop = conn->socket->loop;
    dtls_time deadline = dtls_conn_deadline(conn->engine);

    if (deadline == conn->armed && (deadline == DTLS_NEVER || ev_is_active(&conn->timer)))
        return;
    conn->armed = deadline;
    ev_timer_stop(loop, &conn->timer);
    if (deadline == DTLS_NEVER)
        return;
    dtls_time now = dtls_ev_now();
    ev_now_update(loop); /* a relative timer counts from the loop's idea of now, which may be old */
    ev_timer_set(&conn->timer, deadline > now ? (double)(deadline - now) / 1e6 : 0., 0.);
    ev_timer_start(loop, &conn->timer);
}

/* No more calls of the application will come, and none goes to it. */
static void die(struct dtls_ev_conn *conn)
{
    if (conn->dead)
        return;
    conn->dead = true;
    dtls_ev_jobs_forget(conn);
    ev_timer_stop(conn->socket->loop, &conn->timer);
    if (conn->server != NULL)
        dtls_ev_server_bury(conn->server, conn);
}

static void tell(struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    bool last = event->type == DTLS_EVENT_CLOSED || event->type == DTLS_EVENT_FAILED;

    if (last && conn->server == NULL)
        dtls_ev_socket_close(conn->socket);
    conn->in_callback = true;
    conn->callback(conn->arg, conn, event);
    conn->in_callback = false;
    if (last && conn->server != NULL)
        die(conn);
}

/*
 * After every call of the engine. What it has ready is sent before an event is told: the answer to the event must not
 * overtake the flight that caused it, and the last alert must be out before the application frees the connection.
 * Callbacks do not nest: inside of one, the loop further out tells the rest.
 */
static void settle(struct dtls_ev_conn *conn)
{
    struct dtls_event event;

    while (!conn->dead && !conn->in_callback && dtls_conn_next_event(conn->engine, &event)) {
        flush(conn);
        tell(conn, &event);
    }
    if (conn->dead)
        return;
    flush(conn);
    arm(conn);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct dtls_ev_conn *conn = timer->data;
    struct dtls_ev_socket *socket = conn->socket;

    (void)loop;
    (void)happened;
    dtls_ev_socket_enter(socket);
    dtls_conn_tick(conn->engine, dtls_ev_now()); /* a death is also an event */
    settle(conn);
    dtls_ev_socket_leave(socket);
}

int dtls_ev_conn_open(struct dtls_ev_conn *conn, const struct dtls_config *config, enum dtls_role role,
                      const struct dtls_session *session)
{
    int error = DTLS_OK;

    ev_init(&conn->timer, on_timer);
    conn->timer.data = conn;
    conn->armed = DTLS_NEVER;
    conn->config = config;
    conn->engine = dtls_conn_new(config, role);
    if (conn->engine == NULL)
        return dtls_config_problem(config, role) != NULL ? DTLS_ERR_ARGUMENT : DTLS_ERR_NO_MEMORY;
    if (session != NULL)
        error = dtls_conn_resume(conn->engine, session);
    if (error == DTLS_OK)
        error = dtls_conn_start(conn->engine, dtls_ev_now());
    if (error != DTLS_OK) {
        dtls_ev_conn_wipe(conn);
        return error;
    }
    flush(conn);
    arm(conn);
    return DTLS_OK;
}

void dtls_ev_conn_receive(struct dtls_ev_conn *conn, size_t len)
{
    dtls_conn_receive(conn->engine, dtls_ev_now(), conn->socket->in, len); /* a death is also an event */
    settle(conn);
}

void dtls_ev_conn_take_error(struct dtls_ev_conn *conn, const struct dtls_ev_path_error *error)
{
    if (!error->too_big)
        return;
    heed(conn, dtls_ev_socket_fits(conn->socket, &conn->peer)); /* the number in the ICMP alone is anybody's */
    settle(conn);
}

void dtls_ev_conn_wipe(struct dtls_ev_conn *conn)
{
    ev_timer_stop(conn->socket->loop, &conn->timer);
    dtls_conn_free(conn->engine);
    conn->engine = NULL;
}

void dtls_ev_free(struct dtls_ev_conn *conn)
{
    if (conn == NULL)
        return;
    struct dtls_ev_socket *socket = conn->socket;
    dtls_ev_socket_enter(socket);
    die(conn);
    dtls_ev_socket_leave(socket);
}

void dtls_ev_close(struct dtls_ev_conn *conn)
{
    struct dtls_ev_socket *socket = conn->socket;

    dtls_ev_socket_enter(socket);
    dtls_conn_close(conn->engine, dtls_ev_now());
    settle(conn);
    dtls_ev_socket_leave(socket);
}

int dtls_ev_send(struct dtls_ev_conn *conn, const uint8_t *data, size_t len, size_t *fits)
{
    struct dtls_ev_socket *socket = conn->socket;
    size_t out_len = 0;

    dtls_ev_socket_enter(socket);
    int result;
    do /* again when the path has shrunk: it may fit still, or the answer is what does */
        result = dtls_conn_send(conn->engine, dtls_ev_now(), data, len, socket->out, sizeof socket->out, &out_len);
    while (result == DTLS_OK && !transmit(conn, out_len));
    if (result == DTLS_ERR_LARGE_PACKET && fits != NULL)
        *fits = out_len;
    settle(conn);
    dtls_ev_socket_leave(socket);
    return result;
}

int dtls_ev_rehandshake(struct dtls_ev_conn *conn, enum dtls_rehandshake_mode mode)
{
    struct dtls_ev_socket *socket = conn->socket;

    dtls_ev_socket_enter(socket);
    int result = dtls_conn_rehandshake(conn->engine, dtls_ev_now(), mode);
    settle(conn);
    dtls_ev_socket_leave(socket);
    return result;
}

int dtls_ev_accept_rehandshake(struct dtls_ev_conn *conn)
{
    struct dtls_ev_socket *socket = conn->socket;

    dtls_ev_socket_enter(socket);
    int result = dtls_conn_accept_rehandshake(conn->engine, dtls_ev_now());
    settle(conn);
    dtls_ev_socket_leave(socket);
    return result;
}

int dtls_ev_refuse_rehandshake(struct dtls_ev_conn *conn)
{
    struct dtls_ev_socket *socket = conn->socket;

    dtls_ev_socket_enter(socket);
    int result = dtls_conn_refuse_rehandshake(conn->engine, dtls_ev_now());
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
    int result = dtls_conn_finish_job(conn->engine, dtls_ev_now(), job);
    settle(conn);
    dtls_ev_socket_leave(socket);
    return result;
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

void dtls_ev_set_data(struct dtls_ev_conn *conn, void *data)
{
    conn->data = data;
}

void *dtls_ev_data(const struct dtls_ev_conn *conn)
{
    return conn->data;
}
