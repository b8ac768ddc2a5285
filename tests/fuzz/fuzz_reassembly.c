/* fuzz_reassembly.c - any fragments against a model that keeps what was said first about each byte; memory has a bound
 * (contract S5), and may be missing.
 *
 * Input, again and again: what to do; for a fragment: how far ahead its message is, type, length, offset, how many
 * bytes, epoch; their values go up from the last byte. */
#include "handshake/reassembly.h"
#include "tests/box/memory.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_MESSAGE = 300, SEQS = 65536 };

/* A message as far as it is known. */
struct model {
    bool begun;
    uint8_t type;
    uint16_t epoch;
    uint32_t length, missing;
    bool present[MAX_MESSAGE];
    uint8_t bytes[MAX_MESSAGE];
};

static struct model *models[SEQS];

static struct model *model_of(uint16_t seq)
{
    if (models[seq] == NULL)
        models[seq] = calloc(1, sizeof *models[seq]);
    FUZZ_CHECK(models[seq] != NULL);
    return models[seq];
}

static void forget(uint16_t seq)
{
    free(models[seq]);
    models[seq] = NULL;
}

static void model_take(const struct dtls_fragment *fragment, uint16_t epoch)
{
    struct model *model = model_of(fragment->message_seq);

    if (!model->begun) {
        model->begun = true;
        model->type = fragment->type;
        model->epoch = epoch;
        model->length = model->missing = fragment->length;
    }
    FUZZ_CHECK(model->type == fragment->type && model->length == fragment->length && model->epoch == epoch);
    for (size_t i = 0; i < fragment->body.len; i++) {
        size_t at = fragment->offset + i;
        if (model->present[at])
            continue;
        model->present[at] = true;
        model->bytes[at] = fragment->body.at[i];
        model->missing--;
    }
}

static void check_ready(const struct dtls_reassembly *in)
{
    struct dtls_message message;
    const struct model *model = models[in->next];
    bool whole = model != NULL && model->begun && model->missing == 0;

    FUZZ_CHECK(dtls_reassembly_ready(in, &message) == whole);
    if (!whole)
        return;
    FUZZ_CHECK(dtls_reassembly_has_type(in, in->next, model->type));
    FUZZ_CHECK(message.type == model->type && message.epoch == model->epoch && message.message_seq == in->next);
    FUZZ_CHECK(dtls_bytes_equal(message.body, dtls_view(model->bytes, model->length)));
}

static void take_fragment(struct dtls_reassembly *in, struct dtls_reader *from, bool offer_whole)
{
    struct dtls_message whole;
    enum dtls_drop reason = DTLS_DROP_COUNT;
    struct dtls_fragment fragment = { 0 };

    fragment.message_seq = (uint16_t)(in->next + dtls_read_u8(from) - 2);
    fragment.type = dtls_read_u8(from);
    fragment.length = dtls_read_u16(from) % (MAX_MESSAGE + 20);
    fragment.offset = fragment.length == 0 ? 0 : dtls_read_u16(from) % (fragment.length + 1);
    size_t len = dtls_read_u16(from) % (fragment.length - fragment.offset + 1);
    uint16_t epoch = dtls_read_u8(from);
    uint8_t *bytes = malloc(len + 1), value = dtls_read_u8(from);
    FUZZ_CHECK(bytes != NULL);
    for (size_t i = 0; i < len; i++)
        bytes[i] = value++;
    fragment.body = dtls_view(bytes, len);
    switch (dtls_reassembly_take(in, &fragment, epoch, offer_whole ? &whole : NULL, &reason)) {
    case DTLS_TAKEN:
        model_take(&fragment, epoch);
        break;
    case DTLS_TAKEN_WHOLE:
        FUZZ_CHECK(offer_whole && fragment.message_seq == in->next && models[in->next] == NULL);
        FUZZ_CHECK(whole.type == fragment.type && whole.epoch == epoch && len == fragment.length);
        FUZZ_CHECK(dtls_bytes_equal(whole.body, fragment.body));
        break;
    case DTLS_TAKEN_NOT:
        FUZZ_CHECK(reason < DTLS_DROP_COUNT);
        break;
    }
    free(bytes);
}

static void skip(struct dtls_reassembly *in, uint16_t distance)
{
    uint16_t first = in->next, next = (uint16_t)(in->next + distance);

    dtls_reassembly_skip_to(in, next);
    for (uint16_t i = 0; i < DTLS_REASSEMBLY_SLOTS; i++)
        if ((uint16_t)(first + i - next) >= DTLS_REASSEMBLY_SLOTS)
            forget((uint16_t)(first + i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ data, len });
    struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
    struct dtls_config config;
    struct dtls_reassembly in;

    memory_use(&memory, &config);
    struct dtls_memory doors = { config.allocate, config.release, config.memory_arg };
    dtls_reassembly_init(&in, &doors, MAX_MESSAGE);
    while (dtls_reader_has_more(&from)) {
        struct dtls_message message;
        uint8_t what = dtls_read_u8(&from);
        if (what == 255)
            skip(&in, dtls_read_u16(&from));
        else if (what == 254)
            memory.fail_at = memory.asked + dtls_read_u8(&from) % 4;
        else if (what >= 250 && dtls_reassembly_ready(&in, &message)) {
            forget(in.next);
            dtls_reassembly_done(&in);
        } else
            take_fragment(&in, &from, what % 2 == 0);
        FUZZ_CHECK(memory.live_bytes <= 2 * MAX_MESSAGE && in.room <= 2 * MAX_MESSAGE);
        FUZZ_CHECK(memory.live_bytes + in.room == 2 * MAX_MESSAGE);
        check_ready(&in);
    }
    skip(&in, 0x8000);
    FUZZ_CHECK(memory.live_blocks == 0 && in.room == 2 * MAX_MESSAGE);
    dtls_reassembly_free(&in);
    return 0;
}
