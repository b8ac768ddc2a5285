#!/bin/bash
# fleet_test.sh BUILD_DIR SOURCE_DIR - `./dev fleet` as a test: Redis is killed in the middle of a thousand handshakes and
# more, and none of them fails. Prints TAP.
set -u

build=$1
. "$(dirname "$0")/tap.sh"
roam=$(program roam)

check "no ports" mistake --ports "$roam"
check "a port that is none" mistake "'1,x'" "$roam" --ports 1,x
check "no clients" mistake "'0'" "$roam" --ports 1 --clients 0

"$2/apps/fleet.sh" "$build" 1 200 6 >"$room/fleet.out" 2>"$room/fleet.err"
status=$?
number() { # of the last line
    sed -n "s/^fleet: .*$1=\([0-9]*\).*/\1/p" "$room/fleet.out"
}
check "a fleet of three servers ends well" [ "$status" = 0 ]
check "no handshake has failed" [ "$(number failed)" = 0 ]
check "there were a thousand" [ "$(number visits)" -ge 1000 ]
check "many were resumed at another server" [ "$(number resumed)" -ge 200 ]
check "and each has renewed its keys" [ "$(number renewed)" = "$(number visits)" ]
without_redis() { # while it is dead, and just after
    sed -n '/Redis is killed/,$p' "$room/fleet.out" | grep -q ' 0 resumed'
}
check "without Redis all handshakes are full" without_redis
again() {
    grep ' s .*visits' "$room/fleet.out" | sed -n '/ 0 resumed/,$p' | grep -qv ' 0 resumed'
}
check "and when it is back they are resumed again" again
finish
