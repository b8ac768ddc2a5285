/* names.c - server_name and ALPN as no honest peer says them (RFC 6066, 3; RFC 7301, 3.1). */
#include <string.h>

#include "conn/conn_private.h"

#include "tests/attacks/draft.h"
#include "tests/tap.h"

enum { SERVER_NAME = 0xfffd, ALPN = 16 }; /* the number 0 is no extension to a draft: say_name turns it */

#define BODY(...)                                                                                                      \
    {                                                                                                                  \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })                                     \
    }

static const char *const protocols[] = { "a", "bc" };

static void want(struct pair_options *options, bool names)
{
    pair_options(options, 1);
    for (int end = CLIENT; end <= SERVER; end++) {
        options->config[end].alpn = protocols;
        options->config[end].alpn_count = names ? 2 : 0;
        options->config[end].server_name = names ? "a.example" : NULL;
    }
}

static int say(enum net_end to, const struct pair_options *options, const struct draft *draft, uint8_t *alert,
               char name[512])
{
    uint8_t body[SIEGE_MOST];
    struct siege siege;

    siege_begin(&siege, SIEGE_HELLO, options);
    size_t len = to == SERVER ? draft_client_hello(draft, body) : draft_server_hello(draft, body);
    for (size_t i = 0; i + 1 < len; i++) /* all extensions but this one have small numbers and short bodies */
        if (body[i] == 0xff && body[i + 1] == 0xfd)
            body[i] = body[i + 1] = 0;
    struct siege_fragment fragment = { .type = to == SERVER ? DTLS_CLIENT_HELLO : DTLS_SERVER_HELLO,
                                       .length = (uint32_t)len,
                                       .fragment_length = (uint32_t)len,
                                       .present = len,
                                       .bytes = body };
    siege_say(&siege, to, &fragment);
    int error = draft_verdict(&siege, to);
    const struct dtls_conn *conn = siege.pair->end[to].conn;
    *alert = conn->alert_body[1];
    const char *seen = conn->hs != NULL ? conn->hs->pending.server_name : NULL;
    strcpy(name, seen == NULL ? "" : seen);
    siege_end(&siege);
    return error;
}

static void a_server_takes_names_and_refuses_what_could_be_none(void)
{
    const struct {
        const char *what;
        struct dtls_bytes body;
        int error;
        const char *name;
    } cases[] = {
        { "a name", BODY(0, 6, 0, 0, 3, 'a', '.', 'b'), DTLS_OK, "a.b" },
        { "a name in upper case", BODY(0, 6, 0, 0, 3, 'A', '.', 'b'), DTLS_OK, "a.b" },
        { "an unknown type alone", BODY(0, 4, 9, 0, 1, 'a'), DTLS_OK, "" },
        { "an unknown type, and a name", BODY(0, 8, 9, 0, 1, 0, 0, 0, 1, 'a'), DTLS_OK, "a" },
        { "an IPv4 address", BODY(0, 10, 0, 0, 7, '1', '.', '2', '.', '3', '.', '4'), DTLS_OK, "" },
        { "an IPv6 address", BODY(0, 6, 0, 0, 3, ':', ':', '1'), DTLS_OK, "" },
        { "a dot at the end", BODY(0, 7, 0, 0, 4, 'a', '.', 'b', '.'), DTLS_OK, "" },
        { "a wildcard", BODY(0, 8, 0, 0, 5, '*', '.', 'a', '.', 'b'), DTLS_OK, "" },
        { "a NUL in it", BODY(0, 6, 0, 0, 3, 'a', 0, 'b'), DTLS_ERR_ILLEGAL_PARAMETER, "" },
        { "a NUL behind it", BODY(0, 5, 0, 0, 2, 'a', 0), DTLS_ERR_ILLEGAL_PARAMETER, "" },
        { "a newline in it", BODY(0, 6, 0, 0, 3, 'a', '\n', 'b'), DTLS_ERR_ILLEGAL_PARAMETER, "" },
        { "UTF-8", BODY(0, 5, 0, 0, 2, 0xc3, 0xbc), DTLS_ERR_ILLEGAL_PARAMETER, "" },
        { "an empty body, as an answer has", BODY(0), DTLS_ERR_DECODE, "" },
        { "an empty name", BODY(0, 3, 0, 0, 0), DTLS_ERR_DECODE, "" },
        { "two names", BODY(0, 8, 0, 0, 1, 'a', 0, 0, 1, 'b'), DTLS_ERR_DECODE, "" },
        { "the same twice", BODY(0, 8, 0, 0, 1, 'a', 0, 0, 1, 'a'), DTLS_ERR_DECODE, "" },
    };

    for (size_t i = 0; i < 2 * (sizeof cases / sizeof cases[0]); i++) {
        const size_t c = i / 2;
        struct draft draft = { .random = 1, .extra = SERVER_NAME, .extra_body = cases[c].body };
        struct pair_options options;
        char name[512];
        uint8_t alert;
        if (cases[c].body.len == 1)
            draft.extra_body.len = 0;
        want(&options, i % 2);
        int error = say(SERVER, &options, &draft, &alert, name);
        CHECK_CASE(error == cases[c].error && strcmp(name, cases[c].name) == 0, "%s: %d, '%s'", cases[c].what, error,
                   name);
        CHECK_CASE(error != DTLS_ERR_DECODE || alert == DTLS_ALERT_DECODE_ERROR, "%s: %u", cases[c].what, alert);
        CHECK_CASE(error != DTLS_ERR_ILLEGAL_PARAMETER || alert == DTLS_ALERT_ILLEGAL_PARAMETER, "%s: %u",
                   cases[c].what, alert);
    }
}

static void a_name_of_every_length_is_bounded(void)
{
    static uint8_t body[5 + 2000];

    memset(body, 'a', sizeof body);
    for (size_t i = 40; i < 2000; i += 40)
        body[5 + i] = '.';
    for (size_t len = 1; len <= 2000; len += len < 300 ? 1 : 100) {
        struct draft draft = { .random = 1, .extra = SERVER_NAME, .extra_body = { body, 5 + len } };
        struct pair_options options;
        char name[512] = "";
        uint8_t alert;
        body[0] = (uint8_t)((len + 3) >> 8);
        body[1] = (uint8_t)(len + 3);
        body[2] = 0;
        body[3] = (uint8_t)(len >> 8);
        body[4] = (uint8_t)len;
        want(&options, false);
        int error = say(SERVER, &options, &draft, &alert, name);
        bool fits = len <= 253 && body[4 + len] != '.';
        CHECK_CASE(error == (len <= 255 ? DTLS_OK : DTLS_ERR_ILLEGAL_PARAMETER), "%zu bytes: %d", len, error);
        CHECK_CASE(strlen(name) == (fits ? len : 0), "%zu bytes: %zu", len, strlen(name));
    }
}

static void a_client_takes_only_what_it_has_asked_for(void)
{
    const struct {
        const char *what;
        uint16_t extension;
        struct dtls_bytes body;
        int error, unasked; /* where it was asked for, and where not */
    } cases[] = {
        { "an empty server_name", SERVER_NAME, BODY(0), DTLS_OK, DTLS_ERR_ILLEGAL_PARAMETER },
        { "a server_name with a name", SERVER_NAME, BODY(0, 4, 0, 0, 1, 'a'), DTLS_ERR_DECODE,
          DTLS_ERR_ILLEGAL_PARAMETER },
        { "a protocol that was offered", ALPN, BODY(0, 2, 1, 'a'), DTLS_OK, DTLS_ERR_ILLEGAL_PARAMETER },
        { "the other", ALPN, BODY(0, 3, 2, 'b', 'c'), DTLS_OK, DTLS_ERR_ILLEGAL_PARAMETER },
        { "one that was not", ALPN, BODY(0, 2, 1, 'b'), DTLS_ERR_ILLEGAL_PARAMETER, DTLS_ERR_ILLEGAL_PARAMETER },
        { "a longer one", ALPN, BODY(0, 3, 2, 'a', 0), DTLS_ERR_ILLEGAL_PARAMETER, DTLS_ERR_ILLEGAL_PARAMETER },
        { "both", ALPN, BODY(0, 5, 1, 'a', 2, 'b', 'c'), DTLS_ERR_ILLEGAL_PARAMETER, DTLS_ERR_ILLEGAL_PARAMETER },
        { "one twice", ALPN, BODY(0, 4, 1, 'a', 1, 'a'), DTLS_ERR_ILLEGAL_PARAMETER, DTLS_ERR_ILLEGAL_PARAMETER },
        { "an empty list", ALPN, BODY(0, 0), DTLS_ERR_DECODE, DTLS_ERR_DECODE },
        { "an empty name", ALPN, BODY(0, 1, 0), DTLS_ERR_DECODE, DTLS_ERR_DECODE },
    };

    for (size_t i = 0; i < 2 * (sizeof cases / sizeof cases[0]); i++) {
        const size_t c = i / 2;
        struct draft draft = { .random = 1, .extra = cases[c].extension, .extra_body = cases[c].body };
        struct pair_options options;
        char name[512];
        uint8_t alert;
        if (cases[c].body.len == 1)
            draft.extra_body.len = 0;
        want(&options, i % 2 == 0);
        int error = say(CLIENT, &options, &draft, &alert, name);
        CHECK_CASE(error == (i % 2 == 0 ? cases[c].error : cases[c].unasked), "%s, asked %d: %d", cases[c].what,
                   i % 2 == 0, error);
        if (error == DTLS_ERR_ILLEGAL_PARAMETER)
            CHECK_CASE(alert == (i % 2 == 0 ? DTLS_ALERT_ILLEGAL_PARAMETER : (int)DTLS_ALERT_UNSUPPORTED_EXTENSION),
                       "%s: alert %u", cases[c].what, alert);
    }
}

static void extensions_that_come_twice_are_refused(void)
{
    for (int to = CLIENT; to <= SERVER; to++)
        for (int alpn = 0; alpn < 2; alpn++) {
            const struct draft draft = { .random = 1,
                                         .extra = alpn ? ALPN : SERVER_NAME,
                                         .extra_body = BODY(0, 4, 0, 0, 1, 'a'),
                                         .extra_twice = true };
            struct pair_options options;
            char name[512];
            uint8_t alert;
            want(&options, true);
            CU_ASSERT_EQUAL(say((enum net_end)to, &options, &draft, &alert, name), DTLS_ERR_DECODE);
            CU_ASSERT_EQUAL(alert, DTLS_ALERT_DECODE_ERROR);
        }
}

static CU_TestInfo tests[] = {
    { "a NUL, other bytes, two names, none are refused; an address or a dot at the end is no name",
      a_server_takes_names_and_refuses_what_could_be_none },
    { "a name of every length is bounded", a_name_of_every_length_is_bounded },
    { "an answer that we did not ask for, or a protocol that we did not offer, is refused",
      a_client_takes_only_what_it_has_asked_for },
    { "extensions that come twice are refused", extensions_that_come_twice_are_refused },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks_names", tests);
}
