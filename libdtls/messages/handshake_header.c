/* handshake_header.c - handshake fragments between bytes and struct. Knows no message's body, and no order. */
#include "messages/handshake_header.h"

bool dtls_fragment_read(struct dtls_reader *from, struct dtls_fragment *out)
{
    struct dtls_fragment fragment;

    fragment.type = dtls_read_u8(from);
    fragment.length = dtls_read_u24(from);
    fragment.message_seq = dtls_read_u16(from);
    fragment.offset = dtls_read_u24(from);
    fragment.body = dtls_read_vec24(from); /* fragment_length and the bytes it counts */
    if (fragment.offset + fragment.body.len > fragment.length)
        dtls_reader_break(from);
    if (from->broken)
        return false;
    *out = fragment;
    return true;
}

void dtls_fragment_write(struct dtls_writer *to, const struct dtls_fragment *fragment)
{
    dtls_write_u8(to, fragment->type);
    dtls_write_u24(to, fragment->length);
    dtls_write_u16(to, fragment->message_seq);
    dtls_write_u24(to, fragment->offset);
    dtls_write_vec24(to, fragment->body);
}

const char *dtls_message_name(uint8_t type)
{
    switch (type) {
    case DTLS_HELLO_REQUEST:
        return "HelloRequest";
    case DTLS_CLIENT_HELLO:
        return "ClientHello";
    case DTLS_SERVER_HELLO:
        return "ServerHello";
    case DTLS_HELLO_VERIFY_REQUEST:
        return "HelloVerifyRequest";
    case DTLS_NEW_SESSION_TICKET:
        return "NewSessionTicket";
    case DTLS_CERTIFICATE:
        return "Certificate";
    case DTLS_SERVER_KEY_EXCHANGE:
        return "ServerKeyExchange";
    case DTLS_CERTIFICATE_REQUEST:
        return "CertificateRequest";
    case DTLS_SERVER_HELLO_DONE:
        return "ServerHelloDone";
    case DTLS_CERTIFICATE_VERIFY:
        return "CertificateVerify";
    case DTLS_CLIENT_KEY_EXCHANGE:
        return "ClientKeyExchange";
    case DTLS_CERTIFICATE_STATUS:
        return "CertificateStatus";
    case DTLS_FINISHED:
        return "Finished";
    default:
        return "unknown message";
    }
}
