#!/bin/bash
# psk_peers_test.sh - pre-shared keys and CCM with the programs of others: OpenSSL's, GnuTLS's, and libcoap's on either
# of them; and Mbed TLS and wolfSSL, in small programs of our own. Usage: psk_peers_test.sh BUILD_DIR. Prints TAP.
#
# Who has what, as Debian 12 builds them (OpenSSL 3.0, GnuTLS 3.7, Mbed TLS 2.28, wolfSSL 5.5):
#                                            OpenSSL  GnuTLS  Mbed TLS  wolfSSL
#   PSK_WITH_AES_128_GCM_SHA256              yes      yes     yes       no: WOLFSSL_STATIC_PSK is not set
#   PSK_WITH_AES_128_CCM, CCM_8              yes      yes     yes       no, as above
#   ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256  yes      yes     yes       yes
#   ECDHE_PSK_WITH_AES_128_GCM_SHA256        no       no      no        yes: the only one who has it
set -u

build=$1
here=$(dirname "$0")
. "$here/tap.sh"
. "$here/peers.sh"

text="sixteen bytes: k" # libcoap's programs take a key as it is, all others in hex
key=$(printf %s "$text" | od -An -tx1 | tr -d ' \n')

peer_answers() { # LINE: it is typed at the peer once it has arrived there, or comes back by itself
    wait_for "$1" "$room/peer.out" && echo "$1" >&7
}

start_our_server() { # OPTIONS...: it has no certificate, so tap.sh's would wait for its fingerprint
    : >"$room/server.out"
    "$server" --json --port 0 --psk "alice:$key" "$@" >"$room/server.out" 2>"$room/server.err" &
    server_pid=$!
    started+=($server_pid)
    wait_for '"listening"' "$room/server.out"
    port=$(sed -n 's/.*"event":"listening".*"port":\([0-9]*\).*/\1/p' "$room/server.out")
    [ -n "$port" ]
}

has() { # PROGRAM: is it installed?
    command -v "$1" >"$room/where"
}

suites="
PSK_WITH_AES_128_GCM_SHA256
PSK_WITH_AES_128_CCM
PSK_WITH_AES_128_CCM_8
ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256
ECDHE_PSK_WITH_AES_128_GCM_SHA256
"

# ---- OpenSSL ----

openssl_suite() { # PSK_WITH_AES_128_CCM_8 is PSK-AES128-CCM8 there
    echo "$1" | sed 's/_WITH_/-/; s/AES_128/AES128/; s/CCM_8/CCM8/; s/_SHA256//; s/AES128_GCM/AES128-GCM-SHA256/; s/_/-/g'
}

openssl_has() { # SUITE
    openssl ciphers -psk -s "$(openssl_suite "$1"):@SECLEVEL=0" >"$room/ciphers.out" 2>&1
}

start_s_server() { # SUITE KEY OPTIONS...
    local suite=$1 with=$2
    shift 2
    start_peer ACCEPT openssl s_server -dtls1_2 -accept 127.0.0.1:PORT -nocert -psk "$with" -psk_identity alice \
        -cipher "$(openssl_suite "$suite"):@SECLEVEL=0" "$@"
}

connects_to_s_server() { # SUITE OPTIONS...
    local suite=$1
    shift
    start_s_server "$suite" "$key" "$@" && meet_server --suites "$suite" --psk "alice:$key" &&
        client_says '"open".*"suite":"TLS_'"$suite"'".*"secure_renegotiation":true.*"psk_identity":"alice"' && stop_peer
}

resumes_at_s_server() {
    rm -f "$room/session"
    start_s_server PSK_WITH_AES_128_GCM_SHA256 "$key" &&
        meet_server --suites PSK_WITH_AES_128_GCM_SHA256 --psk "alice:$key" --resume "$room/session" &&
        client_says '"open".*"resumed":false' &&
        meet_server --suites PSK_WITH_AES_128_GCM_SHA256 --psk "alice:$key" --resume "$room/session" &&
        client_says '"open".*"resumed":true' && stop_peer
}

meets_s_client() { # SUITE OPTIONS...
    local suite=$1
    shift
    start_our_server --suites "$suite" "$@" &&
        meet_client -psk "$key" -psk_identity alice -cipher "$(openssl_suite "$suite"):@SECLEVEL=0" &&
        server_says '"open".*"suite":"TLS_'"$suite"'".*"secure_renegotiation":true.*"psk_identity":"alice"' &&
        stop_server
}

# Nobody gets in, and nothing tells which of the two is wrong.
hears_nothing() { # IDENTITY KEY
    start_our_server --handshake-timeout 1500 --initial-timeout 100 || return 1
    timeout --foreground 3 openssl s_client -dtls1_2 -connect "127.0.0.1:$port" -psk "$2" -psk_identity "$1" -cipher PSK \
        </dev/null >"$room/peer.out" 2>"$room/peer.err"
    wait_for '"failed".*"the handshake took too long"' "$room/server.out" && ! grep -q '"open"' "$room/server.out" &&
        ! grep -qi 'alert' "$room/peer.err" && stop_server
}

ccm_openssl() { # SUITE: with certificates
    start_peer ACCEPT openssl s_server -dtls1_2 -accept 127.0.0.1:PORT -cert "$identity/p256.pem" \
        -key "$identity/p256.pem" -cipher "$2:@SECLEVEL=0" &&
        meet_server --suites "$1" && client_says '"open".*"suite":"TLS_'"$1"'"' && stop_peer &&
        start_server --cert "$identity/p256.pem" --suites "$1" && meet_client -cipher "$2:@SECLEVEL=0" &&
        server_says '"open".*"suite":"TLS_'"$1"'"' && stop_server
}

try_openssl() {
    local suite
    peer_client=(openssl s_client -dtls1_2 -connect 127.0.0.1:PORT)
    for suite in $suites; do
        if openssl_has "$suite"; then
            check "s_server: $suite" connects_to_s_server "$suite"
            check "s_server with a hint: $suite" connects_to_s_server "$suite" -psk_hint "who are you"
            check "s_client: $suite" meets_s_client "$suite"
            check "s_client is told a hint: $suite" meets_s_client "$suite" --psk-hint "who are you"
        else
            skip "OpenSSL: $suite" "this OpenSSL has no such suite"
        fi
    done
    check "s_server resumes a session of a pre-shared key" resumes_at_s_server
    check "s_client with a wrong key hears nothing" hears_nothing alice "${key//7/8}"
    check "s_client with an unknown identity hears nothing" hears_nothing mallory "$key"
    check "OpenSSL: ECDHE_ECDSA_WITH_AES_128_CCM" ccm_openssl ECDHE_ECDSA_WITH_AES_128_CCM ECDHE-ECDSA-AES128-CCM
    check "OpenSSL: ECDHE_ECDSA_WITH_AES_128_CCM_8" ccm_openssl ECDHE_ECDSA_WITH_AES_128_CCM_8 ECDHE-ECDSA-AES128-CCM8
}
if has openssl; then try_openssl; else skip "OpenSSL" "openssl is not installed"; fi

# ---- GnuTLS ----

gnutls_priority() { # SUITE
    local exchange=PSK cipher=AES-128-GCM
    case $1 in ECDHE*) exchange=ECDHE-PSK ;; esac
    case $1 in *CCM) cipher=AES-128-CCM ;; *CCM_8) cipher=AES-128-CCM-8 ;; *CHACHA*) cipher=CHACHA20-POLY1305 ;; esac
    echo "NONE:+VERS-DTLS1.2:+$exchange:+$cipher:+AEAD:+GROUP-ALL:+SIGN-ALL:+COMP-NULL"
}

gnutls_has() { # SUITE: GnuTLS's names have neither WITH nor a hash
    timeout --foreground 10 gnutls-cli -l 2>"$room/list.err" | grep -q "^TLS_$(echo "$1" | sed 's/_WITH_/_/; s/_SHA256//')\(_SHA256\)*[[:space:]]"
}

connects_to_gnutls_serv() { # SUITE OPTIONS...
    local suite=$1
    shift
    printf 'alice:%s\n' "$key" >"$room/passwords"
    start_peer 'IPv4.*done' gnutls-serv -u --echo -p PORT --pskpasswd="$room/passwords" \
        --priority "$(gnutls_priority "$suite")" "$@" &&
        meet_server --suites "$suite" --psk "alice:$key" &&
        client_says '"open".*"suite":"TLS_'"$suite"'".*"secure_renegotiation":true.*"psk_identity":"alice"' && stop_peer
}

meets_gnutls_cli() { # SUITE OPTIONS...
    local suite=$1
    shift
    start_our_server --suites "$suite" "$@" &&
        meet_client --pskusername alice --pskkey "$key" --priority "$(gnutls_priority "$suite")" &&
        server_says '"open".*"suite":"TLS_'"$suite"'".*"secure_renegotiation":true.*"psk_identity":"alice"' &&
        stop_server
}

# gnutls-cli 3.7 crashes where it describes such a session, behind the handshake; our server has opened by then.
opens_for_gnutls_cli() { # SUITE OPTIONS...
    local suite=$1
    shift
    start_our_server --suites "$suite" "$@" || return 1
    seen=0
    { timeout --foreground 10 "${peer_client[@]//PORT/$port}" --pskusername alice --pskkey "$key" \
        --priority "$(gnutls_priority "$suite")" </dev/null >"$room/peer.out" 2>&1; } 2>"$room/peer.err"
    server_says '"open".*"suite":"TLS_'"$suite"'".*"psk_identity":"alice"' && stop_server
}

try_gnutls() {
    local suite
    peer_client=(gnutls-cli -u --insecure -p PORT 127.0.0.1)
    for suite in $suites; do
        if gnutls_has "$suite"; then
            check "gnutls-serv: $suite" connects_to_gnutls_serv "$suite"
            check "gnutls-serv with a hint: $suite" connects_to_gnutls_serv "$suite" --pskhint "who are you"
            case $suite in
            ECDHE*)
                check "gnutls-cli opens: $suite" opens_for_gnutls_cli "$suite"
                check "gnutls-cli opens with a hint: $suite" opens_for_gnutls_cli "$suite" --psk-hint "who are you"
                ;;
            *)
                check "gnutls-cli: $suite" meets_gnutls_cli "$suite"
                check "gnutls-cli is told a hint: $suite" meets_gnutls_cli "$suite" --psk-hint "who are you"
                ;;
            esac
        else
            skip "GnuTLS: $suite" "this GnuTLS has no such suite"
        fi
    done
}
if has gnutls-cli && has gnutls-serv; then try_gnutls; else skip "GnuTLS" "gnutls-bin is not installed"; fi

# ---- Mbed TLS and wolfSSL, in small programs of our own (identity_peer.h) ----

mbedtls_suite() { # its names have a hash for all but CCM
    echo "TLS_$1" | tr _ -
}

# wolfSSL's names. What Debian's 5.5 and 5.7 do not have is \"no such suite\" there.
wolfssl_suite() {
    case $1 in
    PSK_WITH_AES_128_GCM_SHA256) echo PSK-AES128-GCM-SHA256 ;;
    PSK_WITH_AES_128_CCM) echo PSK-AES128-CCM ;;
    PSK_WITH_AES_128_CCM_8) echo PSK-AES128-CCM-8 ;;
    ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256) echo ECDHE-PSK-CHACHA20-POLY1305 ;;
    ECDHE_PSK_WITH_AES_128_GCM_SHA256) echo ECDHE-PSK-AES128-GCM-SHA256 ;;
    esac
}

# What the table above says that they lack; a suite that is missing beside these is a failure.
lacks() { # NAME SUITE
    case $1:$2 in
    wolfSSL:PSK_*) true ;;
    "Mbed TLS:ECDHE_PSK_WITH_AES_128_GCM_SHA256") true ;;
    *) false ;;
    esac
}

start_program() { # PROGRAM SUITE
    start_identity_peer "$1" --suite "$2" --psk "alice:$key"
}

program_has() { # PROGRAM SUITE: only its own word counts for a no
    start_program "$1" "$2" || return 0
    : | timeout --foreground 5 "$1" client "$port" --suite "$2" --psk "alice:$key" >"$room/client.out" 2>"$room/list.err"
    stop_peer
    ! grep -q "no such suite" "$room/list.err" "$room/peer.out"
}

connects_to_program() { # PROGRAM SUITE ITS-SUITE
    start_program "$1" "$3" && meet_server --suites "$2" --psk "alice:$key" &&
        client_says '"open".*"suite":"TLS_'"$2"'".*"secure_renegotiation":true.*"psk_identity":"alice"' && stop_peer
}

locked_out() { # PROGRAM SUITE ITS-SUITE IDENTITY:KEY
    start_program "$1" "$3" || return 1
    timeout --foreground 10 "$client" --json --initial-timeout 50 --handshake-timeout 1500 --suites "$2" --psk "$4" \
        127.0.0.1 "$port" </dev/null >"$room/client.out" 2>"$room/client.err"
    client_says '"failed"' && ! client_says '"open"' && ! grep -q '^open' "$room/peer.out" && stop_peer
}

meets_program() { # PROGRAM SUITE ITS-SUITE OPTIONS...
    local program=$1 suite=$2 theirs=$3
    shift 3
    peer_client=("$program" client PORT --suite "$theirs" --psk "alice:$key")
    start_our_server --suites "$suite" "$@" && meet_client &&
        server_says '"open".*"suite":"TLS_'"$suite"'".*"psk_identity":"alice"' && stop_server
}

refused_alike() { # PROGRAM ITS-SUITE IDENTITY KEY OPTIONS...: no way in, and no alert
    local program=$1 theirs=$2 name=$3 with=$4
    shift 4
    start_our_server --handshake-timeout 1500 --initial-timeout 100 "$@" || return 1
    : | timeout --foreground 3 "$program" client "$port" --suite "$theirs" --psk "$name:$with" >"$room/peer.out" \
        2>"$room/peer.err" && return 1
    wait_for '"failed".*"the handshake took too long"' "$room/server.out" && ! grep -q '"open"' "$room/server.out" &&
        stop_server
}

try_program() { # NAME PROGRAM FUNCTION-THAT-NAMES-SUITES SUITE-FOR-REFUSALS OPTIONS...: of our server
    local name=$1 program=$2 names=$3 plain=$4 suite theirs
    shift 4
    for suite in $suites; do
        theirs=$("$names" "$suite")
        if ! lacks "$name" "$suite" || program_has "$program" "$theirs"; then
            check "$name's server: $suite" connects_to_program "$program" "$suite" "$theirs"
            check "$name's client: $suite" meets_program "$program" "$suite" "$theirs" "$@"
            check "$name's client is told a hint: $suite" meets_program "$program" "$suite" "$theirs" "$@" \
                --psk-hint "who are you"
        else
            skip "$name: $suite" "this $name has no such suite"
        fi
    done
    theirs=$("$names" "$plain")
    check "$name's server lets nobody in with a wrong key" locked_out "$program" "$plain" "$theirs" "alice:${key//7/8}"
    check "$name's server lets nobody in who is unknown" locked_out "$program" "$plain" "$theirs" "mallory:$key"
    check "$name's client with a wrong key hears nothing" refused_alike "$program" "$theirs" alice "${key//7/8}" "$@"
    check "$name's client with an unknown identity hears nothing" refused_alike "$program" "$theirs" mallory "$key" "$@"
}
mbedtls_program=$(find "$build" -name identity-peer-mbedtls -type f | head -n 1)
wolfssl_program=$(find "$build" -name identity-peer-wolfssl -type f | head -n 1)
if [ -n "$mbedtls_program" ]; then
    try_program "Mbed TLS" "$mbedtls_program" mbedtls_suite PSK_WITH_AES_128_GCM_SHA256
else
    skip "Mbed TLS" "this build is without it"
fi
if [ -n "$wolfssl_program" ]; then
    # It offers x25519, and cannot take it with a pre-shared key (ECC_PEERKEY_ERROR); PSK alone is not in Debian's.
    try_program wolfSSL "$wolfssl_program" wolfssl_suite ECDHE_PSK_WITH_AES_128_GCM_SHA256 --groups secp256r1
else
    skip "wolfSSL" "this build is without it"
fi

# ---- libcoap ----

start_coap_server() { # PROGRAM: it says nothing when it is ready, so it is asked; sets port (of DTLS)
    local tries
    for _ in 1 2 3 4 5; do
        port=$((20001 + RANDOM % 10000))
        timeout --foreground 60 "$1" -A 127.0.0.1 -p $((port - 1)) -k "$text" -h hint -v 7 </dev/null >"$room/peer.out" 2>&1 &
        peer_pid=$!
        started+=($peer_pid)
        for tries in $(seq 40); do
            grep -qs "created DTLS endpoint.*$port" "$room/peer.out" && return 0
            kill -0 "$peer_pid" 2>/dev/null || break
            sleep 0.05
        done
        stop "$peer_pid"
    done
    return 1
}

# An empty confirmable message is CoAP's ping (RFC 7252, 4.3): four bytes, and four come back, with type RST. As a CoAP
# client does, we send it again: libcoap on GnuTLS loses one that comes in the middle of its work.
pings() {
    : >"$room/client.out"
    for _ in $(seq 20); do
        printf '\x40\x00\x12\x34\n'
        for _ in $(seq 5); do
            grep -qs '"data"' "$room/client.out" && return
            sleep 0.05
        done
    done
}
pings_coap_server() { # SUITE
    pings |
        timeout --foreground 10 "$client" --json --suites "$1" --psk "alice:$key" 127.0.0.1 "$port" >"$room/client.out" \
            2>"$room/client.err"
    client_says '"open".*"suite":"TLS_'"$1"'".*"psk_identity":"alice"' && client_says '"data".*"length":4,"text":"p'
}

# Our server sends a request back, which is no answer: that it has opened, and got it, is what can be seen.
asked_by_coap_client() { # PROGRAM SUITE
    start_our_server --suites "$2" || return 1
    timeout --foreground 10 "$1" -B 1 -u alice -k "$text" "coaps://127.0.0.1:$port/" </dev/null >"$room/peer.out" 2>&1
    seen=0
    server_says '"open".*"suite":"TLS_'"$2"'".*"psk_identity":"alice"' && stop_server &&
        grep -q '"report".*"received":[1-9]' "$room/server.out"
}

try_coap() { # openssl or gnutls, and the suites that it can do: a default of the program, not to be chosen
    local with=$1 suite
    shift
    check "coap-server-$with is there" start_coap_server "coap-server-$with" || return
    for suite in "$@"; do
        check "coap-server-$with answers a ping: $suite" pings_coap_server "$suite"
    done
    stop_peer
    for suite in "$@"; do
        check "coap-client-$with: $suite" asked_by_coap_client "coap-client-$with" "$suite"
    done
}
# From 3.2 on OpenSSL counts 64 bits for CCM-8, too few for its security level, which libcoap's programs do not lower.
coap_suites() { # openssl or gnutls
    echo PSK_WITH_AES_128_GCM_SHA256
    if [ "$1" = gnutls ] || openssl ciphers -s -psk -tls1_2 PSK-AES128-CCM8 2>/dev/null | grep -q CCM8; then
        echo PSK_WITH_AES_128_CCM_8
    fi
}
for with in openssl gnutls; do
    if has "coap-server-$with"; then
        mapfile -t found < <(coap_suites $with)
        try_coap $with "${found[@]}"
        [ ${#found[@]} = 2 ] || skip "libcoap on $with: PSK_WITH_AES_128_CCM_8" "below this OpenSSL's security level"
    else
        skip "coap-client-$with and coap-server-$with" "libcoap3-bin is not installed"
    fi
done
finish
