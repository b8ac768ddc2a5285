#!/bin/bash
# install_test.sh BUILD-DIRECTORY SOURCE-DIRECTORY - what `meson install` puts down is enough to build a program with
# pkg-config, on each of the libraries.
set -u
CC=${CC:-cc}
build=$1
source_dir=$2
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
echo "1..8"

check() { # status number words
    if [ "$1" = 0 ]; then echo "ok $2 - $3"; else echo "not ok $2 - $3"; sed 's/^/# /' "$room/log"; fi
}

DESTDIR=$room/root meson install -C "$build" --no-rebuild > "$room/log" 2>&1
check $? 1 "meson install works"

pc=$(find "$room/root" -name libdtls-ev.pc | head -n 1)
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$room/root
libs=$(dirname "${pc%/*}")
flags=$(pkg-config --cflags --libs libdtls-ev 2> "$room/log")
# shellcheck disable=SC2086
$CC -std=c11 -o "$room/client" "$source_dir/examples/client.c" $flags > "$room/log" 2>&1
check $? 2 "an example compiles with pkg-config alone"

LD_LIBRARY_PATH=$libs "$room/client" > "$room/log" 2>&1
[ $? = 2 ] && grep -q usage "$room/log"
check $? 3 "and runs against the installed libraries"

guest() { # NUMBER SOURCE LIBRARY: C, or C++ to which the headers say extern "C"
    local compiler="$CC -std=c11"
    if [ ! -e "$libs/pkgconfig/$3.pc" ]; then
        echo "ok $1 - $2 # SKIP $3 is not in this build"
        return
    fi
    [[ $2 == *.c ]] || compiler=${CC/#cc/c++}
    # shellcheck disable=SC2046
    $compiler -o "$room/guest" "$source_dir/tests/guest/$2" $(pkg-config --cflags --libs "$3") > "$room/log" 2>&1 &&
        LD_LIBRARY_PATH=$libs "$room/guest" >> "$room/log" 2>&1
    check $? "$1" "$2 compiles, links and runs on what $3.pc says"
}

guest 4 alone.c libdtls
guest 5 loop.cc libdtls-ev
guest 6 trust.cc libdtls-pkix
guest 7 store.c libdtls-redis
guest 8 media.cc libdtls-srtp
