/* restart.c - contract S6: a client that begins anew from the address of a live association (RFC 6347, 4.2.8). Its
 * handshake runs beside that, and takes its place when it is verified. */
#include "endpoint/endpoint_private.h"
#include "endpoint/hello.h"

#include <string.h>

#define RESTART_INTERVAL ((dtls_time)1000 * 1000) /* one per address and second */

static void give(struct dtls_member *member, uint8_t *datagram, size_t len)
{
    dtls_conn_receive(member->conn, member->endpoint->now, datagram, len); /* a death is also an event */
}

static bool is_random_of(const struct dtls_member *member, const uint8_t *random)
{
    return member != NULL && member->knows_random && memcmp(member->random, random, DTLS_HELLO_RANDOM_LEN) == 0;
}

static void learn_random(struct dtls_member *member, const uint8_t *random)
{
    memcpy(member->random, random, DTLS_HELLO_RANDOM_LEN);
    member->knows_random = true;
}

/* A ClientHello of another random than any that is known. */
static void restart(struct dtls_member *member, const struct dtls_address *from, uint8_t *datagram, size_t len,
                    const uint8_t *random)
{
    struct dtls_endpoint *endpoint = member->endpoint;
    struct dtls_member *before = member->rival;

    const struct dtls_config *config = dtls_endpoint_judge(endpoint, from, datagram, len, random, true);
    if (config == NULL)
        return;
    if (member->has_restarted && endpoint->now - member->restarted_at < RESTART_INTERVAL) {
        endpoint->stats.refused_rate++;
        return;
    }
    struct dtls_member *fresh = dtls_member_admit(endpoint, config, from, member);
    if (fresh == NULL)
        return;
    member->has_restarted = true;
    member->restarted_at = endpoint->now;
    if (before != NULL) {
        before->elder = NULL;
        dtls_member_end(before, DTLS_ERR_REPLACED, 0);
    }
    if (member->half_open) /* it can never be finished, for its client is gone: the new one gets its place */
        dtls_member_end(member, DTLS_ERR_REPLACED, 0);
    fresh->has_restarted = true;
    fresh->restarted_at = endpoint->now;
    learn_random(fresh, random);
    give(fresh, datagram, len);
}

void dtls_restart_hear(struct dtls_member *member, const struct dtls_address *from, uint8_t *datagram, size_t len,
                       int look, const uint8_t *random)
{
    struct dtls_member *younger = member->rival != NULL ? member->rival : member;

    if (member->conn->as.role == DTLS_CLIENT || look != DTLS_LOOK_HELLO) {
        give(younger, datagram, len); /* the elder hears nothing of epoch 0 any more (S2) */
    } else if (is_random_of(member->rival, random)) {
        give(member->rival, datagram, len);
    } else if (is_random_of(member, random)) {
        give(member, datagram, len);
    } else if (!member->knows_random) { /* its later fragments have come first */
        learn_random(member, random);
        give(member, datagram, len);
    } else {
        restart(member, from, datagram, len, random);
    }
}

void dtls_restart_share(struct dtls_member *member, uint8_t *datagram, size_t len)
{
    struct dtls_endpoint *endpoint = member->endpoint;
    struct dtls_member *rival = member->rival;
    uint32_t opened = member->conn->opened;

    endpoint->copy = dtls_allocate(&endpoint->memory, len); /* opening a record destroys it for another key */
    endpoint->copy_len = len;
    if (endpoint->copy != NULL)
        memcpy(endpoint->copy, datagram, len);
    give(member, datagram, len);
    if (member->conn->opened == opened && endpoint->copy != NULL)
        give(rival, endpoint->copy, len);
}

/* Whoever has shown a certificate, or a pre-shared key, is replaced by the same one only, unless the application knows
 * better. */
static bool may_replace(const struct dtls_endpoint *endpoint, const struct dtls_conn *elder,
                        const struct dtls_conn *fresh)
{
    const struct dtls_established *shown = &elder->as.active, *shows = &fresh->as.active;

    if (!shown->has_peer || dtls_is_same_peer(shown, shows))
        return true;
    return endpoint->settings.replace != NULL && endpoint->settings.replace(endpoint->settings.arg, elder, fresh);
}

void dtls_restart_complete(struct dtls_member *member)
{
    struct dtls_endpoint *endpoint = member->endpoint;
    struct dtls_member *elder = member->elder;

    dtls_sources_leave(&endpoint->sources, member);
    if (elder == NULL)
        return;
    if (!may_replace(endpoint, elder->conn, member->conn)) {
        endpoint->stats.impostors++;
        member->refused = true;
        dtls_member_end(member, DTLS_ERR_IDENTITY_CHANGED, DTLS_ALERT_ACCESS_DENIED);
        return;
    }
    endpoint->stats.restarts++;
    elder->rival = member->elder = NULL;
    dtls_members_replace(endpoint, elder, member);
    dtls_member_end(elder, DTLS_ERR_REPLACED, 0);
    dtls_ready_remove(&elder->ready); /* its end is told before the new beginning */
    dtls_ready_add_in_front(&elder->ready);
}
