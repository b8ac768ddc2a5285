/* redis_url.c - redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], and the addresses of the host. */
#define _POSIX_C_SOURCE 200809L /* getaddrinfo */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "adapters/redis_internal.h"

enum { DEFAULT_PORT = 6379 };

/* The bytes from `from` up to `to`, with %XX for any of them; false when they do not fit, or have a NUL. */
static bool copy(char out[REDIS_TEXT], const char *from, const char *to)
{
    size_t len = 0;

    for (; from < to; from++, len++) {
        char digits[3] = { 0 }, *end = digits;
        if (len + 1 >= REDIS_TEXT)
            return false;
        out[len] = *from;
        if (*from != '%')
            continue;
        if (to - from < 3)
            return false;
        memcpy(digits, from + 1, 2);
        out[len] = (char)strtoul(digits, &end, 16);
        if (end != digits + 2 || out[len] == '\0')
            return false;
        from += 2;
    }
    out[len] = '\0';
    return true;
}

static bool read_number(const char *from, const char *to, unsigned long most, unsigned long *out)
{
    if (from == to)
        return false;
    for (*out = 0; from < to; from++) {
        if (*from < '0' || *from > '9')
            return false;
        *out = *out * 10 + (unsigned long)(*from - '0');
        if (*out > most)
            return false;
    }
    return true;
}

bool dtls_redis_read_url(const char *url, struct dtls_redis_place *out)
{
    static const char scheme[] = "redis://";
    unsigned long port = DEFAULT_PORT, database = 0;

    *out = (struct dtls_redis_place){ .host = "" };
    if (url == NULL || strncmp(url, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *at = url + sizeof scheme - 1, *end = at + strlen(at), *slash = strchr(at, '/');
    if (slash != NULL) {
        if (slash[1] != '\0' && !read_number(slash + 1, end, 65535, &database))
            return false;
        end = slash;
    }
    const char *sign = memchr(at, '@', (size_t)(end - at));
    if (sign != NULL) {
        const char *colon = memchr(at, ':', (size_t)(sign - at));
        if (colon == NULL || !copy(out->user, at, colon) || !copy(out->password, colon + 1, sign) ||
            out->password[0] == '\0')
            return false;
        at = sign + 1;
    }
    const char *host_end = at < end && *at == '[' ? memchr(at, ']', (size_t)(end - at)) : NULL;
    if (at < end && *at == '[' && host_end == NULL)
        return false;
    const char *colon =
        memchr(host_end != NULL ? host_end : at, ':', (size_t)(end - (host_end != NULL ? host_end : at)));
    if (colon != NULL && (!read_number(colon + 1, end, 65535, &port) || port == 0))
        return false;
    if (host_end != NULL && (colon != NULL ? colon : end) != host_end + 1)
        return false;
    out->port = (uint16_t)port;
    out->database = (uint32_t)database;
    return copy(out->host, host_end != NULL ? at + 1 : at,
                host_end != NULL ? host_end
                : colon != NULL  ? colon
                                 : end) &&
           out->host[0] != '\0';
}

bool dtls_redis_resolve(struct dtls_redis_place *place)
{
    const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    char port[8];

    snprintf(port, sizeof port, "%u", place->port);
    if (getaddrinfo(place->host, port, &wanted, &found) != 0)
        return false;
    for (const struct addrinfo *at = found; at != NULL && place->address_count < REDIS_ADDRESSES; at = at->ai_next) {
        struct dtls_redis_address *address = &place->addresses[place->address_count++];
        memcpy(&address->at, at->ai_addr, at->ai_addrlen);
        address->len = at->ai_addrlen;
    }
    freeaddrinfo(found);
    return place->address_count > 0;
}
