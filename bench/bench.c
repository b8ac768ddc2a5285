/* bench.c - the joints of the benchmarks. Measures nothing itself. */
#define _POSIX_C_SOURCE 200809L
#include "bench/bench.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "apps/complain.h"
#include "apps/options.h"

unsigned long bench_allocations;

void bench_no_options(const char *name, const char *about, int argc, char **argv)
{
    static const struct option_row rows[] = { { 0 } };
    const struct option_program program = {
        .name = name,
        .mask = 1,
        .usage = "[options]",
        .about = about,
        .notes = "Exit status: 0 all was measured, 1 something failed, 2 a mistake in the options.\n",
        .rows = rows,
    };

    complain_as(name);
    options_read(&program, argc, argv, NULL, NULL);
}

void bench_fail(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

/* What malloc has set aside for a block: the bytes one may use, and the size in front of them. */
static size_t weight_of(void *block)
{
    return malloc_usable_size(block) + sizeof(size_t);
}

static void *count_and_allocate(void *arg, size_t len)
{
    struct bench_heap *heap = arg;
    void *block = malloc(len);

    bench_allocations++;
    if (heap == NULL || block == NULL)
        return block;
    heap->live += weight_of(block);
    if (heap->live > heap->most)
        heap->most = heap->live;
    return block;
}

static void release(void *arg, void *block)
{
    struct bench_heap *heap = arg;

    if (heap != NULL && block != NULL)
        heap->live -= weight_of(block);
    free(block);
}

void bench_config(struct dtls_config *config, const struct dtls_identity *identity)
{
    dtls_config_init(config);
    config->identity = identity;
    config->verifier = dtls_verifier_accept();
    config->allocate = count_and_allocate;
    config->release = release;
    config->memory_arg = NULL;
}

void bench_weigh(struct dtls_config *config, struct bench_heap *heap)
{
    config->memory_arg = heap;
}

struct dtls_identity *bench_identity(void)
{
    struct dtls_identity *identity;

    if (dtls_identity_generate(DTLS_KEY_ECDSA_P256, "bench", 0, INT64_C(4000000000), NULL, NULL, &identity) != DTLS_OK)
        bench_fail("no identity");
    return identity;
}

static void keep_session(const struct dtls_session *from, struct dtls_session **session)
{
    uint8_t bytes[DTLS_SESSION_MAX];
    size_t len;

    dtls_session_free(*session);
    if (dtls_session_write(from, bytes, sizeof bytes, &len) != DTLS_OK ||
        dtls_session_read(bytes, len, session) != DTLS_OK)
        bench_fail("the session does not come back");
}

/* Moves every datagram that `from` has over to `to`; false when there was none. */
static bool carry(struct dtls_conn *from, struct dtls_conn *to, dtls_time now, struct dtls_session **session)
{
    uint8_t datagram[2048];
    struct dtls_event event;
    size_t len;
    bool carried = false;

    while (dtls_conn_next_datagram(from, now, datagram, sizeof datagram, &len)) {
        carried = true;
        dtls_conn_receive(to, now, datagram, len);
        while (dtls_conn_next_event(to, &event))
            if (event.type == DTLS_EVENT_SESSION && session != NULL)
                keep_session(event.session, session);
    }
    return carried;
}

static void settle(struct dtls_conn *client, struct dtls_conn *server, dtls_time now, struct dtls_session **session)
{
    for (bool carried = true; carried;) {
        carried = carry(client, server, now, NULL);
        carried = carry(server, client, now, session) || carried;
    }
}

void bench_connect(struct dtls_conn *client, struct dtls_conn *server, struct dtls_session **session)
{
    if (dtls_conn_start(server, 1) != DTLS_OK || dtls_conn_start(client, 1) != DTLS_OK)
        bench_fail("a connection does not start");
    settle(client, server, 1, session);
    if (!dtls_conn_is_open(client) || !dtls_conn_is_open(server))
        bench_fail("the handshake does not complete");
}

void bench_settle(struct dtls_conn *client, struct dtls_conn *server, dtls_time now)
{
    settle(client, server, now, NULL);
}

double bench_cpu_seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void bench_print_machine(void)
{
    char line[256], model[256] = "unknown CPU";
    struct utsname kernel;
    FILE *cpus = fopen("/proc/cpuinfo", "r");

    while (cpus != NULL && fgets(line, sizeof line, cpus) != NULL)
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':') != NULL) {
            snprintf(model, sizeof model, "%s", strchr(line, ':') + 2);
            model[strcspn(model, "\n")] = '\0';
            break;
        }
    if (cpus != NULL)
        fclose(cpus);
    uname(&kernel);
    printf("# %s, %ld cores, %s %s\n", model, sysconf(_SC_NPROCESSORS_ONLN), kernel.sysname, kernel.release);
}
