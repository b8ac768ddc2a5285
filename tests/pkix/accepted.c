/* accepted.c - certificates that are accepted: ways to somebody trusted, forms of names, and sessions with those who
 * were accepted before. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pkix/answer.h"
#include "tests/pkix/meet.h"
#include "tests/tap.h"

/* ---- ways ---- */

static void at_either_end_with_every_kind_of_key(void)
{
    for (int judge = CLIENT; judge <= SERVER; judge++)
        for (int key = ISSUE_P256; key <= ISSUE_RSA2048; key++) {
            const struct issued *authority =
                issue(&(struct issue_spec){ .name = "RSA", .ca = true, .key = (enum issue_key)key });
            struct issue_spec spec = leaf_spec();
            spec.issuer = authority;
            spec.key = key == ISSUE_P256 ? ISSUE_RSA2048 : ISSUE_P256;
            struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
            meeting.chain[1] = NULL;
            meeting.trusted[0] = authority;
            meet_accepted(&meeting, key == ISSUE_P256 ? "RSA by P-256" : "P-256 by RSA");
        }
}

static void with_all_of_the_chain_in_any_order_and_more(void)
{
    struct issue_spec spec = leaf_spec();
    const struct issued *leaf = issue(&spec), *deep, *stranger;

    deep = issue(&(struct issue_spec){ .name = "Deep", .ca = true, .issuer = mid() });
    stranger = issue(&(struct issue_spec){ .name = "Stranger", .ca = true });
    spec.issuer = deep;
    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct meeting meeting = meeting_of((enum net_end)judge, leaf);
        meeting.chain[2] = root();
        meet_accepted(&meeting, "the root too");
        meeting = meeting_of((enum net_end)judge, issue(&spec));
        meeting.chain[1] = stranger;
        meeting.chain[2] = root();
        meeting.chain[3] = mid();
        meeting.chain[4] = deep;
        meet_accepted(&meeting, "in any order, with a stranger's");
        meeting.trusted[0] = deep; /* below which all is well, whoever stands above it */
        meet_accepted(&meeting, "who is trusted is the end of the way");
    }
}

static void that_is_trusted_itself(void)
{
    struct issue_spec spec = leaf_spec();

    for (int self = 0; self < 2; self++) {
        spec.issuer = self ? NULL : mid();
        for (int judge = CLIENT; judge <= SERVER; judge++) {
            struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
            meeting.chain[1] = NULL;
            meeting.trusted[0] = meeting.chain[0];
            meet_accepted(&meeting, self ? "a self-signed one" : "one below somebody unknown");
        }
    }
    spec.to = ISSUE_NOW - 1; /* its time, name and usage count all the same */
    struct meeting meeting = meeting_of(CLIENT, issue(&spec));
    meeting.trusted[0] = meeting.chain[0];
    meet_refused(&meeting, DTLS_ALERT_CERTIFICATE_EXPIRED, "certificate of sip.example expired");
    spec.to = 0;
    spec.hosts[0] = "other.example";
    meeting.chain[0] = meeting.trusted[0] = issue(&spec);
    meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE, "is not for sip.example");
}

/* One key, vouched for by two authorities: whichever is trusted, and still valid, is the way. */
static void that_is_cross_signed(void)
{
    const struct issued *old_root = issue(&(struct issue_spec){ .name = "Old Root", .ca = true, .to = ISSUE_NOW - 1 });
    const struct issued *new_root = issue(&(struct issue_spec){ .name = "New Root", .ca = true });
    const struct issued *crossed =
        issue(&(struct issue_spec){ .name = "New Root", .ca = true, .issuer = old_root, .same_key = new_root });
    const struct issued *also =
        issue(&(struct issue_spec){ .name = "New Root", .ca = true, .issuer = root(), .same_key = new_root });

    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct issue_spec spec = leaf_spec();
        spec.issuer = new_root;
        struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
        meeting.chain[1] = crossed;
        meeting.trusted[0] = old_root;
        meet_refused(&meeting, DTLS_ALERT_CERTIFICATE_EXPIRED, "certificate of Old Root expired");
        meeting.trusted[1] = new_root;
        meet_accepted(&meeting, "the new root is trusted beside the old one");
        meeting.trusted[1] = root();
        meeting.chain[2] = also;
        meet_accepted(&meeting, "a second cross signature leads elsewhere");
    }
}

/* One authority has taken back what it said of another, or has said it for something else only; the other way is open.
 */
static void by_a_way_on_which_nobody_is_revoked(void)
{
    const struct issued *other = issue(&(struct issue_spec){ .name = "Other", .ca = true });
    const struct issued *here = issue(&(struct issue_spec){ .name = "Crossed", .ca = true, .issuer = other });
    const struct issued *there =
        issue(&(struct issue_spec){ .name = "Crossed", .ca = true, .issuer = root(), .same_key = here });
    const struct issued *for_mail = issue(&(struct issue_spec){
        .name = "Crossed", .ca = true, .issuer = root(), .same_key = here, .purpose = GNUTLS_KP_EMAIL_PROTECTION });

    for (int judge = CLIENT; judge <= SERVER; judge++)
        for (int order = 0; order < 2; order++) {
            struct issue_spec spec = leaf_spec();
            spec.issuer = here;
            struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
            meeting.chain[1 + order] = there;
            meeting.chain[2 - order] = here;
            meeting.trusted[1] = other;
            meeting.crls[0] = issue_crl(root(), there, ISSUE_NOW - ISSUE_DAY, ISSUE_NOW + ISSUE_DAY);
            meet_accepted(&meeting, "one of two is revoked");
            meeting.crls[0] = issue_crl(root(), NULL, ISSUE_NOW - 9 * ISSUE_DAY, ISSUE_NOW - ISSUE_DAY);
            meet_accepted(&meeting, "of one of two nobody knows");
            meeting.crls[0] = issue_crl(root(), there, ISSUE_NOW - ISSUE_DAY, ISSUE_NOW + ISSUE_DAY);
            meeting.crls[1] = issue_crl(other, here, ISSUE_NOW - ISSUE_DAY, ISSUE_NOW + ISSUE_DAY);
            meet_refused(&meeting, DTLS_ALERT_CERTIFICATE_REVOKED, "certificate of Crossed was revoked by ");
            meeting.crls[0] = meeting.crls[1] = (gnutls_datum_t){ 0 };
            meeting.chain[1 + order] = for_mail;
            meet_accepted(&meeting, "one of two is for something else");
        }
}

/* ---- names ---- */

static void for_every_form_of_a_name(void)
{
    static const struct {
        const char *host, *address, *name;
    } cases[] = {
        { "sip.example", NULL, "sip.example" },
        { "sip.example", NULL, "SIP.Example" },
        { "SIP.EXAMPLE", NULL, "sip.example" },
        { "sip.example", NULL, "sip.example." },
        { "*.example.org", NULL, "sip.example.org" },
        { "*.EXAMPLE.org", NULL, "a-b_c.example.org." },
        { "xn--bcher-kva.example", NULL, "xn--bcher-kva.example" },
        { "localhost", NULL, "localhost" },
        { NULL, "192.0.2.1", "192.0.2.1" },
        { "other.example", "2001:db8::1", "2001:db8::1" },
        { "other.example", "2001:db8::1", "2001:0DB8:0:0::1" },
        { "_sip._udp.example", NULL, "_sip._udp.example" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct issue_spec spec = leaf_spec();
        spec.hosts[0] = cases[i].host;
        spec.address = cases[i].address;
        struct meeting meeting = meeting_of(CLIENT, issue(&spec));
        meeting.name = cases[i].name;
        meet_accepted(&meeting, cases[i].name);
        meeting.name = NULL;
        meet_accepted(&meeting, "any name");
    }
}

static void of_the_client_that_is_expected(void)
{
    struct issue_spec spec = leaf_spec();
    struct meeting meeting = meeting_of(SERVER, issue(&spec));

    meeting.name = "sip.example";
    meet_accepted(&meeting, "the one that is expected");
    meeting.name = "gate.example";
    meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE, "certificate of sip.example is not for gate.example");
}

/* ---- sessions ---- */

/* A client and its verifier, whose clock can be put on. */
struct visitor {
    struct dtls_pkix_trust *trust;
    struct dtls_pkix *pkix;
    struct dtls_identity *server;
    int64_t now;
    struct pair_options options;
    struct dtls_ticket_keys keys;
};

static void make_verifier(struct visitor *visitor)
{
    const struct dtls_pkix_settings settings = {
        .role = DTLS_CLIENT, .name = "sip.example", .now = meet_clock, .now_arg = &visitor->now
    };

    dtls_pkix_free(visitor->pkix);
    CU_ASSERT_EQUAL_FATAL(dtls_pkix_new(visitor->trust, &settings, &visitor->pkix), DTLS_OK);
    visitor->options.config[CLIENT].verifier = dtls_pkix_verifier(visitor->pkix);
}

static void begin(struct visitor *visitor)
{
    struct issue_spec spec = leaf_spec();

    spec.to = ISSUE_NOW + 30 * ISSUE_DAY;
    const struct issued *const chain[] = { issue(&spec), mid() };
    *visitor = (struct visitor){ .now = ISSUE_NOW, .server = issue_identity(chain, 2) };
    struct dtls_bytes response = answer(&(struct answer_spec){ .about = chain[0], .issuer = mid() });
    dtls_identity_set_ocsp_response(visitor->server, response.at, response.len);
    CU_ASSERT_EQUAL_FATAL(dtls_pkix_trust_new(&visitor->trust), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_pkix_trust_add(visitor->trust, root()->der.at, root()->der.len, NULL), DTLS_OK);
    pair_options(&visitor->options, 1);
    visitor->options.config[SERVER].identity = visitor->server;
    visitor->options.config[SERVER].ticket_keys = &visitor->keys;
    visitor->keys.count = 1;
    make_verifier(visitor);
}

static void end(struct visitor *visitor)
{
    dtls_pkix_free(visitor->pkix);
    dtls_pkix_trust_free(visitor->trust);
    dtls_identity_free(visitor->server);
}

static struct dtls_session *visit(struct visitor *visitor)
{
    struct pair *pair = pair_new(&visitor->options);

    CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_FALSE(pair_last(pair, CLIENT, DTLS_EVENT_OPEN)->resumed);
    struct dtls_session *session = pair_session(pair);
    CU_ASSERT_PTR_NOT_NULL_FATAL(session);
    pair_free(pair);
    return session;
}

/* What the engine says to the session; and when it is taken, whether it is resumed. */
static int try_session(const struct visitor *visitor, const struct dtls_session *session)
{
    struct pair_options options = visitor->options;

    options.silent = true;
    options.seed = 2;
    options.start_us = 60 * NET_SECOND; /* after the first visit */
    struct pair *pair = pair_new(&options);
    int result = dtls_conn_resume(pair->end[CLIENT].conn, session);
    if (result == DTLS_OK) {
        pair_start_client(pair);
        CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 5 * NET_SECOND));
        CU_ASSERT_TRUE(pair_last(pair, CLIENT, DTLS_EVENT_OPEN)->resumed);
    }
    pair_free(pair);
    return result;
}

static void is_resumed_by_the_same_verifier_only(void)
{
    struct visitor visitor;

    begin(&visitor);
    struct dtls_session *session = visit(&visitor);
    CU_ASSERT_EQUAL(try_session(&visitor, session), DTLS_OK);
    make_verifier(&visitor); /* of another policy, for all that a session knows */
    CU_ASSERT_EQUAL(try_session(&visitor, session), DTLS_ERR_ARGUMENT);
    dtls_session_free(visit(&visitor)); /* it has seen the peer, too, now */
    CU_ASSERT_EQUAL(try_session(&visitor, session), DTLS_OK);
    dtls_session_free(session);
    end(&visitor);
}

static void is_resumed_as_long_as_it_would_be_accepted(void)
{
    for (int asks = 0; asks < 2; asks++) {
        struct visitor visitor;
        begin(&visitor);
        visitor.options.config[CLIENT].request_status = asks; /* then the OCSP response ends first, after six days */
        struct dtls_session *session = visit(&visitor);
        visitor.now = ISSUE_NOW + (asks ? 6 : 30) * ISSUE_DAY;
        CHECK_CASE(try_session(&visitor, session) == DTLS_OK, "asks %d", asks);
        visitor.now++;
        CHECK_CASE(try_session(&visitor, session) == DTLS_ERR_ARGUMENT, "asks %d", asks);
        dtls_session_free(session);
        end(&visitor);
    }
}

static void is_not_resumed_once_it_was_refused(void)
{
    struct visitor visitor;

    begin(&visitor);
    struct dtls_session *session = visit(&visitor);
    static const uint8_t noise[] = { 0x30, 0 };
    dtls_identity_set_ocsp_response(visitor.server, noise, sizeof noise);
    visitor.options.config[CLIENT].request_status = true;
    struct pair *pair = pair_new(&visitor.options);
    pair_run_for(pair, 5 * NET_SECOND);
    CU_ASSERT_FALSE(pair_is_open(pair, CLIENT));
    pair_free(pair);
    CU_ASSERT_EQUAL(try_session(&visitor, session), DTLS_ERR_ARGUMENT);
    dtls_session_free(session);
    end(&visitor);
}

/* The wish of either side for an abbreviated rehandshake becomes a full one, which asks again. */
static void is_asked_again_in_a_rehandshake_when_it_is_time(void)
{
    struct visitor visitor;
    size_t one = 1, two = 2;

    begin(&visitor);
    struct pair *pair = pair_new(&visitor.options);
    CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_ABBREVIATED), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_renewed(pair, one, 5 * NET_SECOND));
    CU_ASSERT_TRUE(pair_last(pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE)->resumed);
    visitor.now = ISSUE_NOW + 31 * ISSUE_DAY;
    pair_run_for(pair, 2 * NET_SECOND);
    CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_ABBREVIATED), DTLS_OK);
    CU_ASSERT_FALSE(pair_run_until_renewed(pair, two, 5 * NET_SECOND));
    const struct pair_event *failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
    CU_ASSERT_TRUE(failed != NULL && failed->error == DTLS_ERR_BAD_CERTIFICATE);
    const char *words = dtls_conn_reason(pair->end[CLIENT].conn);
    CU_ASSERT_TRUE(words != NULL && strstr(words, "certificate of sip.example expired 1 day ago") != NULL);
    pair_free(pair);
    end(&visitor);
}

/* The oldest gives way, and nobody is remembered who was not accepted. */
static void are_remembered_within_bounds(void)
{
    struct visitor visitor;

    begin(&visitor);
    struct dtls_session *session = visit(&visitor);
    const struct dtls_verifier verifier = dtls_pkix_verifier(visitor.pkix);
    for (int i = 0; i < 64; i++) {
        struct issue_spec spec = leaf_spec();
        uint8_t fingerprint[DTLS_FINGERPRINT_LEN] = { 1, (uint8_t)i };
        char reason[DTLS_REASON_MAX];
        const struct dtls_bytes chain[] = { issue(&spec)->der, mid()->der };
        const struct dtls_peer_identity peer = {
            .fingerprint = fingerprint, .chain = chain, .chain_count = 2, .role = DTLS_SERVER, .reason = reason
        };
        CHECK_CASE(i == 0 || try_session(&visitor, session) == DTLS_OK, "gone after %d", i);
        CU_ASSERT_EQUAL(verifier.verify(verifier.arg, &peer), 0);
    }
    CU_ASSERT_EQUAL(try_session(&visitor, session), DTLS_ERR_ARGUMENT);
    dtls_session_free(session);
    end(&visitor);
}

/* ---- threads ---- */

struct worker {
    struct dtls_verifier verifier;
    struct dtls_bytes good[2], bad[2];
    unsigned wrong;
};

static void *verify_many(void *arg)
{
    struct worker *worker = arg;

    for (unsigned i = 0; i < 200; i++) {
        uint8_t fingerprint[DTLS_FINGERPRINT_LEN] = { 2, (uint8_t)i };
        char reason[DTLS_REASON_MAX];
        struct dtls_peer_identity peer = { .fingerprint = fingerprint,
                                           .chain = i % 2 == 0 ? worker->good : worker->bad,
                                           .chain_count = 2,
                                           .role = DTLS_SERVER,
                                           .reason = reason };
        int verdict = worker->verifier.verify(worker->verifier.arg, &peer);
        worker->wrong += (verdict == 0) != (i % 2 == 0);
    }
    return NULL;
}

static void by_one_verifier_on_many_threads(void)
{
    struct visitor visitor;
    struct issue_spec spec = leaf_spec();
    struct worker workers[4];
    pthread_t threads[4];

    begin(&visitor);
    gnutls_datum_t crl = issue_crl(mid(), NULL, ISSUE_NOW - ISSUE_DAY, ISSUE_NOW + ISSUE_DAY);
    CU_ASSERT_EQUAL(dtls_pkix_trust_add_crls(visitor.trust, crl.data, crl.size, NULL), DTLS_OK);
    gnutls_free(crl.data);
    const struct issued *good = issue(&spec);
    for (size_t i = 0; i < 4; i++) {
        workers[i] = (struct worker){ .verifier = dtls_pkix_verifier(visitor.pkix),
                                      .good = { good->der, mid()->der },
                                      .bad = { issue_forged(good)->der, mid()->der } };
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, verify_many, &workers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(workers[i].wrong, 0);
    }
    end(&visitor);
}

static CU_TestInfo tests[] = {
    { "accepted: at either end, with every kind of key", at_either_end_with_every_kind_of_key },
    { "accepted: with a chain in any order, and more", with_all_of_the_chain_in_any_order_and_more },
    { "accepted: what is trusted itself", that_is_trusted_itself },
    { "accepted: cross-signed, by the way that is open", that_is_cross_signed },
    { "accepted: by a way on which nobody is revoked, and all are for it", by_a_way_on_which_nobody_is_revoked },
    { "accepted: for every form of a name", for_every_form_of_a_name },
    { "accepted: the client that a server expects", of_the_client_that_is_expected },
    { "a session is resumed by the same verifier only", is_resumed_by_the_same_verifier_only },
    { "a session is resumed as long as its peer would be accepted", is_resumed_as_long_as_it_would_be_accepted },
    { "a session is not resumed once its peer was refused", is_not_resumed_once_it_was_refused },
    { "a peer out of its time is asked again in a rehandshake", is_asked_again_in_a_rehandshake_when_it_is_time },
    { "peers are remembered within bounds", are_remembered_within_bounds },
    { "accepted, and refused, by one verifier on many threads", by_one_verifier_on_many_threads },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "pkix_accepted", tests);
}
