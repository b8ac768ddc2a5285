/* identity_peer.h - what the small programs around other libraries share, for psk_peers_test.sh and
 * certificate_peers_test.sh: a client or a server with a pre-shared key, or with certificates, names and protocols.
 * Each has one association, on loopback: the server sends back what comes and prints it; the client sends the lines of
 * stdin, and prints what comes. */
#ifndef DTLS_TESTS_INTEROP_IDENTITY_PEER_H
#define DTLS_TESTS_INTEROP_IDENTITY_PEER_H

#include <stdbool.h>
#include <stddef.h>

enum { IDENTITY_PEER_PROTOCOLS = 4 };

struct identity_peer {
    bool server;
    int fd;               /* a UDP socket, connected to the other side; it waits for five seconds at most */
    const char *suite;    /* the library's name of the only one; NULL: its default ones */
    const char *identity; /* of the client, with a pre-shared key; a server takes this one alone. NULL: no such key */
    unsigned char key[64];
    size_t key_len;
    const char *cert, *private_key; /* files of PEM: a chain, leaf first, and its key; NULL: none */
    const char *ca;                 /* a file of PEM: whoever the other side is, it has to be vouched for by these. In a
                                       server: a client must have a certificate. NULL: all are welcome, and none asked */
    const char *name;               /* a client asks for it, and with `ca` the certificate has to be for it; or NULL */
    const char *protocols[IDENTITY_PEER_PROTOCOLS + 1]; /* best first, then NULL; one must be in common */
    size_t protocol_count;
};

/* Of the library: handshake, then one of each; whatever fails is an exit with 1 after a line on stderr. _open calls
 * identity_peer_is_open. */
void identity_peer_open(struct identity_peer *peer);
int identity_peer_read(void *to, size_t room); /* 0: the other side has closed */
void identity_peer_write(const void *from, size_t len);
void identity_peer_close(void);

/* Prints "open", the identity of the pre-shared key, and each that is not NULL: "name" that a server was asked for,
 * "protocol" that was agreed on, "peer", the common name of the certificate that was judged good. */
void identity_peer_is_open(const struct identity_peer *peer, const char *name, const char *protocol,
                           const char *common);

/* Ends the program. */
_Noreturn void identity_peer_fail(const char *what, int number);

#endif
