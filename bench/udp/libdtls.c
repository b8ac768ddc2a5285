/* libdtls.c - libdtls as its manual shows: dtls_ev_send in a turn of a libev loop, and event DATA. When a record leaves
 * is the library's affair. */
#include <arpa/inet.h>
#include <string.h>

#include "bench/udp/party.h"
#include "dtls/ev.h"

static const char *const ciphers[] = { "AES-128-GCM", "CHACHA20-POLY1305", NULL };
static const uint16_t suites[] = { DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256 };

struct sender {
    const struct party *party;
    struct dtls_ev_conn *conn;
    struct ev_loop *loop;
    ev_idle turn; /* as long as it runs, the loop does not wait for anything */
    uint8_t data[PARTY_MOST_SIZE];
};

static const char *version(void)
{
    return UDP_LIBDTLS_VERSION;
}

static void configure(const struct party *party, struct dtls_config *config)
{
    dtls_config_init(config);
    config->verifier = dtls_verifier_accept();
    config->suites[0] = suites[party->cipher == ciphers[0] ? 0 : 1];
    config->suite_count = 1;
    config->mtu = PARTY_MTU;
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

/* ---- sending ---- */

/* A full buffer is told by a refusal: later, then. */
static size_t send_burst(struct sender *sender)
{
    const struct party *party = sender->party;
    size_t sent = 0;

    while (sent < party->burst) {
        int error = dtls_ev_send(sender->conn, sender->data, party->size, NULL);
        if (dtls_error_is_death(error))
            meter_fail(dtls_error_string(error));
        if (error != DTLS_OK)
            break;
        sent++;
    }
    return sent;
}

static void on_turn(struct ev_loop *loop, ev_idle *turn, int happened)
{
    struct sender *sender = turn->data;
    const struct party *party = sender->party;

    (void)happened;
    if (meter_is_over(party->meter))
        ev_break(loop, EVBREAK_ALL);
    else if (meter_has_room(party->meter, party->burst))
        meter_sent(party->meter, send_burst(sender));
}

static void on_sender_event(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct sender *sender = arg;

    (void)conn;
    if (event->type == DTLS_EVENT_FAILED || event->type == DTLS_EVENT_CLOSED)
        meter_fail("the association has ended");
    if (event->type != DTLS_EVENT_OPEN)
        return;
    meter_begin(sender->party->meter);
    ev_idle_start(sender->loop, &sender->turn);
}

static uint16_t wait_for_port(const struct party *party)
{
    uint32_t port;

    while ((port = atomic_load(&party->meter->port)) == 0)
        ;
    return (uint16_t)port;
}

static void send_all(const struct party *party)
{
    enum { LAST_TURNS = 16 };
    static struct dtls_config config;
    static struct sender sender;
    const struct sockaddr_in address = loopback(wait_for_port(party));

    configure(party, &config);
    sender.party = party;
    sender.loop = EV_DEFAULT;
    memset(sender.data, 'd', sizeof sender.data);
    ev_idle_init(&sender.turn, on_turn);
    sender.turn.data = &sender;
    int error = dtls_ev_connect(sender.loop, &config, (const struct sockaddr *)&address, sizeof address, NULL,
                                on_sender_event, &sender, &sender.conn);
    if (error != DTLS_OK)
        meter_fail("dtls_ev_connect");
    party_enlarge_buffers();
    ev_run(sender.loop, 0);
    for (int i = 0; i < LAST_TURNS; i++) /* what has been taken leaves */
        ev_run(sender.loop, EVRUN_NOWAIT);
    dtls_ev_free(sender.conn);
}

/* ---- receiving ---- */

static void on_receiver_event(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    (void)conn;
    if (event->type == DTLS_EVENT_DATA)
        meter_received(arg, 1);
    else if (event->type == DTLS_EVENT_FAILED)
        meter_fail(dtls_error_string(event->error));
}

static void receive(const struct party *party)
{
    static struct dtls_config config;
    struct ev_loop *loop = EV_DEFAULT;
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof address;
    struct dtls_identity *identity;
    struct dtls_ev_server *server;

    configure(party, &config);
    if (dtls_identity_generate(DTLS_KEY_ECDSA_P256, "bench", 0, INT64_C(4000000000), NULL, NULL, &identity) != DTLS_OK)
        meter_fail("no identity");
    config.identity = identity;
    if (dtls_ev_listen(loop, &config, (const struct sockaddr *)&address, len, NULL, on_receiver_event, party->meter,
                       &server) != DTLS_OK ||
        dtls_ev_server_address(server, (struct sockaddr *)&address, &len) != 0)
        meter_fail("dtls_ev_listen");
    party_enlarge_buffers();
    atomic_store(&party->meter->port, ntohs(address.sin_port));
    ev_run(loop, 0);
}

const struct party_library party_library = { "udp-libdtls", version, ciphers, send_all, receive };
