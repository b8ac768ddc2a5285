/* input.c - what arrives: finds the epoch of each record, opens it, and does with it what contract S3
 * says. */
#include "conn/admission.h"
#include "conn/conn_private.h"

static void drop(struct dtls_conn *conn, enum dtls_drop reason)
{
    conn->as.stats.dropped[reason]++;
}

/* ---- application data ---- */

static void deliver(struct dtls_conn *conn, uint16_t epoch, struct dtls_bytes data)
{
    conn->data_waits = true;
    conn->data = data;
    conn->data_epoch = epoch;
    conn->as.stats.records_received++;
    conn->as.stats.bytes_received += data.len;
}

/* The peer is ahead: it has finished, and the flight that would tell us was lost. Ours, sent again, makes it repeat
 * that (R5); once per timeout, and within the budget of R3. After an outage there is no budget, and the timeout is far
 * too long: then once per round trip (R10). */
void dtls_conn_call_for_last_flight(struct dtls_conn *conn)
{
    struct dtls_handshake *hs = conn->hs;
    unsigned most = hs->rehandshake ? DTLS_MOST_COPIES : DTLS_MOST_FIRST_COPIES;
    uint64_t interval = conn->re.stalled ? dtls_round_trip_guess(&conn->as.path) : hs->timer.rto_us;

    if (hs->out.count == 0 || hs->job != NULL /* it is for us to go on */ ||
        dtls_outbox_flight_is_leaving(&conn->outbox) || (conn->early_copies >= most && !conn->re.stalled) ||
        (conn->early_copies > 0 && conn->now - conn->early_copied_at < interval))
        return;
    if (conn->early_copies < UINT8_MAX)
        conn->early_copies++;
    conn->early_copied_at = conn->now;
    conn->as.stats.answers++;
    dtls_timer_flight_repeated(&hs->timer);
    dtls_conn_transmit(conn);
}

static void keep_postponed(struct dtls_conn *conn)
{
    if (!conn->has_postponed)
        return;
    conn->has_postponed = false;
    if (dtls_held_put(&conn->held, &conn->as.memory, conn->postponed_epoch, conn->postponed, conn->held_records,
                      conn->held_bytes))
        conn->as.stats.held++;
    else
        drop(conn, DTLS_DROP_NO_ROOM);
}

/* Data of n+1 before Finished. The rest of the datagram is looked at first: where the peer's last flight stands behind
 * the data (R3), nothing has to be copied. */
static void hold(struct dtls_conn *conn, const struct dtls_record *record)
{
    struct dtls_bytes data = { record->body, record->len };

    conn->peer_is_ahead = true;
    if (conn->hs->own_session) {
        deliver(conn, record->epoch, data); /* its secret is the connection's own: no Finished needed (R5) */
        return;
    }
    keep_postponed(conn);
    conn->has_postponed = true;
    conn->postponed = data;
    conn->postponed_epoch = record->epoch;
}

static bool deliver_postponed(struct dtls_conn *conn)
{
    if (!conn->has_postponed || conn->postponed_epoch != conn->as.epochs.current->number)
        return false;
    conn->has_postponed = false;
    dtls_epochs_current_in_use(&conn->as.epochs, conn->now);
    deliver(conn, conn->postponed_epoch, conn->postponed);
    return true;
}

/* The datagram is read: what had no Finished behind it has to wait. */
static void end_datagram(struct dtls_conn *conn)
{
    keep_postponed(conn);
    if (conn->peer_is_ahead && conn->hs != NULL && !conn->re.parked)
        dtls_conn_call_for_last_flight(conn);
    conn->peer_is_ahead = false;
}

/* ---- alerts ---- */

static void take_alert(struct dtls_conn *conn, const struct dtls_record *record)
{
    uint8_t level, description;

    if (dtls_alert_read((struct dtls_bytes){ record->body, record->len }, &level, &description) != DTLS_OK) {
        drop(conn, DTLS_DROP_STATE);
    } else if (record->epoch == 0) {
        /* Anyone can send this one: it shortens the wait, and names the cause if nothing better comes (S9). */
        if (level == DTLS_ALERT_FATAL && !conn->doomed) {
            conn->doomed = true;
            conn->doom = description;
            conn->doom_expirations = 0;
        } else {
            drop(conn, DTLS_DROP_STATE);
        }
    } else if (description == DTLS_ALERT_CLOSE_NOTIFY) {
        dtls_conn_close(conn, conn->now); /* and answers with its own (RFC 5246, 7.2.1) */
    } else if (level == DTLS_ALERT_FATAL) {
        conn->received_alert = description;
        dtls_conn_die(conn, DTLS_ERR_ALERT, 0);
    } else if (description == DTLS_ALERT_NO_RENEGOTIATION) {
        if (record->epoch == conn->as.epochs.current->number)
            dtls_conn_hear_refusal(conn);
    } else {
        dtls_conn_push_event(conn, DTLS_EVENT_ALERT)->alert = description;
    }
}

/* ---- handshake fragments ---- */

/* A Finished of the epoch in force belongs to the handshake that made it: the peer has not got our final flight
 * (T5). */
static void take_repeated_finished(struct dtls_conn *conn, uint16_t epoch)
{
    if (conn->last == NULL || conn->last->epoch != epoch) {
        drop(conn, DTLS_DROP_STALE);
        return;
    }
    dtls_conn_put_off_keys(conn);
    if (dtls_last_flight_answer(conn->last, &conn->as.path, conn->now)) {
        conn->as.stats.answers++;
        dtls_conn_transmit_last(conn);
    }
}

static bool start_server(struct dtls_conn *conn)
{
    if (!dtls_conn_admit_hello(conn, conn->now))
        return false;
    conn->re.replacing = conn->hs != NULL && (conn->hs->answered || conn->re.replacing);
    if (conn->hs != NULL)
        dtls_conn_drop_handshake(conn);
    if (!dtls_conn_new_handshake(conn, conn->now)) {
        drop(conn, DTLS_DROP_NO_ROOM);
        return false;
    }
    conn->hs->gated = true;
    dtls_handshake_start_server(conn->hs);
    return true;
}

/* A fragment of a ClientHello in a server: is there an attempt that it may belong to, or to begin? */
static bool prepare_for_hello(struct dtls_conn *conn, const struct dtls_fragment *fragment, uint64_t sequence)
{
    bool begins = conn->hs == NULL || dtls_handshake_is_replaced_by(conn->hs, fragment, sequence);

    return !begins || start_server(conn);
}

static void take_fragment(struct dtls_conn *conn, const struct dtls_fragment *fragment, uint16_t epoch,
                          uint64_t sequence)
{
    /* What begins a handshake counts in the epoch in force alone (R6): one in n+1 comes from a peer that is ahead, and
     * must not end the attempt that we have to finish first. */
    bool begins = fragment->type == DTLS_HELLO_REQUEST || fragment->type == DTLS_CLIENT_HELLO;
    if (begins && epoch != conn->as.epochs.current->number) {
        drop(conn, DTLS_DROP_STATE);
        return;
    }
    if (fragment->type == DTLS_HELLO_REQUEST) {
        if (conn->as.role == DTLS_CLIENT && conn->state == DTLS_CONN_OPEN && fragment->length == 0)
            dtls_conn_hear_request(conn, conn->now);
        else
            drop(conn, DTLS_DROP_STATE);
        return;
    }
    if (fragment->type == DTLS_FINISHED && epoch > 0 && epoch == conn->as.epochs.current->number) {
        take_repeated_finished(conn, epoch);
        return;
    }
    if (fragment->type == DTLS_CLIENT_HELLO && conn->as.role == DTLS_SERVER &&
        !prepare_for_hello(conn, fragment, sequence))
        return;
    if (conn->hs == NULL) {
        drop(conn, DTLS_DROP_STALE);
        return;
    }
    dtls_conn_settle(conn, conn->now, dtls_handshake_take(conn->hs, conn->now, fragment, epoch, sequence));
}

static void take_handshake(struct dtls_conn *conn, const struct dtls_record *record)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ record->body, record->len });
    struct dtls_fragment fragment;

    do {
        if (!dtls_fragment_read(&from, &fragment)) { /* an empty record is none too (RFC 5246, 6.2.1) */
            drop(conn, DTLS_DROP_FRAGMENT);
            return;
        }
        take_fragment(conn, &fragment, record->epoch, record->sequence);
    } while (dtls_reader_has_more(&from) && conn->state != DTLS_CONN_OVER);
}

/* ---- contract S3: what is done with a record (admission.h) ---- */

static enum dtls_phase phase_of(const struct dtls_conn *conn)
{
    if (conn->state == DTLS_CONN_FIRST)
        return DTLS_PHASE_FIRST;
    return conn->hs == NULL || conn->re.parked ? DTLS_PHASE_OPEN : DTLS_PHASE_REHANDSHAKE;
}

static enum dtls_place place_of(const struct dtls_conn *conn, const struct dtls_epoch *epoch)
{
    if (epoch == conn->as.epochs.previous)
        return DTLS_PLACE_PREVIOUS;
    return epoch == conn->as.epochs.next ? DTLS_PLACE_NEXT : DTLS_PLACE_CURRENT;
}

/* An authentic record of the epoch in force, other than Finished, says that the peer has finished (R3, R4). */
static void note_use_of_current(struct dtls_conn *conn, const struct dtls_record *record)
{
    bool finished = record->type == DTLS_HANDSHAKE_RECORD && record->len > 0 && record->body[0] == DTLS_FINISHED;

    if (conn->last != NULL && record->epoch == conn->last->epoch && !finished) {
        conn->last->confirmed = true;
        dtls_conn_hand_keys_over(conn);
    }
    if (record->type == DTLS_APPLICATION_DATA)
        dtls_epochs_current_in_use(&conn->as.epochs, conn->now);
}

static void take_record(struct dtls_conn *conn, enum dtls_place place, const struct dtls_record *record)
{
    if (place == DTLS_PLACE_CURRENT && record->epoch > 0)
        note_use_of_current(conn, record);
    switch (dtls_admission(phase_of(conn), place, record->type)) {
    case DTLS_DROP:
        if (record->type == DTLS_CHANGE_CIPHER_SPEC)
            conn->as.stats.ignored++;
        else
            drop(conn, DTLS_DROP_STATE);
        break;
    case DTLS_HOLD:
        hold(conn, record);
        break;
    case DTLS_DELIVER:
        deliver(conn, record->epoch, (struct dtls_bytes){ record->body, record->len });
        break;
    case DTLS_PROCESS:
        if (record->type == DTLS_ALERT_RECORD)
            take_alert(conn, record);
        else if (record->type == DTLS_HEARTBEAT_RECORD)
            dtls_conn_take_heartbeat(conn, (struct dtls_bytes){ record->body, record->len });
        else
            take_handshake(conn, record);
        break;
    }
}

/* ---- records ---- */

/* A sealed record of the epoch that is being negotiated overtook the message that makes its keys (R5). */
static void keep_for_later(struct dtls_conn *conn, const struct dtls_record *record, const uint8_t *at, size_t len)
{
    /* For those keys: all that is to come may come now (R17, R19). In a first handshake no data is to come, and anybody
     * can send what looks like it, for as long as the application takes to answer. */
    bool working = conn->hs != NULL && conn->hs->rehandshake && dtls_handshake_waits(conn->hs);
    size_t most_records = working ? conn->held_records : DTLS_EARLY_RECORDS;
    size_t most_bytes = working ? conn->held_bytes : DTLS_EARLY_BYTES;

    if (conn->hs == NULL || conn->re.parked || record->epoch != conn->hs->epoch + 1 || conn->reading != NULL)
        drop(conn, DTLS_DROP_EPOCH);
    else if (!dtls_held_put(&conn->early, &conn->as.memory, record->epoch, (struct dtls_bytes){ at, len }, most_records,
                            most_bytes))
        drop(conn, DTLS_DROP_NO_ROOM);
}

static void open_record(struct dtls_conn *conn, struct dtls_record *record, const uint8_t *at, size_t len)
{
    struct dtls_epoch *epoch = dtls_epochs_find(&conn->as.epochs, record->epoch);

    if (record->version >> 8 != DTLS_VERSION_1_2 >> 8) {
        drop(conn, DTLS_DROP_VERSION);
    } else if (record->type < DTLS_CHANGE_CIPHER_SPEC || record->type > DTLS_HEARTBEAT_RECORD) {
        drop(conn, DTLS_DROP_TYPE);
    } else if (record->len > DTLS_MAX_CIPHERTEXT) {
        drop(conn, DTLS_DROP_TOO_LARGE);
    } else if (epoch == NULL) {
        keep_for_later(conn, record, at, len);
    } else if (!epoch->readable) {
        drop(conn, DTLS_DROP_EPOCH);
    } else {
        switch (dtls_epoch_open(epoch, record)) {
        case DTLS_OPENED:
            conn->opened += epoch->aead != NULL;
            if (record->len <= epoch->own_limit)
                take_record(conn, place_of(conn, epoch), record);
            else
                drop(conn, DTLS_DROP_TOO_LARGE);
            break;
        case DTLS_OPEN_TRUNCATED:
            drop(conn, DTLS_DROP_TRUNCATED);
            break;
        case DTLS_OPEN_REPLAYED:
            drop(conn, DTLS_DROP_REPLAYED);
            break;
        case DTLS_OPEN_FORGED:
            drop(conn, DTLS_DROP_FORGED);
            break;
        }
    }
}

static void read_next_record(struct dtls_conn *conn)
{
    struct dtls_record record;
    size_t start = conn->input_at, at = start;

    if (!dtls_record_read(conn->input, conn->input_len, &at, &record)) {
        drop(conn, DTLS_DROP_TRUNCATED); /* the rest is lost; what came before it stands (S1) */
        conn->input_at = conn->input_len;
        return;
    }
    conn->input_at = (uint32_t)at;
    open_record(conn, &record, conn->input + start, at - start);
}

/* ---- what is read next ---- */

static void forget(struct dtls_conn *conn, struct dtls_held_record **record)
{
    if (*record != NULL)
        dtls_held_record_free(&conn->as.memory, *record);
    *record = NULL;
}

/* Held data whose epoch has become the one in force: it came before whatever is read next. */
static bool deliver_held(struct dtls_conn *conn)
{
    forget(conn, &conn->delivered);
    if (conn->held.first == NULL || conn->held.first->epoch != conn->as.epochs.current->number)
        return false;
    conn->delivered = dtls_held_take(&conn->held);
    dtls_epochs_current_in_use(&conn->as.epochs, conn->now);
    deliver(conn, conn->delivered->epoch, (struct dtls_bytes){ conn->delivered->bytes, conn->delivered->len });
    return true;
}

/* Sealed records whose keys are there now are read as if they came now. */
static bool read_early(struct dtls_conn *conn)
{
    forget(conn, &conn->reading);
    if (conn->early.first == NULL || dtls_epochs_find(&conn->as.epochs, conn->early.first->epoch) == NULL)
        return false;
    conn->reading = dtls_held_take(&conn->early);
    conn->input = conn->reading->bytes;
    conn->input_len = (uint32_t)conn->reading->len;
    conn->input_at = 0;
    return true;
}

/* Once per epoch, when there is nothing else to tell (R12). */
static void advise(struct dtls_conn *conn)
{
    if (!dtls_conn_is_to_be_advised(conn))
        return;
    conn->advised_epoch = conn->as.epochs.current->number;
    dtls_conn_push_event(conn, DTLS_EVENT_REHANDSHAKE_ADVISED);
}

void dtls_conn_pump(struct dtls_conn *conn)
{
    while (!dtls_conn_has_event(conn)) {
        if (conn->state == DTLS_CONN_OVER) {
            conn->input_at = conn->input_len;
            conn->has_postponed = false;
            return;
        }
        if (deliver_held(conn) || deliver_postponed(conn))
            return;
        if (conn->input_at < conn->input_len) {
            read_next_record(conn);
            continue;
        }
        end_datagram(conn);
        if (read_early(conn))
            continue;
        advise(conn);
        return;
    }
}

int dtls_conn_receive(struct dtls_conn *conn, dtls_time now, uint8_t *datagram, size_t len)
{
    if (conn->state == DTLS_CONN_NEW)
        return DTLS_ERR_ARGUMENT;
    if (dtls_conn_has_event(conn) || conn->input_at < conn->input_len || conn->has_postponed)
        return DTLS_ERR_EVENTS_WAITING;
    if (conn->state == DTLS_CONN_OVER)
        return conn->death;
    conn->now = now;
    dtls_conn_changed(conn);
    conn->as.stats.datagrams_received++;
    if (len == 0)
        drop(conn, DTLS_DROP_TRUNCATED);
    if (dtls_last_flight_is_over(conn->last, now) && dtls_outbox_is_empty(&conn->outbox)) { /* or it may point there */
        dtls_last_flight_free(&conn->as.memory, conn->last);
        conn->last = NULL;
    }
    dtls_conn_expire_epochs(conn, now);
    conn->input = datagram;
    conn->input_len = len < UINT32_MAX ? (uint32_t)len : UINT32_MAX; /* UDP's are far shorter */
    conn->input_at = 0;
    dtls_conn_pump(conn);
    return conn->state == DTLS_CONN_OVER && conn->death != DTLS_ERR_CLOSED ? conn->death : DTLS_OK;
}
