/* ev_socket.c - one UDP socket's system calls. Knows no DTLS. */
#define _DEFAULT_SOURCE /* SO_REUSEPORT */
#include "adapters/ev_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "dtls/ev.h"

static bool prepare(int fd, const struct dtls_ev_address *local, const struct dtls_ev_address *remote, bool share)
{
    int flags = fcntl(fd, F_GETFL);

    dtls_ev_path_watch(fd, local != NULL ? local : remote);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return false;
    if (share && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){ 1 }, sizeof(int)) < 0)
        return false;
    return local != NULL ? bind(fd, &local->of.any, local->len) == 0 : connect(fd, &remote->of.any, remote->len) == 0;
}

int dtls_ev_socket_open(struct dtls_ev_socket *opened, struct ev_loop *loop, const struct dtls_ev_address *local,
                        const struct dtls_ev_address *remote, bool share)
{
    const struct dtls_ev_address *either = local != NULL ? local : remote;
    int fd = socket(either->of.any.sa_family, SOCK_DGRAM, 0);

    opened->loop = loop;
    opened->fd = -1;
    if (fd < 0)
        return DTLS_EV_ERR_SYSTEM;
    if (!prepare(fd, local, remote, share)) {
        int reason = errno;
        close(fd);
        errno = reason;
        return DTLS_EV_ERR_SYSTEM;
    }
    opened->fd = fd;
    opened->connected = remote != NULL;
    if (local != NULL)
        opened->local = dtls_ev_address_any_port(local);
    ev_io_set(&opened->readable, fd, EV_READ);
    ev_io_start(loop, &opened->readable);
    return DTLS_OK;
}

void dtls_ev_socket_close(struct dtls_ev_socket *socket)
{
    if (socket->fd < 0)
        return;
    ev_io_stop(socket->loop, &socket->readable);
    close(socket->fd);
    socket->fd = -1;
}

bool dtls_ev_socket_receive(struct dtls_ev_socket *socket, struct dtls_ev_address *from, size_t *len)
{
    struct sockaddr *address = from != NULL ? &from->of.any : NULL;

    if (from != NULL)
        from->len = sizeof from->of;
    ssize_t got = recvfrom(socket->fd, socket->in, sizeof socket->in, 0, address, from != NULL ? &from->len : NULL);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return false;
    socket->has_errors |= got < 0;
    *len = got < 0 ? 0 : (size_t)got;
    return true;
}

bool dtls_ev_socket_next_error(struct dtls_ev_socket *socket, struct dtls_ev_path_error *error)
{
    socket->has_errors = socket->fd >= 0 && dtls_ev_path_next_error(socket->fd, error);
    return socket->has_errors;
}

static bool send_once(struct dtls_ev_socket *socket, const struct dtls_ev_address *to, const uint8_t *datagram,
                      size_t len)
{
    const struct sockaddr *address = socket->connected ? NULL : &to->of.any;

    if (sendto(socket->fd, datagram, len, 0, address, socket->connected ? 0 : to->len) >= 0 || errno == EAGAIN ||
        errno == EWOULDBLOCK || errno == ENOBUFS)
        return true; /* or lost, because the buffer is full */
    socket->has_errors = true;
    return false;
}

/* A socket reports here, too, what became of an *earlier* datagram, to whomever (nobody listens there, a router
 * complains); this one has not been sent yet then. */
bool dtls_ev_socket_send(struct dtls_ev_socket *socket, const struct dtls_ev_address *to, const uint8_t *datagram,
                         size_t len)
{
    return send_once(socket, to, datagram, len) || send_once(socket, to, datagram, len) || errno != EMSGSIZE;
}

void dtls_ev_socket_send_in_fragments(struct dtls_ev_socket *socket, const struct dtls_ev_address *to,
                                      const uint8_t *datagram, size_t len)
{
    dtls_ev_path_fragment(socket->fd, to, true);
    (void)!dtls_ev_socket_send(socket, to, datagram, len);
    dtls_ev_path_fragment(socket->fd, to, false);
}

size_t dtls_ev_socket_fits(const struct dtls_ev_socket *socket, const struct dtls_ev_address *to)
{
    return dtls_ev_path_fits(socket->fd, socket->connected ? NULL : &socket->local, to);
}

void dtls_ev_socket_enter(struct dtls_ev_socket *socket)
{
    socket->busy++;
}

void dtls_ev_socket_leave(struct dtls_ev_socket *socket)
{
    if (--socket->busy == 0)
        socket->idle(socket);
}
