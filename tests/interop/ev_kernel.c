/* ev_kernel.c - functions of the C library that libdtls-ev calls, in front of the real ones. */
#define _GNU_SOURCE /* syscall, IP_MTU, sendmmsg, recvmmsg */
#include "tests/interop/ev_kernel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct ev_kernel kernel;

static int fail(int error)
{
    errno = error;
    return -1;
}

/* The bytes of each datagram in a message, and whether they are many. */
static size_t size_of(const struct msghdr *message, bool *segmented)
{
    size_t len = 0;
    uint16_t size;

    for (size_t i = 0; i < message->msg_iovlen; i++)
        len += message->msg_iov[i].iov_len;
    *segmented = message->msg_controllen > 0;
    if (!*segmented)
        return len;
    memcpy(&size, CMSG_DATA(CMSG_FIRSTHDR(message)), sizeof size);
    return size;
}

/* Why the kernel would not take this one; 0: it does. */
static int refusal(const struct msghdr *message)
{
    bool segmented;
    size_t len = size_of(message, &segmented);

    if (segmented && kernel.segment_error != 0)
        return kernel.segment_error;
    if (kernel.packet > 0 && len + 28 > kernel.packet && !kernel.fragments)
        return segmented ? EINVAL : EMSGSIZE;
    if (kernel.firewall > 0 && len == kernel.firewall)
        return EPERM;
    return kernel.takes > 0 && kernel.messages >= kernel.takes ? EAGAIN : 0;
}

/* One call that sends; the error that was ordered for it. */
static int begin_sending(void)
{
    int error = kernel.send_error;

    kernel.sent++;
    kernel.send_error = 0;
    kernel.in_fragments += kernel.fragments;
    return error;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    int error = begin_sending();

    if (error == 0)
        error = refusal(message);
    if (error != 0)
        return fail(error);
    kernel.messages++;
    return syscall(SYS_sendmsg, fd, message, flags);
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    int error = begin_sending();

    if (error != 0)
        return fail(error);
    for (unsigned i = 0; i < count; i++) {
        error = refusal(&messages[i].msg_hdr);
        if (error != 0)
            return i > 0 ? (int)i : fail(error);
        kernel.messages++;
        if (syscall(SYS_sendmsg, fd, &messages[i].msg_hdr, flags) < 0)
            return i > 0 ? (int)i : -1;
    }
    return (int)count;
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
    int error = kernel.receive_error;

    kernel.received++;
    kernel.receive_error = 0;
    return error != 0 ? fail(error) : (int)syscall(SYS_recvmmsg, fd, messages, count, flags, timeout);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    (void)fd;
    (void)flags;
    kernel.read_errors++;
    if (!kernel.has_word)
        return fail(EAGAIN);
    kernel.has_word = false;
    memcpy(message->msg_name, &kernel.to, sizeof kernel.to);
    message->msg_namelen = sizeof kernel.to;
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    *control = (struct cmsghdr){ CMSG_LEN(sizeof kernel.word), IPPROTO_IP, IP_RECVERR };
    memcpy(CMSG_DATA(control), &kernel.word, sizeof kernel.word);
    message->msg_controllen = CMSG_SPACE(sizeof kernel.word);
    return 0;
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    kernel.set++;
    if (kernel.old)
        return fail(ENOPROTOOPT);
    if (level == IPPROTO_IP && option == IP_MTU_DISCOVER)
        kernel.fragments = *(const int *)value == IP_PMTUDISC_DONT;
    return (int)syscall(SYS_setsockopt, fd, level, option, value, len);
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
    kernel.asked++;
    if (level != IPPROTO_IP || option != IP_MTU || kernel.packet == 0)
        return (int)syscall(SYS_getsockopt, fd, level, option, value, len);
    if (kernel.silent)
        return fail(ENOTCONN);
    *(int *)value = (int)kernel.packet;
    return 0;
}
