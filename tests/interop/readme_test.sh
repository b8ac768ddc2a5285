#!/bin/bash
# readme_test.sh SOURCE-DIRECTORY - the README's two programs are the ones that the build compiles, to the letter, and
# as short as it says; the tests that docs/rehandshake.md names exist, and every rule has one.
set -u
source_dir=$1
cd "$source_dir" || exit 1
echo "1..6"

block() { # the NUMBERth c block of the README
    awk -v wanted="$1" '/^```c$/ { count++; inside = 1; next } /^```$/ { inside = 0 } inside && count == wanted' README.md
}

check() { # number words... : what follows must have succeeded
    if [ "$status" = 0 ]; then echo "ok $1 - $2"; else echo "not ok $1 - $2"; fi
}

cmp -s <(block 1) examples/client.c; status=$?
check 1 "the README's client is examples/client.c"
cmp -s <(block 2) examples/server.c; status=$?
check 2 "the README's server is examples/server.c"
[ "$(wc -l < examples/client.c)" -le 40 ]; status=$?
check 3 "the client has 40 lines at most"
[ "$(wc -l < examples/server.c)" -le 60 ]; status=$?
check 4 "the server has 60 lines at most"

named() { # the tests that the document names
    grep -o '"[^"]*"\(<br>\| |\)' docs/rehandshake.md | sed 's/^"//; s/"[^"]*$//'
}

unknown=$(named | while read -r name; do grep -qF "\"$name\"" tests/behaviour/*.c || echo "# no such test: $name"; done)
echo "$unknown" | grep .
[ -z "$unknown" ] && [ "$(named | wc -l)" -ge 60 ]; status=$?
check 5 "the tests that docs/rehandshake.md names exist"
missing=$(for rule in $(seq 19); do grep -q "^| R$rule | .*(R$rule[),]" docs/rehandshake.md || echo "# R$rule"; done)
echo "$missing" | grep .
[ -z "$missing" ]; status=$?
check 6 "every rule from R1 to R19 has a test that says so"
