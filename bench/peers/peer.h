/* peer.h - the door between the common part and a library: what each library's file implements. What it may call in
 * return is in wire.h (datagrams) and call.h (what happens). */
#ifndef BENCH_PEERS_PEER_H
#define BENCH_PEERS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/peers/settings.h"

struct call;
struct wire;
struct peer; /* one association; every library's file has its own */

#define PEER_NEVER UINT64_MAX

enum { PEER_MTU = 1200 }; /* UDP payload bytes; what every library is told */

enum peer_sent {
    PEER_SENT,
    PEER_NOT_NOW, /* refused, and nothing changed: may be tried again */
    PEER_DIED,    /* the connection is over, and call_died has said why */
};

/*
 * What a library does. A function that finds out what has happened says it at once, by the functions of call.h; after
 * call_died or call_closed only `free` is called. Times are clock_now().
 */
struct peer_library {
    const char *name; /* of the program */

    /* Which of the settings the library cannot do, as "cannot ..."; NULL when it can do all. */
    const char *(*cannot)(const struct settings *settings);

    /* All arguments outlive the association. Refuses (exit 2) a bad certificate or key. */
    struct peer *(*make)(const struct settings *settings, struct wire *wire, struct call *call);
    void (*free)(struct peer *peer);

    /* Begins the first handshake; a server waits for its client. */
    void (*start)(struct peer *peer);

    /* A datagram waits (wire_take): takes it, and everything that comes of it. Left alone, it is dropped. */
    void (*receive)(struct peer *peer);

    /* When `tick` must be called, or PEER_NEVER; `tick` may be called early. */
    uint64_t (*deadline)(const struct peer *peer);
    void (*tick)(struct peer *peer);

    /* One record, after OPEN; with PEER_NOT_NOW *why says why, in words that last. */
    enum peer_sent (*send)(struct peer *peer, const uint8_t *data, size_t len, const char **why);

    /* Asks for a rehandshake of settings->mode. */
    void (*rehandshake)(struct peer *peer);

    /* close_notify; nothing is said to the call any more. */
    void (*close)(struct peer *peer);
};

extern const struct peer_library peer_library;

#endif
