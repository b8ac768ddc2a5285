#!/bin/bash
# install_test.sh BUILD-DIRECTORY SOURCE-DIRECTORY - what `meson install` puts down is enough to build a program with
# pkg-config.
set -u
CC=${CC:-cc}
build=$1
source_dir=$2
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
echo "1..6"

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

# A C++ program links too: the headers say extern "C".
cp "$source_dir/tests/guest/loop.cc" "$room/loop.cc"
# shellcheck disable=SC2086
${CC/#cc/c++} -o "$room/loop" "$room/loop.cc" $flags > "$room/log" 2>&1 && LD_LIBRARY_PATH=$libs "$room/loop"
check $? 4 "a C++ program compiles, links and runs"

if [ -e "$libs/pkgconfig/libdtls-pkix.pc" ]; then
    cp "$source_dir/tests/guest/trust.cc" "$room/trust.cc"
    # shellcheck disable=SC2046
    ${CC/#cc/c++} -o "$room/trust" "$room/trust.cc" $(pkg-config --cflags --libs libdtls-pkix) > "$room/log" 2>&1 &&
        LD_LIBRARY_PATH=$libs "$room/trust" >> "$room/log" 2>&1
    check $? 5 "and one that makes a verifier with libdtls-pkix"
else
    echo "ok 5 # SKIP this build is without GnuTLS"
fi

if [ ! -e "$libs/pkgconfig/libdtls-srtp.pc" ]; then
    echo "ok 6 # SKIP this build is without libsrtp"
    exit
fi
cp "$source_dir/tests/guest/media.cc" "$room/media.cc"
# shellcheck disable=SC2046
${CC/#cc/c++} -o "$room/media" "$room/media.cc" $(pkg-config --cflags --libs libdtls-srtp) > "$room/log" 2>&1 &&
    LD_LIBRARY_PATH=$libs "$room/media" >> "$room/log" 2>&1
check $? 6 "and one that protects a packet with libdtls-srtp alone"

