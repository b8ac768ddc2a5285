/* impair_proxy.h - a UDP proxy with a bad network inside: clients on one socket, one socket each towards the server. */
#ifndef IMPAIR_PROXY_H
#define IMPAIR_PROXY_H

#include <signal.h>

#include "apps/address.h"
#include "apps/impair_fate.h"
#include "apps/impair_ledger.h"
#include "apps/impair_queue.h"

enum { IMPAIR_CLIENTS = 1024 };

struct impair_client {
    struct address address; /* whom this client's datagrams come from */
    int socket;             /* connected to the server */
};

/* Both directions' arrays are indexed by enum impair_direction. */
struct impair_proxy {
    struct impair_settings settings;
    struct impair_random random[2];
    struct impair_ledger ledger[2];
    struct address listen; /* after impair_proxy_open with the port that was chosen */
    struct address to;
    bool verbose; /* say on stderr what happens to each datagram */

    /* The proxy's own. */
    int listener;
    struct impair_queue queue;
    struct impair_client clients[IMPAIR_CLIENTS]; /* kept until the end: a client beyond them finds no way through */
    size_t client_count;
};

/* Binds the listening socket. False, with the cause in errno, when that fails. */
bool impair_proxy_open(struct impair_proxy *proxy);

/* Carries datagrams until *stop is set or `seconds` have passed. Whoever sets *stop in a signal handler keeps the
 * signal blocked; only `waiting`, the mask while waiting, lets it through. What is still under way at the end is
 * counted as lost. */
void impair_proxy_run(struct impair_proxy *proxy, double seconds, const sigset_t *waiting,
                      const volatile sig_atomic_t *stop);

#endif
