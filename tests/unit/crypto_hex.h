/* crypto_hex.h - test vectors as they are printed: hexadecimal text to bytes, and bytes against it. */
#ifndef DTLS_TESTS_CRYPTO_HEX_H
#define DTLS_TESTS_CRYPTO_HEX_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "dtls/identity.h"

struct hex {
    uint8_t at[1200];
    size_t len;
};

/* Spaces are skipped. */
static inline struct hex hex(const char *text)
{
    struct hex bytes = { .len = 0 };
    unsigned value;
    int used;

    while (bytes.len < sizeof bytes.at && sscanf(text, " %2x%n", &value, &used) == 1) {
        bytes.at[bytes.len++] = (uint8_t)value;
        text += used;
    }
    return bytes;
}

static inline struct dtls_bytes view(const struct hex *bytes)
{
    return (struct dtls_bytes){ bytes->at, bytes->len };
}

static inline struct dtls_bytes text_view(const char *text)
{
    return (struct dtls_bytes){ (const uint8_t *)text, strlen(text) };
}

static inline bool is_hex(const uint8_t *at, size_t len, const char *text)
{
    struct hex expected = hex(text);

    return len == expected.len && memcmp(at, expected.at, len) == 0;
}

#endif
