/* media.h - two owners of media beside a pair: each does with the keys what conn.h tells it to, and sends numbered
 * packets that only the holder of the same keys can read. The oracle of contract K3: each that arrives is read, once.
 *
 * A packet stands for SRTP: its first byte is 128, and it names its set by the first bytes of the key. */
#ifndef DTLS_TESTS_BOX_MEDIA_H
#define DTLS_TESTS_BOX_MEDIA_H

#include "tests/box/pair.h"

enum { MEDIA_SETS = 64 };

/* A set of keys at one end, by epoch. */
struct media_set {
    bool accepted, sent_with; /* by the events */
    uint64_t accepted_us, sent_with_us;
    uint64_t ends_us; /* when it is no more accepted */
    struct dtls_srtp_keys keys;
};

struct media_end {
    struct media *media;
    enum net_end end;
    struct media_set sets[MEDIA_SETS]; /* by epoch, modulo */
    uint16_t sending;                  /* epoch of the set that protects; 0: none yet */
    uint64_t interval_us;              /* between two packets; 0: none are sent */
    uint64_t sent, arrived, read;
    size_t accepts, sends, forgets;
};

struct media {
    struct pair *pair;
    struct media_end end[2];
    bool silent; /* does not tell the engine what it has read (dtls_conn_media_confirmed) */
};

/* Watches the pair from now on. pair_new must have been told to be silent, or no handshake be done. Free it first. */
struct media *media_new(struct pair *pair);
void media_free(struct media *media);

/* Both ends send a packet every `interval_us`, once they may; 0: no more. */
void media_flow(struct media *media, uint64_t interval_us);

/* One packet of an end, now; false when it has no keys to send with. */
bool media_send(struct media *media, enum net_end from);

/* Has an end been told to accept, to send with, the set of an epoch? */
bool media_accepts(const struct media *media, enum net_end end, uint16_t epoch);
bool media_sends_with(const struct media *media, enum net_end end, uint16_t epoch);

/* Checks with CUnit: both ends have the same keys of each epoch, crosswise, and every packet that arrived was read. */
void media_check(const struct media *media);

#endif
