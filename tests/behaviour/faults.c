/* faults.c - what may fail around an engine, besides memory (memory.c): randomness, the socket, the clock. Each at
 * every moment of every kind of handshake; data, a new MTU and the end of the association come after it. */
#include "conn/conn_private.h"
#include "tests/box/memory.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

enum { MOMENTS_MAX = 200 };

/* The rest of a life: data both ways, another MTU, a rehandshake under it, and a clean end. */
static void live_on(struct pair *pair, const char *name, size_t moment)
{
    size_t done = pair_count(pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE);

    CHECK_CASE(pair_both_open(pair) && pair_ping(pair, NET_SECOND) &&
                   dtls_conn_epoch(pair->end[CLIENT].conn) == dtls_conn_epoch(pair->end[SERVER].conn),
               "%s, moment %zu: the association suffers", name, moment);
    for (int end = CLIENT; end <= SERVER; end++)
        CU_ASSERT_EQUAL(dtls_conn_set_mtu(pair->end[end].conn, 400), DTLS_OK);
    pair_run_for(pair, 2 * NET_SECOND);
    CHECK_CASE(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL) == DTLS_OK &&
                   pair_run_until_renewed(pair, done + 1, 5 * NET_SECOND) && pair_ping(pair, NET_SECOND),
               "%s, moment %zu: the next one is not done", name, moment);
    pair_close(pair, SERVER);
    pair_run_for(pair, NET_SECOND);
    CHECK_CASE(pair_count(pair, CLIENT, DTLS_EVENT_CLOSED) == 1, "%s, moment %zu: no close_notify", name, moment);
}

/* ---- randomness ---- */

struct source {
    struct rng rng;
    size_t drawn, fail_at;
};

static int draw(void *arg, uint8_t *out, size_t len)
{
    struct source *source = arg;

    return source->drawn++ == source->fail_at ? -1 : rng_fill(&source->rng, out, len);
}

/* One draw of one end's fails; false when it draws less often. */
static bool survive_draw(const struct scene *scene, enum net_end poor, size_t number)
{
    const char *name = scene_name(scene->kind);
    bool first = !scene_is_rehandshake(scene->kind);
    struct source source = { .rng = { 3 }, .fail_at = first ? number : SIZE_MAX };
    struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
    struct pair_options options;

    scene_options(scene, &options, 1);
    options.cookies = false;
    options.config[poor].random = draw;
    options.config[poor].random_arg = &source;
    memory_use(&memory, &options.config[poor]);
    struct pair *pair = scene_prepare(scene, &options);
    if (!first)
        source.fail_at = source.drawn + number;
    int begun = scene_start(scene, pair);
    bool done = begun == DTLS_OK && scene_run(scene, pair, 200 * NET_SECOND), drawn = source.drawn > source.fail_at;
    const struct pair_event *failed = pair_last(pair, poor, DTLS_EVENT_FAILED);
    CHECK_CASE(begun == DTLS_OK || begun == DTLS_ERR_RANDOM, "%s, draw %zu of end %d: begins with %d", name, number,
               (int)poor, begun);
    if (drawn && first) /* it ends, and says of what */
        CHECK_CASE(!done && failed != NULL && failed->error == DTLS_ERR_RANDOM, "%s, draw %zu of end %d", name, number,
                   (int)poor);
    else if (!drawn || begun == DTLS_OK) /* a rehandshake is done all the same (S8) */
        CHECK_CASE(done, "%s, draw %zu of end %d: is never done", name, number, (int)poor);
    if (!first) {
        source.fail_at = SIZE_MAX;
        live_on(pair, name, number);
    }
    pair_free(pair);
    CHECK_CASE(memory.live_blocks == 0, "%s, draw %zu of end %d: a leak", name, number, (int)poor);
    return drawn;
}

static void any_draw_of_randomness_may_fail(void)
{
    for (int kind = 0; kind < SCENE_KINDS; kind++)
        for (int poor = CLIENT; poor <= SERVER; poor++) {
            struct scene scene;
            size_t number = 0;
            scene_begin(&scene, (enum scene_kind)kind);
            while (survive_draw(&scene, (enum net_end)poor, number))
                number++;
            CHECK_CASE(number > 0, "%s: end %d draws nothing", scene_name((enum scene_kind)kind), poor);
            scene_end(&scene);
        }
}

/* ---- the socket: EAGAIN ---- */

struct socket {
    struct pair *pair;
    enum net_end end;
    size_t left; /* datagrams that it takes before it is full */
    uint64_t for_us;
};

static void writable_again(void *arg)
{
    struct socket *socket = arg;

    socket->pair->stuck[socket->end] = false;
    pair_settle(socket->pair, socket->end);
}

static void fill_up(struct socket *socket)
{
    socket->pair->stuck[socket->end] = true;
    net_call_at(&socket->pair->net, socket->pair->net.now_us + socket->for_us, writable_again, socket);
}

static struct net_verdict take_some(void *arg, const struct net_sending *sending)
{
    struct socket *socket = arg;

    if (sending->from == socket->end && socket->left > 0 && --socket->left == 0)
        fill_up(socket);
    return (struct net_verdict){ NET_PASS, 0 };
}

/* The socket is full after `number` datagrams of one end, long enough for timers to fire; false when there are less. */
static bool survive_full_socket(const struct scene *scene, enum net_end end, size_t number, uint64_t for_us)
{
    const char *name = scene_name(scene->kind);
    struct socket socket = { .end = end, .left = number, .for_us = for_us };
    struct pair_options options;

    scene_options(scene, &options, 1);
    options.filter = take_some;
    options.filter_arg = &socket;
    struct pair *pair = scene_prepare(scene, &options);
    socket.pair = pair;
    if (number == 0)
        fill_up(&socket);
    CU_ASSERT_EQUAL(scene_start(scene, pair), DTLS_OK);
    CHECK_CASE(scene_run(scene, pair, 20 * NET_SECOND), "%s, datagram %zu of end %d for %llu us: is never done", name,
               number, (int)end, (unsigned long long)for_us);
    bool was_full = socket.left == 0;
    pair_run_for(pair, for_us);
    net_set_filter(&pair->net, NULL, NULL);
    if (was_full)
        live_on(pair, name, number);
    pair_free(pair);
    return was_full;
}

static void the_socket_may_be_full_at_any_time(void)
{
    static const uint64_t long_us[] = { 30 * NET_MS, 350 * NET_MS, 3 * NET_SECOND };
    size_t moments = 0;

    for (int kind = 0; kind < SCENE_KINDS; kind++)
        for (int end = CLIENT; end <= SERVER; end++)
            for (size_t i = 0; i < sizeof long_us / sizeof long_us[0]; i++) {
                struct scene scene;
                scene_begin(&scene, (enum scene_kind)kind);
                for (size_t number = 0; survive_full_socket(&scene, (enum net_end)end, number, long_us[i]); number++)
                    moments++;
                scene_end(&scene);
            }
    CU_ASSERT_TRUE(moments > 100);
}

/* A flight in pieces (R16), and the socket full between two of them: no timer may turn round and round meanwhile, which
 * pair.c watches. */
static void a_full_socket_stops_a_spaced_flight(void)
{
    for (size_t number = 0; number < 8; number++) {
        struct socket socket = { .end = SERVER, .left = number + 1, .for_us = 500 * NET_MS };
        struct pair_options options;
        pair_options(&options, 1);
        options.config[SERVER].identity = identity_of(IDENTITY_LONG_CHAIN);
        struct pair *pair = pair_new(&options);
        CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND) && pair_ping(pair, NET_SECOND));
        pair_run_for(pair, 2 * NET_SECOND);
        socket.pair = pair;
        net_set_filter(&pair->net, take_some, &socket);
        CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
        CU_ASSERT_TRUE(pair_run_until_renewed(pair, 1, 10 * NET_SECOND));
        pair_run_for(pair, NET_SECOND);
        net_set_filter(&pair->net, NULL, NULL);
        live_on(pair, "a spaced flight", number);
        pair_free(pair);
    }
}

/* ---- the clock ---- */

struct clock {
    size_t arrived, moment;
};

static void count_arrival(void *arg, const struct net_datagram *datagram)
{
    struct clock *clock = arg;

    (void)datagram;
    clock->arrived++;
}

static bool is_the_moment(const struct pair *pair, const void *arg)
{
    const struct clock *clock = arg;

    (void)pair;
    return clock->arrived >= clock->moment;
}

/* The program, or the machine, sleeps for hours. A first handshake has a total time and may end of it; an association
 * is for ever. */
static bool survive_sleep(const struct scene *scene, size_t moment, uint64_t sleep_us)
{
    const char *name = scene_name(scene->kind);
    struct clock clock = { .moment = moment };
    struct pair_options options;

    scene_options(scene, &options, 1);
    options.cookies = false;
    struct pair *pair = scene_prepare(scene, &options);
    pair->on_arrival = count_arrival;
    pair->watcher = &clock;
    CU_ASSERT_EQUAL(scene_start(scene, pair), DTLS_OK);
    bool there = moment == 0 || pair_run_until(pair, is_the_moment, &clock, 300 * NET_MS);
    if (there) {
        net_advance(&pair->net, pair->net.now_us + sleep_us);
        bool done = scene_run(scene, pair, 200 * NET_SECOND);
        if (scene_is_rehandshake(scene->kind)) {
            if (!done) { /* it was given up before its first answer (R10): it can be asked for again */
                CHECK_CASE(pair_count(pair, CLIENT, DTLS_EVENT_REHANDSHAKE_FAILED) +
                                   pair_count(pair, SERVER, DTLS_EVENT_REHANDSHAKE_FAILED) ==
                               1,
                           "%s, moment %zu: neither done nor failed", name, moment);
            }
            live_on(pair, name, moment);
        } else {
            const struct pair_event *client = pair_last(pair, CLIENT, DTLS_EVENT_FAILED),
                                    *server = pair_last(pair, SERVER, DTLS_EVENT_FAILED);
            CHECK_CASE(done || (client != NULL && client->error == DTLS_ERR_TIMEOUT) ||
                           (server != NULL && server->error == DTLS_ERR_TIMEOUT),
                       "%s, moment %zu: neither done nor over", name, moment);
        }
    }
    pair_free(pair);
    return there;
}

static void the_clock_may_jump(void)
{
    static const uint64_t sleeps_us[] = { 3 * NET_SECOND, 3 * 3600 * NET_SECOND };
    size_t moments = 0;

    for (int kind = 0; kind < SCENE_KINDS; kind++)
        for (size_t i = 0; i < sizeof sleeps_us / sizeof sleeps_us[0]; i++) {
            struct scene scene;
            scene_begin(&scene, (enum scene_kind)kind);
            for (size_t moment = 0; moment < MOMENTS_MAX && survive_sleep(&scene, moment, sleeps_us[i]); moment++)
                moments++;
            scene_end(&scene);
        }
    CU_ASSERT_TRUE(moments > 90);
}

/* A clock of low resolution, or a test's: everything happens in the same instant. */
static void the_clock_may_stand_still(void)
{
    for (int kind = 0; kind < SCENE_KINDS; kind++) {
        struct pair_options options;
        struct scene scene;
        scene_begin(&scene, (enum scene_kind)kind);
        scene_options(&scene, &options, 1);
        options.link[CLIENT].delay_us = options.link[SERVER].delay_us = 0;
        struct pair *pair = scene_prepare(&scene, &options);
        uint64_t began_us = pair->net.now_us;
        CU_ASSERT_EQUAL(scene_start(&scene, pair), DTLS_OK);
        CHECK_CASE(scene_run(&scene, pair, NET_SECOND) && pair->net.now_us == began_us, "%s: takes %llu us",
                   scene_name((enum scene_kind)kind), (unsigned long long)(pair->net.now_us - began_us));
        live_on(pair, scene_name((enum scene_kind)kind), 0);
        pair_free(pair);
        scene_end(&scene);
    }
}

static CU_TestInfo tests[] = {
    { "any draw of randomness may fail (S8)", any_draw_of_randomness_may_fail },
    { "the socket may be full at any time, and timers fire meanwhile", the_socket_may_be_full_at_any_time },
    { "a full socket stops a spaced flight, and nothing turns round meanwhile (R16)",
      a_full_socket_stops_a_spaced_flight },
    { "the clock may jump by hours (T1, R10)", the_clock_may_jump },
    { "the clock may stand still (T1)", the_clock_may_stand_still },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "faults", tests);
}
