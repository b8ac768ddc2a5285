/* endpoint_mux.c - every first byte, and every second byte behind those of RTP, against the tables of the RFCs. */
#include "dtls/mux.h"
#include "tests/tap.h"

/* RFC 9443, 3, spelt out by hand. */
static enum dtls_mux by_the_rfc(unsigned first)
{
    if (first <= 3)
        return DTLS_MUX_STUN;
    if (first >= 16 && first <= 19)
        return DTLS_MUX_ZRTP;
    if (first >= 20 && first <= 63)
        return DTLS_MUX_DTLS;
    if (first >= 64 && first <= 79)
        return DTLS_MUX_TURN_CHANNEL;
    if (first >= 80 && first <= 127)
        return DTLS_MUX_QUIC;
    if (first >= 128 && first <= 191)
        return DTLS_MUX_RTP;
    if (first >= 192)
        return DTLS_MUX_QUIC;
    return DTLS_MUX_UNKNOWN;
}

static void every_first_byte_has_its_owner(void)
{
    for (unsigned first = 0; first < 256; first++) {
        const uint8_t datagram[] = { (uint8_t)first, 0, 0 };

        CHECK_CASE(dtls_mux_classify(datagram, sizeof datagram) == by_the_rfc(first), "first byte %u", first);
    }
}

static void rtcp_is_told_from_rtp_by_the_second_byte(void)
{
    for (unsigned first = 0; first < 256; first++)
        for (unsigned second = 0; second < 256; second++) {
            const uint8_t datagram[] = { (uint8_t)first, (uint8_t)second };
            enum dtls_mux expected = by_the_rfc(first);

            if (expected == DTLS_MUX_RTP && second >= 192 && second <= 223)
                expected = DTLS_MUX_RTCP;
            CHECK_CASE(dtls_mux_classify(datagram, sizeof datagram) == expected, "bytes %u %u", first, second);
        }
}

static void payload_types_with_the_marker_bit_stay_rtp(void)
{
    for (unsigned type = 0; type < 128; type++) {
        const uint8_t plain[] = { 0x80, (uint8_t)type }, marked[] = { 0x80, (uint8_t)(0x80 | type) };
        bool is_forbidden = type >= 64 && type <= 95; /* RFC 5761, 4: not to be used beside RTCP */

        CHECK_CASE(dtls_mux_classify(plain, 2) == DTLS_MUX_RTP, "payload type %u", type);
        CHECK_CASE(dtls_mux_classify(marked, 2) == (is_forbidden ? DTLS_MUX_RTCP : DTLS_MUX_RTP),
                   "marker and payload type %u", type);
    }
}

static void nothing_is_read_behind_the_end(void)
{
    CU_ASSERT_EQUAL(dtls_mux_classify(NULL, 0), DTLS_MUX_UNKNOWN);
    for (unsigned first = 0; first < 256; first++) {
        const uint8_t datagram[] = { (uint8_t)first };
        enum dtls_mux expected = by_the_rfc(first) == DTLS_MUX_RTP ? DTLS_MUX_UNKNOWN : by_the_rfc(first);

        CHECK_CASE(dtls_mux_classify(datagram, 0) == DTLS_MUX_UNKNOWN, "no byte, behind it %u", first);
        CHECK_CASE(dtls_mux_classify(datagram, 1) == expected, "the single byte %u", first);
    }
}

static CU_TestInfo tests[] = {
    { "every first byte has its owner", every_first_byte_has_its_owner },
    { "RTCP is told from RTP by the second byte", rtcp_is_told_from_rtp_by_the_second_byte },
    { "payload types stay RTP with the marker bit, but for those of RFC 5761",
      payload_types_with_the_marker_bit_stay_rtp },
    { "an empty datagram and a single byte of media are unknown", nothing_is_read_behind_the_end },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "endpoint/mux", tests);
}
