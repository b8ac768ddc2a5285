/* fuzz_fragment.c - any bytes as the fragments of a record: each lies within its message and comes back as written. */
#include "messages/handshake_header.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ data, len });
    struct dtls_fragment fragment;
    struct dtls_writer to = fuzz_writer(len);

    while (dtls_reader_has_more(&from) && dtls_fragment_read(&from, &fragment)) {
        FUZZ_CHECK(fragment.offset + fragment.body.len <= fragment.length);
        FUZZ_CHECK(dtls_message_name(fragment.type)[0] != '\0');
        dtls_fragment_write(&to, &fragment);
        FUZZ_CHECK(!to.broken && dtls_bytes_equal(dtls_writer_bytes(&to), (struct dtls_bytes){ data, to.len }));
    }
    free(to.at);
    return 0;
}
