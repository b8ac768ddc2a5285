/* openssl.c - OpenSSL's libssl as its manual shows: SSL_write and SSL_read on a connected datagram BIO. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "bench/udp/party.h"

static const char *const ciphers[] = { "AES-128-GCM", "CHACHA20-POLY1305", NULL };
static const char *const names[] = { "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305" };

static const char *version(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}

static _Noreturn void fail(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    meter_fail(reason != NULL ? reason : "libssl: unknown reason");
}

static SSL_CTX *make_context(const struct party *party, bool server)
{
    SSL_CTX *context = SSL_CTX_new(server ? DTLS_server_method() : DTLS_client_method());

    if (context == NULL || SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, names[party->cipher == ciphers[0] ? 0 : 1]) != 1)
        fail();
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU);
    if (server && (SSL_CTX_use_certificate_file(context, UDP_IDENTITY, SSL_FILETYPE_PEM) != 1 ||
                   SSL_CTX_use_PrivateKey_file(context, UDP_IDENTITY, SSL_FILETYPE_PEM) != 1))
        fail();
    return context;
}

static SSL *open_end(const struct party *party, bool server)
{
    struct sockaddr_in other;
    socklen_t len = sizeof other;
    SSL_CTX *context = make_context(party, server);
    SSL *ssl = SSL_new(context);
    BIO *bio = BIO_new_dgram(party->fd, BIO_NOCLOSE);

    if (ssl == NULL || bio == NULL || getpeername(party->fd, (struct sockaddr *)&other, &len) != 0)
        fail();
    SSL_CTX_free(context); /* the SSL has its own hold on it */
    BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &other);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_mtu(ssl, PARTY_MTU);
    if ((server ? SSL_accept(ssl) : SSL_connect(ssl)) != 1)
        fail();
    return ssl;
}

static void burst(void *arg, const uint8_t *data, size_t size, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (SSL_write(arg, data, (int)size) != (int)size)
            fail();
}

static void send_all(const struct party *party)
{
    SSL *ssl = open_end(party, false);

    party_send_bursts(party, burst, ssl);
    SSL_free(ssl);
}

static void receive(const struct party *party)
{
    SSL *ssl = open_end(party, true);
    uint8_t data[PARTY_MTU];

    while (SSL_read(ssl, data, sizeof data) > 0)
        meter_received(party->meter, 1);
}

const struct party_library party_library = { "udp-openssl", version, ciphers, send_all, receive };
