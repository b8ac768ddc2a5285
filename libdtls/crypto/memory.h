/* memory.h - the allocator of a configuration; everything that is given back is wiped first. */
#ifndef DTLS_CRYPTO_MEMORY_H
#define DTLS_CRYPTO_MEMORY_H

#include <stddef.h>

/* All zeroes is malloc and free. */
struct dtls_memory {
    void *(*allocate)(void *arg, size_t len);
    void (*release)(void *arg, void *memory);
    void *arg;
};

/* malloc and free: for what is older and younger than any configuration. */
extern const struct dtls_memory dtls_heap;

/* Zeroed, or NULL. */
void *dtls_allocate(const struct dtls_memory *memory, size_t len);

/* Wipes `len` bytes and gives them back; NULL is allowed. */
void dtls_release(const struct dtls_memory *memory, void *block, size_t len);

#endif
