/* srtp_streams.c - a table of SSRCs, allocated once. Searched from its start: there are a few, the busy ones in front.
 */
#include "adapters/srtp_streams.h"

#include <stdlib.h>

bool dtls_srtp_streams_init(struct dtls_srtp_streams *streams, size_t cap, size_t window)
{
    *streams = (struct dtls_srtp_streams){ .cap = cap, .window = window };
    streams->all = calloc(cap, sizeof streams->all[0]);
    streams->windows = calloc(cap, window / 8);
    return streams->all != NULL && streams->windows != NULL;
}

void dtls_srtp_streams_clear(struct dtls_srtp_streams *streams)
{
    free(streams->all);
    free(streams->windows);
    *streams = (struct dtls_srtp_streams){ 0 };
}

struct dtls_srtp_stream *dtls_srtp_streams_find(const struct dtls_srtp_streams *streams, uint32_t ssrc)
{
    for (size_t i = 0; i < streams->count; i++)
        if (streams->all[i].ssrc == ssrc)
            return &streams->all[i];
    return NULL;
}

bool dtls_srtp_streams_full(const struct dtls_srtp_streams *streams)
{
    return streams->count == streams->cap;
}

struct dtls_srtp_stream *dtls_srtp_streams_oldest(const struct dtls_srtp_streams *streams, uint64_t generation)
{
    struct dtls_srtp_stream *oldest = NULL;

    if (!dtls_srtp_streams_full(streams))
        return NULL;
    for (size_t i = 0; i < streams->count; i++) {
        struct dtls_srtp_stream *stream = &streams->all[i];
        if ((generation == 0 || stream->generation != generation) && (oldest == NULL || stream->used < oldest->used))
            oldest = stream;
    }
    return oldest;
}

struct dtls_srtp_stream *dtls_srtp_streams_add(struct dtls_srtp_streams *streams, uint32_t ssrc,
                                               struct dtls_srtp_stream *in_place_of)
{
    struct dtls_srtp_stream *stream = in_place_of != NULL ? in_place_of : &streams->all[streams->count++];
    /* What an earlier one has seen may stay: an empty window clears what it moves over. */
    uint64_t *seen = streams->windows + (size_t)(stream - streams->all) * (streams->window / 64);

    *stream = (struct dtls_srtp_stream){ .ssrc = ssrc, .window = { .seen = seen, .size = streams->window } };
    return stream;
}

uint64_t dtls_srtp_stream_index(const struct dtls_srtp_stream *stream, uint16_t sequence)
{
    const uint64_t round = UINT64_C(1) << 16, half = round / 2;

    if (stream == NULL || stream->window.next == 0)
        return sequence;

    uint64_t newest = stream->window.next - 1;
    uint64_t index = newest - newest % round + sequence;
    if (index > newest + half && index >= round)
        return index - round;
    return index + half < newest ? index + round : index;
}

void dtls_srtp_streams_mark(struct dtls_srtp_streams *streams, struct dtls_srtp_stream *stream, uint64_t index,
                            uint64_t generation)
{
    dtls_replay_mark(&stream->window, index);
    dtls_srtp_streams_touch(streams, stream, generation);
}

void dtls_srtp_streams_touch(struct dtls_srtp_streams *streams, struct dtls_srtp_stream *stream, uint64_t generation)
{
    stream->used = ++streams->turn;
    stream->generation = generation;
}
