/* ev_batch_test.c - many datagrams with few system calls: in which order they come, and what happens when the kernel
 * does not take them. The kernel is the real one over loopback, but for what a test makes it say (ev_kernel.h). */
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "dtls/ev.h"
#include "tests/interop/ev_kernel.h"
#include "tests/tap.h"

enum { CLIENTS = 3, LIMIT_S = 3 };

/* What one side has got: records that are numbered from 0 on, each side's own. */
struct side {
    struct dtls_ev_conn *conn;
    unsigned sent, got, disordered;
    size_t mtu; /* that the last event MTU brought */
    unsigned ended;
};

struct scene {
    struct ev_loop *loop;
    struct dtls_config client_config, server_config;
    struct dtls_ev_server *server;
    struct side client[CLIENTS], served[CLIENTS]; /* in the same order */
    ev_timer end;
};

static void on_end(struct ev_loop *loop, ev_timer *timer, int happened)
{
    (void)timer;
    (void)happened;
    ev_break(loop, EVBREAK_ALL);
}

static void take(struct side *side, const struct dtls_event *event)
{
    unsigned number;

    if (event->type == DTLS_EVENT_MTU)
        side->mtu = event->mtu;
    side->ended += event->type == DTLS_EVENT_FAILED || event->type == DTLS_EVENT_CLOSED;
    if (event->type != DTLS_EVENT_DATA)
        return;
    memcpy(&number, event->data.at, sizeof number);
    side->disordered += number != side->got;
    side->got++;
}

static void on_client(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct scene *scene = arg;

    for (int i = 0; i < CLIENTS; i++)
        if (scene->client[i].conn == conn)
            take(&scene->client[i], event);
}

static void on_served(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct scene *scene = arg;
    int i = 0;

    while (i < CLIENTS - 1 && scene->served[i].conn != NULL && scene->served[i].conn != conn)
        i++;
    scene->served[i].conn = conn;
    take(&scene->served[i], event);
}

static int say(struct side *side, size_t len)
{
    uint8_t data[1500] = { 0 };

    memcpy(data, &side->sent, sizeof side->sent);
    int answer = dtls_ev_send(side->conn, data, len, NULL);
    side->sent += answer == DTLS_OK;
    return answer;
}

static bool run_until(struct scene *scene, const unsigned *number, unsigned wanted)
{
    dtls_time end = dtls_ev_now() + LIMIT_S * 1000000;

    while (*number < wanted && dtls_ev_now() < end) {
        ev_timer_stop(scene->loop, &scene->end);
        ev_timer_set(&scene->end, 0.1, 0.);
        ev_timer_start(scene->loop, &scene->end);
        ev_run(scene->loop, EVRUN_ONCE);
    }
    return *number >= wanted;
}

static void turn(struct scene *scene)
{
    ev_run(scene->loop, EVRUN_NOWAIT);
}

static bool connect_client(struct scene *scene, int number)
{
    struct sockaddr_in to;
    socklen_t len = sizeof to;
    struct side *side = &scene->client[number];

    if (dtls_ev_server_address(scene->server, (struct sockaddr *)&to, &len) != 0 ||
        dtls_ev_connect(scene->loop, &scene->client_config, (struct sockaddr *)&to, len, NULL, on_client, scene,
                        &side->conn) != DTLS_OK)
        return false;
    for (int i = 0; i < 1000 && !dtls_conn_is_open(dtls_ev_engine(side->conn)); i++)
        ev_run(scene->loop, EVRUN_ONCE);
    /* A large one each way: from now on no smaller one has to leave alone. */
    return scene->served[number].conn != NULL && say(side, 1100) == DTLS_OK &&
           run_until(scene, &scene->served[number].got, 1) && say(&scene->served[number], 1100) == DTLS_OK &&
           run_until(scene, &side->got, 1);
}

static void set_scene(struct scene *scene)
{
    static struct dtls_identity *identity;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int64_t now = (int64_t)time(NULL);

    if (identity == NULL && dtls_identity_generate(DTLS_KEY_ECDSA_P256, "ev_batch", now - 3600, now + 3600, NULL, NULL,
                                                   &identity) != DTLS_OK)
        CU_FAIL_FATAL("no identity");
    memset(scene, 0, sizeof *scene);
    dtls_config_init(&scene->server_config);
    scene->server_config.identity = identity;
    dtls_config_init(&scene->client_config);
    scene->client_config.verifier = dtls_verifier_accept();
    scene->loop = ev_loop_new(EVFLAG_AUTO);
    ev_init(&scene->end, on_end);
    CU_ASSERT_EQUAL_FATAL(dtls_ev_listen(scene->loop, &scene->server_config, (struct sockaddr *)&any, sizeof any, NULL,
                                         on_served, scene, &scene->server),
                          DTLS_OK);
    for (int i = 0; i < CLIENTS; i++)
        CU_ASSERT_TRUE_FATAL(connect_client(scene, i));
    memset(&kernel, 0, sizeof kernel);
}

static void check_sides(const struct scene *scene)
{
    for (int i = 0; i < CLIENTS; i++) {
        CHECK_CASE(scene->client[i].disordered + scene->served[i].disordered == 0, "client %d: out of order", i);
        CHECK_CASE(scene->client[i].ended + scene->served[i].ended == 0, "client %d: ended", i);
    }
}

static void clear_scene(struct scene *scene)
{
    memset(&kernel, 0, sizeof kernel);
    for (int i = 0; i < CLIENTS; i++)
        dtls_ev_free(scene->client[i].conn);
    dtls_ev_server_free(scene->server);
    ev_timer_stop(scene->loop, &scene->end);
    ev_loop_destroy(scene->loop);
}

/* ---- the tests ---- */

static void a_burst_is_one_call(void)
{
    struct scene scene;

    set_scene(&scene);
    for (int i = 0; i < 32; i++)
        CU_ASSERT_EQUAL(say(&scene.client[0], 1100), DTLS_OK);
    CU_ASSERT_EQUAL(kernel.sent, 0); /* nothing leaves in the middle of a turn */
    CU_ASSERT_TRUE(run_until(&scene, &scene.served[0].got, 33));
    CU_ASSERT_EQUAL(kernel.sent, 1);
    CU_ASSERT_EQUAL(kernel.messages, 1);
    CU_ASSERT(kernel.received <= 4); /* they arrive as one, too */
    check_sides(&scene);
    clear_scene(&scene);
}

static void records_to_many_are_gathered_by_peer(void)
{
    struct scene scene;

    set_scene(&scene);
    for (int i = 0; i < 20; i++)
        for (int j = 0; j < CLIENTS; j++)
            CU_ASSERT_EQUAL(say(&scene.served[j], 160), DTLS_OK);
    turn(&scene);
    CU_ASSERT_EQUAL(kernel.sent, 1);
    CU_ASSERT_EQUAL(kernel.messages, CLIENTS);
    for (int j = 0; j < CLIENTS; j++)
        CU_ASSERT_TRUE(run_until(&scene, &scene.client[j].got, 21));
    check_sides(&scene);
    clear_scene(&scene);
}

static void any_sizes_arrive_in_order(void)
{
    static const size_t sizes[] = { 100, 100, 50, 100, 100, 1100, 30, 30, 1000, 1000, 4, 4, 1100 };
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    struct scene scene;

    set_scene(&scene);
    for (int round = 0; round < 20; round++)
        for (int i = 0; i < COUNT; i++) {
            CU_ASSERT_EQUAL(say(&scene.served[0], sizes[i]), DTLS_OK);
            CU_ASSERT_EQUAL(say(&scene.served[1], sizes[COUNT - 1 - i]), DTLS_OK);
        }
    for (int j = 0; j < 2; j++)
        CU_ASSERT_TRUE(run_until(&scene, &scene.client[j].got, 1 + 20 * COUNT));
    check_sides(&scene);
    clear_scene(&scene);
}

/* More than may wait: what is full leaves, and the turn goes on. Some of it may get lost where the receiver's buffer is
 * small, but nothing that is accepted is stuck. */
static void a_turn_of_a_thousand_records(void)
{
    struct scene scene;

    set_scene(&scene);
    for (int i = 0; i < 2000; i++)
        CU_ASSERT_EQUAL(say(&scene.served[i % CLIENTS], 100), DTLS_OK);
    CU_ASSERT(kernel.sent >= 1 && kernel.sent <= 4);
    turn(&scene);
    CU_ASSERT(kernel.sent >= 2 && kernel.sent <= 5);
    CU_ASSERT_TRUE(run_until(&scene, &scene.client[0].got, 100));
    clear_scene(&scene);
}

static void on_prepare(struct ev_loop *loop, ev_prepare *prepare, int happened)
{
    (void)happened;
    ev_prepare_stop(loop, prepare);
    say(prepare->data, 160);
}

/* Wherever in a turn it is sent: no record waits for the loop to wake up. */
static void nothing_waits_for_the_next_event(void)
{
    struct scene scene;
    ev_prepare prepare;

    for (int priority = EV_MINPRI; priority <= EV_MAXPRI; priority++) {
        set_scene(&scene);
        ev_prepare_init(&prepare, on_prepare);
        ev_set_priority(&prepare, priority);
        prepare.data = &scene.client[0];
        say(&scene.client[0], 160); /* so that ours is there already */
        ev_prepare_start(scene.loop, &prepare);
        dtls_time start = dtls_ev_now();
        ev_timer_set(&scene.end, 2., 0.);
        ev_timer_start(scene.loop, &scene.end);
        while (scene.served[0].got < 3 && dtls_ev_now() < start + 1900000)
            ev_run(scene.loop, EVRUN_ONCE);
        CHECK_CASE(scene.served[0].got == 3, "priority %d: it waited for the timer", priority);
        clear_scene(&scene);
    }
}

static void flush_sends_at_once(void)
{
    struct scene scene;

    set_scene(&scene);
    say(&scene.client[0], 160);
    dtls_ev_flush(scene.client[0].conn);
    CU_ASSERT_EQUAL(kernel.sent, 1);
    dtls_ev_flush(scene.client[0].conn);
    CU_ASSERT_EQUAL(kernel.sent, 1);
    say(&scene.client[1], 160);
    dtls_ev_free(scene.client[1].conn); /* does not take it along */
    scene.client[1].conn = NULL;
    CU_ASSERT_EQUAL(kernel.sent, 2);
    CU_ASSERT_TRUE(run_until(&scene, &scene.served[0].got, 2));
    CU_ASSERT_TRUE(run_until(&scene, &scene.served[1].got, 2));
    clear_scene(&scene);
}

/* ---- what is not DTLS ---- */

struct others {
    struct scene *scene;
    unsigned got, wrong;
    bool answer;
};

/* Numbered packets that begin as RTP does; a server sends them back. */
static void take_other(void *arg, const struct sockaddr *from, socklen_t from_len, uint8_t *datagram, size_t len)
{
    struct others *others = arg;
    struct scene *scene = others->scene;

    others->wrong += len != 100 || datagram[0] != 0x80 || datagram[1] != others->got % 100;
    others->got++;
    if (!others->answer)
        return;
    others->wrong += dtls_ev_server_find(scene->server, from, from_len) != scene->served[0].conn;
    others->wrong += dtls_ev_server_send_other(scene->server, from, from_len, datagram, len) != DTLS_OK;
}

static void media_on_the_same_port(void)
{
    struct scene scene;
    uint8_t packet[1473] = { 0x80 };

    set_scene(&scene);
    struct others here = { &scene, 0, 0, false }, there = { &scene, 0, 0, true };
    for (int i = 0; i < 3; i++) /* nobody wants it: it is dropped */
        CU_ASSERT_EQUAL(dtls_ev_send_other(scene.client[0].conn, packet, 100), DTLS_OK);
    CU_ASSERT_EQUAL(say(&scene.client[0], 160), DTLS_OK);
    CU_ASSERT_TRUE(run_until(&scene, &scene.served[0].got, 2));
    dtls_ev_set_other(scene.client[0].conn, take_other, &here);
    dtls_ev_server_set_other(scene.server, take_other, &there);
    kernel.sent = kernel.messages = 0;
    for (int i = 0; i < 50; i++) {
        packet[1] = (uint8_t)i;
        CU_ASSERT_EQUAL(dtls_ev_send_other(scene.client[0].conn, packet, 100), DTLS_OK);
        if (i % 10 == 0)
            CU_ASSERT_EQUAL(say(&scene.client[0], 160), DTLS_OK); /* each goes its way */
    }
    CU_ASSERT_EQUAL(kernel.sent, 0);
    CU_ASSERT_TRUE(run_until(&scene, &here.got, 50));
    CU_ASSERT(kernel.sent <= 6);
    CU_ASSERT_EQUAL(there.got, 50);
    CU_ASSERT_EQUAL(here.wrong + there.wrong, 0);
    CU_ASSERT_EQUAL(scene.served[0].got, 7);
    CU_ASSERT_EQUAL(dtls_ev_send_other(scene.client[0].conn, packet, sizeof packet), DTLS_ERR_LARGE_PACKET);
    struct sockaddr nowhere = { .sa_family = AF_UNIX };
    CU_ASSERT_EQUAL(dtls_ev_server_send_other(scene.server, &nowhere, sizeof nowhere, packet, 100), DTLS_ERR_ARGUMENT);
    CU_ASSERT_PTR_NULL(dtls_ev_server_find(scene.server, &nowhere, sizeof nowhere));
    check_sides(&scene);
    clear_scene(&scene);
}

/* ---- what the kernel may say ---- */

static struct dtls_ev_stats stats_of(const struct side *side)
{
    struct dtls_ev_stats stats;

    dtls_ev_stats(side->conn, &stats);
    return stats;
}

/* A device without checksums says EIO for ever; anything else is asked again the next time. */
static void a_kernel_that_cuts_nothing(void)
{
    struct scene scene;

    for (int i = 0; i < 2; i++) {
        set_scene(&scene);
        kernel.segment_error = i == 0 ? EIO : EINVAL;
        for (unsigned round = 1; round <= 3; round++) {
            for (int j = 0; j < 10; j++)
                CU_ASSERT_EQUAL(say(&scene.client[0], 160), DTLS_OK);
            CU_ASSERT_TRUE(run_until(&scene, &scene.served[0].got, 1 + round * 10));
            CU_ASSERT_EQUAL(stats_of(&scene.client[0]).unsegmented, i == 0 ? 1 : round);
        }
        CU_ASSERT_EQUAL(scene.client[0].mtu, 0);
        check_sides(&scene);
        clear_scene(&scene);
    }
}

/* EINVAL for many in one may be the path's MTU (contract M4). What was taken before anybody knew still arrives. */
static void a_path_that_shrinks_below_a_burst(void)
{
    struct scene scene;

    set_scene(&scene);
    kernel.packet = 800;
    for (int i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(say(&scene.client[0], 1000), DTLS_OK);
    turn(&scene);
    turn(&scene);
    CU_ASSERT_EQUAL(scene.client[0].mtu, 772);
    CU_ASSERT(kernel.in_fragments >= 10);
    CU_ASSERT_FALSE(kernel.fragments);
    CU_ASSERT_EQUAL(say(&scene.client[0], 1000), DTLS_ERR_LARGE_PACKET);
    unsigned fragments = kernel.in_fragments;
    for (int i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(say(&scene.client[0], 700), DTLS_OK);
    CU_ASSERT_TRUE(run_until(&scene, &scene.served[0].got, 21));
    CU_ASSERT_EQUAL(kernel.in_fragments, fragments);
    check_sides(&scene);
    clear_scene(&scene);
}

/* What waits when it turns out that even small datagrams have to be fragmented is not overtaken by the next one. */
static void a_thin_path_keeps_the_order(void)
{
    struct scene scene;

    set_scene(&scene);
    kernel.takes = kernel.messages = 1; /* full */
    CU_ASSERT_EQUAL(say(&scene.client[0], 160), DTLS_OK);
    turn(&scene);
    kernel.takes = 0;
    CU_ASSERT_EQUAL(say(&scene.served[0], 160), DTLS_OK);
    dtls_ev_flush(scene.served[0].conn); /* wakes the client, who first hears of the path */
    kernel.takes = kernel.messages;
    kernel.packet = 400;
    kernel.receive_error = EMSGSIZE;
    kernel.has_word = true;
    kernel.word = (struct sock_extended_err){ .ee_errno = EMSGSIZE, .ee_origin = SO_EE_ORIGIN_ICMP };
    socklen_t len;
    memcpy(&kernel.to, dtls_ev_peer(scene.client[0].conn, &len), sizeof kernel.to);
    turn(&scene);
    CU_ASSERT_EQUAL(scene.client[0].mtu, 548);
    CU_ASSERT_EQUAL(say(&scene.client[0], 500), DTLS_OK); /* still full */
    kernel.takes = 0;
    CU_ASSERT_EQUAL(say(&scene.client[0], 500), DTLS_OK);
    CU_ASSERT(kernel.in_fragments > 0);
    CU_ASSERT_TRUE(run_until(&scene, &scene.served[0].got, 4));
    check_sides(&scene);
    clear_scene(&scene);
}

static void say_four(struct scene *scene)
{
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(say(&scene->client[0], 160), DTLS_OK);
}

static void each_refusal_is_what_it_is(void)
{
    static const struct {
        int error;
        uint64_t lost_full, lost_refused;
    } cases[] = {
        { ECONNREFUSED, 0, 0 }, /* an earlier datagram met nobody: this one is sent */
        { EHOSTUNREACH, 0, 0 },
        { ENOBUFS, 4, 0 },
    };
    struct scene scene;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_scene(&scene);
        kernel.send_error = cases[i].error;
        say_four(&scene);
        turn(&scene);
        struct dtls_ev_stats stats = stats_of(&scene.client[0]);
        CHECK_CASE(stats.lost_full == cases[i].lost_full && stats.lost_refused == cases[i].lost_refused, "%s",
                   strerror(cases[i].error));
        if (cases[i].lost_full > 0)
            scene.client[0].sent = 1;
        say_four(&scene);
        CU_ASSERT_TRUE(run_until(&scene, &scene.served[0].got, cases[i].lost_full > 0 ? 5 : 9));
        check_sides(&scene);
        clear_scene(&scene);
    }
}

/* A firewall: EPERM for each. The others' datagrams of the same call leave. */
static void a_firewall_in_front_of_one_peer(void)
{
    struct scene scene;
    struct dtls_ev_stats stats;

    set_scene(&scene);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(say(&scene.served[0], 160), DTLS_OK);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(say(&scene.served[1], 161), DTLS_OK);
    kernel.firewall = 160 + 13 + 8 + 16;
    turn(&scene);
    kernel.firewall = 0;
    dtls_ev_server_stats(scene.server, &stats);
    CU_ASSERT_EQUAL(stats.lost_refused, 3);
    CU_ASSERT_TRUE(run_until(&scene, &scene.client[1].got, 4));
    CU_ASSERT_EQUAL(scene.client[0].got, 1);
    check_sides(&scene);
    clear_scene(&scene);
}

static void a_full_buffer_is_an_answer(void)
{
    struct scene scene;
    struct dtls_ev_stats stats;
    unsigned accepted[2] = { 0 };
    int answer;

    set_scene(&scene);
    kernel.takes = 1;
    kernel.messages = 1; /* full already */
    say(&scene.served[0], 160);
    turn(&scene);
    for (int i = 0; i < 2; i++) { /* a greedy one leaves room for others */
        while ((answer = say(&scene.served[i], 160)) == DTLS_OK && accepted[i] < 10000)
            accepted[i]++;
        CU_ASSERT_EQUAL(answer, DTLS_EV_ERR_FULL);
        CU_ASSERT(accepted[i] >= 15 && accepted[i] <= 16);
    }
    turn(&scene);
    turn(&scene);
    CU_ASSERT_EQUAL(scene.client[0].got, 1);
    dtls_ev_server_stats(scene.server, &stats);
    CU_ASSERT(stats.blocked >= 1);
    kernel.takes = 0; /* there is room again */
    CU_ASSERT_TRUE(run_until(&scene, &scene.client[0].got, 2 + accepted[0]));
    CU_ASSERT_TRUE(run_until(&scene, &scene.client[1].got, 1 + accepted[1]));
    CU_ASSERT_EQUAL(say(&scene.served[0], 160), DTLS_OK);
    CU_ASSERT_TRUE(run_until(&scene, &scene.client[0].got, 3 + accepted[0]));
    check_sides(&scene);
    clear_scene(&scene);
}

/* Its queue is full to the brim when it closes, and the kernel takes all of it just then: nothing is put into a socket
 * that is closed, where it would keep the loop awake for ever. */
static void a_client_that_closes_behind_a_full_buffer(void)
{
    static const uint8_t large[16000];
    struct scene scene;
    struct sockaddr_in to;
    socklen_t len = sizeof to;
    struct dtls_ev_conn *conn = NULL;

    set_scene(&scene);
    struct dtls_config config = scene.client_config;
    config.mtu = sizeof large + 100;
    CU_ASSERT_EQUAL(dtls_ev_server_address(scene.server, (struct sockaddr *)&to, &len), 0);
    CU_ASSERT_EQUAL_FATAL(
        dtls_ev_connect(scene.loop, &config, (struct sockaddr *)&to, len, NULL, on_client, &scene, &conn), DTLS_OK);
    for (int i = 0; i < 1000 && !dtls_conn_is_open(dtls_ev_engine(conn)); i++)
        ev_run(scene.loop, EVRUN_ONCE);
    CU_ASSERT_EQUAL(dtls_ev_send(conn, large, sizeof large, NULL), DTLS_OK); /* alone; the others can wait */
    kernel.takes = kernel.messages = 1;
    for (int i = 0; i < 9; i++)
        CU_ASSERT_EQUAL(dtls_ev_send(conn, large, sizeof large, NULL), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_ev_send(conn, large, sizeof large, NULL), DTLS_EV_ERR_FULL);
    kernel.takes = 0;
    dtls_ev_close(conn);
    dtls_ev_free(conn);
    for (int i = 0; i < CLIENTS; i++)
        dtls_ev_free(scene.client[i].conn);
    dtls_ev_server_free(scene.server);
    scene.server = NULL;
    memset(scene.client, 0, sizeof scene.client);
    ev_timer_set(&scene.end, LIMIT_S, 0.);
    ev_timer_start(scene.loop, &scene.end);
    ev_unref(scene.loop);
    ev_run(scene.loop, 0); /* returns at once: nothing is watched any more */
    CU_ASSERT_TRUE(ev_is_active(&scene.end));
    ev_ref(scene.loop);
    clear_scene(&scene);
}

/* A flight that cannot leave stays in the engine, and leaves then. */
static void a_rehandshake_through_a_full_buffer(void)
{
    struct scene scene;

    set_scene(&scene);
    kernel.takes = 1;
    kernel.messages = 1;
    CU_ASSERT_EQUAL(dtls_ev_rehandshake(scene.served[0].conn, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_ev_rehandshake(scene.client[1].conn, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    for (int i = 0; i < 5; i++)
        turn(&scene);
    kernel.takes = 0;
    dtls_time end = dtls_ev_now() + 3000000;
    while (dtls_ev_now() < end && (dtls_conn_epoch(dtls_ev_engine(scene.served[0].conn)) < 2 ||
                                   dtls_conn_epoch(dtls_ev_engine(scene.served[1].conn)) < 2))
        ev_run(scene.loop, EVRUN_ONCE);
    CU_ASSERT_EQUAL(dtls_conn_epoch(dtls_ev_engine(scene.served[0].conn)), 2);
    CU_ASSERT_EQUAL(dtls_conn_epoch(dtls_ev_engine(scene.served[1].conn)), 2);
    check_sides(&scene);
    clear_scene(&scene);
}

static CU_TestInfo tests[] = {
    { "a burst is one system call, out and in", a_burst_is_one_call },
    { "records to many are gathered by peer", records_to_many_are_gathered_by_peer },
    { "any sizes arrive in order", any_sizes_arrive_in_order },
    { "a turn of two thousand records", a_turn_of_a_thousand_records },
    { "nothing waits for the next event", nothing_waits_for_the_next_event },
    { "flush, and free, send at once", flush_sends_at_once },
    { "media on the same port (RFC 7983)", media_on_the_same_port },
    { "a kernel that cuts nothing (EIO, EINVAL)", a_kernel_that_cuts_nothing },
    { "a path that shrinks below a burst (M4)", a_path_that_shrinks_below_a_burst },
    { "a thin path keeps the order", a_thin_path_keeps_the_order },
    { "each refusal is what it is", each_refusal_is_what_it_is },
    { "a firewall in front of one peer (EPERM)", a_firewall_in_front_of_one_peer },
    { "a full buffer is an answer (EAGAIN)", a_full_buffer_is_an_answer },
    { "a client that closes behind a full buffer", a_client_that_closes_behind_a_full_buffer },
    { "a rehandshake through a full buffer", a_rehandshake_through_a_full_buffer },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "ev_batch", tests);
}
