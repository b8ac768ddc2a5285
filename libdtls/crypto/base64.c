/* base64.c - base64 text to bytes (RFC 4648, 4). Wants canonical padding; skips white space. */
#include "crypto/base64.h"

#include <nettle/base64.h>

#include "crypto/secret.h"

bool dtls_base64_decode(const char *text, size_t text_len, uint8_t *out, size_t *len)
{
    struct base64_decode_ctx decoder;
    size_t decoded = text_len; /* the room there is: nettle 4 wants to know */

    base64_decode_init(&decoder);
    bool ok = base64_decode_update(&decoder, &decoded, out, text_len, text) && base64_decode_final(&decoder);
    dtls_wipe(&decoder, sizeof decoder); /* the last bits of a private key, perhaps */
    if (ok)
        *len = decoded;
    return ok;
}
