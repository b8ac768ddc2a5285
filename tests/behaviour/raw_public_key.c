/* raw_public_key.c - RFC 7250: a public key without a certificate, at either end or both; which type is agreed on, who
 * is accepted by what, and that nobody turns from one type to the other. */
#include <string.h>

#include "conn/conn_private.h"
#include "identity/identity.h"
#include "tests/box/call.h"
#include "tests/box/memory.h"
#include "tests/tap.h"

static const char *const type_names[] = { "X509", "RAW", "X509, RAW", "RAW, X509" };

static const uint8_t *key_fingerprint(enum identity_kind kind)
{
    static uint8_t fingerprints[IDENTITY_KINDS][DTLS_FINGERPRINT_LEN];

    dtls_identity_key_fingerprint(identity_of(kind), fingerprints[kind]);
    return fingerprints[kind];
}

/* What `end` has seen of the other: NULL nothing. */
static const char *seen(const struct pair *pair, enum net_end end, enum identity_kind kind)
{
    const struct dtls_conn *conn = pair->end[end].conn;
    const uint8_t *shown = dtls_conn_peer_fingerprint(conn);

    if (shown == NULL)
        return "nothing";
    bool raw = dtls_conn_peer_kind(conn) == DTLS_PEER_RAW_KEY;
    const uint8_t *expected = raw ? key_fingerprint(kind) : identity_fingerprint(kind);
    return memcmp(shown, expected, DTLS_FINGERPRINT_LEN) != 0 ? "another" : raw ? "raw" : "x509";
}

/* The first of a server's types that its peer has; of lists as the enumeration has them. */
static const char *agreed(enum dtls_types servers, enum dtls_types clients)
{
    bool raw = (servers != DTLS_TYPES_X509) && (clients != DTLS_TYPES_X509);
    bool x509 = (servers != DTLS_TYPES_RAW) && (clients != DTLS_TYPES_RAW);

    if (raw && x509)
        return servers == DTLS_TYPES_RAW_X509 ? "raw" : "x509";
    return raw ? "raw" : x509 ? "x509" : NULL;
}

static void check_ends(struct pair *pair, int error_of_server, const char *what)
{
    const struct pair_event *failed = pair_last(pair, SERVER, DTLS_EVENT_FAILED);

    CHECK_CASE(failed != NULL && failed->error == error_of_server, "%s: %d", what, failed == NULL ? 0 : failed->error);
    failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
    CHECK_CASE(failed != NULL && failed->alert == DTLS_ALERT_UNSUPPORTED_CERTIFICATE, "%s: alert %d", what,
               failed == NULL ? 0 : failed->alert);
}

static void the_server_shows_what_both_have(void)
{
    for (int own = 0; own < 4; own++)
        for (int peer = 0; peer < 4; peer++) {
            const char *type = agreed((enum dtls_types)own, (enum dtls_types)peer);
            struct pair_options options;
            pair_options(&options, (uint64_t)own);
            options.config[SERVER].own_types = (enum dtls_types)own;
            options.config[CLIENT].peer_types = (enum dtls_types)peer;
            struct pair *pair = pair_new(&options);
            pair_run_for(pair, 10 * NET_SECOND);
            if (type == NULL)
                check_ends(pair, DTLS_ERR_NO_COMMON_SUITE, type_names[own]);
            else
                CHECK_CASE(pair_both_open(pair) && strcmp(seen(pair, CLIENT, IDENTITY_SERVER), type) == 0,
                           "%s to %s: %s", type_names[own], type_names[peer], seen(pair, CLIENT, IDENTITY_SERVER));
            pair_free(pair);
        }
}

static void the_client_shows_what_both_have(void)
{
    for (int own = 0; own < 4; own++)
        for (int peer = 0; peer < 4; peer++)
            for (int require = 0; require < 2; require++) {
                const char *type = agreed((enum dtls_types)peer, (enum dtls_types)own);
                struct pair_options options;
                pair_options(&options, (uint64_t)own);
                options.config[CLIENT].own_types = (enum dtls_types)own;
                options.config[SERVER].peer_types = (enum dtls_types)peer;
                options.config[SERVER].client_certificate =
                    require ? DTLS_CLIENT_CERTIFICATE_REQUIRE : DTLS_CLIENT_CERTIFICATE_ASK;
                struct pair *pair = pair_new(&options);
                pair_run_for(pair, 10 * NET_SECOND);
                if (type == NULL && require)
                    check_ends(pair, DTLS_ERR_NO_CERTIFICATE, type_names[own]);
                else
                    CHECK_CASE(pair_both_open(pair) &&
                                   strcmp(seen(pair, SERVER, IDENTITY_CLIENT), type == NULL ? "nothing" : type) == 0,
                               "%s to %s: %s", type_names[own], type_names[peer], seen(pair, SERVER, IDENTITY_CLIENT));
                pair_free(pair);
            }
}

/* A key that has no certificate. */
static struct dtls_identity bare(enum identity_kind kind)
{
    struct dtls_identity identity = *identity_of(kind); /* a view of that one */

    identity.chain_count = 0;
    memcpy(identity.fingerprint, key_fingerprint(kind), DTLS_FINGERPRINT_LEN);
    return identity;
}

static void a_bare_key_of_each_kind_is_shown_and_a_client_without_raw_keys_is_refused(void)
{
    static const enum identity_kind kinds[] = { IDENTITY_SERVER, IDENTITY_ED25519, IDENTITY_P384, IDENTITY_RSA2048 };

    for (size_t i = 0; i < 4; i++)
        for (int types = 0; types < 4; types++) {
            struct dtls_identity identity = bare(kinds[i]);
            struct pair_options options;
            pair_options(&options, i);
            options.config[SERVER].identity = &identity;
            options.config[SERVER].own_types = DTLS_TYPES_X509_RAW;
            options.config[CLIENT].peer_types = (enum dtls_types)types;
            options.config[CLIENT].verifier = dtls_verifier_pinned(key_fingerprint(kinds[i]));
            struct pair *pair = pair_new(&options);
            pair_run_for(pair, 10 * NET_SECOND);
            if (types == DTLS_TYPES_X509)
                CHECK_CASE(!pair_is_open(pair, CLIENT), "kind %zu: opens", i);
            else
                CHECK_CASE(pair_both_open(pair) && strcmp(seen(pair, CLIENT, kinds[i]), "raw") == 0, "kind %zu", i);
            pair_free(pair);
        }
}

/* ---- who is accepted ---- */

static void pins_are_of_what_is_shown_or_of_the_key(void)
{
    for (int raw = 0; raw < 2; raw++)
        for (int pin = 0; pin < 4; pin++) { /* certificate, key, the key as a key, another's */
            const uint8_t *const pins[] = { identity_fingerprint(IDENTITY_SERVER), key_fingerprint(IDENTITY_SERVER),
                                            key_fingerprint(IDENTITY_SERVER), key_fingerprint(IDENTITY_OTHER) };
            const bool good[2][4] = { { true, false, true, false }, { false, true, true, false } };
            struct pair_options options;
            pair_options(&options, 2);
            options.config[SERVER].own_types = raw ? DTLS_TYPES_RAW : DTLS_TYPES_X509;
            options.config[CLIENT].peer_types = DTLS_TYPES_RAW_X509;
            options.config[CLIENT].verifier =
                pin < 2 ? dtls_verifier_pinned(pins[pin]) : dtls_verifier_pinned_key(pins[pin]);
            struct pair *pair = pair_new(&options);
            pair_run_for(pair, 10 * NET_SECOND);
            CHECK_CASE(pair_both_open(pair) == good[raw][pin], "raw %d, pin %d", raw, pin);
            const struct pair_event *failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
            CHECK_CASE(good[raw][pin] || (failed != NULL && failed->error == DTLS_ERR_BAD_CERTIFICATE), "pin %d", pin);
            pair_free(pair);
        }
}

struct judge {
    size_t asked;
    enum dtls_peer_kind kind;
    size_t chain_count, key_len;
};

static int look(void *arg, const struct dtls_peer_identity *peer)
{
    struct judge *judge = arg;

    *judge = (struct judge){ judge->asked + 1, peer->kind, peer->chain_count, peer->key_info.len };
    return 0;
}

static void a_verifier_sees_the_kind_and_the_key(void)
{
    for (int raw = 0; raw < 2; raw++) {
        struct judge judge = { 0 };
        struct pair_options options;
        pair_options(&options, 2);
        options.config[SERVER].own_types = raw ? DTLS_TYPES_RAW : DTLS_TYPES_X509;
        options.config[CLIENT].peer_types = DTLS_TYPES_RAW_X509;
        options.config[CLIENT].verifier = (struct dtls_verifier){ look, &judge };
        struct pair *pair = pair_new(&options);
        CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
        CU_ASSERT_TRUE(judge.asked == 1 && judge.kind == (raw ? DTLS_PEER_RAW_KEY : DTLS_PEER_CERTIFICATE));
        CU_ASSERT_TRUE(judge.chain_count == (raw ? 0 : 1) &&
                       judge.key_len == dtls_identity_key_info(identity_of(IDENTITY_SERVER)).len);
        pair_free(pair);
    }
}

/* ---- sessions and rehandshakes ---- */

static struct dtls_session *make_session(struct pair_options *options, struct dtls_session_cache *cache)
{
    pair_options(options, 2);
    for (int end = CLIENT; end <= SERVER; end++)
        options->config[end].own_types = options->config[end].peer_types = DTLS_TYPES_RAW_X509;
    options->config[SERVER].store = dtls_session_cache_store(cache);
    options->config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    struct pair *pair = pair_new(options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    struct dtls_session *session = pair_session(pair);
    CU_ASSERT_PTR_NOT_NULL_FATAL(session);
    options->start_us = pair->net.now_us;
    pair_free(pair);
    return session;
}

static void a_session_knows_its_raw_keys_and_is_not_resumed_where_they_are_not_taken(void)
{
    for (int refuses = -1; refuses <= SERVER; refuses++) {
        struct dtls_session_cache *cache = dtls_session_cache_new(4);
        struct pair_options options;
        struct dtls_session *session = make_session(&options, cache);
        options.session = refuses == CLIENT ? NULL : session;
        if (refuses >= 0)
            options.config[refuses].peer_types = DTLS_TYPES_X509;
        if (refuses < 0)
            options.config[CLIENT].verifier = dtls_verifier_pinned_key(key_fingerprint(IDENTITY_SERVER));
        options.silent = true;
        options.seed++; /* or the server would draw the same session id */
        struct pair *pair = pair_new(&options);
        if (refuses == CLIENT)
            CU_ASSERT_EQUAL(dtls_conn_resume(pair->end[CLIENT].conn, session), DTLS_ERR_ARGUMENT);
        pair_start_client(pair);
        CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
        CU_ASSERT_EQUAL(pair_last(pair, CLIENT, DTLS_EVENT_OPEN)->resumed, refuses < 0);
        CU_ASSERT_STRING_EQUAL(seen(pair, CLIENT, IDENTITY_SERVER), refuses == CLIENT ? "x509" : "raw");
        CU_ASSERT_STRING_EQUAL(seen(pair, SERVER, IDENTITY_CLIENT), refuses == SERVER ? "x509" : "raw");
        pair_free(pair);
        dtls_session_free(session);
        dtls_session_cache_free(cache);
    }
}

/* Whatever is configured later, what was shown first is shown again (R9); also the type of it. */
static void in_a_rehandshake_the_type_stays(void)
{
    for (int k = 0; k < CALL_KINDS; k++)
        for (int change = 0; change < 2; change++) {
            struct pair_options options;
            struct call call;
            pair_options(&options, 5);
            options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
            for (int end = CLIENT; end <= SERVER; end++) {
                options.config[end].own_types = options.config[end].peer_types = DTLS_TYPES_RAW_X509;
                options.config[end].change_own_identity = options.config[end].allow_identity_change = change;
            }
            call_begin(&call, &options);
            for (int end = CLIENT; end <= SERVER; end++) {
                struct dtls_config config = *call_config(&call, (enum net_end)end);
                config.own_types = DTLS_TYPES_X509;
                call_set_config(&call, (enum net_end)end, &config);
            }
            CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], 1, 5 * NET_SECOND));
            bool full = call_kinds[k].mode == DTLS_REHANDSHAKE_FULL;
            CU_ASSERT_STRING_EQUAL(seen(call.pair, CLIENT, IDENTITY_SERVER), change && full ? "x509" : "raw");
            CU_ASSERT_STRING_EQUAL(seen(call.pair, SERVER, IDENTITY_CLIENT), change && full ? "x509" : "raw");
            call_end(&call);
        }
}

/* The same key in a certificate is another identity: a peer that does not keep to what it showed is not let through. */
static void a_peer_that_turns_to_the_other_type_is_another(void)
{
    for (int judge = CLIENT; judge <= SERVER; judge++) {
        enum net_end other = net_other((enum net_end)judge);
        struct pair_options options;
        struct call call;
        pair_options(&options, 5);
        options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
        for (int end = CLIENT; end <= SERVER; end++)
            options.config[end].own_types = options.config[end].peer_types = DTLS_TYPES_RAW_X509;
        options.config[other].change_own_identity = true;
        call_begin(&call, &options);
        struct dtls_config config = *call_config(&call, other);
        config.own_types = DTLS_TYPES_X509;
        call_set_config(&call, other, &config);
        pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
        pair_run_for(call.pair, 5 * NET_SECOND);
        const struct pair_event *failed = pair_last(call.pair, (enum net_end)judge, DTLS_EVENT_FAILED);
        CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_IDENTITY_CHANGED, "end %d goes on", judge);
        call_end(&call);
    }
}

static void any_allocation_may_fail_and_any_datagram_be_lost(void)
{
    for (int poor = CLIENT; poor <= SERVER; poor++)
        for (size_t number = 0, failed = 1; failed > 0; number++) {
            struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
            struct pair_options options;
            pair_options(&options, number);
            options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
            for (int end = CLIENT; end <= SERVER; end++) {
                options.config[end].own_types = options.config[end].peer_types = DTLS_TYPES_RAW;
                options.link[end].loss = 1000;
            }
            memory_use(&memory, &options.config[poor]);
            struct pair *pair = pair_new(&options);
            CHECK_CASE(pair_run_until_open(pair, 60 * NET_SECOND), "allocation %zu: never open", number);
            pair_run_for(pair, 2 * NET_SECOND);
            memory.fail_at = memory.asked + number;
            bool begun = pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL) == DTLS_OK;
            CHECK_CASE(!begun || pair_run_until_renewed(pair, 1, 60 * NET_SECOND), "allocation %zu: not done", number);
            failed = memory.failed;
            pair_free(pair);
            CHECK_CASE(memory.live_blocks == 0, "allocation %zu: a leak", number);
        }
}

static CU_TestInfo tests[] = {
    { "a server shows the first of its types that its client takes, or it is unsupported_certificate",
      the_server_shows_what_both_have },
    { "a client shows what both have, or nothing, or it is unsupported_certificate", the_client_shows_what_both_have },
    { "a key without a certificate, of each kind; who takes none is refused",
      a_bare_key_of_each_kind_is_shown_and_a_client_without_raw_keys_is_refused },
    { "a pin is of what is shown, or of the key, raw or in a certificate", pins_are_of_what_is_shown_or_of_the_key },
    { "a verifier sees the kind and the key", a_verifier_sees_the_kind_and_the_key },
    { "a session knows its raw keys, and is not resumed where they are not taken",
      a_session_knows_its_raw_keys_and_is_not_resumed_where_they_are_not_taken },
    { "in a rehandshake the type stays unless it may change (R9)", in_a_rehandshake_the_type_stays },
    { "a peer that turns to the other type is another (R9)", a_peer_that_turns_to_the_other_type_is_another },
    { "any allocation may fail (S8), and any datagram be lost", any_allocation_may_fail_and_any_datagram_be_lost },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "raw_public_key", tests);
}
