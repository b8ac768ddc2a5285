#!/bin/bash
# botan_test.sh - our programs with Botan's: tls_server for our client, tls_client for our server.
# Botan refuses renegotiation unless its policy allows it, and then does all of it, but not while application data
# flows: a record in mid-handshake is fatal to it, so our client has to be strict (contract R18).
# Usage: botan_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
here=$(dirname "$0")
. "$here/tap.sh"
. "$here/peers.sh"
. "$here/keyboards.sh"
need botan openssl

version=$(botan version)
peer_close=Q peer_hears_close=close_notify
combinations=$(echo "$combinations" | grep -v ed25519)
printf 'allow_%s_initiated_renegotiation = true\n' client server >"$room/willing"

start_botan() { # IDENTITY POLICY: it meets one client and ends with it
    openssl x509 -in "$identity/$1.pem" -out "$room/crt" && openssl pkey -in "$identity/$1.pem" -out "$room/key" &&
        start_peer Listening botan tls_server "$room/crt" "$room/key" --port=PORT --type=udp --policy="$2"
}

let_botan_in() { # IDENTITY POLICY: 127.1 is no address to it but a name, and only with a name does Botan 2 keep sessions
    local believing=()
    [[ $version == 2.* ]] || believing=(--ignore-cert-error)
    openssl x509 -in "$identity/$1.pem" -out "$room/crt" &&
        let_peer_in botan tls_client 127.1 --port=PORT --type=udp --policy="$2" --skip-system-cert-store \
            --trusted-cas="$room/crt" "${believing[@]}"
}

# ---- first handshakes, data both ways ----

connects() { # IDENTITY SUITE GROUP: Botan's server echoes what has an end of line
    start_botan "$1" default && visit_peer --line-ends --suites "$2" --groups "$(groups_for "$1" "$3")" \
        --pin "$(fingerprint_of "$identity/$1.pem")" &&
        says ours '"open".*"suite":"TLS_'"$2"'","group":"'"$3"'","resumed":false,"secure_renegotiation":true' &&
        both_speak && end
}
try_connects() {
    check "our client, Botan's server: $*" connects "$@"
}
each_combination try_connects

has_no_ed25519() {
    start_botan ed25519 default && ! visit_peer && end_killed handshake_failure
}
check "Botan's server has no Ed25519: handshake_failure" has_no_ed25519

is_met() { # IDENTITY SUITE GROUP
    serve_peer --cert "$identity/$1.pem" --suites "$2" --groups "$3" && let_botan_in "$1" default &&
        says ours '"open".*"suite":"TLS_'"$2"'","group":"'"$3"'","resumed":false,"secure_renegotiation":true' &&
        both_speak && end
}
try_is_met() {
    check "our server, Botan's client: $*" is_met "$@"
}
each_combination try_is_met

does_not_offer_ed25519() {
    serve_peer --cert "$identity/ed25519.pem" && ! let_botan_in ed25519 default && says peer handshake_failure &&
        says ours '"failed".*"no suite, group or signature scheme in common"' && stop_peer && kill "$ours_pid" &&
        wait "$ours_pid"
}
check "Botan's client offers no Ed25519, and our server says so" does_not_offer_ed25519

# ---- our client starts ----

is_refused() { # MODE
    start_botan p256 default && visit_peer --line-ends && both_speak && type_at ours ":rehandshake $1" &&
        says ours '"rehandshake_refused".*"epoch":1' && both_speak && end
}
for mode in full abbreviated; do
    check "our client asks for a rehandshake ($mode), Botan's server refuses, both live on" is_refused $mode
done

renews_server() { # a full one, then an abbreviated one
    start_botan p256 "$room/willing" && visit_peer --line-ends && both_speak && type_at ours ":rehandshake full" &&
        is_renewed false 2 && both_speak && type_at ours ":rehandshake abbreviated" && is_renewed true 3 && both_speak &&
        end
}
check "our client starts a rehandshake with Botan's server that may, full and abbreviated" renews_server

kills_server() { # the line after the command leaves in the same moment as the ClientHello
    start_botan p256 "$room/willing" && visit_peer --line-ends && both_speak &&
        type_at ours ":rehandshake full" "in mid-handshake" && says peer "Can't interleave application and handshake data" &&
        end_killed unexpected_message
}
check "data in mid-handshake is fatal to Botan's server: unexpected_message" kills_server

flows() { # MODES: what comes back is not as it was sent, for the server cuts it at ends of line
    start_botan p256 "$room/willing" && timeout --foreground 60 "$client" --json --flow 200 --for 5 --peer-model strict \
        --rehandshake-every 1.3 --rehandshake "$1" 127.0.0.1 "$port" </dev/null >"$room/ours.out" 2>"$room/ours.err" &&
        says ours '"report".*"sent":1000,.*"rehandshakes":[2-9]' && says peer close_notify && clean_up
}
check "our strict client sends 200 records a second through full rehandshakes with Botan's server" flows full
check "our strict client sends 200 records a second through abbreviated ones" flows abbreviated

# ---- our server starts ----

is_refused_by_client() { # MODE
    serve_peer --cert "$identity/p256.pem" && let_botan_in p256 default && both_speak &&
        type_at ours ":rehandshake $1" && says ours '"rehandshake_refused".*"epoch":1' && both_speak && end
}
for mode in full abbreviated; do
    check "our server asks for a rehandshake ($mode), Botan's client refuses, both live on" is_refused_by_client $mode
done

renews_client() { # asked for one, Botan's client offers no session, so that each is full
    serve_peer --cert "$identity/p256.pem" && let_botan_in p256 "$room/willing" && both_speak &&
        type_at ours ":rehandshake full" && is_renewed false 2 && both_speak &&
        type_at ours ":rehandshake abbreviated" && is_renewed false 3 && both_speak && end
}
check "our server starts a rehandshake with Botan's client that may; an abbreviated one becomes full" renews_client

kills_client() { # OUR SERVER'S OPTIONS
    serve_peer --cert "$identity/p256.pem" "$@" && let_botan_in p256 "$room/willing" && both_speak &&
        type_at ours ":rehandshake full" "in mid-handshake" "and again" "and again" &&
        says peer "Can't interleave application and handshake data" && end_killed unexpected_message
}
check "data behind our HelloRequest is fatal to Botan's client" kills_client
check "and with a strict server too, since a HelloRequest pauses nothing" kills_client --peer-model strict

# ---- Botan starts ----

skip "Botan's server starts a rehandshake" "tls_server reads no commands"

client_starts() {
    local resumed=false
    [[ $version != 2.* ]] || resumed=true
    serve_peer --cert "$identity/p256.pem" && let_botan_in p256 default && both_speak && type_at peer R &&
        is_renewed false 2 && both_speak && type_at peer r && is_renewed $resumed 3 && both_speak && end
}
case $version in
2.*) check "Botan's client starts a rehandshake, full (R) and abbreviated (r)" client_starts ;;
*) check "Botan's client starts a rehandshake, full (R) and again full (r)" client_starts ;;
esac

speaks_meanwhile() { # OUR SERVER'S OPTIONS: Botan's client says a line in mid-handshake, which takes three tenths of a second
    serve_peer --cert "$identity/p256.pem" "$@" && start_path --delay 75 && let_botan_in p256 default && both_speak &&
        type_at peer R && says peer "Client initiated renegotiation" && type_at peer "in mid-handshake"
}
client_speaks_meanwhile() {
    speaks_meanwhile --peer-model strict && is_renewed false 2 && both_speak && end
}
client_dies_of_echo() {
    speaks_meanwhile && says peer "Can't interleave application and handshake data" && end_killed unexpected_message
}
check "Botan's client speaks in mid-handshake, and our strict server does not answer then" client_speaks_meanwhile
check "the echo of it is fatal to Botan's client" client_dies_of_echo

client_hears_no() {
    serve_peer --cert "$identity/p256.pem" --rehandshake-policy deny && let_botan_in p256 default && both_speak &&
        type_at peer R && says peer no_renegotiation && both_speak && has_not_said ours rehandshake && end
}
check "Botan's client starts one, our server refuses, both live on" client_hears_no

finish
