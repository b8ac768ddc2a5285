/* cuts.c - each cut lies in an allocation of its own length, so that a sanitizer sees a read past it. */
#include "tests/cuts.h"

#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

void check_cuts(const char *name, int (*read)(struct dtls_bytes body, void *out), size_t out_size,
                struct dtls_bytes message, size_t whole)
{
    uint8_t *out = malloc(out_size);
    uint8_t *before = malloc(out_size);

    CHECK_CASE(message.len > 0 && read(message, out) == DTLS_OK, "%s: not taken whole", name);
    memset(before, 0xa5, out_size);
    for (size_t len = 0; len <= message.len + 1; len++) {
        if (len == message.len || len == whole)
            continue;
        uint8_t *cut = calloc(1, len > 0 ? len : 1);
        memcpy(cut, message.at, len < message.len ? len : message.len);
        memset(out, 0xa5, out_size);
        CHECK_CASE(read((struct dtls_bytes){ cut, len }, out) == DTLS_ERR_DECODE, "%s: %zu of %zu bytes taken", name,
                   len, message.len);
        CHECK_CASE(memcmp(out, before, out_size) == 0, "%s: output touched at %zu bytes", name, len);
        free(cut);
    }
    free(before);
    free(out);
}
