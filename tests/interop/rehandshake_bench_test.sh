#!/bin/bash
# rehandshake_bench_test.sh - what build/bench/rehandshake prints of ours is what the README promises: no record lost, no
# delay, nobody dies; and a user's mistakes.
# Usage: rehandshake_bench_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
. "$(dirname "$0")/tap.sh"
bench=$build/bench/rehandshake

check "an unknown option is told" mistake --peers "$bench" --peers x
check "a peer without a program is told" mistake NAME=PROGRAM "$bench" --peer x
check "a peer whose program is not there is told" mistake "can be run" "$bench" --peer "x=$room/nothing"
check "a plot without real calls is told" mistake --real-calls "$bench" --real-calls 0 --plot "$room/x.svg"
check "no calls are too few" mistake "'0'" "$bench" --calls 0

# ---- rows ----

value() { # KEY: of each row on stdin
    sed -n 's/.*"'"$1"'":\("[^"]*"\|[^,}]*\).*/\1/p'
}

rows() { # PATTERN: those that have it
    grep -- "$1" "$room/rows.out"
}

run() { # OPTIONS...
    timeout --foreground 250 "$bench" --json "$@" >"$room/rows.out" 2>"$room/rows.err" && [ ! -s "$room/rows.err" ]
}

all_are() { # KEY VALUE PATTERN: every row with the pattern, and there are some
    rows "$3" | value "$1" >"$room/values" && [ -s "$room/values" ] && ! grep -qvxF -- "$2" "$room/values"
}

at_most() { # KEY NUMBER PATTERN
    rows "$3" | value "$1" | awk -v most="$2" '$1 > most { bad = 1 } END { exit bad || NR == 0 }'
}

check "calls in virtual time" run --calls 100 --real-calls 0
check "sixteen rows: both starters, both modes, four losses" [ "$(grep -c '"impl":"libdtls".*"clock":"virtual"' "$room/rows.out")" = 16 ]
check "no record is lost by us" all_are lost_by_impl 0 virtual
check "none comes twice" all_are duplicated 0 virtual
check "nobody dies" all_are alive true virtual
check "and every rehandshake is done within four seconds" all_are unfinished 0 virtual
check "the network was unkind" at_most lost_by_network 0 '"loss":0'
check "  ... where it was to be" eval '! at_most lost_by_network 1000 "\"loss\":20"'
check "nothing is delayed by us, at any loss" all_are added_gap_ms 0.000 virtual
check "no silence but the records' own distance without loss" all_are longest_gap_ms 20.000 '"loss":0'
check "a client's full one takes two round trips" at_most latency_max_ms 201 '"initiator":"client","mode":"full","loss":0'
check "a client's abbreviated one takes one" at_most latency_max_ms 101 '"initiator":"client","mode":"abbreviated","loss":0'

check "calls in real time" run --calls 1 --real-calls 1 --only libdtls
check "as many rows" [ "$(grep -c '"impl":"libdtls".*"clock":"real"' "$room/rows.out")" = 16 ]
check "no record is lost by us in real time" all_are lost_by_impl 0 real
check "nobody dies in real time" all_are alive true real
check "CPU time is measured" at_most cpu_us 1000000 '"clock":"real".*"loss":0'

another_program() { # any that speaks the command line
    local program
    program=$(program peer-libdtls)
    run --calls 1 --real-calls 1 --peer "other=$program" --only other &&
        [ "$(grep -c '"impl":"other","use":"careful"' "$room/rows.out")" = 16 ] && all_are lost_by_impl 0 other
}
check "another program can be measured" another_program

finish
