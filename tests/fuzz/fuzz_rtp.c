/* fuzz_rtp.c - any bytes as an RTP packet: the payload is inside it, and what was read can be written and read again.
 */
#include "apps/call/rtp.h"
#include "dtls/mux.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t *exact = fuzz_copy((struct dtls_bytes){ data, len });
    struct rtp_packet packet, again;

    dtls_mux_classify(exact, len);
    if (rtp_read((struct dtls_bytes){ exact, len }, &packet)) {
        fuzz_touch(packet.payload);
        FUZZ_CHECK(packet.payload.len <= len - RTP_HEADER);
        struct dtls_writer to = fuzz_writer(RTP_HEADER + packet.payload.len);
        rtp_write(&to, &packet);
        FUZZ_CHECK(!to.broken && rtp_read(dtls_writer_bytes(&to), &again));
        FUZZ_CHECK(again.marker == packet.marker && again.type == packet.type && again.sequence == packet.sequence);
        FUZZ_CHECK(again.timestamp == packet.timestamp && again.ssrc == packet.ssrc);
        FUZZ_CHECK(dtls_bytes_equal(again.payload, packet.payload));
        free(to.at);
    }
    free(exact);
    return 0;
}
