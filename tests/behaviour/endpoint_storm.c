/* endpoint_storm.c - whole lives of an endpoint: callers who come, vanish and begin anew at a few addresses, somebody
 * who repeats and damages their datagrams, an application that ends anything from anywhere, a socket that is full at
 * times, and little memory.
 *
 * Environment: DTLS_SEEDS, how many lives (default 150); DTLS_FIRST_SEED, where they begin, to see one again (with
 * DTLS_TRACE=1 every datagram is printed, and each seed before it runs: the last one has crashed). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/box/crowd.h"
#include "tests/box/identity.h"
#include "tests/tap.h"

enum {
    SEEDS = 150,
    WORST_SEEDS = 10, /* failing ones, after which the test stops */
    HOSTS = 3,
    PORTS = 3,
    ACQUAINTANCES = 256,
    OVERHEARD = 64,
    JOBS = 16,
    CONFIGS = 8,
};

/* A connection that the application knows: between its first event and its last, or its removal. */
struct acquaintance {
    struct dtls_conn *conn; /* NULL: a free place */
    struct dtls_address address;
    bool opened;
};

struct overheard {
    struct dtls_address from;
    uint8_t bytes[1500];
    size_t len;
};

struct errand {
    struct dtls_job *job; /* NULL: a free place */
    struct dtls_conn *conn;
};

struct life {
    struct crowd crowd;
    struct rng chance;
    struct dtls_config clients[3];
    struct dtls_config *configs[CONFIGS]; /* of the endpoint, but for its first; NULL: freed, or none yet */
    struct acquaintance known[ACQUAINTANCES];
    struct overheard heard[OVERHEARD]; /* what was sent to the endpoint, the latest of it */
    size_t heard_count;
    struct errand errands[JOBS];
    bool poor, calm; /* calm: the application only listens */
};

static uint64_t up_to(struct life *life, uint64_t most)
{
    return rng_up_to(&life->chance, most);
}

static bool one_in(struct life *life, uint64_t count)
{
    return up_to(life, count - 1) == 0;
}

/* ---- whom the application knows ---- */

static struct acquaintance *find(struct life *life, const struct dtls_conn *conn)
{
    for (size_t i = 0; i < ACQUAINTANCES; i++)
        if (life->known[i].conn == conn)
            return &life->known[i];
    return NULL;
}

static struct acquaintance *get_to_know(struct life *life, struct dtls_conn *conn)
{
    struct acquaintance *known = find(life, conn);

    if (known != NULL)
        return known;
    known = find(life, NULL);
    if (known == NULL)
        abort();
    *known = (struct acquaintance){ .conn = conn, .address = *dtls_endpoint_address(conn) };
    return known;
}

static void forget(struct life *life, struct dtls_conn *conn)
{
    struct acquaintance *known = find(life, conn);

    if (known != NULL)
        known->conn = NULL;
    for (size_t i = 0; i < JOBS; i++)
        if (life->errands[i].job != NULL && life->errands[i].conn == conn)
            life->errands[i].conn = NULL;
}

/* The address of one that is open belongs to nobody else, until its end has been told (S6). */
static void check_address_is_free(struct life *life, const struct acquaintance *opened)
{
    for (size_t i = 0; i < ACQUAINTANCES; i++) {
        const struct acquaintance *other = &life->known[i];
        CHECK_CASE(other == opened || other->conn == NULL || !other->opened ||
                       memcmp(other->address.bytes, opened->address.bytes, opened->address.len) != 0,
                   "seed %llu: two are open at one address", (unsigned long long)life->crowd.seed);
    }
}

/* ---- what it does ---- */

static struct dtls_conn *anyone(struct life *life)
{
    struct dtls_conn *conn = NULL, *at = NULL;

    for (uint64_t seen = 1; (at = dtls_endpoint_each(life->crowd.endpoint, at)) != NULL; seen++)
        if (one_in(life, seen))
            conn = at;
    return conn;
}

static void finish_jobs(struct life *life, uint64_t chance)
{
    for (size_t i = 0; i < JOBS; i++) {
        struct errand errand = life->errands[i];
        if (errand.job == NULL || !one_in(life, chance))
            continue;
        life->errands[i].job = NULL;
        if (errand.conn == NULL)
            dtls_job_free(errand.job);
        else
            dtls_conn_finish_job(errand.conn, life->crowd.net.now_us, errand.job);
    }
}

static void take_job(struct life *life, struct dtls_conn *conn)
{
    struct dtls_job *job = dtls_conn_take_job(conn);

    for (size_t i = 0; i < JOBS && job != NULL && !life->calm && one_in(life, 2); i++)
        if (life->errands[i].job == NULL) {
            life->errands[i] = (struct errand){ job, conn };
            return;
        }
    if (job != NULL)
        dtls_conn_finish_job(conn, life->crowd.net.now_us, job);
}

/* Whatever is not in use any more, as one would do it: freed. */
static void free_configs(struct life *life)
{
    for (size_t i = 0; i < JOBS; i++)
        if (life->errands[i].job != NULL)
            return;
    for (size_t i = 0; i < CONFIGS; i++)
        if (life->configs[i] != NULL && !dtls_endpoint_has_config(life->crowd.endpoint, life->configs[i])) {
            free(life->configs[i]);
            life->configs[i] = NULL;
        }
}

static const struct dtls_config *another_config(struct life *life)
{
    free_configs(life);
    for (size_t i = 0; i < CONFIGS; i++) {
        if (life->configs[i] != NULL)
            continue;
        struct dtls_config *config = malloc(sizeof *config);
        if (config == NULL)
            abort();
        *config = life->crowd.server;
        config->renew_after_s = one_in(life, 2) ? (uint32_t)up_to(life, 10) : 0;
        config->public_key_jobs = one_in(life, 2);
        life->configs[i] = config;
        return config;
    }
    return &life->crowd.server;
}

static void do_anything(struct life *life)
{
    struct dtls_endpoint *endpoint = life->crowd.endpoint;
    struct dtls_conn *conn = anyone(life), *fresh;
    uint64_t now = life->crowd.net.now_us;

    if (conn == NULL)
        return;
    switch (up_to(life, 11)) {
    case 0:
        dtls_conn_close(conn, now);
        break;
    case 1:
        forget(life, conn);
        dtls_endpoint_remove(conn);
        break;
    case 2:
        dtls_conn_rehandshake(conn, now, (enum dtls_rehandshake_mode)up_to(life, 1));
        break;
    case 3:
        dtls_conn_datagram_too_big(conn, now, 200 + up_to(life, 1200));
        break;
    case 4:
        dtls_conn_tick(conn, now);
        break;
    case 5:
        dtls_endpoint_set_config(endpoint, another_config(life));
        break;
    case 6:
        dtls_conn_set_config(conn, another_config(life));
        break;
    case 7: {
        struct dtls_address to = crowd_address(1 + (uint32_t)up_to(life, HOSTS), 1 + (uint16_t)up_to(life, PORTS));
        if (dtls_endpoint_connect(endpoint, now, &life->clients[0], &to, NULL, &fresh) == DTLS_OK)
            get_to_know(life, fresh);
        break;
    }
    case 8:
        take_job(life, conn);
        break;
    default:
        finish_jobs(life, 2);
    }
}

static void answer(struct life *life, struct dtls_conn *conn, const struct dtls_event *event)
{
    struct crowd *crowd = &life->crowd;
    uint8_t out[2048];
    size_t len;

    if (dtls_conn_send(conn, crowd->net.now_us, event->data.at, event->data.len, out, sizeof out, &len) != DTLS_OK)
        return;
    for (const struct caller *caller = crowd->callers; caller != NULL; caller = caller->next)
        if (memcmp(caller->address.bytes, dtls_endpoint_address(conn)->bytes, caller->address.len) == 0) {
            net_send(&crowd->net, SERVER, out, len, caller->number);
            return;
        }
}

static void listen(void *arg, struct dtls_conn *conn, const struct dtls_event *event)
{
    struct life *life = arg;
    unsigned long long seed = (unsigned long long)life->crowd.seed;
    struct acquaintance *known = get_to_know(life, conn);

    switch (event->type) {
    case DTLS_EVENT_OPEN:
        CHECK_CASE(!known->opened, "seed %llu: opened twice", seed);
        known->opened = true;
        check_address_is_free(life, known);
        break;
    case DTLS_EVENT_JOB:
        take_job(life, conn);
        break;
    case DTLS_EVENT_DATA:
        answer(life, conn, event);
        break;
    case DTLS_EVENT_CLOSED:
    case DTLS_EVENT_FAILED:
        forget(life, conn);
        break;
    default:
        break;
    }
    CHECK_CASE(event->type != DTLS_EVENT_DATA || known->opened, "seed %llu: data of one that is not open", seed);
    if (!life->calm && one_in(life, 8))
        do_anything(life);
}

/* ---- what comes ---- */

static struct net_verdict overhear(void *arg, const struct net_sending *sending)
{
    struct life *life = arg;
    const struct caller *caller = life->crowd.callers;

    while (caller != NULL && caller->number != sending->tag)
        caller = caller->next;
    if (sending->from == CLIENT && caller != NULL && sending->len <= sizeof life->heard[0].bytes) {
        struct overheard *heard = &life->heard[life->heard_count++ % OVERHEARD];
        heard->from = caller->address;
        memcpy(heard->bytes, sending->bytes, sending->len);
        heard->len = sending->len;
    }
    return (struct net_verdict){ NET_PASS, 0 };
}

/* Something that was sent comes again: as it was, damaged, or from another address. */
static void repeat(struct life *life)
{
    if (life->heard_count == 0)
        return;
    struct overheard heard =
        life->heard[up_to(life, (life->heard_count < OVERHEARD ? life->heard_count : OVERHEARD) - 1)];
    if (heard.len > 0 && one_in(life, 3))
        heard.bytes[up_to(life, heard.len - 1)] ^= (uint8_t)(1 << up_to(life, 7));
    if (one_in(life, 3))
        heard.len = up_to(life, heard.len);
    if (one_in(life, 4))
        heard.from = crowd_address(1 + (uint32_t)up_to(life, HOSTS), 1 + (uint16_t)up_to(life, PORTS));
    crowd_inject(&life->crowd, &heard.from, heard.bytes, heard.len);
}

static struct caller *any_caller(struct life *life)
{
    struct caller *chosen = NULL;
    uint64_t seen = 0;

    for (struct caller *caller = life->crowd.callers; caller != NULL; caller = caller->next)
        if (caller->conn != NULL && one_in(life, ++seen))
            chosen = caller;
    return chosen;
}

static void somebody_does_something(struct life *life)
{
    struct crowd *crowd = &life->crowd;
    struct caller *caller = any_caller(life);

    if (caller == NULL || one_in(life, 8)) {
        crowd_call(crowd, 1 + (uint32_t)up_to(life, HOSTS - 1), 1 + (uint16_t)up_to(life, PORTS - 1),
                   &life->clients[one_in(life, 4) ? 1 + up_to(life, 1) : 0]);
        return;
    }
    switch (up_to(life, 9)) {
    case 0:
        dtls_conn_close(caller->conn, crowd->net.now_us);
        crowd_settle_caller(caller);
        break;
    case 1:
        crowd_vanish(caller);
        break;
    case 2:
        dtls_conn_rehandshake(caller->conn, crowd->net.now_us, (enum dtls_rehandshake_mode)up_to(life, 1));
        crowd_settle_caller(caller);
        break;
    default:
        crowd_say(caller);
    }
}

/* ---- a life ---- */

static enum dtls_admit admit(void *arg, const struct dtls_address *from, const struct dtls_config **config)
{
    (void)arg;
    (void)config;
    return from->bytes[0] == 1 ? DTLS_ADMIT_VALIDATED : DTLS_ADMIT_COOKIE;
}

static bool replace(void *arg, const struct dtls_conn *old, const struct dtls_conn *fresh)
{
    (void)old;
    (void)fresh;
    return one_in(arg, 2);
}

static void begin(struct life *life, uint64_t seed)
{
    struct crowd *crowd = &life->crowd;

    memset(life, 0, sizeof *life);
    life->chance = (struct rng){ seed };
    crowd_init(crowd, seed);
    crowd->on_event = listen;
    crowd->watcher = life;
    crowd->no_echo = true;
    crowd->server.client_certificate = (enum dtls_client_certificate)up_to(life, 2);
    crowd->server.public_key_jobs = one_in(life, 2);
    if (one_in(life, 2))
        crowd->server.handshake_timeout_ms = 2000 + (uint32_t)up_to(life, 4000);
    crowd->settings = (struct dtls_endpoint_settings){
        .most = one_in(life, 3) ? 1 + up_to(life, 10) : 0,
        .most_half_open = one_in(life, 2) ? 1 + up_to(life, 4) : 0,
        .source_rate = one_in(life, 3) ? 1 + (uint32_t)up_to(life, 10) : 0,
        .source_burst = one_in(life, 3) ? 1 + (uint32_t)up_to(life, 10) : 0,
        .admit = one_in(life, 2) ? admit : NULL,
        .replace = one_in(life, 2) ? replace : NULL,
        .arg = life,
    };
    for (int i = 0; i < 3; i++)
        life->clients[i] = crowd->client;
    life->clients[1].identity = identity_of(IDENTITY_OTHER);
    life->clients[2].identity = NULL;
    for (int end = CLIENT; end <= SERVER; end++)
        crowd->net.link[end] = (struct net_link){ .delay_us = up_to(life, 60 * NET_MS),
                                                  .jitter_us = up_to(life, 80 * NET_MS),
                                                  .loss = (unsigned)up_to(life, 2000),
                                                  .duplicate = (unsigned)up_to(life, 1000),
                                                  .corrupt = (unsigned)up_to(life, 300) };
    net_set_filter(&crowd->net, overhear, life);
    life->poor = one_in(life, 3);
    crowd_open(crowd);
}

/* What the endpoint says of time is what its connections say. */
static void check_deadline(const struct life *life)
{
    const struct crowd *crowd = &life->crowd;
    dtls_time earliest = DTLS_NEVER;
    const struct dtls_conn *conn = NULL;
    size_t count = 0;

    for (; (conn = dtls_endpoint_each(crowd->endpoint, conn)) != NULL; count++)
        if (dtls_conn_deadline(conn) < earliest)
            earliest = dtls_conn_deadline(conn);
    CHECK_CASE(crowd->stuck || dtls_endpoint_deadline(crowd->endpoint) == earliest, "seed %llu: due at %llu, not %llu",
               (unsigned long long)crowd->seed, (unsigned long long)dtls_endpoint_deadline(crowd->endpoint),
               (unsigned long long)earliest);
    CHECK_CASE(count >= dtls_endpoint_count(crowd->endpoint), "seed %llu: %zu of %zu are visited",
               (unsigned long long)crowd->seed, count, dtls_endpoint_count(crowd->endpoint));
}

static void live(struct life *life)
{
    struct crowd *crowd = &life->crowd;

    for (uint64_t left = 50 + up_to(life, 500); left > 0; left--) {
        if (life->poor && one_in(life, 10))
            crowd->memory.fail_at = crowd->memory.asked + up_to(life, 20);
        crowd->stuck = crowd->stuck ? !one_in(life, 10) : one_in(life, 60);
        if (one_in(life, 4))
            repeat(life);
        else
            somebody_does_something(life);
        finish_jobs(life, 4);
        if (one_in(life, 8))
            do_anything(life);
        crowd_settle(crowd);
        check_deadline(life);
        crowd_run_for(crowd, one_in(life, 12) ? up_to(life, 3 * NET_SECOND) : up_to(life, 60 * NET_MS));
    }
}

/* In the end nothing is left behind that only looks alive, and whoever comes is served. */
static void check_peace(struct life *life)
{
    struct crowd *crowd = &life->crowd;

    life->calm = true;
    crowd->stuck = false;
    crowd->memory.fail_at = MEMORY_NEVER_FAILS;
    memset(crowd->net.link, 0, sizeof crowd->net.link);
    finish_jobs(life, 1);
    for (struct caller *caller = crowd->callers; caller != NULL; caller = caller->next)
        crowd_vanish(caller);
    crowd_settle(crowd);
    crowd_run_for(crowd, 70 * NET_SECOND); /* longer than any handshake may take */
    for (struct dtls_conn *conn = NULL; (conn = dtls_endpoint_each(crowd->endpoint, conn)) != NULL;) {
        CHECK_CASE(dtls_conn_is_open(conn), "seed %llu: a half-open one stays", (unsigned long long)crowd->seed);
        dtls_conn_close(conn, crowd->net.now_us);
    }
    crowd_settle(crowd);
    CHECK_CASE(dtls_endpoint_count(crowd->endpoint) == 0, "seed %llu: %zu are left", (unsigned long long)crowd->seed,
               dtls_endpoint_count(crowd->endpoint));
    for (size_t i = 0; i < ACQUAINTANCES; i++)
        CHECK_CASE(life->known[i].conn == NULL, "seed %llu: the end of one has not been told",
                   (unsigned long long)crowd->seed);
    CHECK_CASE(dtls_endpoint_deadline(crowd->endpoint) == DTLS_NEVER, "seed %llu: something is due",
               (unsigned long long)crowd->seed);
    struct caller *last = crowd_call(crowd, 99, 1, NULL);
    CHECK_CASE(crowd_run_until_open(crowd, 5 * NET_SECOND) && crowd_ping(crowd, NET_SECOND),
               "seed %llu: no more calls get in", (unsigned long long)crowd->seed);
    crowd_vanish(last);
}

static void survive_a_storm(uint64_t seed)
{
    static struct life life;

    begin(&life, seed);
    live(&life);
    if (!one_in(&life, 4)) /* else it is freed in the middle of it */
        check_peace(&life);
    for (const struct caller *caller = life.crowd.callers; caller != NULL; caller = caller->next)
        CHECK_CASE(caller->foreign == 0, "seed %llu: a caller gets what is another's", (unsigned long long)seed);
    dtls_endpoint_free(life.crowd.endpoint);
    life.crowd.endpoint = NULL;
    for (size_t i = 0; i < JOBS; i++)
        dtls_job_free(life.errands[i].job);
    crowd_free(&life.crowd);
    for (size_t i = 0; i < CONFIGS; i++)
        free(life.configs[i]);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void an_endpoint_survives_a_storm(void)
{
    uint64_t first = from_environment("DTLS_FIRST_SEED", 1), count = from_environment("DTLS_SEEDS", SEEDS), worst = 0;

    for (uint64_t seed = first; seed < first + count && worst < WORST_SEEDS; seed++) {
        unsigned failures = CU_get_number_of_failures();
        if (getenv("DTLS_TRACE") != NULL)
            fprintf(stderr, "# seed %llu\n", (unsigned long long)seed);
        survive_a_storm(seed);
        worst += CU_get_number_of_failures() > failures;
    }
}

static CU_TestInfo tests[] = {
    { "an endpoint survives callers, strangers, and its application", an_endpoint_survives_a_storm },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "endpoint_storm", tests);
}
