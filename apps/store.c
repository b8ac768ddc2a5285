/* store.c - a worker's session store in Redis. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "apps/store.h"

#include <stdlib.h>
#include <string.h>

#include "apps/complain.h"
#include "dtls/redis.h"

struct store {
    const struct report *report;
    struct dtls_redis *redis;
    struct dtls_ticket_keys keys; /* that come through it */
    void (*answered)(void *arg);
    void *arg;
};

void store_check(const struct settings *settings)
{
    (void)settings; /* the URL is judged when it is used */
}

static void on_answers(void *arg)
{
    const struct store *store = arg;

    store->answered(store->arg);
}

static void on_change(void *arg, bool up, const char *words)
{
    const struct store *store = arg;

    report_store(store->report, up, words);
}

struct store *store_new(const struct settings *settings, struct ev_loop *loop, const struct report *report,
                        const struct dtls_ticket_keys *by, bool rotates, void (*answered)(void *arg), void *arg)
{
    if (settings->session_store == NULL)
        return NULL;
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        refuse("%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    *store = (struct store){ .report = report, .answered = answered, .arg = arg };
    const struct dtls_redis_settings redis = {
        .url = settings->session_store, .answered = on_answers, .changed = on_change, .arg = store
    };
    int error = dtls_redis_new(loop, &redis, &store->redis);
    if (error == DTLS_REDIS_ERR_HOST)
        refuse("--session-store: the host is not found");
    if (error == DTLS_ERR_ARGUMENT) /* there may be a password in it */
        refuse("--session-store is not redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE] or redis+unix:PATH");
    if (error == DTLS_OK && settings->share_ticket_keys)
        error = dtls_redis_share_keys(store->redis, &store->keys, by, rotates ? settings->rotate_ticket_keys_s : 0,
                                      settings->ticket_lifetime_s);
    if (error != DTLS_OK)
        refuse("--session-store: %s", dtls_error_string(error));
    return store;
}

void store_free(struct store *store)
{
    if (store == NULL)
        return;
    dtls_redis_free(store->redis);
    explicit_bzero(store, sizeof *store); /* ticket keys */
    free(store);
}

const struct dtls_store *store_door(const struct store *store)
{
    return dtls_redis_store(store->redis);
}

const struct dtls_ticket_keys *store_ticket_keys(const struct store *store)
{
    return &store->keys;
}
