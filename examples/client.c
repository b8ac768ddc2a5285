/* client.c - sends one line over DTLS and prints the answer:  client 127.0.0.1 4433 SHA-256:.. hello */
#include <arpa/inet.h>
#include <dtls/ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_event(void *line, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    if (event->type == DTLS_EVENT_OPEN) {
        int error = dtls_ev_send(conn, line, strlen(line), NULL);
        if (error != DTLS_OK)
            fprintf(stderr, "not sent: %s\n", dtls_error_string(error));
    } else if (event->type == DTLS_EVENT_DATA) {
        printf("%.*s\n", (int)event->data.len, (const char *)event->data.at);
        dtls_ev_close(conn);
    } else if (event->type == DTLS_EVENT_FAILED) {
        fprintf(stderr, "failed: %s\n", dtls_error_string(event->error));
        exit(1);
    } else if (event->type == DTLS_EVENT_CLOSED) {
        dtls_ev_free(conn); /* nothing is left to wait for, so ev_run returns */
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(argc == 5 ? (uint16_t)atoi(argv[2]) : 0) };
    uint8_t pin[DTLS_FINGERPRINT_LEN];
    struct dtls_config config;
    struct dtls_ev_conn *conn;

    if (argc != 5 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 || dtls_fingerprint_parse(argv[3], pin) != DTLS_OK)
        return fprintf(stderr, "usage: client ADDRESS PORT FINGERPRINT LINE\n"), 2;
    dtls_config_init(&config);
    config.verifier = dtls_verifier_pinned(pin); /* this server and no other */
    if (dtls_ev_connect(EV_DEFAULT, &config, (struct sockaddr *)&to, sizeof to, NULL, on_event, argv[4], &conn))
        return fprintf(stderr, "cannot connect to %s\n", argv[1]), 1;
    return ev_run(EV_DEFAULT, 0);
}
