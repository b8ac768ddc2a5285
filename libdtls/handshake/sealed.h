/* sealed.h - bytes that leave this process and come back, from clients (tickets) and from stores: sealed with
 * AES-256-GCM under one of a set of keys (dtls/store.h). */
#ifndef DTLS_HANDSHAKE_SEALED_H
#define DTLS_HANDSHAKE_SEALED_H

#include "bytes/writer.h"
#include "crypto/aead.h"
#include "crypto/memory.h"
#include "crypto/random.h"
#include "dtls/store.h"

/* What it is; the first byte, and authenticated with the rest. A later form of one gets another number. */
enum dtls_sealed_kind { DTLS_SEALED_TICKET = 0x11, DTLS_SEALED_ENTRY = 0x21, DTLS_SEALED_KEYS = 0x31 };

/* Bytes in front of the plaintext (kind, key's name, nonce), and in all around it. */
enum { DTLS_SEALED_PREFIX = 1 + 16 + DTLS_AEAD_NONCE_LEN, DTLS_SEALED_AROUND = DTLS_SEALED_PREFIX + DTLS_AEAD_TAG_LEN };

/* The key that seals at a time (seconds since 1970), or NULL. */
const struct dtls_ticket_key *dtls_sealing_key(const struct dtls_ticket_keys *keys, uint64_t now_s);

/*
 * Seals the `len` bytes at out + DTLS_SEALED_PREFIX in place; the whole is DTLS_SEALED_AROUND longer. `context` (up to
 * DTLS_STORE_NAME_LEN bytes) has to be the same when it is opened. DTLS_OK, or DTLS_ERR_RANDOM, or _NO_MEMORY.
 */
int dtls_sealed_close(const struct dtls_ticket_key *key, enum dtls_sealed_kind kind, struct dtls_bytes context,
                      const struct dtls_memory *memory, const struct dtls_random *random, uint8_t *out, size_t len);

/* With DTLS_OK the plaintext, at most `cap` bytes, is at `out`. DTLS_ERR_BAD_SESSION: none of the keys that may open at
 * the time has sealed that, as this kind and with this context. DTLS_ERR_NO_MEMORY. *key (which may be NULL) is whose
 * it was. */
int dtls_sealed_open(const struct dtls_ticket_keys *keys, uint64_t now_s, enum dtls_sealed_kind kind,
                     struct dtls_bytes context, const struct dtls_memory *memory, struct dtls_bytes sealed,
                     uint8_t *out, size_t cap, size_t *len, const struct dtls_ticket_key **key);

#endif
