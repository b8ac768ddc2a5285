/* resumption.c - what a resumed session must not skip: the rules of RFC 7627 and RFC 5746, and what today's policy asks
 * for. A session by a ticket, by the memory of one server, and by a store stand for each other here. */
#include <string.h>

#include "conn/conn_private.h"
#include "handshake/binding.h"
#include "tests/attacks/draft.h"
#include "tests/box/call.h"
#include "tests/box/shelf.h"
#include "tests/tap.h"

enum { EXTENDED_MASTER_SECRET = 23, RENEGOTIATION_INFO = 0xff01, SESSION_TICKET = 35 };

static const struct dtls_ticket_keys keys = { .keys = { { "a name", "a secret", 0, 0 } }, .count = 1 };

enum way { BY_TICKET, BY_STORE, WAYS };

/* A client and a server, and the session that they have made before. */
struct reunion {
    struct shelf shelf;
    struct pair_options options;
    struct dtls_session *session;
};

static void begin(struct reunion *reunion, enum way way, void (*change)(struct pair_options *options))
{
    memset(reunion, 0, sizeof *reunion);
    pair_options(&reunion->options, 1);
    if (way == BY_STORE)
        shelf_use(&reunion->shelf, &reunion->options.config[SERVER], &keys);
    else
        reunion->options.config[SERVER].ticket_keys = &keys;
    if (change != NULL)
        change(&reunion->options);
    struct pair *pair = pair_new(&reunion->options);
    CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 5 * NET_SECOND));
    pair_run_for(pair, NET_SECOND);
    reunion->session = pair_session(pair);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reunion->session);
    reunion->options.start_us = pair->net.now_us;
    reunion->options.session = reunion->session;
    reunion->options.seed++;
    pair_free(pair);
}

static void end(struct reunion *reunion)
{
    dtls_session_free(reunion->session);
}

/* ---- RFC 7627, RFC 5746: what stands in the hellos ---- */

static struct draft offer(const struct reunion *reunion)
{
    const struct dtls_session *session = reunion->session;

    return (struct draft){ .random = 1,
                           .session_id = { session->state.id, session->state.id_len },
                           .extra = session->ticket_len > 0 ? SESSION_TICKET : DRAFT_NONE,
                           .extra_body = { session->ticket, session->ticket_len } };
}

static void the_extended_master_secret_must_not_be_lost(void)
{
    for (int way = 0; way < WAYS; way++)
        for (int without = 0; without < 2; without++) {
            struct reunion reunion;
            struct siege siege;
            begin(&reunion, (enum way)way, NULL);
            struct draft draft = offer(&reunion);
            if (without)
                draft.without = EXTENDED_MASTER_SECRET;
            reunion.options.session = NULL; /* its client stands aside */
            siege_begin(&siege, SIEGE_HELLO, &reunion.options);
            draft_say_client_hello(&siege, &draft);
            CHECK_CASE(draft_verdict(&siege, SERVER) == (without ? DTLS_ERR_UNSAFE_PEER : DTLS_OK), "way %d: %d", way,
                       draft_verdict(&siege, SERVER));
            siege_end(&siege);
            end(&reunion);
        }
}

static void a_server_that_resumes_must_have_it_too(void)
{
    static const struct {
        const char *name;
        uint16_t without, suite;
        int verdict;
    } cases[] = {
        { "as it was", 0, 0, DTLS_OK },
        { "without extended master secret (RFC 7627, 5.3)", EXTENDED_MASTER_SECRET, 0, DTLS_ERR_ILLEGAL_PARAMETER },
        { "another suite (RFC 5246, 7.4.1.3)", 0, DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
          DTLS_ERR_ILLEGAL_PARAMETER },
    };

    for (int way = 0; way < WAYS; way++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct reunion reunion;
            struct siege siege;
            begin(&reunion, (enum way)way, NULL);
            siege_begin(&siege, SIEGE_HELLO, &reunion.options);
            const struct dtls_handshake *client = siege.pair->end[CLIENT].conn->hs;
            struct draft draft = { .random = 1,
                                   .session_id = { client->session_id, client->session_id_len },
                                   .suite = cases[i].suite,
                                   .without = cases[i].without };
            CU_ASSERT_TRUE(client->has_resuming);
            draft_say_server_hello(&siege, &draft);
            CHECK_CASE(draft_verdict(&siege, CLIENT) == cases[i].verdict, "way %d, %s: %d", way, cases[i].name,
                       draft_verdict(&siege, CLIENT));
            siege_end(&siege);
            end(&reunion);
        }
}

/* What is resumed is the session, not the connection's history: in its first handshake there has been none. */
static void renegotiation_info_begins_empty(void)
{
    static const uint8_t verify[DTLS_VERIFY_DATA_LEN] = { 1 };

    for (int way = 0; way < WAYS; way++) {
        struct reunion reunion;
        struct siege siege;
        begin(&reunion, (enum way)way, NULL);
        struct draft draft = offer(&reunion);
        draft.renegotiation_info = (struct dtls_bytes){ verify, sizeof verify };
        reunion.options.session = NULL;
        siege_begin(&siege, SIEGE_HELLO, &reunion.options);
        draft_say_client_hello(&siege, &draft);
        CU_ASSERT_EQUAL(draft_verdict(&siege, SERVER), DTLS_ERR_BAD_RENEGOTIATION);
        siege_end(&siege);
        end(&reunion);
    }
}

static void require_safety(struct pair_options *options)
{
    options->config[SERVER].require_secure_renegotiation = true;
}

/* That the session was made with it does not speak for the hello of today. */
static void its_sign_has_to_be_in_each_hello(void)
{
    for (int way = 0; way < WAYS; way++) {
        struct reunion reunion;
        struct siege siege;
        begin(&reunion, (enum way)way, require_safety);
        struct draft draft = offer(&reunion);
        draft.without = RENEGOTIATION_INFO;
        reunion.options.session = NULL;
        siege_begin(&siege, SIEGE_HELLO, &reunion.options);
        draft_say_client_hello(&siege, &draft);
        CU_ASSERT_EQUAL(draft_verdict(&siege, SERVER), DTLS_ERR_UNSAFE_PEER);
        siege_end(&siege);
        end(&reunion);
    }
}

/* Each kind of rehandshake proves the Finished messages of the resumed handshake, not of the one that made the session.
 */
static void a_rehandshake_proves_the_resumed_handshake(void)
{
    for (int way = 0; way < WAYS; way++)
        for (size_t k = 0; k < CALL_KINDS; k++) {
            struct reunion reunion;
            struct call call;
            begin(&reunion, (enum way)way, NULL);
            call_begin(&call, &reunion.options);
            CU_ASSERT_TRUE(pair_last(call.pair, CLIENT, DTLS_EVENT_OPEN)->resumed);
            const struct dtls_established *client = &call.pair->end[CLIENT].conn->as.active,
                                          *server = &call.pair->end[SERVER].conn->as.active;
            CU_ASSERT_TRUE(client->renegotiation_info && client->extended_master_secret);
            CU_ASSERT_EQUAL(memcmp(client->client_verify, server->client_verify, DTLS_VERIFY_DATA_LEN), 0);
            CU_ASSERT_EQUAL(memcmp(client->server_verify, server->server_verify, DTLS_VERIFY_DATA_LEN), 0);
            CHECK_CASE(call_renew(&call, &call_kinds[k], 1, 10 * NET_SECOND), "way %d: %s", way, call_kinds[k].name);
            call_end(&call);
            end(&reunion);
        }
}

/* ---- today's policy ---- */

static int refuse(void *arg, const struct dtls_peer_identity *peer)
{
    (void)arg;
    (void)peer;
    return DTLS_ALERT_CERTIFICATE_REVOKED;
}

static void nothing(struct pair_options *options)
{
    (void)options;
}

static void require_certificates(struct pair_options *options)
{
    options->config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
}

static void revoke(struct pair_options *options)
{
    options->config[SERVER].verifier.verify = refuse;
}

static void expect_another(struct pair_options *options)
{
    static struct dtls_fingerprint other = { .hash = DTLS_FINGERPRINT_SHA_256 };

    memcpy(other.bytes, identity_fingerprint(IDENTITY_OTHER), DTLS_FINGERPRINT_LEN);
    options->config[SERVER].fingerprints = &other;
    options->config[SERVER].fingerprint_count = 1;
}

static void ask_another_name(struct pair_options *options)
{
    options->config[CLIENT].server_name = "other.example";
}

static void drop_the_suite(struct pair_options *options)
{
    options->config[SERVER].suites[0] = DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384;
    options->config[SERVER].suite_count = 1;
}

static void shorten_lives(struct pair_options *options)
{
    options->config[SERVER].session_lifetime_s = 1;
    options->start_us += 2 * NET_SECOND;
}

static void keep_none(struct pair_options *options)
{
    options->config[SERVER].session_lifetime_s = 0;
}

static void show_another(struct pair_options *options)
{
    options->config[CLIENT].identity = identity_of(IDENTITY_OTHER);
}

static void show_none(struct pair_options *options)
{
    options->config[CLIENT].identity = NULL;
}

/* The session of a client without a certificate, or with one; what has changed since; what comes of it. */
static void every_check_of_today_is_made(void)
{
    static const struct {
        const char *name;
        void (*first)(struct pair_options *options), (*change)(struct pair_options *options);
        bool resumes;
        int error; /* of the server; DTLS_OK: it opens */
    } cases[] = {
        { "nothing", nothing, nothing, true, DTLS_OK },
        { "nothing, with a certificate", require_certificates, nothing, true, DTLS_OK },
        { "a certificate is required now", nothing, require_certificates, false, DTLS_OK },
        { "the client's certificate is revoked", require_certificates, revoke, false, DTLS_ERR_BAD_CERTIFICATE },
        { "another fingerprint is expected", require_certificates, expect_another, false, DTLS_ERR_BAD_CERTIFICATE },
        { "another name is asked for", nothing, ask_another_name, false, DTLS_OK },
        { "its suite is not allowed any more", nothing, drop_the_suite, false, DTLS_OK },
        { "sessions live shorter now", nothing, shorten_lives, false, DTLS_OK },
        { "no session is resumed any more", nothing, keep_none, false, DTLS_OK },
    };

    for (int way = 0; way < WAYS; way++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct reunion reunion;
            begin(&reunion, (enum way)way, cases[i].first);
            cases[i].change(&reunion.options);
            if (cases[i].change == ask_another_name) /* a client that does not keep to it */
                dtls_session_bind(&reunion.session->state, "other.example", NULL);
            struct pair *pair = pair_new(&reunion.options);
            pair_run_for(pair, 5 * NET_SECOND);
            const struct pair_event *open = pair_last(pair, SERVER, DTLS_EVENT_OPEN),
                                    *failed = pair_last(pair, SERVER, DTLS_EVENT_FAILED);
            CHECK_CASE(
                (open != NULL) == (cases[i].error == DTLS_OK) && (open == NULL || open->resumed == cases[i].resumes),
                "way %d, %s: open %d, resumed %d", way, cases[i].name, open != NULL, open != NULL && open->resumed);
            CHECK_CASE((failed != NULL ? failed->error : DTLS_OK) == cases[i].error, "way %d, %s: %s", way,
                       cases[i].name, dtls_error_string(failed == NULL ? DTLS_OK : failed->error));
            pair_free(pair);
            end(&reunion);
        }
}

/* A client has another identity today, or none: the session would speak for the one that it was made with. */
static void a_session_is_bound_to_the_clients_own_identity(void)
{
    static const struct {
        const char *name;
        void (*change)(struct pair_options *options);
        bool offers;
    } cases[] = { { "the same", nothing, true }, { "another", show_another, false }, { "none", show_none, false } };

    for (int way = 0; way < WAYS; way++)
        for (size_t i = 0; i < 3; i++)
            for (int rows = 0; rows < 2; rows++) {
                struct dtls_named_identity row = { .name = NULL };
                struct reunion reunion;
                begin(&reunion, (enum way)way, require_certificates);
                cases[i].change(&reunion.options);
                if (rows) { /* where it stands in the configuration does not matter */
                    row.identity = reunion.options.config[CLIENT].identity;
                    reunion.options.config[CLIENT].identities = &row;
                    reunion.options.config[CLIENT].identity_count = row.identity != NULL;
                    reunion.options.config[CLIENT].identity = NULL;
                }
                struct dtls_conn *conn = dtls_conn_new(&reunion.options.config[CLIENT], DTLS_CLIENT);
                CU_ASSERT_PTR_NOT_NULL_FATAL(conn);
                CHECK_CASE(dtls_conn_resume(conn, reunion.session) == (cases[i].offers ? DTLS_OK : DTLS_ERR_ARGUMENT),
                           "way %d, %s, in a row %d", way, cases[i].name, rows);
                dtls_conn_free(conn);
                end(&reunion);
            }
}

/* What a client was not asked for it has not shown: such a session binds nobody. */
static void an_identity_that_was_not_shown_binds_nobody(void)
{
    struct reunion reunion;

    begin(&reunion, BY_STORE, nothing);
    CU_ASSERT_EQUAL(reunion.session->state.bound, 0);
    show_another(&reunion.options);
    struct pair *pair = pair_new(&reunion.options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, NET_SECOND) && pair_last(pair, CLIENT, DTLS_EVENT_OPEN)->resumed);
    pair_free(pair);
    end(&reunion);
}

static CU_TestInfo tests[] = {
    { "RFC 7627, 5.3: who resumes must not lose the extended master secret",
      the_extended_master_secret_must_not_be_lost },
    { "RFC 7627, 5.3: nor must who lets it resume; and the suite is the session's",
      a_server_that_resumes_must_have_it_too },
    { "RFC 5746, 3.4 and 3.6: renegotiation_info is empty in a resumed first handshake",
      renegotiation_info_begins_empty },
    { "RFC 5746, 4.4: its sign has to be in each hello, whatever the session was made with",
      its_sign_has_to_be_in_each_hello },
    { "RFC 5746, 3.5 and 3.7: a rehandshake proves the resumed handshake", a_rehandshake_proves_the_resumed_handshake },
    { "resumption skips no check of today's", every_check_of_today_is_made },
    { "a client's session is bound to its own identity", a_session_is_bound_to_the_clients_own_identity },
    { "an identity that was not shown binds nobody", an_identity_that_was_not_shown_binds_nobody },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "resumption", tests);
}
