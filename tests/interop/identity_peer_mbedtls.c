/* identity_peer_mbedtls.c - pre-shared keys with Mbed TLS 2.28 or 3.x (identity_peer.h). */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/timing.h>
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

static void check(const char *what, int result)
{
    if (result != 0)
        identity_peer_fail(what, result);
}

void identity_peer_open(struct identity_peer *peer)
{
    static int suites[2];
    int result;

    suites[0] = mbedtls_ssl_get_ciphersuite_id(peer->suite);
    if (suites[0] == 0)
        identity_peer_fail("no such suite", 0);
    check("start", mbedtls_version_start());
    mbedtls_ssl_init(&ssl);
    mbedtls_ssl_config_init(&config);
    mbedtls_ctr_drbg_init(&random_context);
    mbedtls_entropy_init(&entropy);
    net.fd = peer->fd;
    check("random", mbedtls_ctr_drbg_seed(&random_context, mbedtls_entropy_func, &entropy, NULL, 0));
    check("defaults", mbedtls_ssl_config_defaults(&config, peer->server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                                  MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT));
    mbedtls_version_set_dtls12(&config);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random_context);
    mbedtls_ssl_conf_ciphersuites(&config, suites);
    mbedtls_ssl_conf_read_timeout(&config, 5000);
    if (peer->server)
        mbedtls_ssl_conf_dtls_cookies(&config, NULL, NULL, NULL);
    check("key", mbedtls_ssl_conf_psk(&config, peer->key, peer->key_len, (const unsigned char *)peer->identity,
                                      strlen(peer->identity)));
    check("set up", mbedtls_ssl_setup(&ssl, &config));
    mbedtls_ssl_set_timer_cb(&ssl, &timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);
    mbedtls_ssl_set_bio(&ssl, &net, mbedtls_net_send, mbedtls_net_recv, mbedtls_net_recv_timeout);
    do
        result = mbedtls_ssl_handshake(&ssl);
    while (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE);
    check("handshake", result);
    printf("open %s\n", peer->identity);
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
}
