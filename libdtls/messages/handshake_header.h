/* handshake_header.h - the 12 bytes in front of every handshake fragment (RFC 6347, 4.2.2). */
#ifndef DTLS_MESSAGES_HANDSHAKE_HEADER_H
#define DTLS_MESSAGES_HANDSHAKE_HEADER_H

#include "bytes/reader.h"
#include "bytes/writer.h"

enum { DTLS_HANDSHAKE_HEADER_LEN = 12 };

enum dtls_message_type {
    DTLS_HELLO_REQUEST = 0,
    DTLS_CLIENT_HELLO = 1,
    DTLS_SERVER_HELLO = 2,
    DTLS_HELLO_VERIFY_REQUEST = 3,
    DTLS_NEW_SESSION_TICKET = 4,
    DTLS_CERTIFICATE = 11,
    DTLS_SERVER_KEY_EXCHANGE = 12,
    DTLS_CERTIFICATE_REQUEST = 13,
    DTLS_SERVER_HELLO_DONE = 14,
    DTLS_CERTIFICATE_VERIFY = 15,
    DTLS_CLIENT_KEY_EXCHANGE = 16,
    DTLS_FINISHED = 20,
    DTLS_CERTIFICATE_STATUS = 22,
};

struct dtls_fragment {
    uint8_t type;    /* enum dtls_message_type, or one we do not know */
    uint32_t length; /* of the whole message's body */
    uint16_t message_seq;
    uint32_t offset;        /* where this fragment's bytes belong */
    struct dtls_bytes body; /* a view; offset + body.len <= length is checked on reading */
};

/* Reads the next fragment of a record; false when it is cut short or contradicts itself (nothing is published). */
bool dtls_fragment_read(struct dtls_reader *from, struct dtls_fragment *out);

/* Writes header and body. */
void dtls_fragment_write(struct dtls_writer *to, const struct dtls_fragment *fragment);

/* "ClientHello", or "unknown message"; for errors and logs. */
const char *dtls_message_name(uint8_t type);

#endif
