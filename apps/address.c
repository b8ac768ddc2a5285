/* address.c - names and numbers of UDP addresses. */
#define _POSIX_C_SOURCE 200809L /* getaddrinfo */
#include "apps/address.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/complain.h"

const char *address_split(const char *text, char host[ADDRESS_NAME])
{
    const char *colon = strrchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;

    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    } else if (memchr(text, ':', len) != NULL) {
        return NULL;
    }
    if (len == 0 || len >= ADDRESS_NAME)
        return NULL;
    memcpy(host, text, len);
    host[len] = '\0';
    return colon + 1;
}

void address_find(const char *host, uint16_t port, struct address *out)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM };
    struct addrinfo *found;
    char service[8];

    snprintf(service, sizeof service, "%u", port);
    int error = getaddrinfo(host, service, &hints, &found);
    if (error != 0)
        refuse("address '%s': %s", host, gai_strerror(error));
    out->len = found->ai_addrlen;
    memcpy(&out->of, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
}

uint16_t address_host(const struct sockaddr *address, socklen_t len, char out[ADDRESS_HOST])
{
    char service[8];

    if (getnameinfo(address, len, out, ADDRESS_HOST, service, sizeof service, NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        snprintf(out, ADDRESS_HOST, "unknown");
        return 0;
    }
    return (uint16_t)strtoul(service, NULL, 10);
}

void address_text(const struct sockaddr *address, socklen_t len, char out[ADDRESS_TEXT])
{
    char host[ADDRESS_HOST];
    uint16_t port = address_host(address, len, host);

    snprintf(out, ADDRESS_TEXT, strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, port);
}
