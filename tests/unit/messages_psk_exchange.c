/* messages_psk_exchange.c - the key exchange messages with a pre-shared key: round trips, cuts, and empty fields. */
#include "messages/psk_exchange.h"

#include <string.h>

#include "tests/cuts.h"
#include "tests/tap.h"

static const uint8_t point[32] = { 1, 2, 3 };

static struct dtls_bytes text(const char *of)
{
    return (struct dtls_bytes){ (const uint8_t *)of, strlen(of) };
}

static int read_server(struct dtls_bytes body, void *out)
{
    return dtls_psk_server_exchange_read(body, false, out);
}

static int read_server_ecdhe(struct dtls_bytes body, void *out)
{
    return dtls_psk_server_exchange_read(body, true, out);
}

static int read_client(struct dtls_bytes body, void *out)
{
    return dtls_psk_client_exchange_read(body, false, out);
}

static int read_client_ecdhe(struct dtls_bytes body, void *out)
{
    return dtls_psk_client_exchange_read(body, true, out);
}

static void server_key_exchange_goes_there_and_back(void)
{
    for (int ecdhe = 0; ecdhe < 2; ecdhe++)
        for (int empty = 0; empty < 2; empty++) {
            struct dtls_psk_server_exchange msg = { text(empty ? "" : "a hint"), 29, { point, sizeof point } }, read;
            uint8_t bytes[100];
            struct dtls_writer to = dtls_writer_to(bytes, sizeof bytes);
            dtls_psk_server_exchange_write(&to, ecdhe, &msg);
            CU_ASSERT_EQUAL_FATAL(dtls_psk_server_exchange_read(dtls_writer_bytes(&to), ecdhe, &read), DTLS_OK);
            CU_ASSERT_TRUE(dtls_bytes_equal(read.hint, msg.hint));
            CU_ASSERT_EQUAL(read.group, ecdhe ? 29 : 0);
            CU_ASSERT_TRUE(dtls_bytes_equal(read.point, ecdhe ? msg.point : text("")));
            check_cuts("ServerKeyExchange", ecdhe ? read_server_ecdhe : read_server, sizeof read,
                       dtls_writer_bytes(&to), NOWHERE);
        }
}

static void client_key_exchange_goes_there_and_back(void)
{
    for (int ecdhe = 0; ecdhe < 2; ecdhe++)
        for (int empty = 0; empty < 2; empty++) {
            struct dtls_psk_client_exchange msg = { text(empty ? "" : "alice"), { point, sizeof point } }, read;
            uint8_t bytes[100];
            struct dtls_writer to = dtls_writer_to(bytes, sizeof bytes);
            dtls_psk_client_exchange_write(&to, ecdhe, &msg);
            CU_ASSERT_EQUAL_FATAL(dtls_psk_client_exchange_read(dtls_writer_bytes(&to), ecdhe, &read), DTLS_OK);
            CU_ASSERT_TRUE(dtls_bytes_equal(read.identity, msg.identity));
            CU_ASSERT_TRUE(dtls_bytes_equal(read.point, ecdhe ? msg.point : text("")));
            check_cuts("ClientKeyExchange", ecdhe ? read_client_ecdhe : read_client, sizeof read,
                       dtls_writer_bytes(&to), NOWHERE);
        }
}

static void empty_points_and_other_kinds_of_curves_are_refused(void)
{
    static const uint8_t no_point[] = { 0, 0, 3, 0, 29, 0 }, explicit_prime[] = { 0, 0, 1, 0, 29, 1, 7 };
    static const uint8_t no_client_point[] = { 0, 0, 0 };
    struct dtls_psk_server_exchange server = { .group = 7 };
    struct dtls_psk_client_exchange client = { .point = { point, 1 } };

    CU_ASSERT_EQUAL(read_server_ecdhe((struct dtls_bytes){ no_point, sizeof no_point }, &server), DTLS_ERR_DECODE);
    CU_ASSERT_EQUAL(read_server_ecdhe((struct dtls_bytes){ explicit_prime, sizeof explicit_prime }, &server),
                    DTLS_ERR_DECODE);
    CU_ASSERT_EQUAL(read_client_ecdhe((struct dtls_bytes){ no_client_point, sizeof no_client_point }, &client),
                    DTLS_ERR_DECODE);
    CU_ASSERT_EQUAL(server.group, 7); /* only a whole message is published */
    CU_ASSERT_EQUAL(client.point.len, 1);
}

static CU_TestInfo tests[] = {
    { "ServerKeyExchange goes there and back", server_key_exchange_goes_there_and_back },
    { "ClientKeyExchange goes there and back", client_key_exchange_goes_there_and_back },
    { "empty points and other kinds of curves are refused", empty_points_and_other_kinds_of_curves_are_refused },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "messages/psk_exchange", tests);
}
