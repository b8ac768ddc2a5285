/* pair_mbedtls.c - connections of Mbed TLS in memory. Its buffers have the size that the library was built with. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <stdlib.h>

#include "apps/complain.h"
#include "bench/peers/mbedtls_version.h"
#include "bench/peers/pair.h"

enum { TICKET_LIFETIME_S = 86400 };

static const int gcm[] = { MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 0 };
static const int chacha[] = { MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, 0 };

static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context drbg;
static mbedtls_x509_crt cert;
static mbedtls_pk_context key;
static mbedtls_ssl_ticket_context ticket;
static mbedtls_ssl_config configs[2]; /* of clients, of servers */

/* No datagram is ever lost: the timer that the library insists on never expires. */
struct end {
    mbedtls_ssl_context ssl;
    bool server, timer_runs;
};

static const char *version(void)
{
    return MBEDTLS_VERSION_STRING;
}

static void must(int error)
{
    char text[160];

    if (error == 0)
        return;
    mbedtls_strerror(error, text, sizeof text);
    refuse("Mbed TLS: %s", text);
}

static int push(void *pointer, const unsigned char *datagram, size_t len)
{
    pair_push(((struct end *)pointer)->server, datagram, len);
    return (int)len;
}

static int pull(void *pointer, unsigned char *out, size_t cap)
{
    size_t len = pair_pull(((struct end *)pointer)->server, out, cap);

    return len > 0 ? (int)len : MBEDTLS_ERR_SSL_WANT_READ;
}

static void set_timer(void *pointer, uint32_t intermediate_ms, uint32_t final_ms)
{
    (void)intermediate_ms;
    ((struct end *)pointer)->timer_runs = final_ms > 0;
}

static int get_timer(void *pointer)
{
    return ((struct end *)pointer)->timer_runs ? 0 : -1;
}

static void configure(bool server, const struct pair_case *of)
{
    mbedtls_ssl_config *config = &configs[server];

    mbedtls_ssl_config_init(config);
    must(mbedtls_ssl_config_defaults(config, server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                     MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT));
    mbedtls_version_set_dtls12(config);
    mbedtls_version_set_groups(config, of->p256);
    mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &drbg);
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_ciphersuites(config, of->chacha ? chacha : gcm);
    if (!server) {
        mbedtls_ssl_conf_session_tickets(config, of->tickets ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED
                                                             : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
        return;
    }
    must(mbedtls_ssl_conf_own_cert(config, &cert, &key));
    mbedtls_ssl_conf_dtls_cookies(config, NULL, NULL, NULL);
    if (of->tickets)
        mbedtls_ssl_conf_session_tickets_cb(config, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse, &ticket);
}

static void begin(const struct pair_case *of)
{
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&drbg);
    mbedtls_x509_crt_init(&cert);
    mbedtls_pk_init(&key);
    mbedtls_ssl_ticket_init(&ticket);
    must(mbedtls_version_start());
    must(mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0));
    must(mbedtls_x509_crt_parse_file(&cert, PEERS_IDENTITY));
    must(mbedtls_version_read_key(&key, PEERS_IDENTITY, &drbg));
    must(mbedtls_ssl_ticket_setup(&ticket, mbedtls_ctr_drbg_random, &drbg, MBEDTLS_CIPHER_AES_256_GCM,
                                  TICKET_LIFETIME_S));
    for (int server = 0; server < 2; server++)
        configure(server == 1, of);
}

static void finish(void)
{
    for (int server = 0; server < 2; server++)
        mbedtls_ssl_config_free(&configs[server]);
    mbedtls_ssl_ticket_free(&ticket);
    mbedtls_pk_free(&key);
    mbedtls_x509_crt_free(&cert);
    mbedtls_ctr_drbg_free(&drbg);
    mbedtls_entropy_free(&entropy);
}

static void *make(bool server, void *session)
{
    struct end *end = calloc(1, sizeof *end);

    if (end == NULL)
        refuse("no memory");
    end->server = server;
    mbedtls_ssl_init(&end->ssl);
    must(mbedtls_ssl_setup(&end->ssl, &configs[server]));
    mbedtls_ssl_set_bio(&end->ssl, end, push, pull, NULL);
    mbedtls_ssl_set_timer_cb(&end->ssl, end, set_timer, get_timer);
    mbedtls_ssl_set_mtu(&end->ssl, PAIR_MTU);
    if (session != NULL)
        must(mbedtls_ssl_set_session(&end->ssl, session));
    return end;
}

static void free_end(void *pointer)
{
    struct end *end = pointer;

    mbedtls_ssl_free(&end->ssl);
    free(end);
}

static bool shake(void *pointer)
{
    int error = mbedtls_ssl_handshake(&((struct end *)pointer)->ssl);

    must(error == MBEDTLS_ERR_SSL_WANT_READ ? 0 : error);
    return error == 0;
}

static void *keep(void *pointer)
{
    mbedtls_ssl_session *session = calloc(1, sizeof *session);

    if (session == NULL)
        refuse("no memory");
    mbedtls_ssl_session_init(session);
    must(mbedtls_ssl_get_session(&((struct end *)pointer)->ssl, session));
    return session;
}

static void drop(void *session)
{
    mbedtls_ssl_session_free(session);
    free(session);
}

static bool send_record(void *pointer, const uint8_t *data, size_t len)
{
    return mbedtls_ssl_write(&((struct end *)pointer)->ssl, data, len) == (int)len;
}

static const uint8_t *receive(void *pointer, size_t *len)
{
    return pair_read(mbedtls_ssl_read(&((struct end *)pointer)->ssl, pair_data, sizeof pair_data), len);
}

const struct pair_library pair_library = {
    .name = "mbedtls",
    .version = version,
    .begin = begin,
    .finish = finish,
    .make = make,
    .free = free_end,
    .shake = shake,
    .keep = keep,
    .drop = drop,
    .send = send_record,
    .receive = receive,
};
