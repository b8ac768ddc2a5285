/* ev_path_linux.c - don't-fragment, the error queue and the path MTU, as Linux has them. Knows no DTLS. */
#define _DEFAULT_SOURCE /* IP_MTU_DISCOVER and its kind */
#include "adapters/ev_path.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h>

enum { IPV4_AND_UDP = 20 + 8, IPV6_AND_UDP = 40 + 8 }; /* bytes of headers */

/* An IPv6 socket may speak IPv4, to addresses of their own kind. */
static bool is_v4(const struct dtls_ev_address *address)
{
    return address->of.any.sa_family == AF_INET || IN6_IS_ADDR_V4MAPPED(&address->of.v6.sin6_addr);
}

static void set(int fd, int level, int option, int value)
{
    (void)!setsockopt(fd, level, option, &value, sizeof value);
}

static size_t payload_of(const struct dtls_ev_address *to, size_t packet)
{
    size_t headers = is_v4(to) ? IPV4_AND_UDP : IPV6_AND_UDP;

    return packet > headers ? packet - headers : 0;
}

void dtls_ev_path_watch(int fd, const struct dtls_ev_address *of)
{
    set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
    set(fd, IPPROTO_IP, IP_RECVERR, 1);
    if (of->of.any.sa_family == AF_INET6) {
        set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
        set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
    }
}

void dtls_ev_path_fragment(int fd, const struct dtls_ev_address *to, bool may)
{
    if (is_v4(to))
        set(fd, IPPROTO_IP, IP_MTU_DISCOVER, may ? IP_PMTUDISC_DONT : IP_PMTUDISC_DO);
    else
        set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, may ? IPV6_PMTUDISC_DONT : IPV6_PMTUDISC_DO);
}

/* Where the kernel itself refused, whoever sent that datagram has asked already. */
static bool is_too_big(const struct sock_extended_err *error)
{
    return error->ee_errno == EMSGSIZE &&
           (error->ee_origin == SO_EE_ORIGIN_ICMP || error->ee_origin == SO_EE_ORIGIN_ICMP6);
}

static void read_control(struct msghdr *message, struct dtls_ev_path_error *error)
{
    struct sock_extended_err extended;

    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
        bool is_error = (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_RECVERR) ||
                        (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_RECVERR);
        if (!is_error || at->cmsg_len < CMSG_LEN(sizeof extended))
            continue;
        memcpy(&extended, CMSG_DATA(at), sizeof extended);
        error->too_big = is_too_big(&extended);
    }
}

bool dtls_ev_path_next_error(int fd, struct dtls_ev_path_error *error)
{
    union {
        struct cmsghdr aligned;
        uint8_t bytes[512];
    } control;
    struct sockaddr_storage to;
    struct msghdr message = {
        .msg_name = &to, .msg_namelen = sizeof to, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes
    };

    memset(error, 0, sizeof *error);
    if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
        return false;
    if (dtls_ev_address_set(&error->to, (struct sockaddr *)&to, message.msg_namelen))
        read_control(&message, error);
    return true;
}

/* A socket that is connected is told the path's MTU. */
static size_t ask(int fd, const struct dtls_ev_address *to)
{
    int mtu = 0;
    socklen_t len = sizeof mtu;
    bool v4 = is_v4(to);

    if (getsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu, &len) != 0 || mtu < 0)
        return 0;
    return payload_of(to, (size_t)mtu);
}

/* One that is not asks through another, which sends nothing. */
size_t dtls_ev_path_fits(int fd, const struct dtls_ev_address *local, const struct dtls_ev_address *to)
{
    size_t fits = 0;

    if (local == NULL)
        return ask(fd, to);
    int asking = socket(local->of.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (asking < 0)
        return 0;
    if (bind(asking, &local->of.any, local->len) == 0 && connect(asking, &to->of.any, to->len) == 0)
        fits = ask(asking, to);
    close(asking);
    return fits;
}
