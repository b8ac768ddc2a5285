/* memory.h - an allocator for dtls_config that counts what lives and can fail at a chosen moment. */
#ifndef DTLS_TESTS_BOX_MEMORY_H
#define DTLS_TESTS_BOX_MEMORY_H

#include "dtls/config.h"

/* All zeroes with fail_at = MEMORY_NEVER_FAILS counts only. */
struct memory {
    size_t fail_at;     /* the allocation with this number, from 0, gives NULL */
    bool fail_for_good; /* and every later one too */
    size_t asked;       /* allocations asked for so far */
    size_t failed;
    size_t live_blocks, live_bytes;
    size_t live_heap;  /* those, with what glibc's malloc adds on 64-bit machines: 8 bytes, up to the next 16 */
    size_t most_bytes; /* that ever lived at once */
};

#define MEMORY_NEVER_FAILS SIZE_MAX

/* Makes `config` allocate through `memory`, which must outlive every connection made with it. */
void memory_use(struct memory *memory, struct dtls_config *config);

#endif
