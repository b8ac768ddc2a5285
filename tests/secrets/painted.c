/* painted.c - what a call leaves behind on the stack. */
#define _DEFAULT_SOURCE
#include "tests/secrets/painted.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/secrets/book.h"

enum { STACK_LEN = 256 * 1024, DEPTH = 2, PAINT = 0xa5 };

struct stack {
    _Alignas(16) uint8_t bytes[STACK_LEN];
    ucontext_t caller, step;
    void (*function)(void *arg);
    void *arg;
};

static struct stack stacks[DEPTH];

static struct {
    size_t depth;   /* calls that run */
    size_t deepest; /* bytes that any one used */
    size_t steps, dirty;
} seen;

static void enter(void)
{
    const struct stack *stack = &stacks[seen.depth - 1];

    stack->function(stack->arg);
}

static size_t used_stack(const struct stack *stack)
{
    size_t untouched = 0;

    while (untouched < STACK_LEN && stack->bytes[untouched] == PAINT)
        untouched++;
    return STACK_LEN - untouched;
}

static void search(const struct stack *stack, const char *call)
{
    size_t used = used_stack(stack);
    const char *name = book_find(stack->bytes + STACK_LEN - used, used);

    seen.steps++;
    if (used > seen.deepest)
        seen.deepest = used;
    if (name == NULL)
        return;
    seen.dirty++;
    printf("# %s leaves a %s\n", call, name);
}

void painted_call(const char *call, void (*function)(void *arg), void *arg)
{
    struct stack *stack = &stacks[seen.depth];

    if (seen.depth == DEPTH) {
        function(arg);
        return;
    }
    seen.depth++;
    memset(stack->bytes, PAINT, sizeof stack->bytes);
    stack->function = function;
    stack->arg = arg;
    getcontext(&stack->step);
    stack->step.uc_stack.ss_sp = stack->bytes;
    stack->step.uc_stack.ss_size = sizeof stack->bytes;
    stack->step.uc_link = &stack->caller;
    makecontext(&stack->step, enter, 0);
    swapcontext(&stack->caller, &stack->step);
    search(stack, call);
    seen.depth--;
}

void painted_begin(void)
{
    book_open();
    seen.deepest = seen.steps = seen.dirty = 0;
}

size_t painted_dirty(void)
{
    return seen.dirty;
}

void painted_check(const char *what)
{
    struct book_sums sums = book_sums();

    book_close();
    printf("# %s: %zu calls, %zu bytes deep, %zu left a secret\n", what, seen.steps, seen.deepest, seen.dirty);
    CHECK_CASE(sums.secrets > 0 && seen.steps > 0 && seen.deepest < STACK_LEN, "%s: nothing was looked at", what);
    CHECK_CASE(seen.dirty == 0, "%s: %zu of %zu calls left a secret", what, seen.dirty, seen.steps);
}

/* ---- what nettle leaves there ---- */

/* Paints over what a function that has returned left below us. */
static __attribute__((noinline)) void paint_over(void)
{
    volatile uint8_t below[8192];

    for (size_t i = 0; i < sizeof below; i++)
        below[i] = PAINT;
}

/* These two leave a copy of the scalar, or of the seed, in frames of their own (nettle 3.8 to 3.10): a known limit
 * (docs/design.md, section 12). In the test it is taken away, so that what is found is ours. */
#define LEAVES_ITS_SECRET(name)                                                                                        \
    void __real_##name(uint8_t *point, const uint8_t *secret); /* NOLINT */                                            \
    void __wrap_##name(uint8_t *point, const uint8_t *secret); /* NOLINT */                                            \
    void __wrap_##name(uint8_t *point, const uint8_t *secret)  /* NOLINT */                                            \
    {                                                                                                                  \
        __real_##name(point, secret);                                                                                  \
        paint_over();                                                                                                  \
    }

LEAVES_ITS_SECRET(nettle_curve25519_mul_g)
LEAVES_ITS_SECRET(nettle_ed25519_sha512_public_key)

/* The dynamic linker is to find every function before the first call: while it looks for one, it saves all vector
 * registers on the stack, with whatever is in them. */
int painted_main(int argc, char **argv, const char *suite, CU_TestInfo *tests)
{
    if (getenv("LD_BIND_NOW") == NULL) {
        setenv("LD_BIND_NOW", "1", 1);
        execv("/proc/self/exe", argv);
        return 1;
    }
    return tap_main(argc, argv, suite, tests);
}
