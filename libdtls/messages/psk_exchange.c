/* psk_exchange.c - identities and hints between bytes and struct. They are opaque here: whose they are is asked
 * elsewhere. */
#include "messages/psk_exchange.h"

#include "messages/key_exchange.h"

int dtls_psk_server_exchange_read(struct dtls_bytes body, bool ecdhe, struct dtls_psk_server_exchange *out)
{
    struct dtls_reader from = dtls_reader_of(body);
    struct dtls_psk_server_exchange msg = { 0 };
    uint8_t curve_type = DTLS_NAMED_CURVE;

    msg.hint = dtls_read_vec16(&from);
    if (ecdhe) {
        curve_type = dtls_read_u8(&from);
        msg.group = dtls_read_u16(&from);
        msg.point = dtls_read_vec8(&from);
    }
    if (!dtls_reader_finished(&from) || curve_type != DTLS_NAMED_CURVE || (ecdhe && msg.point.len == 0))
        return DTLS_ERR_DECODE;
    *out = msg;
    return DTLS_OK;
}

void dtls_psk_server_exchange_write(struct dtls_writer *to, bool ecdhe, const struct dtls_psk_server_exchange *msg)
{
    dtls_write_vec16(to, msg->hint);
    if (ecdhe)
        dtls_server_key_exchange_write_params(to, msg->group, msg->point);
}

int dtls_psk_client_exchange_read(struct dtls_bytes body, bool ecdhe, struct dtls_psk_client_exchange *out)
{
    struct dtls_reader from = dtls_reader_of(body);
    struct dtls_psk_client_exchange msg = { 0 };

    msg.identity = dtls_read_vec16(&from);
    if (ecdhe)
        msg.point = dtls_read_vec8(&from);
    if (!dtls_reader_finished(&from) || (ecdhe && msg.point.len == 0))
        return DTLS_ERR_DECODE;
    *out = msg;
    return DTLS_OK;
}

void dtls_psk_client_exchange_write(struct dtls_writer *to, bool ecdhe, const struct dtls_psk_client_exchange *msg)
{
    dtls_write_vec16(to, msg->identity);
    if (ecdhe)
        dtls_write_vec8(to, msg->point);
}
