/* rehandshake_forged.c - authentic handshake messages that no engine of ours would send: what a faulty or malicious
 * peer can do in a rehandshake (contract R8, S5; CVE-2009-3555, CVE-2015-0291, CVE-2017-3733, CVE-2021-3449). */
#include <string.h>

#include "bytes/writer.h"
#include "conn/conn_private.h"
#include "messages/handshake_header.h"
#include "messages/hello.h"
#include "tests/box/call.h"
#include "tests/box/forge.h"
#include "tests/box/peek.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

enum { MESSAGE_MAX = 1024, HEADER = DTLS_HANDSHAKE_HEADER_LEN };

/* One message in one fragment; returns its length. */
static size_t write_message(uint8_t out[MESSAGE_MAX], uint8_t type, uint16_t message_seq, struct dtls_bytes body)
{
    struct dtls_writer to = dtls_writer_to(out, MESSAGE_MAX);

    dtls_fragment_write(&to, &(struct dtls_fragment){ type, (uint32_t)body.len, message_seq, 0, body });
    CU_ASSERT_FALSE_FATAL(to.broken);
    return to.len;
}

/* ---- hellos ---- */

/* What a hello of ours says, to be changed. */
struct draft {
    uint8_t random[DTLS_HELLO_RANDOM_LEN];
    uint8_t verify[2 * DTLS_VERIFY_DATA_LEN + 8];
    struct dtls_client_hello client;
    struct dtls_server_hello server;
};

static const uint8_t suites[] = { 0xc0, 0x2b }, groups[] = { 0, 29, 0, 23 }, schemes[] = { 4, 3 }, zero[] = { 0 };

static void write_drafts(struct draft *draft, const struct call *call)
{
    const struct dtls_established *active = &call->pair->end[CLIENT].conn->as.active;

    *draft = (struct draft){ .random = "another random of 32 bytes......" };
    memcpy(draft->verify, active->client_verify, DTLS_VERIFY_DATA_LEN);
    memcpy(draft->verify + DTLS_VERIFY_DATA_LEN, active->server_verify, DTLS_VERIFY_DATA_LEN);
    draft->client = (struct dtls_client_hello){
        .version = DTLS_VERSION_1_2,
        .random = { draft->random, sizeof draft->random },
        .suites = { suites, sizeof suites },
        .compressions = { zero, 1 },
        .extensions = { .has_groups = true,
                        .groups = { groups, sizeof groups },
                        .has_point_formats = true,
                        .point_formats = { zero, 1 },
                        .has_schemes = true,
                        .schemes = { schemes, sizeof schemes },
                        .extended_master_secret = true,
                        .has_renegotiation_info = true,
                        .renegotiation_info = { draft->verify, DTLS_VERIFY_DATA_LEN } },
    };
    draft->server = (struct dtls_server_hello){
        .version = DTLS_VERSION_1_2,
        .random = { draft->random, sizeof draft->random },
        .suite = 0xc02b,
        .extensions = { .extended_master_secret = true,
                        .has_renegotiation_info = true,
                        .renegotiation_info = { draft->verify, 2 * DTLS_VERIFY_DATA_LEN } },
    };
}

static bool drop_handshake(void *arg, const struct peek_note *note)
{
    (void)arg;
    return note->record.type == RECORD_HANDSHAKE;
}

/* The end `judge` gets the draft for an answer, or as a beginning; what it dies of, DTLS_OK when it lives. */
static int judge_draft(enum net_end judge, void (*change)(struct draft *draft))
{
    struct pair_options options;
    struct draft draft;
    struct peek_log log;
    struct call call;
    uint8_t body[MESSAGE_MAX], message[MESSAGE_MAX];
    struct dtls_writer to = dtls_writer_to(body, sizeof body);

    pair_options(&options, 110);
    call_begin(&call, &options);
    call_flow(&call, 20 * NET_MS, 160);
    peek_log_begin(&log, call.pair, drop_handshake, NULL);
    write_drafts(&draft, &call);
    change(&draft);
    if (judge == SERVER) {
        dtls_client_hello_write(&to, &draft.client);
    } else {
        dtls_server_hello_write(&to, &draft.server);
        CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    }
    size_t len =
        write_message(message, judge == SERVER ? DTLS_CLIENT_HELLO : DTLS_SERVER_HELLO, 0, dtls_writer_bytes(&to));
    CU_ASSERT_TRUE(forge_receive(call.pair, judge, 1, RECORD_HANDSHAKE, message, len));
    traffic_stop(call.traffic);
    pair_run_for(call.pair, 100 * NET_MS);
    const struct pair_event *failed = pair_last(call.pair, judge, DTLS_EVENT_FAILED);
    const struct pair_event *told = pair_last(call.pair, net_other(judge), DTLS_EVENT_FAILED);
    int error = failed == NULL ? DTLS_OK : failed->error;
    CU_ASSERT_TRUE((failed == NULL) == (told == NULL)); /* and tells its peer under the old keys */
    CU_ASSERT_EQUAL(dtls_conn_epoch(call.pair->end[judge].conn), 1);
    call.traffic->flow[CLIENT].refused = call.traffic->flow[SERVER].refused = 0; /* the dead send nothing */
    peek_log_end(&log, call.pair);
    call_end(&call);
    return error;
}

static void leave_alone(struct draft *draft)
{
    (void)draft;
}

static void no_info(struct draft *draft)
{
    draft->client.extensions.has_renegotiation_info = draft->server.extensions.has_renegotiation_info = false;
}

static void empty_info(struct draft *draft)
{
    draft->client.extensions.renegotiation_info.len = draft->server.extensions.renegotiation_info.len = 0;
}

static void short_info(struct draft *draft)
{
    draft->client.extensions.renegotiation_info.len--;
    draft->server.extensions.renegotiation_info.len--;
}

static void long_info(struct draft *draft)
{
    draft->client.extensions.renegotiation_info.len++;
    draft->server.extensions.renegotiation_info.len++;
}

/* The half that the other side's hello has. */
static void other_half_info(struct draft *draft)
{
    draft->client.extensions.renegotiation_info.at += DTLS_VERIFY_DATA_LEN;
    draft->server.extensions.renegotiation_info.len = DTLS_VERIFY_DATA_LEN;
}

static void wrong_info(struct draft *draft)
{
    draft->verify[0] ^= 1;
}

static void wrong_last_byte(struct draft *draft)
{
    draft->verify[DTLS_VERIFY_DATA_LEN - 1] ^= 0x80;
    draft->verify[2 * DTLS_VERIFY_DATA_LEN - 1] ^= 0x80;
}

static const struct {
    const char *name;
    void (*change)(struct draft *draft);
} wrong_infos[] = {
    { "missing", no_info },
    { "empty", empty_info },
    { "short", short_info },
    { "long", long_info },
    { "the other half", other_half_info },
    { "wrong at the start", wrong_info },
    { "wrong at the end", wrong_last_byte },
};

static void wrong_verify_data_is_fatal(void)
{
    for (int judge = CLIENT; judge <= SERVER; judge++) {
        CHECK_CASE(judge_draft((enum net_end)judge, leave_alone) == DTLS_OK, "end %d: a true one is refused", judge);
        for (size_t i = 0; i < sizeof wrong_infos / sizeof wrong_infos[0]; i++) {
            int error = judge_draft((enum net_end)judge, wrong_infos[i].change);
            CHECK_CASE(error == DTLS_ERR_BAD_RENEGOTIATION, "end %d, %s: %d", judge, wrong_infos[i].name, error);
        }
    }
}

static void scsv(struct draft *draft)
{
    static const uint8_t with_scsv[] = { 0xc0, 0x2b, 0x00, 0xff };

    draft->client.suites = (struct dtls_bytes){ with_scsv, sizeof with_scsv };
}

static void the_scsv_is_fatal_in_a_rehandshake(void)
{
    CU_ASSERT_EQUAL(judge_draft(SERVER, scsv), DTLS_ERR_BAD_RENEGOTIATION); /* RFC 5746, 3.7 */
}

static void no_master_secret(struct draft *draft)
{
    draft->client.extensions.extended_master_secret = draft->server.extensions.extended_master_secret = false;
}

static void dropping_the_extended_master_secret_is_fatal(void)
{
    CU_ASSERT_EQUAL(judge_draft(SERVER, no_master_secret), DTLS_ERR_UNSAFE_PEER);
    CU_ASSERT_EQUAL(judge_draft(CLIENT, no_master_secret), DTLS_ERR_UNSAFE_PEER);
}

static void no_schemes(struct draft *draft)
{
    draft->client.extensions.has_schemes = false;
    draft->client.extensions.schemes.len = 0;
}

static void no_groups(struct draft *draft)
{
    draft->client.extensions.has_groups = false;
}

static void no_point_formats(struct draft *draft)
{
    draft->client.extensions.has_point_formats = false;
}

static void ticket(struct draft *draft)
{
    draft->client.extensions.has_ticket = true;
}

static void unknown_schemes(struct draft *draft)
{
    static const uint8_t unknown[] = { 0x7f, 0x7f };

    draft->client.extensions.schemes = (struct dtls_bytes){ unknown, sizeof unknown };
}

static void unknown_suites(struct draft *draft)
{
    static const uint8_t unknown[] = { 0x00, 0x2f };

    draft->client.suites = (struct dtls_bytes){ unknown, sizeof unknown };
}

static void other_version(struct draft *draft)
{
    draft->client.version = draft->server.version = DTLS_VERSION_1_0;
}

static void unoffered_suite(struct draft *draft)
{
    draft->server.suite = 0xc02d;
}

static void tiny_limit(struct draft *draft)
{
    draft->client.extensions.has_record_size_limit = draft->server.extensions.has_record_size_limit = true;
    draft->client.extensions.record_size_limit = draft->server.extensions.record_size_limit = 63;
}

static void fragment_length(struct draft *draft)
{
    draft->client.extensions.has_max_fragment_length = draft->server.extensions.has_max_fragment_length = true;
    draft->client.extensions.max_fragment_length = draft->server.extensions.max_fragment_length = 4;
}

static void fragment_length_5(struct draft *draft)
{
    fragment_length(draft);
    draft->client.extensions.max_fragment_length = 5;
}

static void fragment_length_0(struct draft *draft)
{
    fragment_length(draft);
    draft->client.extensions.max_fragment_length = 0;
}

static void both_limits(struct draft *draft)
{
    fragment_length_5(draft); /* which nobody looks at */
    draft->client.extensions.has_record_size_limit = draft->server.extensions.has_record_size_limit = true;
    draft->client.extensions.record_size_limit = draft->server.extensions.record_size_limit = 64;
}

static void every_extension_may_be_flipped(void)
{
    static const struct {
        const char *name;
        enum net_end judge;
        void (*change)(struct draft *draft);
        int error;
    } cases[] = {
        { "no signature_algorithms", SERVER, no_schemes, DTLS_ERR_NO_COMMON_SUITE },
        { "no known signature algorithm", SERVER, unknown_schemes, DTLS_ERR_NO_COMMON_SUITE },
        { "no supported_groups", SERVER, no_groups, DTLS_OK },
        { "no ec_point_formats", SERVER, no_point_formats, DTLS_OK },
        { "a session_ticket that was not there before", SERVER, ticket, DTLS_OK },
        { "a record_size_limit below 64", SERVER, tiny_limit, DTLS_ERR_ILLEGAL_PARAMETER },
        { "a record_size_limit below 64 in the answer", CLIENT, tiny_limit, DTLS_ERR_ILLEGAL_PARAMETER },
        { "max_fragment_length", SERVER, fragment_length, DTLS_OK },
        { "max_fragment_length 0", SERVER, fragment_length_0, DTLS_ERR_ILLEGAL_PARAMETER },
        { "max_fragment_length 5", SERVER, fragment_length_5, DTLS_ERR_ILLEGAL_PARAMETER },
        { "max_fragment_length beside record_size_limit", SERVER, both_limits, DTLS_OK },
        { "max_fragment_length that was not offered", CLIENT, fragment_length, DTLS_ERR_ILLEGAL_PARAMETER },
        { "both limits in one answer", CLIENT, both_limits, DTLS_ERR_ILLEGAL_PARAMETER },
        { "no known suite", SERVER, unknown_suites, DTLS_ERR_NO_COMMON_SUITE },
        { "a hello of DTLS 1.0", SERVER, other_version, DTLS_ERR_VERSION },
        { "an answer of DTLS 1.0", CLIENT, other_version, DTLS_ERR_VERSION },
        { "a suite that was not offered", CLIENT, unoffered_suite, DTLS_ERR_ILLEGAL_PARAMETER },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int error = judge_draft(cases[i].judge, cases[i].change);
        CHECK_CASE(error == cases[i].error, "%s: %d instead of %d", cases[i].name, error, cases[i].error);
    }
}

/* ---- messages of another generation ---- */

/* The server's flight, when no rehandshake runs: it must not be kept for the next one. */
static void messages_before_a_rehandshake_are_not_used_in_it(void)
{
    static const uint8_t flight[] = { DTLS_SERVER_HELLO,      DTLS_CERTIFICATE, DTLS_SERVER_KEY_EXCHANGE,
                                      DTLS_SERVER_HELLO_DONE, DTLS_FINISHED,    DTLS_CLIENT_KEY_EXCHANGE };
    static const uint8_t body[40] = { 0xfe, 0xfd };

    for (int end = CLIENT; end <= SERVER; end++) {
        struct pair_options options;
        struct call call;
        uint8_t message[MESSAGE_MAX];
        pair_options(&options, 111);
        call_begin(&call, &options);
        uint64_t stale = pair_stats(call.pair, (enum net_end)end).dropped[DTLS_DROP_STALE];
        for (uint16_t seq = 0; seq < sizeof flight; seq++)
            for (uint16_t number = 0; number < 6; number++) {
                size_t len = write_message(message, flight[seq], number, (struct dtls_bytes){ body, sizeof body });
                CU_ASSERT_TRUE(forge_receive(call.pair, (enum net_end)end, 1, RECORD_HANDSHAKE, message, len));
            }
        stale = pair_stats(call.pair, (enum net_end)end).dropped[DTLS_DROP_STALE] - stale;
        /* A Finished is answered by the side that ended the first handshake (T5). */
        CHECK_CASE(stale == (end == CLIENT ? 36 : 30), "end %d: %llu dropped", end, (unsigned long long)stale);
        CU_ASSERT_PTR_NULL(call.pair->end[end].conn->hs);
        for (size_t k = 0; k < CALL_KINDS; k++) {
            CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], k + 1, NET_SECOND));
            pair_run_for(call.pair, 2 * NET_SECOND);
        }
        CU_ASSERT_TRUE(call_is_alive(&call));
        call_end(&call);
    }
}

/* A ClientKeyExchange of an attempt that the client has forgotten, late by so much that the next one runs: it has the
 * number that the next one's will have, and an earlier record. */
static void messages_of_a_replaced_attempt_are_not_used(void)
{
    static const uint8_t body[33] = { 32, 9, 9, 9 };
    struct pair_options options;
    struct call call;
    uint8_t message[MESSAGE_MAX], record[FORGE_MAX];

    pair_options(&options, 112);
    call_begin(&call, &options);
    size_t len = write_message(message, DTLS_CLIENT_KEY_EXCHANGE, 1, (struct dtls_bytes){ body, sizeof body });
    size_t record_len = forge_record(call.pair, SERVER, 1, RECORD_HANDSHAKE, message, len, record);
    call.pair->end[CLIENT].conn->as.epochs.current->write_sequence += 100;
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_STARTED, NET_SECOND));
    uint64_t stale = pair_stats(call.pair, SERVER).dropped[DTLS_DROP_STALE];
    net_inject(&call.pair->net, SERVER, call.pair->net.now_us + NET_MS, record, record_len);
    pair_run_for(call.pair, 2 * NET_MS);
    CU_ASSERT_EQUAL(pair_stats(call.pair, SERVER).dropped[DTLS_DROP_STALE], stale + 1);
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, NET_SECOND) && call_is_alive(&call));
    call_end(&call);
}

/* Records of n+1 wait, in the queue and in the datagram that is being read, when a new hello takes away their keys. */
static void data_of_a_replaced_attempt_is_dropped_and_counted(void)
{
    static const uint8_t body[33] = { 32, 9, 9, 9 };
    struct pair_options options;
    struct call call;
    struct draft draft;
    uint8_t message[MESSAGE_MAX], hello[MESSAGE_MAX], datagram[2 * FORGE_MAX];
    struct dtls_writer to = dtls_writer_to(hello, sizeof hello);

    pair_options(&options, 114);
    options.config[SERVER].rehandshake_interval_ms = 0;
    call_begin(&call, &options);
    write_drafts(&draft, &call);
    dtls_client_hello_write(&to, &draft.client);
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_STARTED, NET_SECOND));
    size_t len = write_message(message, DTLS_CLIENT_KEY_EXCHANGE, 1, (struct dtls_bytes){ body, sizeof body });
    CU_ASSERT_TRUE(forge_receive(call.pair, SERVER, 1, RECORD_HANDSHAKE, message, len));
    CU_ASSERT_TRUE(forge_receive(call.pair, SERVER, 2, RECORD_DATA, "in the queue", 12));
    struct dtls_stats before = pair_stats(call.pair, SERVER);
    CU_ASSERT_EQUAL(before.held, 1);
    size_t datagram_len = forge_record(call.pair, SERVER, 2, RECORD_DATA, "in the datagram", 15, datagram);
    len = write_message(message, DTLS_CLIENT_HELLO, 0, dtls_writer_bytes(&to));
    datagram_len += forge_record(call.pair, SERVER, 1, RECORD_HANDSHAKE, message, len, datagram + datagram_len);
    net_inject(&call.pair->net, SERVER, 0, datagram, datagram_len);
    pair_run_for(call.pair, 0);
    struct dtls_stats after = pair_stats(call.pair, SERVER);
    CU_ASSERT_EQUAL(after.dropped[DTLS_DROP_EPOCH], before.dropped[DTLS_DROP_EPOCH] + 2);
    CU_ASSERT_EQUAL(after.records_received, before.records_received);
    CU_ASSERT_EQUAL(pair_count(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_STARTED), 2);
    CU_ASSERT_TRUE(pair_is_open(call.pair, SERVER));
    call_end(&call);
}

/* Half a ClientHello, and never the rest: its time ends, and nothing of it is in the next one. */
static void half_a_hello_is_forgotten(void)
{
    struct pair_options options;
    struct call call;
    uint8_t fragment[HEADER + 60] = { DTLS_CLIENT_HELLO, 0, 0, 120, 0, 0, 0, 0, 0, 0, 0, 60, 0xfe, 0xfd, 1, 2, 3 };

    pair_options(&options, 113);
    options.config[SERVER].rehandshake_timeout_ms = 2000;
    call_begin(&call, &options);
    const struct dtls_conn *server = call.pair->end[SERVER].conn;
    CU_ASSERT_TRUE(forge_receive(call.pair, SERVER, 1, RECORD_HANDSHAKE, fragment, sizeof fragment));
    CU_ASSERT_PTR_NOT_NULL(server->hs);
    CU_ASSERT_FALSE(dtls_conn_rehandshake_pending(server));
    pair_run_for(call.pair, 2 * NET_SECOND);
    CU_ASSERT_PTR_NULL(server->hs);
    CU_ASSERT_EQUAL(dtls_conn_deadline(server), DTLS_NEVER);
    CU_ASSERT_TRUE(forge_receive(call.pair, SERVER, 1, RECORD_HANDSHAKE, fragment, sizeof fragment));
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, NET_SECOND) && call_is_alive(&call)); /* or it is replaced */
    call_end(&call);
}

/* What ends wolfSSL's connections under loss: a message of the old epoch, sent again, reaches an end that has finished
 * meanwhile. Fresh records, so that no replay window helps. */
static void late_copies_of_old_messages_kill_nobody(void)
{
    static const uint8_t kinds[] = { DTLS_HELLO_REQUEST,      DTLS_CLIENT_HELLO,        DTLS_SERVER_HELLO,
                                     DTLS_CERTIFICATE,        DTLS_SERVER_KEY_EXCHANGE, DTLS_SERVER_HELLO_DONE,
                                     DTLS_CERTIFICATE_VERIFY, DTLS_CLIENT_KEY_EXCHANGE, DTLS_FINISHED };
    static const uint8_t body[40] = { 0xfe, 0xfd };

    for (int k = 0; k < CALL_KINDS; k++)
        for (int end = CLIENT; end <= SERVER; end++) {
            struct pair_options options;
            struct call call;
            uint8_t message[MESSAGE_MAX];
            pair_options(&options, 114);
            call_begin(&call, &options);
            call_flow(&call, 20 * NET_MS, 160);
            CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], 1, NET_SECOND));
            for (size_t i = 0; i < sizeof kinds; i++)
                for (uint16_t number = 0; number < 8; number++) {
                    size_t body_len = kinds[i] == DTLS_HELLO_REQUEST ? 0 : sizeof body;
                    size_t len = write_message(message, kinds[i], number, (struct dtls_bytes){ body, body_len });
                    CU_ASSERT_TRUE(forge_receive(call.pair, (enum net_end)end, 1, RECORD_HANDSHAKE, message, len));
                    pair_run_for(call.pair, 5 * NET_MS);
                }
            CHECK_CASE(call.pair->end[end].conn->hs == NULL, "%s: end %d begins something", call_kinds[k].name, end);
            CU_ASSERT_TRUE(call_is_alive(&call));
            call_end(&call);
        }
}

static CU_TestInfo tests[] = {
    { "verify_data that is missing, cut, or wrong is fatal, at both ends (R8)", wrong_verify_data_is_fatal },
    { "the renegotiation SCSV is fatal in a rehandshake (R8)", the_scsv_is_fatal_in_a_rehandshake },
    { "a rehandshake that drops the extended master secret is fatal (R8)",
      dropping_the_extended_master_secret_is_fatal },
    { "every extension may be missing, or new, in a rehandshake", every_extension_may_be_flipped },
    { "messages before a rehandshake are not used in it (S5)", messages_before_a_rehandshake_are_not_used_in_it },
    { "messages of a replaced attempt are not used (S5)", messages_of_a_replaced_attempt_are_not_used },
    { "a late copy of an old epoch's message kills nobody who has finished (S5, T5)",
      late_copies_of_old_messages_kill_nobody },
    { "half a ClientHello is forgotten in time, or replaced (S5, R10)", half_a_hello_is_forgotten },
    { "data of a replaced attempt is dropped and counted (S5)", data_of_a_replaced_attempt_is_dropped_and_counted },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "rehandshake forged", tests);
}
