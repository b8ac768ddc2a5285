/* plain.c - the same loops without any cryptography: what the kernel's ways to move datagrams cost by themselves.
 * sendto: a call each; mmsg: sendmmsg and recvmmsg; gso: UDP_SEGMENT and UDP_GRO, a burst as one datagram inside the
 * kernel. */
#define _GNU_SOURCE /* sendmmsg */
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "bench/udp/party.h"

#ifndef UDP_GRO /* glibc below 2.39 may not know it; the kernel's number */
#define UDP_GRO 104
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { DATAGRAM = 65536 };

static const char *version(void)
{
    static struct utsname kernel;

    return uname(&kernel) == 0 ? kernel.release : "unknown";
}

static const char *const ciphers[] = { "sendto", "mmsg", "gso", NULL };

/* ---- sending ---- */

static void burst_sendto(void *arg, const uint8_t *data, size_t size, size_t count)
{
    const struct party *party = arg;

    for (size_t i = 0; i < count; i++)
        if (sendto(party->fd, data, size, 0, NULL, 0) < 0)
            meter_fail("sendto");
}

static void burst_mmsg(void *arg, const uint8_t *data, size_t size, size_t count)
{
    const struct party *party = arg;
    struct iovec piece = { (void *)(uintptr_t)data, size };
    struct mmsghdr messages[PARTY_MOST_BURST];

    memset(messages, 0, count * sizeof messages[0]);
    for (size_t i = 0; i < count; i++) {
        messages[i].msg_hdr.msg_iov = &piece;
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    if (sendmmsg(party->fd, messages, (unsigned)count, 0) != (int)count)
        meter_fail("sendmmsg");
}

static void burst_gso(void *arg, const uint8_t *data, size_t size, size_t count)
{
    const struct party *party = arg;
    struct iovec pieces[PARTY_MOST_BURST];
    union {
        struct cmsghdr header;
        uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
    } control = { .bytes = { 0 } };
    struct msghdr message = {
        .msg_iov = pieces, .msg_iovlen = count, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes
    };
    const uint16_t segment = (uint16_t)size;

    for (size_t i = 0; i < count; i++)
        pieces[i] = (struct iovec){ (void *)(uintptr_t)data, size };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = IPPROTO_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(header), &segment, sizeof segment);
    if (sendmsg(party->fd, &message, 0) < 0)
        meter_fail("sendmsg with UDP_SEGMENT");
}

static void send_all(const struct party *party)
{
    bool gso = strcmp(party->cipher, "gso") == 0, mmsg = strcmp(party->cipher, "mmsg") == 0;

    party_send_bursts(party, gso ? burst_gso : mmsg ? burst_mmsg : burst_sendto, (void *)(uintptr_t)party);
}

/* ---- receiving ---- */

static void receive_single(const struct party *party)
{
    uint8_t datagram[DATAGRAM];

    while (recvfrom(party->fd, datagram, sizeof datagram, 0, NULL, NULL) >= 0)
        meter_received(party->meter, 1);
}

static void receive_mmsg(const struct party *party)
{
    static uint8_t datagrams[PARTY_MOST_BURST][PARTY_MTU];
    struct iovec pieces[PARTY_MOST_BURST];
    struct mmsghdr messages[PARTY_MOST_BURST];
    int count;

    memset(messages, 0, sizeof messages);
    for (size_t i = 0; i < PARTY_MOST_BURST; i++) {
        pieces[i] = (struct iovec){ datagrams[i], sizeof datagrams[i] };
        messages[i].msg_hdr.msg_iov = &pieces[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    while ((count = recvmmsg(party->fd, messages, PARTY_MOST_BURST, MSG_WAITFORONE, NULL)) >= 0)
        meter_received(party->meter, (size_t)count);
}

static size_t segment_of(struct msghdr *message, size_t len)
{
    int segment;

    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at))
        if (at->cmsg_level == IPPROTO_UDP && at->cmsg_type == UDP_GRO) {
            memcpy(&segment, CMSG_DATA(at), sizeof segment);
            return (size_t)segment;
        }
    return len; /* it came alone */
}

static void receive_gro(const struct party *party)
{
    static uint8_t datagram[DATAGRAM];
    const int on = 1;
    ssize_t len;

    if (setsockopt(party->fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) != 0)
        meter_fail("UDP_GRO");
    for (;;) {
        uint8_t control[CMSG_SPACE(sizeof(int))];
        struct iovec piece = { datagram, sizeof datagram };
        struct msghdr message = {
            .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control
        };
        len = recvmsg(party->fd, &message, 0);
        if (len <= 0)
            return;
        size_t segment = segment_of(&message, (size_t)len);
        meter_received(party->meter, ((size_t)len + segment - 1) / segment);
    }
}

static void receive(const struct party *party)
{
    if (strcmp(party->cipher, "gso") == 0)
        receive_gro(party);
    else if (strcmp(party->cipher, "mmsg") == 0)
        receive_mmsg(party);
    else
        receive_single(party);
}

const struct party_library party_library = { "udp-none", version, ciphers, send_all, receive };
