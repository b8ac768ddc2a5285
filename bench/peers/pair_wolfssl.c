/* pair_wolfssl.c - connections of wolfSSL in memory. Debian builds it without a setting for the MTU. */
#include <stdlib.h>
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include "apps/complain.h"
#include "bench/peers/pair.h"

static WOLFSSL_CTX *contexts[2]; /* of clients, of servers */
static bool p256;

static const char *version(void)
{
    return wolfSSL_lib_version();
}

static void must(int result, const char *what)
{
    if (result != WOLFSSL_SUCCESS)
        refuse("wolfSSL: %s: %d", what, result);
}

/* Which end it is, is all that the transport has to know. */
static int push(WOLFSSL *ssl, char *datagram, int len, void *server)
{
    (void)ssl;
    pair_push(server != NULL, datagram, (size_t)len);
    return len;
}

static int pull(WOLFSSL *ssl, char *out, int cap, void *server)
{
    size_t len = pair_pull(server != NULL, out, (size_t)cap);

    (void)ssl;
    return len > 0 ? (int)len : WOLFSSL_CBIO_ERR_WANT_READ;
}

static void begin(const struct pair_case *of)
{
    wolfSSL_Init();
    p256 = of->p256;
    for (int server = 0; server < 2; server++) {
        WOLFSSL_CTX *context = contexts[server] =
            wolfSSL_CTX_new(server ? wolfDTLSv1_2_server_method() : wolfDTLSv1_2_client_method());
        if (context == NULL)
            refuse("no memory");
        must(wolfSSL_CTX_set_cipher_list(context, of->chacha ? "ECDHE-ECDSA-CHACHA20-POLY1305"
                                                             : "ECDHE-ECDSA-AES128-GCM-SHA256"),
             "suite");
        wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_NONE, NULL);
        wolfSSL_CTX_SetIOSend(context, push);
        wolfSSL_CTX_SetIORecv(context, pull);
        must(wolfSSL_CTX_set_group_messages(context), "grouped messages");
        if (of->tickets && !server)
            must(wolfSSL_CTX_UseSessionTicket(context), "tickets");
        if (!of->tickets && server)
            wolfSSL_CTX_NoTicketTLSv12(context);
        wolfSSL_CTX_set_session_cache_mode(context, WOLFSSL_SESS_CACHE_OFF);
    }
    must(wolfSSL_CTX_use_certificate_chain_file(contexts[true], PEERS_IDENTITY), PEERS_IDENTITY);
    must(wolfSSL_CTX_use_PrivateKey_file(contexts[true], PEERS_IDENTITY, WOLFSSL_FILETYPE_PEM), PEERS_IDENTITY);
}

static void finish(void)
{
    for (int server = 0; server < 2; server++)
        wolfSSL_CTX_free(contexts[server]);
    wolfSSL_Cleanup();
}

static void *make(bool server, void *session)
{
    WOLFSSL *ssl = wolfSSL_new(contexts[server]);

    if (ssl == NULL)
        refuse("no memory");
    wolfSSL_SetIOWriteCtx(ssl, server ? &contexts : NULL);
    wolfSSL_SetIOReadCtx(ssl, server ? &contexts : NULL);
    wolfSSL_dtls_set_using_nonblock(ssl, 1);
    must(wolfSSL_UseSupportedCurve(ssl, p256 ? WOLFSSL_ECC_SECP256R1 : WOLFSSL_ECC_X25519), "group");
    if (!p256)
        must(wolfSSL_UseSupportedCurve(ssl, WOLFSSL_ECC_SECP256R1), "group");
    if (session != NULL)
        must(wolfSSL_set_session(ssl, session), "session");
    return ssl;
}

static void free_end(void *end)
{
    wolfSSL_free(end);
}

static bool shake(void *end)
{
    int result = wolfSSL_is_server(end) ? wolfSSL_accept(end) : wolfSSL_connect(end);

    if (result != WOLFSSL_SUCCESS && wolfSSL_get_error(end, result) != WOLFSSL_ERROR_WANT_READ)
        must(wolfSSL_get_error(end, result), "handshake");
    return result == WOLFSSL_SUCCESS;
}

static void *keep(void *client)
{
    return wolfSSL_get1_session(client);
}

static void drop(void *session)
{
    wolfSSL_SESSION_free(session);
}

static bool send_record(void *end, const uint8_t *data, size_t len)
{
    return wolfSSL_write(end, data, (int)len) == (int)len;
}

static const uint8_t *receive(void *end, size_t *len)
{
    return pair_read(wolfSSL_read(end, pair_data, sizeof pair_data), len);
}

const struct pair_library pair_library = {
    .name = "wolfssl",
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
