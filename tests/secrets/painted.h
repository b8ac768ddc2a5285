/* painted.h - a stack that is painted before each call that runs on it, and searched after it for the secrets in the
 * book (contract S7). */
#ifndef DTLS_TESTS_SECRETS_PAINTED_H
#define DTLS_TESTS_SECRETS_PAINTED_H

#include <stddef.h>

#include "tests/tap.h"

/* Opens the book (book.h), and counts from nothing. */
void painted_begin(void);

/* Calls `function` there, and says `call` where it leaves a secret. A call within a call has a second such stack, since
 * what follows in the outer one may run over what it leaves; one within that is not looked at. */
void painted_call(const char *call, void (*function)(void *arg), void *arg);

/* How many calls have left a secret. */
size_t painted_dirty(void);

/* Closes the book: calls were looked at, there was something to be found, and nothing was. */
void painted_check(const char *what);

/* tap_main, once the process has begun in such a way that the dynamic linker keeps off the stack. */
int painted_main(int argc, char **argv, const char *suite, CU_TestInfo *tests);

#endif
