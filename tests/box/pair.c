/* pair.c - two owners of two engines, and the loop that jumps from one thing to the next. */
#include "tests/box/pair.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

enum {
    DATAGRAM_MAX = 65536,
    SAME_TIME_TICKS = 50, /* more in a row without the clock moving, and the owner would hang */
};

static const char ping_words[8] = "a ping!";

struct ping {
    char words[8];
    uint64_t number;
};

static const char *end_name(enum net_end end)
{
    return end == CLIENT ? "client" : "server";
}

/* ---- the owner of one engine ---- */

static void keep_event(struct pair *pair, enum net_end which, const struct dtls_event *event)
{
    struct pair_end *end = &pair->end[which];

    end->counts[event->type]++;
    if (pair->net.trace && event->type != DTLS_EVENT_DATA)
        fprintf(stderr, "# %10.3f ms  %s: %s epoch %u error %d alert %u\n", (double)pair->net.now_us / 1000,
                end_name(which), dtls_event_name(event->type), event->epoch, event->error, event->alert);
    if (event->type == DTLS_EVENT_DATA)
        return;
    end->events = realloc(end->events, (end->event_count + 1) * sizeof end->events[0]);
    if (end->events == NULL)
        abort();
    end->events[end->event_count++] = (struct pair_event){
        .type = event->type,
        .time_us = pair->net.now_us,
        .resumed = event->resumed,
        .epoch = event->epoch,
        .keys = event->keys,
        .alert = event->alert,
        .error = event->error,
    };
}

static void take_data(struct pair *pair, enum net_end which, const struct dtls_event *event)
{
    struct ping ping;

    if (event->data.len == sizeof ping && memcmp(event->data.at, ping_words, sizeof ping_words) == 0) {
        memcpy(&ping, event->data.at, sizeof ping);
        CHECK_CASE(ping.number == pair->pings_sent, "seed %llu: the %s got ping %llu after %llu were sent",
                   (unsigned long long)pair->seed, end_name(which), (unsigned long long)ping.number,
                   (unsigned long long)pair->pings_sent);
        pair->end[which].pings++;
    }
    if (pair->on_data != NULL)
        pair->on_data(pair->watcher, which, event);
}

/* ---- public-key work (contract R17) ---- */

struct pair_job {
    struct pair_job *next;
    struct pair *pair;
    enum net_end which;
    struct dtls_job *job;
    pthread_t thread;
};

static void *do_job(void *job)
{
    dtls_job_run(job);
    return NULL;
}

static void remove_job(struct pair_job *done)
{
    struct pair_job **at = &done->pair->jobs;

    while (*at != done)
        at = &(*at)->next;
    *at = done->next;
    pthread_join(done->thread, NULL);
}

static void check_answer(const struct pair *pair, enum net_end which, const char *call, int answer);

static void give_job_back(void *arg)
{
    struct pair_job *done = arg;
    struct pair *pair = done->pair;
    enum net_end which = done->which;

    remove_job(done);
    check_answer(pair, which, "job", dtls_conn_finish_job(pair->end[which].conn, pair->net.now_us, done->job));
    free(done);
    pair_settle(pair, which);
}

static void take_job(struct pair *pair, enum net_end which)
{
    struct pair_job *job = calloc(1, sizeof *job);

    if (job == NULL)
        abort();
    *job = (struct pair_job){ .next = pair->jobs, .pair = pair, .which = which };
    job->job = dtls_conn_take_job(pair->end[which].conn);
    CHECK_CASE(job->job != NULL, "seed %llu: the event, and no job", (unsigned long long)pair->seed);
    if (job->job == NULL || pthread_create(&job->thread, NULL, do_job, job->job) != 0)
        abort();
    pair->jobs = job;
    net_call_at(&pair->net, pair->net.now_us + pair->job_us, give_job_back, job);
}

size_t pair_jobs(const struct pair *pair)
{
    size_t count = 0;

    for (const struct pair_job *job = pair->jobs; job != NULL; job = job->next)
        count++;
    return count;
}

/* ---- what happens at one end ---- */

static void take_events(struct pair *pair, enum net_end which)
{
    struct pair_end *end = &pair->end[which];
    struct dtls_event event;

    while (dtls_conn_next_event(end->conn, &event)) {
        keep_event(pair, which, &event);
        if (pair->on_event != NULL && event.type != DTLS_EVENT_DATA)
            pair->on_event(pair->media, which, &event);
        if (event.type == DTLS_EVENT_DATA)
            take_data(pair, which, &event);
        if (event.type == DTLS_EVENT_JOB)
            take_job(pair, which);
        if (event.type == DTLS_EVENT_SESSION) {
            int result = dtls_session_write(event.session, end->session, sizeof end->session, &end->session_len);
            CHECK_CASE(result == DTLS_OK, "a session cannot be written: %s", dtls_error_string(result));
        }
    }
}

static void check_size(const struct pair *pair, enum net_end which, size_t len)
{
    size_t mtu = dtls_conn_mtu(pair->end[which].conn), probe = pair->end[which].config.probe_mtu_to;

    if (mtu < probe) /* M6 */
        mtu = probe;
    CHECK_CASE(len > 0 && len <= mtu, "seed %llu: the %s emits %zu bytes under an MTU of %zu",
               (unsigned long long)pair->seed, end_name(which), len, mtu);
}

static void take_datagrams(struct pair *pair, enum net_end which)
{
    static uint8_t out[DATAGRAM_MAX];
    size_t len;

    while (!pair->stuck[which] &&
           dtls_conn_next_datagram(pair->end[which].conn, pair->net.now_us, out, sizeof out, &len)) {
        check_size(pair, which, len);
        net_send(&pair->net, which, out, len, 0);
    }
}

void pair_settle(struct pair *pair, enum net_end end)
{
    if (pair->end[end].conn == NULL)
        return;
    take_events(pair, end);
    take_datagrams(pair, end);
}

/* What dtls_conn_receive and dtls_conn_tick may answer an owner who leaves no event waiting. */
static void check_answer(const struct pair *pair, enum net_end which, const char *call, int answer)
{
    CHECK_CASE(answer == DTLS_OK || dtls_error_is_death(answer), "seed %llu: the %s's %s answers %d (%s)",
               (unsigned long long)pair->seed, end_name(which), call, answer, dtls_error_string(answer));
}

static void tick(struct pair *pair, enum net_end which)
{
    struct pair_end *end = &pair->end[which];

    end->ticks++;
    end->idle_ticks = end->ticked_us == pair->net.now_us ? end->idle_ticks + 1 : 0;
    end->ticked_us = pair->net.now_us;
    check_answer(pair, which, "tick", dtls_conn_tick(end->conn, pair->net.now_us));
    pair_settle(pair, which);
}

/* ---- the server's first look at a client (dtls/endpoint.h) ---- */

static void start_server(struct pair *pair)
{
    struct pair_end *end = &pair->end[SERVER];

    end->conn = dtls_conn_new(&end->config, DTLS_SERVER);
    if (end->conn == NULL)
        return;
    dtls_conn_start(end->conn, pair->net.now_us);
    pair_settle(pair, SERVER);
}

static void meet_client(struct pair *pair, const struct net_datagram *datagram)
{
    static const uint8_t address[] = "192.0.2.1:5060";
    uint8_t reply[DTLS_HELLO_REPLY_LEN];

    switch (dtls_hello_check(&pair->cookie_secrets, pair->net.now_us, address, sizeof address, datagram->bytes,
                             datagram->len, rng_fill, &pair->end[SERVER].random, reply)) {
    case DTLS_HELLO_VALID:
        start_server(pair);
        break;
    case DTLS_HELLO_REPLY:
        pair->hellos_answered++;
        CHECK_CASE(datagram->len >= sizeof reply, "a HelloVerifyRequest is longer than its cause of %zu bytes",
                   datagram->len);
        net_send(&pair->net, SERVER, reply, sizeof reply, 0);
        break;
    default:
        pair->hellos_dropped++;
    }
}

static void receive(void *arg, struct net_datagram *datagram)
{
    struct pair *pair = arg;
    struct pair_end *end = &pair->end[datagram->to];

    if (pair->on_media != NULL && datagram->len > 0 && datagram->bytes[0] >= 128) {
        pair->on_media(pair->media, datagram);
        return;
    }
    if (pair->on_arrival != NULL)
        pair->on_arrival(pair->watcher, datagram);
    if (end->conn == NULL && datagram->to == SERVER && pair->cookies)
        meet_client(pair, datagram);
    if (end->conn == NULL)
        return;
    check_answer(pair, datagram->to, "receive",
                 dtls_conn_receive(end->conn, pair->net.now_us, datagram->bytes, datagram->len));
    pair_settle(pair, datagram->to);
}

/* ---- life ---- */

void pair_options(struct pair_options *options, uint64_t seed)
{
    *options = (struct pair_options){ .seed = seed, .start_us = NET_SECOND };
    for (int end = CLIENT; end <= SERVER; end++) {
        struct dtls_config *config = &options->config[end];
        dtls_config_init(config);
        dtls_config_preset_realtime(config);
        config->identity = identity_of(end == CLIENT ? IDENTITY_CLIENT : IDENTITY_SERVER);
        config->verifier = dtls_verifier_accept();
        options->link[end].delay_us = 20 * NET_MS;
    }
}

struct pair *pair_new(const struct pair_options *options)
{
    struct pair *pair = calloc(1, sizeof *pair);

    if (pair == NULL)
        abort();
    pair->seed = options->seed;
    pair->cookies = options->cookies;
    pair->job_us = options->job_us;
    net_init(&pair->net, options->seed, options->start_us);
    pair->net.deliver = receive;
    pair->net.deliver_arg = pair;
    pair->net.recording = options->recording;
    net_set_filter(&pair->net, options->filter, options->filter_arg);
    for (int end = CLIENT; end <= SERVER; end++) {
        pair->net.link[end] = options->link[end];
        pair->end[end].config = options->config[end];
        pair->end[end].random.state = ~options->seed + (uint64_t)end;
        if (options->config[end].random == NULL) {
            pair->end[end].config.random = rng_fill;
            pair->end[end].config.random_arg = &pair->end[end].random;
        }
    }
    if (!pair->cookies)
        start_server(pair);
    struct pair_end *client = &pair->end[CLIENT];
    client->conn = dtls_conn_new(&client->config, DTLS_CLIENT);
    if (client->conn == NULL)
        return pair;
    if (options->session != NULL) {
        int result = dtls_conn_resume(client->conn, options->session);
        CHECK_CASE(result == DTLS_OK || result == DTLS_ERR_NO_MEMORY, "the session is not taken: %d", result);
    }
    if (!options->silent)
        pair_start_client(pair);
    return pair;
}

int pair_start_client(struct pair *pair)
{
    if (pair->end[CLIENT].conn == NULL)
        return DTLS_ERR_NO_MEMORY;
    int result = dtls_conn_start(pair->end[CLIENT].conn, pair->net.now_us);
    pair_settle(pair, CLIENT);
    return result;
}

void pair_free(struct pair *pair)
{
    if (pair == NULL)
        return;
    for (int end = CLIENT; end <= SERVER; end++) {
        dtls_conn_free(pair->end[end].conn);
        free(pair->end[end].events);
    }
    while (pair->jobs != NULL) {
        struct pair_job *job = pair->jobs;
        remove_job(job);
        dtls_job_free(job->job);
        free(job);
    }
    net_clear(&pair->net);
    free(pair);
}

/* ---- time ---- */

static uint64_t end_deadline(const struct pair *pair, enum net_end end)
{
    return pair->end[end].conn == NULL ? NET_NEVER : dtls_conn_deadline(pair->end[end].conn);
}

uint64_t pair_deadline(const struct pair *pair)
{
    uint64_t client = end_deadline(pair, CLIENT), server = end_deadline(pair, SERVER);

    return client < server ? client : server;
}

/* A deadline that stays in the past would keep a real owner busy for ever. */
static bool clock_stands_still(const struct pair *pair, enum net_end end)
{
    bool stuck = pair->end[end].idle_ticks > SAME_TIME_TICKS;

    CHECK_CASE(!stuck, "seed %llu: the %s's deadline stays at %llu us", (unsigned long long)pair->seed, end_name(end),
               (unsigned long long)pair->net.now_us);
    return stuck;
}

/* The next thing not later than `until_us`; false when there is none (the clock then shows `until_us`). */
static bool step(struct pair *pair, uint64_t until_us)
{
    uint64_t arrival = net_next_time(&pair->net);
    uint64_t deadline = pair_deadline(pair);

    if (arrival <= deadline && arrival <= until_us && arrival != NET_NEVER) {
        net_run_next(&pair->net);
        return true;
    }
    if (deadline > until_us || deadline == NET_NEVER) {
        if (until_us != NET_NEVER)
            net_advance(&pair->net, until_us);
        return false;
    }
    enum net_end end = end_deadline(pair, CLIENT) == deadline ? CLIENT : SERVER;
    net_advance(&pair->net, deadline);
    tick(pair, end);
    return !clock_stands_still(pair, end);
}

bool pair_run_until(struct pair *pair, bool (*done)(const struct pair *pair, const void *arg), const void *arg,
                    uint64_t limit_us)
{
    uint64_t until_us = limit_us > NET_NEVER - pair->net.now_us ? NET_NEVER : pair->net.now_us + limit_us;

    while (!done(pair, arg))
        if (!step(pair, until_us))
            return done(pair, arg);
    return true;
}

static bool never(const struct pair *pair, const void *arg)
{
    (void)pair;
    (void)arg;
    return false;
}

void pair_run_for(struct pair *pair, uint64_t us)
{
    pair_run_until(pair, never, NULL, us);
}

static bool both_are_open(const struct pair *pair, const void *arg)
{
    (void)arg;
    return pair_both_open(pair);
}

bool pair_run_until_open(struct pair *pair, uint64_t limit_us)
{
    return pair_run_until(pair, both_are_open, NULL, limit_us);
}

static bool both_are_renewed(const struct pair *pair, const void *arg)
{
    const size_t *count = arg;

    return pair_count(pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE) >= *count &&
           pair_count(pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE) >= *count;
}

bool pair_run_until_renewed(struct pair *pair, size_t count, uint64_t limit_us)
{
    return pair_run_until(pair, both_are_renewed, &count, limit_us);
}

struct awaited {
    enum net_end end;
    enum dtls_event_type type;
};

static bool has_event(const struct pair *pair, const void *arg)
{
    const struct awaited *awaited = arg;

    return pair_count(pair, awaited->end, awaited->type) > 0;
}

bool pair_run_until_event(struct pair *pair, enum net_end end, enum dtls_event_type type, uint64_t limit_us)
{
    return pair_run_until(pair, has_event, &(struct awaited){ end, type }, limit_us);
}

/* ---- verbs ---- */

int pair_send(struct pair *pair, enum net_end from, const void *data, size_t len)
{
    static uint8_t out[DATAGRAM_MAX];
    struct dtls_conn *conn = pair->end[from].conn;
    size_t out_len = 0;

    if (conn == NULL)
        return DTLS_ERR_NOT_OPEN;
    int result = dtls_conn_send(conn, pair->net.now_us, data, len, out, sizeof out, &out_len);
    if (result == DTLS_OK) {
        check_size(pair, from, out_len);
        net_send(&pair->net, from, out, out_len, 0);
    }
    pair_settle(pair, from);
    return result;
}

int pair_rehandshake(struct pair *pair, enum net_end from, enum dtls_rehandshake_mode mode)
{
    if (pair->end[from].conn == NULL)
        return DTLS_ERR_NOT_OPEN;
    int result = dtls_conn_rehandshake(pair->end[from].conn, pair->net.now_us, mode);
    pair_settle(pair, from);
    return result;
}

void pair_close(struct pair *pair, enum net_end from)
{
    if (pair->end[from].conn == NULL)
        return;
    dtls_conn_close(pair->end[from].conn, pair->net.now_us);
    pair_settle(pair, from);
}

static bool pings_are_there(const struct pair *pair, const void *arg)
{
    const uint64_t *wanted = arg;

    return pair->end[CLIENT].pings == wanted[CLIENT] && pair->end[SERVER].pings == wanted[SERVER];
}

bool pair_ping(struct pair *pair, uint64_t limit_us)
{
    uint64_t wanted[2] = { pair->end[CLIENT].pings + 1, pair->end[SERVER].pings + 1 };
    struct ping ping = { .number = ++pair->pings_sent };

    memcpy(ping.words, ping_words, sizeof ping.words);
    if (pair_send(pair, CLIENT, &ping, sizeof ping) != DTLS_OK)
        return false;
    if (pair_send(pair, SERVER, &ping, sizeof ping) != DTLS_OK)
        return false;
    return pair_run_until(pair, pings_are_there, wanted, limit_us);
}

/* ---- questions ---- */

bool pair_is_open(const struct pair *pair, enum net_end end)
{
    return pair->end[end].conn != NULL && dtls_conn_is_open(pair->end[end].conn);
}

bool pair_both_open(const struct pair *pair)
{
    return pair_is_open(pair, CLIENT) && pair_is_open(pair, SERVER);
}

size_t pair_count(const struct pair *pair, enum net_end end, enum dtls_event_type type)
{
    return pair->end[end].counts[type];
}

const struct pair_event *pair_last(const struct pair *pair, enum net_end end, enum dtls_event_type type)
{
    const struct pair_end *at = &pair->end[end];

    for (size_t i = at->event_count; i > 0; i--)
        if (at->events[i - 1].type == type)
            return &at->events[i - 1];
    return NULL;
}

struct dtls_session *pair_session(const struct pair *pair)
{
    struct dtls_session *session = NULL;

    if (pair->end[CLIENT].session_len > 0)
        dtls_session_read(pair->end[CLIENT].session, pair->end[CLIENT].session_len, &session);
    return session;
}

struct dtls_stats pair_stats(const struct pair *pair, enum net_end end)
{
    struct dtls_stats stats = { 0 };

    if (pair->end[end].conn != NULL)
        dtls_conn_stats(pair->end[end].conn, &stats);
    return stats;
}

uint64_t pair_drops(const struct pair *pair, enum net_end end)
{
    struct dtls_stats stats = pair_stats(pair, end);
    uint64_t sum = 0;

    for (int reason = 0; reason < DTLS_DROP_COUNT; reason++)
        sum += stats.dropped[reason];
    return sum;
}
