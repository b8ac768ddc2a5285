/* last_flight.c - when a final flight is sent again, and for how long. Knows no datagram. */
#include "conn/last_flight.h"

#include <assert.h>
#include <string.h>

enum {
    FINISHED_BYTES = 1 + DTLS_VERIFY_DATA_LEN,   /* ChangeCipherSpec's, too */
    TICKET_BYTES = 6 + DTLS_SEALED_SESSION_MOST, /* of a NewSessionTicket (RFC 5077, 3.3) */
};

struct dtls_last_flight *dtls_last_flight_new(const struct dtls_memory *memory, bool ticket)
{
    uint16_t room = FINISHED_BYTES + (ticket ? TICKET_BYTES : 0);
    struct dtls_last_flight *last = dtls_allocate(memory, sizeof *last + room);

    if (last != NULL)
        last->room = room;
    return last;
}

void dtls_last_flight_take(struct dtls_last_flight *last, const struct dtls_handshake *hs, dtls_time now)
{
    assert(hs->out.count <= DTLS_LAST_FLIGHT_MOST && hs->out.len <= last->room);
    memcpy(last->bytes, hs->out.bytes, hs->out.len);
    last->count = (uint8_t)hs->out.count;
    for (size_t i = 0; i < last->count; i++) {
        last->messages[i].type = hs->out.messages[i].type;
        last->messages[i].message_type = hs->out.messages[i].message_type;
        last->messages[i].epoch = hs->out.messages[i].epoch;
        last->messages[i].message_seq = hs->out.messages[i].message_seq;
        last->messages[i].len = (uint16_t)hs->out.messages[i].len;
    }
    last->epoch = (uint16_t)(hs->epoch + 1);
    last->rides = last->messages[0].type == DTLS_CHANGE_CIPHER_SPEC;
    last->most_copies = hs->rehandshake ? DTLS_MOST_COPIES : DTLS_MOST_FIRST_COPIES;
    last->switched_at = now;
}

void dtls_last_flight_free(const struct dtls_memory *memory, struct dtls_last_flight *last)
{
    if (last == NULL)
        return;
    dtls_release(memory, last, sizeof *last + last->room);
}

void dtls_last_flight_send(const struct dtls_last_flight *last, struct dtls_outbox *outbox)
{
    const uint8_t *at = last->bytes;

    for (size_t i = 0; i < last->count; i++) {
        dtls_outbox_add(outbox, &(struct dtls_outgoing){ .type = last->messages[i].type,
                                                         .epoch = last->messages[i].epoch,
                                                         .message_type = last->messages[i].message_type,
                                                         .message_seq = last->messages[i].message_seq,
                                                         .body = { at, last->messages[i].len } });
        at += last->messages[i].len;
    }
}

bool dtls_last_flight_is_open(const struct dtls_last_flight *last)
{
    return last != NULL && !last->confirmed;
}

bool dtls_last_flight_has_copies(const struct dtls_last_flight *last)
{
    return dtls_last_flight_is_open(last) && last->copies < last->most_copies;
}

bool dtls_last_flight_wants_to_ride(const struct dtls_last_flight *last)
{
    return dtls_last_flight_has_copies(last) && last->rides;
}

bool dtls_last_flight_is_over(const struct dtls_last_flight *last, dtls_time now)
{
    return last != NULL && last->confirmed && now - last->switched_at >= 2 * DTLS_MSL;
}

size_t dtls_last_flight_len(const struct dtls_last_flight *last, const struct dtls_epochs *epochs)
{
    size_t len = 0;

    for (size_t i = 0; i < last->count; i++) {
        const struct dtls_epoch *epoch = dtls_epochs_find(epochs, last->messages[i].epoch);
        if (epoch == NULL || !dtls_epoch_can_write(epoch))
            continue;
        len += dtls_epoch_expansion(epoch) + last->messages[i].len;
        if (last->messages[i].type == DTLS_HANDSHAKE_RECORD)
            len += DTLS_HANDSHAKE_HEADER_LEN;
    }
    return len;
}

bool dtls_last_flight_answer(struct dtls_last_flight *last, const struct dtls_round_trip *path, dtls_time now)
{
    if (last->answered_at != 0 && now - last->answered_at < dtls_round_trip_guess(path))
        return false;
    last->answered_at = now;
    return true;
}
