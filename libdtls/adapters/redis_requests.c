/* redis_requests.c - what is asked of the server, and what comes of its answers: the door (dtls/store.h). */
#define _DEFAULT_SOURCE /* clock_gettime, explicit_bzero */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/redis_internal.h"

/* ---- sending, and the answers in their order ---- */

bool dtls_redis_hear(struct dtls_redis *redis, const redisReply *reply)
{
    struct dtls_redis_request *request = redis->first;

    if (request == NULL)
        return false;
    redis->first = request->next;
    if (redis->first == NULL)
        redis->end = &redis->first;
    redis->waiting--;
    request->take(request, reply);
    free(request);
    return true;
}

double dtls_redis_now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* From the loop's time, so it may be early: on_patience looks again. */
static void start_patience(struct dtls_redis *redis)
{
    if (ev_is_active(&redis->patience))
        return;
    ev_timer_set(&redis->patience, redis->settings.timeout_ms / 1000.0, 0);
    ev_timer_start(redis->loop, &redis->patience);
}

bool dtls_redis_send(struct dtls_redis *redis, bool early, struct dtls_question *question,
                     void (*take)(struct dtls_redis_request *request, const redisReply *reply), const char *format, ...)
{
    char *command;
    va_list arguments;

    if (redis->fd < 0 || (!early && (!redis->up || redis->waiting >= redis->settings.most_waiting)))
        return false;
    struct dtls_redis_request *request = malloc(sizeof *request);
    if (request == NULL)
        return false;
    *request = (struct dtls_redis_request){ redis, take, question, dtls_redis_now_s(), NULL };
    va_start(arguments, format);
    int len = redisvFormatCommand(&command, format, arguments);
    va_end(arguments);
    bool written = len > 0 && dtls_redis_write(redis, command, (size_t)len);
    if (len > 0) {
        explicit_bzero(command, (size_t)len); /* it may be the one with the password */
        redisFreeCommand(command);
    }
    if (!written) {
        free(request);
        return false;
    }
    *redis->end = request;
    redis->end = &request->next;
    redis->waiting++;
    start_patience(redis);
    return true;
}

/* ---- the door ---- */

/* A server that may not be written to has the same to say to all. */
void dtls_redis_complain(struct dtls_redis *redis, const redisReply *reply)
{
    redis->stats.errors++;
    if (reply->type != REDIS_REPLY_ERROR || redis->complained)
        return;
    redis->complained = true;
    dtls_redis_tell(redis, reply->str);
}

static void answer(struct dtls_redis *redis, struct dtls_question *question, struct dtls_bytes entry)
{
    if (dtls_question_answer_stored(question, entry) == DTLS_OK && !redis->ending)
        ev_prepare_start(redis->loop, &redis->news);
}

static void take_entry(struct dtls_redis_request *request, const redisReply *reply)
{
    struct dtls_redis *redis = request->redis;
    struct dtls_bytes entry = { NULL, 0 };

    bool is_entry = reply != NULL && reply->type == REDIS_REPLY_STRING && reply->len > 0 &&
                    (size_t)reply->len <= DTLS_STORE_ENTRY_MOST;
    if (is_entry) {
        entry = (struct dtls_bytes){ (const uint8_t *)reply->str, (size_t)reply->len };
        redis->stats.found++;
    } else if (reply != NULL && reply->type != REDIS_REPLY_NIL) {
        dtls_redis_complain(redis, reply);
    }
    redis->stats.lost += reply == NULL;
    answer(redis, request->question, entry);
}

static void take_done(struct dtls_redis_request *request, const redisReply *reply)
{
    request->redis->stats.lost += reply == NULL;
    if (reply != NULL && reply->type != REDIS_REPLY_STATUS && reply->type != REDIS_REPLY_INTEGER)
        dtls_redis_complain(request->redis, reply);
}

static void get(void *arg, struct dtls_question *question, struct dtls_bytes name, bool take)
{
    struct dtls_redis *redis = arg;

    redis->stats.gets++;
    if (!dtls_redis_send(redis, false, question, take_entry, take ? "GETDEL %s%b" : "GET %s%b", redis->prefix, name.at,
                         name.len)) {
        redis->stats.refused++;
        dtls_question_answer_stored(question, (struct dtls_bytes){ NULL, 0 });
    }
}

static void put(void *arg, struct dtls_bytes name, struct dtls_bytes entry, uint32_t lifetime_s)
{
    struct dtls_redis *redis = arg;

    redis->stats.puts++;
    if (!dtls_redis_send(redis, false, NULL, take_done, "SET %s%b %b EX %u", redis->prefix, name.at, name.len, entry.at,
                         entry.len, (unsigned)lifetime_s))
        redis->stats.refused++;
}

static void remove_entry(void *arg, struct dtls_bytes name)
{
    struct dtls_redis *redis = arg;

    redis->stats.removes++;
    if (!dtls_redis_send(redis, false, NULL, take_done, "DEL %s%b", redis->prefix, name.at, name.len))
        redis->stats.refused++;
}

void dtls_redis_open_door(struct dtls_redis *redis)
{
    redis->door = (struct dtls_store){ get, put, remove_entry, redis, false };
}

const struct dtls_store *dtls_redis_store(const struct dtls_redis *redis)
{
    return &redis->door;
}
