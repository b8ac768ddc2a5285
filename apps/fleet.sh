#!/bin/bash
# fleet.sh BUILD-DIRECTORY SEED CLIENTS SECONDS [VISITS] - servers that share their sessions, and clients that go from one
# to another over a network that loses 5 %, resume there, and renew their keys there. Three of the servers keep sessions
# in a Redis, three give tickets whose keys change by way of it. On the way Redis is killed, and comes back empty. No
# handshake may fail. No phase ends before it has seen so many VISITS (0). For `./dev fleet`.
set -euo pipefail
export LC_ALL=C

build=$1 seed=$2 clients=$3 seconds=$4 least=${5:-0}
apps=$build/apps
patience=600 # twentieths of a second: nothing here takes longer
period=$((seconds < 15 ? 10 : seconds * 2 / 3)) # of ticket keys: longer than Redis is away
room=$(mktemp -d)
begin_us=${EPOCHREALTIME/./}

end() { # what still runs: the numbers of others may be somebody else's by now
    local running
    mapfile -t running < <(jobs -pr)
    ((${#running[@]} == 0)) || kill "${running[@]}" 2> /dev/null || true
    wait
    rm -rf "$room"
}
trap end EXIT
trap 'exit 1' INT TERM

tell() { # what
    local ms=$(((${EPOCHREALTIME/./} - begin_us) / 1000))
    printf '%4d.%d s  %s\n' $((ms / 1000)) $((ms / 100 % 10)) "$*"
}

die() {
    echo "fleet: $*" >&2
    exit 1
}

wait_until() { # command...
    local tries
    for ((tries = 0; tries < patience; tries++)); do
        ! "$@" || return 0
        sleep 0.05
    done
    return 1
}

# ---- processes ----

redis_port=
redis_said() {
    grep -qs 'Ready to accept connections\|Address already in use' "$room/redis.log"
}
start_redis() { # where it was before, or on a port that nobody has
    local try port
    for try in {1..20}; do
        port=${redis_port:-$((20000 + RANDOM % 10000))}
        redis-server --bind 127.0.0.1 --port "$port" --save "" --appendonly no --dir "$room" > "$room/redis.log" &
        redis=$!
        if wait_until redis_said && grep -q 'Ready to accept' "$room/redis.log"; then
            redis_port=$port
            return
        fi
        wait "$redis" || true
    done
    die "no Redis ($try times): $(tail -n 1 "$room/redis.log")"
}

# The value of a key in the last JSON object of an event in a file.
value() { # file event key
    sed -n "s/.*\"event\":\"$2\".*\"$3\":\"\{0,1\}\([^\",}]*\).*/\1/p" "$room/$1" | tail -n 1
}

says() { # file event key value
    [[ $(value "$1" "$2" "$3") == "$4" ]]
}

port_of() { # file
    wait_until grep -qs '"event":"listening"' "$room/$1" || die "nothing listens: $(cat "$room/$1")"
    value "$1" listening port
}

servers=() networks=()
start_server() { # name option...: behind a network of its own, whose port is in $port then
    local name=$1
    shift
    "$apps/dtls-server" --json --port 0 --cert "$room/cert.pem" --key "$room/key.pem" --ticket-keys "$room/fleet.keys" \
        --session-store "redis://127.0.0.1:$redis_port" "$@" > "$room/$name" &
    servers+=($!)
    "$apps/udp-impair" --json --seed $((seed + ${#servers[@]})) --loss 5 --delay 20 --listen 0 \
        --to "127.0.0.1:$(port_of "$name")" > "$room/$name.network" &
    networks+=($!)
    port=$(port_of "$name.network")
    wait_until says "$name" session_store up true || die "$name has no store"
}

store_is() { # true|false: of all servers
    local i
    for i in 1 2 3; do
        says "id$i" session_store up "$1" && says "ticket$i" session_store up "$1" || return 1
    done
}

# What all servers have alike: a certificate and the keys that seal what goes into the store.
openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=fleet -days 2 \
    -keyout "$room/key.pem" -out "$room/cert.pem" 2> /dev/null
openssl rand -hex 48 > "$room/fleet.keys"

start_redis
tell "Redis listens at port $redis_port ($(redis-server --version | sed 's/.* v=\([^ ]*\).*/\1/'))"
id_ports='' ticket_ports='' rotate=(--rotate-ticket-keys "$period")
for i in 1 2 3; do
    start_server "id$i" --no-tickets
    id_ports+=,$port
    start_server "ticket$i" --share-ticket-keys --ticket-lifetime $((12 * period)) "${rotate[@]}"
    ticket_ports+=,$port
    rotate=()
    # the others shall find them when they look for the first time
    wait_until eval '[[ $(redis-cli -p "$redis_port" exists dtls:ticket-keys) == 1 ]]' || die "nobody makes ticket keys"
done
tell "three servers keep sessions there, three more give tickets; each is behind a network that loses 5 % of the datagrams" \
    "and delays all by 20 ms (seed $seed)"

# ---- the clients ----

narrate() {
    local line
    while read -r line; do
        echo "$line" >> "$room/roam"
        [[ $line == *'"event":"second"'* ]] || continue
        tell "$(awk -F '[:,"]+' '{
            for (i = 2; i < NF; i += 2)
                n[$i] = $(i + 1)
            printf "%4d visits, resumed: %4d by id, %4d by ticket; %4d full; %4d keys renewed; %d failed", n["visits"],
                n["resumed_by_id"], n["resumed_by_ticket"], n["full"], n["renewed"], n["failed"]
        }' <<< "$line")"
    done
}

tell "$clients clients come: each resumes at a server that it has not come from, and renews its keys there"
mkfifo "$room/roam.pipe"
: > "$room/roam"
narrate < "$room/roam.pipe" &
narrator=$!
"$build/bench/roam" --ports "${id_ports#,}" --ticket-ports "${ticket_ports#,}" --clients "$clients" --pause 500 \
    --round-trip 40 --seed "$seed" --phases 4 > "$room/roam.pipe" &
roam=$!

phase=0
has_its_visits() {
    kill -0 "$roam" 2> /dev/null || die "the clients have ended"
    ((least == 0)) || { says roam second phase "$phase" && (($(value roam second phase_visits) >= least)); }
}
let_pass() { # tenths of all seconds
    sleep "$(awk "BEGIN { print $seconds * $1 / 10 }")" &
    wait $! # and a signal does not have to
    wait_until has_its_visits || die "too few clients come"
}
next_phase() {
    phase=$((phase + 1))
    kill -USR1 "$roam"
}

let_pass 4
kill -KILL "$redis"
wait "$redis" 2> /dev/null || true
wait_until store_is false || die "a server does not miss its store"
next_phase
tell "Redis is killed"
let_pass 2
next_phase
start_redis
tell "Redis is back, and has forgotten everything"
wait_until store_is true || die "a server does not find its store"
next_phase
tell "all servers have found it"
let_pass 4
next_phase

status=0
wait "$roam" || status=$?
wait "$narrator"
kill "${networks[@]}" "${servers[@]}"
for pid in "${networks[@]}" "${servers[@]}"; do
    wait "$pid" || status=$?
done

# ---- the sums ----

of_phases() { # key: in a line
    sed -n "s/.*\"event\":\"phase\".*\"$1\":\([0-9]*\).*/\1/p" "$room/roam" | paste -s -d ' '
}
row() { # name and four numbers
    printf '%-28s %12s %12s %12s %12s\n' "$@"
}
rows() { # name key
    local numbers
    read -r -a numbers <<< "$(of_phases "$2")"
    row "$1" "${numbers[@]}"
}
of_networks() { # key
    cat "$room"/*.network | sed -n "s/.*\"event\":\"report\".*\"$1\":\([0-9]*\).*/\1/p" | awk '{ n += $1 } END { print n + 0 }'
}

echo
row "" "with Redis" "without" "coming back" "with it again"
rows "visits" visits
rows "resumed by id" resumed_by_id
rows "resumed by ticket" resumed_by_ticket
rows "full handshakes" full
rows "  of them with tickets" full_by_ticket
rows "keys renewed" renewed
rows "failed" failed
echo
total() { # key
    value roam report "$1"
}
failed() {
    echo "fleet: failed: $*"
    status=1
}
read -r _ without _ again <<< "$(of_phases resumed_by_id)"
((status == 0)) || failed "a program ended with exit status $status"
[[ $(total failed) == 0 ]] || failed "$(total failed) visits"
[[ $(total renewed) == "$(total visits)" ]] || failed "not all have renewed their keys by their session"
((without == 0)) || failed "$without sessions were resumed by id while there was no Redis"
((again > 0)) || failed "none was resumed by id when it was back"
echo "fleet: visits=$(total visits) resumed_by_id=$(total resumed_by_id) resumed_by_ticket=$(total resumed_by_ticket)" \
    "full=$(total full) renewed=$(total renewed) failed=$(total failed) round_trips_resumed=$(total trips_resumed)" \
    "round_trips_full=$(total trips_full) datagrams=$(of_networks datagrams) lost_by_network=$(of_networks lost)"
exit "$status"
