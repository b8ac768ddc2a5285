/* host_name.c - which bytes are a DNS name, and which names a pattern stands for. Knows no certificate. */
#include "identity/host_name.h"

#include <string.h>

#include "bytes/reader.h"

enum { LABEL_MAX = 63, TEXT_MAX = 255 };

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

static bool is_of_a_label(uint8_t byte)
{
    return is_digit(byte) || (lower(byte) >= 'a' && lower(byte) <= 'z') || byte == '-' || byte == '_';
}

bool dtls_host_name_is_valid(struct dtls_bytes name)
{
    struct dtls_reader from = dtls_reader_of(name);
    size_t label = 0, digits = 0;

    while (dtls_reader_has_more(&from)) {
        uint8_t byte = dtls_read_u8(&from);
        if (byte == '.' && label > 0) {
            label = digits = 0;
            continue;
        }
        if (!is_of_a_label(byte) || ++label > LABEL_MAX)
            return false;
        digits += is_digit(byte);
    }
    return label > digits && name.len <= DTLS_HOST_NAME_MAX;
}

bool dtls_host_name_is_text(struct dtls_bytes name)
{
    struct dtls_reader from = dtls_reader_of(name);

    while (dtls_reader_has_more(&from)) {
        uint8_t byte = dtls_read_u8(&from);
        if (byte <= ' ' || byte > '~')
            return false;
    }
    return name.len > 0 && name.len <= TEXT_MAX;
}

static bool is_wild(const char *pattern)
{
    return strncmp(pattern, "*.", 2) == 0;
}

bool dtls_host_pattern_is_valid(const char *pattern)
{
    const char *name = is_wild(pattern) ? pattern + 2 : pattern;

    return dtls_host_name_is_valid(dtls_view(name, strlen(name))) && (name == pattern || strchr(name, '.') != NULL);
}

bool dtls_host_pattern_has(const char *pattern, struct dtls_bytes name)
{
    struct dtls_reader from = dtls_reader_of(name);

    if (is_wild(pattern)) {
        for (bool dot = false; !dot && dtls_reader_has_more(&from);)
            dot = dtls_read_u8(&from) == '.';
        pattern += 2;
    }
    while (*pattern != '\0' && dtls_reader_has_more(&from))
        if (lower((uint8_t)*pattern++) != lower(dtls_read_u8(&from)))
            return false;
    return *pattern == '\0' && dtls_reader_finished(&from);
}
