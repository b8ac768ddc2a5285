/* heartbeat.c - the records that probe the path's MTU, and the answers to the peer's (contract M6; RFC 6520). */
#include "messages/heartbeat.h"

#include <string.h>

#include "conn/conn_private.h"

enum { NUMBER_LEN = 4 /* a probe's payload */ };

/* ---- what arrives ---- */

static void drop(struct dtls_conn *conn, enum dtls_drop reason)
{
    conn->as.stats.dropped[reason]++;
}

/* An answer has its request's payload, and no more padding than it has to: it is never longer. */
static bool answer_fits(const struct dtls_conn *conn, size_t payload_len)
{
    const struct dtls_epoch *epoch = conn->as.epochs.current;
    size_t len = DTLS_HEARTBEAT_HEADER + payload_len + DTLS_HEARTBEAT_PADDING;

    return conn->as.active.heartbeats && len <= epoch->limit && len + dtls_epoch_expansion(epoch) <= conn->mtu;
}

/* One at a time, as RFC 6520, 3 allows its sender. */
static void take_request(struct dtls_conn *conn, struct dtls_bytes payload)
{
    uint8_t *copy = NULL;

    if (!conn->as.active.heartbeats) {
        drop(conn, DTLS_DROP_STATE);
        return;
    }
    if (conn->echo == NULL && answer_fits(conn, payload.len))
        copy = dtls_allocate(&conn->as.memory, payload.len + 1); /* a payload may be empty, a block may not */
    if (copy == NULL) {
        drop(conn, DTLS_DROP_NO_ROOM);
        return;
    }
    if (payload.len > 0)
        memcpy(copy, payload.at, payload.len);
    conn->echo = copy;
    conn->echo_len = (uint16_t)(payload.len + 1);
}

void dtls_conn_forget_heartbeat(struct dtls_conn *conn)
{
    dtls_release(&conn->as.memory, conn->echo, conn->echo_len);
    conn->echo = NULL;
}

void dtls_conn_stop_heartbeats(struct dtls_conn *conn)
{
    dtls_conn_forget_heartbeat(conn);
    if (conn->probe != NULL)
        dtls_probe_pause(conn->probe);
}

static void take_response(struct dtls_conn *conn, struct dtls_bytes payload)
{
    struct dtls_reader from = dtls_reader_of(payload);
    uint32_t number = dtls_read_u32(&from);
    enum dtls_probe_outcome outcome;

    if (!dtls_reader_finished(&from) || conn->probe == NULL ||
        !dtls_probe_answered(conn->probe, number, conn->now, &outcome))
        drop(conn, DTLS_DROP_STATE); /* to nothing that counts any more */
    else if (outcome != DTLS_PROBE_AS_IT_WAS)
        dtls_conn_change_mtu(conn, outcome == DTLS_PROBE_ROSE ? DTLS_MTU_PROBED : DTLS_MTU_BLACK_HOLE,
                             conn->probe->good);
}

void dtls_conn_take_heartbeat(struct dtls_conn *conn, struct dtls_bytes record)
{
    struct dtls_heartbeat heartbeat;

    if (!dtls_heartbeat_read(record, &heartbeat))
        drop(conn, DTLS_DROP_STATE);
    else if (heartbeat.type == DTLS_HEARTBEAT_REQUEST)
        take_request(conn, heartbeat.payload);
    else
        take_response(conn, heartbeat.payload);
}

/* ---- what leaves ---- */

static size_t write_record(struct dtls_conn *conn, const struct dtls_heartbeat *heartbeat, size_t padding, uint8_t *out)
{
    struct dtls_epoch *epoch = conn->as.epochs.current;
    size_t len = DTLS_HEARTBEAT_HEADER + heartbeat->payload.len + padding;
    struct dtls_writer to = dtls_writer_to(out + dtls_epoch_prefix(epoch), len);

    dtls_heartbeat_write(&to, heartbeat, padding);
    return dtls_epoch_seal(epoch, DTLS_HEARTBEAT_RECORD, out, len);
}

/* It may have waited (a full socket), and what it was judged by may have changed: it is judged again. */
static size_t write_answer(struct dtls_conn *conn, uint8_t *out)
{
    struct dtls_heartbeat answer = { DTLS_HEARTBEAT_RESPONSE, { conn->echo, conn->echo_len - 1 } };
    size_t len = 0;

    if (answer_fits(conn, conn->echo_len - 1))
        len = write_record(conn, &answer, DTLS_HEARTBEAT_PADDING, out);
    else
        drop(conn, DTLS_DROP_NO_ROOM);
    dtls_conn_forget_heartbeat(conn);
    return len;
}

static size_t write_probe(struct dtls_conn *conn, dtls_time now, size_t size, uint8_t *out)
{
    uint8_t number[NUMBER_LEN];
    struct dtls_writer to = dtls_writer_to(number, sizeof number);
    size_t around = dtls_epoch_expansion(conn->as.epochs.current) + DTLS_HEARTBEAT_HEADER + NUMBER_LEN;
    size_t padding = size > around + DTLS_HEARTBEAT_PADDING ? size - around : DTLS_HEARTBEAT_PADDING;

    dtls_write_u32(&to, dtls_probe_number(conn->probe));
    dtls_probe_sent(conn->probe, conn->as.path.srtt_us, now);
    conn->as.stats.probes++;
    struct dtls_heartbeat probe = { DTLS_HEARTBEAT_REQUEST, dtls_writer_bytes(&to) };
    return write_record(conn, &probe, padding, out);
}

size_t dtls_conn_write_heartbeat(struct dtls_conn *conn, dtls_time now, uint8_t *out, size_t cap)
{
    if (!dtls_conn_is_at_rest(conn) || conn->as.epochs.current->write_sequence >= DTLS_MAX_DATA_SEQUENCE)
        return 0;
    if (conn->echo != NULL) {
        size_t len = write_answer(conn, out);
        if (len > 0)
            return len;
    }
    size_t size = conn->probe == NULL ? 0 : dtls_probe_wanted(conn->probe);
    if (size > cap) {
        dtls_probe_told(conn->probe, cap, now);
        size = dtls_probe_wanted(conn->probe);
    }
    return size == 0 || size > cap ? 0 : write_probe(conn, now, size, out);
}
