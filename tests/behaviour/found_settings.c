/* found_settings.c - what went wrong once between dtls_conn_set_config and an attempt that was under way: settings are
 * for the next one. */
#include <string.h>

#include "conn/conn_private.h"
#include "tests/box/call.h"
#include "tests/tap.h"

/* Both ends' attempts: a client's, and a server's HelloRequest. The peer refuses, or is silent. */
static void begin_unwelcome(struct call *call, enum net_end from, enum dtls_rehandshake_policy policy)
{
    struct pair_options options;

    pair_options(&options, 120);
    options.config[from].rehandshake_timeout_ms = 5000;
    options.config[net_other(from)].rehandshake_policy = policy;
    call_begin(call, &options);
    CU_ASSERT_EQUAL(pair_rehandshake(call->pair, from, DTLS_REHANDSHAKE_FULL), DTLS_OK);
}

static void an_attempt_ends_by_its_own_settings(void)
{
    for (int end = CLIENT; end <= SERVER; end++)
        for (int silent = 0; silent < 2; silent++) {
            enum net_end from = (enum net_end)end;
            struct call call;
            begin_unwelcome(&call, from, silent ? DTLS_REHANDSHAKE_IGNORE : DTLS_REHANDSHAKE_DENY);
            uint64_t began_us = call.pair->net.now_us;
            struct dtls_config next = *call_config(&call, from);
            next.rehandshake_mandatory = true;
            next.rehandshake_timeout_ms = 300;
            call_set_config(&call, from, &next);
            enum dtls_event_type expected = silent ? DTLS_EVENT_REHANDSHAKE_FAILED : DTLS_EVENT_REHANDSHAKE_REFUSED;
            CU_ASSERT_TRUE(pair_run_until_event(call.pair, from, expected, 10 * NET_SECOND));
            CHECK_CASE(!silent || call.pair->net.now_us - began_us == 5 * NET_SECOND, "end %d: failed after %llu us",
                       end, (unsigned long long)(call.pair->net.now_us - began_us));
            CU_ASSERT_TRUE(call_is_alive(&call));
            call_end(&call);
        }
}

/* And the other way round: what was mandatory stays so, and the next one is by the new settings. */
static void what_was_mandatory_stays_so(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        enum net_end from = (enum net_end)end;
        struct pair_options options;
        struct call call;
        pair_options(&options, 121);
        options.config[from].rehandshake_mandatory = true;
        options.config[net_other(from)].rehandshake_policy = DTLS_REHANDSHAKE_DENY;
        call_begin(&call, &options);
        struct dtls_config next = *call_config(&call, from);
        next.rehandshake_mandatory = false;
        CU_ASSERT_EQUAL(pair_rehandshake(call.pair, from, DTLS_REHANDSHAKE_FULL), DTLS_OK);
        call_set_config(&call, from, &next);
        pair_run_for(call.pair, NET_SECOND);
        const struct pair_event *failed = pair_last(call.pair, from, DTLS_EVENT_FAILED);
        CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_REHANDSHAKE_REQUIRED, "end %d", end);
        call_end(&call);
    }
}

/* The identity that the server is about to present stays (R9), before it has done so too: settings without a suite for
 * it would end the association at the next rehandshake. */
static void suites_must_fit_what_is_being_presented(void)
{
    struct dtls_config rsa;
    struct pair_options options;

    pair_options(&options, 122);
    struct pair *pair = pair_new(&options); /* the hello is on its way */
    rsa = pair->end[SERVER].config;
    rsa.identity = identity_of(IDENTITY_RSA2048);
    rsa.suites[0] = DTLS_ECDHE_RSA_AES_128_GCM_SHA256;
    rsa.suite_count = 1;
    CU_ASSERT_EQUAL(dtls_conn_set_config(pair->end[SERVER].conn, &rsa), DTLS_ERR_ARGUMENT);
    CU_ASSERT_TRUE(pair_run_until_open(pair, NET_SECOND) && pair_ping(pair, NET_SECOND));
    CU_ASSERT_EQUAL(dtls_conn_set_config(pair->end[SERVER].conn, &rsa), DTLS_ERR_ARGUMENT);
    rsa.change_own_identity = true;
    CU_ASSERT_EQUAL(dtls_conn_set_config(pair->end[SERVER].conn, &rsa), DTLS_OK);
    pair_free(pair);
}

static void never_refuses_a_hello_request_too(void)
{
    for (int policy = DTLS_REHANDSHAKE_ACCEPT; policy <= DTLS_REHANDSHAKE_ASK; policy++) {
        struct pair_options options;
        struct call call;
        pair_options(&options, 123);
        options.config[CLIENT].rehandshake_never = true;
        options.config[CLIENT].rehandshake_policy = (enum dtls_rehandshake_policy)policy;
        call_begin(&call, &options);
        CU_ASSERT_EQUAL(pair_rehandshake(call.pair, SERVER, DTLS_REHANDSHAKE_FULL), DTLS_OK);
        CHECK_CASE(pair_run_until_event(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_REFUSED, NET_SECOND), "policy %d",
                   policy);
        CU_ASSERT_EQUAL(pair_count(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_REQUESTED), 0);
        CU_ASSERT_TRUE(call_is_alive(&call));
        call_end(&call);
    }
}

/* It was asked before it was told never to start one. */
static void never_forbids_to_accept(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 124);
    options.config[CLIENT].rehandshake_policy = DTLS_REHANDSHAKE_ASK;
    call_begin(&call, &options);
    struct dtls_conn *client = call.pair->end[CLIENT].conn;
    struct dtls_config never = *call_config(&call, CLIENT);
    never.rehandshake_never = true;
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, SERVER, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_REQUESTED, NET_SECOND));
    call_set_config(&call, CLIENT, &never);
    CU_ASSERT_EQUAL(dtls_conn_accept_rehandshake(client, call.pair->net.now_us), DTLS_ERR_FORBIDDEN);
    CU_ASSERT_TRUE(dtls_conn_rehandshake_pending(client)); /* nothing has changed: it can still be refused */
    CU_ASSERT_EQUAL(dtls_conn_refuse_rehandshake(client, call.pair->net.now_us), DTLS_OK);
    pair_settle(call.pair, CLIENT);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_REFUSED, NET_SECOND));
    call_end(&call);
}

static void the_cookie_is_kept_for_later_settings(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 125);
    options.cookies = true;
    call_begin(&call, &options);
    struct dtls_conn *client = call.pair->end[CLIENT].conn;
    struct dtls_config old = *call_config(&call, CLIENT);
    old.renegotiation_cookie = DTLS_RENEGOTIATION_COOKIE_OLD;
    call_set_config(&call, CLIENT, &old);
    CU_ASSERT_EQUAL(dtls_conn_rehandshake(client, call.pair->net.now_us, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_EQUAL(client->hs->cookie_len, DTLS_COOKIE_LEN);
    pair_settle(call.pair, CLIENT);
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, NET_SECOND));
    call_end(&call);
}

/* The sum of srtt and four times its variation ran over, and the first timeout was the minimum. */
static void no_round_trip_is_too_long(void)
{
    static const uint64_t told[] = { UINT64_MAX, UINT64_MAX / 3 + 1, UINT64_C(1) << 63, UINT64_C(1) << 62 };

    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        struct pair_options options;
        pair_options(&options, 126);
        options.silent = true;
        struct pair *pair = pair_new(&options);
        struct dtls_conn *client = pair->end[CLIENT].conn;
        dtls_conn_set_round_trip(client, told[i]);
        CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
        uint64_t waits_us = dtls_conn_deadline(client) - pair->net.now_us;
        CHECK_CASE(waits_us == 2 * NET_SECOND, "%llu us: waits %llu us", (unsigned long long)told[i],
                   (unsigned long long)waits_us); /* the preset's maximum */
        CU_ASSERT_TRUE(pair_run_until_open(pair, NET_SECOND));
        pair_free(pair);
    }
}

static CU_TestInfo tests[] = {
    { "an attempt ends by its own settings (R7)", an_attempt_ends_by_its_own_settings },
    { "what was mandatory when it began stays so (R7)", what_was_mandatory_stays_so },
    { "settings must fit the identity that is being presented (R9)", suites_must_fit_what_is_being_presented },
    { "rehandshake_never refuses a HelloRequest, whatever the policy (R15)", never_refuses_a_hello_request_too },
    { "rehandshake_never forbids to accept what was asked before (R15)", never_forbids_to_accept },
    { "the cookie is there for settings that come later (R6)", the_cookie_is_kept_for_later_settings },
    { "no round trip is too long for the arithmetic (T3)", no_round_trip_is_too_long },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "found in settings", tests);
}
