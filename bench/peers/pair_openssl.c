/* pair_openssl.c - connections of libssl in memory. A BIO of our own moves the datagrams and keeps none, and
 * SSL_MODE_RELEASE_BUFFERS is on, as SSL_CTX_set_mode(3) advises for many connections that are idle. */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "apps/complain.h"
#include "bench/peers/pair.h"

static SSL_CTX *contexts[2]; /* of clients, of servers */
static BIO_METHOD *method;

static const char *version(void)
{
    return OPENSSL_VERSION_STR;
}

static bool is_server(BIO *bio)
{
    return BIO_get_data(bio) != NULL;
}

static int bio_write(BIO *bio, const char *datagram, int len)
{
    pair_push(is_server(bio), datagram, (size_t)len);
    return len;
}

static int bio_read(BIO *bio, char *out, int cap)
{
    size_t len = pair_pull(is_server(bio), out, (size_t)cap);

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
    return command == BIO_CTRL_FLUSH;
}

static void must(bool fine)
{
    if (!fine)
        refuse("libssl: %s", ERR_reason_error_string(ERR_peek_error()));
}

static SSL_CTX *make_context(bool server, const struct pair_case *of)
{
    SSL_CTX *context = SSL_CTX_new(server ? DTLS_server_method() : DTLS_client_method());

    must(context != NULL && SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context,
                                 of->chacha ? "ECDHE-ECDSA-CHACHA20-POLY1305" : "ECDHE-ECDSA-AES128-GCM-SHA256") == 1 &&
         SSL_CTX_set1_groups_list(context, of->p256 ? "P-256" : "X25519:P-256") == 1);
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | (of->tickets ? 0 : SSL_OP_NO_TICKET));
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    if (server)
        must(SSL_CTX_use_certificate_chain_file(context, PEERS_IDENTITY) == 1 &&
             SSL_CTX_use_PrivateKey_file(context, PEERS_IDENTITY, SSL_FILETYPE_PEM) == 1);
    return context;
}

static void begin(const struct pair_case *of)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");
    must(method != NULL && BIO_meth_set_write(method, bio_write) == 1 && BIO_meth_set_read(method, bio_read) == 1 &&
         BIO_meth_set_ctrl(method, bio_control) == 1);
    for (int server = 0; server < 2; server++)
        contexts[server] = make_context(server == 1, of);
}

static void finish(void)
{
    for (int server = 0; server < 2; server++)
        SSL_CTX_free(contexts[server]);
    BIO_meth_free(method);
}

static void *make(bool server, void *session)
{
    SSL *ssl = SSL_new(contexts[server]);
    BIO *bio = BIO_new(method);

    must(ssl != NULL && bio != NULL);
    BIO_set_data(bio, server ? &contexts : NULL);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_mtu(ssl, PAIR_MTU);
    if (server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    if (session != NULL)
        must(SSL_set_session(ssl, session) == 1);
    return ssl;
}

/* A session whose connection was not shut down is not resumed. */
static void free_end(void *end)
{
    SSL_set_quiet_shutdown(end, 1);
    SSL_shutdown(end);
    SSL_free(end);
}

static bool shake(void *end)
{
    int result = SSL_do_handshake(end);

    must(result == 1 || SSL_get_error(end, result) == SSL_ERROR_WANT_READ);
    return result == 1;
}

static void *keep(void *client)
{
    return SSL_get1_session(client);
}

static void drop(void *session)
{
    SSL_SESSION_free(session);
}

static bool send_record(void *end, const uint8_t *data, size_t len)
{
    return SSL_write(end, data, (int)len) == (int)len;
}

static const uint8_t *receive(void *end, size_t *len)
{
    return pair_read(SSL_read(end, pair_data, sizeof pair_data), len);
}

const struct pair_library pair_library = {
    .name = "openssl",
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
