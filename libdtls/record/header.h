/* header.h - the record header (RFC 6347, 4.1): finds the records of a datagram. Knows no keys and no state. */
#ifndef DTLS_RECORD_HEADER_H
#define DTLS_RECORD_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DTLS_RECORD_HEADER_LEN = 13,
    DTLS_MAX_PLAINTEXT = 1 << 14,                    /* RFC 5246, 6.2.1 */
    DTLS_MAX_CIPHERTEXT = DTLS_MAX_PLAINTEXT + 2048, /* RFC 5246, 6.2.3 */
};

enum dtls_content_type {
    DTLS_CHANGE_CIPHER_SPEC = 20,
    DTLS_ALERT_RECORD = 21,
    DTLS_HANDSHAKE_RECORD = 22,
    DTLS_APPLICATION_DATA = 23,
    DTLS_HEARTBEAT_RECORD = 24,
};

/* Sequence numbers have 48 bits. Application data stops short of the end, so that alerts and a rehandshake still have
 * some (contract R12). */
#define DTLS_MAX_SEQUENCE      ((UINT64_C(1) << 48) - 1)
#define DTLS_MAX_DATA_SEQUENCE ((UINT64_C(1) << 48) - (UINT64_C(1) << 16))

/* No honest first hello has a higher number; what follows it needs numbers too. */
#define DTLS_MAX_FIRST_SEQUENCE (UINT64_C(1) << 47)

struct dtls_record {
    uint8_t type;
    uint16_t version;
    uint16_t epoch;
    uint64_t sequence;
    uint8_t *body; /* in the datagram: explicit nonce, ciphertext, tag; after opening, the plaintext */
    size_t len;
};

/* Reads the record at *position and moves *position behind it; false when header or body is cut short. */
bool dtls_record_read(uint8_t *datagram, size_t len, size_t *position, struct dtls_record *out);

/* Writes the 13 bytes. */
void dtls_record_header_write(uint8_t at[DTLS_RECORD_HEADER_LEN], uint8_t type, uint16_t version, uint16_t epoch,
                              uint64_t sequence, size_t len);

#endif
