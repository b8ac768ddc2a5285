/* payload.c - the bytes of a numbered record. */
#include "bench/peers/payload.h"

#include <string.h>

enum { NUMBER = 4, TIME = 12, FILLER = 20 }; /* offsets */

static const uint8_t mark[NUMBER] = { 'p', 'e', 'e', 'r' };

static void put_u64(uint8_t *out, uint64_t number)
{
    for (int i = 7; i >= 0; i--, number >>= 8)
        out[i] = (uint8_t)number;
}

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t number = 0;

    for (int i = 0; i < 8; i++)
        number = number << 8 | at[i];
    return number;
}

void payload_write(uint8_t *out, size_t len, uint64_t number, uint64_t written_at)
{
    memcpy(out, mark, sizeof mark);
    put_u64(out + NUMBER, number);
    put_u64(out + TIME, written_at);
    memset(out + FILLER, (int)(number & 0xff), len - FILLER);
}

bool payload_read(const uint8_t *at, size_t len, uint64_t *number, uint64_t *written_at)
{
    if (len < PAYLOAD_MIN || memcmp(at, mark, sizeof mark) != 0)
        return false;
    for (size_t i = FILLER; i < len; i++)
        if (at[i] != at[TIME - 1]) /* the number's lowest byte */
            return false;
    *number = get_u64(at + NUMBER);
    *written_at = get_u64(at + TIME);
    return true;
}
