/* gnutls.c - the peer that is GnuTLS, 3.7.4 or later.
 *
 * Plain use: gnutls_handshake is called until it returns 0, as its manual reads; data that it comes across waits in
 * the library until then, if it is not thrown away. Careful use: data is taken at once when it is announced
 * (GNUTLS_E_GOT_APPLICATION_DATA). Filtering: every datagram with data goes to gnutls_record_recv, also in
 * mid-handshake. Sending needs no care: gnutls_record_send works during a rehandshake. */
#include <errno.h>
#include <gnutls/dtls.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>

#include "apps/complain.h"
#include "bench/peers/call.h"
#include "bench/peers/clock.h"
#include "bench/peers/log.h"
#include "bench/peers/peer.h"
#include "bench/peers/wire.h"

/* The suites of NORMAL that we have, in our order. */
static const char priorities[] = "NORMAL:-VERS-ALL:+VERS-DTLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:"
                                 "-CIPHER-ALL:+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM";

enum {
    TOTAL_TIMEOUT_MS = 7200000, /* longer than any call: long after a handshake, a stray record may bring it to mind */
    LEAST_WAIT_US = 10000,      /* gnutls_dtls_get_timeout says 0 also when nothing is to be sent again */
    SESSION_MAX = 8192,
};

/* What a server remembers of its session, to resume it in a rehandshake. */
struct memory {
    uint8_t key[64], data[SESSION_MAX];
    size_t key_len, data_len;
};

struct peer {
    const struct settings *settings;
    struct wire *wire;
    struct call *call;
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t session;
    gnutls_datum_t cookie_key;
    gnutls_dtls_prestate_st prestate;
    bool cookie_checked; /* or not needed */
    bool open, over;
    bool asked;   /* for a rehandshake, and it is not done */
    bool asking;  /* gnutls_rehandshake is to be called again: a server's, until the ClientHello is there */
    bool shaking; /* gnutls_handshake is to be called, not gnutls_record_recv */
    uint64_t due; /* to look after the handshake's timer */
    struct memory memory;
};

/* ---- datagrams ---- */

static ssize_t push(gnutls_transport_ptr_t pointer, const void *datagram, size_t len)
{
    struct peer *peer = pointer;

    wire_send(peer->wire, datagram, len);
    return (ssize_t)len;
}

static ssize_t pull(gnutls_transport_ptr_t pointer, void *out, size_t cap)
{
    struct peer *peer = pointer;
    size_t len = wire_take(peer->wire, out, cap);

    if (len > 0)
        return (ssize_t)len;
    gnutls_transport_set_errno(peer->session, EAGAIN);
    return -1;
}

static int pull_timeout(gnutls_transport_ptr_t pointer, unsigned int ms)
{
    struct peer *peer = pointer;

    (void)ms;
    return wire_waits(peer->wire) ? 1 : 0;
}

/* ---- settings ---- */

static const char *cannot(const struct settings *settings)
{
    if (!settings->server && settings->rehandshake_at_ms != SETTINGS_NEVER && settings->mode == MODE_ABBREVIATED)
        return "cannot start an abbreviated rehandshake as a client";
    return NULL;
}

static void must(int result, const char *what)
{
    if (result < 0)
        refuse("%s: %s", what, gnutls_strerror(result));
}

static int keep_session(void *pointer, gnutls_datum_t key, gnutls_datum_t data)
{
    struct memory *memory = &((struct peer *)pointer)->memory;

    if (key.size > sizeof memory->key || data.size > sizeof memory->data)
        return -1;
    memcpy(memory->key, key.data, key.size);
    memcpy(memory->data, data.data, data.size);
    memory->key_len = key.size;
    memory->data_len = data.size;
    return 0;
}

/* A server that wants a full handshake has forgotten the session. */
static gnutls_datum_t find_session(void *pointer, gnutls_datum_t key)
{
    const struct peer *peer = pointer;
    const struct memory *memory = &peer->memory;
    gnutls_datum_t data = { NULL, 0 };

    if ((peer->asked && peer->settings->mode == MODE_FULL) || key.size != memory->key_len ||
        memcmp(key.data, memory->key, key.size) != 0)
        return data;
    data.data = gnutls_malloc(memory->data_len);
    if (data.data == NULL)
        return data;
    memcpy(data.data, memory->data, memory->data_len);
    data.size = (unsigned int)memory->data_len;
    return data;
}

static int remove_session(void *pointer, gnutls_datum_t key)
{
    (void)pointer;
    (void)key;
    return 0;
}

static void set_up_server(struct peer *peer)
{
    gnutls_certificate_server_set_request(peer->session,
                                          peer->settings->ask_client_cert ? GNUTLS_CERT_REQUEST : GNUTLS_CERT_IGNORE);
    gnutls_db_set_ptr(peer->session, peer);
    gnutls_db_set_store_function(peer->session, keep_session);
    gnutls_db_set_retrieve_function(peer->session, find_session);
    gnutls_db_set_remove_function(peer->session, remove_session);
    if (peer->settings->cookie)
        must(gnutls_key_generate(&peer->cookie_key, GNUTLS_COOKIE_KEY_SIZE), "cookie");
}

static struct peer *make(const struct settings *settings, struct wire *wire, struct call *call)
{
    static struct peer only; /* one a process; and what hangs on it is not lost when a mistake ends the program */
    struct peer *peer = &only;
    unsigned int role = settings->server ? GNUTLS_SERVER : GNUTLS_CLIENT;

    peer->settings = settings;
    peer->wire = wire;
    peer->call = call;
    peer->due = PEER_NEVER;
    peer->cookie_checked = !settings->cookie;
    must(gnutls_certificate_allocate_credentials(&peer->credentials), "credentials");
    if (settings->server || settings->client_cert)
        must(
            gnutls_certificate_set_x509_key_file(peer->credentials, settings->cert, settings->key, GNUTLS_X509_FMT_PEM),
            settings->cert);
    must(gnutls_init(&peer->session, role | GNUTLS_DATAGRAM | GNUTLS_NONBLOCK), "session");
    must(gnutls_priority_set_direct(peer->session, priorities, NULL), "priorities");
    must(gnutls_credentials_set(peer->session, GNUTLS_CRD_CERTIFICATE, peer->credentials), "credentials");
    gnutls_transport_set_ptr(peer->session, peer);
    gnutls_transport_set_push_function(peer->session, push);
    gnutls_transport_set_pull_function(peer->session, pull);
    gnutls_transport_set_pull_timeout_function(peer->session, pull_timeout);
    gnutls_dtls_set_mtu(peer->session, PEER_MTU);
    gnutls_dtls_set_timeouts(peer->session, settings->timeout_ms, TOTAL_TIMEOUT_MS);
    if (settings->server)
        set_up_server(peer);
    return peer;
}

static void free_peer(struct peer *peer)
{
    gnutls_deinit(peer->session);
    gnutls_certificate_free_credentials(peer->credentials);
    gnutls_free(peer->cookie_key.data);
}

/* ---- what happens ---- */

static void die(struct peer *peer, int error)
{
    char text[200];

    snprintf(text, sizeof text, "%s", gnutls_strerror(error));
    if (error == GNUTLS_E_FATAL_ALERT_RECEIVED)
        snprintf(text, sizeof text, "%s: %s", gnutls_strerror(error),
                 gnutls_alert_get_name(gnutls_alert_get(peer->session)));
    peer->over = true;
    gnutls_alert_send_appropriate(peer->session, error);
    call_died(peer->call, text);
}

static void tell_done(struct peer *peer)
{
    bool resumed = gnutls_session_is_resumed(peer->session) != 0;

    peer->shaking = peer->asked = false;
    if (peer->open) {
        call_rehandshake_done(peer->call, resumed);
        return;
    }
    peer->open = true;
    call_opened(peer->call, &(struct log_handshake){
                                .suite = gnutls_ciphersuite_get(peer->session),
                                .resumed = resumed,
                                .secure_renegotiation = gnutls_safe_renegotiation_status(peer->session) != 0,
                            });
}

static void take_alert(struct peer *peer)
{
    enum { WARNING = 1 };
    gnutls_alert_description_t description = gnutls_alert_get(peer->session);

    if (description == GNUTLS_A_NO_RENEGOTIATION && peer->asked) {
        peer->shaking = peer->asking = peer->asked = false;
        call_rehandshake_refused(peer->call);
    } else {
        call_alert(peer->call, WARNING, (int)description);
    }
}

/* ---- steps: each calls the library once ---- */

static void take_data(struct peer *peer);

static void shake(struct peer *peer)
{
    int result = gnutls_handshake(peer->session);

    if (result == GNUTLS_E_SUCCESS)
        tell_done(peer);
    else if (result == GNUTLS_E_WARNING_ALERT_RECEIVED)
        take_alert(peer);
    else if (result == GNUTLS_E_GOT_APPLICATION_DATA && peer->settings->use != USE_PLAIN)
        take_data(peer);
    else if (gnutls_error_is_fatal(result))
        die(peer, result);
}

/* The other side asks. */
static void answer_wish(struct peer *peer)
{
    if (peer->settings->policy == POLICY_REFUSE) {
        gnutls_alert_send(peer->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
        return;
    }
    call_rehandshake_started(peer->call);
    peer->shaking = true;
    shake(peer);
}

static void take_data(struct peer *peer)
{
    uint8_t data[WIRE_DATAGRAM];
    ssize_t result = gnutls_record_recv(peer->session, data, sizeof data);

    if (result > 0) {
        call_received(peer->call, data, (size_t)result);
    } else if (result == 0) {
        peer->over = true;
        call_closed(peer->call);
    } else if (result == GNUTLS_E_REHANDSHAKE) {
        answer_wish(peer);
    } else if (result == GNUTLS_E_WARNING_ALERT_RECEIVED) {
        take_alert(peer);
    } else if (gnutls_error_is_fatal((int)result)) {
        die(peer, (int)result);
    }
}

/* A server's wish: it is not only sent. Without blocking, GNUTLS_E_AGAIN means that the answer is still to come. */
static void ask(struct peer *peer)
{
    int result = gnutls_rehandshake(peer->session);

    if (result == GNUTLS_E_SUCCESS) {
        call_rehandshake_started(peer->call);
        peer->asking = false;
        peer->shaking = true;
        shake(peer);
    } else if (result == GNUTLS_E_WARNING_ALERT_RECEIVED) {
        take_alert(peer);
    } else if (gnutls_error_is_fatal(result)) {
        die(peer, result);
    }
}

/* In mid-handshake, gnutls_rehandshake and gnutls_handshake throw away data that they come across, most of the time.
 * Who filters gives such datagrams to gnutls_record_recv. */
static bool is_filtered(const struct peer *peer)
{
    uint16_t epoch;

    return peer->settings->use == USE_FILTERING && peer->open && wire_has_data(peer->wire, &epoch);
}

static void set_due(struct peer *peer)
{
    bool timer = !peer->open || peer->shaking || peer->asking;
    uint64_t left = timer ? (uint64_t)gnutls_dtls_get_timeout(peer->session) * 1000 : 0;

    peer->due = timer ? clock_now() + (left > LEAST_WAIT_US ? left : LEAST_WAIT_US) : PEER_NEVER;
}

static void step(struct peer *peer)
{
    if (is_filtered(peer))
        take_data(peer);
    else if (peer->asking)
        ask(peer);
    else if (!peer->open || peer->shaking)
        shake(peer);
    else
        take_data(peer);
    if (!peer->over)
        set_due(peer);
}

/* ---- the door ---- */

static void start(struct peer *peer)
{
    if (!peer->settings->server)
        step(peer);
}

static bool check_cookie(struct peer *peer)
{
    struct address *from = &peer->wire->other;
    struct wire *wire = peer->wire;

    if (peer->cookie_checked)
        return true;
    int result =
        gnutls_dtls_cookie_verify(&peer->cookie_key, &from->of, from->len, wire->datagram, wire->len, &peer->prestate);
    if (result < 0) {
        gnutls_dtls_cookie_send(&peer->cookie_key, &from->of, from->len, &peer->prestate, peer, push);
        return false;
    }
    gnutls_dtls_prestate_set(peer->session, &peer->prestate);
    peer->cookie_checked = true;
    return true;
}

/* GNUTLS_E_AGAIN may come while there are records left in the library, so it is asked until it has asked for more. */
static void receive(struct peer *peer)
{
    if (!check_cookie(peer))
        return;
    while (!peer->over && !peer->wire->dry)
        step(peer);
}

static uint64_t deadline(const struct peer *peer)
{
    return peer->due;
}

static void tick(struct peer *peer)
{
    step(peer);
}

static enum peer_sent send_data(struct peer *peer, const uint8_t *data, size_t len, const char **why)
{
    ssize_t result = gnutls_record_send(peer->session, data, len);

    if (result >= 0)
        return PEER_SENT;
    if (gnutls_error_is_fatal((int)result)) {
        die(peer, (int)result);
        return PEER_DIED;
    }
    *why = gnutls_strerror((int)result);
    return PEER_NOT_NOW;
}

static void rehandshake(struct peer *peer)
{
    peer->asked = true;
    peer->asking = peer->settings->server;
    peer->shaking = !peer->settings->server;
    step(peer);
}

static void close_peer(struct peer *peer)
{
    gnutls_bye(peer->session, GNUTLS_SHUT_WR);
}

const struct peer_library peer_library = {
    .name = "peer-gnutls",
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
