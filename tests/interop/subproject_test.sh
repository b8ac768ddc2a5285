#!/bin/bash
# subproject_test.sh SOURCE-DIRECTORY - libdtls in the subprojects/ of another project (tests/guest): its libraries are
# found by the names that pkg-config has for them, and nothing but libraries is built.
set -u
CC=${CC:-cc}
export CC=${CC%% *} # no sanitizers here
source_dir=$1
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
echo "1..4"

check() { # number words: what came before must have succeeded
    if [ "$status" = 0 ]; then echo "ok $1 - $2"; else echo "not ok $1 - $2"; tail -n 20 "$room/log" | sed 's/^/# /'; fi
}

run_all() {
    local name
    for name in alone loop media store trust; do
        "$room/build/$name" || { echo "$name ends with $?" >> "$room/log"; return 1; }
    done
}

cp -r "$source_dir/tests/guest" "$room/guest"
mkdir "$room/guest/subprojects"
ln -s "$source_dir" "$room/guest/subprojects/libdtls"

meson setup "$room/build" "$room/guest" -Doptimization=0 -Ddebug=false > "$room/log" 2>&1 &&
    ninja -j 2 -C "$room/build" > "$room/log" 2>&1
status=$?
check 1 "a project with libdtls in its subprojects/ builds"

built=$(find "$room/build/subprojects" \( -type f -executable -o -name '*.a' \) -not -path '*.p/*' \
    -not -name 'libdtls*.so.*' -not -name 'libdtls-*.a')
echo "$built" > "$room/log"
[ -z "$built" ] && [ -e "$room/build/subprojects/libdtls/libdtls/libdtls.so" ]
status=$?
check 2 "of libdtls only the libraries are built"

run_all
status=$?
check 3 "a program for each library runs"

meson configure "$room/build" -Dlibdtls:default_library=static > "$room/log" 2>&1 &&
    ninja -j 2 -C "$room/build" > "$room/log" 2>&1 &&
    run_all && ! readelf -d "$room"/build/{alone,loop,media,store,trust} | grep 'NEEDED.*libdtls' > "$room/log"
status=$?
check 4 "and with static libraries"
