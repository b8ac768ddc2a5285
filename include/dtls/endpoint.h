/* endpoint.h - many associations on one socket; and, below it, the stateless hello alone (RFC 6347, 4.2.1).
 *
 * An endpoint is used as one connection is (conn.h): datagrams and time in; events, datagrams and a deadline out. Only,
 * each datagram has an address, and each event a connection:
 *
 *     endpoint = dtls_endpoint_new(&config, NULL);
 *     on a datagram:  dtls_endpoint_receive(endpoint, now, &from, in, len); settle
 *     on the timer:   dtls_endpoint_tick(endpoint, now); settle
 *     settle:
 *         while (dtls_endpoint_next_event(endpoint, &conn, &event)) ...
 *         while (dtls_endpoint_next_datagram(endpoint, now, out, sizeof out, &len, &to)) send(socket, out, len, to);
 *         arm_timer(dtls_endpoint_deadline(endpoint));
 *
 * To a connection of an endpoint every verb of conn.h may be said but _start, _resume, _receive, _tick and _free; what
 * it makes ready comes out of the endpoint, which needs no telling. An endpoint and all of its connections belong to
 * one thread at a time.
 */
#ifndef DTLS_ENDPOINT_H
#define DTLS_ENDPOINT_H

#include "dtls/conn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the endpoint ---- */

enum { DTLS_ADDRESS_MAX = 32 }; /* bytes */

/* Who has sent a datagram, or is to get one: any bytes that tell one from another, such as address and port. The first
 * `source_len` of them name the host: associations that share those share one allowance (1 to len). */
struct dtls_address {
    uint8_t bytes[DTLS_ADDRESS_MAX]; /* the first `len` of them count */
    uint8_t len;                     /* 1 to DTLS_ADDRESS_MAX */
    uint8_t source_len;              /* 1 to `len` */
};

/* What is to become of a ClientHello from an address that has no association. One that would begin anew where there is
 * one (contract S6) has to have a cookie at a validated address, too: such an address can be forged. */
enum dtls_admit {
    DTLS_ADMIT_COOKIE,    /* it has to show that it gets what is sent there: the stateless hello */
    DTLS_ADMIT_VALIDATED, /* that is known already (ICE): no cookie, and no second round trip */
    DTLS_ADMIT_NOT,       /* nothing: it is dropped */
};
/* *config is what a new association would get, the endpoint's own: it may be changed for another one, of a server, that
 * outlives the association: such as one with the fingerprint that signalling has told for this peer (contract K2). With
 * one that dtls_config_problem complains of, the hello is dropped as if it were not admitted. */
typedef enum dtls_admit dtls_admit_function(void *arg, const struct dtls_address *from,
                                            const struct dtls_config **config);

/* A client has begun anew from the address of `old`, whose certificate it has not shown (contract S6). True: it takes
 * the place of `old` all the same. */
typedef bool dtls_replace_function(void *arg, const struct dtls_conn *old, const struct dtls_conn *fresh);

/* What an endpoint allows. All zeroes: the defaults. Neither function may call the endpoint or its connections (but
 * for questions), nor may a configuration's verifier: they are asked in the middle of its work. */
struct dtls_endpoint_settings {
    size_t most;                /* associations in all, up to 16,777,216; default 1,024. Those count, too, whose last
                                   datagram has not been taken yet. A hello beyond that is dropped. Each costs 8 bytes
                                   from the start, and its memory once it is there */
    size_t most_half_open;      /* first handshakes that run at once, up to 16,777,216; default: half of `most`, at
                                   least 64. One more, and the oldest of the source that has the most of them ends
                                   (DTLS_ERR_CROWDED), unless all are young and have their share: then the hello is
                                   dropped, and its client sends it again */
    uint32_t source_rate;       /* first handshakes that one source may begin per second, default 1,000 ... */
    uint32_t source_burst;      /* ... and how many at once after a pause, default 2,000. More are dropped. Both up to
                                   1,000,000 */
    dtls_admit_function *admit; /* default: everyone, with a cookie */
    dtls_replace_function *replace; /* default: no one */
    void *arg;                      /* of both */
};

/* NULL when an endpoint can be made with them, else a sentence that names the field that is wrong, never to be freed.
 */
DTLS_API const char *dtls_endpoint_problem(const struct dtls_endpoint_settings *settings);

/* Many associations, of which each has an address. */
struct dtls_endpoint;

/* `config` is that of a server; it must outlive the endpoint's connections, and its memory and randomness are the
 * endpoint's, too. `settings` (NULL: the defaults) are copied. NULL when dtls_config_problem has something to say, a
 * setting is out of range, or memory or randomness is out. */
DTLS_API struct dtls_endpoint *dtls_endpoint_new(const struct dtls_config *config,
                                                 const struct dtls_endpoint_settings *settings);

/* Frees it and every connection, without close_notify (dtls_conn_close each, and settle, first). NULL is allowed. */
DTLS_API void dtls_endpoint_free(struct dtls_endpoint *endpoint);

/* Another configuration for associations that come from now on; those that are there keep theirs (contract R9), so the
 * old one must outlive them. DTLS_ERR_ARGUMENT: dtls_config_problem has something to say; nothing has changed. */
DTLS_API int dtls_endpoint_set_config(struct dtls_endpoint *endpoint, const struct dtls_config *config);

/* Is `config` in use: the one for associations to come, or that of one that is there? Looks at every one. */
DTLS_API bool dtls_endpoint_has_config(const struct dtls_endpoint *endpoint, const struct dtls_config *config);

/*
 * Gives it one received UDP payload, which is decrypted in place: as dtls_conn_receive. Noise is dropped and counted.
 * DTLS_OK; DTLS_ERR_EVENTS_WAITING, and nothing has happened: settle, then give it again; DTLS_ERR_ARGUMENT for an
 * address out of range. What becomes of a connection is told as its event alone.
 */
DTLS_API int dtls_endpoint_receive(struct dtls_endpoint *endpoint, dtls_time now, const struct dtls_address *from,
                                   uint8_t *datagram, size_t len);

/* Says that datagrams from these addresses come next, in this order, for the processor's caches: with many thousand
 * associations that is worth half of a record's cost. Changes nothing; of more than 64 the first 64 count. */
DTLS_API void dtls_endpoint_expect(const struct dtls_endpoint *endpoint, const struct dtls_address *from, size_t count);

/*
 * Begins an association as a client, with `config` (which outlives it) and perhaps `session` (copied; may be NULL).
 * DTLS_OK and *conn, the endpoint's; or DTLS_ERR_ARGUMENT (config, address, session, or the address has an association
 * already, or `most` are there), DTLS_ERR_NO_MEMORY, DTLS_ERR_RANDOM: *conn is NULL, and nothing has changed.
 */
DTLS_API int dtls_endpoint_connect(struct dtls_endpoint *endpoint, dtls_time now, const struct dtls_config *config,
                                   const struct dtls_address *to, const struct dtls_session *session,
                                   struct dtls_conn **conn);

/* Takes the next event, and whose it is; false when there is none. After CLOSED or FAILED the connection is the
 * application's to look at until it calls the endpoint again; then it is gone. A new one that may not take the place of
 * an old one (S6) is told as FAILED alone, with DTLS_ERR_IDENTITY_CHANGED. */
DTLS_API bool dtls_endpoint_next_event(struct dtls_endpoint *endpoint, struct dtls_conn **conn,
                                       struct dtls_event *event);

/*
 * Takes one datagram, and where it is to go: as dtls_conn_next_datagram. `cap` must be at least the MTU of every
 * configuration. Where the socket takes nothing now, leave them here. Of the answers to hellos of unknown addresses
 * only the last one is kept: take it before the next _receive, or it may be lost.
 */
DTLS_API bool dtls_endpoint_next_datagram(struct dtls_endpoint *endpoint, dtls_time now, uint8_t *out, size_t cap,
                                          size_t *len, struct dtls_address *to);

/* When dtls_endpoint_tick must be called at the latest; DTLS_NEVER when nothing is due, 0 when events wait. */
DTLS_API dtls_time dtls_endpoint_deadline(const struct dtls_endpoint *endpoint);

/* Does what is due, for every connection. DTLS_OK, or DTLS_ERR_EVENTS_WAITING. */
DTLS_API int dtls_endpoint_tick(struct dtls_endpoint *endpoint, dtls_time now);

/* Frees one connection at once, without a word to its peer or an event; not one that has just been told as CLOSED or
 * FAILED: that one goes by itself. */
DTLS_API void dtls_endpoint_remove(struct dtls_conn *conn);

/* How many associations there are, half-open ones included; but not the handshakes of clients that begin anew beside
 * their old ones (S6). */
DTLS_API size_t dtls_endpoint_count(const struct dtls_endpoint *endpoint);

/* The first of all connections with conn NULL, then the one after `conn`; NULL at the end. In no order, but one that
 * begins anew comes right behind the old one. The endpoint must not be given anything meanwhile; `conn` may be removed
 * once the one after it is known. */
DTLS_API struct dtls_conn *dtls_endpoint_each(const struct dtls_endpoint *endpoint, const struct dtls_conn *conn);

/* The one at an address, or NULL; and the address of one, never NULL, valid as long as the connection. */
DTLS_API struct dtls_conn *dtls_endpoint_find(const struct dtls_endpoint *endpoint, const struct dtls_address *address);
DTLS_API const struct dtls_address *dtls_endpoint_address(const struct dtls_conn *conn);

/* Counted since the endpoint was made. */
struct dtls_endpoint_stats {
    uint64_t hellos_answered; /* HelloVerifyRequests */
    uint64_t admitted;        /* first handshakes begun by clients */
    uint64_t stray;           /* datagrams of unknown addresses that are no hello to answer, or were not admitted */
    uint64_t refused_full;    /* hellos beyond `most` or `most_half_open`, or without memory */
    uint64_t refused_rate;    /* hellos beyond the source's rate, or a second restart within a second (S6) */
    uint64_t crowded_out;     /* half-open ones that gave way to others */
    uint64_t restarts;        /* associations replaced by a new one of the same address (S6) */
    uint64_t impostors;       /* such new ones that were refused: another certificate (S6) */
};

/* A copy of them. */
DTLS_API void dtls_endpoint_stats(const struct dtls_endpoint *endpoint, struct dtls_endpoint_stats *out);

/* ---- the stateless hello alone ---- */

enum { DTLS_HELLO_REPLY_LEN = 60 }; /* bytes of the HelloVerifyRequest datagram */

/* The secrets that cookies are made with. One per socket (or one shared, on one thread). Zero is a valid start. */
struct dtls_cookie_secrets {
    uint8_t secret[2][32]; /* the current slot's and the one's before */
    uint64_t slot;         /* time / DTLS_COOKIE_SLOT + 1 of the current one; 0: none yet */
};

/* A cookie is good for one to two of these: longer than the longest pause between two ClientHellos (T2). */
#define DTLS_COOKIE_SLOT ((dtls_time)60 * 1000 * 1000)

/* Forgets them, when the socket closes. */
DTLS_API void dtls_cookie_secrets_wipe(struct dtls_cookie_secrets *secrets);

/* What is to be done with the first datagram of an unknown address. */
enum dtls_hello {
    DTLS_HELLO_DROP,  /* not a ClientHello that could be answered: forget it */
    DTLS_HELLO_REPLY, /* send `out` back; keep nothing */
    DTLS_HELLO_VALID, /* its address is real: make a connection, start it, and give it this datagram */
};

/*
 * The stateless hello (contract S4): judges the first datagram of an unknown address without allocating, without
 * public-key work, and without ever answering with more bytes than came. `address` is any byte string that names the
 * sender (a sockaddr's address and port). `out` has room for DTLS_HELLO_REPLY_LEN bytes, written only with
 * DTLS_HELLO_REPLY. Secrets renew themselves from `random` (NULL: the operating system's) as `now` passes.
 * A ClientHello in fragments is judged on its first one. Returns an enum dtls_hello, or DTLS_ERR_RANDOM (below zero).
 */
DTLS_API int dtls_hello_check(struct dtls_cookie_secrets *secrets, dtls_time now, const uint8_t *address,
                              size_t address_len, const uint8_t *datagram, size_t len, dtls_random_function *random,
                              void *random_arg, uint8_t out[DTLS_HELLO_REPLY_LEN]);

#ifdef __cplusplus
}
#endif

#endif
