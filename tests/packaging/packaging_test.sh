#!/bin/bash
# packaging_test.sh BUILD-DIRECTORY SOURCE-DIRECTORY - packaging/debian fits what is built, without building packages: each
# file that `meson install` puts down is in exactly one package, and the versions are one. (fresh_test.sh builds them.)
set -u
build=$1
cd "$2" || exit 1
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
debian=packaging/debian
echo "1..4"

check() { # number words: what came before must have succeeded, and "$room/log" is what is wrong
    if [ "$status" = 0 ]; then echo "ok $1 - $2"; else echo "not ok $1 - $2"; sed 's/^/# /' "$room/log"; fi
}

DESTDIR=$room/root meson install -C "$build" --no-rebuild > "$room/log" 2>&1 || { echo "Bail out! meson install fails"; exit 1; }
prefix=$(meson introspect --buildoptions "$build" | sed 's/.*"name": "prefix", "value": "\([^"]*\)".*/\1/')
mv "$room/root$prefix" "$room/usr"
# Without dpkg-dev meson knows no directory of this processor's.
libdir=$(meson introspect --buildoptions "$build" | sed 's/.*"name": "libdir", "value": "\([^"]*\)".*/\1/')
if [[ $libdir != */* ]]; then
    mkdir "$room/here"
    mv "$room/usr/$libdir"/* "$room/here"
    mkdir -p "$room/usr/lib"
    mv "$room/here" "$room/usr/lib/here"
fi
find "$room/usr" -not -type d -printf 'usr/%P\n' | sort > "$room/installed"

# A line of an .install file is a pattern, and what is below it.
: > "$room/packaged"
: > "$room/empty"
for list in "$debian"/*.install; do
    while read -r pattern; do
        found=$(cd "$room" && find usr -path "$pattern" -exec find {} -not -type d \;)
        if [ -n "$found" ]; then echo "$found" >> "$room/packaged"; else echo "$(basename "$list"): $pattern" >> "$room/empty"; fi
    done < "$list"
done
sort -o "$room/packaged" "$room/packaged"
diff "$room/installed" "$room/packaged" > "$room/log"
status=$?
check 1 "each installed file is in exactly one package"

cp "$room/empty" "$room/log"
# The companions that this build is without have nothing to install.
for name in ev pkix redis srtp; do
    [ -n "$(find "$build/libdtls" -maxdepth 1 -name "libdtls-$name.so")" ] || sed -i "/libdtls-$name/d" "$room/log"
done
status=$([ -s "$room/log" ] && echo 1 || echo 0)
check 2 "no package asks for a file that is not there"

version=$(sed -n "s/^  version: '\(.*\)',/\1/p" meson.build)
{
    sed -n '1s/^libdtls (\(.*\)-[0-9]*).*/\1/p' $debian/changelog
    sed -n '/^## /{s/^## \([0-9.]*\).*/\1/p;q}' CHANGELOG.md
    find "$build/libdtls" -maxdepth 1 -name 'libdtls*.so.*.*.*' -type f | sed 's/.*\.so\.//'
} > "$room/log"
[ "$(wc -l < "$room/log")" -ge 3 ] && [ "$(sort -u "$room/log")" = "$version" ]
status=$?
check 3 "the version of the project is that of its package, its libraries and its changes"

# A library package is called after the SONAME.
for library in "$build"/libdtls/libdtls*.so; do
    soname=$(readelf -d "$library" | sed -n 's/.*SONAME.*\[\(.*\)\.so\.\(.*\)\]/\1\2/p')
    grep -qx "Package: $soname" $debian/control || echo "no package $soname"
done > "$room/log"
status=$([ -s "$room/log" ] && echo 1 || echo 0)
check 4 "the package of a library has its SONAME"
