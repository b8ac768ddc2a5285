/* refused_chain.c - chains that are not accepted: what stands above a leaf, how it is linked, whom it leads to, and how
 * much of it there is. As refused.c. */
#include <stdlib.h>
#include <string.h>

#include "tests/box/memory.h"
#include "tests/box/record_view.h"
#include "tests/pkix/der.h"
#include "tests/pkix/meet.h"
#include "tests/tap.h"

/* ---- authorities ---- */

static void of_nobody_that_is_trusted(void)
{
    struct issue_spec spec = leaf_spec();
    const struct issued *stranger = issue(&(struct issue_spec){ .name = "Stranger", .ca = true });

    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
        meeting.trusted[0] = stranger;
        meet_refused(&meeting, DTLS_ALERT_UNKNOWN_CA,
                     "certificate of Mid is issued by Root, who is not trusted and whose certificate is missing");
        meeting.trusted[0] = root();
        meeting.chain[1] = NULL;
        meet_refused(&meeting, DTLS_ALERT_UNKNOWN_CA,
                     "certificate of sip.example is issued by Mid, who is not trusted");
    }
}

static void that_vouch_for_themselves(void)
{
    struct issue_spec spec = leaf_spec();

    spec.issuer = NULL;
    const struct issued *self = issue(&spec);
    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct meeting meeting = meeting_of((enum net_end)judge, self);
        meeting.chain[1] = NULL;
        meet_refused(&meeting, DTLS_ALERT_UNKNOWN_CA, "sip.example vouches for itself, and is not trusted");
    }
}

/* One that has signed itself, with the name of an authority: it leads to nobody. */
static void with_a_self_signed_one_in_the_middle(void)
{
    const struct issued *self = issue(&(struct issue_spec){ .name = "Mid", .ca = true });

    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct issue_spec spec = leaf_spec();
        spec.issuer = self;
        struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
        meeting.chain[1] = self;
        meeting.chain[2] = root();
        meet_refused(&meeting, DTLS_ALERT_UNKNOWN_CA, "Mid vouches for itself, and is not trusted");
    }
}

static void of_one_that_is_no_authority(void)
{
    struct issue_spec owner = leaf_spec();

    owner.name = "Owner";
    owner.usage = GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_CERT_SIGN;
    for (int flag = 0; flag < 2; flag++) {
        const struct issued *issuer = issue(&owner);
        for (int judge = CLIENT; judge <= SERVER; judge++) {
            struct issue_spec spec = leaf_spec();
            spec.issuer = issuer;
            struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
            meeting.chain[1] = issuer;
            meeting.chain[2] = mid();
            meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE,
                         flag == 0 ? "is no authority (basic constraints), but has signed"
                                   : "may not sign certificates");
        }
        owner.ca = true; /* and now it is one, but for its key usage */
        owner.usage = GNUTLS_KEY_DIGITAL_SIGNATURE;
    }
}

static void of_one_trusted_for_itself_alone(void)
{
    struct issue_spec owner = leaf_spec();

    owner.name = "Owner";
    const struct issued *issuer = issue(&owner);
    struct issue_spec spec = leaf_spec();
    spec.issuer = issuer;
    struct meeting meeting = meeting_of(CLIENT, issue(&spec));
    meeting.chain[1] = NULL;
    meeting.trusted[0] = issuer;
    meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE, "is no authority (basic constraints)");
}

/* As `openssl x509 -req -signkey` makes them: of version 1, which has no basic constraints to say what it is. */
static void of_one_of_version_1(void)
{
    const struct issued *owner = issue(&(struct issue_spec){ .name = "Owner", .version_1 = true });

    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct issue_spec spec = leaf_spec();
        spec.issuer = owner;
        struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
        meeting.chain[1] = NULL;
        meeting.trusted[0] = owner;
        meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE, "is no authority (basic constraints)");
        meeting.chain[0] = owner; /* itself may come all the same */
        meeting.name = NULL;
        meet_accepted(&meeting, "of version 1, trusted itself");
    }
}

static void on_a_way_that_is_too_long(void)
{
    const struct issued *short_root = issue(&(struct issue_spec){ .name = "Short", .ca = true, .path_limit = 1 });
    const struct issued *first = issue(&(struct issue_spec){ .name = "First", .ca = true, .issuer = short_root });
    const struct issued *second = issue(&(struct issue_spec){ .name = "Second", .ca = true, .issuer = first });
    const struct issued *issuers[] = { short_root, first, second };

    for (int judge = CLIENT; judge <= SERVER; judge++)
        for (size_t below = 0; below < 3; below++) {
            struct issue_spec spec = leaf_spec();
            spec.issuer = issuers[below];
            struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
            meeting.chain[1] = NULL;
            meeting.trusted[0] = short_root;
            for (size_t i = 0; i < below; i++)
                meeting.chain[1 + i] = issuers[below - i];
            if (below == 0)
                meet_accepted(&meeting, "path length 0");
            else
                meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE,
                             below == 1 ? "the way to Short is too long: 1 authority below it, and it allows 0"
                                        : "the way to Short is too long");
        }
}

static void with_a_name_that_its_authority_may_not_vouch_for(void)
{
    const struct issued *only =
        issue(&(struct issue_spec){ .name = "Only", .ca = true, .issuer = root(), .permitted = "good.example" });
    const struct issued *never =
        issue(&(struct issue_spec){ .name = "Never", .ca = true, .issuer = root(), .excluded = "sip.example" });
    const struct issued *below = issue(&(struct issue_spec){ .name = "Below", .ca = true, .issuer = only });

    for (int judge = CLIENT; judge <= SERVER; judge++)
        for (int i = 0; i < 3; i++) {
            const struct issued *issuer = i == 0 ? only : i == 1 ? never : below;
            struct issue_spec spec = leaf_spec();
            spec.issuer = issuer;
            struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
            meeting.chain[1] = issuer;
            meeting.chain[2] = i == 2 ? only : NULL;
            meet_refused(&meeting, DTLS_ALERT_BAD_CERTIFICATE,
                         "certificate of sip.example has a name that an authority above it may not vouch for");
            spec.hosts[0] = "sip.good.example";
            meeting.chain[0] = issue(&spec);
            meeting.name = judge == CLIENT ? "sip.good.example" : NULL;
            meet_accepted(&meeting, issuer == never ? "not excluded" : "permitted");
        }
}

static void of_an_authority_out_of_its_time(void)
{
    const struct issued *old =
        issue(&(struct issue_spec){ .name = "Old", .ca = true, .issuer = root(), .to = ISSUE_NOW - 400 * ISSUE_DAY });
    const struct issued *old_root =
        issue(&(struct issue_spec){ .name = "Old Root", .ca = true, .to = ISSUE_NOW - 7200 });

    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct issue_spec spec = leaf_spec();
        spec.issuer = old;
        struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
        meeting.chain[1] = old;
        meet_refused(&meeting, DTLS_ALERT_CERTIFICATE_EXPIRED, "certificate of Old expired 400 days ago");
        spec.issuer = old_root;
        meeting = meeting_of((enum net_end)judge, issue(&spec));
        meeting.chain[1] = NULL;
        meeting.trusted[0] = old_root;
        meet_refused(&meeting, DTLS_ALERT_CERTIFICATE_EXPIRED, "certificate of Old Root expired 2 hours ago");
    }
}

static void of_an_authority_for_something_else(void)
{
    const struct issued *mail = issue(
        &(struct issue_spec){ .name = "Mail", .ca = true, .issuer = root(), .purpose = GNUTLS_KP_EMAIL_PROTECTION });

    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct issue_spec spec = leaf_spec();
        spec.issuer = mail;
        struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
        meeting.chain[1] = mail;
        meet_refused(&meeting, DTLS_ALERT_UNSUPPORTED_CERTIFICATE, "certificate of Mail is not for a ");
    }
}

/* ---- CRLs ---- */

static void that_are_revoked(void)
{
    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct issue_spec spec = leaf_spec();
        struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
        meeting.crls[0] = issue_crl(mid(), meeting.chain[0], ISSUE_NOW - ISSUE_DAY, ISSUE_NOW + ISSUE_DAY);
        meet_refused(&meeting, DTLS_ALERT_CERTIFICATE_REVOKED,
                     "certificate of sip.example was revoked by Mid on 2029-12-31 00:00 UTC");
        meeting.crls[0] = issue_crl(root(), mid(), ISSUE_NOW - ISSUE_DAY, ISSUE_NOW + ISSUE_DAY);
        meet_refused(&meeting, DTLS_ALERT_CERTIFICATE_REVOKED, "certificate of Mid was revoked by Root");
        meeting.crls[0] = issue_crl(mid(), issue(&spec), ISSUE_NOW - ISSUE_DAY, ISSUE_NOW + ISSUE_DAY);
        meet_accepted(&meeting, "another one is revoked");
        meeting.crls[0] = issue_crl(mid(), meeting.chain[0], ISSUE_NOW - 9 * ISSUE_DAY, ISSUE_NOW - ISSUE_DAY);
        meet_refused(&meeting, DTLS_ALERT_CERTIFICATE_REVOKED, "was revoked by Mid"); /* once is for ever */
    }
}

static void of_whom_nobody_knows_whether_they_are_revoked(void)
{
    const struct issued *false_mid = issue(&(struct issue_spec){ .name = "Mid", .ca = true });

    for (int judge = CLIENT; judge <= SERVER; judge++) {
        struct issue_spec spec = leaf_spec();
        struct meeting meeting = meeting_of((enum net_end)judge, issue(&spec));
        meeting.crls[0] = issue_crl(mid(), NULL, ISSUE_NOW - 9 * ISSUE_DAY, ISSUE_NOW - ISSUE_DAY);
        meet_refused(&meeting, DTLS_ALERT_CERTIFICATE_UNKNOWN,
                     "the CRL of Mid is out of date since 2029-12-31 00:00 UTC");
        meeting.crls[0] = issue_crl(mid(), NULL, ISSUE_NOW + ISSUE_DAY, ISSUE_NOW + 2 * ISSUE_DAY);
        meet_refused(&meeting, DTLS_ALERT_CERTIFICATE_UNKNOWN, "the CRL of Mid is out of date");
        meeting.crls[0] = issue_crl(false_mid, NULL, ISSUE_NOW - ISSUE_DAY, ISSUE_NOW + ISSUE_DAY);
        meet_refused(&meeting, DTLS_ALERT_CERTIFICATE_UNKNOWN, "the CRL of Mid is not signed by it");
        meeting.crls[0] = issue_crl(mid(), NULL, ISSUE_NOW - 9 * ISSUE_DAY, ISSUE_NOW - ISSUE_DAY);
        meeting.crls[1] = issue_crl(mid(), NULL, ISSUE_NOW - ISSUE_DAY, ISSUE_NOW + ISSUE_DAY);
        meet_accepted(&meeting, "the newer list is in force");
    }
}

/* ---- too much ---- */

/* All in one name, so that each could have signed each: 9! ways, of which none arrives. */
static void that_lead_round_and_round(void)
{
    static const uint8_t key_ids[] = { 6, 3, 0x55, 0x1d },
                         gone[] = { 6, 3, 0x55, 0x7d }; /* no extension that we know */
    struct issue_spec spec = { .name = "Maze", .ca = true };
    struct meeting meeting = { .judge = CLIENT, .trusted = { root() } };
    const struct issued *maze[9];

    for (size_t i = 0; i < 9; i++) {
        const struct issued *made = issue(&spec);
        maze[i] = issue_changed(made, made, key_ids, gone, sizeof gone);
    }
    spec.name = "Leaf";
    spec.ca = false;
    spec.issuer = maze[0];
    meeting.chain[0] = issue(&spec);
    meeting.chain[0] = issue_changed(meeting.chain[0], maze[0], key_ids, gone, sizeof gone);
    for (size_t i = 0; i < 9; i++)
        meeting.chain[1 + i] = maze[i];
    meet_refused(&meeting, DTLS_ALERT_UNKNOWN_CA, "Maze vouches for itself, and is not trusted");
}

/* What a server's Certificate becomes on the way to the client. */
struct forger {
    struct pair *pair;
    const uint8_t *body; /* of the message; NULL: zeroes */
    size_t len;
    bool struck;
};

static void inject(struct forger *forger, uint8_t type, uint16_t message_seq, size_t total, size_t offset,
                   const uint8_t *bytes, size_t len)
{
    static uint8_t datagram[RECORD_HEADER_LEN + 12 + 8000];
    static uint64_t sequence = 1000;
    uint8_t *head = datagram + RECORD_HEADER_LEN;

    memset(datagram, 0, sizeof datagram);
    head[0] = type;
    head[4] = (uint8_t)(message_seq >> 8);
    head[5] = (uint8_t)message_seq;
    for (int i = 0; i < 3; i++) {
        head[1 + i] = (uint8_t)(total >> 8 * (2 - i));
        head[6 + i] = (uint8_t)(offset >> 8 * (2 - i));
        head[9 + i] = (uint8_t)(len >> 8 * (2 - i));
    }
    if (bytes != NULL)
        memcpy(head + 12, bytes, len);
    record_view_header(datagram, RECORD_HANDSHAKE, 0, sequence++, 12 + len);
    net_inject(&forger->pair->net, CLIENT, forger->pair->net.now_us, datagram, RECORD_HEADER_LEN + 12 + len);
}

/* The ServerHello passes, and a Certificate of the forger's follows instead of all else. */
static struct net_verdict forge(void *arg, const struct net_sending *sending)
{
    struct forger *forger = arg;
    struct record_view records[RECORD_VIEW_MAX];
    const uint8_t *hello;

    if (sending->from != SERVER)
        return (struct net_verdict){ NET_PASS, 0 };
    if (forger->struck || record_view_split(sending->bytes, sending->len, records) == 0 ||
        records[0].type != RECORD_HANDSHAKE || records[0].body[0] != 2)
        return (struct net_verdict){ NET_DROP, 0 };
    forger->struck = true;
    hello = records[0].body;
    size_t len = (size_t)hello[1] << 16 | (size_t)hello[2] << 8 | hello[3];
    uint16_t seq = (uint16_t)(hello[4] << 8 | hello[5]);
    inject(forger, 2, seq, len, 0, hello + 12, len);
    for (size_t at = 0; at < forger->len; at += 8000) {
        size_t some = forger->len - at < 8000 ? forger->len - at : 8000;
        inject(forger, 11, (uint16_t)(seq + 1), forger->len, at, forger->body == NULL ? NULL : forger->body + at, some);
    }
    return (struct net_verdict){ NET_DROP, 0 };
}

static int never_asked(void *arg, const struct dtls_peer_identity *peer)
{
    (void)peer;
    ++*(unsigned *)arg;
    return 0;
}

static struct pair *forged_meeting(struct forger *forger, struct memory *memory, unsigned *asked)
{
    struct pair_options options;

    pair_options(&options, 1);
    options.silent = true;
    options.config[CLIENT].verifier = (struct dtls_verifier){ never_asked, asked };
    options.config[CLIENT].max_message = 131072;
    memory_use(memory, &options.config[CLIENT]);
    forger->pair = pair_new(&options);
    net_set_filter(&forger->pair->net, forge, forger);
    pair_start_client(forger->pair);
    pair_run_for(forger->pair, 100 * NET_SECOND);
    return forger->pair;
}

static void a_hundred_of_them(void)
{
    struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
    struct der_text list = { 0 };
    unsigned asked = 0;

    der_add(&list, "\0\0\0", 3);
    for (size_t i = 0; i < 100; i++) {
        const uint8_t len[] = { 0, (uint8_t)(mid()->der.len >> 8), (uint8_t)mid()->der.len };
        der_add(&list, len, 3);
        der_add(&list, mid()->der.at, mid()->der.len);
    }
    for (int i = 0; i < 3; i++)
        list.bytes[i] = (uint8_t)((list.len - 3) >> 8 * (2 - i));
    struct forger forger = { .body = list.bytes, .len = list.len };
    struct pair *pair = forged_meeting(&forger, &memory, &asked);
    const struct pair_event *failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
    const char *words = dtls_conn_reason(pair->end[CLIENT].conn);
    CU_ASSERT_TRUE(forger.struck && failed != NULL && failed->error == DTLS_ERR_BAD_CERTIFICATE && asked == 0);
    CHECK_CASE(words != NULL && strcmp(words, "the peer's certificate chain has more than 10 certificates") == 0, "%s",
               words == NULL ? "no words" : words);
    pair_free(pair);
    free(list.bytes);
}

/* It is dropped, piece by piece: a piece may be forged, so that is no end. The end comes with time, and knows why. */
static void ten_mib_of_them(void)
{
    struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
    struct forger forger = { .len = 10 << 20 };
    unsigned asked = 0;
    struct pair *pair = forged_meeting(&forger, &memory, &asked);
    const struct pair_event *failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
    const char *words = dtls_conn_reason(pair->end[CLIENT].conn);

    CU_ASSERT_TRUE(forger.struck && failed != NULL && failed->error == DTLS_ERR_TIMEOUT && asked == 0);
    CU_ASSERT_TRUE(pair_stats(pair, CLIENT).dropped[DTLS_DROP_TOO_LARGE] > 1000);
    CHECK_CASE(memory.most_bytes < 65536, "%zu bytes", memory.most_bytes);
    CHECK_CASE(words != NULL && strcmp(words, "a Certificate of 10485760 bytes came, and max_message is 131072") == 0,
               "%s", words == NULL ? "no words" : words);
    pair_free(pair);
}

static CU_TestInfo tests[] = {
    { "refused: of nobody that is trusted", of_nobody_that_is_trusted },
    { "refused: self-signed", that_vouch_for_themselves },
    { "refused: with a self-signed one in the middle", with_a_self_signed_one_in_the_middle },
    { "refused: of one that is no authority, or may not sign", of_one_that_is_no_authority },
    { "refused: of one that is trusted for itself alone", of_one_trusted_for_itself_alone },
    { "refused: of one of version 1, which is trusted for itself alone", of_one_of_version_1 },
    { "refused: on a way that is too long", on_a_way_that_is_too_long },
    { "refused: with a name that its authority may not vouch for", with_a_name_that_its_authority_may_not_vouch_for },
    { "refused: of an authority out of its time", of_an_authority_out_of_its_time },
    { "refused: of an authority for something else", of_an_authority_for_something_else },
    { "refused: revoked by a CRL", that_are_revoked },
    { "refused: under a CRL that is stale, of the future, or somebody else's",
      of_whom_nobody_knows_whether_they_are_revoked },
    { "refused: that lead round and round", that_lead_round_and_round },
    { "refused: a chain of a hundred, unread", a_hundred_of_them },
    { "refused: a chain of ten MiB, for next to no memory", ten_mib_of_them },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "pkix_refused_chain", tests);
}
