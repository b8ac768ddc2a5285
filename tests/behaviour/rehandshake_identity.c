/* rehandshake_identity.c - contract R8 and R9: with whom keys may be renewed, and what that may change of the peer. */
#include <string.h>

#include "conn/conn_private.h"
#include "tests/box/call.h"
#include "tests/tap.h"

/* ---- R8: never without RFC 5746 and RFC 7627 ---- */

static void no_rehandshake_without_the_extensions(void)
{
    for (int lacking = 0; lacking < 2; lacking++)
        for (int k = 0; k < CALL_KINDS; k++) {
            const struct call_kind *kind = &call_kinds[k];
            enum net_end peer = net_other(kind->from);
            struct pair_options options;
            struct call call;
            pair_options(&options, 11);
            call_begin(&call, &options);
            struct dtls_conn *asker_conn = call.pair->end[kind->from].conn, *peer_conn = call.pair->end[peer].conn;
            CU_ASSERT_TRUE(dtls_conn_secure_renegotiation(asker_conn) && dtls_conn_secure_renegotiation(peer_conn));
            /* As if the peer's hello had lacked it: every hello of ours has both. */
            bool *extension =
                lacking == 0 ? &peer_conn->as.active.extended_master_secret : &peer_conn->as.active.renegotiation_info;
            *extension = false;
            CU_ASSERT_FALSE(dtls_conn_secure_renegotiation(peer_conn));
            CU_ASSERT_EQUAL(pair_rehandshake(call.pair, peer, kind->mode), DTLS_ERR_UNSAFE_RENEGOTIATION);
            CU_ASSERT_FALSE(dtls_conn_rehandshake_pending(peer_conn));
            size_t events = call.pair->end[peer].event_count;
            CU_ASSERT_EQUAL(pair_rehandshake(call.pair, kind->from, kind->mode), DTLS_OK);
            pair_run_for(call.pair, 5 * NET_SECOND);
            CHECK_CASE(pair_count(call.pair, kind->from, DTLS_EVENT_REHANDSHAKE_REFUSED) == 1 &&
                           call.pair->end[peer].event_count == events,
                       "%s: not refused", kind->name);
            CU_ASSERT_TRUE(call_is_alive(&call));
            call_end(&call);
        }
}

static void wrong_verify_data_is_fatal(void)
{
    for (int liar = CLIENT; liar <= SERVER; liar++)
        for (int whose = 0; whose < 2; whose++) {
            struct pair_options options;
            struct call call;
            pair_options(&options, 12);
            call_begin(&call, &options);
            struct dtls_established *active = &call.pair->end[liar].conn->as.active;
            (whose == 0 ? active->client_verify : active->server_verify)[11] ^= 1;
            enum net_end judge = whose == 0 ? SERVER : CLIENT; /* a client sends its own, a server both */
            pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
            pair_run_for(call.pair, NET_SECOND);
            const struct pair_event *failed = pair_last(call.pair, judge, DTLS_EVENT_FAILED);
            CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_BAD_RENEGOTIATION, "end %d lies about %d: %d", liar,
                       whose, failed == NULL ? 0 : failed->error);
            call_end(&call);
        }
}

/* ---- R9: the peer stays who it was ---- */

/* Another identity for one end from the next rehandshake on. */
static void change_identity(struct call *call, enum net_end end, const struct dtls_identity *identity)
{
    struct dtls_config config = *call_config(call, end);

    config.identity = identity;
    config.change_own_identity = true;
    call_set_config(call, end, &config);
}

static bool knows_peer_as(const struct call *call, enum net_end end, enum identity_kind kind)
{
    const uint8_t *peer = dtls_conn_peer_fingerprint(call->pair->end[end].conn);

    return peer != NULL && memcmp(peer, identity_fingerprint(kind), DTLS_FINGERPRINT_LEN) == 0;
}

static void begin_mutual(struct call *call, bool allow)
{
    struct pair_options options;

    pair_options(&options, 20);
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_ASK;
    options.config[CLIENT].allow_identity_change = options.config[SERVER].allow_identity_change = allow;
    call_begin(call, &options);
    CU_ASSERT_TRUE(knows_peer_as(call, SERVER, IDENTITY_CLIENT) && knows_peer_as(call, CLIENT, IDENTITY_SERVER));
}

static void a_changed_certificate_is_fatal(void)
{
    for (int changed = CLIENT; changed <= SERVER; changed++)
        for (int from = CLIENT; from <= SERVER; from++) {
            enum net_end judge = net_other((enum net_end)changed);
            struct call call;
            begin_mutual(&call, false);
            change_identity(&call, (enum net_end)changed, identity_of(IDENTITY_OTHER));
            pair_rehandshake(call.pair, (enum net_end)from, DTLS_REHANDSHAKE_FULL);
            pair_run_for(call.pair, NET_SECOND);
            const struct pair_event *failed = pair_last(call.pair, judge, DTLS_EVENT_FAILED);
            const struct pair_event *told = pair_last(call.pair, (enum net_end)changed, DTLS_EVENT_FAILED);
            CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_IDENTITY_CHANGED,
                       "end %d changes, end %d starts: %d", changed, from, failed == NULL ? 0 : failed->error);
            CHECK_CASE(told != NULL && told->error == DTLS_ERR_ALERT && told->alert == DTLS_ALERT_HANDSHAKE_FAILURE,
                       "end %d is not told", changed);
            CU_ASSERT_EQUAL(pair_count(call.pair, judge, DTLS_EVENT_REHANDSHAKE_DONE), 0);
            CU_ASSERT_FALSE(knows_peer_as(&call, judge, IDENTITY_OTHER));
            call_end(&call);
        }
}

static void a_changed_certificate_can_be_allowed(void)
{
    for (int changed = CLIENT; changed <= SERVER; changed++)
        for (int from = CLIENT; from <= SERVER; from++) {
            enum net_end judge = net_other((enum net_end)changed);
            enum identity_kind before = changed == CLIENT ? IDENTITY_CLIENT : IDENTITY_SERVER;
            struct call call;
            begin_mutual(&call, true);
            call_flow(&call, 20 * NET_MS, 160);
            change_identity(&call, (enum net_end)changed, identity_of(IDENTITY_OTHER));
            pair_rehandshake(call.pair, (enum net_end)from, DTLS_REHANDSHAKE_FULL);
            while (pair_count(call.pair, judge, DTLS_EVENT_REHANDSHAKE_DONE) == 0 &&
                   call.pair->net.now_us < 20 * NET_SECOND) {
                CHECK_CASE(knows_peer_as(&call, judge, before), "end %d: the pending identity shows", judge);
                pair_run_for(call.pair, NET_MS);
            }
            CHECK_CASE(knows_peer_as(&call, judge, IDENTITY_OTHER), "end %d does not know the new identity", judge);
            CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, NET_SECOND) && call_is_alive(&call));
            call_end(&call);
        }
}

static void an_anonymous_client_can_become_authenticated(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 21);
    call_begin(&call, &options);
    CU_ASSERT_PTR_NULL(dtls_conn_peer_fingerprint(call.pair->end[SERVER].conn));
    struct dtls_config config = *call_config(&call, SERVER);
    config.client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    call_set_config(&call, SERVER, &config);
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[1], 1, NET_SECOND));
    CU_ASSERT_TRUE(knows_peer_as(&call, SERVER, IDENTITY_CLIENT));
    CU_ASSERT_TRUE(call_is_alive(&call));
    pair_run_for(call.pair, 2 * NET_SECOND);
    change_identity(&call, CLIENT, identity_of(IDENTITY_OTHER)); /* from now on it is known */
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, SERVER, DTLS_EVENT_FAILED, NET_SECOND));
    CU_ASSERT_EQUAL(pair_last(call.pair, SERVER, DTLS_EVENT_FAILED)->error, DTLS_ERR_IDENTITY_CHANGED);
    call_end(&call);
}

static void not_asking_keeps_the_identity(void)
{
    struct call call;

    begin_mutual(&call, false);
    struct dtls_config config = *call_config(&call, SERVER);
    config.client_certificate = DTLS_CLIENT_CERTIFICATE_NONE;
    call_set_config(&call, SERVER, &config);
    for (size_t number = 1; number <= CALL_KINDS; number++) {
        CU_ASSERT_TRUE(call_renew(&call, &call_kinds[number - 1], number, NET_SECOND));
        CHECK_CASE(knows_peer_as(&call, SERVER, IDENTITY_CLIENT), "forgotten in rehandshake %zu", number);
        pair_run_for(call.pair, 2 * NET_SECOND);
    }
    config.client_certificate = DTLS_CLIENT_CERTIFICATE_ASK;
    call_set_config(&call, SERVER, &config);
    change_identity(&call, CLIENT, identity_of(IDENTITY_OTHER)); /* asked again, it is still compared */
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, SERVER, DTLS_EVENT_FAILED, NET_SECOND));
    call_end(&call);
}

static void refusing_the_certificate_is_a_change(void)
{
    for (int allow = 0; allow < 2; allow++) {
        struct call call;
        begin_mutual(&call, allow);
        change_identity(&call, CLIENT, NULL);
        pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
        pair_run_for(call.pair, NET_SECOND);
        const struct pair_event *failed = pair_last(call.pair, SERVER, DTLS_EVENT_FAILED);
        if (allow) {
            CU_ASSERT_TRUE(failed == NULL && call_is_alive(&call));
            CU_ASSERT_PTR_NULL(dtls_conn_peer_fingerprint(call.pair->end[SERVER].conn));
        } else {
            CU_ASSERT_TRUE(failed != NULL && failed->error == DTLS_ERR_IDENTITY_CHANGED);
        }
        call_end(&call);
    }
}

/* A server that has loaded another certificate, a client that got one: whoever knows them goes on knowing them. */
static void a_reload_changes_no_association(void)
{
    for (size_t number = 0; number < CALL_KINDS; number++) {
        struct call call;
        begin_mutual(&call, false);
        for (int end = CLIENT; end <= SERVER; end++) {
            struct dtls_config config = *call_config(&call, (enum net_end)end);
            config.identity = identity_of(IDENTITY_OTHER);
            call_set_config(&call, (enum net_end)end, &config);
        }
        CU_ASSERT_TRUE(call_renew(&call, &call_kinds[number], 1, NET_SECOND));
        CU_ASSERT_TRUE(knows_peer_as(&call, SERVER, IDENTITY_CLIENT) && knows_peer_as(&call, CLIENT, IDENTITY_SERVER));
        CU_ASSERT_TRUE(call_is_alive(&call));
        call_end(&call);
    }
}

/* Suites for the new key alone would leave the kept one without any. */
static void a_reload_without_a_suite_for_the_old_key_is_refused(void)
{
    struct call call;

    begin_mutual(&call, false);
    struct dtls_config config = *call_config(&call, SERVER);
    config.identity = identity_of(IDENTITY_RSA2048);
    config.suites[0] = DTLS_ECDHE_RSA_AES_128_GCM_SHA256;
    config.suite_count = 1;
    CU_ASSERT_EQUAL(dtls_conn_set_config(call.pair->end[SERVER].conn, &config), DTLS_ERR_ARGUMENT);
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, NET_SECOND));
    config.change_own_identity = true;
    CU_ASSERT_EQUAL(dtls_conn_set_config(call.pair->end[SERVER].conn, &config), DTLS_OK);
    call_end(&call);
}

/* Settings that demand more than the connection has shown turn what would have been abbreviated into a full one. */
static void an_abbreviated_one_obeys_new_settings(void)
{
    for (int k = 2; k < CALL_KINDS; k++) {
        struct pair_options options;
        struct call call;
        pair_options(&options, 21);
        call_begin(&call, &options);
        struct dtls_config config = *call_config(&call, SERVER);
        config.client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
        call_set_config(&call, SERVER, &config);
        for (size_t number = 1; number <= 2; number++) {
            CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], number, NET_SECOND));
            const struct pair_event *done = pair_last(call.pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE);
            CHECK_CASE(done != NULL && done->resumed == (number == 2), "%s %zu: not the kind it should be",
                       call_kinds[k].name, number);
            CU_ASSERT_PTR_NOT_NULL(dtls_conn_peer_fingerprint(call.pair->end[SERVER].conn));
            pair_run_for(call.pair, 2 * NET_SECOND);
        }
        CU_ASSERT_TRUE(call_is_alive(&call));
        call_end(&call);
    }
}

static void an_abbreviated_one_asks_the_verifier(void)
{
    static const uint8_t nobody[DTLS_FINGERPRINT_LEN];

    for (int judge = CLIENT; judge <= SERVER; judge++)
        for (int k = 2; k < CALL_KINDS; k++) {
            struct pair_options options;
            struct call call;
            pair_options(&options, 22);
            options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
            call_begin(&call, &options);
            struct dtls_config config = *call_config(&call, (enum net_end)judge);
            config.verifier = dtls_verifier_pinned(nobody);
            call_set_config(&call, (enum net_end)judge, &config);
            CU_ASSERT_EQUAL(pair_rehandshake(call.pair, call_kinds[k].from, call_kinds[k].mode), DTLS_OK);
            pair_run_for(call.pair, NET_SECOND);
            const struct pair_event *failed = pair_last(call.pair, (enum net_end)judge, DTLS_EVENT_FAILED);
            CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_BAD_CERTIFICATE, "%s, end %d: the peer is accepted",
                       call_kinds[k].name, judge);
            call_end(&call);
        }
}

static CU_TestInfo tests[] = {
    { "no rehandshake without renegotiation_info and extended master secret (R8)",
      no_rehandshake_without_the_extensions },
    { "renegotiation_info of another connection is fatal (R8)", wrong_verify_data_is_fatal },
    { "a changed certificate is fatal (R9)", a_changed_certificate_is_fatal },
    { "a changed certificate can be allowed, and shows at DONE (R9)", a_changed_certificate_can_be_allowed },
    { "an anonymous client can become authenticated (R9)", an_anonymous_client_can_become_authenticated },
    { "not asking for a certificate keeps the identity (R9)", not_asking_keeps_the_identity },
    { "an abbreviated one becomes full where settings demand a certificate (R9)",
      an_abbreviated_one_obeys_new_settings },
    { "an abbreviated one asks the verifier again (R9)", an_abbreviated_one_asks_the_verifier },
    { "refusing a certificate that was asked for is a change (R9)", refusing_the_certificate_is_a_change },
    { "what was presented first stays, whatever the settings bring (R9)", a_reload_changes_no_association },
    { "settings without a suite for what was presented are refused (R9)",
      a_reload_without_a_suite_for_the_old_key_is_refused },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "rehandshake identity", tests);
}
