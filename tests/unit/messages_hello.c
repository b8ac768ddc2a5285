/* messages_hello.c - ClientHello, ServerHello, HelloVerifyRequest: round trips, cuts, and what browsers send. */
#include "messages/hello.h"

#include <string.h>

#include "messages/handshake_header.h"
#include "tests/cuts.h"
#include "tests/hex_file.h"
#include "tests/tap.h"

enum { RECORD_HEADER_LEN = 13 };

static const uint8_t numbers[64] = { 0xc0, 0x2b, 0xc0, 0x2f, 0x00, 0xff };

static struct dtls_bytes some(size_t len)
{
    return (struct dtls_bytes){ numbers, len };
}

static struct dtls_client_hello client_hello(void)
{
    return (struct dtls_client_hello){
        .version = DTLS_VERSION_1_2,
        .random = some(32),
        .session_id = some(5),
        .cookie = some(7),
        .suites = some(6),
        .compressions = { numbers + 4, 1 },
        .extensions = { .extended_master_secret = true },
    };
}

static struct dtls_server_hello server_hello(void)
{
    return (struct dtls_server_hello){
        .version = DTLS_VERSION_1_2,
        .random = some(32),
        .session_id = some(32),
        .suite = 0xc02b,
        .extensions = { .extended_master_secret = true, .has_renegotiation_info = true },
    };
}

static int read_client_hello(struct dtls_bytes body, void *out)
{
    return dtls_client_hello_read(body, out);
}

static int read_server_hello(struct dtls_bytes body, void *out)
{
    return dtls_server_hello_read(body, out);
}

static int read_hello_verify(struct dtls_bytes body, void *out)
{
    return dtls_hello_verify_read(body, out);
}

static int read_of_client(const struct dtls_client_hello *hello)
{
    uint8_t span[512];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);
    struct dtls_client_hello read;

    dtls_client_hello_write(&to, hello);
    return dtls_client_hello_read(dtls_writer_bytes(&to), &read);
}

static void a_client_hello_comes_back_as_it_was_written(void)
{
    uint8_t span[128];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);
    struct dtls_client_hello hello = client_hello(), read;

    dtls_client_hello_write(&to, &hello);
    CU_ASSERT_EQUAL(dtls_client_hello_read(dtls_writer_bytes(&to), &read), DTLS_OK);
    CU_ASSERT_EQUAL(read.version, hello.version);
    CU_ASSERT_TRUE(dtls_bytes_equal(read.random, hello.random));
    CU_ASSERT_TRUE(dtls_bytes_equal(read.session_id, hello.session_id));
    CU_ASSERT_TRUE(dtls_bytes_equal(read.cookie, hello.cookie));
    CU_ASSERT_TRUE(dtls_bytes_equal(read.suites, hello.suites));
    CU_ASSERT_TRUE(dtls_bytes_equal(read.compressions, hello.compressions));
    CU_ASSERT_TRUE(read.extensions.extended_master_secret);
}

static void a_server_hello_comes_back_as_it_was_written(void)
{
    uint8_t span[128];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);
    struct dtls_server_hello hello = server_hello(), read;

    hello.compression = 1; /* wrong, but for others to judge */
    dtls_server_hello_write(&to, &hello);
    CU_ASSERT_EQUAL(dtls_server_hello_read(dtls_writer_bytes(&to), &read), DTLS_OK);
    CU_ASSERT_EQUAL(read.version, hello.version);
    CU_ASSERT_TRUE(dtls_bytes_equal(read.random, hello.random));
    CU_ASSERT_TRUE(dtls_bytes_equal(read.session_id, hello.session_id));
    CU_ASSERT_EQUAL(read.suite, 0xc02b);
    CU_ASSERT_EQUAL(read.compression, 1);
    CU_ASSERT_TRUE(read.extensions.extended_master_secret && read.extensions.has_renegotiation_info);
}

static void every_cut_of_a_hello_is_refused(void)
{
    uint8_t span[128];
    struct dtls_client_hello client = client_hello();
    struct dtls_server_hello server = server_hello();
    struct dtls_writer to = dtls_writer_to(span, sizeof span);

    dtls_client_hello_write(&to, &client);
    size_t without_extensions = to.len - (2 + 4);
    check_cuts("ClientHello", read_client_hello, sizeof client, dtls_writer_bytes(&to), without_extensions);

    to = dtls_writer_to(span, sizeof span);
    dtls_server_hello_write(&to, &server);
    without_extensions = to.len - (2 + 4 + 5);
    check_cuts("ServerHello", read_server_hello, sizeof server, dtls_writer_bytes(&to), without_extensions);

    to = dtls_writer_to(span, sizeof span);
    dtls_hello_verify_write(&to, &(struct dtls_hello_verify){ DTLS_VERSION_1_0, some(32) });
    check_cuts("HelloVerifyRequest", read_hello_verify, sizeof(struct dtls_hello_verify), dtls_writer_bytes(&to),
               NOWHERE);
}

static void the_start_needs_the_whole_cookie_and_no_more(void)
{
    uint8_t span[128];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);
    struct dtls_client_hello hello = client_hello();
    size_t start = 2 + 32 + 1 + hello.session_id.len + 1 + hello.cookie.len;

    dtls_client_hello_write(&to, &hello);
    for (size_t len = 0; len <= to.len; len++) {
        struct dtls_client_hello read, before;
        memset(&read, 0xa5, sizeof read);
        before = read;
        int answer = dtls_client_hello_read_start((struct dtls_bytes){ span, len }, &read);
        CHECK_CASE(answer == (len < start ? DTLS_ERR_DECODE : DTLS_OK), "%zu bytes: %d", len, answer);
        if (answer == DTLS_OK)
            CHECK_CASE(dtls_bytes_equal(read.cookie, hello.cookie) && read.suites.len == 0, "%zu bytes", len);
        else
            CHECK_CASE(memcmp(&read, &before, sizeof read) == 0, "output touched at %zu bytes", len);
    }
}

static void a_session_id_has_at_most_32_bytes(void)
{
    struct dtls_client_hello client = client_hello(), client_read;
    struct dtls_server_hello server = server_hello(), server_read;
    uint8_t span[128];

    for (size_t len = 32; len <= 33; len++) {
        int expected = len == 32 ? DTLS_OK : DTLS_ERR_DECODE;
        client.session_id = server.session_id = some(len);

        struct dtls_writer to = dtls_writer_to(span, sizeof span);
        dtls_client_hello_write(&to, &client);
        CU_ASSERT_EQUAL(dtls_client_hello_read(dtls_writer_bytes(&to), &client_read), expected);
        CU_ASSERT_EQUAL(dtls_client_hello_read_start(dtls_writer_bytes(&to), &client_read), expected);

        to = dtls_writer_to(span, sizeof span);
        dtls_server_hello_write(&to, &server);
        CU_ASSERT_EQUAL(dtls_server_hello_read(dtls_writer_bytes(&to), &server_read), expected);
    }
}

static void impossible_lists_are_refused(void)
{
    struct dtls_client_hello hello = client_hello();

    CU_ASSERT_EQUAL(read_of_client(&hello), DTLS_OK);
    hello.suites = some(0);
    CU_ASSERT_EQUAL(read_of_client(&hello), DTLS_ERR_DECODE);
    hello.suites = some(5);
    CU_ASSERT_EQUAL(read_of_client(&hello), DTLS_ERR_DECODE);
    hello = client_hello();
    hello.compressions = some(0);
    CU_ASSERT_EQUAL(read_of_client(&hello), DTLS_ERR_DECODE);
    hello = client_hello();
    hello.extensions.has_schemes = true; /* an empty list of them */
    CU_ASSERT_EQUAL(read_of_client(&hello), DTLS_ERR_DECODE);
}

static void a_hello_without_extensions_is_whole(void)
{
    struct dtls_client_hello hello = client_hello();

    hello.extensions = (struct dtls_extensions){ 0 };
    CU_ASSERT_EQUAL(read_of_client(&hello), DTLS_OK);
}

static void a_cookie_may_be_empty_or_255_bytes_long(void)
{
    static const uint8_t cookie[255];
    struct dtls_client_hello hello = client_hello();

    hello.cookie = (struct dtls_bytes){ cookie, sizeof cookie };
    CU_ASSERT_EQUAL(read_of_client(&hello), DTLS_OK);
    hello.cookie = some(0);
    CU_ASSERT_EQUAL(read_of_client(&hello), DTLS_OK);
}

static void a_span_too_small_breaks_the_writer(void)
{
    uint8_t span[128];
    struct dtls_client_hello hello = client_hello();
    struct dtls_writer to = dtls_writer_to(span, sizeof span);

    dtls_client_hello_write(&to, &hello);
    for (size_t cap = 0; cap < to.len; cap++) {
        struct dtls_writer small = dtls_writer_to(span, cap);
        dtls_client_hello_write(&small, &hello);
        CHECK_CASE(small.broken, "%zu bytes", cap);
    }
}

/* The first message that `sender` sent, put together from the first fragment of each datagram; empty when it is not. */
static struct dtls_bytes browser_message(char section, enum hex_file_sender sender, uint8_t message[4096])
{
    uint8_t datagram[HEX_FILE_MAX_DATAGRAM];
    struct dtls_fragment fragment = { .length = 1 };
    size_t len = 0;

    for (size_t i = 0; len < fragment.length; i++) {
        size_t got = hex_file_datagram(section, sender, i, datagram);
        struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ datagram, got });
        dtls_read_bytes(&from, RECORD_HEADER_LEN);
        if (!dtls_fragment_read(&from, &fragment) || fragment.offset != len || fragment.length > 4096)
            return (struct dtls_bytes){ 0 };
        memcpy(message + len, fragment.body.at, fragment.body.len);
        len += fragment.body.len;
    }
    return (struct dtls_bytes){ message, len };
}

static void the_client_hellos_of_browsers_are_read(void)
{
    static const struct {
        char section;
        size_t len;
    } cases[] = { { 'A', 1413 }, { 'B', 1413 }, { 'C', 191 }, { 'F', 1461 } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t message[4096];
        struct dtls_client_hello hello = { 0 };
        struct dtls_bytes body = browser_message(cases[i].section, HEX_FILE_CLIENT, message);
        const struct dtls_extensions *has = &hello.extensions;

        CHECK_CASE(body.len == cases[i].len, "%c: %zu bytes", cases[i].section, body.len);
        CHECK_CASE(dtls_client_hello_read(body, &hello) == DTLS_OK, "%c", cases[i].section);
        CHECK_CASE(hello.version == DTLS_VERSION_1_2 && dtls_bytes_have_u16(hello.suites, 0xc02b) &&
                       dtls_bytes_have_u8(hello.compressions, 0),
                   "%c", cases[i].section);
        CHECK_CASE(has->extended_master_secret && has->has_renegotiation_info && has->renegotiation_info.len == 0, "%c",
                   cases[i].section);
        CHECK_CASE(dtls_bytes_have_u16(has->groups, 29) && dtls_bytes_have_u16(has->groups, 23) &&
                       dtls_bytes_have_u16(has->schemes, 0x0403),
                   "%c", cases[i].section);
        CHECK_CASE(has->has_unknown, "%c", cases[i].section);
    }
}

static void the_server_hellos_of_browsers_are_read(void)
{
    static const struct {
        char section;
        uint16_t suite;
    } cases[] = { { 'D', 0xcca9 }, { 'G', 0xc02b } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t message[4096];
        struct dtls_server_hello hello = { 0 };
        struct dtls_bytes body = browser_message(cases[i].section, HEX_FILE_SERVER, message);
        const struct dtls_extensions *has = &hello.extensions;

        CHECK_CASE(dtls_server_hello_read(body, &hello) == DTLS_OK, "%c", cases[i].section);
        CHECK_CASE(hello.version == DTLS_VERSION_1_2 && hello.suite == cases[i].suite && hello.compression == 0 &&
                       hello.session_id.len == 32,
                   "%c", cases[i].section);
        CHECK_CASE(has->extended_master_secret && has->has_renegotiation_info && has->has_point_formats &&
                       !has->has_groups && !has->has_schemes && !has->has_ticket,
                   "%c", cases[i].section);
    }
}

static void a_foreign_hello_verify_request_is_read(void)
{
    uint8_t message[4096];
    struct dtls_hello_verify verify = { 0 };
    struct dtls_bytes body = browser_message('B', HEX_FILE_SERVER, message);

    CU_ASSERT_EQUAL(dtls_hello_verify_read(body, &verify), DTLS_OK);
    CU_ASSERT_EQUAL(verify.cookie.len, 20);
}

static CU_TestInfo tests[] = {
    { "a ClientHello comes back as it was written", a_client_hello_comes_back_as_it_was_written },
    { "a ServerHello comes back as it was written", a_server_hello_comes_back_as_it_was_written },
    { "every cut of a hello is refused", every_cut_of_a_hello_is_refused },
    { "the start needs the whole cookie and no more", the_start_needs_the_whole_cookie_and_no_more },
    { "a session id has at most 32 bytes", a_session_id_has_at_most_32_bytes },
    { "impossible lists are refused", impossible_lists_are_refused },
    { "a hello without extensions is whole", a_hello_without_extensions_is_whole },
    { "a cookie may be empty or 255 bytes long", a_cookie_may_be_empty_or_255_bytes_long },
    { "a span too small breaks the writer", a_span_too_small_breaks_the_writer },
    { "the ClientHellos of browsers are read", the_client_hellos_of_browsers_are_read },
    { "the ServerHellos of browsers are read", the_server_hellos_of_browsers_are_read },
    { "a foreign HelloVerifyRequest is read", a_foreign_hello_verify_request_is_read },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "messages_hello", tests);
}
