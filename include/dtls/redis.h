/* redis.h - libdtls-redis: a session store (store.h) in Redis or Valkey, on a libev loop; docs/fleet.md. */
#ifndef DTLS_REDIS_H
#define DTLS_REDIS_H

#include <ev.h>

#include "dtls/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One connection to one server, for one loop and its thread. From within its own callbacks only its door
 * may be used, and what answers questions. */
struct dtls_redis;

/* Where it is, and who wants to hear of it. */
struct dtls_redis_settings {
    const char *url;     /* redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]; HOST may be [an IPv6 address]. Or, on this
                            machine, redis+unix:[[USER]:PASSWORD@]PATH, which is absolute. Copied */
    const char *prefix;  /* of all names there; NULL: "dtls:". Up to 64 bytes; copied */
    uint32_t timeout_ms; /* no answer for so long: the connection is dead. 0: 1,000 */
    size_t most_waiting; /* requests without an answer; beyond that it is as if there were no connection. 0: 10,000 */

    /* Some questions have been answered (dtls_question_answer_stored): their handshakes want to go on
     * (dtls_ev_server_go_on). Once for all of them, before the loop waits again. May be NULL. */
    void (*answered)(void *arg);

    /* The connection is up, or lost, or cannot be made; or it is up, and something is wrong: the first error that the
     * server says on it, or with ticket keys. `words` say what, in printable ASCII, until the callback returns. May be
     * NULL. */
    void (*changed)(void *arg, bool up, const char *words);
    void *arg; /* the first argument of both */
};

/*
 * Resolves the host's name, which may take as long as that takes; nothing else here ever waits. The addresses (8 of
 * them at most) are kept, and tried in turn. Connects when the loop runs, and again whenever the connection is lost,
 * after 100 ms at first, then after twice as long, up to 10 s; after 100 ms again when it was up for 10 s. Keeps the
 * loop running until it is freed. Without a connection `get` is answered at once: there is nothing; what is put is
 * lost. DTLS_OK; DTLS_ERR_ARGUMENT (the URL or the prefix), DTLS_REDIS_ERR_HOST, DTLS_ERR_NO_MEMORY: *out is NULL.
 */
DTLS_API int dtls_redis_new(struct ev_loop *loop, const struct dtls_redis_settings *settings, struct dtls_redis **out);

/* NULL is allowed. What waits is answered: there is nothing; no callback is called any more. No configuration with its
 * store may be in use. */
DTLS_API void dtls_redis_free(struct dtls_redis *redis);

/* The door for dtls_config.store: never NULL, valid until it is freed. Needs store_keys. `take` needs Redis 6.2 or
 * Valkey: others say that they know no GETDEL, and nothing that is to be taken is found. */
DTLS_API const struct dtls_store *dtls_redis_store(const struct dtls_redis *redis);

/* Is the connection up? */
DTLS_API bool dtls_redis_is_up(const struct dtls_redis *redis);

/* Counted since dtls_redis_new. */
struct dtls_redis_stats {
    uint64_t gets, found, puts, removes; /* asked for; found among the gets */
    uint64_t refused;                    /* of them, at once: no connection, or too much waits */
    uint64_t lost;                       /* of them: the connection went before the answer came */
    uint64_t errors;                     /* answers that were errors, or of another kind than they may be */
    uint64_t connects;                   /* connections that came up */
    uint64_t timeouts;                   /* and that were taken for dead */
};

/* A copy of them. */
DTLS_API void dtls_redis_stats(const struct dtls_redis *redis, struct dtls_redis_stats *out);

/*
 * Ticket keys that a fleet shares. One server makes them: period_s is how long a key seals (dtls_ticket_keys_rotate);
 * the others follow: period_s is 0. `keys` is replaced as a whole whenever there is another set, unless that one's key
 * for today is an older one; a set that is out of date ends by its own times. `by` seals what goes through the store,
 * and is not written there; it is looked at when that happens, and may change. Both must outlive the store. lifetime_s
 * is how long a key opens after it has sealed. A maker begins with the set that is there, and waits until the server
 * says whether there is one; a set that does not open is none, and is replaced. The time is the system's. DTLS_OK,
 * DTLS_ERR_ARGUMENT (as dtls_ticket_keys_rotate), DTLS_ERR_NO_MEMORY. Once for each store.
 */
DTLS_API int dtls_redis_share_keys(struct dtls_redis *redis, struct dtls_ticket_keys *keys,
                                   const struct dtls_ticket_keys *by, uint32_t period_s, uint32_t lifetime_s);

#ifdef __cplusplus
}
#endif

#endif
