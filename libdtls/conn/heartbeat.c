/* heartbeat.c - probes of the path's MTU, and answers to the peer's (contract M6; RFC 6520, RFC 8899). */
#include "messages/heartbeat.h"

#include <string.h>

#include "conn/conn_private.h"

enum { NUMBER_LEN = 4 /* a probe's payload */ };

static bool is_at_rest(const struct dtls_conn *conn)
{
    return conn->state == DTLS_CONN_OPEN && (conn->hs == NULL || conn->re.parked);
}

/* ---- what arrives ---- */

static void drop(struct dtls_conn *conn, enum dtls_drop reason)
{
    conn->as.stats.dropped[reason]++;
}

/* One at a time, as RFC 6520, 3 allows its sender; and only what an answer of ours can hold. */
static void take_request(struct dtls_conn *conn, struct dtls_bytes payload)
{
    const struct dtls_epoch *epoch = conn->as.epochs.current;
    size_t len = DTLS_HEARTBEAT_HEADER + payload.len + DTLS_HEARTBEAT_PADDING;

    if (!conn->as.active.heartbeats) {
        drop(conn, DTLS_DROP_STATE);
        return;
    }
    uint8_t *copy = NULL;
    if (conn->echo == NULL && len <= epoch->limit && len + dtls_epoch_expansion(epoch) <= conn->mtu)
        copy = dtls_allocate(&conn->as.memory, payload.len + 1); /* a payload may be empty, a block may not */
    if (copy == NULL) {
        drop(conn, DTLS_DROP_NO_ROOM);
        return;
    }
    if (payload.len > 0)
        memcpy(copy, payload.at, payload.len);
    conn->echo = copy;
    conn->echo_len = payload.len + 1;
}

static void take_response(struct dtls_conn *conn, struct dtls_bytes payload)
{
    struct dtls_reader from = dtls_reader_of(payload);
    uint32_t number = dtls_read_u32(&from);

    if (!dtls_reader_finished(&from) || !conn->probe.in_the_air || number != conn->probe.number)
        drop(conn, DTLS_DROP_STATE); /* late, or to nothing */
    else if (dtls_probe_answered(&conn->probe, number, conn->now))
        dtls_conn_change_mtu(conn, DTLS_MTU_PROBED, conn->probe.good);
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

static size_t write_answer(struct dtls_conn *conn, uint8_t *out)
{
    struct dtls_heartbeat answer = { DTLS_HEARTBEAT_RESPONSE, { conn->echo, conn->echo_len - 1 } };
    size_t len = write_record(conn, &answer, DTLS_HEARTBEAT_PADDING, out);

    dtls_release(&conn->as.memory, conn->echo, conn->echo_len);
    conn->echo = NULL;
    return len;
}

static size_t write_probe(struct dtls_conn *conn, dtls_time now, size_t size, uint8_t *out)
{
    uint8_t number[NUMBER_LEN];
    struct dtls_writer to = dtls_writer_to(number, sizeof number);
    size_t around = dtls_epoch_expansion(conn->as.epochs.current) + DTLS_HEARTBEAT_HEADER + NUMBER_LEN;

    dtls_write_u32(&to, conn->probe.number);
    dtls_probe_sent(&conn->probe, conn->as.path.srtt_us, now);
    conn->as.stats.probes++;
    struct dtls_heartbeat probe = { DTLS_HEARTBEAT_REQUEST, dtls_writer_bytes(&to) };
    return write_record(conn, &probe, size - around, out);
}

size_t dtls_conn_write_heartbeat(struct dtls_conn *conn, dtls_time now, uint8_t *out, size_t cap)
{
    if (!is_at_rest(conn) || conn->as.epochs.current->write_sequence >= DTLS_MAX_DATA_SEQUENCE)
        return 0;
    if (conn->echo != NULL)
        return write_answer(conn, out);
    size_t size = dtls_probe_wanted(&conn->probe);
    if (size > cap) {
        dtls_probe_told(&conn->probe, cap, now);
        size = dtls_probe_wanted(&conn->probe);
    }
    return size == 0 || size > cap ? 0 : write_probe(conn, now, size, out);
}

/* ---- the search ---- */

void dtls_conn_begin_probing(struct dtls_conn *conn, dtls_time now)
{
    const struct dtls_epoch *epoch = conn->as.epochs.current;
    size_t most = conn->as.config->probe_mtu_to, one_record = epoch->limit + dtls_epoch_expansion(epoch);

    if (most > one_record)
        most = one_record;
    if (!conn->as.active.may_probe || most <= conn->mtu)
        conn->probe.running = false;
    else if (!conn->probe.running || conn->probe.most != most)
        dtls_probe_begin(&conn->probe, conn->mtu, conn->mtu, most, now);
}

void dtls_conn_probe_tick(struct dtls_conn *conn, dtls_time now)
{
    if (is_at_rest(conn) && !dtls_probe_tick(&conn->probe, conn->as.stats.records_sent, now))
        dtls_conn_change_mtu(conn, DTLS_MTU_BLACK_HOLE, conn->probe.good);
}

dtls_time dtls_conn_probe_deadline(const struct dtls_conn *conn)
{
    return is_at_rest(conn) ? dtls_probe_deadline(&conn->probe, conn->as.stats.records_sent) : DTLS_NEVER;
}
