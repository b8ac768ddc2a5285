/* extensions.c - hello extensions between bytes and struct. Knows their shape, not what they mean to a handshake. */
#include "messages/extensions.h"

enum extension_type {
    SERVER_NAME = 0,
    MAX_FRAGMENT_LENGTH = 1,
    STATUS_REQUEST = 5,
    SUPPORTED_GROUPS = 10,
    EC_POINT_FORMATS = 11,
    SIGNATURE_ALGORITHMS = 13,
    USE_SRTP = 14,
    HEARTBEAT = 15,
    ALPN = 16,
    CLIENT_CERTIFICATE_TYPE = 19,
    SERVER_CERTIFICATE_TYPE = 20,
    EXTENDED_MASTER_SECRET = 23,
    RECORD_SIZE_LIMIT = 28,
    SESSION_TICKET = 35,
    CERTIFICATE_AUTHORITIES = 47,
    RENEGOTIATION_INFO = 0xff01,
};

/* One bit per extension whose repetition is noticed, so that a long list costs no more than its length. */
static uint64_t bit_of(uint16_t type)
{
    if (type == RENEGOTIATION_INFO)
        return UINT64_C(1) << 63;
    return type < 63 ? UINT64_C(1) << type : 0;
}

/* Of a type that we do not know the rest is anything (RFC 6066, 8). */
static void read_status_request(struct dtls_reader *body, struct dtls_extensions *into)
{
    into->has_status_request = true;
    if (!dtls_reader_has_more(body))
        return;
    into->status_type = dtls_read_u8(body);
    if (into->status_type != DTLS_STATUS_OCSP) {
        dtls_read_rest(body);
        return;
    }
    dtls_read_vec16(body); /* responders that the client trusts */
    dtls_read_vec16(body); /* extensions of its request */
}

enum { HOST_NAME = 0 };

/* One name of each type; all types have a length in front of what they are (RFC 6066, 3). */
static void read_server_name(struct dtls_reader *body, struct dtls_extensions *into)
{
    uint64_t seen[4] = { 0 };

    into->has_server_name = true;
    if (!dtls_reader_has_more(body))
        return;
    into->has_names = true;
    struct dtls_reader list = dtls_reader_of(dtls_read_vec16(body));
    if (!dtls_reader_has_more(&list))
        dtls_reader_break(body);
    while (dtls_reader_has_more(&list)) {
        uint8_t type = dtls_read_u8(&list);
        struct dtls_bytes name = dtls_read_vec16(&list);
        if (name.len == 0 || (seen[type / 64] >> type % 64 & 1) != 0) /* empty, cut short, or again */
            dtls_reader_break(body);
        seen[type / 64] |= UINT64_C(1) << type % 64;
        if (type == HOST_NAME)
            into->server_name = name;
    }
}

static void read_alpn(struct dtls_reader *body, struct dtls_extensions *into)
{
    into->has_alpn = true;
    into->alpn = dtls_read_vec16(body);
    struct dtls_reader list = dtls_reader_of(into->alpn);
    if (!dtls_reader_has_more(&list))
        dtls_reader_break(body);
    while (dtls_reader_has_more(&list))
        if (dtls_read_vec8(&list).len == 0) /* empty, or cut short */
            dtls_reader_break(body);
}

/* A single byte is an answer, more are a list with its length in front, not empty (RFC 7250, 3). */
static struct dtls_bytes read_types(struct dtls_reader *body, struct dtls_extensions *into)
{
    if (body->left <= 1) {
        into->has_type_answers = true;
        return dtls_read_bytes(body, 1);
    }
    into->has_type_lists = true;
    struct dtls_bytes list = dtls_read_vec8(body);
    if (list.len == 0)
        dtls_reader_break(body);
    return list;
}

static void read_authorities(struct dtls_reader *body, struct dtls_extensions *into)
{
    into->authorities = dtls_read_vec16(body);
    struct dtls_reader list = dtls_reader_of(into->authorities);
    if (!dtls_reader_has_more(&list))
        dtls_reader_break(body);
    while (dtls_reader_has_more(&list))
        if (dtls_read_vec16(&list).len == 0) /* empty, or cut short */
            dtls_reader_break(body);
}

/* False when the body is not exactly what this type asks for. */
static bool read_one(uint16_t type, struct dtls_reader body, struct dtls_extensions *into)
{
    switch (type) {
    case SERVER_NAME:
        read_server_name(&body, into);
        break;
    case MAX_FRAGMENT_LENGTH:
        into->has_max_fragment_length = true;
        into->max_fragment_length = dtls_read_u8(&body);
        break;
    case STATUS_REQUEST:
        read_status_request(&body, into);
        break;
    case SUPPORTED_GROUPS:
        into->has_groups = true;
        into->groups = dtls_read_u16_list(&body);
        break;
    case EC_POINT_FORMATS:
        into->has_point_formats = true;
        into->point_formats = dtls_read_vec8(&body);
        if (into->point_formats.len == 0)
            return false;
        break;
    case SIGNATURE_ALGORITHMS:
        into->has_schemes = true;
        into->schemes = dtls_read_u16_list(&body);
        break;
    case USE_SRTP:
        into->has_srtp = true;
        into->srtp_profiles = dtls_read_u16_list(&body);
        into->srtp_mki = dtls_read_vec8(&body);
        break;
    case HEARTBEAT:
        into->has_heartbeat = true;
        into->heartbeat_mode = dtls_read_u8(&body);
        break;
    case ALPN:
        read_alpn(&body, into);
        break;
    case CLIENT_CERTIFICATE_TYPE:
        into->has_client_types = true;
        into->client_types = read_types(&body, into);
        break;
    case SERVER_CERTIFICATE_TYPE:
        into->has_server_types = true;
        into->server_types = read_types(&body, into);
        break;
    case EXTENDED_MASTER_SECRET:
        into->extended_master_secret = true;
        break;
    case RECORD_SIZE_LIMIT:
        into->has_record_size_limit = true;
        into->record_size_limit = dtls_read_u16(&body);
        break;
    case SESSION_TICKET:
        into->has_ticket = true;
        into->ticket = dtls_read_rest(&body);
        break;
    case CERTIFICATE_AUTHORITIES:
        read_authorities(&body, into);
        break;
    case RENEGOTIATION_INFO:
        into->has_renegotiation_info = true;
        into->renegotiation_info = dtls_read_vec8(&body);
        break;
    default:
        into->has_unknown = true;
        return true;
    }
    return dtls_reader_finished(&body);
}

void dtls_extensions_read(struct dtls_reader *from, struct dtls_extensions *out)
{
    struct dtls_extensions extensions = { 0 };
    struct dtls_reader list = { 0 };
    uint64_t seen = 0;

    if (dtls_reader_has_more(from))
        list = dtls_reader_of(dtls_read_vec16(from));
    while (dtls_reader_has_more(&list)) {
        uint16_t type = dtls_read_u16(&list);
        struct dtls_reader body = dtls_reader_of(dtls_read_vec16(&list));
        if (list.broken || (seen & bit_of(type)) != 0 || !read_one(type, body, &extensions))
            dtls_reader_break(from);
        seen |= bit_of(type);
    }
    if (!from->broken)
        *out = extensions;
}

/* An extension whose body is one vector behind a length of `size` bytes, or (0) bare bytes. */
static void write_one(struct dtls_writer *to, enum extension_type type, size_t size, struct dtls_bytes bytes)
{
    dtls_write_u16(to, (uint16_t)type);
    size_t body = dtls_write_open(to, 2);
    if (size == 2)
        dtls_write_vec16(to, bytes);
    else if (size == 1)
        dtls_write_vec8(to, bytes);
    else
        dtls_write_bytes(to, bytes);
    dtls_write_close(to, body, 2);
}

static void write_server_name(struct dtls_writer *to, const struct dtls_extensions *extensions)
{
    dtls_write_u16(to, SERVER_NAME);
    size_t body = dtls_write_open(to, 2);
    if (extensions->server_name.len > 0) {
        size_t list = dtls_write_open(to, 2);
        dtls_write_u8(to, HOST_NAME);
        dtls_write_vec16(to, extensions->server_name);
        dtls_write_close(to, list, 2);
    }
    dtls_write_close(to, body, 2);
}

static void write_srtp(struct dtls_writer *to, const struct dtls_extensions *extensions)
{
    dtls_write_u16(to, USE_SRTP);
    size_t body = dtls_write_open(to, 2);
    dtls_write_vec16(to, extensions->srtp_profiles);
    dtls_write_vec8(to, extensions->srtp_mki);
    dtls_write_close(to, body, 2);
}

void dtls_extensions_write(struct dtls_writer *to, const struct dtls_extensions *extensions)
{
    if (!extensions->has_groups && !extensions->has_point_formats && !extensions->has_schemes &&
        !extensions->extended_master_secret && !extensions->has_ticket && !extensions->has_renegotiation_info &&
        !extensions->has_record_size_limit && !extensions->has_max_fragment_length && !extensions->has_heartbeat &&
        !extensions->has_srtp && !extensions->has_status_request && !extensions->has_server_name &&
        !extensions->has_alpn && !extensions->has_client_types && !extensions->has_server_types)
        return;                                            /* without a length, too, for which there may be no room */
    const uint8_t status[5] = { extensions->status_type }; /* and, of OCSP, two empty lists */
    size_t status_len = extensions->status_type == DTLS_STATUS_OCSP ? sizeof status : extensions->status_type != 0;
    uint8_t limit[2] = { (uint8_t)(extensions->record_size_limit >> 8), (uint8_t)extensions->record_size_limit };

    size_t list = dtls_write_open(to, 2);
    if (extensions->has_server_name)
        write_server_name(to, extensions);
    if (extensions->has_max_fragment_length)
        write_one(to, MAX_FRAGMENT_LENGTH, 0, (struct dtls_bytes){ &extensions->max_fragment_length, 1 });
    if (extensions->has_status_request)
        write_one(to, STATUS_REQUEST, 0, (struct dtls_bytes){ status, status_len });
    if (extensions->has_groups)
        write_one(to, SUPPORTED_GROUPS, 2, extensions->groups);
    if (extensions->has_point_formats)
        write_one(to, EC_POINT_FORMATS, 1, extensions->point_formats);
    if (extensions->has_schemes)
        write_one(to, SIGNATURE_ALGORITHMS, 2, extensions->schemes);
    if (extensions->has_srtp)
        write_srtp(to, extensions);
    if (extensions->has_heartbeat)
        write_one(to, HEARTBEAT, 0, (struct dtls_bytes){ &extensions->heartbeat_mode, 1 });
    if (extensions->has_alpn)
        write_one(to, ALPN, 2, extensions->alpn);
    if (extensions->has_client_types)
        write_one(to, CLIENT_CERTIFICATE_TYPE, extensions->has_type_answers ? 0 : 1, extensions->client_types);
    if (extensions->has_server_types)
        write_one(to, SERVER_CERTIFICATE_TYPE, extensions->has_type_answers ? 0 : 1, extensions->server_types);
    if (extensions->extended_master_secret)
        write_one(to, EXTENDED_MASTER_SECRET, 0, (struct dtls_bytes){ 0 });
    if (extensions->has_record_size_limit)
        write_one(to, RECORD_SIZE_LIMIT, 0, (struct dtls_bytes){ limit, sizeof limit });
    if (extensions->has_ticket)
        write_one(to, SESSION_TICKET, 0, extensions->ticket);
    if (extensions->has_renegotiation_info)
        write_one(to, RENEGOTIATION_INFO, 1, extensions->renegotiation_info);
    dtls_write_close(to, list, 2);
}
