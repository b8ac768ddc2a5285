/* identity_peer_mbedtls.c - a client or a server with Mbed TLS 2.28 or 3.x (identity_peer.h). */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/timing.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>

#include "bench/peers/mbedtls_version.h"
#include "tests/interop/identity_peer.h"

static mbedtls_ssl_context ssl;
static mbedtls_ssl_config config;
static mbedtls_ctr_drbg_context random_context;
static mbedtls_entropy_context entropy;
static mbedtls_timing_delay_context timer;
static mbedtls_net_context net;
static mbedtls_x509_crt cert, authorities;
static mbedtls_pk_context key;
static char asked_for[256]; /* by the client */

static void check(const char *what, int result)
{
    if (result != 0)
        identity_peer_fail(what, result);
}

static int note_name(void *arg, mbedtls_ssl_context *of, const unsigned char *name, size_t len)
{
    (void)arg;
    (void)of;
    if (len >= sizeof asked_for)
        return -1;
    memcpy(asked_for, name, len);
    return 0;
}

static void init(void)
{
    check("start", mbedtls_version_start());
    mbedtls_ssl_init(&ssl);
    mbedtls_ssl_config_init(&config);
    mbedtls_ctr_drbg_init(&random_context);
    mbedtls_entropy_init(&entropy);
    mbedtls_x509_crt_init(&cert);
    mbedtls_x509_crt_init(&authorities);
    mbedtls_pk_init(&key);
    check("random", mbedtls_ctr_drbg_seed(&random_context, mbedtls_entropy_func, &entropy, NULL, 0));
}

static void set_suite(const struct identity_peer *peer)
{
    static int suites[2];

    if (peer->suite == NULL)
        return;
    suites[0] = mbedtls_ssl_get_ciphersuite_id(peer->suite);
    if (suites[0] == 0)
        identity_peer_fail("no such suite", 0);
    mbedtls_ssl_conf_ciphersuites(&config, suites);
}

static void set_certificates(const struct identity_peer *peer)
{
    if (peer->cert != NULL) {
        check(peer->cert, mbedtls_x509_crt_parse_file(&cert, peer->cert));
        check(peer->private_key, mbedtls_version_read_key(&key, peer->private_key, &random_context));
        check("own", mbedtls_ssl_conf_own_cert(&config, &cert, &key));
    }
    mbedtls_ssl_conf_authmode(&config, peer->ca == NULL ? MBEDTLS_SSL_VERIFY_NONE : MBEDTLS_SSL_VERIFY_REQUIRED);
    if (peer->ca != NULL) {
        check(peer->ca, mbedtls_x509_crt_parse_file(&authorities, peer->ca));
        mbedtls_ssl_conf_ca_chain(&config, &authorities, NULL);
    }
}

static void configure(struct identity_peer *peer)
{
    check("defaults", mbedtls_ssl_config_defaults(&config, peer->server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                                  MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT));
    mbedtls_version_set_dtls12(&config);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random_context);
    mbedtls_ssl_conf_read_timeout(&config, 5000);
    set_suite(peer);
    set_certificates(peer);
    if (peer->server) {
        mbedtls_ssl_conf_dtls_cookies(&config, NULL, NULL, NULL);
        mbedtls_ssl_conf_sni(&config, note_name, NULL);
    }
    if (peer->identity != NULL)
        check("key", mbedtls_ssl_conf_psk(&config, peer->key, peer->key_len, (const unsigned char *)peer->identity,
                                          strlen(peer->identity)));
    if (peer->protocol_count > 0)
        check("protocols", mbedtls_ssl_conf_alpn_protocols(&config, peer->protocols));
}

static const char *common_name(void)
{
    static char text[256];
    const mbedtls_x509_crt *of = mbedtls_ssl_get_peer_cert(&ssl);

    if (of == NULL || mbedtls_x509_dn_gets(text, sizeof text, &of->subject) < 0)
        return NULL;
    return strncmp(text, "CN=", 3) == 0 ? text + 3 : text;
}

void identity_peer_open(struct identity_peer *peer)
{
    int result;

    init();
    configure(peer);
    net.fd = peer->fd;
    check("set up", mbedtls_ssl_setup(&ssl, &config));
    if (!peer->server) /* 3.6 verifies nobody unless it is told for which name, and be it none */
        check("name", mbedtls_ssl_set_hostname(&ssl, peer->name));
    mbedtls_ssl_set_timer_cb(&ssl, &timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);
    mbedtls_ssl_set_bio(&ssl, &net, mbedtls_net_send, mbedtls_net_recv, mbedtls_net_recv_timeout);
    do
        result = mbedtls_ssl_handshake(&ssl);
    while (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE);
    check("handshake", result);
    identity_peer_is_open(peer, asked_for[0] == '\0' ? NULL : asked_for, mbedtls_ssl_get_alpn_protocol(&ssl),
                          peer->ca == NULL ? NULL : common_name());
}

int identity_peer_read(void *to, size_t room)
{
    int len;

    do
        len = mbedtls_ssl_read(&ssl, to, room);
    while (len == MBEDTLS_ERR_SSL_WANT_READ || len == MBEDTLS_ERR_SSL_WANT_WRITE);
    if (len < 0 && len != MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
        identity_peer_fail("read", len);
    return len < 0 ? 0 : len;
}

void identity_peer_write(const void *from, size_t len)
{
    int sent = mbedtls_ssl_write(&ssl, from, len);

    if (sent != (int)len)
        identity_peer_fail("write", sent);
}

void identity_peer_close(void)
{
    mbedtls_ssl_close_notify(&ssl);
    mbedtls_ssl_free(&ssl);
    mbedtls_ssl_config_free(&config);
    mbedtls_ctr_drbg_free(&random_context);
    mbedtls_entropy_free(&entropy);
    mbedtls_x509_crt_free(&cert);
    mbedtls_x509_crt_free(&authorities);
    mbedtls_pk_free(&key);
}
