/* crowd.c - the owner of an endpoint, and those of its clients. */
#include "tests/box/crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/box/identity.h"
#include "tests/tap.h"

enum { DATAGRAM_MAX = 65536, SAME_TIME_TICKS = 1000 };

struct words {
    char mark[8];
    uint64_t caller, number;
};

static const char mark[8] = "a call!";

/* ---- the endpoint's owner ---- */

static void echo(struct crowd *crowd, struct dtls_conn *conn, const struct dtls_event *event)
{
    uint8_t out[2048];
    size_t len;

    if (crowd->no_echo ||
        dtls_conn_send(conn, crowd->net.now_us, event->data.at, event->data.len, out, sizeof out, &len) != DTLS_OK)
        return;
    crowd->datagrams++;
    struct caller *caller = dtls_conn_data(conn);
    net_send(&crowd->net, SERVER, out, len, caller->number);
}

static size_t bucket_of(const struct dtls_address *address)
{
    uint32_t host;
    uint16_t port;

    memcpy(&host, address->bytes, 4);
    memcpy(&port, address->bytes + 4, 2);
    return (host * 31 + port) % CROWD_BUCKETS;
}

/* The next one at an address, from `caller` on. */
static struct caller *at_address(struct caller *caller, const struct dtls_address *address)
{
    while (caller != NULL &&
           (caller->address.len != address->len || memcmp(caller->address.bytes, address->bytes, address->len) != 0))
        caller = caller->next_near;
    return caller;
}

static struct caller *first_at(const struct crowd *crowd, const struct dtls_address *address)
{
    return at_address(crowd->near[bucket_of(address)], address);
}

static void take_event(struct crowd *crowd, struct dtls_conn *conn, const struct dtls_event *event)
{
    crowd->counts[event->type]++;
    if (event->type == DTLS_EVENT_FAILED) {
        CHECK_CASE(event->error <= -100 && event->error > -100 - 128, "an end with error %d", event->error);
        crowd->errors[-100 - event->error]++;
    }
    if (event->type == DTLS_EVENT_OPEN)
        dtls_conn_set_data(conn, first_at(crowd, dtls_endpoint_address(conn)));
    if (crowd->on_event != NULL)
        crowd->on_event(crowd->watcher, conn, event);
    if (event->type == DTLS_EVENT_DATA)
        echo(crowd, conn, event);
}

void crowd_settle(struct crowd *crowd)
{
    static uint8_t out[DATAGRAM_MAX];
    struct dtls_conn *conn;
    struct dtls_event event;
    struct dtls_address to;
    size_t len;

    while (dtls_endpoint_next_event(crowd->endpoint, &conn, &event))
        take_event(crowd, conn, &event);
    while (!crowd->stuck &&
           dtls_endpoint_next_datagram(crowd->endpoint, crowd->net.now_us, out, sizeof out, &len, &to)) {
        const struct caller *caller = first_at(crowd, &to);
        crowd->datagrams++;
        if (caller != NULL)
            net_send(&crowd->net, SERVER, out, len, caller->number);
    }
}

void crowd_inject(struct crowd *crowd, const struct dtls_address *from, const uint8_t *bytes, size_t len)
{
    static uint8_t in[DATAGRAM_MAX];

    if (len > 0)
        memcpy(in, bytes, len);
    int answer = dtls_endpoint_receive(crowd->endpoint, crowd->net.now_us, from, in, len);
    CHECK_CASE(answer == DTLS_OK, "seed %llu: the endpoint's receive answers %d", (unsigned long long)crowd->seed,
               answer);
    crowd_settle(crowd);
}

/* ---- a caller ---- */

static void take_words(struct caller *caller, struct dtls_bytes data)
{
    struct words words;

    if (data.len != sizeof words) {
        caller->foreign++;
        return;
    }
    memcpy(&words, data.at, sizeof words);
    if (memcmp(words.mark, mark, sizeof mark) == 0 && words.caller == caller->number)
        caller->echoes++;
    else
        caller->foreign++;
}

static void wake(void *arg);

void crowd_settle_caller(struct caller *caller)
{
    struct net *net = &caller->crowd->net;
    static uint8_t out[DATAGRAM_MAX];
    struct dtls_event event;
    size_t len;

    while (dtls_conn_next_event(caller->conn, &event)) {
        caller->opens += event.type == DTLS_EVENT_OPEN;
        if (event.type == DTLS_EVENT_DATA)
            take_words(caller, event.data);
        if (event.type == DTLS_EVENT_CLOSED || event.type == DTLS_EVENT_FAILED) {
            caller->ends++;
            caller->error = event.type == DTLS_EVENT_CLOSED ? DTLS_ERR_CLOSED : event.error;
            caller->alert = event.alert;
        }
    }
    while (dtls_conn_next_datagram(caller->conn, net->now_us, out, sizeof out, &len))
        if (!caller->slow)
            net_send(net, CLIENT, out, len, caller->number);
    uint64_t deadline = dtls_conn_deadline(caller->conn);
    if (deadline != DTLS_NEVER && deadline != caller->wakes_us) {
        caller->wakes_us = deadline;
        net_call_at(net, deadline, wake, caller);
    }
}

static void wake(void *arg)
{
    struct caller *caller = arg;

    if (caller->conn == NULL || dtls_conn_deadline(caller->conn) > caller->crowd->net.now_us)
        return;
    caller->wakes_us = 0;
    dtls_conn_tick(caller->conn, caller->crowd->net.now_us);
    crowd_settle_caller(caller);
}

struct caller *crowd_call(struct crowd *crowd, uint32_t host, uint16_t port, const struct dtls_config *config)
{
    struct caller *caller = calloc(1, sizeof *caller);

    if (caller == NULL)
        abort();
    *caller = (struct caller){ .crowd = crowd, .address = crowd_address(host, port), .next = crowd->callers };
    caller->number = ++crowd->caller_count;
    crowd->callers = caller;
    struct caller **near = &crowd->near[bucket_of(&caller->address)];
    caller->next_near = *near;
    *near = caller;
    crowd->by_number = realloc(crowd->by_number, crowd->caller_count * sizeof(struct caller *));
    if (crowd->by_number == NULL)
        abort();
    crowd->by_number[crowd->caller_count - 1] = caller;
    caller->conn = dtls_conn_new(config != NULL ? config : &crowd->client, DTLS_CLIENT);
    if (caller->conn == NULL)
        abort();
    dtls_conn_start(caller->conn, crowd->net.now_us);
    crowd_settle_caller(caller);
    return caller;
}

void crowd_vanish(struct caller *caller)
{
    dtls_conn_free(caller->conn);
    caller->conn = NULL;
}

int crowd_say(struct caller *caller)
{
    struct words words = { .caller = caller->number, .number = ++caller->said };
    uint8_t out[512];
    size_t len;

    memcpy(words.mark, mark, sizeof mark);
    int answer = dtls_conn_send(caller->conn, caller->crowd->net.now_us, (const uint8_t *)&words, sizeof words, out,
                                sizeof out, &len);
    if (answer == DTLS_OK)
        net_send(&caller->crowd->net, CLIENT, out, len, caller->number);
    return answer;
}

/* ---- the network ---- */

static void give(struct caller *caller, const struct net_datagram *datagram)
{
    static uint8_t in[DATAGRAM_MAX];

    if (caller->conn == NULL)
        return;
    memcpy(in, datagram->bytes, datagram->len);
    dtls_conn_receive(caller->conn, caller->crowd->net.now_us, in, datagram->len);
    crowd_settle_caller(caller);
}

static void deliver(void *arg, struct net_datagram *datagram)
{
    struct crowd *crowd = arg;
    const struct caller *named = crowd->by_number[datagram->tag - 1];

    if (datagram->to == SERVER) {
        crowd_inject(crowd, &named->address, datagram->bytes, datagram->len);
        return;
    }
    struct caller *caller = first_at(crowd, &named->address);
    for (; caller != NULL; caller = at_address(caller->next_near, &named->address))
        give(caller, datagram);
}

/* ---- life ---- */

struct dtls_address crowd_address(uint32_t host, uint16_t port)
{
    struct dtls_address address = { .len = 6, .source_len = 4 };

    for (size_t i = 0; i < 4; i++) /* the low byte first on any machine: tests tell hosts apart by it */
        address.bytes[i] = (uint8_t)(host >> 8 * i);
    memcpy(address.bytes + 4, &port, 2);
    return address;
}

static void configure(struct dtls_config *config, struct rng *random, enum identity_kind identity)
{
    dtls_config_init(config);
    dtls_config_preset_realtime(config);
    config->identity = identity_of(identity);
    config->verifier = dtls_verifier_accept();
    config->random = rng_fill;
    config->random_arg = random;
}

void crowd_init(struct crowd *crowd, uint64_t seed)
{
    *crowd = (struct crowd){ .seed = seed, .random = { ~seed }, .memory = { .fail_at = MEMORY_NEVER_FAILS } };
    net_init(&crowd->net, seed, NET_SECOND);
    crowd->net.deliver = deliver;
    crowd->net.deliver_arg = crowd;
    crowd->net.link[CLIENT].delay_us = crowd->net.link[SERVER].delay_us = 20 * NET_MS;
    configure(&crowd->server, &crowd->random, IDENTITY_SERVER);
    configure(&crowd->client, &crowd->random, IDENTITY_CLIENT);
    memory_use(&crowd->memory, &crowd->server);
}

void crowd_open(struct crowd *crowd)
{
    crowd->endpoint = dtls_endpoint_new(&crowd->server, &crowd->settings);
    if (crowd->endpoint == NULL)
        abort();
}

void crowd_free(struct crowd *crowd)
{
    dtls_endpoint_free(crowd->endpoint);
    CHECK_CASE(crowd->memory.live_blocks == 0, "seed %llu: the endpoint leaves %zu blocks",
               (unsigned long long)crowd->seed, crowd->memory.live_blocks);
    for (struct caller *caller = crowd->callers, *next; caller != NULL; caller = next) {
        next = caller->next;
        dtls_conn_free(caller->conn);
        free(caller);
    }
    free(crowd->by_number);
    net_clear(&crowd->net);
}

struct dtls_endpoint_stats crowd_stats(const struct crowd *crowd)
{
    struct dtls_endpoint_stats stats;

    dtls_endpoint_stats(crowd->endpoint, &stats);
    return stats;
}

/* ---- time ---- */

static void step(struct crowd *crowd, uint64_t until_us)
{
    uint64_t deadline = dtls_endpoint_deadline(crowd->endpoint), next = net_next_time(&crowd->net);

    if (deadline > until_us && next > until_us) {
        net_advance(&crowd->net, until_us);
    } else if (deadline <= next) {
        if (deadline > crowd->net.now_us) {
            net_advance(&crowd->net, deadline);
            crowd->ticks = 0;
        }
        CHECK_CASE(dtls_endpoint_tick(crowd->endpoint, crowd->net.now_us) == DTLS_OK, "tick");
        CHECK_CASE(++crowd->ticks < SAME_TIME_TICKS, "seed %llu: the endpoint's clock turns round and round",
                   (unsigned long long)crowd->seed);
        if (crowd->ticks >= SAME_TIME_TICKS)
            abort();
        crowd_settle(crowd);
        return;
    } else {
        net_run_next(&crowd->net);
    }
    crowd->ticks = 0;
}

void crowd_run_for(struct crowd *crowd, uint64_t us)
{
    uint64_t until_us = crowd->net.now_us + us;

    while (crowd->net.now_us < until_us)
        step(crowd, until_us);
}

static bool all_open(const struct crowd *crowd)
{
    for (const struct caller *caller = crowd->callers; caller != NULL; caller = caller->next)
        if (caller->conn != NULL && !caller->slow && !dtls_conn_is_open(caller->conn))
            return false;
    return true;
}

bool crowd_run_until_open(struct crowd *crowd, uint64_t limit_us)
{
    uint64_t until_us = crowd->net.now_us + limit_us;

    while (crowd->net.now_us < until_us && !all_open(crowd))
        step(crowd, until_us);
    return all_open(crowd);
}

static bool all_heard(const struct crowd *crowd)
{
    for (const struct caller *caller = crowd->callers; caller != NULL; caller = caller->next)
        if (caller->conn != NULL && !caller->slow && caller->echoes != caller->said)
            return false;
    return true;
}

bool crowd_ping(struct crowd *crowd, uint64_t limit_us)
{
    uint64_t until_us = crowd->net.now_us + limit_us;

    for (struct caller *caller = crowd->callers; caller != NULL; caller = caller->next)
        if (caller->conn != NULL && !caller->slow && crowd_say(caller) != DTLS_OK)
            return false;
    while (crowd->net.now_us < until_us && !all_heard(crowd))
        step(crowd, until_us);
    return all_heard(crowd);
}
