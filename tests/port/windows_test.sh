#!/bin/bash
# windows_test.sh SOURCE-DIRECTORY - the core compiles for Windows, with MinGW's compiler. That shows that types, macros and
# calls are there, and no more: Debian has no nettle for Windows, so nothing is linked or run.
set -u
cd "$1" || exit 1
. tests/port/core.sh
mingw=x86_64-w64-mingw32-gcc
command -v $mingw > /dev/null || { echo "1..0 # SKIP $mingw is not installed"; exit 0; }
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
echo "1..1"

# MinGW knows no visibility, and says so.
nettle_headers "$room/headers"
core_files windows | xargs -P 2 -n 10 $mingw -std=c11 -Wall -Wextra -Wno-attributes -Werror -fsyntax-only -I include -I libdtls \
    -I "$room/headers" > "$room/log" 2>&1
status=$?
[ $status = 0 ] || echo -n "not "
echo "ok 1 - the core compiles for Windows"
sed 's/^/# /' "$room/log" | head -n 20
exit $status
