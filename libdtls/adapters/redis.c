/* redis.c - the connection to the server: made, greeted, lost, and made again. Knows nothing of what is asked.
 *
 * hiredis frees a context by itself in some of its callbacks, and answers all that waits when it does. So `context` is
 * ours only until its end is told (on_connect with an error, on_disconnect), and we free one only from our own
 * watchers, never from within hiredis. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/redis_internal.h"

#include <hiredis/adapters/libev.h>

static const double FIRST_PAUSE_S = 0.1, LONGEST_PAUSE_S = 10;

enum { TIMEOUT_MS = 1000, MOST_WAITING = 10000 };

static void tell(const struct dtls_redis *redis, bool up, const char *words)
{
    if (redis->settings.changed != NULL && !redis->ending)
        redis->settings.changed(redis->settings.arg, up, words);
}

/* ---- its end ---- */

/* The context is gone, or never came to be. */
static void lost(struct dtls_redis *redis, const char *words)
{
    uint8_t dice;
    char text[REDIS_TEXT];

    redis->context = NULL;
    redis->up = false;
    ev_timer_stop(redis->loop, &redis->patience);
    if (redis->ending)
        return;
    /* A fleet that has lost its store does not come back as one. */
    if (dtls_system_random(NULL, &dice, 1) != DTLS_OK)
        dice = 128;
    ev_timer_set(&redis->retry, redis->pause_s * (0.75 + dice / 512.0), 0);
    ev_timer_start(redis->loop, &redis->retry);
    redis->pause_s = 2 * redis->pause_s < LONGEST_PAUSE_S ? 2 * redis->pause_s : LONGEST_PAUSE_S;
    snprintf(text, sizeof text, "%s", redis->words[0] != '\0' ? redis->words : words);
    redis->words[0] = '\0';
    tell(redis, false, text);
}

/* From our own watchers: hiredis answers all that waits with NULL, and tells nobody of the end if it never began. */
static void drop(struct dtls_redis *redis, const char *words)
{
    redisAsyncContext *context = redis->context;

    if (context == NULL)
        return;
    redis->context = NULL;
    redis->up = false;
    context->data = NULL; /* on_disconnect is not ours any more */
    redisAsyncFree(context);
    lost(redis, words);
}

/* In hiredis's callbacks the context must stay; a disconnect would wait for what waits. So our own watcher ends it. */
void dtls_redis_give_up(struct dtls_redis *redis, const char *words)
{
    if (redis->words[0] == '\0')
        snprintf(redis->words, sizeof redis->words, "%s", words);
    redis->up = false;
    ev_timer_stop(redis->loop, &redis->patience);
    ev_timer_set(&redis->patience, 0, 0);
    ev_timer_start(redis->loop, &redis->patience);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    if (context->data != NULL)
        lost(context->data, status == REDIS_OK ? "closed" : context->errstr);
}

/* ---- its beginning ---- */

/* The last answer of the greeting. */
static void greeted(struct dtls_redis_request *request, const redisReply *reply)
{
    struct dtls_redis *redis = request->redis;

    if (reply == NULL || redis->words[0] != '\0')
        return;
    if (reply->type != REDIS_REPLY_STATUS) {
        dtls_redis_give_up(redis,
                           reply->type == REDIS_REPLY_ERROR ? reply->str : "it answers PING with something else");
        return;
    }
    redis->up = true;
    redis->pause_s = FIRST_PAUSE_S;
    redis->stats.connects++;
    tell(redis, true, "connected");
    if (redis->shared != NULL)
        dtls_redis_fetch_keys(redis);
}

static void let_in(struct dtls_redis_request *request, const redisReply *reply)
{
    if (reply != NULL && reply->type == REDIS_REPLY_ERROR)
        dtls_redis_give_up(request->redis, reply->str);
}

static bool greet(struct dtls_redis *redis)
{
    const struct dtls_redis_place *place = &redis->place;

    if (place->password[0] != '\0' &&
        !(place->user[0] != '\0'
              ? dtls_redis_send(redis, true, NULL, let_in, "AUTH %s %s", place->user, place->password)
              : dtls_redis_send(redis, true, NULL, let_in, "AUTH %s", place->password)))
        return false;
    if (place->database != 0 && !dtls_redis_send(redis, true, NULL, let_in, "SELECT %u", place->database))
        return false;
    return dtls_redis_send(redis, true, NULL, greeted, "PING");
}

static void on_connect(const redisAsyncContext *context, int status)
{
    if (context->data != NULL && status != REDIS_OK)
        lost(context->data, context->errstr); /* and hiredis frees it */
}

static void connect_now(struct dtls_redis *redis)
{
    redisAsyncContext *context = redisAsyncConnect(redis->place.host, redis->place.port);

    if (context == NULL || context->err != 0) {
        char words[REDIS_TEXT];
        snprintf(words, sizeof words, "%s", context == NULL ? "no memory" : context->errstr);
        if (context != NULL)
            redisAsyncFree(context);
        lost(redis, words);
        return;
    }
    redis->context = context;
    context->data = redis;
    if (redisLibevAttach(redis->loop, context) != REDIS_OK ||
        redisAsyncSetConnectCallback(context, on_connect) != REDIS_OK ||
        redisAsyncSetDisconnectCallback(context, on_disconnect) != REDIS_OK || !greet(redis))
        drop(redis, "no memory");
}

static void on_retry(struct ev_loop *loop, ev_timer *timer, int happened)
{
    (void)loop;
    (void)happened;
    connect_now(timer->data);
}

/* The oldest request has waited for too long, or something has been found to be wrong. */
static void on_patience(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct dtls_redis *redis = timer->data;
    double limit_s = redis->settings.timeout_ms / 1000.0;

    (void)happened;
    if (redis->words[0] != '\0') {
        drop(redis, redis->words);
        return;
    }
    if (redis->first == NULL)
        return;
    double left_s = redis->first->sent + limit_s - ev_now(loop);
    if (left_s > 0) {
        ev_timer_set(timer, left_s, 0);
        ev_timer_start(loop, timer);
        return;
    }
    redis->stats.timeouts++;
    drop(redis, "no answer in time");
}

/* ---- its life ---- */

static void on_news(struct ev_loop *loop, ev_prepare *news, int happened)
{
    struct dtls_redis *redis = news->data;

    (void)happened;
    ev_prepare_stop(loop, news);
    if (redis->settings.answered != NULL)
        redis->settings.answered(redis->settings.arg);
}

int dtls_redis_new(struct ev_loop *loop, const struct dtls_redis_settings *settings, struct dtls_redis **out)
{
    const char *prefix = settings->prefix != NULL ? settings->prefix : "dtls:";
    struct dtls_redis *redis = calloc(1, sizeof *redis);

    *out = NULL;
    if (redis == NULL)
        return DTLS_ERR_NO_MEMORY;
    int err = DTLS_OK;
    if (strlen(prefix) > REDIS_PREFIX || !dtls_redis_read_url(settings->url, &redis->place))
        err = DTLS_ERR_ARGUMENT;
    else if (!dtls_redis_resolve(&redis->place))
        err = DTLS_REDIS_ERR_HOST;
    if (err != DTLS_OK) {
        free(redis);
        return err;
    }
    redis->loop = loop;
    redis->settings = *settings;
    if (redis->settings.timeout_ms == 0)
        redis->settings.timeout_ms = TIMEOUT_MS;
    if (redis->settings.most_waiting == 0)
        redis->settings.most_waiting = MOST_WAITING;
    memcpy(redis->prefix, prefix, strlen(prefix) + 1);
    redis->pause_s = FIRST_PAUSE_S;
    redis->end = &redis->first;
    ev_init(&redis->retry, on_retry);
    ev_init(&redis->patience, on_patience);
    ev_prepare_init(&redis->news, on_news);
    redis->retry.data = redis->patience.data = redis->news.data = redis;
    dtls_redis_open_door(redis);
    ev_now_update(loop); /* before a loop runs its time may be old */
    connect_now(redis);
    *out = redis;
    return DTLS_OK;
}

void dtls_redis_free(struct dtls_redis *redis)
{
    if (redis == NULL)
        return;
    redis->ending = true;
    if (redis->shared != NULL)
        dtls_redis_stop_sharing(redis);
    drop(redis, "");
    ev_timer_stop(redis->loop, &redis->retry);
    ev_timer_stop(redis->loop, &redis->patience);
    ev_prepare_stop(redis->loop, &redis->news);
    explicit_bzero(redis, sizeof *redis);
    free(redis);
}

bool dtls_redis_is_up(const struct dtls_redis *redis)
{
    return redis->up;
}

void dtls_redis_stats(const struct dtls_redis *redis, struct dtls_redis_stats *out)
{
    *out = redis->stats;
}
