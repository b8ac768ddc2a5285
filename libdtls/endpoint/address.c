/* address.c - multilinear hashing: over random factors, two addresses that were chosen without knowing them collide
 * with probability 2^-32. */
#include "endpoint/address.h"

#include <string.h>

bool dtls_address_is_valid(const struct dtls_address *address)
{
    return address->len > 0 && address->len <= DTLS_ADDRESS_MAX && address->source_len > 0 &&
           address->source_len <= address->len;
}

bool dtls_address_equal(const struct dtls_address *a, const struct dtls_address *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static uint32_t hash(const struct dtls_address_key *key, const uint8_t *bytes, size_t len)
{
    uint64_t sum = key->offset;
    uint32_t word;

    for (size_t at = 0; at < len; at += sizeof word) {
        word = 0;
        memcpy(&word, bytes + at, len - at < sizeof word ? len - at : sizeof word);
        sum += key->factors[at / sizeof word] * (word + (uint64_t)1); /* the length counts, too */
    }
    return (uint32_t)(sum >> 32);
}

uint32_t dtls_address_hash(const struct dtls_address_key *key, const struct dtls_address *address)
{
    return hash(key, address->bytes, address->len);
}

uint32_t dtls_address_source_hash(const struct dtls_address_key *key, const struct dtls_address *address)
{
    return hash(key, address->bytes, address->source_len);
}
