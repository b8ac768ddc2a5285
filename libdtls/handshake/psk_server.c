/* psk_server.c - the server's side of a full handshake with a pre-shared key, behind ServerHello. */
#include "crypto/secret.h"
#include "handshake/handshake.h"
#include "messages/psk_exchange.h"

#include <string.h>

static int add_server_key_exchange(struct dtls_handshake *hs)
{
    struct dtls_psk_server_exchange exchange = {
        .hint = hs->config->psk_hint,
        .group = hs->ecdhe.group,
        .point = dtls_view(hs->ecdhe.public_point, hs->ecdhe.public_len),
    };
    struct dtls_writer to = dtls_flight_open(&hs->building, 2 + exchange.hint.len + 4 + DTLS_ECDHE_MAX_POINT);

    dtls_psk_server_exchange_write(&to, hs->pending.suite->ecdhe, &exchange);
    return dtls_handshake_close_message(hs, &to, DTLS_SERVER_KEY_EXCHANGE);
}

static int offered(struct dtls_handshake *hs, struct dtls_job *job)
{
    hs->ecdhe = job->pair;
    int err = add_server_key_exchange(hs);
    return err == DTLS_OK ? dtls_server_end_flight(hs) : err;
}

int dtls_server_offer_psk(struct dtls_handshake *hs)
{
    struct dtls_job job = { .generate = true, .group = hs->pending.group };
    int err = DTLS_OK;

    hs->step = dtls_psk_server_steps;
    if (hs->pending.suite->ecdhe)
        return dtls_handshake_work(hs, &job, offered);
    if (hs->config->psk_hint.len > 0)
        err = add_server_key_exchange(hs);
    return err == DTLS_OK ? dtls_server_end_flight(hs) : err;
}

static int agreed(struct dtls_handshake *hs, struct dtls_job *job)
{
    memcpy(hs->premaster, job->premaster, job->premaster_len);
    hs->premaster_len = job->premaster_len;
    return dtls_handshake_find_psk(hs, dtls_handshake_derive_psk);
}

static int take_client_key_exchange(struct dtls_handshake *hs, const struct dtls_message *message)
{
    struct dtls_job job = { .agree = true };
    struct dtls_psk_client_exchange exchange;

    if (dtls_psk_client_exchange_read(message->body, hs->pending.suite->ecdhe, &exchange) != DTLS_OK)
        return DTLS_ERR_DECODE;
    int err = dtls_handshake_know_psk_identity(hs, exchange.identity);
    if (err == DTLS_OK)
        err = dtls_handshake_hear(hs, message);
    if (err != DTLS_OK)
        return err;
    if (!hs->pending.suite->ecdhe)
        return dtls_handshake_find_psk(hs, dtls_handshake_derive_psk);
    job.peer_point = exchange.point;
    job.pair = hs->ecdhe; /* from here on dtls_handshake_work wipes it */
    dtls_wipe(&hs->ecdhe, sizeof hs->ecdhe);
    return dtls_handshake_work(hs, &job, agreed);
}

const struct dtls_step dtls_psk_server_steps[] = {
    { DTLS_MUST, DTLS_CLIENT_KEY_EXCHANGE, take_client_key_exchange },
    { DTLS_MUST, DTLS_FINISHED, dtls_server_take_finished },
    { .presence = DTLS_END },
};
