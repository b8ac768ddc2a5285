/* expect.c - a word to the memory about the datagrams that come next: with very many associations, nothing of the one
 * that a record is for is in a cache, and one record would wait for each piece of it in turn. */
#include "endpoint/endpoint_private.h"

enum { LINE = 64, MOST = 64 };

static void want(const void *at, size_t len)
{
    for (size_t i = 0; i < len; i += LINE)
        __builtin_prefetch((const uint8_t *)at + i);
}

void dtls_endpoint_expect(const struct dtls_endpoint *endpoint, const struct dtls_address *from, size_t count)
{
    struct dtls_member *const *buckets[MOST];
    const struct dtls_member *members[MOST];
    const struct dtls_epoch *epochs[MOST];

    if (count > MOST)
        count = MOST;
    /* Each step needs what the one before has asked for; meanwhile the memory has answered for the others. */
    for (size_t i = 0; i < count; i++) {
        buckets[i] = &endpoint->buckets[dtls_address_hash(&endpoint->key, &from[i]) & endpoint->mask];
        want(buckets[i], 1);
    }
    for (size_t i = 0; i < count; i++) {
        members[i] = *buckets[i];
        if (members[i] != NULL)
            want(members[i], sizeof *members[i]);
    }
    for (size_t i = 0; i < count; i++) {
        while (members[i] != NULL && !dtls_address_equal(&members[i]->address, &from[i]))
            members[i] = members[i]->next;
        if (members[i] != NULL)
            want(members[i]->conn, sizeof *members[i]->conn);
    }
    for (size_t i = 0; i < count; i++) {
        epochs[i] = members[i] != NULL ? members[i]->conn->as.epochs.current : NULL;
        if (epochs[i] != NULL)
            want(epochs[i], sizeof *epochs[i] + 64);
    }
    for (size_t i = 0; i < count; i++)
        if (epochs[i] != NULL && epochs[i]->aead != NULL && epochs[i]->read_key != NULL)
            want(epochs[i]->read_key, epochs[i]->aead->context_size);
}
