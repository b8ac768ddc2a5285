/* complain.c - one line on stderr. */
#define _POSIX_C_SOURCE 200809L /* flockfile */
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
    flockfile(stderr); /* no other thread's words in this line */
    fprintf(stderr, "%s: ", program);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    funlockfile(stderr);
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
