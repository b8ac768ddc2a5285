/* tap_abort.c - what the box finds wrong ends a fuzz target: no CUnit is listening there. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/tap.h"

void tap_check(bool ok, const char *file, int line, const char *format, ...)
{
    va_list args;

    if (ok)
        return;
    va_start(args, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}
