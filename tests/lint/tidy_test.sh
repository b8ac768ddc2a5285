#!/bin/bash
# tidy_test.sh SOURCE-DIRECTORY BUILD-DIRECTORY - clang-tidy finds nothing in libdtls/ and apps/. What it looks for stands
# in .clang-tidy.
set -u
cd "$1" || exit 1
. tests/lint/tap.sh
needs clang-tidy
build=$2

tidy() { # FILE: what clang-tidy finds in it, or that it failed
    local said status=0
    said=$(clang-tidy --quiet -p "$build" "$1" 2> /dev/null) || status=$?
    [ -z "$said" ] || echo "$said"
    [ $status = 0 ] || echo "$1: clang-tidy ended with $status"
}
export -f tidy
export build

# Two are for other systems, and compile there (tests/port).
files=$(find apps libdtls -name '*.c' ! -name random_darwin.c ! -name random_windows.c | sort)
for file in $files; do
    [ "$file" = libdtls/crypto/aead_gcm_ipsec.c ] && [ ! -e /usr/include/intel-ipsec-mb.h ] && continue
    grep -q "\"file\": \".*$file\"" "$build/compile_commands.json" || echo "$file is not compiled in $build"
done | empty "every file of libdtls/ and apps/ is looked at"

# Each takes a second: several at a time.
echo "$files" | xargs -P "$(nproc)" -I FILE bash -c 'tidy FILE' | empty "clang-tidy finds nothing in libdtls/ and apps/"

grep -n 'NOLINT' -r apps include libdtls | grep -vE 'NOLINT[A-Z]*\([a-z][a-zA-Z.-]*\)' |
    empty "each NOLINT says which check it means"
finish
