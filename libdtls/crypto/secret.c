/* secret.c - forgetting and comparing secrets (contract S7). */
#include "crypto/secret.h"

#include <stdint.h>
#include <string.h>

void dtls_wipe(void *secret, size_t len)
{
    /* A call through a volatile pointer might do anything, so the compiler cannot drop it as a dead store. */
    static void *(*const volatile overwrite)(void *, int, size_t) = memset;

    if (len > 0)
        overwrite(secret, 0, len);
}

/* Whatever differs is kept where the compiler must put it back each time, so it cannot stop at the first difference.
 * nettle's memeql_sec does the same byte by byte, and that was a twentieth of a small record. */
bool dtls_secret_equal(const void *a, const void *b, size_t len)
{
    const uint8_t *x = a, *y = b;
    volatile uint64_t differ = 0;
    size_t i = 0;

    for (uint64_t of_x, of_y; i + sizeof of_x <= len; i += sizeof of_x) {
        memcpy(&of_x, x + i, sizeof of_x);
        memcpy(&of_y, y + i, sizeof of_y);
        differ |= of_x ^ of_y;
    }
    for (; i < len; i++)
        differ |= x[i] ^ y[i];
    return differ == 0;
}
