#!/bin/bash
# openssl_test.sh - our programs with OpenSSL's: s_server for our client, s_client for our server.
# Rehandshakes are elsewhere: s_server always runs its cookie exchange, which breaks a renegotiating ClientHello.
# Usage: openssl_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
here=$(dirname "$0")
. "$here/tap.sh"
. "$here/peers.sh"
need openssl

peer_client=(openssl s_client -dtls1_2 -connect 127.0.0.1:PORT)
chain=$identity/rsa4096-chain.pem chain_key=$identity/rsa4096-key.pem
awk '/BEGIN/ { n++ } n > 1' "$chain" >"$room/issuers" # -cert alone would send the leaf only

start_s_server() { # IDENTITY OPTIONS...
    local pem=$identity/$1.pem
    shift
    start_peer ACCEPT openssl s_server -dtls1_2 -accept 127.0.0.1:PORT -cert "$pem" -key "$pem" "$@"
}

peer_answers() { # LINE: it is typed at s_server once it has arrived there
    wait_for "$1" "$room/peer.out" && echo "$1" >&7
}

# ---- s_server ----

connects() { # IDENTITY SUITE GROUP
    start_s_server "$1" &&
        meet_server --suites "$2" --groups "$(groups_for "$1" "$3")" --pin "$(fingerprint_of "$identity/$1.pem")" &&
        client_says '"open".*"suite":"TLS_'"$2"'","group":"'"$3"'","resumed":false,"secure_renegotiation":true' &&
        stop_peer
}

openssl_alone() { # IDENTITY: does s_client understand s_server?
    start_s_server "$1" && timeout --foreground 10 "${peer_client[@]//PORT/$port}" </dev/null >"$room/alone.out" 2>&1 && stop_peer
}

try_s_server() { # IDENTITY SUITE GROUP
    if [ "$1" != ed25519 ] || openssl_alone "$1"; then
        check "s_server: $*" connects "$@"
    else
        skip "s_server: $*" "s_server takes Ed25519 for TLS 1.2 alone, not for DTLS 1.2: s_client fails likewise"
    fi
}
each_combination try_s_server

presents() { # IDENTITY: it arrives at s_server, which prints its name
    meet_server --cert "$identity/$1.pem" --key "$identity/$1.pem" && wait_for "^subject=CN *= *$1" "$room/peer.out"
}
start_s_server rsa2048 -verify 1
check "s_server asks for a certificate and gets P-256" presents p256
stop_peer
start_s_server p384 -Verify 1
for kind in p256 p384 ed25519 rsa2048; do
    check "s_server requires a certificate and gets $kind" presents $kind
done
stop_peer

resumes() { # S_SERVER'S OPTIONS...
    rm -f "$room/session"
    start_s_server p256 "$@" && meet_server --resume "$room/session" && client_says '"open".*"resumed":false' &&
        meet_server --resume "$room/session" && client_says '"open".*"resumed":true' && stop_peer
}
check "s_server resumes by ticket" resumes
check "s_server resumes by session id" resumes -no_ticket

takes_chain() {
    start_peer ACCEPT openssl s_server -dtls1_2 -accept 127.0.0.1:PORT -mtu 512 -cert "$chain" -key "$chain_key" \
        -cert_chain "$room/issuers" && start_narrow_path &&
        meet_server --mtu 512 --pin "$(fingerprint_of "$chain")" && stop_narrow_path down && stop_peer
}
check "s_server's chain of three at MTU 512" takes_chain

gives_chain() {
    start_s_server p256 -mtu 512 -Verify 3 && start_narrow_path &&
        meet_server --mtu 512 --cert "$chain" --key "$chain_key" &&
        wait_for "^subject=CN *= *rsa4096-leaf" "$room/peer.out" && stop_narrow_path up && stop_peer
}
check "our client's chain of three at MTU 512 for s_server" gives_chain

hears_our_close() {
    start_s_server p256 && meet_server && wait_for "DONE" "$room/peer.out" && stop_peer
}
check "s_server hears our client's close" hears_our_close

skip "our client hears s_server's close" "s_server closes its socket before it would send close_notify"

# ---- s_client ----

openssl_suite() { # ECDHE_RSA_WITH_AES_128_GCM_SHA256 is ECDHE-RSA-AES128-GCM-SHA256 there
    echo "$1" | sed 's/_WITH_/-/; s/AES_\([0-9]*\)/AES\1/; s/POLY1305_SHA256/POLY1305/; s/_/-/g'
}

openssl_groups() { # A,B
    echo "$1" | sed 's/x25519/X25519/; s/secp256r1/P-256/; s/secp384r1/P-384/; s/,/:/'
}

is_met() { # IDENTITY SUITE GROUP
    start_server --cert "$identity/$1.pem" --groups "$3" &&
        meet_client -cipher "$(openssl_suite "$2")" -groups "$(openssl_groups "$(groups_for "$1" "$3")")" &&
        server_says '"open".*"suite":"TLS_'"$2"'","group":"'"$3"'","resumed":false,"secure_renegotiation":true' &&
        stop_server
}
try_s_client() { # IDENTITY SUITE GROUP
    check "s_client: $*" is_met "$@"
}
each_combination try_s_client

is_presented() { # IDENTITY
    meet_client -cert "$identity/$1.pem" -key "$identity/$1.pem" &&
        server_says '"open".*"peer_fingerprint":"'"$(fingerprint_of "$identity/$1.pem")"'"'
}
is_anonymous() {
    meet_client && server_says '"open".*"peer_fingerprint":null'
}
start_server --client-cert ask
check "our server asks and gets s_client's P-256" is_presented p256
check "our server asks, and s_client may have no certificate" is_anonymous
stop_server

refuses() {
    seen=$(wc -l <"$room/server.out")
    ! timeout --foreground 10 "${peer_client[@]//PORT/$port}" </dev/null >"$room/peer.out" 2>"$room/peer.err" &&
        grep -q 'alert handshake failure' "$room/peer.err" && server_says '"event":"failed"'
}
start_server --client-cert require
for kind in p256 p384 ed25519 rsa2048; do
    check "our server requires and gets s_client's $kind" is_presented $kind
done
check "our server refuses s_client without the certificate that it requires" refuses
stop_server

is_resumed() { # EXPECTED OUR SERVER'S OPTIONS...
    local expected=$1
    shift
    start_server "$@" && meet_client -sess_out "$room/session" && server_says '"open".*"resumed":false' &&
        meet_client -sess_in "$room/session" && server_says '"open".*"resumed":'"$expected" && stop_server
}
check "s_client is resumed by ticket" is_resumed true --no-cache
check "s_client is resumed by session id" is_resumed true --no-tickets
check "s_client is not resumed without tickets and cache" is_resumed false --no-tickets --no-cache

chain_is_taken() {
    start_server --mtu 512 --cert "$chain" --key "$chain_key" && start_narrow_path && meet_client -mtu 512 -showcerts &&
        [ "$(grep -c 'BEGIN CERTIFICATE' "$room/peer.out")" = 3 ] && stop_narrow_path down && stop_server
}
check "our server's chain of three at MTU 512 for s_client" chain_is_taken

fragments_are_small() { # s_client takes no record above 512 bytes then
    start_server --cert "$chain" --key "$chain_key" && meet_client -maxfraglen 512 -showcerts &&
        [ "$(grep -c 'BEGIN CERTIFICATE' "$room/peer.out")" = 3 ] && stop_server
}
check "s_client's max_fragment_length is kept" fragments_are_small

chain_is_given() {
    start_server --mtu 512 --client-cert require && start_narrow_path &&
        meet_client -mtu 512 -cert "$chain" -key "$chain_key" -cert_chain "$room/issuers" &&
        server_says '"open".*"peer_fingerprint":"'"$(fingerprint_of "$chain")"'"' && stop_narrow_path up && stop_server
}
check "s_client's chain of three at MTU 512" chain_is_given

close_is_heard() { # while s_client's stdin stays open
    start_server && seen=0 || return 1
    : >"$room/peer.out"
    { server_says '"open"'; kill -TERM "$server_pid"; wait_for '^closed' "$room/peer.out"; } |
        timeout --foreground 10 "${peer_client[@]//PORT/$port}" >"$room/peer.out" 2>"$room/peer.err" &&
        grep -q '^closed' "$room/peer.out" && wait "$server_pid" && server_says '"event":"closed"'
}
check "s_client hears our server's close" close_is_heard

finish
