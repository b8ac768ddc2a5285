/* client.h - one client: its engine, its socket, and what it has to do when. Knows no other client. */
#ifndef BENCH_LOAD_CLIENT_H
#define BENCH_LOAD_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "apps/address.h"
#include "apps/settings.h"
#include "bench/load/heap.h"
#include "bench/load/tally.h"
#include "dtls/dtls.h"

enum {
    CLIENT_RECORD_MIN = 16, /* bytes: whose, which, and when it was sent */
    CLIENT_RECORD_MAX = 16384,
};

/* What all clients share. */
struct client_plan {
    const struct dtls_config *config;
    const struct address *server;
    uint64_t record_every_us; /* a burst each time; 0: no records */
    uint32_t burst;
    size_t size;                        /* bytes of a record */
    uint64_t rehandshake_every_us;      /* 0: never */
    const struct settings_modes *modes; /* of the rehandshakes, in turn */
    bool wants_session;                 /* until there is one */
    struct dtls_session *session;       /* to resume; NULL: none */
    struct tally *tally;
};

struct client {
    struct heap_alarm alarm; /* first: who has the alarm has the client. Set by its owner, from client_due */
    struct client_plan *plan;
    struct dtls_conn *conn; /* NULL: not begun, or over */
    int fd;                 /* -1 with it */
    uint32_t number;
    uint32_t sent;
    uint32_t turn; /* among the modes */
    bool open;
    bool loaded;             /* between client_begin_load and _end_load */
    bool counted;            /* its owner's: among those that are in their first handshake */
    uint64_t started;        /* the first handshake */
    uint64_t record_at;      /* HEAP_NEVER: no more of them */
    uint64_t rehandshake_at; /* HEAP_NEVER */
    uint64_t asked_at;       /* for the rehandshake that is not done; 0: for none */
};

/* Begins the first handshake; the socket is in client->fd. False, and nothing has begun: errno. */
bool client_start(struct client *client, struct client_plan *plan, uint32_t number, dtls_time now);

/* When client_tick is to be called; HEAP_NEVER. Ask after each of these calls. */
uint64_t client_due(const struct client *client);

/* Each may end it: then conn is NULL, and the tally knows why. */
void client_receive(struct client *client);
void client_tick(struct client *client, dtls_time now);

/* Open ones: records and rehandshakes from now on, the first ones after a part (0 to 1) of their intervals. */
void client_begin_load(struct client *client, dtls_time now, double part);
void client_end_load(struct client *client);

/* close_notify, and the end. */
void client_close(struct client *client, dtls_time now);

dtls_time client_now(void);

#endif
