/* pair_gnutls.c - connections of GnuTLS in memory. */
#include <errno.h>
#include <gnutls/dtls.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "apps/complain.h"
#include "bench/peers/pair.h"

static gnutls_certificate_credentials_t credentials[2]; /* of clients, of servers */
static gnutls_priority_t priorities;
static gnutls_datum_t ticket_key;
static bool tickets;
static time_t passed_s;

static const char *version(void)
{
    return gnutls_check_version(NULL);
}

static void must(int result, const char *what)
{
    if (result < 0)
        refuse("%s: %s", what, gnutls_strerror(result));
}

/* Which end it is, is all that the transport has to know. */
static ssize_t push(gnutls_transport_ptr_t server, const void *datagram, size_t len)
{
    pair_push(server != NULL, datagram, len);
    return (ssize_t)len;
}

static ssize_t pull(gnutls_transport_ptr_t server, void *out, size_t cap)
{
    size_t len = pair_pull(server != NULL, out, cap);

    if (len > 0)
        return (ssize_t)len;
    errno = EAGAIN;
    return -1;
}

static int pull_timeout(gnutls_transport_ptr_t server, unsigned int ms)
{
    (void)ms;
    return pair_waits(server != NULL) ? 1 : 0;
}

static time_t shifted_time(time_t *out)
{
    time_t now = time(NULL) + passed_s;

    if (out != NULL)
        *out = now;
    return now;
}

/* It keeps its last flight for a minute. */
static void pass(void)
{
    passed_s += 300;
}

static void begin(const struct pair_case *of)
{
    char text[160];

    gnutls_global_set_time_function(shifted_time);
    snprintf(text, sizeof text, "NORMAL:-VERS-ALL:+VERS-DTLS1.2:-KX-ALL:+ECDHE-ECDSA:-CIPHER-ALL:+%s:-GROUP-ALL:%s%s",
             of->chacha ? "CHACHA20-POLY1305" : "AES-128-GCM",
             of->p256 ? "+GROUP-SECP256R1" : "+GROUP-X25519:+GROUP-SECP256R1", of->tickets ? "" : ":%NO_TICKETS");
    must(gnutls_priority_init(&priorities, text, NULL), "priorities");
    for (int server = 0; server < 2; server++)
        must(gnutls_certificate_allocate_credentials(&credentials[server]), "credentials");
    must(gnutls_certificate_set_x509_key_file(credentials[true], PEERS_IDENTITY, PEERS_IDENTITY, GNUTLS_X509_FMT_PEM),
         PEERS_IDENTITY);
    tickets = of->tickets;
    must(gnutls_session_ticket_key_generate(&ticket_key), "ticket key");
}

static void finish(void)
{
    for (int server = 0; server < 2; server++)
        gnutls_certificate_free_credentials(credentials[server]);
    gnutls_priority_deinit(priorities);
    gnutls_free(ticket_key.data);
    ticket_key.data = NULL;
}

static void *make(bool server, void *kept)
{
    const gnutls_datum_t *data = kept;
    gnutls_session_t session;
    unsigned int role = server ? GNUTLS_SERVER : GNUTLS_CLIENT;

    must(gnutls_init(&session, role | GNUTLS_DATAGRAM | GNUTLS_NONBLOCK), "session");
    must(gnutls_priority_set(session, priorities), "priorities");
    must(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials[server]), "credentials");
    if (server && tickets)
        must(gnutls_session_ticket_enable_server(session, &ticket_key), "tickets");
    gnutls_transport_set_ptr(session, server ? &credentials : NULL);
    gnutls_transport_set_push_function(session, push);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_transport_set_pull_timeout_function(session, pull_timeout);
    gnutls_dtls_set_mtu(session, PAIR_MTU);
    if (data != NULL)
        must(gnutls_session_set_data(session, data->data, data->size), "session");
    return session;
}

static void free_end(void *end)
{
    gnutls_deinit(end);
}

static bool shake(void *end)
{
    int result = gnutls_handshake(end);

    if (result < 0 && gnutls_error_is_fatal(result))
        must(result, "handshake");
    return result == GNUTLS_E_SUCCESS;
}

static void *keep(void *client)
{
    gnutls_datum_t *session = malloc(sizeof *session);

    if (session == NULL)
        refuse("no memory");
    must(gnutls_session_get_data2(client, session), "session");
    return session;
}

static void drop(void *session)
{
    gnutls_free(((gnutls_datum_t *)session)->data);
    free(session);
}

static bool send_record(void *end, const uint8_t *data, size_t len)
{
    return gnutls_record_send(end, data, len) == (ssize_t)len;
}

static const uint8_t *receive(void *end, size_t *len)
{
    return pair_read(gnutls_record_recv(end, pair_data, sizeof pair_data), len);
}

const struct pair_library pair_library = {
    .name = "gnutls",
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
    .pass = pass,
};
