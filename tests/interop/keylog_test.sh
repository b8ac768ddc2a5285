#!/bin/bash
# keylog_test.sh - the key log, as Wireshark reads it: tshark decrypts what our programs said to each other.
# Usage: keylog_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
. "$(dirname "$0")/tap.sh"

capture() { # tshark on loopback, at the server's port, once it shows the noise that is sent there; false if it may not
    tshark -i lo -f "udp port $port" -P -l -w "$room/capture" >"$room/tshark.out" 2>"$room/tshark.err" &
    tshark_pid=$!
    started+=($tshark_pid)
    for _ in $(seq 100); do
        kill -0 "$tshark_pid" 2>/dev/null || return 1
        echo noise >"/dev/udp/127.0.0.1/$port"
        [ ! -s "$room/tshark.out" ] || return 0
        sleep 0.1
    done
    return 1
}

says() { # TEXT OPTIONS...: once, and the server says it again
    local text=$1
    shift
    printf '%s\n' "$text" | timeout --foreground 20 "$client" --json --keylog "$room/client.keys" "$@" 127.0.0.1 "$port" \
        >"$room/client.out" 2>"$room/client.err" && grep -q "\"text\":\"$text" "$room/client.out"
}

rehandshakes() {
    wait_for rehandshake_done "$room/client.out" |
        timeout --foreground 20 "$client" --json --keylog "$room/client.keys" --rehandshake-first 0.2 --rehandshake-every 60 \
            127.0.0.1 "$port" >"$room/client.out" 2>"$room/client.err" && grep -q rehandshake_done "$room/client.out"
}

logs_each_handshake() { # in an NSS line, the same at both ends
    [ "$(grep -c '^CLIENT_RANDOM [0-9a-f]\{64\} [0-9a-f]\{96\}$' "$room/client.keys")" = 4 ] &&
        [ "$(wc -l <"$room/client.keys")" = 4 ] && cmp -s "$room/client.keys" "$room/server.keys"
}

is_decrypted() { # TEXT: it went there and came back
    local hex
    hex=$(printf %s "$1" | od -An -tx1 | tr -d ' \n')
    tshark -r "$room/capture" -d "udp.port==$port,dtls" -o "tls.keylog_file:$room/client.keys" \
        -T fields -e data.data >"$room/tshark.out" 2>"$room/tshark.err"
    [ "$(tr -d : <"$room/tshark.out" | grep -c "$hex")" = 2 ]
}

start_server --keylog "$room/server.keys"
captures=false
if command -v tshark >"$room/where" && capture; then
    captures=true
fi
check "a connection is made" says "said first" --resume "$room/session"
check "a resumed connection is made" says "said again" --resume "$room/session"
check "keys are renewed" rehandshakes
check "both sides log the secret of each handshake" logs_each_handshake
# Not the renewed connection: tshark 4 forgets the old keys at the second ClientHello, and cannot read the rest.
if $captures; then
    sleep 0.5 # it writes in batches
    kill "$tshark_pid" && wait "$tshark_pid"
    check "tshark decrypts a connection" is_decrypted "said first"
    check "tshark decrypts a resumed connection" is_decrypted "said again"
else
    skip "tshark decrypts a connection" "tshark is not installed, or may not capture here"
fi
stop_server
finish
