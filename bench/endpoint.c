/* endpoint.c - what an endpoint costs when it has many associations, and when strangers say hello.
 *
 * records: in memory, CPU time of dtls_endpoint_receive and dtls_endpoint_next_event for each record, the records
 * coming from all associations in turn. hellos: over loopback, ClientHellos of unknown addresses answered for each
 * second of the server's CPU time, by a server of libdtls-ev and by a bare loop of recvmmsg, HMAC and sendmmsg. */
#define _GNU_SOURCE /* recvmmsg, sendmmsg */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <nettle/hmac.h>

#include "apps/complain.h"
#include "apps/options.h"
#include "bench/bench.h"
#include "bench/figure.h"
#include "dtls/ev.h"
#include "libdtls/crypto/nettle_length.h"

enum { PAYLOAD = 160, MTU = 1200, BATCH = 128, ROUNDS = 3 };

static bool json;

static double thread_seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double median(double *values, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && values[j] < values[j - 1]; j--) {
            double value = values[j];
            values[j] = values[j - 1];
            values[j - 1] = value;
        }
    return values[count / 2];
}

/* ---- records ---- */

/* A server, and clients that have one socket and an address of 127.0.0.0/8 each: in one thread, so that nothing is lost
 * and nothing runs beside what is measured. */
struct crowd {
    struct dtls_config server_config, client_config;
    struct dtls_ticket_keys ticket_keys;
    struct ev_loop *loop;
    struct dtls_ev_server *server;
    struct sockaddr_in to;
    int socket;
    struct dtls_conn **clients;
    size_t count, next;
    uint64_t records; /* that the server has got */
};

static enum dtls_admit validated(void *arg, const struct dtls_address *from, const struct dtls_config **config)
{
    (void)config;
    (void)arg;
    (void)from;
    return DTLS_ADMIT_VALIDATED;
}

static void count_record(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct crowd *crowd = arg;

    (void)conn;
    crowd->records += event->type == DTLS_EVENT_DATA;
}

static void keep_session(const struct dtls_event *event, struct dtls_session **session)
{
    uint8_t bytes[DTLS_SESSION_MAX];
    size_t len;

    if (event->type != DTLS_EVENT_SESSION || *session != NULL)
        return;
    if (dtls_session_write(event->session, bytes, sizeof bytes, &len) != DTLS_OK ||
        dtls_session_read(bytes, len, session) != DTLS_OK)
        bench_fail("the session does not come back");
}

/* What says from where a datagram is to come. */
union origin {
    struct cmsghdr aligned;
    uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static struct msghdr message_from(struct crowd *crowd, size_t number, union origin *origin, struct iovec *part)
{
    struct in_pktinfo info = { .ipi_spec_dst.s_addr = htonl(0x7f010000 + (uint32_t)number) };
    struct msghdr message = { &crowd->to, sizeof crowd->to, part, 1, origin->bytes, sizeof origin->bytes, 0 };
    struct cmsghdr *control = CMSG_FIRSTHDR(&message);

    control->cmsg_level = IPPROTO_IP;
    control->cmsg_type = IP_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(control), &info, sizeof info);
    return message;
}

/* Until nobody has anything to say. */
static void settle(struct crowd *crowd, struct dtls_conn *client, size_t number, struct dtls_session **session)
{
    uint8_t datagram[2 * MTU];
    struct dtls_event event;
    union origin origin;
    size_t len;
    ssize_t got;

    for (bool carried = true; carried;) {
        carried = false;
        while (dtls_conn_next_datagram(client, 1, datagram, sizeof datagram, &len)) {
            struct iovec part = { datagram, len };
            struct msghdr message = message_from(crowd, number, &origin, &part);
            if (sendmsg(crowd->socket, &message, 0) != (ssize_t)len)
                bench_fail("a datagram does not leave");
            carried = true;
        }
        ev_run(crowd->loop, EVRUN_NOWAIT);
        ev_run(crowd->loop, EVRUN_NOWAIT);
        while ((got = recv(crowd->socket, datagram, sizeof datagram, MSG_DONTWAIT)) > 0) {
            carried = true;
            dtls_conn_receive(client, 1, datagram, (size_t)got);
            while (dtls_conn_next_event(client, &event))
                keep_session(&event, session);
        }
    }
}

static void begin(struct crowd *crowd, size_t number, struct dtls_session **session)
{
    struct dtls_conn *client = dtls_conn_new(&crowd->client_config, DTLS_CLIENT);

    if (client == NULL || (*session != NULL && dtls_conn_resume(client, *session) != DTLS_OK) ||
        dtls_conn_start(client, 1) != DTLS_OK)
        bench_fail("a client does not start");
    crowd->clients[number] = client;
    settle(crowd, client, number, session);
    if (!dtls_conn_is_open(client))
        bench_fail("a handshake does not complete");
}

static void open_sockets(struct crowd *crowd, size_t count)
{
    struct sockaddr_in any = { .sin_family = AF_INET };
    struct dtls_ev_server_settings settings = {
        .limits = { .most = count, .source_rate = 1000000, .source_burst = 1000000, .admit = validated }
    };
    socklen_t len = sizeof crowd->to;

    crowd->loop = ev_loop_new(EVFLAG_AUTO);
    crowd->socket = socket(AF_INET, SOCK_DGRAM, 0);
    if (crowd->loop == NULL || crowd->socket < 0 || bind(crowd->socket, (struct sockaddr *)&any, sizeof any) != 0)
        bench_fail("no socket");
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (dtls_ev_listen(crowd->loop, &crowd->server_config, (struct sockaddr *)&any, sizeof any, &settings, count_record,
                       crowd, &crowd->server) != DTLS_OK)
        bench_fail("no server");
    dtls_ev_server_address(crowd->server, (struct sockaddr *)&crowd->to, &len);
}

static void open_crowd(struct crowd *crowd, const struct dtls_identity *identity, uint16_t suite, size_t count)
{
    struct dtls_session *session = NULL;

    bench_config(&crowd->server_config, identity);
    bench_config(&crowd->client_config, identity);
    dtls_system_random(NULL, crowd->ticket_keys.keys[0].key, sizeof crowd->ticket_keys.keys[0].key);
    crowd->ticket_keys.count = 1;
    crowd->server_config.ticket_keys = &crowd->ticket_keys;
    crowd->server_config.suites[0] = suite;
    crowd->server_config.suite_count = 1;
    open_sockets(crowd, count);
    crowd->clients = calloc(count, sizeof *crowd->clients);
    if (crowd->clients == NULL)
        bench_fail("no memory");
    for (crowd->count = 0; crowd->count < count; crowd->count++)
        begin(crowd, crowd->count, &session);
    dtls_session_free(session);
}

static void close_crowd(struct crowd *crowd)
{
    dtls_ev_server_free(crowd->server);
    ev_loop_destroy(crowd->loop);
    close(crowd->socket);
    for (size_t i = 0; i < crowd->count; i++)
        dtls_conn_free(crowd->clients[i]);
    free(crowd->clients);
}

/* One record of each of the next clients leaves for the server. */
static void send_batch(struct crowd *crowd)
{
    static const uint8_t data[PAYLOAD];
    static uint8_t datagrams[BATCH][MTU];
    union origin origins[BATCH];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
    size_t len;

    for (size_t i = 0; i < BATCH; i++) {
        size_t number = crowd->next++ % crowd->count;
        if (dtls_conn_send(crowd->clients[number], 1, data, sizeof data, datagrams[i], MTU, &len) != DTLS_OK)
            bench_fail("a record is not sealed");
        parts[i] = (struct iovec){ datagrams[i], len };
        messages[i].msg_hdr = message_from(crowd, number, &origins[i], &parts[i]);
    }
    if (sendmmsg(crowd->socket, messages, BATCH, 0) != BATCH)
        bench_fail("a batch does not leave");
}

/* CPU seconds of the server for each record of a batch. */
static double take_batch(struct crowd *crowd)
{
    uint64_t before = crowd->records;
    double start = thread_seconds();

    for (int i = 0; i < 1000 && crowd->records < before + BATCH; i++)
        ev_run(crowd->loop, EVRUN_NOWAIT);
    double seconds = thread_seconds() - start;
    if (crowd->records != before + BATCH)
        bench_fail("a record is not opened");
    return seconds / BATCH;
}

static double measure_records(const struct dtls_identity *identity, uint16_t suite, size_t count)
{
    static double each[4096];
    struct crowd crowd = { 0 };
    size_t batches = 2 * count / BATCH + 64, measured = 0;

    open_crowd(&crowd, identity, suite, count);
    for (size_t i = 0; i < count + BATCH; i += BATCH) { /* confirms what rides on the first record */
        send_batch(&crowd);
        take_batch(&crowd);
    }
    for (size_t i = 0; i < batches; i++) {
        send_batch(&crowd);
        double seconds = take_batch(&crowd);
        if (measured < sizeof each / sizeof each[0])
            each[measured++] = seconds;
    }
    close_crowd(&crowd);
    return median(each, measured);
}

static void print_figure(const char *name, double value, const char *unit)
{
    double rounded = (double)(uint64_t)(value * 100 + 0.5) / 100;

    figure_print(&(struct figure){ "endpoint", "libdtls", BENCH_VERSION, name, rounded, unit }, json);
}

static void print_records(const struct dtls_identity *identity, size_t most)
{
    static const uint16_t suites[] = { DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256 };
    char name[160];

    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        const char *suite = dtls_suite_name(suites[i]);
        double one = measure_records(identity, suites[i], 1), many = measure_records(identity, suites[i], most);
        snprintf(name, sizeof name, "record of %d bytes, %s, 1 association", PAYLOAD, suite);
        print_figure(name, one * 1e9, "ns");
        snprintf(name, sizeof name, "record of %d bytes, %s, %zu associations", PAYLOAD, suite, most);
        print_figure(name, many * 1e9, "ns");
        snprintf(name, sizeof name, "%s, %zu associations against 1", suite, most);
        print_figure(name, many / one, "ratio");
    }
}

/* ---- hellos ---- */

enum { SENDERS = 64, MESSAGES = 64, HELLO_MAX = 1280 };

struct flood {
    struct sockaddr_in to;
    uint8_t hello[HELLO_MAX];
    size_t len;
    atomic_bool over;
};

static void make_hello(struct flood *flood, const struct dtls_identity *identity)
{
    struct dtls_config config;

    bench_config(&config, identity);
    struct dtls_conn *client = dtls_conn_new(&config, DTLS_CLIENT);
    if (client == NULL || dtls_conn_start(client, 1) != DTLS_OK ||
        !dtls_conn_next_datagram(client, 1, flood->hello, sizeof flood->hello, &flood->len))
        bench_fail("no ClientHello");
    dtls_conn_free(client);
}

/* Many addresses say hello, in turn, as fast as they can. */
static void *say_hello(void *arg)
{
    struct flood *flood = arg;
    int sockets[SENDERS];

    for (int i = 0; i < SENDERS; i++) {
        sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
        if (sockets[i] < 0 || connect(sockets[i], (struct sockaddr *)&flood->to, sizeof flood->to) != 0)
            bench_fail("no socket");
    }
    while (!atomic_load(&flood->over))
        for (int i = 0; i < SENDERS; i++)
            (void)!send(sockets[i], flood->hello, flood->len, MSG_DONTWAIT);
    for (int i = 0; i < SENDERS; i++)
        close(sockets[i]);
    return NULL;
}

static uint64_t bare_loop(int fd, double seconds, double *used)
{
    static uint8_t in[MESSAGES][HELLO_MAX], out[MESSAGES][DTLS_HELLO_REPLY_LEN];
    static struct sockaddr_in from[MESSAGES];
    struct iovec in_parts[MESSAGES], out_parts[MESSAGES];
    struct mmsghdr messages[MESSAGES], replies[MESSAGES];
    const uint8_t secret[32] = { 1 };
    struct hmac_sha256_ctx hmac;
    uint64_t answered = 0;
    double start = thread_seconds();

    while ((*used = thread_seconds() - start) < seconds) {
        for (int i = 0; i < MESSAGES; i++) {
            in_parts[i] = (struct iovec){ in[i], sizeof in[i] };
            messages[i].msg_hdr = (struct msghdr){ &from[i], sizeof from[i], &in_parts[i], 1, NULL, 0, 0 };
        }
        int got = recvmmsg(fd, messages, MESSAGES, MSG_WAITFORONE, NULL);
        for (int i = 0; i < got; i++) {
            hmac_sha256_set_key(&hmac, sizeof secret, secret);
            hmac_sha256_update(&hmac, sizeof from[i], (const uint8_t *)&from[i]);
            hmac_sha256_update(&hmac, 64, in[i] + 13);
            hmac_sha256_digest(&hmac, DTLS_NETTLE_LENGTH(32) out[i] + DTLS_HELLO_REPLY_LEN - 32);
            out_parts[i] = (struct iovec){ out[i], sizeof out[i] };
            replies[i].msg_hdr = (struct msghdr){ &from[i], sizeof from[i], &out_parts[i], 1, NULL, 0, 0 };
        }
        if (got > 0)
            answered += (uint64_t)sendmmsg(fd, replies, (unsigned)got, 0);
    }
    return answered;
}

static void on_event(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    (void)arg;
    (void)conn;
    (void)event;
}

static uint64_t our_loop(struct ev_loop *loop, struct dtls_ev_server *server, double seconds, double *used)
{
    struct dtls_endpoint_stats before, after;
    double start = thread_seconds();

    dtls_endpoint_stats(dtls_ev_server_endpoint(server), &before);
    while ((*used = thread_seconds() - start) < seconds)
        ev_run(loop, EVRUN_ONCE);
    dtls_endpoint_stats(dtls_ev_server_endpoint(server), &after);
    return after.hellos_answered - before.hellos_answered;
}

/* A socket of its own for each, the same flood; answers for each second of CPU time. */
static double measure_hellos(struct flood *flood, const struct dtls_config *config, bool ours, double seconds)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct ev_loop *loop = NULL;
    struct dtls_ev_server *server = NULL;
    socklen_t len = sizeof flood->to;
    pthread_t sender;
    int fd = -1, bytes = 4 << 20;
    double used = 0;

    if (ours) {
        loop = ev_loop_new(EVFLAG_AUTO);
        if (dtls_ev_listen(loop, config, (struct sockaddr *)&any, sizeof any, NULL, on_event, NULL, &server) != DTLS_OK)
            bench_fail("no server");
        dtls_ev_server_address(server, (struct sockaddr *)&flood->to, &len);
    } else {
        fd = socket(AF_INET, SOCK_DGRAM, 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
        if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) != 0)
            bench_fail("no socket");
        getsockname(fd, (struct sockaddr *)&flood->to, &len);
    }
    atomic_store(&flood->over, false);
    if (pthread_create(&sender, NULL, say_hello, flood) != 0)
        bench_fail("no thread");
    uint64_t answered = ours ? our_loop(loop, server, seconds, &used) : bare_loop(fd, seconds, &used);
    atomic_store(&flood->over, true);
    pthread_join(sender, NULL);
    dtls_ev_server_free(server);
    if (loop != NULL)
        ev_loop_destroy(loop);
    if (fd >= 0)
        close(fd);
    return (double)answered / used;
}

static void print_hellos(const struct dtls_identity *identity, double seconds)
{
    static struct flood flood;
    struct dtls_config config;
    double ours[ROUNDS], bare[ROUNDS];

    bench_config(&config, identity);
    make_hello(&flood, identity);
    for (int i = 0; i < ROUNDS; i++) {
        bare[i] = measure_hellos(&flood, &config, false, seconds);
        ours[i] = measure_hellos(&flood, &config, true, seconds);
    }
    double our = median(ours, ROUNDS), bares = median(bare, ROUNDS);
    print_figure("hellos answered", our, "per CPU second");
    print_figure("hellos answered by a bare recvmmsg + HMAC + sendmmsg loop", bares, "per CPU second");
    print_figure("hellos against the bare loop", our / bares, "ratio");
}

/* ---- the program ---- */

struct choices {
    uint32_t associations;
    bool quick, json;
};

#define AT(field) offsetof(struct choices, field)

static const struct option_row rows[] = {
    { 1, "associations", "N", "as many as N (100,000, which take 2 GB and a minute)", option_whole, AT(associations), 1,
      1000000, NULL },
    { 1, "quick", NULL, "2,000 of them, and less time", option_flag, AT(quick), 0, 0, NULL },
    { 1, "json", NULL, "one JSON object a row", option_flag, AT(json), 0, 0, NULL },
    { 0 },
};

static const struct option_program program = {
    .name = "endpoint",
    .mask = 1,
    .usage = "[options]",
    .about = "What an endpoint costs when it has many associations, and when strangers say hello.\n",
    .notes = "Exit status: 0 all was measured, 1 something failed, 2 a mistake in the options.\n",
    .rows = rows,
};

int main(int argc, char **argv)
{
    struct choices choices = { 0 };

    complain_as(program.name);
    options_read(&program, argc, argv, &choices, NULL);
    json = choices.json;
    if (choices.associations == 0)
        choices.associations = choices.quick ? 2000 : 100000;
    struct dtls_identity *identity = bench_identity();
    if (!json)
        bench_print_machine();
    print_records(identity, choices.associations);
    print_hellos(identity, choices.quick ? 0.2 : 1);
    dtls_identity_free(identity);
    return 0;
}
