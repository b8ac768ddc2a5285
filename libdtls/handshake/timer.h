/* timer.h - when to send a flight again (contract T; RFC 6347, 4.2.4.1), and the round trip it learns on the way. */
#ifndef DTLS_HANDSHAKE_TIMER_H
#define DTLS_HANDSHAKE_TIMER_H

#include "bytes/time_after.h"

#define DTLS_MIN_RTO         ((uint64_t)50 * 1000) /* T3, microseconds */
#define DTLS_MOST_ROUND_TRIP ((uint64_t)60 * 1000000)
/* T4: stands in for srtt in rate limits while that is unknown. */
#define DTLS_UNKNOWN_ROUND_TRIP ((uint64_t)20 * 1000)

/* What is known of the path; lives as long as the association. All zeroes: nothing yet. */
struct dtls_round_trip {
    uint64_t srtt_us, rttvar_us; /* RFC 6298, 2; srtt 0: unknown */
    uint64_t backed_off_us;      /* the last backed-off timeout, kept until an unambiguous sample (T3) */
};

/* The application's own knowledge, or a sample. */
void dtls_round_trip_sample(struct dtls_round_trip *path, uint64_t sample_us);

/* srtt, or what stands in for it. */
uint64_t dtls_round_trip_guess(const struct dtls_round_trip *path);

/* How long a flight that leaves now waits for its answer, in microseconds. */
uint64_t dtls_first_timeout(const struct dtls_round_trip *path, const struct dtls_config *config);

/* The timer of one flight. All zeroes is off. */
struct dtls_timer {
    uint64_t rto_us;
    dtls_time sent_at;    /* the flight's first transmission */
    dtls_time deadline;   /* of the next one; meaningful while running */
    unsigned expirations; /* of this flight */
    bool running;
    bool ambiguous; /* the flight was sent more than once: its answer is no sample (Karn) */
};

/* A new flight leaves now. */
void dtls_timer_flight_sent(struct dtls_timer *timer, const struct dtls_round_trip *path,
                            const struct dtls_config *config, dtls_time now);

/* A flight that took a while to leave (R16) has left: its time begins now. */
void dtls_timer_restart(struct dtls_timer *timer, dtls_time now);

/* The same flight was sent again outside of the timer's own turn. */
void dtls_timer_flight_repeated(struct dtls_timer *timer);

/* The peer has begun to answer the flight: takes a sample, once and where that is unambiguous. The timer runs on: the
 * rest of the answer may be lost. */
void dtls_timer_flight_answered(struct dtls_timer *timer, struct dtls_round_trip *path, dtls_time now);

/* A part of the answer has come: the rest gets as long again, since its sender may space it in time (R16). */
void dtls_timer_answer_goes_on(struct dtls_timer *timer, dtls_time now);

/* True once per expiry; the timeout has then doubled, up to the maximum, and runs again. */
bool dtls_timer_expire(struct dtls_timer *timer, struct dtls_round_trip *path, const struct dtls_config *config,
                       dtls_time now);

/* From now on at the maximum interval (R10, a stalled rehandshake). */
void dtls_timer_slow_down(struct dtls_timer *timer, const struct dtls_config *config, dtls_time now);

/* The next expiry, or DTLS_NEVER. */
dtls_time dtls_timer_deadline(const struct dtls_timer *timer);

#endif
