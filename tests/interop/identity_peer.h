/* identity_peer.h - what the small programs around other libraries share, for psk_peers_test.sh: a client or a server
 * with a pre-shared key. Each has one association, on loopback: the server sends back what comes and prints it; the
 * client sends the lines of stdin, and prints what comes. */
#ifndef DTLS_TESTS_INTEROP_IDENTITY_PEER_H
#define DTLS_TESTS_INTEROP_IDENTITY_PEER_H

#include <stdbool.h>
#include <stddef.h>

struct identity_peer {
    bool server;
    int fd; /* a UDP socket, connected to the other side; it waits for five seconds at most */
    const char *suite;
    const char *identity; /* of the client; a server takes this one alone */
    unsigned char key[64];
    size_t key_len;
};

/* Of the library: handshake, then one of each; whatever fails is an exit with 1 after a line on stderr. */
void identity_peer_open(struct identity_peer *peer); /* prints "open IDENTITY" */
int identity_peer_read(void *to, size_t room);       /* 0: the other side has closed */
void identity_peer_write(const void *from, size_t len);
void identity_peer_close(void);

/* Ends the program. */
_Noreturn void identity_peer_fail(const char *what, int number);

#endif
