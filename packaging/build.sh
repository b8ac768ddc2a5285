#!/bin/bash
# build.sh DIRECTORY - builds the Debian packages of this source tree, in a copy of it, and puts them into DIRECTORY.
# DEB_BUILD_OPTIONS=nocheck leaves out the tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
to=$1
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT

mkdir "$room/libdtls"
tar -c --exclude=./.git --exclude=./build --exclude='./build-*' . | tar -x -C "$room/libdtls"
mv "$room/libdtls/packaging/debian" "$room/libdtls/debian"
(cd "$room/libdtls" && dpkg-buildpackage --no-sign --build=binary --jobs=auto)
mkdir -p "$to"
mv "$room"/*.{deb,buildinfo,changes} "$to"
