#!/bin/bash
# foreign_test.sh SOURCE-DIRECTORY - the engine on other processors: i386, where a size has 32 bits, and s390x, which has the
# high byte first. A cross compiler, the libraries of Debian's mirror in a folder, and the tests of rooms, published
# vectors and some of the engine; i386 runs by itself on a PC, s390x under qemu.
set -u
unset CC
source_dir=$1
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
. "$source_dir/tests/port/mirror.sh"
release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
behaviour=(admission data endpoint endpoint_admit endpoint_restart found handshake hostile rehandshake rehandshake_data
    store ticket_keys)
echo "1..6"
tests=0

check() { # words: what came before must have succeeded
    tests=$((tests + 1))
    if [ "$status" = 0 ]; then echo "ok $tests - $1"; else echo "not ok $tests - $1"; tail -n 20 "$room/log" | sed 's/^/# /'; fi
}

skip() { # PROCESSOR REASON
    for what in 'the engine compiles' 'rooms and vectors' 'the engine'; do
        tests=$((tests + 1))
        echo "ok $tests - $1: $what # SKIP $2"
    done
}

try() { # PROCESSOR COMPILER-PREFIX MESON-FAMILY ENDIAN RUNNER: how a program is started there, ROOT is the folder
    local root=$room/$1 triplet=$1-linux-gnu runner
    for program in mmdebstrap "$2-gcc" ${5%% *}; do
        [[ $program == ROOT* ]] || command -v "$program" > /dev/null ||
            { skip "$1" "$program is not installed"; return; }
    done
    if ! mmdebstrap --variant=extract --architectures="$1" --include=libc6-dev,nettle-dev,libgmp-dev,libcunit1-dev \
        "$release" "$root" $mirror > "$room/log" 2>&1; then
        if mirror_is_away "$room/log"; then
            skip "$1" "Debian's mirror cannot be reached"
            return
        fi
    fi
    [ -e "$root/lib" ] || ln -s usr/lib "$root/lib"
    # shellcheck disable=SC2086
    runner=$(printf "'%s', " ${5//ROOT/$root}) # as meson wants it
    cat > "$room/$1.ini" << FILE
[binaries]
c = '$2-gcc'
ar = '$2-ar'
strip = '$2-strip'
pkgconfig = 'pkg-config'
exe_wrapper = [$runner]
[built-in options]
c_args = ['--sysroot=$root']
c_link_args = ['--sysroot=$root']
[properties]
sys_root = '$root'
pkg_config_libdir = '$root/usr/lib/$triplet/pkgconfig'
needs_exe_wrapper = true
[host_machine]
system = 'linux'
cpu_family = '$3'
cpu = '$3'
endian = '$4'
FILE
    meson setup "$root-build" "$source_dir" --cross-file "$room/$1.ini" -Doptimization=1 -Dtests=auto -Dev=disabled \
        -Dredis=disabled -Dsrtp=disabled -Dpkix=disabled -Dopus=disabled -Dwebrtc=disabled -Dpeers=disabled \
        > "$room/log" 2>&1 && ninja -j 2 -C "$root-build" > "$room/log" 2>&1 &&
        ! grep -E '(libdtls|include/dtls)/[^ ]*: warning:' "$room/log"
    status=$?
    check "$1: the engine compiles, without a warning"
    meson test -C "$root-build" --no-rebuild --suite unit --suite vectors --timeout-multiplier 10 > "$room/log" 2>&1
    status=$?
    check "$1: rooms and vectors"
    meson test -C "$root-build" --no-rebuild --timeout-multiplier 10 "${behaviour[@]}" > "$room/log" 2>&1
    status=$?
    check "$1: the engine"
}

try i386 i686-linux-gnu x86 little \
    'ROOT/lib/ld-linux.so.2 --library-path ROOT/lib/i386-linux-gnu:ROOT/usr/lib/i386-linux-gnu'
try s390x s390x-linux-gnu s390x big 'qemu-s390x-static -L ROOT'
