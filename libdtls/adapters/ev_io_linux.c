/* ev_io_linux.c - sendmmsg with UDP_SEGMENT, recvmmsg with UDP_GRO. */
#define _GNU_SOURCE /* sendmmsg, recvmmsg */
#include "adapters/ev_io.h"

#include <netinet/udp.h>
#include <string.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum { RECEIVE_BUFFER = 4 << 20 }; /* bytes; the kernel gives as many of them as its administrator lets it */

/* Room for one control message with an int. */
union control {
    struct cmsghdr aligned;
    uint8_t bytes[CMSG_SPACE(sizeof(int))];
};

void dtls_ev_io_prepare(int fd)
{
    int on = 1, bytes = RECEIVE_BUFFER;

    (void)!setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    (void)!setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

static void put_size(struct msghdr *header, union control *control, uint16_t size)
{
    header->msg_control = control->bytes;
    header->msg_controllen = CMSG_SPACE(sizeof size);
    struct cmsghdr *message = CMSG_FIRSTHDR(header);
    message->cmsg_level = IPPROTO_UDP;
    message->cmsg_type = UDP_SEGMENT;
    message->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(message), &size, sizeof size);
}

size_t dtls_ev_io_send(int fd, const struct dtls_ev_message *messages, size_t count)
{
    struct mmsghdr headers[DTLS_EV_IO_MOST];
    union control controls[DTLS_EV_IO_MOST];

    for (size_t i = 0; i < count; i++) {
        struct msghdr *header = &headers[i].msg_hdr;
        *header = (struct msghdr){ .msg_iov = messages[i].parts, .msg_iovlen = messages[i].part_count };
        if (messages[i].to != NULL) {
            header->msg_name = (void *)(uintptr_t)&messages[i].to->of.any;
            header->msg_namelen = messages[i].to->len;
        }
        if (messages[i].size != 0)
            put_size(header, &controls[i], messages[i].size);
    }
    if (count == 1) /* cheaper than a list of one */
        return sendmsg(fd, &headers[0].msg_hdr, 0) >= 0;
    int sent = sendmmsg(fd, headers, (unsigned)count, 0);
    return sent > 0 ? (size_t)sent : 0;
}

/* Of each datagram in it; 0 when it is one. */
static size_t get_size(struct msghdr *header)
{
    int size;

    for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at != NULL; at = CMSG_NXTHDR(header, at))
        if (at->cmsg_level == IPPROTO_UDP && at->cmsg_type == UDP_GRO && at->cmsg_len >= CMSG_LEN(sizeof size)) {
            memcpy(&size, CMSG_DATA(at), sizeof size);
            return size > 0 ? (size_t)size : 0;
        }
    return 0;
}

size_t dtls_ev_io_receive(int fd, struct dtls_ev_arrival *arrivals, size_t count, size_t room)
{
    struct mmsghdr headers[DTLS_EV_IO_MOST];
    union control controls[DTLS_EV_IO_MOST];
    struct iovec parts[DTLS_EV_IO_MOST];

    for (size_t i = 0; i < count; i++) {
        parts[i] = (struct iovec){ arrivals[i].bytes, room };
        headers[i].msg_hdr = (struct msghdr){ .msg_name = &arrivals[i].from.of,
                                              .msg_namelen = sizeof arrivals[i].from.of,
                                              .msg_iov = &parts[i],
                                              .msg_iovlen = 1,
                                              .msg_control = controls[i].bytes,
                                              .msg_controllen = sizeof controls[i].bytes };
    }
    int got = recvmmsg(fd, headers, (unsigned)count, MSG_DONTWAIT, NULL);
    for (int i = 0; i < got; i++) {
        size_t size = get_size(&headers[i].msg_hdr);
        arrivals[i].len = headers[i].msg_len;
        arrivals[i].size = size > 0 ? size : arrivals[i].len;
        arrivals[i].from.len = headers[i].msg_hdr.msg_namelen;
    }
    return got > 0 ? (size_t)got : 0;
}
