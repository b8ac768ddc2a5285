/* weather.h - a storm over the virtual network: someone on the path who drops, damages, cuts, splices, repeats and
 * invents datagrams. Knows record headers and random bytes, no keys. */
#ifndef DTLS_TESTS_BOX_WEATHER_H
#define DTLS_TESTS_BOX_WEATHER_H

#include "tests/box/net.h"

/* Must outlive the storm. */
struct weather {
    struct net *net;
    struct rng chance;
    unsigned tampering; /* how often a datagram is changed on the way, per 10,000 */
};

/* From now on: loss, doubling, jitter and tampering, as bad as the seed wants. Takes the network's filter and
 * recorder. */
void weather_storm(struct weather *weather, struct net *net, uint64_t seed);

/* The storm goes on in another way: each direction may be silent, bad, or good for a while. */
void weather_turn(struct weather *weather);

/* No more of it: what is sent from now on arrives as it is. What is on the way still comes. */
void weather_clear(struct weather *weather);

/* A datagram of one to three forged records: any type, epoch and sequence, plaintext messages with true headers,
 * lengths that lie. */
void weather_forge(struct weather *weather, enum net_end to);

/* One of the last datagrams that were sent arrives once more. */
void weather_repeat(struct weather *weather);

#endif
