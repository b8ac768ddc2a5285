/* call.c - the timeline of a call, and the loop that keeps it. */
#include "bench/peers/call.h"

#include "apps/complain.h"
#include "bench/peers/clock.h"
#include "bench/peers/log.h"
#include "bench/peers/payload.h"
#include "bench/peers/peer.h"
#include "bench/peers/stream.h"
#include "bench/peers/wire.h"

enum {
    LINGER_MS = 500,     /* for what is under way when the last record has left */
    PATIENCE_MS = 15000, /* for the first handshake, and a server's wait for its client */
};

struct call {
    const struct settings *settings;
    struct wire wire;
    struct stream stream;
    struct peer *peer;
    uint64_t began, opened; /* opened: 0 before OPEN */
    bool asked;             /* for our rehandshake */
    bool renewing;          /* one that the other side has started or answered is not done */
    bool dead, over;        /* dead: and not for a good reason */
    uint64_t received;      /* records */
    uint64_t last_received; /* when */
    bool last_ping_came;
};

/* ---- what a library tells ---- */

void call_opened(struct call *call, const struct log_handshake *handshake)
{
    call->opened = clock_now();
    log_open(call->opened, handshake);
    stream_open(&call->stream, call->opened);
}

void call_received(struct call *call, const uint8_t *data, size_t len)
{
    struct delivery delivery = { .at = clock_now() };

    if (!payload_read(data, len, &delivery.number, &delivery.written_at) ||
        !arrivals_deliver(&call->wire.arrivals, &delivery)) {
        log_foreign(delivery.at, len);
        return;
    }
    call->received++;
    call->last_received = delivery.at;
    call->last_ping_came = call->last_ping_came || delivery.number == 1;
}

void call_rehandshake_started(struct call *call)
{
    call->renewing = true;
    log_event(clock_now(), "rehandshake_started");
}

void call_rehandshake_done(struct call *call, bool resumed)
{
    call->renewing = false;
    log_rehandshake_done(clock_now(), resumed);
}

void call_rehandshake_refused(struct call *call)
{
    call->renewing = false;
    log_event(clock_now(), "rehandshake_refused");
}

void call_rehandshake_failed(struct call *call, const char *text)
{
    call->renewing = false;
    log_text(clock_now(), "rehandshake_failed", text);
}

void call_alert(struct call *call, int level, int description)
{
    (void)call;
    log_alert(clock_now(), level, description);
}

static uint64_t stream_end_of(const struct call *call)
{
    return call->opened + (uint64_t)call->settings->for_ms * 1000;
}

/* The two ends open at slightly different times, and each closes by its own clock. */
void call_closed(struct call *call)
{
    uint64_t now = clock_now();

    log_closed(now);
    call->over = true;
    call->dead = call->dead || call->opened == 0 || now < stream_end_of(call);
}

void call_died(struct call *call, const char *text)
{
    log_text(clock_now(), "error", text);
    call->over = call->dead = true;
}

/* ---- the timeline ---- */

static bool is_alive(const struct call *call)
{
    if (call->opened == 0 || call->dead)
        return false;
    if (call->settings->interval_ms == 0)
        return call->last_ping_came;
    return call->received > 0 && call->last_received + STREAM_LAST_PING_MS * 1000 >= stream_end_of(call);
}

static void tell_received(void *arg, const struct delivery *delivery, const struct arrival *arrival)
{
    (void)arg;
    log_received(delivery, arrival);
}

static void settle(struct call *call)
{
    arrivals_settle(&call->wire.arrivals, tell_received, NULL);
}

static uint64_t rehandshake_due(const struct call *call)
{
    if (call->asked || call->settings->rehandshake_at_ms == SETTINGS_NEVER)
        return PEER_NEVER;
    return call->opened + (uint64_t)call->settings->rehandshake_at_ms * 1000;
}

static uint64_t end_due(const struct call *call)
{
    if (call->opened == 0)
        return call->began + PATIENCE_MS * 1000;
    return stream_end_of(call) + LINGER_MS * 1000;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t next_due(const struct call *call)
{
    uint64_t due = earlier(end_due(call), peer_library.deadline(call->peer));

    if (call->opened > 0)
        due = earlier(due, earlier(stream_due(&call->stream), rehandshake_due(call)));
    return due;
}

/* One at a time: everything that comes of a datagram is told before the next is looked at. */
static void take_datagrams(struct call *call)
{
    while (!call->over && wire_receive(&call->wire)) {
        peer_library.receive(call->peer);
        wire_drop(&call->wire);
        settle(call);
    }
}

static void keep_library_time(struct call *call)
{
    if (call->over || peer_library.deadline(call->peer) > clock_now())
        return;
    peer_library.tick(call->peer);
    settle(call);
}

static void keep_stream(struct call *call)
{
    if (call->over || call->opened == 0)
        return;
    stream_run(&call->stream, call->peer, &call->wire);
    settle(call); /* sending may receive in some libraries */
}

static void keep_rehandshake(struct call *call)
{
    if (call->over || call->opened == 0 || rehandshake_due(call) > clock_now())
        return;
    call->asked = true;
    log_rehandshake_start(clock_now(), settings_mode_word(call->settings->mode));
    if (call->renewing) { /* some libraries would begin again when it is done */
        log_text(clock_now(), "rehandshake_failed", "one is running already");
        return;
    }
    peer_library.rehandshake(call->peer);
    settle(call);
}

static void keep_end(struct call *call)
{
    if (call->over || end_due(call) > clock_now())
        return;
    if (call->opened == 0) {
        call_died(call, "no connection came about in 15 s");
        return;
    }
    peer_library.close(call->peer);
    log_closed(clock_now());
    call->over = true;
}

static void make_call(struct call *call)
{
    call->began = clock_now();
    peer_library.start(call->peer);
    while (!call->over) {
        wire_wait(&call->wire, next_due(call));
        take_datagrams(call);
        keep_library_time(call);
        keep_rehandshake(call);
        keep_stream(call);
        keep_end(call);
    }
}

int call_run(const struct settings *settings)
{
    static struct call only; /* too large for a stack */
    struct call *call = &only;

    call->settings = settings;
    stream_init(&call->stream, settings);
    call->peer = peer_library.make(settings, &call->wire, call);
    wire_open(&call->wire, settings);
    if (settings->server)
        log_listening(wire_port(&call->wire));
    make_call(call);
    stream_end(&call->stream);
    bool alive = is_alive(call);
    log_end(clock_now(), alive, call->stream.sent, call->received);
    peer_library.free(call->peer);
    wire_close(&call->wire);
    stream_free(&call->stream);
    return alive ? EXIT_FINE : EXIT_CONNECTION;
}
