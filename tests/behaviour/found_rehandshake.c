/* found_rehandshake.c - what went wrong once in a rehandshake: where two rules meet that each held alone. */
#include <string.h>

#include "bytes/writer.h"
#include "conn/conn_private.h"
#include "messages/handshake_header.h"
#include "messages/hello.h"
#include "tests/box/call.h"
#include "tests/box/forge.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

/* ---- hellos in pieces ---- */

/* A server other than ours may have given the client one of any length (RFC 6347, 4.2.1): with 255 bytes of it a hello
 * goes in pieces under the smallest MTU, and the first of them ends within the cookie. */
static void give_long_cookie(struct call *call)
{
    struct dtls_association *as = &call->pair->end[CLIENT].conn->as;

    CU_ASSERT_PTR_NULL_FATAL(as->cookie);
    as->cookie = dtls_allocate(&as->memory, 255);
    CU_ASSERT_PTR_NOT_NULL_FATAL(as->cookie);
    as->cookie_len = 255;
    memset(as->cookie, 7, 255);
}

static void long_cookie_options(struct pair_options *options)
{
    options->config[CLIENT].mtu = 256;
    options->config[CLIENT].renegotiation_cookie = DTLS_RENEGOTIATION_COOKIE_OLD;
}

/* The second half of a spaced hello waits in the outbox when the server's flight, which answers an earlier copy, is
 * there: the client's own flight is then begun, and waits for a signature in another thread. */
static void a_spaced_hello_does_not_outlive_its_bytes(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 1);
    long_cookie_options(&options);
    options.config[CLIENT].identity = identity_of(IDENTITY_RSA4096_CHAIN);
    options.config[CLIENT].public_key_jobs = true;
    options.config[CLIENT].flight_interval_ms = 60;
    options.config[CLIENT].initial_timeout_ms = 50;
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.job_us = 30 * NET_MS;
    call_begin(&call, &options);
    give_long_cookie(&call);
    /* The client's last flight of this one is unconfirmed, and stands in front of the next hello (T5). */
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[2], 1, 2 * NET_SECOND));
    pair_run_for(call.pair, 2 * NET_SECOND);
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(dtls_outbox_is_pacing(&call.pair->end[CLIENT].conn->outbox));
    call.pair->net.link[SERVER].delay_us = 80 * NET_MS;
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 2, 10 * NET_SECOND));
    CU_ASSERT_TRUE(call_is_alive(&call));
    call_end(&call);
}

/* Another hello of the same client, whole: it has forgotten the one before. */
static size_t write_another_hello(const struct call *call, uint8_t out[FORGE_MAX])
{
    static const uint8_t suites[] = { 0xc0, 0x2b }, groups[] = { 0, 29 }, schemes[] = { 4, 3 }, zero[] = { 0 };
    static const uint8_t random[DTLS_HELLO_RANDOM_LEN] = "another random of 32 bytes......";
    uint8_t body[512];
    struct dtls_client_hello hello = {
        .version = DTLS_VERSION_1_2,
        .random = { random, sizeof random },
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
                        .renegotiation_info = { call->pair->end[CLIENT].conn->as.active.client_verify,
                                                DTLS_VERIFY_DATA_LEN } },
    };
    struct dtls_writer to_body = dtls_writer_to(body, sizeof body), to = dtls_writer_to(out, FORGE_MAX);

    dtls_client_hello_write(&to_body, &hello);
    dtls_fragment_write(&to, &(struct dtls_fragment){ .type = DTLS_CLIENT_HELLO,
                                                      .length = (uint32_t)to_body.len,
                                                      .body = dtls_writer_bytes(&to_body) });
    CU_ASSERT_FALSE_FATAL(to.broken);
    return to.len;
}

/* The server looked for a random in the first piece only where that had the whole cookie too: an attempt whose random
 * it did not know was not replaced, but the newcomer's random was mixed into its keys. */
static void a_hello_in_pieces_can_be_replaced(void)
{
    for (int long_cookie = 0; long_cookie < 2; long_cookie++) {
        struct pair_options options;
        struct call call;
        uint8_t message[FORGE_MAX];
        pair_options(&options, 2);
        long_cookie_options(&options);
        options.config[SERVER].rehandshake_interval_ms = 0;
        call_begin(&call, &options);
        if (long_cookie)
            give_long_cookie(&call);
        CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
        CU_ASSERT_TRUE(pair_run_until_event(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_STARTED, NET_SECOND));
        size_t len = write_another_hello(&call, message);
        CU_ASSERT_TRUE(forge_receive(call.pair, SERVER, 1, RECORD_HANDSHAKE, message, len));
        CHECK_CASE(pair_count(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_STARTED) == 2,
                   "cookie of %d bytes: not replaced", long_cookie * 255);
        call_end(&call);
    }
}

/* A ClientKeyExchange of an attempt that the client has forgotten comes late: before the server has answered, nothing
 * but the hello is kept, or the new attempt would take it for its own, and die. */
static void nothing_is_kept_beside_a_hello(void)
{
    static const uint8_t body[33] = { 32, 9, 9, 9 };

    for (int whole = 0; whole < 2; whole++) {
        struct pair_options options;
        struct call call;
        uint8_t message[FORGE_MAX], late[FORGE_MAX];
        struct dtls_writer to = dtls_writer_to(message, sizeof message);
        pair_options(&options, 3);
        if (whole)
            options.config[SERVER].rehandshake_policy = DTLS_REHANDSHAKE_ASK;
        else
            long_cookie_options(&options);
        call_begin(&call, &options);
        if (!whole)
            give_long_cookie(&call);
        dtls_fragment_write(
            &to, &(struct dtls_fragment){ DTLS_CLIENT_KEY_EXCHANGE, sizeof body, 1, 0, { body, sizeof body } });
        size_t len = forge_record(call.pair, SERVER, 1, RECORD_HANDSHAKE, message, to.len, late);
        call.pair->end[CLIENT].conn->as.epochs.current->write_sequence += 100;
        call.pair->net.link[CLIENT].rate_bps = 200000; /* two halves come 10 ms apart */
        CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
        while (call.pair->end[SERVER].conn->hs == NULL)
            pair_run_for(call.pair, NET_MS);
        CU_ASSERT_FALSE(call.pair->end[SERVER].conn->hs->answered);
        net_inject(&call.pair->net, SERVER, 0, late, len);
        pair_run_for(call.pair, NET_MS);
        CU_ASSERT_EQUAL(pair_stats(call.pair, SERVER).dropped[DTLS_DROP_STATE], 1);
        if (whole)
            CU_ASSERT_EQUAL(dtls_conn_accept_rehandshake(call.pair->end[SERVER].conn, call.pair->net.now_us), DTLS_OK);
        pair_settle(call.pair, SERVER);
        CHECK_CASE(pair_run_until_renewed(call.pair, 1, NET_SECOND) && call_is_alive(&call), "%s hello: dead",
                   whole ? "whole" : "half a");
        call_end(&call);
    }
}

/* ---- a flight in the outbox, when the one before it is forgotten (T5) ---- */

/* Data of n+1 by the client in front of its ChangeCipherSpec. */
struct order {
    uint16_t epoch; /* n */
    bool switched;
    size_t too_soon;
};

static struct net_verdict watch_order(void *arg, const struct net_sending *sending)
{
    struct order *order = arg;
    struct record_view records[RECORD_VIEW_MAX];
    size_t count = sending->from == CLIENT ? record_view_split(sending->bytes, sending->len, records) : 0;

    for (size_t i = 0; i < count; i++) {
        if (records[i].epoch == order->epoch && records[i].type == RECORD_CHANGE_CIPHER_SPEC)
            order->switched = true;
        if (records[i].epoch == order->epoch + 1 && records[i].type == RECORD_DATA && !order->switched)
            order->too_soon++;
    }
    return (struct net_verdict){ NET_PASS, 0 };
}

/* 240 s after the switch the last flight goes, when the next datagram comes, and that may be in the middle of a spaced
 * flight: the rest of it was lost until the timeout, and passed for sent. */
static void a_forgotten_flight_takes_no_other_with_it(void)
{
    for (unsigned before_ms = 30; before_ms < 90; before_ms += 4) {
        struct pair_options options;
        struct call call;
        struct order order = { .epoch = 2 };
        pair_options(&options, 4);
        options.config[CLIENT].identity = identity_of(IDENTITY_RSA4096_CHAIN);
        options.config[CLIENT].peer_model = DTLS_PEER_STRICT;
        options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
        call_begin(&call, &options);
        CU_ASSERT_TRUE(call_renew(&call, &call_kinds[2], 1, 5 * NET_SECOND));
        uint64_t over_us = call.pair->end[CLIENT].conn->last->switched_at + 240 * NET_SECOND;
        pair_run_for(call.pair, 239 * NET_SECOND);
        call_flow(&call, 5 * NET_MS, 100);
        pair_run_for(call.pair, over_us - before_ms * NET_MS - call.pair->net.now_us);
        net_set_filter(&call.pair->net, watch_order, &order);
        uint64_t again = pair_stats(call.pair, CLIENT).retransmissions;
        CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
        CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 2, 10 * NET_SECOND));
        again = pair_stats(call.pair, CLIENT).retransmissions - again;
        CHECK_CASE(again == 0 && order.switched && order.too_soon == 0,
                   "%u ms before: %llu retransmissions, %zu records of n+1 too soon", before_ms,
                   (unsigned long long)again, order.too_soon);
        call.traffic->flow[CLIENT].refused = 0; /* STRICT pauses */
        call_end(&call);
    }
}

/* ---- half a hello ---- */

/* The first 60 of a ClientHello's 120 bytes; the rest never comes. */
static const uint8_t half_hello[12 + 60] = {
    DTLS_CLIENT_HELLO, 0, 0, 120, 0, 0, 0, 0, 0, 0, 0, 60, 0xfe, 0xfd, 1, 2, 3,
};

/* It replaces an attempt that was told as STARTED: that has an end too. */
static void what_started_has_an_end(void)
{
    for (int ours = 0; ours < 2; ours++) {
        struct pair_options options;
        struct call call;
        pair_options(&options, 5);
        options.config[SERVER].rehandshake_timeout_ms = 2000;
        options.config[SERVER].rehandshake_interval_ms = 0;
        call_begin(&call, &options);
        const struct dtls_conn *server = call.pair->end[SERVER].conn;
        pair_rehandshake(call.pair, ours ? SERVER : CLIENT, DTLS_REHANDSHAKE_FULL);
        CU_ASSERT_TRUE(pair_run_until_event(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_STARTED, NET_SECOND));
        call.pair->net.link[CLIENT].loss = 10000;
        CU_ASSERT_TRUE(forge_receive(call.pair, SERVER, 1, RECORD_HANDSHAKE, half_hello, sizeof half_hello));
        CU_ASSERT_TRUE(dtls_conn_rehandshake_pending(server));
        pair_run_for(call.pair, 1900 * NET_MS);
        CU_ASSERT_TRUE(dtls_conn_rehandshake_pending(server));
        pair_run_for(call.pair, 10 * NET_SECOND);
        CU_ASSERT_FALSE(dtls_conn_rehandshake_pending(server));
        CHECK_CASE(pair_count(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_FAILED) == 1, "ours %d: %zu times FAILED", ours,
                   pair_count(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_FAILED));
        call_end(&call);
    }
}

/* It stopped a STRICT server's data for a minute, even where the whole of it would have been refused. */
static void half_a_hello_pauses_nothing(void)
{
    for (int policy = DTLS_REHANDSHAKE_ACCEPT; policy <= DTLS_REHANDSHAKE_ASK; policy++) {
        struct pair_options options;
        struct call call;
        uint8_t out[200];
        size_t len;
        pair_options(&options, 6);
        options.config[SERVER].peer_model = DTLS_PEER_STRICT;
        options.config[SERVER].rehandshake_policy = (enum dtls_rehandshake_policy)policy;
        call_begin(&call, &options);
        struct dtls_conn *server = call.pair->end[SERVER].conn;
        CU_ASSERT_TRUE(forge_receive(call.pair, SERVER, 1, RECORD_HANDSHAKE, half_hello, sizeof half_hello));
        CU_ASSERT_PTR_NOT_NULL(server->hs);
        int err = dtls_conn_send(server, call.pair->net.now_us, (const uint8_t *)"data", 4, out, sizeof out, &len);
        CHECK_CASE(err == DTLS_OK, "policy %d: error %d", policy, err);
        call_end(&call);
    }
}

/* ---- jobs ---- */

/* A STRICT client's data goes under n+1 as soon as its own flight has left: while the server works on its keys, and
 * that may take longer than the 8 records that are kept sealed otherwise. */
static void early_data_waits_for_a_job(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 7);
    options.config[CLIENT].peer_model = DTLS_PEER_STRICT;
    options.config[SERVER].public_key_jobs = true;
    options.job_us = 300 * NET_MS;
    call_begin(&call, &options);
    call_flow(&call, 10 * NET_MS, 160);
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, 5 * NET_SECOND));
    CU_ASSERT_EQUAL(pair_stats(call.pair, SERVER).dropped[DTLS_DROP_NO_ROOM], 0);
    CU_ASSERT_TRUE(call.traffic->flow[CLIENT].refused > 20); /* STRICT pauses */
    call.traffic->flow[CLIENT].refused = 0;
    call_end(&call); /* all that was sent has arrived, once */
}

/* The peer is ahead because we are still at work: our flight, sent again, would not help. */
static void no_copies_while_a_job_is_out(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 8);
    options.config[CLIENT].peer_model = DTLS_PEER_STRICT;
    options.config[CLIENT].identity = identity_of(IDENTITY_RSA4096_CHAIN);
    options.config[SERVER].identity = identity_of(IDENTITY_LONG_CHAIN);
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.config[SERVER].public_key_jobs = true;
    options.job_us = 300 * NET_MS;
    call_begin(&call, &options);
    call_flow(&call, 10 * NET_MS, 160);
    uint64_t answers = pair_stats(call.pair, SERVER).answers;
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, 5 * NET_SECOND));
    answers = pair_stats(call.pair, SERVER).answers - answers;
    uint64_t held = pair_stats(call.pair, SERVER).held;
    CHECK_CASE(held > 0 && answers == 0, "%llu held, %llu answers", (unsigned long long)held,
               (unsigned long long)answers);
    call.traffic->flow[CLIENT].refused = 0;
    call_end(&call);
}

/* The application closes at STARTED, and the JOB behind it in the queue is nobody's any more. */
static void no_event_for_a_job_that_is_gone(void)
{
    struct pair_options options;
    struct call call;
    struct dtls_event event;
    uint8_t datagram[2000];
    size_t len, jobs = 0;

    pair_options(&options, 9);
    options.config[SERVER].public_key_jobs = true;
    call_begin(&call, &options);
    struct dtls_conn *client = call.pair->end[CLIENT].conn, *server = call.pair->end[SERVER].conn;
    uint64_t now_us = call.pair->net.now_us;
    CU_ASSERT_EQUAL(dtls_conn_finish_job(server, now_us, NULL), DTLS_OK); /* as with free: nothing */
    CU_ASSERT_EQUAL(dtls_conn_rehandshake(client, now_us, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(dtls_conn_next_datagram(client, now_us, datagram, sizeof datagram, &len));
    CU_ASSERT_EQUAL(dtls_conn_finish_job(client, now_us, NULL), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_conn_receive(server, now_us, datagram, len), DTLS_OK);
    while (dtls_conn_next_event(server, &event)) {
        if (event.type == DTLS_EVENT_REHANDSHAKE_STARTED)
            dtls_conn_close(server, now_us);
        jobs += event.type == DTLS_EVENT_JOB;
    }
    CU_ASSERT_EQUAL(jobs, 0);
    dtls_job_run(dtls_conn_take_job(server)); /* NULL */
    call_end(&call);
}

static CU_TestInfo tests[] = {
    { "a spaced hello does not outlive its bytes (R16, R17)", a_spaced_hello_does_not_outlive_its_bytes },
    { "a hello in pieces can be replaced, whatever its cookie (S5)", a_hello_in_pieces_can_be_replaced },
    { "nothing is kept beside a hello that is not answered (S5)", nothing_is_kept_beside_a_hello },
    { "a forgotten flight takes no other with it (T5, R16, R18)", a_forgotten_flight_takes_no_other_with_it },
    { "what was told as STARTED has an end, if half a hello replaced it too (S5, R7)", what_started_has_an_end },
    { "half a hello pauses nothing (R18)", half_a_hello_pauses_nothing },
    { "early data waits for a job, however long that takes (R17, R18)", early_data_waits_for_a_job },
    { "a peer that is ahead of a job gets no copies (R17, R5)", no_copies_while_a_job_is_out },
    { "no event for a job that is gone, and nothing comes of none (R17)", no_event_for_a_job_that_is_gone },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "found_rehandshake", tests);
}
