/* fuzz_rtcp.c - any bytes as RTCP: what was read can be written and read again. The first byte is the SSRC asked for.
 */
#include "apps/call/rtcp.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct rtcp_compound compound, again;
    uint64_t trip;

    if (len == 0)
        return 0;
    uint8_t *exact = fuzz_copy((struct dtls_bytes){ data + 1, len - 1 });
    if (rtcp_read((struct dtls_bytes){ exact, len - 1 }, data[0], &compound)) {
        struct dtls_writer to = fuzz_writer(100);
        rtcp_write(&to, &compound.report, "me", compound.has_bye);
        FUZZ_CHECK(!to.broken && rtcp_read(dtls_writer_bytes(&to), data[0], &again));
        FUZZ_CHECK(again.has_bye == compound.has_bye && again.report.ssrc == compound.report.ssrc);
        FUZZ_CHECK(again.report.is_sender == compound.report.is_sender && again.report.ntp == compound.report.ntp);
        FUZZ_CHECK(again.report.has_block == compound.report.has_block);
        FUZZ_CHECK(again.report.block.lost == compound.report.block.lost);
        FUZZ_CHECK(again.report.block.delay == compound.report.block.delay);
        rtcp_round_trip_us(&compound.report.block, compound.report.ntp, &trip);
        free(to.at);
    }
    free(exact);
    return 0;
}
