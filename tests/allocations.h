/* allocations.h - how often the program, and what is linked into it, has allocated, and one that fails. Shared
 * libraries are not counted. Link with --wrap for malloc, calloc and realloc. */
#ifndef DTLS_TESTS_ALLOCATIONS_H
#define DTLS_TESTS_ALLOCATIONS_H

#include <stddef.h>

size_t allocations(void);

/* The `number`th from now on, from 0, gives NULL; SIZE_MAX: none does. */
void allocations_fail_at(size_t number);

#endif
