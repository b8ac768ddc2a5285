/* replay.c - the replay window of one epoch (RFC 6347, 4.1.2.6).
 * Knows sequence numbers only: no keys, no clock, no record layout. */
#include "record/replay.h"

#include <string.h>

static uint64_t bit_of(uint64_t sequence)
{
    return UINT64_C(1) << (sequence % 64);
}

static uint64_t *word_of(const struct dtls_replay *window, uint64_t sequence)
{
    /* A division takes longer than all else here, and most sizes need none. */
    bool power_of_two = (window->size & (window->size - 1)) == 0;

    return &window->seen[(power_of_two ? sequence & (window->size - 1) : sequence % window->size) / 64];
}

bool dtls_replay_is_fresh(const struct dtls_replay *window, uint64_t sequence)
{
    if (sequence >= window->next)
        return true;
    if (window->next - sequence > window->size)
        return false;
    return (*word_of(window, sequence) & bit_of(sequence)) == 0;
}

void dtls_replay_mark(struct dtls_replay *window, uint64_t sequence)
{
    if (sequence >= window->next) {
        if (sequence - window->next >= window->size)
            memset(window->seen, 0, window->size / 8);
        else
            for (uint64_t skipped = window->next; skipped < sequence; skipped++)
                *word_of(window, skipped) &= ~bit_of(skipped);
        window->next = sequence + 1;
    }
    *word_of(window, sequence) |= bit_of(sequence);
}
