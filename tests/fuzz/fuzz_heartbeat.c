/* fuzz_heartbeat.c - any bytes as a heartbeat: the payload leaves room for its padding (CVE-2014-0160), and what can be
 * read comes back the same when it is written. */
#include "messages/heartbeat.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_heartbeat heartbeat, again;

    if (!dtls_heartbeat_read((struct dtls_bytes){ data, len }, &heartbeat))
        return 0;
    fuzz_touch(heartbeat.payload);
    FUZZ_CHECK(heartbeat.payload.at == data + DTLS_HEARTBEAT_HEADER);
    FUZZ_CHECK(DTLS_HEARTBEAT_HEADER + heartbeat.payload.len + DTLS_HEARTBEAT_PADDING <= len);
    struct dtls_writer to = fuzz_writer(len);
    dtls_heartbeat_write(&to, &heartbeat, len - DTLS_HEARTBEAT_HEADER - heartbeat.payload.len);
    FUZZ_CHECK(!to.broken && to.len == len && dtls_heartbeat_read(dtls_writer_bytes(&to), &again));
    FUZZ_CHECK(again.type == heartbeat.type && dtls_bytes_equal(again.payload, heartbeat.payload));
    free(to.at);
    return 0;
}
