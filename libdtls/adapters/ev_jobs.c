/* ev_jobs.c - a few threads that do the public-key work of a loop's associations (contract R17).
 *
 * A job is in one of three places: it waits in `waiting`, one of the threads has it, or it waits in `done` for the
 * loop. The lock is for those two queues; what else a job has (whose it is) belongs to the loop's thread alone. So an
 * association that dies has nothing to wait for: it strikes itself out. */
#define _POSIX_C_SOURCE 200809L /* pthread_sigmask */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "adapters/ev_internal.h"

enum { MOST_THREADS = 64 };

struct dtls_ev_pooled {
    struct dtls_ev_conn *conn;        /* NULL: gone, or it does not want this any more */
    const struct dtls_config *config; /* of the association that it is from */
    struct dtls_ev_jobs *jobs;
    struct dtls_job *job;
    struct dtls_ev_pooled *next;            /* in its queue */
    struct dtls_ev_pooled *older, *younger; /* among all that are out */
};

/* First in, first out. All zeroes is an empty one. */
struct queue {
    struct dtls_ev_pooled *first, *last;
};

struct dtls_ev_jobs {
    struct ev_loop *loop;
    ev_async finished; /* a thread says that `done` has something */
    struct dtls_ev_pooled *youngest;
    bool giving_back; /* a callback may run: what dies in it is freed behind it */
    bool dead;        /* freed, but for the memory */

    pthread_mutex_t lock;
    pthread_cond_t work; /* something waits, or all is over */
    struct queue waiting, done;
    bool over;

    size_t count;
    pthread_t threads[];
};

/* ---- queues, with the lock held ---- */

static void put(struct queue *queue, struct dtls_ev_pooled *pooled)
{
    pooled->next = NULL;
    if (queue->last != NULL)
        queue->last->next = pooled;
    else
        queue->first = pooled;
    queue->last = pooled;
}

static struct dtls_ev_pooled *get(struct queue *queue)
{
    struct dtls_ev_pooled *pooled = queue->first;

    if (pooled == NULL)
        return NULL;
    queue->first = pooled->next;
    if (queue->first == NULL)
        queue->last = NULL;
    return pooled;
}

/* False when it is not in there. */
static bool pull(struct queue *queue, const struct dtls_ev_pooled *pooled)
{
    struct queue rest = { 0 };
    struct dtls_ev_pooled *each;
    bool found = false;

    while ((each = get(queue)) != NULL) {
        if (each == pooled)
            found = true;
        else
            put(&rest, each);
    }
    *queue = rest;
    return found;
}

/* ---- in a thread ---- */

static void *work(void *arg)
{
    struct dtls_ev_jobs *jobs = arg;
    struct dtls_ev_pooled *pooled;

    pthread_mutex_lock(&jobs->lock);
    while (!jobs->over) {
        pooled = get(&jobs->waiting);
        if (pooled == NULL) {
            pthread_cond_wait(&jobs->work, &jobs->lock);
            continue;
        }
        pthread_mutex_unlock(&jobs->lock);
        dtls_job_run(pooled->job);
        pthread_mutex_lock(&jobs->lock);
        put(&jobs->done, pooled);
        ev_async_send(jobs->loop, &jobs->finished);
    }
    pthread_mutex_unlock(&jobs->lock);
    return NULL;
}

/* ---- on the loop's thread ---- */

/* Takes it off all lists but the queues. */
static void strike(struct dtls_ev_pooled *pooled)
{
    if (pooled->conn != NULL)
        pooled->conn->pooled = NULL;
    if (pooled->younger != NULL)
        pooled->younger->older = pooled->older;
    else
        pooled->jobs->youngest = pooled->older;
    if (pooled->older != NULL)
        pooled->older->younger = pooled->younger;
}

static void drop(struct dtls_ev_pooled *pooled)
{
    strike(pooled);
    dtls_job_free(pooled->job);
    free(pooled);
}

static void give_back(struct dtls_ev_pooled *pooled)
{
    struct dtls_ev_conn *conn = pooled->conn;
    struct dtls_job *job = pooled->job;

    if (conn == NULL) {
        drop(pooled);
        return;
    }
    strike(pooled);
    free(pooled);
    dtls_ev_finish_job(conn, job);
}

static struct dtls_ev_pooled *next_done(struct dtls_ev_jobs *jobs)
{
    pthread_mutex_lock(&jobs->lock);
    struct dtls_ev_pooled *pooled = get(&jobs->done);
    pthread_mutex_unlock(&jobs->lock);
    return pooled;
}

static void on_finished(struct ev_loop *loop, ev_async *finished, int happened)
{
    struct dtls_ev_jobs *jobs = finished->data;
    struct dtls_ev_pooled *pooled = NULL;

    (void)happened;
    jobs->giving_back = true;
    for (int i = 0; i < DTLS_EV_BURST && !jobs->dead; i++) {
        pooled = next_done(jobs);
        if (pooled == NULL)
            break;
        give_back(pooled);
    }
    jobs->giving_back = false;
    if (jobs->dead)
        free(jobs);
    else if (pooled != NULL) /* there may be more, when others have had their turn */
        ev_async_send(loop, finished);
}

/* The threads get no signals, but for those that mean a fault of their own. */
static int start_threads(struct dtls_ev_jobs *jobs, unsigned threads)
{
    sigset_t none, before;
    int error = 0;

    sigfillset(&none);
    sigdelset(&none, SIGSEGV);
    sigdelset(&none, SIGBUS);
    sigdelset(&none, SIGFPE);
    sigdelset(&none, SIGILL);
    pthread_sigmask(SIG_SETMASK, &none, &before);
    while (error == 0 && jobs->count < threads) {
        error = pthread_create(&jobs->threads[jobs->count], NULL, work, jobs);
        jobs->count += error == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* Until the last thread has ended. */
static void end_threads(struct dtls_ev_jobs *jobs)
{
    pthread_mutex_lock(&jobs->lock);
    jobs->over = true;
    pthread_cond_broadcast(&jobs->work);
    pthread_mutex_unlock(&jobs->lock);
    for (size_t i = 0; i < jobs->count; i++)
        pthread_join(jobs->threads[i], NULL);
    pthread_cond_destroy(&jobs->work);
    pthread_mutex_destroy(&jobs->lock);
}

int dtls_ev_jobs_new(struct ev_loop *loop, unsigned threads, struct dtls_ev_jobs **out)
{
    *out = NULL;
    if (threads < 1 || threads > MOST_THREADS)
        return DTLS_ERR_ARGUMENT;
    struct dtls_ev_jobs *jobs = calloc(1, sizeof *jobs + threads * sizeof jobs->threads[0]);
    if (jobs == NULL)
        return DTLS_ERR_NO_MEMORY;
    jobs->loop = loop;
    pthread_mutex_init(&jobs->lock, NULL);
    pthread_cond_init(&jobs->work, NULL);
    ev_async_init(&jobs->finished, on_finished);
    jobs->finished.data = jobs;
    int error = start_threads(jobs, threads);
    if (error != 0) {
        end_threads(jobs);
        free(jobs);
        errno = error;
        return DTLS_EV_ERR_SYSTEM;
    }
    ev_async_start(loop, &jobs->finished);
    ev_unref(loop); /* it is the associations that keep a loop running */
    *out = jobs;
    return DTLS_OK;
}

int dtls_ev_jobs_run(struct dtls_ev_jobs *jobs, struct dtls_ev_conn *conn)
{
    if (conn->socket->loop != jobs->loop)
        return DTLS_ERR_ARGUMENT;
    struct dtls_job *job = dtls_ev_take_job(conn);
    if (job == NULL)
        return DTLS_ERR_ARGUMENT;
    dtls_ev_jobs_forget(conn); /* it was an attempt's that has given way to this one */
    struct dtls_ev_pooled *pooled = calloc(1, sizeof *pooled);
    if (pooled == NULL) {
        dtls_ev_finish_job(conn, job);
        return DTLS_OK;
    }
    *pooled =
        (struct dtls_ev_pooled){ .conn = conn, .config = dtls_conn_config(conn->engine), .jobs = jobs, .job = job };
    conn->pooled = pooled;
    pooled->older = jobs->youngest;
    if (pooled->older != NULL)
        pooled->older->younger = pooled;
    jobs->youngest = pooled;
    pthread_mutex_lock(&jobs->lock);
    put(&jobs->waiting, pooled);
    pthread_cond_signal(&jobs->work);
    pthread_mutex_unlock(&jobs->lock);
    return DTLS_OK;
}

void dtls_ev_jobs_forget(struct dtls_ev_conn *conn)
{
    struct dtls_ev_pooled *pooled = conn->pooled;

    if (pooled == NULL)
        return;
    conn->pooled = NULL;
    pooled->conn = NULL;
    struct dtls_ev_jobs *jobs = pooled->jobs;
    pthread_mutex_lock(&jobs->lock);
    bool waited = pull(&jobs->waiting, pooled);
    pthread_mutex_unlock(&jobs->lock);
    if (waited)
        drop(pooled);
}

bool dtls_ev_jobs_has_config(const struct dtls_ev_jobs *jobs, const struct dtls_config *config)
{
    const struct dtls_ev_pooled *pooled = jobs->youngest;

    while (pooled != NULL && pooled->config != config)
        pooled = pooled->older;
    return pooled != NULL;
}

void dtls_ev_jobs_free(struct dtls_ev_jobs *jobs)
{
    if (jobs == NULL || jobs->dead)
        return;
    end_threads(jobs);
    ev_ref(jobs->loop);
    ev_async_stop(jobs->loop, &jobs->finished);
    for (struct dtls_ev_pooled *pooled = jobs->youngest, *older; pooled != NULL; pooled = older) {
        older = pooled->older;
        drop(pooled);
    }
    jobs->dead = true;
    if (!jobs->giving_back)
        free(jobs);
}
