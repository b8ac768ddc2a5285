/* record_view.h - what anyone can see of a datagram on the wire: its clear record headers (RFC 6347, 4.1). */
#ifndef DTLS_TESTS_BOX_RECORD_VIEW_H
#define DTLS_TESTS_BOX_RECORD_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RECORD_CHANGE_CIPHER_SPEC = 20,
    RECORD_ALERT = 21,
    RECORD_HANDSHAKE = 22,
    RECORD_DATA = 23,
    RECORD_HEARTBEAT = 24,
    RECORD_HEADER_LEN = 13,
    RECORD_VIEW_MAX = 64, /* records looked at per datagram */
};

struct record_view {
    uint8_t type;
    uint16_t version;
    uint16_t epoch;
    uint64_t sequence;
    size_t len;          /* of the body */
    const uint8_t *body; /* points into the datagram */
    size_t at;           /* where the record begins in it */
};

/* Splits a datagram; returns the number of records, or 0 when it does not end with the end of a record. */
size_t record_view_split(const uint8_t *datagram, size_t len, struct record_view out[RECORD_VIEW_MAX]);

/* The first record of a type; false when there is none. */
bool record_view_find(const uint8_t *datagram, size_t len, uint8_t type, struct record_view *out);

/* "handshake/0/3:164(client_hello) ...": type/epoch/sequence:length of every record; always ends with NUL. */
void record_view_format(const uint8_t *datagram, size_t len, char *out, size_t cap);

/* Writes a record header in front of `len` bytes, which the caller puts behind it. */
void record_view_header(uint8_t out[RECORD_HEADER_LEN], uint8_t type, uint16_t epoch, uint64_t sequence, size_t len);

#endif
