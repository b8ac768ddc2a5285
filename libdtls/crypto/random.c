/* random.c - the choice between the configured source of randomness and the operating system. */
#include "crypto/random.h"

#include "crypto/secret.h"

int dtls_random_bytes(const struct dtls_random *random, uint8_t *out, size_t len)
{
    dtls_random_function *source = random->function != NULL ? random->function : dtls_system_random;

    if (source(random->arg, out, len) == DTLS_OK)
        return DTLS_OK;
    dtls_wipe(out, len);
    return DTLS_ERR_RANDOM;
}
