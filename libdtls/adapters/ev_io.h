/* ev_io.h - many datagrams with one system call, out and in. Each system has its own way, and its own file. Knows no
 * DTLS. */
#ifndef DTLS_ADAPTERS_EV_IO_H
#define DTLS_ADAPTERS_EV_IO_H

#include "adapters/ev_address.h"

#include <sys/uio.h>

enum {
    DTLS_EV_IO_MOST = 64,     /* messages in one call */
    DTLS_EV_IO_SEGMENTS = 64, /* datagrams in one message: what every kernel takes that takes any */
    DTLS_EV_IO_BYTES = 65000, /* and their bytes */
};

/* One datagram, or several of one length of which the last may be shorter, to one address. */
struct dtls_ev_message {
    const struct dtls_ev_address *to; /* NULL: to whom the socket is connected */
    struct iovec *parts;
    size_t part_count;
    uint16_t size; /* of each datagram; 0: all of it is one */
};

/* What has come from one address: a datagram, or several of `size` bytes of which the last may be shorter. */
struct dtls_ev_arrival {
    struct dtls_ev_address from; /* not set where the socket is connected */
    uint8_t *bytes;
    size_t len;
    size_t size;
};

/* Several datagrams of one sender may arrive as one from now on, where the kernel can do that; and much may wait. */
void dtls_ev_io_prepare(int fd);

/* Sends messages[0..count), of at most DTLS_EV_IO_MOST, in order. Returns how many have left; if that is fewer, errno
 * says why the next one has not. */
size_t dtls_ev_io_send(int fd, const struct dtls_ev_message *messages, size_t count);

/* Fills in up to `count` (at most DTLS_EV_IO_MOST) arrivals, whose `bytes` have room for `room` bytes each. Returns how
 * many there are; 0 with errno when there is none. */
size_t dtls_ev_io_receive(int fd, struct dtls_ev_arrival *arrivals, size_t count, size_t room);

#endif
