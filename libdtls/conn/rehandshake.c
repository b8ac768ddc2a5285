/* rehandshake.c - who may start a rehandshake, when it is refused, retried or given up (contract R6, R7, R10, R13). */
#include <string.h>

#include "conn/conn_private.h"

enum { LAST_EPOCH = 65535 };

static bool has_epoch_left(const struct dtls_conn *conn)
{
    return conn->as.epochs.current->number < LAST_EPOCH;
}

bool dtls_conn_secure_renegotiation(const struct dtls_conn *conn)
{
    return conn->as.active.renegotiation_info && conn->as.active.extended_master_secret;
}

bool dtls_conn_rehandshake_pending(const struct dtls_conn *conn)
{
    const struct dtls_handshake *hs = conn->hs;

    if (conn->state != DTLS_CONN_OPEN)
        return false;
    return conn->re.requesting || conn->re.asked || conn->re.replacing ||
           (hs != NULL && !conn->re.parked && (conn->as.role == DTLS_CLIENT || hs->answered));
}

static uint64_t threshold_us(const struct dtls_config *config)
{
    uint32_t ms = config->rehandshake_timeout_ms > 0 ? config->rehandshake_timeout_ms : config->handshake_timeout_ms;

    return ms > 0 ? (uint64_t)ms * 1000 : DTLS_NEVER;
}

/* ---- starting ---- */

/* A client's attempt; one that was given up in this epoch is taken up again, byte for byte (R10). */
static int start_client(struct dtls_conn *conn, dtls_time now, enum dtls_rehandshake_mode mode)
{
    dtls_conn_stop_heartbeats(conn);
    if (conn->re.parked) {
        conn->re.parked = false;
        conn->hs->started = now; /* NOLINT(clang-analyzer-core.NullDereference): what is parked is there */
        dtls_timer_flight_sent(&conn->hs->timer, &conn->as.path, conn->hs->config, now);
        dtls_timer_flight_repeated(&conn->hs->timer);
        dtls_conn_transmit(conn);
        return DTLS_OK;
    }
    if (!dtls_conn_new_handshake(conn, now))
        return DTLS_ERR_NO_MEMORY;
    conn->hs->offer_session = mode == DTLS_REHANDSHAKE_ABBREVIATED;
    int err = dtls_handshake_start_client(conn->hs, now);
    if (err != DTLS_OK) {
        dtls_conn_drop_handshake(conn); /* nothing has left: nothing has happened */
        return err;
    }
    return dtls_conn_settle(conn, now, DTLS_OK);
}

int dtls_conn_rehandshake(struct dtls_conn *conn, dtls_time now, enum dtls_rehandshake_mode mode)
{
    conn->now = now;
    dtls_conn_changed(conn);
    if (conn->state != DTLS_CONN_OPEN)
        return DTLS_ERR_NOT_OPEN;
    if (mode != DTLS_REHANDSHAKE_FULL && mode != DTLS_REHANDSHAKE_ABBREVIATED)
        return DTLS_ERR_ARGUMENT;
    if (conn->as.config->rehandshake_never)
        return DTLS_ERR_FORBIDDEN;
    if (dtls_conn_rehandshake_pending(conn))
        return DTLS_ERR_REHANDSHAKE_RUNNING;
    size_t events = DTLS_EVENTS_OF_AN_ATTEMPT + (conn->as.config->srtp_profile_count > 0 ? DTLS_EVENTS_OF_KEYS : 0);
    if (conn->event_count + events > DTLS_EVENT_MOST)
        return DTLS_ERR_EVENTS_WAITING; /* earlier attempts' events were never taken: there is no room for more */
    if (!dtls_conn_secure_renegotiation(conn))
        return DTLS_ERR_UNSAFE_RENEGOTIATION;
    if (!has_epoch_left(conn))
        return DTLS_ERR_EXHAUSTED;
    if (conn->as.role == DTLS_CLIENT) {
        int err = start_client(conn, now, mode);
        conn->re.ours = err == DTLS_OK;
        return err;
    }
    conn->re.ours = conn->re.requesting = conn->re.requested = true;
    conn->re.config = conn->as.config;
    conn->re.requested_mode = mode;
    conn->re.requested_epoch = conn->as.epochs.current->number;
    conn->re.request_started = now;
    dtls_timer_flight_sent(&conn->re.request_timer, &conn->as.path, conn->re.config, now);
    dtls_conn_transmit_request(conn);
    return DTLS_OK;
}

/* ---- the peer's wish ---- */

/* What stands for the random of a HelloRequest. */
static const uint8_t no_random[DTLS_HELLO_RANDOM_LEN];

/* The beginning may be a clock (RFC 5246, 7.4.1.2). */
static const uint8_t *end_of(const uint8_t random[DTLS_HELLO_RANDOM_LEN])
{
    return random + DTLS_HELLO_RANDOM_LEN - DTLS_RANDOM_END;
}

/* The warning no_renegotiation: once per attempt, and twice more when the peer insists (R7). */
static void refuse(struct dtls_conn *conn, dtls_time now, const uint8_t random[DTLS_HELLO_RANDOM_LEN])
{
    struct dtls_renegotiation *re = &conn->re;

    if (memcmp(re->refused_random, end_of(random), DTLS_RANDOM_END) != 0 || now - re->refused_at >= DTLS_REFUSAL_FORGET)
        re->refusals = 0;
    if (re->refusals >= DTLS_MOST_REFUSALS || (re->refusals > 0 && now - re->refused_at < DTLS_REFUSAL_INTERVAL))
        return;
    re->refusals++;
    re->refused_at = now;
    memcpy(re->refused_random, end_of(random), DTLS_RANDOM_END);
    dtls_conn_transmit_alert(conn, DTLS_ALERT_WARNING, DTLS_ALERT_NO_RENEGOTIATION);
}

/* Is this another copy of what was refused already? Then the application is not asked again (R7). */
static bool was_refused(const struct dtls_conn *conn, dtls_time now, const uint8_t random[DTLS_HELLO_RANDOM_LEN])
{
    const struct dtls_renegotiation *re = &conn->re;

    return re->refusals > 0 && now - re->refused_at < DTLS_REFUSAL_ASK_AGAIN &&
           memcmp(re->refused_random, end_of(random), DTLS_RANDOM_END) == 0;
}

static void ask(struct dtls_conn *conn, dtls_time now)
{
    conn->re.asked = true;
    conn->re.asked_until = dtls_time_after(now, threshold_us(conn->as.config));
    dtls_conn_push_event(conn, DTLS_EVENT_REHANDSHAKE_REQUESTED);
}

static bool is_too_early(const struct dtls_conn *conn, dtls_time now)
{
    return conn->re.peer_started &&
           now - conn->re.peer_started_at < (dtls_time)conn->as.config->rehandshake_interval_ms * 1000;
}

static void peer_starts(struct dtls_conn *conn, dtls_time now)
{
    conn->re.peer_started = true;
    conn->re.peer_started_at = now;
}

static bool can_rehandshake(const struct dtls_conn *conn)
{
    return dtls_conn_secure_renegotiation(conn) && has_epoch_left(conn);
}

void dtls_conn_hear_request(struct dtls_conn *conn, dtls_time now)
{
    const struct dtls_config *config = conn->as.config;

    if ((conn->hs != NULL && !conn->re.parked) || conn->re.asked)
        return; /* a rehandshake is under way already; glare ends here (R6) */
    if (is_too_early(conn, now)) {
        conn->as.stats.dropped[DTLS_DROP_RATE]++;
        return;
    }
    if (!can_rehandshake(conn) || config->rehandshake_never || config->rehandshake_policy == DTLS_REHANDSHAKE_DENY) {
        refuse(conn, now, no_random);
    } else if (config->rehandshake_policy == DTLS_REHANDSHAKE_ASK) {
        if (was_refused(conn, now, no_random))
            refuse(conn, now, no_random);
        else
            ask(conn, now);
    } else if (config->rehandshake_policy == DTLS_REHANDSHAKE_ACCEPT) {
        /* It always offers its session; the server's mode decides (R11). Without memory the server asks again. */
        if (start_client(conn, now, DTLS_REHANDSHAKE_ABBREVIATED) == DTLS_OK)
            peer_starts(conn, now);
    }
}

bool dtls_conn_admit_hello(struct dtls_conn *conn, dtls_time now)
{
    if (conn->re.requesting || !is_too_early(conn, now))
        return true;
    conn->as.stats.dropped[DTLS_DROP_RATE]++;
    return false;
}

static int accept_hello(struct dtls_conn *conn, dtls_time now)
{
    struct dtls_handshake *hs = conn->hs;

    /* Our own HelloRequest carried the mode; without one the configuration says what a client may have. */
    hs->offer_session =
        (conn->re.requesting ? conn->re.requested_mode : hs->config->rehandshake_mode) == DTLS_REHANDSHAKE_ABBREVIATED;
    hs->send_seq = conn->re.requested && conn->re.requested_epoch == hs->epoch; /* RFC 6347, 4.2.2 (R6) */
    hs->started = now;
    conn->re.asked = conn->re.replacing = false;
    peer_starts(conn, now);
    return dtls_conn_settle(conn, now, dtls_handshake_open_gate(hs, now));
}

static void refuse_hello(struct dtls_conn *conn, dtls_time now)
{
    uint8_t random[DTLS_HELLO_RANDOM_LEN];

    memcpy(random, conn->hs->hello.random, sizeof random);
    dtls_conn_drop_handshake(conn);
    refuse(conn, now, random);
}

int dtls_conn_hear_hello(struct dtls_conn *conn, dtls_time now)
{
    enum dtls_rehandshake_policy policy = conn->as.config->rehandshake_policy;

    if (conn->re.asked)
        return DTLS_OK;
    if (!can_rehandshake(conn)) {
        refuse_hello(conn, now);
    } else if (conn->re.requesting || conn->re.replacing || policy == DTLS_REHANDSHAKE_ACCEPT) {
        return accept_hello(conn, now); /* what we asked for, or granted already, needs no permission */
    } else if (policy == DTLS_REHANDSHAKE_DENY) {
        refuse_hello(conn, now);
    } else if (policy == DTLS_REHANDSHAKE_IGNORE) {
        dtls_conn_drop_handshake(conn);
    } else if (was_refused(conn, now, conn->hs->hello.random)) {
        refuse_hello(conn, now);
    } else {
        ask(conn, now);
    }
    return DTLS_OK;
}

int dtls_conn_accept_rehandshake(struct dtls_conn *conn, dtls_time now)
{
    conn->now = now;
    dtls_conn_changed(conn);
    if (!conn->re.asked || conn->state != DTLS_CONN_OPEN)
        return DTLS_ERR_NOT_ASKED;
    if (conn->as.role == DTLS_SERVER)
        return accept_hello(conn, now);
    if (conn->as.config->rehandshake_never) /* since it was asked */
        return DTLS_ERR_FORBIDDEN;
    conn->re.asked = false;
    peer_starts(conn, now);
    return start_client(conn, now, DTLS_REHANDSHAKE_ABBREVIATED);
}

int dtls_conn_refuse_rehandshake(struct dtls_conn *conn, dtls_time now)
{
    conn->now = now;
    dtls_conn_changed(conn);
    if (!conn->re.asked || conn->state != DTLS_CONN_OPEN)
        return DTLS_ERR_NOT_ASKED;
    conn->re.asked = false;
    if (conn->as.role == DTLS_SERVER)
        refuse_hello(conn, now);
    else
        refuse(conn, now, no_random);
    return DTLS_OK;
}

/* ---- how an attempt of ours ends without an answer ---- */

/* `config` is the attempt's own: whatever dtls_conn_set_config has brought since is for the next one. */
static int give_up(struct dtls_conn *conn, const struct dtls_config *config, enum dtls_event_type type)
{
    bool mandatory = conn->re.ours && config->rehandshake_mandatory;

    conn->re.ours = false;
    conn->as.path.backed_off_us = 0; /* silence was no sign of a slow path */
    if (mandatory)
        return dtls_conn_die(conn, DTLS_ERR_REHANDSHAKE_REQUIRED, dtls_alert_for(DTLS_ERR_REHANDSHAKE_REQUIRED));
    dtls_conn_push_event(conn, type);
    return DTLS_OK;
}

/* A client's attempt rests: for a retry, which must not differ in a byte, or for a late answer (R10). */
static void park(struct dtls_conn *conn)
{
    conn->re.parked = true;
    dtls_outbox_clear(&conn->outbox);
}

void dtls_conn_hear_refusal(struct dtls_conn *conn)
{
    if (conn->re.requesting && conn->hs == NULL) {
        conn->re.requesting = false;
        dtls_outbox_clear(&conn->outbox);
        give_up(conn, conn->re.config, DTLS_EVENT_REHANDSHAKE_REFUSED);
    } else if (conn->as.role == DTLS_CLIENT && conn->hs != NULL && !conn->re.parked && !conn->hs->answered) {
        park(conn); /* not dropped: a late copy may still be accepted, and only this attempt can take the answer */
        give_up(conn, conn->hs->config, DTLS_EVENT_REHANDSHAKE_REFUSED);
    } /* else a late copy, or the answer to nothing */
}

/* The time of an attempt is over. Before the first answer it is dropped; after it nothing is (R10). */
static int time_is_over(struct dtls_conn *conn, dtls_time now)
{
    if (conn->hs->answered) {
        conn->re.stalled = true;
        dtls_timer_slow_down(&conn->hs->timer, conn->hs->config, now);
        dtls_conn_push_event(conn, DTLS_EVENT_REHANDSHAKE_STALLED);
        return DTLS_OK;
    }
    if (conn->as.role == DTLS_SERVER) { /* half a ClientHello, and never the rest */
        const struct dtls_config *config = conn->hs->config;
        bool was_started = conn->re.replacing;
        dtls_conn_drop_handshake(conn);
        conn->re.replacing = false;
        return was_started ? give_up(conn, config, DTLS_EVENT_REHANDSHAKE_FAILED) : DTLS_OK;
    }
    park(conn);
    return give_up(conn, conn->hs->config, DTLS_EVENT_REHANDSHAKE_FAILED);
}

/* When the time of an attempt, or that of a HelloRequest, is over. */
static dtls_time attempt_ends(const struct dtls_conn *conn)
{
    if (conn->hs == NULL || conn->re.parked || conn->re.stalled || conn->re.asked)
        return DTLS_NEVER;
    return dtls_time_after(conn->hs->started, threshold_us(conn->hs->config));
}

static dtls_time request_ends(const struct dtls_conn *conn)
{
    if (!conn->re.requesting)
        return DTLS_NEVER;
    return dtls_time_after(conn->re.request_started, threshold_us(conn->re.config));
}

/* When keys are to be renewed without being asked (R12); a time of the past when they are used up already. */
static dtls_time renewal_deadline(const struct dtls_conn *conn)
{
    if (dtls_conn_rehandshake_pending(conn) || !can_rehandshake(conn))
        return DTLS_NEVER;
    if (dtls_renewal_is_used_up(&conn->renewal, conn->as.config, &conn->as.stats))
        return conn->renewal.since;
    return dtls_renewal_deadline(&conn->renewal, conn->as.config);
}

bool dtls_conn_is_to_be_advised(const struct dtls_conn *conn)
{
    const struct dtls_epoch *current = conn->as.epochs.current;

    return conn->state == DTLS_CONN_OPEN && conn->advised_epoch != current->number && dtls_renewal_is_advised(current);
}

int dtls_conn_rehandshake_tick(struct dtls_conn *conn, dtls_time now)
{
    struct dtls_renegotiation *re = &conn->re;

    if (re->asked && now >= re->asked_until)
        dtls_conn_refuse_rehandshake(conn, now); /* unanswered is refused (R7) */
    if (now >= request_ends(conn)) {
        re->requesting = false;
        return give_up(conn, re->config, DTLS_EVENT_REHANDSHAKE_FAILED);
    }
    if (re->requesting && dtls_timer_expire(&re->request_timer, &conn->as.path, re->config, now)) {
        conn->as.stats.retransmissions++;
        dtls_conn_transmit_request(conn);
    }
    if (now >= attempt_ends(conn))
        return time_is_over(conn, now);
    if (now >= renewal_deadline(conn)) {
        dtls_renewal_mark(&conn->renewal, &conn->as.stats, now); /* an attempt that fails is not repeated at once */
        dtls_conn_rehandshake(conn, now, conn->as.config->renew_mode);
    }
    return DTLS_OK;
}

static dtls_time earlier(dtls_time a, dtls_time b)
{
    return a < b ? a : b;
}

dtls_time dtls_conn_rehandshake_deadline(const struct dtls_conn *conn)
{
    const struct dtls_renegotiation *re = &conn->re;
    dtls_time deadline = DTLS_NEVER;

    if (re->asked)
        deadline = re->asked_until;
    if (re->requesting)
        deadline = earlier(dtls_timer_deadline(&re->request_timer), deadline);
    deadline = earlier(deadline, request_ends(conn));
    deadline = earlier(deadline, attempt_ends(conn));
    if (dtls_conn_is_to_be_advised(conn))
        deadline = conn->renewal.since; /* a time of the past: now */
    return earlier(deadline, renewal_deadline(conn));
}
