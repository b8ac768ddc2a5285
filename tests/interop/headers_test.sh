#!/bin/bash
# headers_test.sh SOURCE-DIRECTORY - each public header compiles alone, and twice in a row, in C99, C11 and C++11, without
# an extension and without a warning.
set -u
CC=${CC:-cc}
cd "$1" || exit 1
headers=(include/dtls/*.h)
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
echo "1..$((3 * ${#headers[@]}))"

tests=0 status=0
for header in "${headers[@]}"; do
    name=dtls/$(basename "$header")
    printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "$name" "$name" > "$room/alone.c"
    cp "$room/alone.c" "$room/alone.cc"
    for standard in c99 c11 c++11; do
        tests=$((tests + 1))
        compiler=$CC source=alone.c
        [ $standard != c++11 ] || compiler=${CC/#cc/c++} source=alone.cc
        if $compiler -std=$standard -Wall -Wextra -pedantic -Werror -fsyntax-only -I include "$room/$source" \
            > "$room/log" 2>&1; then
            echo "ok $tests - $name in $standard"
        else
            echo "not ok $tests - $name in $standard"
            head -n 10 "$room/log" | sed 's/^/# /'
            status=1
        fi
    done
done
exit $status
