/* pair.c - the way between the two ends, and a handshake over it. Knows no library. */
#include "bench/peers/pair.h"

#include <string.h>

#include "apps/complain.h"
#include "bench/peers/clock.h"

enum { MOST_STEPS = 50 };

/* The way to one end. One pair talks at a time. */
struct queue {
    uint8_t bytes[PAIR_WAITING][PAIR_DATAGRAM];
    size_t len[PAIR_WAITING];
    size_t first, count;
};

static struct queue queues[2]; /* to the client, to the server */

static bool certificate_seen; /* since pair_connect began */

/* Walks over the records in a datagram, and the handshake messages in those of epoch 0. */
static bool has_certificate(const uint8_t *datagram, size_t len)
{
    enum { HANDSHAKE = 22, CERTIFICATE = 11, RECORD = 13, MESSAGE = 12 };

    for (size_t at = 0, end; at + RECORD <= len; at = end) {
        const uint8_t *record = datagram + at;
        end = at + RECORD + record[11] * 256U + record[12];
        if (record[0] != HANDSHAKE || record[3] != 0 || record[4] != 0)
            continue;
        for (size_t message = at + RECORD; message + MESSAGE <= end && end <= len;) {
            const uint8_t *header = datagram + message;
            if (header[0] == CERTIFICATE)
                return true;
            message += MESSAGE + (header[9] * 256U + header[10]) * 256U + header[11]; /* of this fragment */
        }
    }
    return false;
}

void pair_push(bool from_server, const void *datagram, size_t len)
{
    struct queue *queue = &queues[!from_server];

    if (queue->count == PAIR_WAITING || len > PAIR_DATAGRAM)
        refuse("a flight is larger than was thought");
    size_t at = (queue->first + queue->count++) % PAIR_WAITING;
    memcpy(queue->bytes[at], datagram, len);
    queue->len[at] = len;
    certificate_seen = certificate_seen || has_certificate(datagram, len);
}

bool pair_waits(bool to_server)
{
    return queues[to_server].count > 0;
}

size_t pair_pull(bool to_server, void *out, size_t cap)
{
    struct queue *queue = &queues[to_server];
    size_t at = queue->first;

    if (queue->count == 0 || queue->len[at] > cap)
        return 0;
    memcpy(out, queue->bytes[at], queue->len[at]);
    queue->first = (at + 1) % PAIR_WAITING;
    queue->count--;
    return queue->len[at];
}

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
    queues[0].count = queues[1].count = 0;
    certificate_seen = false;
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
    if (certificate_seen != (session == NULL))
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
