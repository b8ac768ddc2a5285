/* extensions.h - the hello extensions we know, between bytes and struct (RFC 5246, 7.4.1.4). Views, no decisions. */
#ifndef DTLS_MESSAGES_EXTENSIONS_H
#define DTLS_MESSAGES_EXTENSIONS_H

#include "bytes/reader.h"
#include "bytes/writer.h"

enum dtls_status_type { DTLS_STATUS_OCSP = 1 };

struct dtls_extensions {
    bool has_server_name;          /* 0, RFC 6066, 3 */
    bool has_names;                /* with a list, as in a ClientHello; a ServerHello's is empty */
    struct dtls_bytes server_name; /* the one of type host_name, any bytes; empty: none in the list */
    bool has_groups;               /* supported_groups (10, RFC 8422): 2-byte numbers */
    struct dtls_bytes groups;
    bool has_point_formats; /* ec_point_formats (11): single bytes */
    struct dtls_bytes point_formats;
    bool has_schemes; /* signature_algorithms (13, RFC 8446): 2-byte numbers */
    struct dtls_bytes schemes;
    bool has_max_fragment_length; /* 1, RFC 6066, 4: 2^(8 + this) bytes; what is no such number is for the reader */
    uint8_t max_fragment_length;
    bool has_status_request; /* 5, RFC 6066, 8; the lists of responders and extensions are only checked for their shape
                              */
    uint8_t status_type;     /* enum dtls_status_type; 0: the body is empty, as in a ServerHello */
    bool has_srtp;           /* use_srtp (14, RFC 5764, 4.1.1): protection profiles, 2-byte numbers, and an MKI */
    struct dtls_bytes srtp_profiles, srtp_mki;
    bool has_alpn; /* application_layer_protocol_negotiation (16, RFC 7301): names, each with its length in front */
    struct dtls_bytes alpn;
    bool has_heartbeat; /* 15, RFC 6520: enum dtls_heartbeat_mode, or any byte */
    uint8_t heartbeat_mode;
    bool has_record_size_limit; /* 28, RFC 8449: the most plaintext in one record */
    uint16_t record_size_limit;
    bool extended_master_secret; /* 23, RFC 7627: empty */
    bool has_ticket;             /* session_ticket (35, RFC 5077): empty, or the ticket */
    struct dtls_bytes ticket;
    bool has_client_types, has_server_types; /* client_certificate_type (19), server_certificate_type (20), RFC 7250: */
    struct dtls_bytes client_types, server_types; /* single bytes: a list, or with has_type_answers the one chosen */
    bool has_type_lists, has_type_answers; /* some are of the one form, some of the other; written as answers if so */
    struct dtls_bytes authorities; /* certificate_authorities (47, RFC 8446, 4.2.4): names, each with its length in
                                      front; read only. Empty: it is not there */
    bool has_renegotiation_info;   /* 0xff01, RFC 5746: renegotiated_connection */
    struct dtls_bytes renegotiation_info;
    bool has_unknown; /* one that is not in this list: ignored in a ClientHello, an error in a
                         ServerHello (RFC 5246, 7.4.1.4) */
};

/* Reads the vector of extensions at the end of a hello; none at all is allowed. Breaks the reader, and leaves `out`
 * untouched, when a list has an odd or zero length where that is not allowed, an extension comes twice, or something
 * is cut short. Repetition is noticed for the numbers below 63 and for those above; the rest (unknown, ignored) may. */
void dtls_extensions_read(struct dtls_reader *from, struct dtls_extensions *out);

/* Writes those that are there, in one vector16. Nothing at all when there are none. */
void dtls_extensions_write(struct dtls_writer *to, const struct dtls_extensions *extensions);

#endif
