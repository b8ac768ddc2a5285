/* random_linux.c - Linux's randomness: getrandom(2). Meson picks one such file per platform. */
#include <errno.h>
#include <sys/random.h>

#include "dtls/identity.h"

int dtls_system_random(void *arg, uint8_t *out, size_t len)
{
    (void)arg;
    for (size_t done = 0; done < len;) {
        ssize_t got = getrandom(out + done, len - done, 0); /* a long request may be cut short, or interrupted */
        if (got > 0)
            done += (size_t)got;
        else if (got == 0 || errno != EINTR)
            return DTLS_ERR_RANDOM;
    }
    return DTLS_OK;
}
