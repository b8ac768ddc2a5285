/* conn.h - one association: datagrams and time in; events, datagrams and a deadline out.
 *
 * The engine does no I/O. After any call below that takes `now`: take events until there are none, send datagrams until
 * there are none, then ask the deadline again and call dtls_conn_tick not later than that:
 *
 *     uint8_t out[1200];                                   // at least the MTU (config.h)
 *     conn = dtls_conn_new(&config, DTLS_CLIENT);
 *     dtls_conn_start(conn, now);                          // then settle:
 *         while (dtls_conn_next_event(conn, &event)) ...
 *         while (dtls_conn_next_datagram(conn, now, out, sizeof out, &len)) send(socket, out, len, 0);
 *         arm_timer(dtls_conn_deadline(conn));
 *     on a datagram:  dtls_conn_receive(conn, now, in, len); settle
 *     on the timer:   dtls_conn_tick(conn, now); settle
 *     to send data:   dtls_conn_send(conn, now, data, data_len, out, sizeof out, &len), then send(socket, out, len, 0):
 *                     this one is ready at once, and leaves nothing to settle; but where keys may be used up
 *                     (renew_after_records or _bytes; event REHANDSHAKE_ADVISED), ask the deadline again after it
 *
 * No other order of calls is imposed. `now` must not run backwards. A connection belongs to one thread at a time;
 * two connections share nothing that changes.
 */
#ifndef DTLS_CONN_H
#define DTLS_CONN_H

#include "dtls/config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One association, at one end. Made by dtls_conn_new or an endpoint, freed by dtls_conn_free or with the endpoint. */
struct dtls_conn;
struct dtls_session; /* session.h */

/* ---- life ---- */

/*
 * A connection that has not started. `config` must outlive it. NULL when dtls_config_problem has something to say
 * or memory is out.
 *
 * A server connection answers any ClientHello that is given to it: cookies are dtls_hello_check's work (endpoint.h),
 * to be done before a connection is made. Leave that out only for an address that is validated already (ICE).
 */
DTLS_API struct dtls_conn *dtls_conn_new(const struct dtls_config *config, enum dtls_role role);

/* Begins the first handshake: a client has its ClientHello ready, a server waits for one (for as long as
 * handshake_timeout_ms). DTLS_ERR_ARGUMENT when already started; or a death: _RANDOM, _NO_MEMORY. */
DTLS_API int dtls_conn_start(struct dtls_conn *conn, dtls_time now);

/* In a client, before _start: try to resume `session` (copied). The server decides. DTLS_ERR_ARGUMENT in a server,
 * after _start, if the verifier, or the expected fingerprints, refuse the session's peer, or if the session was made
 * with another server_name, or with an identity shown that is none of the configuration's (one that choose_identity has
 * answered with has to be in `identity` or `identities`, too); DTLS_ERR_NO_MEMORY. Then nothing has changed. One that
 * is too old is taken, and not offered. */
DTLS_API int dtls_conn_resume(struct dtls_conn *conn, const struct dtls_session *session);

/* Ends the association: close_notify is queued as the last datagram, event CLOSED follows; records
 * of the last datagram that were not taken as events yet are lost. Calling again does
 * nothing. */
DTLS_API void dtls_conn_close(struct dtls_conn *conn, dtls_time now);

/* Wipes every key and frees; NULL is allowed. Queues nothing: see dtls_conn_close. */
DTLS_API void dtls_conn_free(struct dtls_conn *conn);

/* The application's own pointer, NULL at first: the engine never looks at it. */
DTLS_API void dtls_conn_set_data(struct dtls_conn *conn, void *data);
DTLS_API void *dtls_conn_data(const struct dtls_conn *conn);

/* ---- datagrams ---- */

/*
 * Gives the engine one received UDP payload, whole, of up to 65,535 bytes.
 *
 * `datagram` is decrypted in place, and data events point into it: leave it alone until every waiting event has been
 * taken. Noise is dropped and counted (dtls_conn_stats). Returns DTLS_OK; DTLS_ERR_EVENTS_WAITING, which leaves the
 * datagram untouched: take the events, then give it again; or the death of the connection, which is also the event
 * FAILED (taking the last alert with dtls_conn_next_datagram is useful then); after a clean end DTLS_ERR_CLOSED, before
 * _start DTLS_ERR_ARGUMENT.
 * A fatal alert that comes before there are keys is not believed at once: FAILED follows two timeouts later, if the
 * handshake has not gone on. RFC 6347, 4.1 and 4.1.2.7.
 */
DTLS_API int dtls_conn_receive(struct dtls_conn *conn, dtls_time now, uint8_t *datagram, size_t len);

/*
 * Takes one datagram to send, never above the MTU, but for a probe (probe_mtu_to). `cap` must be at least the MTU (else
 * nothing is given); a probe that is larger than `cap` counts as too big.
 * True and *len > 0 while there is one. Works also after the end, for the last alert.
 */
DTLS_API bool dtls_conn_next_datagram(struct dtls_conn *conn, dtls_time now, uint8_t *out, size_t cap, size_t *len);

enum {
    DTLS_SEND_HEADROOM = 21,  /* the most that comes in front of the data: record header and explicit nonce */
    DTLS_SEND_TAILROOM = 115, /* and behind it: the tag, and a rehandshake's last flight (99 bytes, contract R3) */
};

/*
 * Seals application data (0 bytes or more: an empty record is one) into one datagram, ready to send, in every phase of
 * a rehandshake too. `out` may overlap `data`: with data at out + DTLS_SEND_HEADROOM an AES-GCM record is sealed where
 * it lies. `cap`: the MTU is always enough.
 *
 * DTLS_OK: out[0..*out_len) is to be sent, now. Refusals change nothing: DTLS_ERR_NOT_OPEN; DTLS_ERR_LARGE_PACKET,
 * with the most that fits in *out_len; DTLS_ERR_BUFFER_TOO_SMALL, with the `cap` that is needed in *out_len;
 * DTLS_ERR_EXHAUSTED (2^48 - 2^16 records in this epoch: rehandshake, and go on);
 * DTLS_ERR_PAUSED (with peer_model STRICT alone: about one round trip of a rehandshake).
 */
DTLS_API int dtls_conn_send(struct dtls_conn *conn, dtls_time now, const uint8_t *data, size_t len, uint8_t *out,
                            size_t cap, size_t *out_len);

/*
 * Seals data[0..count) as one datagram each, as that many calls of dtls_conn_send would, back to back in `out`: lens[i]
 * is the length of the i-th, so that a run of equal ones is a single UDP_SEGMENT send, and all of them are a single
 * sendmmsg. `lens` has room for `count`; no data[i] may overlap `out`. With `count` times the MTU `cap` is always
 * enough. In a rehandshake a last flight (contract R3) makes some longer than the others.
 *
 * DTLS_OK: *sent is `count`. Otherwise what dtls_conn_send would have answered to data[*sent], which and all behind it
 * are not sealed; the *sent before it are, and are to be sent. With DTLS_ERR_LARGE_PACKET lens[*sent] is the most that
 * fits, with DTLS_ERR_BUFFER_TOO_SMALL how many bytes of `out` that one datagram needs.
 */
DTLS_API int dtls_conn_send_batch(struct dtls_conn *conn, dtls_time now, const struct dtls_bytes *data, size_t count,
                                  uint8_t *out, size_t cap, size_t *lens, size_t *sent);

/* The most application data that dtls_conn_send takes now (or will, after DTLS_ERR_PAUSED). Loss never changes it, and
 * neither does a rehandshake, but where event MTU says so. */
DTLS_API size_t dtls_conn_max_payload(const struct dtls_conn *conn);

/* A new MTU (256 to 65,507), from the next datagram on; DTLS_ERR_ARGUMENT outside of that, and nothing has changed. No
 * event: you know. */
DTLS_API int dtls_conn_set_mtu(struct dtls_conn *conn, size_t mtu);
DTLS_API size_t dtls_conn_mtu(const struct dtls_conn *conn);

/* The system says that a datagram was too big, and that `mtu` bytes of UDP payload fit (EMSGSIZE with IP_MTU, or an
 * ICMP message that the kernel vouches for). Below 256 it counts as 256; what is no less than the MTU changes nothing.
 * Else the flight in the air is cut again and waits to be sent, and event MTU comes; data has to be sent again by
 * whoever cares (dtls_conn_max_payload has changed). Contract M4. */
DTLS_API void dtls_conn_datagram_too_big(struct dtls_conn *conn, dtls_time now, size_t mtu);

/* ---- time ---- */

/* When dtls_conn_tick must be called at the latest; DTLS_NEVER when nothing is due. At rest that is so, except that
 * after a rehandshake the old keys are still to be wiped: 10 s after the first data under the new ones, or 120 s; and
 * with renew_after_s there is always the next renewal, with probe_mtu_to the next probe; and for media (KEYS) up to 10
 * s, or the last of 8 repetitions of a flight, until the peer is known to have it. A time of the past: something is to
 * be done, or to be taken as an event, now. */
DTLS_API dtls_time dtls_conn_deadline(const struct dtls_conn *conn);

/* Does what is due; harmless when early. DTLS_OK or a death, also given as event FAILED; after a clean end
 * DTLS_ERR_CLOSED. */
DTLS_API int dtls_conn_tick(struct dtls_conn *conn, dtls_time now);

/* The application knows the round trip already (ICE): call before _start, in microseconds (contract T3). */
DTLS_API void dtls_conn_set_round_trip(struct dtls_conn *conn, uint64_t round_trip_us);

/* ---- events ---- */

/* What has happened to a connection, and which fields of struct dtls_event say more. */
enum dtls_event_type {
    DTLS_EVENT_OPEN,                  /* the first handshake is done: data flows */
    DTLS_EVENT_DATA,                  /* `data`: one record */
    DTLS_EVENT_REHANDSHAKE_REQUESTED, /* policy ASK: call dtls_conn_accept_rehandshake or _refuse_rehandshake */
    DTLS_EVENT_REHANDSHAKE_STARTED,   /* the first answer is seen: it ends in DONE, or with the connection; or in
                                         FAILED, where the peer has dropped it and begun another, and not gone on */
    DTLS_EVENT_REHANDSHAKE_DONE,      /* new keys are in force */
    DTLS_EVENT_REHANDSHAKE_REFUSED,   /* the peer refused ours (no_renegotiation); the connection lives on */
    DTLS_EVENT_REHANDSHAKE_FAILED,    /* the peer never answered ours, or never finished the hello that replaced its
                                         own; the connection lives on */
    DTLS_EVENT_REHANDSHAKE_STALLED,   /* its time is over, but it goes on: the peer may already have switched (R10) */
    DTLS_EVENT_REHANDSHAKE_ADVISED,   /* the keys in force are half used up: renew them. Once per epoch (R12) */
    DTLS_EVENT_JOB,                   /* public-key work waits: dtls_conn_take_job (public_key_jobs) */
    DTLS_EVENT_SESSION,               /* client: `session` can be resumed from now on */
    DTLS_EVENT_KEYS,   /* media: `keys` says what to do with those of `epoch` (contract K3; dtls_conn_srtp_keys) */
    DTLS_EVENT_MTU,    /* the MTU has changed, and with it dtls_conn_max_payload: `mtu`, `old_mtu`, why */
    DTLS_EVENT_ALERT,  /* a warning from the peer: `alert`; nothing has changed */
    DTLS_EVENT_CLOSED, /* the association ended cleanly, by either side */
    DTLS_EVENT_FAILED, /* the association is dead: `error` and, with DTLS_ERR_ALERT, `alert` */
};

/* What the application is to do with a set of keys for media. */
enum dtls_keys {
    DTLS_KEYS_ACCEPT, /* take it (dtls_conn_srtp_keys) and accept what is protected with it, besides the older set */
    DTLS_KEYS_SEND,   /* protect with it from now on; accept the older set for 120 s more */
    DTLS_KEYS_FORGET, /* the peer has begun its rehandshake anew: this set will never be. Another of the same epoch may
                         follow */
};

/* Why the MTU has changed. */
enum dtls_mtu_reason {
    DTLS_MTU_TOO_BIG,      /* dtls_conn_datagram_too_big */
    DTLS_MTU_PROBED,       /* the search has found that more passes (probe_mtu_to) */
    DTLS_MTU_BLACK_HOLE,   /* what has passed does not any more, and nobody has said so (probe_mtu_to) */
    DTLS_MTU_RECORD_LIMIT, /* the same MTU, but a rehandshake has changed what one record holds (RFC 8449) */
};

/* One event. Fields that its type does not name are zero. */
struct dtls_event {
    enum dtls_event_type type;          /* decides which of the others mean something */
    struct dtls_bytes data;             /* DATA: valid until the next call of dtls_conn_next_event, _receive or _free */
    const struct dtls_session *session; /* SESSION: valid as long as `data` would be; dtls_session_write keeps it */
    bool resumed;                       /* OPEN, REHANDSHAKE_DONE: abbreviated handshake */
    uint16_t epoch;                     /* DATA: the record's; OPEN, REHANDSHAKE_DONE: the new one; KEYS */
    enum dtls_keys keys;                /* KEYS */
    uint8_t alert;                      /* ALERT, FAILED: description (enum dtls_alert) */
    int error;                          /* FAILED: enum dtls_error */
    size_t mtu, old_mtu;                /* MTU: bytes of UDP payload */
    enum dtls_mtu_reason mtu_reason;    /* MTU */
};

/* Takes the oldest event; false when there is none, and *event is as it was. Records of one datagram are opened one by
 * one, as you ask. */
DTLS_API bool dtls_conn_next_event(struct dtls_conn *conn, struct dtls_event *event);

/* The name of an event type ("rehandshake_done"), of what to do with keys ("accept"), or of a reason ("too_big"), never
 * NULL, never freed. */
DTLS_API const char *dtls_event_name(enum dtls_event_type type);
DTLS_API const char *dtls_keys_name(enum dtls_keys keys);
DTLS_API const char *dtls_mtu_reason_name(enum dtls_mtu_reason reason);

/* ---- rehandshake: contract R in docs/design.md ---- */

/*
 * Renews the keys; data flows on. A server's `mode` is a wish: ABBREVIATED lets the client's session be resumed, FULL
 * does not. A client's attempt that got no answer is repeated as it was, whatever the `mode` (contract R10).
 * DTLS_ERR_NOT_OPEN, _REHANDSHAKE_RUNNING, _EVENTS_WAITING, _UNSAFE_RENEGOTIATION, _ARGUMENT (bad mode), _EXHAUSTED
 * (epoch 65,535), _FORBIDDEN (rehandshake_never) change nothing. Neither do _NO_MEMORY and _RANDOM from this call: the
 * connection lives on.
 */
DTLS_API int dtls_conn_rehandshake(struct dtls_conn *conn, dtls_time now, enum dtls_rehandshake_mode mode);

/* From our request, or the peer's first message, until the event that ends it. */
DTLS_API bool dtls_conn_rehandshake_pending(const struct dtls_conn *conn);

/* The answers to REHANDSHAKE_REQUESTED. DTLS_ERR_NOT_ASKED when no request waits. In a server _accept may be the death
 * of the connection (also event FAILED: the waiting ClientHello is judged now); in a client _NO_MEMORY or _RANDOM: the
 * request is forgotten, and the connection lives on; or, where rehandshake_never has been set since, _FORBIDDEN, and
 * the request still waits. */
DTLS_API int dtls_conn_accept_rehandshake(struct dtls_conn *conn, dtls_time now);
DTLS_API int dtls_conn_refuse_rehandshake(struct dtls_conn *conn, dtls_time now);

/* True when RFC 5746 and the extended master secret are both in force: only then can keys be renewed. */
DTLS_API bool dtls_conn_secure_renegotiation(const struct dtls_conn *conn);

/* Other settings from the next rehandshake on; one that is under way, requested, or still waits for a late answer
 * (R10) keeps its own, so all of them must outlive the connection. Before _start: for the first handshake. Sizes
 * (but record_size_limit and probe_mtu_to), memory and randomness stay as they were, and so does what this side has
 * presented as its identity, which must then outlive the connection, unless change_own_identity is set; a peer that
 * does not allow that ends the association at the next full rehandshake. DTLS_ERR_ARGUMENT, and nothing has changed:
 * dtls_config_problem has something to say, or no suite is left for the identity that stays. */
DTLS_API int dtls_conn_set_config(struct dtls_conn *conn, const struct dtls_config *config);

/* That of the handshake that runs, else of the next one; never NULL. */
DTLS_API const struct dtls_config *dtls_conn_config(const struct dtls_conn *conn);

/*
 * ---- public-key work on another thread: contract R17, with public_key_jobs ----
 *
 * A handshake stops where it needs a signature made or verified, or a key agreed on, and says so with event JOB:
 *
 *     job = dtls_conn_take_job(conn);             // in the connection's thread
 *     dtls_job_run(job);                          // in any thread: milliseconds of arithmetic
 *     dtls_conn_finish_job(conn, now, job);       // in the connection's thread; then settle
 *
 * Meanwhile data flows, and the handshake's timeout rests. One job at a time; up to two of them in a handshake of a
 * client, three of a server. The verifier is still called in the connection's thread.
 */
struct dtls_job;

/* The work that waits, from now on the caller's; NULL when there is none. */
DTLS_API struct dtls_job *dtls_conn_take_job(struct dtls_conn *conn);

/* Does it. Touches nothing but the job, the identity, and the configuration's `random`, which must outlive that. */
DTLS_API void dtls_job_run(struct dtls_job *job);

/* Takes it back and frees it (NULL: nothing); one that was not run is run. The handshake goes on: DTLS_OK, or the death
 * of the connection, also event FAILED; after a clean end DTLS_ERR_CLOSED. A job of an attempt that is over (replaced,
 * failed) is only freed. */
DTLS_API int dtls_conn_finish_job(struct dtls_conn *conn, dtls_time now, struct dtls_job *job);

/* Wipes and frees a job whose connection is gone; NULL is allowed. */
DTLS_API void dtls_job_free(struct dtls_job *job);

/*
 * ---- keys for media (DTLS-SRTP, RFC 5764): contract K, with srtp_profiles ----
 *
 * Each handshake that agrees on a profile makes a set of keys, named by its epoch, and event KEYS says what to do with
 * it. After the first handshake ACCEPT and SEND come right behind OPEN. In a rehandshake ACCEPT comes as soon as there
 * are keys, before the peer can use them; SEND behind REHANDSHAKE_DONE, where the peer is known to accept them, or else
 * when it is: with an authentic packet of the new set (dtls_conn_media_confirmed) or record of the new epoch, or when
 * it has not repeated its Finished for 10 s. Whoever keeps both sets loses no packet:
 *
 *     on KEYS ACCEPT:  dtls_conn_srtp_keys(conn, event.epoch, &keys); a new context for receiving; wipe `keys`
 *     on KEYS SEND:    protect with the set of event.epoch; 120 s later the older context goes
 *     on KEYS FORGET:  the context of event.epoch goes
 *     on an authentic SRTP or SRTCP packet of the newest set: dtls_conn_media_confirmed(conn, now, its epoch); settle
 *
 * An attempt that FAILED or was REFUSED has taken its set back by FORGET before, if it had told of one. With CLOSED and
 * FAILED all keys end. A rehandshake that agrees on no profile has no such event (srtp_required).
 */

/* The keys of an epoch: of the one in force, of the one before as long as its records are read, of the next one from
 * ACCEPT on. DTLS_OK; DTLS_ERR_NOT_OPEN; DTLS_ERR_NO_KEYS, and `out` is as it was. */
DTLS_API int dtls_conn_srtp_keys(const struct dtls_conn *conn, uint16_t epoch, struct dtls_srtp_keys *out);

/*
 * An authentic SRTP or SRTCP packet that was protected with the keys of `epoch` has come: the peer has them. Tell the
 * first one of each epoch at least; every one is fine, and cheap. It may bring SEND, and it ends the repetitions of the
 * last flight, of which a call without data has no other sign. A packet whose protection is not verified must not be
 * told. DTLS_OK; DTLS_ERR_NOT_OPEN, DTLS_ERR_NO_KEYS (no such epoch), and nothing has changed.
 */
DTLS_API int dtls_conn_media_confirmed(struct dtls_conn *conn, dtls_time now, uint16_t epoch);

/*
 * Keying material for any other purpose (RFC 5705), from the same epochs; with `exporter` or srtp_profiles. `label`
 * should be registered, or begin with "EXPERIMENTAL"; a `context` has up to 65,535 bytes, and an empty one is not the
 * same as NULL, none. Fills out[0..len). DTLS_OK; DTLS_ERR_ARGUMENT (a label that TLS uses itself, a context too long);
 * DTLS_ERR_NOT_OPEN; DTLS_ERR_NO_KEYS, also where the peer has no extended master secret (RFC 7627, 5.4).
 */
DTLS_API int dtls_conn_export(const struct dtls_conn *conn, uint16_t epoch, const char *label,
                              const struct dtls_bytes *context, uint8_t *out, size_t len);

/* ---- questions: always the active parameters, never those of a rehandshake under way ---- */

DTLS_API bool dtls_conn_is_open(const struct dtls_conn *conn); /* OPEN was reached and the end was not */
DTLS_API uint16_t
dtls_conn_epoch(const struct dtls_conn *conn); /* of the last finished handshake: data leaves under it */
DTLS_API uint16_t dtls_conn_suite(const struct dtls_conn *conn); /* enum dtls_suite; 0 before OPEN */
DTLS_API uint16_t dtls_conn_group(const struct dtls_conn *conn); /* enum dtls_group; 0 before OPEN and when resumed */
/* The last fatal alert received: with DTLS_ERR_ALERT the cause; before OPEN also one that is not believed yet, since
 * anyone may have sent it (contract S9). 0: none. */
DTLS_API uint8_t dtls_conn_alert(const struct dtls_conn *conn);
DTLS_API uint64_t dtls_conn_round_trip(const struct dtls_conn *conn); /* smoothed, microseconds; 0 while unknown */

/* The name that the client has asked for (server_name, RFC 6066), in lower case in a server; NULL: none. And the
 * application protocol that both have agreed on (alpn, RFC 7301), as the configuration has it; NULL: none. Valid until
 * the next rehandshake or _free. */
DTLS_API const char *dtls_conn_server_name(const struct dtls_conn *conn);
DTLS_API const char *dtls_conn_alpn(const struct dtls_conn *conn);

/* The peer's leaf certificate, or its raw public key (RFC 7250; _peer_kind tells which), as SHA-256; NULL when it
 * showed none. Valid until the next rehandshake or _free. */
DTLS_API enum dtls_peer_kind dtls_conn_peer_kind(const struct dtls_conn *conn);
DTLS_API const uint8_t *dtls_conn_peer_fingerprint(const struct dtls_conn *conn);

/* With a pre-shared key: the client's identity, at both ends, or a view of NULL: there is none, or it is of a session
 * that came from elsewhere (a resumed first handshake). And its SHA-256, which sessions and tickets know, too; NULL:
 * there was no such key. Valid until the next rehandshake or _free. */
DTLS_API struct dtls_bytes dtls_conn_psk_identity(const struct dtls_conn *conn);
DTLS_API const uint8_t *dtls_conn_psk_fingerprint(const struct dtls_conn *conn);

/* Certificate `index` of the peer's chain in DER, leaf first, as it came in the last full handshake: with
 * keep_peer_chain. An empty view past the end, where the peer has shown none, after a resumption without a full
 * handshake before, and where there was no memory for it. Valid as long as the fingerprint. */
DTLS_API struct dtls_bytes dtls_conn_peer_certificate(const struct dtls_conn *conn, size_t index);

/* After FAILED: why, in words for a person, where there are some: those of the verifier that has refused the peer
 * ("certificate of sip.example expired 3 days ago"), of the signer that could not sign (signer.h), or of a message that
 * was too large to be taken. NULL: `error` and `alert` say it all. Names in it are the peer's, with all that is not
 * printable ASCII replaced. Valid until _free. */
DTLS_API const char *dtls_conn_reason(const struct dtls_conn *conn);

/* ---- statistics ---- */

/* Why a record was dropped: noise, which changes nothing (RFC 6347, 4.1.2.7). */
enum dtls_drop {
    DTLS_DROP_TRUNCATED, /* a record header or body cut short */
    DTLS_DROP_VERSION,   /* not DTLS 1.x */
    DTLS_DROP_TYPE,      /* unknown content type */
    DTLS_DROP_TOO_LARGE, /* longer than 2^14 bytes of content, or than record_size_limit */
    DTLS_DROP_EPOCH,     /* an epoch without keys, of the past, or that will never be */
    DTLS_DROP_REPLAYED,  /* seen before, or older than the window */
    DTLS_DROP_FORGED,    /* authentication failed */
    DTLS_DROP_STATE,     /* authentic or not, nothing to do with it now (contract S3) */
    DTLS_DROP_FRAGMENT,  /* a handshake fragment that contradicts itself or another */
    DTLS_DROP_STALE,     /* a handshake message that was already processed */
    DTLS_DROP_FAR_AHEAD, /* a handshake message beyond the window of messages to come */
    DTLS_DROP_NO_ROOM,   /* a bound (held records, reassembly) was reached */
    DTLS_DROP_RATE,      /* the peer's rehandshake came too early (contract R13) */
    DTLS_DROP_COUNT      /* how many reasons there are */
};

/* The name of a reason ("replayed"), never NULL, never freed. */
DTLS_API const char *dtls_drop_name(enum dtls_drop reason);

/* Counted since dtls_conn_new, across rehandshakes. */
struct dtls_stats {
    uint64_t records_sent, records_received;     /* application data */
    uint64_t bytes_sent, bytes_received;         /* of application data */
    uint64_t datagrams_sent, datagrams_received; /* given out to be sent, and given to _receive */
    uint64_t dropped[DTLS_DROP_COUNT];           /* records, by reason */
    uint64_t ignored;         /* ChangeCipherSpec records: Finished says it all. One a handshake is normal */
    uint64_t retransmissions; /* flights sent again by timer, or because they were too big */
    uint64_t answers;         /* flights sent again because the peer repeated its own, or is ahead (R5) */
    uint64_t final_copies;    /* last flights sent with data (contract R3) */
    uint64_t rehandshakes;    /* completed */
    uint64_t probes;          /* of the MTU, sent; their loss is no loss */
    uint64_t held;            /* records that overtook Finished and were kept (contract R5) */
};

/* A copy of them; also after the end, until _free. */
DTLS_API void dtls_conn_stats(const struct dtls_conn *conn, struct dtls_stats *out);

#ifdef __cplusplus
}
#endif

#endif
