/* reassembly.h - fragments of the peer's handshake messages, until each is whole and its turn has come
 * (RFC 6347, 4.2.3). Everything here is bounded (contract S5). */
#ifndef DTLS_HANDSHAKE_REASSEMBLY_H
#define DTLS_HANDSHAKE_REASSEMBLY_H

#include "crypto/memory.h"
#include "dtls/conn.h"
#include "messages/handshake_header.h"

enum { DTLS_REASSEMBLY_SLOTS = 8 }; /* messages ahead of the one that is due; the longest flight has 6 */

/* A message under construction: its bytes, then one bit for each that has come. */
struct dtls_partial {
    uint8_t *bytes; /* NULL: the slot is free */
    uint8_t type;
    uint16_t message_seq;
    uint16_t epoch; /* of the records it came in; one message never comes in two */
    uint32_t length;
    uint32_t missing; /* bytes */
};

struct dtls_reassembly {
    const struct dtls_memory *memory;
    uint32_t max_message; /* longest message accepted */
    size_t room;          /* bytes that may still be allocated */
    uint16_t next;        /* message_seq of the message that is due */
    struct dtls_partial slots[DTLS_REASSEMBLY_SLOTS];
};

/* A whole message. `body` points into the slot, or into the record it came in. */
struct dtls_message {
    uint8_t type;
    uint16_t message_seq;
    uint16_t epoch;
    struct dtls_bytes body;
};

void dtls_reassembly_init(struct dtls_reassembly *in, const struct dtls_memory *memory, size_t max_message);
void dtls_reassembly_free(struct dtls_reassembly *in);

enum dtls_taken {
    DTLS_TAKEN,       /* kept; perhaps a message is whole now */
    DTLS_TAKEN_WHOLE, /* the message that is due, in one piece: *whole is a view of the record, nothing was copied */
    DTLS_TAKEN_NOT,   /* dropped: *reason says why */
};

/* Takes a fragment that came in an epoch's record. `whole` NULL: a whole message is kept like any other. */
enum dtls_taken dtls_reassembly_take(struct dtls_reassembly *in, const struct dtls_fragment *fragment, uint16_t epoch,
                                     struct dtls_message *whole, enum dtls_drop *reason);

/* The message that is due, when it is whole: valid until dtls_reassembly_done. */
bool dtls_reassembly_ready(const struct dtls_reassembly *in, struct dtls_message *out);

/* A whole message `seq` waits, of this type? For a client that does not know yet which seq the server starts with
 * (R6). */
bool dtls_reassembly_has_type(const struct dtls_reassembly *in, uint16_t seq, uint8_t type);

/* The message that was due is processed: its bytes are freed and the next one is due. */
void dtls_reassembly_done(struct dtls_reassembly *in);

/* Begins anew at `next`; keeps what it has of that message and the ones behind it. */
void dtls_reassembly_skip_to(struct dtls_reassembly *in, uint16_t next);

#endif
