/* client.c - one client of many. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "bench/load/client.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "apps/complain.h"

enum {
    DATAGRAM = 65536,
    RECEIVE_AT_ONCE = 64, /* datagrams, so that the others get their turn */
};

dtls_time client_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (dtls_time)now.tv_sec * 1000000 + (dtls_time)now.tv_nsec / 1000;
}

/* ---- the end ---- */

static void end(struct client *client)
{
    dtls_conn_free(client->conn);
    close(client->fd);
    client->conn = NULL;
    client->fd = -1;
    client->open = client->loaded = false;
    client->record_at = client->rehandshake_at = HEAP_NEVER;
}

/* What the socket does not take is lost, as anywhere else in the network. */
static void flush(struct client *client)
{
    static uint8_t out[DATAGRAM];
    size_t len;

    while (dtls_conn_next_datagram(client->conn, client_now(), out, sizeof out, &len))
        (void)!send(client->fd, out, len, 0);
}

/* ---- events ---- */

static void on_open(struct client *client, const struct dtls_event *event)
{
    struct tally *tally = client->plan->tally;
    size_t fits = dtls_conn_max_payload(client->conn);

    if (client->plan->size > fits)
        refuse("--size %zu is too large: at most %zu fit (see --mtu)", client->plan->size, fits);
    client->open = true;
    tally->opened++;
    tally->resumed += event->resumed;
    flow_latency_add(&tally->handshake, client_now() - client->started);
}

static void keep_session(struct client_plan *plan, const struct dtls_session *session)
{
    uint8_t bytes[DTLS_SESSION_MAX];
    size_t len;

    if (!plan->wants_session || dtls_session_write(session, bytes, sizeof bytes, &len) != DTLS_OK ||
        dtls_session_read(bytes, len, &plan->session) != DTLS_OK)
        return;
    plan->wants_session = false;
}

static void write_record(const struct client *client, dtls_time now, uint8_t *out, size_t size)
{
    memset(out, (int)(client->sent & 0xff), size);
    memcpy(out, &client->number, sizeof client->number); /* nobody else reads it: the machine's own order will do */
    memcpy(out + 4, &client->sent, sizeof client->sent);
    memcpy(out + 8, &now, sizeof now);
}

static void take_echo(struct client *client, struct dtls_bytes data)
{
    struct tally *tally = client->plan->tally;
    uint32_t whose, which;
    dtls_time sent_at, now = client_now();

    if (data.len != client->plan->size)
        return;
    memcpy(&whose, data.at, sizeof whose);
    memcpy(&which, data.at + 4, sizeof which);
    memcpy(&sent_at, data.at + 8, sizeof sent_at);
    if (whose != client->number || which >= client->sent || sent_at > now)
        return;
    tally->echoed++;
    flow_latency_add(&tally->echo, now - sent_at);
}

/* The next one is due so long after the last one's end. */
static void end_rehandshake(struct client *client, bool done)
{
    struct tally *tally = client->plan->tally;
    dtls_time now = client_now();

    tally->rehandshakes += done;
    tally->rehandshakes_failed += !done;
    if (client->asked_at == 0)
        return;
    if (done)
        flow_latency_add(&tally->rehandshake, now - client->asked_at);
    client->asked_at = 0;
    if (client->loaded)
        client->rehandshake_at = now + client->plan->rehandshake_every_us;
}

static void on_event(struct client *client, const struct dtls_event *event)
{
    switch (event->type) {
    case DTLS_EVENT_OPEN:
        on_open(client, event);
        break;
    case DTLS_EVENT_SESSION:
        keep_session(client->plan, event->session);
        break;
    case DTLS_EVENT_DATA:
        take_echo(client, event->data);
        break;
    case DTLS_EVENT_REHANDSHAKE_DONE:
        end_rehandshake(client, true);
        break;
    case DTLS_EVENT_REHANDSHAKE_FAILED:
    case DTLS_EVENT_REHANDSHAKE_REFUSED:
        end_rehandshake(client, false);
        break;
    default:
        break;
    }
}

static const char *why(const struct dtls_event *last)
{
    if (last->type == DTLS_EVENT_CLOSED)
        return "closed by the server";
    return last->error == DTLS_ERR_ALERT ? dtls_alert_string(last->alert) : dtls_error_string(last->error);
}

/* After each call of the engine. */
static void settle(struct client *client)
{
    struct dtls_event event;

    while (dtls_conn_next_event(client->conn, &event)) {
        if (event.type == DTLS_EVENT_CLOSED || event.type == DTLS_EVENT_FAILED) {
            tally_fail(client->plan->tally, why(&event));
            flush(client);
            end(client);
            return;
        }
        on_event(client, &event);
    }
    flush(client);
}

/* ---- the verbs ---- */

static bool open_socket(struct client *client, const struct address *server)
{
    client->fd = socket(server->of.ss_family, SOCK_DGRAM, 0);
    if (client->fd < 0)
        return false;
    if (fcntl(client->fd, F_SETFL, O_NONBLOCK) == 0 &&
        connect(client->fd, (const struct sockaddr *)&server->of, server->len) == 0)
        return true;
    int reason = errno;
    close(client->fd);
    client->fd = -1;
    errno = reason;
    return false;
}

bool client_start(struct client *client, struct client_plan *plan, uint32_t number, dtls_time now)
{
    *client = (struct client){ .plan = plan, .number = number, .started = now };
    client->record_at = client->rehandshake_at = HEAP_NEVER;
    if (!open_socket(client, plan->server))
        return false;
    client->conn = dtls_conn_new(plan->config, DTLS_CLIENT);
    if (client->conn == NULL) {
        close(client->fd);
        errno = ENOMEM;
        return false;
    }
    if (plan->session != NULL && dtls_conn_resume(client->conn, plan->session) != DTLS_OK)
        complain("the session is not resumed");
    dtls_conn_start(client->conn, now); /* its death is an event, too */
    settle(client);
    return true;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t client_due(const struct client *client)
{
    if (client->conn == NULL)
        return HEAP_NEVER;
    return earlier(dtls_conn_deadline(client->conn), earlier(client->record_at, client->rehandshake_at));
}

void client_receive(struct client *client)
{
    static uint8_t in[DATAGRAM]; /* events point into it, and are taken before it is used again */

    for (int i = 0; i < RECEIVE_AT_ONCE && client->conn != NULL; i++) {
        ssize_t len = recv(client->fd, in, sizeof in, 0);
        if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (len <= 0)
            continue; /* an ICMP message, or nothing: noise */
        dtls_conn_receive(client->conn, client_now(), in, (size_t)len);
        settle(client);
    }
}

static void send_burst(struct client *client)
{
    static uint8_t data[CLIENT_RECORD_MAX], out[DATAGRAM];
    const struct client_plan *plan = client->plan;

    for (uint32_t i = 0; i < plan->burst; i++) {
        dtls_time now = client_now();
        size_t len;
        write_record(client, now, data, plan->size);
        if (dtls_conn_send(client->conn, now, data, plan->size, out, sizeof out, &len) != DTLS_OK) {
            plan->tally->refused++;
            continue;
        }
        client->sent++;
        plan->tally->sent++;
        (void)!send(client->fd, out, len, 0);
    }
}

static void ask_for_rehandshake(struct client *client, dtls_time now)
{
    const struct settings_modes *modes = client->plan->modes;
    int error = DTLS_ERR_REHANDSHAKE_RUNNING;

    client->rehandshake_at = HEAP_NEVER;
    client->asked_at = now;
    if (!dtls_conn_rehandshake_pending(client->conn)) /* the server's, then, which ends with the same event */
        error = dtls_conn_rehandshake(client->conn, now, modes->at[client->turn++ % modes->count]);
    if (error != DTLS_OK && error != DTLS_ERR_REHANDSHAKE_RUNNING)
        end_rehandshake(client, false);
}

void client_tick(struct client *client, dtls_time now)
{
    if (client->record_at <= now) {
        send_burst(client);
        client->record_at += client->plan->record_every_us;
    }
    if (client->rehandshake_at <= now)
        ask_for_rehandshake(client, now);
    dtls_conn_tick(client->conn, now);
    settle(client);
}

void client_begin_load(struct client *client, dtls_time now, double part)
{
    const struct client_plan *plan = client->plan;

    client->loaded = true;
    if (plan->record_every_us > 0)
        client->record_at = now + (uint64_t)(part * (double)plan->record_every_us);
    if (plan->rehandshake_every_us > 0)
        client->rehandshake_at = now + (uint64_t)(part * (double)plan->rehandshake_every_us);
}

void client_end_load(struct client *client)
{
    client->loaded = false;
    client->record_at = client->rehandshake_at = HEAP_NEVER;
}

void client_close(struct client *client, dtls_time now)
{
    dtls_conn_close(client->conn, now);
    flush(client);
    end(client);
}
