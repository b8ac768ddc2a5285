/* random_darwin.c - randomness of macOS and its kin: getentropy(2), 256 bytes at a time. */
#include <sys/random.h>

#include "dtls/identity.h"

enum { MOST_AT_ONCE = 256 };

int dtls_system_random(void *arg, uint8_t *out, size_t len)
{
    (void)arg;
    while (len > 0) {
        size_t count = len < MOST_AT_ONCE ? len : MOST_AT_ONCE;
        if (getentropy(out, count) != 0)
            return DTLS_ERR_RANDOM;
        out += count;
        len -= count;
    }
    return DTLS_OK;
}
