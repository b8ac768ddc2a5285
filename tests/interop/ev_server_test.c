/* ev_server_test.c - several servers on one port, each on a thread of its own, and a server that changes its settings
 * while it serves. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "dtls/ev.h"
#include "tests/tap.h"

static const double MOST_S = 30; /* of a scene that does not go on by itself */

enum { SERVERS = 2, CLIENTS = 24 };

/* One server, on its own loop and thread. What changes is its thread's, until that has ended. */
struct station {
    struct ev_loop *loop;
    ev_async stop;
    struct dtls_ev_server *server;
    pthread_t thread;
    unsigned opened, resumed;
};

/* The main thread has the clients. */
struct scene {
    struct ev_loop *loop;
    struct dtls_config client_config, server_config;
    struct dtls_identity *identity;
    struct dtls_ticket_keys ticket_keys;
    struct sockaddr_in address;
    struct station stations[SERVERS];
    struct dtls_ev_conn *clients[CLIENTS];
    struct dtls_session *session; /* the newest that a client got */
    unsigned echoes, wanted;
    unsigned failed;
    ev_timer end;
};

static struct dtls_identity *make_identity(void)
{
    struct dtls_identity *identity;
    int64_t now = (int64_t)time(NULL);

    CU_ASSERT_EQUAL_FATAL(
        dtls_identity_generate(DTLS_KEY_ECDSA_P256, "servers", now - 60, now + 3600, NULL, NULL, &identity), DTLS_OK);
    return identity;
}

static const struct sockaddr *address_of(const struct scene *scene)
{
    return (const struct sockaddr *)&scene->address;
}

static void on_end(struct ev_loop *loop, ev_timer *timer, int happened)
{
    (void)timer;
    (void)happened;
    ev_break(loop, EVBREAK_ALL);
}

static void on_stop(struct ev_loop *loop, ev_async *stop, int happened)
{
    (void)stop;
    (void)happened;
    ev_break(loop, EVBREAK_ALL);
}

static void on_served(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct station *station = arg;

    if (event->type == DTLS_EVENT_OPEN) {
        station->opened++;
        station->resumed += event->resumed;
    } else if (event->type == DTLS_EVENT_DATA) {
        dtls_ev_send(conn, event->data.at, event->data.len, NULL);
    }
}

static void keep(struct scene *scene, const struct dtls_session *session)
{
    uint8_t bytes[DTLS_SESSION_MAX];
    size_t len;

    dtls_session_free(scene->session);
    CU_ASSERT_EQUAL_FATAL(dtls_session_write(session, bytes, sizeof bytes, &len), DTLS_OK);
    CU_ASSERT_EQUAL_FATAL(dtls_session_read(bytes, len, &scene->session), DTLS_OK);
}

static void on_client(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct scene *scene = arg;

    scene->failed += event->type == DTLS_EVENT_FAILED;
    if (event->type == DTLS_EVENT_OPEN || event->type == DTLS_EVENT_REHANDSHAKE_DONE)
        CU_ASSERT_EQUAL(dtls_ev_send(conn, (const uint8_t *)"hello", 5, NULL), DTLS_OK);
    if (event->type == DTLS_EVENT_SESSION)
        keep(scene, event->session);
    if (event->type == DTLS_EVENT_DATA && ++scene->echoes == scene->wanted)
        ev_break(scene->loop, EVBREAK_ALL);
}

static void listen_on(struct scene *scene, struct station *station, struct ev_loop *loop, bool share_port)
{
    struct dtls_ev_server_settings settings = { .limits.most = 2 * CLIENTS, .share_port = share_port };
    socklen_t len = sizeof scene->address;

    station->loop = loop;
    CU_ASSERT_EQUAL_FATAL(dtls_ev_listen(loop, &scene->server_config, address_of(scene), len, &settings, on_served,
                                         station, &station->server),
                          DTLS_OK);
    CU_ASSERT_EQUAL(dtls_ev_server_address(station->server, (struct sockaddr *)&scene->address, &len), 0);
}

static void set_scene(struct scene *scene)
{
    *scene = (struct scene){ .loop = ev_loop_new(EVFLAG_AUTO), .address = { .sin_family = AF_INET } };
    scene->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    scene->identity = make_identity();
    memset(scene->ticket_keys.keys[0].key, 7, sizeof scene->ticket_keys.keys[0].key);
    scene->ticket_keys.count = 1;
    dtls_config_init(&scene->server_config);
    scene->server_config.identity = scene->identity;
    scene->server_config.ticket_keys = &scene->ticket_keys;
    dtls_config_init(&scene->client_config);
    scene->client_config.verifier = dtls_verifier_accept();
    ev_init(&scene->end, on_end);
}

static void connect_client(struct scene *scene, size_t i)
{
    CU_ASSERT_EQUAL_FATAL(dtls_ev_connect(scene->loop, &scene->client_config, address_of(scene), sizeof scene->address,
                                          scene->session, on_client, scene, &scene->clients[i]),
                          DTLS_OK);
}

static void free_clients(struct scene *scene)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        if (scene->clients[i] != NULL)
            dtls_ev_close(scene->clients[i]); /* the next may get its port */
        dtls_ev_free(scene->clients[i]);
        scene->clients[i] = NULL;
    }
}

static void clear_scene(struct scene *scene)
{
    CU_ASSERT_EQUAL(scene->failed, 0);
    free_clients(scene);
    dtls_session_free(scene->session);
    dtls_identity_free(scene->identity);
    ev_loop_destroy(scene->loop);
}

/* Until so many more echoes have come. */
static void run_for_echoes(struct scene *scene, unsigned count)
{
    scene->wanted = scene->echoes + count;
    ev_timer_set(&scene->end, MOST_S, 0.);
    ev_timer_start(scene->loop, &scene->end);
    ev_run(scene->loop, 0);
    ev_timer_stop(scene->loop, &scene->end);
    CU_ASSERT_EQUAL(scene->echoes, scene->wanted);
}

static bool presents(const struct dtls_ev_conn *client, const struct dtls_identity *identity)
{
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN];
    const uint8_t *seen = dtls_conn_peer_fingerprint(dtls_ev_engine(client));

    dtls_identity_fingerprint(identity, fingerprint);
    return seen != NULL && memcmp(seen, fingerprint, sizeof fingerprint) == 0;
}

/* ---- several servers on one port ---- */

static void *serve(void *arg)
{
    struct station *station = arg;

    ev_run(station->loop, 0);
    dtls_ev_server_free(station->server);
    return NULL;
}

static void start_station(struct scene *scene, struct station *station)
{
    listen_on(scene, station, ev_loop_new(EVFLAG_AUTO), true);
    ev_async_init(&station->stop, on_stop);
    ev_async_start(station->loop, &station->stop);
}

static void stop_station(struct station *station)
{
    ev_async_send(station->loop, &station->stop);
    CU_ASSERT_EQUAL_FATAL(pthread_join(station->thread, NULL), 0);
    ev_loop_destroy(station->loop);
}

static void servers_on_threads_share_a_port(void)
{
    static struct scene scene;
    struct station *stations = scene.stations;

    set_scene(&scene);
    for (size_t i = 0; i < SERVERS; i++)
        start_station(&scene, &stations[i]);
    for (size_t i = 0; i < SERVERS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&stations[i].thread, NULL, serve, &stations[i]), 0);
    for (size_t i = 0; i < CLIENTS; i++)
        connect_client(&scene, i);
    run_for_echoes(&scene, CLIENTS);

    /* Again, all of them with one ticket: it does not matter which server has given it. */
    free_clients(&scene);
    CU_ASSERT_PTR_NOT_NULL(scene.session);
    for (size_t i = 0; i < CLIENTS; i++)
        connect_client(&scene, i);
    run_for_echoes(&scene, CLIENTS);
    for (size_t i = 0; i < SERVERS; i++)
        stop_station(&stations[i]);

    CU_ASSERT_EQUAL(stations[0].opened + stations[1].opened, 2 * CLIENTS);
    CU_ASSERT_TRUE(stations[0].opened > 0 && stations[1].opened > 0);
    CU_ASSERT_EQUAL(stations[0].resumed + stations[1].resumed, CLIENTS);
    CU_ASSERT_TRUE(stations[0].resumed > 0 && stations[1].resumed > 0); /* all to one: once in 2^23 runs */
    clear_scene(&scene);
}

static void a_port_is_shared_only_among_those_who_say_so(void)
{
    static struct scene scene;
    struct dtls_ev_server_settings sharing = { .share_port = true };
    struct dtls_ev_server *other;

    set_scene(&scene);
    listen_on(&scene, &scene.stations[0], scene.loop, false);
    CU_ASSERT_EQUAL(dtls_ev_listen(scene.loop, &scene.server_config, address_of(&scene), sizeof scene.address, &sharing,
                                   on_served, &scene, &other),
                    DTLS_EV_ERR_SYSTEM);
    CU_ASSERT_EQUAL(errno, EADDRINUSE);
    dtls_ev_server_free(scene.stations[0].server);
    listen_on(&scene, &scene.stations[0], scene.loop, true);
    CU_ASSERT_EQUAL(dtls_ev_listen(scene.loop, &scene.server_config, address_of(&scene), sizeof scene.address, NULL,
                                   on_served, &scene, &other),
                    DTLS_EV_ERR_SYSTEM);
    CU_ASSERT_EQUAL(errno, EADDRINUSE);
    dtls_ev_server_free(scene.stations[0].server);
    clear_scene(&scene);
}

/* ---- other settings ---- */

static void new_settings_are_for_new_associations(void)
{
    static struct scene scene;
    struct dtls_identity *identity = make_identity();
    struct dtls_config config, bad;

    set_scene(&scene);
    listen_on(&scene, &scene.stations[0], scene.loop, false);
    struct dtls_ev_server *server = scene.stations[0].server;
    config = scene.server_config;
    config.identity = identity;
    connect_client(&scene, 0);
    run_for_echoes(&scene, 1);

    CU_ASSERT_FALSE(dtls_ev_server_has_config(server, &config));
    CU_ASSERT_EQUAL(dtls_ev_server_set_config(server, &config), DTLS_OK);
    dtls_session_free(scene.session); /* what is resumed shows no certificate */
    scene.session = NULL;
    connect_client(&scene, 1);
    run_for_echoes(&scene, 1);
    CU_ASSERT_TRUE(presents(scene.clients[0], scene.identity));
    CU_ASSERT_TRUE(presents(scene.clients[1], identity));

    /* The first one keeps its own through a rehandshake, too (R9). */
    CU_ASSERT_EQUAL(dtls_ev_rehandshake(scene.clients[0], DTLS_REHANDSHAKE_FULL), DTLS_OK);
    run_for_echoes(&scene, 1);
    CU_ASSERT_TRUE(presents(scene.clients[0], scene.identity));

    dtls_config_init(&bad); /* no identity */
    CU_ASSERT_EQUAL(dtls_ev_server_set_config(server, &bad), DTLS_ERR_ARGUMENT);
    CU_ASSERT_TRUE(dtls_ev_server_has_config(server, &config));
    CU_ASSERT_FALSE(dtls_ev_server_has_config(server, &bad));
    dtls_ev_server_free(server);
    clear_scene(&scene);
    dtls_identity_free(identity);
}

struct settings {
    struct dtls_ev_server *server;
    const struct dtls_config *config;
    unsigned in_use; /* while an association ended */
};

static void free_and_ask(void *arg, struct dtls_ev_conn *conn)
{
    struct settings *settings = arg;

    dtls_ev_free(conn);
    settings->in_use += dtls_ev_server_has_config(settings->server, settings->config);
}

static void old_settings_are_in_use_until_their_last_association_ends(void)
{
    static struct scene scene;
    struct dtls_config config;

    set_scene(&scene);
    listen_on(&scene, &scene.stations[0], scene.loop, false);
    struct settings old = { scene.stations[0].server, &scene.server_config, 0 };
    config = scene.server_config;
    CU_ASSERT_TRUE(dtls_ev_server_has_config(old.server, old.config));
    connect_client(&scene, 0);
    run_for_echoes(&scene, 1);
    CU_ASSERT_EQUAL(dtls_ev_server_set_config(old.server, &config), DTLS_OK);
    CU_ASSERT_TRUE(dtls_ev_server_has_config(old.server, old.config));

    dtls_ev_server_each(old.server, free_and_ask, &old);
    CU_ASSERT_EQUAL(old.in_use, 0); /* it goes at once */
    CU_ASSERT_FALSE(dtls_ev_server_has_config(old.server, old.config));
    dtls_ev_server_free(old.server);
    clear_scene(&scene);
}

static CU_TestInfo tests[] = {
    { "servers on threads share a port, and their tickets", servers_on_threads_share_a_port },
    { "a port is shared only among those who say so", a_port_is_shared_only_among_those_who_say_so },
    { "new settings are for new associations (R9)", new_settings_are_for_new_associations },
    { "old settings are in use until their last association ends",
      old_settings_are_in_use_until_their_last_association_ends },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "ev servers", tests);
}
