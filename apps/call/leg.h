/* leg.h - the media of one call: what is said leaves as SRTP, what comes is counted and heard, and both sides tell each
 * other by RTCP how it goes. Does no I/O; time is an argument. */
#ifndef APPS_CALL_LEG_H
#define APPS_CALL_LEG_H

#include <stdio.h>

#include "apps/call/reception.h"
#include "apps/call/voice.h"
#include "dtls/conn.h"
#include "dtls/srtp.h"

struct leg {
    struct voice *voice;
    FILE *frames; /* a line for each frame that leaves or comes; NULL: none wants it */
    int (*send)(void *arg, const uint8_t *datagram, size_t len); /* DTLS_OK, or why it was not sent */
    void *arg;

    struct dtls_srtp *srtp;
    uint32_t ssrc, timestamp;
    uint16_t sequence;
    bool may_send; /* there are keys to protect with */
    bool spoke;    /* the next packet is not the first */
    uint64_t sent, octets, unsent, reports_sent, reports_received, rehandshakes, foreign;
    uint64_t round_trip_us; /* of the last report that shows one; 0: none does */
    uint64_t next;          /* the number, wraps included, of the frame that is heard next */
    struct reception reception;
    bool has_bye;
};

/* Fields voice, frames, send and arg are set, all others zero. False: no memory. */
bool leg_begin(struct leg *leg);
void leg_end(struct leg *leg);

/* Event KEYS of its connection. DTLS_OK, or what libdtls-srtp says. */
int leg_take_keys(struct leg *leg, dtls_time now, const struct dtls_conn *conn, const struct dtls_event *event);

/* 20 ms more are said; false: there is nothing left to say. */
bool leg_say(struct leg *leg, dtls_time now);

/* RTCP: a sender's and receiver's report; `unix_us` is the time of day. */
void leg_report(struct leg *leg, dtls_time now, uint64_t unix_us, bool bye);

/* A datagram that mux.h calls RTP or RTCP; changed where it lies. True: it confirms the keys of *epoch (K3). */
bool leg_hear(struct leg *leg, dtls_time now, uint64_t unix_us, uint8_t *datagram, size_t len, uint16_t *epoch);

/* How many packets came and were not for us to read: forged, or with keys that we do not have; and how many came
 * again. */
uint64_t leg_undecryptable(const struct leg *leg);
uint64_t leg_duplicated(const struct leg *leg);

#endif
