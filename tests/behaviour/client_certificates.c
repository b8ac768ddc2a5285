/* client_certificates.c - which of several identities a client shows, by the authorities and the keys that its server
 * takes (RFC 5246, 7.4.4); or none. */
#include <string.h>

#include "bytes/writer.h"
#include "identity/authorities.h"
#include "identity/certificate.h"
#include "tests/box/call.h"
#include "tests/box/oracle.h"
#include "tests/tap.h"

enum { NOBODY = -1 };

static bool shows(const struct pair *pair, int kind)
{
    const uint8_t *shown = dtls_conn_peer_fingerprint(pair->end[SERVER].conn);

    if (kind == NOBODY)
        return shown == NULL;
    return shown != NULL && memcmp(shown, identity_fingerprint((enum identity_kind)kind), DTLS_FINGERPRINT_LEN) == 0;
}

/* A list with who has issued the last certificate of each. */
static struct dtls_bytes issuers(uint8_t out[2048], const enum identity_kind *kinds, size_t count)
{
    struct dtls_writer to = dtls_writer_to(out, 2048);
    struct dtls_bytes issuer, subject;

    for (size_t i = 0; i < count; i++) {
        size_t last = 0;
        while (dtls_identity_certificate(identity_of(kinds[i]), last + 1).len > 0)
            last++;
        CU_ASSERT_TRUE(
            dtls_certificate_names(dtls_identity_certificate(identity_of(kinds[i]), last), &issuer, &subject));
        dtls_write_vec16(&to, issuer);
    }
    return dtls_writer_bytes(&to);
}

static void by_authorities_in_order(void)
{
    static const enum identity_kind ed[] = { IDENTITY_ED25519 }, rsa[] = { IDENTITY_RSA2048 },
                                    both[] = { IDENTITY_RSA2048, IDENTITY_ED25519 },
                                    chain[] = { IDENTITY_RSA4096_CHAIN };
    static const struct {
        const enum identity_kind *listed;
        size_t count;
        bool ignored;
        int shown;
    } cases[] = {
        { NULL, 0, false, IDENTITY_CLIENT },  { ed, 1, false, IDENTITY_ED25519 }, { rsa, 1, false, IDENTITY_RSA2048 },
        { both, 2, false, IDENTITY_ED25519 }, { chain, 1, false, NOBODY },        { chain, 1, true, IDENTITY_CLIENT },
        { ed, 1, true, IDENTITY_ED25519 },
    };
    struct dtls_named_identity rows[] = { { NULL, identity_of(IDENTITY_ED25519) },
                                          { NULL, identity_of(IDENTITY_RSA2048) } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int require = 0; require < 2; require++) {
            struct pair_options options;
            uint8_t list[2048];
            pair_options(&options, i);
            options.config[SERVER].client_certificate =
                require ? DTLS_CLIENT_CERTIFICATE_REQUIRE : DTLS_CLIENT_CERTIFICATE_ASK;
            options.config[SERVER].authorities = issuers(list, cases[i].listed, cases[i].count);
            options.config[CLIENT].identities = rows;
            options.config[CLIENT].identity_count = 2;
            options.config[CLIENT].ignore_authorities = cases[i].ignored;
            struct pair *pair = pair_new(&options);
            pair_run_for(pair, 10 * NET_SECOND);
            if (require && cases[i].shown == NOBODY) {
                const struct pair_event *failed = pair_last(pair, SERVER, DTLS_EVENT_FAILED);
                CU_ASSERT_TRUE(failed != NULL && failed->error == DTLS_ERR_NO_CERTIFICATE);
            } else {
                CHECK_CASE(pair_both_open(pair) && shows(pair, cases[i].shown), "case %zu", i);
            }
            pair_free(pair);
        }
}

/* Of a chain any certificate will do: the leaf's issuer may be one that the server does not know. */
static void an_authority_may_stand_anywhere_in_the_chain(void)
{
    const struct dtls_identity *identity = identity_of(IDENTITY_RSA4096_CHAIN);

    for (size_t i = 0; dtls_identity_certificate(identity, i).len > 0; i++) {
        struct dtls_bytes issuer, subject;
        struct pair_options options;
        uint8_t list[512];
        struct dtls_writer to = dtls_writer_to(list, sizeof list);
        CU_ASSERT_TRUE(dtls_certificate_names(dtls_identity_certificate(identity, i), &issuer, &subject));
        dtls_write_vec16(&to, issuer);
        pair_options(&options, i);
        options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
        options.config[SERVER].authorities = dtls_writer_bytes(&to);
        options.config[CLIENT].identity = identity;
        struct pair *pair = pair_new(&options);
        CHECK_CASE(pair_run_until_open(pair, 5 * NET_SECOND) && shows(pair, IDENTITY_RSA4096_CHAIN), "number %zu", i);
        pair_free(pair);
    }
}

/* 16 KiB of names, in fragments of a small MTU, with loss. */
static void a_long_list_arrives(void)
{
    static uint8_t list[DTLS_AUTHORITIES_MAX];
    struct dtls_writer to = dtls_writer_to(list, sizeof list);
    uint8_t name[126] = { 0x30, 124 };
    struct oracle oracle = { .suggested = true };
    struct pair_options options;

    for (size_t i = 0; i < sizeof list / 128; i++) {
        name[2] = (uint8_t)i;
        dtls_write_vec16(&to, (struct dtls_bytes){ name, sizeof name });
    }
    pair_options(&options, 8);
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_ASK;
    options.config[SERVER].authorities = dtls_writer_bytes(&to);
    options.link[CLIENT].loss = options.link[SERVER].loss = 200;
    oracle_use(&oracle, CLIENT, &options.config[CLIENT]);
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 60 * NET_SECOND) && shows(pair, NOBODY));
    CU_ASSERT_EQUAL(oracle.authorities, 128);
    pair_free(pair);
}

static void the_application_sees_the_list_and_chooses_later(void)
{
    static const uint64_t waits[] = { 0, 300 * NET_MS };
    static const int answers[] = { IDENTITY_OTHER, IDENTITY_RSA2048, NOBODY };

    for (size_t w = 0; w < 2; w++)
        for (size_t a = 0; a < 3; a++) {
            static const enum identity_kind listed[] = { IDENTITY_ED25519, IDENTITY_RSA2048 };
            struct oracle oracle = { .wait_us = waits[w] };
            struct pair_options options;
            uint8_t list[2048];
            oracle.identity = answers[a] == NOBODY ? NULL : identity_of((enum identity_kind)answers[a]);
            pair_options(&options, 8);
            options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_ASK;
            options.config[SERVER].authorities = issuers(list, listed, 2);
            oracle_use(&oracle, CLIENT, &options.config[CLIENT]);
            options.silent = true;
            struct pair *pair = pair_new(&options);
            oracle.pair = pair;
            pair_start_client(pair);
            CHECK_CASE(pair_run_until_open(pair, 5 * NET_SECOND) && shows(pair, answers[a]), "answer %zu", a);
            CU_ASSERT_TRUE(oracle.asked == 1 && oracle.authorities == 2);
            pair_free(pair);
        }
}

static void without_a_request_nobody_is_asked(void)
{
    struct oracle oracle = { .suggested = true };
    struct pair_options options;

    pair_options(&options, 8);
    oracle_use(&oracle, CLIENT, &options.config[CLIENT]);
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_EQUAL(oracle.asked, 0);
    pair_free(pair);
}

/* R9: what was shown first is shown again, whatever another list says. */
static void in_a_rehandshake_the_identity_stays(void)
{
    static const enum identity_kind ed[] = { IDENTITY_ED25519 }, rsa[] = { IDENTITY_RSA2048 };
    struct dtls_named_identity rows[] = { { NULL, identity_of(IDENTITY_ED25519) },
                                          { NULL, identity_of(IDENTITY_RSA2048) } };

    for (int change = 0; change < 2; change++) {
        struct pair_options options;
        struct call call;
        uint8_t list[2][2048];
        pair_options(&options, 8);
        options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
        options.config[SERVER].authorities = issuers(list[0], ed, 1);
        options.config[SERVER].allow_identity_change = change;
        options.config[CLIENT].identities = rows;
        options.config[CLIENT].identity_count = 2;
        options.config[CLIENT].change_own_identity = change;
        call_begin(&call, &options);
        CU_ASSERT_TRUE(shows(call.pair, IDENTITY_ED25519));
        struct dtls_config config = *call_config(&call, SERVER);
        config.authorities = issuers(list[1], rsa, 1);
        call_set_config(&call, SERVER, &config);
        CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, 5 * NET_SECOND));
        CU_ASSERT_TRUE(shows(call.pair, change ? IDENTITY_RSA2048 : IDENTITY_ED25519));
        call_end(&call);
    }
}

static CU_TestInfo tests[] = {
    { "the first identity that one of the server's authorities has issued, or none", by_authorities_in_order },
    { "an authority may stand anywhere in the chain", an_authority_may_stand_anywhere_in_the_chain },
    { "16 KiB of authorities arrive", a_long_list_arrives },
    { "the application sees the list, and chooses, at once or later", the_application_sees_the_list_and_chooses_later },
    { "without a request nobody is asked", without_a_request_nobody_is_asked },
    { "in a rehandshake the identity stays unless it may change (R9)", in_a_rehandshake_the_identity_stays },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "client_certificates", tests);
}
