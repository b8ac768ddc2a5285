/* ev_address.c - what tells one sender from another. Knows no socket. */
#include "adapters/ev_address.h"

#include <string.h>

bool dtls_ev_address_set(struct dtls_ev_address *address, const struct sockaddr *from, socklen_t len)
{
    socklen_t wanted = 0;

    if (from == NULL || len < sizeof(sa_family_t))
        return false;
    if (from->sa_family == AF_INET)
        wanted = sizeof address->of.v4;
    else if (from->sa_family == AF_INET6)
        wanted = sizeof address->of.v6;
    if (wanted == 0 || len < wanted)
        return false;
    memcpy(&address->of, from, wanted);
    address->len = wanted;
    return true;
}

struct dtls_ev_address dtls_ev_address_any_port(const struct dtls_ev_address *address)
{
    struct dtls_ev_address any = *address;

    if (any.of.any.sa_family == AF_INET6)
        any.of.v6.sin6_port = 0;
    else
        any.of.v4.sin_port = 0;
    return any;
}

enum {
    V4_LEN = 4 + 2,
    V6_LEN = 16 + 4 + 2, /* address, scope, port */
    V6_PREFIX = 8,
};

struct dtls_address dtls_ev_address_name(const struct dtls_ev_address *address)
{
    struct dtls_address name = { .len = V4_LEN, .source_len = 4 };

    if (address->of.any.sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = &address->of.v6;
        memcpy(name.bytes, &v6->sin6_addr, 16);
        memcpy(name.bytes + 16, &v6->sin6_scope_id, 4);
        memcpy(name.bytes + 20, &v6->sin6_port, 2);
        name.len = V6_LEN;
        name.source_len = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) ? 16 : V6_PREFIX;
    } else {
        memcpy(name.bytes, &address->of.v4.sin_addr, 4);
        memcpy(name.bytes + 4, &address->of.v4.sin_port, 2);
    }
    return name;
}

struct dtls_ev_address dtls_ev_address_of(const struct dtls_address *name)
{
    struct dtls_ev_address address = { .len = sizeof address.of.v4 };

    if (name->len == V6_LEN) {
        address.of.v6.sin6_family = AF_INET6;
        address.len = sizeof address.of.v6;
        memcpy(&address.of.v6.sin6_addr, name->bytes, 16);
        memcpy(&address.of.v6.sin6_scope_id, name->bytes + 16, 4);
        memcpy(&address.of.v6.sin6_port, name->bytes + 20, 2);
    } else {
        address.of.v4.sin_family = AF_INET;
        memcpy(&address.of.v4.sin_addr, name->bytes, 4);
        memcpy(&address.of.v4.sin_port, name->bytes + 4, 2);
    }
    return address;
}
