/* writer.c - the other half of reader.c: numbers and vectors into a span. Knows no message. */
#include "bytes/writer.h"

#include <string.h>

struct dtls_writer dtls_writer_to(uint8_t *span, size_t cap)
{
    return (struct dtls_writer){ .at = span, .cap = cap };
}

uint8_t *dtls_write_space(struct dtls_writer *to, size_t len)
{
    if (to->broken || to->cap - to->len < len) {
        to->broken = true;
        return NULL;
    }
    uint8_t *space = to->at + to->len;
    to->len += len;
    return space;
}

static void put_number(uint8_t *at, size_t size, uint64_t value)
{
    for (size_t i = size; i > 0; i--) {
        at[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

static void write_number(struct dtls_writer *to, size_t size, uint64_t value)
{
    uint8_t *space = dtls_write_space(to, size);

    if (space != NULL)
        put_number(space, size, value);
}

void dtls_write_u8(struct dtls_writer *to, uint8_t value)
{
    write_number(to, 1, value);
}

void dtls_write_u16(struct dtls_writer *to, uint16_t value)
{
    write_number(to, 2, value);
}

void dtls_write_u24(struct dtls_writer *to, uint32_t value)
{
    write_number(to, 3, value);
}

void dtls_write_u32(struct dtls_writer *to, uint32_t value)
{
    write_number(to, 4, value);
}

void dtls_write_u48(struct dtls_writer *to, uint64_t value)
{
    write_number(to, 6, value);
}

void dtls_write_u64(struct dtls_writer *to, uint64_t value)
{
    write_number(to, 8, value);
}

void dtls_write_bytes(struct dtls_writer *to, struct dtls_bytes bytes)
{
    uint8_t *space = dtls_write_space(to, bytes.len);

    if (space != NULL && bytes.len > 0)
        memcpy(space, bytes.at, bytes.len);
}

static void write_vector(struct dtls_writer *to, size_t size, struct dtls_bytes bytes)
{
    size_t position = dtls_write_open(to, size);

    dtls_write_bytes(to, bytes);
    dtls_write_close(to, position, size);
}

void dtls_write_vec8(struct dtls_writer *to, struct dtls_bytes bytes)
{
    write_vector(to, 1, bytes);
}

void dtls_write_vec16(struct dtls_writer *to, struct dtls_bytes bytes)
{
    write_vector(to, 2, bytes);
}

void dtls_write_vec24(struct dtls_writer *to, struct dtls_bytes bytes)
{
    write_vector(to, 3, bytes);
}

size_t dtls_write_open(struct dtls_writer *to, size_t size)
{
    size_t position = to->len;

    write_number(to, size, 0);
    return position;
}

void dtls_write_close(struct dtls_writer *to, size_t position, size_t size)
{
    if (to->broken)
        return;
    size_t len = to->len - position - size;
    if (len >> (8 * size) != 0)
        to->broken = true;
    else
        put_number(to->at + position, size, len);
}

struct dtls_bytes dtls_writer_bytes(const struct dtls_writer *to)
{
    return (struct dtls_bytes){ to->at, to->broken ? 0 : to->len };
}
