/* worker.c - one event loop of dtls-server with its associations. */
#define _DEFAULT_SOURCE         /* explicit_bzero */
#define _POSIX_C_SOURCE 200809L /* pthread_sigmask */
#include "apps/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "apps/complain.h"
#include "apps/renew.h"

enum { CACHED_SESSIONS = 1024 };

/* How long after a reload we look whether the old certificate is still in use; then after twice as long, and so on: it
 * is a look at every association. */
static const double FIRST_SWEEP_S = 0.5, LAST_SWEEP_S = 16;

/* ---- associations ---- */

static void begin_association(struct worker *worker, struct dtls_ev_conn *conn)
{
    struct renew *renew = malloc(sizeof *renew);

    if (renew == NULL)
        return;
    renew_start(renew, worker->loop, conn, worker->settings, &worker->report);
    dtls_ev_set_data(conn, renew);
}

static void end_association(struct worker *worker, const struct dtls_ev_conn *conn)
{
    struct renew *renew = dtls_ev_data(conn);

    if (renew == NULL)
        return;
    report_end(&worker->report, conn, NULL);
    renew_stop(renew);
    free(renew);
}

static void echo(const struct worker *worker, struct dtls_ev_conn *conn, struct dtls_bytes data)
{
    int error = dtls_ev_send(conn, data.at, data.len, NULL);

    if (error != DTLS_OK && worker->settings->verbose)
        complain("a record of %zu bytes was not echoed: %s", data.len, dtls_error_string(error));
}

static void on_event(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct worker *worker = arg;

    if (event->type == DTLS_EVENT_DATA) {
        echo(worker, conn, event->data);
        return;
    }
    if (event->type == DTLS_EVENT_JOB) {
        dtls_ev_jobs_run(worker->jobs, conn);
        return;
    }
    report_event(&worker->report, conn, event, NULL);
    if (event->type == DTLS_EVENT_OPEN)
        begin_association(worker, conn);
    else if (event->type == DTLS_EVENT_CLOSED || event->type == DTLS_EVENT_FAILED)
        end_association(worker, conn);
}

/* ---- leases ---- */

struct lease *worker_lease(const struct worker *worker, const struct dtls_config *config,
                           struct credentials *credentials, const struct dtls_ticket_keys *keys)
{
    struct lease *lease = malloc(sizeof *lease);

    if (lease == NULL)
        return NULL;
    credentials_hold(credentials);
    *lease = (struct lease){ .config = *config, .credentials = credentials, .keys = *keys };
    lease->config.identity = credentials->identity;
    lease->config.store = worker->store != NULL ? store_door(worker->store) : dtls_session_cache_store(worker->cache);
    lease->config.store_keys = &lease->keys;
    if (worker->settings->share_ticket_keys)
        lease->config.ticket_keys = store_ticket_keys(worker->store);
    else if (!worker->settings->no_tickets)
        lease->config.ticket_keys = &lease->keys;
    return lease;
}

bool lease_free(struct lease *lease)
{
    if (lease == NULL)
        return false;
    bool last = credentials_release(lease->credentials);
    explicit_bzero(&lease->keys, sizeof lease->keys);
    free(lease);
    return last;
}

static bool is_used(const struct worker *worker, const struct lease *lease)
{
    return dtls_ev_server_has_config(worker->server, &lease->config) ||
           (worker->jobs != NULL && dtls_ev_jobs_has_config(worker->jobs, &lease->config));
}

static void retire(const struct worker *worker, struct lease *lease)
{
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN];

    memcpy(fingerprint, lease->credentials->fingerprint, sizeof fingerprint);
    if (lease_free(lease))
        report_credentials(&worker->report, "retired", fingerprint);
}

static void sweep_after(struct worker *worker, double seconds)
{
    worker->sweep.repeat = seconds;
    ev_timer_again(worker->loop, &worker->sweep);
}

static void on_sweep(struct ev_loop *loop, ev_timer *sweep, int happened)
{
    struct worker *worker = sweep->data;
    struct lease **link = &worker->leases->older;

    (void)happened;
    while (*link != NULL) {
        struct lease *lease = *link;
        if (is_used(worker, lease)) {
            link = &lease->older;
            continue;
        }
        *link = lease->older;
        retire(worker, lease);
    }
    ev_timer_stop(loop, sweep);
    if (worker->leases->older != NULL)
        sweep_after(worker, sweep->repeat < LAST_SWEEP_S ? 2 * sweep->repeat : LAST_SWEEP_S);
}

static void take_lease(struct worker *worker, struct lease *lease)
{
    lease->older = worker->leases;
    worker->leases = lease;
    worker->keys = lease->keys;
    dtls_ev_server_set_config(worker->server, &lease->config); /* who made the lease has asked dtls_config_problem */
    sweep_after(worker, FIRST_SWEEP_S);
    if (credentials_taken(lease->credentials))
        report_credentials(&worker->report, "reloaded", lease->credentials->fingerprint);
}

/* ---- its life ---- */

static void close_one(void *arg, struct dtls_ev_conn *conn)
{
    (void)arg;
    dtls_ev_close(conn);
}

static void on_wake(struct ev_loop *loop, ev_async *wake, int happened)
{
    struct worker *worker = wake->data;
    struct lease *lease = atomic_exchange(&worker->brought, NULL);

    (void)happened;
    if (lease != NULL)
        take_lease(worker, lease);
    if (!atomic_load(&worker->ending))
        return;
    dtls_ev_server_each(worker->server, close_one, NULL);
    ev_break(loop, EVBREAK_ALL);
}

static void on_store(void *arg)
{
    struct worker *worker = arg;

    dtls_ev_server_go_on(worker->server);
}

void worker_init(struct worker *worker, unsigned index, const struct settings *settings, const struct report *report,
                 const struct dtls_ticket_keys *keys)
{
    worker->settings = settings;
    worker->report = *report;
    worker->report.worker = settings->workers > 1 ? index + 1 : 0;
    worker->loop = index == 0 ? EV_DEFAULT : ev_loop_new(EVFLAG_AUTO);
    if (worker->loop == NULL)
        refuse("no event loop");
    worker->keys = *keys;
    worker->store = store_new(settings, worker->loop, &worker->report, &worker->keys,
                              index == 0 && settings->rotate_ticket_keys_s > 0, on_store, worker);
    if (worker->store == NULL && !settings->no_cache &&
        (worker->cache = dtls_session_cache_new(CACHED_SESSIONS)) == NULL)
        refuse("%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    if (settings->job_threads > 0 && dtls_ev_jobs_new(worker->loop, settings->job_threads, &worker->jobs) != DTLS_OK)
        refuse("no threads for jobs");
    ev_async_init(&worker->wake, on_wake);
    worker->wake.data = worker;
    ev_async_start(worker->loop, &worker->wake);
    ev_init(&worker->sweep, on_sweep);
    worker->sweep.data = worker;
}

int worker_listen(struct worker *worker, struct lease *lease, const struct address *address, size_t most, bool share)
{
    struct dtls_ev_server_settings settings = { .limits.most = most, .share_port = share };

    worker->leases = lease;
    return dtls_ev_listen(worker->loop, &lease->config, (const struct sockaddr *)&address->of, address->len, &settings,
                          on_event, worker, &worker->server);
}

void worker_run(struct worker *worker)
{
    ev_run(worker->loop, 0);
}

static void *run_thread(void *arg)
{
    worker_run(arg);
    return NULL;
}

int worker_start(struct worker *worker)
{
    sigset_t most, before;

    sigfillset(&most);
    sigdelset(&most, SIGSEGV);
    sigdelset(&most, SIGBUS);
    sigdelset(&most, SIGFPE);
    sigdelset(&most, SIGILL);
    pthread_sigmask(SIG_SETMASK, &most, &before);
    int error = pthread_create(&worker->thread, NULL, run_thread, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

void worker_join(struct worker *worker)
{
    pthread_join(worker->thread, NULL);
}

void worker_bring(struct worker *worker, struct lease *lease)
{
    struct lease *overtaken = atomic_exchange(&worker->brought, lease);

    ev_async_send(worker->loop, &worker->wake);
    if (overtaken == NULL)
        return;
    credentials_taken(overtaken->credentials);
    lease_free(overtaken);
}

void worker_end(struct worker *worker)
{
    atomic_store(&worker->ending, true);
    ev_async_send(worker->loop, &worker->wake);
}

void worker_release(struct worker *worker)
{
    dtls_ev_server_free(worker->server);
    dtls_ev_jobs_free(worker->jobs);
    ev_async_stop(worker->loop, &worker->wake);
    ev_timer_stop(worker->loop, &worker->sweep);
    lease_free(atomic_exchange(&worker->brought, NULL));
    while (worker->leases != NULL) {
        struct lease *lease = worker->leases;
        worker->leases = lease->older;
        lease_free(lease);
    }
    dtls_session_cache_free(worker->cache);
    store_free(worker->store);
    if (!ev_is_default_loop(worker->loop))
        ev_loop_destroy(worker->loop);
}
