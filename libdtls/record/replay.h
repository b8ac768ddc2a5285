/* replay.h - the replay window of one epoch (RFC 6347, 4.1.2.6). */
#ifndef DTLS_RECORD_REPLAY_H
#define DTLS_RECORD_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The sequence numbers one epoch has accepted: a ring with one bit for each of the newest `size`. */
struct dtls_replay {
    uint64_t next;  /* one past the newest accepted; 0: none yet */
    uint64_t *seen; /* size / 64 words, zero at the start; not owned */
    size_t size;    /* a multiple of 64 */
};

/* Not seen before, and not older than the window. */
bool dtls_replay_is_fresh(const struct dtls_replay *window, uint64_t sequence);

/* Remembers a fresh sequence number; only what is authentic may get here (contract S1). */
void dtls_replay_mark(struct dtls_replay *window, uint64_t sequence);

#endif
