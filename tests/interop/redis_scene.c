/* redis_scene.c - questions that an engine might ask, a redis-server of our own, and a store on it. */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "tests/interop/redis_scene.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

size_t scene_answered, scene_wanted;

DTLS_API int dtls_question_answer_stored(struct dtls_question *question, struct dtls_bytes entry)
{
    question->answers++;
    question->len = entry.len <= sizeof question->entry ? entry.len : 0;
    if (question->len > 0)
        memcpy(question->entry, entry.at, question->len);
    scene_answered++;
    return DTLS_OK;
}

int scene_main(int argc, char **argv, const char *suite, CU_TestInfo *tests)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        if (freopen("/dev/null", "w", stdout) != NULL)
            execlp("redis-server", "redis-server", "--version", (char *)NULL);
        _exit(127);
    }
    if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        printf("1..0 # SKIP redis-server is not installed\n");
        return 0;
    }
    return tap_main(argc, argv, suite, tests);
}

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

int scene_listen_anywhere(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    CU_ASSERT_FATAL(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 8) == 0 &&
                    getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    *port = ntohs(at.sin_port);
    return fd;
}

void scene_start_server(struct scene *scene, const char *password)
{
    char port[8], path[48];

    snprintf(port, sizeof port, "%d", scene->port);
    snprintf(path, sizeof path, "%s/redis@home", scene->room);
    fflush(stdout);
    scene->server = fork();
    CU_ASSERT_FATAL(scene->server >= 0);
    if (scene->server > 0)
        return;
    if (freopen("/dev/null", "w", stdout) == NULL)
        _exit(127);
    execlp("redis-server", "redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no",
           "--dir", scene->room, "--unixsocket", path, password != NULL ? "--requirepass" : "--loglevel",
           password != NULL ? password : "warning", (char *)NULL);
    _exit(127);
}

void scene_end_server(struct scene *scene)
{
    int status;

    if (scene->server == 0)
        return;
    kill(scene->server, SIGKILL);
    while (waitpid(scene->server, &status, 0) < 0 && errno == EINTR)
        continue;
    char path[48]; /* it has had no time to take it away */
    snprintf(path, sizeof path, "%s/redis@home", scene->room);
    unlink(path);
    CHECK_CASE(!WIFEXITED(status) || WEXITSTATUS(status) != 127, "redis-server is not there");
    scene->server = 0;
}

void scene_begin(struct scene *scene)
{
    *scene = (struct scene){ .loop = ev_loop_new(EVFLAG_AUTO), .room = "/tmp/dtls-redis-XXXXXX" };
    CU_ASSERT_FATAL(scene->loop != NULL && mkdtemp(scene->room) != NULL);
    close(scene_listen_anywhere(&scene->port)); /* a port that nobody has */
}

void scene_end(struct scene *scene)
{
    dtls_redis_free(scene->redis);
    scene_end_server(scene);
    ev_loop_destroy(scene->loop);
    rmdir(scene->room);
}

int scene_try_store(struct scene *scene, const char *format, const struct dtls_redis_settings *settings)
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

static void on_end(struct ev_loop *loop, ev_timer *timer, int happened)
{
    (void)timer;
    (void)happened;
    ev_break(loop, EVBREAK_ALL);
}

bool scene_run_until(struct scene *scene, bool (*done)(const struct scene *scene))
{
    ev_timer limit;
    double until = ev_time() + SCENE_MOST_S;

    ev_timer_init(&limit, on_end, 0.02, 0.02);
    ev_timer_start(scene->loop, &limit);
    while (!done(scene) && ev_time() < until)
        ev_run(scene->loop, EVRUN_ONCE);
    ev_timer_stop(scene->loop, &limit);
    return done(scene);
}

bool scene_is_up(const struct scene *scene)
{
    return scene->up;
}

bool scene_is_down(const struct scene *scene)
{
    return !scene->up && scene->changes > 0;
}

void scene_begin_with_server(struct scene *scene, const struct dtls_redis_settings *settings)
{
    scene_begin(scene);
    scene_start_server(scene, NULL);
    CU_ASSERT_EQUAL_FATAL(scene_try_store(scene, "redis://127.0.0.1:%d", settings), DTLS_OK);
    CU_ASSERT_TRUE_FATAL(scene_run_until(scene, scene_is_up)); /* whichever comes first */
    CU_ASSERT_TRUE(dtls_redis_is_up(scene->redis));
}

struct dtls_bytes scene_name(unsigned number)
{
    static uint8_t name[DTLS_STORE_NAME_LEN];

    for (size_t i = 0; i < sizeof name; i++)
        name[i] = (uint8_t)(number * 7 + i * 31); /* with zeroes, blanks and newlines among them */
    memcpy(name, &number, sizeof number);
    return (struct dtls_bytes){ name, sizeof name };
}

void scene_put(const struct scene *scene, unsigned number, size_t len, uint32_t lifetime_s)
{
    const struct dtls_store *store = dtls_redis_store(scene->redis);
    uint8_t entry[DTLS_STORE_ENTRY_MOST];

    for (size_t i = 0; i < len; i++)
        entry[i] = (uint8_t)(number + i);
    store->put(store->arg, scene_name(number), (struct dtls_bytes){ entry, len }, lifetime_s);
}

bool scene_is_answered(const struct scene *scene)
{
    (void)scene;
    return scene_answered >= scene_wanted;
}

void scene_ask(const struct scene *scene, struct dtls_question *question, unsigned number, bool take)
{
    const struct dtls_store *store = dtls_redis_store(scene->redis);

    *question = (struct dtls_question){ 0 };
    store->get(store->arg, question, scene_name(number), take);
}

size_t scene_get(struct scene *scene, unsigned number, bool take)
{
    struct dtls_question question;

    scene_wanted = scene_answered + 1;
    scene_ask(scene, &question, number, take);
    CU_ASSERT_TRUE_FATAL(scene_run_until(scene, scene_is_answered));
    CU_ASSERT_EQUAL(question.answers, 1);
    for (size_t i = 0; i < question.len; i++)
        CHECK_CASE(question.entry[i] == (uint8_t)(number + i), "entry %u, byte %zu", number, i);
    return question.len;
}