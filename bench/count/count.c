/* count.c - does one kind of work so many times, for count.sh, which has valgrind count the instructions of it: they
 * are the same on a busy machine and a quiet one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/complain.h"
#include "apps/options.h"
#include "bench/bench.h"

enum { MTU = 1400 };

struct ends {
    struct dtls_config config;
    struct dtls_conn *client, *server;
    struct dtls_session *session;
};

/* The same bytes in each run (xorshift): what is signed and drawn has some influence on how long it takes. */
static int same_bytes(void *arg, uint8_t *out, size_t len)
{
    uint64_t *x = arg;

    for (size_t i = 0; i < len; i++) {
        *x ^= *x << 13;
        *x ^= *x >> 7;
        *x ^= *x << 17;
        out[i] = (uint8_t)*x;
    }
    return 0;
}

static void connect_ends(struct ends *ends)
{
    ends->client = dtls_conn_new(&ends->config, DTLS_CLIENT);
    ends->server = dtls_conn_new(&ends->config, DTLS_SERVER);
    if (ends->session != NULL && dtls_conn_resume(ends->client, ends->session) != DTLS_OK)
        bench_fail("the session is refused");
    bench_connect(ends->client, ends->server, ends->session == NULL ? &ends->session : NULL);
}

static void free_ends(struct ends *ends)
{
    dtls_conn_free(ends->client);
    dtls_conn_free(ends->server);
}

static void move_record(struct dtls_conn *from, struct dtls_conn *to, size_t size)
{
    static uint8_t datagram[MTU];
    struct dtls_event event;
    size_t len;

    if (dtls_conn_send(from, 1, datagram + DTLS_SEND_HEADROOM, size, datagram, sizeof datagram, &len) != DTLS_OK ||
        dtls_conn_receive(to, 1, datagram, len) != DTLS_OK || !dtls_conn_next_event(to, &event) ||
        event.type != DTLS_EVENT_DATA || dtls_conn_next_event(to, &event))
        bench_fail("a record does not arrive");
}

static void records(struct ends *ends, size_t size, unsigned long times)
{
    connect_ends(ends);
    move_record(ends->server, ends->client, size); /* no last flight rides behind data any more */
    move_record(ends->client, ends->server, size);
    while (times-- > 0)
        move_record(ends->client, ends->server, size);
    free_ends(ends);
}

static void handshakes(struct ends *ends, bool resumed, unsigned long times)
{
    connect_ends(ends); /* makes the session */
    free_ends(ends);
    for (; times > 0; times--) {
        if (!resumed) {
            dtls_session_free(ends->session);
            ends->session = NULL;
        }
        connect_ends(ends);
        free_ends(ends);
    }
}

static void rehandshakes(struct ends *ends, unsigned long times)
{
    dtls_time now = 1;

    connect_ends(ends);
    for (; times > 0; times--) {
        now += 2000000;
        if (dtls_conn_rehandshake(ends->client, now, DTLS_REHANDSHAKE_ABBREVIATED) != DTLS_OK)
            bench_fail("a rehandshake does not start");
        bench_settle(ends->client, ends->server, now);
        now += 20000000; /* the old keys go */
        dtls_conn_tick(ends->client, now);
        dtls_conn_tick(ends->server, now);
    }
    if (dtls_conn_epoch(ends->server) < 2)
        bench_fail("no rehandshake is done");
    free_ends(ends);
}

static const char *const works[] = { "record-160", "record-1200", "full", "resumed", "rehandshake", NULL };
static const struct option_row times_row = { .least = 1, .most = 1000000 };
static const struct option_row rows[] = { { 0 } };

static const struct option_program program = {
    .name = "count",
    .mask = 1,
    .usage = "record-160|record-1200|full|resumed|rehandshake TIMES",
    .about = "Does this work so many times, for valgrind to count the instructions of it (count.sh).\n",
    .notes = "Exit status: 0 done, 1 something failed, 2 a mistake in the arguments.\n",
    .operands = 2,
    .rows = rows,
};

int main(int argc, char **argv)
{
    static const struct dtls_ticket_keys keys = { .keys = { { .name = "a name", .key = "a key" } }, .count = 1 };
    static uint64_t seed = 88172645463325252;
    struct ends ends = { .session = NULL };
    struct dtls_identity *identity;
    const char *operands[2];
    uint32_t times;

    complain_as(program.name);
    options_read(&program, argc, argv, NULL, operands);
    const char *work = operands[0];
    if (option_place(works, work, strlen(work)) < 0)
        refuse("'%s' is not a kind of work (see --help)", work);
    if (option_whole(&times_row, operands[1], &times) != NULL)
        refuse("'%s' is not TIMES (see --help)", operands[1]);
    if (dtls_identity_generate(DTLS_KEY_ECDSA_P256, "bench", 0, INT64_C(4000000000), same_bytes, &seed, &identity) !=
        DTLS_OK)
        bench_fail("no identity");
    bench_config(&ends.config, identity);
    ends.config.random = same_bytes;
    ends.config.random_arg = &seed;
    ends.config.mtu = MTU;
    ends.config.ticket_keys = &keys;
    ends.config.suites[0] = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256;
    ends.config.suite_count = 1;
    if (strcmp(work, "record-160") == 0)
        records(&ends, 160, times);
    else if (strcmp(work, "record-1200") == 0)
        records(&ends, 1200, times);
    else if (strcmp(work, "rehandshake") == 0)
        rehandshakes(&ends, times);
    else
        handshakes(&ends, strcmp(work, "resumed") == 0, times);
    dtls_session_free(ends.session);
    dtls_identity_free(identity);
    return 0;
}
