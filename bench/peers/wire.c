/* wire.c - the UDP socket of a peer. */
#define _GNU_SOURCE /* ppoll */
#include "bench/peers/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apps/complain.h"
#include "bench/peers/clock.h"

void wire_open(struct wire *wire, const struct settings *settings)
{
    const struct address *address = &settings->address;
    const struct sockaddr *name = (const struct sockaddr *)&address->of;

    wire->connected = !settings->server;
    wire->other = *address;
    wire->fd = socket(address->of.ss_family, SOCK_DGRAM, 0);
    if (wire->fd < 0 || fcntl(wire->fd, F_SETFL, O_NONBLOCK) < 0)
        refuse("socket: %s", strerror(errno));
    if (settings->server && bind(wire->fd, name, address->len) < 0)
        refuse("--listen: %s", strerror(errno));
    if (!settings->server && connect(wire->fd, name, address->len) < 0)
        refuse("--connect: %s", strerror(errno));
}

void wire_close(struct wire *wire)
{
    close(wire->fd);
}

uint16_t wire_port(const struct wire *wire)
{
    struct address own = { .len = sizeof own.of };
    char host[ADDRESS_HOST];

    if (getsockname(wire->fd, (struct sockaddr *)&own.of, &own.len) < 0)
        refuse("socket: %s", strerror(errno));
    return address_host((const struct sockaddr *)&own.of, own.len, host);
}

/* Only who has sent the first ClientHello is heard from then on. What else there is comes from an earlier call, whose
 * port this was. */
static bool is_from_other(struct wire *wire, const struct address *from, size_t len)
{
    if (wire->connected)
        return true;
    if (!record_is_hello(wire->datagram, len) || connect(wire->fd, (const struct sockaddr *)&from->of, from->len) < 0)
        return false;
    wire->other = *from;
    wire->connected = true;
    return true;
}

bool wire_receive(struct wire *wire)
{
    struct address from;
    ssize_t len;

    do { /* one that is empty, or strange, or was refused by ICMP, is not the last */
        from.len = sizeof from.of;
        len = recvfrom(wire->fd, wire->datagram, sizeof wire->datagram, 0, (struct sockaddr *)&from.of, &from.len);
        if (len < 0 && errno != ECONNREFUSED && errno != EINTR)
            return false;
    } while (len <= 0 || !is_from_other(wire, &from, (size_t)len));
    wire->len = (size_t)len;
    wire->dry = false;
    arrivals_note(&wire->arrivals, wire->datagram, wire->len, wire->received, clock_now());
    wire->received++;
    return true;
}

void wire_drop(struct wire *wire)
{
    wire->len = 0;
}

void wire_wait(const struct wire *wire, uint64_t until)
{
    uint64_t now = clock_now(), left = until > now ? until - now : 0;
    struct timespec wait = { .tv_sec = (time_t)(left / 1000000), .tv_nsec = (long)(left % 1000000) * 1000 };
    struct pollfd poll = { .fd = wire->fd, .events = POLLIN };

    ppoll(&poll, 1, &wait, NULL);
}

void wire_send(struct wire *wire, const uint8_t *datagram, size_t len)
{
    uint64_t number = wire->sent++, now = clock_now();
    uint16_t epoch;

    if (record_has_data(datagram, len, &epoch)) {
        wire->data_sent++;
        wire->data_datagram = number;
        wire->data_left = now;
    }
    if (wire->connected)
        (void)!send(wire->fd, datagram, len, 0);
}

size_t wire_take(struct wire *wire, uint8_t *out, size_t cap)
{
    size_t len = wire->len <= cap ? wire->len : 0;

    memcpy(out, wire->datagram, len);
    wire->len = 0;
    wire->dry = wire->dry || len == 0;
    return len;
}

bool wire_waits(struct wire *wire)
{
    wire->dry = wire->dry || wire->len == 0;
    return wire->len > 0;
}

bool wire_has_data(const struct wire *wire, uint16_t *epoch)
{
    return record_has_data(wire->datagram, wire->len, epoch);
}
