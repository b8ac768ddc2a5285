/* reader.h - reads bytes that a peer or a file gave us, by position. Breaks once, stays broken, is asked once. */
#ifndef DTLS_BYTES_READER_H
#define DTLS_BYTES_READER_H

#include <stdbool.h>

#include "dtls/identity.h"

struct dtls_reader {
    const uint8_t *at; /* what is read next */
    size_t left;
    bool broken; /* something was not there; every later read gives zero or an empty view */
};

/* The first few are here, since every record is read with them. */
static inline struct dtls_reader dtls_reader_of(struct dtls_bytes bytes)
{
    return (struct dtls_reader){ .at = bytes.at, .left = bytes.len };
}

/* Big endian, from `len` bytes (8 at most) that are known to be there: one load where the length is a constant. */
static inline uint64_t dtls_number_at(const uint8_t *at, size_t len)
{
    uint64_t number = 0;

#pragma GCC unroll 8
    for (size_t i = 0; i < len; i++)
        number = number << 8 | at[i];
    return number;
}

/* A view of `len` bytes of anything. */
struct dtls_bytes dtls_view(const void *at, size_t len);

/* The value of a hexadecimal digit; -1 for anything else, the end of a string included. */
int dtls_hex_digit(char c);

/* Views of `len` bytes, or of a vector behind its length of 1, 2 or 3 bytes. */
static inline struct dtls_bytes dtls_read_bytes(struct dtls_reader *from, size_t len)
{
    if (from->broken || from->left < len) {
        from->broken = true;
        return (struct dtls_bytes){ 0 };
    }
    struct dtls_bytes bytes = { from->at, len };
    if (len > 0)
        from->at += len;
    from->left -= len;
    return bytes;
}

static inline uint64_t dtls_read_number(struct dtls_reader *from, size_t len)
{
    struct dtls_bytes bytes = dtls_read_bytes(from, len);

    return bytes.len > 0 ? dtls_number_at(bytes.at, len) : 0;
}

static inline uint8_t dtls_read_u8(struct dtls_reader *from)
{
    return (uint8_t)dtls_read_number(from, 1);
}

static inline uint16_t dtls_read_u16(struct dtls_reader *from)
{
    return (uint16_t)dtls_read_number(from, 2);
}

static inline uint64_t dtls_read_u48(struct dtls_reader *from)
{
    return dtls_read_number(from, 6);
}

static inline struct dtls_bytes dtls_read_vec16(struct dtls_reader *from)
{
    return dtls_read_bytes(from, dtls_read_u16(from));
}

uint32_t dtls_read_u24(struct dtls_reader *from);
uint32_t dtls_read_u32(struct dtls_reader *from);
uint64_t dtls_read_u64(struct dtls_reader *from);
struct dtls_bytes dtls_read_vec8(struct dtls_reader *from);
struct dtls_bytes dtls_read_vec24(struct dtls_reader *from);

/* A vector16 of 2-byte numbers, at least one; breaks on an empty list and on half a number. */
struct dtls_bytes dtls_read_u16_list(struct dtls_reader *from);

/* All that is left, as a view. */
struct dtls_bytes dtls_read_rest(struct dtls_reader *from);

/* Marks what was read as wrong: a value that the caller found impossible. */
static inline void dtls_reader_break(struct dtls_reader *from)
{
    from->broken = true;
}

/* There is more to read and nothing was missing so far: the condition of a loop over a list. */
bool dtls_reader_has_more(const struct dtls_reader *from);

/* Nothing was missing and nothing is left over. */
bool dtls_reader_finished(const struct dtls_reader *from);

/* The same bytes? Not for secrets (crypto/secret.h). */
bool dtls_bytes_equal(struct dtls_bytes a, struct dtls_bytes b);

/* Is `value` one of the 2-byte numbers, or single bytes, of a list? */
bool dtls_bytes_have_u16(struct dtls_bytes list, uint16_t value);
bool dtls_bytes_have_u8(struct dtls_bytes list, uint8_t value);

#endif
