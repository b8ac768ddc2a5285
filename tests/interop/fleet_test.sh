#!/bin/bash
# fleet_test.sh BUILD_DIR SOURCE_DIR - `./dev fleet` as a test: Redis is killed in the middle of a thousand handshakes and
# more, and none of them fails. Prints TAP.
set -u

command -v redis-server >/dev/null || { echo "1..0 # SKIP redis-server is not installed"; exit 0; }

build=$1
. "$(dirname "$0")/tap.sh"
roam=$(program roam)

check "no ports" mistake --ports "$roam"
check "a port that is none" mistake "'1,x'" "$roam" --ports 1,x
check "no clients" mistake "'0'" "$roam" --ports 1 --clients 0

# ---- a thousand visits ----

fleet() { # CLIENTS SECONDS [VISITS]
    TMPDIR=$room/tmp "$2/apps/fleet.sh" "$build" 1 "${@:3}" >"$room/fleet.out" 2>"$room/fleet.err"
}
number() { # PHASE ROW: 1 with Redis, 2 without, 3 while it comes back, 4 with it again
    awk -v phase="$1" -v row="$2 " 'index($0, row) == 1 { print $(NF - 4 + phase) }' "$room/fleet.out"
}
sum() { # KEY: of the last line
    sed -n "s/^fleet: .*$1=\([0-9]*\).*/\1/p" "$room/fleet.out"
}
mkdir "$room/tmp"
check "a fleet ends well" fleet "$@" 200 4 350
check "there were a thousand visits" [ "$(sum visits)" -ge 1000 ]
check "none has failed" [ "$(sum failed)" = 0 ]
check "each has renewed its keys by its session" [ "$(sum renewed)" = "$(sum visits)" ]
check "the network has lost some" [ "$(sum lost_by_network)" -gt 0 ]
check "sessions were resumed at other servers by their id" [ "$(number 1 'resumed by id')" -gt 0 ]
check "and by tickets" [ "$(number 1 'resumed by ticket')" -gt 0 ]
check "without Redis none by its id" [ "$(number 2 'resumed by id')" = 0 ]
check "but in full handshakes instead" [ "$(number 2 'full handshakes')" -gt 0 ]
check "while tickets go on" [ "$(number 2 'resumed by ticket')" -gt 0 ]
check "and some by their id when it is back" [ "$(number 4 'resumed by id')" -gt 0 ]

# ---- and nothing stays ----

is_left() { # Redis; whoever was given a path in the directory; or that
    redis-cli -p "$(sed -n 's/.*Redis listens at port \([0-9]*\).*/\1/p' "$room/fleet.out")" ping >/dev/null 2>&1 ||
        pgrep -f "$room/tmp/" >/dev/null || [ -n "$(ls -A "$room/tmp")" ]
}
check "it leaves nothing behind" eval '! is_left'
stopped_in_the_middle() {
    : >"$room/fleet.out"
    TMPDIR=$room/tmp "$2/apps/fleet.sh" "$build" 1 10 100 >"$room/fleet.out" 2>"$room/fleet.err" &
    local pid=$!
    started+=($pid)
    wait_for "clients come" "$room/fleet.out" && is_left && kill -TERM $pid || return 1
    wait $pid
    ! is_left
}
check "nor when it is stopped in the middle" stopped_in_the_middle "$@"
finish
