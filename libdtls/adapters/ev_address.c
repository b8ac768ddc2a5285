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

struct dtls_ev_name dtls_ev_address_name(const struct dtls_ev_address *address)
{
    struct dtls_ev_name name = { 0 };

    if (address->of.any.sa_family == AF_INET6) {
        memcpy(name.words, &address->of.v6.sin6_addr, 16);
        name.words[4] = address->of.v6.sin6_scope_id;
        name.words[5] = address->of.v6.sin6_port;
    } else {
        name.words[0] = address->of.v4.sin_addr.s_addr;
        name.words[5] = address->of.v4.sin_port;
    }
    return name;
}

bool dtls_ev_name_equal(const struct dtls_ev_name *a, const struct dtls_ev_name *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* Multilinear hashing: over random factors any two names collide with probability 2^-32, whoever chose them. */
uint32_t dtls_ev_name_hash(const struct dtls_ev_hash *hash, const struct dtls_ev_name *name)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < DTLS_EV_NAME_WORDS; i++)
        sum += hash->factors[i] * name->words[i];
    return (uint32_t)(sum >> 32);
}
