/* ev_address.h - who sent a datagram: an IPv4 or IPv6 address with its port, as the system and as the core want it. */
#ifndef DTLS_ADAPTERS_EV_ADDRESS_H
#define DTLS_ADAPTERS_EV_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "dtls/endpoint.h"

/* As the system calls want it. */
struct dtls_ev_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } of;
    socklen_t len;
};

/* False for anything but a whole IPv4 or IPv6 address. */
bool dtls_ev_address_set(struct dtls_ev_address *address, const struct sockaddr *from, socklen_t len);

/* The same address, and no port. */
struct dtls_ev_address dtls_ev_address_any_port(const struct dtls_ev_address *address);

/* The same as the core wants it, and back. Its source is the IPv4 address, or the first half of the IPv6 one, which is
 * one subscriber's. */
struct dtls_address dtls_ev_address_name(const struct dtls_ev_address *address);
struct dtls_ev_address dtls_ev_address_of(const struct dtls_address *name);

#endif
