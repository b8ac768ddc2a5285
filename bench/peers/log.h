/* log.h - what a peer prints: one JSON object a line for each thing that happens (README.md). */
#ifndef BENCH_PEERS_LOG_H
#define BENCH_PEERS_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/peers/arrivals.h"

/* What only a library can tell about a handshake. */
struct log_handshake {
    const char *suite; /* as the library calls it; OPEN only */
    bool secure_renegotiation;
    bool resumed;
};

void log_listening(uint16_t port);
void log_open(uint64_t at, const struct log_handshake *handshake);
void log_closed(uint64_t at);
void log_end(uint64_t at, bool alive, uint64_t sent, uint64_t received);

void log_sent(uint64_t number, uint64_t wish, uint64_t left, uint64_t datagram, bool held);
void log_unsent(uint64_t number, uint64_t wish, const char *why);
void log_received(const struct delivery *delivery, const struct arrival *arrival);
void log_foreign(uint64_t at, uint64_t len); /* data that is not as the other side wrote it */

void log_rehandshake_start(uint64_t at, const char *mode);
void log_rehandshake_done(uint64_t at, bool resumed);

/* rehandshake_started, _refused */
void log_event(uint64_t at, const char *event);

/* rehandshake_failed, error */
void log_text(uint64_t at, const char *event, const char *text);

void log_alert(uint64_t at, int level, int description);

#endif
