/* call_rtp.c - RTP packets there and back, and what is none (RFC 3550, 5.1). */
#include "apps/call/rtp.h"

#include <string.h>

#include "tests/tap.h"

static size_t written(uint8_t out[200], const struct rtp_packet *packet)
{
    struct dtls_writer to = dtls_writer_to(out, 200);

    rtp_write(&to, packet);
    CU_ASSERT_FALSE(to.broken);
    return to.len;
}

static const struct rtp_packet example = { .marker = true,
                                           .type = 111,
                                           .sequence = 0xfffe,
                                           .timestamp = 0x01020304,
                                           .ssrc = 0xa1b2c3d4,
                                           .payload = { (const uint8_t *)"speech", 6 } };

static void is_written_as_the_rfc_has_it(void)
{
    static const uint8_t expected[] = "\x80\xef\xff\xfe\x01\x02\x03\x04\xa1\xb2\xc3\xd4speech";
    uint8_t bytes[200];

    CU_ASSERT_EQUAL(written(bytes, &example), sizeof expected - 1);
    CU_ASSERT_EQUAL(memcmp(bytes, expected, sizeof expected - 1), 0);
}

static void is_read_as_it_was_written(void)
{
    struct rtp_packet read = { 0 };
    uint8_t bytes[200];
    size_t len = written(bytes, &example);

    CU_ASSERT_TRUE(rtp_read(dtls_view(bytes, len), &read));
    CU_ASSERT_TRUE(read.marker && read.type == 111 && read.sequence == 0xfffe && read.timestamp == 0x01020304);
    CU_ASSERT_EQUAL(read.ssrc, 0xa1b2c3d4);
    CU_ASSERT_TRUE(dtls_bytes_equal(read.payload, example.payload));
}

static void sources_extension_and_padding_are_skipped(void)
{
    static const uint8_t bytes[] = "\xb2\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03" /* padding, extension, 2 CSRCs */
                                   "\x11\x11\x11\x11\x22\x22\x22\x22"
                                   "\xbe\xde\x00\x01\x33\x33\x33\x33"
                                   "hello"
                                   "\x00\x00\x03";
    struct rtp_packet read = { 0 };

    CU_ASSERT_TRUE(rtp_read(dtls_view(bytes, sizeof bytes - 1), &read));
    CU_ASSERT_TRUE(dtls_bytes_equal(read.payload, dtls_view("hello", 5)));
    for (size_t len = 0; len < 12 + 8 + 8; len++) {
        struct rtp_packet untouched = example;
        CHECK_CASE(!rtp_read(dtls_view(bytes, len), &untouched), "%zu bytes", len);
        CHECK_CASE(untouched.ssrc == example.ssrc, "%zu bytes", len);
    }
}

static void impossible_padding_is_refused(void)
{
    uint8_t bytes[] = "\xa0\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03xyz";
    struct rtp_packet read;

    for (unsigned count = 0; count < 256; count++) {
        bytes[14] = (uint8_t)count;
        CHECK_CASE(rtp_read(dtls_view(bytes, 15), &read) == (count >= 1 && count <= 3), "padding of %u", count);
    }
    CU_ASSERT_FALSE(rtp_read(dtls_view(bytes, 12), &read)); /* it says there is some */
}

static void other_versions_are_refused(void)
{
    struct rtp_packet read;
    uint8_t bytes[200];
    size_t len = written(bytes, &example);

    for (unsigned version = 0; version < 4; version++) {
        bytes[0] = (uint8_t)(version << 6);
        CHECK_CASE(rtp_read(dtls_view(bytes, len), &read) == (version == 2), "version %u", version);
    }
}

static CU_TestInfo tests[] = {
    { "a packet is written as the RFC has it", is_written_as_the_rfc_has_it },
    { "a packet is read as it was written", is_read_as_it_was_written },
    { "CSRCs, extension and padding are skipped, or missing", sources_extension_and_padding_are_skipped },
    { "padding of nothing, or of more than there is, is refused", impossible_padding_is_refused },
    { "versions other than 2 are refused", other_versions_are_refused },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "call/rtp", tests);
}
