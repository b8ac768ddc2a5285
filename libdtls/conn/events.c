/* events.c - the queue of control events, and the names of events and drops. */
#include "conn/conn_private.h"

struct dtls_waiting_event *dtls_conn_push_event(struct dtls_conn *conn, enum dtls_event_type type)
{
    /* It cannot overflow while callers drain it; for one who never does, the newest gives way to the end. */
    if (conn->event_count == DTLS_EVENT_MOST)
        conn->event_count--;
    struct dtls_waiting_event *event = &conn->events[(conn->event_first + conn->event_count++) % DTLS_EVENT_MOST];
    *event = (struct dtls_waiting_event){ .type = (uint8_t)type };
    return event;
}

struct dtls_waiting_event *dtls_conn_find_event(struct dtls_conn *conn, enum dtls_event_type type)
{
    for (size_t i = 0; i < conn->event_count; i++) {
        struct dtls_waiting_event *event = &conn->events[(conn->event_first + i) % DTLS_EVENT_MOST];
        if (event->type == type)
            return event;
    }
    return NULL;
}

static void tell(const struct dtls_conn *conn, const struct dtls_waiting_event *waiting, struct dtls_event *event)
{
    *event = (struct dtls_event){ .type = (enum dtls_event_type)waiting->type };
    switch (event->type) {
    case DTLS_EVENT_OPEN:
    case DTLS_EVENT_REHANDSHAKE_DONE:
        event->resumed = waiting->resumed;
        event->epoch = waiting->epoch;
        break;
    case DTLS_EVENT_KEYS:
        event->keys = (enum dtls_keys)waiting->keys;
        event->epoch = waiting->epoch;
        break;
    case DTLS_EVENT_SESSION:
        event->session = conn->as.session;
        break;
    case DTLS_EVENT_MTU:
        event->mtu = waiting->mtu;
        event->old_mtu = waiting->old_mtu;
        event->mtu_reason = (enum dtls_mtu_reason)waiting->mtu_reason;
        break;
    case DTLS_EVENT_FAILED:
        event->error = waiting->error;
        event->alert = waiting->alert;
        break;
    case DTLS_EVENT_ALERT:
        event->alert = waiting->alert;
        break;
    default: /* the type says it all */
        break;
    }
}

static void drop_event(struct dtls_conn *conn)
{
    conn->event_first = (uint8_t)((conn->event_first + 1) % DTLS_EVENT_MOST);
    conn->event_count--;
}

bool dtls_conn_reach_event(struct dtls_conn *conn)
{
    for (;;) {
        if (!dtls_conn_has_event(conn))
            dtls_conn_pump(conn);
        if (conn->data_waits)
            return true;
        if (conn->event_count == 0)
            return false;
        if (conn->events[conn->event_first].type != DTLS_EVENT_JOB || dtls_conn_has_job(conn))
            return true;
        drop_event(conn); /* its handshake may be over since */
    }
}

bool dtls_conn_next_event(struct dtls_conn *conn, struct dtls_event *event)
{
    if (!dtls_conn_reach_event(conn))
        return false;
    /* The pump stops at the first event: data that waits is older than anything in the queue. */
    if (conn->data_waits) {
        conn->data_waits = false;
        *event = (struct dtls_event){ .type = DTLS_EVENT_DATA, .data = conn->data, .epoch = conn->data_epoch };
        return true;
    }
    tell(conn, &conn->events[conn->event_first], event);
    drop_event(conn);
    return true;
}

const char *dtls_event_name(enum dtls_event_type type)
{
    static const char *const names[] = {
        [DTLS_EVENT_OPEN] = "open",
        [DTLS_EVENT_DATA] = "data",
        [DTLS_EVENT_REHANDSHAKE_REQUESTED] = "rehandshake_requested",
        [DTLS_EVENT_REHANDSHAKE_STARTED] = "rehandshake_started",
        [DTLS_EVENT_REHANDSHAKE_DONE] = "rehandshake_done",
        [DTLS_EVENT_REHANDSHAKE_REFUSED] = "rehandshake_refused",
        [DTLS_EVENT_REHANDSHAKE_FAILED] = "rehandshake_failed",
        [DTLS_EVENT_REHANDSHAKE_STALLED] = "rehandshake_stalled",
        [DTLS_EVENT_REHANDSHAKE_ADVISED] = "rehandshake_advised",
        [DTLS_EVENT_JOB] = "job",
        [DTLS_EVENT_SESSION] = "session",
        [DTLS_EVENT_KEYS] = "keys",
        [DTLS_EVENT_MTU] = "mtu",
        [DTLS_EVENT_ALERT] = "alert",
        [DTLS_EVENT_CLOSED] = "closed",
        [DTLS_EVENT_FAILED] = "failed",
    };

    return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "unknown";
}

const char *dtls_keys_name(enum dtls_keys keys)
{
    static const char *const names[] = {
        [DTLS_KEYS_ACCEPT] = "accept",
        [DTLS_KEYS_SEND] = "send",
        [DTLS_KEYS_FORGET] = "forget",
    };

    return (size_t)keys < sizeof names / sizeof names[0] ? names[keys] : "unknown";
}

const char *dtls_mtu_reason_name(enum dtls_mtu_reason reason)
{
    static const char *const names[] = {
        [DTLS_MTU_TOO_BIG] = "too_big",
        [DTLS_MTU_PROBED] = "probed",
        [DTLS_MTU_BLACK_HOLE] = "black_hole",
        [DTLS_MTU_RECORD_LIMIT] = "record_limit",
    };

    return (size_t)reason < sizeof names / sizeof names[0] ? names[reason] : "unknown";
}

const char *dtls_drop_name(enum dtls_drop reason)
{
    static const char *const names[DTLS_DROP_COUNT] = {
        [DTLS_DROP_TRUNCATED] = "truncated", [DTLS_DROP_VERSION] = "version",     [DTLS_DROP_TYPE] = "type",
        [DTLS_DROP_TOO_LARGE] = "too_large", [DTLS_DROP_EPOCH] = "epoch",         [DTLS_DROP_REPLAYED] = "replayed",
        [DTLS_DROP_FORGED] = "forged",       [DTLS_DROP_STATE] = "state",         [DTLS_DROP_FRAGMENT] = "fragment",
        [DTLS_DROP_STALE] = "stale",         [DTLS_DROP_FAR_AHEAD] = "far_ahead", [DTLS_DROP_NO_ROOM] = "no_room",
        [DTLS_DROP_RATE] = "rate",
    };

    return (size_t)reason < DTLS_DROP_COUNT ? names[reason] : "unknown";
}
