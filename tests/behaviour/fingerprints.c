/* fingerprints.c - contract K2: the certificate that signalling has told of, or nothing at all: no keys, no OPEN, no
 * data. */
#include <string.h>

#include "tests/box/call.h"
#include "tests/box/media.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

static const enum dtls_fingerprint_hash hashes[] = { DTLS_FINGERPRINT_SHA_256, DTLS_FINGERPRINT_SHA_384,
                                                     DTLS_FINGERPRINT_SHA_512 };

static struct dtls_fingerprint fingerprint_of(enum identity_kind kind, enum dtls_fingerprint_hash hash)
{
    struct dtls_fingerprint out;

    dtls_identity_fingerprint_by(identity_of(kind), hash, &out);
    return out;
}

static struct dtls_fingerprint wrong(enum identity_kind kind, enum dtls_fingerprint_hash hash, size_t bit)
{
    struct dtls_fingerprint out = fingerprint_of(kind, hash);

    out.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    return out;
}

static enum identity_kind other_of(enum net_end end)
{
    return end == CLIENT ? IDENTITY_SERVER : IDENTITY_CLIENT;
}

/* `judge` expects these, and has no verifier; media is wanted at both ends. */
static void expect(struct pair_options *options, enum net_end judge, const struct dtls_fingerprint *list, size_t count)
{
    pair_options(options, 7);
    for (int end = CLIENT; end <= SERVER; end++) {
        options->config[end].srtp_profiles[0] = DTLS_SRTP_AEAD_AES_128_GCM;
        options->config[end].srtp_profile_count = 1;
        options->config[end].exporter = true;
    }
    options->config[judge].verifier = (struct dtls_verifier){ 0 };
    options->config[judge].fingerprints = list;
    options->config[judge].fingerprint_count = count;
}

static bool opens(const struct pair_options *options)
{
    struct pair *pair = pair_new(options);
    struct media *media = media_new(pair);
    bool open =
        pair_run_until_open(pair, 5 * NET_SECOND) && pair_ping(pair, NET_SECOND) && media_accepts(media, CLIENT, 1);

    media_free(media);
    pair_free(pair);
    return open;
}

/* Neither end has anything of the association but its end; the judge's is bad_certificate. */
static void check_nothing(const struct pair_options *options, enum net_end judge, const char *what)
{
    struct pair *pair = pair_new(options);
    struct dtls_srtp_keys keys;
    uint8_t out[1];

    pair_run_for(pair, 30 * NET_SECOND);
    for (int end = CLIENT; end <= SERVER; end++) {
        const struct pair_event *failed = pair_last(pair, (enum net_end)end, DTLS_EVENT_FAILED);
        bool own = end == (int)judge;
        CHECK_CASE(failed != NULL && failed->error == (own ? DTLS_ERR_BAD_CERTIFICATE : DTLS_ERR_ALERT) &&
                       (own || failed->alert == DTLS_ALERT_BAD_CERTIFICATE),
                   "%s, end %d: ends with %d", what, end, failed == NULL ? 0 : failed->error);
        CHECK_CASE(pair->end[end].event_count == 1, "%s, end %d: %zu events", what, end, pair->end[end].event_count);
        CU_ASSERT_EQUAL(dtls_conn_srtp_keys(pair->end[end].conn, 1, &keys), DTLS_ERR_NOT_OPEN);
        CU_ASSERT_EQUAL(dtls_conn_export(pair->end[end].conn, 1, "EXPERIMENTAL", NULL, out, 1), DTLS_ERR_NOT_OPEN);
        CU_ASSERT_EQUAL(pair_send(pair, (enum net_end)end, "x", 1), DTLS_ERR_NOT_OPEN);
    }
    pair_free(pair);
}

static void the_right_one_opens_by_every_hash(void)
{
    for (int judge = CLIENT; judge <= SERVER; judge++)
        for (size_t i = 0; i < 3; i++) {
            struct dtls_fingerprint right = fingerprint_of(other_of((enum net_end)judge), hashes[i]);
            struct pair_options options;
            expect(&options, (enum net_end)judge, &right, 1);
            CHECK_CASE(opens(&options), "end %d, hash %d", judge, (int)hashes[i]);
        }
}

static void one_wrong_bit_and_there_is_nothing(void)
{
    for (int judge = CLIENT; judge <= SERVER; judge++)
        for (size_t i = 0; i < 3; i++)
            for (size_t bit = 0; bit < 8 * dtls_fingerprint_len(hashes[i]); bit += 73) {
                struct dtls_fingerprint off = wrong(other_of((enum net_end)judge), hashes[i], bit);
                struct pair_options options;
                expect(&options, (enum net_end)judge, &off, 1);
                check_nothing(&options, (enum net_end)judge, "one bit");
            }
}

/* Lesson of others: a check that compares the certificate with itself always passes. */
static void another_peers_or_our_own_is_wrong(void)
{
    for (int judge = CLIENT; judge <= SERVER; judge++)
        for (int own = 0; own < 2; own++) {
            struct dtls_fingerprint off =
                fingerprint_of(own ? other_of(net_other((enum net_end)judge)) : IDENTITY_OTHER, hashes[0]);
            struct pair_options options;
            expect(&options, (enum net_end)judge, &off, 1);
            check_nothing(&options, (enum net_end)judge, own ? "its own" : "a stranger's");
        }
}

static void of_several_any_of_the_strongest_hash_counts(void)
{
    const enum identity_kind servers = IDENTITY_SERVER;
    const struct dtls_fingerprint right[] = { fingerprint_of(servers, hashes[0]), fingerprint_of(servers, hashes[1]),
                                              fingerprint_of(servers, hashes[2]) };
    const struct dtls_fingerprint off[] = { wrong(servers, hashes[0], 0), wrong(servers, hashes[1], 0),
                                            wrong(servers, hashes[2], 0) };
    const struct {
        struct dtls_fingerprint list[3];
        size_t count;
        bool good;
    } cases[] = {
        { { off[0], right[0] }, 2, true },           { { right[0], off[0] }, 2, true },
        { { right[2], off[2], right[0] }, 3, true }, { { off[0], off[1], right[2] }, 3, true },
        { { right[1], off[0] }, 2, true },           { { right[0], right[1], off[2] }, 3, false },
        { { right[0], off[1] }, 2, false },          { { off[2], right[0] }, 2, false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pair_options options;
        expect(&options, CLIENT, cases[i].list, cases[i].count);
        if (cases[i].good)
            CHECK_CASE(opens(&options), "case %zu does not open", i);
        else
            check_nothing(&options, CLIENT, "the strongest does not match");
    }
}

static void a_server_with_fingerprints_requires_a_certificate(void)
{
    struct dtls_fingerprint right = fingerprint_of(IDENTITY_CLIENT, hashes[0]);
    struct pair_options options;

    expect(&options, SERVER, &right, 1);
    options.config[CLIENT].identity = NULL;
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, 30 * NET_SECOND);
    CU_ASSERT_TRUE(pair_count(pair, SERVER, DTLS_EVENT_OPEN) == 0 && pair_count(pair, CLIENT, DTLS_EVENT_OPEN) == 0);
    CU_ASSERT_EQUAL(pair_last(pair, SERVER, DTLS_EVENT_FAILED)->error, DTLS_ERR_NO_CERTIFICATE);
    pair_free(pair);
}

static int refuse(void *arg, const struct dtls_peer_identity *peer)
{
    (void)peer;
    ++*(size_t *)arg;
    return DTLS_ALERT_UNKNOWN_CA;
}

static void the_verifier_is_asked_too(void)
{
    struct dtls_fingerprint right = fingerprint_of(IDENTITY_SERVER, hashes[2]);
    struct pair_options options;
    size_t asked = 0;

    expect(&options, CLIENT, &right, 1);
    options.config[CLIENT].verifier = (struct dtls_verifier){ refuse, &asked };
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, 30 * NET_SECOND);
    CU_ASSERT_EQUAL(asked, 1);
    CU_ASSERT_EQUAL(pair_last(pair, SERVER, DTLS_EVENT_FAILED)->alert, DTLS_ALERT_UNKNOWN_CA);
    pair_free(pair);
}

/* ---- resumed ---- */

/* What becomes of a session when the client, or the server, expects this of its peer. */
static void resume(enum scene_kind kind, enum net_end judge, const struct dtls_fingerprint *expected, bool resumed,
                   bool opened)
{
    struct scene scene;
    struct pair_options options;

    scene_begin(&scene, kind);
    scene_options(&scene, &options, 5);
    options.config[judge].fingerprints = expected;
    options.config[judge].fingerprint_count = 1;
    struct pair *pair = scene_pair(&scene, &options);
    bool open = pair_run_until_open(pair, 20 * NET_SECOND);
    CHECK_CASE(open == opened && (!open || pair_last(pair, CLIENT, DTLS_EVENT_OPEN)->resumed == resumed),
               "%s, end %d, hash %d: open %d", scene_name(kind), judge, (int)expected->hash, open);
    const struct pair_event *failed = pair_last(pair, judge, DTLS_EVENT_FAILED);
    CU_ASSERT_TRUE(opened || (failed != NULL && failed->error == DTLS_ERR_BAD_CERTIFICATE));
    pair_free(pair);
    scene_end(&scene);
}

static void a_session_is_resumed_only_where_its_peer_can_be_told(void)
{
    for (int kind = SCENE_RESUMED_BY_ID; kind <= SCENE_RESUMED_BY_TICKET; kind++) {
        for (size_t i = 0; i < 3; i++) {
            struct dtls_fingerprint servers = fingerprint_of(IDENTITY_SERVER, hashes[i]);
            resume((enum scene_kind)kind, CLIENT, &servers, hashes[i] == DTLS_FINGERPRINT_SHA_256, true);
            /* Its sessions have no client in them: the client has to show who it is. */
            struct dtls_fingerprint clients = fingerprint_of(IDENTITY_CLIENT, hashes[i]);
            resume((enum scene_kind)kind, SERVER, &clients, false, true);
            clients = wrong(IDENTITY_CLIENT, hashes[i], 9);
            resume((enum scene_kind)kind, SERVER, &clients, false, false);
        }
        for (size_t i = 1; i < 3; i++) {
            struct dtls_fingerprint servers = wrong(IDENTITY_SERVER, hashes[i], 9);
            resume((enum scene_kind)kind, CLIENT, &servers, false, false);
        }
    }
}

static void a_session_of_another_is_refused_at_once(void)
{
    struct dtls_fingerprint off = wrong(IDENTITY_SERVER, hashes[0], 100);
    struct pair_options options;

    pair_options(&options, 6);
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    pair_run_for(pair, NET_SECOND);
    struct dtls_session *session = pair_session(pair);
    CU_ASSERT_PTR_NOT_NULL_FATAL(session);
    options.config[CLIENT].fingerprints = &off;
    options.config[CLIENT].fingerprint_count = 1;
    struct dtls_conn *conn = dtls_conn_new(&options.config[CLIENT], DTLS_CLIENT);
    CU_ASSERT_EQUAL(dtls_conn_resume(conn, session), DTLS_ERR_ARGUMENT);
    off = fingerprint_of(IDENTITY_SERVER, hashes[0]);
    CU_ASSERT_EQUAL(dtls_conn_resume(conn, session), DTLS_OK);
    dtls_conn_free(conn);
    dtls_session_free(session);
    pair_free(pair);
}

/* ---- rehandshakes ---- */

static void an_abbreviated_rehandshake_is_full_where_the_hash_is_another(void)
{
    for (int judge = CLIENT; judge <= SERVER; judge++)
        for (size_t i = 0; i < 3; i++)
            for (int k = 0; k < CALL_KINDS; k++) {
                struct dtls_fingerprint right = fingerprint_of(other_of((enum net_end)judge), hashes[i]);
                struct pair_options options;
                struct call call;
                expect(&options, (enum net_end)judge, &right, 1);
                call_begin(&call, &options);
                CHECK_CASE(call_renew(&call, &call_kinds[k], 1, 5 * NET_SECOND), "%s", call_kinds[k].name);
                CHECK_CASE(pair_last(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE)->resumed ==
                               (call_kinds[k].mode == DTLS_REHANDSHAKE_ABBREVIATED && i == 0),
                           "%s, end %d, hash %d", call_kinds[k].name, judge, (int)hashes[i]);
                call_end(&call);
            }
}

/* Expected from now on, and the peer has not changed: it is shown once more, and the association ends. */
static void a_rehandshake_without_a_match_ends_it_before_any_key(void)
{
    for (int judge = CLIENT; judge <= SERVER; judge++)
        for (size_t i = 0; i < 3; i++)
            for (int k = 0; k < CALL_KINDS; k++) {
                struct dtls_fingerprint right = fingerprint_of(other_of((enum net_end)judge), hashes[i]);
                struct dtls_fingerprint off = wrong(other_of((enum net_end)judge), hashes[i], 255);
                struct pair_options options;
                struct call call;
                expect(&options, (enum net_end)judge, &right, 1);
                call_begin(&call, &options);
                struct dtls_config config = *call_config(&call, (enum net_end)judge);
                config.fingerprints = &off;
                call_set_config(&call, (enum net_end)judge, &config);
                size_t keys = pair_count(call.pair, (enum net_end)judge, DTLS_EVENT_KEYS);
                CU_ASSERT_EQUAL(pair_rehandshake(call.pair, call_kinds[k].from, call_kinds[k].mode), DTLS_OK);
                pair_run_for(call.pair, 5 * NET_SECOND);
                const struct pair_event *failed = pair_last(call.pair, (enum net_end)judge, DTLS_EVENT_FAILED);
                CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_BAD_CERTIFICATE &&
                               pair_count(call.pair, (enum net_end)judge, DTLS_EVENT_KEYS) == keys &&
                               pair_count(call.pair, (enum net_end)judge, DTLS_EVENT_REHANDSHAKE_DONE) == 0,
                           "%s, end %d, hash %d: %d", call_kinds[k].name, judge, (int)hashes[i],
                           failed == NULL ? 0 : failed->error);
                failed = pair_last(call.pair, net_other((enum net_end)judge), DTLS_EVENT_FAILED);
                CHECK_CASE(failed != NULL && failed->alert == DTLS_ALERT_BAD_CERTIFICATE, "%s: the peer is not told",
                           call_kinds[k].name);
                call_end(&call);
            }
}

static CU_TestInfo tests[] = {
    { "the right fingerprint opens, by every hash and at either end (K2)", the_right_one_opens_by_every_hash },
    { "wrong fingerprint by one bit: bad_certificate, no keys, no OPEN, no data, FAILED only (K2)",
      one_wrong_bit_and_there_is_nothing },
    { "another peer's is wrong, and so is our own", another_peers_or_our_own_is_wrong },
    { "of several, any of the strongest hash counts (RFC 8122, 5)", of_several_any_of_the_strongest_hash_counts },
    { "a server with fingerprints requires a certificate", a_server_with_fingerprints_requires_a_certificate },
    { "the verifier is asked, too", the_verifier_is_asked_too },
    { "a session is resumed only where its peer can be told by SHA-256",
      a_session_is_resumed_only_where_its_peer_can_be_told },
    { "a session of another peer is refused at once", a_session_of_another_is_refused_at_once },
    { "an abbreviated rehandshake becomes full where another hash counts",
      an_abbreviated_rehandshake_is_full_where_the_hash_is_another },
    { "a rehandshake without a match ends the association, before any key",
      a_rehandshake_without_a_match_ends_it_before_any_key },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "fingerprints", tests);
}
