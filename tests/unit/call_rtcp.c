/* call_rtcp.c - reports there and back, what is none, and the round trip that they show (RFC 3550, 6). */
#include "apps/call/rtcp.h"

#include <string.h>

#include "tests/tap.h"

static const struct rtcp_report example = {
    .ssrc = 0x11111111,
    .is_sender = true,
    .ntp = UINT64_C(0x0102030405060708),
    .timestamp = 160,
    .packets = 50,
    .octets = 8000,
    .has_block = true,
    .block = { .ssrc = 0x22222222,
               .fraction_lost = 64,
               .lost = -2,
               .highest = 0x1ffff,
               .jitter = 7,
               .last_report = 0x03040506,
               .delay = 65536 },
};

static size_t written(uint8_t out[400], const struct rtcp_report *report, const char *cname, bool bye)
{
    struct dtls_writer to = dtls_writer_to(out, 400);

    rtcp_write(&to, report, cname, bye);
    CU_ASSERT_FALSE(to.broken);
    CU_ASSERT_EQUAL(to.len % 4, 0);
    return to.len;
}

static void is_written_as_the_rfc_has_it(void)
{
    static const uint8_t expected[] = "\x81\xc8\x00\x0c\x11\x11\x11\x11"
                                      "\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00\x00\xa0\x00\x00\x00\x32\x00\x00\x1f\x40"
                                      "\x22\x22\x22\x22\x40\xff\xff\xfe\x00\x01\xff\xff\x00\x00\x00\x07"
                                      "\x03\x04\x05\x06\x00\x01\x00\x00"
                                      "\x81\xca\x00\x03\x11\x11\x11\x11\x01\x05"
                                      "me@ab\x00"
                                      "\x81\xcb\x00\x01\x11\x11\x11\x11";
    uint8_t bytes[400];

    CU_ASSERT_EQUAL(written(bytes, &example, "me@ab", true), sizeof expected - 1);
    CU_ASSERT_EQUAL(memcmp(bytes, expected, sizeof expected - 1), 0);
}

static void is_read_as_it_was_written(void)
{
    struct rtcp_compound read;
    uint8_t bytes[400];
    size_t len = written(bytes, &example, "me", true);

    CU_ASSERT_TRUE(rtcp_read(dtls_view(bytes, len), 0x22222222, &read));
    CU_ASSERT_TRUE(read.has_report && read.has_bye && read.report.is_sender && read.report.has_block);
    CU_ASSERT_TRUE(read.report.ssrc == 0x11111111 && read.report.ntp == example.ntp && read.report.timestamp == 160 &&
                   read.report.packets == 50 && read.report.octets == 8000);
    CU_ASSERT_TRUE(read.report.block.lost == -2 && read.report.block.highest == 0x1ffff &&
                   read.report.block.jitter == 7 && read.report.block.fraction_lost == 64 &&
                   read.report.block.last_report == 0x03040506 && read.report.block.delay == 65536);

    CU_ASSERT_TRUE(rtcp_read(dtls_view(bytes, len), 5, &read)); /* about somebody else */
    CU_ASSERT_TRUE(read.has_report && !read.report.has_block);
}

static void a_receiver_has_less_to_say(void)
{
    struct rtcp_report report = example;
    struct rtcp_compound read;
    uint8_t bytes[400];

    report.is_sender = report.has_block = false;
    size_t len = written(bytes, &report, "", false);
    CU_ASSERT_EQUAL(bytes[1], 201);
    CU_ASSERT_TRUE(rtcp_read(dtls_view(bytes, len), 1, &read));
    CU_ASSERT_FALSE(read.report.is_sender || read.report.has_block || read.has_bye);
    CU_ASSERT_EQUAL(read.report.ssrc, 0x11111111);
}

static void names_of_every_length_end_with_zeroes(void)
{
    struct rtcp_compound read;
    uint8_t bytes[400];
    char name[256] = { 0 };

    for (size_t len = 0; len <= 255; len++) {
        memset(name, 'n', len);
        size_t size = written(bytes, &example, name, true);
        CHECK_CASE(rtcp_read(dtls_view(bytes, size), 0x22222222, &read) && read.has_bye, "%zu bytes", len);
        CHECK_CASE(bytes[size - 9] == 0, "%zu bytes", len); /* in front of the BYE */
    }
}

static void losses_beyond_24_bits_stop_there(void)
{
    static const int32_t cases[][2] = { { 0x800000, 0x7fffff }, { -0x800001, -0x800000 }, { INT32_MIN, -0x800000 } };
    struct rtcp_report report = example;
    struct rtcp_compound read;
    uint8_t bytes[400];

    for (size_t i = 0; i < 3; i++) {
        report.block.lost = cases[i][0];
        size_t len = written(bytes, &report, "me", false);
        CU_ASSERT_TRUE(rtcp_read(dtls_view(bytes, len), 0x22222222, &read));
        CHECK_CASE(read.report.block.lost == cases[i][1], "%d", (int)cases[i][0]);
    }
}

static void a_compound_cut_anywhere_is_refused(void)
{
    uint8_t bytes[400];
    size_t len = written(bytes, &example, "me@ab", true);

    for (size_t n = 0; n < len; n++) {
        struct rtcp_compound read = { 0 };
        bool is_whole = n == 52 || n == len - 8; /* the report, and the name */
        CHECK_CASE(rtcp_read(dtls_view(bytes, n), 0x22222222, &read) == is_whole, "%zu of %zu bytes", n, len);
    }
}

static void what_is_no_compound_is_refused(void)
{
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {
        { 0, 0x41 },  /* version 1 */
        { 0, 0xa1 },  /* padding in the first */
        { 0, 0x82 },  /* two blocks, and room for one */
        { 1, 202 },   /* no report in front */
        { 3, 11 },    /* its length cuts the block */
        { 52, 0x01 }, /* the second of version 0 */
        { 55, 200 },  /* and longer than all */
    };
    struct rtcp_compound read;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[400];
        size_t len = written(bytes, &example, "me", true);
        bytes[cases[i].at] = cases[i].value;
        CHECK_CASE(!rtcp_read(dtls_view(bytes, len), 0x22222222, &read), "case %zu", i);
    }
}

static void unknown_types_are_skipped(void)
{
    static const uint8_t unknown[] = "\x81\xcd\x00\x02" /* feedback: 205 */
                                     "\x01\x02\x03\x04\x05\x06\x07\x08";
    struct rtcp_compound read;
    uint8_t bytes[400];
    size_t len = written(bytes, &example, "me", false);

    memcpy(bytes + len, unknown, sizeof unknown - 1);
    CU_ASSERT_TRUE(rtcp_read(dtls_view(bytes, len + sizeof unknown - 1), 0x22222222, &read));
    CU_ASSERT_TRUE(read.has_report && !read.has_bye);
}

static void ntp_counts_from_1900(void)
{
    CU_ASSERT_EQUAL(rtcp_ntp(0), UINT64_C(2208988800) << 32);
    CU_ASSERT_EQUAL(rtcp_ntp(1500000), (UINT64_C(2208988801) << 32) + (UINT64_C(1) << 31));
    CU_ASSERT_EQUAL(rtcp_ntp_middle(UINT64_C(0x0102030405060708)), 0x03040506);
}

/* RFC 3550, 6.4.1, figure 2: A = 0xb710:8000, DLSR 5.25 s, LSR 0xb705:2000; the round trip is 6.125 s. */
static void the_example_of_the_rfc_has_its_round_trip(void)
{
    struct rtcp_block block = { .last_report = 0xb7052000, .delay = 0x00054000 };
    uint64_t trip = 0;

    CU_ASSERT_TRUE(rtcp_round_trip_us(&block, UINT64_C(0xb7108000) << 16, &trip));
    CU_ASSERT_EQUAL(trip, 6125000);
    block.delay = 0x00100000; /* longer than all of it took */
    CU_ASSERT_FALSE(rtcp_round_trip_us(&block, UINT64_C(0xb7108000) << 16, &trip));
    block.last_report = 0;
    CU_ASSERT_FALSE(rtcp_round_trip_us(&block, UINT64_C(0xb7108000) << 16, &trip));
}

static CU_TestInfo tests[] = {
    { "a compound is written as the RFC has it", is_written_as_the_rfc_has_it },
    { "a compound is read as it was written", is_read_as_it_was_written },
    { "a receiver's report has no numbers of a sender", a_receiver_has_less_to_say },
    { "names of every length end with zeroes", names_of_every_length_end_with_zeroes },
    { "losses beyond 24 bits stop there", losses_beyond_24_bits_stop_there },
    { "a compound that is cut anywhere is refused", a_compound_cut_anywhere_is_refused },
    { "what is no compound is refused", what_is_no_compound_is_refused },
    { "types that we do not know are skipped", unknown_types_are_skipped },
    { "NTP counts from 1900", ntp_counts_from_1900 },
    { "the RFC's example has its round trip", the_example_of_the_rfc_has_its_round_trip },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "call/rtcp", tests);
}
