#!/bin/bash
# load_test.sh - build/bench/load against dtls-server: 200 clients whose keys are renewed while records flow lose none of
# them; sessions are resumed; what fails is counted by name; and a user's mistakes.
# Usage: load_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
. "$(dirname "$0")/tap.sh"
load=$build/bench/load

check "an unknown option is told" mistake --peers "$load" --peers x 127.0.0.1:4433
check "no server is told" mistake "an argument is missing" "$load"
check "a server without a port is told" mistake "'127.0.0.1'" "$load" 127.0.0.1
check "no clients are too few" mistake "'0'" "$load" --clients 0 127.0.0.1:4433
check "too small a record is told" mistake "'15'" "$load" --size 15 127.0.0.1:4433
check "a key without a certificate is told" mistake --cert "$load" --key "$room/key.pem" 127.0.0.1:4433
check "a certificate that is not there is told" mistake "$room/nothing" "$load" --cert "$room/nothing" 127.0.0.1:4433
few_files() {
    mistake "ulimit -Hn" bash -c 'ulimit -n 64; exec "$0" --clients 100 127.0.0.1:4433' "$load"
}
check "more clients than file descriptors are told" few_files

# ---- against the server ----

# shellcheck disable=SC2120
run() { # OPTIONS...: status of the program; its one object in load.out
    timeout --foreground 60 "$load" --json "$@" "127.0.0.1:$port" >"$room/load.out" 2>"$room/load.err"
}

value() { # KEY
    sed -n 's/.*"'"$1"'":\([^,}]*\).*/\1/p' "$room/load.out"
}

is() { # KEY NUMBER
    [ "$(value "$1")" = "$2" ]
}

at_least() { # KEY NUMBER
    value "$1" | awk -v least="$2" '$1 < least { bad = 1 } END { exit bad || NR != 1 }'
}

at_most() { # KEY NUMBER
    value "$1" | awk -v most="$2" '$1 > most { bad = 1 } END { exit bad || NR != 1 }'
}

check "a server" start_server
check "200 clients, 5 records a second each, keys renewed every second" \
    run --clients 200 --records 5 --seconds 3 --rehandshake-every 1
check "  ... all open" is opened 200
check "  ... none fails or dies" is failed 0
check "  ... records are sent" at_least sent 200
check "  ... and none is lost" is lost 0
check "  ... or refused" is refused 0
check "  ... each has renewed its keys" at_least rehandshakes 200
check "  ... and is done with it" eval 'is rehandshakes_failed 0 && is rehandshakes_unfinished 0'
check "  ... the latencies are in order" eval \
    "grep -oE '\"(p50|p90|p99|max)\":[0-9.]+' \"\$room/load.out\" | awk -F: 'NR % 4 != 1 && \$2 < last { bad = 1 }
        { last = \$2 } END { exit bad || NR != 12 }'"

check "the others resume the first one's session" run --clients 50 --resume --seconds 0
check "  ... all but that one" is resumed 49
check "bursts, and a burst's records all come back" run --clients 10 --records 40 --bursts 8 --seconds 1
check "  ... whole ones" eval 'is lost 0 && [ $(($(value sent) % 8)) = 0 ] && at_least sent 80'
check "a rate of handshakes" run --clients 20 --rate 50 --seconds 0
check "  ... is not exceeded" at_most handshakes_per_s 53
check "abbreviated rehandshakes" run --clients 10 --seconds 1.5 --rehandshake-every 1 --rehandshake abbreviated
check "  ... are done" at_least rehandshakes 1
check "a record that fits no datagram is told" \
    mistake "at most" "$load" --clients 1 --size 1500 --records 1 "127.0.0.1:$port"
few_but_more_to_have() {
    (ulimit -Sn 64 && run --clients 100 --seconds 0) && is opened 100
}
check "a soft limit of file descriptors is raised" few_but_more_to_have

for_people() {
    timeout --foreground 60 "$load" --clients 2 --records 10 --seconds 1 "127.0.0.1:$port" >"$room/load.out" 2>"$room/load.err" &&
        grep -q '^handshakes  *2 of 2' "$room/load.out" && grep -q '^records  *\([0-9]*\) sent,.* \1 echoed,.* 0 lost' "$room/load.out"
}
check "lines for people" for_people

wrong_pin() {
    run --clients 3 --seconds 0 --pin "SHA-256:$(printf '00:%.0s' {1..31})00"
    [ $? = 1 ] && is opened 0 && is failed 3 && grep -q '"failures":{"[^"]*certificate[^"]*":3}' "$room/load.out"
}
check "what fails is counted by its reason, and the exit status says so" wrong_pin
check "the server ends" stop_server

nobody() {
    run --clients 3 --seconds 0 --initial-timeout 50 --handshake-timeout 200
    [ $? = 1 ] && is failed 3 && grep -q '"failures":{"[^"]*":3}' "$room/load.out"
}
check "nobody there is a failure, too" nobody

finish
