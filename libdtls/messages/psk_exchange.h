/* psk_exchange.h - the two key exchange messages with a pre-shared key (RFC 4279, 2; RFC 5489, 2). Bytes <-> struct. */
#ifndef DTLS_MESSAGES_PSK_EXCHANGE_H
#define DTLS_MESSAGES_PSK_EXCHANGE_H

#include "bytes/reader.h"
#include "bytes/writer.h"

/* ServerKeyExchange: the hint, and with ECDHE the parameters, which nobody signs. */
struct dtls_psk_server_exchange {
    struct dtls_bytes hint;
    uint16_t group; /* ECDHE */
    struct dtls_bytes point;
};
int dtls_psk_server_exchange_read(struct dtls_bytes body, bool ecdhe, struct dtls_psk_server_exchange *out);
void dtls_psk_server_exchange_write(struct dtls_writer *to, bool ecdhe, const struct dtls_psk_server_exchange *msg);

/* ClientKeyExchange: the identity, and with ECDHE the client's point. */
struct dtls_psk_client_exchange {
    struct dtls_bytes identity;
    struct dtls_bytes point; /* ECDHE */
};
int dtls_psk_client_exchange_read(struct dtls_bytes body, bool ecdhe, struct dtls_psk_client_exchange *out);
void dtls_psk_client_exchange_write(struct dtls_writer *to, bool ecdhe, const struct dtls_psk_client_exchange *msg);

#endif
