/* fuzz_psk_exchange.c - any bytes as the key exchange messages with a pre-shared key: what is read lies within the
 * message, and comes back as it was when it is written. */
#include "messages/psk_exchange.h"
#include "tests/fuzz/fuzz.h"

static void server(struct dtls_bytes body, bool ecdhe, struct dtls_writer *to)
{
    struct dtls_psk_server_exchange msg;

    if (dtls_psk_server_exchange_read(body, ecdhe, &msg) != DTLS_OK)
        return;
    FUZZ_CHECK(msg.hint.len <= body.len && (msg.point.len > 0) == ecdhe);
    dtls_psk_server_exchange_write(to, ecdhe, &msg);
    FUZZ_CHECK(dtls_bytes_equal(dtls_writer_bytes(to), body));
}

static void client(struct dtls_bytes body, bool ecdhe, struct dtls_writer *to)
{
    struct dtls_psk_client_exchange msg;

    if (dtls_psk_client_exchange_read(body, ecdhe, &msg) != DTLS_OK)
        return;
    FUZZ_CHECK(msg.identity.len <= body.len && (msg.point.len > 0) == ecdhe);
    dtls_psk_client_exchange_write(to, ecdhe, &msg);
    FUZZ_CHECK(dtls_bytes_equal(dtls_writer_bytes(to), body));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_writer to = fuzz_writer(len);

    for (int ecdhe = 0; ecdhe < 2; ecdhe++) {
        to = dtls_writer_to(to.at, len);
        server((struct dtls_bytes){ data, len }, ecdhe, &to);
        to = dtls_writer_to(to.at, len);
        client((struct dtls_bytes){ data, len }, ecdhe, &to);
    }
    free(to.at);
    return 0;
}
