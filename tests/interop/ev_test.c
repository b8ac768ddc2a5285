/* ev_test.c - libdtls-ev over real loopback sockets: who frees what, and when. Run it under ASan. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dtls/ev.h"
#include "tests/tap.h"

static const double MOST_S = 3, AFTERWARDS_S = 0.03; /* a scene's length; and how long it goes on after a deed */

enum side { CLIENT, SERVER };
enum deed { NOTHING, FREE_CONN, CLOSE_CONN, CLOSE_AND_FREE_CONN, FREE_OTHER, FREE_SERVER, FREE_ALL };

/*
 * One server, one client, and a play: at OPEN the client sends, the server echoes; at the first echo the client asks
 * for a rehandshake, after it it sends again, and at the second echo it closes. On the way, `side` does `deed` when
 * `event` comes.
 */
struct scene {
    struct ev_loop *loop;
    struct dtls_config client_config, server_config;
    struct dtls_ticket_keys ticket_keys;
    struct dtls_ev_conn *client; /* NULL: freed */
    struct dtls_ev_server *server;
    struct dtls_ev_conn *served; /* the server's only one */
    enum side side;
    enum dtls_event_type event;
    enum deed deed;
    bool idle;     /* no play: clients say nothing */
    bool done;     /* the deed was done */
    bool in_event; /* of the client: callbacks must not nest */
    unsigned nested, after_deed, echoes, closed, failed;
    int error;
    ev_timer end;
};

static const struct dtls_identity *identity(void)
{
    static struct dtls_identity *made;
    int64_t now = (int64_t)time(NULL);

    if (made == NULL &&
        dtls_identity_generate(DTLS_KEY_ECDSA_P256, "ev_test", now - 3600, now + 3600, NULL, NULL, &made) != DTLS_OK)
        CU_FAIL_FATAL("no identity");
    return made;
}

static void on_end(struct ev_loop *loop, ev_timer *timer, int happened)
{
    (void)timer;
    (void)happened;
    ev_break(loop, EVBREAK_ALL);
}

static void end_in(struct scene *scene, double seconds)
{
    ev_timer_stop(scene->loop, &scene->end);
    ev_timer_set(&scene->end, seconds, 0.);
    ev_timer_start(scene->loop, &scene->end);
}

static void free_client(struct scene *scene)
{
    dtls_ev_free(scene->client);
    scene->client = NULL;
}

static void free_server(struct scene *scene)
{
    dtls_ev_server_free(scene->server);
    scene->server = NULL;
    scene->served = NULL;
}

/* True when the connection of the callback is gone. */
static bool act(struct scene *scene, enum side side, struct dtls_ev_conn *conn)
{
    scene->done = true;
    end_in(scene, AFTERWARDS_S);
    if (scene->deed == CLOSE_CONN || scene->deed == CLOSE_AND_FREE_CONN)
        dtls_ev_close(conn);
    if (scene->deed == FREE_SERVER || scene->deed == FREE_ALL || (scene->deed == FREE_OTHER && side == CLIENT))
        free_server(scene);
    if (scene->deed == FREE_ALL || (scene->deed == FREE_OTHER && side == SERVER))
        free_client(scene);
    if (scene->deed == FREE_CONN || scene->deed == CLOSE_AND_FREE_CONN) {
        dtls_ev_free(conn);
        if (side == CLIENT)
            scene->client = NULL;
        else
            scene->served = NULL;
    }
    if (scene->deed == CLOSE_CONN)
        return false;
    return side == CLIENT ? scene->client == NULL : scene->served == NULL;
}

static void play_client(struct scene *scene, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    static const uint8_t ping[] = "ping";

    if (event->type == DTLS_EVENT_OPEN || event->type == DTLS_EVENT_REHANDSHAKE_DONE) {
        dtls_ev_send(conn, ping, sizeof ping, NULL);
    } else if (event->type == DTLS_EVENT_DATA) {
        if (++scene->echoes == 1)
            scene->error = dtls_ev_rehandshake(conn, DTLS_REHANDSHAKE_FULL);
        else
            dtls_ev_close(conn);
    } else if (event->type == DTLS_EVENT_CLOSED || event->type == DTLS_EVENT_FAILED) {
        free_client(scene);
        end_in(scene, AFTERWARDS_S);
    }
}

static void count(struct scene *scene, const struct dtls_event *event)
{
    scene->after_deed += scene->done;
    scene->closed += event->type == DTLS_EVENT_CLOSED;
    scene->failed += event->type == DTLS_EVENT_FAILED;
}

static void on_client(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct scene *scene = arg;

    count(scene, event);
    scene->nested += scene->in_event;
    scene->in_event = true;
    bool acts = !scene->done && scene->deed != NOTHING && scene->side == CLIENT && scene->event == event->type;
    if ((!acts || !act(scene, CLIENT, conn)) && !scene->idle)
        play_client(scene, conn, event);
    scene->in_event = false;
}

static void on_served(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct scene *scene = arg;

    count(scene, event);
    scene->served = conn;
    bool acts = !scene->done && scene->deed != NOTHING && scene->side == SERVER && scene->event == event->type;
    if (acts && act(scene, SERVER, conn))
        return;
    if (event->type == DTLS_EVENT_DATA)
        dtls_ev_send(conn, event->data.at, event->data.len, NULL);
}

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static struct sockaddr_in server_address(const struct scene *scene)
{
    struct sockaddr_in address = { 0 };
    socklen_t len = sizeof address;

    CU_ASSERT_EQUAL(dtls_ev_server_address(scene->server, (struct sockaddr *)&address, &len), 0);
    return address;
}

static void set_scene(struct scene *scene)
{
    struct sockaddr_in any = loopback(0);

    memset(scene->ticket_keys.keys[0].key, 7, sizeof scene->ticket_keys.keys[0].key);
    scene->ticket_keys.count = 1;
    dtls_config_init(&scene->server_config);
    dtls_config_preset_realtime(&scene->server_config);
    scene->server_config.identity = identity();
    scene->server_config.ticket_keys = &scene->ticket_keys;
    dtls_config_init(&scene->client_config);
    dtls_config_preset_realtime(&scene->client_config);
    scene->client_config.verifier = dtls_verifier_accept();
    scene->loop = ev_loop_new(EVFLAG_AUTO);
    ev_init(&scene->end, on_end);
    int error = dtls_ev_listen(scene->loop, &scene->server_config, (struct sockaddr *)&any, sizeof any,
                               &(struct dtls_ev_server_settings){ .limits.most = 2 }, on_served, scene, &scene->server);
    CU_ASSERT_EQUAL_FATAL(error, DTLS_OK);
}

static struct dtls_ev_conn *connect_client(struct scene *scene)
{
    struct sockaddr_in to = server_address(scene);
    struct dtls_ev_conn *conn;
    int error = dtls_ev_connect(scene->loop, &scene->client_config, (struct sockaddr *)&to, sizeof to, NULL, on_client,
                                scene, &conn);

    CU_ASSERT_EQUAL_FATAL(error, DTLS_OK);
    return conn;
}

static void run_for(struct scene *scene, double seconds)
{
    end_in(scene, seconds);
    ev_run(scene->loop, 0);
}

static void clear_scene(struct scene *scene)
{
    free_client(scene);
    free_server(scene);
    ev_timer_stop(scene->loop, &scene->end);
    ev_loop_destroy(scene->loop);
}

static void play_to_its_end(void)
{
    struct scene scene = { 0 };

    set_scene(&scene);
    scene.client = connect_client(&scene);
    run_for(&scene, MOST_S);

    CU_ASSERT_EQUAL(scene.echoes, 2);
    CU_ASSERT_EQUAL(scene.error, DTLS_OK);
    CU_ASSERT_EQUAL(scene.closed, 2); /* one at either side */
    CU_ASSERT_EQUAL(scene.failed, 0);
    CU_ASSERT_EQUAL(scene.nested, 0);
    CU_ASSERT_EQUAL(dtls_ev_server_count(scene.server), 0);
    clear_scene(&scene);
}

static void everything_may_be_freed_in_any_callback(void)
{
    static const enum dtls_event_type client_events[] = {
        DTLS_EVENT_OPEN,    DTLS_EVENT_DATA,   DTLS_EVENT_REHANDSHAKE_STARTED, DTLS_EVENT_REHANDSHAKE_DONE,
        DTLS_EVENT_SESSION, DTLS_EVENT_CLOSED,
    };
    static const enum dtls_event_type server_events[] = {
        DTLS_EVENT_OPEN,   DTLS_EVENT_DATA, DTLS_EVENT_REHANDSHAKE_STARTED, DTLS_EVENT_REHANDSHAKE_DONE,
        DTLS_EVENT_CLOSED,
    };

    for (int side = CLIENT; side <= SERVER; side++) {
        size_t events = side == CLIENT ? sizeof client_events / sizeof client_events[0]
                                       : sizeof server_events / sizeof server_events[0];
        for (size_t i = 0; i < events; i++)
            for (int deed = FREE_CONN; deed <= FREE_ALL; deed++) {
                struct scene scene = { .side = (enum side)side, .deed = (enum deed)deed };
                scene.event = side == CLIENT ? client_events[i] : server_events[i];
                set_scene(&scene);
                scene.client = connect_client(&scene);
                run_for(&scene, MOST_S);
                CHECK_CASE(scene.done && scene.nested == 0, "side %d, event %s, deed %d: done %d, nested %u", side,
                           dtls_event_name(scene.event), deed, scene.done, scene.nested);
                CHECK_CASE(deed != FREE_ALL || scene.after_deed == 0, "side %d, event %s: %u events of freed ones",
                           side, dtls_event_name(scene.event), scene.after_deed);
                clear_scene(&scene);
            }
    }
}

static int refuse_everybody(void *arg, const struct dtls_peer_identity *peer)
{
    (void)arg;
    (void)peer;
    return DTLS_ALERT_BAD_CERTIFICATE;
}

static void everything_may_be_freed_when_it_failed(void)
{
    for (int deed = FREE_CONN; deed <= FREE_ALL; deed++) {
        struct scene scene = { .side = CLIENT, .event = DTLS_EVENT_FAILED, .deed = (enum deed)deed };
        set_scene(&scene);
        scene.client_config.verifier = (struct dtls_verifier){ refuse_everybody, NULL };
        scene.client = connect_client(&scene);
        run_for(&scene, MOST_S);
        CHECK_CASE(scene.done, "deed %d: not done", deed);
        clear_scene(&scene);
    }
}

static void a_port_without_listener_is_noise_until_time_is_over(void)
{
    struct scene scene = { 0 };

    set_scene(&scene);
    scene.client_config.handshake_timeout_ms = 300;
    struct sockaddr_in to = server_address(&scene);
    free_server(&scene);
    int error = dtls_ev_connect(scene.loop, &scene.client_config, (struct sockaddr *)&to, sizeof to, NULL, on_client,
                                &scene, &scene.client);
    CU_ASSERT_EQUAL_FATAL(error, DTLS_OK);
    dtls_time before = dtls_ev_now();
    run_for(&scene, MOST_S);

    CU_ASSERT_EQUAL(scene.failed, 1);
    CU_ASSERT_TRUE(dtls_ev_now() - before >= 300 * 1000);
    clear_scene(&scene);
}

static void a_server_takes_so_many_and_no_more(void)
{
    struct scene scene = { .idle = true }; /* takes two */
    struct dtls_ev_conn *clients[3];

    set_scene(&scene);
    for (int i = 0; i < 3; i++)
        clients[i] = connect_client(&scene);
    run_for(&scene, 0.3);

    CU_ASSERT_EQUAL(dtls_ev_server_count(scene.server), 2);
    for (int i = 0; i < 3; i++)
        dtls_ev_free(clients[i]);
    clear_scene(&scene);
}

static void visit_free(void *arg, struct dtls_ev_conn *conn)
{
    (void)arg;
    dtls_ev_free(conn);
}

static void visit_close(void *arg, struct dtls_ev_conn *conn)
{
    (void)arg;
    dtls_ev_close(conn);
}

static void visit_free_server(void *arg, struct dtls_ev_conn *conn)
{
    (void)conn;
    free_server(arg);
}

static void visitors_may_free(void)
{
    void (*const visits[])(void *, struct dtls_ev_conn *) = { visit_free, visit_close, visit_free_server };

    for (size_t i = 0; i < 3; i++) {
        struct scene scene = { .idle = true };
        set_scene(&scene);
        struct dtls_ev_conn *clients[2] = { connect_client(&scene), connect_client(&scene) };
        while (dtls_ev_server_count(scene.server) < 2)
            run_for(&scene, 0.01);
        dtls_ev_server_each(scene.server, visits[i], &scene);
        CHECK_CASE(scene.server == NULL || dtls_ev_server_count(scene.server) == 0, "visit %zu: some are left", i);
        dtls_ev_free(clients[0]);
        dtls_ev_free(clients[1]);
        clear_scene(&scene);
    }
}

static void noise_makes_no_association(void)
{
    struct scene scene = { 0 };
    uint8_t noise[1500];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    set_scene(&scene);
    struct sockaddr_in to = server_address(&scene);
    for (size_t i = 0; i < 300; i++) {
        dtls_system_random(NULL, noise, sizeof noise);
        noise[0] = (uint8_t)(20 + i % 5); /* some look like records */
        sendto(fd, noise, i * 5, 0, (struct sockaddr *)&to, sizeof to);
    }
    run_for(&scene, 0.1);

    CU_ASSERT_EQUAL(dtls_ev_server_count(scene.server), 0);
    close(fd);
    clear_scene(&scene);
}

static void too_large_a_record_is_refused_with_what_fits(void)
{
    static const uint8_t large[70000];
    struct scene scene = { .idle = true };
    size_t fits = 0;

    set_scene(&scene);
    scene.client = connect_client(&scene);
    CU_ASSERT_EQUAL(dtls_ev_send(scene.client, large, 10, NULL), DTLS_ERR_NOT_OPEN);
    while (scene.client != NULL && !dtls_conn_is_open(dtls_ev_engine(scene.client)))
        run_for(&scene, 0.005);
    CU_ASSERT_PTR_NOT_NULL_FATAL(scene.client);
    CU_ASSERT_EQUAL(dtls_ev_send(scene.client, large, sizeof large, &fits), DTLS_ERR_LARGE_PACKET);
    CU_ASSERT_TRUE(fits > 0);
    CU_ASSERT_EQUAL(dtls_ev_send(scene.client, large, fits, NULL), DTLS_OK);
    clear_scene(&scene);
}

static void wrong_arguments_are_refused(void)
{
    struct scene scene = { 0 };
    struct dtls_config empty;
    struct dtls_ev_conn *conn;
    struct dtls_ev_server *server;
    struct sockaddr nowhere = { .sa_family = AF_UNIX };

    set_scene(&scene);
    dtls_config_init(&empty);
    struct sockaddr_in at = server_address(&scene);
    const struct sockaddr *address = (struct sockaddr *)&at;
    CU_ASSERT_EQUAL(dtls_ev_connect(scene.loop, &empty, address, sizeof at, NULL, on_client, &scene, &conn),
                    DTLS_ERR_ARGUMENT); /* no verifier */
    CU_ASSERT_PTR_NULL(conn);
    CU_ASSERT_EQUAL(
        dtls_ev_connect(scene.loop, &scene.client_config, &nowhere, sizeof nowhere, NULL, on_client, &scene, &conn),
        DTLS_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(dtls_ev_listen(scene.loop, &empty, address, sizeof at, NULL, on_served, &scene, &server),
                    DTLS_ERR_ARGUMENT); /* no identity */
    const struct dtls_ev_server_settings fast = { .limits.source_rate = 2000000 };
    CU_ASSERT_EQUAL(
        dtls_ev_listen(scene.loop, &scene.server_config, address, sizeof at, &fast, on_served, &scene, &server),
        DTLS_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(
        dtls_ev_listen(scene.loop, &scene.server_config, address, sizeof at, NULL, on_served, &scene, &server),
        DTLS_EV_ERR_SYSTEM);
    CU_ASSERT_EQUAL(errno, EADDRINUSE);
    CU_ASSERT_PTR_NULL(server);
    dtls_ev_free(NULL);
    dtls_ev_server_free(NULL);
    clear_scene(&scene);
}

static CU_TestInfo ev_tests[] = {
    { "a client and a server talk, rehandshake and close", play_to_its_end },
    { "everything may be freed in any callback", everything_may_be_freed_in_any_callback },
    { "everything may be freed when it failed", everything_may_be_freed_when_it_failed },
    { "a port without listener is noise until time is over", a_port_without_listener_is_noise_until_time_is_over },
    { "a server takes so many associations and no more", a_server_takes_so_many_and_no_more },
    { "visitors of associations may free them and the server", visitors_may_free },
    { "noise makes no association", noise_makes_no_association },
    { "too large a record is refused with what fits", too_large_a_record_is_refused_with_what_fits },
    { "wrong arguments are refused", wrong_arguments_are_refused },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "ev", ev_tests);
}
