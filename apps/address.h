/* address.h - UDP addresses as people write them. */
#ifndef APPS_ADDRESS_H
#define APPS_ADDRESS_H

#include <stdint.h>
#include <sys/socket.h>

enum {
    ADDRESS_HOST = 64, /* room for a numeric host and its NUL */
    ADDRESS_TEXT = 80, /* for "host:port" or "[host]:port" */
};

struct address {
    struct sockaddr_storage of;
    socklen_t len;
};

/* Finds `host`; refuses (exit 2) what is no address and no known name. */
void address_find(const char *host, uint16_t port, struct address *out);

/* Writes the numeric host; returns the port. */
uint16_t address_host(const struct sockaddr *address, socklen_t len, char out[ADDRESS_HOST]);

void address_text(const struct sockaddr *address, socklen_t len, char out[ADDRESS_TEXT]);

#endif
