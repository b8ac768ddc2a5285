/* epoch.c - AEAD records of DTLS 1.2 (RFC 6347, 4.1.2; RFC 5288; RFC 6655; RFC 7905). Knows no handshake and no clock.
 */
#include "record/epoch.h"

#include <string.h>

#include "bytes/reader.h"
#include "bytes/writer.h"
#include "crypto/secret.h"
#include "messages/hello.h"

/* What stands behind the read key: the replay window, in words. */
static size_t read_block_size(const struct dtls_aead *aead, size_t window)
{
    return aead->context_size + window / 8;
}

static void *new_key(const struct dtls_memory *memory, const struct dtls_aead *aead, const uint8_t *key, size_t size)
{
    void *context = dtls_allocate(memory, size);

    if (context != NULL)
        aead->set_key(context, key);
    return context;
}

struct dtls_epoch *dtls_epoch_new(const struct dtls_memory *memory, uint16_t number, const struct dtls_aead *aead,
                                  const struct dtls_epoch_keys *keys, size_t replay_window)
{
    struct dtls_epoch *epoch = dtls_allocate(memory, sizeof *epoch);
    size_t window = (replay_window + 63) / 64 * 64;

    if (epoch == NULL)
        return NULL;
    epoch->number = number;
    epoch->readable = true;
    epoch->limit = epoch->own_limit = DTLS_MAX_PLAINTEXT;
    if (aead == NULL)
        return epoch;
    epoch->aead = aead;
    epoch->replay.size = window;
    epoch->read_key = new_key(memory, aead, keys->read_key, read_block_size(aead, window));
    epoch->write_key = new_key(memory, aead, keys->write_key, aead->context_size);
    if (epoch->read_key == NULL || epoch->write_key == NULL) {
        dtls_epoch_free(memory, epoch);
        return NULL;
    }
    epoch->replay.seen = (uint64_t *)((uint8_t *)epoch->read_key + aead->context_size);
    memcpy(epoch->read_iv, keys->read_iv, aead->fixed_iv_len);
    memcpy(epoch->write_iv, keys->write_iv, aead->fixed_iv_len);
    memcpy(epoch->folded_key, keys->write_key, aead->key_len);
    return epoch;
}

void dtls_epoch_stop_reading(const struct dtls_memory *memory, struct dtls_epoch *epoch)
{
    epoch->readable = false;
    if (epoch->aead != NULL)
        dtls_release(memory, epoch->read_key, read_block_size(epoch->aead, epoch->replay.size));
    epoch->read_key = NULL;
    epoch->replay.seen = NULL;
    dtls_wipe(epoch->read_iv, sizeof epoch->read_iv);
}

void dtls_epoch_fold(const struct dtls_memory *memory, struct dtls_epoch *epoch)
{
    if (epoch->aead != NULL)
        dtls_release(memory, epoch->write_key, epoch->aead->context_size);
    epoch->write_key = NULL;
}

void dtls_epoch_free(const struct dtls_memory *memory, struct dtls_epoch *epoch)
{
    if (epoch == NULL)
        return;
    dtls_epoch_stop_reading(memory, epoch);
    dtls_epoch_fold(memory, epoch);
    dtls_release(memory, epoch, sizeof *epoch);
}

bool dtls_epoch_can_write(const struct dtls_epoch *epoch)
{
    return epoch->write_sequence <= DTLS_MAX_SEQUENCE;
}

size_t dtls_epoch_prefix(const struct dtls_epoch *epoch)
{
    return DTLS_RECORD_HEADER_LEN + (epoch->aead == NULL ? 0 : epoch->aead->explicit_len);
}

size_t dtls_epoch_expansion(const struct dtls_epoch *epoch)
{
    return dtls_epoch_prefix(epoch) + (epoch->aead == NULL ? 0 : epoch->aead->tag_len);
}

/* Epoch and sequence in one: what the cipher counts with, and the explicit nonce of those that carry one. */
static inline uint64_t number_of(const struct dtls_epoch *epoch, uint64_t sequence)
{
    return (uint64_t)epoch->number << 48 | sequence;
}

/* The number over the last 8 bytes of the IV (RFC 7905, 2), which are zeroes where the key block gives only the 4 in
 * front of them (RFC 5288, 3; RFC 6655, 3). In two stores, as ciphers read it: others would have to wait for them. */
static inline void make_nonce(uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *iv, uint64_t number)
{
    dtls_put_number(nonce, 8, dtls_number_at(iv, 8) ^ number >> 32);
    dtls_put_number(nonce + 8, 4, dtls_number_at(iv + 8, 4) ^ (number & UINT32_MAX));
}

/* The additional data: epoch, sequence, type, version, length of the plaintext (RFC 5246, 6.2.3.3). */
enum { AAD_LEN = 13 };
static inline void make_aad(uint8_t aad[AAD_LEN], uint64_t number, uint8_t type, uint16_t version, size_t len)
{
    dtls_put_number(aad, 8, number);
    aad[8] = type;
    dtls_put_number(aad + 9, 2, version);
    dtls_put_number(aad + 11, 2, len);
}

/* What a record of `len` bytes uses up: its blocks, and one for the tag. */
static size_t blocks_of(size_t len)
{
    return (len + 15) / 16 + 1;
}

static void seal_folded(const struct dtls_epoch *epoch, const uint8_t *nonce, const uint8_t *aad, uint8_t *data,
                        size_t len)
{
    _Alignas(max_align_t) uint8_t context[DTLS_AEAD_MAX_CONTEXT];

    epoch->aead->set_key(context, epoch->folded_key);
    epoch->aead->seal(context, nonce, aad, AAD_LEN, data, len, data + len);
    dtls_wipe(context, sizeof context);
}

size_t dtls_epoch_seal(struct dtls_epoch *epoch, uint8_t type, uint8_t *record, size_t len)
{
    const struct dtls_aead *aead = epoch->aead;
    uint8_t nonce[DTLS_AEAD_NONCE_LEN], aad[AAD_LEN];
    uint16_t version = epoch->says_dtls_1_0 ? DTLS_VERSION_1_0 : DTLS_VERSION_1_2;
    size_t record_len = dtls_epoch_expansion(epoch) + len;

    if (!dtls_epoch_can_write(epoch))
        return 0;
    uint64_t sequence = epoch->write_sequence++;
    dtls_record_header_write(record, type, version, epoch->number, sequence, record_len - DTLS_RECORD_HEADER_LEN);
    if (aead == NULL)
        return record_len;
    uint64_t number = number_of(epoch, sequence);
    if (aead->explicit_len > 0)
        dtls_put_number(record + DTLS_RECORD_HEADER_LEN, 8, number);
    make_nonce(nonce, epoch->write_iv, number);
    make_aad(aad, number, type, version, len);
    uint8_t *data = record + dtls_epoch_prefix(epoch);
    epoch->sealed_blocks += blocks_of(len);
    if (epoch->write_key != NULL)
        aead->seal(epoch->write_key, nonce, aad, sizeof aad, data, len, data + len);
    else
        seal_folded(epoch, nonce, aad, data, len);
    return record_len;
}

enum dtls_opened dtls_epoch_open(struct dtls_epoch *epoch, struct dtls_record *record)
{
    const struct dtls_aead *aead = epoch->aead;
    uint8_t nonce[DTLS_AEAD_NONCE_LEN], aad[AAD_LEN];

    /* Nothing of epoch 0 is authentic, so nothing of it may move a window (S1): one forged number would shut out the
     * rest of the handshake. Reassembly drops what comes twice. */
    if (aead == NULL)
        return DTLS_OPENED;
    if (!dtls_replay_is_fresh(&epoch->replay, record->sequence))
        return DTLS_OPEN_REPLAYED;
    if (record->len < aead->explicit_len + aead->tag_len)
        return DTLS_OPEN_TRUNCATED;
    uint8_t *data = record->body + aead->explicit_len;
    size_t len = record->len - aead->explicit_len - aead->tag_len;
    uint64_t number = number_of(epoch, record->sequence);
    make_nonce(nonce, epoch->read_iv, aead->explicit_len > 0 ? dtls_number_at(record->body, 8) : number);
    make_aad(aad, number, record->type, record->version, len);
    if (!aead->open(epoch->read_key, nonce, aad, sizeof aad, data, len, data + len))
        return DTLS_OPEN_FORGED;
    record->body = data;
    record->len = len;
    epoch->opened_blocks += blocks_of(len);
    dtls_replay_mark(&epoch->replay, record->sequence);
    return DTLS_OPENED;
}
