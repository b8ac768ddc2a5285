/* address.h - UDP addresses as people write them. */
#ifndef APPS_ADDRESS_H
#define APPS_ADDRESS_H

#include <stdint.h>
#include <sys/socket.h>

enum {
    ADDRESS_HOST = 64,  /* room for a numeric host and its NUL */
    ADDRESS_TEXT = 80,  /* for "host:port" or "[host]:port" */
    ADDRESS_NAME = 256, /* for a host's name */
};

struct address {
    struct sockaddr_storage of;
    socklen_t len;
};

/* Cuts "HOST:PORT" or "[HOST]:PORT" in two; a host with colons needs the brackets. Returns PORT, which may be any text,
 * or NULL when there are no two parts. */
const char *address_split(const char *text, char host[ADDRESS_NAME]);

/* Finds `host`; refuses (exit 2) what is no address and no known name. */
void address_find(const char *host, uint16_t port, struct address *out);

/* Writes the numeric host; returns the port. */
uint16_t address_host(const struct sockaddr *address, socklen_t len, char out[ADDRESS_HOST]);

void address_text(const struct sockaddr *address, socklen_t len, char out[ADDRESS_TEXT]);

#endif
