/* ev_address.h - who sent a datagram: an IPv4 or IPv6 address with its port, comparable and hashable. */
#ifndef DTLS_ADAPTERS_EV_ADDRESS_H
#define DTLS_ADAPTERS_EV_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* As the system calls want it. */
struct dtls_ev_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } of;
    socklen_t len;
};

enum { DTLS_EV_NAME_WORDS = 6 }; /* 16 bytes of address, 4 of scope, 2 of port */

/* What tells one sender from another, and nothing else of the sockaddr. Also what a cookie is bound to. */
struct dtls_ev_name {
    uint32_t words[DTLS_EV_NAME_WORDS];
};

/* The secret that picks the hash function, so that nobody outside can choose addresses that collide. */
struct dtls_ev_hash {
    uint64_t factors[DTLS_EV_NAME_WORDS];
};

/* False for anything but a whole IPv4 or IPv6 address. */
bool dtls_ev_address_set(struct dtls_ev_address *address, const struct sockaddr *from, socklen_t len);

/* The same address, and no port. */
struct dtls_ev_address dtls_ev_address_any_port(const struct dtls_ev_address *address);

struct dtls_ev_name dtls_ev_address_name(const struct dtls_ev_address *address);
bool dtls_ev_name_equal(const struct dtls_ev_name *a, const struct dtls_ev_name *b);
uint32_t dtls_ev_name_hash(const struct dtls_ev_hash *hash, const struct dtls_ev_name *name);

#endif
