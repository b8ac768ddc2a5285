/* session_cache.c - a store in memory (dtls/store.h): a fixed number of entries, the oldest gives way. Knows no clock:
 * it is the engine that judges how old a session is. */
#include <string.h>

#include "crypto/memory.h"
#include "crypto/secret.h"
#include "handshake/session.h"

/* Open hashing by the name's first bytes, which the server itself has chosen at random; chains are linked by index. */
struct dtls_session_cache {
    struct dtls_store door;
    size_t count;
    size_t next;       /* the slot that gives way next: they are filled in a circle */
    uint32_t *buckets; /* index + 1 of a chain's first slot; 0: empty */
    struct slot {
        uint8_t name[DTLS_STORE_NAME_LEN];
        uint8_t entry[DTLS_SESSION_STATE_MAX];
        uint16_t len; /* 0: free */
        uint32_t next_in_chain;
    } * slots;
};

static uint32_t *bucket_of(const struct dtls_session_cache *cache, const uint8_t name[DTLS_STORE_NAME_LEN])
{
    struct dtls_reader from = dtls_reader_of(dtls_view(name, DTLS_STORE_NAME_LEN));

    return &cache->buckets[dtls_read_u32(&from) % cache->count];
}

/* Where the slot of this name is linked; a link of 0 at the end of the chain: there is none. */
static uint32_t *find(const struct dtls_session_cache *cache, const uint8_t name[DTLS_STORE_NAME_LEN])
{
    uint32_t *link = bucket_of(cache, name);

    while (*link != 0 && memcmp(cache->slots[*link - 1].name, name, DTLS_STORE_NAME_LEN) != 0)
        link = &cache->slots[*link - 1].next_in_chain;
    return link;
}

static void clear(struct dtls_session_cache *cache, uint32_t *link)
{
    struct slot *slot = &cache->slots[*link - 1];

    *link = slot->next_in_chain;
    dtls_wipe(slot, sizeof *slot);
}

static void get(void *arg, struct dtls_question *question, struct dtls_bytes name, bool take)
{
    struct dtls_session_cache *cache = arg;
    uint32_t *link = find(cache, name.at);
    const struct slot *slot = *link == 0 ? NULL : &cache->slots[*link - 1];

    dtls_question_answer_stored(question, slot == NULL ? dtls_view(NULL, 0) : dtls_view(slot->entry, slot->len));
    if (slot != NULL && take)
        clear(cache, link);
}

static void remove_entry(void *arg, struct dtls_bytes name)
{
    struct dtls_session_cache *cache = arg;
    uint32_t *link = find(cache, name.at);

    if (*link != 0)
        clear(cache, link);
}

static void put(void *arg, struct dtls_bytes name, struct dtls_bytes entry, uint32_t lifetime_s)
{
    struct dtls_session_cache *cache = arg;
    size_t index = cache->next;
    struct slot *slot = &cache->slots[index];

    (void)lifetime_s;
    if (entry.len == 0 || entry.len > sizeof slot->entry)
        return;
    remove_entry(cache, name);
    if (slot->len > 0)
        clear(cache, find(cache, slot->name));
    memcpy(slot->name, name.at, sizeof slot->name);
    memcpy(slot->entry, entry.at, entry.len);
    slot->len = (uint16_t)entry.len;
    uint32_t *bucket = bucket_of(cache, slot->name);
    slot->next_in_chain = *bucket;
    *bucket = (uint32_t)index + 1;
    cache->next = (index + 1) % cache->count;
}

struct dtls_session_cache *dtls_session_cache_new(size_t count)
{
    if (count < 1 || count > 65536)
        return NULL;
    struct dtls_session_cache *cache = dtls_allocate(&dtls_heap, sizeof *cache);
    if (cache == NULL)
        return NULL;
    cache->door = (struct dtls_store){ get, put, remove_entry, cache, .is_own_memory = true };
    cache->count = count;
    cache->buckets = dtls_allocate(&dtls_heap, count * sizeof cache->buckets[0]);
    cache->slots = dtls_allocate(&dtls_heap, count * sizeof cache->slots[0]);
    if (cache->buckets == NULL || cache->slots == NULL) {
        dtls_session_cache_free(cache);
        return NULL;
    }
    return cache;
}

const struct dtls_store *dtls_session_cache_store(struct dtls_session_cache *cache)
{
    return cache == NULL ? NULL : &cache->door;
}

void dtls_session_cache_free(struct dtls_session_cache *cache)
{
    if (cache == NULL)
        return;
    dtls_release(&dtls_heap, cache->buckets, cache->count * sizeof cache->buckets[0]);
    dtls_release(&dtls_heap, cache->slots, cache->slots == NULL ? 0 : cache->count * sizeof cache->slots[0]);
    dtls_release(&dtls_heap, cache, sizeof *cache);
}
