/* impair_proxy.c - moves datagrams between clients and server as their fates say. Decides nothing and counts little:
 * impair_fate and impair_ledger do. */
#define _GNU_SOURCE /* ppoll */
#include "apps/impair_proxy.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    DATAGRAM_MAX = 65536,
    BURST = 64 /* datagrams taken from one socket before the others, and the queue, have their turn */
};

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static bool is_same_address(const struct address *a, const struct address *b)
{
    if (a->of.ss_family != b->of.ss_family)
        return false;
    if (a->of.ss_family == AF_INET) {
        const struct sockaddr_in *x = (const void *)&a->of, *y = (const void *)&b->of;
        return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
    }
    const struct sockaddr_in6 *x = (const void *)&a->of, *y = (const void *)&b->of;
    return x->sin6_port == y->sin6_port && x->sin6_scope_id == y->sin6_scope_id &&
           memcmp(&x->sin6_addr, &y->sin6_addr, sizeof x->sin6_addr) == 0;
}

/* The client with this address, a new one if need be. NULL when there are too many, or no socket for it. */
static struct impair_client *find_client(struct impair_proxy *proxy, const struct address *address)
{
    for (size_t i = 0; i < proxy->client_count; i++)
        if (is_same_address(&proxy->clients[i].address, address))
            return &proxy->clients[i];
    if (proxy->client_count == IMPAIR_CLIENTS)
        return NULL;

    struct impair_client *client = &proxy->clients[proxy->client_count];
    client->address = *address;
    client->socket = socket(proxy->to.of.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (client->socket < 0)
        return NULL;
    if (connect(client->socket, (const struct sockaddr *)&proxy->to.of, proxy->to.len) != 0) {
        close(client->socket);
        return NULL;
    }
    proxy->client_count++;
    return client;
}

/* Counts a datagram as lost. Corrupting has counted its records before. */
static void lose(struct impair_ledger *ledger, const uint8_t *datagram, size_t len, bool corrupted)
{
    ledger->lost++;
    if (!corrupted)
        impair_ledger_records_lost(ledger, datagram, len);
}

static void describe(const struct impair_ledger *ledger, size_t len, const struct impair_fate *fate)
{
    fprintf(stderr, "%s %llu: %zu bytes:%s%s%s%s%s", ledger->direction, (unsigned long long)ledger->datagrams, len,
            fate->too_large ? " too large" : "", fate->lost ? " lost" : "", fate->reordered ? " reordered" : "",
            fate->duplicated ? " doubled" : "", fate->corrupted ? " corrupted" : "");
    if (fate->too_large || fate->lost)
        fputc('\n', stderr);
    else
        fprintf(stderr, " after %.1f ms\n", (double)fate->delay_us / 1000);
}

/* Takes in one datagram: drops it, or puts it on its way. `bytes` may be changed. */
static void accept_datagram(struct impair_proxy *proxy, enum impair_direction direction,
                            const struct impair_client *client, uint8_t *bytes, size_t len)
{
    struct impair_ledger *ledger = &proxy->ledger[direction];
    struct impair_fate fate = impair_decide(&proxy->settings, &proxy->random[direction], len);

    impair_ledger_arrived(ledger, bytes, len);
    if (proxy->verbose)
        describe(ledger, len, &fate);
    if (fate.too_large) {
        ledger->too_large++;
        impair_ledger_records_lost(ledger, bytes, len);
        return;
    }
    if (fate.lost || client == NULL) {
        lose(ledger, bytes, len, false);
        return;
    }

    struct impair_parcel parcel = {
        .due_us = now_us() + fate.delay_us,
        .client = (size_t)(client - proxy->clients),
        .direction = direction,
        .corrupted = fate.corrupted,
        .len = len,
    };
    if (fate.corrupted) {
        impair_ledger_records_lost(ledger, bytes, len);
        bytes[fate.bit / 8] ^= (uint8_t)(1 << fate.bit % 8);
        ledger->corrupted++;
    }
    if (!impair_queue_put(&proxy->queue, &parcel, bytes)) {
        lose(ledger, bytes, len, fate.corrupted);
        return;
    }
    ledger->reordered += fate.reordered;
    parcel.copy = true;
    parcel.due_us += IMPAIR_COPY_US;
    if (fate.duplicated && impair_queue_put(&proxy->queue, &parcel, bytes))
        ledger->duplicated++;
}

static bool send_parcel(const struct impair_proxy *proxy, const struct impair_parcel *parcel)
{
    const struct impair_client *client = &proxy->clients[parcel->client];

    if (parcel->direction == IMPAIR_DOWN)
        return sendto(proxy->listener, parcel->bytes, parcel->len, 0, (const struct sockaddr *)&client->address.of,
                      client->address.len) >= 0;
    /* A connected socket answers one call with the ICMP error that an earlier datagram drew: hence the second try. */
    return send(client->socket, parcel->bytes, parcel->len, 0) >= 0 ||
           send(client->socket, parcel->bytes, parcel->len, 0) >= 0;
}

/* Takes out what is due and sends it, or only counts it as lost when the network is `closing`. */
static void deliver(struct impair_proxy *proxy, bool closing)
{
    while (proxy->queue.count > 0 && (closing || impair_queue_due(&proxy->queue) <= now_us())) {
        struct impair_parcel *parcel = impair_queue_take(&proxy->queue);
        struct impair_ledger *ledger = &proxy->ledger[parcel->direction];

        bool sent = !closing && send_parcel(proxy, parcel);
        if (sent && !parcel->copy)
            ledger->passed++;
        if (!sent && !parcel->copy) /* a copy that gets stuck is no loss */
            lose(ledger, parcel->bytes, parcel->len, parcel->corrupted);
        free(parcel);
    }
}

static void receive_from_clients(struct impair_proxy *proxy)
{
    static uint8_t bytes[DATAGRAM_MAX];

    for (int i = 0; i < BURST; i++) {
        struct address from = { .len = sizeof from.of };
        ssize_t len =
            recvfrom(proxy->listener, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from.of, &from.len);
        if (len < 0)
            return;
        accept_datagram(proxy, IMPAIR_UP, find_client(proxy, &from), bytes, (size_t)len);
    }
}

static void receive_from_server(struct impair_proxy *proxy, const struct impair_client *client)
{
    static uint8_t bytes[DATAGRAM_MAX];

    for (int i = 0; i < BURST; i++) {
        ssize_t len = recv(client->socket, bytes, sizeof bytes, MSG_DONTWAIT);
        if (len < 0)
            return;
        accept_datagram(proxy, IMPAIR_DOWN, client, bytes, (size_t)len);
    }
}

bool impair_proxy_open(struct impair_proxy *proxy)
{
    struct address *listen = &proxy->listen;

    proxy->listener = socket(listen->of.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return proxy->listener >= 0 && bind(proxy->listener, (const struct sockaddr *)&listen->of, listen->len) == 0 &&
           getsockname(proxy->listener, (struct sockaddr *)&listen->of, &listen->len) == 0;
}

void impair_proxy_run(struct impair_proxy *proxy, double seconds, const sigset_t *waiting,
                      const volatile sig_atomic_t *stop)
{
    static struct pollfd sockets[1 + IMPAIR_CLIENTS];
    uint64_t end = now_us() + (uint64_t)(seconds * 1000000);

    while (!*stop && now_us() < end) {
        size_t count = proxy->client_count;
        sockets[0] = (struct pollfd){ .fd = proxy->listener, .events = POLLIN };
        for (size_t i = 0; i < count; i++)
            sockets[1 + i] = (struct pollfd){ .fd = proxy->clients[i].socket, .events = POLLIN };

        uint64_t due = impair_queue_due(&proxy->queue), now = now_us();
        uint64_t next = due < end ? due : end;
        uint64_t wait_us = next > now ? next - now : 0;
        struct timespec wait = { .tv_sec = (time_t)(wait_us / 1000000), .tv_nsec = (long)(wait_us % 1000000) * 1000 };
        int ready = ppoll(sockets, 1 + count, &wait, waiting);

        deliver(proxy, false);
        if (ready <= 0)
            continue;
        if (sockets[0].revents != 0)
            receive_from_clients(proxy);
        for (size_t i = 0; i < count; i++)
            if (sockets[1 + i].revents != 0)
                receive_from_server(proxy, &proxy->clients[i]);
    }
    deliver(proxy, true);

    close(proxy->listener);
    for (size_t i = 0; i < proxy->client_count; i++)
        close(proxy->clients[i].socket);
}
