/* redis_url.c - redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], and the addresses of the host; or
 * redis+unix:[[USER]:PASSWORD@]PATH. */
#define _POSIX_C_SOURCE 200809L /* getaddrinfo */
#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "adapters/redis_internal.h"

enum { DEFAULT_PORT = 6379 };

/* The bytes from `from` up to `to`, with %XX for any of them; false when they do not fit, or have a NUL. */
static bool copy(char out[REDIS_TEXT], const char *from, const char *to)
{
    size_t len = 0;

    for (; from < to; from++, len++) {
        char digits[3] = { 0 };
        if (len + 1 >= REDIS_TEXT)
            return false;
        out[len] = *from;
        if (*from != '%')
            continue;
        if (to - from < 3 || !isxdigit((unsigned char)from[1]) || !isxdigit((unsigned char)from[2]))
            return false;
        memcpy(digits, from + 1, 2);
        out[len] = (char)strtoul(digits, NULL, 16);
        if (out[len] == '\0')
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

/* Before the @, if there is one up to `end`. Returns what is behind it; NULL: that is nobody. */
static const char *read_who(const char *at, const char *end, struct dtls_redis_place *out)
{
    const char *sign = memchr(at, '@', (size_t)(end - at));

    if (sign == NULL)
        return at;
    const char *colon = memchr(at, ':', (size_t)(sign - at));
    bool ok =
        colon != NULL && copy(out->user, at, colon) && copy(out->password, colon + 1, sign) && out->password[0] != '\0';
    return ok ? sign + 1 : NULL;
}

/* The path begins at the first slash, so that an @ in it is its own. */
static bool read_unix(const char *at, struct dtls_redis_place *out)
{
    struct dtls_redis_address *address = &out->addresses[0];
    struct sockaddr_un unix_address = { .sun_family = AF_UNIX };
    const char *slash = strchr(at, '/');

    if (slash == NULL || read_who(at, slash, out) != slash || strlen(slash) >= sizeof unix_address.sun_path)
        return false;
    memcpy(unix_address.sun_path, slash, strlen(slash));
    memcpy(&address->at, &unix_address, sizeof unix_address);
    address->len = sizeof unix_address;
    out->address_count = 1;
    return true;
}

/* [:PORT], which is all that there is. */
static bool read_port(const char *at, const char *end, unsigned long *out)
{
    return at == end || (*at == ':' && read_number(at + 1, end, 65535, out) && *out != 0);
}

bool dtls_redis_read_url(const char *url, struct dtls_redis_place *out)
{
    static const char scheme[] = "redis://", unix_scheme[] = "redis+unix:";
    unsigned long port = DEFAULT_PORT, database = 0;

    *out = (struct dtls_redis_place){ .host = "" };
    if (url != NULL && strncmp(url, unix_scheme, sizeof unix_scheme - 1) == 0)
        return read_unix(url + sizeof unix_scheme - 1, out);
    if (url == NULL || strncmp(url, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *at = url + sizeof scheme - 1, *end = at + strlen(at), *slash = strchr(at, '/');
    if (slash != NULL) {
        if (slash[1] != '\0' && !read_number(slash + 1, end, 65535, &database))
            return false;
        end = slash;
    }
    at = read_who(at, end, out);
    if (at == NULL)
        return false;
    bool is_bracketed = at < end && *at == '[';
    at += is_bracketed;
    const char *host_end = memchr(at, is_bracketed ? ']' : ':', (size_t)(end - at));
    if (host_end == NULL && is_bracketed)
        return false;
    if (host_end == NULL)
        host_end = end;
    out->database = (uint32_t)database;
    bool ok = read_port(host_end + is_bracketed, end, &port) && copy(out->host, at, host_end);
    out->port = (uint16_t)port;
    return ok && out->host[0] != '\0';
}

bool dtls_redis_resolve(struct dtls_redis_place *place)
{
    const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    char port[8];

    if (place->address_count > 0)
        return true;
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
