#!/bin/bash
# musl_test.sh SOURCE-DIRECTORY - the core on another C library: compiled by musl-gcc without a warning, and a handshake of a
# static program. nettle and gmp are Debian's archives, made for glibc: gmp's wants one function of glibc's, given here.
set -u
cd "$1" || exit 1
command -v musl-gcc > /dev/null || { echo "1..0 # SKIP musl-gcc is not installed"; exit 0; }
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
echo "1..2"

check() { # number words: what came before must have succeeded
    if [ "$status" = 0 ]; then echo "ok $1 - $2"; else echo "not ok $1 - $2"; head -n 20 "$room/log" | sed 's/^/# /'; fi
}

# nettle's headers alone, without glibc's around them.
mkdir "$room/headers" "$room/objects"
cp -r "$(pkg-config --variable=includedir nettle)/nettle" "$room/headers"
echo '#include <gmp.h>' | cc -E - | sed -n 's/^# 1 "\(.*\/gmp\.h\)".*/\1/p' | head -n 1 | xargs cp -t "$room/headers"
for file in libdtls/error.c libdtls/{bytes,crypto,identity,messages,record,handshake,conn,endpoint}/*.c; do
    [[ $file == */random_darwin.c || $file == */random_windows.c || $file == */aead_gcm_ipsec.c ]] ||
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
