#!/bin/bash
# fleet.sh BUILD-DIRECTORY SEED CLIENTS SECONDS - three servers that share their sessions through one Redis, and clients
# that go from one to another over a network that loses 5 %, resume there, and renew their keys there. On the way Redis
# is killed, and comes back empty. No handshake may fail. For `./dev fleet`.
set -euo pipefail
export LC_ALL=C

build=$1 seed=$2 clients=$3 seconds=$4
apps=$build/apps
room=$(mktemp -d)
begin_us=${EPOCHREALTIME/./}
pids=()
trap 'kill -CONT "${pids[@]}" 2> /dev/null || true; kill "${pids[@]}" 2> /dev/null || true; rm -rf "$room"' EXIT
trap 'exit 1' INT TERM

tell() { # what
    local ms=$(((${EPOCHREALTIME/./} - begin_us) / 1000))
    printf '%6d.%d s  %s\n' $((ms / 1000)) $((ms / 100 % 10)) "$*"
}

die() {
    echo "fleet: $*" >&2
    exit 1
}

wait_for() { # pattern file: for ten seconds at most
    local _
    for _ in {1..200}; do
        grep -qs -- "$1" "$2" && return
        sleep 0.05
    done
    return 1
}

redis_port=
start_redis() { # where it was before, or on a port that nobody has
    local try
    for try in {1..20}; do
        local port=${redis_port:-$((20000 + RANDOM % 10000))}
        redis-server --bind 127.0.0.1 --port "$port" --save "" --appendonly no --dir "$room" > "$room/redis.log" &
        redis=$!
        if wait_for 'Ready to accept connections\|bind: Address already in use' "$room/redis.log" &&
            grep -q 'Ready to accept' "$room/redis.log"; then
            redis_port=$port
            pids+=("$redis")
            return
        fi
        wait "$redis" || true
    done
    die "no Redis: $(tail -n 1 "$room/redis.log")"
}

port_of() { # file
    wait_for '"event":"listening"' "$1" || die "nothing listens: $(cat "$1")"
    sed -n 's/.*"event":"listening".*"port":\([0-9]*\).*/\1/p' "$1"
}

# What all servers have alike: a certificate and the keys that seal what goes into the store.
openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=fleet -days 2 \
    -keyout "$room/key.pem" -out "$room/cert.pem" 2> /dev/null
openssl rand -hex 48 > "$room/fleet.keys"

start_redis
tell "Redis listens at port $redis_port ($(redis-server --version | sed 's/.* v=\([^ ]*\).*/\1/'))"
ports=()
for i in 1 2 3; do
    "$apps/dtls-server" --json --port 0 --cert "$room/cert.pem" --key "$room/key.pem" --no-tickets \
        --ticket-keys "$room/fleet.keys" --session-store "redis://127.0.0.1:$redis_port" > "$room/server$i" &
    pids+=($!)
    "$apps/udp-impair" --json --seed $((seed + i)) --loss 5 --delay 20 --listen 0 \
        --to "127.0.0.1:$(port_of "$room/server$i")" > "$room/network$i" &
    pids+=($!)
    ports+=("$(port_of "$room/network$i")")
    wait_for '"session_store".*"up":true' "$room/server$i" || die "server $i has no store"
done
tell "three servers, each behind a network with 5 % loss and a round trip of 40 ms"
tell "$clients clients, $seconds seconds: each resumes its session at a server it did not come from, and renews its keys there"

: > "$room/roam"
"$build/bench/roam" --ports "${ports[0]},${ports[1]},${ports[2]}" --clients "$clients" --for "$seconds" --pause 500 \
    --round-trip 40 --seed "$seed" > "$room/roam" &
roam=$!
pids+=("$roam")
tail -f --pid="$roam" -n +1 "$room/roam" &
follower=$!
if [[ ! ${FLEET_CALM:-} ]]; then
    sleep "$(awk "BEGIN { print $seconds * 0.4 }")"
    kill -KILL "$redis"
    wait "$redis" 2> /dev/null || true
    tell "Redis is killed"
    sleep "$(awk "BEGIN { print $seconds * 0.2 }")"
    start_redis
    tell "Redis is back, and has forgotten everything"
fi
status=0
wait "$roam" || status=$?
wait "$follower" || true
report=$(grep 'visits' "$room/roam" | tail -n 1)
numbers=$(grep -o '[0-9]* \(visits\|resumed\|full\|times\|failed\)' <<< "$report" | awk '{ n[$2] = $1 }
    END { printf "visits=%d resumed=%d full=%d renewed=%d failed=%d", n["visits"], n["resumed"], n["full"], n["times"], n["failed"] }')
echo "fleet: $numbers"
((status == 0)) || die "handshakes have failed"
