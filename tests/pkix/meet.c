/* meet.c - handshakes that end with a verdict. */
#include "tests/pkix/meet.h"

#include <stdio.h>
#include <string.h>

#include "tests/tap.h"

int64_t meet_clock(void *arg)
{
    return *(const int64_t *)arg;
}

const struct issued *root(void)
{
    static const struct issued *made;

    if (made == NULL)
        made = issue(&(struct issue_spec){ .name = "Root", .ca = true });
    return made;
}

const struct issued *mid(void)
{
    static const struct issued *made;

    if (made == NULL)
        made = issue(&(struct issue_spec){ .name = "Mid", .ca = true, .issuer = root() });
    return made;
}

struct issue_spec leaf_spec(void)
{
    return (struct issue_spec){ .name = "Leaf", .issuer = mid(), .hosts = { "sip.example" } };
}

struct meeting meeting_of(enum net_end judge, const struct issued *leaf)
{
    return (struct meeting){
        .judge = judge, .chain = { leaf, mid() }, .trusted = { root() }, .name = judge == CLIENT ? "sip.example" : NULL
    };
}

static struct dtls_pkix_trust *trust_of(const struct meeting *meeting)
{
    struct dtls_pkix_trust *trust = NULL;

    CU_ASSERT_EQUAL_FATAL(dtls_pkix_trust_new(&trust), DTLS_OK);
    for (size_t i = 0; i < 4 && meeting->trusted[i] != NULL; i++)
        CU_ASSERT_EQUAL(dtls_pkix_trust_add(trust, meeting->trusted[i]->der.at, meeting->trusted[i]->der.len, NULL),
                        DTLS_OK);
    for (size_t i = 0; i < 3 && meeting->crls[i].data != NULL; i++) {
        CU_ASSERT_EQUAL(dtls_pkix_trust_add_crls(trust, meeting->crls[i].data, meeting->crls[i].size, NULL), DTLS_OK);
        gnutls_free(meeting->crls[i].data);
    }
    return trust;
}

static struct dtls_identity *shown_by(const struct meeting *meeting)
{
    size_t count = 0;

    while (count < DTLS_MOST_CERTIFICATES && meeting->chain[count] != NULL)
        count++;
    struct dtls_identity *identity = issue_identity(meeting->chain, count);
    if (meeting->staple.len > 0)
        CU_ASSERT_EQUAL(dtls_identity_set_ocsp_response(identity, meeting->staple.at, meeting->staple.len), DTLS_OK);
    return identity;
}

struct verdict meet(const struct meeting *meeting)
{
    int64_t now = meeting->now != 0 ? meeting->now : ISSUE_NOW;
    const struct dtls_pkix_settings settings = { .role = meeting->judge == CLIENT ? DTLS_CLIENT : DTLS_SERVER,
                                                 .name = meeting->name,
                                                 .any_name = meeting->judge == CLIENT && meeting->name == NULL,
                                                 .now = meet_clock,
                                                 .now_arg = &now };
    struct dtls_pkix_trust *trust = trust_of(meeting);
    struct dtls_identity *identity = shown_by(meeting);
    enum net_end other = net_other(meeting->judge);
    struct verdict verdict = { .open = false };
    struct dtls_pkix *pkix = NULL;
    struct pair_options options;

    CU_ASSERT_EQUAL_FATAL(dtls_pkix_new(trust, &settings, &pkix), DTLS_OK);
    pair_options(&options, 1);
    options.config[other].identity = identity;
    options.config[meeting->judge].verifier = dtls_pkix_verifier(pkix);
    options.config[SERVER].client_certificate =
        meeting->judge == SERVER ? DTLS_CLIENT_CERTIFICATE_REQUIRE : DTLS_CLIENT_CERTIFICATE_NONE;
    options.config[CLIENT].request_status = !meeting->asks_not;
    for (int end = CLIENT; end <= SERVER; end++)
        options.config[end].max_message = 131072;
    struct pair *pair = pair_new(&options);
    verdict.open = pair_run_until_open(pair, 20 * NET_SECOND) && pair_ping(pair, NET_SECOND);
    pair_run_for(pair, 5 * NET_SECOND);
    const struct pair_event *failed = pair_last(pair, meeting->judge, DTLS_EVENT_FAILED);
    const struct pair_event *told = pair_last(pair, other, DTLS_EVENT_FAILED);
    verdict.error = failed == NULL ? 0 : failed->error;
    verdict.alert = told == NULL ? 0 : told->alert;
    const char *words = dtls_conn_reason(pair->end[meeting->judge].conn);
    snprintf(verdict.words, sizeof verdict.words, "%s", words == NULL ? "" : words);
    CU_ASSERT_TRUE(verdict.open || (pair_count(pair, meeting->judge, DTLS_EVENT_OPEN) == 0 &&
                                    pair_count(pair, other, DTLS_EVENT_OPEN) == 0));
    pair_free(pair);
    dtls_pkix_free(pkix);
    dtls_pkix_trust_free(trust);
    dtls_identity_free(identity);
    return verdict;
}

void meet_accepted(const struct meeting *meeting, const char *what)
{
    struct verdict verdict = meet(meeting);

    CHECK_CASE(verdict.open, "%s, judged by end %d: %d, %s", what, (int)meeting->judge, verdict.error, verdict.words);
}

void meet_refused(const struct meeting *meeting, enum dtls_alert alert, const char *words)
{
    struct verdict verdict = meet(meeting);

    CHECK_CASE(!verdict.open && verdict.error == DTLS_ERR_BAD_CERTIFICATE && verdict.alert == alert &&
                   strstr(verdict.words, words) != NULL,
               "judged by end %d: %s, error %d, alert %u instead of %d, \"%s\" instead of \"%s\"", (int)meeting->judge,
               verdict.open ? "open" : "refused", verdict.error, verdict.alert, (int)alert, verdict.words, words);
}

void refused_by_both(const struct issue_spec *leaf, enum dtls_alert alert, const char *words)
{
    const struct issued *made = issue(leaf);

    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct meeting meeting = meeting_of((enum net_end)judge, made);
        meet_refused(&meeting, alert, words);
    }
}
