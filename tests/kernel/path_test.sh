#!/bin/bash
# path_test.sh - our programs on real paths that are thinner in the middle: what the kernel and ICMP say is heeded, and
# where nobody says anything a handshake gets through all the same (contract M4, M5).
# Usage: path_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
. "$(dirname "$0")/../interop/tap.sh"
. "$(dirname "$0")/network.sh"
need_network

identity=$(cd "$(dirname "$0")/../data/identity" && pwd)
forge=$(program forge-icmp)
patience=300
# A client that timeout(1) ends gets SIGCONT too, which can keep LeakSanitizer waiting for ever. Leaks are for other tests.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0

# Three certificates of 4096 bits, and one more: flights are cut evenly, and the datagrams of three would be below 1280.
{
    cat "$identity/rsa4096-chain.pem"
    openssl x509 -in "$identity/rsa2048.pem"
} >"$room/chain.pem"
chain=(--cert "$room/chain.pem" --key "$identity/rsa4096-key.pem")

# ---- what differs between IPv4 and IPv6 ----

use_ipv4() {
    kind=IPv4 thin=600 wide_payload=1472 thin_payload=572 near=10.77.1.2 far=10.77.3.2
    least=548 # what forged ICMP can make us believe in
}

use_ipv6() { # which allows no link to be thinner than 1280
    kind=IPv6 thin=1280 wide_payload=1452 thin_payload=1232 near=fd77:1::2 far=fd77:3::2
    least=1252 # of the forgeries below, the kernel does not believe those that say less than 1280
}

# ---- a server at the far end, a client at the near one ----

serve() { # OPTIONS...
    : >"$room/server.out"
    ip netns exec "$(name_of far)" "$server" --json --host "$far" --port 4433 "$@" >"$room/server.out" 2>"$room/server.err" &
    server_pid=$!
    started+=("$server_pid")
    wait_for '"listening"' "$room/server.out"
}

# Both show a long chain, so that both have a flight that is too large.
serve_chain() {
    serve "${chain[@]}" --client-cert require --mtu "$wide_payload" "$@"
}

visit() { # OPTIONS...: in the background
    : >"$room/client.out"
    ip netns exec "$(name_of near)" timeout --foreground 60 "$client" --json "$@" "$far" 4433 >"$room/client.out" 2>"$room/client.err" &
    client_pid=$!
    started+=("$client_pid")
}

visit_with_chain() {
    visit "${chain[@]}" --mtu "$wide_payload" "$@"
}

of_report() { # PROGRAM KEY
    sed -n 's/.*"event":"report".*"'"$2"'":\([0-9]*\).*/\1/p' "$room/$1.out"
}

heard() { # PROGRAM: from the whole size to what the thin hop takes, at one go
    wait_for '"event":"mtu".*"mtu":'$thin_payload',"old_mtu":'"$wide_payload"',"reason":"too_big"' "$room/$1.out" &&
        [ "$(grep -c '"event":"mtu"' "$room/$1.out")" = 1 ]
}

opened_at() { # PROGRAM: ms since it began
    sed -n 's/.*"event":"open","time_ms":\([0-9]*\).*/\1/p' "$room/$1.out"
}

# ---- ICMP tells ----

handshake_with_feedback() {
    build_network && shrink $thin && serve_chain && visit_with_chain --flow 50 --for 0.2 && wait "$client_pid" &&
        heard client && heard server && [ "$(of_report client lost)" = 0 ] && [ "$(refused)" -gt 0 ]
}

next_association() { # in the same network: the kernels know the path, and refuse what is too large themselves
    local before
    before=$(refused)
    visit_with_chain --flow 50 --for 0.2 && wait "$client_pid" && heard client && stop_server &&
        [ "$(grep -c '"event":"mtu"' "$room/server.out")" = 2 ] && [ "$(of_report client lost)" = 0 ] &&
        [ "$(refused)" = "$before" ]
}

each_size() { # lines of 1 byte up to what fits, 40 at a time, since a socket's buffer is no larger
    local size most=$((thin_payload - 37)) whole
    whole=$(printf '%*s' $most '')
    rm -f "$room/keyboard"
    mkfifo "$room/keyboard"
    exec 7<>"$room/keyboard"
    build_network && shrink $thin && serve_chain && visit_with_chain <&7 && wait_for '"open"' "$room/client.out" || return 1
    for ((size = 1; size <= most; size++)); do
        echo "${whole:0:size}"
        ((size % 40 != 0 && size != most)) || wait_for '"data".*"length":'$size, "$room/client.out" || return 1
    done >&7
    echo "$whole " >&7
    wait_for "skipped: it has $((most + 1)) bytes, at most $most fit" "$room/client.err" || return 1
    kill "$client_pid"
    wait "$client_pid"
    sed -n 's/.*"event":"data".*"length":\([0-9]*\).*/\1/p' "$room/client.out" | cmp -s - <(seq 1 $most) && stop_server
}

thinner_than_ours() { # below 548 nothing shrinks any more, but the network may cut what leaves
    build_network && shrink 400 && serve_chain && visit_with_chain --flow 100 --for 0.5 --size 500 && wait "$client_pid" &&
        [ "$(of_report client lost)" = 0 ] && grep -q '"mtu":548,' "$room/client.out" &&
        grep -q '"mtu":548,' "$room/server.out" && stop_server
}

both_kinds() { # IPv4 on an IPv6 socket
    build_network && shrink $thin && serve_chain --host :: && visit_with_chain --flow 50 --for 0.2 &&
        wait "$client_pid" && heard client && heard server && [ "$(of_report client lost)" = 0 ] && stop_server
}

# ---- the path changes in mid-call ----

# What is lost is what the hop has refused, and that ends when the first word of it is back; and what had arrived when
# the server was told that it cannot send so much back.
lost_as_refused() {
    local lost not_echoed
    lost=$(of_report client lost)
    wait_for '"event":"report"' "$room/server.out"
    not_echoed=$(($(of_report server received) - $(of_report server sent)))
    [ "$(refused)" -gt 0 ] && [ "$lost" -le $(($(refused) + not_echoed)) ] && [ "$lost" -le 20 ] &&
        [ "$(of_report client foreign)" = 0 ]
}

shrinks_in_mid_call() {
    build_network && serve --mtu "$wide_payload" && visit --mtu "$wide_payload" --flow 200 --for 1 --size 1200 --adapt &&
        wait_for '"open"' "$room/client.out" && sleep 0.3 && shrink $thin && wait "$client_pid" && heard client &&
        lost_as_refused && stop_server
}

shrinks_in_mid_rehandshake() {
    build_network && serve_chain && visit_with_chain --flow 200 --for 1.8 --size 1200 --adapt --rehandshake-every 1.1 --rehandshake-first 0.2 &&
        wait_for '"rehandshake_start"' "$room/client.out" && shrink $thin && wait "$client_pid" && heard client && heard server && lost_as_refused &&
        sed -n '/"event":"mtu"/,$p' "$room/client.out" | grep -q '"rehandshake_done"' && stop_server
}

rigid() { # without --adapt the flow ends, and says what fits
    build_network && serve --mtu "$wide_payload" && visit --mtu "$wide_payload" --flow 200 --for 30 --size 1200 &&
        wait_for '"open"' "$room/client.out" && shrink $thin || return 1
    wait "$client_pid"
    [ $? = 2 ] && grep -q "at most $((thin_payload - 37)) bytes fit" "$room/client.err" && stop_server
}

# ---- somebody lies ----

flow_under_lies() { # a flow with rehandshakes, and at its ends whatever a forger can think of; no record is lost
    local port i
    build_network && serve_chain && visit_with_chain --flow 200 --for 2.5 --size 1200 --adapt --rehandshake-every 1.1 &&
        wait_for '"open"' "$room/server.out" || return 1
    port=$(sed -n 's/.*"open".*"peer":"[^"]*:\([0-9]*\)".*/\1/p' "$room/server.out")
    for ((i = 0; i < 30; i++)); do
        in_place r1 "$forge" 0 "$near" "$port" "$far" 4433 && in_place r2 "$forge" 0 "$far" 4433 "$near" "$port" || return 1
    done
    for i in 1499 1300 68 1 900; do
        in_place r1 "$forge" $i "$near" "$port" "$far" 4433 && sleep 0.05 &&
            in_place r2 "$forge" $i "$far" 4433 "$near" "$port" || return 1
    done
    wait "$client_pid" && [ "$(of_report client lost)" = 0 ] && [ "$(of_report client foreign)" = 0 ] &&
        [ "$(of_report client rehandshakes)" -ge 2 ] && stop_server || return 1
    for i in client server; do
        [ "$(sed -n 's/.*"event":"mtu".*"mtu":\([0-9]*\).*/\1/p' "$room/$i.out" | tail -n 1)" = "$least" ] || return 1
    done
}

# ---- the search for more (M6) ----

finds() { # BYTES FROM
    serve --answer-probes && visit --mtu "$2" --probe-mtu "$wide_payload" --flow 50 --for 1 && wait "$client_pid" &&
        [ "$(of_report client mtu)" = "$1" ] && [ "$(of_report server probes)" = 0 ] &&
        grep -q '"event":"mtu".*"mtu":'"$1"',"old_mtu":'"$2"',"reason":"probed"' "$room/client.out" &&
        [ "$(of_report client lost)" = 0 ] && stop_server
}

finds_all() {
    build_network && finds "$wide_payload" 1200
}

finds_the_thin_hop() { # whose ICMP saves the search its tries
    build_network && shrink $thin && finds $thin_payload 500
}

# ---- nobody tells ----

timeout_ms=400

meet_server_with_chain() { # when the client has it open
    serve "${chain[@]}" --mtu "$wide_payload" --initial-timeout $timeout_ms &&
        visit --mtu "$wide_payload" --initial-timeout $timeout_ms --flow 50 --for 0.2 && wait "$client_pid" &&
        stop_server && [ "$(of_report client lost)" = 0 ]
}

black_hole() { # two timeouts, and what a third one would take is more than the rest of this lasts
    local plain
    build_network && meet_server_with_chain && plain=$(opened_at client) &&
        build_network && shrink $thin && swallow_icmp && meet_server_with_chain && [ "$(refused)" -gt 0 ] &&
        ! grep -q '"event":"mtu"' "$room"/{client,server}.out && [ "$(of_report server retransmissions)" -le 2 ] || return 1
    echo "# $kind: open after $(opened_at client) ms, $plain without a hole"
    (($(opened_at client) >= timeout_ms && $(opened_at client) < plain + 3 * timeout_ms + 1500))
}

for family in ipv4 ipv6; do
    use_$family
    check "$kind: a handshake with long chains through a thin hop" handshake_with_feedback
    check "$kind: the next one loses nothing there" next_association
    check "$kind: data of each size that fits" each_size
    check "$kind: a path that shrinks in mid-call costs what its hop refused" shrinks_in_mid_call
    check "$kind: and during rehandshakes" shrinks_in_mid_rehandshake
    check "$kind: a flow that does not adapt says what fits" rigid
    check "$kind: forged ICMP stalls nothing, and shrinks no further than $least" flow_under_lies
    check "$kind: a search finds what an Ethernet takes" finds_all
    check "$kind: a search finds what a thin hop takes" finds_the_thin_hop
    check "$kind: a hole that swallows ICMP delays a handshake by two timeouts" black_hole
done
use_ipv4
check "IPv4: a path that is thinner than 576 is fragmented on" thinner_than_ours
check "IPv4 on a socket of IPv6" both_kinds

finish
