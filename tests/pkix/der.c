/* der.c - DER for tests. */
#define _POSIX_C_SOURCE 200809L /* gmtime_r */
#include "tests/pkix/der.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void der_add(struct der_text *to, const void *bytes, size_t len)
{
    to->bytes = realloc(to->bytes, to->len + len + 1);
    if (to->bytes == NULL)
        abort();
    if (len > 0)
        memcpy(to->bytes + to->len, bytes, len);
    to->len += len;
}

static size_t header(uint8_t tag, size_t len, uint8_t out[5])
{
    out[0] = tag;
    if (len < 128) {
        out[1] = (uint8_t)len;
        return 2;
    }
    if (len < 256) {
        out[1] = 0x81;
        out[2] = (uint8_t)len;
        return 3;
    }
    size_t bytes = len < 65536 ? 2 : 3;
    out[1] = (uint8_t)(0x80 | bytes);
    for (size_t i = 0; i < bytes; i++)
        out[2 + i] = (uint8_t)(len >> 8 * (bytes - 1 - i));
    return 2 + bytes;
}

void der_wrap(struct der_text *to, size_t from, uint8_t tag)
{
    uint8_t head[5];
    size_t body = to->len - from, len = header(tag, body, head);

    der_add(to, head, len); /* makes the room */
    memmove(to->bytes + from + len, to->bytes + from, body);
    memcpy(to->bytes + from, head, len);
}

void der_add_value(struct der_text *to, uint8_t tag, const void *body, size_t len)
{
    size_t from = to->len;

    der_add(to, body, len);
    der_wrap(to, from, tag);
}

void der_add_bits(struct der_text *to, const void *body, size_t len)
{
    size_t from = to->len;

    der_add(to, "", 1); /* no bits are left over */
    der_add(to, body, len);
    der_wrap(to, from, 0x03);
}

void der_add_time(struct der_text *to, int64_t time)
{
    struct tm date;
    time_t seconds = time;
    char text[20];

    gmtime_r(&seconds, &date);
    der_add_value(to, 0x18, text, strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &date));
}

static size_t header_len(const uint8_t *at, size_t *body)
{
    if (at[1] < 128) {
        *body = at[1];
        return 2;
    }
    size_t bytes = at[1] & 0x7f;
    *body = 0;
    for (size_t i = 0; i < bytes; i++)
        *body = *body << 8 | at[2 + i];
    return 2 + bytes;
}

struct der_span der_inside(struct dtls_bytes value)
{
    size_t body, head = header_len(value.at, &body);

    return (struct der_span){ value.at + head, body };
}

struct der_span der_next(struct der_span *rest)
{
    size_t body, head = header_len(rest->at, &body);
    struct der_span value = { rest->at, head + body };

    rest->at += value.len;
    rest->len -= value.len;
    return value;
}

size_t der_address(const char *text, uint8_t out[16])
{
    if (inet_pton(AF_INET, text, out) == 1)
        return 4;
    return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}
