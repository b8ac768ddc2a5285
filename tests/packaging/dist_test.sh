#!/bin/bash
# dist_test.sh SOURCE-DIRECTORY - `meson dist` makes a tarball of what is committed, and the tarball builds by itself: all of
# it, and the tests of rooms pass.
set -u
CC=${CC:-cc}
export CC=${CC%% *} # no sanitizers here
source_dir=$1
git -C "$source_dir" rev-parse --git-dir > /dev/null 2>&1 || { echo "1..0 # SKIP this is no checkout of git"; exit 0; }
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
echo "1..3"

check() { # number words: what came before must have succeeded
    if [ "$status" = 0 ]; then echo "ok $1 - $2"; else echo "not ok $1 - $2"; tail -n 20 "$room/log" | sed 's/^/# /'; fi
}

git clone -q "$source_dir" "$room/clone" > "$room/log" 2>&1 &&
    meson setup "$room/build" "$room/clone" -Dpeers=disabled > "$room/log" 2>&1 &&
    meson dist -C "$room/build" --no-tests > "$room/log" 2>&1
status=$?
check 1 "meson dist makes a tarball"

mkdir "$room/out"
tar -x -f "$room"/build/meson-dist/libdtls-*.tar.xz -C "$room/out" --strip-components=1 2> "$room/log" &&
    meson setup "$room/other" "$room/out" -Dpeers=disabled -Doptimization=0 > "$room/log" 2>&1 &&
    ninja -j 2 -C "$room/other" > "$room/log" 2>&1
status=$?
check 2 "which builds by itself"

meson test -C "$room/other" --no-rebuild --suite unit --suite packaging > "$room/log" 2>&1
status=$?
check 3 "and whose tests of rooms, and of the packaging, pass"
