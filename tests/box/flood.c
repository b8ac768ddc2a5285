/* flood.c - makes hostile datagrams. */
#include "tests/box/flood.h"

#include <string.h>

#include "tests/box/record_view.h"

enum { EPOCHS = 6, LENGTHS = 65, FRAGMENT_HEADER = 12 };

#define LARGEST_SEQUENCE ((UINT64_C(1) << 48) - 1)

static const uint8_t types[] = { 0, 19, 20, 21, 22, 23, 24, 25, 64, 255 };

static uint16_t some_epoch(uint64_t which, uint16_t epoch)
{
    const uint16_t epochs[EPOCHS] = { 0,    epoch, (uint16_t)(epoch + 1), (uint16_t)(epoch - 1), (uint16_t)(epoch + 2),
                                      65535 };

    return epochs[which % EPOCHS];
}

static size_t record(struct flood *flood, uint8_t type, uint16_t epoch, uint64_t sequence, size_t len, uint8_t *out)
{
    record_view_header(out, type, epoch, sequence, len);
    rng_fill(&flood->chance, out + RECORD_HEADER_LEN, len);
    return RECORD_HEADER_LEN + len;
}

static size_t every_record(struct flood *flood, uint64_t turn, uint16_t epoch, uint8_t *out)
{
    size_t len = turn % LENGTHS;
    uint8_t type = types[turn / LENGTHS % sizeof types];
    uint16_t of = some_epoch(turn / LENGTHS / sizeof types, epoch);

    return record(flood, type, of, rng_up_to(&flood->chance, 1000), len, out);
}

static size_t any_size(struct flood *flood, uint16_t epoch, uint8_t *out)
{
    size_t len = rng_up_to(&flood->chance, 1) ? rng_up_to(&flood->chance, 2000)
                                              : rng_up_to(&flood->chance, FLOOD_MAX - RECORD_HEADER_LEN);
    size_t whole = record(flood, (uint8_t)(20 + rng_up_to(&flood->chance, 3)),
                          some_epoch(rng_next(&flood->chance), epoch), rng_up_to(&flood->chance, 1000), len, out);

    if (rng_up_to(&flood->chance, 3) == 0)
        rng_fill(&flood->chance, out + 11, 2); /* the length is any */
    return whole;
}

static size_t alert(uint64_t turn, uint16_t epoch, uint8_t *out)
{
    record_view_header(out, RECORD_ALERT, some_epoch(turn / 512, epoch), turn, 2);
    out[RECORD_HEADER_LEN] = (uint8_t)(1 + turn % 2);
    out[RECORD_HEADER_LEN + 1] = (uint8_t)(turn / 2);
    return RECORD_HEADER_LEN + 2;
}

static size_t change_cipher(struct flood *flood, uint16_t epoch, uint8_t *out)
{
    record_view_header(out, RECORD_CHANGE_CIPHER_SPEC, some_epoch(rng_next(&flood->chance), epoch),
                       rng_up_to(&flood->chance, 20), 1);
    out[RECORD_HEADER_LEN] = 1;
    return RECORD_HEADER_LEN + 1;
}

static size_t next_epoch(struct flood *flood, uint16_t epoch, uint8_t *out)
{
    return record(flood, (uint8_t)(20 + rng_up_to(&flood->chance, 3)), (uint16_t)(epoch + rng_up_to(&flood->chance, 2)),
                  LARGEST_SEQUENCE - rng_up_to(&flood->chance, 2), rng_up_to(&flood->chance, 100), out);
}

static void write_u24(uint8_t *out, uint64_t value)
{
    out[0] = (uint8_t)(value >> 16);
    out[1] = (uint8_t)(value >> 8);
    out[2] = (uint8_t)value;
}

static size_t fragment(struct flood *flood, uint16_t epoch, uint8_t *out)
{
    static const uint8_t messages[] = { 0, 1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 20 };
    struct rng *chance = &flood->chance;
    size_t len = rng_up_to(chance, 300);
    uint8_t *header = out + RECORD_HEADER_LEN;
    size_t whole = record(flood, RECORD_HANDSHAKE, some_epoch(rng_next(chance), epoch), rng_up_to(chance, 1000),
                          FRAGMENT_HEADER + len, out);

    header[0] = messages[rng_up_to(chance, sizeof messages - 1)];
    write_u24(header + 1, rng_up_to(chance, 3) ? rng_up_to(chance, 1500) : rng_up_to(chance, 0xffffff));
    header[4] = 0;
    header[5] = (uint8_t)rng_up_to(chance, 8);
    write_u24(header + 6, rng_up_to(chance, 1) ? 0 : rng_up_to(chance, 1500));
    write_u24(header + 9, rng_up_to(chance, 3) ? len : rng_up_to(chance, 300));
    return whole;
}

/* A record that was sent; 0 when there is none yet, or `arrived` is asked for and it is on its way still. */
static size_t old_record(struct flood *flood, bool arrived, uint8_t *out)
{
    const struct net *net = flood->net;
    struct record_view records[RECORD_VIEW_MAX];

    if (net->recorded_count == 0)
        return 0;
    const struct net_recorded *old = &net->recorded[rng_up_to(&flood->chance, net->recorded_count - 1)];
    size_t count = record_view_split(old->bytes, old->len, records);
    if (count == 0 || (arrived && old->sent_us + net->link[old->from].delay_us >= net->now_us))
        return 0;
    const struct record_view *one = &records[rng_up_to(&flood->chance, count - 1)];
    memcpy(out, old->bytes + one->at, RECORD_HEADER_LEN + one->len);
    return RECORD_HEADER_LEN + one->len;
}

static size_t mutated(struct flood *flood, uint8_t *out)
{
    uint8_t before[FLOOD_MAX];
    size_t len = old_record(flood, false, out);

    memcpy(before, out, len);
    for (uint64_t flips = 1 + rng_up_to(&flood->chance, 2); len > 0 && flips > 0; flips--)
        out[rng_up_to(&flood->chance, len - 1)] ^= (uint8_t)(1u << rng_up_to(&flood->chance, 7));
    return memcmp(before, out, len) != 0 ? len : 0; /* two flips may have met */
}

static size_t make(struct flood *flood, enum flood_kind kind, uint64_t turn, uint16_t epoch, uint8_t *out)
{
    size_t len;

    switch (kind) {
    case FLOOD_EVERY_RECORD:
        return every_record(flood, turn, epoch, out);
    case FLOOD_SIZE:
        return any_size(flood, epoch, out);
    case FLOOD_MUTATED:
        return mutated(flood, out);
    case FLOOD_TRUNCATED:
        len = old_record(flood, false, out);
        return len == 0 ? 0 : rng_up_to(&flood->chance, len - 1);
    case FLOOD_REPLAYED:
        return old_record(flood, true, out);
    case FLOOD_ALERT:
        return alert(turn, epoch, out);
    case FLOOD_CHANGE_CIPHER:
        return change_cipher(flood, epoch, out);
    case FLOOD_NEXT_EPOCH:
        return next_epoch(flood, epoch, out);
    case FLOOD_FRAGMENT:
        return fragment(flood, epoch, out);
    case FLOOD_KINDS:
        break;
    }
    return 0;
}

bool flood_is_wild(const uint8_t *bytes, size_t len)
{
    return len >= RECORD_HEADER_LEN + FRAGMENT_HEADER && bytes[0] == RECORD_HANDSHAKE && bytes[3] == 0 && bytes[4] == 0;
}

size_t flood_next(struct flood *flood, uint16_t epoch, uint8_t out[FLOOD_MAX])
{
    for (;;) {
        uint64_t number = flood->made++;
        enum flood_kind kind = (enum flood_kind)(number % FLOOD_KINDS);
        size_t len = make(flood, kind, number / FLOOD_KINDS, epoch, out);
        bool nothing = len == 0 && kind != FLOOD_TRUNCATED;
        if (!nothing && !(flood->tame && flood_is_wild(out, len)))
            return len;
    }
}
