/* messages_key_exchange.c - the messages after the hellos: round trips, cuts, and what a browser sends. */
#include "messages/key_exchange.h"

#include <string.h>

#include "messages/handshake_header.h"
#include "tests/cuts.h"
#include "tests/hex_file.h"
#include "tests/tap.h"

enum { RECORD_HEADER_LEN = 13, MOST_CERTIFICATES = 3 };

static const uint8_t numbers[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

static struct dtls_bytes some(size_t len)
{
    return (struct dtls_bytes){ numbers, len };
}

/* What the readers with several outputs fill, as one thing that can be compared. */
struct chain {
    struct dtls_bytes certificates[MOST_CERTIFICATES];
    size_t count;
};

struct signature {
    uint16_t scheme;
    struct dtls_bytes bytes;
};

struct ticket {
    uint32_t lifetime_s;
    struct dtls_bytes bytes;
};

static int read_certificate(struct dtls_bytes body, void *out)
{
    struct chain *chain = out;
    return dtls_certificate_message_read(body, chain->certificates, MOST_CERTIFICATES, &chain->count);
}

static int read_server_key_exchange(struct dtls_bytes body, void *out)
{
    return dtls_server_key_exchange_read(body, out);
}

static int read_certificate_request(struct dtls_bytes body, void *out)
{
    return dtls_certificate_request_read(body, out);
}

static int read_client_key_exchange(struct dtls_bytes body, void *out)
{
    return dtls_client_key_exchange_read(body, out);
}

static int read_certificate_verify(struct dtls_bytes body, void *out)
{
    struct signature *signature = out;
    return dtls_certificate_verify_read(body, &signature->scheme, &signature->bytes);
}

static int read_new_session_ticket(struct dtls_bytes body, void *out)
{
    struct ticket *ticket = out;
    return dtls_new_session_ticket_read(body, &ticket->lifetime_s, &ticket->bytes);
}

static int read_finished(struct dtls_bytes body, void *out)
{
    return dtls_finished_read(body, out);
}

static int read_alert(struct dtls_bytes body, void *out)
{
    uint8_t *alert = out;
    return dtls_alert_read(body, &alert[0], &alert[1]);
}

static void a_chain_comes_back_as_it_was_written(void)
{
    static const uint8_t expected[] = { 0, 0, 9, 0, 0, 2, 1, 2, 0, 0, 1, 1 };
    uint8_t span[64];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);
    struct dtls_bytes chain[] = { some(2), some(1) };
    struct chain read;

    dtls_certificate_message_write(&to, chain, 2);
    CU_ASSERT_TRUE(dtls_bytes_equal(dtls_writer_bytes(&to), (struct dtls_bytes){ expected, sizeof expected }));
    CU_ASSERT_EQUAL(read_certificate(dtls_writer_bytes(&to), &read), DTLS_OK);
    CU_ASSERT_EQUAL(read.count, 2);
    CU_ASSERT_TRUE(dtls_bytes_equal(read.certificates[0], chain[0]));
    CU_ASSERT_TRUE(dtls_bytes_equal(read.certificates[1], chain[1]));
    check_cuts("Certificate", read_certificate, sizeof read, dtls_writer_bytes(&to), NOWHERE);
}

static void a_chain_may_be_empty_but_not_a_certificate(void)
{
    static const uint8_t none[] = { 0, 0, 0 }, empty[] = { 0, 0, 3, 0, 0, 0 };
    static const uint8_t behind[] = { 0, 0, 7, 0, 0, 1, 1, 0, 0, 0 };
    struct chain read;

    CU_ASSERT_EQUAL(read_certificate((struct dtls_bytes){ none, sizeof none }, &read), DTLS_OK);
    CU_ASSERT_EQUAL(read.count, 0);
    CU_ASSERT_EQUAL(read_certificate((struct dtls_bytes){ empty, sizeof empty }, &read), DTLS_ERR_DECODE);
    CU_ASSERT_EQUAL(read_certificate((struct dtls_bytes){ behind, sizeof behind }, &read), DTLS_ERR_DECODE);
}

static void a_list_that_ends_inside_a_certificate_is_refused(void)
{
    uint8_t span[64];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);
    struct dtls_bytes chain[] = { some(2), some(1) };

    dtls_certificate_message_write(&to, chain, 2);
    for (uint8_t len = 0; len <= 9; len++) {
        struct chain read;
        span[2] = len;
        int expected = len == 0 || len == 5 || len == 9 ? DTLS_OK : DTLS_ERR_DECODE;
        CHECK_CASE(read_certificate((struct dtls_bytes){ span, 3 + (size_t)len }, &read) == expected, "%u bytes", len);
    }
}

static void a_chain_longer_than_there_is_room_is_refused(void)
{
    uint8_t span[64];
    struct dtls_bytes chain[] = { some(1), some(1), some(1), some(1) };

    for (size_t count = MOST_CERTIFICATES; count <= MOST_CERTIFICATES + 1; count++) {
        struct dtls_writer to = dtls_writer_to(span, sizeof span);
        struct chain read, before;
        memset(&read, 0xa5, sizeof read);
        before = read;
        dtls_certificate_message_write(&to, chain, count);
        int answer = read_certificate(dtls_writer_bytes(&to), &read);
        CU_ASSERT_EQUAL(answer, count <= MOST_CERTIFICATES ? DTLS_OK : DTLS_ERR_BAD_CERTIFICATE);
        CU_ASSERT_TRUE(answer == DTLS_OK || memcmp(&read, &before, sizeof read) == 0);
    }
}

static int read_status(struct dtls_bytes body, void *out)
{
    return dtls_certificate_status_read(body, out);
}

static void a_certificate_status_is_one_ocsp_response(void)
{
    static const uint8_t empty[] = { 1, 0, 0, 0 }, other[] = { 2, 0, 0, 1, 9 }, behind[] = { 1, 0, 0, 1, 9, 9 };
    uint8_t span[64];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);
    struct dtls_bytes read = { 0 };

    dtls_certificate_status_write(&to, some(9));
    CU_ASSERT_EQUAL(read_status(dtls_writer_bytes(&to), &read), DTLS_OK);
    CU_ASSERT_TRUE(dtls_bytes_equal(read, some(9)));
    check_cuts("CertificateStatus", read_status, sizeof read, dtls_writer_bytes(&to), NOWHERE);
    CU_ASSERT_EQUAL(read_status((struct dtls_bytes){ empty, sizeof empty }, &read), DTLS_ERR_DECODE);
    CU_ASSERT_EQUAL(read_status((struct dtls_bytes){ other, sizeof other }, &read), DTLS_ERR_DECODE);
    CU_ASSERT_EQUAL(read_status((struct dtls_bytes){ behind, sizeof behind }, &read), DTLS_ERR_DECODE);
}

static void a_server_key_exchange_comes_back_with_what_was_signed(void)
{
    static const uint8_t params[] = { 3, 0, 29, 4, 1, 2, 3, 4 };
    uint8_t span[64];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);
    struct dtls_server_key_exchange read = { 0 };

    dtls_server_key_exchange_write_params(&to, 29, some(4));
    CU_ASSERT_TRUE(dtls_bytes_equal(dtls_writer_bytes(&to), (struct dtls_bytes){ params, sizeof params }));
    dtls_signature_write(&to, 0x0403, some(9));
    CU_ASSERT_EQUAL(dtls_server_key_exchange_read(dtls_writer_bytes(&to), &read), DTLS_OK);
    CU_ASSERT_EQUAL(read.group, 29);
    CU_ASSERT_TRUE(dtls_bytes_equal(read.point, some(4)));
    CU_ASSERT_TRUE(read.params.at == span && read.params.len == sizeof params);
    CU_ASSERT_EQUAL(read.scheme, 0x0403);
    CU_ASSERT_TRUE(dtls_bytes_equal(read.signature, some(9)));
    check_cuts("ServerKeyExchange", read_server_key_exchange, sizeof read, dtls_writer_bytes(&to), NOWHERE);
}

static void only_named_curves_with_a_point_are_read(void)
{
    uint8_t explicit_prime[] = { 1, 0, 29, 1, 4, 4, 3, 0, 0 }, no_point[] = { 3, 0, 29, 0, 4, 3, 0, 0 };
    struct dtls_server_key_exchange read;

    CU_ASSERT_EQUAL(dtls_server_key_exchange_read((struct dtls_bytes){ explicit_prime, sizeof explicit_prime }, &read),
                    DTLS_ERR_DECODE);
    explicit_prime[0] = 3;
    CU_ASSERT_EQUAL(dtls_server_key_exchange_read((struct dtls_bytes){ explicit_prime, sizeof explicit_prime }, &read),
                    DTLS_OK);
    CU_ASSERT_EQUAL(dtls_server_key_exchange_read((struct dtls_bytes){ no_point, sizeof no_point }, &read),
                    DTLS_ERR_DECODE);
}

static int read_of_request(struct dtls_bytes types, struct dtls_bytes schemes, struct dtls_bytes authorities)
{
    uint8_t span[64];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);
    struct dtls_certificate_request read, request = { types, schemes, authorities };

    dtls_certificate_request_write(&to, &request);
    int answer = dtls_certificate_request_read(dtls_writer_bytes(&to), &read);
    if (answer == DTLS_OK) {
        CU_ASSERT_TRUE(dtls_bytes_equal(read.types, types));
        CU_ASSERT_TRUE(dtls_bytes_equal(read.schemes, schemes));
        CU_ASSERT_TRUE(dtls_bytes_equal(read.authorities, authorities));
        check_cuts("CertificateRequest", read_certificate_request, sizeof read, dtls_writer_bytes(&to), NOWHERE);
    }
    return answer;
}

static void a_certificate_request_comes_back_as_it_was_written(void)
{
    CU_ASSERT_EQUAL(read_of_request(some(2), some(4), some(0)), DTLS_OK);
    CU_ASSERT_EQUAL(read_of_request(some(1), some(2), dtls_view("\0\3cab\0\1x", 8)), DTLS_OK);
    CU_ASSERT_EQUAL(read_of_request(some(1), some(2), dtls_view("\0\3cab\0\0", 7)),
                    DTLS_ERR_DECODE); /* an empty name */
    CU_ASSERT_EQUAL(read_of_request(some(1), some(2), dtls_view("\0\3cab\0\2x", 8)), DTLS_ERR_DECODE); /* cut short */
    CU_ASSERT_EQUAL(read_of_request(some(1), some(2), dtls_view("\0\3cab\0", 6)), DTLS_ERR_DECODE);
    CU_ASSERT_EQUAL(read_of_request(some(0), some(4), some(0)), DTLS_ERR_DECODE);
    CU_ASSERT_EQUAL(read_of_request(some(2), some(0), some(0)), DTLS_ERR_DECODE);
    CU_ASSERT_EQUAL(read_of_request(some(2), some(3), some(0)), DTLS_ERR_DECODE);
}

static void a_client_key_exchange_comes_back_as_it_was_written(void)
{
    uint8_t span[64];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);
    struct dtls_bytes point;

    dtls_client_key_exchange_write(&to, some(4));
    CU_ASSERT_EQUAL(dtls_client_key_exchange_read(dtls_writer_bytes(&to), &point), DTLS_OK);
    CU_ASSERT_TRUE(dtls_bytes_equal(point, some(4)));
    check_cuts("ClientKeyExchange", read_client_key_exchange, sizeof point, dtls_writer_bytes(&to), NOWHERE);

    to = dtls_writer_to(span, sizeof span);
    dtls_client_key_exchange_write(&to, some(0));
    CU_ASSERT_EQUAL(dtls_client_key_exchange_read(dtls_writer_bytes(&to), &point), DTLS_ERR_DECODE);
}

static void a_certificate_verify_comes_back_as_it_was_written(void)
{
    uint8_t span[64];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);
    struct signature read;

    dtls_signature_write(&to, 0x0807, some(6));
    CU_ASSERT_EQUAL(read_certificate_verify(dtls_writer_bytes(&to), &read), DTLS_OK);
    CU_ASSERT_EQUAL(read.scheme, 0x0807);
    CU_ASSERT_TRUE(dtls_bytes_equal(read.bytes, some(6)));
    check_cuts("CertificateVerify", read_certificate_verify, sizeof read, dtls_writer_bytes(&to), NOWHERE);
}

static void a_ticket_comes_back_as_it_was_written(void)
{
    uint8_t span[64];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);
    struct ticket read;

    dtls_new_session_ticket_write(&to, 86400, some(7));
    CU_ASSERT_EQUAL(read_new_session_ticket(dtls_writer_bytes(&to), &read), DTLS_OK);
    CU_ASSERT_EQUAL(read.lifetime_s, 86400);
    CU_ASSERT_TRUE(dtls_bytes_equal(read.bytes, some(7)));
    check_cuts("NewSessionTicket", read_new_session_ticket, sizeof read, dtls_writer_bytes(&to), NOWHERE);

    to = dtls_writer_to(span, sizeof span);
    dtls_new_session_ticket_write(&to, 0, some(0)); /* the server changed its mind (RFC 5077, 3.3) */
    CU_ASSERT_EQUAL(read_new_session_ticket(dtls_writer_bytes(&to), &read), DTLS_OK);
}

static void finished_is_twelve_bytes_and_an_alert_two(void)
{
    struct dtls_bytes verify_data;
    uint8_t alert[2];

    CU_ASSERT_EQUAL(dtls_finished_read(some(12), &verify_data), DTLS_OK);
    CU_ASSERT_TRUE(verify_data.at == numbers && verify_data.len == DTLS_VERIFY_DATA_LEN);
    check_cuts("Finished", read_finished, sizeof verify_data, some(12), NOWHERE);

    CU_ASSERT_EQUAL(read_alert(some(2), alert), DTLS_OK);
    CU_ASSERT_TRUE(alert[0] == 1 && alert[1] == 2);
    check_cuts("alert", read_alert, sizeof alert, some(2), NOWHERE);
}

/* Chromium's server flight (section D) is one datagram, and its client flight (section A) the third one: no message
 * of them is fragmented. Tells how many of each type were read; nothing after ChangeCipherSpec is in the clear. */
static void read_flight(char section, enum hex_file_sender sender, size_t index, size_t read[256])
{
    uint8_t datagram[HEX_FILE_MAX_DATAGRAM];
    struct dtls_reader from =
        dtls_reader_of((struct dtls_bytes){ datagram, hex_file_datagram(section, sender, index, datagram) });
    union {
        struct chain chain;
        struct dtls_server_key_exchange server;
        struct dtls_certificate_request request;
        struct dtls_bytes point;
        struct signature signature;
    } out;
    int (*const readers[256])(struct dtls_bytes, void *) = {
        [DTLS_CERTIFICATE] = read_certificate,
        [DTLS_SERVER_KEY_EXCHANGE] = read_server_key_exchange,
        [DTLS_CERTIFICATE_REQUEST] = read_certificate_request,
        [DTLS_CLIENT_KEY_EXCHANGE] = read_client_key_exchange,
        [DTLS_CERTIFICATE_VERIFY] = read_certificate_verify,
    };

    while (dtls_reader_has_more(&from) && dtls_read_u8(&from) == 22) {
        dtls_read_bytes(&from, RECORD_HEADER_LEN - 3);
        struct dtls_reader record = dtls_reader_of(dtls_read_vec16(&from));
        struct dtls_fragment fragment;
        if (!dtls_fragment_read(&record, &fragment) || readers[fragment.type] == NULL)
            continue;
        CHECK_CASE(readers[fragment.type](fragment.body, &out) == DTLS_OK, "%s", dtls_message_name(fragment.type));
        read[fragment.type]++;
    }
}

static void the_flights_of_a_browser_are_read(void)
{
    size_t read[256] = { 0 };

    read_flight('D', HEX_FILE_SERVER, 0, read);
    CU_ASSERT_EQUAL(read[DTLS_CERTIFICATE], 1);
    CU_ASSERT_EQUAL(read[DTLS_SERVER_KEY_EXCHANGE], 1);
    CU_ASSERT_EQUAL(read[DTLS_CERTIFICATE_REQUEST], 1);
    read_flight('A', HEX_FILE_CLIENT, 2, read);
    CU_ASSERT_EQUAL(read[DTLS_CERTIFICATE], 2);
    CU_ASSERT_EQUAL(read[DTLS_CLIENT_KEY_EXCHANGE], 1);
    CU_ASSERT_EQUAL(read[DTLS_CERTIFICATE_VERIFY], 1);
}

static CU_TestInfo tests[] = {
    { "a chain comes back as it was written", a_chain_comes_back_as_it_was_written },
    { "a chain may be empty but not a certificate", a_chain_may_be_empty_but_not_a_certificate },
    { "a list that ends inside a certificate is refused", a_list_that_ends_inside_a_certificate_is_refused },
    { "a chain longer than there is room is refused", a_chain_longer_than_there_is_room_is_refused },
    { "a CertificateStatus is one OCSP response", a_certificate_status_is_one_ocsp_response },
    { "a ServerKeyExchange comes back with what was signed", a_server_key_exchange_comes_back_with_what_was_signed },
    { "only named curves with a point are read", only_named_curves_with_a_point_are_read },
    { "a CertificateRequest comes back as it was written", a_certificate_request_comes_back_as_it_was_written },
    { "a ClientKeyExchange comes back as it was written", a_client_key_exchange_comes_back_as_it_was_written },
    { "a CertificateVerify comes back as it was written", a_certificate_verify_comes_back_as_it_was_written },
    { "a ticket comes back as it was written", a_ticket_comes_back_as_it_was_written },
    { "Finished is twelve bytes and an alert two", finished_is_twelve_bytes_and_an_alert_two },
    { "the flights of a browser are read", the_flights_of_a_browser_are_read },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "messages_key_exchange", tests);
}
