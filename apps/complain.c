/* complain.c - one line on stderr. */
#include "apps/complain.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *program = "dtls";

void complain_as(const char *name)
{
    program = name;
}

static void __attribute__((format(printf, 1, 0))) complain_args(const char *format, va_list args)
{
    fprintf(stderr, "%s: ", program);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void complain(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    complain_args(format, args);
    va_end(args);
}

_Noreturn void refuse(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    complain_args(format, args);
    va_end(args);
    exit(EXIT_MISTAKE);
}
