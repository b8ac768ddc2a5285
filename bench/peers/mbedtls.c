/* mbedtls.c - the peer that is Mbed TLS, 2.28 or 3.x.
 *
 * Plain use: mbedtls_ssl_renegotiate is called until it returns 0, as its manual reads, and mbedtls_ssl_write whenever
 * a record is due. Careful use: mbedtls_ssl_read does the work once it has begun, because there a client is given
 * data that comes before the ServerHello, and nothing is written while a handshake runs, because mbedtls_ssl_write
 * would run it, too. Filtering has nothing to add: data that comes later is thrown away without harm to the
 * connection. It never abbreviates a rehandshake: neither end offers or finds a session in one. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>

#include "apps/complain.h"
#include "bench/peers/call.h"
#include "bench/peers/clock.h"
#include "bench/peers/log.h"
#include "bench/peers/mbedtls_version.h"
#include "bench/peers/peer.h"
#include "bench/peers/wire.h"

enum {
    LONGEST_TIMEOUT_MS = 60000,
    SUITE_NAME = 80,
    ERROR_TEXT = 160,
};

/* The suites that we have, in our order. */
static const int suites[] = {
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    0,
};

/* The timer that the library sets: two times at which something has passed. 0 for `final`: it is cancelled. */
struct timer {
    uint64_t intermediate, final;
};

struct peer {
    const struct settings *settings;
    struct wire *wire;
    struct call *call;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_x509_crt cert;
    mbedtls_pk_context key;
    mbedtls_ssl_cookie_ctx cookie;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    struct timer timer;
    bool open, over;
    bool asked;    /* for a rehandshake, and it is not done */
    bool renewing; /* the library was in a handshake when last looked at */
    char error[ERROR_TEXT];
};

/* ---- datagrams and time ---- */

static int push(void *pointer, const unsigned char *datagram, size_t len)
{
    struct peer *peer = pointer;

    wire_send(peer->wire, datagram, len);
    return (int)len;
}

static int pull(void *pointer, unsigned char *out, size_t cap)
{
    struct peer *peer = pointer;
    size_t len = wire_take(peer->wire, out, cap);

    return len > 0 ? (int)len : MBEDTLS_ERR_SSL_WANT_READ;
}

static void set_timer(void *pointer, uint32_t intermediate_ms, uint32_t final_ms)
{
    struct timer *timer = pointer;
    uint64_t now = clock_now();

    timer->intermediate = now + (uint64_t)intermediate_ms * 1000;
    timer->final = final_ms > 0 ? now + (uint64_t)final_ms * 1000 : 0;
}

static int get_timer(void *pointer) /* -1: cancelled; else how many of the two times have passed */
{
    const struct timer *timer = pointer;
    uint64_t now = clock_now();

    if (timer->final == 0)
        return -1;
    return (now >= timer->intermediate) + (now >= timer->final);
}

/* ---- settings ---- */

static const char *cannot(const struct settings *settings)
{
    if (settings->rehandshake_at_ms != SETTINGS_NEVER && settings->mode == MODE_ABBREVIATED)
        return "cannot start an abbreviated rehandshake";
    if (settings->use == USE_FILTERING)
        return "cannot gain from filtering: what arrives at a bad time is thrown away, not fatal";
    return NULL;
}

static const char *text_of(struct peer *peer, int error)
{
    mbedtls_strerror(error, peer->error, sizeof peer->error);
    return peer->error;
}

static void must(struct peer *peer, int error, const char *what)
{
    if (error != 0)
        refuse("%s: %s", what, text_of(peer, error));
}

static void load_identity(struct peer *peer)
{
    const struct settings *settings = peer->settings;

    must(peer, mbedtls_x509_crt_parse_file(&peer->cert, settings->cert), settings->cert);
    must(peer, mbedtls_version_read_key(&peer->key, settings->key, &peer->random), settings->key);
    must(peer, mbedtls_ssl_conf_own_cert(&peer->config, &peer->cert, &peer->key), settings->cert);
}

static void set_up_cookies(struct peer *peer)
{
    if (!peer->settings->cookie) { /* the default is that every handshake fails */
        mbedtls_ssl_conf_dtls_cookies(&peer->config, NULL, NULL, NULL);
        return;
    }
    must(peer, mbedtls_ssl_cookie_setup(&peer->cookie, mbedtls_ctr_drbg_random, &peer->random), "cookie");
    mbedtls_ssl_conf_dtls_cookies(&peer->config, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &peer->cookie);
}

static void configure(struct peer *peer)
{
    const struct settings *settings = peer->settings;
    mbedtls_ssl_config *config = &peer->config;
    int role = settings->server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT;
    bool accept = settings->policy == POLICY_ACCEPT;

    must(peer, mbedtls_ssl_config_defaults(config, role, MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT),
         "defaults");
    mbedtls_version_set_dtls12(config);
    mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &peer->random);
    mbedtls_ssl_conf_authmode(config,
                              settings->ask_client_cert ? MBEDTLS_SSL_VERIFY_OPTIONAL : MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_ciphersuites(config, suites);
    mbedtls_ssl_conf_handshake_timeout(config, settings->timeout_ms, LONGEST_TIMEOUT_MS);
    mbedtls_ssl_conf_renegotiation(config,
                                   accept ? MBEDTLS_SSL_RENEGOTIATION_ENABLED : MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    if (settings->use != USE_PLAIN) /* by default, 16 records without an answer end the connection */
        mbedtls_ssl_conf_renegotiation_enforced(config, MBEDTLS_SSL_RENEGOTIATION_NOT_ENFORCED);
    /* So that an open connection is one with RFC 5746, for which there is no question to ask. */
    mbedtls_ssl_conf_legacy_renegotiation(config, MBEDTLS_SSL_LEGACY_BREAK_HANDSHAKE);
    if (settings->server || settings->client_cert)
        load_identity(peer);
    if (settings->server)
        set_up_cookies(peer);
}

static struct peer *make(const struct settings *settings, struct wire *wire, struct call *call)
{
    static struct peer only; /* one a process; and what hangs on it is not lost when a mistake ends the program */
    struct peer *peer = &only;

    peer->settings = settings;
    peer->wire = wire;
    peer->call = call;
    mbedtls_entropy_init(&peer->entropy);
    mbedtls_ctr_drbg_init(&peer->random);
    mbedtls_x509_crt_init(&peer->cert);
    mbedtls_pk_init(&peer->key);
    mbedtls_ssl_cookie_init(&peer->cookie);
    mbedtls_ssl_config_init(&peer->config);
    mbedtls_ssl_init(&peer->ssl);
    must(peer, mbedtls_version_start(), "library");
    must(peer, mbedtls_ctr_drbg_seed(&peer->random, mbedtls_entropy_func, &peer->entropy, NULL, 0), "randomness");
    configure(peer);
    must(peer, mbedtls_ssl_setup(&peer->ssl, &peer->config), "session");
    mbedtls_ssl_set_bio(&peer->ssl, peer, push, pull, NULL);
    mbedtls_ssl_set_timer_cb(&peer->ssl, &peer->timer, set_timer, get_timer);
    mbedtls_ssl_set_mtu(&peer->ssl, PEER_MTU);
    return peer;
}

static void free_peer(struct peer *peer)
{
    mbedtls_ssl_free(&peer->ssl);
    mbedtls_ssl_config_free(&peer->config);
    mbedtls_ssl_cookie_free(&peer->cookie);
    mbedtls_pk_free(&peer->key);
    mbedtls_x509_crt_free(&peer->cert);
    mbedtls_ctr_drbg_free(&peer->random);
    mbedtls_entropy_free(&peer->entropy);
}

/* ---- what happens ---- */

/* "TLS-ECDHE-..." with the IANA name's underscores. */
static const char *suite_name(const struct peer *peer, char out[SUITE_NAME])
{
    const char *name = mbedtls_ssl_get_ciphersuite(&peer->ssl);

    snprintf(out, SUITE_NAME, "%s", name != NULL ? name : "unknown");
    for (char *at = strchr(out, '-'); at != NULL; at = strchr(at, '-'))
        *at = '_';
    return out;
}

static void tell_open(struct peer *peer)
{
    char suite[SUITE_NAME];
    const struct log_handshake handshake = {
        .suite = suite_name(peer, suite),
        .resumed = false,
        .secure_renegotiation = true,
    };

    peer->open = true;
    call_opened(peer->call, &handshake);
}

/* The library tells nothing by itself. What has changed since the last look? */
static void look(struct peer *peer)
{
    bool renewing = !mbedtls_version_handshake_over(&peer->ssl);

    if (peer->over || renewing == (peer->renewing || !peer->open))
        return;
    if (!peer->open) {
        tell_open(peer);
        return;
    }
    peer->renewing = renewing;
    if (!renewing) {
        peer->asked = false;
        call_rehandshake_done(peer->call, false);
    } else if (peer->settings->server || !peer->asked) {
        call_rehandshake_started(peer->call);
    }
}

/* Data before the ServerHello is an error of mbedtls_ssl_renegotiate and mbedtls_ssl_write, and by the manual that is
 * the end; who is careful knows that mbedtls_ssl_read, called next, delivers it. */
static bool is_passing(const struct peer *peer, int error)
{
    return error == MBEDTLS_ERR_SSL_WANT_READ || error == MBEDTLS_ERR_SSL_WANT_WRITE ||
           (error == MBEDTLS_ERR_SSL_WAITING_SERVER_HELLO_RENEGO && peer->settings->use != USE_PLAIN);
}

/* A ClientHello without its cookie has been answered; the next one is the first again. */
static void begin_again(struct peer *peer)
{
    const struct address *from = &peer->wire->other;

    mbedtls_ssl_session_reset(&peer->ssl);
    mbedtls_ssl_set_client_transport_id(&peer->ssl, (const unsigned char *)&from->of, from->len);
}

/* What a call that did not succeed means. */
static void judge(struct peer *peer, int error)
{
    if (is_passing(peer, error))
        return;
    if (error == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED) {
        begin_again(peer);
        return;
    }
    peer->over = true;
    if (error == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
        call_closed(peer->call);
    else
        call_died(peer->call, text_of(peer, error));
}

/* ---- the door ---- */

static bool is_plain_handshake(const struct peer *peer)
{
    return peer->settings->use == USE_PLAIN && peer->asked && !peer->settings->server;
}

static int read_data(struct peer *peer)
{
    uint8_t data[WIRE_DATAGRAM];
    int result = mbedtls_ssl_read(&peer->ssl, data, sizeof data);

    if (result > 0)
        call_received(peer->call, data, (size_t)result);
    return result < 0 ? result : 0;
}

/* One step, of a handshake or of reading. */
static void step(struct peer *peer)
{
    int error;

    if (!peer->open)
        error = mbedtls_ssl_handshake(&peer->ssl);
    else if (is_plain_handshake(peer))
        error = mbedtls_ssl_renegotiate(&peer->ssl);
    else
        error = read_data(peer);
    look(peer);
    if (error != 0)
        judge(peer, error);
}

static void start(struct peer *peer)
{
    if (!peer->settings->server)
        step(peer);
}

static void receive(struct peer *peer)
{
    if (peer->settings->cookie && !peer->open)
        mbedtls_ssl_set_client_transport_id(&peer->ssl, (const unsigned char *)&peer->wire->other.of,
                                            peer->wire->other.len);
    while (!peer->over && !peer->wire->dry)
        step(peer);
}

static uint64_t deadline(const struct peer *peer)
{
    return peer->timer.final > 0 ? peer->timer.final : PEER_NEVER;
}

static void tick(struct peer *peer)
{
    step(peer);
}

static enum peer_sent send_data(struct peer *peer, const uint8_t *data, size_t len, const char **why)
{
    if (peer->settings->use != USE_PLAIN && !mbedtls_version_handshake_over(&peer->ssl)) {
        *why = "a handshake runs";
        return PEER_NOT_NOW;
    }
    int result = mbedtls_ssl_write(&peer->ssl, data, len);
    look(peer);
    if (result >= 0)
        return PEER_SENT;
    judge(peer, result);
    *why = text_of(peer, result);
    return peer->over ? PEER_DIED : PEER_NOT_NOW;
}

/* A client's ClientHello, or a server's HelloRequest. */
static void rehandshake(struct peer *peer)
{
    peer->asked = true;
    int error = mbedtls_ssl_renegotiate(&peer->ssl);
    look(peer);
    if (error != 0)
        judge(peer, error);
}

static void close_peer(struct peer *peer)
{
    mbedtls_ssl_close_notify(&peer->ssl);
}

const struct peer_library peer_library = {
    .name = "peer-mbedtls",
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
