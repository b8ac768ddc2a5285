/* session_cache.c - a server's sessions by id: a fixed number of slots, the oldest gives way. Knows no clock. */
#include <string.h>

#include "handshake/session.h"

/* Open hashing by the id's first bytes, which the server itself has chosen at random; chains are linked by index. */
struct dtls_session_cache {
    size_t count;
    size_t next;       /* the slot that gives way next: they are filled in a circle */
    uint32_t *buckets; /* index + 1 of a chain's first slot; 0: empty */
    struct slot {
        struct dtls_session_state state; /* id_len 0: free */
        uint32_t next_in_chain;
    } * slots;
};

static const struct dtls_memory heap; /* the cache is older and younger than any configuration: plain malloc */

struct dtls_session_cache *dtls_session_cache_new(size_t count)
{
    if (count < 1 || count > 65536)
        return NULL;
    struct dtls_session_cache *cache = dtls_allocate(&heap, sizeof *cache);
    if (cache == NULL)
        return NULL;
    cache->count = count;
    cache->buckets = dtls_allocate(&heap, count * sizeof cache->buckets[0]);
    cache->slots = dtls_allocate(&heap, count * sizeof cache->slots[0]);
    if (cache->buckets == NULL || cache->slots == NULL) {
        dtls_session_cache_free(cache);
        return NULL;
    }
    return cache;
}

void dtls_session_cache_free(struct dtls_session_cache *cache)
{
    if (cache == NULL)
        return;
    dtls_release(&heap, cache->buckets, cache->count * sizeof cache->buckets[0]);
    dtls_release(&heap, cache->slots, cache->slots == NULL ? 0 : cache->count * sizeof cache->slots[0]);
    dtls_release(&heap, cache, sizeof *cache);
}

static uint32_t *bucket_of(const struct dtls_session_cache *cache, struct dtls_bytes id)
{
    struct dtls_reader from = dtls_reader_of(id);

    return &cache->buckets[dtls_read_u32(&from) % cache->count];
}

static struct dtls_bytes id_of(const struct dtls_session_state *state)
{
    return (struct dtls_bytes){ state->id, state->id_len };
}

static void unlink_slot(struct dtls_session_cache *cache, size_t index)
{
    uint32_t *link = bucket_of(cache, id_of(&cache->slots[index].state));

    while (*link != index + 1)
        link = &cache->slots[*link - 1].next_in_chain;
    *link = cache->slots[index].next_in_chain;
}

void dtls_session_cache_put(struct dtls_session_cache *cache, const struct dtls_session_state *state)
{
    size_t index = cache->next;
    struct slot *slot = &cache->slots[index];

    if (slot->state.id_len > 0)
        unlink_slot(cache, index);
    slot->state = *state;
    uint32_t *bucket = bucket_of(cache, id_of(state));
    slot->next_in_chain = *bucket;
    *bucket = (uint32_t)index + 1;
    cache->next = (index + 1) % cache->count;
}

bool dtls_session_cache_get(const struct dtls_session_cache *cache, struct dtls_bytes id,
                            struct dtls_session_state *out)
{
    for (uint32_t at = *bucket_of(cache, id); at != 0; at = cache->slots[at - 1].next_in_chain)
        if (dtls_bytes_equal(id_of(&cache->slots[at - 1].state), id)) {
            *out = cache->slots[at - 1].state;
            return true;
        }
    return false;
}
