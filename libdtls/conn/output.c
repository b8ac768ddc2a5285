/* output.c - what leaves: application data (contracts R2, R3, M3), and transmissions of flights and alerts. */
#include <string.h>

#include "conn/conn_private.h"

/* ---- transmissions ---- */

/* Did our Finished leave already? Then the peer may have switched, or not: alerts go out under both epochs (S9). */
static bool has_sent_finished(const struct dtls_handshake *hs)
{
    return hs != NULL && hs->as->epochs.next != NULL && hs->out.count > 0 &&
           hs->out.messages[hs->out.count - 1].message_type == DTLS_FINISHED;
}

/* The peer may still need the flight that ended the handshake before: it goes first (T5), in a datagram of its own. A
 * peer that has it may have forgotten the old epoch, and GnuTLS drops all of a datagram that begins with such a record.
 */
static void put_open_flight_in_front(struct dtls_conn *conn)
{
    if (!dtls_last_flight_is_open(conn->last))
        return;
    dtls_last_flight_send(conn->last, &conn->outbox);
    dtls_outbox_end_datagram(&conn->outbox);
}

/* Between the datagrams of a rehandshake's flight, if they are more than two: time for media to pass on a thin link
 * (R16). */
static uint64_t flight_interval_us(const struct dtls_conn *conn)
{
    uint32_t ms = conn->hs->config->flight_interval_ms;
    uint64_t srtt_us = conn->as.path.srtt_us;

    if (!conn->hs->rehandshake || dtls_outbox_datagrams(&conn->outbox, &conn->as.epochs, conn->flight_mtu) <= 2)
        return 0;
    if (ms != DTLS_FLIGHT_INTERVAL_AUTO)
        return (uint64_t)ms * 1000;
    return srtt_us != 0 && srtt_us / 8 < DTLS_FLIGHT_INTERVAL ? srtt_us / 8 : DTLS_FLIGHT_INTERVAL;
}

void dtls_conn_transmit(struct dtls_conn *conn)
{
    dtls_outbox_clear(&conn->outbox);
    if (!conn->hs->heard_flight)
        put_open_flight_in_front(conn);
    dtls_flight_send(&conn->hs->out, &conn->outbox);
    dtls_outbox_end_flight(&conn->outbox, flight_interval_us(conn));
}

void dtls_conn_transmit_last(struct dtls_conn *conn)
{
    if (conn->hs == NULL)
        dtls_outbox_clear(&conn->outbox);
    dtls_last_flight_send(conn->last, &conn->outbox);
    dtls_outbox_end_datagram(&conn->outbox);
}

void dtls_conn_transmit_request(struct dtls_conn *conn)
{
    static const uint8_t empty[1];

    dtls_outbox_clear(&conn->outbox);
    put_open_flight_in_front(conn);
    dtls_outbox_add(&conn->outbox, &(struct dtls_outgoing){ .type = DTLS_HANDSHAKE_RECORD,
                                                            .epoch = conn->as.epochs.current->number,
                                                            .message_type = DTLS_HELLO_REQUEST,
                                                            .body = { empty, 0 } });
}

void dtls_conn_transmit_alert(struct dtls_conn *conn, uint8_t level, uint8_t description)
{
    uint16_t epoch = conn->as.epochs.current->number;
    struct dtls_outgoing alert = { .type = DTLS_ALERT_RECORD, .epoch = epoch, .body = { conn->alert_body, 2 } };

    conn->alert_body[0] = level;
    conn->alert_body[1] = description;
    if (level == DTLS_ALERT_FATAL || description == DTLS_ALERT_CLOSE_NOTIFY) {
        dtls_outbox_clear(&conn->outbox);
        put_open_flight_in_front(conn);
    }
    dtls_outbox_add(&conn->outbox, &alert);
    if (level == DTLS_ALERT_FATAL || description == DTLS_ALERT_CLOSE_NOTIFY) {
        alert.epoch = (uint16_t)(epoch + 1);
        if (has_sent_finished(conn->hs))
            dtls_outbox_add(&conn->outbox, &alert);
    }
}

bool dtls_conn_has_datagram(const struct dtls_conn *conn)
{
    return !dtls_outbox_is_empty(&conn->outbox) || conn->echo != NULL || dtls_conn_is_searching(conn);
}

bool dtls_conn_next_datagram(struct dtls_conn *conn, dtls_time now, uint8_t *out, size_t cap, size_t *len)
{
    bool leaving = dtls_outbox_flight_is_leaving(&conn->outbox);

    *len = 0;
    if (!dtls_conn_has_datagram(conn) || cap < conn->mtu)
        return false;
    *len = dtls_outbox_next(&conn->outbox, &conn->as.epochs, conn->flight_mtu, now, out);
    if (*len == 0 && dtls_outbox_is_empty(&conn->outbox))
        *len = dtls_conn_write_heartbeat(conn, now, out, cap);
    if (*len > 0)
        conn->as.stats.datagrams_sent++;
    if (leaving && !dtls_outbox_flight_is_leaving(&conn->outbox)) {
        conn->hs->flight_left = true;
        if (conn->outbox.interval_us > 0)
            dtls_timer_restart(&conn->hs->timer, now);
    }
    return *len > 0;
}

/* ---- application data ---- */

/* Is the peer, if it is a strict one, past its ClientHello, or about to hear ours? Half a hello does not say so: the
 * rest of it may never come, and its sender may not be granted anything. */
static bool hears_nothing(const struct dtls_conn *conn)
{
    return conn->hs != NULL && !conn->re.parked &&
           (conn->as.role == DTLS_CLIENT || conn->hs->answered || conn->re.asked || conn->re.replacing);
}

static bool is_strict(const struct dtls_conn *conn)
{
    return (conn->hs != NULL ? conn->hs->config : conn->as.config)->peer_model == DTLS_PEER_STRICT;
}

/* In mid-handshake a strict peer takes what RFC 5246, 7.1 has in mind: nothing until ChangeCipherSpec, and the new keys
 * from there on. Before the peer's Finished that is no risk in a rehandshake: all of it is under the keys of n (R18).
 */
static struct dtls_epoch *epoch_for_strict(const struct dtls_conn *conn)
{
    return has_sent_finished(conn->hs) && conn->hs->flight_left ? conn->as.epochs.next : NULL;
}

static bool goes_next(const struct dtls_conn *conn)
{
    return is_strict(conn) && hears_nothing(conn) && epoch_for_strict(conn) != NULL;
}

size_t dtls_conn_max_payload(const struct dtls_conn *conn)
{
    size_t most = conn->expansion;
    const struct dtls_epoch *epochs[] = { conn->as.epochs.current, conn->as.epochs.next };

    /* The keys in force, or the next ones, may be of a suite that newer settings do not have any more. */
    for (size_t i = 0; i < 2; i++)
        if (epochs[i] != NULL && epochs[i]->aead != NULL && dtls_epoch_expansion(epochs[i]) > most)
            most = dtls_epoch_expansion(epochs[i]);
    /* Of the two, only the next may be NULL. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    size_t payload = conn->mtu - most, limit = conn->as.epochs.current->limit;
    if (epochs[1] != NULL && goes_next(conn) && epochs[1]->limit < limit) /* before its event: to a STRICT peer (R18) */
        limit = epochs[1]->limit;
    return payload < limit ? payload : limit;
}

/* Where an application record goes: its epoch, and whether the last flight travels with it (R2, R3). */
struct route {
    struct dtls_epoch *epoch; /* NULL: nowhere, now (R18) */
    size_t flight_len;
};

static struct route choose_route(const struct dtls_conn *conn, dtls_time now, size_t len)
{
    const struct dtls_epochs *epochs = &conn->as.epochs;
    struct route route = { epochs->current, 0 };

    if (is_strict(conn) && hears_nothing(conn)) {
        route.epoch = epoch_for_strict(conn);
        return route;
    }
    if (!dtls_last_flight_wants_to_ride(conn->last))
        return route;
    size_t flight_len = dtls_last_flight_len(conn->last, epochs), around = dtls_epoch_expansion(epochs->current);
    if (flight_len + around + len <= conn->mtu && flight_len + len <= epochs->current->limit) /* M8: small buffers */
        route.flight_len = flight_len;
    else if (!is_strict(conn) && conn->hs == NULL && !conn->re.requesting && /* the next one would end n on the way */
             epochs->previous != NULL && epochs->previous->aead != NULL &&
             epochs->previous->write_sequence < DTLS_MAX_DATA_SEQUENCE &&
             dtls_epoch_expansion(epochs->previous) + len <= conn->mtu && len <= epochs->previous->limit &&
             now - conn->last->switched_at < DTLS_OLD_EPOCH_FOR_LARGE)
        route.epoch = epochs->previous;
    return route;
}

static void write_flight(struct dtls_conn *conn, size_t len, uint8_t *out)
{
    struct dtls_outbox outbox = { 0 };

    dtls_last_flight_send(conn->last, &outbox);
    dtls_outbox_next(&outbox, &conn->as.epochs, len, 0, out);
    conn->last->copies++;
    conn->as.stats.final_copies++;
}

/* Sending is no reason to look at a connection again, except where it uses something up. */
static bool may_wake(const struct dtls_conn *conn)
{
    const struct dtls_config *config = conn->as.config;

    return config->renew_after_records != 0 || config->renew_after_bytes != 0 || dtls_conn_is_searching(conn) ||
           dtls_conn_is_to_be_advised(conn);
}

/* One record of an open connection whose dtls_conn_max_payload is `most`. */
static int seal_data(struct dtls_conn *conn, dtls_time now, size_t most, struct dtls_bytes data, uint8_t *out,
                     size_t cap, size_t *out_len)
{
    if (data.len > most) {
        *out_len = most;
        return DTLS_ERR_LARGE_PACKET;
    }
    struct route route = choose_route(conn, now, data.len);
    if (route.epoch == NULL)
        return DTLS_ERR_PAUSED;
    if (route.epoch->write_sequence >= DTLS_MAX_DATA_SEQUENCE)
        return DTLS_ERR_EXHAUSTED;
    size_t needed = route.flight_len + dtls_epoch_expansion(route.epoch) + data.len;
    if (needed > cap) {
        *out_len = needed;
        return DTLS_ERR_BUFFER_TOO_SMALL;
    }
    uint8_t *place = out + dtls_epoch_prefix(route.epoch);
    if (place != data.at && data.len > 0)
        memmove(place, data.at, data.len);
    dtls_epoch_seal(route.epoch, DTLS_APPLICATION_DATA, out, data.len);
    /* Behind the data: a peer of ours that misses the flight holds the data for the moment (R5), OpenSSL does too, and
     * GnuTLS, once it has the flight, would drop what stands behind a record of the old epoch. */
    if (route.flight_len > 0)
        write_flight(conn, route.flight_len, out + needed - route.flight_len);
    *out_len = needed;
    conn->as.stats.records_sent++;
    conn->as.stats.bytes_sent += data.len;
    conn->as.stats.datagrams_sent++;
    if (conn->ready != NULL && may_wake(conn))
        dtls_ready_add(conn->ready);
    return DTLS_OK;
}

int dtls_conn_send(struct dtls_conn *conn, dtls_time now, const uint8_t *data, size_t len, uint8_t *out, size_t cap,
                   size_t *out_len)
{
    *out_len = 0;
    if (conn->state != DTLS_CONN_OPEN)
        return DTLS_ERR_NOT_OPEN;
    return seal_data(conn, now, dtls_conn_max_payload(conn), (struct dtls_bytes){ data, len }, out, cap, out_len);
}

int dtls_conn_send_batch(struct dtls_conn *conn, dtls_time now, const struct dtls_bytes *data, size_t count,
                         uint8_t *out, size_t cap, size_t *lens, size_t *sent)
{
    *sent = 0;
    if (conn->state != DTLS_CONN_OPEN)
        return DTLS_ERR_NOT_OPEN;
    size_t most = dtls_conn_max_payload(conn), used = 0; /* sending changes nothing about that */
    for (; *sent < count; ++*sent) {
        lens[*sent] = 0;
        int err = seal_data(conn, now, most, data[*sent], out + used, cap - used, &lens[*sent]);
        if (err != DTLS_OK)
            return err;
        used += lens[*sent];
    }
    return DTLS_OK;
}
