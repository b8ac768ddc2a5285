/* keys.c - contract K3: keys for media. Gives them out for each epoch, says from when on they count, and sends the last
 * flight again where no data does it.
 *
 * Both ends accept the next set from the moment that it can be exported, and send with the old one. The second finisher
 * changes over when Finished is verified. The first finisher knows then only that the peer will have the new set to
 * accept; the last flight may be lost, and no RTP packet can carry it as an application record does (R3). It stays on
 * the old set until something authentic of the new one shows that the peer has finished too. RFC 5764, 5.2 has each
 * side change over with its own Finished; since receivers hold both sets, that step away loses nothing. */
#include <string.h>

#include "conn/conn_private.h"

#define HAND_OVER_AFTER ((dtls_time)10 * 1000 * 1000) /* without a repeated Finished: the peer must have ours */

static void tell(struct dtls_conn *conn, const struct dtls_exporter *exporter, enum dtls_keys keys)
{
    struct dtls_waiting_event *event = dtls_conn_push_event(conn, DTLS_EVENT_KEYS);

    event->epoch = exporter->epoch;
    event->keys = (uint8_t)keys;
}

static struct dtls_exporter *current_of(const struct dtls_conn *conn)
{
    return dtls_exporter_find(conn->as.exporters, conn->as.epochs.current->number);
}

/* Not before the peer has proved who it is, where it has to: in a server's mutual handshake the keys come first. */
void dtls_conn_offer_keys(struct dtls_conn *conn)
{
    const struct dtls_handshake *hs = conn->hs;
    struct dtls_exporter *next = dtls_exporter_find(conn->as.exporters, (uint16_t)(hs->epoch + 1));

    if (!hs->rehandshake || next == NULL || next->open || (hs->showed_certificate && !hs->proved))
        return;
    next->open = true;
    if (next->srtp_profile != 0)
        tell(conn, next, DTLS_KEYS_ACCEPT);
}

void dtls_conn_withdraw_keys(struct dtls_conn *conn)
{
    struct dtls_exporter *next = dtls_exporter_find(conn->as.exporters, (uint16_t)(conn->hs->epoch + 1));

    if (conn->as.epochs.next != NULL && next != NULL && next->open && next->srtp_profile != 0)
        tell(conn, next, DTLS_KEYS_FORGET);
}

void dtls_conn_hand_keys_over(struct dtls_conn *conn)
{
    struct dtls_exporter *current = current_of(conn);

    if (current == NULL || !current->send_waits)
        return;
    current->send_waits = false;
    tell(conn, current, DTLS_KEYS_SEND);
}

void dtls_conn_finish_keys(struct dtls_conn *conn, dtls_time now, bool first_finisher)
{
    const struct dtls_handshake *hs = conn->hs;
    struct dtls_exporter *current = current_of(conn);
    const struct dtls_exporter *old = dtls_exporter_find(conn->as.exporters, hs->epoch);

    if (current == NULL || current->srtp_profile == 0) {
        if (current != NULL)
            current->open = true;
        return;
    }
    if (!current->open)
        tell(conn, current, DTLS_KEYS_ACCEPT);
    current->open = current->send_waits = true;
    if (first_finisher) {
        current->repeat_us = dtls_first_timeout(&conn->as.path, hs->config);
        current->repeat_at = dtls_time_after(now, current->repeat_us);
        current->send_at = dtls_time_after(now, HAND_OVER_AFTER);
    }
    if (!first_finisher || old == NULL || old->srtp_profile == 0) /* with nothing to stay on there is nothing to lose */
        dtls_conn_hand_keys_over(conn);
}

void dtls_conn_put_off_keys(struct dtls_conn *conn)
{
    struct dtls_exporter *current = current_of(conn);

    if (current != NULL && current->send_waits)
        current->send_at = dtls_time_after(conn->now, HAND_OVER_AFTER);
}

/* ---- the last flight by timer ---- */

/* In another handshake it goes in front of that one's flight (T5); a HelloRequest has its own timer, too. */
static bool repeats(const struct dtls_conn *conn, const struct dtls_exporter *current)
{
    return current != NULL && current->repeat_us > 0 && conn->hs == NULL && !conn->re.requesting &&
           dtls_last_flight_has_copies(conn->last);
}

dtls_time dtls_conn_keys_deadline(const struct dtls_conn *conn)
{
    const struct dtls_exporter *current = current_of(conn);
    dtls_time deadline = DTLS_NEVER;

    if (current == NULL)
        return DTLS_NEVER;
    if (repeats(conn, current))
        deadline = current->repeat_at;
    return current->send_waits && current->send_at < deadline ? current->send_at : deadline;
}

void dtls_conn_keys_tick(struct dtls_conn *conn, dtls_time now)
{
    struct dtls_exporter *current = current_of(conn);

    if (current == NULL)
        return;
    if (current->send_waits && now >= current->send_at)
        dtls_conn_hand_keys_over(conn);
    if (!repeats(conn, current) || now < current->repeat_at)
        return;
    current->repeat_us *= 2;
    current->repeat_at = dtls_time_after(now, current->repeat_us);
    if (!dtls_outbox_is_empty(&conn->outbox)) /* what the owner has not taken yet may well be this */
        return;
    conn->last->copies++;
    conn->as.stats.retransmissions++;
    dtls_conn_transmit_last(conn);
}

/* ---- the application's verbs ---- */

int dtls_conn_media_confirmed(struct dtls_conn *conn, dtls_time now, uint16_t epoch)
{
    const struct dtls_exporter *exporter = dtls_exporter_find(conn->as.exporters, epoch);

    conn->now = now;
    if (conn->state != DTLS_CONN_OPEN)
        return DTLS_ERR_NOT_OPEN;
    if (exporter == NULL || !exporter->open || exporter->srtp_profile == 0)
        return DTLS_ERR_NO_KEYS;
    if (epoch == conn->as.epochs.current->number) {
        if (!exporter->send_waits && !dtls_last_flight_is_open(conn->last))
            return DTLS_OK; /* known: no reason to look at the connection again */
        dtls_conn_changed(conn);
        if (conn->last != NULL && conn->last->epoch == epoch)
            conn->last->confirmed = true;
        dtls_conn_hand_keys_over(conn);
    } else if (conn->hs != NULL && epoch == (uint16_t)(conn->hs->epoch + 1)) {
        dtls_conn_changed(conn);
        dtls_conn_call_for_last_flight(conn); /* as with data that had to be held (R5) */
    }
    return DTLS_OK;
}

/* The one whose keys the application may have; NULL: none. */
static const struct dtls_exporter *given(const struct dtls_conn *conn, uint16_t epoch)
{
    const struct dtls_exporter *exporter = dtls_exporter_find(conn->as.exporters, epoch);

    return exporter != NULL && exporter->open && exporter->extended_master_secret ? exporter : NULL;
}

int dtls_conn_srtp_keys(const struct dtls_conn *conn, uint16_t epoch, struct dtls_srtp_keys *out)
{
    const struct dtls_exporter *exporter = given(conn, epoch);

    if (conn->state != DTLS_CONN_OPEN)
        return DTLS_ERR_NOT_OPEN;
    if (exporter == NULL || exporter->srtp_profile == 0)
        return DTLS_ERR_NO_KEYS;
    dtls_exporter_srtp_keys(exporter, (enum dtls_role)conn->as.role, out);
    return DTLS_OK;
}

/* TLS itself uses these (RFC 5705, 4; RFC 7627, 4): what they give is secret. */
static bool is_reserved(const char *label)
{
    static const char *const reserved[] = { "client finished", "server finished", "master secret",
                                            "extended master secret", "key expansion" };

    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (strcmp(label, reserved[i]) == 0)
            return true;
    return label[0] == '\0';
}

int dtls_conn_export(const struct dtls_conn *conn, uint16_t epoch, const char *label, const struct dtls_bytes *context,
                     uint8_t *out, size_t len)
{
    const struct dtls_exporter *exporter = given(conn, epoch);

    if (is_reserved(label) || (context != NULL && context->len > UINT16_MAX))
        return DTLS_ERR_ARGUMENT;
    if (conn->state != DTLS_CONN_OPEN)
        return DTLS_ERR_NOT_OPEN;
    if (exporter == NULL)
        return DTLS_ERR_NO_KEYS;
    dtls_exporter_export(exporter, label, context, out, len);
    return DTLS_OK;
}
