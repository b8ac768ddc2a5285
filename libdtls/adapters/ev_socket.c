/* ev_socket.c - one UDP socket on a loop: when it is read, and when what waits is sent. Knows no DTLS. */
#define _DEFAULT_SOURCE /* SO_REUSEPORT */
#include "adapters/ev_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dtls/mux.h"

enum {
    LARGEST_OTHER = 1472,              /* bytes of what is not DTLS: one Ethernet frame */
    ROUNDS = 4,                        /* of full receptions in one turn */
    IN_STRIDE = DTLS_EV_DATAGRAM + 576 /* small datagrams would share a few sets of the cache, were it a power of 2 */
};

/* ---- what comes ---- */

static void take_errors(struct dtls_ev_socket *socket)
{
    struct dtls_ev_path_error error;

    for (int i = 0; i < DTLS_EV_BURST && socket->fd >= 0 && !socket->owner->is_dead(socket); i++) {
        socket->has_errors = dtls_ev_path_next_error(socket->fd, &error);
        if (!socket->has_errors)
            break;
        if (error.too_big)
            socket->owner->too_big(socket, &error.to);
    }
}

static uint8_t *next_of_any_kind(struct dtls_ev_socket *socket, struct dtls_ev_arrival *arrival, size_t *len)
{
    uint8_t *datagram = arrival->bytes;

    *len = arrival->len < arrival->size ? arrival->len : arrival->size;
    if (*len == 0 || socket->fd < 0 || socket->owner->is_dead(socket))
        return NULL;
    arrival->bytes += *len;
    arrival->len -= *len;
    socket->received++;
    return datagram;
}

uint8_t *dtls_ev_socket_next(struct dtls_ev_socket *socket, struct dtls_ev_arrival *arrival, size_t *len)
{
    const struct dtls_ev_address *from = socket->connected ? &socket->remote : &arrival->from;
    uint8_t *datagram;

    while ((datagram = next_of_any_kind(socket, arrival, len)) != NULL) {
        if (socket->other == NULL || dtls_mux_classify(datagram, *len) == DTLS_MUX_DTLS)
            return datagram;
        socket->other(socket->other_arg, &from->of.any, from->len, datagram, *len);
    }
    return NULL;
}

static void point_at_buffers(struct dtls_ev_socket *socket)
{
    for (size_t i = 0; i < socket->arrival_count; i++)
        socket->arrivals[i].bytes = socket->in + i * IN_STRIDE;
}

static void on_readable(struct ev_loop *loop, ev_io *readable, int happened)
{
    struct dtls_ev_socket *socket = readable->data;
    size_t got = socket->arrival_count;

    (void)loop;
    (void)happened;
    dtls_ev_socket_enter(socket);
    for (int round = 0; round < ROUNDS && got == socket->arrival_count; round++) {
        if (socket->fd < 0 || socket->owner->is_dead(socket))
            break;
        socket->now = dtls_ev_now();
        point_at_buffers(socket);
        got = dtls_ev_io_receive(socket->fd, socket->arrivals, socket->arrival_count, DTLS_EV_DATAGRAM);
        socket->receive_calls++;
        socket->has_errors |= got == 0 && errno != EAGAIN && errno != EWOULDBLOCK;
        if (got > 1 && socket->owner->expect != NULL)
            socket->owner->expect(socket, socket->arrivals, got);
        for (size_t i = 0; i < got; i++)
            socket->owner->receive(socket, &socket->arrivals[i]);
        if (round == 0 && got == 0) /* what else has woken us? */
            socket->has_errors = true;
    }
    if (socket->has_errors)
        take_errors(socket);
    if (!socket->owner->is_dead(socket))
        socket->owner->settle(socket);
    dtls_ev_socket_leave(socket);
}

/* ---- what leaves ---- */

static void stop_waiting(struct dtls_ev_socket *socket)
{
    ev_prepare_stop(socket->loop, &socket->turn_ends);
    ev_idle_stop(socket->loop, &socket->not_asleep);
}

void dtls_ev_socket_flush(struct dtls_ev_socket *socket)
{
    if (socket->fd < 0 || dtls_ev_queue_is_empty(&socket->queue))
        return;
    socket->has_errors |= dtls_ev_queue_flush(&socket->queue, socket->fd);
    stop_waiting(socket);
    if (socket->queue.blocked)
        ev_io_start(socket->loop, &socket->writable);
    else
        ev_io_stop(socket->loop, &socket->writable);
}

static void on_turn(struct dtls_ev_socket *socket)
{
    dtls_ev_socket_enter(socket);
    dtls_ev_socket_flush(socket);
    if (socket->has_errors && !socket->owner->is_dead(socket))
        socket->owner->settle(socket); /* more is read about it when the socket wakes us */
    dtls_ev_socket_leave(socket);
}

static void on_turn_ends(struct ev_loop *loop, ev_prepare *turn_ends, int happened)
{
    (void)loop;
    (void)happened;
    on_turn(turn_ends->data);
}

static void on_not_asleep(struct ev_loop *loop, ev_idle *not_asleep, int happened)
{
    (void)loop;
    (void)happened;
    on_turn(not_asleep->data);
}

static void on_writable(struct ev_loop *loop, ev_io *writable, int happened)
{
    struct dtls_ev_socket *socket = writable->data;

    (void)loop;
    (void)happened;
    dtls_ev_socket_enter(socket);
    dtls_ev_socket_flush(socket);
    if (!socket->queue.blocked && !socket->owner->is_dead(socket))
        socket->owner->settle(socket);
    dtls_ev_socket_leave(socket);
}

uint8_t *dtls_ev_socket_room(struct dtls_ev_socket *socket)
{
    uint8_t *room = dtls_ev_queue_room(&socket->queue);

    if (socket->fd < 0)
        return NULL;
    if (room == NULL && !socket->queue.blocked) {
        dtls_ev_socket_flush(socket);
        room = dtls_ev_queue_room(&socket->queue);
    }
    return room;
}

void dtls_ev_socket_put(struct dtls_ev_socket *socket, struct dtls_ev_lane *lane, const struct dtls_ev_address *to,
                        size_t len)
{
    if (socket->fd < 0)
        return; /* lost: nobody would send it, nor stop the watchers */
    if (dtls_ev_queue_is_empty(&socket->queue)) {
        ev_prepare_start(socket->loop, &socket->turn_ends);
        ev_idle_start(socket->loop, &socket->not_asleep);
    }
    dtls_ev_queue_add(&socket->queue, lane, to, len);
}

int dtls_ev_socket_send_other(struct dtls_ev_socket *socket, struct dtls_ev_lane *lane,
                              const struct dtls_ev_address *to, const uint8_t *datagram, size_t len)
{
    static const struct dtls_ev_lane none;

    if (len > LARGEST_OTHER)
        return DTLS_ERR_LARGE_PACKET;
    uint8_t *room = dtls_ev_socket_room(socket);
    if (room == NULL || dtls_ev_queue_is_full_for(&socket->queue, lane != NULL ? lane : &none))
        return DTLS_EV_ERR_FULL;
    if (len == 0)
        return DTLS_OK;
    memcpy(room, datagram, len);
    dtls_ev_socket_put(socket, lane, to, len);
    return DTLS_OK;
}

enum dtls_ev_fate dtls_ev_socket_send_now(struct dtls_ev_socket *socket, const struct dtls_ev_address *to,
                                          const uint8_t *bytes, size_t len)
{
    dtls_ev_socket_flush(socket);
    if (socket->fd < 0)
        return DTLS_EV_LOST;
    if (socket->queue.blocked)
        return DTLS_EV_BLOCKED;
    return dtls_ev_queue_send_now(&socket->queue, socket->fd, to, bytes, len, &socket->has_errors);
}

void dtls_ev_socket_send_in_fragments(struct dtls_ev_socket *socket, const struct dtls_ev_address *to,
                                      const uint8_t *bytes, size_t len)
{
    dtls_ev_queue_send_in_fragments(&socket->queue, socket->fd, to, bytes, len, &socket->has_errors);
}

static void report_too_big(void *arg, const struct dtls_ev_address *to)
{
    struct dtls_ev_socket *socket = arg;

    if (!socket->owner->is_dead(socket))
        socket->owner->too_big(socket, to);
}

size_t dtls_ev_socket_fits(const struct dtls_ev_socket *socket, const struct dtls_ev_address *to)
{
    return dtls_ev_path_fits(socket->fd, socket->connected ? NULL : &socket->local, to);
}

void dtls_ev_socket_stats(const struct dtls_ev_socket *socket, struct dtls_ev_stats *out)
{
    *out = socket->queue.stats;
    out->datagrams_received = socket->received;
    out->receive_calls = socket->receive_calls;
}

/* ---- life ---- */

static bool prepare(int fd, const struct dtls_ev_address *address, enum dtls_ev_binding binding)
{
    int flags = fcntl(fd, F_GETFL);

    dtls_ev_path_watch(fd, address);
    dtls_ev_io_prepare(fd);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return false;
    if (binding == DTLS_EV_SHARED && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){ 1 }, sizeof(int)) < 0)
        return false;
    return (binding == DTLS_EV_CONNECTED ? connect : bind)(fd, &address->of.any, address->len) == 0;
}

static void watch(struct dtls_ev_socket *socket)
{
    ev_io_init(&socket->readable, on_readable, socket->fd, EV_READ);
    ev_io_init(&socket->writable, on_writable, socket->fd, EV_WRITE);
    ev_prepare_init(&socket->turn_ends, on_turn_ends);
    ev_idle_init(&socket->not_asleep, on_not_asleep);
    ev_set_priority(&socket->turn_ends, EV_MINPRI); /* behind whatever else happens before the loop sleeps */
    ev_set_priority(&socket->not_asleep, EV_MINPRI);
    socket->readable.data = socket->writable.data = socket->turn_ends.data = socket->not_asleep.data = socket;
    ev_io_start(socket->loop, &socket->readable);
}

static bool make_buffers(struct dtls_ev_socket *socket)
{
    /* A client has one sender, whose datagrams the kernel joins: one message at a time is enough. */
    socket->arrival_count = socket->connected ? 1 : DTLS_EV_ARRIVALS;
    socket->in = malloc(socket->arrival_count * IN_STRIDE);
    if (socket->in == NULL || !dtls_ev_queue_init(&socket->queue, socket->connected))
        return false;
    socket->queue.too_big = report_too_big;
    socket->queue.arg = socket;
    return true;
}

int dtls_ev_socket_open(struct dtls_ev_socket *opened, struct ev_loop *loop, const struct dtls_ev_owner *owner,
                        const struct dtls_ev_address *address, enum dtls_ev_binding binding)
{
    opened->loop = loop;
    opened->owner = owner;
    opened->fd = -1;
    opened->connected = binding == DTLS_EV_CONNECTED;
    if (opened->connected)
        opened->remote = *address;
    else
        opened->local = dtls_ev_address_any_port(address);
    if (!make_buffers(opened)) {
        dtls_ev_socket_free(opened);
        return DTLS_ERR_NO_MEMORY;
    }
    opened->fd = socket(address->of.any.sa_family, SOCK_DGRAM, 0);
    if (opened->fd >= 0 && prepare(opened->fd, address, binding)) {
        watch(opened);
        return DTLS_OK;
    }
    int reason = errno;
    if (opened->fd >= 0)
        close(opened->fd);
    opened->fd = -1;
    dtls_ev_socket_free(opened);
    errno = reason;
    return DTLS_EV_ERR_SYSTEM;
}

void dtls_ev_socket_close(struct dtls_ev_socket *socket)
{
    if (socket->fd < 0)
        return;
    dtls_ev_socket_flush(socket);
    stop_waiting(socket);
    ev_io_stop(socket->loop, &socket->writable);
    ev_io_stop(socket->loop, &socket->readable);
    close(socket->fd);
    socket->fd = -1;
}

void dtls_ev_socket_free(struct dtls_ev_socket *socket)
{
    free(socket->in);
    socket->in = NULL;
    dtls_ev_queue_free(&socket->queue);
}

void dtls_ev_socket_enter(struct dtls_ev_socket *socket)
{
    double turn = ev_now(socket->loop);

    if (socket->busy++ == 0 && turn != socket->turn) {
        socket->now = dtls_ev_now();
        socket->turn = turn;
    }
}

void dtls_ev_socket_leave(struct dtls_ev_socket *socket)
{
    if (--socket->busy == 0)
        socket->owner->idle(socket);
}
