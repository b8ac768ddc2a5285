#!/bin/bash
# musl_test.sh SOURCE-DIRECTORY - the core on another C library: compiled by musl-gcc without a warning, and a handshake of a
# static program. nettle and gmp are Debian's archives, made for glibc: gmp's wants one function of glibc's, given here.
set -u
cd "$1" || exit 1
. tests/port/core.sh
command -v musl-gcc > /dev/null || { echo "1..0 # SKIP musl-gcc is not installed"; exit 0; }
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
echo "1..2"

check() { # number words: what came before must have succeeded
    if [ "$status" = 0 ]; then echo "ok $1 - $2"; else echo "not ok $1 - $2"; head -n 20 "$room/log" | sed 's/^/# /'; fi
}

nettle_headers "$room/headers"
mkdir "$room/objects"
core_files linux | while read -r file; do
    echo "$file -o $room/objects/$(tr / - <<< "$file").o"
done | xargs -P 2 -L 1 musl-gcc -std=c11 -O1 -Wall -Wextra -Werror -I include -I libdtls -I "$room/headers" -c \
    > "$room/log" 2>&1
status=$?
check 1 "the core compiles with musl's headers"

cat > "$room/glibc.c" << 'PROGRAM'
#include <stdarg.h>
#include <stdio.h>

int __fprintf_chk(FILE *to, int flag, const char *format, ...)
{
    va_list arguments;

    (void)flag;
    va_start(arguments, format);
    int count = vfprintf(to, format, arguments);
    va_end(arguments);
    return count;
}
PROGRAM
libraries=$(pkg-config --variable=libdir nettle)
musl-gcc -std=c11 -static -I include -o "$room/alone" tests/guest/alone.c "$room/glibc.c" "$room"/objects/*.o \
    "$libraries"/libhogweed.a "$libraries"/libnettle.a "$libraries"/libgmp.a > "$room/log" 2>&1 && "$room/alone"
status=$?
check 2 "a static program shakes hands with itself"
