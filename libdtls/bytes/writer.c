/* writer.c - the other half of reader.c: numbers and vectors into a span. Knows no message. */
#include "bytes/writer.h"

#include <string.h>

void dtls_write_u24(struct dtls_writer *to, uint32_t value)
{
    dtls_write_number(to, 3, value);
}

void dtls_write_u32(struct dtls_writer *to, uint32_t value)
{
    dtls_write_number(to, 4, value);
}

void dtls_write_u64(struct dtls_writer *to, uint64_t value)
{
    dtls_write_number(to, 8, value);
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

    dtls_write_number(to, size, 0);
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
        dtls_put_number(to->at + position, size, len);
}

struct dtls_bytes dtls_writer_bytes(const struct dtls_writer *to)
{
    return (struct dtls_bytes){ to->at, to->broken ? 0 : to->len };
}
