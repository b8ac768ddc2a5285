/* by_hand.c - the engine without libev: a socket, a clock and poll():  by_hand 127.0.0.1 4433 SHA-256:.. hello
 *
 * Sends the line, prints the answer, renews the keys with an abbreviated rehandshake, and does it once more. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <dtls/dtls.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct client {
    struct dtls_conn *conn;
    const char *line;
    int socket;
    bool renew, over;
} client;

static dtls_time now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (dtls_time)at.tv_sec * 1000000 + (dtls_time)at.tv_nsec / 1000;
}

static void say_line(void)
{
    uint8_t out[1200];
    size_t len;
    int error =
        dtls_conn_send(client.conn, now(), (const uint8_t *)client.line, strlen(client.line), out, sizeof out, &len);

    if (error == DTLS_OK)
        send(client.socket, out, len, 0); /* what the network does not take is lost, as on the way */
    else
        fprintf(stderr, "not sent: %s\n", dtls_error_string(error));
}

static void take(const struct dtls_event *event)
{
    if (event->type == DTLS_EVENT_OPEN || event->type == DTLS_EVENT_REHANDSHAKE_DONE) {
        say_line();
    } else if (event->type == DTLS_EVENT_DATA) {
        uint16_t epoch =
            dtls_conn_epoch(client.conn); /* of our keys: the record may be of those before (event->epoch) */
        printf("epoch %u: %.*s\n", epoch, (int)event->data.len, (const char *)event->data.at);
        if (epoch == 1)
            client.renew = true; /* when all events are taken */
        else
            dtls_conn_close(client.conn, now());
    } else if (event->type == DTLS_EVENT_FAILED) {
        fprintf(stderr, "failed: %s\n", dtls_error_string(event->error));
        client.over = true;
    } else if (event->type == DTLS_EVENT_CLOSED) {
        client.over = true;
    }
}

/* After any call: the events, then the datagrams. */
static void settle(void)
{
    struct dtls_event event;
    uint8_t out[1200]; /* at least the MTU */
    size_t len;

    while (dtls_conn_next_event(client.conn, &event))
        take(&event);
    if (client.renew)
        dtls_conn_rehandshake(client.conn, now(), DTLS_REHANDSHAKE_ABBREVIATED);
    client.renew = false;
    while (dtls_conn_next_datagram(client.conn, now(), out, sizeof out, &len))
        send(client.socket, out, len, 0);
}

/* Until a datagram is there, or the deadline. */
static void wait_for_datagram(void)
{
    struct pollfd in = { .fd = client.socket, .events = POLLIN };
    dtls_time deadline = dtls_conn_deadline(client.conn), at = now();
    int ms = deadline == DTLS_NEVER ? -1 : deadline <= at ? 0 : (int)((deadline - at + 999) / 1000);
    uint8_t datagram[65535];

    if (poll(&in, 1, ms) > 0) {
        ssize_t len = recv(client.socket, datagram, sizeof datagram, 0);
        if (len >= 0) {
            dtls_conn_receive(client.conn, now(), datagram, (size_t)len);
            settle(); /* while `datagram` is there: data events point into it */
        }
    }
    dtls_conn_tick(client.conn, now());
    settle();
}

int main(int argc, char **argv)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(argc == 5 ? (uint16_t)atoi(argv[2]) : 0) };
    uint8_t pin[DTLS_FINGERPRINT_LEN];
    struct dtls_config config;

    if (argc != 5 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 || dtls_fingerprint_parse(argv[3], pin) != DTLS_OK)
        return fprintf(stderr, "usage: by_hand ADDRESS PORT FINGERPRINT LINE\n"), 2;
    dtls_config_init(&config);
    config.verifier = dtls_verifier_pinned(pin);
    client.line = argv[4];
    client.socket = socket(AF_INET, SOCK_DGRAM, 0);
    client.conn = dtls_conn_new(&config, DTLS_CLIENT);
    if (client.conn == NULL || connect(client.socket, (struct sockaddr *)&to, sizeof to) != 0)
        return fprintf(stderr, "cannot connect to %s\n", argv[1]), 1;
    dtls_conn_start(client.conn, now());
    settle();
    while (!client.over)
        wait_for_datagram();
    dtls_conn_free(client.conn);
    return 0;
}
