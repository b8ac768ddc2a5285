/* webrtc_sdp.c - the offers of real browsers, what they may leave out and what not, and our answer. */
#include "apps/webrtc/sdp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes/reader.h"
#include "tests/tap.h"

enum { ROOM = 65536 };

static size_t read_file(const char *name, char out[ROOM])
{
    char path[512];

    snprintf(path, sizeof path, TESTS_DATA "/%s", name);
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    size_t len = fread(out, 1, ROOM, file);
    fclose(file);
    return len;
}

/* In a block of its own length, so that nothing is read behind it; what came of it is gone then. */
static const char *problem_with(const char *text, size_t len)
{
    struct sdp_offer offer;
    uint8_t *exact = malloc(len + 1);

    memcpy(exact + 1, text, len);
    const char *problem = sdp_read((struct dtls_bytes){ exact + 1, len }, &offer);
    free(exact);
    return problem;
}

static const struct sdp_end end = { "192.0.2.7", 5004, "ours", "our-password-of-ours-ok", "sha-256 AA:BB", false };

static bool has_line(const char *text, const char *line)
{
    const char *at = strstr(text, line);

    return at != NULL && (at == text || at[-1] == '\n') && strncmp(at + strlen(line), "\r\n", 2) == 0;
}

static void check_browser(const char *name, const char *audio, const char *video, const char *ufrag)
{
    char text[ROOM];
    struct sdp_offer offer;

    size_t len = read_file(name, text);
    CU_ASSERT_PTR_NULL_FATAL(sdp_read(dtls_view(text, len), &offer));
    CU_ASSERT_TRUE(offer.may_be_client && offer.may_be_server);
    CU_ASSERT_EQUAL(offer.fingerprint_count, 1);
    CU_ASSERT_EQUAL(offer.fingerprints[0].hash, DTLS_FINGERPRINT_SHA_256);
    CU_ASSERT_EQUAL(offer.media_count, 2);
    CU_ASSERT_TRUE(offer.ufrag.len == strlen(ufrag) && memcmp(offer.ufrag.at, ufrag, offer.ufrag.len) == 0);
    char *answer = sdp_answer(&offer, &end);
    CU_ASSERT_PTR_NOT_NULL_FATAL(answer);
    CHECK_CASE(has_line(answer, audio) && has_line(answer, video), "%s", answer);
    CU_ASSERT_TRUE(has_line(answer, "a=ice-lite") && has_line(answer, "a=group:BUNDLE 0 1"));
    CU_ASSERT_TRUE(has_line(answer, "a=mid:0") && has_line(answer, "a=mid:1") && has_line(answer, "a=sendrecv"));
    CU_ASSERT_TRUE(has_line(answer, "a=ice-ufrag:ours") && has_line(answer, "a=ice-pwd:our-password-of-ours-ok"));
    CU_ASSERT_TRUE(has_line(answer, "a=fingerprint:sha-256 AA:BB") && has_line(answer, "a=setup:passive"));
    CU_ASSERT_TRUE(has_line(answer, "a=candidate:1 1 udp 2130706431 192.0.2.7 5004 typ host"));
    CU_ASSERT_PTR_NULL(strstr(answer, "rtx"));
    free(answer);
}

static void what_browsers_offer(void)
{
    check_browser("offer-chromium.sdp", "m=audio 5004 UDP/TLS/RTP/SAVPF 111", "m=video 5004 UDP/TLS/RTP/SAVPF 96",
                  "pYBM");
    check_browser("offer-firefox.sdp", "m=audio 5004 UDP/TLS/RTP/SAVPF 109", "m=video 5004 UDP/TLS/RTP/SAVPF 120",
                  "5e5e3f6b");
}

static void any_beginning_of_an_offer_is_read_or_refused(void)
{
    char text[ROOM];
    size_t refused = 0;

    size_t len = read_file("offer-chromium.sdp", text);
    for (size_t i = 0; i < len; i++)
        refused += problem_with(text, i) != NULL;
    CU_ASSERT(refused > 500 && refused < len);
}

#define SESSION "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
#define AUDIO   "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
#define ICE     "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
#define PRINT                                                                                                          \
    "a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:" \
    "1E:1F\r\n"
#define SETUP "a=setup:actpass\r\n"

static void what_must_be_there_is_named(void)
{
    static const struct {
        const char *offer, *words;
    } cases[] = {
        { "", "v=0" },
        { "hello", "v=0" },
        { "v=0\r\n", "no audio or video" },
        { SESSION ICE PRINT SETUP, "no audio or video" },
        { SESSION "nonsense\r\n" AUDIO ICE PRINT SETUP, "x=..." },
        { SESSION "\r\n" AUDIO ICE PRINT SETUP, "x=..." },
        { SESSION "a=\x01\r\n" AUDIO ICE PRINT SETUP, "control" },
        { SESSION "m=audio\r\n" AUDIO ICE PRINT SETUP, "formats" },
        { SESSION AUDIO PRINT SETUP, "ice-ufrag" },
        { SESSION AUDIO "a=ice-ufrag:abc\r\na=ice-pwd:0123456789012345678901\r\n" PRINT SETUP, "ice-ufrag" },
        { SESSION AUDIO "a=ice-ufrag:abcd\r\n" PRINT SETUP, "ice-pwd" },
        { SESSION AUDIO "a=ice-ufrag:abcd\r\na=ice-pwd:012345678901234567890\r\n" PRINT SETUP, "ice-pwd" },
        { SESSION AUDIO ICE SETUP, "fingerprint" },
        { SESSION AUDIO ICE "a=fingerprint:md5 00:01\r\n" SETUP, "fingerprint" },
        { SESSION AUDIO ICE "a=fingerprint:sha-256 00:01\r\n" SETUP, "fingerprint" },
        { SESSION AUDIO ICE PRINT, "setup" },
        { SESSION AUDIO ICE PRINT "a=setup:holdconn\r\n", "setup" },
        { SESSION "m=audio 9 RTP/AVP 111\r\na=mid:a\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n" ICE PRINT SETUP,
          "UDP/TLS/RTP/SAVPF" },
        { SESSION "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n" ICE PRINT SETUP,
          "a=mid" },
        { SESSION "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\na=rtpmap:111 opus/48000/2\r\n" ICE PRINT SETUP,
          "rtcp-mux" },
        { SESSION
          "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\na=rtcp-mux\r\na=rtpmap:111 CN/8000\r\n" ICE PRINT SETUP,
          "codec" },
        { SESSION AUDIO ICE PRINT SETUP, NULL },
        { SESSION ICE PRINT SETUP AUDIO, NULL }, /* as session attributes, all of it */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *problem = problem_with(cases[i].offer, strlen(cases[i].offer));
        CHECK_CASE(cases[i].words == NULL ? problem == NULL : problem != NULL && strstr(problem, cases[i].words),
                   "case %zu: %s", i, problem != NULL ? problem : "no problem");
    }
    CU_ASSERT_PTR_NOT_NULL(problem_with("v=0\0\r\n", 6));
}

static char *answer_to(const char *text)
{
    struct sdp_offer offer;

    CU_ASSERT_PTR_NULL_FATAL(sdp_read(dtls_view(text, strlen(text)), &offer));
    char *answer = sdp_answer(&offer, &end);
    CU_ASSERT_PTR_NOT_NULL_FATAL(answer);
    return answer;
}

static void sections_that_are_not_ours_are_refused(void)
{
    char *answer =
        answer_to(SESSION "a=group:LS x\r\na=group:BUNDLE a v\r\n" AUDIO ICE PRINT SETUP
                          "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n"
                          "m=video 9 UDP/TLS/RTP/SAVPF 97 96\r\na=mid:v\r\na=rtcp-mux\r\n"
                          "a=rtpmap:97 rtx/90000\r\na=rtpmap:96 VP8/90000\r\n"
                          "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:w\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n");
    CU_ASSERT_TRUE(has_line(answer, "a=group:BUNDLE a v"));
    CU_ASSERT_TRUE(has_line(answer, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel") && has_line(answer, "a=mid:d"));
    CU_ASSERT_TRUE(has_line(answer, "m=video 5004 UDP/TLS/RTP/SAVPF 96"));
    CU_ASSERT_TRUE(has_line(answer, "m=video 0 UDP/TLS/RTP/SAVPF 96") && has_line(answer, "a=mid:w"));
    free(answer);
    answer = answer_to(SESSION AUDIO ICE PRINT SETUP /* without BUNDLE each would have a port of its own */
                       "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n");
    CU_ASSERT_TRUE(has_line(answer, "a=group:BUNDLE a") && has_line(answer, "m=video 0 UDP/TLS/RTP/SAVPF 96"));
    free(answer);
}

static void feedback_and_extensions_that_we_can_carry(void)
{
    char *answer = answer_to(SESSION AUDIO ICE PRINT SETUP
                             "a=rtcp-fb:111 nack\r\na=rtcp-fb:111 nack pli\r\na=rtcp-fb:11 ccm fir\r\n"
                             "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=extmap:5 urn:of:others\r\n"
                             "a=fmtp:111 useinbandfec=1\r\n");
    CU_ASSERT_TRUE(has_line(answer, "a=rtcp-fb:111 nack pli") && has_line(answer, "a=fmtp:111 useinbandfec=1"));
    CU_ASSERT_TRUE(has_line(answer, "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid"));
    CU_ASSERT_FALSE(has_line(answer, "a=rtcp-fb:111 nack"));
    CU_ASSERT_PTR_NULL(strstr(answer, "ccm fir"));
    CU_ASSERT_PTR_NULL(strstr(answer, "a=extmap:5"));
    free(answer);
}

/* RFC 3264, 6.1; RFC 5763, 5. */
static void directions_and_roles(void)
{
    static const char *const directions[][2] = { { "sendrecv", "a=sendrecv" },
                                                 { "sendonly", "a=recvonly" },
                                                 { "recvonly", "a=inactive" },
                                                 { "inactive", "a=inactive" } };
    struct sdp_offer offer;
    char text[2048];

    for (size_t i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "%sa=%s\r\n%s", SESSION, directions[(i + 1) % 4][0], AUDIO ICE PRINT SETUP);
        char *answer = answer_to(text); /* that of the session */
        CU_ASSERT_TRUE(has_line(answer, directions[(i + 1) % 4][1]));
        free(answer);
        snprintf(text, sizeof text, "%sa=%s\r\n%sa=%s\r\n", SESSION, directions[(i + 1) % 4][0], AUDIO ICE PRINT SETUP,
                 directions[i][0]);
        answer = answer_to(text);
        CU_ASSERT_TRUE(has_line(answer, directions[i][1]));
        free(answer);
    }
    static const char active[] = SESSION AUDIO ICE PRINT "a=setup:active\r\n";
    CU_ASSERT_PTR_NULL(sdp_read(dtls_view(active, sizeof active - 1), &offer));
    CU_ASSERT_TRUE(offer.may_be_client && !offer.may_be_server);
    static const char passive[] = SESSION AUDIO ICE PRINT "a=setup:passive\r\n";
    CU_ASSERT_PTR_NULL(sdp_read(dtls_view(passive, sizeof passive - 1), &offer));
    CU_ASSERT_TRUE(!offer.may_be_client && offer.may_be_server);
}

static void more_sections_than_we_count(void)
{
    char text[ROOM] = SESSION;

    for (int i = 0; i <= SDP_MOST_MEDIA; i++)
        strcat(text, "m=audio 9 RTP/AVP 0\r\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(problem_with(text, strlen(text)));
    CU_ASSERT_PTR_NOT_NULL(strstr(problem_with(text, strlen(text)), "16 m="));
}

static CU_TestInfo tests[] = {
    { "what browsers offer", what_browsers_offer },
    { "any beginning of an offer is read or refused", any_beginning_of_an_offer_is_read_or_refused },
    { "what must be there is named", what_must_be_there_is_named },
    { "sections that are not ours are refused", sections_that_are_not_ours_are_refused },
    { "feedback and extensions that we can carry", feedback_and_extensions_that_we_can_carry },
    { "directions and roles", directions_and_roles },
    { "more sections than we count", more_sections_than_we_count },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "webrtc sdp", tests);
}
