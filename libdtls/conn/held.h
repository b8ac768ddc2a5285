/* held.h - records that came too early, kept in order and within bounds (contract R5). */
#ifndef DTLS_CONN_HELD_H
#define DTLS_CONN_HELD_H

#include "crypto/memory.h"
#include "dtls/identity.h"

/* One record: the plaintext of application data, or a whole sealed record. Freed by whoever took it out. */
struct dtls_held_record {
    struct dtls_held_record *next;
    uint16_t epoch;
    size_t len;
    uint8_t bytes[];
};

/* A bounded queue. All zeroes is empty. */
struct dtls_held {
    struct dtls_held_record *first, *last;
    uint32_t count, bytes;
};

/* Copies the record in; false, and nothing has changed, when a bound is reached or memory is out: the newest is the
 * one that is dropped. */
bool dtls_held_put(struct dtls_held *held, const struct dtls_memory *memory, uint16_t epoch, struct dtls_bytes record,
                   size_t most_records, size_t most_bytes);

/* The oldest, now the caller's; NULL when there is none. */
struct dtls_held_record *dtls_held_take(struct dtls_held *held);

void dtls_held_record_free(const struct dtls_memory *memory, struct dtls_held_record *record);

/* Drops everything; returns how many records that were. */
size_t dtls_held_clear(struct dtls_held *held, const struct dtls_memory *memory);

#endif
