/* fingerprint.c - a SHA-256 fingerprint as text, for people and for SDP (RFC 8122, 5). Hashes nothing. */
#include <string.h>

#include "dtls/identity.h"

void dtls_fingerprint_format(const uint8_t fingerprint[DTLS_FINGERPRINT_LEN], char out[DTLS_FINGERPRINT_TEXT])
{
    static const char digits[] = "0123456789ABCDEF";
    static const char name[] = "SHA-256";
    char *to = out + strlen(name);

    memcpy(out, name, strlen(name));
    for (size_t i = 0; i < DTLS_FINGERPRINT_LEN; i++) {
        *to++ = ':';
        *to++ = digits[fingerprint[i] >> 4];
        *to++ = digits[fingerprint[i] & 0x0f];
    }
    *to = '\0';
}

/* -1 for what is no hexadecimal digit, the end of a string included. */
static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The text behind "SHA-256:" or "sha-256 ", in any mix of cases; NULL when it does not start so. */
static const char *skip_hash_name(const char *text)
{
    static const char upper[] = "SHA-256:", lower[] = "sha-256 ";
    size_t i = 0;

    while (i < strlen(upper) && (text[i] == upper[i] || text[i] == lower[i]))
        i++;
    return i == strlen(upper) ? text + i : NULL;
}

int dtls_fingerprint_parse(const char *text, uint8_t out[DTLS_FINGERPRINT_LEN])
{
    uint8_t bytes[DTLS_FINGERPRINT_LEN];
    const char *at = skip_hash_name(text);

    if (at == NULL)
        return DTLS_ERR_BAD_FINGERPRINT;
    for (size_t i = 0; i < DTLS_FINGERPRINT_LEN; i++) {
        if (i > 0 && *at == ':')
            at++;
        int high = digit_value(at[0]);
        int low = high < 0 ? -1 : digit_value(at[1]);
        if (low < 0)
            return DTLS_ERR_BAD_FINGERPRINT;
        bytes[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    if (*at != '\0')
        return DTLS_ERR_BAD_FINGERPRINT;
    memcpy(out, bytes, sizeof bytes);
    return DTLS_OK;
}
