/* book.h - writes down every secret as it comes to be, and looks for them in memory that is given back (contract S7).
 *
 * libdtls has no line for it: the linker puts our functions in front of its own and of nettle's (--wrap, meson.build).
 * They note private keys, ephemeral scalars, premaster and master secrets, key blocks, ticket keys and cookie secrets:
 * forwards, backwards (as gmp has its numbers) and masked (as HMAC hashes its key). And they look at each block that
 * dtls_release gives back, after it was wiped and before it is free, and at each that goes back to gmp's allocator.
 */
#ifndef DTLS_TESTS_SECRETS_BOOK_H
#define DTLS_TESTS_SECRETS_BOOK_H

#include <stdbool.h>
#include <stddef.h>

enum { BOOK_WINDOW = 16 }; /* bytes in a row of a secret that count as a find */

/* What was seen since book_open. */
struct book_sums {
    size_t secrets;          /* noted */
    size_t blocks;           /* given back by us: by dtls_release, or a number or point of ours by its _clear */
    size_t dirty;            /* of them, with a secret inside */
    const char *found;       /* in the last of those; NULL: none */
    size_t others, unwiped;  /* given back by gmp and hogweed themselves; and of these, with a secret inside */
    const char *found_other; /* in the last of those */
};

/* An empty book. Before it is opened for the first time, and once it is closed, nothing is noted and nothing looked at.
 * Not for threads. */
void book_open(void);
void book_close(void);
struct book_sums book_sums(void);

/* Notes one more secret, of BOOK_WINDOW bytes or more; `name` is not copied. */
void book_note(const char *name, const void *secret, size_t len);

/* The name of a secret of which BOOK_WINDOW bytes in a row stand in `bytes`; NULL: none. */
const char *book_find(const void *bytes, size_t len);

/* From now on dtls_allocate fails for the allocation with this number, from 0; SIZE_MAX: never. */
void book_fail_allocation(size_t number);
bool book_allocation_failed(void);

#endif
