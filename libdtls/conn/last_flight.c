/* last_flight.c - when a final flight is sent again, and for how long. Knows no datagram. */
#include "conn/last_flight.h"

struct dtls_last_flight *dtls_last_flight_new(const struct dtls_memory *memory)
{
    struct dtls_last_flight *last = dtls_allocate(memory, sizeof *last);

    if (last != NULL)
        last->flight.memory = memory;
    return last;
}

void dtls_last_flight_take(struct dtls_last_flight *last, struct dtls_handshake *hs, dtls_time now)
{
    last->flight = hs->out;
    hs->out = (struct dtls_flight){ .memory = &hs->as->memory };
    last->epoch = (uint16_t)(hs->epoch + 1);
    last->rides = last->flight.messages[0].type == DTLS_CHANGE_CIPHER_SPEC;
    last->most_copies = hs->rehandshake ? DTLS_MOST_COPIES : DTLS_MOST_FIRST_COPIES;
    last->switched_at = now;
}

void dtls_last_flight_free(const struct dtls_memory *memory, struct dtls_last_flight *last)
{
    if (last == NULL)
        return;
    dtls_flight_free(&last->flight);
    dtls_release(memory, last, sizeof *last);
}

bool dtls_last_flight_is_open(const struct dtls_last_flight *last)
{
    return last != NULL && !last->confirmed;
}

bool dtls_last_flight_wants_to_ride(const struct dtls_last_flight *last)
{
    return dtls_last_flight_is_open(last) && last->rides && last->copies < last->most_copies;
}

bool dtls_last_flight_is_over(const struct dtls_last_flight *last, dtls_time now)
{
    return last != NULL && last->confirmed && now - last->switched_at >= 2 * DTLS_MSL;
}

size_t dtls_last_flight_len(const struct dtls_last_flight *last, const struct dtls_epochs *epochs)
{
    size_t len = 0;

    for (size_t i = 0; i < last->flight.count; i++) {
        const struct dtls_epoch *epoch = dtls_epochs_find(epochs, last->flight.messages[i].epoch);
        if (epoch == NULL || !dtls_epoch_can_write(epoch))
            continue;
        len += dtls_epoch_expansion(epoch) + last->flight.messages[i].len;
        if (last->flight.messages[i].type == DTLS_HANDSHAKE_RECORD)
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
