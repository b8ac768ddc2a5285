/* redis.c - the connection to the server: made, greeted, lost, and made again. Knows nothing of what is asked.
 *
 * Of hiredis only the protocol is used, its writer and its reader. Its asynchronous connection ends the process by an
 * assertion when a server sends an answer that nobody has asked for, and a server may do anything here. */
#define _GNU_SOURCE /* SOCK_NONBLOCK, explicit_bzero */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/redis_internal.h"

static const double FIRST_PAUSE_S = 0.1, LONGEST_PAUSE_S = 10; /* the latter also: up for so long, it is a good one */

enum {
    TIMEOUT_MS = 1000,
    MOST_WAITING = 10000,
    FIRST_ROOM = 4096,
    CHUNK = 16384,       /* read at a time */
    MOST_CHUNKS = 256,   /* before who is late is judged */
    MOST_UNREAD = 262144 /* bytes without a whole answer in them: nothing that we ask for is as long */
};

/* Some words are the server's, and go to a log or a terminal. */
void dtls_redis_tell(const struct dtls_redis *redis, const char *words)
{
    char text[REDIS_TEXT];
    size_t len = 0;

    for (; words[len] != '\0' && len + 1 < sizeof text; len++)
        text[len] = (char)(words[len] < ' ' || words[len] > '~' ? '?' : words[len]);
    text[len] = '\0';
    if (redis->settings.changed != NULL && !redis->ending)
        redis->settings.changed(redis->settings.arg, redis->up, text);
}

/* ---- its end ---- */

/* Why a connection will not do. It ends when whoever reads or writes gets to it. */
static void give_up(struct dtls_redis *redis, const char *words)
{
    if (redis->words[0] == '\0')
        snprintf(redis->words, sizeof redis->words, "%s", words);
}

/* A fleet that has lost its store does not come back as one. */
static void retry_later(struct dtls_redis *redis)
{
    uint8_t dice;

    if (dtls_system_random(NULL, &dice, 1) != DTLS_OK)
        dice = 128;
    ev_timer_set(&redis->retry, redis->pause_s * (0.75 + dice / 512.0), 0);
    ev_timer_start(redis->loop, &redis->retry);
    redis->pause_s = 2 * redis->pause_s < LONGEST_PAUSE_S ? 2 * redis->pause_s : LONGEST_PAUSE_S;
}

static void drop(struct dtls_redis *redis, const char *words)
{
    char text[REDIS_TEXT];

    give_up(redis, words);
    if (!redis->up) /* this one was no good */
        redis->address = (redis->address + 1) % redis->place.address_count;
    else if (dtls_redis_now_s() - redis->up_since_s >= LONGEST_PAUSE_S)
        redis->pause_s = FIRST_PAUSE_S;
    redis->up = false;
    ev_io_stop(redis->loop, &redis->io);
    ev_timer_stop(redis->loop, &redis->patience);
    if (redis->fd >= 0)
        close(redis->fd);
    redis->fd = -1;
    if (redis->reader != NULL)
        redisReaderFree(redis->reader);
    redis->reader = NULL;
    redis->out_len = 0;
    for (bool more = true; more;)
        more = dtls_redis_hear(redis, NULL);
    snprintf(text, sizeof text, "%s", redis->words);
    redis->words[0] = '\0';
    if (redis->ending)
        return;
    retry_later(redis);
    dtls_redis_tell(redis, text);
}

/* ---- bytes ---- */

static void watch(struct dtls_redis *redis)
{
    int wanted = EV_READ | (redis->out_len > 0 ? EV_WRITE : 0);

    if (ev_is_active(&redis->io) && redis->io.events == wanted)
        return;
    ev_io_stop(redis->loop, &redis->io);
    ev_io_set(&redis->io, redis->fd, wanted);
    ev_io_start(redis->loop, &redis->io);
}

bool dtls_redis_write(struct dtls_redis *redis, const char *command, size_t len)
{
    size_t room = redis->out_room == 0 ? FIRST_ROOM : redis->out_room;

    while (room < redis->out_len + len)
        room *= 2;
    if (room > redis->out_room) {
        char *larger = malloc(room); /* not realloc: the password may be in what it would give back */
        if (larger == NULL)
            return false;
        if (redis->out != NULL) {
            memcpy(larger, redis->out, redis->out_len);
            explicit_bzero(redis->out, redis->out_room);
        }
        free(redis->out);
        redis->out = larger;
        redis->out_room = room;
    }
    memcpy(redis->out + redis->out_len, command, len);
    redis->out_len += len;
    watch(redis); /* what is asked for in one turn of the loop leaves together */
    return true;
}

static bool is_patience(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static void write_out(struct dtls_redis *redis)
{
    ssize_t sent = send(redis->fd, redis->out, redis->out_len, MSG_NOSIGNAL);

    if (sent < 0 && !is_patience(errno))
        give_up(redis, strerror(errno));
    if (sent <= 0)
        return;
    redis->out_len -= (size_t)sent;
    memmove(redis->out, redis->out + sent, redis->out_len);
}

/* Nothing that we ask for is answered with a list, a map or the like. hiredis would take memory for as many things as
 * the server says there are, which may be thousands of millions, and look at each when it gives it back. */
static bool is_other_kind(const redisReader *reader)
{
    bool begins = reader->ridx == -1;

    return begins && memchr("+-:$", reader->buf[reader->pos], 4) == NULL;
}

/* Without bytes the reader is not asked: it would take that for the beginning of an answer. */
static void read_answers(struct dtls_redis *redis)
{
    redisReader *reader = redis->reader;
    void *reply = NULL;

    while (redis->words[0] == '\0' && reader->len > reader->pos) {
        if (is_other_kind(reader))
            give_up(redis, "an answer of a kind that was not asked for");
        else if (redisReaderGetReply(reader, &reply) != REDIS_OK)
            give_up(redis, reader->errstr);
        else if (reply == NULL)
            break;
        else if (!dtls_redis_hear(redis, reply))
            give_up(redis, "an answer that nobody has asked for");
        if (reply != NULL)
            freeReplyObject(reply);
        reply = NULL;
    }
    if (reader->len - reader->pos > MOST_UNREAD)
        give_up(redis, "an answer that is too long");
}

/* False when there was nothing to read, or will not be any more. */
static bool read_in(struct dtls_redis *redis)
{
    char bytes[CHUNK];
    ssize_t len = recv(redis->fd, bytes, sizeof bytes, 0);

    if (len == 0 || (len < 0 && !is_patience(errno)))
        give_up(redis, len == 0 ? "the server has closed the connection" : strerror(errno));
    if (len <= 0)
        return false;
    if (redisReaderFeed(redis->reader, bytes, (size_t)len) != REDIS_OK)
        give_up(redis, "no memory");
    read_answers(redis);
    return redis->words[0] == '\0';
}

static void on_io(struct ev_loop *loop, ev_io *io, int happened)
{
    struct dtls_redis *redis = io->data;

    (void)loop;
    if ((happened & EV_READ) != 0)
        read_in(redis);
    if ((happened & EV_WRITE) != 0 && redis->words[0] == '\0')
        write_out(redis);
    if (redis->words[0] != '\0')
        drop(redis, redis->words);
    else
        watch(redis);
}

/* ---- its beginning ---- */

/* The last answer of the greeting. */
static void greeted(struct dtls_redis_request *request, const redisReply *reply)
{
    struct dtls_redis *redis = request->redis;

    if (reply == NULL || redis->words[0] != '\0')
        return;
    if (reply->type != REDIS_REPLY_STATUS) {
        give_up(redis, reply->type == REDIS_REPLY_ERROR ? reply->str : "it answers PING with something else");
        return;
    }
    redis->up = true;
    redis->up_since_s = dtls_redis_now_s();
    redis->stats.connects++;
    redis->complained = false;
    dtls_redis_tell(redis, "connected");
    if (redis->shared != NULL)
        dtls_redis_fetch_keys(redis);
}

static void let_in(struct dtls_redis_request *request, const redisReply *reply)
{
    if (reply != NULL && reply->type != REDIS_REPLY_STATUS)
        give_up(request->redis, reply->type == REDIS_REPLY_ERROR ? reply->str : "it does not say whether we may enter");
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

/* Whether it comes to be is seen when the greeting leaves, or does not. */
static void connect_now(struct dtls_redis *redis)
{
    const struct dtls_redis_address *address = &redis->place.addresses[redis->address];
    int at_once = 1;

    redis->fd = socket(address->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    redis->reader = redisReaderCreate();
    if (redis->fd < 0 || redis->reader == NULL ||
        (connect(redis->fd, (const struct sockaddr *)&address->at, address->len) != 0 && errno != EINPROGRESS)) {
        drop(redis, redis->reader == NULL ? "no memory" : strerror(errno));
        return;
    }
    setsockopt(redis->fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    if (!greet(redis))
        drop(redis, "no memory");
}

static void on_retry(struct ev_loop *loop, ev_timer *timer, int happened)
{
    (void)loop;
    (void)happened;
    connect_now(timer->data);
}

static double left_of_patience_s(const struct dtls_redis *redis)
{
    return redis->first->sent_s + redis->settings.timeout_ms / 1000.0 - dtls_redis_now_s();
}

/* Has the oldest request waited for too long? Not if the answers are here, and it was this program that had no time. */
static void on_patience(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct dtls_redis *redis = timer->data;

    (void)happened;
    for (int i = 0; i < MOST_CHUNKS && redis->first != NULL && left_of_patience_s(redis) <= 0; i++)
        if (!read_in(redis))
            break;
    if (redis->words[0] != '\0') {
        drop(redis, redis->words);
    } else if (redis->first != NULL && left_of_patience_s(redis) <= 0) {
        redis->stats.timeouts++;
        drop(redis, "no answer in time");
    } else if (redis->first != NULL) {
        ev_timer_set(timer, left_of_patience_s(redis), 0);
        ev_timer_start(loop, timer);
    }
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

/* What the settings say, or what holds when they say nothing. */
static int set_up(struct dtls_redis *redis, const struct dtls_redis_settings *settings)
{
    const char *prefix = settings->prefix != NULL ? settings->prefix : "dtls:";

    if (strlen(prefix) > REDIS_PREFIX || !dtls_redis_read_url(settings->url, &redis->place))
        return DTLS_ERR_ARGUMENT;
    redis->settings = *settings;
    if (redis->settings.timeout_ms == 0)
        redis->settings.timeout_ms = TIMEOUT_MS;
    if (redis->settings.most_waiting == 0)
        redis->settings.most_waiting = MOST_WAITING;
    memcpy(redis->prefix, prefix, strlen(prefix) + 1);
    return dtls_redis_resolve(&redis->place) ? DTLS_OK : DTLS_REDIS_ERR_HOST;
}

int dtls_redis_new(struct ev_loop *loop, const struct dtls_redis_settings *settings, struct dtls_redis **out)
{
    struct dtls_redis *redis = calloc(1, sizeof *redis);

    *out = NULL;
    if (redis == NULL)
        return DTLS_ERR_NO_MEMORY;
    int err = set_up(redis, settings);
    if (err != DTLS_OK) {
        explicit_bzero(redis, sizeof *redis); /* a password is in it */
        free(redis);
        return err;
    }
    redis->loop = loop;
    redis->fd = -1;
    redis->pause_s = FIRST_PAUSE_S;
    redis->end = &redis->first;
    ev_init(&redis->io, on_io);
    ev_timer_init(&redis->retry, on_retry, 0, 0);
    ev_init(&redis->patience, on_patience);
    ev_prepare_init(&redis->news, on_news);
    redis->io.data = redis->retry.data = redis->patience.data = redis->news.data = redis;
    dtls_redis_open_door(redis);
    ev_timer_start(loop, &redis->retry); /* as soon as the loop runs: whoever is told something has *out then */
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
    ev_prepare_stop(redis->loop, &redis->news);
    if (redis->out != NULL)
        explicit_bzero(redis->out, redis->out_room);
    free(redis->out);
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
