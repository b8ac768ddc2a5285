/* gnutls.c - GnuTLS as its manual shows: gnutls_record_send and gnutls_record_recv on a socket. */
#include <gnutls/dtls.h>
#include <gnutls/gnutls.h>
#include <stdio.h>

#include "bench/udp/party.h"

static const char *const ciphers[] = { "AES-128-GCM", "CHACHA20-POLY1305", NULL };

static const char *version(void)
{
    return gnutls_check_version(NULL);
}

static void must(ssize_t result)
{
    if (result < 0)
        meter_fail(gnutls_strerror((int)result));
}

static void set_priority(gnutls_session_t session, const char *cipher)
{
    char text[160];

    snprintf(text, sizeof text, "NORMAL:-VERS-ALL:+VERS-DTLS1.2:-KX-ALL:+ECDHE-ECDSA:-CIPHER-ALL:+%s", cipher);
    must(gnutls_priority_set_direct(session, text, NULL));
}

static gnutls_session_t open_end(const struct party *party, unsigned role)
{
    static gnutls_certificate_credentials_t credentials; /* the session only borrows them */
    gnutls_session_t session;
    int result;

    must(gnutls_certificate_allocate_credentials(&credentials));
    if (role == GNUTLS_SERVER)
        must(gnutls_certificate_set_x509_key_file(credentials, UDP_IDENTITY, UDP_IDENTITY, GNUTLS_X509_FMT_PEM));
    must(gnutls_init(&session, role | GNUTLS_DATAGRAM));
    set_priority(session, party->cipher);
    must(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials));
    gnutls_transport_set_int(session, party->fd);
    gnutls_dtls_set_mtu(session, PARTY_MTU);
    do
        result = gnutls_handshake(session);
    while (result < 0 && gnutls_error_is_fatal(result) == 0);
    must(result);
    return session;
}

static void burst(void *arg, const uint8_t *data, size_t size, size_t count)
{
    for (size_t i = 0; i < count; i++)
        must(gnutls_record_send(arg, data, size));
}

static void send_all(const struct party *party)
{
    gnutls_session_t session = open_end(party, GNUTLS_CLIENT);

    party_send_bursts(party, burst, session);
    gnutls_deinit(session);
}

static void receive(const struct party *party)
{
    gnutls_session_t session = open_end(party, GNUTLS_SERVER);
    uint8_t data[PARTY_MTU];

    for (;;) {
        ssize_t result = gnutls_record_recv(session, data, sizeof data);
        if (result > 0)
            meter_received(party->meter, 1);
        else if (result == 0 || gnutls_error_is_fatal((int)result) != 0)
            return;
    }
}

const struct party_library party_library = { "udp-gnutls", version, ciphers, send_all, receive };
