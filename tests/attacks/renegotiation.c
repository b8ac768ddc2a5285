/* renegotiation.c - the attacks that a second handshake made possible elsewhere: somebody else's handshake spliced into
 * an association, extensions that come, go and lie, requests without end, and memory that grows. */
#include <string.h>

#include "conn/conn_private.h"
#include "messages/handshake_header.h"
#include "tests/attacks/draft.h"
#include "tests/box/forge.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

static struct dtls_bytes client_verify(const struct siege *siege)
{
    return (struct dtls_bytes){ siege->pair->end[CLIENT].conn->as.active.client_verify, DTLS_VERIFY_DATA_LEN };
}

/* ---- splicing (CVE-2009-3555) ---- */

/* The attacker has an association with a server, and lets a victim's first ClientHello through as its own second. */
static void a_first_hello_is_no_second_one(void)
{
    struct pair_options options;
    struct siege siege;
    struct record_view hello;

    pair_options(&options, 1);
    options.recording = true;
    struct pair *victim = pair_new(&options);
    CU_ASSERT_TRUE_FATAL(
        record_view_find(victim->net.recorded[0].bytes, victim->net.recorded[0].len, RECORD_HANDSHAKE, &hello));
    siege_begin(&siege, SIEGE_OPEN, NULL);
    CU_ASSERT_TRUE(forge_receive(siege.pair, SERVER, 1, RECORD_HANDSHAKE, hello.body, hello.len));
    CU_ASSERT_EQUAL(draft_verdict(&siege, SERVER), DTLS_ERR_BAD_RENEGOTIATION);
    siege_end(&siege);
    pair_free(victim);
}

/* And its old-fashioned sisters: without the extension, with the SCSV, with half of what is due or somebody else's. */
static void no_splice_is_taken_by_a_server(void)
{
    static const uint8_t scsv[] = { 0xc0, 0x2b, 0x00, 0xff }, other[DTLS_VERIFY_DATA_LEN] = { 1, 2, 3 };

    for (int i = 0; i < 6; i++) {
        struct siege siege;
        struct draft draft = { .random = 9 };
        siege_begin(&siege, SIEGE_OPEN, NULL);
        if (i != 0)
            draft.renegotiation_info = client_verify(&siege);
        if (i == 1)
            draft.without = 0xff01;
        if (i == 2)
            draft.suites = (struct dtls_bytes){ scsv, sizeof scsv };
        if (i == 3)
            draft.renegotiation_info.len /= 2;
        if (i == 4)
            draft.renegotiation_info.at = other;
        draft_say_client_hello(&siege, &draft);
        CHECK_CASE(draft_verdict(&siege, SERVER) == (i == 5 ? DTLS_OK : DTLS_ERR_BAD_RENEGOTIATION), "case %d: %d", i,
                   draft_verdict(&siege, SERVER));
        siege_end(&siege);
    }
}

static void no_splice_is_taken_by_a_client(void)
{
    uint8_t both[2 * DTLS_VERIFY_DATA_LEN];
    struct siege siege;

    for (int i = 0; i < 4; i++) { /* a first ServerHello in a rehandshake */
        struct draft draft = { .random = 9 };
        siege_begin(&siege, SIEGE_AGAIN_HELLO, NULL);
        const struct dtls_established *active = &siege.pair->end[CLIENT].conn->as.active;
        memcpy(both, active->client_verify, DTLS_VERIFY_DATA_LEN);
        memcpy(both + DTLS_VERIFY_DATA_LEN, active->server_verify, DTLS_VERIFY_DATA_LEN);
        if (i != 0)
            draft.renegotiation_info = (struct dtls_bytes){ both, sizeof both };
        if (i == 1)
            draft.without = 0xff01;
        if (i == 2)
            both[DTLS_VERIFY_DATA_LEN] ^= 1;
        draft_say_server_hello(&siege, &draft);
        CHECK_CASE(draft_verdict(&siege, CLIENT) == (i == 3 ? DTLS_OK : DTLS_ERR_BAD_RENEGOTIATION), "case %d: %d", i,
                   draft_verdict(&siege, CLIENT));
        siege_end(&siege);
    }
    /* The other way round: who is in a first handshake hears of an earlier one. */
    struct draft draft = { .random = 9, .renegotiation_info = { both, sizeof both } };
    siege_begin(&siege, SIEGE_HELLO, NULL);
    draft_say_server_hello(&siege, &draft);
    CU_ASSERT_EQUAL(draft_verdict(&siege, CLIENT), DTLS_ERR_BAD_RENEGOTIATION);
    siege_end(&siege);
    siege_begin(&siege, SIEGE_HELLO, NULL);
    draft.renegotiation_info.len = DTLS_VERIFY_DATA_LEN;
    draft_say_client_hello(&siege, &draft);
    CU_ASSERT_EQUAL(draft_verdict(&siege, SERVER), DTLS_ERR_BAD_RENEGOTIATION);
    siege_end(&siege);
}

/* ---- HelloRequest without end (CVE-2014-0221) ---- */

static void strike_requests(struct siege *siege)
{
    static uint8_t record[RECORD_HEADER_LEN + 16380];
    static const uint8_t requests[333 * SIEGE_FRAGMENT_HEADER];

    record_view_header(record, RECORD_HANDSHAKE, 0, 7, sizeof record - RECORD_HEADER_LEN);
    siege_strike(siege, CLIENT, record, sizeof record); /* 1,365 of them in the clear */
    for (size_t i = siege_count(2000); i > 0; i--) {
        siege_strike_record(siege, CLIENT, RECORD_HANDSHAKE, 0, requests, SIEGE_FRAGMENT_HEADER);
        if (siege_epoch(siege) > 0)
            forge_receive(siege->pair, CLIENT, 1, RECORD_HANDSHAKE, requests,
                          i % 100 == 0 ? sizeof requests : SIEGE_FRAGMENT_HEADER);
    }
}

static void requests_without_end_are_one(void)
{
    for (enum siege_phase phase = 0; phase < SIEGE_PHASES; phase++)
        for (int policy = DTLS_REHANDSHAKE_ACCEPT; policy <= DTLS_REHANDSHAKE_ASK; policy++) {
            struct pair_options options;
            struct siege siege;
            pair_options(&options, 1);
            options.config[CLIENT].rehandshake_policy = (enum dtls_rehandshake_policy)policy;
            siege_begin(&siege, phase, &options);
            size_t sent = siege.pair->net.counts[CLIENT].sent;
            strike_requests(&siege);
            CHECK_CASE(siege.pair->net.counts[CLIENT].sent <= sent + 1, "%s, policy %d: %zu datagrams in answer",
                       siege_name(phase), policy, siege.pair->net.counts[CLIENT].sent - sent);
            CHECK_CASE(pair_count(siege.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_REQUESTED) <=
                           (policy == DTLS_REHANDSHAKE_ASK ? 1 : 0),
                       "%s, policy %d: asked too often", siege_name(phase), policy);
            if (phase == SIEGE_OPEN) {
                pair_run_for(siege.pair, 5 * NET_SECOND);
                for (int i = 0; i < 30 && policy == DTLS_REHANDSHAKE_DENY;
                     i++) { /* and who asks slowly is told thrice */
                    forge_receive(siege.pair, CLIENT, 1, RECORD_HANDSHAKE, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
                    pair_run_for(siege.pair, NET_SECOND);
                }
                CHECK_CASE(policy == DTLS_REHANDSHAKE_ACCEPT || siege.pair->net.counts[CLIENT].sent <= sent + 3,
                           "policy %d: %zu datagrams in answer", policy, siege.pair->net.counts[CLIENT].sent - sent);
                CU_ASSERT_EQUAL(pair_count(siege.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE),
                                policy == DTLS_REHANDSHAKE_ACCEPT ? 1 : 0);
                CU_ASSERT_TRUE(pair_ping(siege.pair, NET_SECOND));
            } else {
                siege_survives(&siege, "HelloRequests");
            }
            siege_end(&siege);
        }
}

/* ---- extensions ---- */

struct lie {
    const char *name;
    uint16_t without, extra;
    const char *body;
    size_t len;
    bool twice;
    int error;
};

static void judge_client_hellos(const struct lie *lies, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (int asks = DTLS_CLIENT_CERTIFICATE_NONE; asks <= DTLS_CLIENT_CERTIFICATE_REQUIRE; asks++)
            for (enum siege_phase phase = SIEGE_HELLO; phase <= SIEGE_OPEN; phase += SIEGE_OPEN - SIEGE_HELLO) {
                struct pair_options options;
                struct siege siege;
                struct draft draft = { .random = 9,
                                       .without = lies[i].without,
                                       .extra = lies[i].extra,
                                       .extra_body = { (const uint8_t *)lies[i].body, lies[i].len },
                                       .extra_twice = lies[i].twice };
                pair_options(&options, 1);
                options.config[SERVER].client_certificate = (enum dtls_client_certificate)asks;
                siege_begin(&siege, phase, &options);
                if (phase == SIEGE_OPEN)
                    draft.renegotiation_info = client_verify(&siege);
                draft_say_client_hello(&siege, &draft);
                int error = draft_verdict(&siege, SERVER);
                CHECK_CASE(error == lies[i].error, "%s, %s: %d", siege_name(phase), lies[i].name, error);
                if (phase == SIEGE_OPEN && error == DTLS_OK)
                    CHECK_CASE(pair_count(siege.pair, SERVER, DTLS_EVENT_REHANDSHAKE_STARTED) == 1 &&
                                   pair_ping(siege.pair, NET_SECOND),
                               "%s: the association suffers", lies[i].name);
                siege_end(&siege);
            }
}

static void bad_signature_algorithms_are_refused(void)
{
    static const struct lie lies[] = {
        { "no list", 0, 13, "", 0, false, DTLS_ERR_DECODE },
        { "an empty list", 0, 13, "\0\0", 2, false, DTLS_ERR_DECODE },
        { "an odd list", 0, 13, "\0\3\4\3\1", 5, false, DTLS_ERR_DECODE },
        { "a list that goes on", 0, 13, "\0\6\4\3\1", 5, false, DTLS_ERR_DECODE },
        { "a list that ends early", 0, 13, "\0\2\4\3\4\3", 6, false, DTLS_ERR_DECODE },
        { "an unknown one", 0, 13, "\0\2\x7f\x7f", 4, false, DTLS_ERR_NO_COMMON_SUITE },
        { "anonymous", 0, 13, "\0\4\0\0\4\0", 6, false, DTLS_ERR_NO_COMMON_SUITE },
        { "twice", 0, 13, "\0\2\4\3", 4, true, DTLS_ERR_DECODE },
        { "the usual", 0, 13, "\0\2\4\3", 4, false, DTLS_OK },
    };

    judge_client_hellos(lies, sizeof lies / sizeof lies[0]);
}

static void missing_signature_algorithms_are_refused(void)
{
    static const struct lie lies[] = {
        { "none", 13, 0, "", 0, false, DTLS_ERR_NO_COMMON_SUITE },
        { "those for certificates alone", 13, 50, "\0\2\4\3", 4, false, DTLS_ERR_NO_COMMON_SUITE },
        { "bad ones for certificates alone", 13, 50, "\0\0", 2, false, DTLS_ERR_NO_COMMON_SUITE },
        { "no groups", 10, 0, "", 0, false, DTLS_OK },
        { "no point formats", 11, 0, "", 0, false, DTLS_OK },
    };

    judge_client_hellos(lies, sizeof lies / sizeof lies[0]);
}

/* What comes in one hello and not in the other. */
static void flipped_extensions_change_nothing(void)
{
    static const struct {
        const char *name;
        uint16_t type;
        const char *body;
        size_t len;
    } flips[] = {
        { "encrypt_then_mac", 22, "", 0 },
        { "max_fragment_length", 1, "\1", 1 },
        { "truncated_hmac", 4, "", 0 },
        { "status_request", 5, "\1\0\0\0\0", 5 },
        { "use_srtp", 14, "\0\2\0\1\0", 5 },
        { "heartbeat", 15, "\1", 1 },
        { "application_layer_protocol_negotiation", 16, "\0\3\2h2", 5 },
        { "connection_id", 54, "\1x", 2 },
        { "supported_versions", 43, "\2\xfe\xfc", 3 },
        { "an unknown one", 0x1234, "what is this?", 13 },
    };

    for (size_t i = 0; i < sizeof flips / sizeof flips[0]; i++) {
        struct lie lie = { flips[i].name, 0, flips[i].type, flips[i].body, flips[i].len, false, DTLS_OK };
        judge_client_hellos(&lie, 1);
        for (enum siege_phase phase = SIEGE_HELLO; phase <= SIEGE_AGAIN_HELLO;
             phase += SIEGE_AGAIN_HELLO - SIEGE_HELLO) {
            struct siege siege;
            uint8_t both[2 * DTLS_VERIFY_DATA_LEN];
            struct draft draft = { .random = 9,
                                   .extra = flips[i].type,
                                   .extra_body = { (const uint8_t *)flips[i].body, flips[i].len } };
            siege_begin(&siege, phase, NULL); /* the client has not offered it: it must not be there */
            const struct dtls_established *active = &siege.pair->end[CLIENT].conn->as.active;
            memcpy(both, active->client_verify, DTLS_VERIFY_DATA_LEN);
            memcpy(both + DTLS_VERIFY_DATA_LEN, active->server_verify, DTLS_VERIFY_DATA_LEN);
            draft.renegotiation_info = (struct dtls_bytes){ both, phase == SIEGE_HELLO ? 0 : sizeof both };
            draft_say_server_hello(&siege, &draft);
            CHECK_CASE(draft_verdict(&siege, CLIENT) == DTLS_ERR_ILLEGAL_PARAMETER, "%s in a ServerHello, %s: %d",
                       flips[i].name, siege_name(phase), draft_verdict(&siege, CLIENT));
            siege_end(&siege);
        }
    }
}

/* ---- again and again (CVE-2016-6304) ---- */

/* A client that begins one attempt after the other, each with a large request for certificate status. */
static void large_requests_leave_memory_flat(void)
{
    static uint8_t status_request[2501] = { 1, 9, 0xc0 }; /* a list of responders, and no extensions */
    struct pair_options options;
    struct siege siege;
    size_t flat = 0;

    pair_options(&options, 1);
    options.config[SERVER].rehandshake_interval_ms = 0;
    siege_begin(&siege, SIEGE_OPEN, &options);
    size_t count = siege_count(1000);
    for (size_t i = 0; i < count; i++) {
        struct draft draft = { .random = (uint8_t)(1 + i % 250),
                               .renegotiation_info = client_verify(&siege),
                               .extra = 5,
                               .extra_body = { status_request, sizeof status_request } };
        draft_say_client_hello(&siege, &draft);
        if (i == 5)
            flat = siege.memory[SERVER].live_bytes;
        CHECK_CASE(i < 5 || siege.memory[SERVER].live_bytes <= flat + 16, /* signatures differ in length */
                   "attempt %zu: %zu bytes instead of %zu", i, siege.memory[SERVER].live_bytes, flat);
    }
    CU_ASSERT_EQUAL(pair_count(siege.pair, SERVER, DTLS_EVENT_REHANDSHAKE_STARTED), count);
    CU_ASSERT_TRUE(pair_ping(siege.pair, NET_SECOND));
    siege_end(&siege);
}

static void many_rehandshakes_leave_memory_flat(void)
{
    struct pair_options options;
    struct siege siege;
    size_t flat[2] = { 0, 0 };

    pair_options(&options, 1);
    options.config[SERVER].rehandshake_interval_ms = 0;
    siege_begin(&siege, SIEGE_OPEN, &options);
    for (size_t i = 1; i <= siege_count(1000); i++) {
        CU_ASSERT_EQUAL(
            pair_rehandshake(siege.pair, CLIENT, i % 10 == 0 ? DTLS_REHANDSHAKE_FULL : DTLS_REHANDSHAKE_ABBREVIATED),
            DTLS_OK);
        CU_ASSERT_TRUE(pair_run_until_renewed(siege.pair, i, NET_SECOND) && pair_ping(siege.pair, NET_SECOND));
        pair_run_for(siege.pair, 20 * NET_SECOND); /* the old epoch's time is over (R4) */
        for (int end = CLIENT; end <= SERVER && i % 10 == 0; end++) {
            if (i == 10)
                flat[end] = siege.memory[end].live_bytes;
            CHECK_CASE(siege.memory[end].live_bytes == flat[end],
                       "rehandshake %zu: end %d has %zu bytes instead of %zu", i, end, siege.memory[end].live_bytes,
                       flat[end]);
        }
    }
    siege_end(&siege);
}

static CU_TestInfo tests[] = {
    { "CVE-2009-3555: somebody's first ClientHello is no second one", a_first_hello_is_no_second_one },
    { "CVE-2009-3555: no handshake of another connection is spliced into a server's", no_splice_is_taken_by_a_server },
    { "CVE-2009-3555: no handshake of another connection is spliced into a client's", no_splice_is_taken_by_a_client },
    { "CVE-2014-0221: HelloRequests without end are one at most", requests_without_end_are_one },
    { "CVE-2015-0291: bad signature algorithms are refused, in a rehandshake too",
      bad_signature_algorithms_are_refused },
    { "CVE-2021-3449: a renegotiating ClientHello without signature algorithms is refused",
      missing_signature_algorithms_are_refused },
    { "CVE-2017-3733: an extension that a rehandshake brings or drops changes nothing",
      flipped_extensions_change_nothing },
    { "CVE-2016-6304: large requests in one rehandshake after the other leave memory flat",
      large_requests_leave_memory_flat },
    { "CVE-2016-6304: a thousand rehandshakes leave memory flat", many_rehandshakes_leave_memory_flat },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks renegotiation", tests);
}
