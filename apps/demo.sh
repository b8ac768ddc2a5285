#!/bin/bash
# demo.sh BUILD-DIRECTORY SEED - a server, a bad network and a client as real processes. Records flow both ways while
# the keys are renewed every two seconds; every record that the network did not take has to arrive. For `./dev demo`.
set -euo pipefail
export LC_ALL=C

apps=$1/apps
seed=$2
patience_s=60 # nothing here takes longer
room=$(mktemp -d)
begin_us=${EPOCHREALTIME/./}
pids=()
trap 'kill "${pids[@]}" 2> /dev/null || true; rm -rf "$room"' EXIT
trap 'exit 1' INT TERM

# ---- telling what happens ----

tell() { # who what
    local ms=$(((${EPOCHREALTIME/./} - begin_us) / 1000))
    printf '%3d.%03d s  %-8s %s\n' $((ms / 1000)) $((ms % 1000)) "$1" "$2"
}

# The value of a key in the JSON object $line.
value() { # key
    [[ $line =~ \"$1\":\"?([^\",}]*) ]] && echo "${BASH_REMATCH[1]}"
}

# Reads one program's JSON lines: keeps them in a file, and tells in words those that a person wants to see.
narrate() { # who file
    local line dropped=0
    while read -r line; do
        echo "$line" >> "$2"
        case $line in
        *'"event":"listening"'*)
            tell "$1" "listens on $(value address) port $(value port)"
            ;;
        *'"event":"connecting"'*)
            tell "$1" "connects to $(value address) port $(value port)"
            ;;
        *'"event":"open"'*)
            tell "$1" "is connected: $(value suite), $(value group), epoch $(value epoch)"
            ;;
        *'"event":"rehandshake_start"'*'"error"'*)
            tell "$1" "cannot ask for a rehandshake ($(value mode)): $(value error)"
            ;;
        *'"event":"rehandshake_start"'*)
            tell "$1" "asks for new keys ($(value mode) handshake)"
            ;;
        *'"event":"rehandshake_done"'*)
            tell "$1" "has new keys: epoch $(value epoch)"
            ;;
        *'"event":"rehandshake_refused"'* | *'"event":"rehandshake_failed"'* | *'"event":"rehandshake_stalled"'*)
            tell "$1" "$(value event)"
            ;;
        *'"event":"dropped_record"'*)
            dropped=$((dropped + 1))
            ((dropped % 10)) || tell "$1" "has lost $dropped records so far"
            ;;
        *'"event":"alert"'*)
            tell "$1" "got an alert: $(value description)"
            ;;
        *'"event":"failed"'*)
            tell "$1" "failed: $(value error)"
            ;;
        *'"event":"closed"'*)
            tell "$1" "has closed"
            ;;
        esac
    done
}

# Starts a program whose JSON ends up in $room/WHO; its process id is in $pid then, its narrator's in $narrator.
start() { # who program argument...
    local who=$1
    shift
    mkfifo "$room/$who.pipe"
    : > "$room/$who"
    narrate "$who" "$room/$who" < "$room/$who.pipe" &
    narrator=$!
    timeout --foreground "$patience_s" "$@" > "$room/$who.pipe" &
    pid=$!
    pids+=("$pid" "$narrator")
}

# Waits until a program is there; prints the port that it listens on.
port_of() { # who pid
    local line
    while kill -0 "$2" 2> /dev/null; do
        if line=$(grep -m1 '"event":"listening"' "$room/$1"); then
            value port
            return
        fi
        sleep 0.02
    done
    echo "demo: $1 did not start" >&2
    return 1
}

# ---- ten seconds and a half ----

start server "$apps/dtls-server" --port 0 --json --initial-timeout 100 --maximum-timeout 2000 \
    --rehandshake-first 4 --rehandshake-every 4 --rehandshake abbreviated,full
server=$pid server_narrator=$narrator
server_port=$(port_of server "$server")

start network "$apps/udp-impair" --listen 0 --to "127.0.0.1:$server_port" --json --seed "$seed" \
    --loss 5 --delay 20 --reorder 5
network=$pid network_narrator=$narrator
network_port=$(port_of network "$network")
tell network "loses 5 % of the datagrams, delays all by 20 ms and 5 % of them by 50 ms more (seed $seed)"

start client "$apps/dtls-client" 127.0.0.1 "$network_port" --json --flow 50 --size 160 --for 10.5 \
    --initial-timeout 100 --maximum-timeout 2000 \
    --rehandshake-first 2 --rehandshake-every 4 --rehandshake full,abbreviated
status=0
wait "$pid" || status=$?
wait "$narrator"

# The client has waited until nothing more came. Each of the others reports when it is told to end.
kill -TERM "$server"
wait "$server" || status=$?
kill -TERM "$network"
wait "$network" || status=$?
wait "$server_narrator" "$network_narrator"

# ---- the sums ----

# The sum of a key over a program's reports: the server has one for each association, the network one each way.
sum() { # who key [pattern]
    grep '"event":"report"' "$room/$1" | grep "${3:-}" |
        awk -v key="\"$2\":" 'match($0, key "[0-9.]+") { n += substr($0, RSTART + length(key), RLENGTH - length(key)) }
            END { print n + 0 }'
}

for who in client server network; do
    if ! grep -q '"event":"report"' "$room/$who"; then
        echo "demo: the $who ended without a report" >&2
        exit 1
    fi
done

up_sent=$(sum client sent)
up_received=$(sum server received)
up_lost=$(sum network application_records_lost '"up"')
down_sent=$(sum server sent)
down_received=$(sum client received)
down_lost=$(sum network application_records_lost '"down"')
sent=$((up_sent + down_sent))
received=$((up_received + down_received))
lost=$((up_lost + down_lost))
unexplained=$((sent - received - lost))
rehandshakes=$(sum client rehandshakes)

row() { # name up down
    printf '%-30s %16s %16s\n' "$@"
}
echo
row "" "client to server" "server to client"
row "records sent" "$up_sent" "$down_sent"
row "records received" "$up_received" "$down_received"
row "lost by the network" "$up_lost" "$down_lost"
row "lost by libdtls" $((up_sent - up_received - up_lost)) $((down_sent - down_received - down_lost))
row "datagrams, handshakes included" "$(sum network datagrams '"up"')" "$(sum network datagrams '"down"')"
row "  of them lost" "$(sum network lost '"up"')" "$(sum network lost '"down"')"
row "  of them reordered" "$(sum network reordered '"up"')" "$(sum network reordered '"down"')"
row "flights sent again" "$(sum client retransmissions)" "$(sum server retransmissions)"
echo "round trip: median $(sum client p50) ms, 95 % below $(sum client p95) ms, longest $(sum client max) ms"
echo

failed() {
    echo "demo: failed: $*"
    status=1
}
((status == 0)) || failed "a program ended with exit status $status"
((unexplained == 0)) || failed "sent, received and lost by the network do not add up: $unexplained"
((sent >= 900)) || failed "only $sent records were sent"
((lost > 0)) || failed "the network lost nothing"
((rehandshakes >= 4)) || failed "only $rehandshakes rehandshakes were done"
echo "demo: sent=$sent received=$received lost_by_network=$lost lost_by_libdtls=$unexplained" \
    "rehandshakes=$rehandshakes longest_gap_ms=$(sum client longest_gap_ms)"
exit "$status"
