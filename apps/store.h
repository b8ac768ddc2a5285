/* store.h - the session store of one worker of dtls-server, in Redis (libdtls-redis), and the ticket keys that come
 * through it. store_none.c stands in where the program is built without. */
#ifndef APPS_STORE_H
#define APPS_STORE_H

#include <ev.h>

#include "apps/report.h"
#include "apps/settings.h"

struct store;

/* Refuses (exit 2) --session-store where there is no libdtls-redis, and a URL that is none. */
void store_check(const struct settings *settings);

/*
 * NULL without --session-store. `by` is --ticket-keys' set; the worker may replace its contents. `rotates`: is this the
 * worker that makes the keys, with --rotate-ticket-keys? What becomes of the store is reported. `answered` is called
 * when something that a handshake waits for is there. Refuses what cannot work.
 */
struct store *store_new(const struct settings *settings, struct ev_loop *loop, const struct report *report,
                        const struct dtls_ticket_keys *by, bool rotates, void (*answered)(void *arg), void *arg);
void store_free(struct store *store);

const struct dtls_store *store_door(const struct store *store);

/* With --share-ticket-keys; empty until some have come. */
const struct dtls_ticket_keys *store_ticket_keys(const struct store *store);

#endif
