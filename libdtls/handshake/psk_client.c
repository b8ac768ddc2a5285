/* psk_client.c - the client's side of a full handshake with a pre-shared key, behind ServerHello. */
#include "handshake/handshake.h"
#include "messages/psk_exchange.h"

static int take_server_key_exchange(struct dtls_handshake *hs, const struct dtls_message *message)
{
    struct dtls_job job = { .generate = true, .agree = true };
    struct dtls_psk_server_exchange exchange;
    bool ecdhe = hs->pending.suite->ecdhe;

    if (dtls_psk_server_exchange_read(message->body, ecdhe, &exchange) != DTLS_OK)
        return DTLS_ERR_DECODE;
    if (ecdhe && !dtls_config_has_group(hs->config, exchange.group))
        return DTLS_ERR_ILLEGAL_PARAMETER;
    int err = dtls_handshake_hear(hs, message);
    if (err != DTLS_OK)
        return err;
    hs->psk.hint_len = exchange.hint.len;
    hs->psk.hint_at = hs->transcript.len - message->body.len + 2; /* behind its length */
    if (!ecdhe)
        return DTLS_OK;
    hs->pending.group = job.group = exchange.group;
    job.peer_point = exchange.point;
    return dtls_handshake_work(hs, &job, dtls_client_keep_exchanged);
}

static int send_flight(struct dtls_handshake *hs)
{
    struct dtls_psk_client_exchange exchange = {
        .identity = dtls_view(hs->psk.identity, hs->psk.identity_len),
        .point = dtls_view(hs->ecdhe.public_point, hs->ecdhe.public_len),
    };
    struct dtls_writer to = dtls_flight_open(&hs->building, 2 + hs->psk.identity_len + 1 + DTLS_ECDHE_MAX_POINT);

    dtls_psk_client_exchange_write(&to, hs->pending.suite->ecdhe, &exchange);
    int err = dtls_handshake_close_message(hs, &to, DTLS_CLIENT_KEY_EXCHANGE);
    if (err == DTLS_OK)
        err = dtls_handshake_derive_psk(hs);
    return err == DTLS_OK ? dtls_client_end_flight(hs) : err;
}

static int take_server_hello_done(struct dtls_handshake *hs, const struct dtls_message *message)
{
    int err = message->body.len == 0 ? dtls_handshake_hear(hs, message) : DTLS_ERR_DECODE;

    return err == DTLS_OK ? dtls_handshake_find_psk(hs, send_flight) : err;
}

/* A server without a hint sends no ServerKeyExchange (RFC 4279, 2). */
const struct dtls_step dtls_psk_client_steps[] = {
    { DTLS_MAY, DTLS_SERVER_KEY_EXCHANGE, take_server_key_exchange },
    { DTLS_MUST, DTLS_SERVER_HELLO_DONE, take_server_hello_done },
    { DTLS_MAY, DTLS_NEW_SESSION_TICKET, dtls_client_take_ticket },
    { DTLS_MUST, DTLS_FINISHED, dtls_handshake_take_finished },
    { .presence = DTLS_END },
};

const struct dtls_step dtls_ecdhe_psk_client_steps[] = {
    { DTLS_MUST, DTLS_SERVER_KEY_EXCHANGE, take_server_key_exchange },
    { DTLS_MUST, DTLS_SERVER_HELLO_DONE, take_server_hello_done },
    { DTLS_MAY, DTLS_NEW_SESSION_TICKET, dtls_client_take_ticket },
    { DTLS_MUST, DTLS_FINISHED, dtls_handshake_take_finished },
    { .presence = DTLS_END },
};
