/* reassembly.c - puts fragments together. Knows no message's content and no state machine. */
#include "handshake/reassembly.h"

#include <string.h>

void dtls_reassembly_init(struct dtls_reassembly *in, const struct dtls_memory *memory, size_t max_message)
{
    *in = (struct dtls_reassembly){ .memory = memory, .max_message = (uint32_t)max_message };
    in->room = 2 * max_message; /* a large message and all its small companions */
}

/* A slot's block: the message's bytes and behind them its bitmap. Never of length zero. */
static size_t block_len(uint32_t length)
{
    return (size_t)length + length / 8 + 1;
}

static void free_slot(struct dtls_reassembly *in, struct dtls_partial *slot)
{
    if (slot->bytes == NULL)
        return;
    in->room += block_len(slot->length);
    dtls_release(in->memory, slot->bytes, block_len(slot->length));
    *slot = (struct dtls_partial){ 0 };
}

void dtls_reassembly_free(struct dtls_reassembly *in)
{
    for (size_t i = 0; i < DTLS_REASSEMBLY_SLOTS; i++)
        free_slot(in, &in->slots[i]);
}

static struct dtls_partial *slot_of(struct dtls_reassembly *in, uint16_t message_seq)
{
    return &in->slots[message_seq % DTLS_REASSEMBLY_SLOTS];
}

static void add_bytes(struct dtls_partial *slot, const struct dtls_fragment *fragment)
{
    uint8_t *present = slot->bytes + slot->length;

    for (uint32_t i = 0; i < fragment->body.len; i++) {
        uint32_t at = fragment->offset + i;
        if ((present[at / 8] & 1 << at % 8) == 0) { /* the first to say what a byte is, is believed */
            present[at / 8] = (uint8_t)(present[at / 8] | 1 << at % 8);
            slot->bytes[at] = fragment->body.at[i];
            slot->missing--;
        }
    }
}

static enum dtls_taken not_taken(enum dtls_drop why, enum dtls_drop *reason)
{
    *reason = why;
    return DTLS_TAKEN_NOT;
}

enum dtls_taken dtls_reassembly_take(struct dtls_reassembly *in, const struct dtls_fragment *fragment, uint16_t epoch,
                                     struct dtls_message *whole, enum dtls_drop *reason)
{
    uint16_t ahead = (uint16_t)(fragment->message_seq - in->next);

    if (ahead >= 0x8000)
        return not_taken(DTLS_DROP_STALE, reason);
    if (ahead >= DTLS_REASSEMBLY_SLOTS)
        return not_taken(DTLS_DROP_FAR_AHEAD, reason);
    if (fragment->length > in->max_message)
        return not_taken(DTLS_DROP_TOO_LARGE, reason);

    struct dtls_partial *slot = slot_of(in, fragment->message_seq);
    if (slot->bytes == NULL) {
        if (whole != NULL && ahead == 0 && fragment->body.len == fragment->length) {
            *whole = (struct dtls_message){ fragment->type, fragment->message_seq, epoch, fragment->body };
            return DTLS_TAKEN_WHOLE;
        }
        if (fragment->body.len == 0 && fragment->length > 0)
            return not_taken(DTLS_DROP_FRAGMENT, reason); /* says nothing: not worth an allocation */
        if (block_len(fragment->length) > in->room)
            return not_taken(DTLS_DROP_NO_ROOM, reason);
        slot->bytes = dtls_allocate(in->memory, block_len(fragment->length));
        if (slot->bytes == NULL)
            return not_taken(DTLS_DROP_NO_ROOM, reason);
        in->room -= block_len(fragment->length);
        slot->type = fragment->type;
        slot->message_seq = fragment->message_seq;
        slot->epoch = epoch;
        slot->length = slot->missing = fragment->length;
    } else if (slot->type != fragment->type || slot->length != fragment->length || slot->epoch != epoch) {
        return not_taken(DTLS_DROP_FRAGMENT, reason);
    }
    add_bytes(slot, fragment);
    return DTLS_TAKEN;
}

bool dtls_reassembly_ready(const struct dtls_reassembly *in, struct dtls_message *out)
{
    const struct dtls_partial *slot = &in->slots[in->next % DTLS_REASSEMBLY_SLOTS];

    if (slot->bytes == NULL || slot->missing > 0)
        return false;
    *out = (struct dtls_message){ slot->type, slot->message_seq, slot->epoch, { slot->bytes, slot->length } };
    return true;
}

bool dtls_reassembly_has_type(const struct dtls_reassembly *in, uint16_t seq, uint8_t type)
{
    const struct dtls_partial *slot = &in->slots[seq % DTLS_REASSEMBLY_SLOTS];

    return slot->bytes != NULL && slot->missing == 0 && slot->message_seq == seq && slot->type == type;
}

void dtls_reassembly_done(struct dtls_reassembly *in)
{
    free_slot(in, slot_of(in, in->next));
    in->next++;
}

void dtls_reassembly_skip_to(struct dtls_reassembly *in, uint16_t next)
{
    for (size_t i = 0; i < DTLS_REASSEMBLY_SLOTS; i++)
        if ((uint16_t)(in->slots[i].message_seq - next) >= DTLS_REASSEMBLY_SLOTS)
            free_slot(in, &in->slots[i]);
    in->next = next;
}
