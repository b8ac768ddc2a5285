/* members.c - the life of one member: from a hello that is admitted to the last thing it has to send; and the table
 * that finds it by its address. */
#include "endpoint/endpoint_private.h"

#include <string.h>

#define YOUNG ((dtls_time)250 * 1000) /* a handshake takes so long on a path of 100 ms */

struct dtls_member *dtls_member_of(const struct dtls_conn *conn)
{
    return (struct dtls_member *)conn->ready; /* the node is the member's first field */
}

/* ---- the table ---- */

static struct dtls_member **bucket_of(const struct dtls_endpoint *endpoint, const struct dtls_address *address)
{
    return &endpoint->buckets[dtls_address_hash(&endpoint->key, address) & endpoint->mask];
}

struct dtls_member *dtls_members_find(const struct dtls_endpoint *endpoint, const struct dtls_address *address)
{
    struct dtls_member *member = *bucket_of(endpoint, address);

    while (member != NULL && !dtls_address_equal(&member->address, address))
        member = member->next;
    return member;
}

/* Datagrams come in bursts: the next one is often from the same peer. */
struct dtls_member *dtls_members_find_again(struct dtls_endpoint *endpoint, const struct dtls_address *address)
{
    if (endpoint->recent == NULL || !dtls_address_equal(&endpoint->recent->address, address))
        endpoint->recent = dtls_members_find(endpoint, address);
    return endpoint->recent;
}

void dtls_members_put(struct dtls_endpoint *endpoint, struct dtls_member *member)
{
    struct dtls_member **bucket = bucket_of(endpoint, &member->address);

    member->next = *bucket;
    *bucket = member;
    member->in_table = true;
    endpoint->count++;
}

void dtls_members_take_out(struct dtls_endpoint *endpoint, struct dtls_member *member)
{
    struct dtls_member **link = bucket_of(endpoint, &member->address);

    if (!member->in_table)
        return;
    while (*link != member)
        link = &(*link)->next;
    *link = member->next;
    if (endpoint->recent == member)
        endpoint->recent = NULL;
    member->in_table = false;
    endpoint->count--;
}

void dtls_members_replace(struct dtls_endpoint *endpoint, struct dtls_member *member, struct dtls_member *by)
{
    struct dtls_member **link = bucket_of(endpoint, &member->address);

    while (*link != member)
        link = &(*link)->next;
    *link = by;
    by->next = member->next;
    if (endpoint->recent == member)
        endpoint->recent = by;
    by->in_table = true;
    member->in_table = false;
}

/* ---- life ---- */

struct dtls_member *dtls_member_new(struct dtls_endpoint *endpoint, const struct dtls_config *config,
                                    enum dtls_role role, const struct dtls_address *address)
{
    struct dtls_member *member = dtls_allocate(&endpoint->memory, sizeof *member);

    if (member == NULL)
        return NULL;
    member->conn = dtls_conn_new(config, role);
    if (member->conn == NULL) {
        dtls_release(&endpoint->memory, member, sizeof *member);
        return NULL;
    }
    member->endpoint = endpoint;
    member->address = *address;
    member->ready.list = &endpoint->ready;
    member->sending.list = &endpoint->sending;
    member->deadline = DTLS_NEVER;
    member->heap_at = DTLS_NOT_IN_HEAP;
    member->conn->ready = &member->ready;
    return member;
}

void dtls_member_free(struct dtls_member *member)
{
    const struct dtls_memory *memory = &member->endpoint->memory;

    member->endpoint->over -= member->over;
    dtls_conn_free(member->conn);
    dtls_release(memory, member, sizeof *member);
}

void dtls_member_set_deadline(struct dtls_member *member)
{
    dtls_time deadline = member->over ? DTLS_NEVER : dtls_conn_deadline(member->conn);

    dtls_deadlines_set(&member->endpoint->deadlines, member, deadline);
}

void dtls_member_end(struct dtls_member *member, int error, uint8_t alert)
{
    struct dtls_endpoint *endpoint = member->endpoint;

    dtls_sources_leave(&endpoint->sources, member);
    dtls_deadlines_set(&endpoint->deadlines, member, DTLS_NEVER);
    dtls_conn_die(member->conn, error, alert);
    dtls_conn_changed(member->conn);
}

void dtls_member_bury(struct dtls_member *member)
{
    struct dtls_endpoint *endpoint = member->endpoint;
    struct dtls_member *rival = member->rival;

    if (member->over)
        return;
    member->over = true;
    endpoint->over++;
    dtls_sources_leave(&endpoint->sources, member);
    dtls_deadlines_set(&endpoint->deadlines, member, DTLS_NEVER);
    if (member->elder != NULL)
        member->elder->rival = NULL;
    if (rival != NULL) {
        rival->elder = NULL;
        dtls_members_replace(endpoint, member, rival);
    } else {
        dtls_members_take_out(endpoint, member);
    }
    member->elder = member->rival = NULL;
}

/* ---- admission ---- */

/* The settings' limit holds before there is one more. Whoever gives way cannot go on, and whoever is turned away comes
 * again: so one that is young goes only where its host has more than its share. */
static bool make_room(struct dtls_endpoint *endpoint, const struct dtls_source *source)
{
    struct dtls_sources *sources = &endpoint->sources;

    while (sources->half_open >= endpoint->settings.most_half_open) {
        struct dtls_member *victim = dtls_sources_victim(sources);
        if (victim->source->half_open <= source->half_open + 1 && endpoint->now - victim->began_at < YOUNG)
            return false;
        endpoint->stats.crowded_out++;
        dtls_member_end(victim, DTLS_ERR_CROWDED, 0);
    }
    return true;
}

struct dtls_member *dtls_member_admit(struct dtls_endpoint *endpoint, const struct dtls_config *config,
                                      const struct dtls_address *from, struct dtls_member *elder)
{
    struct dtls_source *source = dtls_sources_find(&endpoint->sources, from);

    if (!dtls_sources_allow(&endpoint->sources, source, endpoint->now)) {
        endpoint->stats.refused_rate++;
        return NULL;
    }
    /* Where the socket takes nothing, the dead pile up behind it. */
    size_t taken = (elder == NULL ? endpoint->count : 0) + endpoint->over;
    if (taken >= endpoint->settings.most || !make_room(endpoint, source)) {
        endpoint->stats.refused_full++;
        return NULL;
    }
    struct dtls_member *member = dtls_member_new(endpoint, config, DTLS_SERVER, from);
    if (member == NULL || dtls_conn_start(member->conn, endpoint->now) != DTLS_OK) {
        endpoint->stats.refused_full++;
        if (member != NULL) {
            dtls_ready_remove(&member->ready);
            dtls_member_free(member);
        }
        return NULL;
    }
    endpoint->stats.admitted++;
    member->began_at = endpoint->now;
    dtls_sources_enter(&endpoint->sources, source, member);
    if (elder == NULL) {
        dtls_members_put(endpoint, member);
    } else {
        member->elder = elder;
        elder->rival = member;
    }
    return member;
}
