/* mtu.c - how large a datagram may be, and what makes it smaller (contract M1, M4, M5). */
#include "conn/conn_private.h"

int dtls_conn_set_mtu(struct dtls_conn *conn, size_t mtu)
{
    if (mtu < DTLS_SMALLEST_MTU || mtu > DTLS_LARGEST_MTU)
        return DTLS_ERR_ARGUMENT;
    conn->mtu = conn->flight_mtu = mtu;
    if (conn->probe.running)
        dtls_probe_begin(&conn->probe, mtu, mtu, conn->probe.most, conn->now);
    return DTLS_OK;
}

size_t dtls_conn_mtu(const struct dtls_conn *conn)
{
    return conn->mtu;
}

/* Word that is told twice before it is heard is one: from the first size to the last. */
void dtls_conn_tell_mtu(struct dtls_conn *conn, enum dtls_mtu_reason reason, size_t old)
{
    struct dtls_event *event = dtls_conn_find_event(conn, DTLS_EVENT_MTU);

    if (event == NULL) {
        event = dtls_conn_push_event(conn, DTLS_EVENT_MTU);
        event->old_mtu = old;
    }
    event->mtu = conn->mtu;
    event->mtu_reason = reason;
}

void dtls_conn_change_mtu(struct dtls_conn *conn, enum dtls_mtu_reason reason, size_t mtu)
{
    size_t old = conn->mtu;

    conn->mtu = mtu;
    if (conn->flight_mtu > mtu || conn->hs == NULL)
        conn->flight_mtu = mtu;
    dtls_conn_tell_mtu(conn, reason, old);
}

/* What is in the air was too large, perhaps: it is cut again, and leaves now. */
static void send_again(struct dtls_conn *conn)
{
    if (conn->hs != NULL && conn->hs->out.count > 0 && !conn->re.parked) {
        dtls_timer_flight_repeated(&conn->hs->timer);
        dtls_conn_transmit(conn);
        conn->as.stats.retransmissions++;
    } else if (conn->hs == NULL && dtls_last_flight_is_open(conn->last)) {
        dtls_conn_transmit_last(conn);
        conn->as.stats.retransmissions++;
    }
}

void dtls_conn_datagram_too_big(struct dtls_conn *conn, dtls_time now, size_t mtu)
{
    size_t old = conn->mtu;

    conn->now = now;
    if (mtu < DTLS_SMALLEST_MTU)
        mtu = DTLS_SMALLEST_MTU;
    dtls_probe_told(&conn->probe, mtu, now);
    if (mtu >= old || conn->state == DTLS_CONN_OVER)
        return;
    dtls_conn_change_mtu(conn, DTLS_MTU_TOO_BIG, mtu);
    send_again(conn);
}

/* Repeated loss may be a matter of size: flights shrink to what every path carries. Data never does (M5). */
void dtls_conn_shrink_flights(struct dtls_conn *conn)
{
    unsigned expirations = conn->hs->timer.expirations;
    size_t believed = expirations >= 4 ? 256 : expirations >= 2 ? 548 : conn->mtu;

    if (believed < conn->flight_mtu)
        conn->flight_mtu = believed;
}
