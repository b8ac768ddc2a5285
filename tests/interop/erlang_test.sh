#!/bin/bash
# erlang_test.sh - our programs with Erlang's ssl, in both roles (erlang_peer.escript).
# Erlang's has RFC 5746, but no extended master secret, without which there is no safe rehandshake (contract R8): ours
# refuses to begin one, refuses what Erlang begins, and data goes on flowing.
# Usage: erlang_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
here=$(dirname "$0")
. "$here/tap.sh"
. "$here/peers.sh"
. "$here/keyboards.sh"
need erl escript openssl
erl -noshell -eval 'halt(case code:lib_dir(ssl) of {error, _} -> 1; _ -> 0 end).' || {
    echo "1..0 # SKIP erlang-ssl is not installed"
    exit 0
}

peer_close=:close peer_hears_close=closed
release=$(erl -noshell -eval 'io:format("~s", [erlang:system_info(otp_release)]), halt().')

# There is no Ed25519: Erlang's server with such a certificate crashes at a ClientHello of DTLS 1.2.
combinations="
p256 ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 secp256r1
p256 ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 secp384r1
p384 ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 secp384r1
rsa2048 ECDHE_RSA_WITH_AES_128_GCM_SHA256 secp384r1
rsa2048 ECDHE_RSA_WITH_AES_256_GCM_SHA384 secp256r1
rsa2048 ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 secp256r1
"
[ "$release" -le 25 ] || combinations="$combinations
p256 ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519
rsa2048 ECDHE_RSA_WITH_AES_128_GCM_SHA256 x25519"

start_erlang() { # IDENTITY
    start_peer listening escript "$here/erlang_peer.escript" server PORT "$identity/$1.pem"
}

let_erlang_in() {
    let_peer_in escript "$here/erlang_peer.escript" client PORT
}

# ---- first handshakes, data both ways ----

connects() { # IDENTITY SUITE GROUP
    start_erlang "$1" &&
        visit_peer --suites "$2" --groups "$(groups_for "$1" "$3")" --pin "$(fingerprint_of "$identity/$1.pem")" &&
        says ours '"open".*"suite":"TLS_'"$2"'","group":"'"$3"'","resumed":false,"secure_renegotiation":false' &&
        both_speak && end
}
try_connects() {
    check "our client, Erlang's server: $*" connects "$@"
}
each_combination try_connects

has_no_x25519() {
    start_erlang rsa2048 && ! visit_peer --groups x25519 && end_killed handshake_failure
}
[ "$release" -ge 26 ] || check "Erlang's server of OTP $release has no x25519: handshake_failure" has_no_x25519

is_met() { # IDENTITY SUITE GROUP
    serve_peer --cert "$identity/$1.pem" --suites "$2" --groups "$3" && let_erlang_in &&
        says ours '"open".*"suite":"TLS_'"$2"'","group":"'"$3"'","resumed":false,"secure_renegotiation":false' &&
        both_speak && end
}
try_is_met() {
    check "our server, Erlang's client: $*" is_met "$@"
}
each_combination try_is_met

# ---- rehandshakes ----

meet() { # ROLE OPTIONS...: of ours
    local role=$1
    shift
    if [ "$role" = client ]; then
        start_erlang p256 && visit_peer "$@"
    else
        serve_peer --cert "$identity/p256.pem" "$@" && let_erlang_in
    fi && both_speak
}

refuses() { # ROLE
    meet "$1" && refuses_unsafe full && both_speak && refuses_unsafe abbreviated && both_speak &&
        has_not_said ours rehandshake_done && end
}
check "our client refuses to begin a rehandshake with Erlang's server, and lives on" refuses client
check "our server refuses to begin one with Erlang's client, and lives on" refuses server

is_refused() { # ROLE: lines are typed at both ends in the same breath; Erlang's waits for the answer in Erlang
    meet "$1" && type_at peer :rehandshake from-peer && type_at ours from-ours &&
        says peer 'renegotiate: {error,renegotiation_rejected}' && says peer 'data from-ours' &&
        if [ "$1" = client ]; then says ours from-peer; else says peer 'data from-peer'; fi && both_speak || return 1
    sleep 1.1 # refusals are a second apart (contract R7), and Erlang's server asks once
    type_at peer :rehandshake && says_times 2 peer 'renegotiate: {error,renegotiation_rejected}' && both_speak &&
        has_not_said ours rehandshake && end
}
check "Erlang's server asks for one, hears no_renegotiation, and lives on" is_refused client
check "Erlang's client asks for one, hears no_renegotiation, and lives on" is_refused server

finish
