#!/bin/bash
# udp_bench_test.sh - build/bench/udp: every implementation that was built has its rows, each of the form that is
# promised; and a user's mistakes. No figure is judged.
# Usage: udp_bench_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
. "$(dirname "$0")/tap.sh"
bench=$build/bench/udp
ours=$(program udp-libdtls)

check "an unknown option is told" mistake --peers "$bench" --peers x
check "an argument too many is told" mistake "'all'" "$bench" all
check "no time is too short" mistake "'0'" "$bench" --ms 0
check "an implementation that is not there is told" mistake nonesuch "$bench" --only nonesuch
check "a program that measures one is told an unknown cipher" mistake "'ROT13'" "$ours" --cipher ROT13
check "  ... and too large a record" mistake "'1201'" "$ours" --size 1201

# ---- rows ----

run() { # OPTIONS...
    timeout --foreground 120 "$bench" --quick "$@" >"$room/rows.out" 2>"$room/rows.err" && [ ! -s "$room/rows.err" ]
}

count() { # NUMBER PATTERN: so many rows have it
    [ "$(grep -cE -- "$2" "$room/rows.out")" = "$1" ]
}

text='"[^"]+"' whole='[0-9]+' real='[0-9]+\.[0-9]{3}'
form="^\{\"impl\":$text,\"version\":$text,\"cipher\":$text,\"size\":$whole,\"burst\":$whole,\"records_per_s\":$real"
form="$form,\"lost\":$whole,\"cpu_ns_send\":$real,\"cpu_ns_receive\":$real,\"ratio_to_best_peer\":($real|null)\}\$"

check "a quick run" run --json
check "each row has exactly what is promised" eval '! grep -vqE "$form" "$room/rows.out"'
check "ours: two ciphers, two sizes, two bursts" count 8 '"impl":"libdtls"'
check "  ... of 1,200 bytes" count 4 '"impl":"libdtls".*"size":1200,'
check "  ... and one record in a turn" count 4 '"impl":"libdtls".*"burst":1,'
check "the kernel alone in three ways" count 12 '"impl":"none".*"cipher":"(sendto|mmsg|gso)"'
check "something has arrived in every row" count 0 '"records_per_s":0\.000'
peers=0
for name in openssl gnutls mbedtls; do
    if [ -x "$build/bench/udp-$name" ]; then
        check "$name as much as ours" count 8 "\"impl\":\"$name\""
        peers=$((peers + 1))
    else
        skip "$name as much as ours" "its library was not there when this was built"
    fi
done
if [ $peers -gt 0 ]; then
    check "every row is compared with the best peer" count 0 '"ratio_to_best_peer":null'
    check "  ... of which there is one for each cipher, size and burst" \
        eval '[ "$(grep -E "openssl|gnutls|mbedtls" "$room/rows.out" | grep -c "_peer\":1.000}")" -ge 8 ]'
fi

check "ours alone" run --json --only libdtls
check "  ... are eight rows without a comparison" count 8 '"impl":"libdtls".*"ratio_to_best_peer":null'

check "a table for people" run --only none
check "  ... says on what, and what its columns are" eval 'head -n 2 "$room/rows.out" | grep -q "^# " &&
    grep -q "^impl  *version  *cipher" "$room/rows.out"'
check "  ... and has a line for each row" count 12 '^none '

finish
