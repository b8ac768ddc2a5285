/* siege.h - an association held still in one phase of its life, its memory counted, and an attacker who hands its ends
 * whatever he likes. No time passes while he does; afterwards the network goes on. */
#ifndef DTLS_TESTS_ATTACKS_SIEGE_H
#define DTLS_TESTS_ATTACKS_SIEGE_H

#include "tests/box/memory.h"
#include "tests/box/pair.h"

enum siege_phase {
    SIEGE_HELLO,    /* the client has sent its ClientHello, which the server has not seen */
    SIEGE_ANSWERED, /* the server has sent its flight, which the client has not seen */
    SIEGE_KEYS,     /* the client has keys and has sent its last flight, which the server has not seen */
    SIEGE_OPEN,
    SIEGE_AGAIN_HELLO, /* and the same three in a full rehandshake */
    SIEGE_AGAIN_ANSWERED,
    SIEGE_AGAIN_KEYS,
    SIEGE_PHASES,
};

struct siege {
    enum siege_phase phase;
    struct pair_options options;
    struct memory memory[2];
    struct pair *pair;
    uint64_t sequence; /* of the attacker's next record in the clear */
    uint64_t strikes[2];
};

/* One handshake fragment that may lie: `present` bytes follow its header, whatever that says. */
struct siege_fragment {
    uint8_t type;
    uint32_t length;
    uint16_t message_seq;
    uint32_t offset, fragment_length;
    size_t present;       /* at most SIEGE_MOST */
    const uint8_t *bytes; /* NULL: zeroes */
};

enum { SIEGE_MOST = 3000, SIEGE_FRAGMENT_HEADER = 12 };

const char *siege_name(enum siege_phase phase);

/* The epoch that everything but Finished travels in: 0 in a first handshake. */
uint16_t siege_epoch(const struct siege *siege);

/* `options` NULL: those of pair_options. */
void siege_begin(struct siege *siege, enum siege_phase phase, const struct pair_options *options);
void siege_end(struct siege *siege);

/* One datagram, in a block of exactly its length, so that a byte too far is seen. */
void siege_strike(struct siege *siege, enum net_end to, const uint8_t *datagram, size_t len);

/* One record without keys; its sequence is one that nobody has used. */
void siege_strike_record(struct siege *siege, enum net_end to, uint8_t type, uint16_t epoch, const void *body,
                         size_t len);

/* Writes header and bytes behind each other; returns how many. */
size_t siege_write_fragment(uint8_t *out, const struct siege_fragment *fragment);

/* Says it as the peer would: in the clear in a first handshake, else sealed with the keys in force (forge.h). */
void siege_say(struct siege *siege, enum net_end to, const struct siege_fragment *fragment);

uint64_t siege_dropped(const struct siege *siege, enum net_end end, enum dtls_drop reason);
bool siege_is_over(const struct siege *siege, enum net_end end);

/* The network goes on, until whatever was under way is done at both ends and data has gone both ways. */
bool siege_lift(struct siege *siege);

/* As _lift, checked with CUnit; and neither end has more memory, or more handshakes behind it, than without siege. */
void siege_survives(struct siege *siege, const char *attack);

/* In every phase from `first` to `last`, at each end: strikes it, and it survives. `options` as in _begin. */
void siege_each(enum siege_phase first, enum siege_phase last, const struct pair_options *options, const char *attack,
                void (*strike)(struct siege *siege, enum net_end victim));

/* `usual`, and ten times as much in a long test (environment: DTLS_SEEDS, in thousandths of the usual). */
size_t siege_count(size_t usual);

#endif
