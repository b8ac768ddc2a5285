/* staple.c - stapled OCSP responses, good and bad, over handshakes on the box; and certificates that demand one. */
#include <string.h>

#include "tests/pkix/answer.h"
#include "tests/pkix/meet.h"
#include "tests/tap.h"

static const struct issued *leaf(void)
{
    static const struct issued *made;
    struct issue_spec spec = leaf_spec();

    if (made == NULL)
        made = issue(&spec);
    return made;
}

static struct meeting stapled(const struct answer_spec *spec)
{
    struct meeting meeting = meeting_of(CLIENT, leaf());

    meeting.staple = answer(spec);
    return meeting;
}

static void check_refused(const struct answer_spec *spec, const char *words)
{
    struct meeting meeting = stapled(spec);

    meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE, words);
}

static const struct issued *responder(const char *purpose, const struct issued *issuer, int64_t to)
{
    return issue(&(struct issue_spec){ .name = "Responder", .issuer = issuer, .purpose = purpose, .to = to });
}

static void by_the_issuer(void)
{
    struct meeting meeting = stapled(&(struct answer_spec){ .about = leaf(), .issuer = mid() });

    meet_accepted(&meeting, "a good answer of the issuer");
    meeting = stapled(&(struct answer_spec){ .about = leaf(), .issuer = mid(), .to = -1 });
    meet_accepted(&meeting, "without nextUpdate, of yesterday");
    meeting = stapled(&(struct answer_spec){ .about = leaf(), .issuer = mid(), .from = ISSUE_NOW + 200 });
    meet_accepted(&meeting, "of a clock that is a little ahead");
}

static void by_a_responder_of_the_issuer(void)
{
    const struct issued *made = responder(GNUTLS_KP_OCSP_SIGNING, mid(), 0);
    struct meeting meeting =
        stapled(&(struct answer_spec){ .about = leaf(), .issuer = mid(), .signer = made, .enclosed = made });

    meet_accepted(&meeting, "delegated");
}

static void by_somebody_else(void)
{
    const struct issued *no_purpose = responder(GNUTLS_KP_TLS_WWW_SERVER, mid(), 0);
    const struct issued *of_root = responder(GNUTLS_KP_OCSP_SIGNING, root(), 0);
    const struct issued *nobodys = responder(GNUTLS_KP_OCSP_SIGNING, NULL, 0);
    const struct issued *old = responder(GNUTLS_KP_OCSP_SIGNING, mid(), ISSUE_NOW - ISSUE_DAY);
    const struct issued *cases[] = { no_purpose, of_root, nobodys };

    for (size_t i = 0; i < 3; i++)
        check_refused(
            &(struct answer_spec){ .about = leaf(), .issuer = mid(), .signer = cases[i], .enclosed = cases[i] },
            "the stapled OCSP response is not signed by the issuer, nor by a responder of its");
    check_refused(&(struct answer_spec){ .about = leaf(), .issuer = mid(), .signer = old, .enclosed = old },
                  "is signed by a responder that is not valid now");
    check_refused(&(struct answer_spec){ .about = leaf(), .issuer = mid(), .signer = leaf() },
                  "the stapled OCSP response ");
}

static void with_a_broken_signature(void)
{
    check_refused(&(struct answer_spec){ .about = leaf(), .issuer = mid(), .broken = true },
                  "has a signature that is not its responder's");
}

static void about_another_certificate(void)
{
    struct issue_spec spec = leaf_spec();

    check_refused(&(struct answer_spec){ .about = issue(&spec), .issuer = mid() },
                  "the stapled OCSP response is about another certificate");
    check_refused(&(struct answer_spec){ .about = leaf(), .issuer = root() }, "is about another certificate");
}

static void out_of_its_time(void)
{
    check_refused(
        &(struct answer_spec){
            .about = leaf(), .issuer = mid(), .from = ISSUE_NOW - 9 * ISSUE_DAY, .to = ISSUE_NOW - 60 },
        "the stapled OCSP response about sip.example is out of date since 2029-12-31 23:59 UTC");
    check_refused(
        &(struct answer_spec){ .about = leaf(), .issuer = mid(), .from = ISSUE_NOW - 4 * ISSUE_DAY, .to = -1 },
        "is out of date since 2029-12-31 00:00 UTC");
    check_refused(&(struct answer_spec){ .about = leaf(), .issuer = mid(), .from = ISSUE_NOW + 3600 },
                  "is of the future (is the clock right?)");
}

static void that_says_no(void)
{
    struct meeting meeting =
        stapled(&(struct answer_spec){ .about = leaf(), .issuer = mid(), .status = ANSWER_REVOKED });

    meet_refused(&meeting, DTLS_ALERT_CERTIFICATE_REVOKED,
                 "certificate of sip.example was revoked by Mid on 2029-12-30 00:00 UTC (OCSP)");
    check_refused(&(struct answer_spec){ .about = leaf(), .issuer = mid(), .status = ANSWER_UNKNOWN },
                  "says that the certificate is unknown to its issuer");
    check_refused(&(struct answer_spec){ .about = leaf(), .issuer = mid(), .outcome = 3 },
                  "is a responder's refusal to answer");
}

static void that_is_none(void)
{
    static const uint8_t noise[] = { 0x30, 0x03, 0x0a, 0x01 };
    struct meeting meeting = stapled(&(struct answer_spec){ .about = leaf(), .issuer = mid() });

    for (size_t cut = 1; cut < meeting.staple.len; cut += 97) {
        struct meeting shorter = meeting;
        shorter.staple.len -= cut;
        meet_refused(&shorter, DTLS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE, "the stapled OCSP response ");
    }
    meeting.staple = (struct dtls_bytes){ noise, sizeof noise };
    meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE, "the stapled OCSP response cannot be read");
}

/* RFC 7633; and the handshake's own words say which it was. */
static void is_demanded(void)
{
    struct issue_spec spec = leaf_spec();

    spec.must_staple = true;
    const struct issued *demands = issue(&spec);
    struct meeting meeting = meeting_of(CLIENT, demands);
    meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE,
                 "certificate of sip.example demands a stapled OCSP response (must-staple), and none came");
    meeting.asks_not = true;
    meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE, "and none was asked for (request_status)");
    meeting.asks_not = false;
    meeting.staple = answer(&(struct answer_spec){ .about = demands, .issuer = mid() });
    meet_accepted(&meeting, "must-staple, and one came");
    meeting = meeting_of(SERVER, demands); /* clients have nothing to staple */
    meet_accepted(&meeting, "a client");
}

static void is_not_demanded(void)
{
    struct meeting meeting = meeting_of(CLIENT, leaf());

    meet_accepted(&meeting, "no staple");
}

static CU_TestInfo tests[] = {
    { "accepted: signed by the issuer", by_the_issuer },
    { "accepted: signed by a responder of the issuer", by_a_responder_of_the_issuer },
    { "accepted: none, where none is demanded", is_not_demanded },
    { "refused: signed by somebody else", by_somebody_else },
    { "refused: with a broken signature", with_a_broken_signature },
    { "refused: about another certificate", about_another_certificate },
    { "refused: stale, or of the future", out_of_its_time },
    { "refused: revoked, unknown, no answer", that_says_no },
    { "refused: malformed", that_is_none },
    { "refused: none, where the certificate demands one", is_demanded },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "pkix_staple", tests);
}
