/* rng.h - the box's chance: a seed gives the same numbers on every machine, for ever. Not for secrets. */
#ifndef DTLS_TESTS_BOX_RNG_H
#define DTLS_TESTS_BOX_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Any start value is a good one. */
struct rng {
    uint64_t state;
};

uint64_t rng_next(struct rng *rng);

/* From 0 to `most`, both included. */
uint64_t rng_up_to(struct rng *rng, uint64_t most);

/* True `per_10000` times in 10,000. */
bool rng_chance(struct rng *rng, unsigned per_10000);

/* A dtls_random_function whose `arg` is a struct rng. */
int rng_fill(void *arg, uint8_t *out, size_t len);

#endif
