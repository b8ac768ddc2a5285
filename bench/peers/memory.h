/* memory.h - bytes of heap per connection at rest, of the library that the peer is linked with: what a library's file
 * implements, and what it may call. Both ends of each connection are in this process; there is no socket. */
#ifndef BENCH_PEERS_MEMORY_H
#define BENCH_PEERS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory_case {
    bool chacha;  /* ChaCha20-Poly1305; else AES-128-GCM */
    bool tickets; /* the server issues them, and the client takes them */
};

struct memory_library {
    const char *name; /* of the library */
    const char *(*version)(void);

    /* What all connections of the case share. */
    void (*begin)(const struct memory_case *of);
    void (*finish)(void);

    /* One end of a connection, in the library's own shape. */
    void *(*make)(bool server);
    void (*free)(void *end);

    /* Goes on as far as it goes without a datagram more; true when the handshake is done. */
    bool (*shake)(void *end);

    /* One record of data out, and in; false when that does not work. */
    bool (*send)(void *end);
    bool (*receive)(void *end);

    /* For the library five minutes pass; NULL where it looks at no clock after a handshake. */
    void (*pass)(void);
};

extern const struct memory_library memory_library;

/* ---- for the libraries ---- */

/* A datagram from the server, or to it, and the next one that waits for it: 0 when there is none. */
void memory_push(bool from_server, const void *datagram, size_t len);
size_t memory_pull(bool to_server, void *out, size_t cap);
bool memory_waits(bool to_server);

/* ---- for main.c ---- */

/* `memory [--json]`: measures and prints. Returns the exit status. */
int memory_run(int argc, char **argv);

#endif
