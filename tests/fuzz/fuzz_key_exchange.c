/* fuzz_key_exchange.c - any bytes as each message after the hellos; what is read lies within the message. */
#include <stdlib.h>

#include "messages/key_exchange.h"

enum { MOST_CERTIFICATES = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static unsigned sum;

/* Touches every byte, so that a sanitizer sees a view that leaves the message. */
static void touch(struct dtls_bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        sum += bytes.at[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_bytes body = { data, len }, view, chain[MOST_CERTIFICATES];
    struct dtls_server_key_exchange exchange;
    struct dtls_certificate_request request;
    size_t count;
    uint32_t lifetime_s;
    uint16_t scheme;
    uint8_t level, description;

    if (dtls_certificate_message_read(body, chain, MOST_CERTIFICATES, &count) == DTLS_OK)
        for (size_t i = 0; i < count; i++)
            touch(chain[i]);
    if (dtls_server_key_exchange_read(body, &exchange) == DTLS_OK) {
        touch(exchange.params);
        touch(exchange.signature);
    }
    if (dtls_certificate_request_read(body, &request) == DTLS_OK) {
        touch(request.types);
        touch(request.schemes);
        touch(request.authorities);
    }
    if (dtls_client_key_exchange_read(body, &view) == DTLS_OK)
        touch(view);
    if (dtls_certificate_verify_read(body, &scheme, &view) == DTLS_OK)
        touch(view);
    if (dtls_new_session_ticket_read(body, &lifetime_s, &view) == DTLS_OK)
        touch(view);
    if (dtls_finished_read(body, &view) == DTLS_OK)
        touch(view);
    if ((dtls_alert_read(body, &level, &description) == DTLS_OK) != (len == 2))
        abort();
    return 0;
}
