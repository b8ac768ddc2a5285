/* redis_away_test.c - a store in Redis that is not there, dies, hangs, or lies. */
#define _GNU_SOURCE /* accept4, RTLD_NEXT */
#include <dlfcn.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/interop/redis_scene.h"

/* ---- when it is not there ---- */

static void a_server_may_come_later_and_go(void)
{
    struct scene scene;

    scene_begin(&scene);
    CU_ASSERT_EQUAL_FATAL(scene_try_store(&scene, "redis://127.0.0.1:%d", NULL), DTLS_OK);
    CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_down));
    size_t before = scene_answered;
    struct dtls_question question;
    scene_ask(&scene, &question, 1, false);
    CU_ASSERT_TRUE(scene_answered == before + 1 && question.len == 0); /* at once */
    scene_put(&scene, 1, 10, 60);
    for (int i = 0; i < 2; i++) {
        scene_start_server(&scene, NULL);
        CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_up));
        CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 0); /* what was put without one is lost */
        scene_put(&scene, 1, 10, 60);
        CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 10);
        scene_end_server(&scene);
        CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_down));
    }
    struct dtls_redis_stats stats;
    dtls_redis_stats(scene.redis, &stats);
    CU_ASSERT_TRUE(stats.refused == 2 && stats.connects == 2);
    scene_end(&scene);
}

/* In front of the C library's: the host "two.test" has two addresses, and nobody listens at the first one. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *wanted, struct addrinfo **out)
{
    __typeof__(getaddrinfo) *real = (__typeof__(getaddrinfo) *)dlsym(RTLD_NEXT, "getaddrinfo");
    bool two = strcmp(node, "two.test") == 0;
    int err = real(two ? "127.0.0.2" : node, service, wanted, out);

    return err == 0 && two ? real("127.0.0.1", service, wanted, &(*out)->ai_next) : err;
}

static void all_addresses_of_a_host_are_tried(void)
{
    struct scene scene;

    scene_begin(&scene);
    scene_start_server(&scene, NULL);
    CU_ASSERT_EQUAL_FATAL(scene_try_store(&scene, "redis://two.test:%d", NULL), DTLS_OK);
    CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_up));
    scene_end(&scene);
}

/* connect() itself fails. */
static void nothing_is_told_before_the_loop_runs(void)
{
    struct scene scene;

    scene_begin(&scene);
    CU_ASSERT_EQUAL_FATAL(scene_try_store(&scene, "redis://255.255.255.255:%d", NULL), DTLS_OK);
    CU_ASSERT_EQUAL(scene.changes, 0);
    CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_down));
    scene_end(&scene);
}

static struct dtls_question crowd[1000];

static void ask_many(struct scene *scene)
{
    scene_wanted = scene_answered + 1000;
    for (unsigned i = 0; i < 1000; i++)
        scene_ask(scene, &crowd[i], 1, i % 2);
}

static void check_many(void)
{
    for (unsigned i = 0; i < 1000; i++)
        CHECK_CASE(crowd[i].answers == 1 && crowd[i].len == 0, "question %u: %u answers", i, crowd[i].answers);
}

static void what_waits_is_answered_once_when_it_dies(void)
{
    struct scene scene;

    scene_begin_with_server(&scene, NULL);
    scene_put(&scene, 1, 10, 60);
    CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 10);
    kill(scene.server, SIGSTOP);
    ask_many(&scene);
    ev_run(scene.loop, EVRUN_NOWAIT); /* they leave */
    scene_end_server(&scene);
    CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_answered));
    check_many();
    CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_down));
    struct dtls_redis_stats stats;
    dtls_redis_stats(scene.redis, &stats);
    CU_ASSERT_EQUAL(stats.lost, 1000);
    scene_end(&scene);
}

static void a_server_that_hangs_is_dead(void)
{
    const struct dtls_redis_settings hasty = { .timeout_ms = 300 };
    struct scene scene;

    scene_begin_with_server(&scene, &hasty);
    scene_put(&scene, 1, 10, 60);
    CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 10);
    kill(scene.server, SIGSTOP);
    double start = ev_time();
    ask_many(&scene);
    CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_answered));
    check_many();
    CHECK_CASE(ev_time() - start >= 0.29, "after %f s already", ev_time() - start);
    CU_ASSERT_TRUE(scene_is_down(&scene));
    ask_many(&scene); /* and now at once */
    CU_ASSERT_EQUAL(scene_answered, scene_wanted);
    kill(scene.server, SIGCONT);
    CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_up));
    struct dtls_redis_stats stats;
    dtls_redis_stats(scene.redis, &stats);
    CU_ASSERT_TRUE(stats.timeouts >= 1 && stats.refused == 1000 && stats.connects == 2);
    scene_end(&scene);
}

static void slow_answers_are_answers(void)
{
    struct scene scene;
    char command[64];

    scene_begin_with_server(&scene, NULL);
    scene_put(&scene, 1, 10, 60);
    CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 10);
    snprintf(command, sizeof command, "redis-cli -p %d client pause 300 >/dev/null", scene.port);
    CU_ASSERT_EQUAL(system(command), 0);
    CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 10);
    struct dtls_redis_stats stats;
    dtls_redis_stats(scene.redis, &stats);
    CU_ASSERT_TRUE(stats.timeouts == 0 && stats.connects == 1);
    scene_end(&scene);
}

/* The program does something else for longer than a server may be silent: before it asks, or while the answers come. */
static void who_has_no_time_itself_is_patient(void)
{
    const struct dtls_redis_settings hasty = { .timeout_ms = 200 };
    struct scene scene;

    scene_begin_with_server(&scene, &hasty);
    scene_put(&scene, 1, 200, 60);
    CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 200);
    ev_sleep(0.3);
    CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 200);
    scene_wanted = scene_answered + 1000;
    for (unsigned i = 0; i < 1000; i++)
        scene_ask(&scene, &crowd[i], 1, false);
    ev_run(scene.loop, EVRUN_NOWAIT); /* they leave */
    ev_sleep(0.3);
    CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_answered));
    for (unsigned i = 0; i < 1000; i++)
        CHECK_CASE(crowd[i].answers == 1 && crowd[i].len == 200, "question %u: %zu bytes", i, crowd[i].len);
    struct dtls_redis_stats stats;
    dtls_redis_stats(scene.redis, &stats);
    CU_ASSERT_TRUE(stats.timeouts == 0 && stats.connects == 1);
    scene_end(&scene);
}

static void no_more_waits_than_may(void)
{
    const struct dtls_redis_settings narrow = { .most_waiting = 10 };
    struct scene scene;

    scene_begin_with_server(&scene, &narrow);
    kill(scene.server, SIGSTOP);
    size_t before = scene_answered;
    ask_many(&scene);
    CU_ASSERT_EQUAL(scene_answered, before + 990);
    kill(scene.server, SIGCONT);
    CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_answered));
    check_many();
    scene_end(&scene);
}

static void freed_with_requests_waiting(void)
{
    struct scene scene;

    scene_begin_with_server(&scene, NULL);
    kill(scene.server, SIGSTOP);
    ask_many(&scene);
    ev_run(scene.loop, EVRUN_NOWAIT);
    unsigned changes = scene.changes, news = scene.news;
    dtls_redis_free(scene.redis);
    scene.redis = NULL;
    CU_ASSERT_EQUAL(scene_answered, scene_wanted);
    check_many();
    CU_ASSERT_TRUE(scene.changes == changes && scene.news == news);
    scene_end(&scene);
    for (int moment = 0; moment < 3; moment++) { /* before it is connected, and before it is greeted */
        scene_begin(&scene);
        scene_start_server(&scene, NULL);
        CU_ASSERT_EQUAL_FATAL(scene_try_store(&scene, "redis://127.0.0.1:%d", NULL), DTLS_OK);
        for (int i = 0; i < moment; i++)
            ev_run(scene.loop, EVRUN_ONCE);
        scene_end(&scene);
    }
}

/* ---- a server that lies ---- */

struct liar {
    struct scene scene;
    ev_io door, guest;
    int fd;
    const char *lie;
    size_t len;
    bool leaves;
};

/* Greets, and then answers whatever comes with its lie. */
static void on_guest(struct ev_loop *loop, ev_io *guest, int happened)
{
    struct liar *liar = guest->data;
    char bytes[4096];
    ssize_t len = read(guest->fd, bytes, sizeof bytes - 1);

    (void)happened;
    if (len > 0) {
        bytes[len] = '\0';
        bool greeting = strstr(bytes, "PING") != NULL;
        ssize_t sent = send(guest->fd, greeting ? "+PONG\r\n" : liar->lie, greeting ? 7 : liar->len, MSG_NOSIGNAL);
        if (sent > 0 && (greeting || !liar->leaves))
            return;
    }
    ev_io_stop(loop, guest);
    close(guest->fd);
    guest->fd = -1;
}

static void on_door(struct ev_loop *loop, ev_io *door, int happened)
{
    struct liar *liar = door->data;
    int fd = accept4(door->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)happened;
    if (fd < 0)
        return;
    if (liar->guest.fd >= 0) {
        ev_io_stop(loop, &liar->guest);
        close(liar->guest.fd);
    }
    ev_io_set(&liar->guest, fd, EV_READ);
    ev_io_start(loop, &liar->guest);
}

static void begin_with_liar(struct liar *liar, const struct dtls_redis_settings *settings)
{
    struct scene *scene = &liar->scene;

    scene_begin(scene);
    ev_io_init(&liar->door, on_door, scene_listen_anywhere(&scene->port), EV_READ);
    ev_io_init(&liar->guest, on_guest, -1, EV_READ);
    liar->door.data = liar->guest.data = liar;
    ev_io_start(scene->loop, &liar->door);
    CU_ASSERT_EQUAL_FATAL(scene_try_store(scene, "redis://127.0.0.1:%d", settings), DTLS_OK);
    CU_ASSERT_TRUE(scene_run_until(scene, scene_is_up));
}

static void end_liar(struct liar *liar)
{
    struct scene *scene = &liar->scene;

    dtls_redis_free(scene->redis);
    scene->redis = NULL;
    ev_io_stop(scene->loop, &liar->door);
    ev_io_stop(scene->loop, &liar->guest);
    close(liar->door.fd);
    if (liar->guest.fd >= 0)
        close(liar->guest.fd);
    scene_end(scene);
}

static void lies_are_no_entries(void)
{
    static const struct {
        const char *name, *lie, *words; /* that are told of the connection's end */
        bool leaves;
    } cases[] = {
        { "an error", "-ERR unknown command\r\n", NULL, false },
        { "a number", ":17\r\n", NULL, false },
        { "a status", "+OK\r\n", NULL, false },
        { "an empty string", "$0\r\n\r\n", NULL, false },
        { "an entry that is too long",
          "$257\r\n"
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef!\r\n",
          NULL, false },
        { "a list", "*2\r\n$1\r\na\r\n$1\r\nb\r\n", "of a kind", false },
        { "a list of two thousand million", "*2000000000\r\n", "of a kind", false },
        { "deep lists", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "of a kind", false },
        { "a map", "%1\r\n+a\r\n+b\r\n", "of a kind", false },
        { "a push", ">2\r\n+message\r\n+a\r\n", "of a kind", false },
        { "garbage", "hello, here is some HTML\r\n", "of a kind", false },
        { "nothing but a newline", "\r\n", "of a kind", false },
        { "a length that is none", "$x\r\n", "Bad bulk", false },
        { "a negative length", "$-7\r\n", "out of range", false },
        { "a huge length", "$9223372036854775807\r\nabc", NULL, false },
        { "half a gigabyte that does not come", "$536870912\r\nabc", "no answer in time", false },
        { "half an answer", "$10\r\nabc", "closed", true },
        { "half a length", "$1", "closed", true },
        { "an answer too many", "$-1\r\n$-1\r\n$-1\r\n", "nobody has asked", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct dtls_redis_settings hasty = { .timeout_ms = 200 };
        struct liar liar = { .lie = cases[i].lie, .len = strlen(cases[i].lie), .leaves = cases[i].leaves };
        begin_with_liar(&liar, &hasty);
        CHECK_CASE(scene_get(&liar.scene, 1, false) == 0, "%s: an entry", cases[i].name);
        CHECK_CASE(cases[i].words == NULL || (scene_run_until(&liar.scene, scene_is_down) &&
                                              strstr(liar.scene.words, cases[i].words) != NULL),
                   "%s: %s", cases[i].name, liar.scene.words);
        for (int n = 0; n < 2; n++)
            CHECK_CASE(scene_get(&liar.scene, 1, false) == 0, "%s: an entry", cases[i].name);
        struct dtls_redis_stats stats;
        dtls_redis_stats(liar.scene.redis, &stats);
        CHECK_CASE(stats.found == 0, "%s: found", cases[i].name);
        end_liar(&liar);
    }
}

/* As of a server that is too old for what is asked. Its words may not take over a terminal. */
static void the_first_error_of_a_connection_is_told(void)
{
    static const char lie[] = "-ERR unknown command 'GETDEL'\033[31m\a\xff\r\n";
    struct liar liar = { .lie = lie, .len = sizeof lie - 1 };

    begin_with_liar(&liar, NULL);
    struct scene *scene = &liar.scene;
    unsigned changes = scene->changes;
    for (int n = 0; n < 3; n++)
        CU_ASSERT_EQUAL(scene_get(scene, 1, true), 0);
    CU_ASSERT_TRUE(scene->up);
    CU_ASSERT_EQUAL(scene->changes, changes + 1);
    CU_ASSERT_STRING_EQUAL(scene->words, "ERR unknown command 'GETDEL'?[31m??");
    struct dtls_redis_stats stats;
    dtls_redis_stats(scene->redis, &stats);
    CU_ASSERT_EQUAL(stats.errors, 3);
    end_liar(&liar);
}

static bool has_connected_five_times(const struct scene *scene)
{
    struct dtls_redis_stats stats;

    dtls_redis_stats(scene->redis, &stats);
    if (scene->up)
        dtls_redis_store(scene->redis)->remove(dtls_redis_store(scene->redis)->arg, scene_name(1));
    return stats.connects == 5;
}

/* Pauses of 100, 200, 400 and 800 ms, a quarter more or less. */
static void who_greets_and_fails_is_tried_less_often(void)
{
    struct liar liar = { .lie = "$1", .len = 2, .leaves = true };
    double start = ev_time();

    begin_with_liar(&liar, NULL);
    CU_ASSERT_TRUE(scene_run_until(&liar.scene, has_connected_five_times));
    CHECK_CASE(ev_time() - start > 1.1, "five times in %f s", ev_time() - start);
    end_liar(&liar);
}

/* ---- without memory: hiredis says so, in front of the real one ---- */

static unsigned calls, failing; /* the number of the call that fails; 0: none */

static bool fails(void)
{
    return ++calls == failing;
}

int redisvFormatCommand(char **target, const char *format, va_list arguments)
{
    __typeof__(redisvFormatCommand) *real = (__typeof__(redisvFormatCommand) *)dlsym(RTLD_NEXT, "redisvFormatCommand");

    return fails() ? -1 : real(target, format, arguments);
}

redisReader *redisReaderCreate(void)
{
    __typeof__(redisReaderCreate) *real = (__typeof__(redisReaderCreate) *)dlsym(RTLD_NEXT, "redisReaderCreate");

    return fails() ? NULL : real();
}

int redisReaderFeed(redisReader *reader, const char *bytes, size_t len)
{
    __typeof__(redisReaderFeed) *real = (__typeof__(redisReaderFeed) *)dlsym(RTLD_NEXT, "redisReaderFeed");

    return fails() ? REDIS_ERR : real(reader, bytes, len);
}

static void want_of_memory_is_want_of_a_connection(void)
{
    struct dtls_question questions[3];
    struct scene scene;

    for (unsigned n = 1; n <= 12; n++) {
        scene_begin(&scene);
        scene_start_server(&scene, NULL);
        calls = 0;
        failing = n < 4 ? n : 0; /* in the greeting */
        CU_ASSERT_EQUAL_FATAL(scene_try_store(&scene, "redis://127.0.0.1:%d", NULL), DTLS_OK);
        CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_up));
        calls = 0;
        failing = n < 4 ? 0 : n - 3; /* and after it */
        scene_wanted = scene_answered + 3;
        for (unsigned i = 0; i < 3; i++) {
            scene_put(&scene, i, 10, 60);
            scene_ask(&scene, &questions[i], i, false);
        }
        CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_answered));
        for (unsigned i = 0; i < 3; i++)
            CHECK_CASE(questions[i].answers == 1, "call %u, question %u: %u answers", n, i, questions[i].answers);
        failing = 0;
        CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_up)); /* again */
        scene_put(&scene, 1, 10, 60);
        CHECK_CASE(scene_get(&scene, 1, false) == 10, "call %u", n);
        scene_end(&scene);
    }
}

static CU_TestInfo tests[] = {
    { "a server may come later, and go, and come again", a_server_may_come_later_and_go },
    { "all addresses of a host are tried", all_addresses_of_a_host_are_tried },
    { "nothing is told before the loop runs", nothing_is_told_before_the_loop_runs },
    { "what waits is answered once when the server dies", what_waits_is_answered_once_when_it_dies },
    { "a server that hangs is dead, until it is not", a_server_that_hangs_is_dead },
    { "slow answers are answers", slow_answers_are_answers },
    { "who has no time itself is patient", who_has_no_time_itself_is_patient },
    { "no more waits than may", no_more_waits_than_may },
    { "freed with requests waiting: answered, and no callback", freed_with_requests_waiting },
    { "lies are no entries", lies_are_no_entries },
    { "the first error of a connection is told, in plain words", the_first_error_of_a_connection_is_told },
    { "who greets and fails is tried less often", who_greets_and_fails_is_tried_less_often },
    { "want of memory is want of a connection", want_of_memory_is_want_of_a_connection },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, "redis away", tests);
}
