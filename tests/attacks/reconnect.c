/* reconnect.c - one address that begins association after association, on loopback, at a server of libdtls-ev: its
 * demultiplexer is the one thing that they share. */
#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dtls/ev.h"
#include "tests/attacks/draft.h"
#include "tests/box/identity.h"
#include "tests/tap.h"

enum { MOST_MS = 3000 };

struct storm {
    struct ev_loop *loop;
    struct dtls_config server_config, client_config;
    struct memory memory;
    struct dtls_ev_server *server;
    struct sockaddr_in address;
    struct dtls_ev_conn *victim; /* at an address of its own */
    size_t victim_echoes, victim_ends;
    int socket; /* the one address */
};

/* A client of the test's own, so that many can have one socket. */
struct client {
    struct dtls_conn *conn;
    size_t echoes;
};

static void echo(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    (void)arg;
    if (event->type == DTLS_EVENT_DATA)
        dtls_ev_send(conn, event->data.at, event->data.len, NULL);
}

static void watch_victim(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct storm *storm = arg;

    (void)conn;
    storm->victim_echoes += event->type == DTLS_EVENT_DATA;
    storm->victim_ends += event->type == DTLS_EVENT_CLOSED || event->type == DTLS_EVENT_FAILED;
}

static void take_events(struct client *client)
{
    struct dtls_event event;

    while (dtls_conn_next_event(client->conn, &event))
        client->echoes += event.type == DTLS_EVENT_DATA;
}

static void send_all(struct storm *storm, struct client *client)
{
    uint8_t out[1300];
    size_t len;

    while (dtls_conn_next_datagram(client->conn, dtls_ev_now(), out, sizeof out, &len))
        CU_ASSERT_EQUAL(send(storm->socket, out, len, 0), (ssize_t)len);
}

/* What comes to the socket is the client's, if there is one. */
static void hear(struct storm *storm, struct client *client)
{
    uint8_t in[2000];
    struct pollfd readable = { storm->socket, POLLIN, 0 };

    while (poll(&readable, 1, 1) > 0) {
        ssize_t len = recv(storm->socket, in, sizeof in, MSG_DONTWAIT);
        if (len <= 0 || client == NULL)
            continue;
        dtls_conn_receive(client->conn, dtls_ev_now(), in, (size_t)len);
        take_events(client);
        send_all(storm, client);
    }
    if (client != NULL && dtls_conn_deadline(client->conn) <= dtls_ev_now()) {
        dtls_conn_tick(client->conn, dtls_ev_now());
        take_events(client);
        send_all(storm, client);
    }
}

/* The server, and whoever else is on the loop, do what they have to; then the client. */
static void turn(struct storm *storm, struct client *client)
{
    ev_run(storm->loop, EVRUN_NOWAIT);
    hear(storm, client);
}

/* Until the server has so many; false when it never has. */
static bool counts(struct storm *storm, struct client *client, size_t count)
{
    dtls_time begun = dtls_ev_now();

    for (;;) {
        ev_run(storm->loop, EVRUN_NOWAIT);
        if (dtls_ev_server_count(storm->server) == count)
            return true;
        if (dtls_ev_now() - begun > (dtls_time)MOST_MS * 1000)
            return false;
        hear(storm, client);
    }
}

static bool opens(struct storm *storm, struct client *client)
{
    dtls_time begun = dtls_ev_now();

    while (!dtls_conn_is_open(client->conn) && dtls_ev_now() - begun < (dtls_time)MOST_MS * 1000)
        turn(storm, client);
    return dtls_conn_is_open(client->conn);
}

static void begin_client(struct storm *storm, struct client *client)
{
    *client = (struct client){ .conn = dtls_conn_new(&storm->client_config, DTLS_CLIENT) };
    CU_ASSERT_EQUAL(dtls_conn_start(client->conn, dtls_ev_now()), DTLS_OK);
    send_all(storm, client);
}

static bool gets_an_echo(struct storm *storm, struct client *client)
{
    uint8_t out[1300];
    size_t len, echoes = client->echoes;
    dtls_time begun = dtls_ev_now();

    if (dtls_conn_send(client->conn, begun, (const uint8_t *)"echo", 4, out, sizeof out, &len) != DTLS_OK)
        return false;
    CU_ASSERT_EQUAL(send(storm->socket, out, len, 0), (ssize_t)len);
    while (client->echoes == echoes && dtls_ev_now() - begun < (dtls_time)MOST_MS * 1000)
        turn(storm, client);
    return client->echoes == echoes + 1;
}

static bool victim_lives(struct storm *storm)
{
    size_t echoes = storm->victim_echoes;
    dtls_time begun = dtls_ev_now();

    if (dtls_ev_send(storm->victim, (const uint8_t *)"echo", 4, NULL) != DTLS_OK)
        return false;
    while (storm->victim_echoes == echoes && dtls_ev_now() - begun < (dtls_time)MOST_MS * 1000)
        turn(storm, NULL);
    return storm->victim_ends == 0 && storm->victim_echoes == echoes + 1;
}

static void begin(struct storm *storm)
{
    socklen_t len = sizeof storm->address;

    *storm = (struct storm){ .loop = ev_loop_new(0), .memory = { .fail_at = MEMORY_NEVER_FAILS } };
    dtls_config_init(&storm->client_config);
    dtls_config_preset_realtime(&storm->client_config);
    storm->client_config.verifier = dtls_verifier_accept();
    storm->server_config = storm->client_config;
    storm->server_config.identity = identity_of(IDENTITY_SERVER);
    storm->server_config.handshake_timeout_ms = 300; /* half a handshake keeps its place no longer */
    memory_use(&storm->memory, &storm->server_config);
    storm->address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    CU_ASSERT_EQUAL_FATAL(dtls_ev_listen(storm->loop, &storm->server_config, (struct sockaddr *)&storm->address, len,
                                         NULL, echo, NULL, &storm->server),
                          DTLS_OK);
    CU_ASSERT_EQUAL(dtls_ev_server_address(storm->server, (struct sockaddr *)&storm->address, &len), 0);
    CU_ASSERT_EQUAL_FATAL(dtls_ev_connect(storm->loop, &storm->client_config, (struct sockaddr *)&storm->address, len,
                                          NULL, watch_victim, storm, &storm->victim),
                          DTLS_OK);
    storm->socket = socket(AF_INET, SOCK_DGRAM, 0);
    CU_ASSERT_EQUAL_FATAL(connect(storm->socket, (struct sockaddr *)&storm->address, len), 0);
    dtls_time begun = dtls_ev_now();
    while (!dtls_conn_is_open(dtls_ev_engine(storm->victim)) && dtls_ev_now() - begun < (dtls_time)MOST_MS * 1000)
        turn(storm, NULL);
    CU_ASSERT_TRUE(victim_lives(storm));
}

static void end(struct storm *storm)
{
    CU_ASSERT_TRUE(victim_lives(storm));
    close(storm->socket);
    dtls_ev_free(storm->victim);
    dtls_ev_server_free(storm->server);
    ev_loop_destroy(storm->loop);
    CU_ASSERT_EQUAL(storm->memory.live_blocks, 0);
}

/* Association after association, as fast as they come: ended in order, left after the first hello, or half-way. */
static void storms_of_associations(void)
{
    struct storm storm;
    size_t flat = 0;

    begin(&storm);
    for (size_t i = 0; i < siege_count(60); i++) {
        struct client client;
        begin_client(&storm, &client);
        if (i % 3 == 1) { /* gone after its first hello */
            turn(&storm, NULL);
            dtls_conn_free(client.conn);
            continue;
        }
        if (i % 12 == 2) { /* gone with the handshake half done: the server gives up by itself */
            CU_ASSERT_TRUE(counts(&storm, &client, 2));
            dtls_conn_free(client.conn);
            CU_ASSERT_TRUE(counts(&storm, NULL, 1));
            continue;
        }
        bool open = opens(&storm, &client) && gets_an_echo(&storm, &client);
        CHECK_CASE(open, "association %zu does not open", i);
        if (!open) {
            dtls_conn_free(client.conn);
            break;
        }
        CHECK_CASE(dtls_ev_server_count(storm.server) == 2, "%zu associations", dtls_ev_server_count(storm.server));
        dtls_conn_close(client.conn, dtls_ev_now());
        send_all(&storm, &client);
        CU_ASSERT_TRUE(counts(&storm, &client, 1));
        dtls_conn_free(client.conn);
        if (i == 0)
            flat = storm.memory.live_bytes;
        CHECK_CASE(storm.memory.live_bytes <= flat + 1024, "association %zu leaves %zu bytes instead of %zu", i,
                   storm.memory.live_bytes, flat);
    }
    end(&storm);
}

/* Hellos by the hundred from the address of an association that lives, with cookies too: it lives on. */
static void a_living_association_outlives_the_storm(void)
{
    struct storm storm;
    struct client living;

    begin(&storm);
    begin_client(&storm, &living);
    CU_ASSERT_TRUE(opens(&storm, &living) && gets_an_echo(&storm, &living));
    size_t blocks = storm.memory.live_blocks;
    for (size_t i = 0; i < siege_count(300); i++) {
        static const uint8_t cookie[32] = { 5 };
        struct draft draft = { .random = (uint8_t)i, .cookie = { cookie, i % 2 * sizeof cookie } };
        uint8_t datagram[SIEGE_MOST + 25];
        size_t len = draft_client_hello_datagram(&draft, datagram);
        CU_ASSERT_EQUAL(send(storm.socket, datagram, len, 0), (ssize_t)len);
        if (i % 10 == 0)
            turn(&storm, &living);
    }
    for (int i = 0; i < 20; i++)
        turn(&storm, &living);
    CU_ASSERT_EQUAL(dtls_ev_server_count(storm.server), 2);
    CU_ASSERT_EQUAL(storm.memory.live_blocks, blocks);
    CU_ASSERT_TRUE(gets_an_echo(&storm, &living));
    dtls_conn_free(living.conn);
    end(&storm);
}

static CU_TestInfo tests[] = {
    { "CVE-2026-55950: a storm of associations from one address disturbs nobody", storms_of_associations },
    { "CVE-2026-55950: an association outlives a storm of hellos from its own address",
      a_living_association_outlives_the_storm },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks reconnect", tests);
}
