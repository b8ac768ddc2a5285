/* rehandshake_settings.c - what a configuration says about rehandshakes: cookies (R6), none at all (R15). */
#include <string.h>

#include "messages/handshake_header.h"
#include "messages/hello.h"
#include "tests/box/call.h"
#include "tests/box/forge.h"
#include "tests/box/peek.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

/* ---- R6: the cookie of a renegotiating ClientHello ---- */

enum { HANDSHAKE_HEADER = 12 };

/* The `nth` ClientHello that was sent; its views point into the log. */
static bool read_hello(const struct peek_log *log, size_t nth, struct dtls_client_hello *hello, uint16_t *message_seq)
{
    const struct peek_note *note = peek_log_message(log, CLIENT, DTLS_CLIENT_HELLO, nth);

    if (note == NULL || note->record.len < HANDSHAKE_HEADER)
        return false;
    *message_seq = peek_message_seq(&note->record);
    struct dtls_bytes body = { note->record.bytes + HANDSHAKE_HEADER, note->record.len - HANDSHAKE_HEADER };
    return dtls_client_hello_read(body, hello) == DTLS_OK;
}

static void renew_with_cookie(enum dtls_renegotiation_cookie setting, size_t expected)
{
    struct pair_options options;
    struct dtls_client_hello hello;
    struct peek_log log;
    struct call call;
    uint16_t message_seq;

    pair_options(&options, 70);
    options.cookies = true;
    options.config[CLIENT].renegotiation_cookie = setting;
    call_begin(&call, &options);
    CU_ASSERT_EQUAL(call.pair->hellos_answered, 1);
    for (size_t k = 0; k < CALL_KINDS; k++) {
        peek_log_begin(&log, call.pair, NULL, NULL);
        CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], k + 1, NET_SECOND));
        CHECK_CASE(read_hello(&log, 0, &hello, &message_seq) && hello.cookie.len == expected && message_seq == 0,
                   "%s: a cookie of %zu bytes", call_kinds[k].name, hello.cookie.len);
        peek_log_end(&log, call.pair);
        pair_run_for(call.pair, 2 * NET_SECOND);
    }
    CU_ASSERT_TRUE(call_is_alive(&call));
    call_end(&call);
}

static void the_cookie_is_empty_or_old(void)
{
    renew_with_cookie(DTLS_RENEGOTIATION_COOKIE_EMPTY, 0);
    renew_with_cookie(DTLS_RENEGOTIATION_COOKIE_OLD, DTLS_COOKIE_LEN);
}

static bool drop_handshake(void *arg, const struct peek_note *note)
{
    (void)arg;
    return note->record.type == RECORD_HANDSHAKE;
}

static bool drop_hellos(void *arg, const struct peek_note *note)
{
    (void)arg;
    return peek_is_message(&note->record, DTLS_CLIENT_HELLO);
}

/* A server that wants another cookie in the rehandshake (no engine of ours does). */
static void a_hello_verify_request_is_taken(void)
{
    static const uint8_t request[] = {
        DTLS_HELLO_VERIFY_REQUEST, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 6, 0xfe, 0xff, 3, 'n', 'e', 'w'
    };
    struct pair_options options;
    struct dtls_client_hello hello;
    struct peek_log log;
    struct call call;
    uint16_t message_seq;

    pair_options(&options, 71);
    call_begin(&call, &options);
    peek_log_begin(&log, call.pair, drop_hellos, NULL);
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(read_hello(&log, 0, &hello, &message_seq) && hello.cookie.len == 0 && message_seq == 0);
    CU_ASSERT_TRUE(forge_receive(call.pair, CLIENT, 1, RECORD_HANDSHAKE, request, sizeof request));
    CU_ASSERT_TRUE(read_hello(&log, 1, &hello, &message_seq) && message_seq == 1 && hello.cookie.len == 3 &&
                   memcmp(hello.cookie.at, "new", 3) == 0);
    peek_log_end(&log, call.pair);
    call_end(&call);
}

/* ---- R14: timeouts ---- */

/* The first ClientHello is lost; the second comes after a timeout that the round trip has made, not the setting. */
static bool drop_first_hello(void *arg, const struct peek_note *note)
{
    size_t *seen = arg;

    return peek_is_message(&note->record, DTLS_CLIENT_HELLO) && (*seen)++ == 0;
}

static void timeouts_start_from_the_measured_round_trip(void)
{
    for (int end = CLIENT; end <= SERVER; end++)
        for (uint64_t delay_us = 5 * NET_MS; delay_us <= 320 * NET_MS; delay_us *= 4) {
            struct pair_options options;
            struct peek_log log;
            struct call call;
            size_t seen = 0;
            pair_options(&options, 73);
            dtls_config_init(&options.config[CLIENT]); /* 1 s, not the preset */
            options.config[CLIENT].verifier = dtls_verifier_accept();
            options.config[SERVER].initial_timeout_ms = 1000;
            options.link[CLIENT].delay_us = options.link[SERVER].delay_us = delay_us;
            call_begin(&call, &options);
            for (size_t number = 1; number <= 3; number++) { /* samples */
                CU_ASSERT_TRUE(call_renew(&call, &call_kinds[end], number, 20 * NET_SECOND));
                pair_run_for(call.pair, 2 * NET_SECOND);
            }
            peek_log_begin(&log, call.pair, drop_first_hello, &seen);
            uint64_t srtt_us = dtls_conn_round_trip(call.pair->end[CLIENT].conn);
            CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 4, 20 * NET_SECOND));
            const struct peek_note *first = peek_log_message(&log, CLIENT, DTLS_CLIENT_HELLO, 0);
            const struct peek_note *second = peek_log_message(&log, CLIENT, DTLS_CLIENT_HELLO, 1);
            CU_ASSERT_TRUE_FATAL(first != NULL && second != NULL);
            uint64_t waited_us = second->time_us - first->time_us;
            CHECK_CASE(srtt_us == 2 * delay_us && waited_us >= srtt_us && waited_us >= 50 * NET_MS &&
                           waited_us <= 3 * srtt_us + 50 * NET_MS,
                       "round trip %llu us: waits %llu us", (unsigned long long)srtt_us, (unsigned long long)waited_us);
            peek_log_end(&log, call.pair);
            call_end(&call);
        }
}

/* ---- R15: WebRTC ---- */

static void the_webrtc_preset_starts_none_and_denies_each(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        const struct call_kind *kind = &call_kinds[k];
        enum net_end peer = net_other(kind->from);
        struct pair_options options;
        struct call call;
        pair_options(&options, 72);
        dtls_config_preset_webrtc(&options.config[peer]);
        call_begin(&call, &options);
        call_flow(&call, 20 * NET_MS, 160);
        CU_ASSERT_TRUE(
            dtls_conn_secure_renegotiation(call.pair->end[kind->from].conn)); /* announced all the same (R8) */
        CU_ASSERT_EQUAL(pair_rehandshake(call.pair, peer, kind->mode), DTLS_ERR_FORBIDDEN);
        CU_ASSERT_FALSE(dtls_conn_rehandshake_pending(call.pair->end[peer].conn));
        CU_ASSERT_EQUAL(pair_rehandshake(call.pair, kind->from, kind->mode), DTLS_OK);
        CU_ASSERT_TRUE(pair_run_until_event(call.pair, kind->from, DTLS_EVENT_REHANDSHAKE_REFUSED, NET_SECOND));
        pair_run_for(call.pair, 5 * NET_SECOND);
        CU_ASSERT_EQUAL(dtls_conn_epoch(call.pair->end[CLIENT].conn), 1);
        CU_ASSERT_TRUE(call_is_alive(&call));
        call_end(&call);
    }
}

/* What BoringSSL does with any renegotiation (Chromium): the connection is over, and the event says of what. */
static void a_fatal_alert_for_an_answer_is_told(void)
{
    static const uint8_t alert[] = { 2, DTLS_ALERT_NO_RENEGOTIATION };

    for (int k = 0; k < CALL_KINDS; k++) {
        enum net_end from = call_kinds[k].from;
        struct pair_options options;
        struct peek_log log;
        struct call call;
        pair_options(&options, 74);
        call_begin(&call, &options);
        peek_log_begin(&log, call.pair, drop_handshake, NULL);
        CU_ASSERT_EQUAL(pair_rehandshake(call.pair, from, call_kinds[k].mode), DTLS_OK);
        CU_ASSERT_TRUE(forge_receive(call.pair, from, 1, RECORD_ALERT, alert, sizeof alert));
        const struct pair_event *failed = pair_last(call.pair, from, DTLS_EVENT_FAILED);
        CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_ALERT && failed->alert == DTLS_ALERT_NO_RENEGOTIATION,
                   "%s: not told", call_kinds[k].name);
        CU_ASSERT_EQUAL(pair_count(call.pair, from, DTLS_EVENT_REHANDSHAKE_REFUSED), 0);
        CU_ASSERT_FALSE(dtls_conn_rehandshake_pending(call.pair->end[from].conn));
        CU_ASSERT_EQUAL(dtls_conn_alert(call.pair->end[from].conn), DTLS_ALERT_NO_RENEGOTIATION);
        peek_log_end(&log, call.pair);
        call_end(&call);
    }
}

static CU_TestInfo tests[] = {
    { "a renegotiating ClientHello has no cookie, or the old one (R6)", the_cookie_is_empty_or_old },
    { "a HelloVerifyRequest in a rehandshake is answered (R6)", a_hello_verify_request_is_taken },
    { "timeouts of a rehandshake start from the measured round trip (R14)",
      timeouts_start_from_the_measured_round_trip },
    { "a fatal alert in answer to a rehandshake is told as what it is", a_fatal_alert_for_an_answer_is_told },
    { "the WebRTC preset starts no rehandshake and denies each (R15)", the_webrtc_preset_starts_none_and_denies_each },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "rehandshake settings", tests);
}
