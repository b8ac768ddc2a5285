/* refused.c - leaves that are not accepted: each over a handshake on the box, judged by a client and by a server where
 * both can be; with the alert that it ought to have, and words that say what is wrong. */
#include <stdio.h>
#include <string.h>

#include "tests/pkix/meet.h"
#include "tests/tap.h"

/* ---- the leaf ---- */

static void expired(void)
{
    struct issue_spec leaf = leaf_spec();

    leaf.to = ISSUE_NOW - 3 * ISSUE_DAY - 60;
    refused_by_both(&leaf, DTLS_ALERT_CERTIFICATE_EXPIRED,
                    "certificate of sip.example expired 3 days ago (2029-12-28 23:59 UTC)");
    leaf.to = ISSUE_NOW - 1;
    refused_by_both(&leaf, DTLS_ALERT_CERTIFICATE_EXPIRED, "expired 1 second ago");
    leaf.to = ISSUE_NOW; /* inclusive: RFC 5280, 4.1.2.5 */
    struct meeting meeting = meeting_of(CLIENT, issue(&leaf));
    meet_accepted(&meeting, "in its last second");
}

static void not_yet_valid(void)
{
    struct issue_spec leaf = leaf_spec();

    leaf.from = ISSUE_NOW + 2 * 3600;
    refused_by_both(&leaf, DTLS_ALERT_CERTIFICATE_EXPIRED,
                    "certificate of sip.example is not valid yet: from 2030-01-01 02:00 UTC, in 2 hours");
}

static void of_another_host(void)
{
    struct meeting meeting = meeting_of(
        CLIENT,
        issue(&(struct issue_spec){ .name = "sip.example", .issuer = mid(), .hosts = { "mail.example", "example" } }));

    meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE, "certificate of mail.example is not for sip.example");
}

static void with_the_host_in_its_common_name_only(void)
{
    struct meeting meeting = meeting_of(CLIENT, issue(&(struct issue_spec){ .name = "sip.example", .issuer = mid() }));

    meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE, "has no subjectAltName, so it is not that of sip.example");
}

static void with_the_address_as_a_host_name(void)
{
    struct meeting meeting = meeting_of(
        CLIENT, issue(&(struct issue_spec){ .name = "192.0.2.1", .issuer = mid(), .hosts = { "192.0.2.1" } }));

    meeting.name = "192.0.2.1";
    meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE, "certificate of 192.0.2.1 is not for 192.0.2.1");
    meeting = meeting_of(CLIENT, issue(&(struct issue_spec){ .name = "a", .issuer = mid(), .address = "192.0.2.2" }));
    meeting.name = "192.0.2.1";
    meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE, "certificate of 192.0.2.2 is not for 192.0.2.1");
}

static void with_a_wildcard_where_none_may_be(void)
{
    static const struct {
        const char *host, *name;
    } cases[] = {
        { "*.example", "sip.example" },          { "*", "sip.example" },
        { "*.sip.example", "sip.example" },      { "*.example.org", "a.b.example.org" },
        { "s*.example.org", "sip.example.org" }, { "*p.example.org", "sip.example.org" },
        { "sip.*.org", "sip.example.org" },      { "*.*.org", "sip.example.org" },
        { "sip.example.*", "sip.example.org" },  { "*.0.2.1", "192.0.2.1" },
        { "**.example.org", "sip.example.org" }, { "*.", "sip.example.org" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct issue_spec leaf = leaf_spec();
        char words[100];
        leaf.hosts[0] = cases[i].host;
        struct meeting meeting = meeting_of(CLIENT, issue(&leaf));
        meeting.name = cases[i].name;
        snprintf(words, sizeof words, "certificate of %s is not for %s", cases[i].host, cases[i].name);
        meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE, words);
    }
}

static void with_a_nul_in_a_name(void)
{
    struct issue_spec spec = { .name = "evil", .issuer = mid(), .hosts = { "sip.exampleX.evil.example" } };
    const struct issued *leaf = issue_changed(issue(&spec), mid(), "exampleX.evil", "example\0.evil", 13);

    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct meeting meeting = meeting_of((enum net_end)judge, leaf);
        meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE, "sip.example?.evil.example has a NUL in a name");
    }
    spec = leaf_spec();
    spec.name = "evilXexample";
    leaf = issue_changed(issue(&spec), mid(), "evilXexample", "evil\0example", 12);
    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct meeting meeting = meeting_of((enum net_end)judge, leaf);
        meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE, "sip.example has a NUL in its common name");
    }
}

/* Words end up in logs and terminals. */
static void with_a_name_that_does_not_print(void)
{
    struct issue_spec spec = { .name = "evil", .issuer = mid(), .hosts = { "XXXXsip.exampleXXX" } };
    const struct issued *leaf =
        issue_changed(issue(&spec), mid(), "XXXXsip.exampleXXX", "\33[2Jsip.example\r\n\x80", 18);
    struct meeting meeting = meeting_of(CLIENT, leaf);

    meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE, "certificate of ?[2Jsip.example??? is not for sip.example");
}

static void of_the_wrong_extended_usage(void)
{
    static const char *const purposes[] = { GNUTLS_KP_TLS_WWW_SERVER, GNUTLS_KP_TLS_WWW_CLIENT,
                                            GNUTLS_KP_CODE_SIGNING };

    for (int judge = CLIENT; judge <= SERVER; judge++)
        for (size_t i = 0; i < 3; i++) {
            struct issue_spec leaf = leaf_spec();
            leaf.purpose = purposes[i];
            struct meeting meeting = meeting_of((enum net_end)judge, issue(&leaf));
            if ((int)i == judge)
                meet_accepted(&meeting, purposes[i]);
            else
                meet_refused(&meeting, DTLS_ALERT_UNSUPPORTED_CERTIFICATE,
                             judge == CLIENT ? "certificate of sip.example is not for a server (extended key usage"
                                             : "certificate of sip.example is not for a client (extended key usage");
        }
}

static void of_the_wrong_key_usage(void)
{
    struct issue_spec leaf = leaf_spec();

    leaf.usage = GNUTLS_KEY_KEY_AGREEMENT | GNUTLS_KEY_KEY_ENCIPHERMENT;
    refused_by_both(&leaf, DTLS_ALERT_UNSUPPORTED_CERTIFICATE, "certificate of sip.example is not for signatures");
}

static void with_a_critical_extension_that_nobody_knows(void)
{
    struct issue_spec leaf = leaf_spec();

    leaf.unknown_critical = true;
    refused_by_both(&leaf, DTLS_ALERT_UNSUPPORTED_CERTIFICATE, "certificate of sip.example has a critical extension");
}

static void with_an_extension_twice(void)
{
    /* subjectKeyIdentifier, which becomes a second key usage: not even its body is looked at */
    static const uint8_t was[] = { 6, 3, 0x55, 0x1d, 0x0e }, is[] = { 6, 3, 0x55, 0x1d, 0x0f };
    struct issue_spec spec = leaf_spec();
    const struct issued *leaf = issue_changed(issue(&spec), mid(), was, is, sizeof was);

    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct meeting meeting = meeting_of((enum net_end)judge, leaf);
        struct verdict verdict = meet(&meeting);
        CHECK_CASE(!verdict.open && verdict.alert == DTLS_ALERT_BAD_CERTIFICATE &&
                       (strstr(verdict.words, "has extension 2.5.29.15 twice") != NULL ||
                        strstr(verdict.words, "certificate 1 of the peer's chain cannot be read") != NULL),
                   "alert %u, %s", verdict.alert, verdict.words);
    }
}

static void with_a_serial_number_that_is_none(void)
{
    struct issue_spec leaf = leaf_spec();

    leaf.serial[0] = 0x80;
    leaf.serial_len = 8;
    refused_by_both(&leaf, DTLS_ALERT_BAD_CERTIFICATE, "certificate of sip.example has a negative serial number");
    memset(leaf.serial, 0x7f, sizeof leaf.serial);
    leaf.serial_len = 21;
    refused_by_both(&leaf, DTLS_ALERT_BAD_CERTIFICATE, "has a serial number of more than 20 bytes");
}

/* ---- signatures ---- */

static void whose_signature_is_broken(void)
{
    struct issue_spec spec = leaf_spec();
    const struct issued *leaf = issue_forged(issue(&spec));

    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct meeting meeting = meeting_of((enum net_end)judge, leaf);
        meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE,
                     "the signature on the certificate of sip.example is not that of Mid");
        meeting = meeting_of((enum net_end)judge, issue(&spec));
        meeting.chain[1] = issue_forged(mid());
        meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE,
                     "the signature on the certificate of Mid is not that of Root");
    }
}

/* The name of an authority is anybody's to use; its key is not. */
static void of_an_authority_with_a_borrowed_name(void)
{
    const struct issued *false_root = issue(&(struct issue_spec){ .name = "Root", .ca = true });
    const struct issued *false_mid = issue(&(struct issue_spec){ .name = "Mid", .ca = true, .issuer = false_root });

    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct issue_spec spec = leaf_spec();
        spec.issuer = false_mid;
        struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
        meeting.chain[1] = false_mid;
        meeting.chain[2] = false_root;
        meet_refused(&meeting, DTLS_ALERT_UNKNOWN_CA, "Root vouches for itself, and is not trusted");
        meeting.chain[2] = NULL;
        meet_refused(&meeting, DTLS_ALERT_UNKNOWN_CA, "certificate of Mid is issued by Root, who is not trusted");
    }
}

static void that_are_weak(void)
{
    const struct issued *weak_root = issue(&(struct issue_spec){ .name = "Weak", .ca = true, .key = ISSUE_RSA1024 });

    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct issue_spec spec = leaf_spec();
        spec.sha1 = true;
        struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
        meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE,
                     "certificate of sip.example is signed too weakly: ECDSA-SHA1");
        spec = leaf_spec();
        spec.issuer = weak_root;
        meeting = meeting_of((enum net_end)judge, issue(&spec));
        meeting.chain[1] = NULL;
        meeting.trusted[0] = weak_root;
        meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE,
                     "certificate of sip.example is signed too weakly: RSA-SHA256, with an RSA key of 1024 bits");
        spec = leaf_spec();
        spec.key = ISSUE_RSA1024; /* which our own end would not even present, so there are no words but those of R9 */
    }
}

/* 20 KiB of them took GnuTLS an eighth of a second, for somebody whom nobody knows yet; twice as much, four times. */
static void with_a_name_that_never_ends(void)
{
    struct issue_spec spec = leaf_spec();

    spec.units = 250;
    refused_by_both(&spec, DTLS_ALERT_BAD_CERTIFICATE,
                    "a certificate has a subject or an issuer of more than 2048 bytes");
    const struct issued *long_mid =
        issue(&(struct issue_spec){ .name = "Mid", .ca = true, .issuer = root(), .units = 250 });
    spec.units = 0;
    spec.issuer = long_mid;
    refused_by_both(&spec, DTLS_ALERT_BAD_CERTIFICATE,
                    "a certificate has a subject or an issuer of more than 2048 bytes");
    spec.issuer = mid();
    spec.units = 150;
    struct meeting meeting = meeting_of(CLIENT, issue(&spec));
    meet_accepted(&meeting, "a long name");
}

static CU_TestInfo tests[] = {
    { "refused: expired", expired },
    { "refused: not yet valid", not_yet_valid },
    { "refused: of another host", of_another_host },
    { "refused: with the host in its common name only", with_the_host_in_its_common_name_only },
    { "refused: with the address as a host name, or another address", with_the_address_as_a_host_name },
    { "refused: with a wildcard where none may be", with_a_wildcard_where_none_may_be },
    { "refused: with a NUL in a name", with_a_nul_in_a_name },
    { "refused: with a name that does not print", with_a_name_that_does_not_print },
    { "refused: of the wrong extended key usage", of_the_wrong_extended_usage },
    { "refused: of the wrong key usage", of_the_wrong_key_usage },
    { "refused: with a name that never ends", with_a_name_that_never_ends },
    { "refused: with a critical extension that nobody knows", with_a_critical_extension_that_nobody_knows },
    { "refused: with an extension twice", with_an_extension_twice },
    { "refused: with a negative serial number, or one too long", with_a_serial_number_that_is_none },
    { "refused: whose signature is broken", whose_signature_is_broken },
    { "refused: of an authority with a borrowed name", of_an_authority_with_a_borrowed_name },
    { "refused: SHA-1, and RSA of 1,024 bits", that_are_weak },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "pkix_refused", tests);
}
