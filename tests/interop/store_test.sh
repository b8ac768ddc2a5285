#!/bin/bash
# store_test.sh - dtls-servers that share their sessions, and their ticket keys, through one Redis.
# Usage: store_test.sh BUILD_DIR. Prints TAP.
set -u

command -v redis-server >/dev/null || { echo "1..0 # SKIP redis-server is not installed"; exit 0; }

build=$1
. "$(dirname "$0")/tap.sh"
keys=$room/keys
# One that is stopped below ends only when it goes on.
trap 'for pid in "${started[@]}"; do stop "$pid" && kill -CONT "$pid"; done; rm -rf "$room"' EXIT
openssl rand -hex 48 >"$keys"

# ---- mistakes ----

store_mistake() { # WORD URL
    mistake "$1" "$server" --port 0 --ticket-keys "$keys" --session-store "$2"
}
check "a URL of something else" store_mistake redis:// http://127.0.0.1
check "a port that is none" store_mistake redis:// redis://127.0.0.1:70000
check "a host that is not there" store_mistake "not found" redis://:sesame@nobody.invalid
check "  ... without a word of the password" eval '! grep -q sesame "$room/mistake.err"'
check "a port that is none, behind a password" store_mistake redis:// redis://:sesame@127.0.0.1:70000
check "  ... without a word of it" eval '! grep -q sesame "$room/mistake.err"'

# ---- one Redis, two servers ----

start_redis() { # on $redis_port, or on a port that it finds free
    local try
    for try in $(seq 20); do
        : "${redis_port:=$((20000 + RANDOM % 10000))}"
        redis-server --bind 127.0.0.1 --port "$redis_port" --save "" --appendonly no --dir "$room" >"$room/redis.log" &
        redis_pid=$!
        started+=($redis_pid)
        wait_for "Ready to accept connections" "$room/redis.log" && return 0
        wait $redis_pid
        [ -n "${redis_stays-}" ] || unset redis_port
    done
    return 1
}
ask_redis() {
    redis-cli -p "$redis_port" "$@"
}
check "a Redis starts" start_redis
redis_stays=1

start_two() { # OPTIONS...: their ports are in ports
    local i
    ports=() pids=()
    for i in 1 2; do
        start_server --ticket-keys "$keys" --session-store "redis://127.0.0.1:$redis_port" "$@" || return 1
        wait_for '"session_store".*"up":true' "$room/server.out" || return 1
        ports+=("$port") pids+=("$server_pid")
        mv "$room/server.out" "$room/server$i.out" && mv "$room/server.err" "$room/server$i.err"
    done
}
stop_two() {
    local pid
    for pid in "${pids[@]}"; do
        server_pid=$pid
        stop_server || return 1
    done
}
resumed() { # true|false WHICH OPTIONS...
    local wanted=$1 which=$2
    shift 2
    port=${ports[which - 1]}
    talk --json --resume "$room/session" "$@" && grep -q '"event":"open".*"resumed":'"$wanted" "$room/client.out"
}

check "two servers without tickets start" start_two --no-tickets
check "the first visit is a full handshake" resumed false 1
check "the other server resumes it, by its id" resumed true 2
check "and the first one again" resumed true 1
renews() { # a flow at the other server that renews its keys by its session
    port=${ports[1]}
    timeout --foreground 20 "$client" --json --resume "$room/session" --flow 50 --for 1.5 --rehandshake-first 0.4 \
        --rehandshake-every 1.1 --rehandshake abbreviated 127.0.0.1 "$port" </dev/null >"$room/client.out" 2>"$room/client.err" &&
        grep -q '"event":"open".*"resumed":true' "$room/client.out" &&
        grep -q '"event":"rehandshake_done".*"resumed":true' "$room/client.out" &&
        grep -q '"event":"report".*"lost":0' "$room/client.out"
}
check "its keys are renewed there by the session, and nothing is lost" renews
check "there is one entry in Redis" eval '[ "$(ask_redis dbsize)" = 1 ]'
lives_as_long() {
    ask_redis eval "return redis.call('ttl', redis.call('keys', '*')[1])" 0 | awk '{ exit !($1 > 86000 && $1 <= 86400) }'
}
check "which Redis forgets in time" lives_as_long

poison() { # the LUA expression of what becomes of entry `v`
    ask_redis eval "for _, k in ipairs(redis.call('keys', 'dtls:*')) do
        if redis.call('type', k).ok == 'string' then local v = redis.call('get', k) redis.call('set', k, $1) end
        end return 1" 0 >/dev/null
}
poisoned() { # DESCRIPTION LUA
    check "$1: a full handshake" eval "poison \"$2\" && resumed false 1 && resumed true 2"
}
poisoned "a bit of the entry is another" "v:sub(1, 60) .. string.char((v:byte(61) + 1) % 256) .. v:sub(62)"
poisoned "half of the entry is missing" "v:sub(1, #v / 2)"
poisoned "the entry is empty" "''"
wrong_type() {
    ask_redis eval "for _, k in ipairs(redis.call('keys', 'dtls:*')) do redis.call('del', k) redis.call('rpush', k, 'a')
        end return 1" 0 >/dev/null
}
check "the entry is a list: a full handshake" eval "wrong_type && resumed false 2"
check "the entry is a megabyte: a full handshake" eval "poison \"string.rep('x', 1048576)\" && resumed false 1"

comes_back() {
    local i
    for i in $(seq 100); do
        resumed true 1 && return 0
        sleep 0.05
    done
    return 1
}
check "after that it is as before" comes_back
check "Redis stops to answer" kill -STOP "$redis_pid"
check "a full handshake instead" resumed false 1
check "and again" resumed false 2
check "Redis goes on" kill -CONT "$redis_pid"
check "so does resumption" comes_back
redis_dies() {
    kill "$redis_pid"
    wait "$redis_pid"
    wait_for '"session_store".*"up":false' "$room/server1.out"
}
check "Redis ends" redis_dies
check "full handshakes meanwhile" resumed false 1
check "it starts again" start_redis
check "and sessions are kept and resumed again" comes_back
check "the servers end well" stop_two

# ---- sessions of one use ----

check "two servers whose sessions are used once" start_two --no-tickets --single-use
once() {
    cp "$room/session" "$room/copy" && resumed true 1 && cp "$room/copy" "$room/session" && resumed false 2
}
rm -f "$room/session"
check "a first session" resumed false 1
check "of two who come with it, one resumes it" once
check "they end well" stop_two

# ---- ticket keys through the store ----

check "two servers that share ticket keys, and nobody makes them" start_two --share-ticket-keys
has_ticket() { # a session with a ticket is longer
    [ "$(stat -c %s "$room/session")" -gt 200 ]
}
check "no key, no ticket" eval "resumed false 1; ! has_ticket"
check "a third one makes them" start_server --ticket-keys "$keys" --session-store "redis://127.0.0.1:$redis_port" \
    --share-ticket-keys --rotate-ticket-keys 7200
get_ticket() {
    local i
    for i in $(seq 100); do
        rm -f "$room/session"
        resumed false 1 && has_ticket && return 0
        sleep 0.05
    done
    return 1
}
check "and then there are tickets" get_ticket
check "which the other server takes" resumed true 2
maker_pid=$server_pid
check "the maker ends" eval 'server_pid=$maker_pid; stop_server'
check "the others go on" resumed true 1
check "and end well" stop_two
finish
