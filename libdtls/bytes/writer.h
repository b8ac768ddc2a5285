/* writer.h - builds messages into a span of fixed size. Breaks once, stays broken, is asked once. */
#ifndef DTLS_BYTES_WRITER_H
#define DTLS_BYTES_WRITER_H

#include <stdbool.h>

#include "dtls/identity.h"

struct dtls_writer {
    uint8_t *at; /* the span's start */
    size_t len;  /* written so far */
    size_t cap;
    bool broken; /* something did not fit; nothing more is written */
};

/* The first few are here, since every record is written with them. */
static inline struct dtls_writer dtls_writer_to(uint8_t *span, size_t cap)
{
    return (struct dtls_writer){ .at = span, .cap = cap };
}

/* Big endian, into `size` bytes (8 at most) that are known to be there: one store where the size is a constant. */
static inline void dtls_put_number(uint8_t *at, size_t size, uint64_t value)
{
#pragma GCC unroll 8
    for (size_t i = size; i > 0; i--) {
        at[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

/* Room for `len` bytes that the caller fills itself; NULL (and broken) when they do not fit. */
static inline uint8_t *dtls_write_space(struct dtls_writer *to, size_t len)
{
    if (to->broken || to->cap - to->len < len) {
        to->broken = true;
        return NULL;
    }
    uint8_t *space = to->at + to->len;
    to->len += len;
    return space;
}

static inline void dtls_write_number(struct dtls_writer *to, size_t size, uint64_t value)
{
    uint8_t *space = dtls_write_space(to, size);

    if (space != NULL)
        dtls_put_number(space, size, value);
}

static inline void dtls_write_u8(struct dtls_writer *to, uint8_t value)
{
    dtls_write_number(to, 1, value);
}

static inline void dtls_write_u16(struct dtls_writer *to, uint16_t value)
{
    dtls_write_number(to, 2, value);
}

void dtls_write_u24(struct dtls_writer *to, uint32_t value);
void dtls_write_u32(struct dtls_writer *to, uint32_t value);
void dtls_write_u64(struct dtls_writer *to, uint64_t value);
void dtls_write_bytes(struct dtls_writer *to, struct dtls_bytes bytes);

/* A length of 1, 2 or 3 bytes and the bytes themselves; breaks when the length cannot say it. */
void dtls_write_vec8(struct dtls_writer *to, struct dtls_bytes bytes);
void dtls_write_vec16(struct dtls_writer *to, struct dtls_bytes bytes);
void dtls_write_vec24(struct dtls_writer *to, struct dtls_bytes bytes);

/* Reserves a length of `size` bytes (1 to 3) and gives its position; _close fills in what was written since. */
size_t dtls_write_open(struct dtls_writer *to, size_t size);
void dtls_write_close(struct dtls_writer *to, size_t position, size_t size);

/* What was written. */
struct dtls_bytes dtls_writer_bytes(const struct dtls_writer *to);

#endif
