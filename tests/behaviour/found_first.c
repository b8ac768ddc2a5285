/* found_first.c - what went wrong once in a first handshake, as its users saw it. */
#include <string.h>

#include "messages/handshake_header.h"
#include "messages/hello.h"
#include "tests/box/pair.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

enum {
    HELLO_MAX = 1500,
    SEQUENCE_AT = 5, /* of the record, in a datagram */
    BODY_AT = RECORD_HEADER_LEN + DTLS_HANDSHAKE_HEADER_LEN,
    VERSION_AT = BODY_AT,
    RANDOM_AT = BODY_AT + 2,
};

/* A forged datagram with one handshake fragment in the clear, of which `len` bytes are there. */
static void forge(struct pair *pair, enum net_end to, uint8_t type, uint8_t message_seq, uint8_t total, uint8_t len)
{
    uint8_t bytes[BODY_AT + UINT8_MAX] = { 0 };
    uint8_t *header = bytes + RECORD_HEADER_LEN;

    record_view_header(bytes, RECORD_HANDSHAKE, 0, 99, DTLS_HANDSHAKE_HEADER_LEN + (size_t)len);
    header[0] = type;
    header[3] = total;
    header[5] = message_seq;
    header[11] = len;
    net_inject(&pair->net, to, 0, bytes, BODY_AT + (size_t)len);
}

/* Writes over some bytes of everything the client sends in the clear while it says hello. */
struct patch {
    struct pair *pair;
    size_t at, len;
    uint8_t bytes[6];
};

static struct net_verdict patch_hello(void *arg, const struct net_sending *sending)
{
    const struct patch *patch = arg;
    uint8_t copy[HELLO_MAX];

    if (sending->from == SERVER || sending->len > sizeof copy || sending->bytes[0] != RECORD_HANDSHAKE ||
        sending->bytes[RECORD_HEADER_LEN] != DTLS_CLIENT_HELLO)
        return (struct net_verdict){ NET_PASS, 0 };
    memcpy(copy, sending->bytes, sending->len);
    memcpy(copy + patch->at, patch->bytes, patch->len);
    net_inject(&patch->pair->net, SERVER, sending->now_us + 20 * NET_MS, copy, sending->len);
    return (struct net_verdict){ NET_DROP, 0 };
}

static struct pair *start_patched(struct patch *patch)
{
    struct pair_options options;

    pair_options(&options, 1);
    options.silent = true;
    options.recording = true;
    options.filter = patch_hello;
    options.filter_arg = patch;
    patch->pair = pair_new(&options);
    CU_ASSERT_EQUAL(pair_start_client(patch->pair), DTLS_OK);
    return patch->pair;
}

static bool is_all_records(const uint8_t *datagram, size_t len)
{
    struct record_view records[RECORD_VIEW_MAX];
    size_t count = record_view_split(datagram, len, records);

    for (size_t i = 0; i < count; i++)
        if (records[i].type < RECORD_CHANGE_CIPHER_SPEC || records[i].type > RECORD_DATA)
            return false;
    return count > 0;
}

/* The server went on from there, had no number left for ChangeCipherSpec, and left a hole where it would have been. */
static void a_hello_with_one_of_the_last_numbers(void)
{
    struct patch patch = { .at = SEQUENCE_AT, .len = 6, .bytes = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xfc } };
    struct pair *pair = start_patched(&patch);
    uint8_t out[1500];
    size_t len = 0;

    CU_ASSERT_TRUE(pair_run_until_event(pair, SERVER, DTLS_EVENT_OPEN, 5 * NET_SECOND));
    memset(out, 0xee, sizeof out);
    CU_ASSERT_EQUAL(
        dtls_conn_send(pair->end[SERVER].conn, pair->net.now_us, (const uint8_t *)"data", 4, out, sizeof out, &len),
        DTLS_OK);
    CHECK_CASE(is_all_records(out, len), "a datagram of %zu bytes with a hole", len);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    for (size_t i = 0; i < pair->net.recorded_count; i++)
        CHECK_CASE(is_all_records(pair->net.recorded[i].bytes, pair->net.recorded[i].len),
                   "datagram %zu is more than records", i);
    pair_free(pair);
}

static void a_hello_of_tls_is_refused(void)
{
    struct patch patch = { .at = VERSION_AT, .len = 2, .bytes = { 3, 3 } };
    struct pair *pair = start_patched(&patch);

    pair_run_for(pair, 5 * NET_SECOND);
    const struct pair_event *failed = pair_last(pair, SERVER, DTLS_EVENT_FAILED);
    CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_VERSION, "the server fails with %d",
               failed == NULL ? 0 : failed->error);
    pair_free(pair);
}

/* The old flight is no answer to it: its client would fail, and the server is an amplifier. */
static void a_hello_of_a_restarted_client_gets_no_old_flight(void)
{
    struct pair_options options;
    uint8_t hello[HELLO_MAX];

    pair_options(&options, 2);
    options.recording = true;
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, 25 * NET_MS); /* the server has answered */
    size_t sent = pair->net.counts[SERVER].sent, len = pair->net.recorded[0].len;
    CU_ASSERT_TRUE_FATAL(sent > 0 && len <= sizeof hello);
    memcpy(hello, pair->net.recorded[0].bytes, len);
    hello[SEQUENCE_AT + 5] = 7; /* a later record */
    hello[RANDOM_AT] ^= 1;
    net_inject(&pair->net, SERVER, 0, hello, len);
    pair_run_for(pair, NET_MS);
    CU_ASSERT_EQUAL(pair->net.counts[SERVER].sent, sent);
    CU_ASSERT_EQUAL(pair_stats(pair, SERVER).answers, 0);
    hello[RANDOM_AT] ^= 1; /* the one that it has answered */
    hello[SEQUENCE_AT + 5] = 8;
    net_inject(&pair->net, SERVER, 0, hello, len);
    pair_run_for(pair, NET_MS);
    CU_ASSERT_EQUAL(pair_stats(pair, SERVER).answers, 1);
    CU_ASSERT_TRUE(pair_run_until_open(pair, NET_SECOND));
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    pair_free(pair);
}

/* It waited in its slot until Finished was verified, and was then an unexpected message. */
static void a_forged_message_behind_finished_ends_nothing(void)
{
    static const uint8_t behind_finished[2] = { [CLIENT] = 5, [SERVER] = 3 };

    for (int end = CLIENT; end <= SERVER; end++) {
        struct pair_options options;
        pair_options(&options, 3);
        struct pair *pair = pair_new(&options);
        pair_run_for(pair, end == CLIENT ? 50 * NET_MS : 30 * NET_MS); /* each has sent its first flight but one */
        forge(pair, (enum net_end)end, DTLS_SERVER_HELLO_DONE, behind_finished[end], 0, 0);
        CHECK_CASE(pair_run_until_open(pair, 5 * NET_SECOND), "end %d fails", end);
        CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
        pair_run_for(pair, NET_SECOND);
        CHECK_CASE(pair_both_open(pair), "end %d fails later", end);
        pair_free(pair);
    }
}

/* The first ServerHello is lost; and from the client's answer to the second on, everything for a moment. */
struct twice_lost {
    size_t server_hellos;
    uint64_t answered_us;
};

static struct net_verdict lose_each_flight_once(void *arg, const struct net_sending *sending)
{
    struct twice_lost *seen = arg;
    struct record_view view;
    uint8_t type = 0;

    if (record_view_find(sending->bytes, sending->len, RECORD_HANDSHAKE, &view) && view.len > 0)
        type = view.body[0];
    seen->server_hellos += sending->from == SERVER && type == DTLS_SERVER_HELLO;
    if (type == DTLS_CLIENT_KEY_EXCHANGE && seen->answered_us == 0)
        seen->answered_us = sending->now_us;
    bool lost =
        seen->server_hellos == 1 || (seen->answered_us != 0 && sending->now_us < seen->answered_us + 45 * NET_MS);
    return (struct net_verdict){ lost && type != DTLS_CLIENT_HELLO ? NET_DROP : NET_PASS, 0 };
}

/* The two timeouts that it allows (S9) were counted over all flights. */
static void an_early_alert_dooms_no_handshake_that_goes_on(void)
{
    struct twice_lost seen = { 0 };
    uint8_t alert[RECORD_HEADER_LEN + 2];
    struct pair_options options;

    pair_options(&options, 4);
    options.filter = lose_each_flight_once;
    options.filter_arg = &seen;
    struct pair *pair = pair_new(&options);
    record_view_header(alert, RECORD_ALERT, 0, 99, 2);
    alert[RECORD_HEADER_LEN] = 2; /* fatal */
    alert[RECORD_HEADER_LEN + 1] = DTLS_ALERT_HANDSHAKE_FAILURE;
    net_inject(&pair->net, CLIENT, 0, alert, sizeof alert);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_TRUE(pair_stats(pair, CLIENT).retransmissions >= 2);
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    pair_free(pair);
}

#define COOKIE_DIES_US (125 * NET_SECOND) /* DTLS_COOKIE_SLOT, twice */

/* The client is not heard between its first hello and the death of the cookie that it got for it. */
static struct net_verdict silence_after_first(void *arg, const struct net_sending *sending)
{
    (void)arg;
    return (struct net_verdict){
        sending->from == CLIENT && sending->index > 0 && sending->now_us < COOKIE_DIES_US ? NET_DROP : NET_PASS, 0
    };
}

static void a_cookie_that_expires_on_the_way_costs_one_more_round(void)
{
    struct pair_options options;

    pair_options(&options, 5);
    options.cookies = true;
    options.config[CLIENT].handshake_timeout_ms = 0;
    options.filter = silence_after_first;
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, COOKIE_DIES_US + 10 * NET_SECOND));
    CU_ASSERT_EQUAL(pair->hellos_answered, 2);
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    pair_free(pair);
}

/* A server took the first message_seq that it saw for the number of the handshake, for good. */
static void a_forged_number_does_not_shut_the_client_out(void)
{
    struct pair_options options;

    pair_options(&options, 6);
    options.silent = true;
    struct pair *pair = pair_new(&options);
    forge(pair, SERVER, DTLS_CLIENT_HELLO, 5, 200, 60);
    pair_run_for(pair, NET_MS);
    CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_EQUAL(pair_stats(pair, CLIENT).retransmissions, 0);
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    pair_free(pair);
}

/* Somebody says hello in the client's name, with a message_seq of his own, and the server's answer has that too. */
static void a_mirrored_cookie_request_ends_no_client(void)
{
    for (uint8_t message_seq = 1; message_seq < 8; message_seq++) {
        struct pair_options options;
        pair_options(&options, 8);
        options.silent = true;
        options.cookies = message_seq % 2;
        struct pair *pair = pair_new(&options);
        CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
        forge(pair, CLIENT, DTLS_HELLO_VERIFY_REQUEST, message_seq, 3, 3);
        CHECK_CASE(pair_run_until_open(pair, 5 * NET_SECOND) && pair_ping(pair, NET_SECOND), "message_seq %d",
                   message_seq);
        pair_free(pair);
    }
}

/* A whole ClientHello in the client's name, with a cookie of `cookie_len` bytes that nobody gave. */
static void say_hello_for_the_client(struct pair *pair, uint8_t message_seq, uint8_t cookie_len, uint64_t at_us)
{
    static const uint8_t rest[] = { 0, 2, 0xc0, 0x2b, 1, 0 };
    uint8_t bytes[BODY_AT + 35 + 1 + DTLS_COOKIE_LEN + sizeof rest] = { 0 };
    size_t body = 35 + 1 + cookie_len + sizeof rest;

    record_view_header(bytes, RECORD_HANDSHAKE, 0, 7, DTLS_HANDSHAKE_HEADER_LEN + body);
    bytes[RECORD_HEADER_LEN] = DTLS_CLIENT_HELLO;
    bytes[RECORD_HEADER_LEN + 3] = bytes[RECORD_HEADER_LEN + 11] = (uint8_t)body;
    bytes[RECORD_HEADER_LEN + 5] = message_seq;
    bytes[VERSION_AT] = 0xfe;
    bytes[VERSION_AT + 1] = 0xfd;
    bytes[BODY_AT + 35] = cookie_len;
    memcpy(bytes + BODY_AT + 36 + cookie_len, rest, sizeof rest);
    net_inject(&pair->net, SERVER, at_us, bytes, BODY_AT + body);
}

/* The number is due: the client took the answer, said hello once more, and that killed the server. */
static void a_mirrored_number_that_is_due_kills_nobody(void)
{
    for (uint8_t cookie_len = 0; cookie_len <= DTLS_COOKIE_LEN; cookie_len += DTLS_COOKIE_LEN)
        for (uint8_t number = 0; number <= 8; number++)
            for (uint64_t after_us = 5 * NET_MS; after_us < 120 * NET_MS; after_us += 5 * NET_MS) {
                struct pair_options options;
                pair_options(&options, 9);
                options.cookies = true;
                struct pair *pair = pair_new(&options);
                say_hello_for_the_client(pair, number, cookie_len, pair->net.now_us + after_us);
                CHECK_CASE(pair_run_until_open(pair, 10 * NET_SECOND) && pair_ping(pair, NET_SECOND),
                           "cookie of %u, number %u after %llu us: not done", cookie_len, number,
                           (unsigned long long)after_us);
                pair_free(pair);
            }
}

/* What a peer with a replay window takes for new. */
static void check_numbers_grow(const struct pair *pair, enum net_end from, const char *what)
{
    struct record_view records[RECORD_VIEW_MAX];
    uint64_t next = 0;
    size_t alerts = 0;

    for (size_t i = 0; i < pair->net.recorded_count; i++) {
        const struct net_recorded *datagram = &pair->net.recorded[i];
        size_t count = datagram->from == from ? record_view_split(datagram->bytes, datagram->len, records) : 0;
        for (size_t j = 0; j < count; j++) {
            CHECK_CASE(records[j].sequence >= next, "%s: a record has the number of another", what);
            next = records[j].sequence + 1;
            alerts += records[j].type == RECORD_ALERT;
        }
    }
    CHECK_CASE(alerts == 1, "%s: %zu alerts", what, alerts);
}

/* Each had number 0, which the cookie request had had before: Mbed TLS and wolfSSL dropped it, and said hello again
 * until their time was over. */
static void a_refusal_behind_a_cookie_is_new(void)
{
    static const char *const offered[] = { "mqtt" }, *const known[] = { "coap" };
    static const char *const what[] = { "no protocol", "no suite", "no such name" };
    const struct dtls_named_identity named = { "somebody.example", identity_of(IDENTITY_SERVER) };

    for (size_t i = 0; i < sizeof what / sizeof what[0]; i++) {
        struct pair_options options;
        pair_options(&options, 13);
        options.cookies = options.recording = true;
        struct dtls_config *client = &options.config[CLIENT], *server = &options.config[SERVER];
        if (i == 0) {
            client->alpn = offered;
            server->alpn = known;
            client->alpn_count = server->alpn_count = 1;
        } else if (i == 1) {
            client->suites[0] = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256;
            server->suites[0] = DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384;
            client->suite_count = server->suite_count = 1;
        } else {
            client->server_name = "nobody.example";
            server->identities = &named;
            server->identity_count = 1;
            server->refuse_unknown_names = true;
        }
        struct pair *pair = pair_new(&options);
        CHECK_CASE(pair_run_until_event(pair, CLIENT, DTLS_EVENT_FAILED, 10 * NET_SECOND), "%s: not refused", what[i]);
        CHECK_CASE(pair->hellos_answered == 1, "%s: no cookie", what[i]);
        check_numbers_grow(pair, SERVER, what[i]);
        pair_free(pair);
    }
}

static CU_TestInfo tests[] = {
    { "a hello numbered 2^48-4 draws no bytes that nobody wrote", a_hello_with_one_of_the_last_numbers },
    { "a hello of TLS, client_version 0x0303, is refused", a_hello_of_tls_is_refused },
    { "a restarted client's hello is not answered with the old flight",
      a_hello_of_a_restarted_client_gets_no_old_flight },
    { "a forged message behind Finished ends no handshake that is verified",
      a_forged_message_behind_finished_ends_nothing },
    { "an early forged alert ends no handshake that goes on", an_early_alert_dooms_no_handshake_that_goes_on },
    { "a cookie that expires on the way costs one more round", a_cookie_that_expires_on_the_way_costs_one_more_round },
    { "a forged hello with another message_seq does not shut the client out",
      a_forged_number_does_not_shut_the_client_out },
    { "a cookie request that somebody else has asked for ends no client (S4)",
      a_mirrored_cookie_request_ends_no_client },
    { "a cookie request that is due, and that somebody else has asked for, kills nobody (S4)",
      a_mirrored_number_that_is_due_kills_nobody },
    { "a refusal behind a cookie has a number of its own, so that the client hears it",
      a_refusal_behind_a_cookie_is_new },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "found_first", tests);
}
