/* epoll_server.c - a server for many clients on a loop of its own (epoll), that sends every record back:
 *
 *     epoll_server 4433       SIGHUP: new keys for every client, while data flows; SIGTERM, SIGINT: close them, and end
 */
#define _DEFAULT_SOURCE /* sigprocmask, clock_gettime */
#include <arpa/inet.h>
#include <dtls/endpoint.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

enum { MTU = 1200, DATAGRAMS_A_TURN = 64 };

static volatile sig_atomic_t renew, leave; /* what a signal wants */
static struct dtls_endpoint *endpoint;
static int udp, poller;
static uint8_t waiting[MTU]; /* the datagram that the socket had no room for, */
static size_t waiting_len;   /* its length (0: there is none), */
static struct dtls_address waiting_to;

static void on_signal(int number)
{
    *(number == SIGHUP ? &renew : &leave) = 1;
}

static dtls_time now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (dtls_time)at.tv_sec * 1000000 + (dtls_time)at.tv_nsec / 1000;
}

static int wait_ms(void) /* until the deadline, rounded up: a turn too early would have nothing to do */
{
    dtls_time at = now(), deadline = dtls_endpoint_deadline(endpoint), hour = 3600000000;

    return deadline <= at ? 0 : (int)(((deadline - at < hour ? deadline - at : hour) + 999) / 1000);
}

/* False: the socket is full. Any other error (no route, a firewall) is a datagram lost, as on the way. */
static bool send_out(const uint8_t *datagram, size_t len, const struct dtls_address *to)
{
    struct sockaddr_in at = { .sin_family = AF_INET };

    memcpy(&at.sin_addr, to->bytes, 4); /* as on_readable has put them */
    memcpy(&at.sin_port, to->bytes + 4, 2);
    return sendto(udp, datagram, len, 0, (struct sockaddr *)&at, sizeof at) >= 0 || errno != EAGAIN;
}

static void on_event(struct dtls_conn *conn, const struct dtls_event *event)
{
    uint8_t out[MTU];
    size_t len;

    if (event->type != DTLS_EVENT_DATA)
        printf("%s %s\n", dtls_event_name(event->type), event->error != 0 ? dtls_error_string(event->error) : "");
    else if (dtls_conn_send(conn, now(), event->data.at, event->data.len, out, sizeof out, &len) == DTLS_OK)
        send_out(out, len, dtls_endpoint_address(conn)); /* where the socket is full: lost, as on the way */
    else
        fprintf(stderr, "not sent back: %zu bytes\n", event->data.len); /* more than what we can send in one */
}

/* After each call that gives the endpoint something to do: what has happened, and what is to be sent. */
static void settle(void)
{
    static uint32_t watched = EPOLLIN;
    struct dtls_event event;
    struct dtls_conn *conn;

    while (dtls_endpoint_next_event(endpoint, &conn, &event))
        on_event(conn, &event);
    while (waiting_len > 0 ||
           dtls_endpoint_next_datagram(endpoint, now(), waiting, sizeof waiting, &waiting_len, &waiting_to)) {
        if (!send_out(waiting, waiting_len, &waiting_to))
            break; /* what is behind it stays in the endpoint */
        waiting_len = 0;
    }
    struct epoll_event want = { .events = waiting_len > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN };
    if (want.events != watched && epoll_ctl(poller, EPOLL_CTL_MOD, udp, &want) == 0)
        watched = want.events;
}

static void on_readable(void)
{
    static uint8_t in[65535];
    struct dtls_address address = { .len = 6, .source_len = 4 }; /* IPv4: 4 bytes name the host, 2 its port */
    struct sockaddr_in from;

    for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
        ssize_t len = recvfrom(udp, in, sizeof in, 0, (struct sockaddr *)&from, &(socklen_t){ sizeof from });
        if (len < 0)
            return; /* nothing is left */
        memcpy(address.bytes, &from.sin_addr, 4);
        memcpy(address.bytes + 4, &from.sin_port, 2);
        dtls_endpoint_receive(endpoint, now(), &address, in, (size_t)len); /* refuses none: all was settled */
        settle();
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(argc == 2 ? (uint16_t)atoi(argv[1]) : 4433) };
    struct epoll_event event = { .events = EPOLLIN };
    int64_t today = time(NULL), month = 30 * 24 * 3600;
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN];
    char text[DTLS_FINGERPRINT_TEXT];
    struct dtls_identity *identity;
    struct dtls_config config;
    sigset_t blocked, before;

    setvbuf(stdout, NULL, _IOLBF, 0);
    sigemptyset(&blocked), sigaddset(&blocked, SIGHUP), sigaddset(&blocked, SIGINT), sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before); /* they come while we wait, at no other time */
    signal(SIGHUP, on_signal), signal(SIGINT, on_signal), signal(SIGTERM, on_signal);
    if (dtls_identity_generate(DTLS_KEY_ECDSA_P256, "example", today - 3600, today + month, NULL, NULL, &identity))
        return fprintf(stderr, "cannot make a certificate\n"), 1;
    dtls_config_init(&config);
    config.identity = identity;
    config.mtu = MTU;
    udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), poller = epoll_create1(0);
    if (udp < 0 || poller < 0 || bind(udp, (struct sockaddr *)&at, sizeof at) ||
        getsockname(udp, (struct sockaddr *)&at, &(socklen_t){ sizeof at }) ||
        epoll_ctl(poller, EPOLL_CTL_ADD, udp, &event) || (endpoint = dtls_endpoint_new(&config, NULL)) == NULL)
        return perror("cannot serve"), 1;
    dtls_identity_fingerprint(identity, fingerprint); /* what clients pin */
    dtls_fingerprint_format(fingerprint, text);
    printf("port %u, %s\n", ntohs(at.sin_port), text);
    while (!leave) {
        if (epoll_pwait(poller, &event, 1, wait_ms(), &before) > 0 && (event.events & EPOLLIN))
            on_readable();
        dtls_endpoint_tick(endpoint, now());
        settle();
        for (struct dtls_conn *conn = NULL; (renew || leave) && (conn = dtls_endpoint_each(endpoint, conn)) != NULL;)
            if (leave)
                dtls_conn_close(conn, now());
            else if (dtls_conn_rehandshake(conn, now(), DTLS_REHANDSHAKE_FULL) == DTLS_ERR_UNSAFE_RENEGOTIATION)
                fprintf(stderr, "a client cannot renew its keys\n"); /* others: not open yet, or just at it */
        renew = 0;
        settle();
    }
    dtls_endpoint_free(endpoint);
    dtls_identity_free(identity);
    return 0;
}
