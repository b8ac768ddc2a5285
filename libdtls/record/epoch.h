/* epoch.h - one epoch: the keys of both directions, its sequence numbers, its replay window. Seals and opens
 * records. */
#ifndef DTLS_RECORD_EPOCH_H
#define DTLS_RECORD_EPOCH_H

#include "crypto/aead.h"
#include "crypto/memory.h"
#include "dtls/identity.h"
#include "record/header.h"
#include "record/replay.h"

/* The keyed AEAD contexts are blocks of their own, because they can be large (nettle 3's GCM tables) and the two
 * directions are wiped at different times (contract R4). The replay window stands behind the reading one. */
struct dtls_epoch {
    const struct dtls_aead *aead; /* NULL: epoch 0, plaintext */
    void *read_key, *write_key;   /* NULL in epoch 0, and once wiped; write_key also once folded */
    uint8_t read_iv[DTLS_AEAD_NONCE_LEN], write_iv[DTLS_AEAD_NONCE_LEN];
    uint8_t folded_key[DTLS_AEAD_MAX_KEY]; /* what write_key is made of */
    bool readable;                         /* false once its time is over */
    bool says_dtls_1_0;                    /* in the headers of its records: a first ClientHello's (RFC 6347, 4.2.1) */
    uint16_t number;
    uint16_t limit;                        /* the most plaintext that the peer takes in one record (M8) */
    uint16_t own_limit;                    /* and that we do */
    uint64_t write_sequence;               /* of the next record */
    uint64_t sealed_blocks, opened_blocks; /* as aead->block_limit counts them (R12) */
    struct dtls_replay replay;
};

/* What the key block has for both directions (RFC 5246, 6.3). */
struct dtls_epoch_keys {
    const uint8_t *read_key, *write_key; /* aead->key_len bytes */
    const uint8_t *read_iv, *write_iv;   /* aead->fixed_iv_len bytes */
};

/* `aead` and `keys` are NULL for epoch 0. NULL without memory. */
struct dtls_epoch *dtls_epoch_new(const struct dtls_memory *memory, uint16_t number, const struct dtls_aead *aead,
                                  const struct dtls_epoch_keys *keys, size_t replay_window);

/* Wipes the reading half: from now on every record is of the past. */
void dtls_epoch_stop_reading(const struct dtls_memory *memory, struct dtls_epoch *epoch);

/* Gives the write key's block back, 4 KiB with nettle's GCM. It can still be written with, at the price of making the
 * block anew for each record: for a last flight that hardly anyone will ask for (T5). */
void dtls_epoch_fold(const struct dtls_memory *memory, struct dtls_epoch *epoch);

/* Wipes and frees; NULL is allowed. */
void dtls_epoch_free(const struct dtls_memory *memory, struct dtls_epoch *epoch);

/* Is there a sequence number left to write with? */
bool dtls_epoch_can_write(const struct dtls_epoch *epoch);

/* Bytes in front of the plaintext (header, explicit nonce), and in all around it. */
size_t dtls_epoch_prefix(const struct dtls_epoch *epoch);
size_t dtls_epoch_expansion(const struct dtls_epoch *epoch);

/* Seals the `len` bytes of plaintext that lie at record + prefix. Returns the record's length, 0 when the epoch has no
 * sequence number left. */
size_t dtls_epoch_seal(struct dtls_epoch *epoch, uint8_t type, uint8_t *record, size_t len);

enum dtls_opened { DTLS_OPENED, DTLS_OPEN_TRUNCATED, DTLS_OPEN_REPLAYED, DTLS_OPEN_FORGED };

/* Opens in place; with DTLS_OPENED the window is marked (but in epoch 0) and body, len are the plaintext. Otherwise
 * nothing has changed but the bytes of the record. */
enum dtls_opened dtls_epoch_open(struct dtls_epoch *epoch, struct dtls_record *record);

#endif
