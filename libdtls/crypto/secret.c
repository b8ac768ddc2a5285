/* secret.c - forgetting and comparing secrets (contract S7). */
#include "crypto/secret.h"

#include <nettle/memops.h>
#include <string.h>

void dtls_wipe(void *secret, size_t len)
{
    /* A call through a volatile pointer might do anything, so the compiler cannot drop it as a dead store. */
    static void *(*const volatile overwrite)(void *, int, size_t) = memset;

    if (len > 0)
        overwrite(secret, 0, len);
}

bool dtls_secret_equal(const void *a, const void *b, size_t len)
{
    return memeql_sec(a, b, len) != 0;
}
