/* allocations.h - how often the program, and what is linked into it, has allocated. Shared libraries are not counted.
 * Link with --wrap for malloc, calloc and realloc. */
#ifndef DTLS_TESTS_ALLOCATIONS_H
#define DTLS_TESTS_ALLOCATIONS_H

#include <stddef.h>

size_t allocations(void);

#endif
