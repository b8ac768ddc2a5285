/* key_exchange.h - the messages between the hellos and Finished (RFC 5246, 7.4; RFC 8422, 5). Bytes <-> struct. */
#ifndef DTLS_MESSAGES_KEY_EXCHANGE_H
#define DTLS_MESSAGES_KEY_EXCHANGE_H

#include "bytes/reader.h"
#include "bytes/writer.h"

/* Certificate: fills at most `most` views and their *count; DTLS_ERR_DECODE also for an empty certificate in the
 * list; DTLS_ERR_BAD_CERTIFICATE for a good list of more than `most`. An empty list is a client without a certificate.
 */
int dtls_certificate_message_read(struct dtls_bytes body, struct dtls_bytes *chain, size_t most, size_t *count);
void dtls_certificate_message_write(struct dtls_writer *to, const struct dtls_bytes *chain, size_t count);

enum { DTLS_NAMED_CURVE = 3 }; /* ECCurveType (RFC 8422, 5.4), the only one left */

/* CertificateStatus (RFC 6066, 8): an OCSP response in DER, not empty. */
int dtls_certificate_status_read(struct dtls_bytes body, struct dtls_bytes *response);
void dtls_certificate_status_write(struct dtls_writer *to, struct dtls_bytes response);

/* Certificate with a raw public key (RFC 7250, 3); an empty one is a client without. */
int dtls_raw_key_message_read(struct dtls_bytes body, struct dtls_bytes *key_info);
void dtls_raw_key_message_write(struct dtls_writer *to, struct dtls_bytes key_info);

/* ServerKeyExchange for ECDHE with a named curve (any other curve type is DTLS_ERR_DECODE). */
struct dtls_server_key_exchange {
    uint16_t group;
    struct dtls_bytes point;
    struct dtls_bytes params; /* reading: curve type, group and point as they stood: what was signed */
    uint16_t scheme;
    struct dtls_bytes signature;
};
int dtls_server_key_exchange_read(struct dtls_bytes body, struct dtls_server_key_exchange *out);

/* The params alone (to sign them), and the signature behind them. */
void dtls_server_key_exchange_write_params(struct dtls_writer *to, uint16_t group, struct dtls_bytes point);
void dtls_signature_write(struct dtls_writer *to, uint16_t scheme, struct dtls_bytes signature);

/* CertificateRequest. */
enum dtls_certificate_type { DTLS_RSA_SIGN = 1, DTLS_ECDSA_SIGN = 64 };
struct dtls_certificate_request {
    struct dtls_bytes types;       /* single bytes, at least one */
    struct dtls_bytes schemes;     /* 2-byte numbers, at least one */
    struct dtls_bytes authorities; /* DER names, each with its length in front; or nothing */
};
int dtls_certificate_request_read(struct dtls_bytes body, struct dtls_certificate_request *out);
void dtls_certificate_request_write(struct dtls_writer *to, const struct dtls_certificate_request *request);

/* ClientKeyExchange: the client's point. */
int dtls_client_key_exchange_read(struct dtls_bytes body, struct dtls_bytes *point);
void dtls_client_key_exchange_write(struct dtls_writer *to, struct dtls_bytes point);

/* CertificateVerify: written with dtls_signature_write. */
int dtls_certificate_verify_read(struct dtls_bytes body, uint16_t *scheme, struct dtls_bytes *signature);

/* NewSessionTicket (RFC 5077, 3.3). */
int dtls_new_session_ticket_read(struct dtls_bytes body, uint32_t *lifetime_s, struct dtls_bytes *ticket);
void dtls_new_session_ticket_write(struct dtls_writer *to, uint32_t lifetime_s, struct dtls_bytes ticket);

/* Finished. */
enum { DTLS_VERIFY_DATA_LEN = 12 };
int dtls_finished_read(struct dtls_bytes body, struct dtls_bytes *verify_data);

/* Alert (RFC 5246, 7.2): exactly two bytes. */
enum dtls_alert_level { DTLS_ALERT_WARNING = 1, DTLS_ALERT_FATAL = 2 };
int dtls_alert_read(struct dtls_bytes body, uint8_t *level, uint8_t *description);

#endif
