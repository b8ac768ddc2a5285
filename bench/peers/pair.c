/* pair.c - a handshake between two ends, and what it cost. Knows no library. */
#include "bench/peers/pair.h"

#include <string.h>

#include "apps/complain.h"
#include "bench/peers/clock.h"

enum { MOST_STEPS = 50 };

uint8_t pair_data[PAIR_DATAGRAM];

const uint8_t *pair_read(long got, size_t *len)
{
    *len = got > 0 ? (size_t)got : 0;
    return got > 0 ? pair_data : NULL;
}

void pair_connect(struct pair *pair, void *session, struct pair_cost *cost)
{
    bool client = false, server = false;
    struct pair_cost none, *to = cost != NULL ? cost : &none;

    none = (struct pair_cost){ 0 };
    pair_forget();
    double start = clock_cpu_seconds();
    pair->client = pair_library.make(false, session);
    double middle = clock_cpu_seconds();
    pair->server = pair_library.make(true, NULL);
    to->client += middle - start;
    to->server += clock_cpu_seconds() - middle;
    for (int i = 0; i < MOST_STEPS && !(client && server); i++) {
        start = clock_cpu_seconds();
        client = pair_library.shake(pair->client) || client;
        middle = clock_cpu_seconds();
        server = pair_library.shake(pair->server) || server;
        to->client += middle - start;
        to->server += clock_cpu_seconds() - middle;
    }
    if (!client || !server)
        refuse("a handshake does not complete");
    if (pair_saw_certificate() != (session == NULL))
        refuse("not the kind of handshake that was asked for");
}

static void tell(void *from, void *to)
{
    static const uint8_t here[] = { 'h', 'e', 'r', 'e' };
    size_t len;

    if (!pair_library.send(from, here, sizeof here))
        refuse("data is not sent");
    const uint8_t *got = pair_library.receive(to, &len);
    if (got == NULL || len != sizeof here || memcmp(got, here, sizeof here) != 0)
        refuse("data does not arrive");
}

void pair_talk(struct pair *pair)
{
    tell(pair->client, pair->server);
    tell(pair->server, pair->client);
}

void pair_free(struct pair *pair, struct pair_cost *cost)
{
    double start = clock_cpu_seconds();

    pair_library.free(pair->client);
    double middle = clock_cpu_seconds();
    pair_library.free(pair->server);
    if (cost == NULL)
        return;
    cost->client += middle - start;
    cost->server += clock_cpu_seconds() - middle;
}
