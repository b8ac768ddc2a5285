/* handshakes.c - how many handshakes one core does in a second, client and server together: full, and resumed. */
#include <stdio.h>

#include "bench/bench.h"

static void print_row(const char *kind, unsigned long count, double seconds)
{
    printf("%-28s %8.0f handshakes/s  %8.1f us each (client and server on one core)\n", kind, (double)count / seconds,
           seconds / (double)count * 1e6);
}

/* `session` NULL: full handshakes. */
static void measure(const char *kind, const struct dtls_config *config, const struct dtls_session *session)
{
    unsigned long count = 0;
    double start = bench_cpu_seconds();

    while (bench_cpu_seconds() - start < 1) {
        struct dtls_conn *client = dtls_conn_new(config, DTLS_CLIENT), *server = dtls_conn_new(config, DTLS_SERVER);
        if (client == NULL || server == NULL || (session != NULL && dtls_conn_resume(client, session) != DTLS_OK))
            bench_fail("a connection is not made");
        bench_connect(client, server, NULL);
        if ((dtls_conn_group(client) == 0) != (session != NULL))
            bench_fail("not the kind of handshake that was asked for");
        dtls_conn_free(client);
        dtls_conn_free(server);
        count++;
    }
    print_row(kind, count, bench_cpu_seconds() - start);
}

int main(void)
{
    struct dtls_identity *identity = bench_identity();
    struct dtls_session_cache *cache = dtls_session_cache_new(16);
    const struct dtls_ticket_key key = { { 1 }, { 2 } };
    struct dtls_session *by_id = NULL, *by_ticket = NULL;
    struct dtls_config full, cached, ticketed;

    bench_print_machine();
    bench_config(&full, identity);
    cached = ticketed = full;
    cached.session_cache = cache;
    ticketed.ticket_keys = &key;
    ticketed.ticket_key_count = 1;
    struct dtls_conn *client = dtls_conn_new(&cached, DTLS_CLIENT), *server = dtls_conn_new(&cached, DTLS_SERVER);
    bench_connect(client, server, &by_id);
    dtls_conn_free(client);
    dtls_conn_free(server);
    client = dtls_conn_new(&ticketed, DTLS_CLIENT);
    server = dtls_conn_new(&ticketed, DTLS_SERVER);
    bench_connect(client, server, &by_ticket);
    dtls_conn_free(client);
    dtls_conn_free(server);

    measure("full, x25519, P-256", &full, NULL);
    measure("resumed by session id", &cached, by_id);
    measure("resumed by ticket", &ticketed, by_ticket);
    dtls_session_free(by_id);
    dtls_session_free(by_ticket);
    dtls_session_cache_free(cache);
    dtls_identity_free(identity);
    return 0;
}
