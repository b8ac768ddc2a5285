/* alone.c - libdtls without a companion: a client and a server in one process shake hands, and a record arrives. */
#include <dtls/dtls.h>
#include <string.h>

static uint8_t pin[DTLS_FINGERPRINT_LEN];
static struct dtls_conn *client, *server;
static int arrived;

static void take_events(struct dtls_conn *conn)
{
    struct dtls_event event;

    while (dtls_conn_next_event(conn, &event))
        arrived |= event.type == DTLS_EVENT_DATA && event.data.len == 5 && !memcmp(event.data.at, "hello", 5);
}

static void carry(struct dtls_conn *from, struct dtls_conn *to)
{
    uint8_t datagram[1200];
    size_t len;

    while (dtls_conn_next_datagram(from, 0, datagram, sizeof datagram, &len)) {
        dtls_conn_receive(to, 0, datagram, len);
        take_events(to);
    }
}

int main(void)
{
    struct dtls_config for_client, for_server;
    struct dtls_identity *identity;
    uint8_t datagram[1200];
    size_t len;

    if (dtls_identity_generate(DTLS_KEY_ECDSA_P256, "guest", 0, 86400, NULL, NULL, &identity) != DTLS_OK)
        return 1;
    dtls_identity_fingerprint(identity, pin);
    dtls_config_init(&for_server);
    for_server.identity = identity;
    dtls_config_init(&for_client);
    for_client.verifier = dtls_verifier_pinned(pin);

    client = dtls_conn_new(&for_client, DTLS_CLIENT);
    server = dtls_conn_new(&for_server, DTLS_SERVER);
    if (!client || !server || dtls_conn_start(client, 0) != DTLS_OK || dtls_conn_start(server, 0) != DTLS_OK)
        return 1;
    for (int flight = 0; flight < 3; flight++) { /* without cookies two flights each, and one turn to spare */
        carry(client, server);
        carry(server, client);
    }
    if (dtls_conn_send(client, 0, (const uint8_t *)"hello", 5, datagram, sizeof datagram, &len) == DTLS_OK) {
        dtls_conn_receive(server, 0, datagram, len);
        take_events(server);
    }
    dtls_conn_free(client);
    dtls_conn_free(server);
    dtls_identity_free(identity);
    return arrived ? 0 : 1;
}
