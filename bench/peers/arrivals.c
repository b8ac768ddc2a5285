/* arrivals.c - deliveries, matched with the datagrams that they came in. */
#include "bench/peers/arrivals.h"

enum { RECORD_HEADER = 13, HANDSHAKE = 22, APPLICATION_DATA = 23, CLIENT_HELLO = 1 };

struct record {
    uint8_t type;
    uint16_t epoch;
};

/* The record at *at, which moves on behind it; false at the end. */
static bool next_record(const uint8_t *datagram, size_t len, size_t *at, struct record *out)
{
    if (len - *at < RECORD_HEADER)
        return false;
    const uint8_t *header = datagram + *at;
    size_t body = (size_t)header[11] << 8 | header[12];
    if (len - *at - RECORD_HEADER < body)
        return false;
    *out = (struct record){ .type = header[0], .epoch = (uint16_t)(header[3] << 8 | header[4]) };
    *at += RECORD_HEADER + body;
    return true;
}

bool record_has_data(const uint8_t *datagram, size_t len, uint16_t *epoch)
{
    struct record record;
    size_t at = 0;

    while (next_record(datagram, len, &at, &record))
        if (record.type == APPLICATION_DATA) {
            *epoch = record.epoch;
            return true;
        }
    return false;
}

bool record_is_hello(const uint8_t *datagram, size_t len)
{
    struct record record;
    size_t at = 0;

    return next_record(datagram, len, &at, &record) && record.type == HANDSHAKE && record.epoch == 0 &&
           at > RECORD_HEADER && datagram[RECORD_HEADER] == CLIENT_HELLO;
}

void arrivals_note(struct arrivals *arrivals, const uint8_t *datagram, size_t len, uint64_t number, uint64_t at)
{
    struct record record;
    size_t place = 0;

    arrivals->current = 0;
    while (next_record(datagram, len, &place, &record)) {
        if (record.type != APPLICATION_DATA)
            continue;
        arrivals->ring[arrivals->count++ % ARRIVALS_KEPT] =
            (struct arrival){ .datagram = number, .at = at, .epoch = record.epoch };
        arrivals->current++;
    }
}

bool arrivals_deliver(struct arrivals *arrivals, const struct delivery *delivery)
{
    if (arrivals->delivery_count == ARRIVALS_AT_ONCE)
        return false;
    arrivals->deliveries[arrivals->delivery_count++] = *delivery;
    return true;
}

static struct arrival *arrival_at(struct arrivals *arrivals, uint64_t place)
{
    return &arrivals->ring[place % ARRIVALS_KEPT];
}

/* Of the arrivals before `end`; NULL when none fits. */
static struct arrival *find_held(struct arrivals *arrivals, uint64_t end, const struct delivery *delivery)
{
    struct arrival *found = NULL;

    for (uint64_t back = 1; back <= end && back <= ARRIVALS_KEPT; back++) { /* the newest first */
        struct arrival *arrival = arrival_at(arrivals, end - back);
        if (arrival->at < delivery->written_at)
            break;
        if (!arrival->accounted && (found == NULL || arrival->epoch >= found->epoch))
            found = arrival;
    }
    return found;
}

void arrivals_settle(struct arrivals *arrivals,
                     void (*tell)(void *arg, const struct delivery *delivery, const struct arrival *arrival), void *arg)
{
    uint64_t before = arrivals->count - arrivals->current, next = before;
    size_t count = arrivals->delivery_count;
    size_t held = count > arrivals->current ? count - (size_t)arrivals->current : 0;

    for (size_t i = 0; i < count; i++) { /* what was held back is delivered first */
        const struct delivery *delivery = &arrivals->deliveries[i];
        const struct arrival unknown = { .at = delivery->at };
        struct arrival *arrival = i < held ? find_held(arrivals, before, delivery) : arrival_at(arrivals, next++);
        if (arrival != NULL)
            arrival->accounted = true;
        tell(arg, delivery, arrival != NULL ? arrival : &unknown);
    }
    arrivals->current = 0;
    arrivals->delivery_count = 0;
}
