/* hmac_sha1.c - the door to nettle's HMAC-SHA-1. */
#include "crypto/hmac_sha1.h"

#include <nettle/hmac.h>

#include "crypto/nettle_length.h"
#include "crypto/secret.h"

void dtls_hmac_sha1(struct dtls_bytes key, const struct dtls_bytes *parts, size_t count,
                    uint8_t out[DTLS_HMAC_SHA1_LEN])
{
    struct hmac_sha1_ctx context;

    hmac_sha1_set_key(&context, key.len, key.at);
    for (size_t i = 0; i < count; i++)
        hmac_sha1_update(&context, parts[i].len, parts[i].at);
    hmac_sha1_digest(&context, DTLS_NETTLE_LENGTH(DTLS_HMAC_SHA1_LEN) out);
    dtls_wipe(&context, sizeof context);
}
