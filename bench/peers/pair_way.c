/* pair_way.c - the way between the two ends: datagrams by memcpy, as a kernel would copy them. Knows no library. */
#include <string.h>

#include "apps/complain.h"
#include "bench/peers/pair.h"

/* The way to one end. One pair talks at a time. A power of two between datagrams would put all of them into the same
 * few places of the processor's cache. */
struct queue {
    uint8_t bytes[PAIR_WAITING][PAIR_DATAGRAM + 64];
    size_t len[PAIR_WAITING];
    size_t first, count;
};

static struct queue queues[2]; /* to the client, to the server */

static bool certificate_seen; /* since pair_forget */

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

void pair_forget(void)
{
    queues[0].count = queues[1].count = 0;
    certificate_seen = false;
}

bool pair_saw_certificate(void)
{
    return certificate_seen;
}
