/* random_windows.c - Windows' randomness: the generator that the system prefers. */
#include <windows.h>
/* needs the types above */
#include <bcrypt.h>

#include "dtls/identity.h"

enum { MOST_AT_ONCE = 1 << 20 }; /* a ULONG has 32 bits, a size_t may have more */

int dtls_system_random(void *arg, uint8_t *out, size_t len)
{
    (void)arg;
    while (len > 0) {
        ULONG count = len < MOST_AT_ONCE ? (ULONG)len : MOST_AT_ONCE;
        if (!BCRYPT_SUCCESS(BCryptGenRandom(NULL, out, count, BCRYPT_USE_SYSTEM_PREFERRED_RNG)))
            return DTLS_ERR_RANDOM;
        out += count;
        len -= count;
    }
    return DTLS_OK;
}
