#!/bin/bash
# java_test.sh - our programs with Java's JSSE, in both roles (JssePeer.java).
# JSSE does every rehandshake, and keeps the data that arrives in mid-handshake for afterwards; but it drops what is
# still under way of the old epoch, dies of no_renegotiation, and bears no Finished twice if a rehandshake follows:
# therefore a slow path here, on which nobody repeats a flight while it computes.
# Usage: java_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
here=$(dirname "$0")
. "$here/tap.sh"
. "$here/peers.sh"
. "$here/keyboards.sh"
need java javac openssl

peer_close=:close peer_hears_close=closed
javac -d "$room" "$here/JssePeer.java" || { echo "Bail out! JssePeer.java does not compile"; exit 1; }
release=$(java -XshowSettings:properties -version 2>&1 | sed -n 's/.*java.specification.version = //p')

java_options=()
start_java() { # IDENTITY
    start_peer listening java "${java_options[@]}" -cp "$room" JssePeer server PORT "$identity/$1.pem"
}

let_java_in() { # IDENTITY: its own
    let_peer_in java "${java_options[@]}" -cp "$room" JssePeer client PORT "$identity/$1.pem"
}

# ---- first handshakes, data both ways ----

connects() { # IDENTITY SUITE GROUP
    start_java "$1" &&
        visit_peer --suites "$2" --groups "$(groups_for "$1" "$3")" --pin "$(fingerprint_of "$identity/$1.pem")" &&
        says ours '"open".*"suite":"TLS_'"$2"'","group":"'"$3"'","resumed":false,"secure_renegotiation":true' &&
        both_speak && end
}
try_connects() {
    check "our client, JSSE's server: $*" connects "$@"
}
each_combination try_connects

is_met() { # IDENTITY SUITE GROUP
    serve_peer --cert "$identity/$1.pem" --suites "$2" --groups "$3" && let_java_in "$1" &&
        says ours '"open".*"suite":"TLS_'"$2"'","group":"'"$3"'","resumed":false,"secure_renegotiation":true' &&
        both_speak && end
}
try_is_met() {
    check "our server, JSSE's client: $*" is_met "$@"
}
each_combination try_is_met

# ---- rehandshakes ----

start_slow_path() { # so slow that a busy computer does not look like a lost datagram: half a second there and back
    start_path --delay 250
}

meet() { # ROLE OPTIONS...: of ours; java_options are for once
    local role=$1
    shift
    if [ "$role" = client ]; then
        start_java p256 && start_slow_path && visit_peer --initial-timeout 5000 "$@"
    else
        serve_peer --cert "$identity/p256.pem" --initial-timeout 5000 "$@" && start_slow_path && let_java_in p256
    fi
    local status=$?
    java_options=()
    return $status
}

unrepeated() { # COMMAND...: once more where a flight was repeated all the same, since the computer was too busy
    for _ in 1 2 3 4; do
        "$@" && return 0
        stop "$ours_pid" && wait "$ours_pid"
        clean_up
        grep -q '"report".*\("retransmissions"\|"answers"\):[1-9]' "$room/ours.out" || return 1
    done
    return 1
}

renews() { # ROLE WHO: WHO starts a full one, then an abbreviated one
    meet "$1" && both_speak && type_at "$2" ":rehandshake full" && is_renewed false 2 && both_speak &&
        type_at "$2" ":rehandshake abbreviated" && is_renewed true 3 && both_speak && end
}
check "our client starts a rehandshake with JSSE's server, full and abbreviated" unrepeated renews client ours
check "JSSE's server starts a rehandshake with our client, full and abbreviated" unrepeated renews client peer
check "our server starts a rehandshake with JSSE's client, full and abbreviated" unrepeated renews server ours
check "JSSE's client starts a rehandshake with our server, full and abbreviated" unrepeated renews server peer

resumes_first() { # RESUMED JAVA'S OPTIONS...: the session of the first handshake
    local resumed=$1
    shift
    java_options=("$@")
    meet client && both_speak && type_at ours ":rehandshake abbreviated" && is_renewed "$resumed" 2 && both_speak && end
}
check "JSSE's server resumes no session of which it gave a ticket: a full rehandshake" unrepeated resumes_first false
check "without tickets it resumes the first session" unrepeated resumes_first true -Djdk.tls.server.enableSessionTicketExtension=false

speaks_meanwhile() { # ROLE: lines behind the ClientHello or HelloRequest arrive
    meet "$1" && both_speak && type_at ours ":rehandshake full" "meanwhile-1" "meanwhile-2" && says peer meanwhile-2 &&
        says peer meanwhile-1 && is_renewed false 2 && both_speak && end
}
check "our client's data in mid-handshake arrives at JSSE's server" unrepeated speaks_meanwhile client
check "our server's data in mid-handshake arrives at JSSE's client" unrepeated speaks_meanwhile server

flows() { # LOST OPTIONS...
    local lost=$1
    shift
    start_java p256 && start_slow_path && timeout --foreground 60 "$client" --json --flow 100 --for 5 --rehandshake-first 2 \
        --rehandshake-every 60 --initial-timeout 5000 "$@" 127.0.0.1 "$port" \
        </dev/null >"$room/ours.out" 2>"$room/ours.err" &&
        says ours '"report".*"sent":500,.*'"$lost"',.*"rehandshakes":1,' && says peer closed && clean_up
}
check "JSSE's server drops records of the old epoch that come after its new one" unrepeated flows '"lost":[1-9][0-9]*'
check "of a strict client's records it drops none" unrepeated flows '"lost":0' --peer-model strict

# ---- refusals ----

is_killed_by_no() { # ROLE
    meet "$1" --rehandshake-policy deny && both_speak && type_at peer ":rehandshake full" &&
        says peer 'failed: .*eceived handshake warning: no_renegotiation' && end_killed handshake_failure
}
check "JSSE's server starts one, our client refuses, which JSSE answers with handshake_failure" unrepeated is_killed_by_no client
check "JSSE's client starts one, our server refuses, which JSSE answers with handshake_failure" unrepeated is_killed_by_no server

is_left_alone() {
    java_options=(-Djdk.tls.rejectClientInitiatedRenegotiation=true)
    meet client --handshake-timeout 8000 && both_speak && type_at ours ":rehandshake full" &&
        says peer 'failed: .*Client initiated renegotiation is not allowed' &&
        says ours '"rehandshake_failed"' && type_at ours :status && says ours '"status".*"open":true,"epoch":1' &&
        peer_hears_close=failed end
}
check "JSSE's server that allows none ends without a word, and our client gives the rehandshake up" unrepeated is_left_alone
skip "JSSE's client refuses a rehandshake" "no property of JSSE's makes a client refuse one"

is_unsafe() { # ROLE
    java_options=(-Djdk.tls.useExtendedMasterSecret=false)
    meet "$1" && both_speak && says ours '"open".*"secure_renegotiation":false' && refuses_unsafe full && both_speak &&
        refuses_unsafe abbreviated && both_speak && type_at peer ":rehandshake full" &&
        says peer 'failed: .*eceived handshake warning: no_renegotiation' && end_killed handshake_failure
}
check "without extended master secret our client starts none, and refuses JSSE's" unrepeated is_unsafe client
check "without extended master secret our server starts none, and refuses JSSE's" unrepeated is_unsafe server

# ---- what JSSE does not bear ----

# It keeps a Finished that comes twice, and takes it for one of the next rehandshake. Ours comes twice after an
# abbreviated rehandshake, since it goes with data until something of the new epoch comes back (contract R3), ...
renews_again() {
    meet client --handshake-timeout 8000 && both_speak && type_at ours ":rehandshake full" && is_renewed false 2 &&
        both_speak && type_at ours ":rehandshake abbreviated" && is_renewed true 3 && both_speak &&
        type_at ours ":rehandshake full"
}

# ... and after a full one to a client that is silent, in front of the next HelloRequest (contract T5).
asks_again() {
    meet server --handshake-timeout 8000 && both_speak && type_at ours ":rehandshake full" && is_renewed false 2 &&
        says peer renewed && type_at ours ":rehandshake full"
}

dies() { # BEGINNING
    "$1" && says peer "failed: Unexpected handshake message: finished" && end_killed unexpected_message
}

sticks() { # BEGINNING OUTCOME: our side says so when its time is over, and can still close
    "$1" && says ours "$2" && type_at ours :status && says ours '"status".*"open":true' && type_at ours :close &&
        says ours '"closed"' || return 1
    [ "$ours" = client ] || stop "$ours_pid"
    wait "$ours_pid" && [ ! -s "$room/ours.err" ] && clean_up
}

if [ "$release" -lt 21 ]; then
    check "a second Finished makes JSSE's server of Java $release die of the next rehandshake" unrepeated dies renews_again
    check "a second Finished makes JSSE's client of Java $release die of the next rehandshake" unrepeated dies asks_again
else
    check "a second Finished makes JSSE's server of Java $release answer no rehandshake any more" unrepeated sticks renews_again rehandshake_failed
    check "a second Finished makes JSSE's client of Java $release stick in the next rehandshake" unrepeated sticks asks_again rehandshake_stalled
fi

finish
