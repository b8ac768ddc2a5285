/* srtp.c - use_srtp as no honest peer says it (RFC 5764, 4.1), to ends that want it: profiles that were not offered,
 * none, several, lists cut short, and MKIs that are not ours. */
#include <string.h>

#include "conn/conn_private.h"

#include "tests/attacks/draft.h"
#include "tests/tap.h"

enum { USE_SRTP = 14, EXTENDED_MASTER_SECRET = 23 };

#define BODY(...)                                                                                                      \
    {                                                                                                                  \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })                                     \
    }

static void want_srtp(struct pair_options *options, uint8_t mki_len)
{
    pair_options(options, 1);
    for (int end = CLIENT; end <= SERVER; end++) {
        struct dtls_config *config = &options->config[end];
        config->srtp_profiles[0] = DTLS_SRTP_AEAD_AES_128_GCM;
        config->srtp_profiles[1] = DTLS_SRTP_AES128_CM_HMAC_SHA1_80;
        config->srtp_profile_count = 2;
        config->srtp_mki_len = mki_len;
    }
}

static int say(enum net_end to, const struct pair_options *options, const struct draft *draft, uint8_t *alert)
{
    struct siege siege;

    siege_begin(&siege, SIEGE_HELLO, options);
    if (to == SERVER)
        draft_say_client_hello(&siege, draft);
    else
        draft_say_server_hello(&siege, draft);
    int error = draft_verdict(&siege, to);
    *alert = siege.pair->end[to].conn->alert_body[1];
    siege_end(&siege);
    return error;
}

static void a_server_takes_what_it_knows_and_refuses_what_does_not_parse(void)
{
    const struct {
        const char *name;
        struct dtls_bytes body;
        int error, required; /* the same where srtp_required is set */
    } cases[] = {
        { "one that is wanted", BODY(0, 2, 0, 7, 0), DTLS_OK, DTLS_OK },
        { "with an MKI", BODY(0, 2, 0, 7, 2, 1, 2), DTLS_OK, DTLS_OK },
        { "twice the same", BODY(0, 4, 0, 7, 0, 7, 0), DTLS_OK, DTLS_OK },
        { "unknown ones in front", BODY(0, 6, 0xff, 0xff, 0, 0, 0, 1, 0), DTLS_OK, DTLS_OK },
        { "only unknown ones", BODY(0, 4, 0, 5, 0, 6, 0), DTLS_OK, DTLS_ERR_NO_COMMON_SUITE },
        { "only what is not wanted", BODY(0, 2, 0, 8, 0), DTLS_OK, DTLS_ERR_NO_COMMON_SUITE },
        { "an empty list", BODY(0, 0, 0), DTLS_ERR_DECODE, DTLS_ERR_DECODE },
        { "an odd list", BODY(0, 3, 0, 7, 0, 0), DTLS_ERR_DECODE, DTLS_ERR_DECODE },
        { "a list longer than the rest", BODY(0, 4, 0, 7, 0), DTLS_ERR_DECODE, DTLS_ERR_DECODE },
        { "no MKI's length", BODY(0, 2, 0, 7), DTLS_ERR_DECODE, DTLS_ERR_DECODE },
        { "an MKI longer than the rest", BODY(0, 2, 0, 7, 255, 1), DTLS_ERR_DECODE, DTLS_ERR_DECODE },
        { "a byte behind the MKI", BODY(0, 2, 0, 7, 1, 1, 1), DTLS_ERR_DECODE, DTLS_ERR_DECODE },
        { "nothing at all", { (const uint8_t *)"", 0 }, DTLS_ERR_DECODE, DTLS_ERR_DECODE },
    };

    for (size_t i = 0; i < 2 * (sizeof cases / sizeof cases[0]); i++) {
        const struct draft draft = { .random = 1, .extra = USE_SRTP, .extra_body = cases[i / 2].body };
        struct pair_options options;
        uint8_t alert;
        want_srtp(&options, 4);
        options.config[SERVER].srtp_required = i % 2;
        int error = say(SERVER, &options, &draft, &alert),
            expected = i % 2 ? cases[i / 2].required : cases[i / 2].error;
        CHECK_CASE(error == expected, "%s: %d", cases[i / 2].name, error);
        CHECK_CASE(error != DTLS_ERR_DECODE || alert == DTLS_ALERT_DECODE_ERROR, "%s: alert %u", cases[i / 2].name,
                   alert);
    }
}

static void a_client_takes_only_what_it_has_offered(void)
{
    const struct {
        const char *name;
        struct dtls_bytes body;
        int error;
    } cases[] = {
        { "one that was offered", BODY(0, 2, 0, 7, 0), DTLS_OK },
        { "the other", BODY(0, 2, 0, 1, 0), DTLS_OK },
        { "one that we have and did not offer", BODY(0, 2, 0, 8, 0), DTLS_ERR_ILLEGAL_PARAMETER },
        { "one that nobody has", BODY(0, 2, 0, 5, 0), DTLS_ERR_ILLEGAL_PARAMETER },
        { "number 0", BODY(0, 2, 0, 0, 0), DTLS_ERR_ILLEGAL_PARAMETER },
        { "both", BODY(0, 4, 0, 7, 0, 1, 0), DTLS_ERR_ILLEGAL_PARAMETER },
        { "one twice", BODY(0, 4, 0, 7, 0, 7, 0), DTLS_ERR_ILLEGAL_PARAMETER },
        { "another MKI of the same length", BODY(0, 2, 0, 7, 4, 1, 2, 3, 4), DTLS_ERR_ILLEGAL_PARAMETER },
        { "a shorter MKI", BODY(0, 2, 0, 7, 1, 1), DTLS_ERR_ILLEGAL_PARAMETER },
        { "a longer MKI", BODY(0, 2, 0, 7, 5, 1, 2, 3, 4, 5), DTLS_ERR_ILLEGAL_PARAMETER },
        { "an empty list", BODY(0, 0, 0), DTLS_ERR_DECODE },
        { "an odd list", BODY(0, 1, 7, 0), DTLS_ERR_DECODE },
        { "a byte too many", BODY(0, 2, 0, 7, 0, 0), DTLS_ERR_DECODE },
        { "a list longer than the rest", BODY(1, 0, 0, 7, 0), DTLS_ERR_DECODE },
    };

    for (size_t i = 0; i < 2 * (sizeof cases / sizeof cases[0]); i++) {
        const struct draft draft = { .random = 1, .extra = USE_SRTP, .extra_body = cases[i / 2].body };
        struct pair_options options;
        uint8_t alert;
        want_srtp(&options, i % 2 ? 4 : 0); /* an MKI where none was offered, too */
        int error = say(CLIENT, &options, &draft, &alert);
        CHECK_CASE(error == cases[i / 2].error, "%s: %d", cases[i / 2].name, error);
        CHECK_CASE(error != DTLS_ERR_ILLEGAL_PARAMETER || alert == DTLS_ALERT_ILLEGAL_PARAMETER, "%s: alert %u",
                   cases[i / 2].name, alert);
        CHECK_CASE(error != DTLS_ERR_DECODE || alert == DTLS_ALERT_DECODE_ERROR, "%s: alert %u", cases[i / 2].name,
                   alert);
    }
}

/* MKIs of 1, 128, 129 and 255 bytes that are no echo, bit by bit as long as ours and longer. */
static void a_mismatching_mki_of_any_length_is_refused(void)
{
    static const uint8_t lengths[] = { 1, 127, 128, 129, 254, 255 };

    for (size_t ours = 0; ours < sizeof lengths; ours++)
        for (size_t theirs = 0; theirs < sizeof lengths; theirs++) {
            uint8_t body[5 + 255] = { 0, 2, 0, 7, lengths[theirs], 0xa5 };
            const struct draft draft = { .random = 1,
                                         .extra = USE_SRTP,
                                         .extra_body = { body, (size_t)5 + lengths[theirs] } };
            struct pair_options options;
            uint8_t alert;
            want_srtp(&options, lengths[ours]);
            CHECK_CASE(say(CLIENT, &options, &draft, &alert) == DTLS_ERR_ILLEGAL_PARAMETER, "%u for %u",
                       lengths[theirs], lengths[ours]);
        }
}

static void an_answer_that_nobody_asked_for_is_refused(void)
{
    const struct draft draft = { .random = 1, .extra = USE_SRTP, .extra_body = BODY(0, 2, 0, 7, 0) };
    struct pair_options options;
    uint8_t alert;

    pair_options(&options, 1);
    CU_ASSERT_EQUAL(say(CLIENT, &options, &draft, &alert), DTLS_ERR_ILLEGAL_PARAMETER);
    CU_ASSERT_EQUAL(alert, DTLS_ALERT_UNSUPPORTED_EXTENSION);
}

/* Keys from a secret that may be another connection's, too (RFC 7627, 5.4): none, and where they are meant, the end. */
static void without_extended_master_secret_there_is_no_srtp(void)
{
    const struct draft draft = {
        .random = 1, .without = EXTENDED_MASTER_SECRET, .extra = USE_SRTP, .extra_body = BODY(0, 2, 0, 7, 0)
    };
    struct pair_options options;
    uint8_t alert;

    want_srtp(&options, 0);
    CU_ASSERT_EQUAL(say(CLIENT, &options, &draft, &alert), DTLS_ERR_UNSAFE_PEER);
    CU_ASSERT_EQUAL(say(SERVER, &options, &draft, &alert), DTLS_OK);
    options.config[SERVER].srtp_required = true;
    CU_ASSERT_EQUAL(say(SERVER, &options, &draft, &alert), DTLS_ERR_UNSAFE_PEER);
}

static void every_length_to_those_who_want_it(void)
{
    uint8_t body[256];

    for (size_t len = 0; len <= sizeof body; len++)
        for (unsigned claim = 0; claim <= 64; claim += 1 + claim / 8)
            for (int to = CLIENT; to <= SERVER; to++) {
                const struct draft draft = { .random = 1, .extra = USE_SRTP, .extra_body = { body, len } };
                struct pair_options options;
                uint8_t alert;
                memset(body, 0, sizeof body);
                body[1] = (uint8_t)claim;
                body[2 + claim] = (uint8_t)(len - 3 - claim);
                want_srtp(&options, 4);
                int error = say((enum net_end)to, &options, &draft, &alert);
                CHECK_CASE(error == DTLS_OK || error == DTLS_ERR_DECODE || error == DTLS_ERR_ILLEGAL_PARAMETER,
                           "%zu bytes, a list of %u, end %d: %d", len, claim, to, error);
            }
}

static CU_TestInfo tests[] = {
    { "a server takes what it knows; empty, odd and cut lists are decode_error",
      a_server_takes_what_it_knows_and_refuses_what_does_not_parse },
    { "a profile we did not offer, several, or another's MKI is illegal_parameter to a client",
      a_client_takes_only_what_it_has_offered },
    { "a mismatching MKI of 1, 128, 129 and 255 bytes is illegal_parameter",
      a_mismatching_mki_of_any_length_is_refused },
    { "an answer that nobody asked for is unsupported_extension", an_answer_that_nobody_asked_for_is_refused },
    { "without extended master secret there is no SRTP", without_extended_master_secret_there_is_no_srtp },
    { "CVE-2014-3513: use_srtp of every length, to those who want it, leaks nothing",
      every_length_to_those_who_want_it },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks_srtp", tests);
}
