/* suites.c - what a record costs: sealing with dtls_conn_send, opening with dtls_conn_receive, per suite and size. */
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"

static const uint16_t suites[] = {
    DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384, DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
    DTLS_ECDHE_ECDSA_AES_128_CCM,        DTLS_ECDHE_ECDSA_AES_128_CCM_8,
};
static const size_t sizes[] = { 64, 160, 512, 1200 };

enum { BATCH = 256, MTU = 1400 };

static uint8_t datagrams[BATCH][MTU];
static size_t lengths[BATCH];

static void seal_batch(struct dtls_conn *conn, size_t size)
{
    for (size_t i = 0; i < BATCH; i++)
        if (dtls_conn_send(conn, 1, datagrams[i] + DTLS_SEND_HEADROOM, size, datagrams[i], MTU, &lengths[i]) != DTLS_OK)
            bench_fail("a record is not sealed");
}

/* All of them in one call, back to back. */
static void seal_batch_at_once(struct dtls_conn *conn, size_t size)
{
    static struct dtls_bytes data[BATCH];
    static uint8_t plain[MTU], out[BATCH * MTU];
    size_t sent;

    for (size_t i = 0; i < BATCH; i++)
        data[i] = (struct dtls_bytes){ plain, size };
    if (dtls_conn_send_batch(conn, 1, data, BATCH, out, sizeof out, lengths, &sent) != DTLS_OK)
        bench_fail("a batch is not sealed");
}

static void open_batch(struct dtls_conn *conn, size_t size)
{
    struct dtls_event event;

    for (size_t i = 0; i < BATCH; i++)
        if (dtls_conn_receive(conn, 1, datagrams[i], lengths[i]) != DTLS_OK || !dtls_conn_next_event(conn, &event) ||
            event.type != DTLS_EVENT_DATA || event.data.len != size || dtls_conn_next_event(conn, &event))
            bench_fail("a record is not opened");
}

static void print_row(const char *verb, uint16_t suite, size_t size, double seconds, unsigned long records,
                      unsigned long allocations)
{
    double each = seconds / (double)records;

    printf("%-46s %-5s %5zu B  %8.0f ns  %9.0f records/s  %8.1f MB/s  %lu allocations\n", dtls_suite_name(suite), verb,
           size, each * 1e9, 1 / each, (double)size / each / 1e6, allocations);
}

static void measure(const struct dtls_identity *identity, uint16_t suite, size_t size)
{
    struct dtls_config config;
    double seal_seconds = 0, open_seconds = 0, batch_seconds = 0;
    unsigned long records = 0;

    bench_config(&config, identity);
    config.suites[0] = suite;
    config.suite_count = 1;
    config.mtu = MTU;
    struct dtls_conn *client = dtls_conn_new(&config, DTLS_CLIENT), *server = dtls_conn_new(&config, DTLS_SERVER);
    bench_connect(client, server, NULL);
    seal_batch(server, size); /* confirms the client's side: no last flight rides behind data any more */
    open_batch(client, size);
    seal_batch(client, size);
    open_batch(server, size);
    unsigned long before = bench_allocations;
    while (seal_seconds + open_seconds < 0.25) {
        double start = bench_cpu_seconds();
        seal_batch(client, size);
        double middle = bench_cpu_seconds();
        open_batch(server, size);
        open_seconds += bench_cpu_seconds() - middle;
        seal_seconds += middle - start;
        records += BATCH;
        start = bench_cpu_seconds();
        seal_batch_at_once(client, size);
        batch_seconds += bench_cpu_seconds() - start;
    }
    print_row("seal", suite, size, seal_seconds, records, bench_allocations - before);
    print_row("batch", suite, size, batch_seconds, records, bench_allocations - before);
    print_row("open", suite, size, open_seconds, records, bench_allocations - before);
    dtls_conn_free(client);
    dtls_conn_free(server);
}

int main(int argc, char **argv)
{
    bench_no_options(
        "suites",
        "What a record costs, sealed and opened, alone and in a batch, for each suite and several sizes, and\n"
        "how many allocations.\n",
        argc, argv);
    struct dtls_identity *identity = bench_identity();

    bench_print_machine();
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++)
            measure(identity, suites[i], sizes[j]);
    dtls_identity_free(identity);
    return 0;
}
