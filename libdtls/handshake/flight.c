/* flight.c - a few messages side by side in one buffer. Knows no timer and no state. */
#include "handshake/flight.h"

#include <string.h>

static bool make_room(struct dtls_flight *flight, size_t len)
{
    if (flight->cap - flight->len >= len)
        return true;
    size_t cap = 2 * (flight->len + len);
    uint8_t *bytes = dtls_allocate(flight->memory, cap);
    if (bytes == NULL)
        return false;
    if (flight->len > 0)
        memcpy(bytes, flight->bytes, flight->len);
    dtls_release(flight->memory, flight->bytes, flight->cap);
    flight->bytes = bytes;
    flight->cap = cap;
    return true;
}

struct dtls_writer dtls_flight_open(struct dtls_flight *flight, size_t most)
{
    if (flight->count == DTLS_FLIGHT_MOST || !make_room(flight, most + 1))
        return (struct dtls_writer){ .broken = true };
    return dtls_writer_to(flight->bytes + flight->len, most);
}

static void append(struct dtls_flight *flight, uint8_t type, uint8_t message_type, uint16_t epoch, uint16_t message_seq,
                   size_t len)
{
    size_t index = flight->count++;

    flight->messages[index].type = type;
    flight->messages[index].message_type = message_type;
    flight->messages[index].epoch = epoch;
    flight->messages[index].message_seq = message_seq;
    flight->messages[index].at = flight->len;
    flight->messages[index].len = len;
    flight->len += len;
}

int dtls_flight_close(struct dtls_flight *flight, const struct dtls_writer *body, uint8_t message_type, uint16_t epoch,
                      uint16_t message_seq)
{
    if (body->broken)
        return DTLS_ERR_NO_MEMORY;
    append(flight, DTLS_HANDSHAKE_RECORD, message_type, epoch, message_seq, body->len);
    return DTLS_OK;
}

struct dtls_bytes dtls_flight_body(const struct dtls_flight *flight, size_t index)
{
    return (struct dtls_bytes){ flight->bytes + flight->messages[index].at, flight->messages[index].len };
}

int dtls_flight_add_change_cipher_spec(struct dtls_flight *flight, uint16_t epoch)
{
    struct dtls_writer to = dtls_flight_open(flight, 1);

    dtls_write_u8(&to, 1); /* RFC 5246, 7.1 */
    if (to.broken)
        return DTLS_ERR_NO_MEMORY;
    append(flight, DTLS_CHANGE_CIPHER_SPEC, 0, epoch, 0, to.len);
    return DTLS_OK;
}

void dtls_flight_send(const struct dtls_flight *flight, struct dtls_outbox *outbox)
{
    for (size_t i = 0; i < flight->count; i++)
        dtls_outbox_add(outbox, &(struct dtls_outgoing){ .type = flight->messages[i].type,
                                                         .epoch = flight->messages[i].epoch,
                                                         .message_type = flight->messages[i].message_type,
                                                         .message_seq = flight->messages[i].message_seq,
                                                         .body = dtls_flight_body(flight, i) });
}

void dtls_flight_free(struct dtls_flight *flight)
{
    dtls_release(flight->memory, flight->bytes, flight->cap);
    *flight = (struct dtls_flight){ .memory = flight->memory };
}
