#!/bin/bash
# commands_test.sh - rehandshakes as a user asks for them, typed to running programs (--commands) or set by options.
# Usage: commands_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
. "$(dirname "$0")/tap.sh"

# ---- mistakes ----

check "an unknown policy is told" mistake "accept, deny" "$server" --port 0 --rehandshake-policy maybe
check "a mandatory rehandshake needs its time" mistake --mandatory-rehandshake "$client" --mandatory-rehandshake
check "a time of 0 is none" mistake "'0'" "$client" --mandatory-rehandshake 0 127.0.0.1 4433
check "renewal after 0 records is told" mistake "'0'" "$server" --port 0 --renew-after-records 0
check "renewal after no number of bytes" mistake 1k "$server" --port 0 --renew-after-bytes 1k
check "renewal after -1 seconds" mistake "'-1'" "$client" --renew-after-seconds -1 127.0.0.1 4433
check "an unknown model of a peer" mistake flowing "$client" --peer-model lazy 127.0.0.1 4433
check "a cookie of a server" mistake --renegotiation-cookie "$server" --port 0 --renegotiation-cookie old

# ---- a client and a server with a keyboard each ----

begin() { # SERVER'S OPTIONS -- CLIENT'S OPTIONS: file descriptor 8 types at the server, 9 at the client
    local server_options=()
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        server_options+=("$1")
        shift
    done
    shift
    rm -f "$room/server.in" "$room/client.in"
    mkfifo "$room/server.in" "$room/client.in"
    exec 8<>"$room/server.in" 9<>"$room/client.in"
    : >"$room/server.out"
    "$server" --json --port 0 --commands "${server_options[@]}" <&8 >"$room/server.out" 2>"$room/server.err" &
    server_pid=$!
    started+=($server_pid)
    wait_for '"listening"' "$room/server.out" || return 1
    port=$(sed -n 's/.*"event":"listening".*"port":\([0-9]*\).*/\1/p' "$room/server.out")
    : >"$room/client.out"
    timeout --foreground 60 "$client" --json --commands "$@" 127.0.0.1 "$port" <&9 >"$room/client.out" 2>"$room/client.err" &
    client_pid=$!
    started+=($client_pid)
    wait_for '"open"' "$room/client.out" && wait_for '"open"' "$room/server.out"
}

to_server() {
    echo "$1" >&8
}

to_client() {
    echo "$1" >&9
}

client_says() { # PATTERN
    wait_for "$1" "$room/client.out"
}

server_says() {
    wait_for "$1" "$room/server.out"
}

word=0
both_speak() { # a line from either side arrives at the other
    word=$((word + 1))
    to_client "from-client-$word"
    client_says "\"data\".*\"text\":\"from-client-$word\"" || return 1 # echoed
    to_server "from-server-$word"
    client_says "\"data\".*\"text\":\"from-server-$word\""
}

end() { # the client is told to close, and both have nothing to complain about
    to_client :close
    wait "$client_pid" && server_says '"closed"' && [ ! -s "$room/client.err" ] && [ ! -s "$room/server.err" ] &&
        stop_server
}

rehandshakes() { # FROM MODE RESUMED
    begin -- && both_speak && "to_$1" ":rehandshake $2" && both_speak &&
        client_says '"rehandshake_done".*"resumed":'"$3"',"epoch":2' &&
        server_says '"rehandshake_done".*"resumed":'"$3"',"epoch":2' && both_speak && end
}
check ":rehandshake full in the client" rehandshakes client full false
check ":rehandshake abbreviated in the client" rehandshakes client abbreviated true
check ":rehandshake full in the server" rehandshakes server full false
check ":rehandshake abbreviated in the server" rehandshakes server abbreviated true

accepts() { # FROM PEER
    begin --rehandshake-policy ask -- --rehandshake-policy ask && "to_$1" ":rehandshake full" &&
        "$2_says" '"rehandshake_requested"' && both_speak && "to_$2" :accept &&
        "$1_says" '"rehandshake_done"' && "$2_says" '"rehandshake_done"' && both_speak && end
}
check "the server is asked and accepts" accepts client server
check "the client is asked and accepts" accepts server client

refuses() { # FROM PEER
    begin --rehandshake-policy ask -- --rehandshake-policy ask && "to_$1" ":rehandshake full" &&
        "$2_says" '"rehandshake_requested"' && "to_$2" :refuse && "$1_says" '"rehandshake_refused"' && both_speak && end
}
check "the server is asked and refuses" refuses client server
check "the client is asked and refuses" refuses server client

denies() {
    begin --rehandshake-policy deny -- && to_client ":rehandshake full" && client_says '"rehandshake_refused"' && both_speak && end
}
check "a policy of deny refuses by itself" denies

ignores() {
    begin -- --rehandshake-policy ignore && to_server ":rehandshake full" && server_says '"rehandshake_start"' && both_speak &&
        to_server :status && server_says '"status".*"epoch":1,.*"pending":true' && end
}
check "a policy of ignore says nothing, and data flows" ignores

is_mandatory() { # POLICY: the client ends with exit 1 and says why
    begin --rehandshake-policy "$1" -- --mandatory-rehandshake 700 && to_client ":rehandshake full" || return 1
    wait "$client_pid"
    [ $? = 1 ] && grep -q 'mandatory rehandshake' "$room/client.err" && server_says '"failed"' && stop_server
}
check "a mandatory rehandshake that is denied closes" is_mandatory deny
check "a mandatory rehandshake without an answer closes in time" is_mandatory ignore

tells_status() {
    begin -- && both_speak && to_client :status && client_says \
        '"status".*"open":true,"epoch":1,"suite":"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256","pending":false,"round_trip_ms":[0-9.]*,"sent":1,"received":2,"rehandshakes":0' &&
        to_server :status && server_says '"status".*"epoch":1,.*"sent":2,"received":1' && end
}
check ":status tells where an association stands" tells_status

closes_from_the_server() {
    begin -- && to_server :close && client_says '"closed"' && wait "$client_pid" && stop_server
}
check ":close in the server ends its associations" closes_from_the_server

complains() { # one line each, and the association lives on
    begin -- && to_client :frobnicate && wait_for 'no such command: :frobnicate' "$room/client.err" &&
        to_client ":rehandshake" && wait_for 'no such command: :rehandshake (' "$room/client.err" &&
        to_client ":rehandshake fully" && wait_for 'no such command: :rehandshake fully' "$room/client.err" &&
        to_client :accept && wait_for ':accept: nobody waits for this answer' "$room/client.err" &&
        to_server :refuse && wait_for ':refuse: nobody waits for this answer' "$room/server.err" &&
        [ "$(wc -l <"$room/client.err")" = 4 ] && [ "$(wc -l <"$room/server.err")" = 1 ] && both_speak || return 1
    to_client :close
    wait "$client_pid" && stop_server
}
check "a mistake is one line, and costs nothing" complains

colon_is_data() { # without --commands
    start_server || return 1
    printf ':status\n' | timeout --foreground 20 "$client" 127.0.0.1 "$port" >"$room/client.out" 2>"$room/client.err" &&
        [ "$(cat "$room/client.out")" = :status ] && stop_server
}
check "without --commands a colon is data" colon_is_data

keeps_ends() {
    begin -- --line-ends && to_client "a line" && client_says '"length":7,"text":"a line.u000a"' &&
        to_client :status && client_says '"status"' && end
}
check "--line-ends sends each line with its end, and obeys commands" keeps_ends

# ---- renewal by itself ----

renews() { # SIDE OPTION N
    local option=("--renew-after-$2" "$3") server_options=() client_options=()
    if [ "$1" = server ]; then server_options=("${option[@]}"); else client_options=("${option[@]}"); fi
    start_server "${server_options[@]}" || return 1
    timeout --foreground 30 "$client" --json --flow 100 --for 4 "${client_options[@]}" 127.0.0.1 "$port" </dev/null \
        >"$room/client.out" 2>"$room/client.err" &&
        grep -q '"event":"report".*"sent":400,"received":400,"lost":0' "$room/client.out" &&
        [ "$(grep -c '"event":"rehandshake_done"' "$room/client.out")" -ge 2 ] && stop_server
}
check "the client renews after so many records" renews client records 130
check "the server renews after so many bytes" renews server bytes 20000
check "the client renews after so many seconds" renews client seconds 1

flows_with_commands() { # records flow while rehandshakes are typed
    begin -- --flow 100 --for 4 || return 1
    to_client ":rehandshake full"
    client_says '"rehandshake_done".*"epoch":2' && to_server ":rehandshake abbreviated" &&
        client_says '"rehandshake_done".*"epoch":3' && to_client "a line" &&
        wait_for 'line 2 skipped' "$room/client.err" && wait "$client_pid" &&
        grep -q '"event":"report".*"sent":400,"received":400,"lost":0' "$room/client.out" && stop_server
}
check "a flow goes on through rehandshakes that are typed" flows_with_commands

pauses() { # a strict client's records are late, and none is lost
    start_server || return 1
    timeout --foreground 30 "$client" --json --flow 500 --for 3 --peer-model strict --rehandshake-every 1.2 127.0.0.1 "$port" </dev/null \
        >"$room/client.out" 2>"$room/client.err" &&
        grep -q '"event":"report".*"sent":1500,"received":1500,"lost":0' "$room/client.out" &&
        grep -q '"event":"rehandshake_done"' "$room/client.out" && stop_server
}
check "a strict client's flow waits, and loses nothing" pauses

finish
