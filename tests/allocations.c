/* allocations.c - malloc and its like, counted. */
#include "tests/allocations.h"

void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *old, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *old, size_t len);

static size_t so_far;

size_t allocations(void)
{
    return so_far;
}

void *__wrap_malloc(size_t len)
{
    so_far++;
    return __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len)
{
    so_far++;
    return __real_calloc(count, len);
}

void *__wrap_realloc(void *old, size_t len)
{
    so_far++;
    return __real_realloc(old, len);
}
