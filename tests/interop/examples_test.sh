#!/bin/bash
# examples_test.sh BUILD-DIRECTORY SOURCE-DIRECTORY - the programs of examples/ that no other test runs (programs_test.sh
# has client and server, call_test.sh the softphone): epoll_server, sensor, tunnel. They are short, and do what they say.
set -u

build=$1 source_dir=$2
. "$(dirname "$0")/tap.sh"

too_long=$(wc -l "$source_dir"/examples/*.c | awk '$1 >= 150 && $2 != "total"')
check "each example has less than 150 lines" [ -z "$too_long" ]

start() { # NAME PROGRAM ARGUMENTS...: sets pid, and port once it has said "port N"
    local name=$1
    shift
    : >"$room/$name.out"
    "$@" >"$room/$name.out" 2>"$room/$name.err" &
    pid=$!
    started+=($pid)
    wait_for '^port [0-9]' "$room/$name.out" || return 1
    port=$(sed -n 's/^port \([0-9]*\).*/\1/p' "$room/$name.out")
}

# ---- epoll_server, and sensor as its client ----

serves() {
    start epoll "$(program example-epoll-server)" 0 || return 1
    epoll_pid=$pid
    fingerprint=$(sed -n 's/.*\(SHA-256:[0-9A-F:]*\).*/\1/p' "$room/epoll.out")
    talk --pin "$fingerprint" && [ "$(cat "$room/client.out")" = hello ]
}
check "epoll_server sends lines back" serves

sensor=$(program example-sensor)
senses() {
    timeout --foreground 20 "$sensor" 127.0.0.1 "$port" 25 "$fingerprint" >"$room/sensor.out" 2>"$room/sensor.err" &&
        [ "$(cat "$room/sensor.out")" = "$(seq -f 'reading %g' 25)" ] && grep -q '^rehandshake_done' "$room/sensor.err"
}
check "sensor renews its keys on the way, and each reading comes back" senses

check "  ... and wants its server and no other" \
    bash -c '"$1" 127.0.0.1 "$2" 1 "SHA-256:$(printf %064d 0)" 2>"$3"; [ $? = 1 ] && grep -q "^failed " "$3"' \
    - "$sensor" "$port" "$room/wrong.err"

renews() { # three clients, while their records flow
    local flows=() one
    for one in 1 2 3; do
        : >"$room/flow$one.out"
        timeout --foreground 30 "$client" --json --flow 100 --for 2 127.0.0.1 "$port" </dev/null >"$room/flow$one.out" 2>"$room/flow$one.err" &
        flows+=($!)
    done
    for one in 1 2 3; do wait_for '"open"' "$room/flow$one.out" || return 1; done
    kill -HUP $epoll_pid
    for one in 1 2 3; do
        wait "${flows[one - 1]}" && grep -q '"event":"rehandshake_done"' "$room/flow$one.out" &&
            grep -q '"sent":200,"received":200,"lost":0' "$room/flow$one.out" || return 1
    done
}
check "on SIGHUP epoll_server renews the keys of all, and no record is lost" renews

ends() {
    local talking result
    mkfifo "$room/quiet"
    : >"$room/client.out"
    "$client" --json 127.0.0.1 "$port" <"$room/quiet" >"$room/client.out" 2>"$room/client.err" &
    talking=$!
    started+=($talking)
    exec 7>"$room/quiet"
    wait_for '"open"' "$room/client.out" && kill -TERM $epoll_pid && wait $epoll_pid && wait $talking &&
        grep -q '"event":"closed"' "$room/client.out"
    result=$?
    exec 7>&-
    return $result
}
check "SIGTERM closes what is open" ends

# ---- sensor without its lines for DTLS: a program on plain UDP ----

plain() {
    sed '/DTLS from here/,/DTLS to here/d; /\/\* DTLS \*\//d' "$source_dir/examples/sensor.c" >"$room/plain.c"
    ! grep -q 'dtls_' "$room/plain.c" && ${CC:-cc} -std=c11 -Wall -Wextra -Werror -o "$room/plain" "$room/plain.c" \
        2>"$room/plain.err" || return 1
    "$(program udp-echo)" >"$room/echo.out" &
    started+=($!)
    wait_for '[0-9]' "$room/echo.out" && echo_port=$(cat "$room/echo.out") &&
        timeout --foreground 20 "$room/plain" 127.0.0.1 "$echo_port" 3 >"$room/plain.out" 2>"$room/plain.err" &&
        [ "$(cat "$room/plain.out")" = "$(seq -f 'reading %g' 3)" ]
}
check "sensor without the lines that end with DTLS is a program on plain UDP" plain

# ---- that program through a tunnel ----

tunnel=$(program example-tunnel)
export TUNNEL_KEY=0123456789abcdef0123456789abcdef

goes_through() { # PORT: the last reading comes back; the first ones find no association yet
    timeout --foreground 20 "$room/plain" 127.0.0.1 "$1" 5 >"$room/plain.out" 2>"$room/plain.err"
    [ "$(tail -n 1 "$room/plain.out")" = "reading 5" ]
}

digs() {
    start exit "$tunnel" exit 0 127.0.0.1 "$echo_port" && exit_pid=$pid exit_port=$port &&
        start enter "$tunnel" enter 0 127.0.0.1 "$exit_port" && enter_pid=$pid enter_port=$port && goes_through "$port"
}
check "a program on plain UDP goes through a tunnel" digs

another() { start other "$tunnel" enter 0 127.0.0.1 "$exit_port" && other_pid=$pid && goes_through "$port"; }
check "a second tunnel has the same exit" another

wrong_key() {
    TUNNEL_KEY=0123456789abcdef0123456789abcdee start wrong "$tunnel" enter 0 127.0.0.1 "$exit_port" &&
        ! goes_through "$port" && [ ! -s "$room/plain.out" ] && kill $pid && wait $pid
}
check "nothing comes through with another key" wrong_key

again() { # the entrance hears that the exit ends, and meets the next one
    kill -TERM "$exit_pid" && wait "$exit_pid" && wait_for '^closed' "$room/enter.err" &&
        start exit "$tunnel" exit "$exit_port" 127.0.0.1 "$echo_port" && exit_pid=$pid && goes_through "$enter_port"
}
check "an exit that was restarted is found again" again

all_end() { # without leaving an association behind: the exit is told
    kill -INT "$enter_pid" && kill -TERM "$other_pid" "$exit_pid" && wait "$enter_pid" && wait "$other_pid" && wait "$exit_pid"
}
check "both ends end on SIGTERM and SIGINT" all_end

unset TUNNEL_KEY
check "without a key there is no tunnel" mistake TUNNEL_KEY "$tunnel" exit 0 127.0.0.1 9
check "sensor says what it wants" mistake usage: "$sensor" 127.0.0.1 9
finish
