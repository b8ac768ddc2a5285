/* outcome.c - what a step of the handshake means for the connection: transmit, switch epochs, publish, or die. */
#include <string.h>

#include "conn/conn_private.h"
#include "handshake/resume.h"
#include "handshake/types.h"

bool dtls_conn_new_handshake(struct dtls_conn *conn, dtls_time now)
{
    struct dtls_handshake *hs = dtls_handshake_new(&conn->as, conn->as.config, now);

    if (hs == NULL)
        return false;
    conn->spare =
        dtls_last_flight_new(&conn->as.memory, conn->as.role == DTLS_SERVER && conn->as.config->ticket_keys != NULL);
    if (conn->spare == NULL) {
        dtls_handshake_free(hs);
        return false;
    }
    conn->hs = hs;
    conn->flight_mtu = conn->mtu;
    dtls_outbox_take_room(&conn->outbox, &hs->leaving);
    return true;
}

static void free_handshake(struct dtls_conn *conn)
{
    dtls_outbox_leave_room(&conn->outbox);
    dtls_handshake_free(conn->hs);
    dtls_last_flight_free(&conn->as.memory, conn->spare);
    conn->hs = NULL;
    conn->spare = NULL;
}

/* Of keys that will never be. */
static void forget_records_of_next(struct dtls_conn *conn)
{
    uint16_t current = conn->as.epochs.current->number;
    size_t count = dtls_held_clear(&conn->early, &conn->as.memory);

    if (conn->has_postponed && conn->postponed_epoch != current) {
        conn->has_postponed = false;
        count++;
    }
    if (conn->held.first != NULL && conn->held.first->epoch != current)
        count += dtls_held_clear(&conn->held, &conn->as.memory);
    conn->as.stats.dropped[DTLS_DROP_EPOCH] += count;
}

void dtls_conn_drop_handshake(struct dtls_conn *conn)
{
    dtls_conn_withdraw_keys(conn);
    free_handshake(conn);
    conn->re.parked = conn->re.stalled = conn->re.asked = false;
    dtls_association_drop_next(&conn->as);
    forget_records_of_next(conn);
}

int dtls_conn_die(struct dtls_conn *conn, int err, uint8_t alert)
{
    if (conn->state == DTLS_CONN_OVER)
        return conn->death;
    if (conn->state == DTLS_CONN_OPEN && (alert != 0 || err == DTLS_ERR_ALERT))
        dtls_server_forget_session(&conn->as);
    conn->state = DTLS_CONN_OVER;
    conn->death = (int16_t)err;
    dtls_outbox_clear(&conn->outbox);
    if (alert != 0)
        dtls_conn_transmit_alert(conn, DTLS_ALERT_FATAL, alert);
    struct dtls_waiting_event *event = dtls_conn_push_event(conn, DTLS_EVENT_FAILED);
    event->error = (int16_t)err;
    event->alert = conn->received_alert;
    return err;
}

void dtls_conn_expire_epochs(struct dtls_conn *conn, dtls_time now)
{
    dtls_epochs_expire(&conn->as.epochs, now, conn->last != NULL);
    dtls_association_forget_keys(&conn->as);
}

/* ---- the end of a handshake ---- */

/* For who asks for the peer's certificates or the client's identity later: those of the last handshake that has shown
 * some. An abbreviated one shows none, and what there was stays. Without memory there are none. */
static void keep_shown(struct dtls_association *as, struct dtls_handshake *hs)
{
    const struct dtls_established *old = &as->active, *pending = &hs->pending;
    bool psk = pending->has_peer && pending->suite->psk;
    bool chain = pending->has_peer && !psk && !pending->peer_raw && hs->config->keep_peer_chain;

    if (((psk && hs->psk.identity == NULL) || (chain && hs->chain_len == 0)) && old->has_peer && old->suite->psk == psk)
        return;
    dtls_release(&as->memory, as->shown, (size_t)as->shown_len + 1);
    as->shown = hs->psk.identity;
    as->shown_len = (uint32_t)hs->psk.identity_len;
    hs->psk.identity = NULL;
    if (as->shown != NULL) {
        as->psk_config = hs->psk_config;
    } else if (chain && hs->chain_len > 0) {
        as->shown = dtls_allocate(&as->memory, hs->chain_len + 1);
        if (as->shown == NULL)
            return;
        as->shown_len = (uint32_t)hs->chain_len;
        memcpy(as->shown, hs->transcript.bytes + hs->chain_at, hs->chain_len);
    }
}

/* The peer's certificate, suite and secrets of the attempt become those of the connection, all at once. */
static void publish(struct dtls_conn *conn, dtls_time now)
{
    struct dtls_association *as = &conn->as;
    struct dtls_handshake *hs = conn->hs;
    struct dtls_session *session = dtls_handshake_session(hs);

    if (as->role == DTLS_SERVER)
        dtls_server_store_session(hs);
    dtls_session_free(as->session);
    as->session = session;
    keep_shown(as, hs);
    dtls_established_clear(as, &as->active);
    as->active = hs->pending;
    hs->pending.server_name = NULL;
    if (hs->presented) {
        as->identity = hs->identity;
        as->own_raw = hs->own_type == DTLS_TYPE_RAW;
    }
    dtls_epochs_advance(&as->epochs, now);
    dtls_association_forget_keys(as);
    dtls_last_flight_free(&as->memory, conn->last); /* the peer proved by its Finished that it has that one */
    conn->last = NULL;
}

/* For servers that want it again (R6), whatever the settings of today say. Without memory the older one, or none,
 * stays: the server asks once more then. */
static void keep_cookie(struct dtls_association *as, const struct dtls_handshake *hs)
{
    uint8_t *copy = hs->cookie_len > 0 ? dtls_allocate(&as->memory, hs->cookie_len) : NULL;

    if (copy == NULL)
        return;
    memcpy(copy, hs->cookie, hs->cookie_len);
    dtls_release(&as->memory, as->cookie, as->cookie_len);
    as->cookie = copy;
    as->cookie_len = hs->cookie_len;
}

static int finish(struct dtls_conn *conn, dtls_time now)
{
    struct dtls_association *as = &conn->as;
    struct dtls_handshake *hs = conn->hs;
    struct dtls_last_flight *last = NULL;
    bool new_session = as->role == DTLS_CLIENT && (!hs->resumed || hs->ticket_len > 0);

    size_t payload = dtls_conn_max_payload(conn);
    keep_cookie(as, hs);
    if (hs->first_finisher) {
        last = conn->spare;
        conn->spare = NULL;
        dtls_last_flight_take(last, hs, now);
    }
    publish(conn, now);
    if (hs->rehandshake && dtls_conn_max_payload(conn) != payload)
        dtls_conn_tell_mtu(conn, DTLS_MTU_RECORD_LIMIT, conn->mtu);
    struct dtls_waiting_event *event =
        dtls_conn_push_event(conn, hs->rehandshake ? DTLS_EVENT_REHANDSHAKE_DONE : DTLS_EVENT_OPEN);
    event->resumed = hs->resumed;
    event->epoch = as->epochs.current->number;
    if (hs->rehandshake)
        as->stats.rehandshakes++;
    dtls_conn_finish_keys(conn, now, last != NULL);
    if (new_session && as->session != NULL)
        dtls_conn_push_event(conn, DTLS_EVENT_SESSION);
    conn->state = DTLS_CONN_OPEN;
    conn->doomed = false;
    dtls_renewal_mark(&conn->renewal, &as->stats, now);
    conn->re.ours = conn->re.requesting = conn->re.parked = conn->re.stalled = conn->re.asked = false;
    const struct dtls_config *config = hs->config;
    free_handshake(conn);
    dtls_conn_begin_probing(conn, config, now);
    conn->last = last;
    if (last != NULL)
        dtls_conn_transmit_last(conn);
    dtls_conn_expire_epochs(conn, now);
    return DTLS_OK;
}

/* ---- after each step ---- */

static void answered(struct dtls_conn *conn, dtls_time now)
{
    if (!conn->hs->rehandshake) {
        conn->as.epochs.current->says_dtls_1_0 = false; /* a client knows now what the server speaks */
        return;
    }
    dtls_conn_stop_heartbeats(conn);
    if (conn->re.parked)
        conn->hs->started = now; /* a late answer to an attempt that was given up begins it anew */
    conn->re.parked = conn->re.requesting = conn->re.asked = false;
    dtls_conn_push_event(conn, DTLS_EVENT_REHANDSHAKE_STARTED);
}

/* The peer repeats a flight that we have answered: the answer was lost. At most once per round trip and eight times
 * per flight, so that a captured datagram is no amplifier (T4). */
static void answer_again(struct dtls_conn *conn, dtls_time now)
{
    if (conn->answers >= DTLS_MOST_ANSWERS || dtls_outbox_flight_is_leaving(&conn->outbox) ||
        (conn->answers > 0 && now - conn->answered_at < dtls_round_trip_guess(&conn->as.path)))
        return;
    conn->answers++;
    conn->answered_at = now;
    conn->as.stats.answers++;
    dtls_timer_flight_repeated(&conn->hs->timer);
    dtls_conn_transmit(conn);
}

int dtls_conn_settle(struct dtls_conn *conn, dtls_time now, int err)
{
    struct dtls_handshake *hs = conn->hs;
    unsigned happened = hs->happened;

    hs->happened = 0;
    if (err != DTLS_OK)
        return dtls_conn_die(conn, err, hs->alert != 0 ? hs->alert : dtls_alert_for(err));
    if (happened & DTLS_HAPPENED_ANSWER)
        answered(conn, now);
    dtls_conn_offer_keys(conn);
    if (happened & DTLS_HAPPENED_JOB)
        dtls_conn_push_event(conn, DTLS_EVENT_JOB);
    if (happened & DTLS_HAPPENED_VERIFIED)
        return finish(conn, now);
    if (happened & DTLS_HAPPENED_FLIGHT) {
        conn->answers = 0;
        conn->early_copies = 0;
        conn->doomed = false; /* the handshake goes on: the alert was forged, or about something else (S9) */
        dtls_conn_transmit(conn);
    }
    if (happened & DTLS_HAPPENED_REPEAT)
        answer_again(conn, now);
    if (happened & DTLS_HAPPENED_HELLO)
        return dtls_conn_hear_hello(conn, now);
    return DTLS_OK;
}
