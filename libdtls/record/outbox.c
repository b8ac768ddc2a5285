/* outbox.c - cuts and packs one transmission. Knows the sizes of things, and the time between two datagrams; no
 * timeout, no state machine. */
#include "record/outbox.h"

#include <string.h>

#include "bytes/time_after.h"
#include "messages/handshake_header.h"

static struct dtls_outgoing *item_at(struct dtls_outbox *outbox, size_t index)
{
    return outbox->room != NULL ? &outbox->room->items[index] : &outbox->few[index];
}

void dtls_outbox_clear(struct dtls_outbox *outbox)
{
    outbox->count = outbox->item = outbox->flight_end = 0;
    outbox->offset = outbox->limit = 0;
    outbox->interval_us = outbox->not_before = 0;
}

void dtls_outbox_take_room(struct dtls_outbox *outbox, struct dtls_outbox_room *room)
{
    memcpy(room->items, outbox->few, sizeof outbox->few);
    outbox->room = room;
}

void dtls_outbox_leave_room(struct dtls_outbox *outbox)
{
    dtls_outbox_clear(outbox);
    outbox->room = NULL;
}

bool dtls_outbox_is_empty(const struct dtls_outbox *outbox)
{
    return outbox->item == outbox->count;
}

void dtls_outbox_add(struct dtls_outbox *outbox, const struct dtls_outgoing *item)
{
    if (dtls_outbox_is_empty(outbox))
        dtls_outbox_clear(outbox);
    if (outbox->count < (outbox->room != NULL ? DTLS_OUTBOX_MOST : DTLS_OUTBOX_FEW)) {
        *item_at(outbox, outbox->count++) = *item;
        outbox->limit = 0;
    }
}

void dtls_outbox_end_datagram(struct dtls_outbox *outbox)
{
    if (outbox->count > 0)
        item_at(outbox, outbox->count - 1)->ends_datagram = true;
}

/* Where a transmission stands: the item, and the byte of its body. */
struct place {
    size_t item, offset;
};

static struct dtls_epoch *writable_epoch(const struct dtls_epochs *epochs, const struct dtls_outgoing *item)
{
    struct dtls_epoch *epoch = dtls_epochs_find(epochs, item->epoch);

    return epoch != NULL && dtls_epoch_can_write(epoch) ? epoch : NULL;
}

/* How many bytes of the item's body fit into `room`, the record around them included; false: not this one, now. */
static bool piece_that_fits(const struct dtls_epoch *epoch, const struct dtls_outgoing *item, size_t offset,
                            size_t room, size_t *piece, size_t *record)
{
    bool handshake = item->type == DTLS_HANDSHAKE_RECORD;
    size_t around = dtls_epoch_expansion(epoch) + (handshake ? DTLS_HANDSHAKE_HEADER_LEN : 0);
    size_t left = item->body.len - offset;

    if (room < around)
        return false;
    *piece = room - around < left ? room - around : left;
    *record = around + *piece;
    return *piece == left || (handshake && *piece > 0);
}

/* A peer that limits its records (M8) has small buffers, and GnuTLS reads no more of a datagram than would hold one
 * record: nor does a datagram of ours have more. */
static size_t most_bytes(const struct dtls_epoch *epoch, size_t limit)
{
    size_t most = dtls_epoch_expansion(epoch) + epoch->limit;

    return limit < most ? limit : most;
}

/* Where the datagram that starts at `from` ends when it may have `limit` bytes. With `out`, writes it. */
static struct place pack(const struct dtls_outbox *outbox, const struct dtls_epochs *epochs, struct place from,
                         size_t limit, uint8_t *out, size_t *written)
{
    const struct dtls_outgoing *items = outbox->room != NULL ? outbox->room->items : outbox->few;
    size_t used = 0, piece, record;

    for (; from.item < outbox->count; from = (struct place){ from.item + 1, 0 }) {
        const struct dtls_outgoing *item = &items[from.item];
        struct dtls_epoch *epoch = writable_epoch(epochs, item);
        if (epoch == NULL)
            continue;
        size_t most = most_bytes(epoch, limit);
        if (used > most || !piece_that_fits(epoch, item, from.offset, most - used, &piece, &record))
            break;
        if (out != NULL) {
            size_t prefix = dtls_epoch_prefix(epoch);
            struct dtls_bytes body = { item->body.at + from.offset, piece };
            struct dtls_writer to = dtls_writer_to(out + used + prefix, record - prefix);
            if (item->type == DTLS_HANDSHAKE_RECORD)
                dtls_fragment_write(&to, &(struct dtls_fragment){ item->message_type, (uint32_t)item->body.len,
                                                                  item->message_seq, (uint32_t)from.offset, body });
            else
                dtls_write_bytes(&to, body);
            dtls_epoch_seal(epoch, item->type, out + used, to.len);
        }
        used += record;
        if (from.offset + piece < item->body.len) {
            from.offset += piece;
            break;
        }
        if (item->ends_datagram) {
            from = (struct place){ from.item + 1, 0 };
            break;
        }
    }
    *written = used;
    return from;
}

size_t dtls_outbox_datagrams(const struct dtls_outbox *outbox, const struct dtls_epochs *epochs, size_t size)
{
    struct place place = { outbox->item, outbox->offset };
    size_t count = 0, written;

    while (place.item < outbox->count) {
        struct place end = pack(outbox, epochs, place, size, NULL, &written);
        if (written == 0 && end.item < outbox->count)
            return SIZE_MAX;
        count += written > 0;
        place = end;
    }
    return count;
}

void dtls_outbox_end_flight(struct dtls_outbox *outbox, uint64_t interval_us)
{
    outbox->flight_end = outbox->count;
    outbox->interval_us = interval_us;
}

bool dtls_outbox_flight_is_leaving(const struct dtls_outbox *outbox)
{
    return outbox->item < outbox->flight_end;
}

bool dtls_outbox_is_pacing(const struct dtls_outbox *outbox)
{
    return outbox->interval_us > 0 && dtls_outbox_flight_is_leaving(outbox);
}

/* The smallest size that needs no more datagrams than the MTU does: pieces of a certificate come out even, so that
 * no datagram is larger, and likelier to be lost, than it has to be. */
static size_t even_limit(const struct dtls_outbox *outbox, const struct dtls_epochs *epochs, size_t mtu)
{
    size_t fewest = dtls_outbox_datagrams(outbox, epochs, mtu), low = 1, high = mtu;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (dtls_outbox_datagrams(outbox, epochs, middle) <= fewest)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

size_t dtls_outbox_next(struct dtls_outbox *outbox, const struct dtls_epochs *epochs, size_t mtu, dtls_time now,
                        uint8_t *out)
{
    size_t written = 0;

    if (dtls_outbox_is_empty(outbox) || (dtls_outbox_is_pacing(outbox) && now < outbox->not_before))
        return 0;
    if (outbox->limit == 0 || outbox->limit > mtu)
        outbox->limit = (uint32_t)even_limit(outbox, epochs, mtu);
    struct place end =
        pack(outbox, epochs, (struct place){ outbox->item, outbox->offset }, outbox->limit, out, &written);
    if (written == 0)
        end = (struct place){ outbox->count, 0 }; /* nothing of the rest can be sent any more */
    outbox->item = (uint8_t)end.item;
    outbox->offset = (uint32_t)end.offset;
    outbox->not_before = dtls_time_after(now, outbox->interval_us);
    return written;
}
