/* fingerprint.c - fingerprints as text, for people and for SDP (RFC 8122, 5). Hashes nothing. */
#include <stdbool.h>
#include <string.h>

#include "bytes/reader.h"
#include "dtls/identity.h"

static const struct {
    enum dtls_fingerprint_hash hash;
    const char *upper, *lower; /* what stands in front, for people and in SDP; both 8 characters */
    size_t len;
} hashes[] = {
    { DTLS_FINGERPRINT_SHA_256, "SHA-256:", "sha-256 ", 32 },
    { DTLS_FINGERPRINT_SHA_384, "SHA-384:", "sha-384 ", 48 },
    { DTLS_FINGERPRINT_SHA_512, "SHA-512:", "sha-512 ", 64 },
};

enum { HASHES = sizeof hashes / sizeof hashes[0], NAME_LEN = 8 };

size_t dtls_fingerprint_len(enum dtls_fingerprint_hash hash)
{
    for (size_t i = 0; i < HASHES; i++)
        if (hashes[i].hash == hash)
            return hashes[i].len;
    return 0;
}

static void write_bytes(const char *name, const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    char *to = out + NAME_LEN;

    memcpy(out, name, NAME_LEN);
    for (size_t i = 0; i < len; i++) {
        if (i > 0)
            *to++ = ':';
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 0x0f];
    }
    *to = '\0';
}

void dtls_fingerprint_format(const uint8_t fingerprint[DTLS_FINGERPRINT_LEN], char out[DTLS_FINGERPRINT_TEXT])
{
    write_bytes(hashes[0].upper, fingerprint, DTLS_FINGERPRINT_LEN, out);
}

void dtls_fingerprint_to_sdp(const struct dtls_fingerprint *fingerprint, char out[DTLS_FINGERPRINT_SDP])
{
    out[0] = '\0';
    for (size_t i = 0; i < HASHES; i++)
        if (hashes[i].hash == fingerprint->hash)
            write_bytes(hashes[i].lower, fingerprint->bytes, hashes[i].len, out);
}

/* The text behind "SHA-256:" or "sha-256 ", in any mix of cases; NULL when it does not start so. */
static const char *skip_name(const char *text, const char *upper, const char *lower)
{
    size_t i = 0;

    while (i < NAME_LEN && (text[i] == upper[i] || text[i] == lower[i]))
        i++;
    return i == NAME_LEN ? text + i : NULL;
}

/* All of the text, and nothing else. */
static bool read_bytes(const char *at, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && *at == ':')
            at++;
        int high = dtls_hex_digit(at[0]);
        int low = high < 0 ? -1 : dtls_hex_digit(at[1]);
        if (low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    return *at == '\0';
}

int dtls_fingerprint_from_sdp(const char *text, struct dtls_fingerprint *out)
{
    for (size_t i = 0; i < HASHES; i++) {
        const char *at = skip_name(text, hashes[i].upper, hashes[i].lower);
        struct dtls_fingerprint fingerprint = { .hash = hashes[i].hash };
        if (at == NULL || !read_bytes(at, fingerprint.bytes, hashes[i].len))
            continue;
        *out = fingerprint;
        return DTLS_OK;
    }
    return DTLS_ERR_BAD_FINGERPRINT;
}

int dtls_fingerprint_parse(const char *text, uint8_t out[DTLS_FINGERPRINT_LEN])
{
    struct dtls_fingerprint fingerprint;

    if (dtls_fingerprint_from_sdp(text, &fingerprint) != DTLS_OK || fingerprint.hash != DTLS_FINGERPRINT_SHA_256)
        return DTLS_ERR_BAD_FINGERPRINT;
    memcpy(out, fingerprint.bytes, DTLS_FINGERPRINT_LEN);
    return DTLS_OK;
}
