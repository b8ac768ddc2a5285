/* handshakes.c - how many handshakes one core does in a second, client and server together: full, and resumed. And what
 * a server's part of a full one costs beside the public-key operations in it, as nettle does them alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/curve25519.h>
#include <nettle/dsa.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>

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

/* ---- a server's part ---- */

enum { ROUNDS = 15, EACH = 40 };

/* CPU seconds that the server spends in one handshake; the client's are not counted. */
static double server_part(const struct dtls_config *config)
{
    uint8_t datagram[2048];
    struct dtls_event event;
    size_t len;
    double start = bench_cpu_seconds(), used;
    struct dtls_conn *server = dtls_conn_new(config, DTLS_SERVER);

    dtls_conn_start(server, 1);
    used = bench_cpu_seconds() - start;
    struct dtls_conn *client = dtls_conn_new(config, DTLS_CLIENT);
    dtls_conn_start(client, 1);
    for (int i = 0; i < 4; i++) {
        while (dtls_conn_next_datagram(client, 1, datagram, sizeof datagram, &len)) {
            start = bench_cpu_seconds();
            dtls_conn_receive(server, 1, datagram, len);
            while (dtls_conn_next_event(server, &event)) {
            }
            used += bench_cpu_seconds() - start;
        }
        start = bench_cpu_seconds();
        while (dtls_conn_next_datagram(server, 1, datagram, sizeof datagram, &len)) {
            used += bench_cpu_seconds() - start;
            dtls_conn_receive(client, 1, datagram, len);
            while (dtls_conn_next_event(client, &event)) {
            }
            start = bench_cpu_seconds();
        }
        used += bench_cpu_seconds() - start;
    }
    if (!dtls_conn_is_open(server))
        bench_fail("the handshake does not complete");
    dtls_conn_free(client);
    start = bench_cpu_seconds();
    dtls_conn_free(server);
    return used + bench_cpu_seconds() - start;
}

static void randomize(void *arg, size_t len, uint8_t *out)
{
    (void)arg;
    dtls_system_random(NULL, out, len);
}

/* Of one such handshake: a key for x25519, the agreement, and a P-256 signature. */
static double public_key_part(const struct ecc_scalar *key)
{
    uint8_t secret[CURVE25519_SIZE], point[CURVE25519_SIZE], shared[CURVE25519_SIZE], digest[32] = { 1 };
    struct dsa_signature signature;

    dsa_signature_init(&signature);
    double start = bench_cpu_seconds();
    dtls_system_random(NULL, secret, sizeof secret);
    curve25519_mul_g(point, secret);
    curve25519_mul(shared, secret, point);
    ecdsa_sign(key, NULL, randomize, sizeof digest, digest, &signature);
    double used = bench_cpu_seconds() - start;
    dsa_signature_clear(&signature);
    return used;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The median of the rounds, each of which does one and then the other. */
static void measure_server(const struct dtls_config *config)
{
    double server[ROUNDS] = { 0 }, bare[ROUNDS] = { 0 }, ratio[ROUNDS];
    struct ecc_scalar key;

    ecc_scalar_init(&key, nettle_get_secp_256r1());
    mpz_t number;
    mpz_init_set_ui(number, 0x5eed);
    ecc_scalar_set(&key, number);
    mpz_clear(number);
    for (int i = 0; i < ROUNDS; i++) {
        for (int j = 0; j < EACH; j++) {
            server[i] += server_part(config) / EACH;
            bare[i] += public_key_part(&key) / EACH;
        }
        ratio[i] = server[i] / bare[i];
    }
    ecc_scalar_clear(&key);
    qsort(server, ROUNDS, sizeof server[0], by_size);
    qsort(bare, ROUNDS, sizeof bare[0], by_size);
    qsort(ratio, ROUNDS, sizeof ratio[0], by_size);
    printf("a server's part of a full handshake: %.1f us; its public-key operations alone, in nettle: %.1f us; "
           "ratio %.2f\n",
           server[ROUNDS / 2] * 1e6, bare[ROUNDS / 2] * 1e6, ratio[ROUNDS / 2]);
}

int main(void)
{
    struct dtls_identity *identity = bench_identity();
    struct dtls_session_cache *cache = dtls_session_cache_new(16);
    const struct dtls_ticket_keys keys = { .keys = { { { 1 }, { 2 }, 0, 0 } }, .count = 1 };
    struct dtls_session *by_id = NULL, *by_ticket = NULL;
    struct dtls_config full, cached, ticketed;

    bench_print_machine();
    bench_config(&full, identity);
    cached = ticketed = full;
    cached.store = dtls_session_cache_store(cache);
    ticketed.ticket_keys = &keys;
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
    measure_server(&full);
    measure("resumed by session id", &cached, by_id);
    measure("resumed by ticket", &ticketed, by_ticket);
    dtls_session_free(by_id);
    dtls_session_free(by_ticket);
    dtls_session_cache_free(cache);
    dtls_identity_free(identity);
    return 0;
}
