/* transcript.c - a growing row of messages. Knows no message's meaning. */
#include "handshake/transcript.h"

#include <string.h>

#include "messages/handshake_header.h"

static int make_room(struct dtls_transcript *transcript, size_t len)
{
    size_t cap = transcript->cap;

    if (cap - transcript->len >= len)
        return DTLS_OK;
    while (cap - transcript->len < len)
        cap = cap == 0 ? 1024 : 2 * cap;
    uint8_t *bytes = dtls_allocate(transcript->memory, cap);
    if (bytes == NULL)
        return DTLS_ERR_NO_MEMORY;
    if (transcript->len > 0)
        memcpy(bytes, transcript->bytes, transcript->len);
    dtls_release(transcript->memory, transcript->bytes, transcript->cap);
    transcript->bytes = bytes;
    transcript->cap = cap;
    return DTLS_OK;
}

int dtls_transcript_add(struct dtls_transcript *transcript, uint8_t type, uint16_t message_seq, struct dtls_bytes body)
{
    size_t len = DTLS_HANDSHAKE_HEADER_LEN + body.len;

    if (make_room(transcript, len) != DTLS_OK)
        return DTLS_ERR_NO_MEMORY;
    struct dtls_writer to = dtls_writer_to(transcript->bytes + transcript->len, len);
    dtls_fragment_write(&to, &(struct dtls_fragment){ type, (uint32_t)body.len, message_seq, 0, body });
    if (transcript->hashing)
        dtls_hash_update(&transcript->running, dtls_writer_bytes(&to));
    transcript->len += len;
    return DTLS_OK;
}

void dtls_transcript_set_hash(struct dtls_transcript *transcript, enum dtls_hash hash)
{
    transcript->hashing = true;
    dtls_hash_init(&transcript->running, hash);
    dtls_hash_update(&transcript->running, dtls_transcript_bytes(transcript));
}

size_t dtls_transcript_digest(const struct dtls_transcript *transcript, uint8_t out[DTLS_HASH_MAX])
{
    return dtls_hash_digest(&transcript->running, out);
}

struct dtls_bytes dtls_transcript_bytes(const struct dtls_transcript *transcript)
{
    return (struct dtls_bytes){ transcript->bytes, transcript->len };
}

void dtls_transcript_reset(struct dtls_transcript *transcript)
{
    transcript->len = 0;
    transcript->hashing = false;
}

void dtls_transcript_free(struct dtls_transcript *transcript)
{
    dtls_release(transcript->memory, transcript->bytes, transcript->cap);
    *transcript = (struct dtls_transcript){ .memory = transcript->memory };
}
