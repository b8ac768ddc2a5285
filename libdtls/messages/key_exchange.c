/* key_exchange.c - the messages after the hellos between bytes and struct. Knows their shape: whether a point is on
 * its curve, a signature good or a certificate DER is asked elsewhere. */
#include "messages/key_exchange.h"

#include "messages/extensions.h"

int dtls_certificate_message_read(struct dtls_bytes body, struct dtls_bytes *chain, size_t most, size_t *count)
{
    struct dtls_reader from = dtls_reader_of(body);
    struct dtls_reader list = dtls_reader_of(dtls_read_vec24(&from));
    size_t found = 0;

    /* Once to check, once to fill, so that half a chain is never published. */
    for (struct dtls_reader check = list; dtls_reader_has_more(&check); found++)
        if (dtls_read_vec24(&check).len == 0) /* empty, or cut short */
            return DTLS_ERR_DECODE;
    if (!dtls_reader_finished(&from))
        return DTLS_ERR_DECODE;
    if (found > most)
        return DTLS_ERR_BAD_CERTIFICATE;
    for (size_t i = 0; i < found; i++)
        chain[i] = dtls_read_vec24(&list);
    *count = found;
    return DTLS_OK;
}

void dtls_certificate_message_write(struct dtls_writer *to, const struct dtls_bytes *chain, size_t count)
{
    size_t list = dtls_write_open(to, 3);

    for (size_t i = 0; i < count; i++)
        dtls_write_vec24(to, chain[i]);
    dtls_write_close(to, list, 3);
}

int dtls_certificate_status_read(struct dtls_bytes body, struct dtls_bytes *response)
{
    struct dtls_reader from = dtls_reader_of(body);
    uint8_t type = dtls_read_u8(&from);
    struct dtls_bytes read = dtls_read_vec24(&from);

    if (!dtls_reader_finished(&from) || type != DTLS_STATUS_OCSP || read.len == 0)
        return DTLS_ERR_DECODE;
    *response = read;
    return DTLS_OK;
}

void dtls_certificate_status_write(struct dtls_writer *to, struct dtls_bytes response)
{
    dtls_write_u8(to, DTLS_STATUS_OCSP);
    dtls_write_vec24(to, response);
}

int dtls_raw_key_message_read(struct dtls_bytes body, struct dtls_bytes *key_info)
{
    struct dtls_reader from = dtls_reader_of(body);
    struct dtls_bytes read = dtls_read_vec24(&from);

    if (!dtls_reader_finished(&from))
        return DTLS_ERR_DECODE;
    *key_info = read;
    return DTLS_OK;
}

void dtls_raw_key_message_write(struct dtls_writer *to, struct dtls_bytes key_info)
{
    dtls_write_vec24(to, key_info);
}

int dtls_server_key_exchange_read(struct dtls_bytes body, struct dtls_server_key_exchange *out)
{
    struct dtls_reader from = dtls_reader_of(body);
    struct dtls_reader start = from;
    struct dtls_server_key_exchange exchange;

    uint8_t curve_type = dtls_read_u8(&from);
    exchange.group = dtls_read_u16(&from);
    exchange.point = dtls_read_vec8(&from);
    exchange.params = dtls_read_bytes(&start, start.left - from.left);
    exchange.scheme = dtls_read_u16(&from);
    exchange.signature = dtls_read_vec16(&from);
    if (!dtls_reader_finished(&from) || curve_type != DTLS_NAMED_CURVE || exchange.point.len == 0)
        return DTLS_ERR_DECODE;
    *out = exchange;
    return DTLS_OK;
}

void dtls_server_key_exchange_write_params(struct dtls_writer *to, uint16_t group, struct dtls_bytes point)
{
    dtls_write_u8(to, DTLS_NAMED_CURVE);
    dtls_write_u16(to, group);
    dtls_write_vec8(to, point);
}

void dtls_signature_write(struct dtls_writer *to, uint16_t scheme, struct dtls_bytes signature)
{
    dtls_write_u16(to, scheme);
    dtls_write_vec16(to, signature);
}

int dtls_certificate_request_read(struct dtls_bytes body, struct dtls_certificate_request *out)
{
    struct dtls_reader from = dtls_reader_of(body);
    struct dtls_certificate_request request;

    request.types = dtls_read_vec8(&from);
    request.schemes = dtls_read_u16_list(&from);
    request.authorities = dtls_read_vec16(&from);
    struct dtls_reader names = dtls_reader_of(request.authorities);
    while (dtls_reader_has_more(&names))
        if (dtls_read_vec16(&names).len == 0) /* empty, or cut short */
            return DTLS_ERR_DECODE;
    if (!dtls_reader_finished(&from) || request.types.len == 0)
        return DTLS_ERR_DECODE;
    *out = request;
    return DTLS_OK;
}

void dtls_certificate_request_write(struct dtls_writer *to, const struct dtls_certificate_request *request)
{
    dtls_write_vec8(to, request->types);
    dtls_write_vec16(to, request->schemes);
    dtls_write_vec16(to, request->authorities);
}

int dtls_client_key_exchange_read(struct dtls_bytes body, struct dtls_bytes *point)
{
    struct dtls_reader from = dtls_reader_of(body);
    struct dtls_bytes read = dtls_read_vec8(&from);

    if (!dtls_reader_finished(&from) || read.len == 0)
        return DTLS_ERR_DECODE;
    *point = read;
    return DTLS_OK;
}

void dtls_client_key_exchange_write(struct dtls_writer *to, struct dtls_bytes point)
{
    dtls_write_vec8(to, point);
}

int dtls_certificate_verify_read(struct dtls_bytes body, uint16_t *scheme, struct dtls_bytes *signature)
{
    struct dtls_reader from = dtls_reader_of(body);
    uint16_t scheme_read = dtls_read_u16(&from);
    struct dtls_bytes signature_read = dtls_read_vec16(&from);

    if (!dtls_reader_finished(&from))
        return DTLS_ERR_DECODE;
    *scheme = scheme_read;
    *signature = signature_read;
    return DTLS_OK;
}

int dtls_new_session_ticket_read(struct dtls_bytes body, uint32_t *lifetime_s, struct dtls_bytes *ticket)
{
    struct dtls_reader from = dtls_reader_of(body);
    uint32_t lifetime_read = dtls_read_u32(&from);
    struct dtls_bytes ticket_read = dtls_read_vec16(&from);

    if (!dtls_reader_finished(&from))
        return DTLS_ERR_DECODE;
    *lifetime_s = lifetime_read;
    *ticket = ticket_read;
    return DTLS_OK;
}

void dtls_new_session_ticket_write(struct dtls_writer *to, uint32_t lifetime_s, struct dtls_bytes ticket)
{
    dtls_write_u32(to, lifetime_s);
    dtls_write_vec16(to, ticket);
}

int dtls_finished_read(struct dtls_bytes body, struct dtls_bytes *verify_data)
{
    if (body.len != DTLS_VERIFY_DATA_LEN)
        return DTLS_ERR_DECODE;
    *verify_data = body;
    return DTLS_OK;
}

int dtls_alert_read(struct dtls_bytes body, uint8_t *level, uint8_t *description)
{
    struct dtls_reader from = dtls_reader_of(body);
    uint8_t level_read = dtls_read_u8(&from);
    uint8_t description_read = dtls_read_u8(&from);

    if (!dtls_reader_finished(&from))
        return DTLS_ERR_DECODE;
    *level = level_read;
    *description = description_read;
    return DTLS_OK;
}
