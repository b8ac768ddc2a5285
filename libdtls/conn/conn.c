/* conn.c - the life of a connection, its clock, and the questions one may ask it. */
#include <string.h>

#include "conn/conn_private.h"
#include "handshake/binding.h"
#include "identity/identity.h"
#include "messages/key_exchange.h"

/* Nobody means more; and a connection has four such numbers. */
static uint32_t at_most_4_gib(size_t number)
{
    return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

struct dtls_conn *dtls_conn_new(const struct dtls_config *config, enum dtls_role role)
{
    struct dtls_memory memory = { config->allocate, config->release, config->memory_arg };

    if (dtls_config_problem(config, role) != NULL)
        return NULL;
    struct dtls_conn *conn = dtls_allocate(&memory, sizeof *conn);
    if (conn == NULL)
        return NULL;
    conn->as.role = (uint8_t)role;
    conn->as.config = config;
    conn->expansion = (uint8_t)dtls_config_expansion(config, role);
    conn->as.memory = memory;
    conn->as.random = (struct dtls_random){ config->random, config->random_arg };
    conn->as.replay_window = (uint16_t)config->replay_window;
    conn->as.max_message = (uint32_t)config->max_message;
    conn->mtu = conn->flight_mtu = (uint16_t)config->mtu;
    conn->held_records = at_most_4_gib(config->held_records);
    conn->held_bytes = at_most_4_gib(config->held_bytes);
    if (dtls_epochs_init(&conn->as.epochs, &conn->as.memory, conn->as.replay_window) != DTLS_OK) {
        dtls_release(&memory, conn, sizeof *conn);
        return NULL;
    }
    return conn;
}

int dtls_conn_start(struct dtls_conn *conn, dtls_time now)
{
    if (conn->state != DTLS_CONN_NEW)
        return DTLS_ERR_ARGUMENT;
    dtls_conn_changed(conn);
    conn->state = DTLS_CONN_FIRST;
    if (!dtls_conn_new_handshake(conn, now))
        return dtls_conn_die(conn, DTLS_ERR_NO_MEMORY, 0);
    if (conn->as.role == DTLS_SERVER) {
        dtls_handshake_start_server(conn->hs);
        return DTLS_OK;
    }
    /* Servers that know only DTLS 1.0 look at the record version of the first hello (RFC 6347, 4.2.1). */
    conn->as.epochs.current->says_dtls_1_0 = true;
    conn->hs->offer_session = conn->as.session != NULL;
    return dtls_conn_settle(conn, now, dtls_handshake_start_client(conn->hs, now));
}

int dtls_conn_resume(struct dtls_conn *conn, const struct dtls_session *session)
{
    if (conn->as.role != DTLS_CLIENT || conn->state != DTLS_CONN_NEW)
        return DTLS_ERR_ARGUMENT;
    /* Where it cannot be told, the session is kept, and not offered as long as that is so. */
    if (!dtls_session_fits_config(&session->state, conn->as.config) ||
        dtls_judge_session(conn->as.config, DTLS_CLIENT, &session->state) == DTLS_MATCHES_NOT)
        return DTLS_ERR_ARGUMENT;
    struct dtls_session *copy =
        dtls_session_new(&conn->as.memory, &session->state, (struct dtls_bytes){ session->ticket, session->ticket_len },
                         session->lifetime_s);
    if (copy == NULL)
        return DTLS_ERR_NO_MEMORY;
    dtls_session_free(conn->as.session);
    conn->as.session = copy;
    return DTLS_OK;
}

void dtls_conn_close(struct dtls_conn *conn, dtls_time now)
{
    (void)now;
    if (conn->state == DTLS_CONN_OVER)
        return;
    dtls_conn_changed(conn);
    if (conn->state != DTLS_CONN_NEW)
        dtls_conn_transmit_alert(conn, DTLS_ALERT_WARNING, DTLS_ALERT_CLOSE_NOTIFY);
    conn->state = DTLS_CONN_OVER;
    conn->death = DTLS_ERR_CLOSED;
    dtls_conn_push_event(conn, DTLS_EVENT_CLOSED);
}

void dtls_conn_free(struct dtls_conn *conn)
{
    if (conn == NULL)
        return;
    struct dtls_memory memory = conn->as.memory;
    dtls_handshake_free(conn->hs);
    dtls_last_flight_free(&memory, conn->spare);
    dtls_last_flight_free(&memory, conn->last);
    dtls_held_clear(&conn->held, &memory);
    dtls_held_clear(&conn->early, &memory);
    dtls_held_record_free(&memory, conn->reading);
    dtls_held_record_free(&memory, conn->delivered);
    dtls_session_free(conn->as.session);
    dtls_established_clear(&conn->as, &conn->as.active);
    dtls_release(&memory, conn->as.cookie, conn->as.cookie_len);
    dtls_release(&memory, conn->as.shown, (size_t)conn->as.shown_len + 1);
    dtls_release(&memory, conn->probe, sizeof *conn->probe);
    dtls_conn_forget_heartbeat(conn);
    dtls_epochs_free(&conn->as.epochs);
    while (conn->as.exporters != NULL) {
        struct dtls_exporter *exporter = conn->as.exporters;
        conn->as.exporters = exporter->older;
        dtls_exporter_free(&memory, exporter);
    }
    dtls_release(&memory, conn, sizeof *conn);
}

/* ---- time ---- */

static bool flight_timer_runs(const struct dtls_conn *conn)
{
    return conn->hs != NULL && !conn->re.parked && conn->state != DTLS_CONN_OVER &&
           !dtls_outbox_is_pacing(&conn->outbox) && (!dtls_handshake_waits(conn->hs) || conn->hs->lacking);
}

/* A first handshake has a total time; 0 is no limit (T6). */
static dtls_time first_handshake_ends(const struct dtls_conn *conn)
{
    uint32_t total_ms = conn->hs->config->handshake_timeout_ms;

    return total_ms == 0 ? DTLS_NEVER : dtls_time_after(conn->hs->started, (uint64_t)total_ms * 1000);
}

/* Open, and with nothing under way or to come: asked after each record, so that is asked first. */
static bool is_quiet(const struct dtls_conn *conn)
{
    const struct dtls_config *config = conn->as.config;

    return conn->state == DTLS_CONN_OPEN && conn->hs == NULL && !conn->re.asked && !conn->re.requesting &&
           !dtls_conn_is_searching(conn) && dtls_outbox_is_empty(&conn->outbox) && config->renew_after_records == 0 &&
           config->renew_after_bytes == 0 && config->renew_after_s == 0 &&
           (conn->as.exporters == NULL || dtls_conn_keys_deadline(conn) == DTLS_NEVER) &&
           !dtls_conn_is_to_be_advised(conn);
}

dtls_time dtls_conn_deadline(const struct dtls_conn *conn)
{
    dtls_time deadline = DTLS_NEVER;

    if (is_quiet(conn))
        return conn->as.epochs.previous_ends;

    if (conn->state == DTLS_CONN_NEW || conn->state == DTLS_CONN_OVER)
        return DTLS_NEVER;
    deadline = dtls_conn_question_deadline(conn);
    if (flight_timer_runs(conn) && dtls_timer_deadline(&conn->hs->timer) < deadline)
        deadline = dtls_timer_deadline(&conn->hs->timer);
    dtls_time other =
        conn->state == DTLS_CONN_FIRST ? first_handshake_ends(conn) : dtls_conn_rehandshake_deadline(conn);
    if (other < deadline)
        deadline = other;
    other = dtls_conn_probe_deadline(conn);
    if (other < deadline)
        deadline = other;
    other = dtls_conn_keys_deadline(conn);
    if (other < deadline)
        deadline = other;
    if (conn->as.epochs.previous_ends < deadline)
        deadline = conn->as.epochs.previous_ends;
    /* Once its time has come, and the owner knows, it is for the owner to take it: a full socket must not make the
     * clock turn round and round. */
    if (dtls_outbox_is_pacing(&conn->outbox) && conn->outbox.not_before > conn->now &&
        conn->outbox.not_before < deadline)
        deadline = conn->outbox.not_before;
    return deadline;
}

static int tick_flight(struct dtls_conn *conn, dtls_time now)
{
    struct dtls_handshake *hs = conn->hs;

    if (!flight_timer_runs(conn) || !dtls_timer_expire(&hs->timer, &conn->as.path, hs->config, now))
        return DTLS_OK;
    if (conn->doomed && ++conn->doom_expirations >= 2) {
        conn->received_alert = conn->doom;
        return dtls_conn_die(conn, DTLS_ERR_ALERT, 0);
    }
    if (hs->lacking) { /* a step lacked memory: perhaps there is some now (S8) */
        int err = dtls_conn_settle(conn, now, dtls_handshake_retry(hs, now));
        if (err != DTLS_OK || conn->hs != hs || !hs->lacking)
            return err;
    }
    conn->as.stats.retransmissions++;
    dtls_conn_shrink_flights(conn);
    dtls_conn_transmit(conn);
    return DTLS_OK;
}

int dtls_conn_tick(struct dtls_conn *conn, dtls_time now)
{
    conn->now = now;
    dtls_conn_changed(conn);
    if (conn->state == DTLS_CONN_NEW)
        return DTLS_OK;
    if (conn->state == DTLS_CONN_OVER)
        return conn->death;
    dtls_conn_expire_epochs(conn, now);
    if (dtls_conn_question_deadline(conn) <= now &&
        dtls_conn_settle(conn, now, dtls_handshake_retry(conn->hs, now)) != DTLS_OK)
        return conn->death;
    if (conn->state == DTLS_CONN_FIRST && now >= first_handshake_ends(conn)) {
        if (conn->doomed)
            conn->received_alert = conn->doom;
        return dtls_conn_die(conn, conn->doomed ? DTLS_ERR_ALERT : DTLS_ERR_TIMEOUT, 0);
    }
    if (conn->state == DTLS_CONN_OPEN) {
        int err = dtls_conn_rehandshake_tick(conn, now);
        if (err != DTLS_OK)
            return err;
        dtls_conn_probe_tick(conn, now);
        dtls_conn_keys_tick(conn, now);
    }
    return tick_flight(conn, now);
}

void dtls_conn_set_round_trip(struct dtls_conn *conn, uint64_t round_trip_us)
{
    dtls_round_trip_sample(&conn->as.path, round_trip_us);
}

/* ---- public-key work (R17) ---- */

bool dtls_conn_has_job(const struct dtls_conn *conn)
{
    return conn->state != DTLS_CONN_OVER && conn->hs != NULL && conn->hs->job != NULL && !conn->hs->job_taken;
}

struct dtls_job *dtls_conn_take_job(struct dtls_conn *conn)
{
    if (!dtls_conn_has_job(conn))
        return NULL;
    conn->hs->job_taken = true;
    return conn->hs->job;
}

int dtls_conn_finish_job(struct dtls_conn *conn, dtls_time now, struct dtls_job *job)
{
    bool awaited = job != NULL && conn->state != DTLS_CONN_OVER && conn->hs != NULL && conn->hs->job == job;

    conn->now = now;
    dtls_conn_changed(conn);
    if (awaited) {
        dtls_job_run(job);
        dtls_conn_settle(conn, now, dtls_handshake_resume(conn->hs, now, job));
        awaited = conn->hs != NULL && conn->hs->job == job; /* it is tried again (S8) */
    }
    if (!awaited)
        dtls_job_free(job);
    return conn->state == DTLS_CONN_OVER ? conn->death : DTLS_OK;
}

/* ---- settings ---- */

/* A server's identity that stays (R9): the one it is about to present, or has. */
static const struct dtls_identity *identity_to_keep(const struct dtls_conn *conn)
{
    bool presents = conn->hs != NULL && (conn->hs->answered || conn->as.identity == NULL);

    return presents ? conn->hs->identity : conn->as.identity;
}

int dtls_conn_set_config(struct dtls_conn *conn, const struct dtls_config *config)
{
    const struct dtls_identity *kept = config->change_own_identity ? NULL : identity_to_keep(conn);

    if (dtls_config_problem(config, conn->as.role) != NULL)
        return DTLS_ERR_ARGUMENT;
    if (conn->as.role == DTLS_SERVER && kept != NULL && !dtls_config_fits(config, kept->public_key.kind) &&
        !dtls_config_fits_psk(config, DTLS_SERVER))
        return DTLS_ERR_ARGUMENT;
    conn->as.config = config;
    conn->expansion = (uint8_t)dtls_config_expansion(config, conn->as.role);
    dtls_conn_changed(conn); /* the next renewal may be due at another time (R12) */
    return DTLS_OK;
}

const struct dtls_config *dtls_conn_config(const struct dtls_conn *conn)
{
    return conn->hs != NULL ? conn->hs->config : conn->as.config;
}

/* ---- the application's pointer ---- */

void dtls_conn_set_data(struct dtls_conn *conn, void *data)
{
    conn->users = data;
}

void *dtls_conn_data(const struct dtls_conn *conn)
{
    return conn->users;
}

/* ---- questions ---- */

bool dtls_conn_is_open(const struct dtls_conn *conn)
{
    return conn->state == DTLS_CONN_OPEN;
}

uint16_t dtls_conn_epoch(const struct dtls_conn *conn)
{
    return conn->as.epochs.current->number;
}

uint16_t dtls_conn_suite(const struct dtls_conn *conn)
{
    return conn->as.active.suite == NULL ? 0 : conn->as.active.suite->id;
}

uint16_t dtls_conn_group(const struct dtls_conn *conn)
{
    return conn->as.active.group;
}

uint8_t dtls_conn_alert(const struct dtls_conn *conn)
{
    return conn->received_alert == 0 && conn->doomed ? conn->doom : conn->received_alert;
}

uint64_t dtls_conn_round_trip(const struct dtls_conn *conn)
{
    return conn->as.path.srtt_us;
}

const char *dtls_conn_server_name(const struct dtls_conn *conn)
{
    return conn->as.active.server_name;
}

const char *dtls_conn_alpn(const struct dtls_conn *conn)
{
    return conn->as.active.alpn;
}

enum dtls_peer_kind dtls_conn_peer_kind(const struct dtls_conn *conn)
{
    return conn->as.active.peer_raw ? DTLS_PEER_RAW_KEY : DTLS_PEER_CERTIFICATE;
}

const uint8_t *dtls_conn_peer_fingerprint(const struct dtls_conn *conn)
{
    const struct dtls_established *active = &conn->as.active;

    return active->has_peer && !active->suite->psk ? active->peer : NULL;
}

const uint8_t *dtls_conn_psk_fingerprint(const struct dtls_conn *conn)
{
    const struct dtls_established *active = &conn->as.active;

    return active->has_peer && active->suite->psk ? active->peer : NULL;
}

struct dtls_bytes dtls_conn_psk_identity(const struct dtls_conn *conn)
{
    bool psk = dtls_conn_psk_fingerprint(conn) != NULL;

    return dtls_view(conn->as.shown, psk ? conn->as.shown_len : 0);
}

struct dtls_bytes dtls_conn_peer_certificate(const struct dtls_conn *conn, size_t index)
{
    struct dtls_bytes chain[DTLS_MAX_CHAIN];
    size_t count = 0;

    if (conn->as.shown != NULL && dtls_conn_peer_fingerprint(conn) != NULL)
        dtls_certificate_message_read(dtls_view(conn->as.shown, conn->as.shown_len), chain, DTLS_MAX_CHAIN, &count);
    return index < count ? chain[index] : (struct dtls_bytes){ 0 };
}

const char *dtls_conn_reason(const struct dtls_conn *conn)
{
    const struct dtls_handshake *hs = conn->hs;

    if (conn->state != DTLS_CONN_OVER || hs == NULL || hs->reason[0] == '\0')
        return NULL;
    bool is_why = conn->death == DTLS_ERR_BAD_CERTIFICATE || conn->death == DTLS_ERR_TIMEOUT ||
                  (conn->death == DTLS_ERR_INTERNAL && hs->sign_refused);
    return is_why ? hs->reason : NULL;
}

void dtls_conn_stats(const struct dtls_conn *conn, struct dtls_stats *out)
{
    *out = conn->as.stats;
}
