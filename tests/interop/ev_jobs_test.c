/* ev_jobs_test.c - the pool of threads for public-key work (contract R17): what it holds up, and what it outlives.
 * A gate in the configuration's randomness keeps jobs in their threads for as long as a test wants. */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtls/ev.h"
#include "tests/tap.h"

static const double MOST_S = 30; /* of a scene that does not go on by itself */

enum { CLIENTS = 5, ECHOES = 50 };

/* Randomness that lets a thread of the pool pass only when it is open; the loop's own thread always. */
struct gate {
    pthread_t loop_thread;
    struct ev_loop *loop;
    ev_async arrived;
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool open;
    unsigned inside;  /* threads that wait in it */
    unsigned passed;  /* times that a thread of the pool has drawn */
    bool interrupted; /* one of them could have got a signal */
};

struct scene {
    struct ev_loop *loop;
    struct gate gate;
    struct dtls_identity *identity;
    struct dtls_config client_config, server_config;
    struct dtls_ev_jobs *jobs, *foreign; /* of another loop; NULL: none */
    struct dtls_ev_server *server;
    struct dtls_ev_conn *clients[CLIENTS]; /* NULL: none, or freed */
    size_t blocks;                         /* of memory that the server's side has */
    size_t own_blocks;                     /* those of the server itself */
    unsigned opened, echoes, served, failed;
    unsigned refused;    /* jobs that the pool did not take */
    bool free_when_open; /* the pool, in the server's callback */
    bool (*done)(const struct scene *scene);
    ev_timer end;
};

/* ---- the gate ---- */

static int pass(void *arg, uint8_t *out, size_t len)
{
    struct gate *gate = arg;
    sigset_t blocked;

    if (pthread_equal(pthread_self(), gate->loop_thread))
        return dtls_system_random(NULL, out, len);
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    pthread_mutex_lock(&gate->lock);
    gate->interrupted |= !sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGHUP);
    gate->inside++;
    ev_async_send(gate->loop, &gate->arrived);
    while (!gate->open)
        pthread_cond_wait(&gate->opened, &gate->lock);
    gate->inside--;
    gate->passed++;
    pthread_mutex_unlock(&gate->lock);
    return dtls_system_random(NULL, out, len);
}

static void set_gate(struct gate *gate, bool open)
{
    pthread_mutex_lock(&gate->lock);
    gate->open = open;
    pthread_cond_broadcast(&gate->opened);
    pthread_mutex_unlock(&gate->lock);
}

static unsigned inside(const struct scene *scene)
{
    struct gate *gate = (struct gate *)&scene->gate;

    pthread_mutex_lock(&gate->lock);
    unsigned count = gate->inside;
    pthread_mutex_unlock(&gate->lock);
    return count;
}

static void *open_gate(void *gate)
{
    set_gate(gate, true);
    return NULL;
}

/* ---- the scene ---- */

static void *take_block(void *arg, size_t len)
{
    struct scene *scene = arg;

    CU_ASSERT_TRUE_FATAL(pthread_equal(pthread_self(), scene->gate.loop_thread));
    scene->blocks++;
    return malloc(len);
}

static void give_block(void *arg, void *memory)
{
    struct scene *scene = arg;

    scene->blocks -= memory != NULL;
    free(memory);
}

static void look(struct scene *scene)
{
    if (scene->done != NULL && scene->done(scene))
        ev_break(scene->loop, EVBREAK_ALL);
}

static void on_arrived(struct ev_loop *loop, ev_async *arrived, int happened)
{
    (void)loop;
    (void)happened;
    look(arrived->data);
}

static void on_end(struct ev_loop *loop, ev_timer *timer, int happened)
{
    (void)timer;
    (void)happened;
    ev_break(loop, EVBREAK_ALL);
}

static void on_client(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct scene *scene = arg;

    scene->opened += event->type == DTLS_EVENT_OPEN;
    scene->failed += event->type == DTLS_EVENT_FAILED;
    if (event->type == DTLS_EVENT_DATA && ++scene->echoes < ECHOES)
        CU_ASSERT_EQUAL(dtls_ev_send(conn, event->data.at, event->data.len, NULL), DTLS_OK);
    look(scene);
}

static void on_served(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct scene *scene = arg;

    if (event->type == DTLS_EVENT_JOB && scene->foreign != NULL)
        CU_ASSERT_EQUAL(dtls_ev_jobs_run(scene->foreign, conn), DTLS_ERR_ARGUMENT);
    if (event->type == DTLS_EVENT_JOB)
        scene->refused += dtls_ev_jobs_run(scene->jobs, conn) != DTLS_OK;
    else if (event->type == DTLS_EVENT_DATA)
        CU_ASSERT_EQUAL(dtls_ev_send(conn, event->data.at, event->data.len, NULL), DTLS_OK);
    scene->served += event->type == DTLS_EVENT_OPEN;
    if (event->type == DTLS_EVENT_OPEN && scene->free_when_open) {
        dtls_ev_jobs_free(scene->jobs);
        scene->jobs = NULL;
    }
    look(scene);
}

static struct sockaddr_in server_address(const struct scene *scene)
{
    struct sockaddr_in address = { 0 };
    socklen_t len = sizeof address;

    CU_ASSERT_EQUAL(dtls_ev_server_address(scene->server, (struct sockaddr *)&address, &len), 0);
    return address;
}

static size_t read_data(const char *name, char *out, size_t cap)
{
    char path[512];

    snprintf(path, sizeof path, "%s/identity/%s", TESTS_DATA, name);
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    size_t len = fread(out, 1, cap, file);
    fclose(file);
    return len;
}

/* RSA with 4,096 bits: what the pool is for. */
static struct dtls_identity *slow_identity(void)
{
    static char chain[16384], key[8192];
    struct dtls_identity *identity;
    size_t chain_len = read_data("rsa4096-chain.pem", chain, sizeof chain);
    size_t key_len = read_data("rsa4096-key.pem", key, sizeof key);

    CU_ASSERT_EQUAL_FATAL(dtls_identity_from_pem(chain, chain_len, key, key_len, &identity), DTLS_OK);
    return identity;
}

static void configure(struct scene *scene)
{
    struct dtls_config *config = &scene->server_config;

    scene->identity = slow_identity();
    dtls_config_init(config);
    config->identity = scene->identity;
    config->public_key_jobs = true;
    config->random = pass;
    config->random_arg = &scene->gate;
    config->allocate = take_block;
    config->release = give_block;
    config->memory_arg = scene;
    dtls_config_init(&scene->client_config);
    scene->client_config.verifier = dtls_verifier_accept();
}

static void set_scene(struct scene *scene, unsigned threads)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    struct gate *gate = &scene->gate;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *scene = (struct scene){ .loop = ev_loop_new(EVFLAG_AUTO) };
    gate->loop_thread = pthread_self();
    gate->loop = scene->loop;
    gate->open = true;
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->opened, NULL);
    ev_async_init(&gate->arrived, on_arrived);
    gate->arrived.data = scene;
    ev_async_start(scene->loop, &gate->arrived);
    ev_init(&scene->end, on_end);
    configure(scene);
    CU_ASSERT_EQUAL_FATAL(dtls_ev_jobs_new(scene->loop, threads, &scene->jobs), DTLS_OK);
    CU_ASSERT_EQUAL_FATAL(dtls_ev_listen(scene->loop, &scene->server_config, (struct sockaddr *)&at, sizeof at, NULL,
                                         on_served, scene, &scene->server),
                          DTLS_OK);
    scene->own_blocks = scene->blocks;
}

static void clear_scene(struct scene *scene)
{
    set_gate(&scene->gate, true);
    for (size_t i = 0; i < CLIENTS; i++)
        dtls_ev_free(scene->clients[i]);
    dtls_ev_server_free(scene->server);
    dtls_ev_jobs_free(scene->jobs);
    CU_ASSERT_EQUAL(scene->blocks, 0);
    CU_ASSERT_EQUAL(scene->refused, 0);
    CU_ASSERT_FALSE(scene->gate.interrupted);
    dtls_identity_free(scene->identity);
    ev_loop_destroy(scene->loop);
    pthread_cond_destroy(&scene->gate.opened);
    pthread_mutex_destroy(&scene->gate.lock);
}

static void connect_clients(struct scene *scene, size_t from, size_t to)
{
    struct sockaddr_in at = server_address(scene);

    for (size_t i = from; i < to; i++)
        CU_ASSERT_EQUAL_FATAL(dtls_ev_connect(scene->loop, &scene->client_config, (struct sockaddr *)&at, sizeof at,
                                              NULL, on_client, scene, &scene->clients[i]),
                              DTLS_OK);
}

/* False when it did not come to it. */
static bool run_until(struct scene *scene, bool (*done)(const struct scene *scene))
{
    scene->done = done;
    ev_timer_set(&scene->end, MOST_S, 0.);
    ev_timer_start(scene->loop, &scene->end);
    if (!done(scene))
        ev_run(scene->loop, 0);
    ev_timer_stop(scene->loop, &scene->end);
    scene->done = NULL;
    return done(scene);
}

static bool one_is_open(const struct scene *scene)
{
    return scene->opened == 1 && scene->served == 1;
}

static bool all_are_open(const struct scene *scene)
{
    return scene->opened == CLIENTS;
}

static bool all_is_echoed(const struct scene *scene)
{
    return scene->echoes == ECHOES;
}

static bool one_is_held_up(const struct scene *scene)
{
    return inside(scene) == 1;
}

static bool two_are_held_up(const struct scene *scene)
{
    return inside(scene) == 2;
}

static bool two_are_held_up_and_all_are_there(const struct scene *scene)
{
    return inside(scene) == 2 && dtls_ev_server_count(scene->server) == CLIENTS;
}

/* ---- tests ---- */

static void jobs_in_threads_hold_up_nobody_else(void)
{
    static struct scene scene;

    set_scene(&scene, 2);
    connect_clients(&scene, 0, 1);
    CU_ASSERT_TRUE_FATAL(run_until(&scene, one_is_open));
    set_gate(&scene.gate, false);
    connect_clients(&scene, 1, CLIENTS);
    CU_ASSERT_TRUE(run_until(&scene, two_are_held_up));

    /* Two handshakes stand in a signature that takes as long as it likes, two more wait for a thread. */
    CU_ASSERT_EQUAL(dtls_ev_send(scene.clients[0], (const uint8_t *)"voice", 5, NULL), DTLS_OK);
    CU_ASSERT_TRUE(run_until(&scene, all_is_echoed));
    CU_ASSERT_EQUAL(inside(&scene), 2);
    CU_ASSERT_EQUAL(scene.opened, 1);

    set_gate(&scene.gate, true);
    CU_ASSERT_TRUE(run_until(&scene, all_are_open));
    CU_ASSERT_EQUAL(scene.failed, 0);
    CU_ASSERT_TRUE(scene.gate.passed > 0);
    clear_scene(&scene);
}

static void free_one(void *arg, struct dtls_ev_conn *conn)
{
    struct scene *scene = arg;

    dtls_ev_free(conn);
    CU_ASSERT_TRUE(dtls_ev_jobs_has_config(scene->jobs, &scene->server_config)); /* the ones in the threads stay */
}

static bool no_job_is_out(const struct scene *scene)
{
    return !dtls_ev_jobs_has_config(scene->jobs, &scene->server_config);
}

/* Nobody tells us of a job that is nobody's: look in every round. */
static void on_round(struct ev_loop *loop, ev_check *round, int happened)
{
    (void)loop;
    (void)happened;
    look(round->data);
}

static void associations_may_be_freed_while_their_jobs_are_out(void)
{
    static struct scene scene;
    ev_check round;

    set_scene(&scene, 2);
    set_gate(&scene.gate, false);
    connect_clients(&scene, 0, CLIENTS);
    CU_ASSERT_TRUE(run_until(&scene, two_are_held_up_and_all_are_there));
    for (size_t i = 0; i < CLIENTS; i++) { /* or they would come again */
        dtls_ev_free(scene.clients[i]);
        scene.clients[i] = NULL;
    }
    dtls_ev_server_each(scene.server, free_one, &scene);
    CU_ASSERT_EQUAL(scene.blocks,
                    scene.own_blocks + 2); /* the jobs in the threads; those that waited for one are gone */

    ev_check_init(&round, on_round);
    round.data = &scene;
    ev_check_start(scene.loop, &round);
    set_gate(&scene.gate, true);
    CU_ASSERT_TRUE(run_until(&scene, no_job_is_out));
    ev_check_stop(scene.loop, &round);
    CU_ASSERT_EQUAL(scene.blocks, scene.own_blocks);
    CU_ASSERT_EQUAL(scene.served, 0);
    clear_scene(&scene);
}

static void a_pool_may_be_freed_while_its_jobs_run(void)
{
    static struct scene scene;
    pthread_t opener;

    set_scene(&scene, 1);
    set_gate(&scene.gate, false);
    connect_clients(&scene, 0, 3);
    CU_ASSERT_TRUE(run_until(&scene, one_is_held_up));
    CU_ASSERT_EQUAL_FATAL(pthread_create(&opener, NULL, open_gate, &scene.gate), 0);
    dtls_ev_jobs_free(scene.jobs); /* waits for the one */
    scene.jobs = NULL;
    CU_ASSERT_EQUAL(inside(&scene), 0);
    CU_ASSERT_TRUE(scene.gate.passed > 0);
    pthread_join(opener, NULL);
    CU_ASSERT_EQUAL(scene.served, 0);
    clear_scene(&scene);
}

static bool the_pool_is_gone(const struct scene *scene)
{
    return scene->jobs == NULL;
}

static void a_pool_may_be_freed_by_what_its_job_has_led_to(void)
{
    static struct scene scene;

    set_scene(&scene, 2);
    scene.free_when_open = true;
    connect_clients(&scene, 0, 1);
    CU_ASSERT_TRUE(run_until(&scene, the_pool_is_gone));
    CU_ASSERT_EQUAL(scene.served, 1);
    clear_scene(&scene);
}

static void a_pool_keeps_no_loop_running(void)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    struct dtls_ev_jobs *jobs;

    CU_ASSERT_EQUAL_FATAL(dtls_ev_jobs_new(loop, 64, &jobs), DTLS_OK);
    ev_run(loop, 0);
    dtls_ev_jobs_free(jobs);
    ev_loop_destroy(loop);
}

static void wrong_arguments_are_refused(void)
{
    static struct scene scene;
    struct ev_loop *other = ev_loop_new(EVFLAG_AUTO);
    struct dtls_ev_jobs *none;

    set_scene(&scene, 1);
    CU_ASSERT_EQUAL(dtls_ev_jobs_new(other, 0, &none), DTLS_ERR_ARGUMENT);
    CU_ASSERT_PTR_NULL(none);
    CU_ASSERT_EQUAL(dtls_ev_jobs_new(other, 65, &none), DTLS_ERR_ARGUMENT);
    connect_clients(&scene, 0, 1);
    CU_ASSERT_EQUAL(dtls_ev_jobs_run(scene.jobs, scene.clients[0]), DTLS_ERR_ARGUMENT); /* it has no job */
    CU_ASSERT_EQUAL_FATAL(dtls_ev_jobs_new(other, 1, &scene.foreign), DTLS_OK);
    CU_ASSERT_TRUE(run_until(&scene, one_is_open)); /* with its own pool */
    dtls_ev_jobs_free(scene.foreign);
    dtls_ev_jobs_free(NULL);
    clear_scene(&scene);
    ev_loop_destroy(other);
}

static CU_TestInfo tests[] = {
    { "jobs in threads hold up nobody else's records (R17)", jobs_in_threads_hold_up_nobody_else },
    { "associations may be freed while their jobs are out (R17)", associations_may_be_freed_while_their_jobs_are_out },
    { "a pool may be freed while its jobs run (R17)", a_pool_may_be_freed_while_its_jobs_run },
    { "a pool may be freed by what its job has led to (R17)", a_pool_may_be_freed_by_what_its_job_has_led_to },
    { "a pool keeps no loop running", a_pool_keeps_no_loop_running },
    { "wrong arguments are refused", wrong_arguments_are_refused },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "ev jobs pool", tests);
}
