/* memory.c - bytes of heap per connection at rest, the most that a handshake takes, and what a rehandshake leaves
 * behind. The peer programs that are there (bench/peers) weigh their libraries beside it. */
#define _POSIX_C_SOURCE 200809L
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/complain.h"
#include "apps/options.h"
#include "bench/bench.h"
#include "bench/figure.h"

enum { PAIRS = 1000, REHANDSHAKES = 2 };

#define SECOND ((dtls_time)1000 * 1000)
#define GRACE  (11 * SECOND) /* longer than the old keys live once the new ones are in use (contract R4) */

static const struct {
    const char *name;
    uint16_t suite;
} suites[] = {
    { "AES-128-GCM", DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256 },
    { "ChaCha20-Poly1305", DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256 },
};

/* One case: so many pairs, of one suite. */
struct crowd {
    const char *name;
    bool json;
    struct dtls_config config[2]; /* by enum dtls_role, as the others */
    struct bench_heap heap[2];
    struct dtls_conn *conn[PAIRS][2];
    size_t most[2]; /* that one end of a pair had while it was made */
    dtls_time now;
};

static void print_figure(const struct crowd *crowd, enum dtls_role role, const char *what, double bytes)
{
    char name[80];

    snprintf(name, sizeof name, "%s: %s, %s", crowd->name, role == DTLS_CLIENT ? "client" : "server", what);
    figure_print(&(struct figure){ "memory", "libdtls", BENCH_VERSION, name, bytes, "bytes" }, crowd->json);
}

static void tell(struct dtls_conn *from, struct dtls_conn *to, dtls_time now)
{
    uint8_t datagram[2048];
    struct dtls_event event;
    bool told = false;
    size_t len;

    if (dtls_conn_send(from, now, (const uint8_t *)"here", 4, datagram, sizeof datagram, &len) != DTLS_OK ||
        dtls_conn_receive(to, now, datagram, len) != DTLS_OK)
        bench_fail("data is not carried");
    while (dtls_conn_next_event(to, &event))
        told = told || event.type == DTLS_EVENT_DATA;
    if (!told)
        bench_fail("data does not arrive");
}

/* Data both ways, and then nothing until the old keys are gone. */
static void come_to_rest(struct crowd *crowd)
{
    crowd->now += SECOND;
    for (size_t i = 0; i < PAIRS; i++) {
        tell(crowd->conn[i][DTLS_CLIENT], crowd->conn[i][DTLS_SERVER], crowd->now);
        tell(crowd->conn[i][DTLS_SERVER], crowd->conn[i][DTLS_CLIENT], crowd->now);
    }
    crowd->now += GRACE;
    for (size_t i = 0; i < 2 * PAIRS; i++)
        if (dtls_conn_tick(crowd->conn[i / 2][i % 2], crowd->now) != DTLS_OK ||
            dtls_conn_deadline(crowd->conn[i / 2][i % 2]) != DTLS_NEVER)
            bench_fail("a connection is not at rest");
}

static void connect_all(struct crowd *crowd)
{
    for (size_t i = 0; i < PAIRS; i++) {
        size_t before[2];
        for (int role = 0; role < 2; role++) {
            before[role] = crowd->heap[role].most = crowd->heap[role].live;
            crowd->conn[i][role] = dtls_conn_new(&crowd->config[role], (enum dtls_role)role);
            if (crowd->conn[i][role] == NULL)
                bench_fail("a connection is not made");
        }
        bench_connect(crowd->conn[i][DTLS_CLIENT], crowd->conn[i][DTLS_SERVER], NULL);
        for (int role = 0; role < 2; role++)
            if (crowd->heap[role].most - before[role] > crowd->most[role])
                crowd->most[role] = crowd->heap[role].most - before[role];
    }
}

static void rehandshake_all(struct crowd *crowd)
{
    for (int n = 0; n < REHANDSHAKES; n++) {
        for (size_t i = 0; i < PAIRS; i++) {
            struct dtls_conn *client = crowd->conn[i][DTLS_CLIENT], *server = crowd->conn[i][DTLS_SERVER];
            uint16_t epoch = dtls_conn_epoch(client);
            if (dtls_conn_rehandshake(client, crowd->now, DTLS_REHANDSHAKE_FULL) != DTLS_OK)
                bench_fail("a rehandshake does not start");
            bench_settle(client, server, crowd->now);
            if (dtls_conn_epoch(client) != epoch + 1 || dtls_conn_epoch(server) != epoch + 1)
                bench_fail("a rehandshake does not complete");
        }
        come_to_rest(crowd);
    }
}

static void measure(const struct dtls_config *base, const char *name, bool json)
{
    static struct crowd crowd;
    size_t idle[2];

    crowd = (struct crowd){ .name = name, .json = json, .config = { *base, *base }, .now = 1 };
    for (int role = 0; role < 2; role++)
        bench_weigh(&crowd.config[role], &crowd.heap[role]);
    connect_all(&crowd);
    come_to_rest(&crowd);
    for (int role = 0; role < 2; role++) {
        idle[role] = crowd.heap[role].live;
        print_figure(&crowd, (enum dtls_role)role, "idle", (double)idle[role] / PAIRS);
        print_figure(&crowd, (enum dtls_role)role, "at most in the handshake", (double)crowd.most[role]);
    }
    rehandshake_all(&crowd);
    for (int role = 0; role < 2; role++)
        print_figure(&crowd, (enum dtls_role)role, "more than that, idle after rehandshakes",
                     ((double)crowd.heap[role].live - (double)idle[role]) / PAIRS);
    for (size_t i = 0; i < 2 * PAIRS; i++)
        dtls_conn_free(crowd.conn[i / 2][i % 2]);
    if (crowd.heap[DTLS_CLIENT].live != 0 || crowd.heap[DTLS_SERVER].live != 0)
        bench_fail("memory is lost");
}

static void measure_ours(bool json)
{
    const struct dtls_ticket_keys keys = { .keys = { { { 1 }, { 2 }, 0, 0 } }, .count = 1 };
    struct dtls_identity *identity = bench_identity();
    struct dtls_config config;
    char name[64];

    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        bench_config(&config, identity);
        config.suites[0] = suites[i].suite;
        config.suite_count = 1;
        measure(&config, suites[i].name, json);
        config.ticket_keys = &keys;
        snprintf(name, sizeof name, "%s with tickets", suites[i].name);
        measure(&config, name, json);
    }
    dtls_identity_free(identity);
}

/* The peer program of this name, where it was built: `directory` is ours. */
static void run_peer(const char *directory, const char *name, bool json)
{
    char path[512];
    int status;

    if (snprintf(path, sizeof path, "%s/peers/peer-%s", directory, name) >= (int)sizeof path || access(path, X_OK) != 0)
        return;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1); /* or what it has put aside counts as in use */
        execl(path, path, "memory", json ? "--json" : NULL, NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        bench_fail("a peer program fails");
}

static const struct option_row rows[] = {
    { 1, "json", NULL, "one JSON object a row", option_flag, 0, 0, 0, NULL },
    { 0 },
};

static const struct option_program program = {
    .name = "memory",
    .mask = 1,
    .usage = "[options]",
    .about = "Heap of a connection: at rest, the most that a handshake takes, and what a rehandshake leaves;\n"
             "beside the peer programs that are built.\n",
    .notes = "Exit status: 0 all was measured, 1 something failed, 2 a mistake in the options.\n",
    .rows = rows,
};

int main(int argc, char **argv)
{
    static const char *const peers[] = { "openssl", "gnutls", "mbedtls", "wolfssl" };
    bool json = false;

    complain_as(program.name);
    options_read(&program, argc, argv, &json, NULL);
    if (!json)
        bench_print_machine();
    measure_ours(json);
    const char *directory = dirname(argv[0]);
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++)
        run_peer(directory, peers[i], json);
    return 0;
}
