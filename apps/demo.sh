#!/bin/bash
# demo.sh BUILD-DIRECTORY SEED - a call: two callers and a bad network between them as real processes. Voice flows both
# ways, 50 packets a second, while the keys of DTLS and SRTP are renewed every two seconds. Every frame that the network
# did not take has to arrive, once, as it was sent; those that are missing have to be the ones it took. For `./dev demo`.
set -euo pipefail
export LC_ALL=C

apps=$1/apps
seed=$2
patience_s=60 # nothing here takes longer
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
        *'"event":"dropped_media"'*)
            dropped=$((dropped + 1))
            ((dropped % 10)) || tell "$1" "has lost $dropped packets so far"
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

start alice "$apps/dtls-call" --json --frames "$room/alice.frames" listen 0
alice=$pid alice_narrator=$narrator
alice_port=$(port_of alice "$alice")

start network "$apps/udp-impair" --listen 0 --to "127.0.0.1:$alice_port" --json --seed "$seed" \
    --loss 5 --delay 20 --reorder 5
network=$pid network_narrator=$narrator
network_port=$(port_of network "$network")
tell network "loses 5 % of the datagrams, delays all by 20 ms and 5 % of them by 50 ms more (seed $seed)"

start bob "$apps/dtls-call" --json --frames "$room/bob.frames" --tone 600 --for 10.5 --rehandshake-every 2 \
    127.0.0.1 "$network_port"
status=0
wait "$pid" || status=$?
wait "$narrator"

# Bob has waited until nothing more came, and has hung up; that ends Alice, too.
wait "$alice" || status=$?
kill -TERM "$network"
wait "$network" || status=$?
wait "$alice_narrator" "$network_narrator"

# ---- the sums ----

# The sum of a key over a program's reports: the network has one each way.
sum() { # who key [pattern]
    grep '"event":"report"' "$room/$1" | grep "${3:-}" |
        awk -v key="\"$2\":" 'match($0, key "[0-9.]+") { n += substr($0, RSTART + length(key), RLENGTH - length(key)) }
            END { print n + 0 }'
}

for who in alice bob network; do
    if ! grep -q '"event":"report"' "$room/$who"; then
        echo "demo: $who ended without a report" >&2
        exit 1
    fi
done

# The frames of one way: sequence number and payload of each, as they left and as they came.
frames() { # who sent|received
    sed -n "s/^$2 //p" "$room/$1.frames" | sort
}

altered() { # from to: how many frames came that were not sent so, or came twice
    comm -13 <(frames "$1" sent) <(frames "$2" received) | wc -l
}

# How many are missing that the network did not take, or the other way round.
unexplained() { # from to direction
    comm -3 <(comm -23 <(frames "$1" sent) <(frames "$2" received) | cut -d ' ' -f 1 | sort) \
        <(sed -n "s/.*\"dropped_media\",\"direction\":\"$3\",\"sequence\":\([0-9]*\).*/\1/p" "$room/network" | sort) |
        wc -l
}

up_sent=$(sum bob sent)
up_received=$(sum alice received)
up_lost=$(sum network media_packets_lost '"up"')
down_sent=$(sum alice sent)
down_received=$(sum bob received)
down_lost=$(sum network media_packets_lost '"down"')
sent=$((up_sent + down_sent))
received=$((up_received + down_received))
lost=$((up_lost + down_lost))
by_us=$((sent - received - lost))
altered=$(($(altered bob alice) + $(altered alice bob)))
unexplained=$(($(unexplained bob alice up) + $(unexplained alice bob down)))
rehandshakes=$(sum bob rehandshakes)

row() { # name up down
    printf '%-30s %16s %16s\n' "$@"
}
echo
row "" "bob to alice" "alice to bob"
row "frames sent" "$up_sent" "$down_sent"
row "frames received" "$up_received" "$down_received"
row "lost by the network" "$up_lost" "$down_lost"
row "lost by libdtls" $((up_sent - up_received - up_lost)) $((down_sent - down_received - down_lost))
row "came late" "$(sum alice late)" "$(sum bob late)"
row "could not be decrypted" "$(sum alice undecryptable)" "$(sum bob undecryptable)"
row "datagrams, handshakes included" "$(sum network datagrams '"up"')" "$(sum network datagrams '"down"')"
row "  of them lost" "$(sum network lost '"up"')" "$(sum network lost '"down"')"
row "  of them reordered" "$(sum network reordered '"up"')" "$(sum network reordered '"down"')"
echo "jitter: $(sum alice jitter_ms) and $(sum bob jitter_ms) ms; round trip: $(sum bob rtt_ms) ms"
echo

failed() {
    echo "demo: failed: $*"
    status=1
}
((status == 0)) || failed "a program ended with exit status $status"
((by_us == 0)) || failed "sent, received and lost by the network do not add up: $by_us"
((altered == 0)) || failed "$altered frames came that were not sent so"
((unexplained == 0)) || failed "$unexplained frames are missing, or came, in spite of what the network says"
((sent >= 900)) || failed "only $sent frames were sent"
((lost > 0)) || failed "the network lost nothing"
((rehandshakes >= 4)) || failed "only $rehandshakes rehandshakes were done"
((status)) || echo "each frame that came is, bit by bit, one that was sent; the missing ones are those that the network took"
gap=$(printf '%s\n' "$(sum alice longest_gap_ms)" "$(sum bob longest_gap_ms)" | sort -n | tail -n 1)
echo "demo: sent=$sent received=$received lost_by_network=$lost lost_by_libdtls=$by_us" \
    "rehandshakes=$rehandshakes longest_gap_ms=$gap"
exit "$status"
