#!/bin/bash
# endpoint_bench_test.sh - build/bench/endpoint: a quick run has all rows, of the form that is promised; and a user's
# mistakes. No figure is judged.
# Usage: endpoint_bench_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
. "$(dirname "$0")/tap.sh"
bench=$build/bench/endpoint

check "an unknown option is told" mistake --peers "$bench" --peers
check "an argument too many is told" mistake "'all'" "$bench" all
check "no associations are too few" mistake "'0'" "$bench" --associations 0
check "  ... and half a number is none" mistake "'10x'" "$bench" --associations 10x

run() {
    timeout --foreground 120 "$bench" --quick --associations 300 --json >"$room/rows.out" 2>"$room/rows.err" && [ ! -s "$room/rows.err" ]
}

text='"[^"]+"'
form="^\{\"bench\":\"endpoint\",\"impl\":\"libdtls\",\"version\":$text,\"case\":$text,\"value\":[0-9.]+,\"unit\":$text\}\$"
check "a quick run" run
check "nine rows, each of exactly that form" eval '[ "$(grep -cE "$form" "$room/rows.out")" = 9 ] &&
    [ "$(wc -l <"$room/rows.out")" = 9 ]'
check "two suites, with one association and with many" eval '[ "$(grep -c "300 associations\"" "$room/rows.out")" = 2 ]'
check "hellos, beside a bare loop" eval '[ "$(grep -c hellos "$room/rows.out")" = 3 ]'
finish
