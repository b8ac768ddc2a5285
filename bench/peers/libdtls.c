/* libdtls.c - the peer that is our own engine, through include/dtls/conn.h alone. */
#include <stdio.h>
#include <string.h>

#include "apps/complain.h"
#include "bench/peers/call.h"
#include "bench/peers/clock.h"
#include "bench/peers/log.h"
#include "bench/peers/peer.h"
#include "bench/peers/wire.h"
#include "dtls/dtls.h"

enum { LARGEST_FILE = 1 << 16 };

struct peer {
    const struct settings *settings;
    struct wire *wire;
    struct call *call;
    struct dtls_identity *identity;
    struct dtls_config config;
    struct dtls_cookie_secrets secrets;
    struct dtls_conn *conn;
    bool cookie_checked; /* or not needed */
    uint8_t datagram[WIRE_DATAGRAM];
};

/* ---- settings ---- */

static const char *cannot(const struct settings *settings)
{
    (void)settings;
    return NULL;
}

static size_t read_file(const char *path, char text[LARGEST_FILE])
{
    FILE *file = fopen(path, "r");
    size_t len = file != NULL ? fread(text, 1, LARGEST_FILE, file) : 0;

    if (file == NULL || ferror(file) || len == LARGEST_FILE)
        refuse("%s cannot be read", path);
    fclose(file);
    return len;
}

static struct dtls_identity *read_identity(const struct settings *settings)
{
    static char cert[LARGEST_FILE], key[LARGEST_FILE];
    struct dtls_identity *identity;
    size_t cert_len = read_file(settings->cert, cert), key_len = read_file(settings->key, key);
    int error = dtls_identity_from_pem(cert, cert_len, key, key_len, &identity);

    if (error != DTLS_OK)
        refuse("%s, %s: %s", settings->cert, settings->key, dtls_error_string(error));
    return identity;
}

static void configure(struct peer *peer)
{
    const struct settings *settings = peer->settings;
    struct dtls_config *config = &peer->config;

    dtls_config_init(config);
    dtls_config_preset_realtime(config);
    config->initial_timeout_ms = settings->timeout_ms;
    if (config->maximum_timeout_ms < settings->timeout_ms)
        config->maximum_timeout_ms = settings->timeout_ms;
    if (settings->server || settings->client_cert)
        config->identity = peer->identity;
    config->verifier = dtls_verifier_accept();
    if (settings->ask_client_cert)
        config->client_certificate = DTLS_CLIENT_CERTIFICATE_ASK;
    if (settings->policy == POLICY_REFUSE)
        config->rehandshake_policy = DTLS_REHANDSHAKE_DENY;
    if (settings->model == MODEL_STRICT)
        config->peer_model = DTLS_PEER_STRICT;
    if (settings->old_cookie)
        config->renegotiation_cookie = DTLS_RENEGOTIATION_COOKIE_OLD;
    config->mtu = PEER_MTU;
}

static struct peer *make(const struct settings *settings, struct wire *wire, struct call *call)
{
    static struct peer only; /* one a process; and what hangs on it is not lost when a mistake ends the program */
    struct peer *peer = &only;

    peer->settings = settings;
    peer->wire = wire;
    peer->call = call;
    peer->cookie_checked = !settings->cookie;
    peer->identity = read_identity(settings);
    configure(peer);
    peer->conn = dtls_conn_new(&peer->config, settings->server ? DTLS_SERVER : DTLS_CLIENT);
    if (peer->conn == NULL)
        refuse("no memory");
    return peer;
}

static void free_peer(struct peer *peer)
{
    dtls_conn_free(peer->conn);
    dtls_identity_free(peer->identity);
    dtls_cookie_secrets_wipe(&peer->secrets);
}

/* ---- what happens ---- */

static void tell_open(struct peer *peer, const struct dtls_event *event)
{
    const struct log_handshake handshake = {
        .suite = dtls_suite_name(dtls_conn_suite(peer->conn)),
        .resumed = event->resumed,
        .secure_renegotiation = dtls_conn_secure_renegotiation(peer->conn),
    };

    call_opened(peer->call, &handshake);
}

static void tell_failed(struct peer *peer, const struct dtls_event *event)
{
    char text[160];
    bool alert = event->error == DTLS_ERR_ALERT;

    snprintf(text, sizeof text, alert ? "%s: %s" : "%s", dtls_error_string(event->error),
             dtls_alert_string(event->alert));
    call_died(peer->call, text);
}

static void tell(struct peer *peer, const struct dtls_event *event)
{
    enum { WARNING = 1 };
    struct call *call = peer->call;

    switch (event->type) {
    case DTLS_EVENT_OPEN:
        tell_open(peer, event);
        break;
    case DTLS_EVENT_DATA:
        call_received(call, event->data.at, event->data.len);
        break;
    case DTLS_EVENT_REHANDSHAKE_STARTED:
        call_rehandshake_started(call);
        break;
    case DTLS_EVENT_REHANDSHAKE_DONE:
        call_rehandshake_done(call, event->resumed);
        break;
    case DTLS_EVENT_REHANDSHAKE_REFUSED:
        call_rehandshake_refused(call);
        break;
    case DTLS_EVENT_REHANDSHAKE_FAILED:
        call_rehandshake_failed(call, "no answer in time");
        break;
    case DTLS_EVENT_ALERT:
        call_alert(call, WARNING, event->alert);
        break;
    case DTLS_EVENT_CLOSED:
        call_closed(call);
        break;
    case DTLS_EVENT_FAILED:
        tell_failed(peer, event);
        break;
    case DTLS_EVENT_REHANDSHAKE_REQUESTED: /* comes with no policy of ours */
    case DTLS_EVENT_REHANDSHAKE_STALLED:   /* it goes on */
    case DTLS_EVENT_REHANDSHAKE_ADVISED:   /* not after a few thousand records */
    case DTLS_EVENT_JOB:                   /* not asked for */
    case DTLS_EVENT_KEYS:                  /* for media: none is wanted */
    case DTLS_EVENT_MTU:                   /* records of 160 bytes fit into any */
    case DTLS_EVENT_SESSION:
        break;
    }
}

static void send_waiting(struct peer *peer)
{
    uint8_t out[PEER_MTU];
    size_t len;

    while (dtls_conn_next_datagram(peer->conn, clock_now(), out, sizeof out, &len))
        wire_send(peer->wire, out, len);
}

/* The last alert leaves before the end is told. */
static void settle(struct peer *peer)
{
    struct dtls_event event;

    while (dtls_conn_next_event(peer->conn, &event)) {
        send_waiting(peer);
        tell(peer, &event);
    }
    send_waiting(peer);
}

/* ---- the door ---- */

static void start(struct peer *peer)
{
    int error = dtls_conn_start(peer->conn, clock_now());

    if (error != DTLS_OK)
        call_died(peer->call, dtls_error_string(error));
    else
        settle(peer);
}

static bool check_cookie(struct peer *peer, size_t len)
{
    const struct address *from = &peer->wire->other;
    uint8_t out[DTLS_HELLO_REPLY_LEN];

    if (peer->cookie_checked)
        return true;
    int verdict = dtls_hello_check(&peer->secrets, clock_now(), (const uint8_t *)&from->of, from->len, peer->datagram,
                                   len, NULL, NULL, out);
    if (verdict == DTLS_HELLO_REPLY)
        wire_send(peer->wire, out, sizeof out);
    peer->cookie_checked = verdict == DTLS_HELLO_VALID;
    return peer->cookie_checked;
}

static void receive(struct peer *peer)
{
    size_t len = wire_take(peer->wire, peer->datagram, sizeof peer->datagram);

    if (!check_cookie(peer, len))
        return;
    dtls_conn_receive(peer->conn, clock_now(), peer->datagram, len); /* its errors are events, too */
    settle(peer);
}

static uint64_t deadline(const struct peer *peer)
{
    return dtls_conn_deadline(peer->conn);
}

static void tick(struct peer *peer)
{
    dtls_conn_tick(peer->conn, clock_now());
    settle(peer);
}

static enum peer_sent send_data(struct peer *peer, const uint8_t *data, size_t len, const char **why)
{
    uint8_t out[PEER_MTU];
    size_t out_len;
    int error = dtls_conn_send(peer->conn, clock_now(), data, len, out, sizeof out, &out_len);

    if (error != DTLS_OK) {
        *why = dtls_error_string(error);
        return PEER_NOT_NOW;
    }
    wire_send(peer->wire, out, out_len);
    return PEER_SENT;
}

static void rehandshake(struct peer *peer)
{
    enum dtls_rehandshake_mode mode =
        peer->settings->mode == MODE_FULL ? DTLS_REHANDSHAKE_FULL : DTLS_REHANDSHAKE_ABBREVIATED;
    int error = dtls_conn_rehandshake(peer->conn, clock_now(), mode);

    if (error != DTLS_OK)
        call_rehandshake_failed(peer->call, dtls_error_string(error));
    settle(peer);
}

static void close_peer(struct peer *peer)
{
    dtls_conn_close(peer->conn, clock_now());
    send_waiting(peer);
}

const struct peer_library peer_library = {
    .name = "peer-libdtls",
    .cannot = cannot,
    .make = make,
    .free = free_peer,
    .start = start,
    .receive = receive,
    .deadline = deadline,
    .tick = tick,
    .send = send_data,
    .rehandshake = rehandshake,
    .close = close_peer,
};
