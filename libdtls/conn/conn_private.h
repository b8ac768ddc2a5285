/* conn_private.h - the inside of a connection, shared by the files of this folder.
 *
 * conn.c: life, questions, time. input.c: what arrives. output.c: what leaves. outcome.c: what a handshake's step means
 * for the connection. keys.c: those for media. rehandshake.c: who may start one, and when. renewal.c: when keys are
 * used up. mtu.c: how large a datagram may be. heartbeat.c: probes of that, and answers to the peer's. events.c: the
 * queue. held.c, last_flight.c: two things kept for a while. */
#ifndef DTLS_CONN_PRIVATE_H
#define DTLS_CONN_PRIVATE_H

#include "conn/held.h"
#include "conn/last_flight.h"
#include "conn/probe.h"
#include "conn/ready.h"
#include "conn/renewal.h"
#include "record/outbox.h"

enum dtls_conn_state { DTLS_CONN_NEW, DTLS_CONN_FIRST, DTLS_CONN_OPEN, DTLS_CONN_OVER };

enum {
    DTLS_EVENT_MOST = 9,           /* control events that can wait */
    DTLS_EVENTS_OF_AN_ATTEMPT = 6, /* STARTED, JOB, STALLED, MTU, DONE, SESSION */
    DTLS_EVENTS_OF_KEYS = 2,       /* ACCEPT, SEND: with srtp_profiles */
    DTLS_EARLY_RECORDS = 8,        /* records of n+1 kept sealed while there are no keys for them (R5) */
    DTLS_EARLY_BYTES = 8192,       /* and their bytes in all */
    DTLS_MOST_ANSWERS = 8,         /* to repetitions of one flight (T4) */
    DTLS_MOST_REFUSALS = 3,        /* of one attempt (R7) */
    DTLS_RANDOM_END = 8,           /* bytes that tell one attempt of an authentic peer from another */
};

#define DTLS_FLIGHT_INTERVAL  ((uint64_t)20 * 1000)    /* R16, unless an eighth of the round trip is less */
#define DTLS_REFUSAL_INTERVAL ((dtls_time)1000 * 1000) /* R7 */
/* A retry is the same in every byte (R10), and a HelloRequest has no random. After so long it is a new attempt, as far
 * as the count of warnings goes; and after so long the application is asked again. */
#define DTLS_REFUSAL_FORGET    ((dtls_time)60 * 1000 * 1000)
#define DTLS_REFUSAL_ASK_AGAIN ((dtls_time)10 * 1000 * 1000)

/* Everything about renegotiation that is not the running handshake itself. */
struct dtls_renegotiation {
    bool ours;   /* the attempt under way is our application's wish */
    bool parked; /* client: the handshake waits for a retry, or a late answer (R10) */
    bool stalled;
    bool replacing;    /* server: a new ClientHello replaces an attempt that was accepted (S5) */
    bool peer_started; /* the peer has started one, at peer_started_at (R13) */
    uint8_t refusals;  /* of the attempt whose random ends in refused_random (zeroes: a HelloRequest) */
    bool asked;        /* the application is to say yes or no */
    dtls_time asked_until;
    dtls_time peer_started_at;

    bool requesting; /* server: a HelloRequest is out */
    bool requested;  /* one was sent in epoch requested_epoch: the next ServerHello there is 1 (R6) */
    uint16_t requested_epoch;
    enum dtls_rehandshake_mode requested_mode;
    const struct dtls_config *config; /* of it, as a handshake has its own */
    struct dtls_timer request_timer;
    dtls_time request_started;

    dtls_time refused_at;
    uint8_t refused_random[DTLS_RANDOM_END];
};

/* A control event while it waits, in as few bytes as it takes. What does not belong to its type is not there. */
struct dtls_waiting_event {
    uint8_t type; /* enum dtls_event_type */
    union {
        bool resumed;       /* OPEN, REHANDSHAKE_DONE */
        uint8_t alert;      /* ALERT, FAILED */
        uint8_t mtu_reason; /* MTU: enum dtls_mtu_reason */
        uint8_t keys;       /* KEYS: enum dtls_keys */
    };
    union {
        uint16_t epoch; /* OPEN, REHANDSHAKE_DONE, KEYS */
        int16_t error;  /* FAILED */
        uint16_t mtu;   /* MTU: 65,507 at most */
    };
    uint16_t old_mtu; /* MTU */
};

struct dtls_conn {
    struct dtls_association as;
    struct dtls_ready *ready; /* the node of whoever has many; NULL: nobody keeps a list */
    void *users;              /* the application's pointer */
    uint8_t state;            /* enum dtls_conn_state */
    uint8_t received_alert;   /* the last fatal one */
    int16_t death;            /* why it is over; DTLS_ERR_CLOSED for a clean end */
    bool doomed;              /* an unauthenticated fatal alert came: two more timeouts (S9) */
    uint8_t doom;             /* and this was it */
    uint8_t doom_expirations;
    uint8_t expansion;      /* the most that a record of the configuration's suites is longer than its data */
    uint8_t answers;        /* to repetitions of the flight that is out (T4), the last one at answered_at */
    uint8_t alert_body[2];  /* of the alert in the outbox */
    uint16_t advised_epoch; /* the application knows that its keys are used up (R12); 0: none */
    uint16_t mtu;
    uint16_t flight_mtu; /* what flights are believed to fit into, until the next handshake begins (M5) */
    uint16_t echo_len;
    uint32_t held_records, held_bytes;
    uint32_t opened;      /* authentic records, for who asks whether there was one more */
    uint8_t early_copies; /* of the flight that is out, because the peer is ahead (R5); the last at early_copied_at */
    bool peer_is_ahead;   /* it has sent data of n+1 before Finished, */
    bool has_postponed;   /* and some in the datagram being read: perhaps Finished stands behind it */
    bool data_waits;      /* a DATA event */
    uint16_t data_epoch, postponed_epoch;
    uint8_t *echo; /* the payload of a heartbeat that waits for its answer; owned; NULL: none */
    dtls_time now; /* the latest we were told; records that are read later happen then */

    struct dtls_handshake *hs; /* NULL while none runs; and room for its last flight: */
    struct dtls_last_flight *spare;
    struct dtls_last_flight *last; /* of the newest finished handshake, where we sent it (T5); may be NULL */
    struct dtls_renegotiation re;
    struct dtls_renewal renewal;
    struct dtls_probe *probe; /* NULL until there is a search; owned */

    struct dtls_outbox outbox;
    dtls_time answered_at;
    dtls_time early_copied_at;

    struct dtls_waiting_event events[DTLS_EVENT_MOST];
    uint8_t event_first, event_count;
    struct dtls_bytes data; /* of a DATA event, which is not in the queue */
    struct dtls_bytes postponed;

    uint8_t *input; /* the datagram being read: the caller's, or that of `reading` */
    uint32_t input_len, input_at;
    struct dtls_held_record *reading;   /* a sealed record whose keys have come */
    struct dtls_held_record *delivered; /* held data that the last DATA event points into */
    struct dtls_held held;              /* authentic data of n+1, before Finished (R5) */
    struct dtls_held early;             /* sealed records of n+1, before its keys (R5) */
};

/* Something may wait to be taken, or the deadline may be another: in every verb that takes `now`, and in
 * _set_config and _set_mtu. */
static inline void dtls_conn_changed(struct dtls_conn *conn)
{
    if (conn->ready != NULL)
        dtls_ready_add(conn->ready);
}

/* conn.c */
bool dtls_conn_has_job(const struct dtls_conn *conn); /* that waits to be taken (R17) */

/* question.c */
dtls_time dtls_conn_question_deadline(const struct dtls_conn *conn); /* a tick goes on then; now, if it is answered */

/* events.c: the next event that will be told is at hand; false when there is none. Nothing is taken. */
bool dtls_conn_reach_event(struct dtls_conn *conn);
struct dtls_waiting_event *dtls_conn_push_event(struct dtls_conn *conn, enum dtls_event_type type);
struct dtls_waiting_event *dtls_conn_find_event(struct dtls_conn *conn, enum dtls_event_type type); /* NULL: none */

/* input.c: opens records until one of them makes an event. And: the peer is ahead, ask for its last flight (R5). */
void dtls_conn_pump(struct dtls_conn *conn);
void dtls_conn_call_for_last_flight(struct dtls_conn *conn);
static inline bool dtls_conn_has_event(const struct dtls_conn *conn)
{
    return conn->event_count > 0 || conn->data_waits;
}

/* output.c */
bool dtls_conn_has_datagram(const struct dtls_conn *conn); /* perhaps; false: surely not */
void dtls_conn_transmit(struct dtls_conn *conn);           /* the running handshake's flight */
void dtls_conn_transmit_last(struct dtls_conn *conn);      /* the final one of the handshake before */
void dtls_conn_transmit_request(struct dtls_conn *conn);   /* HelloRequest */
void dtls_conn_transmit_alert(struct dtls_conn *conn, uint8_t level, uint8_t description);

/* keys.c (contract K3) */
void dtls_conn_offer_keys(struct dtls_conn *conn);    /* those of the running handshake, once they are there: ACCEPT */
void dtls_conn_withdraw_keys(struct dtls_conn *conn); /* it is dropped: FORGET */
void dtls_conn_finish_keys(struct dtls_conn *conn, dtls_time now, bool first_finisher); /* it is done */
void dtls_conn_hand_keys_over(struct dtls_conn *conn);                                  /* the peer has them: SEND */
void dtls_conn_put_off_keys(struct dtls_conn *conn); /* it has not: it repeats its Finished */
void dtls_conn_keys_tick(struct dtls_conn *conn, dtls_time now);
dtls_time dtls_conn_keys_deadline(const struct dtls_conn *conn);

/* outcome.c */
bool dtls_conn_new_handshake(struct dtls_conn *conn, dtls_time now);  /* false without memory */
int dtls_conn_settle(struct dtls_conn *conn, dtls_time now, int err); /* after each step of the handshake */
int dtls_conn_die(struct dtls_conn *conn, int err, uint8_t alert);    /* alert 0: none is sent. Returns err */
void dtls_conn_drop_handshake(struct dtls_conn *conn);
void dtls_conn_expire_epochs(struct dtls_conn *conn, dtls_time now); /* what is over of them */

/* mtu.c */
void dtls_conn_tell_mtu(struct dtls_conn *conn, enum dtls_mtu_reason reason, size_t old); /* an event */
void dtls_conn_change_mtu(struct dtls_conn *conn, enum dtls_mtu_reason reason, size_t mtu);
void dtls_conn_shrink_flights(struct dtls_conn *conn); /* after timeouts (M5) */

bool dtls_conn_is_at_rest(const struct dtls_conn *conn);   /* open, and in no handshake */
bool dtls_conn_is_searching(const struct dtls_conn *conn); /* for the path's MTU, or confirms what it has found */
void dtls_conn_begin_probing(struct dtls_conn *conn, const struct dtls_config *config, dtls_time now); /* one is done */
void dtls_conn_probe_tick(struct dtls_conn *conn, dtls_time now);
dtls_time dtls_conn_probe_deadline(const struct dtls_conn *conn);

/* heartbeat.c */
void dtls_conn_take_heartbeat(struct dtls_conn *conn, struct dtls_bytes record);
void dtls_conn_stop_heartbeats(struct dtls_conn *conn); /* a handshake begins (RFC 6520, 3) */
size_t dtls_conn_write_heartbeat(struct dtls_conn *conn, dtls_time now, uint8_t *out, size_t cap); /* 0: none waits */
void dtls_conn_forget_heartbeat(struct dtls_conn *conn); /* that waits for its answer */

/* rehandshake.c */
void dtls_conn_hear_request(struct dtls_conn *conn, dtls_time now); /* an authentic HelloRequest */
int dtls_conn_hear_hello(struct dtls_conn *conn, dtls_time now);    /* a whole ClientHello behind the gate */
bool dtls_conn_admit_hello(struct dtls_conn *conn, dtls_time now);  /* may a fragment of a new one start an attempt? */
void dtls_conn_hear_refusal(struct dtls_conn *conn);                /* no_renegotiation */
bool dtls_conn_is_to_be_advised(const struct dtls_conn *conn);      /* that its keys are half used up (R12) */
int dtls_conn_rehandshake_tick(struct dtls_conn *conn, dtls_time now);
dtls_time dtls_conn_rehandshake_deadline(const struct dtls_conn *conn);

#endif
