/* pair.h - connections with both ends in this process and no socket, by the library that the peer is linked with: what
 * a library's file implements, and what it may call. memory.c weighs them, work.c times them. */
#ifndef BENCH_PEERS_PAIR_H
#define BENCH_PEERS_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAIR_DATAGRAM = 2048, PAIR_WAITING = 64 }; /* bytes in a datagram, and datagrams on the way, at most */

enum { PAIR_MTU = 1452 }; /* UDP payload that fits into Ethernet by IPv6; what every library is told */

/* P-256 keys everywhere, ECDHE_ECDSA. */
struct pair_case {
    bool chacha;  /* ChaCha20-Poly1305; else AES-128-GCM */
    bool tickets; /* the server issues them, and the client takes them */
    bool p256;    /* as the group, and x25519 otherwise */
};

struct pair_library {
    const char *name; /* of the library */
    const char *(*version)(void);

    /* What all connections of the case share. */
    void (*begin)(const struct pair_case *of);
    void (*finish)(void);

    /* One end of a connection, in the library's own shape. A client resumes `session`, which may be NULL. */
    void *(*make)(bool server, void *session);
    void (*free)(void *end);

    /* Goes on as far as it goes without a datagram more; true when the handshake is done. */
    bool (*shake)(void *end);

    /* What a client needs to resume this, once it has received data. */
    void *(*keep)(void *client);
    void (*drop)(void *session);

    /* One record of data out; and in, which is where it says until the next call. False, or NULL, when that fails. */
    bool (*send)(void *end, const uint8_t *data, size_t len);
    const uint8_t *(*receive)(void *end, size_t *len);

    /* For the library five minutes pass; NULL where it looks at no clock after a handshake. */
    void (*pass)(void);

    bool weighed_elsewhere; /* by bench/memory */
};

extern const struct pair_library pair_library;

/* ---- for the libraries, and the limit ---- */

/* A datagram from the server, or to it, and the next one that waits for it: 0 when there is none. */
void pair_push(bool from_server, const void *datagram, size_t len);
size_t pair_pull(bool to_server, void *out, size_t cap);
bool pair_waits(bool to_server);

/* Nothing is on the way any more; and whether a Certificate was since. */
void pair_forget(void);
bool pair_saw_certificate(void);

/* For `receive`: room for the data of a record, and what has come of a library's read into it: where it is and *len, or
 * NULL where it has read nothing. */
extern uint8_t pair_data[PAIR_DATAGRAM];
const uint8_t *pair_read(long got, size_t *len);

/* ---- for those who measure ---- */

struct pair {
    void *client, *server;
};

/* CPU seconds of both ends, where they are wanted. */
struct pair_cost {
    double client, server;
};

/* A handshake; to be freed by pair_free. The program ends where it does not complete, or where a Certificate went by in
 * spite of a `session`. Both `session` and `cost` may be NULL; what it costs is added. */
void pair_connect(struct pair *pair, void *session, struct pair_cost *cost);

/* A record each way. */
void pair_talk(struct pair *pair);

void pair_free(struct pair *pair, struct pair_cost *cost);

/* ---- for main.c: commands; `argv` begins with their names. They return the exit status. ---- */

/* `memory [--json]` */
int memory_run(int argc, char **argv);

/* `records` and `handshakes`, with options. */
int work_run(int argc, char **argv);

#endif
