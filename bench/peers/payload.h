/* payload.h - what is in a record: a mark, a number, a time, and filler that follows from the number. */
#ifndef BENCH_PEERS_PAYLOAD_H
#define BENCH_PEERS_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PAYLOAD_MIN = 24,
    PAYLOAD_MAX = 1100, /* fits a datagram of PEER_MTU with every suite */
};

/* Writes `len` bytes. */
void payload_write(uint8_t *out, size_t len, uint64_t number, uint64_t written_at);

/* False, and nothing read, for what is not whole. */
bool payload_read(const uint8_t *at, size_t len, uint64_t *number, uint64_t *written_at);

#endif
