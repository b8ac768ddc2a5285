/* redis_internal.h - the inside of a store in Redis, for its files: redis.c (the connection), redis_url.c (where it
 * is), redis_requests.c (what is asked, and what comes of it), redis_keys.c (ticket keys that are shared). */
#ifndef DTLS_ADAPTERS_REDIS_INTERNAL_H
#define DTLS_ADAPTERS_REDIS_INTERNAL_H

#include <hiredis/async.h>

#include "dtls/redis.h"

enum { REDIS_TEXT = 256, REDIS_PREFIX = 64 };

/* What a URL says. */
struct dtls_redis_place {
    char host[REDIS_TEXT]; /* its first address, as a number, once it is resolved */
    uint16_t port;
    char user[REDIS_TEXT], password[REDIS_TEXT]; /* empty: none */
    uint32_t database;
};

/* False when that is no URL. */
bool dtls_redis_read_url(const char *url, struct dtls_redis_place *out);

/* The name becomes an address. False when it has none. */
bool dtls_redis_resolve(struct dtls_redis_place *place);

/* What was sent and has not been answered; the oldest first, as the answers come. */
struct dtls_redis_request {
    struct dtls_redis *redis;
    void (*take)(struct dtls_redis_request *request, const redisReply *reply); /* NULL: the connection is gone */
    struct dtls_question *question;                                            /* of a get */
    ev_tstamp sent;
    struct dtls_redis_request *next;
};

struct dtls_redis_shared; /* redis_keys.c */

struct dtls_redis {
    struct ev_loop *loop;
    struct dtls_redis_settings settings; /* url and prefix are not used any more */
    struct dtls_redis_place place;
    char prefix[REDIS_PREFIX + 1];
    struct dtls_store door;
    struct dtls_redis_stats stats;

    redisAsyncContext *context; /* NULL: none */
    bool up;                    /* it has greeted us */
    bool ending;                /* it is being freed: no callback, no other connection */
    char words[REDIS_TEXT];     /* why the connection will not do, where we know better than hiredis */
    double pause_s;             /* before the next attempt */
    ev_timer retry, patience;
    ev_prepare news; /* answers have come in this turn of the loop */

    struct dtls_redis_request *first, **end;
    size_t waiting;
    struct dtls_redis_shared *shared; /* NULL: no keys are */
};

/* redis.c: the connection is no good, and why. From anywhere. */
void dtls_redis_give_up(struct dtls_redis *redis, const char *words);

/*
 * redis_requests.c. Sends a command, as hiredis formats it; `take` gets the answer, or NULL, exactly once, and not
 * before it returns. False: it was not sent, for want of memory or of a connection, and `take` is not called. `early`:
 * before the connection has greeted us.
 */
bool dtls_redis_send(struct dtls_redis *redis, bool early, struct dtls_question *question,
                     void (*take)(struct dtls_redis_request *request, const redisReply *reply), const char *format,
                     ...);
void dtls_redis_open_door(struct dtls_redis *redis);

/* redis_keys.c */
void dtls_redis_fetch_keys(struct dtls_redis *redis); /* the connection has come up */
void dtls_redis_stop_sharing(struct dtls_redis *redis);

#endif
