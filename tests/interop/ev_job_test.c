/* ev_job_test.c - libdtls-ev with public-key work on threads (contract R17): a loop whose workers wake it with
 * ev_async. */
#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "dtls/ev.h"
#include "tests/tap.h"

static const double MOST_S = 5;

enum { JOBS = 16 };

struct work {
    struct place *place;
    struct dtls_ev_conn *conn;
    struct dtls_job *job;
    pthread_t thread;
    ev_async done;
};

/* A loop with both ends; each job gets a thread of its own. */
struct place {
    struct ev_loop *loop;
    struct dtls_config config[2];
    struct dtls_ev_server *server;
    struct dtls_ev_conn *client;
    struct work works[JOBS];
    size_t jobs, renewed, opened;
    bool leave_early; /* the client is freed while its first job is out */
    unsigned failed;
};

static void *run(void *arg)
{
    struct work *work = arg;

    dtls_job_run(work->job);
    ev_async_send(work->place->loop, &work->done);
    return NULL;
}

static void on_done(struct ev_loop *loop, ev_async *done, int happened)
{
    struct work *work = done->data;

    (void)happened;
    pthread_join(work->thread, NULL);
    ev_async_stop(loop, done);
    if (work->place->leave_early && work->place->client == NULL)
        dtls_job_free(work->job);
    else
        CU_ASSERT_EQUAL(dtls_ev_finish_job(work->conn, work->job), DTLS_OK);
    work->job = NULL;
    if (work->place->leave_early)
        ev_break(loop, EVBREAK_ALL);
}

static void take(struct place *place, struct dtls_ev_conn *conn)
{
    struct work *work = &place->works[place->jobs++];

    CU_ASSERT_TRUE_FATAL(place->jobs < JOBS);
    *work = (struct work){ .place = place, .conn = conn, .job = dtls_ev_take_job(conn) };
    CU_ASSERT_PTR_NOT_NULL_FATAL(work->job);
    ev_async_init(&work->done, on_done);
    work->done.data = work;
    ev_async_start(place->loop, &work->done);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&work->thread, NULL, run, work), 0);
}

static void on_event(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct place *place = arg;

    if (event->type == DTLS_EVENT_JOB) {
        take(place, conn);
        if (place->leave_early && conn == place->client) {
            dtls_ev_free(conn);
            place->client = NULL;
        }
    } else if (event->type == DTLS_EVENT_FAILED) {
        place->failed++;
    } else if (event->type == DTLS_EVENT_OPEN && conn == place->client) {
        place->opened++;
        CU_ASSERT_EQUAL(dtls_ev_rehandshake(conn, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    } else if (event->type == DTLS_EVENT_REHANDSHAKE_DONE && ++place->renewed == 2) {
        ev_break(place->loop, EVBREAK_ALL);
    }
}

static void on_end(struct ev_loop *loop, ev_timer *timer, int happened)
{
    (void)timer;
    (void)happened;
    ev_break(loop, EVBREAK_ALL);
}

static void run_place(struct place *place, struct dtls_identity *identity)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t len = sizeof at;
    ev_timer end;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    place->loop = ev_loop_new(EVFLAG_AUTO);
    for (int i = 0; i < 2; i++) {
        dtls_config_init(&place->config[i]);
        place->config[i].identity = identity;
        place->config[i].verifier = dtls_verifier_accept();
    }
    place->config[0].public_key_jobs = true;
    place->config[1].public_key_jobs = !place->leave_early;
    CU_ASSERT_EQUAL_FATAL(dtls_ev_listen(place->loop, &place->config[1], (struct sockaddr *)&at, sizeof at, NULL,
                                         on_event, place, &place->server),
                          DTLS_OK);
    dtls_ev_server_address(place->server, (struct sockaddr *)&at, &len);
    CU_ASSERT_EQUAL_FATAL(dtls_ev_connect(place->loop, &place->config[0], (struct sockaddr *)&at, len, NULL, on_event,
                                          place, &place->client),
                          DTLS_OK);
    ev_timer_init(&end, on_end, MOST_S, 0);
    ev_timer_start(place->loop, &end);
    ev_run(place->loop, 0);
    for (size_t i = 0; i < place->jobs; i++)
        CU_ASSERT_PTR_NULL(place->works[i].job);
    ev_timer_stop(place->loop, &end);
    dtls_ev_free(place->client);
    dtls_ev_server_free(place->server);
    ev_loop_destroy(place->loop);
}

static struct dtls_identity *make_identity(void)
{
    struct dtls_identity *identity;
    int64_t now = (int64_t)time(NULL);

    CU_ASSERT_EQUAL_FATAL(
        dtls_identity_generate(DTLS_KEY_ECDSA_P256, "jobs", now - 60, now + 3600, NULL, NULL, &identity), DTLS_OK);
    return identity;
}

static void threads_do_the_work_of_a_loop(void)
{
    static struct place place;
    struct dtls_identity *identity = make_identity();

    run_place(&place, identity);
    CU_ASSERT_EQUAL(place.opened, 1);
    CU_ASSERT_EQUAL(place.renewed, 2);
    CU_ASSERT_EQUAL(place.jobs, 6); /* one of a client, two of a server, twice */
    CU_ASSERT_EQUAL(place.failed, 0);
    dtls_identity_free(identity);
}

static void a_connection_may_be_freed_while_its_job_is_out(void)
{
    static struct place place = { .leave_early = true };
    struct dtls_identity *identity = make_identity();

    run_place(&place, identity);
    CU_ASSERT_EQUAL(place.jobs, 1);
    CU_ASSERT_EQUAL(place.opened, 0);
    dtls_identity_free(identity);
}

static CU_TestInfo tests[] = {
    { "threads do the public-key work of a loop (R17)", threads_do_the_work_of_a_loop },
    { "a connection may be freed while its job is out (R17)", a_connection_may_be_freed_while_its_job_is_out },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "ev jobs", tests);
}
