/* handshake.h - one handshake, from its first message to the verified Finished: full or abbreviated, first or again.
 *
 * The machine is RFC 6347's figure 3: prepare a flight, send it, wait, finished. What may come next is data (struct
 * dtls_step); handlers hold no order. It touches nothing that lives longer than itself, except the round trip, the
 * statistics and the next epoch's keys: what it has established is published by its owner once it is verified. */
#ifndef DTLS_HANDSHAKE_HANDSHAKE_H
#define DTLS_HANDSHAKE_HANDSHAKE_H

#include "handshake/association.h"
#include "handshake/flight.h"
#include "handshake/job.h"
#include "handshake/psk.h"
#include "handshake/question.h"
#include "handshake/reassembly.h"
#include "handshake/transcript.h"
#include "identity/expected.h"

struct dtls_handshake;

/* A row of the state machine. */
enum dtls_presence {
    DTLS_MUST,
    DTLS_MAY,
    DTLS_IF_ASKED,       /* the server has asked for a certificate */
    DTLS_IF_CERTIFICATE, /* and the client has shown one */
    DTLS_MAY_IF_STATUS,  /* the server has announced a CertificateStatus, and may still leave it out (RFC 6066, 8) */
    DTLS_END,            /* no row: nothing more is expected */
};

struct dtls_step {
    enum dtls_presence presence;
    uint8_t message;
    int (*take)(struct dtls_handshake *hs, const struct dtls_message *message);
};

/* What a step has brought about, for the owner to act on. */
enum dtls_happened {
    DTLS_HAPPENED_FLIGHT = 1,    /* a new flight is ready to be sent */
    DTLS_HAPPENED_ANSWER = 2,    /* the peer has answered the attempt: from now on nothing is dropped (R10) */
    DTLS_HAPPENED_HELLO = 4,     /* a gated ClientHello is whole: open the gate, or free the handshake */
    DTLS_HAPPENED_REPEAT = 8,    /* the peer has repeated its last flight (T4) */
    DTLS_HAPPENED_VERIFIED = 16, /* the peer's Finished is verified: this handshake is done */
    DTLS_HAPPENED_JOB = 32,      /* public-key work waits to be taken (R17) */
};

/* Owns its parts. Several KiB while it runs; an idle connection has none (design section 4). */
struct dtls_handshake {
    struct dtls_association *as;
    const struct dtls_config *config;     /* of this attempt */
    const struct dtls_identity *identity; /* what we present, if asked: the configuration's, or the first one (R9) */
    bool keeps_identity;          /* what was presented before is presented again, whatever is configured (R9) */
    bool name_known;              /* a server has something of the name that its client asks for */
    size_t choice_at, choice_len; /* the message by which it is chosen, in the transcript (choice.h) */
    int (*then_chosen)(struct dtls_handshake *hs);
    int (*then_found)(struct dtls_handshake *hs);
    int (*then_signed)(struct dtls_handshake *hs, struct dtls_job *job);
    uint8_t own_type;                     /* of what we show: enum in types.h */
    bool peer_raw;                        /* what the peer shows is a raw public key (RFC 7250) */
    bool presented;                       /* and did */
    const struct dtls_config *psk_config; /* a client: whose pre-shared key it uses; this one, or the first one (R9) */
    dtls_time now;                        /* of the call that is running */
    unsigned happened;                    /* enum dtls_happened, cleared by the owner */
    uint8_t alert;                        /* to send for the error that was returned; 0: the error's own */

    bool rehandshake;
    uint16_t epoch; /* n: everything but Finished travels under it */
    bool gated;     /* a server waits for its policy before it looks at the ClientHello (R7) */
    bool answered;  /* R10 */
    bool resumed;
    bool own_session;               /* resumed the connection's own session: n+1 data needs no Finished (R5) */
    bool first_finisher;            /* verified the peer's Finished before it sent its own */
    bool announced_ticket;          /* by a server of ours */
    bool asked, showed_certificate; /* CertificateRequest was sent or received; the client has shown a certificate */
    bool proved;                    /* and that it has its key */
    bool status;                    /* the server has announced CertificateStatus; */
    bool judged;                    /* the peer's certificate is accepted: then the verifier is asked no more */
    bool offer_session;             /* a client offers, or a server allows, the resumption of a session */
    unsigned verify_requests;       /* HelloVerifyRequests taken */

    /* A server: the ClientHello it answers, as the first fragment tells (S5). */
    struct {
        uint64_t sequence; /* of the record that brought it */
        bool known;
        uint8_t random[DTLS_HELLO_RANDOM_LEN];
    } hello;

    const struct dtls_step *step;
    uint16_t processing;  /* message_seq of the message that is being, or was last, processed */
    struct dtls_job *job; /* NULL, or what the next step waits for; owned until job_taken (R17) */
    bool job_taken;
    struct dtls_question *question; /* NULL, or what the next step waits for an answer to (R19), */
    dtls_time question_until;       /* and until when: then the answer is no */
    int (*then_answered)(struct dtls_handshake *hs, const struct dtls_question *question);
    bool lacking; /* a step was undone for want of memory or randomness: it is tried again (S8) */
    int (*then)(struct dtls_handshake *hs, struct dtls_job *job); /* the rest of the step; may be NULL */
    struct dtls_reassembly in;
    struct dtls_transcript transcript;
    struct dtls_flight out, building; /* the one that is sent, and the next one until it is complete */
    struct dtls_outbox_room leaving;  /* for its owner's outbox */
    uint16_t send_seq;
    bool flight_left;          /* all of it was given out, at least once */
    bool heard_flight;         /* the peer has sent a flight, and ours answers it */
    uint16_t heard_flight_end; /* the message_seq it ended with (T4) */
    struct dtls_timer timer;
    dtls_time started; /* of the total time (T6) */

    struct dtls_randoms randoms;
    uint8_t cookie[255];
    uint8_t cookie_len;
    uint8_t session_id[DTLS_MAX_SESSION_ID]; /* offered by a client, chosen by a server */
    uint8_t session_id_len;
    struct dtls_session_state resuming;       /* server: the session found; client: the one offered */
    bool has_resuming;                        /* and is offered, or to be resumed */
    struct dtls_ecdhe ecdhe;                  /* until the premaster secret is there */
    uint8_t premaster[DTLS_ECDHE_MAX_SECRET]; /* a client's, until ClientKeyExchange is in the transcript */
    size_t premaster_len;
    uint8_t master[DTLS_MASTER_SECRET_LEN];
    struct dtls_psk_state psk;
    uint16_t scheme;              /* of our signature: ServerKeyExchange or CertificateVerify */
    size_t chain_at, chain_len;   /* the peer's Certificate message, in the transcript */
    char reason[DTLS_REASON_MAX]; /* why the peer was refused, or what it sent was; empty: no words */
    bool sign_refused;            /* it says why there is no signature of ours */
    uint8_t *ticket;              /* received */
    size_t ticket_len;
    uint32_t ticket_lifetime_s; /* as its server has told; 0: it has not */
    uint16_t srtp_profile;      /* agreed on; 0: none */
    uint8_t srtp_mki_len;
    uint8_t srtp_mki[DTLS_SRTP_MAX_MKI]; /* offered by a client, then agreed on */
    struct dtls_established pending;
};

/* NULL without memory. `as` and `config` outlive it. `now` starts its total time. */
struct dtls_handshake *dtls_handshake_new(struct dtls_association *as, const struct dtls_config *config, dtls_time now);
void dtls_handshake_free(struct dtls_handshake *hs);

/* A client's first flight; offers `as->session` when offer_session is set. DTLS_OK or a death. */
int dtls_handshake_start_client(struct dtls_handshake *hs, dtls_time now);

/* A server waits for a ClientHello. */
void dtls_handshake_start_server(struct dtls_handshake *hs);

/* Takes one fragment from an authentic record (or one of epoch 0). DTLS_OK, or a death; hs->happened says more. */
int dtls_handshake_take(struct dtls_handshake *hs, dtls_time now, const struct dtls_fragment *fragment, uint16_t epoch,
                        uint64_t sequence);

/* Is it the first fragment of a later ClientHello, with another random? Then the client has plainly forgotten this
 * attempt, and the rehandshake starts anew (S5). */
bool dtls_handshake_is_replaced_by(const struct dtls_handshake *hs, const struct dtls_fragment *fragment,
                                   uint64_t sequence);

/* Opens the gate: the ClientHello that waits behind it is processed. */
int dtls_handshake_open_gate(struct dtls_handshake *hs, dtls_time now);

/* Gives the job back, done: the step goes on. The job stays the caller's, unless it is hs->job again afterwards: then
 * the rest of the step lacked something, and is tried again with it. DTLS_OK, or a death. */
int dtls_handshake_resume(struct dtls_handshake *hs, dtls_time now, struct dtls_job *job);

/* Does it wait for a job to be done (R17), or for an answer (R19)? Then no message is processed. */
static inline bool dtls_handshake_waits(const struct dtls_handshake *hs)
{
    return hs->job != NULL || hs->question != NULL;
}

/* Goes on with a step that lacked something, or whose answer has come: with the next datagram by itself, with a timeout
 * or a tick by this. */
int dtls_handshake_retry(struct dtls_handshake *hs, dtls_time now);

/* What would be kept of the session this handshake has made or continued; false when it cannot be resumed. */
bool dtls_handshake_session_state(const struct dtls_handshake *hs, struct dtls_session_state *out);

/* The session this handshake has made or continued; NULL when it cannot be resumed, or without memory. */
struct dtls_session *dtls_handshake_session(const struct dtls_handshake *hs);

/* The alert that goes with an error. */
uint8_t dtls_alert_for(int error);

/* ---- between the machine's own files ---- */

extern const struct dtls_step dtls_client_hello_steps[], dtls_server_hello_steps[];
extern const struct dtls_step dtls_psk_client_steps[], dtls_ecdhe_psk_client_steps[], dtls_psk_server_steps[];

/* Ends a message that dtls_flight_open began: into the flight and the transcript. */
int dtls_handshake_close_message(struct dtls_handshake *hs, const struct dtls_writer *body, uint8_t type);

/* ChangeCipherSpec and our Finished, as the end of the flight. */
int dtls_handshake_add_finished(struct dtls_handshake *hs);

/* The flight is complete, and its step done: it answers the peer's flight that ends with the message being processed.
 */
void dtls_handshake_flight_ready(struct dtls_handshake *hs);

/* RFC 5746 and RFC 7627, as far as both hellos have them, against the configuration and the handshake before (R8). */
int dtls_handshake_check_safety(const struct dtls_handshake *hs);

/* The peer's Finished (both tables' last row). */
int dtls_handshake_take_finished(struct dtls_handshake *hs, const struct dtls_message *message);

/* The most plaintext that the peer takes in one record (M8): as we know it, or as its hello says in record_size_limit
 * (RFC 8449, 4), or does not. */
void dtls_handshake_limit_records(struct dtls_handshake *hs, size_t limit);
int dtls_handshake_take_record_limit(struct dtls_handshake *hs, const struct dtls_extensions *extensions);

/* Do we offer heartbeats, or agree to them (M6)? And what the peer's hello says of them (RFC 6520, 2). */
bool dtls_handshake_wants_heartbeats(const struct dtls_handshake *hs);
int dtls_handshake_take_heartbeats(struct dtls_handshake *hs, const struct dtls_extensions *extensions);

/* Appends the peer's message to the transcript. */
int dtls_handshake_hear(struct dtls_handshake *hs, const struct dtls_message *message);

/*
 * The rest of a step is public-key work and then `then` (NULL: nothing): at once, or, where the configuration wants
 * jobs, when the owner gives the job back (R17); no message is processed before. `job` is the caller's, and wiped; a
 * detached copy of it waits.
 */
int dtls_handshake_work(struct dtls_handshake *hs, struct dtls_job *job,
                        int (*then)(struct dtls_handshake *hs, struct dtls_job *job));

/*
 * The rest of a step needs an answer of the application: `put` asks for it, and `then` goes on with it, at once if the
 * answer is there when `put` returns, else when it comes (R19); no message is processed before. `room`: bytes of the
 * longest answer. After `limit_ms`, unless that is 0, the answer is no.
 */
int dtls_handshake_ask(struct dtls_handshake *hs, enum dtls_question_kind kind, size_t room, uint32_t limit_ms,
                       void (*put)(struct dtls_handshake *hs, struct dtls_question *question),
                       int (*then)(struct dtls_handshake *hs, const struct dtls_question *question));

/* Takes the master secret as it is and makes the next epoch; or computes it first. */
int dtls_handshake_make_keys(struct dtls_handshake *hs);
int dtls_handshake_derive(struct dtls_handshake *hs, struct dtls_bytes premaster);

/* The peer's Certificate, or its raw key as the only one, until it is in the transcript, and from there.
 * DTLS_ERR_DECODE, or _BAD_CERTIFICATE (a chain that is too long). */
int dtls_handshake_read_chain(struct dtls_handshake *hs, struct dtls_bytes body, struct dtls_bytes *chain,
                              size_t *count);
int dtls_handshake_peer_chain(struct dtls_handshake *hs, struct dtls_bytes *chain, size_t *count);

/* Keeps it, checks R9, asks the verifier. An empty chain is the caller's business. `status`: the stapled OCSP response;
 * empty: none. */
int dtls_handshake_judge_peer(struct dtls_handshake *hs, const struct dtls_bytes *chain, size_t count,
                              struct dtls_bytes status);

/* The public key of the peer's certificate. */
int dtls_handshake_peer_key(struct dtls_handshake *hs, struct dtls_public_key *out);

/* Would the peer of a session be accepted today? Only its fingerprint is known: it shows its certificate no more.
 * UNKNOWN: what is expected of it is no SHA-256. */
enum dtls_match dtls_judge_session(const struct dtls_config *config, enum dtls_role role,
                                   const struct dtls_session_state *session);

/* Does a server ask for a certificate, and does it insist on one (K2)? */
enum dtls_client_certificate dtls_wanted_certificate(const struct dtls_config *config);

/* Writes Certificate with our chain (empty when `identity` is NULL). */
int dtls_handshake_add_certificate(struct dtls_handshake *hs, const struct dtls_identity *identity);

#endif
