/* webrtc_echo.c - what a browser sends comes back under our names for its streams, and nothing else does. */
#include "apps/webrtc/echo.h"

#include <string.h>

#include "tests/tap.h"

enum { HERE = 0x11223344, THERE = HERE ^ 0x65636821 };

struct ends {
    struct dtls_srtp *browser, *server;
};

/* Two sessions with the keys of one handshake. */
static struct ends begin(void)
{
    struct dtls_srtp_keys keys = { .epoch = 1, .profile = DTLS_SRTP_AEAD_AES_128_GCM, .key_len = 16, .salt_len = 12 };
    struct dtls_srtp_keys mirrored = keys;
    struct ends ends = { NULL, NULL };

    memset(keys.send_key, 1, 16);
    memset(mirrored.receive_key, 1, 16);
    memset(keys.receive_key, 2, 16);
    memset(mirrored.send_key, 2, 16);
    CU_ASSERT_EQUAL_FATAL(dtls_srtp_new(NULL, &ends.browser), DTLS_OK);
    CU_ASSERT_EQUAL_FATAL(dtls_srtp_new(NULL, &ends.server), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_srtp_add_keys(ends.browser, 0, &keys), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_srtp_add_keys(ends.server, 0, &mirrored), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_srtp_send_with(ends.browser, 0, 1), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_srtp_send_with(ends.server, 0, 1), DTLS_OK);
    return ends;
}

static void finish(struct ends *ends)
{
    dtls_srtp_free(ends->browser);
    dtls_srtp_free(ends->server);
}

/* There and back; the length of what comes back, opened. */
static size_t send_round(struct ends *ends, bool rtcp, const uint8_t *packet, size_t len, uint8_t back[ECHO_ROOM])
{
    uint8_t bytes[ECHO_ROOM];
    struct dtls_srtp_opened opened;
    size_t sealed;
    uint16_t epoch;

    memcpy(bytes, packet, len);
    int error =
        (rtcp ? dtls_srtp_protect_rtcp : dtls_srtp_protect_rtp)(ends->browser, 0, bytes, len, sizeof bytes, &sealed);
    CU_ASSERT_EQUAL_FATAL(error, DTLS_OK);
    size_t out = echo_packet(ends->server, 0, bytes, sealed, back, &epoch);
    CU_ASSERT_EQUAL(epoch, 1);
    if (out == 0)
        return 0;
    error = (rtcp ? dtls_srtp_unprotect_rtcp : dtls_srtp_unprotect_rtp)(ends->browser, 0, back, out, &opened);
    CU_ASSERT_EQUAL(error, DTLS_OK);
    return opened.len;
}

static void rtp_comes_back_under_another_name(void)
{
    static const uint8_t packet[] = "\x90\x6f\x12\x34\x00\x00\x00\x07\x11\x22\x33\x44" /* with a header extension */
                                    "\xbe\xde\x00\x01\x10\x30\x00\x00hello";
    struct ends ends = begin();
    uint8_t back[ECHO_ROOM];

    CU_ASSERT_EQUAL(send_round(&ends, false, packet, sizeof packet - 1, back), sizeof packet - 1);
    CU_ASSERT_EQUAL(memcmp(back, packet, 8), 0);
    CU_ASSERT_EQUAL(memcmp(back + 8, (uint8_t[]){ THERE >> 24, THERE >> 16 & 255, THERE >> 8 & 255, THERE & 255 }, 4),
                    0);
    CU_ASSERT_EQUAL(memcmp(back + 12, packet + 12, sizeof packet - 1 - 12), 0);
    finish(&ends);
}

#define A             "\x11\x22\x33\x44" /* HERE */
#define B             "\x74\x41\x5b\x65" /* THERE */
#define REST_OF_BLOCK "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14"

/* RFC 3550, 6.4 to 6.6; RFC 4585, 6; RFC 5104, 4.3.1; REMB. Each with its turned twin. */
static void rtcp_comes_back_with_every_name_exchanged(void)
{
#define SR      "\x81\xc8\x00\x0c"
#define SR_INFO "NTPTIMEStimepackocte"
    static const struct {
        const char *there, *back;
        size_t len, back_len;
    } cases[] = {
#define CASE(there, back) { there, back, sizeof there - 1, sizeof back - 1 }
        CASE(SR A SR_INFO B REST_OF_BLOCK, SR B SR_INFO A REST_OF_BLOCK),
        CASE("\x81\xc9\x00\x07" A B REST_OF_BLOCK, "\x81\xc9\x00\x07" B A REST_OF_BLOCK),
        CASE("\x80\xc9\x00\x01" A "\x81\xca\x00\x03" A "\x01\x03you\x00\x00\x00",
             "\x80\xc9\x00\x01" B "\x81\xca\x00\x03" B "\x01\x03you\x00\x00\x00"),
        CASE("\x82\xcb\x00\x03" A B "\x03"
             "bye",
             "\x82\xcb\x00\x03" B A "\x03"
             "bye"),
        CASE("\x81\xce\x00\x02" A B, "\x81\xce\x00\x02" B A),                                           /* PLI */
        CASE("\x84\xce\x00\x04" A B B "\x07\x00\x00\x00", "\x84\xce\x00\x04" B A A "\x07\x00\x00\x00"), /* FIR */
        CASE("\x8f\xce\x00\x05" A B "REMB\x01\x04\x00\x00" B, "\x8f\xce\x00\x05" B A "REMB\x01\x04\x00\x00" A),
        CASE("\x8f\xcd\x00\x04" A B "\x00\x01\x00\x02\x00\x00\x00\x00", /* transport-wide */
             "\x8f\xcd\x00\x04" B A "\x00\x01\x00\x02\x00\x00\x00\x00"),
        CASE("\x80\xcf\x00\x01" A "\x80\xc9\x00\x01" A, "\x80\xc9\x00\x01" B), /* XR is left out */
    };
    uint8_t back[ECHO_ROOM];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ends ends = begin();
        size_t len = send_round(&ends, true, (const uint8_t *)cases[i].there, cases[i].len, back);
        CHECK_CASE(len == cases[i].back_len && memcmp(back, cases[i].back, len) == 0, "case %zu: %zu bytes", i, len);
        finish(&ends);
    }
}

static void rtcp_that_is_cut_short_does_not_come_back(void)
{
    static const uint8_t packet[] = "\x81\xc9\x00\x07" A B REST_OF_BLOCK "\x81\xce\x00\x02" A B;
    uint8_t back[ECHO_ROOM], longer[sizeof packet];
    size_t came = 0;

    for (size_t len = 8; len < sizeof packet - 1; len += 4) {
        struct ends ends = begin();
        came += send_round(&ends, true, packet, len, back) > 0;
        finish(&ends);
    }
    CU_ASSERT_EQUAL(came, 1); /* the first of the two alone is whole */
    memcpy(longer, packet, sizeof packet);
    longer[0] = 0x9f; /* 31 blocks, and there is one */
    struct ends ends = begin();
    CU_ASSERT_EQUAL(send_round(&ends, true, longer, sizeof packet - 1, back), sizeof packet - 1);
    finish(&ends);
}

static void what_is_forged_does_not_come_back(void)
{
    uint8_t packet[64] = "\x80\x6f\x12\x34\x00\x00\x00\x07\x11\x22\x33\x44hello", back[ECHO_ROOM];
    struct ends ends = begin();
    uint16_t epoch = 7;

    CU_ASSERT_EQUAL(echo_packet(ends.server, 0, packet, sizeof packet, back, &epoch), 0);
    CU_ASSERT_EQUAL(epoch, 0);
    packet[1] = 200;
    CU_ASSERT_EQUAL(echo_packet(ends.server, 0, packet, sizeof packet, back, &epoch), 0);
    CU_ASSERT_EQUAL(epoch, 0);
    finish(&ends);
}

static CU_TestInfo tests[] = {
    { "RTP comes back under another name", rtp_comes_back_under_another_name },
    { "RTCP comes back with every name exchanged", rtcp_comes_back_with_every_name_exchanged },
    { "RTCP that is cut short does not come back", rtcp_that_is_cut_short_does_not_come_back },
    { "what is forged does not come back", what_is_forged_does_not_come_back },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "webrtc echo", tests);
}
