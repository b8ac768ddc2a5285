/* identity_peer_wolfssl.c - pre-shared keys with wolfSSL (identity_peer.h). */
#include <stdio.h>
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include "tests/interop/identity_peer.h"

static struct identity_peer *here;
static WOLFSSL_CTX *context;
static WOLFSSL *ssl;

static unsigned int client_key(WOLFSSL *of, const char *hint, char *identity, unsigned int room, unsigned char *key,
                               unsigned int key_room)
{
    (void)of;
    (void)hint;
    if (strlen(here->identity) >= room || here->key_len > key_room)
        return 0;
    strcpy(identity, here->identity);
    memcpy(key, here->key, here->key_len);
    return (unsigned int)here->key_len;
}

static unsigned int server_key(WOLFSSL *of, const char *identity, unsigned char *key, unsigned int room)
{
    (void)of;
    if (strcmp(identity, here->identity) != 0 || here->key_len > room)
        return 0;
    memcpy(key, here->key, here->key_len);
    return (unsigned int)here->key_len;
}

static _Noreturn void fail(const char *what, int result)
{
    identity_peer_fail(what, ssl == NULL ? result : wolfSSL_get_error(ssl, result));
}

void identity_peer_open(struct identity_peer *peer)
{
    here = peer;
    wolfSSL_Init();
    context = wolfSSL_CTX_new(peer->server ? wolfDTLSv1_2_server_method() : wolfDTLSv1_2_client_method());
    if (context == NULL || wolfSSL_CTX_set_cipher_list(context, peer->suite) != WOLFSSL_SUCCESS)
        fail("no such suite", 0);
    if (peer->server)
        wolfSSL_CTX_set_psk_server_callback(context, server_key);
    else
        wolfSSL_CTX_set_psk_client_callback(context, client_key);
    ssl = wolfSSL_new(context);
    if (ssl == NULL || wolfSSL_set_fd(ssl, peer->fd) != WOLFSSL_SUCCESS)
        fail("no memory", 0);
    int result = peer->server ? wolfSSL_accept(ssl) : wolfSSL_connect(ssl);
    if (result != WOLFSSL_SUCCESS)
        fail("handshake", result);
    printf("open %s\n", peer->identity);
}

int identity_peer_read(void *to, size_t room)
{
    int len = wolfSSL_read(ssl, to, (int)room);

    if (len < 0 && wolfSSL_get_error(ssl, len) != WOLFSSL_ERROR_ZERO_RETURN)
        fail("read", len);
    return len < 0 ? 0 : len;
}

void identity_peer_write(const void *from, size_t len)
{
    int sent = wolfSSL_write(ssl, from, (int)len);

    if (sent != (int)len)
        fail("write", sent);
}

void identity_peer_close(void)
{
    wolfSSL_shutdown(ssl);
    wolfSSL_free(ssl);
    wolfSSL_CTX_free(context);
    wolfSSL_Cleanup();
}
