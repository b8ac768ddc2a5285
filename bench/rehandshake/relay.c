/* relay.c - two sockets and a queue. */
#include "bench/rehandshake/relay.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/bench.h"

enum { DATAGRAM = 2048, RECEIVE_BUFFER = 1 << 20 };

struct relay_parcel {
    struct relay_parcel *next;
    uint64_t due;
    enum book_side from;
    size_t len;
    uint8_t bytes[];
};

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int open_socket(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), size = RECEIVE_BUFFER;

    if (fd < 0)
        bench_fail("no socket for the relay");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return fd;
}

void relay_open(struct relay *relay, uint16_t server_port, uint16_t *port)
{
    struct sockaddr_in any = loopback(0), server = loopback(server_port);
    socklen_t len = sizeof any;

    for (int side = BOOK_CLIENT; side <= BOOK_SERVER; side++)
        relay->fd[side] = open_socket();
    if (bind(relay->fd[BOOK_CLIENT], (struct sockaddr *)&any, sizeof any) != 0 ||
        getsockname(relay->fd[BOOK_CLIENT], (struct sockaddr *)&any, &len) != 0 ||
        connect(relay->fd[BOOK_SERVER], (struct sockaddr *)&server, sizeof server) != 0)
        bench_fail("the relay cannot listen");
    *port = ntohs(any.sin_port);
}

void relay_close(struct relay *relay)
{
    for (int side = BOOK_CLIENT; side <= BOOK_SERVER; side++) {
        close(relay->fd[side]);
        free(relay->lost[side]);
    }
    while (relay->first != NULL) {
        struct relay_parcel *parcel = relay->first;
        relay->first = parcel->next;
        free(parcel);
    }
}

static void note_fate(struct relay *relay, enum book_side from, bool lost)
{
    if (relay->count[from] == relay->cap[from]) {
        relay->cap[from] = relay->cap[from] == 0 ? 1024 : 2 * relay->cap[from];
        relay->lost[from] = realloc(relay->lost[from], relay->cap[from] * sizeof relay->lost[from][0]);
        if (relay->lost[from] == NULL)
            bench_fail("no memory for the relay");
    }
    relay->lost[from][relay->count[from]++] = lost;
}

static void put_under_way(struct relay *relay, enum book_side from, const uint8_t *bytes, size_t len, uint64_t due)
{
    struct relay_parcel *parcel = malloc(sizeof *parcel + len);

    if (parcel == NULL)
        bench_fail("no memory for the relay");
    *parcel = (struct relay_parcel){ .due = due, .from = from, .len = len };
    memcpy(parcel->bytes, bytes, len);
    if (relay->first == NULL)
        relay->first = parcel;
    else
        relay->last->next = parcel;
    relay->last = parcel;
}

void relay_take(struct relay *relay, enum book_side from, uint64_t now)
{
    uint8_t bytes[DATAGRAM];
    struct sockaddr_in sender;
    socklen_t sender_len = sizeof sender;
    ssize_t len;

    while ((len = recvfrom(relay->fd[from], bytes, sizeof bytes, 0, (struct sockaddr *)&sender, &sender_len)) >= 0) {
        if (from == BOOK_CLIENT && !relay->knows_client)
            relay->knows_client = connect(relay->fd[from], (struct sockaddr *)&sender, sender_len) == 0;
        struct impair_fate fate = impair_decide(&relay->settings, &relay->random[from], (size_t)len);
        bool lost = relay->losing && fate.lost;
        note_fate(relay, from, lost);
        if (!lost)
            put_under_way(relay, from, bytes, (size_t)len, now + fate.delay_us);
        sender_len = sizeof sender;
    }
}

void relay_deliver(struct relay *relay, uint64_t now)
{
    while (relay->first != NULL && relay->first->due <= now) {
        struct relay_parcel *parcel = relay->first;
        int fd = relay->fd[parcel->from == BOOK_CLIENT ? BOOK_SERVER : BOOK_CLIENT];
        relay->first = parcel->next;
        /* A connected socket tells of an earlier datagram's refusal (a side has ended) instead of sending this one. */
        if (send(fd, parcel->bytes, parcel->len, 0) < 0)
            (void)!send(fd, parcel->bytes, parcel->len, 0);
        free(parcel);
    }
}

uint64_t relay_due(const struct relay *relay)
{
    return relay->first == NULL ? UINT64_MAX : relay->first->due;
}

bool relay_has_lost(const struct relay *relay, enum book_side from, size_t number)
{
    return number < relay->count[from] && relay->lost[from][number];
}
