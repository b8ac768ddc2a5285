/* store_none.c - dtls-server without libdtls-redis. */
#include "apps/complain.h"
#include "apps/store.h"

void store_check(const struct settings *settings)
{
    if (settings->session_store != NULL)
        refuse("--session-store: this program was built without libdtls-redis (meson option redis, which needs "
               "hiredis)");
}

struct store *store_new(const struct settings *settings, struct ev_loop *loop, const struct report *report,
                        const struct dtls_ticket_keys *by, bool rotates, void (*answered)(void *arg), void *arg)
{
    (void)settings;
    (void)loop;
    (void)report;
    (void)by;
    (void)rotates;
    (void)answered;
    (void)arg;
    return NULL;
}

void store_free(struct store *store)
{
    (void)store;
}

const struct dtls_store *store_door(const struct store *store)
{
    (void)store;
    return NULL;
}

const struct dtls_ticket_keys *store_ticket_keys(const struct store *store)
{
    (void)store;
    return NULL;
}
