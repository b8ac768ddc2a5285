/* fuzz_key_exchange.c - any bytes as each message after the hellos: what is read lies within the message, and comes
 * back as it was when it is written. */
#include "messages/key_exchange.h"
#include "messages/psk_exchange.h"
#include "tests/fuzz/fuzz.h"

enum { MOST_CERTIFICATES = 4 };

static void certificate(struct dtls_bytes body, struct dtls_writer *to)
{
    struct dtls_bytes chain[MOST_CERTIFICATES];
    size_t count;

    if (dtls_certificate_message_read(body, chain, MOST_CERTIFICATES, &count) != DTLS_OK)
        return;
    dtls_certificate_message_write(to, chain, count);
    FUZZ_CHECK(dtls_bytes_equal(dtls_writer_bytes(to), body));
}

static void server_key_exchange(struct dtls_bytes body, struct dtls_writer *to)
{
    struct dtls_server_key_exchange exchange;

    if (dtls_server_key_exchange_read(body, &exchange) != DTLS_OK)
        return;
    dtls_server_key_exchange_write_params(to, exchange.group, exchange.point);
    FUZZ_CHECK(dtls_bytes_equal(dtls_writer_bytes(to), exchange.params));
    dtls_signature_write(to, exchange.scheme, exchange.signature);
    FUZZ_CHECK(dtls_bytes_equal(dtls_writer_bytes(to), body));
}

static void certificate_request(struct dtls_bytes body, struct dtls_writer *to)
{
    struct dtls_certificate_request request;

    if (dtls_certificate_request_read(body, &request) != DTLS_OK)
        return;
    dtls_certificate_request_write(to, &request);
    FUZZ_CHECK(dtls_bytes_equal(dtls_writer_bytes(to), body));
}

static void client_key_exchange(struct dtls_bytes body, struct dtls_writer *to)
{
    struct dtls_bytes point;

    if (dtls_client_key_exchange_read(body, &point) != DTLS_OK)
        return;
    dtls_client_key_exchange_write(to, point);
    FUZZ_CHECK(dtls_bytes_equal(dtls_writer_bytes(to), body));
}

static void certificate_verify(struct dtls_bytes body, struct dtls_writer *to)
{
    struct dtls_bytes signature;
    uint16_t scheme;

    if (dtls_certificate_verify_read(body, &scheme, &signature) != DTLS_OK)
        return;
    dtls_signature_write(to, scheme, signature);
    FUZZ_CHECK(dtls_bytes_equal(dtls_writer_bytes(to), body));
}

static void new_session_ticket(struct dtls_bytes body, struct dtls_writer *to)
{
    struct dtls_bytes ticket;
    uint32_t lifetime_s;

    if (dtls_new_session_ticket_read(body, &lifetime_s, &ticket) != DTLS_OK)
        return;
    dtls_new_session_ticket_write(to, lifetime_s, ticket);
    FUZZ_CHECK(dtls_bytes_equal(dtls_writer_bytes(to), body));
}

static void certificate_status(struct dtls_bytes body, struct dtls_writer *to)
{
    struct dtls_bytes response;

    if (dtls_certificate_status_read(body, &response) != DTLS_OK)
        return;
    dtls_certificate_status_write(to, response);
    FUZZ_CHECK(dtls_bytes_equal(dtls_writer_bytes(to), body));
}

static void psk_exchanges(struct dtls_bytes body, struct dtls_writer *to)
{
    struct dtls_psk_server_exchange server;
    struct dtls_psk_client_exchange client;
    uint8_t *at = to->at;

    for (int ecdhe = 0; ecdhe < 2; ecdhe++) {
        *to = dtls_writer_to(at, body.len);
        if (dtls_psk_server_exchange_read(body, ecdhe, &server) == DTLS_OK) {
            dtls_psk_server_exchange_write(to, ecdhe, &server);
            FUZZ_CHECK(dtls_bytes_equal(dtls_writer_bytes(to), body));
        }
        *to = dtls_writer_to(at, body.len);
        if (dtls_psk_client_exchange_read(body, ecdhe, &client) == DTLS_OK) {
            dtls_psk_client_exchange_write(to, ecdhe, &client);
            FUZZ_CHECK(dtls_bytes_equal(dtls_writer_bytes(to), body));
        }
    }
}

static void finished_and_alert(struct dtls_bytes body, struct dtls_writer *to)
{
    struct dtls_bytes verify_data;
    uint8_t level, description;

    (void)to;
    if (dtls_finished_read(body, &verify_data) == DTLS_OK)
        FUZZ_CHECK(dtls_bytes_equal(verify_data, body));
    FUZZ_CHECK((dtls_alert_read(body, &level, &description) == DTLS_OK) == (body.len == 2));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static void (*const messages[])(struct dtls_bytes body, struct dtls_writer * to) = {
        certificate,        server_key_exchange, certificate_request, client_key_exchange, certificate_verify,
        new_session_ticket, finished_and_alert,  certificate_status,  psk_exchanges,
    };
    struct dtls_writer to = fuzz_writer(len);

    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        to = dtls_writer_to(to.at, len);
        messages[i]((struct dtls_bytes){ data, len }, &to);
    }
    free(to.at);
    return 0;
}
