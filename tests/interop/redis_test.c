/* redis_test.c - libdtls-redis with real servers, with none, and with one that lies. The engine is not asked here: this
 * program has questions and dtls_question_answer_stored of its own, which stand in front of the library's. */
#define _GNU_SOURCE /* accept4 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dtls/redis.h"
#include "tests/tap.h"

static const double MOST_S = 20; /* of anything here */

/* ---- questions ---- */

struct dtls_question {
    unsigned answers;
    size_t len;
    uint8_t entry[DTLS_STORE_ENTRY_MOST];
};

static size_t answered; /* questions, in all */

DTLS_API int dtls_question_answer_stored(struct dtls_question *question, struct dtls_bytes entry)
{
    question->answers++;
    question->len = entry.len <= sizeof question->entry ? entry.len : 0;
    if (question->len > 0)
        memcpy(question->entry, entry.at, question->len);
    answered++;
    return DTLS_OK;
}

/* ---- a server, and a store on it ---- */

struct scene {
    struct ev_loop *loop;
    char room[32];
    int port;
    pid_t server; /* 0: none */
    struct dtls_redis *redis;
    bool up;
    unsigned changes, news;
    char words[256];
};

static void on_news(void *arg)
{
    struct scene *scene = arg;

    scene->news++;
}

static void on_change(void *arg, bool up, const char *words)
{
    struct scene *scene = arg;

    scene->up = up;
    scene->changes++;
    snprintf(scene->words, sizeof scene->words, "%s", words);
}

static int listen_anywhere(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    CU_ASSERT_FATAL(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 8) == 0 &&
                    getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static void start_server(struct scene *scene, const char *password)
{
    char port[8];

    snprintf(port, sizeof port, "%d", scene->port);
    fflush(stdout);
    scene->server = fork();
    CU_ASSERT_FATAL(scene->server >= 0);
    if (scene->server > 0)
        return;
    freopen("/dev/null", "w", stdout);
    execlp("redis-server", "redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no",
           "--dir", scene->room, password != NULL ? "--requirepass" : "--loglevel",
           password != NULL ? password : "warning", (char *)NULL);
    _exit(127);
}

static void end_server(struct scene *scene)
{
    int status;

    if (scene->server == 0)
        return;
    kill(scene->server, SIGKILL);
    while (waitpid(scene->server, &status, 0) < 0 && errno == EINTR)
        continue;
    CHECK_CASE(!WIFEXITED(status) || WEXITSTATUS(status) != 127, "redis-server is not there");
    scene->server = 0;
}

static void begin(struct scene *scene)
{
    *scene = (struct scene){ .loop = ev_loop_new(EVFLAG_AUTO), .room = "/tmp/dtls-redis-XXXXXX" };
    CU_ASSERT_FATAL(scene->loop != NULL && mkdtemp(scene->room) != NULL);
    close(listen_anywhere(&scene->port)); /* a port that nobody has */
}

static void end(struct scene *scene)
{
    dtls_redis_free(scene->redis);
    end_server(scene);
    ev_loop_destroy(scene->loop);
    rmdir(scene->room);
}

static int try_store(struct scene *scene, const char *format, const struct dtls_redis_settings *settings)
{
    struct dtls_redis_settings with = settings != NULL ? *settings : (struct dtls_redis_settings){ .url = NULL };
    char url[128];

    snprintf(url, sizeof url, format, scene->port);
    with.url = url;
    with.answered = on_news;
    with.changed = on_change;
    with.arg = scene;
    return dtls_redis_new(scene->loop, &with, &scene->redis);
}

static void begin_with_server(struct scene *scene, const struct dtls_redis_settings *settings);

static void on_end(struct ev_loop *loop, ev_timer *timer, int happened)
{
    (void)timer;
    (void)happened;
    ev_break(loop, EVBREAK_ALL);
}

/* Runs the loop until `done`; false when that takes too long. */
static bool run_until(struct scene *scene, bool (*done)(const struct scene *scene))
{
    ev_timer limit;
    double until = ev_time() + MOST_S;

    ev_timer_init(&limit, on_end, 0.02, 0.02);
    ev_timer_start(scene->loop, &limit);
    while (!done(scene) && ev_time() < until)
        ev_run(scene->loop, EVRUN_ONCE);
    ev_timer_stop(scene->loop, &limit);
    return done(scene);
}

static bool is_up(const struct scene *scene)
{
    return scene->up;
}

static bool is_down(const struct scene *scene)
{
    return !scene->up && scene->changes > 0;
}

static void begin_with_server(struct scene *scene, const struct dtls_redis_settings *settings)
{
    begin(scene);
    start_server(scene, NULL);
    CU_ASSERT_EQUAL_FATAL(try_store(scene, "redis://127.0.0.1:%d", settings), DTLS_OK);
    CU_ASSERT_TRUE_FATAL(run_until(scene, is_up)); /* whichever comes first */
    CU_ASSERT_TRUE(dtls_redis_is_up(scene->redis));
}

static struct dtls_bytes name_of(unsigned number)
{
    static uint8_t name[DTLS_STORE_NAME_LEN];

    for (size_t i = 0; i < sizeof name; i++)
        name[i] = (uint8_t)(number * 7 + i * 31); /* with zeroes, blanks and newlines among them */
    memcpy(name, &number, sizeof number);
    return (struct dtls_bytes){ name, sizeof name };
}

static void put(const struct scene *scene, unsigned number, size_t len, uint32_t lifetime_s)
{
    const struct dtls_store *store = dtls_redis_store(scene->redis);
    uint8_t entry[DTLS_STORE_ENTRY_MOST];

    for (size_t i = 0; i < len; i++)
        entry[i] = (uint8_t)(number + i);
    store->put(store->arg, name_of(number), (struct dtls_bytes){ entry, len }, lifetime_s);
}

static size_t wanted_answers;

static bool are_answered(const struct scene *scene)
{
    (void)scene;
    return answered >= wanted_answers;
}

static void ask(const struct scene *scene, struct dtls_question *question, unsigned number, bool take)
{
    const struct dtls_store *store = dtls_redis_store(scene->redis);

    *question = (struct dtls_question){ 0 };
    store->get(store->arg, question, name_of(number), take);
}

/* How long the entry is, 0: there is none. */
static size_t get(struct scene *scene, unsigned number, bool take)
{
    struct dtls_question question;

    wanted_answers = answered + 1;
    ask(scene, &question, number, take);
    CU_ASSERT_TRUE_FATAL(run_until(scene, are_answered));
    CU_ASSERT_EQUAL(question.answers, 1);
    for (size_t i = 0; i < question.len; i++)
        CHECK_CASE(question.entry[i] == (uint8_t)(number + i), "entry %u, byte %zu", number, i);
    return question.len;
}

/* ---- as it should be ---- */

static void what_is_put_is_got(void)
{
    struct scene scene;

    begin_with_server(&scene, NULL);
    CU_ASSERT_EQUAL(get(&scene, 1, false), 0);
    for (unsigned i = 1; i <= 300; i++)
        put(&scene, i, 1 + i % DTLS_STORE_ENTRY_MOST, 60);
    for (unsigned i = 1; i <= 300; i++)
        CHECK_CASE(get(&scene, i, false) == 1 + i % DTLS_STORE_ENTRY_MOST, "entry %u", i);
    CU_ASSERT_EQUAL(get(&scene, 7, true), 8);
    CU_ASSERT_EQUAL(get(&scene, 7, true), 0);
    const struct dtls_store *store = dtls_redis_store(scene.redis);
    store->remove(store->arg, name_of(8));
    CU_ASSERT_EQUAL(get(&scene, 8, false), 0);
    put(&scene, 9, 20, 60); /* in place of the other */
    CU_ASSERT_EQUAL(get(&scene, 9, false), 20);
    ev_run(scene.loop, EVRUN_NOWAIT);
    struct dtls_redis_stats stats;
    dtls_redis_stats(scene.redis, &stats);
    CU_ASSERT_TRUE(stats.gets == 305 && stats.found == 302 && stats.puts == 301 && stats.removes == 1 &&
                   stats.refused == 0 && stats.lost == 0 && stats.errors == 0 && stats.connects == 1);
    CU_ASSERT_EQUAL(scene.news, 305); /* one was waited for at a time */
    end(&scene);
}

static void many_answers_in_a_turn_are_told_once(void)
{
    static struct dtls_question questions[1000];
    struct scene scene;

    begin_with_server(&scene, NULL);
    wanted_answers = answered + 1000;
    for (unsigned i = 0; i < 1000; i++)
        ask(&scene, &questions[i], i, false);
    CU_ASSERT_TRUE(run_until(&scene, are_answered));
    ev_run(scene.loop, EVRUN_NOWAIT);
    CHECK_CASE(scene.news >= 1 && scene.news < 500, "told %u times", scene.news);
    end(&scene);
}

static void entries_live_as_long_as_they_may(void)
{
    struct scene scene;
    double until = ev_time() + MOST_S;

    begin_with_server(&scene, NULL);
    put(&scene, 1, 10, 1);
    put(&scene, 2, 10, 60);
    CU_ASSERT_EQUAL(get(&scene, 1, false), 10);
    while (get(&scene, 1, false) > 0 && ev_time() < until)
        usleep(50000);
    CU_ASSERT_EQUAL(get(&scene, 1, false), 0);
    CU_ASSERT_EQUAL(get(&scene, 2, false), 10);
    end(&scene);
}

static void prefixes_keep_fleets_apart(void)
{
    const struct dtls_redis_settings other = { .prefix = "other:" };
    struct scene scene;

    begin_with_server(&scene, NULL);
    put(&scene, 1, 10, 60);
    CU_ASSERT_EQUAL(get(&scene, 1, false), 10);
    struct dtls_redis *first = scene.redis;
    scene.up = false;
    CU_ASSERT_EQUAL_FATAL(try_store(&scene, "redis://127.0.0.1:%d", &other), DTLS_OK);
    CU_ASSERT_TRUE(run_until(&scene, is_up));
    CU_ASSERT_EQUAL(get(&scene, 1, false), 0);
    dtls_redis_free(scene.redis);
    scene.up = false;
    CU_ASSERT_EQUAL_FATAL(try_store(&scene, "redis://127.0.0.1:%d/3", NULL), DTLS_OK);
    CU_ASSERT_TRUE(run_until(&scene, is_up));
    CU_ASSERT_EQUAL(get(&scene, 1, false), 0); /* another database */
    dtls_redis_free(first);
    end(&scene);
}

/* ---- who is let in ---- */

static void passwords(void)
{
    static const struct {
        const char *url;
        bool up;
    } cases[] = {
        { "redis://:secret@127.0.0.1:%d", true },        { "redis://default:secret@127.0.0.1:%d/0", true },
        { "redis://:%%73ecret@127.0.0.1:%d", true },     { "redis://127.0.0.1:%d", false },
        { "redis://:wrong@127.0.0.1:%d", false },        { "redis://nobody:secret@127.0.0.1:%d", false },
        { "redis://:secret@127.0.0.1:%d/60000", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene scene;
        begin(&scene);
        start_server(&scene, "secret");
        CU_ASSERT_EQUAL_FATAL(try_store(&scene, cases[i].url, NULL), DTLS_OK);
        double until = ev_time() + MOST_S; /* at first the server may not be there */
        while (!scene.up && strchr(scene.words, ' ') == NULL && ev_time() < until)
            ev_run(scene.loop, EVRUN_ONCE);
        while (!scene.up && strstr(scene.words, "refused") != NULL && ev_time() < until)
            ev_run(scene.loop, EVRUN_ONCE);
        CHECK_CASE(scene.up == cases[i].up, "%s: %s", cases[i].url, scene.words);
        if (!scene.up) {
            CHECK_CASE(strstr(scene.words, "NOAUTH") != NULL || strstr(scene.words, "WRONGPASS") != NULL ||
                           strstr(scene.words, "DB index") != NULL,
                       "%s: %s", cases[i].url, scene.words);
            CU_ASSERT_EQUAL(get(&scene, 1, false), 0);
        }
        end(&scene);
    }
}

static void urls(void)
{
    static const struct {
        const char *url;
        int error;
    } cases[] = {
        { "redis://127.0.0.1", DTLS_OK },
        { "redis://127.0.0.1/", DTLS_OK },
        { "redis://[::1]:6379/1", DTLS_OK },
        { "redis://localhost:6379", DTLS_OK },
        { "redis://u:p%40ss@127.0.0.1", DTLS_OK },
        { "", DTLS_ERR_ARGUMENT },
        { "127.0.0.1:6379", DTLS_ERR_ARGUMENT },
        { "rediss://127.0.0.1", DTLS_ERR_ARGUMENT },
        { "redis://", DTLS_ERR_ARGUMENT },
        { "redis://:6379", DTLS_ERR_ARGUMENT },
        { "redis://127.0.0.1:", DTLS_ERR_ARGUMENT },
        { "redis://127.0.0.1:0", DTLS_ERR_ARGUMENT },
        { "redis://127.0.0.1:65536", DTLS_ERR_ARGUMENT },
        { "redis://127.0.0.1:6379x", DTLS_ERR_ARGUMENT },
        { "redis://127.0.0.1/one", DTLS_ERR_ARGUMENT },
        { "redis://127.0.0.1/1/2", DTLS_ERR_ARGUMENT },
        { "redis://[::1", DTLS_ERR_ARGUMENT },
        { "redis://[::1]x", DTLS_ERR_ARGUMENT },
        { "redis://user@127.0.0.1", DTLS_ERR_ARGUMENT },
        { "redis://user:@127.0.0.1", DTLS_ERR_ARGUMENT },
        { "redis://:p%4@127.0.0.1", DTLS_ERR_ARGUMENT },
        { "redis://:p%00@127.0.0.1", DTLS_ERR_ARGUMENT },
        { "redis://:p%zz@127.0.0.1", DTLS_ERR_ARGUMENT },
        { "redis://nobody.invalid", DTLS_REDIS_ERR_HOST },
    };
    char long_url[1000] = "redis://", long_prefix[66];

    memset(long_url + 8, 'a', 900);
    memset(long_prefix, 'p', 65);
    long_prefix[65] = '\0';
    for (size_t i = 0; i < sizeof cases / sizeof cases[0] + 2; i++) {
        struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
        bool listed = i < sizeof cases / sizeof cases[0];
        struct dtls_redis_settings settings = { .url = listed ? cases[i].url : long_url };
        struct dtls_redis *redis = (struct dtls_redis *)&settings;
        if (i > sizeof cases / sizeof cases[0])
            settings = (struct dtls_redis_settings){ .url = "redis://127.0.0.1", .prefix = long_prefix };
        int err = dtls_redis_new(loop, &settings, &redis);
        CHECK_CASE(err == (listed ? cases[i].error : DTLS_ERR_ARGUMENT), "%s: %d", settings.url, err);
        CHECK_CASE((redis != NULL) == (err == DTLS_OK), "%s", settings.url);
        dtls_redis_free(redis);
        ev_loop_destroy(loop);
    }
}

/* ---- when it is not there ---- */

static void a_server_may_come_later_and_go(void)
{
    struct scene scene;

    begin(&scene);
    CU_ASSERT_EQUAL_FATAL(try_store(&scene, "redis://127.0.0.1:%d", NULL), DTLS_OK);
    CU_ASSERT_TRUE(run_until(&scene, is_down));
    size_t before = answered;
    struct dtls_question question;
    ask(&scene, &question, 1, false);
    CU_ASSERT_TRUE(answered == before + 1 && question.len == 0); /* at once */
    put(&scene, 1, 10, 60);
    for (int i = 0; i < 2; i++) {
        start_server(&scene, NULL);
        CU_ASSERT_TRUE(run_until(&scene, is_up));
        CU_ASSERT_EQUAL(get(&scene, 1, false), 0); /* what was put without one is lost */
        put(&scene, 1, 10, 60);
        CU_ASSERT_EQUAL(get(&scene, 1, false), 10);
        end_server(&scene);
        CU_ASSERT_TRUE(run_until(&scene, is_down));
    }
    struct dtls_redis_stats stats;
    dtls_redis_stats(scene.redis, &stats);
    CU_ASSERT_TRUE(stats.refused == 2 && stats.connects == 2);
    end(&scene);
}

static struct dtls_question crowd[1000];

static void ask_many(struct scene *scene)
{
    wanted_answers = answered + 1000;
    for (unsigned i = 0; i < 1000; i++)
        ask(scene, &crowd[i], 1, i % 2);
}

static void check_many(void)
{
    for (unsigned i = 0; i < 1000; i++)
        CHECK_CASE(crowd[i].answers == 1 && crowd[i].len == 0, "question %u: %u answers", i, crowd[i].answers);
}

static void what_waits_is_answered_once_when_it_dies(void)
{
    struct scene scene;

    begin_with_server(&scene, NULL);
    put(&scene, 1, 10, 60);
    CU_ASSERT_EQUAL(get(&scene, 1, false), 10);
    kill(scene.server, SIGSTOP);
    ask_many(&scene);
    ev_run(scene.loop, EVRUN_NOWAIT); /* they leave */
    end_server(&scene);
    CU_ASSERT_TRUE(run_until(&scene, are_answered));
    check_many();
    CU_ASSERT_TRUE(run_until(&scene, is_down));
    struct dtls_redis_stats stats;
    dtls_redis_stats(scene.redis, &stats);
    CU_ASSERT_EQUAL(stats.lost, 1000);
    end(&scene);
}

static void a_server_that_hangs_is_dead(void)
{
    const struct dtls_redis_settings hasty = { .timeout_ms = 300 };
    struct scene scene;

    begin_with_server(&scene, &hasty);
    put(&scene, 1, 10, 60);
    CU_ASSERT_EQUAL(get(&scene, 1, false), 10);
    kill(scene.server, SIGSTOP);
    double start = ev_time();
    ask_many(&scene);
    CU_ASSERT_TRUE(run_until(&scene, are_answered));
    check_many();
    CHECK_CASE(ev_time() - start >= 0.29, "after %f s already", ev_time() - start);
    CU_ASSERT_TRUE(is_down(&scene));
    ask_many(&scene); /* and now at once */
    CU_ASSERT_EQUAL(answered, wanted_answers);
    kill(scene.server, SIGCONT);
    CU_ASSERT_TRUE(run_until(&scene, is_up));
    struct dtls_redis_stats stats;
    dtls_redis_stats(scene.redis, &stats);
    CU_ASSERT_TRUE(stats.timeouts >= 1 && stats.refused == 1000 && stats.connects == 2);
    end(&scene);
}

static void no_more_waits_than_may(void)
{
    const struct dtls_redis_settings narrow = { .most_waiting = 10 };
    struct scene scene;

    begin_with_server(&scene, &narrow);
    kill(scene.server, SIGSTOP);
    size_t before = answered;
    ask_many(&scene);
    CU_ASSERT_EQUAL(answered, before + 990);
    kill(scene.server, SIGCONT);
    CU_ASSERT_TRUE(run_until(&scene, are_answered));
    check_many();
    end(&scene);
}

static void freed_with_requests_waiting(void)
{
    struct scene scene;

    begin_with_server(&scene, NULL);
    kill(scene.server, SIGSTOP);
    ask_many(&scene);
    ev_run(scene.loop, EVRUN_NOWAIT);
    unsigned changes = scene.changes, news = scene.news;
    dtls_redis_free(scene.redis);
    scene.redis = NULL;
    CU_ASSERT_EQUAL(answered, wanted_answers);
    check_many();
    CU_ASSERT_TRUE(scene.changes == changes && scene.news == news);
    end(&scene);
    for (int moment = 0; moment < 3; moment++) { /* before it is connected, and before it is greeted */
        begin(&scene);
        start_server(&scene, NULL);
        CU_ASSERT_EQUAL_FATAL(try_store(&scene, "redis://127.0.0.1:%d", NULL), DTLS_OK);
        for (int i = 0; i < moment; i++)
            ev_run(scene.loop, EVRUN_ONCE);
        end(&scene);
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
        ssize_t sent = write(guest->fd, greeting ? "+PONG\r\n" : liar->lie, greeting ? 7 : liar->len);
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

static void lies_are_no_entries(void)
{
    static const struct {
        const char *name, *lie;
        bool leaves;
    } cases[] = {
        { "an error", "-ERR unknown command\r\n", false },
        { "a number", ":17\r\n", false },
        { "a status", "+OK\r\n", false },
        { "a list", "*2\r\n$1\r\na\r\n$1\r\nb\r\n", false },
        { "an empty string", "$0\r\n\r\n", false },
        { "garbage", "hello, here is some HTML\r\n", false },
        { "nothing but a newline", "\r\n", false },
        { "a length that is none", "$x\r\n", false },
        { "a negative length", "$-7\r\n", false },
        { "a huge length", "$9223372036854775807\r\nabc", false },
        { "half a gigabyte that does not come", "$536870912\r\nabc", false },
        { "deep lists", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", false },
        { "half an answer", "$10\r\nabc", true },
        { "half a length", "$1", true },
        { "an answer too many", "$-1\r\n$-1\r\n$-1\r\n", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct dtls_redis_settings hasty = { .timeout_ms = 200 };
        struct liar liar = { .lie = cases[i].lie, .len = strlen(cases[i].lie), .leaves = cases[i].leaves };
        struct scene *scene = &liar.scene;
        begin(scene);
        ev_io_init(&liar.door, on_door, listen_anywhere(&scene->port), EV_READ);
        ev_io_init(&liar.guest, on_guest, -1, EV_READ);
        liar.door.data = liar.guest.data = &liar;
        ev_io_start(scene->loop, &liar.door);
        CU_ASSERT_EQUAL_FATAL(try_store(scene, "redis://127.0.0.1:%d", &hasty), DTLS_OK);
        CU_ASSERT_TRUE(run_until(scene, is_up));
        for (int n = 0; n < 3; n++)
            CHECK_CASE(get(scene, 1, false) == 0, "%s: an entry", cases[i].name);
        dtls_redis_free(scene->redis);
        scene->redis = NULL;
        ev_io_stop(scene->loop, &liar.door);
        ev_io_stop(scene->loop, &liar.guest);
        close(liar.door.fd);
        if (liar.guest.fd >= 0)
            close(liar.guest.fd);
        end(scene);
    }
}

/* ---- ticket keys ---- */

enum { FOLLOWERS = 2 };

struct fleet {
    struct scene scene[1 + FOLLOWERS]; /* the first makes the keys; one loop for all */
    struct dtls_ticket_keys keys[1 + FOLLOWERS], by;
};

static bool is_same(const struct dtls_ticket_keys *a, const struct dtls_ticket_keys *b)
{
    return a->count == b->count && memcmp(a->keys, b->keys, a->count * sizeof a->keys[0]) == 0;
}

static struct fleet *the_fleet;

static bool all_have_the_keys(const struct scene *scene)
{
    (void)scene;
    for (size_t i = 0; i < FOLLOWERS; i++)
        if (the_fleet->keys[0].count == 0 || !is_same(&the_fleet->keys[0], &the_fleet->keys[1 + i]))
            return false;
    return true;
}

static struct dtls_ticket_keys older;

static bool the_keys_are_others(const struct scene *scene)
{
    return !is_same(&older, &the_fleet->keys[0]) && all_have_the_keys(scene);
}

static void begin_fleet(struct fleet *fleet, uint32_t period_s)
{
    *fleet = (struct fleet){ .by = { .keys = { { .name = "a", .key = "b" } }, .count = 1 } };
    the_fleet = fleet;
    begin(&fleet->scene[0]);
    start_server(&fleet->scene[0], NULL);
    for (size_t i = 0; i < 1 + FOLLOWERS; i++) {
        struct scene *scene = &fleet->scene[i];
        scene->loop = fleet->scene[0].loop;
        scene->port = fleet->scene[0].port;
        CU_ASSERT_EQUAL_FATAL(try_store(scene, "redis://127.0.0.1:%d", NULL), DTLS_OK);
        CU_ASSERT_EQUAL(
            dtls_redis_share_keys(scene->redis, &fleet->keys[i], &fleet->by, i == 0 ? period_s : 0, 5 * period_s),
            DTLS_OK);
    }
}

static void end_fleet(struct fleet *fleet)
{
    for (size_t i = 1; i < 1 + FOLLOWERS; i++)
        dtls_redis_free(fleet->scene[i].redis);
    end(&fleet->scene[0]);
}

static void keys_are_made_by_one_and_had_by_all(void)
{
    struct fleet fleet;

    begin_fleet(&fleet, 1);
    CU_ASSERT_TRUE(run_until(&fleet.scene[0], all_have_the_keys));
    older = fleet.keys[0];
    CU_ASSERT_TRUE(older.count >= 2); /* this period's and the next one's */
    CU_ASSERT_TRUE(run_until(&fleet.scene[0], the_keys_are_others));
    /* Without Redis everyone goes on with what there is; the maker's newer ones come when it is back. */
    end_server(&fleet.scene[0]);
    CU_ASSERT_TRUE(run_until(&fleet.scene[1], is_down));
    older = fleet.keys[0];
    start_server(&fleet.scene[0], NULL);
    CU_ASSERT_TRUE(run_until(&fleet.scene[0], the_keys_are_others));
    end_fleet(&fleet);
}

static void a_maker_that_comes_back_begins_with_what_is_there(void)
{
    struct fleet fleet;
    struct scene *maker = &fleet.scene[0];

    begin_fleet(&fleet, 600);
    CU_ASSERT_TRUE(run_until(maker, all_have_the_keys));
    older = fleet.keys[0];
    dtls_redis_free(maker->redis);
    memset(&fleet.keys[0], 0, sizeof fleet.keys[0]);
    CU_ASSERT_EQUAL_FATAL(try_store(maker, "redis://127.0.0.1:%d", NULL), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_redis_share_keys(maker->redis, &fleet.keys[0], &fleet.by, 600, 3000), DTLS_OK);
    CU_ASSERT_TRUE(run_until(maker, all_have_the_keys));
    CU_ASSERT_TRUE(is_same(&older, &fleet.keys[0]));
    CU_ASSERT_EQUAL(dtls_redis_share_keys(maker->redis, &fleet.keys[0], &fleet.by, 600, 3000), DTLS_ERR_ARGUMENT);
    end_fleet(&fleet);
}

static unsigned told;

static bool somebody_was_told(const struct scene *scene)
{
    return strstr(scene->words, "do not open") != NULL && ++told > 0;
}

/* Somebody has written there: keys of another fleet, or nothing of the kind. */
static void keys_that_do_not_open_change_nothing(void)
{
    struct fleet fleet;

    for (int way = 0; way < 2; way++) {
        begin_fleet(&fleet, 600);
        CU_ASSERT_TRUE(run_until(&fleet.scene[0], all_have_the_keys));
        struct scene *follower = &fleet.scene[1];
        older = fleet.keys[1];
        dtls_redis_free(follower->redis);
        follower->words[0] = '\0';
        fleet.by.keys[0].key[0] ^= way == 0; /* this fleet's keys are others now */
        if (way == 1) {
            char command[128];
            snprintf(command, sizeof command, "redis-cli -p %d set dtls:ticket-keys poison >/dev/null", follower->port);
            CU_ASSERT_EQUAL(system(command), 0);
        }
        CU_ASSERT_EQUAL_FATAL(try_store(follower, "redis://127.0.0.1:%d", NULL), DTLS_OK);
        CU_ASSERT_EQUAL(dtls_redis_share_keys(follower->redis, &fleet.keys[1], &fleet.by, 0, 0), DTLS_OK);
        CU_ASSERT_TRUE(run_until(follower, somebody_was_told));
        CU_ASSERT_TRUE(is_same(&older, &fleet.keys[1]));
        end_fleet(&fleet);
    }
}

static CU_TestInfo tests[] = {
    { "what is put is got, whatever its bytes; taken once; removed", what_is_put_is_got },
    { "many answers in a turn of the loop are told once", many_answers_in_a_turn_are_told_once },
    { "entries live as long as they may", entries_live_as_long_as_they_may },
    { "prefixes and databases keep fleets apart", prefixes_keep_fleets_apart },
    { "passwords, users and databases: let in, or told why not", passwords },
    { "URLs, good and bad", urls },
    { "a server may come later, and go, and come again", a_server_may_come_later_and_go },
    { "what waits is answered once when the server dies", what_waits_is_answered_once_when_it_dies },
    { "a server that hangs is dead, until it is not", a_server_that_hangs_is_dead },
    { "no more waits than may", no_more_waits_than_may },
    { "freed with requests waiting: answered, and no callback", freed_with_requests_waiting },
    { "lies are no entries", lies_are_no_entries },
    { "ticket keys are made by one and had by all", keys_are_made_by_one_and_had_by_all },
    { "a maker that comes back begins with what is there", a_maker_that_comes_back_begins_with_what_is_there },
    { "keys that do not open change nothing", keys_that_do_not_open_change_nothing },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    return tap_main(argc, argv, "redis", tests);
}
