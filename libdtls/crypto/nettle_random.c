/* nettle_random.c - randomness for nettle's callbacks. */
#include <string.h>

#include "crypto/key_nettle.h"

void dtls_nettle_draw(void *arg, size_t len, uint8_t *out)
{
    struct dtls_nettle_random *source = arg;

    if (source->result == DTLS_OK)
        source->result = dtls_random_bytes(source->random, out, len);
    if (source->result != DTLS_OK)
        memset(out, 1, len);
}
