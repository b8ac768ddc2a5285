/* tunnel.c - takes the datagrams of UDP programs through DTLS, of which these know nothing:
 *
 *     tunnel enter 5000 192.0.2.1 4433      beside a client, which talks to 127.0.0.1 port 5000
 *     tunnel exit 4433 127.0.0.1 53         beside the server, which is at 127.0.0.1 port 53; any number of tunnels
 *
 * Both have the same key in the environment variable TUNNEL_KEY: 32 to 64 random characters (openssl rand -hex 32). */
#define _DEFAULT_SOURCE /* SOCK_NONBLOCK */
#include <arpa/inet.h>
#include <dtls/ev.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An association, and the socket on which its program is. An exit has one for each tunnel that comes in. */
struct way {
    struct dtls_ev_conn *conn;  /* enter: NULL until the program says something */
    struct sockaddr_in program; /* enter: who has spoken last; exit: the server */
    ev_io plain;
};

static struct dtls_config config;
static struct dtls_ev_server *server; /* exit */
static struct way *entrance;          /* enter */
static struct sockaddr_in target;     /* enter: the exit; exit: the server */
static struct dtls_psk psk = { .identity = { (const uint8_t *)"tunnel", 6 } };

static void on_event(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event);

static void on_key_wanted(void *arg, struct dtls_question *question, struct dtls_bytes name)
{
    (void)arg, (void)name; /* there is only one */
    dtls_question_answer_psk(question, &psk);
}

static void on_plain(struct ev_loop *loop, ev_io *plain, int happened)
{
    static uint8_t datagram[65535];
    struct way *way = plain->data;

    (void)happened;
    ssize_t len = recvfrom(plain->fd, datagram, sizeof datagram, 0, (struct sockaddr *)&way->program,
                           &(socklen_t){ sizeof way->program });
    if (len < 0)
        return; /* nothing is there after all, or word that nobody listens: a UDP program would not hear it, either */
    int error = way->conn != NULL
                    ? dtls_ev_send(way->conn, datagram, (size_t)len, NULL)
                    : dtls_ev_connect(loop, &config, (struct sockaddr *)&target, sizeof target, NULL, on_event, way,
                                      &way->conn);      /* this datagram is lost; its program will say it again */
    if (error != DTLS_OK && error != DTLS_ERR_NOT_OPEN) /* the handshake runs: lost without a word */
        fprintf(stderr, "%zd bytes are lost: %s\n", len,
                error == DTLS_EV_ERR_SYSTEM ? strerror(errno) : dtls_error_string(error));
}

/* NULL, and a word about it, without memory or a socket. */
static struct way *way_new(const struct sockaddr_in *address, bool listens)
{
    struct way *way = calloc(1, sizeof *way);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (way == NULL || fd < 0 ||
        (listens ? bind : connect)(fd, (const struct sockaddr *)address, sizeof *address) != 0) {
        perror(inet_ntoa(address->sin_addr));
        close(fd);
        free(way);
        return NULL;
    }
    way->program = *address;
    ev_io_init(&way->plain, on_plain, fd, EV_READ);
    way->plain.data = way;
    ev_io_start(EV_DEFAULT, &way->plain);
    return way;
}

static void on_event(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct way *way = arg != NULL ? arg : dtls_ev_data(conn);

    if (event->type == DTLS_EVENT_OPEN && way == NULL) { /* another tunnel at an exit */
        if ((way = way_new(&target, false)) == NULL)
            return dtls_ev_close(conn);
        way->conn = conn;
        dtls_ev_set_data(conn, way);
    } else if (event->type == DTLS_EVENT_DATA) {
        sendto(way->plain.fd, event->data.at, event->data.len, 0, (struct sockaddr *)&way->program,
               sizeof way->program); /* where that fails, a datagram is lost as on any way */
    } else if (event->type == DTLS_EVENT_CLOSED || event->type == DTLS_EVENT_FAILED) {
        fprintf(stderr, "%s: %s\n", dtls_event_name(event->type), dtls_error_string(event->error));
        if (way != NULL && way == entrance) { /* the next datagram makes another association */
            way->conn = NULL;
            dtls_ev_free(conn);
        } else if (way != NULL) { /* the server frees the association */
            ev_io_stop(EV_DEFAULT, &way->plain);
            close(way->plain.fd);
            free(way);
        }
    }
}

static void close_one(void *arg, struct dtls_ev_conn *conn)
{
    (void)arg;
    dtls_ev_close(conn);
}

static void on_end(struct ev_loop *loop, ev_signal *signal, int happened)
{
    (void)signal, (void)happened;
    if (server != NULL)
        dtls_ev_server_each(server, close_one, NULL);
    else if (entrance->conn != NULL)
        dtls_ev_close(entrance->conn);
    ev_break(loop, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(argc == 5 ? (uint16_t)atoi(argv[2]) : 0) };
    ev_signal ends[2];
    bool enter = argc == 5 && strcmp(argv[1], "enter") == 0;

    target = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(argc == 5 ? (uint16_t)atoi(argv[4]) : 0) };
    if (argc != 5 || (!enter && strcmp(argv[1], "exit") != 0) || inet_pton(AF_INET, argv[3], &target.sin_addr) != 1)
        return fprintf(stderr, "usage: tunnel enter|exit PORT ADDRESS PORT\n"), 2;
    psk.key.at = (const uint8_t *)getenv("TUNNEL_KEY");
    psk.key.len = psk.key.at != NULL ? strlen(getenv("TUNNEL_KEY")) : 0;
    if (psk.key.len < 32 || psk.key.len > DTLS_PSK_MAX_KEY)
        return fprintf(stderr, "TUNNEL_KEY is to be 32 to 64 characters\n"), 2;
    dtls_config_init(&config);
    config.psk = on_key_wanted;
    config.renew_after_s = 60;           /* new keys every minute; */
    config.rehandshake_mandatory = true; /* who does not answer then is gone: the association fails, and is made anew */
    config.rehandshake_timeout_ms = 10000;
    at.sin_addr.s_addr = htonl(enter ? INADDR_LOOPBACK : INADDR_ANY); /* the key does not ask who is at the entrance */
    if (enter && (entrance = way_new(&at, true)) == NULL)
        return 1;
    if (!enter && dtls_ev_listen(EV_DEFAULT, &config, (struct sockaddr *)&at, sizeof at, NULL, on_event, NULL, &server))
        return perror("cannot listen"), 1;
    enter ? getsockname(entrance->plain.fd, (struct sockaddr *)&at, &(socklen_t){ sizeof at })
          : dtls_ev_server_address(server, (struct sockaddr *)&at, &(socklen_t){ sizeof at });
    printf("port %u\n", ntohs(at.sin_port)), fflush(stdout);
    for (int i = 0; i < 2; i++) {
        ev_signal_init(&ends[i], on_end, i == 0 ? SIGTERM : SIGINT);
        ev_signal_start(EV_DEFAULT, &ends[i]);
    }
    ev_run(EV_DEFAULT, 0);
    return dtls_ev_server_free(server), 0;
}
