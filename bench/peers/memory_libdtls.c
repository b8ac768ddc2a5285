/* memory_libdtls.c - nothing: bench/memory does it, with an allocator that tells the two ends apart. */
#include "bench/peers/memory.h"

const struct memory_library memory_library = { .name = "libdtls" };
