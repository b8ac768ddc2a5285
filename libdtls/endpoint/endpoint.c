/* endpoint.c - many associations on one socket: to whom a datagram goes, and in which order events, datagrams and
 * deadlines come out. */
#include "endpoint/endpoint_private.h"

#include <string.h>

#include "endpoint/hello.h"

enum {
    DEFAULT_MOST = 1024,
    LARGEST_MOST = 1 << 24,
    LEAST_HALF_OPEN = 64,
    DEFAULT_RATE = 1000,
    DEFAULT_BURST = 2000,
    LARGEST_RATE = 1000 * 1000,
};

/* ---- life ---- */

const char *dtls_endpoint_problem(const struct dtls_endpoint_settings *settings)
{
    if (settings->most > LARGEST_MOST)
        return "most is above 16777216";
    if (settings->most_half_open > LARGEST_MOST)
        return "most_half_open is above 16777216";
    if (settings->source_rate > LARGEST_RATE)
        return "source_rate is above 1000000";
    if (settings->source_burst > LARGEST_RATE)
        return "source_burst is above 1000000";
    return NULL;
}

static void complete(struct dtls_endpoint_settings *settings)
{
    if (settings->most == 0)
        settings->most = DEFAULT_MOST;
    if (settings->most_half_open == 0) {
        settings->most_half_open = settings->most / 2;
        if (settings->most_half_open < LEAST_HALF_OPEN)
            settings->most_half_open = LEAST_HALF_OPEN;
    }
    if (settings->source_rate == 0)
        settings->source_rate = DEFAULT_RATE;
    if (settings->source_burst == 0)
        settings->source_burst = DEFAULT_BURST;
}

static bool open_tables(struct dtls_endpoint *endpoint)
{
    size_t buckets = 16;

    while (buckets < endpoint->settings.most)
        buckets *= 2;
    endpoint->mask = buckets - 1;
    endpoint->buckets = dtls_allocate(&endpoint->memory, buckets * sizeof(struct dtls_member *));
    return endpoint->buckets != NULL &&
           dtls_deadlines_init(&endpoint->deadlines, &endpoint->memory,
                               endpoint->settings.most + endpoint->settings.most_half_open) == DTLS_OK &&
           dtls_random_bytes(&endpoint->random, (uint8_t *)&endpoint->key, sizeof endpoint->key) == DTLS_OK &&
           dtls_random_bytes(&endpoint->random, (uint8_t *)&endpoint->sources.key, sizeof endpoint->sources.key) ==
               DTLS_OK;
}

struct dtls_endpoint *dtls_endpoint_new(const struct dtls_config *config, const struct dtls_endpoint_settings *settings)
{
    struct dtls_memory memory = { config->allocate, config->release, config->memory_arg };
    struct dtls_endpoint_settings completed = { 0 };

    if (settings != NULL)
        completed = *settings;
    if (dtls_config_problem(config, DTLS_SERVER) != NULL || dtls_endpoint_problem(&completed) != NULL)
        return NULL;
    complete(&completed);
    struct dtls_endpoint *endpoint = dtls_allocate(&memory, sizeof *endpoint);
    if (endpoint == NULL)
        return NULL;
    endpoint->config = config;
    endpoint->settings = completed;
    endpoint->sources.rate = completed.source_rate;
    endpoint->sources.burst = completed.source_burst;
    endpoint->memory = memory;
    endpoint->random = (struct dtls_random){ config->random, config->random_arg };
    if (!open_tables(endpoint)) {
        dtls_endpoint_free(endpoint);
        return NULL;
    }
    return endpoint;
}

static void free_copy(struct dtls_endpoint *endpoint)
{
    dtls_release(&endpoint->memory, endpoint->copy, endpoint->copy_len);
    endpoint->copy = NULL;
}

static struct dtls_member *first_sending(const struct dtls_endpoint *endpoint)
{
    return (struct dtls_member *)((uint8_t *)endpoint->sending.first - offsetof(struct dtls_member, sending));
}

void dtls_endpoint_free(struct dtls_endpoint *endpoint)
{
    if (endpoint == NULL)
        return;
    for (size_t i = 0; endpoint->buckets != NULL && i <= endpoint->mask; i++) /* a rival follows its elder there */
        while (endpoint->buckets[i] != NULL) {
            struct dtls_member *member = endpoint->buckets[i];
            dtls_member_bury(member);
            dtls_ready_add(&member->sending);
        }
    for (; endpoint->ready.first != NULL; dtls_ready_pop(&endpoint->ready)) /* not all of them are in the table */
        dtls_ready_add(&((struct dtls_member *)endpoint->ready.first)->sending);
    while (endpoint->sending.first != NULL) {
        struct dtls_member *member = first_sending(endpoint);
        dtls_ready_pop(&endpoint->sending);
        dtls_member_free(member);
    }
    struct dtls_memory memory = endpoint->memory;
    free_copy(endpoint);
    dtls_deadlines_free(&endpoint->deadlines, &memory);
    dtls_release(&memory, endpoint->buckets, (endpoint->mask + 1) * sizeof(struct dtls_member *));
    dtls_release(&memory, endpoint, sizeof *endpoint);
}

int dtls_endpoint_set_config(struct dtls_endpoint *endpoint, const struct dtls_config *config)
{
    if (dtls_config_problem(config, DTLS_SERVER) != NULL)
        return DTLS_ERR_ARGUMENT;
    endpoint->config = config;
    return DTLS_OK;
}

static bool uses(const struct dtls_member *member, const struct dtls_config *config)
{
    const struct dtls_conn *conn = member->conn;

    return conn->as.config == config || conn->as.psk_config == config || conn->re.config == config ||
           (conn->hs != NULL && (conn->hs->config == config || conn->hs->psk_config == config));
}

bool dtls_endpoint_has_config(const struct dtls_endpoint *endpoint, const struct dtls_config *config)
{
    for (size_t i = 0; i <= endpoint->mask; i++)
        for (const struct dtls_member *member = endpoint->buckets[i]; member != NULL; member = member->next)
            if (uses(member, config) || (member->rival != NULL && uses(member->rival, config)))
                return true;
    return endpoint->config == config;
}

/* ---- what comes in ---- */

/* RFC 6347, 4.2.1: an address costs nothing until its cookie has come back. */
static bool has_cookie(struct dtls_endpoint *endpoint, const struct dtls_address *from, const uint8_t *datagram,
                       size_t len)
{
    int verdict = dtls_hello_check(&endpoint->cookies, endpoint->now, from->bytes, from->len, datagram, len,
                                   endpoint->random.function, endpoint->random.arg, endpoint->reply);

    if (verdict == DTLS_HELLO_REPLY) {
        endpoint->stats.hellos_answered++;
        endpoint->reply_waits = true;
        endpoint->reply_to = *from;
    } else if (verdict != DTLS_HELLO_VALID) {
        endpoint->stats.stray++;
    }
    return verdict == DTLS_HELLO_VALID;
}

const struct dtls_config *dtls_endpoint_judge(struct dtls_endpoint *endpoint, const struct dtls_address *from,
                                              const uint8_t *datagram, size_t len, const uint8_t *random, bool anew)
{
    const struct dtls_endpoint_settings *settings = &endpoint->settings;
    const struct dtls_config *config = endpoint->config;
    enum dtls_admit admit = DTLS_ADMIT_COOKIE;

    if (settings->admit != NULL)
        admit = settings->admit(settings->arg, from, &config);
    if (config != endpoint->config && dtls_config_problem(config, DTLS_SERVER) != NULL)
        admit = DTLS_ADMIT_NOT;
    if (admit == DTLS_ADMIT_VALIDATED && !anew)
        return config;
    if (admit != DTLS_ADMIT_NOT && random != NULL)
        return has_cookie(endpoint, from, datagram, len) ? config : NULL;
    endpoint->stats.stray++;
    return NULL;
}

/* A datagram of an address that has no association. */
static void meet(struct dtls_endpoint *endpoint, const struct dtls_address *from, uint8_t *datagram, size_t len,
                 enum dtls_first_look look, const uint8_t *random)
{
    if (look != DTLS_LOOK_HELLO && look != DTLS_LOOK_HELLO_PART) {
        endpoint->stats.stray++;
        return;
    }
    const struct dtls_config *config = dtls_endpoint_judge(endpoint, from, datagram, len, random, false);
    if (config == NULL)
        return;
    struct dtls_member *member = dtls_member_admit(endpoint, config, from, NULL);
    if (member != NULL)
        dtls_restart_hear(member, from, datagram, len, (int)look, random);
}

int dtls_endpoint_receive(struct dtls_endpoint *endpoint, dtls_time now, const struct dtls_address *from,
                          uint8_t *datagram, size_t len)
{
    const uint8_t *random = NULL;

    if (!dtls_address_is_valid(from))
        return DTLS_ERR_ARGUMENT;
    if (endpoint->ready.first != NULL)
        return DTLS_ERR_EVENTS_WAITING;
    if (endpoint->copy != NULL)
        free_copy(endpoint);
    endpoint->now = now;
    enum dtls_first_look look = dtls_hello_look(datagram, len, &random);
    struct dtls_member *member = dtls_members_find_again(endpoint, from);
    if (member == NULL)
        meet(endpoint, from, datagram, len, look, random);
    else if (look != DTLS_LOOK_SEALED)
        dtls_restart_hear(member, from, datagram, len, (int)look, random);
    else if (member->rival != NULL)
        dtls_restart_share(member, datagram, len);
    else
        dtls_conn_receive(member->conn, now, datagram, len); /* a death is also an event */
    return DTLS_OK;
}

int dtls_endpoint_connect(struct dtls_endpoint *endpoint, dtls_time now, const struct dtls_config *config,
                          const struct dtls_address *to, const struct dtls_session *session, struct dtls_conn **conn)
{
    int error = DTLS_OK;

    *conn = NULL;
    if (!dtls_address_is_valid(to) || dtls_config_problem(config, DTLS_CLIENT) != NULL ||
        endpoint->count >= endpoint->settings.most || dtls_members_find(endpoint, to) != NULL)
        return DTLS_ERR_ARGUMENT;
    struct dtls_member *member = dtls_member_new(endpoint, config, DTLS_CLIENT, to);
    if (member == NULL)
        return DTLS_ERR_NO_MEMORY;
    if (session != NULL)
        error = dtls_conn_resume(member->conn, session);
    if (error == DTLS_OK)
        error = dtls_conn_start(member->conn, now);
    if (error != DTLS_OK) {
        dtls_ready_remove(&member->ready);
        dtls_member_free(member);
        return error;
    }
    dtls_members_put(endpoint, member);
    *conn = member->conn;
    return DTLS_OK;
}

/* ---- what comes out ---- */

static bool has_opened(const struct dtls_conn *conn)
{
    return conn->as.epochs.current->number > 0;
}

bool dtls_endpoint_next_event(struct dtls_endpoint *endpoint, struct dtls_conn **conn, struct dtls_event *event)
{
    while (endpoint->ready.first != NULL) {
        struct dtls_member *member = (struct dtls_member *)endpoint->ready.first;
        /* The rest of a datagram is read here: before OPEN is taken, it has to be known whether it may be told. */
        if (member->half_open && dtls_conn_reach_event(member->conn) && has_opened(member->conn)) {
            dtls_restart_complete(member);
            continue; /* with its elder, perhaps */
        }
        if (!dtls_conn_next_event(member->conn, event)) {
            dtls_ready_pop(&endpoint->ready);
            if (member->over || dtls_conn_has_datagram(member->conn))
                dtls_ready_add(&member->sending);
            dtls_member_set_deadline(member);
            continue;
        }
        bool last = event->type == DTLS_EVENT_CLOSED || event->type == DTLS_EVENT_FAILED;
        if (last)
            dtls_member_bury(member);
        if (member->refused && !last)
            continue;
        *conn = member->conn;
        return true;
    }
    return false;
}

bool dtls_endpoint_next_datagram(struct dtls_endpoint *endpoint, dtls_time now, uint8_t *out, size_t cap, size_t *len,
                                 struct dtls_address *to)
{
    *len = 0;
    if (endpoint->reply_waits && cap >= sizeof endpoint->reply) {
        memcpy(out, endpoint->reply, sizeof endpoint->reply);
        *len = sizeof endpoint->reply;
        *to = endpoint->reply_to;
        endpoint->reply_waits = false;
        return true;
    }
    while (endpoint->sending.first != NULL) {
        struct dtls_member *member = first_sending(endpoint);
        if (dtls_conn_next_datagram(member->conn, now, out, cap, len)) {
            *to = member->address;
            return true;
        }
        dtls_ready_pop(&endpoint->sending);
        if (member->over && !member->ready.listed)
            dtls_member_free(member);
        else
            dtls_member_set_deadline(member);
    }
    return false;
}

/* ---- time ---- */

dtls_time dtls_endpoint_deadline(const struct dtls_endpoint *endpoint)
{
    const struct dtls_member *first = dtls_deadlines_first(&endpoint->deadlines);

    if (endpoint->ready.first != NULL)
        return 0;
    return first != NULL ? first->deadline : DTLS_NEVER;
}

int dtls_endpoint_tick(struct dtls_endpoint *endpoint, dtls_time now)
{
    struct dtls_member *member;

    if (endpoint->ready.first != NULL)
        return DTLS_ERR_EVENTS_WAITING;
    endpoint->now = now;
    while ((member = dtls_deadlines_first(&endpoint->deadlines)) != NULL && member->deadline <= now) {
        dtls_deadlines_set(&endpoint->deadlines, member, DTLS_NEVER); /* until its events are taken */
        dtls_conn_tick(member->conn, now);                            /* a death is also an event */
    }
    return DTLS_OK;
}

/* ---- the members, one by one ---- */

void dtls_endpoint_remove(struct dtls_conn *conn)
{
    struct dtls_member *member = dtls_member_of(conn);

    if (member->over)
        return;
    dtls_member_bury(member);
    dtls_ready_remove(&member->ready);
    dtls_ready_remove(&member->sending);
    dtls_member_free(member);
}

size_t dtls_endpoint_count(const struct dtls_endpoint *endpoint)
{
    return endpoint->count;
}

struct dtls_conn *dtls_endpoint_each(const struct dtls_endpoint *endpoint, const struct dtls_conn *conn)
{
    const struct dtls_member *member = conn != NULL ? dtls_member_of(conn) : NULL;
    size_t bucket = 0;

    if (member != NULL) {
        if (member->rival != NULL)
            return member->rival->conn;
        bucket = (dtls_address_hash(&endpoint->key, &member->address) & endpoint->mask) + 1;
        if (member->elder != NULL)
            member = member->elder;
        if (member->next != NULL)
            return member->next->conn;
    }
    for (; bucket <= endpoint->mask; bucket++)
        if (endpoint->buckets[bucket] != NULL)
            return endpoint->buckets[bucket]->conn;
    return NULL;
}

struct dtls_conn *dtls_endpoint_find(const struct dtls_endpoint *endpoint, const struct dtls_address *address)
{
    const struct dtls_member *member = dtls_address_is_valid(address) ? dtls_members_find(endpoint, address) : NULL;

    return member != NULL ? member->conn : NULL;
}

const struct dtls_address *dtls_endpoint_address(const struct dtls_conn *conn)
{
    return &dtls_member_of(conn)->address;
}

void dtls_endpoint_stats(const struct dtls_endpoint *endpoint, struct dtls_endpoint_stats *out)
{
    *out = endpoint->stats;
}
