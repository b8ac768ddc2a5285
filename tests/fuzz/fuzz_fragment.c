/* fuzz_fragment.c - any bytes as the fragments of a record: each lies within its message and comes back as written. */
#include <stdlib.h>

#include "messages/handshake_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ data, len });
    struct dtls_fragment fragment;
    uint8_t *span = malloc(len + 1);
    struct dtls_writer to = dtls_writer_to(span, len);

    while (dtls_reader_has_more(&from) && dtls_fragment_read(&from, &fragment)) {
        if (fragment.offset + fragment.body.len > fragment.length)
            abort();
        dtls_fragment_write(&to, &fragment);
        if (to.broken || !dtls_bytes_equal(dtls_writer_bytes(&to), (struct dtls_bytes){ data, to.len }))
            abort();
    }
    free(span);
    return 0;
}
