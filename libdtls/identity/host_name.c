/* host_name.c - which bytes are a DNS name, and which names a pattern stands for. Knows no certificate. */
#include "identity/host_name.h"

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

/* What a pattern says behind its star, if it has one. */
static bool take_star(struct dtls_reader *pattern)
{
    struct dtls_reader ahead = *pattern;

    if (dtls_read_u8(&ahead) != '*' || dtls_read_u8(&ahead) != '.')
        return false;
    *pattern = ahead;
    return true;
}

bool dtls_host_pattern_is_valid(struct dtls_bytes pattern)
{
    struct dtls_reader from = dtls_reader_of(pattern);
    bool wild = take_star(&from);
    struct dtls_bytes name = dtls_read_rest(&from);

    return dtls_host_name_is_valid(name) && (!wild || dtls_bytes_have_u8(name, '.'));
}

bool dtls_host_pattern_has(struct dtls_bytes pattern, struct dtls_bytes name)
{
    struct dtls_reader from = dtls_reader_of(name), wanted = dtls_reader_of(pattern);

    if (take_star(&wanted))
        for (bool dot = false; !dot && dtls_reader_has_more(&from);)
            dot = dtls_read_u8(&from) == '.';
    while (dtls_reader_has_more(&wanted) && dtls_reader_has_more(&from))
        if (lower(dtls_read_u8(&wanted)) != lower(dtls_read_u8(&from)))
            return false;
    return dtls_reader_finished(&wanted) && dtls_reader_finished(&from);
}
