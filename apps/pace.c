/* pace.c - a flow's records, each when it is due. */
#include "apps/pace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apps/complain.h"

enum {
    DEFAULT_SIZE = 160, /* bytes of a record: 20 ms of G.711 */
    BURST = 64,         /* records sent in one go, when late */
    RECORD_MAX = 65536, /* bytes; --size allows less */
};

static const double DEFAULT_S = 10;     /* a flow's length */
static const double MOST_RECORDS = 1e8; /* of a flow: a bit is kept for each */
static const double LATER_S = 0.002;    /* until a record is tried again while the engine pauses (contract R18) */
static const double AT_ONCE_S = 1e-6;   /* a timer's repeat of 0 would stop it */

static dtls_time due(const struct pace *pace, uint64_t number)
{
    return pace->start + (dtls_time)((double)number * 1e6 / pace->rate);
}

enum { LATER = -1, AGAIN = -2 };

/* Returns LATER, AGAIN (at once, smaller), EXIT_FINE, or the exit status for a record that could not be sent and never
 * will be. */
static int send_record(struct pace *pace)
{
    uint8_t record[RECORD_MAX];
    size_t fits;

    flow_write(&pace->flow, dtls_ev_now(), record);
    int error = dtls_ev_send(pace->conn, record, pace->flow.size, &fits);
    if (error == DTLS_OK) {
        pace->flow.sent++;
        return EXIT_FINE;
    }
    if (error == DTLS_ERR_PAUSED)
        return LATER;
    if (error == DTLS_ERR_LARGE_PACKET && pace->most > 0) {
        pace->flow.size = fits;
        return AGAIN;
    }
    if (error == DTLS_ERR_LARGE_PACKET) {
        complain("--size %zu: at most %zu bytes fit (see --mtu)", pace->flow.size, fits);
        return EXIT_MISTAKE;
    }
    complain("flow: %s", dtls_error_string(error));
    return EXIT_CONNECTION;
}

static void on_time(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct pace *pace = timer->data;
    const struct flow *flow = &pace->flow;
    int status = EXIT_FINE;

    (void)happened;
    for (int i = 0; i < BURST && flow->sent < flow->total && due(pace, flow->sent) <= dtls_ev_now(); i++) {
        status = send_record(pace);
        if (pace->conn == NULL) /* sending has ended the connection */
            return;
        if (status != EXIT_FINE && status != AGAIN)
            break;
    }
    if (status > EXIT_FINE || flow->sent == flow->total) {
        ev_timer_stop(loop, timer);
        pace->done(pace->arg, status);
        return;
    }
    dtls_time now = dtls_ev_now(), next = due(pace, flow->sent);
    ev_now_update(loop);
    timer->repeat = status == LATER ? LATER_S : next > now ? (double)(next - now) / 1e6 : AT_ONCE_S;
    ev_timer_again(loop, timer);
}

static void on_progress(struct ev_loop *loop, ev_timer *progress, int happened)
{
    const struct pace *pace = progress->data;
    struct dtls_stats stats;

    (void)loop;
    (void)happened;
    dtls_conn_stats(dtls_ev_engine(pace->conn), &stats);
    fprintf(stderr, "\r%5.0f s  sent %" PRIu64 "  received %" PRIu64 "  rehandshakes %" PRIu64 " ",
            (double)(dtls_ev_now() - pace->start) / 1e6, pace->flow.sent, pace->flow.received, stats.rehandshakes);
}

void pace_init(struct pace *pace, const struct settings *settings)
{
    double records = settings->flow_rate * (settings->flow_s > 0 ? settings->flow_s : DEFAULT_S);
    size_t size = settings->flow_size > 0 ? settings->flow_size : DEFAULT_SIZE;
    uint64_t id;

    *pace = (struct pace){ .rate = settings->flow_rate, .most = settings->adapt ? size : 0 };
    if (records > MOST_RECORDS)
        refuse("--flow times --for: %.0f records, more than %.0f", records, MOST_RECORDS);
    if (dtls_system_random(NULL, (uint8_t *)&id, sizeof id) != DTLS_OK)
        refuse("%s", dtls_error_string(DTLS_ERR_RANDOM));
    if (!flow_init(&pace->flow, id, size, records < 1 ? 1 : (uint64_t)records))
        refuse("%s", strerror(errno));
}

void pace_start(struct pace *pace, struct ev_loop *loop, struct dtls_ev_conn *conn, void (*done)(void *arg, int status),
                void *arg)
{
    pace->loop = loop;
    pace->conn = conn;
    pace->done = done;
    pace->arg = arg;
    pace->start = dtls_ev_now();
    ev_timer_init(&pace->timer, on_time, 0, AT_ONCE_S);
    ev_timer_init(&pace->progress, on_progress, 1, 1);
    pace->timer.data = pace->progress.data = pace;
    ev_timer_again(loop, &pace->timer);
    if (isatty(STDERR_FILENO))
        ev_timer_start(loop, &pace->progress);
}

void pace_stop(struct pace *pace)
{
    if (pace->conn == NULL)
        return;
    if (ev_is_active(&pace->progress))
        fputc('\n', stderr);
    ev_timer_stop(pace->loop, &pace->timer);
    ev_timer_stop(pace->loop, &pace->progress);
    pace->conn = NULL;
}

void pace_adapt(struct pace *pace)
{
    if (pace->conn == NULL || pace->most == 0)
        return;
    size_t fits = dtls_conn_max_payload(dtls_ev_engine(pace->conn));
    pace->flow.size = fits < pace->most ? fits : pace->most;
}
