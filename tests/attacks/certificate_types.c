/* certificate_types.c - RFC 7250's extensions as no honest peer says them: types that were not offered, lists for
 * answers and answers for lists, and a downgrade. */
#include "conn/conn_private.h"

#include "tests/attacks/draft.h"
#include "tests/tap.h"

enum { CLIENT_TYPE = 19, SERVER_TYPE = 20 };

#define BODY(...)                                                                                                      \
    {                                                                                                                  \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })                                     \
    }

static int say(enum net_end to, enum dtls_types own, enum dtls_types peer, const struct draft *draft, uint8_t *alert)
{
    struct pair_options options;
    struct siege siege;

    pair_options(&options, 1);
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.config[to].own_types = own;
    options.config[to].peer_types = peer;
    siege_begin(&siege, SIEGE_HELLO, &options);
    if (to == SERVER)
        draft_say_client_hello(&siege, draft);
    else
        draft_say_server_hello(&siege, draft);
    int error = draft_verdict(&siege, to);
    *alert = siege.pair->end[to].conn->alert_body[1];
    siege_end(&siege);
    return error;
}

static void a_client_takes_only_a_type_that_it_has_offered(void)
{
    const struct {
        const char *what;
        uint16_t extension;
        struct dtls_bytes body;
        enum dtls_types types;
        int error;
    } cases[] = {
        { "raw, offered", SERVER_TYPE, BODY(2), DTLS_TYPES_RAW, DTLS_OK },
        { "X.509, offered", SERVER_TYPE, BODY(0), DTLS_TYPES_RAW_X509, DTLS_OK },
        { "X.509, not offered", SERVER_TYPE, BODY(0), DTLS_TYPES_RAW, DTLS_ERR_ILLEGAL_PARAMETER },
        { "OpenPGP", SERVER_TYPE, BODY(1), DTLS_TYPES_RAW_X509, DTLS_ERR_ILLEGAL_PARAMETER },
        { "number 255", SERVER_TYPE, BODY(255), DTLS_TYPES_RAW_X509, DTLS_ERR_ILLEGAL_PARAMETER },
        { "a list", SERVER_TYPE, BODY(1, 2), DTLS_TYPES_RAW_X509, DTLS_ERR_DECODE },
        { "a list of two", SERVER_TYPE, BODY(2, 2, 0), DTLS_TYPES_RAW_X509, DTLS_ERR_DECODE },
        { "what nobody asked for", SERVER_TYPE, BODY(2), DTLS_TYPES_X509, DTLS_ERR_ILLEGAL_PARAMETER },
        { "the client's type, offered", CLIENT_TYPE, BODY(2), DTLS_TYPES_RAW_X509, DTLS_OK },
        { "the client's type, not offered", CLIENT_TYPE, BODY(0), DTLS_TYPES_RAW, DTLS_ERR_ILLEGAL_PARAMETER },
        { "the client's type, that nobody asked for", CLIENT_TYPE, BODY(2), DTLS_TYPES_X509,
          DTLS_ERR_ILLEGAL_PARAMETER },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct draft draft = { .random = 1, .extra = cases[i].extension, .extra_body = cases[i].body };
        bool server = cases[i].extension == SERVER_TYPE;
        uint8_t alert;
        int error = say(CLIENT, server ? DTLS_TYPES_X509 : cases[i].types, server ? cases[i].types : DTLS_TYPES_X509,
                        &draft, &alert);
        CHECK_CASE(error == cases[i].error, "%s: %d", cases[i].what, error);
    }
}

/* An attacker who strikes the extension out of the hellos, or a server that ignores it: a client that takes raw keys
 * alone takes no certificate instead. */
static void a_client_of_raw_keys_alone_takes_no_certificate_instead(void)
{
    const struct draft draft = { .random = 1 };
    uint8_t alert;

    CU_ASSERT_EQUAL(say(CLIENT, DTLS_TYPES_X509, DTLS_TYPES_RAW, &draft, &alert), DTLS_ERR_BAD_CERTIFICATE);
    CU_ASSERT_EQUAL(alert, DTLS_ALERT_UNSUPPORTED_CERTIFICATE);
    CU_ASSERT_EQUAL(say(CLIENT, DTLS_TYPES_X509, DTLS_TYPES_RAW_X509, &draft, &alert), DTLS_OK);
    CU_ASSERT_EQUAL(say(CLIENT, DTLS_TYPES_RAW, DTLS_TYPES_X509, &draft, &alert),
                    DTLS_OK); /* it shows nothing, if asked */
}

static void a_server_takes_lists_and_no_answers(void)
{
    const struct {
        const char *what;
        struct dtls_bytes body;
        enum dtls_types types;
        int error;
    } cases[] = {
        { "raw", BODY(1, 2), DTLS_TYPES_RAW, DTLS_OK },
        { "unknown ones in front", BODY(4, 1, 3, 255, 2), DTLS_TYPES_RAW, DTLS_OK },
        { "the same twice", BODY(2, 2, 2), DTLS_TYPES_RAW, DTLS_OK },
        { "unknown ones alone", BODY(2, 1, 3), DTLS_TYPES_RAW_X509, -1 },
        { "an answer", BODY(2), DTLS_TYPES_RAW, DTLS_ERR_DECODE },
        { "an empty list", BODY(0), DTLS_TYPES_RAW, DTLS_ERR_DECODE },
        { "a list cut short", BODY(2, 2), DTLS_TYPES_RAW, DTLS_ERR_DECODE },
        { "a list that is too long", BODY(1, 2, 0), DTLS_TYPES_RAW, DTLS_ERR_DECODE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int server = 0; server < 2; server++) {
            const struct draft draft = { .random = 1,
                                         .extra = server ? SERVER_TYPE : CLIENT_TYPE,
                                         .extra_body = cases[i].body };
            uint8_t alert;
            int error = say(SERVER, server ? cases[i].types : DTLS_TYPES_X509,
                            server ? DTLS_TYPES_X509 : cases[i].types, &draft, &alert);
            int expected =
                cases[i].error == -1 ? (server ? DTLS_ERR_NO_COMMON_SUITE : DTLS_ERR_NO_CERTIFICATE) : cases[i].error;
            CHECK_CASE(error == expected, "%s, of the %s: %d", cases[i].what, server ? "server" : "client", error);
        }
}

static CU_TestInfo tests[] = {
    { "a client takes only a type that it has offered", a_client_takes_only_a_type_that_it_has_offered },
    { "a client of raw keys alone takes no certificate instead",
      a_client_of_raw_keys_alone_takes_no_certificate_instead },
    { "a server takes lists, and no answers", a_server_takes_lists_and_no_answers },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks_certificate_types", tests);
}
