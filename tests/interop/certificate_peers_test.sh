#!/bin/bash
# certificate_peers_test.sh - certificates of an authority at both ends, names, application protocols and CCM with
# Mbed TLS and wolfSSL, in small programs of our own (identity_peer.h). psk_peers_test.sh has pre-shared keys.
# Usage: certificate_peers_test.sh BUILD_DIR. Prints TAP.
#
# What each can do (Mbed TLS 2.28 and wolfSSL 5.5, as Debian 12 builds them), and what is not tried:
#
#                                          Mbed TLS                  wolfSSL
#   chain, authority, name                 both roles                both roles
#   certificates of clients                both roles                both roles
#   whose certificates a server takes      tells it                  does not tell (it may: CTX_set_client_CA_list)
#   server_name                            both roles                both roles
#   application protocols                  both roles                both roles
#   ECDHE_ECDSA_WITH_AES_128_CCM, CCM_8    both roles                both roles
#   raw public keys (RFC 7250)             no: gets certificates     no: gets certificates
#   stapled OCSP responses                 no                        not tried: pkix_test.sh has OpenSSL's and GnuTLS's
set -u

build=$1
here=$(dirname "$0")
. "$here/tap.sh"
. "$here/peers.sh"
need openssl
if "$client" --ca /nowhere 127.0.0.1 1 2>&1 </dev/null | grep -q 'built without'; then
    echo "1..0 # SKIP this build is without libdtls-pkix"
    exit
fi
. "$here/authority.sh"

make_authority() {
    certify_authority root root && certify_authority mid root && certify_authority stranger stranger &&
        certify_leaf server mid DNS:sip.example && certify_leaf client mid DNS:client.example &&
        certify_leaf alien stranger DNS:alien.example && key_of impostor &&
        quietly openssl req -x509 -new -key "$ca/impostor.key" -subj /CN=root -days 30 -out "$ca/impostor.pem" &&
        certify_leaf forged impostor DNS:client.example
}
check "openssl makes an authority" make_authority

peer_answers() { # it echoes
    :
}

shown() { # NAME: options for that certificate
    echo "--cert $ca/$1-chain.pem --key $ca/$1.key"
}

# ---- its server, our client ----

start_its_server() { # NAME OPTIONS...
    local name=$1
    shift
    # shellcheck disable=SC2046 # words
    start_identity_peer "$program" $(shown "$name") "$@"
}

it_says() { # LINE
    wait_for "^$1\$" "$room/peer.out"
}

# An alert is believed after two timeouts (contract S9). Mbed TLS's server sends none where no certificate came.
soon=(--initial-timeout 50)
no_way_in() { # CLIENT'S OPTIONS...: neither side opens, and the peer knows it
    ! talk --json "${soon[@]}" --handshake-timeout 2000 "$@" && wait_for '^handshake: ' "$room/peer.out" &&
        ! grep -q '^open' "$room/peer.out" && stop_peer
}

we_judge_it() {
    start_its_server server && meet_server --ca "$ca/root.pem" --name sip.example && it_says "open name sip.example" &&
        client_says '"open".*"secure_renegotiation":true' && stop_peer
}

we_refuse_it() { # WORDS OPTIONS...: for this reason
    local words=$1
    shift
    start_its_server server && no_way_in "$@" && client_says "\"reason\":\"$words"
}

it_judges_us() { # CLIENT'S OPTIONS...
    # shellcheck disable=SC2046 # words
    start_its_server server --ca "$ca/root.pem" && meet_server --ca "$ca/root.pem" --name sip.example \
        $(shown client) "$@" && it_says "open name sip.example peer client" && stop_peer
}

it_refuses_us() { # OUR OPTIONS...
    start_its_server server --ca "$ca/root.pem" && no_way_in --ca "$ca/root.pem" --name sip.example "$@"
}

hears_it() { # OUR OPTIONS...: and what it says
    it_refuses_us "$@" && client_says '"failed".*"alert":'
}

it_agrees() {
    start_its_server server --alpn coap,sip/2 && meet_server --ca "$ca/root.pem" --name sip.example --alpn mqtt,sip/2 &&
        client_says '"alpn":"sip/2"' && it_says "open name sip.example protocol sip/2" && stop_peer
}

it_does_not_agree() {
    start_its_server server --alpn coap && no_way_in --ca "$ca/root.pem" --name sip.example --alpn mqtt &&
        client_says '"failed".*no_application_protocol'
}

its_server_has() { # SUITE ITS-SUITE
    start_its_server server --suite "$2" && meet_server --ca "$ca/root.pem" --name sip.example --suites "$1" &&
        client_says '"open".*"suite":"TLS_'"$1"'"' && stop_peer
}

its_server_has_no_raw_keys() {
    start_its_server server && meet_server --raw-public-key && client_says '"open".*"raw_public_key":false' && stop_peer
}

# ---- its client, our server ----

start_ours() { # OPTIONS...
    # shellcheck disable=SC2046 # words
    start_server $(shown server) "${soon[@]}" "$@"
}

its_client_opens() { # LINE OPTIONS...: it says so
    local line=$1
    shift
    meet_client "$@" && grep -q "^$line\$" "$room/peer.out"
}

its_client_fails() { # PATTERN OPTIONS...: our server says so, and it is not open for either
    local pattern=$1 status
    shift
    seen=$(wc -l <"$room/server.out")
    timeout --foreground 10 "${peer_client[@]//PORT/$port}" "$@" </dev/null >"$room/peer.out" 2>"$room/peer.err"
    status=$?
    [ $status = 1 ] && server_says "\"failed\".*$pattern" && ! grep -q '^open' "$room/peer.out"
}

it_judges_our_server() { # SERVER'S OPTIONS...
    start_ours "$@" && its_client_opens "open peer server" --ca "$ca/root.pem" --name sip.example &&
        server_says '"open".*"server_name":"sip.example"' && stop_server
}

it_refuses_our_server() { # PATTERN OPTIONS...
    start_ours && its_client_fails "$@" && stop_server
}

we_judge_its_client() {
    # shellcheck disable=SC2046 # words
    start_ours --client-cert require --ca "$ca/root.pem" --client-ca "$ca/root.pem" &&
        its_client_opens "open peer server" --ca "$ca/root.pem" --name sip.example $(shown client) && stop_server
}

we_refuse_its_client() { # PATTERN OPTIONS...
    start_ours --client-cert require --ca "$ca/root.pem" && its_client_fails "$@" && stop_server
}

we_agree() {
    start_ours --alpn coap,sip/2 && its_client_opens "open protocol coap" --alpn sip/2,coap &&
        server_says '"open".*"alpn":"coap"' && stop_server
}

we_do_not_agree() {
    start_ours --alpn coap && its_client_fails "no application protocol in common" --alpn mqtt && stop_server
}

its_client_has() { # SUITE ITS-SUITE
    start_ours --suites "$1" && its_client_opens open --suite "$2" &&
        server_says '"open".*"suite":"TLS_'"$1"'"' && stop_server
}

its_client_has_no_raw_keys() {
    start_ours --raw-public-key && its_client_opens "open peer server" --ca "$ca/root.pem" --name sip.example &&
        stop_server
}

# ---- each library ----

try_library() { # NAME ITS-CCM ITS-CCM-8
    local name=$1 suite its
    peer_client=("$program" client PORT)
    check "$name's server: a chain and a name, judged by us" we_judge_it
    check "$name's server: of another authority" we_refuse_it \
        "certificate of mid is issued by root, who is not trusted" --ca "$ca/stranger.pem"
    check "$name's server: of another name" we_refuse_it "certificate of sip.example is not for gate.example" \
        --ca "$ca/root.pem" --name gate.example
    check "$name's server judges our certificate" it_judges_us
    check "$name's server judges our certificate that comes in fragments" it_judges_us --mtu 300
    # shellcheck disable=SC2046 # words
    check "$name's server refuses another authority's" it_refuses_us $(shown alien)
    # shellcheck disable=SC2046 # words
    check "$name's server refuses an authority's of the same name, and says so" hears_it $(shown forged)
    check "$name's server refuses us without a certificate" it_refuses_us
    check "$name's server agrees on a protocol" it_agrees
    check "$name's server, and no protocol in common" it_does_not_agree
    check "$name's server has no raw public keys, and shows a certificate" its_server_has_no_raw_keys
    check "$name's client judges our chain and name" it_judges_our_server
    check "$name's client judges our chain that comes in fragments" it_judges_our_server --mtu 300
    check "$name's client refuses another authority's" it_refuses_our_server '"alert":' --ca "$ca/stranger.pem"
    check "$name's client refuses another name" it_refuses_our_server '"alert":' --ca "$ca/root.pem" \
        --name gate.example
    check "$name's client: its certificate, judged by us" we_judge_its_client
    # shellcheck disable=SC2046 # words
    check "$name's client: of another authority" we_refuse_its_client \
        '"reason":"stranger vouches for itself, and is not trusted' $(shown alien)
    check "$name's client: without a certificate" we_refuse_its_client "the peer showed no certificate"
    check "$name's client agrees on our protocol" we_agree
    check "$name's client, and no protocol in common" we_do_not_agree
    check "$name's client has no raw public keys, and gets a certificate" its_client_has_no_raw_keys
    for suite in ECDHE_ECDSA_WITH_AES_128_CCM ECDHE_ECDSA_WITH_AES_128_CCM_8; do
        case $suite in *_8) its=$3 ;; *) its=$2 ;; esac
        check "$name's server: $suite" its_server_has $suite "$its"
        check "$name's client: $suite" its_client_has $suite "$its"
    done
}

for library in mbedtls wolfssl; do
    program=$(find "$build" -name identity-peer-$library -type f | head -n 1)
    case $library:$program in
    *:) skip "certificates with $library" "this build is without it" ;;
    mbedtls:*) try_library "Mbed TLS" TLS-ECDHE-ECDSA-WITH-AES-128-CCM TLS-ECDHE-ECDSA-WITH-AES-128-CCM-8 ;;
    wolfssl:*) try_library wolfSSL ECDHE-ECDSA-AES128-CCM ECDHE-ECDSA-AES128-CCM-8 ;;
    esac
done
finish
