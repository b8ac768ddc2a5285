/* openssl.c - the peer that is OpenSSL's libssl, 3.0 or later.
 *
 * Plain use: SSL_renegotiate, then SSL_do_handshake until it is done (SSL_key_update(3)), and SSL_write whenever a
 * record is due. Careful use: SSL_read does all the work, because only there data that arrives before the ServerHello
 * is not fatal, and nothing is written while a handshake runs, because SSL_write would run it, too. Filtering: data
 * that would be fatal is not shown to the library; it is lost, because there is no later time at which it is read. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/time.h>

#include "apps/complain.h"
#include "bench/peers/call.h"
#include "bench/peers/clock.h"
#include "bench/peers/log.h"
#include "bench/peers/peer.h"
#include "bench/peers/wire.h"

enum { FINISHED_MAX = 64, COOKIE = 16 };

struct finished {
    uint8_t bytes[FINISHED_MAX];
    size_t len;
};

struct peer {
    const struct settings *settings;
    struct wire *wire;
    struct call *call;
    BIO_METHOD *method;
    SSL_CTX *context;
    SSL *ssl;
    bool open, over;
    bool asked;               /* for a rehandshake, and it is not done */
    bool renewing;            /* the library was in a handshake when last looked at */
    uint16_t epoch;           /* in force: as many as there were handshakes */
    struct finished finished; /* our own of the last handshake: another one tells that there was another */
};

/* ---- datagrams ---- */

static int bio_write(BIO *bio, const char *datagram, int len)
{
    struct peer *peer = BIO_get_data(bio);

    wire_send(peer->wire, (const uint8_t *)datagram, (size_t)len);
    return len;
}

static int bio_read(BIO *bio, char *out, int cap)
{
    struct peer *peer = BIO_get_data(bio);
    size_t len = wire_take(peer->wire, (uint8_t *)out, (size_t)cap);

    BIO_clear_retry_flags(bio);
    if (len > 0)
        return (int)len;
    BIO_set_retry_read(bio);
    return -1;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH; /* to all the other questions: no, or 0 */
}

static BIO *make_bio(struct peer *peer)
{
    peer->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");
    if (peer->method == NULL || BIO_meth_set_write(peer->method, bio_write) != 1 ||
        BIO_meth_set_read(peer->method, bio_read) != 1 || BIO_meth_set_ctrl(peer->method, bio_control) != 1)
        refuse("libssl: no memory");
    BIO *bio = BIO_new(peer->method);
    if (bio == NULL)
        refuse("libssl: no memory");
    BIO_set_data(bio, peer);
    BIO_set_init(bio, 1);
    return bio;
}

/* ---- settings ---- */

static const char *cannot(const struct settings *settings)
{
    (void)settings;
    return NULL;
}

static const char *reason(void)
{
    unsigned long error = ERR_peek_error();
    const char *text = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error)) : ERR_reason_error_string(error);

    return text != NULL ? text : "unknown reason";
}

static int accept_any(int fine, X509_STORE_CTX *store)
{
    (void)fine;
    (void)store;
    return 1;
}

/* There is one client, so any cookie that is not easily guessed will do. */
static int make_cookie(SSL *ssl, unsigned char *cookie, unsigned int *len)
{
    (void)ssl;
    memset(cookie, 'c', COOKIE);
    *len = COOKIE;
    return 1;
}

static int verify_cookie(SSL *ssl, const unsigned char *cookie, unsigned int len)
{
    unsigned char expected[COOKIE];
    unsigned int expected_len;

    make_cookie(ssl, expected, &expected_len);
    return len == expected_len && memcmp(cookie, expected, len) == 0;
}

static void load_identity(SSL_CTX *context, const struct settings *settings)
{
    if (SSL_CTX_use_certificate_chain_file(context, settings->cert) != 1)
        refuse("%s: %s", settings->cert, reason());
    if (SSL_CTX_use_PrivateKey_file(context, settings->key, SSL_FILETYPE_PEM) != 1)
        refuse("%s: %s", settings->key, reason());
}

static void set_options(SSL_CTX *context, const struct settings *settings)
{
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU);
    if (settings->policy == POLICY_REFUSE)
        SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    else
        SSL_CTX_set_options(context, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
    if (settings->cookie) {
        SSL_CTX_set_options(context, SSL_OP_COOKIE_EXCHANGE);
        SSL_CTX_set_cookie_generate_cb(context, make_cookie);
        SSL_CTX_set_cookie_verify_cb(context, verify_cookie);
    }
    SSL_CTX_set_verify(context, settings->ask_client_cert ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, accept_any);
}

static void make_context(struct peer *peer)
{
    static const unsigned char name[] = "peer"; /* without one, a server that asks for certificates resumes nothing */
    const struct settings *settings = peer->settings;
    SSL_CTX *context = SSL_CTX_new(settings->server ? DTLS_server_method() : DTLS_client_method());

    peer->context = context;
    if (context == NULL || SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
        SSL_CTX_set_session_id_context(context, name, sizeof name - 1) != 1)
        refuse("libssl: %s", reason());
    if (settings->server || settings->client_cert)
        load_identity(context, settings);
    set_options(context, settings);
}

static unsigned int next_timeout(SSL *ssl, unsigned int us)
{
    enum { LONGEST_US = 60000000 };
    const struct peer *peer = SSL_get_app_data(ssl);

    if (us == 0)
        return peer->settings->timeout_ms * 1000;
    return us < LONGEST_US / 2 ? 2 * us : LONGEST_US;
}

/* ---- what happens ---- */

static void on_info(const SSL *ssl, int where, int value)
{
    enum { WARNING = 1 };
    const struct peer *peer = SSL_get_app_data(ssl);
    int level = value >> 8, description = value & 0xff;

    if (where == SSL_CB_READ_ALERT && level == WARNING && description != SSL_AD_CLOSE_NOTIFY)
        call_alert(peer->call, level, description);
}

static void tell_open(struct peer *peer)
{
    const struct log_handshake handshake = {
        .suite = SSL_CIPHER_standard_name(SSL_get_current_cipher(peer->ssl)),
        .resumed = SSL_session_reused(peer->ssl) == 1,
        .secure_renegotiation = SSL_get_secure_renegotiation_support(peer->ssl) == 1,
    };

    call_opened(peer->call, &handshake);
}

/* True when a handshake was completed since the last call. */
static bool has_finished(struct peer *peer)
{
    struct finished now;

    now.len = SSL_get_finished(peer->ssl, now.bytes, sizeof now.bytes);
    bool other = now.len != peer->finished.len || memcmp(now.bytes, peer->finished.bytes, now.len) != 0;
    peer->finished = now;
    return other;
}

/* The library tells nothing by itself. What has changed since the last look? */
static void look(struct peer *peer)
{
    bool renewing = SSL_in_init(peer->ssl) == 1;

    if (peer->over || (!peer->open && !SSL_is_init_finished(peer->ssl)))
        return;
    if (!peer->open) {
        peer->open = true;
        peer->epoch = 1;
        has_finished(peer);
        tell_open(peer);
        return;
    }
    if (renewing && !peer->renewing && (peer->settings->server || !peer->asked))
        call_rehandshake_started(peer->call);
    if (!renewing && has_finished(peer)) {
        peer->asked = false;
        peer->epoch++;
        call_rehandshake_done(peer->call, SSL_session_reused(peer->ssl) == 1);
    }
    peer->renewing = renewing;
}

/* What a call that did not succeed means; `result` is what it returned. */
static void judge(struct peer *peer, int result)
{
    int error = SSL_get_error(peer->ssl, result);

    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return;
    peer->over = true;
    if (error == SSL_ERROR_ZERO_RETURN)
        call_closed(peer->call);
    else
        call_died(peer->call, error == SSL_ERROR_SYSCALL ? "the transport failed" : reason());
}

/* ---- the door ---- */

static struct peer *make(const struct settings *settings, struct wire *wire, struct call *call)
{
    static struct peer only; /* one a process; and what hangs on it is not lost when a mistake ends the program */
    struct peer *peer = &only;

    peer->settings = settings;
    peer->wire = wire;
    peer->call = call;
    make_context(peer);
    peer->ssl = SSL_new(peer->context);
    if (peer->ssl == NULL)
        refuse("libssl: %s", reason());
    BIO *bio = make_bio(peer);
    SSL_set_bio(peer->ssl, bio, bio);
    SSL_set_app_data(peer->ssl, peer);
    SSL_set_info_callback(peer->ssl, on_info);
    DTLS_set_timer_cb(peer->ssl, next_timeout);
    SSL_set_mtu(peer->ssl, PEER_MTU);
    if (settings->server)
        SSL_set_accept_state(peer->ssl);
    else
        SSL_set_connect_state(peer->ssl);
    return peer;
}

static void free_peer(struct peer *peer)
{
    SSL_free(peer->ssl);
    SSL_CTX_free(peer->context);
    BIO_meth_free(peer->method);
}

static bool is_plain_handshake(const struct peer *peer)
{
    return peer->settings->use == USE_PLAIN && peer->asked && !peer->settings->server;
}

/* One step, of the handshake or of reading. */
static void step(struct peer *peer)
{
    uint8_t data[WIRE_DATAGRAM];
    bool shake = !peer->open || is_plain_handshake(peer);

    ERR_clear_error();
    int result = shake ? SSL_do_handshake(peer->ssl) : SSL_read(peer->ssl, data, sizeof data);
    if (result <= 0)
        judge(peer, result);
    look(peer);
    if (result > 0 && !shake)
        call_received(peer->call, data, (size_t)result);
}

/* Data of the epoch in force is fatal in a handshake, unless our ClientHello is all there was of it. Data of the next
 * epoch is kept by the library until its time has come. */
static bool is_fatal(const struct peer *peer)
{
    uint16_t epoch;

    return peer->open && SSL_in_init(peer->ssl) && SSL_get_state(peer->ssl) != TLS_ST_CW_CLNT_HELLO &&
           wire_has_data(peer->wire, &epoch) && epoch == peer->epoch;
}

static void receive(struct peer *peer)
{
    if (peer->settings->use == USE_FILTERING && is_fatal(peer))
        return;
    while (!peer->over && !peer->wire->dry)
        step(peer);
}

static void start(struct peer *peer)
{
    if (!peer->settings->server)
        step(peer);
}

static uint64_t deadline(const struct peer *peer)
{
    struct timeval left;

    if (DTLSv1_get_timeout(peer->ssl, &left) != 1)
        return PEER_NEVER;
    return clock_now() + (uint64_t)left.tv_sec * 1000000 + (uint64_t)left.tv_usec;
}

static void tick(struct peer *peer)
{
    ERR_clear_error();
    if (DTLSv1_handle_timeout(peer->ssl) < 0)
        judge(peer, -1);
    else
        look(peer);
}

static enum peer_sent send_data(struct peer *peer, const uint8_t *data, size_t len, const char **why)
{
    if (peer->settings->use != USE_PLAIN && SSL_in_init(peer->ssl)) {
        *why = "a handshake runs";
        return PEER_NOT_NOW;
    }
    ERR_clear_error();
    int result = SSL_write(peer->ssl, data, (int)len);
    if (result <= 0)
        judge(peer, result);
    look(peer);
    if (result > 0)
        return PEER_SENT;
    *why = "SSL_write: SSL_ERROR_WANT_READ";
    return peer->over ? PEER_DIED : PEER_NOT_NOW;
}

static void rehandshake(struct peer *peer)
{
    bool full = peer->settings->mode == MODE_FULL;

    if (full) /* a client that is asked may offer its session all the same */
        SSL_set_options(peer->ssl, SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
    ERR_clear_error();
    if ((full ? SSL_renegotiate(peer->ssl) : SSL_renegotiate_abbreviated(peer->ssl)) != 1) {
        call_rehandshake_failed(peer->call, reason());
        return;
    }
    peer->asked = true;
    if (peer->settings->use == USE_PLAIN && peer->settings->server) {
        int result = SSL_do_handshake(peer->ssl); /* the HelloRequest */
        if (result <= 0)
            judge(peer, result);
    } else {
        step(peer);
    }
}

static void close_peer(struct peer *peer)
{
    SSL_shutdown(peer->ssl);
}

const struct peer_library peer_library = {
    .name = "peer-openssl",
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
