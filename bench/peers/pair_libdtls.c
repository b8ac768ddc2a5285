/* pair_libdtls.c - connections of our own engine in memory, through include/dtls/ alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/complain.h"
#include "bench/peers/pair.h"
#include "dtls/dtls.h"

enum { LARGEST_FILE = 1 << 14 };

#define NOW ((dtls_time)1) /* no datagram is ever lost, and so nothing waits */

static struct dtls_identity *identity;
static struct dtls_config configs[2]; /* by enum dtls_role */
static struct dtls_ticket_keys ticket_keys;

struct end {
    struct dtls_conn *conn;
    bool server;
    uint8_t session[DTLS_SESSION_MAX]; /* the newest, in a client */
    size_t session_len;
    uint8_t datagram[PAIR_DATAGRAM];
};

static const char *version(void)
{
    return PEERS_VERSION;
}

static void must(int error)
{
    if (error != DTLS_OK)
        refuse("libdtls: %s", dtls_error_string(error));
}

static void begin(const struct pair_case *of)
{
    char pem[LARGEST_FILE];
    FILE *file = fopen(PEERS_IDENTITY, "r");
    size_t len = file != NULL ? fread(pem, 1, sizeof pem, file) : 0;

    if (file == NULL)
        refuse("%s cannot be read", PEERS_IDENTITY);
    fclose(file);
    must(dtls_identity_from_pem(pem, len, pem, len, &identity));
    dtls_system_random(NULL, (uint8_t *)&ticket_keys.keys[0], sizeof ticket_keys.keys[0]);
    ticket_keys.keys[0].issue_from = ticket_keys.keys[0].accept_until = 0;
    ticket_keys.count = 1;
    for (int role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
        struct dtls_config *config = &configs[role];
        dtls_config_init(config);
        config->mtu = PAIR_MTU;
        config->verifier = dtls_verifier_accept();
        config->suites[0] =
            of->chacha ? DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256 : DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256;
        config->suite_count = 1;
        config->groups[0] = of->p256 ? DTLS_GROUP_SECP256R1 : DTLS_GROUP_X25519;
        config->group_count = 1;
    }
    configs[DTLS_SERVER].identity = identity;
    configs[DTLS_SERVER].ticket_keys = of->tickets ? &ticket_keys : NULL;
}

static void finish(void)
{
    dtls_identity_free(identity);
}

static void *make(bool server, void *session)
{
    struct end *end = calloc(1, sizeof *end);
    enum dtls_role role = server ? DTLS_SERVER : DTLS_CLIENT;

    if (end == NULL)
        refuse("no memory");
    end->server = server;
    end->conn = dtls_conn_new(&configs[role], role);
    if (end->conn == NULL)
        refuse("no memory");
    if (session != NULL)
        must(dtls_conn_resume(end->conn, session));
    must(dtls_conn_start(end->conn, NOW));
    return end;
}

static void free_end(void *pointer)
{
    struct end *end = pointer;

    dtls_conn_free(end->conn);
    free(end);
}

static bool shake(void *pointer)
{
    struct end *end = pointer;
    struct dtls_event event;
    size_t len;

    while ((len = pair_pull(end->server, end->datagram, sizeof end->datagram)) > 0) {
        must(dtls_conn_receive(end->conn, NOW, end->datagram, len));
        while (dtls_conn_next_event(end->conn, &event))
            if (event.type == DTLS_EVENT_SESSION && !end->server)
                must(dtls_session_write(event.session, end->session, sizeof end->session, &end->session_len));
    }
    while (dtls_conn_next_datagram(end->conn, NOW, end->datagram, sizeof end->datagram, &len))
        pair_push(end->server, end->datagram, len);
    return dtls_conn_is_open(end->conn);
}

static void *keep(void *pointer)
{
    struct end *end = pointer;
    struct dtls_session *session;

    must(dtls_session_read(end->session, end->session_len, &session));
    return session;
}

static void drop(void *session)
{
    dtls_session_free(session);
}

static bool send_record(void *pointer, const uint8_t *data, size_t len)
{
    struct end *end = pointer;
    size_t sealed;

    if (dtls_conn_send(end->conn, NOW, data, len, end->datagram, sizeof end->datagram, &sealed) != DTLS_OK)
        return false;
    pair_push(end->server, end->datagram, sealed);
    return true;
}

static const uint8_t *receive(void *pointer, size_t *len)
{
    struct end *end = pointer;
    const uint8_t *data = NULL;
    struct dtls_event event;

    while (data == NULL && (*len = pair_pull(end->server, end->datagram, sizeof end->datagram)) > 0) {
        must(dtls_conn_receive(end->conn, NOW, end->datagram, *len));
        while (dtls_conn_next_event(end->conn, &event))
            if (event.type == DTLS_EVENT_DATA) {
                data = event.data.at;
                *len = event.data.len;
            }
    }
    return data;
}

const struct pair_library pair_library = {
    .name = "libdtls",
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
    .weighed_elsewhere = true,
};
