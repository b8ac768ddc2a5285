/* fuzz_record.c - sealed records that someone on the path has changed, and any bytes as records: what opens is what was
 * sealed, and opens once.
 *
 * Input: the cipher; how many changes follow, each a position (2 bytes) and what is added to the byte there; then a
 * datagram. */
#include "record/epoch.h"
#include "tests/fuzz/fuzz.h"

enum { EPOCH = 7, RECORDS = 3, SEALED_MAX = 400 };

static const struct dtls_memory heap;
static const struct dtls_aead *const aeads[] = { &dtls_aes_128_gcm, &dtls_aes_256_gcm, &dtls_chacha20_poly1305 };

/* The plaintexts, by sequence number. */
static const struct {
    uint8_t type;
    const char *text;
} sealed[RECORDS] = { { DTLS_APPLICATION_DATA, "application data of one record" },
                      { DTLS_ALERT_RECORD, "\1" },
                      { DTLS_HANDSHAKE_RECORD, "" } };

static struct dtls_epoch *make_end(const struct dtls_aead *aead, bool reads)
{
    static const uint8_t keys[2][DTLS_AEAD_MAX_KEY] = { "one direction's key", "and the other's" };
    static const uint8_t ivs[2][DTLS_AEAD_NONCE_LEN] = { "an iv", "another" };
    struct dtls_epoch *epoch = dtls_epoch_new(
        &heap, EPOCH, aead, &(struct dtls_epoch_keys){ keys[reads], keys[!reads], ivs[reads], ivs[!reads] }, 64);

    FUZZ_CHECK(epoch != NULL);
    return epoch;
}

static size_t seal_all(struct dtls_epoch *epoch, uint8_t out[SEALED_MAX])
{
    size_t len = 0;

    for (size_t i = 0; i < RECORDS; i++) {
        size_t text_len = strlen(sealed[i].text);
        memcpy(out + len + dtls_epoch_prefix(epoch), sealed[i].text, text_len);
        len += dtls_epoch_seal(epoch, sealed[i].type, out + len, text_len);
        FUZZ_CHECK(len <= SEALED_MAX);
    }
    return len;
}

/* Each record of a datagram, as a connection takes it. */
static void open_all(struct dtls_epoch *epoch, struct dtls_bytes bytes, bool opened[RECORDS])
{
    uint8_t *datagram = fuzz_copy(bytes);
    struct dtls_record record;
    size_t position = 0, before = 0;

    while (dtls_record_read(datagram, bytes.len, &position, &record)) {
        FUZZ_CHECK(position == before + DTLS_RECORD_HEADER_LEN + record.len && position <= bytes.len);
        FUZZ_CHECK(record.body == datagram + before + DTLS_RECORD_HEADER_LEN);
        before = position;
        uint64_t next = epoch->replay.next;
        if (record.epoch != EPOCH || dtls_epoch_open(epoch, &record) != DTLS_OPENED) {
            FUZZ_CHECK(epoch->replay.next == next);
            continue;
        }
        FUZZ_CHECK(record.sequence < RECORDS && !opened[record.sequence]);
        opened[record.sequence] = true;
        FUZZ_CHECK(record.type == sealed[record.sequence].type);
        FUZZ_CHECK(dtls_bytes_equal(dtls_view(record.body, record.len),
                                    dtls_view(sealed[record.sequence].text, strlen(sealed[record.sequence].text))));
    }
    free(datagram);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ data, len });
    const struct dtls_aead *aead = aeads[dtls_read_u8(&from) % (sizeof aeads / sizeof aeads[0])];
    struct dtls_epoch *writer = make_end(aead, false), *reader = make_end(aead, true);
    uint8_t original[SEALED_MAX], changed[SEALED_MAX];
    bool opened[RECORDS] = { false };
    size_t sealed_len = seal_all(writer, original);

    memcpy(changed, original, sealed_len);
    for (uint8_t left = dtls_read_u8(&from); left > 0 && dtls_reader_has_more(&from); left--) {
        uint8_t *at = &changed[dtls_read_u16(&from) % sealed_len];
        *at = (uint8_t)(*at + dtls_read_u8(&from));
    }
    open_all(reader, dtls_view(changed, sealed_len), opened);
    open_all(reader, dtls_read_rest(&from), opened);
    open_all(reader, dtls_view(original, sealed_len), opened); /* and the true ones open, if they did not before */
    for (size_t i = 0; i < RECORDS; i++)
        FUZZ_CHECK(opened[i]);
    dtls_epoch_free(&heap, writer);
    dtls_epoch_free(&heap, reader);
    return 0;
}
