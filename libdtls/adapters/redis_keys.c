/* redis_keys.c - ticket keys that a fleet shares through its store: one server makes them, the others follow.
 *
 * The maker begins with what is there, so that its restart ends no ticket. It makes the key of the next period a whole
 * one before, and the others ask several times in between. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/redis_internal.h"

static const char name[] = "ticket-keys";
static const double SHORTEST_S = 0.2, LONGEST_S = 60, UNKNOWN_S = 1;
static const double PER_PERIOD = 5; /* times that the set is looked at */

struct dtls_redis_shared {
    struct dtls_ticket_keys *keys;
    const struct dtls_ticket_keys *by;
    uint32_t period_s, lifetime_s; /* period_s 0: another server makes them */
    ev_timer timer;
};

static uint64_t now_s(void)
{
    return (uint64_t)time(NULL);
}

static void sleep_for(struct dtls_redis *redis, double s)
{
    struct dtls_redis_shared *shared = redis->shared;

    ev_timer_stop(redis->loop, &shared->timer);
    ev_timer_set(&shared->timer, s < SHORTEST_S ? SHORTEST_S : s > LONGEST_S ? LONGEST_S : s, 0);
    ev_timer_start(redis->loop, &shared->timer);
}

/* A follower knows the period by the key of the next one. */
static double pause_of(const struct dtls_redis_shared *shared)
{
    uint64_t now = now_s(), next = 0;

    if (shared->period_s > 0 && shared->keys->count > 0)
        return (double)shared->period_s / PER_PERIOD;
    for (size_t i = 0; i < shared->keys->count; i++)
        if (shared->keys->keys[i].issue_from > next)
            next = shared->keys->keys[i].issue_from;
    return next > now ? (double)(next - now) / PER_PERIOD : UNKNOWN_S;
}

/* ---- the maker ---- */

static void take_done(struct dtls_redis_request *request, const redisReply *reply)
{
    if (reply != NULL && reply->type != REDIS_REPLY_STATUS)
        dtls_redis_complain(request->redis, reply);
}

static void share(struct dtls_redis *redis)
{
    const struct dtls_redis_shared *shared = redis->shared;
    uint8_t sealed[DTLS_SEALED_KEYS_MOST];
    size_t len;
    int err = dtls_ticket_keys_seal(shared->keys, shared->by, now_s(), sealed, &len);

    if (err == DTLS_ERR_ARGUMENT)
        dtls_redis_tell(redis, "the ticket keys cannot be sealed: there is no key for that today");
    else if (err != DTLS_OK)
        dtls_redis_tell(redis, dtls_error_string(err));
    else
        dtls_redis_send(redis, false, NULL, take_done, "SET %s%s %b EX %llu", redis->prefix, name, sealed, len,
                        2ULL * shared->period_s + shared->lifetime_s);
}

/* Shared each time, changed or not: a store may forget, or be overwritten. */
static void rotate(struct dtls_redis *redis)
{
    const struct dtls_redis_shared *shared = redis->shared;
    bool changed;
    int err = dtls_ticket_keys_rotate(shared->keys, now_s(), shared->period_s, shared->lifetime_s, &changed);

    if (err != DTLS_OK)
        dtls_redis_tell(redis, dtls_error_string(err));
    if (shared->keys->count > 0)
        share(redis);
}

/* ---- what is there ---- */

/* When the key that seals now began to; 0: from ever, or there is none. */
static uint64_t sealing_since(const struct dtls_ticket_keys *keys)
{
    uint64_t now = now_s(), since = 0;

    for (size_t i = 0; i < keys->count; i++) {
        const struct dtls_ticket_key *key = &keys->keys[i];
        if (key->issue_from <= now && (key->accept_until == 0 || key->accept_until > now) && key->issue_from > since)
            since = key->issue_from;
    }
    return since;
}

/* Whoever can write the store can put an old set back, which opens. It would have us seal with a key whose time is
 * over, for as long as that one opens. *read: it was possible to say whether it opens. */
static const char *take_set(struct dtls_redis_shared *shared, struct dtls_bytes sealed, bool *read)
{
    struct dtls_ticket_keys set;
    const char *problem = NULL;
    int err = dtls_ticket_keys_open(&set, shared->by, now_s(), sealed);

    *read = err != DTLS_ERR_NO_MEMORY;
    if (err != DTLS_OK)
        return *read ? "the ticket keys in the store do not open" : dtls_error_string(err);
    if (sealing_since(&set) < sealing_since(shared->keys))
        problem = "the ticket keys in the store are older than ours";
    else
        *shared->keys = set;
    explicit_bzero(&set, sizeof set);
    return problem;
}

static void take_keys(struct dtls_redis_request *request, const redisReply *reply)
{
    struct dtls_redis *redis = request->redis;
    struct dtls_redis_shared *shared = redis->shared;
    bool makes = shared != NULL && shared->period_s > 0, heard = true; /* what is there */

    if (shared == NULL || reply == NULL)
        return;
    if (reply->type == REDIS_REPLY_STRING && !(makes && shared->keys->count > 0)) {
        const struct dtls_bytes sealed = { (const uint8_t *)reply->str, (size_t)reply->len };
        const char *problem = take_set(shared, sealed, &heard);
        redis->stats.errors += problem != NULL;
        if (problem != NULL)
            dtls_redis_tell(redis, problem);
    } else if (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_NIL) {
        dtls_redis_complain(redis, reply);
        heard = false;
    }
    if (makes && (heard || shared->keys->count > 0))
        rotate(redis);
    sleep_for(redis, pause_of(shared));
}

void dtls_redis_fetch_keys(struct dtls_redis *redis)
{
    dtls_redis_send(redis, false, NULL, take_keys, "GET %s%s", redis->prefix, name);
}

/* A maker that has none yet has not heard what is there. Without a connection the next one asks. */
static void on_timer(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct dtls_redis *redis = timer->data;
    const struct dtls_redis_shared *shared = redis->shared;

    (void)loop;
    (void)happened;
    if (shared->period_s > 0 && shared->keys->count > 0)
        rotate(redis);
    else
        dtls_redis_fetch_keys(redis);
    sleep_for(redis, pause_of(shared));
}

/* ---- its life ---- */

int dtls_redis_share_keys(struct dtls_redis *redis, struct dtls_ticket_keys *keys, const struct dtls_ticket_keys *by,
                          uint32_t period_s, uint32_t lifetime_s)
{
    struct dtls_ticket_keys trial = { .count = 0 }; /* of the arguments alone */
    bool changed;

    if (redis->shared != NULL ||
        (period_s > 0 && dtls_ticket_keys_rotate(&trial, now_s(), period_s, lifetime_s, &changed) == DTLS_ERR_ARGUMENT))
        return DTLS_ERR_ARGUMENT;
    struct dtls_redis_shared *shared = calloc(1, sizeof *shared);
    if (shared == NULL)
        return DTLS_ERR_NO_MEMORY;
    *shared = (struct dtls_redis_shared){ .keys = keys, .by = by, .period_s = period_s, .lifetime_s = lifetime_s };
    ev_init(&shared->timer, on_timer);
    shared->timer.data = redis;
    redis->shared = shared;
    sleep_for(redis, UNKNOWN_S);
    if (redis->up)
        dtls_redis_fetch_keys(redis);
    return DTLS_OK;
}

void dtls_redis_stop_sharing(struct dtls_redis *redis)
{
    ev_timer_stop(redis->loop, &redis->shared->timer);
    free(redis->shared);
    redis->shared = NULL;
}
