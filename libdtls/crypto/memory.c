/* memory.c - the allocator of a configuration. Wipes what is given back; remembers no size. */
#include "crypto/memory.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"

const struct dtls_memory dtls_heap = { 0 };

void *dtls_allocate(const struct dtls_memory *memory, size_t len)
{
    if (memory->allocate == NULL)
        return calloc(1, len);

    void *block = memory->allocate(memory->arg, len);
    if (block != NULL)
        memset(block, 0, len);
    return block;
}

void dtls_release(const struct dtls_memory *memory, void *block, size_t len)
{
    if (block == NULL)
        return;
    dtls_wipe(block, len);
    if (memory->release == NULL)
        free(block);
    else
        memory->release(memory->arg, block);
}
