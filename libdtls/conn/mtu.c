/* mtu.c - how large a datagram may be, and what makes it smaller or larger (contract M1, M4 to M6). */
#include "conn/conn_private.h"

/* ---- the search for more (M6) ---- */

bool dtls_conn_is_at_rest(const struct dtls_conn *conn)
{
    return conn->state == DTLS_CONN_OPEN && (conn->hs == NULL || conn->re.parked);
}

bool dtls_conn_is_searching(const struct dtls_conn *conn)
{
    return conn->probe != NULL && conn->probe->state != DTLS_PROBE_OFF;
}

/* No datagram to the peer is longer than one record of the largest kind that it takes: beyond that there is nothing to
 * find, and nothing to confirm. */
static size_t end_of_search(const struct dtls_conn *conn)
{
    const struct dtls_epoch *epoch = conn->as.epochs.current;
    size_t one_record = epoch->limit + dtls_epoch_expansion(epoch), most = conn->probe->to;

    if (!conn->as.active.may_probe || most == 0 || one_record < conn->mtu)
        return 0;
    if (most > one_record)
        most = one_record;
    return most > conn->mtu ? most : conn->mtu;
}

static void search(struct dtls_conn *conn, size_t least, dtls_time now)
{
    size_t most = end_of_search(conn);

    if (most == 0)
        conn->probe->state = DTLS_PROBE_OFF;
    else
        dtls_probe_begin(conn->probe, conn->mtu, least, most, now);
}

/* Most connections never search. Without memory this one does not, until its next handshake. */
void dtls_conn_begin_probing(struct dtls_conn *conn, const struct dtls_config *config, dtls_time now)
{
    if (conn->probe == NULL && config->probe_mtu_to != 0)
        conn->probe = dtls_allocate(&conn->as.memory, sizeof *conn->probe);
    if (conn->probe == NULL)
        return;
    conn->probe->to = (uint16_t)config->probe_mtu_to;
    if (!dtls_conn_is_searching(conn))
        search(conn, conn->probe->least > 0 ? conn->probe->least : conn->mtu, now);
    else if (conn->probe->most != end_of_search(conn)) /* else it goes on where it was */
        search(conn, conn->probe->least, now);
}

void dtls_conn_probe_tick(struct dtls_conn *conn, dtls_time now)
{
    if (dtls_conn_is_at_rest(conn) && dtls_conn_is_searching(conn))
        dtls_probe_tick(conn->probe, conn->as.stats.records_sent, now);
}

dtls_time dtls_conn_probe_deadline(const struct dtls_conn *conn)
{
    return dtls_conn_is_at_rest(conn) && dtls_conn_is_searching(conn)
               ? dtls_probe_deadline(conn->probe, conn->as.stats.records_sent)
               : DTLS_NEVER;
}

/* ---- the size ---- */

int dtls_conn_set_mtu(struct dtls_conn *conn, size_t mtu)
{
    if (mtu < DTLS_SMALLEST_MTU || mtu > DTLS_LARGEST_MTU)
        return DTLS_ERR_ARGUMENT;
    conn->mtu = conn->flight_mtu = (uint16_t)mtu;
    if (conn->probe != NULL)
        conn->probe->least = (uint32_t)mtu;
    if (dtls_conn_is_searching(conn))
        search(conn, mtu, conn->now);
    dtls_conn_changed(conn);
    return DTLS_OK;
}

size_t dtls_conn_mtu(const struct dtls_conn *conn)
{
    return conn->mtu;
}

/* Word that is told twice before it is heard is one: from the first size to the last. */
void dtls_conn_tell_mtu(struct dtls_conn *conn, enum dtls_mtu_reason reason, size_t old)
{
    struct dtls_waiting_event *event = dtls_conn_find_event(conn, DTLS_EVENT_MTU);

    if (event == NULL) {
        event = dtls_conn_push_event(conn, DTLS_EVENT_MTU);
        event->old_mtu = (uint16_t)old;
    }
    event->mtu = (uint16_t)conn->mtu;
    event->mtu_reason = (uint8_t)reason;
}

void dtls_conn_change_mtu(struct dtls_conn *conn, enum dtls_mtu_reason reason, size_t mtu)
{
    size_t old = conn->mtu;

    if (mtu == old)
        return;
    conn->mtu = (uint16_t)mtu;
    if (conn->flight_mtu > mtu || (mtu > old && conn->hs == NULL)) /* less than was believed is no reason for more */
        conn->flight_mtu = conn->mtu;
    dtls_conn_tell_mtu(conn, reason, old);
}

/* What is in the air was too large, perhaps: it is cut again, and leaves now. Not for every byte less: whoever can make
 * the system say so must not be able to make us send without end. */
static void send_again(struct dtls_conn *conn)
{
    bool flight = conn->hs != NULL && conn->hs->out.count > 0 && !conn->re.parked;
    bool last = conn->hs == NULL && dtls_last_flight_is_open(conn->last);

    if ((!flight && !last) || conn->answers >= DTLS_MOST_ANSWERS)
        return;
    conn->answers++;
    conn->as.stats.retransmissions++;
    if (last) {
        dtls_conn_transmit_last(conn);
        return;
    }
    dtls_timer_flight_repeated(&conn->hs->timer);
    dtls_conn_transmit(conn);
}

void dtls_conn_datagram_too_big(struct dtls_conn *conn, dtls_time now, size_t mtu)
{
    size_t old = conn->mtu;

    conn->now = now;
    dtls_conn_changed(conn);
    if (mtu < DTLS_SMALLEST_MTU)
        mtu = DTLS_SMALLEST_MTU;
    if (dtls_conn_is_searching(conn))
        dtls_probe_told(conn->probe, mtu, now);
    if (mtu >= old || conn->state == DTLS_CONN_OVER)
        return;
    dtls_conn_change_mtu(conn, DTLS_MTU_TOO_BIG, mtu);
    send_again(conn);
}

/* Repeated loss may be a matter of size: flights shrink to what every path carries. Data never does (M5). */
void dtls_conn_shrink_flights(struct dtls_conn *conn)
{
    unsigned expirations = conn->hs->timer.expirations;
    uint16_t believed = expirations >= 4 ? 256 : expirations >= 2 ? 548 : conn->mtu;

    if (believed < conn->flight_mtu)
        conn->flight_mtu = believed;
}
