#!/bin/bash
# samples_test.sh BUILD-DIRECTORY SOURCE-DIRECTORY - every block of C in the documents compiles; what is a file of
# examples/ there is that file, to the letter; and the example without libev does what its document says.
#
# A block with a main is a program. One with other includes than ours is another library's: where that is not installed
# it is a skip. A block of definitions or statements stands in samples.h's company.
set -u
build=$1
source_dir=$2
. "$source_dir/tests/interop/tap.sh"
cd "$source_dir" || exit 1
CC=${CC:-cc}

compiles() { # FILE: without a warning; wolfSSL's headers as if it had been built with renegotiation, which Debian does not
    $CC -std=gnu11 -fsyntax-only -Wall -Wextra -Werror -Wno-unused-variable -Wno-unused-function \
        -Wno-deprecated-declarations -DHAVE_SECURE_RENEGOTIATION -I include -I tests/interop "$1" > "$room/sample.out" 2>&1
}

blocks() { # DOCUMENT: each block of C into a file $room/block-N.c
    rm -f "$room"/block-*.c
    awk -v room="$room" '
        /^```c$/ { count++; inside = 1; next }
        /^```/ { inside = 0 }
        inside { print > (room "/block-" count ".c") }' "$1"
}

# ---- each of them ----

header_of() { # FILE: the first include of another DTLS library
    grep -oE '^#include <(openssl|gnutls|wolfssl)/[a-z_]*\.h>' "$1" | head -n 1 | sed 's/.*<\(.*\)>/\1/'
}

connection() { # FILE: what `conn` is there
    grep -q 'dtls_ev_' "$1" && echo dtls_ev_conn || echo dtls_conn
}

check_block() { # DOCUMENT NUMBER
    local block=$room/block-$2.c name="$1: block $2" foreign example
    if grep -q '^#include' "$block"; then
        foreign=$(header_of "$block")
        if [ -n "$foreign" ] && ! echo "#include <$foreign>" | $CC -fsyntax-only -x c - 2> /dev/null; then
            skip "$name compiles" "no $foreign here"
            return
        fi
        check "$name compiles" compiles "$block"
        example=examples/$(sed -n '1s/^\/\* \([a-z_]*\.c\) - .*/\1/p' "$block")
        [ ! -f "$example" ] || check "$name is $example" cmp -s "$block" "$example"
    elif grep -qE '^(static|struct|enum) .*[^;]$' "$block"; then
        { echo '#include "samples.h"'; cat "$block"; } > "$room/sample.c"
        check "$name compiles" compiles "$room/sample.c"
    else
        {
            printf '#define SAMPLE_OF_STATEMENTS\n#include "samples.h"\nextern struct %s *conn;\nvoid sample(void);\nvoid sample(void)\n{\n' \
                "$(connection "$block")"
            cat "$block"
            echo '}'
        } > "$room/sample.c"
        check "$name compiles" compiles "$room/sample.c"
    fi
}

found=0
for document in README.md docs/*.md; do
    blocks "$document"
    for number in $(seq 100); do
        [ -e "$room/block-$number.c" ] || break
        check_block "$document" "$number"
        found=$((found + 1))
    done
done
check "there are blocks of C" [ "$found" -ge 10 ]

fenced() { # C that stands outside of a fence would not be compiled
    ! awk '/^```/ { code = !code } !code && (/^    static / || /^    .*;( *\/\*.*)?$/) { print FILENAME ": " $0 }' \
        README.md docs/*.md | grep . > "$room/sample.out"
}
check "no C stands outside of a fence" fenced

# ---- one of them runs ----

echoes() {
    start_server && timeout --foreground 20 "$(program example-by_hand)" 127.0.0.1 "$port" "$fingerprint" hello > "$room/hand.out" &&
        printf 'epoch 1: hello\nepoch 2: hello\n' | cmp -s - "$room/hand.out"
}
check "by_hand gets its line back, under new keys too" echoes
finish
