/* flight.h - the messages we send in one go, kept unchanged for every retransmission (contract T7). */
#ifndef DTLS_HANDSHAKE_FLIGHT_H
#define DTLS_HANDSHAKE_FLIGHT_H

#include "bytes/writer.h"
#include "crypto/memory.h"
#include "record/outbox.h"

enum { DTLS_FLIGHT_MOST = 8 }; /* Certificate, ClientKeyExchange, CertificateVerify, CCS, Finished; with room */

/* Owns its buffer. All zeroes but `memory` is empty. */
struct dtls_flight {
    const struct dtls_memory *memory;
    uint8_t *bytes;
    size_t len, cap;
    struct {
        uint8_t type, message_type;
        uint16_t epoch, message_seq;
        size_t at, len;
    } messages[DTLS_FLIGHT_MOST];
    size_t count;
};

/*
 * Room for the body of one more message, of at most `most` bytes: write it, then dtls_flight_close. A writer that is
 * broken from the start says that there is no memory (or a ninth message).
 */
struct dtls_writer dtls_flight_open(struct dtls_flight *flight, size_t most);

/* Makes what was written the flight's next handshake message. DTLS_OK, or DTLS_ERR_NO_MEMORY when the writer broke. */
int dtls_flight_close(struct dtls_flight *flight, const struct dtls_writer *body, uint8_t message_type, uint16_t epoch,
                      uint16_t message_seq);

/* The body of a message in it. */
struct dtls_bytes dtls_flight_body(const struct dtls_flight *flight, size_t index);

/* Appends ChangeCipherSpec of `epoch`. */
int dtls_flight_add_change_cipher_spec(struct dtls_flight *flight, uint16_t epoch);

/* Puts all of it into an outbox. */
void dtls_flight_send(const struct dtls_flight *flight, struct dtls_outbox *outbox);

void dtls_flight_free(struct dtls_flight *flight);

#endif
