/* address.h - addresses as keys of a table: equality, and a hash that nobody outside can find collisions of. */
#ifndef DTLS_ENDPOINT_ADDRESS_H
#define DTLS_ENDPOINT_ADDRESS_H

#include "crypto/random.h"
#include "dtls/endpoint.h"

enum { DTLS_ADDRESS_WORDS = DTLS_ADDRESS_MAX / 4 };

/* The secret that picks the hash function; random bytes. */
struct dtls_address_key {
    uint64_t offset;
    uint64_t factors[DTLS_ADDRESS_WORDS];
};

/* Are the lengths within their ranges? */
bool dtls_address_is_valid(const struct dtls_address *address);

bool dtls_address_equal(const struct dtls_address *a, const struct dtls_address *b);

/* Of the whole address, and of its source alone. */
uint32_t dtls_address_hash(const struct dtls_address_key *key, const struct dtls_address *address);
uint32_t dtls_address_source_hash(const struct dtls_address_key *key, const struct dtls_address *address);

#endif
