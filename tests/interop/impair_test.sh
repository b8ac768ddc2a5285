#!/bin/bash
# impair_test.sh UDP-IMPAIR UDP-ECHO - the bad network by itself, in front of an echo. Prints TAP.
set -euo pipefail

impair=$1
echo_server=$2
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$dir"' EXIT

# Waits until a file has a line that matches, then prints the first one.
line_of() { # file pattern
    for _ in {1..500}; do
        grep -m1 "$2" "$1" && return
        sleep 0.01
    done
    echo "Bail out! no \"$2\" in $1" >&2
    return 1
}

"$echo_server" > "$dir/echo" &
pids+=($!)
echo_port=$(line_of "$dir/echo" .)

# Starts udp-impair with these options in front of the echo; its process id is in $proxy then, and fd 3 leads to it.
start() { # options...
    : > "$dir/json"
    "$impair" --listen 0 --to "127.0.0.1:$echo_port" --json --verbose "$@" > "$dir/json" 2> "$dir/log" &
    proxy=$!
    pids+=("$proxy")
    local port
    port=$(line_of "$dir/json" listening | sed 's/.*"port":\([0-9]*\).*/\1/')
    exec 3<> "/dev/udp/127.0.0.1/$port"
}

# Ends udp-impair; its reports are in $dir/json then, what it did to each datagram in $dir/log.
stop() {
    exec 3>&-
    kill -TERM "$proxy"
    wait "$proxy"
}

# A datagram of 30 bytes with two records: a handshake record of epoch 0, an application record of epoch 1.
send_records() { # sequence, from 11 to 99
    local sequence
    printf -v sequence '\\x%02x' "$1"
    printf '\x16\xfe\xfd\0\0\0\0\0\0\0\x01\0\x02ab\x17\xfe\xfd\0\x01\0\0\0\0\0'"$sequence"'\0\x02cd' >&3
}

receive() { # seconds to wait: one datagram to stdout
    timeout "$1" dd bs=65536 count=1 status=none <&3 || true
}

sum() { # direction key
    sed -n 's/.*"report","direction":"'"$1"'".*"'"$2"'":\([0-9]*\).*/\1/p' "$dir/json"
}

count=0
failed=0
check() { # name command...
    local name=$1 verdict=ok
    shift
    "$@" || verdict="not ok"
    if [[ $verdict != ok ]]; then
        failed=1
        sed 's/^/# /' "$dir/json" | tail -n 4
    fi
    echo "$verdict $((++count)) - $name"
}

a_good_network_passes_everything() {
    start
    send_records 17
    receive 2 > "$dir/back"
    stop
    [[ $(wc -c < "$dir/back") == 30 && $(sum up passed) == 1 && $(sum down passed) == 1 &&
        $(sum up application_records) == 1 && $(sum up application_records_lost) == 0 ]] &&
        ! grep -q dropped_record "$dir/json"
}

send_sixty() { # options...
    start "$@"
    for i in {11..70}; do # not 10: bash ends a write, and so a datagram, at a newline
        send_records "$i"
    done
    sleep 0.3
    stop
}

counts_add_up() {
    send_sixty --loss 30 --duplicate 20 --reorder 20 --corrupt 20 --delay 5 --jitter 5
    local way
    for way in up down; do
        (($(sum $way datagrams) == $(sum $way passed) + $(sum $way lost) + $(sum $way too_large))) || return 1
        (($(sum $way application_records_lost) == $(grep -c "dropped_record.*\"$way\"" "$dir/json"))) || return 1
        (($(sum $way lost) > 0 && $(sum $way duplicated) > 0 && $(sum $way reordered) > 0)) || return 1
        (($(sum $way corrupted) > 0)) || return 1
    done
    (($(sum up datagrams) == 60 && $(sum up application_records) == 60)) &&
        (($(sum down datagrams) == $(sum up passed) + $(sum up duplicated)))
}

a_dropped_record_is_named() {
    start --loss 100
    send_records 42
    sleep 0.1
    stop
    grep -qx '{"event":"dropped_record","direction":"up","epoch":1,"sequence":42}' "$dir/json" &&
        [[ $(grep -c dropped_record "$dir/json") == 1 ]]
}

a_seed_repeats_its_decisions() {
    send_sixty --loss 30 --reorder 20 --jitter 3 --seed 5
    grep '^up' "$dir/log" > "$dir/first"
    send_sixty --loss 30 --reorder 20 --jitter 3 --seed 5
    grep '^up' "$dir/log" > "$dir/second"
    send_sixty --loss 30 --reorder 20 --jitter 3 --seed 6
    grep '^up' "$dir/log" > "$dir/other"
    cmp -s "$dir/first" "$dir/second" && ! cmp -s "$dir/first" "$dir/other"
}

large_payloads_are_dropped() {
    start --mtu 29
    send_records 11
    printf '%029d' 0 >&3
    receive 2 > "$dir/back"
    stop
    [[ $(wc -c < "$dir/back") == 29 && $(sum up too_large) == 1 && $(sum up passed) == 1 &&
        $(sum up application_records_lost) == 1 ]]
}

corruption_flips_a_bit() {
    start --corrupt 100 --seed 3
    send_records 11
    receive 2 > "$dir/back"
    stop
    [[ $(wc -c < "$dir/back") == 30 && $(sum up corrupted) == 1 && $(sum up application_records_lost) == 1 ]] &&
        ! printf '\x16\xfe\xfd\0\0\0\0\0\0\0\x01\0\x02ab\x17\xfe\xfd\0\x01\0\0\0\0\0\x0b\0\x02cd' | cmp -s - "$dir/back"
}

delay_counts_both_ways() {
    start --delay 100
    local begin=${EPOCHREALTIME/[.,]/}
    send_records 11
    receive 2 > "$dir/back"
    stop
    [[ -s $dir/back ]] && ((${EPOCHREALTIME/[.,]/} - begin >= 200000))
}

what_is_under_way_at_the_end_is_lost() {
    start --delay 10000
    send_records 19
    sleep 0.1
    stop
    [[ $(sum up lost) == 1 ]] && grep -q '"sequence":19}' "$dir/json"
}

it_ends_by_itself() {
    timeout 5 "$impair" --listen 0 --to "[::1]:9" --for 0.1 > "$dir/json"
    grep -q '^up: 0 datagrams' "$dir/json"
}

a_mistake_is_one_line_and_2() {
    local options status
    while read -r options; do
        status=0
        # shellcheck disable=SC2086 # words on purpose
        timeout 5 "$impair" $options > "$dir/json" 2> "$dir/log" || status=$?
        if ((status != 2)) || [[ -s $dir/json || $(wc -l < "$dir/log") != 1 ]]; then
            echo "# udp-impair $options: exit status $status"
            return 1
        fi
    done << 'END'
--listen 0
--to 127.0.0.1:9
--listen 0 --to 127.0.0.1:9 --loss 101
--listen 0 --to 127.0.0.1:9 --loss nan
--listen 0 --to 127.0.0.1:9 --loss 5%
--listen 0 --to 127.0.0.1:9 --delay -1
--listen 0 --to 127.0.0.1:9 --mtu 12x
--listen 0 --to 127.0.0.1:9 --seed
--listen 0 --to 127.0.0.1:9 --wet
--listen 0 --to 127.0.0.1:9 surplus
--listen 65536 --to 127.0.0.1:9
--listen 0 --to 127.0.0.1
--listen 0 --to 127.0.0.1:0
--listen 0 --to ::1:9
--listen 0 --to no.such.host.invalid:9
--listen 192.0.2.1:0 --to 127.0.0.1:9
END
}

echo 1..10
check "a good network passes everything" a_good_network_passes_everything
check "the counts of a bad network add up" counts_add_up
check "a dropped application record is named by epoch and sequence" a_dropped_record_is_named
check "the same seed takes the same decisions" a_seed_repeats_its_decisions
check "payloads above the MTU are dropped" large_payloads_are_dropped
check "corruption flips a bit and counts the record as lost" corruption_flips_a_bit
check "the delay counts in both directions" delay_counts_both_ways
check "what is under way at the end is lost" what_is_under_way_at_the_end_is_lost
check "it ends by itself after --for" it_ends_by_itself
check "a mistake on the command line is one line and exit status 2" a_mistake_is_one_line_and_2
exit "$failed"
