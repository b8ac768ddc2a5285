#!/bin/bash
# programs_test.sh - dtls-server and dtls-client as a user meets them: mistakes, echo, flow, resumption, rehandshakes.
# Usage: programs_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
. "$(dirname "$0")/tap.sh"

# ---- mistakes ----

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=one -days 2 \
    -keyout "$room/one.key" -out "$room/one.pem" 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=two -days 2 \
    -keyout "$room/two.key" -out "$room/two.pem" 2>/dev/null
openssl pkcs8 -topk8 -in "$room/one.key" -passout pass:secret -out "$room/locked.key" 2>/dev/null
echo "not PEM" >"$room/text"
good_pin=SHA-256:$(printf '%064d' 0)

check "a missing certificate file is named" mistake nowhere.pem "$server" --port 0 --cert "$room/nowhere.pem"
check "a missing key file is named" mistake nowhere.key "$server" --port 0 --cert "$room/one.pem" --key "$room/nowhere.key"
check "a directory is no certificate" mistake "$room" "$server" --port 0 --cert "$room"
check "a text is no certificate" mistake "$room/text" "$server" --port 0 --cert "$room/text" --key "$room/one.key"
check "a text is no key" mistake "$room/text" "$server" --port 0 --cert "$room/one.pem" --key "$room/text"
check "a certificate is no key" mistake "$room/one.pem" "$server" --port 0 --cert "$room/one.pem"
check "an encrypted key is refused" mistake locked.key "$server" --port 0 --cert "$room/one.pem" --key "$room/locked.key"
check "another's key is refused" mistake two.key "$client" --cert "$room/one.pem" --key "$room/two.key" 127.0.0.1 4433
check "a key without certificate" mistake --key "$server" --port 0 --key "$room/one.key"
check "a pre-shared key without a colon" mistake IDENTITY:HEXKEY "$server" --port 0 --psk alice
check "a pre-shared key that is no hex" mistake IDENTITY:HEXKEY "$client" --psk alice:xy 127.0.0.1 4433
check "half a byte of pre-shared key" mistake IDENTITY:HEXKEY "$client" --psk alice:123 127.0.0.1 4433
check "a file of keys that is not there" mistake nowhere.keys "$server" --port 0 --psk "@$room/nowhere.keys"
printf '# keys\nalice:00\nbob\n' >"$room/psk-keys"
check "a bad line in a file of keys" mistake "line 3" "$server" --port 0 --psk "@$room/psk-keys"
check "a hint without a key" mistake --psk "$server" --port 0 --psk-hint who
check "keys and no suite for them" mistake pre-shared "$server" --port 0 --psk alice:00 \
    --suites ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
check "an unknown option is named" mistake --no-such "$server" --port 0 --no-such
check "a short option is unknown" mistake -p "$server" -p 4433
check "a missing value is told" mistake --port "$server" --port
check "a missing port is told" mistake --port "$server"
check "a port above 65535" mistake 65536 "$server" --port 65536
check "a port that is no number" mistake 44x3 "$client" 127.0.0.1 44x3
check "port 0 is nobody's" mistake "'0'" "$client" 127.0.0.1 0
check "a missing operand" mistake "HOST PORT" "$client" 127.0.0.1
check "an operand too many" mistake more "$client" 127.0.0.1 4433 more
check "a bad address of a peer" mistake 999.1.2.3 "$client" 999.1.2.3 4433
check "a bad address to listen on" mistake ::zz "$server" --host ::zz --port 0
check "an address of somebody else" mistake 192.0.2.1 "$server" --host 192.0.2.1 --port 0
check "a bad pin" mistake SHA-256:12 "$client" --pin SHA-256:12 127.0.0.1 4433
check "an unknown suite" mistake NULL_WITH_NULL "$server" --port 0 --suites NULL_WITH_NULL
check "an unknown group" mistake x448 "$client" --groups x25519,x448 127.0.0.1 4433
check "an unknown choice" mistake sometimes "$server" --port 0 --client-cert sometimes
check "a client's option in the server" mistake --flow "$server" --port 0 --flow 50
check "an MTU below 256" mistake 255 "$client" --mtu 255 127.0.0.1 4433
check "a search that ends below the MTU" mistake probe-mtu "$client" --mtu 1300 --probe-mtu 1200 127.0.0.1 4433
check "timeouts that contradict each other" mistake --maximum-timeout \
    "$client" --initial-timeout 500 --maximum-timeout 100 127.0.0.1 4433
check "a session file that is none" mistake "$room/text" "$client" --resume "$room/text" 127.0.0.1 4433
check "a session file in no directory" mistake nowhere/ "$client" --resume "$room/nowhere/session" 127.0.0.1 4433
check "a key log in no directory" mistake nowhere/ "$client" --keylog "$room/nowhere/log" 127.0.0.1 4433
check "a size without flow" mistake --flow "$client" --size 100 127.0.0.1 4433
check "a flow's option without flow" mistake --flow "$client" --adapt 127.0.0.1 4433

each_has_its_own() { # options; the table is one
    "$server" --help >"$room/server.help" && "$client" --help >"$room/client.help" &&
        grep -q '^  --client-cert ' "$room/server.help" && ! grep -q '^  --client-cert ' "$room/client.help" &&
        grep -q '^  --flow ' "$room/client.help" && ! grep -q '^  --flow ' "$room/server.help"
}
check "the help of each has no option of the other's" each_has_its_own

# ---- a server of ours ----

check "a server listens on a port of its own" start_server
check "an occupied port is refused" mistake "$port" "$server" --port "$port"

echoes_lines() {
    seq 50 | timeout --foreground 20 "$client" --pin "$fingerprint" 127.0.0.1 "$port" >"$room/client.out" 2>"$room/client.err" &&
        [ "$(sort -n "$room/client.out")" = "$(seq 50)" ]
}
check "lines come back, and nothing else is on stdout" echoes_lines

sends_the_last_line_without_end() {
    printf 'one\n\ntwo' | timeout --foreground 20 "$client" 127.0.0.1 "$port" >"$room/client.out" 2>"$room/client.err" &&
        [ "$(sort "$room/client.out")" = "$(printf 'one\ntwo')" ]
}
check "empty lines are passed over, and a last line needs no end" sends_the_last_line_without_end

skips_a_long_line() {
    { head -c 3000 /dev/zero | tr '\0' x; echo; head -c 70000 /dev/zero | tr '\0' y; printf '\nshort\n'; } |
        timeout --foreground 20 "$client" 127.0.0.1 "$port" >"$room/client.out" 2>"$room/client.err" &&
        [ "$(cat "$room/client.out")" = short ] && grep -q 'line 1 skipped: it has 3000 bytes, at most [0-9]' "$room/client.err" &&
        grep -q 'line 2 skipped: it has 70000 bytes' "$room/client.err"
}
check "a line that does not fit is skipped, and told" skips_a_long_line

speaks_json() {
    printf 'a "quoted" \\ line\t\377\n' | timeout --foreground 20 "$client" --json 127.0.0.1 "$port" >"$room/client.out" 2>"$room/client.err" &&
        head -n 1 "$room/client.out" | grep -q '^{"event":"connecting","address":"127.0.0.1","port":'"$port"',"fingerprint":"SHA-256:' &&
        grep -q '"event":"open".*"resumed":false,"secure_renegotiation":true,"peer_fingerprint":"'"$fingerprint"'","epoch":1' "$room/client.out" &&
        grep -qF '"text":"a \"quoted\" \\ line\u0009\ufffd"' "$room/client.out" &&
        grep -q '"event":"closed"' "$room/client.out" && [ ! -s "$room/client.err" ] &&
        ! grep -qv '^{"event":.*}$' "$room/client.out"
}
check "events are JSON objects, one a line" speaks_json

wrong_pin() {
    talk --pin "$good_pin"
    [ $? = 1 ] && [ "$(tail -n 1 "$room/client.err" | grep -c '^dtls-client: ')" = 1 ] && [ ! -s "$room/client.out" ]
}
check "another certificate than the pinned one fails, exit 1" wrong_pin

resumes() {
    rm -f "$room/session"
    talk --json --resume "$room/session" && grep -q '"event":"open".*"resumed":false' "$room/client.out" &&
        [ "$(stat -c %a "$room/session")" = 600 ] &&
        talk --json --resume "$room/session" && grep -q '"event":"open".*"resumed":true' "$room/client.out" &&
        talk --json --resume "$room/session" --pin "$fingerprint" &&
        grep -q '"event":"open".*"resumed":true' "$room/client.out" && [ "$(ls "$room"/session*)" = "$room/session" ]
}
check "a session is kept in a private file and resumed" resumes

other_pin_is_not_resumed() {
    talk --json --resume "$room/session" --pin "$good_pin"
    [ $? = 1 ] && grep -q 'not resumed' "$room/client.err" && grep -q '"event":"failed"' "$room/client.out"
}
check "a session of another peer than the pinned one is not resumed" other_pin_is_not_resumed

no_listener() {
    printf 'x\n' | timeout --foreground 20 "$client" --initial-timeout 50 --handshake-timeout 300 127.0.0.1 9 >"$room/client.out" 2>"$room/client.err"
    [ $? = 1 ] && tail -n 1 "$room/client.err" | grep -q '^dtls-client: 127.0.0.1:9: '
}
check "nobody there: exit 1 when the time is over" no_listener

logs_keys() {
    talk --keylog "$room/keys" && talk --keylog "$room/keys" &&
        [ "$(grep -c '^CLIENT_RANDOM [0-9a-f]\{64\} [0-9a-f]\{96\}$' "$room/keys")" = 2 ] &&
        [ "$(stat -c %a "$room/keys")" = 600 ]
}
check "the key log is private and appended to" logs_keys

flows() {
    timeout --foreground 30 "$client" --json --flow 200 --size 300 --for 2 127.0.0.1 "$port" </dev/null >"$room/client.out" 2>"$room/client.err" &&
        grep -q '"event":"report".*"sent":400,"received":400,"lost":0,"reordered":0,"duplicated":0,"foreign":0,"longest_gap_ms":[0-9]*,"rtt_ms":{"p50":[0-9.]*,"p95":[0-9.]*,"p99":[0-9.]*,"max":[0-9.]*},"rehandshakes":0' "$room/client.out" &&
        timeout --foreground 30 "$client" --flow 100 --for 0.5 127.0.0.1 "$port" </dev/null >"$room/client.out" 2>"$room/client.err" &&
        grep -q '^sent  *50$' "$room/client.out" && grep -q '^lost  *0$' "$room/client.out"
}
check "a flow is sent, comes back and is reported" flows

check "a flow's record that does not fit is a mistake, exit 2" \
    bash -c '"$1" --flow 50 --size 1190 127.0.0.1 "$2" >"$3" 2>&1; [ $? = 2 ] && grep -q "at most [0-9]* bytes fit" "$3"' \
    - "$client" "$port" "$room/client.out"

stops_with_a_report() { # while a client, whose stdin stays open, is connected
    mkfifo "$room/quiet"
    : >"$room/client.out"
    "$client" --json 127.0.0.1 "$port" <"$room/quiet" >"$room/client.out" 2>"$room/client.err" &
    local talking=$! reports
    started+=($talking)
    exec 7>"$room/quiet"
    wait_for '"open"' "$room/client.out" || return 1
    reports=$(grep -c '"event":"report"' "$room/server.out")
    stop_server && wait $talking && grep -q '"event":"closed"' "$room/client.out" &&
        [ "$(grep -c '"event":"report"' "$room/server.out")" = $((reports + 1)) ]
    local result=$?
    exec 7>&-
    return $result
}
check "SIGTERM closes every association and reports" stops_with_a_report

interrupted_flow() {
    : >"$room/client.out"
    "$client" --json --flow 50 --for 60 127.0.0.1 "$port" </dev/null >"$room/client.out" 2>"$room/client.err" &
    local flowing=$!
    started+=($flowing)
    wait_for '"open"' "$room/client.out" && sleep 0.3 && kill -INT $flowing && wait $flowing &&
        grep -q '"event":"closed"' "$room/client.out" && grep -q '"event":"report".*"sent":[1-9]' "$room/client.out"
}
check "another server starts" start_server --client-cert require
check "SIGINT ends a flow with its report" interrupted_flow

both_certificates() {
    talk --json --cert "$room/one.pem" --key "$room/one.key" && grep -q '"event":"data".*"text":"hello"' "$room/client.out" &&
        wait_for "\"open\".*\"peer_fingerprint\":\"SHA-256:$(openssl x509 -in "$room/one.pem" -noout -fingerprint -sha256 |
            sed 's/.*=//')\"" "$room/server.out"
}
check "a server that requires a certificate gets it" both_certificates
check "it stops" stop_server

refuses_client() {
    start_server --client-cert require --pin "$good_pin" || return 1
    talk
    [ $? = 1 ] && tail -n 1 "$room/client.err" | grep -q '^dtls-client: ' && grep -q '"event":"failed"' "$room/server.out" && stop_server
}
check "a server that pins another client refuses" refuses_client

no_resumption() {
    start_server --no-tickets --no-cache || return 1
    rm -f "$room/session"
    talk --json --resume "$room/session" && talk --json --resume "$room/session" &&
        grep -q '"event":"open".*"resumed":false' "$room/client.out" && stop_server
}
check "without tickets and cache nothing is resumed" no_resumption

resumes_by_id() {
    start_server --no-tickets || return 1
    rm -f "$room/session"
    talk --json --resume "$room/session" && talk --json --resume "$room/session" &&
        grep -q '"event":"open".*"resumed":true' "$room/client.out" && stop_server
}
check "a session is resumed by its id, without tickets" resumes_by_id

chooses() { # SUITE GROUP CERT
    start_server --cert "$room/$3.pem" --key "$room/$3.key" --suites "$1" --groups "$2" || return 1
    talk --json --suites "${1#TLS_}" && grep -q '"event":"open".*"suite":"TLS_'"${1#TLS_}"'","group":"'"$2"'"' "$room/client.out" &&
        stop_server
}
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=rsa -days 2 -keyout "$room/rsa.key" -out "$room/rsa.pem" 2>/dev/null
openssl req -x509 -newkey ed25519 -nodes -subj /CN=ed -days 2 -keyout "$room/ed.key" -out "$room/ed.pem" 2>/dev/null
check "suite and group are chosen, ECDSA" chooses TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 secp384r1 one
check "suite and group are chosen, RSA" chooses ECDHE_RSA_WITH_AES_256_GCM_SHA384 secp256r1 rsa
check "suite and group are chosen, Ed25519" chooses ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ed

no_common_suite() {
    start_server --suites ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 || return 1
    talk --suites ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 --initial-timeout 50 --handshake-timeout 2000
    [ $? = 1 ] && [ -s "$room/client.err" ] && stop_server
}
check "no suite in common: exit 1" no_common_suite

rehandshakes() { # both sides take turns while data flows: nothing is lost
    start_server --rehandshake-every 3 --rehandshake-first 1.5 --rehandshake abbreviated,full || return 1
    timeout --foreground 30 "$client" --json --flow 100 --for 6 --rehandshake-every 3 --rehandshake-first 3 --rehandshake full,abbreviated \
        127.0.0.1 "$port" </dev/null >"$room/client.out" 2>"$room/client.err" &&
        grep -q '"event":"report".*"sent":600,"received":600,"lost":0' "$room/client.out" &&
        grep -q '"event":"rehandshake_start".*"mode":"full"}' "$room/client.out" &&
        grep -q '"event":"rehandshake_start".*"mode":"abbreviated"}' "$room/server.out" &&
        [ "$(grep -c '"event":"rehandshake_done"' "$room/client.out")" -ge 3 ] &&
        grep -q '"event":"rehandshake_done".*"resumed":true' "$room/client.out" &&
        grep -q '"event":"rehandshake_done".*"resumed":false' "$room/client.out" && stop_server
}
check "rehandshakes from both sides lose nothing" rehandshakes

ipv6() {
    start_server --host ::1 || return 1
    printf 'six\n' | timeout --foreground 20 "$client" --json ::1 "$port" >"$room/client.out" 2>"$room/client.err" &&
        grep -q '"event":"open".*"peer":"\[::1\]:'"$port"'"' "$room/client.out" && grep -q '"text":"six"' "$room/client.out" && stop_server
}
if [ -e /proc/net/if_inet6 ] && grep -q '^00000000000000000000000000000001 ' /proc/net/if_inet6; then
    check "IPv6 works alike" ipv6
else
    skip "IPv6 works alike" "this machine has no ::1"
fi

# ---- the programs that the README shows ----

examples() {
    local try
    for try in 1 2 3 4 5; do # they take a fixed port: it may be in use
        port=$((20000 + RANDOM % 20000))
        "$(program example-server)" "$port" >"$room/example.out" 2>"$room/example.err" &
        server_pid=$!
        started+=($server_pid)
        wait_for SHA-256 "$room/example.out" && break
    done
    fingerprint=$(sed 's/.*\(SHA-256:[0-9A-F:]*\).*/\1/' "$room/example.out")
    [ "$(timeout --foreground 20 "$(program example-client)" 127.0.0.1 "$port" "$fingerprint" "hello, world" 2>"$room/client.err")" = "hello, world" ] || return 1
    timeout --foreground 20 "$(program example-client)" 127.0.0.1 "$port" "$good_pin" hello >"$room/client.out" 2>"$room/client.err"
    [ $? = 1 ] && grep -q '^failed: ' "$room/client.err" && kill -INT $server_pid && wait $server_pid
}
check "the examples talk to each other" examples

finish
