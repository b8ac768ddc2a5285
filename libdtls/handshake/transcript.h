/* transcript.h - every handshake message of one handshake, in order, as the hashes of TLS want them (RFC 6347,
 * 4.2.6). */
#ifndef DTLS_HANDSHAKE_TRANSCRIPT_H
#define DTLS_HANDSHAKE_TRANSCRIPT_H

#include "crypto/hash.h"
#include "crypto/memory.h"

/* The bytes themselves, because Ed25519 signs them all and a certificate is read again later; and a running hash from
 * the moment the suite is known. Owns its buffer. All zeroes but `memory` is empty. */
struct dtls_transcript {
    const struct dtls_memory *memory;
    uint8_t *bytes;
    size_t len, cap;
    bool hashing;
    struct dtls_hash_context running;
};

/* Appends one whole message with its header as if it were one fragment. DTLS_OK or DTLS_ERR_NO_MEMORY. */
int dtls_transcript_add(struct dtls_transcript *transcript, uint8_t type, uint16_t message_seq, struct dtls_bytes body);

/* The suite is known: hash what there is, and what comes. */
void dtls_transcript_set_hash(struct dtls_transcript *transcript, enum dtls_hash hash);

/* The hash of all messages so far, dtls_hash_len bytes. */
size_t dtls_transcript_digest(const struct dtls_transcript *transcript, uint8_t out[DTLS_HASH_MAX]);

/* All messages so far, as a view. */
struct dtls_bytes dtls_transcript_bytes(const struct dtls_transcript *transcript);

/* Forgets every message: a HelloVerifyRequest and the ClientHello before it do not count. */
void dtls_transcript_reset(struct dtls_transcript *transcript);

void dtls_transcript_free(struct dtls_transcript *transcript);

#endif
