/* store.c - the load that one Redis carries for libdtls-redis: sessions kept and found a second, with many requests
 * under way as a busy server has them, and what a session takes there. A redis-server is started for it, on loopback,
 * and shares this machine with the one who asks. */
#define _GNU_SOURCE /* usleep */
#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/figure.h"
#include "dtls/redis.h"

enum { SESSIONS = 100000, AT_ONCE = 500, ENTRY = 188 /* bytes, sealed; 156 without a client's certificate */ };

/* No engine asks here: these questions stand in front of the library's. */
struct dtls_question {
    bool found;
};

static size_t answers, found;

DTLS_API int dtls_question_answer_stored(struct dtls_question *question, struct dtls_bytes entry)
{
    answers++;
    found += entry.len == ENTRY;
    question->found = entry.len > 0;
    return DTLS_OK;
}

struct bench {
    struct ev_loop *loop;
    struct dtls_redis *redis;
    const struct dtls_store *store;
    redisContext *side; /* for questions about the server itself */
    int port;
    char version[32];
    bool up;
};

static void on_change(void *arg, bool up, const char *words)
{
    struct bench *bench = arg;

    (void)words;
    bench->up = up;
}

static struct dtls_bytes name_of(size_t number)
{
    static uint8_t name[DTLS_STORE_NAME_LEN];
    uint64_t x = number;

    for (size_t i = 0; i < sizeof name; i++) {
        x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
        name[i] = (uint8_t)(x >> 56);
    }
    memcpy(name, &number, sizeof number);
    return (struct dtls_bytes){ name, sizeof name };
}

/* ---- the server ---- */

/* A number, or a text, from INFO. */
static double info(struct bench *bench, const char *section, const char *key, char *text, size_t room)
{
    redisReply *reply = redisCommand(bench->side, "INFO %s", section);
    char *at = reply != NULL && reply->type == REDIS_REPLY_STRING ? strstr(reply->str, key) : NULL;

    if (at == NULL)
        bench_fail("INFO says nothing");
    at += strlen(key) + 1;
    double number = strtod(at, NULL);
    if (text != NULL)
        snprintf(text, room, "%.*s", (int)strcspn(at, "\r\n"), at);
    freeReplyObject(reply);
    return number;
}

static pid_t server_pid;

/* Also when the benchmark fails. */
static void stop_server(void)
{
    kill(server_pid, SIGTERM);
    waitpid(server_pid, NULL, 0);
}

/* One that nobody has now. */
static int free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        bench_fail("no port");
    close(fd);
    return ntohs(address.sin_port);
}

static _Noreturn void become_server(int number)
{
    char port[8];

    prctl(PR_SET_PDEATHSIG, SIGTERM); /* also when the benchmark is killed */
    snprintf(port, sizeof port, "%d", number);
    if (freopen("/dev/null", "w", stdout) != NULL)
        execlp("redis-server", "redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly",
               "no", "--dir", "/tmp", (char *)NULL);
    _exit(127);
}

static void start_server(struct bench *bench)
{
    bench->port = free_port();
    server_pid = fork();
    if (server_pid == 0)
        become_server(bench->port);
    if (server_pid < 0)
        bench_fail("no process for a redis-server");
    atexit(stop_server);
    for (int i = 0; i < 200 && (bench->side == NULL || bench->side->err != 0); i++) {
        usleep(20000);
        redisFree(bench->side);
        bench->side = redisConnect("127.0.0.1", bench->port);
    }
    if (bench->side == NULL || bench->side->err != 0)
        bench_fail("redis-server does not start");
    if ((pid_t)info(bench, "server", "process_id", NULL, 0) != server_pid) /* it would be filled */
        bench_fail("another Redis has taken the port");
}

/* ---- what is measured ---- */

static void print(const struct bench *bench, const char *name, double value, const char *unit)
{
    figure_print(&(struct figure){ "store", "redis", bench->version, name, value, unit }, false);
}

static void put_all(struct bench *bench)
{
    uint8_t entry[ENTRY];
    struct dtls_question question;

    memset(entry, 7, sizeof entry);
    for (size_t i = 0; i < SESSIONS; i += AT_ONCE) {
        for (size_t n = i; n < i + AT_ONCE; n++)
            bench->store->put(bench->store->arg, name_of(n), (struct dtls_bytes){ entry, sizeof entry }, 86400);
        size_t wanted = answers + 1; /* whose answer comes behind all of theirs */
        bench->store->get(bench->store->arg, &question, name_of(i), false);
        while (answers < wanted)
            ev_run(bench->loop, EVRUN_ONCE);
    }
}

static void get_all(struct bench *bench)
{
    static struct dtls_question questions[AT_ONCE];
    size_t before = answers, asked = 0;

    while (answers < before + SESSIONS) {
        while (asked < SESSIONS && asked - (answers - before) < AT_ONCE) {
            bench->store->get(bench->store->arg, &questions[asked % AT_ONCE], name_of(asked), false);
            asked++;
        }
        ev_run(bench->loop, EVRUN_ONCE);
    }
}

static void measure(struct bench *bench)
{
    double memory = info(bench, "memory", "used_memory", NULL, 0);
    double start = ev_time(), cpu = bench_cpu_seconds();

    put_all(bench);
    double put_s = ev_time() - start, put_cpu_s = bench_cpu_seconds() - cpu;
    memory = info(bench, "memory", "used_memory", NULL, 0) - memory;
    start = ev_time();
    cpu = bench_cpu_seconds();
    found = 0;
    get_all(bench);
    double get_s = ev_time() - start, get_cpu_s = bench_cpu_seconds() - cpu;
    if (found != SESSIONS)
        bench_fail("sessions are missing");
    print(bench, "sessions kept, 500 at once", SESSIONS / put_s, "per second");
    print(bench, "sessions found, 500 at once", SESSIONS / get_s, "per second");
    print(bench, "a server's CPU for a session kept", put_cpu_s / SESSIONS * 1e6, "us");
    print(bench, "a server's CPU for a session found", get_cpu_s / SESSIONS * 1e6, "us");
    print(bench, "memory of Redis for a session", memory / SESSIONS, "bytes");
}

int main(int argc, char **argv)
{
    bench_no_options("store",
                     "How many sessions one Redis keeps and finds a second, and what one takes there. It starts a\n"
                     "redis-server of its own.\n",
                     argc, argv);
    struct bench bench = { .loop = ev_loop_new(EVFLAG_AUTO) };
    char url[64];

    start_server(&bench);
    info(&bench, "server", "redis_version", bench.version, sizeof bench.version);
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", bench.port);
    const struct dtls_redis_settings settings = { .url = url, .changed = on_change, .arg = &bench };
    if (dtls_redis_new(bench.loop, &settings, &bench.redis) != DTLS_OK)
        bench_fail("no store");
    bench.store = dtls_redis_store(bench.redis);
    for (int i = 0; i < 1000 && !bench.up; i++)
        ev_run(bench.loop, EVRUN_ONCE);
    bench_print_machine();
    measure(&bench);
    dtls_redis_free(bench.redis);
    redisFree(bench.side);
    ev_loop_destroy(bench.loop);
    return 0;
}
