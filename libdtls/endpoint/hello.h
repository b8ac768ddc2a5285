/* hello.h - what kind of datagram it is that comes from an address, as far as its first record shows. */
#ifndef DTLS_ENDPOINT_HELLO_H
#define DTLS_ENDPOINT_HELLO_H

#include "dtls/endpoint.h"

enum dtls_first_look {
    DTLS_LOOK_SEALED,     /* not of epoch 0, or no record at all */
    DTLS_LOOK_PLAIN,      /* of epoch 0, but no ClientHello */
    DTLS_LOOK_HELLO,      /* the beginning of a ClientHello, with its random */
    DTLS_LOOK_HELLO_PART, /* a later fragment of one */
};

/* *random is a view of the datagram, set with DTLS_LOOK_HELLO. Nothing but that much is looked at. */
enum dtls_first_look dtls_hello_look(const uint8_t *datagram, size_t len, const uint8_t **random);

#endif
