/* sensor.c - a program on plain UDP that sends a reading every tenth of a second and prints what it is told; and what
 * makes it one on DTLS: a block, and the lines that end with DTLS. Without them it is the program that it was before.
 *
 *     sensor 127.0.0.1 4433 50 SHA-256:..      (how many readings, and for DTLS the server's fingerprint) */
#define _DEFAULT_SOURCE /* clock_gettime */
#include <arpa/inet.h>
#include <dtls/conn.h> /* DTLS */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { EVERY_US = 100000, PATIENCE_US = 1000000, LONGEST = 1500 };

static int heard; /* answers */

static uint64_t now(void) /* microseconds, monotonic */
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000 + (uint64_t)at.tv_nsec / 1000;
}

/* ---- DTLS from here ---- */

static struct dtls_config config;
static struct dtls_conn *conn;
static bool over;

static int begin(const char *fingerprint)
{
    static uint8_t pin[DTLS_FINGERPRINT_LEN];

    if (fingerprint == NULL || dtls_fingerprint_parse(fingerprint, pin) != DTLS_OK)
        return fprintf(stderr, "the server's fingerprint is to be SHA-256: and 32 bytes in hex\n"), 2;
    dtls_config_init(&config);
    config.verifier = dtls_verifier_pinned(pin); /* this server and no other */
    conn = dtls_conn_new(&config, DTLS_CLIENT);
    return conn == NULL || dtls_conn_start(conn, now()) != DTLS_OK ? 1 : 0; /* the hello leaves in next_record */
}

/* Seals data[0..*len) into a datagram that is to be sent at once; NULL: it cannot be sent now. */
static const uint8_t *seal(const void *data, size_t *len)
{
    static uint8_t out[LONGEST];
    int error = dtls_conn_send(conn, now(), data, *len, out, sizeof out, len);

    if (error != DTLS_OK)
        fprintf(stderr, "not sent: %s\n", dtls_error_string(error));
    return error == DTLS_OK ? out : NULL;
}

/* To be asked after each turn, until it says false: then all that has happened is known, and what was ready is sent. */
static bool next_record(int udp, const uint8_t **data, ssize_t *len)
{
    uint8_t out[LONGEST]; /* at least the MTU, which is 1,200 where nothing else is said */
    struct dtls_event event;
    size_t out_len;

    while (dtls_conn_next_event(conn, &event)) {
        *data = event.data.at; /* in the datagram that was received */
        *len = (ssize_t)event.data.len;
        if (event.type == DTLS_EVENT_DATA)
            return true;
        over = over || event.type == DTLS_EVENT_FAILED || event.type == DTLS_EVENT_CLOSED;
        fprintf(stderr, "%s %s\n", dtls_event_name(event.type), event.error != 0 ? dtls_error_string(event.error) : "");
    }
    while (dtls_conn_next_datagram(conn, now(), out, sizeof out, &out_len))
        if (send(udp, out, out_len, 0) < 0)
            perror("a datagram is lost"); /* the engine sends it again, as if it were lost on the way */
    return false;
}

/* ---- DTLS to here ---- */

static void tell(int udp, const void *reading, size_t len)
{
    reading = seal(reading, &len); /* DTLS */
    if (reading == NULL)           /* DTLS */
        return;                    /* DTLS */
    if (send(udp, reading, len, 0) < 0)
        perror("a reading is lost");
}

static void hear(const uint8_t *answer, size_t len)
{
    heard++;
    printf("%.*s\n", (int)len, (const char *)answer);
}

int main(int argc, char **argv)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(argc > 3 ? (uint16_t)atoi(argv[2]) : 0) };
    struct pollfd ready = { .fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), .events = POLLIN };
    int sent = 0, count = argc > 3 ? atoi(argv[3]) : 0;
    uint8_t in[LONGEST];
    const uint8_t *data = in;
    uint64_t next = now();
    char reading[32];

    if (argc < 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
        return fprintf(stderr, "usage: sensor ADDRESS PORT COUNT [FINGERPRINT]\n"), 2;
    if (ready.fd < 0 || connect(ready.fd, (struct sockaddr *)&to, sizeof to) != 0)
        return perror(argv[1]), 1;
    int problem = begin(argv[4]); /* DTLS */
    if (problem != 0)             /* DTLS */
        return problem;           /* DTLS */
    while (sent < count || (heard < sent && now() < next + PATIENCE_US)) {
        if (over)                                  /* DTLS */
            break;                                 /* DTLS */
        if (sent == 0 && !dtls_conn_is_open(conn)) /* DTLS */
            next = now() + EVERY_US;               /* DTLS */
        if (sent < count && now() >= next) {
            tell(ready.fd, reading, (size_t)snprintf(reading, sizeof reading, "reading %d", ++sent));
            next += EVERY_US;
            if (sent % 20 == 0)                                            /* DTLS */
                dtls_conn_rehandshake(conn, now(), DTLS_REHANDSHAKE_FULL); /* DTLS */
        }
        ssize_t len = recv(ready.fd, in, sizeof in, 0);
        if (len >= 0)                                        /* DTLS */
            dtls_conn_receive(conn, now(), in, (size_t)len); /* DTLS */
        dtls_conn_tick(conn, now());                         /* DTLS */
        while (next_record(ready.fd, &data, &len))           /* DTLS */
            if (len >= 0)
                hear(data, (size_t)len);
        uint64_t at = now(), wake = sent < count ? next : next + PATIENCE_US;
        if (wake > dtls_conn_deadline(conn)) /* DTLS */
            wake = dtls_conn_deadline(conn); /* DTLS */
        poll(&ready, 1, wake > at ? (int)((wake - at + 999) / 1000) : 0);
    }
    if (over)                                      /* DTLS */
        return dtls_conn_free(conn), 1;            /* DTLS */
    dtls_conn_close(conn, now());                  /* DTLS */
    next_record(ready.fd, &data, &(ssize_t){ 0 }); /* DTLS */
    dtls_conn_free(conn);                          /* DTLS */
    return 0;
}
