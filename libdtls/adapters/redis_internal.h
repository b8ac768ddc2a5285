/* redis_internal.h - the inside of a store in Redis, for its files: redis.c (the connection), redis_url.c (where it
 * is), redis_requests.c (what is asked, and what comes of it), redis_keys.c (ticket keys that are shared). */
#ifndef DTLS_ADAPTERS_REDIS_INTERNAL_H
#define DTLS_ADAPTERS_REDIS_INTERNAL_H

#include <hiredis/hiredis.h>
#include <sys/socket.h>

#include "dtls/redis.h"

enum { REDIS_TEXT = 256, REDIS_PREFIX = 64, REDIS_ADDRESSES = 8 };

struct dtls_redis_address {
    struct sockaddr_storage at;
    socklen_t len;
};

/* What a URL says. */
struct dtls_redis_place {
    char host[REDIS_TEXT]; /* empty: a path, which is the address already */
    uint16_t port;
    struct dtls_redis_address addresses[REDIS_ADDRESSES]; /* the host's, once it is resolved */
    size_t address_count;
    char user[REDIS_TEXT], password[REDIS_TEXT]; /* empty: none */
    uint32_t database;
};

/* False when that is no URL. */
bool dtls_redis_read_url(const char *url, struct dtls_redis_place *out);

/* Finds the addresses. False when the name has none. */
bool dtls_redis_resolve(struct dtls_redis_place *place);

/* What was sent and has not been answered; the oldest first, as the answers come. */
struct dtls_redis_request {
    struct dtls_redis *redis;
    void (*take)(struct dtls_redis_request *request, const redisReply *reply); /* NULL: the connection is gone */
    struct dtls_question *question;                                            /* of a get */
    double sent_s;                                                             /* dtls_redis_now_s */
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

    size_t address;         /* which one is tried, or in use */
    int fd;                 /* -1: no connection */
    bool up;                /* it has greeted us */
    double up_since_s;      /* dtls_redis_now_s */
    bool complained;        /* an error of this connection has been told */
    bool ending;            /* it is being freed: no callback, no other connection */
    char words[REDIS_TEXT]; /* why the connection will not do; empty: it will */
    double pause_s;         /* before the next attempt */
    ev_io io;
    ev_timer retry, patience;
    ev_prepare news; /* answers have come in this turn of the loop */
    redisReader *reader;
    char *out; /* commands that have not left */
    size_t out_len, out_room;

    struct dtls_redis_request *first, **end;
    size_t waiting;
    struct dtls_redis_shared *shared; /* NULL: no keys are */
};

/* redis.c: a command leaves as soon as it can. False without memory. */
bool dtls_redis_write(struct dtls_redis *redis, const char *command, size_t len);

/* To whoever wants to know (settings.changed). */
void dtls_redis_tell(const struct dtls_redis *redis, const char *words);

/*
 * redis_requests.c. Sends a command, as hiredis formats it; `take` gets the answer, or NULL, exactly once, and not
 * before it returns. False: it was not sent, for want of memory or of a connection, or because too much waits, and
 * `take` is not called. `early`: of the greeting, to which both does not apply.
 */
bool dtls_redis_send(struct dtls_redis *redis, bool early, struct dtls_question *question,
                     void (*take)(struct dtls_redis_request *request, const redisReply *reply), const char *format,
                     ...);
double dtls_redis_now_s(void); /* never set back or forth; the loop's own time may be old, and is the time of day */
void dtls_redis_open_door(struct dtls_redis *redis);

/* An answer that is an error, or of a wrong type: counted. The first error of a connection is told. */
void dtls_redis_complain(struct dtls_redis *redis, const redisReply *reply);

/* The answer to the oldest request, NULL: there will be none. False: nobody has asked. */
bool dtls_redis_hear(struct dtls_redis *redis, const redisReply *reply);

/* redis_keys.c */
void dtls_redis_fetch_keys(struct dtls_redis *redis); /* the connection has come up */
void dtls_redis_stop_sharing(struct dtls_redis *redis);

#endif
