/* browser_hello.c - the hellos that Chromium and Firefox really send, given to a server of ours: with post-quantum keys
 * they come in two datagrams, and offer DTLS 1.3 first (lessons 70 and 71: other servers misread them). */
#include <string.h>

#include "dtls/dtls.h"
#include "messages/handshake_header.h"
#include "messages/hello.h"
#include "record/header.h"
#include "tests/box/identity.h"
#include "tests/hex_file.h"
#include "tests/tap.h"

enum { MOST_BODY = 4096, MTU = 1200 };

static const struct {
    char section;
    const char *name;
    size_t datagrams;
} hellos[] = {
    { 'A', "Chromium", 2 },
    { 'B', "Chromium towards a server with cookies", 2 },
    { 'C', "Chromium without post-quantum keys", 1 },
    { 'E', "Chromium towards Chromium", 2 },
    { 'F', "Firefox", 2 },
};
enum { HELLOS = sizeof hellos / sizeof hellos[0] };

static struct dtls_conn *new_server(struct dtls_config *config)
{
    dtls_config_init(config);
    config->identity = identity_of(IDENTITY_SERVER);
    struct dtls_conn *server = dtls_conn_new(config, DTLS_SERVER);
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    CU_ASSERT_EQUAL(dtls_conn_start(server, 0), DTLS_OK);
    return server;
}

/* The server's flight: true when it is ServerHello (of DTLS 1.2, with both safety extensions) to ServerHelloDone. */
static bool answers_with_a_flight(struct dtls_conn *server)
{
    uint8_t out[MTU];
    size_t len, messages = 0;
    bool good_hello = false, done = false;

    while (dtls_conn_next_datagram(server, 0, out, sizeof out, &len)) {
        size_t position = 0;
        struct dtls_record record;
        while (position < len && dtls_record_read(out, len, &position, &record)) {
            struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ record.body, record.len });
            struct dtls_fragment fragment;
            struct dtls_server_hello hello;
            if (record.type != DTLS_HANDSHAKE_RECORD || !dtls_fragment_read(&from, &fragment))
                return false;
            if (fragment.type == DTLS_SERVER_HELLO && dtls_server_hello_read(fragment.body, &hello) == DTLS_OK)
                good_hello = hello.version == DTLS_VERSION_1_2 && hello.extensions.extended_master_secret &&
                             hello.extensions.has_renegotiation_info;
            done = fragment.type == DTLS_SERVER_HELLO_DONE;
            messages++;
        }
    }
    return good_hello && done && messages >= 4;
}

static void give(struct dtls_conn *server, char section, size_t index)
{
    uint8_t datagram[HEX_FILE_MAX_DATAGRAM];
    size_t len = hex_file_datagram(section, HEX_FILE_CLIENT, index, datagram);
    struct dtls_event event;

    CU_ASSERT_FATAL(len > 0);
    CU_ASSERT_EQUAL(dtls_conn_receive(server, 0, datagram, len), DTLS_OK);
    CU_ASSERT_FALSE(dtls_conn_next_event(server, &event));
}

static void a_validated_browser_gets_its_flight_in_either_order(void)
{
    for (size_t i = 0; i < HELLOS; i++)
        for (size_t swapped = 0; swapped < hellos[i].datagrams; swapped++) {
            struct dtls_config config;
            struct dtls_conn *server = new_server(&config);
            for (size_t k = 0; k < hellos[i].datagrams; k++) {
                CHECK_CASE(!answers_with_a_flight(server), "%s: answered after %zu datagrams", hellos[i].name, k);
                give(server, hellos[i].section, swapped ? hellos[i].datagrams - 1 - k : k);
            }
            CHECK_CASE(answers_with_a_flight(server), "%s%s", hellos[i].name, swapped ? ", swapped" : "");
            dtls_conn_free(server);
        }
}

/* ---- with the cookie exchange ---- */

static const uint8_t address[] = "192.0.2.7:50000";

/* Puts the hello's fragments together. Returns the body's length. */
static size_t whole_hello(char section, size_t datagrams, uint8_t body[MOST_BODY])
{
    size_t whole = 0;

    for (size_t i = 0; i < datagrams; i++) {
        uint8_t datagram[HEX_FILE_MAX_DATAGRAM];
        size_t len = hex_file_datagram(section, HEX_FILE_CLIENT, i, datagram), position = 0;
        struct dtls_record record;
        struct dtls_fragment fragment;
        CU_ASSERT_FATAL(dtls_record_read(datagram, len, &position, &record));
        struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ record.body, record.len });
        CU_ASSERT_FATAL(dtls_fragment_read(&from, &fragment) && fragment.length <= MOST_BODY);
        memcpy(body + fragment.offset, fragment.body.at, fragment.body.len);
        whole += fragment.body.len;
    }
    return whole;
}

/* The same hello with our cookie in it, as the browser would send it next. */
static size_t insert_cookie(uint8_t body[MOST_BODY], size_t len, const uint8_t cookie[DTLS_COOKIE_LEN])
{
    size_t at = 2 + DTLS_HELLO_RANDOM_LEN + 1 + body[2 + DTLS_HELLO_RANDOM_LEN];

    CU_ASSERT_FATAL(body[at] == 0 && len + DTLS_COOKIE_LEN <= MOST_BODY);
    memmove(body + at + 1 + DTLS_COOKIE_LEN, body + at + 1, len - at - 1);
    body[at] = DTLS_COOKIE_LEN;
    memcpy(body + at + 1, cookie, DTLS_COOKIE_LEN);
    return len + DTLS_COOKIE_LEN;
}

/* One fragment as a datagram of its own; message_seq 1: it is the second ClientHello. */
static size_t fragment_datagram(const uint8_t *body, size_t len, size_t offset, size_t piece, uint64_t sequence,
                                uint8_t out[MTU])
{
    struct dtls_writer to = dtls_writer_to(out + DTLS_RECORD_HEADER_LEN, MTU - DTLS_RECORD_HEADER_LEN);

    dtls_fragment_write(&to, &(struct dtls_fragment){
                                 DTLS_CLIENT_HELLO, (uint32_t)len, 1, (uint32_t)offset, { body + offset, piece } });
    CU_ASSERT_FALSE(to.broken);
    dtls_record_header_write(out, DTLS_HANDSHAKE_RECORD, DTLS_VERSION_1_0, 0, sequence, to.len);
    return DTLS_RECORD_HEADER_LEN + to.len;
}

static int check(struct dtls_cookie_secrets *secrets, const uint8_t *datagram, size_t len, uint8_t *reply)
{
    return dtls_hello_check(secrets, 0, address, sizeof address, datagram, len, NULL, NULL, reply);
}

static void a_browser_with_our_cookie_gets_its_flight(void)
{
    for (size_t i = 0; i < HELLOS; i++) {
        struct dtls_cookie_secrets secrets = { 0 };
        uint8_t reply[DTLS_HELLO_REPLY_LEN], body[MOST_BODY], datagram[HEX_FILE_MAX_DATAGRAM], out[MTU];
        size_t len = hex_file_datagram(hellos[i].section, HEX_FILE_CLIENT, 0, datagram), piece = 1100;

        CHECK_CASE(check(&secrets, datagram, len, reply) == DTLS_HELLO_REPLY, "%s: first datagram", hellos[i].name);
        size_t whole = whole_hello(hellos[i].section, hellos[i].datagrams, body);
        whole = insert_cookie(body, whole, reply + DTLS_HELLO_REPLY_LEN - DTLS_COOKIE_LEN);
        piece = piece < whole ? piece : whole;

        struct dtls_config config;
        struct dtls_conn *server = new_server(&config);
        len = fragment_datagram(body, whole, 0, piece, 2, out);
        CHECK_CASE(check(&secrets, out, len, reply) == DTLS_HELLO_VALID, "%s: with the cookie", hellos[i].name);
        dtls_conn_receive(server, 0, out, len);
        if (piece < whole) {
            CHECK_CASE(!answers_with_a_flight(server), "%s: answered too early", hellos[i].name);
            len = fragment_datagram(body, whole, piece, whole - piece, 3, out);
            CHECK_CASE(check(&secrets, out, len, reply) == DTLS_HELLO_DROP, "%s: second fragment alone",
                       hellos[i].name);
            dtls_conn_receive(server, 0, out, len);
        }
        CHECK_CASE(answers_with_a_flight(server), "%s: with the cookie", hellos[i].name);
        dtls_conn_free(server);
    }
}

/* The second fragment overtook the first: it is forgotten, and the repeated hello completes (S4). */
static void a_browser_whose_fragments_swap_is_served_when_it_repeats(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    uint8_t reply[DTLS_HELLO_REPLY_LEN], body[MOST_BODY], datagram[HEX_FILE_MAX_DATAGRAM], first[MTU], second[MTU];
    size_t len = hex_file_datagram('A', HEX_FILE_CLIENT, 0, datagram);

    CU_ASSERT_EQUAL(check(&secrets, datagram, len, reply), DTLS_HELLO_REPLY);
    size_t whole = insert_cookie(body, whole_hello('A', 2, body), reply + DTLS_HELLO_REPLY_LEN - DTLS_COOKIE_LEN);
    size_t first_len = fragment_datagram(body, whole, 0, 1000, 2, first);
    size_t second_len = fragment_datagram(body, whole, 1000, whole - 1000, 3, second);

    CU_ASSERT_EQUAL(check(&secrets, second, second_len, reply), DTLS_HELLO_DROP);
    CU_ASSERT_EQUAL(check(&secrets, first, first_len, reply), DTLS_HELLO_VALID);
    struct dtls_config config;
    struct dtls_conn *server = new_server(&config);
    dtls_conn_receive(server, 0, first, first_len);
    CU_ASSERT_FALSE(answers_with_a_flight(server));
    first_len = fragment_datagram(body, whole, 0, 1000, 4, first);
    second_len = fragment_datagram(body, whole, 1000, whole - 1000, 5, second);
    dtls_conn_receive(server, 0, first, first_len);
    dtls_conn_receive(server, 0, second, second_len);
    CU_ASSERT_TRUE(answers_with_a_flight(server));
    dtls_conn_free(server);
}

static CU_TestInfo tests[] = {
    { "a validated browser gets its DTLS 1.2 flight, fragments in either order",
      a_validated_browser_gets_its_flight_in_either_order },
    { "a browser that comes back with our cookie gets its flight (S4)", a_browser_with_our_cookie_gets_its_flight },
    { "a browser whose fragments swap is served when it repeats (S4)",
      a_browser_whose_fragments_swap_is_served_when_it_repeats },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "behaviour/browser_hello", tests);
}
