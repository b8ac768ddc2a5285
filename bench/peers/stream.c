/* stream.c - sends numbered records, each when it is due. */
#include "bench/peers/stream.h"

#include <stdlib.h>
#include <string.h>

#include "apps/complain.h"
#include "bench/peers/clock.h"
#include "bench/peers/log.h"
#include "bench/peers/payload.h"
#include "bench/peers/wire.h"

void stream_init(struct stream *stream, const struct settings *settings)
{
    uint64_t total = settings->interval_ms > 0 ? (settings->for_ms - 1) / settings->interval_ms + 1 : 2;

    *stream = (struct stream){ .settings = settings, .total = total, .wishes = calloc(total, sizeof *stream->wishes) };
    if (stream->wishes == NULL)
        refuse("no memory for %lu records", (unsigned long)total);
}

void stream_free(struct stream *stream)
{
    free(stream->wishes);
    stream->wishes = NULL;
}

void stream_open(struct stream *stream, uint64_t now)
{
    stream->start = now;
}

/* Milliseconds after OPEN. */
static uint64_t due_ms(const struct stream *stream, uint64_t number)
{
    const struct settings *settings = stream->settings;

    if (settings->interval_ms > 0)
        return number * settings->interval_ms;
    return number == 0 ? 0 : settings->for_ms - STREAM_LAST_PING_MS;
}

uint64_t stream_due(const struct stream *stream)
{
    if (stream->wished == stream->total)
        return PEER_NEVER;
    return stream->start + due_ms(stream, stream->wished) * 1000;
}

static void note_wishes(struct stream *stream, uint64_t now)
{
    while (stream_due(stream) <= now)
        stream->wishes[stream->wished++] = now;
}

/* One attempt at the first record that is not settled. */
static enum peer_sent try_record(struct stream *stream, struct peer *peer, struct wire *wire)
{
    uint64_t number = stream->settled, before = wire->data_sent;
    uint8_t record[PAYLOAD_MAX];

    payload_write(record, stream->settings->size, number, clock_now());
    enum peer_sent result = peer_library.send(peer, record, stream->settings->size, &stream->hindrance);
    if (result != PEER_SENT)
        return result;
    if (wire->data_sent > before) {
        stream->sent++;
        log_sent(number, stream->wishes[number], wire->data_left, wire->data_datagram, number < stream->held);
    } else {
        log_unsent(number, stream->wishes[number], "taken by the library, but no datagram left");
    }
    stream->settled++;
    return PEER_SENT;
}

bool stream_run(struct stream *stream, struct peer *peer, struct wire *wire)
{
    note_wishes(stream, clock_now());
    while (stream->settled < stream->wished) {
        enum peer_sent result = try_record(stream, peer, wire);
        if (result == PEER_DIED)
            return false;
        if (result == PEER_SENT)
            continue;
        if (stream->settings->use != USE_PLAIN) {
            stream->held = stream->wished;
            break;
        }
        log_unsent(stream->settled, stream->wishes[stream->settled], stream->hindrance);
        stream->settled++;
    }
    return true;
}

void stream_end(struct stream *stream)
{
    for (; stream->settled < stream->wished; stream->settled++)
        log_unsent(stream->settled, stream->wishes[stream->settled],
                   stream->hindrance != NULL ? stream->hindrance : "the call is over");
}
