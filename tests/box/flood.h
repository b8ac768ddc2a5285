/* flood.h - a flood of hostile datagrams: someone who sees everything that is sent, sends anything, and has no keys.
 * What weather.h does to a datagram here and there, this does a million times, and every kind in turn. */
#ifndef DTLS_TESTS_BOX_FLOOD_H
#define DTLS_TESTS_BOX_FLOOD_H

#include "tests/box/net.h"

enum flood_kind {
    FLOOD_EVERY_RECORD,  /* type x epoch x length 0 to 64, all of them in turn */
    FLOOD_SIZE,          /* any size up to that of the largest UDP payload; header true or not */
    FLOOD_MUTATED,       /* a record that was really sent, with up to three bits flipped */
    FLOOD_TRUNCATED,     /* or cut short */
    FLOOD_REPLAYED,      /* or as it was, to either end, once it has arrived */
    FLOOD_ALERT,         /* in the clear: every level, description and epoch in turn */
    FLOOD_CHANGE_CIPHER, /* ChangeCipherSpec */
    FLOOD_NEXT_EPOCH,    /* the largest sequence number there is, in the epochs around the one in force */
    FLOOD_FRAGMENT,      /* of a handshake message: pieces that disagree about length and place */
    FLOOD_KINDS,
};

enum { FLOOD_MAX = 65507 };

struct flood {
    const struct net *net; /* recording */
    struct rng chance;
    uint64_t made;
    bool tame; /* spare what DTLS cannot tell from the truth before there are keys: a record of epoch 0 that holds a
                  well-formed piece of a handshake message */
};

/* Writes the next one, and returns its length. An epoch in force makes forgeries more likely to be looked at. */
size_t flood_next(struct flood *flood, uint16_t epoch, uint8_t out[FLOOD_MAX]);

/* Does the datagram hold what `tame` spares? */
bool flood_is_wild(const uint8_t *bytes, size_t len);

#endif
