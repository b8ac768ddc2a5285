/* expected.c - expected fingerprints, and which of them count. Knows no handshake. */
#include "identity/expected.h"

#include <string.h>

#include "identity/certificate.h"

static enum dtls_fingerprint_hash strongest(const struct dtls_fingerprint *expected, size_t count)
{
    enum dtls_fingerprint_hash hash = expected[0].hash;

    for (size_t i = 1; i < count; i++)
        if (expected[i].hash > hash)
            hash = expected[i].hash;
    return hash;
}

static enum dtls_match match(const struct dtls_fingerprint *expected, size_t count,
                             const struct dtls_fingerprint *shown)
{
    for (size_t i = 0; i < count; i++)
        if (expected[i].hash == shown->hash &&
            memcmp(expected[i].bytes, shown->bytes, dtls_fingerprint_len(shown->hash)) == 0)
            return DTLS_MATCHES;
    return DTLS_MATCHES_NOT;
}

enum dtls_match dtls_expected_certificate(const struct dtls_fingerprint *expected, size_t count, struct dtls_bytes der)
{
    struct dtls_fingerprint shown;

    if (count == 0)
        return DTLS_MATCHES;
    dtls_certificate_fingerprint_by(der, strongest(expected, count), &shown);
    return match(expected, count, &shown);
}

enum dtls_match dtls_expected_peer(const struct dtls_fingerprint *expected, size_t count,
                                   const uint8_t sha_256[DTLS_FINGERPRINT_LEN])
{
    struct dtls_fingerprint shown = { .hash = DTLS_FINGERPRINT_SHA_256 };

    if (count == 0)
        return DTLS_MATCHES;
    if (strongest(expected, count) != DTLS_FINGERPRINT_SHA_256)
        return DTLS_MATCH_UNKNOWN;
    memcpy(shown.bytes, sha_256, DTLS_FINGERPRINT_LEN);
    return match(expected, count, &shown);
}
