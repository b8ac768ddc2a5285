/* allocations.c - malloc and its like, counted. */
#include "tests/allocations.h"

#include <stdbool.h>
#include <stdint.h>

void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *old, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *old, size_t len);

static size_t so_far, fails_at = SIZE_MAX;

size_t allocations(void)
{
    return so_far;
}

void allocations_fail_at(size_t number)
{
    fails_at = number == SIZE_MAX ? SIZE_MAX : so_far + number;
}

static bool is_refused(void)
{
    return so_far++ == fails_at;
}

void *__wrap_malloc(size_t len)
{
    return is_refused() ? NULL : __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len)
{
    return is_refused() ? NULL : __real_calloc(count, len);
}

void *__wrap_realloc(void *old, size_t len)
{
    return is_refused() ? NULL : __real_realloc(old, len);
}
