/* fuzz.h - what the fuzz targets share: the one function each of them has, how it says that something is wrong, and
 * buffers of exact size, so that a sanitizer sees the first byte too many. */
#ifndef DTLS_TESTS_FUZZ_FUZZ_H
#define DTLS_TESTS_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes/reader.h"
#include "bytes/writer.h"

/* Takes any bytes and returns 0, or ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What must hold for every input. */
#define FUZZ_CHECK(ok) fuzz_check((ok), #ok, __FILE__, __LINE__)

static inline void fuzz_check(bool ok, const char *what, const char *file, int line)
{
    if (ok)
        return;
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

/* A writer of room for `cap` bytes; free its span. */
static inline struct dtls_writer fuzz_writer(size_t cap)
{
    uint8_t *span = malloc(cap + 1);

    FUZZ_CHECK(span != NULL);
    return dtls_writer_to(span, cap);
}

/* A copy of its own; free it. */
static inline uint8_t *fuzz_copy(struct dtls_bytes bytes)
{
    struct dtls_writer to = fuzz_writer(bytes.len);

    dtls_write_bytes(&to, bytes);
    return to.at;
}

/* Touches every byte, so that a sanitizer sees a view that leaves what it points into. */
static inline void fuzz_touch(struct dtls_bytes bytes)
{
    static volatile unsigned sum;

    for (size_t i = 0; i < bytes.len; i++)
        sum = sum + bytes.at[i];
}

#endif
