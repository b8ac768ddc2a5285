#!/bin/bash
# impair_test.sh UDP-IMPAIR UDP-ECHO - the bad network by itself, in front of an echo. Prints TAP.
set -u

impair=$1
echo_server=$2
build=$(dirname "$(dirname "$impair")") # tap.sh finds programs there
. "$(dirname "$0")/tap.sh"

"$echo_server" >"$room/echo.out" &
started+=($!)
wait_for . "$room/echo.out"
echo_port=$(<"$room/echo.out")

# Starts udp-impair with these options in front of the echo; its process id is in $proxy then, and fd 3 leads to it.
start() { # OPTIONS...
    : >"$room/impair.out"
    "$impair" --listen 0 --to "127.0.0.1:$echo_port" --json --verbose "$@" >"$room/impair.out" 2>"$room/impair.err" &
    proxy=$!
    started+=($proxy)
    wait_for listening "$room/impair.out" || return 1
    exec 3<>"/dev/udp/127.0.0.1/$(sed -n 's/.*"listening".*"port":\([0-9]*\).*/\1/p' "$room/impair.out")"
}

# Ends udp-impair; its reports are in impair.out then, what it did to each datagram in impair.err.
stop_proxy() {
    exec 3>&-
    kill -TERM "$proxy" && wait "$proxy"
}

# A datagram of 30 bytes with two records: a handshake record of epoch 0, an application record of epoch 1.
send_records() { # sequence, from 11 to 99
    local sequence
    printf -v sequence '\\x%02x' "$1"
    printf '\x16\xfe\xfd\0\0\0\0\0\0\0\x01\0\x02ab\x17\xfe\xfd\0\x01\0\0\0\0\0'"$sequence"'\0\x02cd' >&3
}

receive() { # seconds to wait: one datagram to stdout
    timeout --foreground "$1" dd bs=65536 count=1 status=none <&3 || true
}

sum() { # direction key
    sed -n 's/.*"report","direction":"'"$1"'".*"'"$2"'":\([0-9]*\).*/\1/p' "$room/impair.out"
}

a_good_network_passes_everything() {
    start
    send_records 17
    receive 2 >"$room/back"
    stop_proxy
    [[ $(wc -c <"$room/back") == 30 && $(sum up passed) == 1 && $(sum down passed) == 1 &&
        $(sum up application_records) == 1 && $(sum up application_records_lost) == 0 ]] &&
        ! grep -q dropped_record "$room/impair.out"
}

send_sixty() { # options...
    start "$@"
    for i in {11..70}; do # not 10: bash ends a write, and so a datagram, at a newline
        send_records "$i"
    done
    sleep 0.3
    stop_proxy
}

counts_add_up() {
    send_sixty --loss 30 --duplicate 20 --reorder 20 --corrupt 20 --delay 5 --jitter 5
    local way
    for way in up down; do
        (($(sum $way datagrams) == $(sum $way passed) + $(sum $way lost) + $(sum $way too_large))) || return 1
        (($(sum $way application_records_lost) == $(grep -c "dropped_record.*\"$way\"" "$room/impair.out"))) || return 1
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
    stop_proxy
    grep -qx '{"event":"dropped_record","direction":"up","epoch":1,"sequence":42}' "$room/impair.out" &&
        [[ $(grep -c dropped_record "$room/impair.out") == 1 ]]
}

a_seed_repeats_its_decisions() {
    send_sixty --loss 30 --reorder 20 --jitter 3 --seed 5
    grep '^up' "$room/impair.err" >"$room/first"
    send_sixty --loss 30 --reorder 20 --jitter 3 --seed 5
    grep '^up' "$room/impair.err" >"$room/second"
    send_sixty --loss 30 --reorder 20 --jitter 3 --seed 6
    grep '^up' "$room/impair.err" >"$room/other"
    cmp -s "$room/first" "$room/second" && ! cmp -s "$room/first" "$room/other"
}

large_payloads_are_dropped() {
    start --mtu 29
    send_records 11
    printf '%029d' 0 >&3
    receive 2 >"$room/back"
    stop_proxy
    [[ $(wc -c <"$room/back") == 29 && $(sum up too_large) == 1 && $(sum up passed) == 1 &&
        $(sum up application_records_lost) == 1 ]]
}

corruption_flips_a_bit() {
    start --corrupt 100 --seed 3
    send_records 11
    receive 2 >"$room/back"
    stop_proxy
    [[ $(wc -c <"$room/back") == 30 && $(sum up corrupted) == 1 && $(sum up application_records_lost) == 1 ]] &&
        ! printf '\x16\xfe\xfd\0\0\0\0\0\0\0\x01\0\x02ab\x17\xfe\xfd\0\x01\0\0\0\0\0\x0b\0\x02cd' |
            cmp -s - "$room/back"
}

delay_counts_both_ways() {
    start --delay 100
    local begin=${EPOCHREALTIME/[.,]/}
    send_records 11
    receive 2 >"$room/back"
    stop_proxy
    [[ -s $room/back ]] && ((${EPOCHREALTIME/[.,]/} - begin >= 200000))
}

what_is_under_way_at_the_end_is_lost() {
    start --delay 10000
    send_records 19
    sleep 0.1
    stop_proxy
    [[ $(sum up lost) == 1 ]] && grep -q '"sequence":19}' "$room/impair.out"
}

it_ends_by_itself() {
    timeout --foreground 5 "$impair" --listen 0 --to "[::1]:9" --for 0.1 >"$room/impair.out" &&
        grep -q '^up: 0 datagrams' "$room/impair.out"
}

a_value_may_follow_an_equals_sign() {
    timeout --foreground 5 "$impair" --listen=0 --to=127.0.0.1:9 --for=0.1 --loss=5 --seed=18446744073709551615 \
        >"$room/impair.out" &&
        grep -q '^listening on 127.0.0.1 port [1-9]' "$room/impair.out"
}

each_mistake() {
    local word options
    while read -r word options; do
        # shellcheck disable=SC2086 # words on purpose
        mistake "$word" "$impair" $options && continue
        echo "# udp-impair $options"
        return 1
    done <<'END'
--to --listen 0
--listen --to 127.0.0.1:9
--loss --listen 0 --to 127.0.0.1:9 --loss 101
--loss --listen 0 --to 127.0.0.1:9 --loss nan
--loss --listen 0 --to 127.0.0.1:9 --loss 5%
--loss --listen 0 --to 127.0.0.1:9 --loss=
--delay --listen 0 --to 127.0.0.1:9 --delay -1
--mtu --listen 0 --to 127.0.0.1:9 --mtu 12x
--seed --listen 0 --to 127.0.0.1:9 --seed
--seed --listen 0 --to 127.0.0.1:9 --seed 18446744073709551616
--json --listen 0 --to 127.0.0.1:9 --json=1
--wet --listen 0 --to 127.0.0.1:9 --wet
surplus --listen 0 --to 127.0.0.1:9 surplus
65536 --listen 65536 --to 127.0.0.1:9
--to --listen 0 --to 127.0.0.1
--to --listen 0 --to 127.0.0.1:
--to --listen 0 --to :9
--to --listen 0 --to 127.0.0.1:0
brackets --listen 0 --to ::1:9
no.such.host.invalid --listen 0 --to no.such.host.invalid:9
192.0.2.1 --listen 192.0.2.1:0 --to 127.0.0.1:9
END
}

check "a good network passes everything" a_good_network_passes_everything
check "the counts of a bad network add up" counts_add_up
check "a dropped application record is named by epoch and sequence" a_dropped_record_is_named
check "the same seed takes the same decisions" a_seed_repeats_its_decisions
check "payloads above the MTU are dropped" large_payloads_are_dropped
check "corruption flips a bit and counts the record as lost" corruption_flips_a_bit
check "the delay counts in both directions" delay_counts_both_ways
check "what is under way at the end is lost" what_is_under_way_at_the_end_is_lost
check "it ends by itself after --for" it_ends_by_itself
check "--name=value is --name value" a_value_may_follow_an_equals_sign
check "a mistake on the command line is one line, which names it, and exit status 2" each_mistake
finish
