#!/bin/bash
# gnutls_test.sh - our programs with GnuTLS's: gnutls-serv for our client, gnutls-cli for our server.
# Usage: gnutls_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
here=$(dirname "$0")
. "$here/tap.sh"
. "$here/peers.sh"
need gnutls-serv gnutls-cli openssl

peer_client=(gnutls-cli -u --insecure -p PORT 127.0.0.1)
chain=$identity/rsa4096-chain.pem chain_key=$identity/rsa4096-key.pem

start_gnutls_serv() { # IDENTITY OPTIONS...
    local pem=$identity/$1.pem
    shift
    start_peer 'IPv4.*done' gnutls-serv -u --echo -p PORT --x509certfile="$pem" --x509keyfile="$pem" "$@"
}

peer_answers() { # it echoes
    :
}

# ---- gnutls-serv ----

connects() { # IDENTITY SUITE GROUP
    start_gnutls_serv "$1" &&
        meet_server --suites "$2" --groups "$(groups_for "$1" "$3")" --pin "$(fingerprint_of "$identity/$1.pem")" &&
        client_says '"open".*"suite":"TLS_'"$2"'","group":"'"$3"'","resumed":false,"secure_renegotiation":true' &&
        stop_peer
}
try_gnutls_serv() { # IDENTITY SUITE GROUP
    check "gnutls-serv: $*" connects "$@"
}
each_combination try_gnutls_serv

presents() { # IDENTITY: gnutls-serv knows it
    start_gnutls_serv rsa2048 --require-client-cert --verify-client-cert --x509cafile="$identity/$1.pem" &&
        meet_server --cert "$identity/$1.pem" && wait_for "certificate is trusted" "$room/peer.out" && stop_peer
}
for kind in p256 p384 ed25519 rsa2048; do
    check "gnutls-serv requires a certificate and gets $kind" presents $kind
done

resumes() { # GNUTLS-SERV'S OPTIONS...
    rm -f "$room/session"
    local own=("--cert" "$identity/p256.pem") # it is asked for one, and a session is bound to the one shown
    start_gnutls_serv p256 "$@" && meet_server "${own[@]}" --resume "$room/session" &&
        client_says '"open".*"resumed":false' && meet_server "${own[@]}" --resume "$room/session" &&
        client_says '"open".*"resumed":true' && meet_server --resume "$room/session" &&
        client_says '"open".*"resumed":false' && grep -q -- "--cert" "$room/client.err" && stop_peer
}
check "gnutls-serv resumes by ticket" resumes --nodb
check "gnutls-serv resumes by session id" resumes --noticket

takes_chain() {
    start_peer 'IPv4.*done' gnutls-serv -u --echo -p PORT --mtu 512 \
        --x509certfile="$chain" --x509keyfile="$chain_key" && start_narrow_path &&
        meet_server --mtu 512 --pin "$(fingerprint_of "$chain")" && stop_narrow_path down && stop_peer
}
check "gnutls-serv's chain of three at MTU 512" takes_chain

gives_chain() { # gnutls-serv knows its last issuer only
    awk '/BEGIN/ { n++ } n == 3' "$chain" >"$room/root"
    start_gnutls_serv p256 --mtu 512 --require-client-cert --verify-client-cert --x509cafile="$room/root" &&
        start_narrow_path && meet_server --mtu 512 --cert "$chain" --key "$chain_key" &&
        wait_for "certificate is trusted" "$room/peer.out" && stop_narrow_path up && stop_peer
}
check "our client's chain of three at MTU 512 for gnutls-serv" gives_chain

hears_our_close() {
    start_gnutls_serv p256 && meet_server && wait_for "^EOF" "$room/peer.out" && stop_peer
}
check "gnutls-serv hears our client's close" hears_our_close
skip "our client hears gnutls-serv's close" "gnutls-serv -u never closes an association before its client does"

# Three lines with time for a rehandshake before the second: the last one tells that both ways work afterwards.
renews() { # LINE OPTIONS...: LINE is typed where the rehandshake is due
    local line=$1
    shift
    : >"$room/client.out"
    {
        echo first; wait_for '"text":"first' "$room/client.out"
        [ -z "$line" ] || echo "$line"
        wait_for rehandshake_done "$room/client.out"
        echo second; wait_for '"text":"second' "$room/client.out"
        echo third; wait_for '"text":"third' "$room/client.out"
    } | timeout --foreground 20 "$client" --json "$@" 127.0.0.1 "$port" >"$room/client.out" 2>"$room/client.err" &&
        client_says '"text":"first' && client_says '"text":"second' && client_says '"text":"third' &&
        client_says '"report".*"rehandshakes":[1-9]'
}

is_renewed_by_serv() { # RESUMED GNUTLS-SERV'S OPTIONS...
    local resumed=$1
    shift
    start_gnutls_serv p256 "$@" && renews "**REHANDSHAKE**" && client_says '"rehandshake_done".*"resumed":'"$resumed" &&
        wait_for "^EOF" "$room/peer.out" && stop_peer
}
check "gnutls-serv starts a rehandshake" is_renewed_by_serv false
check "gnutls-serv without session cache starts a rehandshake" is_renewed_by_serv false --noticket --nodb
check "gnutls-serv without tickets starts a rehandshake, which is abbreviated" is_renewed_by_serv true --noticket

renews_serv() { # MODE RESUMED GNUTLS-SERV'S OPTIONS...
    local mode=$1 resumed=$2
    shift 2
    start_gnutls_serv p256 "$@" && renews "" --rehandshake-first 0.6 --rehandshake-every 60 --rehandshake "$mode" &&
        client_says '"rehandshake_done".*"resumed":'"$resumed" && wait_for "^EOF" "$room/peer.out" && stop_peer
}
check "our client starts a full rehandshake with gnutls-serv" renews_serv full false
check "our client starts an abbreviated one, by session id" renews_serv abbreviated true --noticket

# ---- gnutls-cli ----

priority() { # SUITE GROUPS: as GnuTLS has it
    local cipher kx groups=
    case $1 in
    *AES_128*) cipher=AES-128-GCM ;;
    *AES_256*) cipher=AES-256-GCM ;;
    *) cipher=CHACHA20-POLY1305 ;;
    esac
    case $1 in
    *ECDSA*) kx=ECDHE-ECDSA ;;
    *) kx=ECDHE-RSA ;;
    esac
    groups=$(echo "$2" | tr a-z A-Z | sed 's/^/:+GROUP-/; s/,/:+GROUP-/')
    echo "NORMAL:-VERS-ALL:+VERS-DTLS1.2:-CIPHER-ALL:+$cipher:-KX-ALL:+$kx:-GROUP-ALL$groups"
}

is_met() { # IDENTITY SUITE GROUP
    start_server --cert "$identity/$1.pem" --groups "$3" &&
        meet_client --priority "$(priority "$2" "$(groups_for "$1" "$3")")" &&
        server_says '"open".*"suite":"TLS_'"$2"'","group":"'"$3"'","resumed":false,"secure_renegotiation":true' &&
        stop_server
}
try_gnutls_cli() { # IDENTITY SUITE GROUP
    check "gnutls-cli: $*" is_met "$@"
}
each_combination try_gnutls_cli

is_presented() { # IDENTITY
    meet_client --x509certfile="$identity/$1.pem" --x509keyfile="$identity/$1.pem" &&
        server_says '"open".*"peer_fingerprint":"'"$(fingerprint_of "$identity/$1.pem")"'"'
}
is_anonymous() {
    meet_client && server_says '"open".*"peer_fingerprint":null'
}
start_server --client-cert ask
check "our server asks and gets gnutls-cli's P-256" is_presented p256
check "our server asks, and gnutls-cli may have no certificate" is_anonymous
stop_server

refuses() {
    seen=$(wc -l <"$room/server.out")
    ! timeout --foreground 10 "${peer_client[@]//PORT/$port}" </dev/null >"$room/peer.out" 2>"$room/peer.err" &&
        grep -q 'fatal alert' "$room/peer.out" "$room/peer.err" && server_says '"event":"failed"'
}
start_server --client-cert require
for kind in p256 p384 ed25519 rsa2048; do
    check "our server requires and gets gnutls-cli's $kind" is_presented $kind
done
check "our server refuses gnutls-cli without the certificate that it requires" refuses
stop_server

is_resumed() { # OUR SERVER'S OPTIONS...: gnutls-cli connects, closes and connects again
    start_server "$@" && meet_client --resume && server_says '"open".*"resumed":true' &&
        grep -q 'This is a resumed session' "$room/peer.out" && stop_server
}
check "gnutls-cli is resumed by ticket" is_resumed --no-cache
check "gnutls-cli is resumed by session id" is_resumed --no-tickets

chain_is_taken() {
    start_server --mtu 512 --cert "$chain" --key "$chain_key" && start_narrow_path && meet_client --mtu 512 &&
        grep -q 'certificate list of 3 certificates' "$room/peer.out" && stop_narrow_path down && stop_server
}
check "our server's chain of three at MTU 512 for gnutls-cli" chain_is_taken

chain_is_given() {
    start_server --mtu 512 --client-cert require && start_narrow_path &&
        meet_client --mtu 512 --x509certfile="$chain" --x509keyfile="$chain_key" &&
        server_says '"open".*"peer_fingerprint":"'"$(fingerprint_of "$chain")"'"' && stop_narrow_path up && stop_server
}
check "gnutls-cli's chain of three at MTU 512" chain_is_given

records_are_small() { # its limit is kept: it sends a record_overflow otherwise
    start_server --cert "$chain" --key "$chain_key" && meet_client --recordsize 512 && stop_server
}
check "gnutls-cli's record_size_limit is kept" records_are_small

close_is_heard() { # while gnutls-cli's stdin stays open
    start_server && seen=0 || return 1
    : >"$room/peer.out"
    { server_says '"open"'; kill -TERM "$server_pid"; wait_for 'Peer has closed' "$room/peer.out"; } |
        timeout --foreground 10 "${peer_client[@]//PORT/$port}" >"$room/peer.out" 2>"$room/peer.err" &&
        grep -q 'Peer has closed' "$room/peer.out" && wait "$server_pid" && server_says '"event":"closed"'
}
check "gnutls-cli hears our server's close" close_is_heard

is_renewed() { # LINE OUR SERVER'S OPTIONS...: LINE is typed where the rehandshake is due
    local line=$1
    shift
    start_server "$@" && seen=0 || return 1
    : >"$room/peer.out"
    {
        echo first; wait_for '^first' "$room/peer.out"
        [ -z "$line" ] || echo "$line"
        server_says rehandshake_done
        sleep 0.3 # for gnutls-cli to have finished too
        echo second; wait_for '^second' "$room/peer.out"
    } | timeout --foreground 10 "${peer_client[@]//PORT/$port}" --inline-commands >"$room/peer.out" 2>"$room/peer.err" &&
        grep -q '^first' "$room/peer.out" && grep -q '^second' "$room/peer.out" &&
        server_says '"report".*"rehandshakes":[1-9]' && stop_server
}
check "gnutls-cli starts a rehandshake" is_renewed '^renegotiate^'
check "gnutls-cli without ticket starts a rehandshake" is_renewed '^renegotiate^' --no-tickets
check "our server starts a rehandshake with gnutls-cli" is_renewed "" --rehandshake-first 0.6 --rehandshake-every 60
check "our server starts one with gnutls-cli without ticket" is_renewed "" --rehandshake-first 0.6 \
    --rehandshake-every 60 --no-tickets

rehandshakes_at_once() { # its option --rehandshake: after the handshake, before any data
    start_server "$@" && meet_client --rehandshake && grep -q 'ReHandshake was completed' "$room/peer.out" &&
        server_says '"report".*"rehandshakes":1' && stop_server
}
check "gnutls-cli --rehandshake" rehandshakes_at_once
check "gnutls-cli --rehandshake without ticket" rehandshakes_at_once --no-tickets

finish
