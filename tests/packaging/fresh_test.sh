#!/bin/bash
# fresh_test.sh SOURCE-DIRECTORY - the Debian packages, in a fresh Debian 12 and a fresh Debian 13: they build from what
# packaging/debian/control asks for and nothing else, without a warning; lintian has nothing serious to say; installed,
# they are enough for what packaging/debian/tests/smoke does. Wants mmdebstrap and Debian's mirrors.
set -u
cd "$1" || exit 1
command -v mmdebstrap > /dev/null || { echo "1..0 # SKIP mmdebstrap is not installed"; exit 0; }
. tests/port/mirror.sh
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT

tests=0 failures=0
check() { # DESCRIPTION FILE COMMAND...: FILE is what went wrong, if something did
    local name=$1 file=$2
    shift 2
    tests=$((tests + 1))
    if "$@"; then
        echo "ok $tests - $name"
    else
        echo "not ok $tests - $name"
        tail -n 25 "$file" 2> /dev/null | sed 's/^/# /'
        failures=$((failures + 1))
    fi
}

# The sources as they are here, committed or not, and the packaging where apt looks for Build-Depends.
mkdir "$room/src"
tar -c --exclude=./.git --exclude=./build --exclude='./build-*' . | tar -x -C "$room/src"
cp -r "$room/src/packaging/debian" "$room/src/debian"

# What happens in there. Each part leaves its output in /out, and its last line says that it has succeeded. What lintian
# is told to overlook is about where to complain, which whoever distributes the packages fills in.
cat > "$room/inside.sh" << 'INSIDE'
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
part() { # NAME COMMAND...
    local name=$1
    shift
    "$@" > "/out/$name" 2>&1 && echo fine >> "/out/$name"
}
build() {
    rm -r debian
    packaging/build.sh /out/packages
}
check_packages() {
    lintian --allow-root --fail-on error,warning --suppress-tags \
        bogus-mail-host,bogus-mail-host-in-debian-changelog,initial-upload-closes-no-bugs /out/packages/*.changes
}
mkdir -p /out
cd /src || exit 1
part depends apt-get -q -y --no-install-recommends build-dep ./ &&
    part build build &&
    part lintian check_packages &&
    part install apt-get -q -y --no-install-recommends install /out/packages/*.deb g++ pkg-config &&
    part smoke packaging/debian/tests/smoke
exit 0
INSIDE

for suite in bookworm trixie; do
    out=$room/$suite
    mkdir "$out"
    if ! mmdebstrap --variant=minbase --include=build-essential,lintian "--customize-hook=copy-in $room/src $room/inside.sh /" \
        '--customize-hook=chroot "$1" bash /inside.sh' "--customize-hook=sync-out /out $out" \
        $suite /dev/null $mirror > "$room/log" 2>&1; then
        tests=$((tests + 1))
        if mirror_is_away "$room/log"; then
            echo "ok $tests - $suite # SKIP Debian's mirror cannot be reached"
        else
            echo "not ok $tests - $suite: no such system"
            tail -n 25 "$room/log" | sed 's/^/# /'
            failures=$((failures + 1))
        fi
        continue
    fi
    for what in 'depends: its Build-Depends are there' 'build: the packages build, and their tests pass' \
        'lintian: lintian finds nothing serious' 'install: they install' 'smoke: and are of use'; do
        part=${what%%:*}
        check "$suite: ${what#*: }" "$out/$part" sh -c '[ "$(tail -n 1 "$1")" = fine ]' - "$out/$part"
    done
    check "$suite: no warning of the compiler" "$out/build" sh -c '! grep "warning: .*\[-W" "$1"' - "$out/build"
done
echo "1..$tests"
[ "$failures" = 0 ]
