/* json.c - one JSON object a line (RFC 8259). */
#define _POSIX_C_SOURCE 200809L /* flockfile */
#include "apps/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static _Thread_local bool first; /* the next member needs no comma */

/* How many bytes the UTF-8 character at the start of `at` takes; 0 when it is none (RFC 3629, 4). */
static size_t character_len(const uint8_t *at, size_t len)
{
    static const struct {
        uint8_t from, to, second_from, second_to, len;
    } rows[] = {
        { 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (at[0] < rows[i].from || at[0] > rows[i].to)
            continue;
        if (rows[i].len > len || (rows[i].len > 1 && (at[1] < rows[i].second_from || at[1] > rows[i].second_to)))
            return 0;
        for (size_t k = 2; k < rows[i].len; k++)
            if ((at[k] & 0xc0) != 0x80)
                return 0;
        return rows[i].len;
    }
    return 0;
}

static void put_string(const uint8_t *bytes, size_t len)
{
    putchar('"');
    while (len > 0) {
        size_t used = character_len(bytes, len);
        if (used == 0)
            fputs("\\ufffd", stdout);
        else if (*bytes == '"' || *bytes == '\\')
            printf("\\%c", *bytes);
        else if (*bytes < 0x20 || *bytes == 0x7f)
            printf("\\u%04x", *bytes);
        else
            fwrite(bytes, 1, used, stdout);
        used = used > 0 ? used : 1;
        bytes += used;
        len -= used;
    }
    putchar('"');
}

static void put_key(const char *key)
{
    if (!first)
        putchar(',');
    first = false;
    put_string((const uint8_t *)key, strlen(key));
    putchar(':');
}

void json_begin(const char *event)
{
    flockfile(stdout);
    putchar('{');
    first = true;
    if (event != NULL)
        json_text("event", event);
}

void json_end(void)
{
    fputs("}\n", stdout);
    fflush(stdout);
    funlockfile(stdout);
}

void json_text(const char *key, const char *text)
{
    put_key(key);
    if (text != NULL)
        put_string((const uint8_t *)text, strlen(text));
    else
        fputs("null", stdout);
}

void json_bytes(const char *key, const uint8_t *bytes, size_t len)
{
    put_key(key);
    put_string(bytes, len);
}

void json_whole(const char *key, uint64_t number)
{
    put_key(key);
    printf("%" PRIu64, number);
}

void json_signed(const char *key, int64_t number)
{
    put_key(key);
    printf("%" PRId64, number);
}

void json_real(const char *key, double number)
{
    put_key(key);
    printf("%.3f", number);
}

void json_bool(const char *key, bool yes)
{
    put_key(key);
    fputs(yes ? "true" : "false", stdout);
}

void json_open(const char *key)
{
    put_key(key);
    putchar('{');
    first = true;
}

void json_close(void)
{
    putchar('}');
    first = false;
}
