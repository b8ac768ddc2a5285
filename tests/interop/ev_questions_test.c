/* ev_questions_test.c - answers that come later (contract R19), with libdtls-ev at both ends. */
#include <arpa/inet.h>
#include <string.h>

#include "dtls/ev.h"
#include "tests/tap.h"

static const double MOST_S = 30; /* of a scene that does not go on by itself */

struct scene {
    struct ev_loop *loop;
    struct dtls_config client_config, server_config;
    struct dtls_ev_server *server;
    struct dtls_ev_conn *client;
    struct dtls_question *asked[2]; /* by the client, by the server; NULL: none waits */
    ev_timer answer, end;
    unsigned opened, served;
};

static const struct dtls_psk psk = { { (const uint8_t *)"alice", 5 }, { (const uint8_t *)"sixteen bytes, ..", 16 } };

static void ask_in_client(void *arg, struct dtls_question *question, struct dtls_bytes name)
{
    struct scene *scene = arg;

    (void)name;
    scene->asked[0] = question;
    ev_timer_start(scene->loop, &scene->answer);
}

static void ask_in_server(void *arg, struct dtls_question *question, struct dtls_bytes name)
{
    struct scene *scene = arg;

    CU_ASSERT_EQUAL(name.len, 5);
    scene->asked[1] = question;
    ev_timer_start(scene->loop, &scene->answer);
}

/* In a turn of the loop of its own, as a database's answer would come. */
static void on_answer(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct scene *scene = timer->data;

    (void)loop;
    (void)happened;
    for (int i = 0; i < 2; i++) {
        struct dtls_question *question = scene->asked[i];
        scene->asked[i] = NULL;
        if (question == NULL)
            continue;
        CU_ASSERT_EQUAL(dtls_question_answer_psk(question, &psk), DTLS_OK);
        if (i == 0)
            dtls_ev_go_on(scene->client);
        else
            dtls_ev_server_go_on(scene->server);
    }
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

    (void)conn;
    scene->opened += event->type == DTLS_EVENT_OPEN;
    if (event->type == DTLS_EVENT_OPEN)
        ev_break(scene->loop, EVBREAK_ALL);
}

static void on_served(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct scene *scene = arg;

    (void)conn;
    scene->served += event->type == DTLS_EVENT_OPEN;
}

static void set_scene(struct scene *scene)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t len = sizeof at;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *scene = (struct scene){ .loop = ev_loop_new(EVFLAG_AUTO) };
    dtls_config_init(&scene->client_config);
    dtls_config_init(&scene->server_config);
    scene->client_config.psk = ask_in_client;
    scene->server_config.psk = ask_in_server;
    scene->client_config.psk_arg = scene->server_config.psk_arg = scene;
    ev_timer_init(&scene->answer, on_answer, 0.001, 0.);
    ev_timer_init(&scene->end, on_end, MOST_S, 0.);
    scene->answer.data = scene;
    ev_timer_start(scene->loop, &scene->end);
    CU_ASSERT_EQUAL_FATAL(dtls_ev_listen(scene->loop, &scene->server_config, (struct sockaddr *)&at, sizeof at, NULL,
                                         on_served, scene, &scene->server),
                          DTLS_OK);
    dtls_ev_server_address(scene->server, (struct sockaddr *)&at, &len);
    CU_ASSERT_EQUAL_FATAL(dtls_ev_connect(scene->loop, &scene->client_config, (struct sockaddr *)&at, sizeof at, NULL,
                                          on_client, scene, &scene->client),
                          DTLS_OK);
}

static void clear_scene(struct scene *scene)
{
    dtls_ev_free(scene->client);
    dtls_ev_server_free(scene->server);
    ev_loop_destroy(scene->loop);
}

static void both_ends_go_on_when_they_are_told(void)
{
    struct scene scene;

    set_scene(&scene);
    ev_run(scene.loop, 0);
    CU_ASSERT_EQUAL(scene.opened, 1);
    CU_ASSERT_EQUAL(scene.served, 1);
    clear_scene(&scene);
}

static void an_answer_after_the_connection_is_gone_is_refused(void)
{
    struct scene scene;

    set_scene(&scene);
    while (scene.asked[0] == NULL)
        ev_run(scene.loop, EVRUN_ONCE);
    dtls_ev_free(scene.client);
    scene.client = NULL;
    CU_ASSERT_EQUAL(dtls_question_answer_psk(scene.asked[0], &psk), DTLS_ERR_NOT_ASKED);
    clear_scene(&scene);
}

static CU_TestInfo tests[] = {
    { "a client and a server go on when they are told of an answer (R19)", both_ends_go_on_when_they_are_told },
    { "an answer after the connection is gone is refused (R19)", an_answer_after_the_connection_is_gone_is_refused },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "ev questions", tests);
}
