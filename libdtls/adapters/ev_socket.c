/* ev_socket.c - one UDP socket's system calls. Knows no DTLS. */
#include "adapters/ev_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "dtls/ev.h"

static bool prepare(int fd, const struct dtls_ev_address *local, const struct dtls_ev_address *remote)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return false;
    return local != NULL ? bind(fd, &local->of.any, local->len) == 0 : connect(fd, &remote->of.any, remote->len) == 0;
}

int dtls_ev_socket_open(struct dtls_ev_socket *opened, struct ev_loop *loop, const struct dtls_ev_address *local,
                        const struct dtls_ev_address *remote)
{
    const struct dtls_ev_address *either = local != NULL ? local : remote;
    int fd = socket(either->of.any.sa_family, SOCK_DGRAM, 0);

    opened->loop = loop;
    opened->fd = -1;
    if (fd < 0)
        return DTLS_EV_ERR_SYSTEM;
    if (!prepare(fd, local, remote)) {
        int reason = errno;
        close(fd);
        errno = reason;
        return DTLS_EV_ERR_SYSTEM;
    }
    opened->fd = fd;
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
    *len = got < 0 ? 0 : (size_t)got;
    return true;
}

void dtls_ev_socket_send(const struct dtls_ev_socket *socket, const struct dtls_ev_address *to, const uint8_t *datagram,
                         size_t len)
{
    const struct sockaddr *address = to != NULL ? &to->of.any : NULL;
    socklen_t address_len = to != NULL ? to->len : 0;

    /* A connected socket reports here that an *earlier* datagram found no listener; this one has not been sent yet. */
    if (sendto(socket->fd, datagram, len, 0, address, address_len) < 0 && errno == ECONNREFUSED)
        (void)!sendto(socket->fd, datagram, len, 0, address, address_len);
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
