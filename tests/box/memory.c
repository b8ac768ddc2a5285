/* memory.c - malloc with a length in front of each block. */
#include "tests/box/memory.h"

#include <stdlib.h>

/* As large as the strictest alignment, so that what follows is aligned too. */
union header {
    size_t len;
    max_align_t align;
};

static size_t in_heap(size_t len)
{
    return len <= 24 ? 32 : (len + 8 + 15) / 16 * 16;
}

static void *allocate(void *arg, size_t len)
{
    struct memory *memory = arg;
    size_t number = memory->asked++;

    if (number == memory->fail_at || (memory->fail_for_good && number > memory->fail_at)) {
        memory->failed++;
        return NULL;
    }
    union header *block = malloc(sizeof *block + len);
    if (block == NULL)
        return NULL;
    block->len = len;
    memory->live_blocks++;
    memory->live_bytes += len;
    memory->live_heap += in_heap(len);
    if (memory->live_bytes > memory->most_bytes)
        memory->most_bytes = memory->live_bytes;
    return block + 1;
}

static void release(void *arg, void *given)
{
    struct memory *memory = arg;

    if (given == NULL)
        return;
    union header *block = (union header *)given - 1;
    memory->live_blocks--;
    memory->live_bytes -= block->len;
    memory->live_heap -= in_heap(block->len);
    free(block);
}

void memory_use(struct memory *memory, struct dtls_config *config)
{
    config->allocate = allocate;
    config->release = release;
    config->memory_arg = memory;
}
