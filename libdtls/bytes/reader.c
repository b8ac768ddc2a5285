/* reader.c - peer bytes by position, a message at a time. Knows no message. */
#include "bytes/reader.h"

#include <string.h>

struct dtls_bytes dtls_view(const void *at, size_t len)
{
    return (struct dtls_bytes){ at, len };
}

uint32_t dtls_read_u24(struct dtls_reader *from)
{
    return (uint32_t)dtls_read_number(from, 3);
}

uint32_t dtls_read_u32(struct dtls_reader *from)
{
    return (uint32_t)dtls_read_number(from, 4);
}

uint64_t dtls_read_u64(struct dtls_reader *from)
{
    return dtls_read_number(from, 8);
}

struct dtls_bytes dtls_read_vec8(struct dtls_reader *from)
{
    return dtls_read_bytes(from, dtls_read_u8(from));
}

struct dtls_bytes dtls_read_vec24(struct dtls_reader *from)
{
    return dtls_read_bytes(from, dtls_read_u24(from));
}

struct dtls_bytes dtls_read_u16_list(struct dtls_reader *from)
{
    struct dtls_bytes list = dtls_read_vec16(from);

    if (list.len == 0 || list.len % 2 != 0) {
        dtls_reader_break(from);
        return (struct dtls_bytes){ 0 };
    }
    return list;
}

struct dtls_bytes dtls_read_rest(struct dtls_reader *from)
{
    return dtls_read_bytes(from, from->left);
}

bool dtls_reader_has_more(const struct dtls_reader *from)
{
    return !from->broken && from->left > 0;
}

bool dtls_reader_finished(const struct dtls_reader *from)
{
    return !from->broken && from->left == 0;
}

bool dtls_bytes_equal(struct dtls_bytes a, struct dtls_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool dtls_bytes_have_u16(struct dtls_bytes list, uint16_t value)
{
    struct dtls_reader from = dtls_reader_of(list);

    while (dtls_reader_has_more(&from))
        if (dtls_read_u16(&from) == value && !from.broken)
            return true;
    return false;
}

bool dtls_bytes_have_u8(struct dtls_bytes list, uint8_t value)
{
    return list.len > 0 && memchr(list.at, value, list.len) != NULL;
}

int dtls_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
