#!/bin/bash
# nettle4_test.sh SOURCE-DIRECTORY - the engine on nettle 4.0, of Debian's experimental: compiled against it without a
# warning, with the tests of rooms, published vectors and some of the engine. The libraries that have a nettle inside
# (GnuTLS) and the programs stay with nettle 3; the one difference is libdtls/crypto/nettle_length.h.
set -u
CC=${CC:-cc}
export CC=${CC%% *} # no sanitizers here
source_dir=$1
command -v mmdebstrap > /dev/null || { echo "1..0 # SKIP mmdebstrap is not installed"; exit 0; }
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
. "$source_dir/tests/port/mirror.sh"
libraries=usr/lib/$($CC -print-multiarch)

# The lists of sid and experimental are good for a week only, and a mirror may be older.
if ! mmdebstrap --variant=extract --aptopt='Acquire::Check-Valid-Until "false"' --include=nettle4-dev sid "$room/debian" \
    "deb $mirror sid main" "deb $mirror experimental main" > "$room/log" 2>&1; then
    if grep -q 'Unable to locate package nettle4-dev' "$room/log"; then
        reason="Debian's experimental has no nettle4-dev any more"
    elif mirror_is_away "$room/log"; then
        reason="Debian's mirror cannot be reached"
    else
        echo "1..1"
        echo "not ok 1 - nettle 4 can be had"
        tail -n 20 "$room/log" | sed 's/^/# /'
        exit 1
    fi
    echo "1..0 # SKIP $reason"
    exit 0
fi
# nettle alone: it runs on this system's C library and gmp.
mkdir -p "$room/nettle/usr/include" "$room/nettle/$libraries/pkgconfig"
cp -r "$room/debian/usr/include/nettle" "$room/nettle/usr/include"
cp -a "$room/debian/$libraries"/lib{nettle,hogweed}.so* "$room/nettle/$libraries"
cp "$room/debian/$libraries"/pkgconfig/{nettle,hogweed}.pc "$room/nettle/$libraries/pkgconfig"
echo "1..4"

check() { # number words: what came before must have succeeded
    if [ "$status" = 0 ]; then echo "ok $1 - $2"; else echo "not ok $1 - $2"; tail -n 20 "$room/log" | sed 's/^/# /'; fi
}

export PKG_CONFIG_PATH=$room/nettle/$libraries/pkgconfig PKG_CONFIG_SYSROOT_DIR=$room/nettle
meson setup "$room/build" "$source_dir" -Doptimization=1 -Dev=disabled -Dredis=disabled -Dsrtp=disabled \
    -Dpkix=disabled -Dopus=disabled -Dwebrtc=disabled -Dpeers=disabled > "$room/log" 2>&1 &&
    ninja -j 2 -C "$room/build" > "$room/log" 2>&1 && ! grep 'warning:' "$room/log"
status=$?
check 1 "the engine compiles, without a warning"

export LD_LIBRARY_PATH=$room/nettle/$libraries
ldd "$room"/build/libdtls/libdtls.so > "$room/log"
grep -q 'libnettle\.so\.9 => '"$room" "$room/log" && grep -q 'libhogweed\.so\.7 => '"$room" "$room/log"
status=$?
check 2 "nettle 4 it is"

meson test -C "$room/build" --no-rebuild --suite unit --suite vectors > "$room/log" 2>&1
status=$?
check 3 "rooms and vectors"
meson test -C "$room/build" --no-rebuild admission data endpoint found handshake hostile idle psk rehandshake store \
    ticket_keys > "$room/log" 2>&1
status=$?
check 4 "the engine"
