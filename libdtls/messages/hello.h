/* hello.h - ClientHello, ServerHello, HelloVerifyRequest (RFC 6347, 4.2.1 and 4.3.2). Bytes <-> struct. */
#ifndef DTLS_MESSAGES_HELLO_H
#define DTLS_MESSAGES_HELLO_H

#include "messages/extensions.h"

enum { DTLS_VERSION_1_0 = 0xfeff, DTLS_VERSION_1_2 = 0xfefd };
enum { DTLS_HELLO_RANDOM_LEN = 32, DTLS_MAX_SESSION_ID = 32, DTLS_COOKIE_LEN = 32 /* of ours */ };
enum { DTLS_RENEGOTIATION_SCSV = 0x00ff }; /* a suite that stands for an empty renegotiation_info (RFC 5746, 3.3) */

/* All views point into the message. */
struct dtls_client_hello {
    uint16_t version;
    struct dtls_bytes random;       /* 32 bytes */
    struct dtls_bytes session_id;   /* 0 to 32 bytes */
    struct dtls_bytes cookie;       /* 0 to 255 bytes */
    struct dtls_bytes suites;       /* 2-byte numbers, at least one */
    struct dtls_bytes compressions; /* single bytes, at least one */
    struct dtls_extensions extensions;
};

struct dtls_server_hello {
    uint16_t version;
    struct dtls_bytes random;
    struct dtls_bytes session_id;
    uint16_t suite;
    uint8_t compression;
    struct dtls_extensions extensions;
};

struct dtls_hello_verify {
    uint16_t version;
    struct dtls_bytes cookie;
};

/* Reading: DTLS_OK or DTLS_ERR_DECODE, and then `out` is untouched. `body` is what follows the handshake header. */
int dtls_client_hello_read(struct dtls_bytes body, struct dtls_client_hello *out);
int dtls_server_hello_read(struct dtls_bytes body, struct dtls_server_hello *out);
int dtls_hello_verify_read(struct dtls_bytes body, struct dtls_hello_verify *out);

/* The fields up to and with the cookie, from a body that may end anywhere after it (the first fragment). */
int dtls_client_hello_read_start(struct dtls_bytes body, struct dtls_client_hello *out);

/* Its random alone, which no fragment is too short for that a cookie does not fit into; NULL when that is not there. */
const uint8_t *dtls_client_hello_random(struct dtls_bytes body);

/* Writing: the writer says whether it fitted. */
void dtls_client_hello_write(struct dtls_writer *to, const struct dtls_client_hello *hello);
void dtls_server_hello_write(struct dtls_writer *to, const struct dtls_server_hello *hello);
void dtls_hello_verify_write(struct dtls_writer *to, const struct dtls_hello_verify *verify);

#endif
