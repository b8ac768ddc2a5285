#!/bin/bash
# ticket_keys_test.sh - dtls-server with ticket keys from a file: two servers with the same ones, keys that change, and
# what is wrong with a file. Usage: ticket_keys_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
. "$(dirname "$0")/tap.sh"
keys=$room/keys

# ---- mistakes ----

openssl rand -hex 48 >"$keys"
printf '# ours\n\n0011\n' >"$room/short"
printf '# none\n' >"$room/none"
check "a file that is not there" mistake "$room/absent" "$server" --port 0 --ticket-keys "$room/absent"
check "a key that is too short" mistake "line 3" "$server" --port 0 --ticket-keys "$room/short"
check "a file without a key" mistake "no key" "$server" --port 0 --ticket-keys "$room/none"
printf -- '-----BEGIN PRIVATE KEY-----\n' >"$room/pem"
check "a file of something else" mistake "line 1" "$server" --port 0 --ticket-keys "$room/pem"
check "ticket keys in the client" mistake --ticket-keys "$client" --ticket-keys "$keys" 127.0.0.1 4433
check "a lifetime of no time" mistake "'0'" "$server" --port 0 --ticket-lifetime 0
check "a store without keys that seal" mistake --ticket-keys "$server" --port 0 --session-store redis://127.0.0.1
check "a store and no sessions" mistake --no-cache "$server" --port 0 --session-store redis://127.0.0.1 \
    --ticket-keys "$keys" --no-cache
check "shared keys without a store" mistake --session-store "$server" --port 0 --share-ticket-keys
check "rotation of keys that are not shared" mistake --share-ticket-keys "$server" --port 0 --rotate-ticket-keys 60
check "rotation that is too fast for the tickets" mistake --ticket-lifetime "$server" --port 0 --ticket-keys "$keys" \
    --session-store redis://127.0.0.1 --share-ticket-keys --rotate-ticket-keys 60 --ticket-lifetime 7200

# ---- two servers ----

start_two() {
    start_server --ticket-keys "$keys" || return 1
    first_port=$port first_pid=$server_pid
    mv "$room/server.out" "$room/first.out" && mv "$room/server.err" "$room/first.err" || return 1
    start_server --ticket-keys "$keys"
}
check "two servers start" start_two
second_port=$port

visit() { # PORT OPTIONS...: the client keeps its session
    local to=$1
    shift
    port=$to
    talk --json --resume "$room/session" "$@" && grep -q '"data":"hello"\|"hello' "$room/client.out"
}
resumed() { # true|false PORT
    visit "$2" && grep -q '"event":"open".*"resumed":'"$1" "$room/client.out"
}
check "the first visit is a full handshake" resumed false "$first_port"
check "the other server resumes it" resumed true "$second_port"
check "and the first one" resumed true "$first_port"

# ---- other keys ----

reload() {
    : >"$room/server.err"
    kill -HUP "$server_pid"
}
put_in_front() {
    { openssl rand -hex 48; cat "$keys"; } >"$keys.new" && mv "$keys.new" "$keys" && reload
}
moves_to_the_new_key() { # the ticket is replaced when the server has the new key
    local before i
    before=$(sha256sum <"$room/session")
    for i in $(seq 20); do
        resumed true "$second_port" || return 1
        [ "$(sha256sum <"$room/session")" != "$before" ] && return 0
        sleep 0.05
    done
    return 1
}
check "a key is put in front of the old one" put_in_front
check "a ticket of the old key is resumed, and replaced" moves_to_the_new_key
check "which the server without the new key cannot read" resumed false "$first_port"

says_so() { # WORD
    reload
    wait_for "$1" "$room/server.err" && [ "$(wc -l <"$room/server.err")" = 1 ]
}
break_file() {
    cp "$keys" "$room/good" && echo broken >>"$keys" && says_so "line 3"
}
check "a broken file is not taken, and one line says so" break_file
check "the server goes on with the keys that it has" resumed true "$second_port"
cp "$room/good" "$keys"

# ---- sessions of one use ----

used_once() { # and the full handshake that follows brings another
    visit "$second_port" --single-use && grep -q '"resumed":true' "$room/client.out" && [ ! -e "$room/session" ] &&
        visit "$second_port" --single-use && grep -q '"resumed":false' "$room/client.out" && [ -s "$room/session" ]
}
check "a session that is used once is taken away" used_once

check "the first server ends well" eval 'server_pid=$first_pid; stop_server'
finish
