/* mbedtls.c - Mbed TLS, 2.28 or 3.x, as its example programs show: mbedtls_ssl_write and mbedtls_ssl_read over
 * mbedtls_net_*. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/timing.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#include "bench/peers/mbedtls_version.h"
#include "bench/udp/party.h"

static const char *const ciphers[] = { "AES-128-GCM", "CHACHA20-POLY1305", NULL };
static const int suites[2][2] = {
    { MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 0 },
    { MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, 0 },
};

/* Lives as long as the process. */
static struct end {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_x509_crt cert;
    mbedtls_pk_context key;
    mbedtls_timing_delay_context timer;
    mbedtls_net_context net;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
} end;

static const char *version(void)
{
    static char text[16];

    mbedtls_version_get_string(text);
    return text;
}

static void must(int result)
{
    char text[160];

    if (result >= 0)
        return;
    mbedtls_strerror(result, text, sizeof text);
    meter_fail(text);
}

static void start_random(void)
{
    mbedtls_entropy_init(&end.entropy);
    mbedtls_ctr_drbg_init(&end.random);
    must(mbedtls_version_start());
    must(mbedtls_ctr_drbg_seed(&end.random, mbedtls_entropy_func, &end.entropy, NULL, 0));
}

static void configure(const struct party *party, int role)
{
    mbedtls_ssl_config_init(&end.config);
    must(mbedtls_ssl_config_defaults(&end.config, role, MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT));
    mbedtls_version_set_dtls12(&end.config);
    mbedtls_ssl_conf_rng(&end.config, mbedtls_ctr_drbg_random, &end.random);
    mbedtls_ssl_conf_authmode(&end.config, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_ciphersuites(&end.config, suites[party->cipher == ciphers[0] ? 0 : 1]);
    if (role == MBEDTLS_SSL_IS_CLIENT)
        return;
    mbedtls_ssl_conf_dtls_cookies(&end.config, NULL, NULL, NULL);
    mbedtls_x509_crt_init(&end.cert);
    mbedtls_pk_init(&end.key);
    must(mbedtls_x509_crt_parse_file(&end.cert, UDP_IDENTITY));
    must(mbedtls_version_read_key(&end.key, UDP_IDENTITY, &end.random));
    must(mbedtls_ssl_conf_own_cert(&end.config, &end.cert, &end.key));
}

static mbedtls_ssl_context *open_end(const struct party *party, int role)
{
    start_random();
    configure(party, role);
    end.net.fd = party->fd;
    mbedtls_ssl_init(&end.ssl);
    must(mbedtls_ssl_setup(&end.ssl, &end.config));
    mbedtls_ssl_set_bio(&end.ssl, &end.net, mbedtls_net_send, mbedtls_net_recv, mbedtls_net_recv_timeout);
    mbedtls_ssl_set_timer_cb(&end.ssl, &end.timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);
    mbedtls_ssl_set_mtu(&end.ssl, PARTY_MTU);
    must(mbedtls_ssl_handshake(&end.ssl));
    return &end.ssl;
}

static void burst(void *arg, const uint8_t *data, size_t size, size_t count)
{
    for (size_t i = 0; i < count; i++)
        must(mbedtls_ssl_write(arg, data, size));
}

static void send_all(const struct party *party)
{
    party_send_bursts(party, burst, open_end(party, MBEDTLS_SSL_IS_CLIENT));
}

static void receive(const struct party *party)
{
    mbedtls_ssl_context *ssl = open_end(party, MBEDTLS_SSL_IS_SERVER);
    uint8_t data[PARTY_MTU];

    for (;;) {
        int result = mbedtls_ssl_read(ssl, data, sizeof data);
        if (result > 0)
            meter_received(party->meter, 1);
        else if (result != MBEDTLS_ERR_SSL_WANT_READ && result != MBEDTLS_ERR_SSL_WANT_WRITE)
            must(result);
    }
}

const struct party_library party_library = { "udp-mbedtls", version, ciphers, send_all, receive };
