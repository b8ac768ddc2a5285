/* identity_peer_wolfssl.c - a client or a server with wolfSSL (identity_peer.h). */
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

static void check(const char *what, int result)
{
    if (result != WOLFSSL_SUCCESS)
        fail(what, result);
}

static void set_certificates(const struct identity_peer *peer)
{
    int verify = WOLFSSL_VERIFY_NONE;

    if (peer->cert != NULL) {
        check(peer->cert, wolfSSL_CTX_use_certificate_chain_file(context, peer->cert));
        check(peer->private_key, wolfSSL_CTX_use_PrivateKey_file(context, peer->private_key, WOLFSSL_FILETYPE_PEM));
    }
    if (peer->ca != NULL) {
        verify = WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT;
        check(peer->ca, wolfSSL_CTX_load_verify_locations(context, peer->ca, NULL));
    }
    wolfSSL_CTX_set_verify(context, verify, NULL);
}

static void set_names(const struct identity_peer *peer)
{
    char list[256] = "";

    if (peer->name != NULL) {
        check("name", wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, peer->name, (unsigned short)strlen(peer->name)));
        if (peer->ca != NULL)
            check("name", wolfSSL_check_domain_name(ssl, peer->name));
    }
    for (size_t i = 0; i < peer->protocol_count; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i == 0 ? "" : ",", peer->protocols[i]);
    if (peer->protocol_count > 0)
        check("protocols", wolfSSL_UseALPN(ssl, list, (unsigned int)strlen(list), WOLFSSL_ALPN_FAILED_ON_MISMATCH));
}

static void say_open(const struct identity_peer *peer)
{
    char protocol[256] = "", *agreed = NULL;
    unsigned short len = 0;
    void *name = NULL;
    WOLFSSL_X509 *of = peer->ca == NULL ? NULL : wolfSSL_get_peer_certificate(ssl);

    if (peer->server)
        wolfSSL_SNI_GetRequest(ssl, WOLFSSL_SNI_HOST_NAME, &name);
    if (wolfSSL_ALPN_GetProtocol(ssl, &agreed, &len) == WOLFSSL_SUCCESS && len < sizeof protocol)
        memcpy(protocol, agreed, len);
    identity_peer_is_open(peer, name, protocol[0] == '\0' ? NULL : protocol,
                          of == NULL ? NULL : wolfSSL_X509_get_subjectCN(of));
    wolfSSL_X509_free(of);
}

void identity_peer_open(struct identity_peer *peer)
{
    here = peer;
    wolfSSL_Init();
    context = wolfSSL_CTX_new(peer->server ? wolfDTLSv1_2_server_method() : wolfDTLSv1_2_client_method());
    if (context == NULL)
        fail("no memory", 0);
    if (peer->suite != NULL && wolfSSL_CTX_set_cipher_list(context, peer->suite) != WOLFSSL_SUCCESS)
        fail("no such suite", 0);
    if (peer->identity != NULL && peer->server)
        wolfSSL_CTX_set_psk_server_callback(context, server_key);
    else if (peer->identity != NULL)
        wolfSSL_CTX_set_psk_client_callback(context, client_key);
    set_certificates(peer);
    ssl = wolfSSL_new(context);
    if (ssl == NULL)
        fail("no memory", 0);
    check("socket", wolfSSL_set_fd(ssl, peer->fd));
    set_names(peer);
    int result = peer->server ? wolfSSL_accept(ssl) : wolfSSL_connect(ssl);
    if (result != WOLFSSL_SUCCESS)
        fail("handshake", result);
    say_open(peer);
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
