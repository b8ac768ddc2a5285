/* peek.h - what is inside a sealed record: opened with the sender's own keys, so that no state of the receiver changes.
 * The one place of the box that looks inside an engine. */
#ifndef DTLS_TESTS_BOX_PEEK_H
#define DTLS_TESTS_BOX_PEEK_H

#include "tests/box/pair.h"

enum { PEEK_MAX = 2048 };

struct peeked {
    uint8_t type; /* of the record */
    uint16_t epoch;
    uint64_t sequence;
    size_t len; /* of the plaintext; 0 when the sender has no key of that epoch any more */
    uint8_t bytes[PEEK_MAX];
};

/* Record `index` of a datagram that `from` sends now (call it from a filter); false when there is none. */
bool peek(const struct pair *pair, enum net_end from, const uint8_t *datagram, size_t len, size_t index,
          struct peeked *out);

/* The first handshake message of a type (its first fragment) in a datagram; false when there is none. */
bool peek_message(const struct pair *pair, enum net_end from, const uint8_t *datagram, size_t len, uint8_t type,
                  struct peeked *out);

/* message_seq of a peeked handshake record. */
uint16_t peek_message_seq(const struct peeked *record);

/* One record on its way. */
struct peek_note {
    enum net_end from;
    uint64_t time_us;
    size_t datagram; /* its index, as the filter counts */
    size_t datagram_len;
    struct peeked record;
};

/* A log of everything sent, which can make datagrams vanish. */
struct peek_log {
    const struct pair *pair;
    struct peek_note *notes;
    size_t count, cap;
    bool (*drop)(void *arg, const struct peek_note *note); /* a datagram with such a record vanishes; may be NULL */
    void *drop_arg;
};

/* Becomes the filter of the pair's network; free with peek_log_end, which takes it away again. */
void peek_log_begin(struct peek_log *log, struct pair *pair, bool (*drop)(void *arg, const struct peek_note *note),
                    void *drop_arg);
void peek_log_end(struct peek_log *log, struct pair *pair);

/* The `nth` (from 0) handshake message of a type, or alert of a description, that `from` has sent; NULL: none. */
const struct peek_note *peek_log_message(const struct peek_log *log, enum net_end from, uint8_t type, size_t nth);
const struct peek_note *peek_log_alert(const struct peek_log *log, enum net_end from, uint8_t description, size_t nth);

/* Is it the first fragment of a handshake message of this type? */
bool peek_is_message(const struct peeked *record, uint8_t type);

#endif
