/* stream.h - the numbered records of one side: which are due, which have left, which wait because the library refused
 * them. Knows the library by its `send` only. */
#ifndef BENCH_PEERS_STREAM_H
#define BENCH_PEERS_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/peers/peer.h"
#include "bench/peers/settings.h"

struct wire;

enum { STREAM_LAST_PING_MS = 500 }; /* before the end; something has to come through from then on */

struct stream {
    const struct settings *settings;
    uint64_t start;   /* clock_now() at OPEN */
    uint64_t total;   /* records it is to have */
    uint64_t wished;  /* those whose time has come; more than `settled` in all but plain use */
    uint64_t settled; /* those that have left or, in plain use, were refused */
    uint64_t sent;
    uint64_t held;         /* those below this number had to wait, or wait, because of a refusal */
    uint64_t *wishes;      /* when each was first tried */
    const char *hindrance; /* why the first that waits has to wait */
};

/* Refuses (exit 2) without memory. */
void stream_init(struct stream *stream, const struct settings *settings);
void stream_free(struct stream *stream);

void stream_open(struct stream *stream, uint64_t now);

/* When there is something to do next; PEER_NEVER when all is wished. */
uint64_t stream_due(const struct stream *stream);

/* Sends what is due, and what waits, as far as the library takes it, in order; tells the log. False when the
 * connection died over it. */
bool stream_run(struct stream *stream, struct peer *peer, struct wire *wire);

/* The call is over: what waits will not be sent. */
void stream_end(struct stream *stream);

#endif
