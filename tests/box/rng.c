/* rng.c - Steele, Lea and Flood's splitmix64: one word of state, good from any seed. */
#include "tests/box/rng.h"

uint64_t rng_next(struct rng *rng)
{
    uint64_t mixed = rng->state += 0x9e3779b97f4a7c15u;

    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

uint64_t rng_up_to(struct rng *rng, uint64_t most)
{
    return most == UINT64_MAX ? rng_next(rng) : rng_next(rng) % (most + 1);
}

bool rng_chance(struct rng *rng, unsigned per_10000)
{
    return rng_up_to(rng, 9999) < per_10000;
}

int rng_fill(void *arg, uint8_t *out, size_t len)
{
    struct rng *rng = arg;

    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(rng_next(rng) >> 56);
    return 0;
}
