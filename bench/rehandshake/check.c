/* check.c - what the box finds wrong ends a benchmark, as it would fail a test. */
#include <stdarg.h>
#include <stdio.h>

#include "bench/bench.h"
#include "tests/tap.h"

void tap_check(bool ok, const char *file, int line, const char *format, ...)
{
    char text[400];
    va_list args;

    if (ok)
        return;
    va_start(args, format);
    int used = snprintf(text, sizeof text, "%s:%d: ", file, line);
    vsnprintf(text + used, sizeof text - (size_t)used, format, args);
    va_end(args);
    bench_fail(text);
}
