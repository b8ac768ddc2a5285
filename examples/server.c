/* server.c - a DTLS server that sends every record back:  server 4433 */
#include <arpa/inet.h>
#include <dtls/ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void on_event(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    (void)arg;
    if (event->type == DTLS_EVENT_DATA)
        dtls_ev_send(conn, event->data.at, event->data.len, NULL);
    else if (event->type == DTLS_EVENT_FAILED)
        fprintf(stderr, "a client failed: %s\n", dtls_error_string(event->error));
}

static void close_one(void *arg, struct dtls_ev_conn *conn)
{
    (void)arg;
    dtls_ev_close(conn);
}

static void on_interrupt(struct ev_loop *loop, ev_signal *signal, int happened)
{
    (void)happened;
    dtls_ev_server_each(signal->data, close_one, NULL);
    ev_break(loop, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(argc == 2 ? (uint16_t)atoi(argv[1]) : 4433) };
    char text[DTLS_FINGERPRINT_TEXT];
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN];
    struct dtls_identity *identity;
    struct dtls_config config;
    struct dtls_ev_server *server;
    ev_signal interrupt;
    int64_t now = time(NULL), month = 30 * 24 * 3600;

    if (dtls_identity_generate(DTLS_KEY_ECDSA_P256, "example", now - 3600, now + month, NULL, NULL, &identity))
        return fprintf(stderr, "cannot make a certificate\n"), 1;
    dtls_config_init(&config);
    config.identity = identity;
    if (dtls_ev_listen(EV_DEFAULT, &config, (struct sockaddr *)&at, sizeof at, NULL, on_event, NULL, &server))
        return perror("cannot listen"), 1;
    dtls_identity_fingerprint(identity, fingerprint); /* what clients pin */
    dtls_fingerprint_format(fingerprint, text);
    printf("port %u, %s\n", ntohs(at.sin_port), text);
    fflush(stdout);

    ev_signal_init(&interrupt, on_interrupt, SIGINT);
    interrupt.data = server;
    ev_signal_start(EV_DEFAULT, &interrupt);
    ev_run(EV_DEFAULT, 0);
    dtls_ev_server_free(server);
    dtls_identity_free(identity);
    return 0;
}
