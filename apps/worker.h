/* worker.h - one event loop of dtls-server with its associations: it echoes. The first one runs where the program
 * began, the others on threads of their own; they share what is read-only. */
#ifndef APPS_WORKER_H
#define APPS_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "apps/credentials.h"
#include "apps/report.h"
#include "apps/settings.h"
#include "apps/store.h"

/* A configuration with the credentials in it, for as long as an association of this worker uses them. */
struct lease {
    struct dtls_config config;
    struct credentials *credentials;
    struct dtls_ticket_keys keys; /* a copy: of tickets, and of what goes into the store */
    struct lease *older;
};

struct worker {
    const struct settings *settings;
    struct report report;
    struct ev_loop *loop;
    struct dtls_session_cache *cache; /* its own; NULL: none */
    struct store *store;              /* instead of that; NULL: none */
    struct dtls_ticket_keys keys;     /* the newest lease's */
    struct dtls_ev_server *server;
    struct dtls_ev_jobs *jobs; /* NULL: it does public-key work itself */
    struct lease *leases;      /* the newest is for new associations */
    ev_timer sweep;            /* runs while there are older ones */
    pthread_t thread;

    ev_async wake; /* one of these has changed */
    _Atomic(struct lease *) brought;
    atomic_bool ending;
};

/* Makes its loop (the default one for the first), its session cache or store, and its threads for jobs. `report` and
 * `keys` are copied. Refuses (exit 2) what the system does not give. */
void worker_init(struct worker *worker, unsigned index, const struct settings *settings, const struct report *report,
                 const struct dtls_ticket_keys *keys);

/* A lease of `config`, with this worker's cache or store, these credentials, held, and these keys. NULL without memory.
 */
struct lease *worker_lease(const struct worker *worker, const struct dtls_config *config,
                           struct credentials *credentials, const struct dtls_ticket_keys *keys);

/* NULL is allowed. Were they the last that had these credentials? */
bool lease_free(struct lease *lease);

/* Listens; the lease is the worker's from then on. As dtls_ev_listen; in the thread that _init was called in. */
int worker_listen(struct worker *worker, struct lease *lease, const struct address *address, size_t most, bool share);

/* Runs until worker_end: _run here and now, _start on a thread of its own, without signals (0, or an errno), which
 * worker_join waits for. Every association is closed then. */
void worker_run(struct worker *worker);
int worker_start(struct worker *worker);
void worker_join(struct worker *worker);

/* From any thread: new associations get this lease; or, it has to end. */
void worker_bring(struct worker *worker, struct lease *lease);
void worker_end(struct worker *worker);

/* Frees all but the memory of `worker`, which does not run any more. */
void worker_release(struct worker *worker);

#endif
