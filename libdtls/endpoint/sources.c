/* sources.c - an allowance for each host, and its half-open handshakes in the order in which they came. */
#include "endpoint/sources.h"

enum { LOOKED_AT = 64 };
#define SECOND ((uint64_t)1000 * 1000)

struct dtls_source *dtls_sources_find(struct dtls_sources *sources, const struct dtls_address *address)
{
    return &sources->at[dtls_address_source_hash(&sources->key, address) % DTLS_SOURCES];
}

bool dtls_sources_allow(const struct dtls_sources *sources, struct dtls_source *source, dtls_time now)
{
    uint64_t most = sources->burst * SECOND / sources->rate, one = SECOND / sources->rate;
    uint64_t passed = now - source->spent_at;

    source->spent_us = passed < source->spent_us ? source->spent_us - passed : 0;
    source->spent_at = now;
    if (source->spent_us + one > most)
        return false;
    source->spent_us += one;
    return true;
}

void dtls_sources_enter(struct dtls_sources *sources, struct dtls_source *source, struct dtls_member *member)
{
    member->half_open = true;
    member->source = source;
    member->older = sources->newest;
    member->newer = NULL;
    if (sources->newest != NULL)
        sources->newest->newer = member;
    else
        sources->oldest = member;
    sources->newest = member;
    sources->half_open++;
    source->half_open++;
}

void dtls_sources_leave(struct dtls_sources *sources, struct dtls_member *member)
{
    if (!member->half_open)
        return;
    member->half_open = false;
    if (member->older != NULL)
        member->older->newer = member->newer;
    else
        sources->oldest = member->newer;
    if (member->newer != NULL)
        member->newer->older = member->older;
    else
        sources->newest = member->older;
    sources->half_open--;
    member->source->half_open--;
}

/* A host that has many fills the queue, and is found among the oldest. Where each has one, whoever does not go on in
 * time is the oldest; and a host that shares its place here with another is not, while it goes on. */
struct dtls_member *dtls_sources_victim(const struct dtls_sources *sources)
{
    struct dtls_member *victim = sources->oldest, *member = victim;

    for (int i = 0; i < LOOKED_AT && member != NULL; i++, member = member->newer)
        if (member->source->half_open > victim->source->half_open)
            victim = member;
    return victim;
}
