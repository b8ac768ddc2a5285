/* der.c - DER's tags and lengths over the reader and the writer (X.690, 8.1 and 10.1). */
#include "identity/der.h"

#include <string.h>

enum { HIGH_TAG_NUMBER = 0x1f, LONG_LENGTH = 0x80 };

/* The length of a value in its only DER form; three bytes say more than any certificate message holds. */
static size_t read_length(struct dtls_reader *from)
{
    uint8_t first = dtls_read_u8(from);
    size_t len, shortest;

    switch (first) {
    case LONG_LENGTH + 1:
        len = dtls_read_u8(from);
        shortest = LONG_LENGTH;
        break;
    case LONG_LENGTH + 2:
        len = dtls_read_u16(from);
        shortest = 0x100;
        break;
    case LONG_LENGTH + 3:
        len = dtls_read_u24(from);
        shortest = 0x10000;
        break;
    default:
        if (first >= LONG_LENGTH)
            dtls_reader_break(from);
        return first;
    }
    if (len < shortest)
        dtls_reader_break(from);
    return len;
}

static struct dtls_bytes read_value(struct dtls_reader *from, uint8_t *tag)
{
    *tag = dtls_read_u8(from);
    if ((*tag & HIGH_TAG_NUMBER) == HIGH_TAG_NUMBER)
        dtls_reader_break(from);
    return dtls_read_bytes(from, read_length(from));
}

struct dtls_bytes dtls_der_read(struct dtls_reader *from, uint8_t tag)
{
    uint8_t found;
    struct dtls_bytes content = read_value(from, &found);

    if (found == tag)
        return content;
    dtls_reader_break(from);
    return (struct dtls_bytes){ 0 };
}

bool dtls_der_read_optional(struct dtls_reader *from, uint8_t tag, struct dtls_bytes *content)
{
    struct dtls_reader ahead = *from;

    if (!dtls_reader_has_more(from) || dtls_read_u8(&ahead) != tag)
        return false;
    *content = dtls_der_read(from, tag);
    return !from->broken;
}

struct dtls_bytes dtls_der_read_unsigned(struct dtls_reader *from)
{
    struct dtls_reader digits = dtls_reader_of(dtls_der_read(from, DTLS_DER_INTEGER));
    struct dtls_reader number = digits;
    uint8_t first = dtls_read_u8(&digits);

    if (first == 0 && dtls_reader_has_more(&digits)) {
        number = digits;
        if (dtls_read_u8(&digits) < 0x80) /* that zero was not needed as a sign */
            dtls_reader_break(from);
    } else if (digits.broken || first >= 0x80) { /* no digit at all, or negative */
        dtls_reader_break(from);
    }
    return from->broken ? (struct dtls_bytes){ 0 } : dtls_read_rest(&number);
}

struct dtls_bytes dtls_der_read_any(struct dtls_reader *from)
{
    struct dtls_reader ahead = *from;
    uint8_t tag;

    read_value(&ahead, &tag);
    if (ahead.broken)
        dtls_reader_break(from);
    return dtls_read_bytes(from, from->left - ahead.left);
}

size_t dtls_der_open(struct dtls_writer *to, uint8_t tag)
{
    dtls_write_u8(to, tag);
    return dtls_write_open(to, 1);
}

/* How long the content is, is known only now: a long one moves up to make room for its longer length. */
void dtls_der_close(struct dtls_writer *to, size_t position)
{
    if (to->broken)
        return;
    size_t content = position + 1;
    size_t len = to->len - content;
    size_t longer = len < LONG_LENGTH ? 0 : len < 0x100 ? 1 : 2;

    if (len > UINT16_MAX)
        to->broken = true;
    if (dtls_write_space(to, longer) == NULL)
        return;
    memmove(to->at + content + longer, to->at + content, len);
    struct dtls_writer header = dtls_writer_to(to->at + position, 1 + longer);
    if (longer > 0)
        dtls_write_u8(&header, (uint8_t)(LONG_LENGTH + longer));
    if (longer == 2)
        dtls_write_u16(&header, (uint16_t)len);
    else
        dtls_write_u8(&header, (uint8_t)len);
}

void dtls_der_write(struct dtls_writer *to, uint8_t tag, struct dtls_bytes content)
{
    size_t position = dtls_der_open(to, tag);

    dtls_write_bytes(to, content);
    dtls_der_close(to, position);
}
