#!/bin/bash
# pkix_test.sh - certificates of an authority: between our programs, with OpenSSL's and with GnuTLS's, in both
# directions, with stapled OCSP responses. Usage: pkix_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
here=$(dirname "$0")
. "$here/tap.sh"
. "$here/peers.sh"
need openssl gnutls-serv gnutls-cli
if "$client" --ca /nowhere 127.0.0.1 1 2>&1 </dev/null | grep -q 'built without'; then
    echo "1..0 # SKIP this build is without libdtls-pkix"
    exit
fi
. "$here/authority.sh"

make_authority() {
    certify_authority root root && certify_authority mid root && certify_authority stranger stranger &&
        certify_leaf server mid DNS:sip.example,IP:127.0.0.1 && status_of server mid V &&
        certify_leaf client mid DNS:client.example && certify_leaf other mid DNS:other.example &&
        certify_leaf strict mid DNS:sip.example,IP:127.0.0.1 tlsfeature=status_request && status_of strict mid V &&
        certify_leaf gone mid DNS:sip.example,IP:127.0.0.1 && status_of gone mid R && revoke mid gone
}
check "openssl makes an authority" make_authority

# ---- between our programs ----

good() { # CLIENT'S OPTIONS...
    talk --json "$@" && client_says '"text":"hello"'
}

bad() { # WORDS CLIENT'S OPTIONS...: our client says no, in these words, and exits 1
    local words=$1 status
    shift
    talk "$@"
    status=$?
    [ $status = 1 ] && grep -qF -- "$words" "$room/client.err" && [ "$(grep -c '^dtls-client: ' "$room/client.err")" = 1 ]
}

refuses_server() { # CLIENT'S OPTIONS...
    ! talk --json "$@"
}

refused_client() { # PEER'S OPTIONS...: it has no line to wait for
    local patience=10
    ! meet_client "$@"
}

start_with() { # NAME OPTIONS...: our server with that certificate
    local name=$1
    shift
    start_server --cert "$ca/$name-chain.pem" --key "$ca/$name.key" "$@"
}

start_with server --ocsp-response "$ca/server.ocsp"
check "the authority from a file, the address as the name" good --ca "$ca/root.pem"
check "a host name" good --ca "$ca/root.pem" --name sip.example
mkdir "$ca/trusted" && cp "$ca/root.pem" "$ca/stranger.pem" "$ca/trusted"
check "the authority from a directory" good --ca "$ca/trusted" --name sip.example
check "with a CRL that has others" good --ca "$ca/root.pem" --crl "$ca/mid.crl"
check "with its fingerprint, too" good --ca "$ca/root.pem" --pin "$fingerprint"
check "another host name is refused" bad "certificate of sip.example is not for gate.example" \
    --ca "$ca/root.pem" --name gate.example
check "another authority is refused" bad "certificate of mid is issued by root, who is not trusted" \
    --ca "$ca/stranger.pem"
check "another fingerprint is refused" bad "not accepted" --ca "$ca/root.pem" \
    --pin "$(fingerprint_of "$ca/other.pem")"
check "the system's authorities know none of this" bad "who is not trusted" --ca system
stop_server

start_with gone
check "who is on the CRL is refused" bad "certificate of sip.example was revoked by mid" --ca "$ca/root.pem" \
    --crl "$ca/mid.crl"
stop_server
start_with gone --ocsp-response "$ca/gone.ocsp"
check "who is revoked by OCSP is refused" bad "certificate of sip.example was revoked by mid" --ca "$ca/root.pem"
stop_server
start_with strict --ocsp-response "$ca/strict.ocsp"
check "must-staple, and stapled" good --ca "$ca/root.pem"
stop_server
start_with strict
check "must-staple, and not stapled" bad "demands a stapled OCSP response (must-staple), and none came" \
    --ca "$ca/root.pem"
stop_server
start_with server --ocsp-response "$ca/strict.ocsp"
check "a staple about another certificate" bad "the stapled OCSP response is about another certificate" \
    --ca "$ca/root.pem"
stop_server

judges_clients() {
    start_with server --client-cert require --ca "$ca/root.pem" && seen=0 &&
        good --cert "$ca/client-chain.pem" --key "$ca/client.key" && refuses_server &&
        server_says '"failed".*"reason":"libdtls vouches for itself, and is not trusted"' && stop_server
}
check "our server judges our clients" judges_clients

wrapped() {
    quietly openssl pkcs12 -export -in "$ca/server-chain.pem" -inkey "$ca/server.key" -passout pass:swordfish \
        -out "$ca/server.p12" &&
        quietly openssl pkcs8 -topk8 -in "$ca/server.key" -passout pass:swordfish -out "$ca/server.enc" &&
        echo swordfish >"$ca/password" &&
        start_server --pkcs12 "$ca/server.p12" --key-password "$ca/password" && good --ca "$ca/root.pem" &&
        stop_server &&
        PASSWORD=swordfish start_server --cert "$ca/server-chain.pem" --key "$ca/server.enc" \
            --key-password env:PASSWORD && good --ca "$ca/root.pem" && stop_server
}
check "PKCS#12, and an encrypted key" wrapped

check "mistake: a file without certificates" mistake "cannot be read" \
    "$client" --ca "$0" 127.0.0.1 1
check "mistake: no such file" mistake "No such file" "$client" --ca /nowhere 127.0.0.1 1
check "mistake: a name that is none" mistake "name is no host name" "$client" --ca "$ca/root.pem" --name '*.example' h 1
check "mistake: --ca and raw keys" mistake "--raw-public-key contradict" "$client" --ca "$ca/root.pem" --raw-public-key h 1
check "mistake: a server's --ca judges nobody" mistake "--client-cert" "$server" --port 0 --ca "$ca/root.pem"
check "mistake: another password" mistake "password" "$server" --port 0 --pkcs12 "$ca/server.p12" \
    --key-password "$ca/index"
check "mistake: no password" mistake "password" "$server" --port 0 --pkcs12 "$ca/server.p12"
check "mistake: a password that is not set" mistake "not set" "$server" --port 0 --pkcs12 "$ca/server.p12" \
    --key-password env:NO_SUCH_VARIABLE
check "mistake: no CRL" mistake "CRL" "$client" --ca "$ca/root.pem" --crl "$ca/root.pem" 127.0.0.1 1

# ---- OpenSSL ----

peer_client=(openssl s_client -dtls1_2 -connect 127.0.0.1:PORT)
peer_answers() { # s_server sends what is typed at it
    wait_for "^$1" "$room/peer.out"
    echo "$1" >&7
}

start_s_server() { # NAME OPTIONS...
    local name=$1
    shift
    start_peer "^ACCEPT" openssl s_server -dtls1_2 -port PORT -cert "$ca/$name.pem" -key "$ca/$name.key" \
        -cert_chain "$ca/mid.pem" "$@"
}

judges_s_server() {
    start_s_server server && meet_server --ca "$ca/root.pem" --name sip.example && stop_peer
}
check "our client judges s_server" judges_s_server

takes_staple() {
    start_s_server strict -status_file "$ca/strict.ocsp" && meet_server --ca "$ca/root.pem" && stop_peer
}
check "our client takes s_server's staple (-status_file)" takes_staple

misses_staple() {
    start_s_server strict && refuses_server --ca "$ca/root.pem" && client_says '"reason":"certificate of sip.example demands' &&
        stop_peer
}
check "our client misses s_server's staple" misses_staple

is_told() { # ALERT-WORDS NAME CLIENT'S OPTIONS...
    local words=$1 name=$2
    shift 2
    start_s_server "$name" && refuses_server "$@" && wait_for "$words" "$room/peer.out" && stop_peer
}
check "s_server hears unknown_ca" is_told "unknown ca" server --ca "$ca/stranger.pem"
check "s_server hears certificate_revoked" is_told "certificate revoked" gone --ca "$ca/root.pem" --crl "$ca/mid.crl"
check "s_server hears bad_certificate" is_told "bad certificate" server --ca "$ca/root.pem" --name other.example

is_judged_by_s_client() {
    start_with server --ocsp-response "$ca/server.ocsp" &&
        meet_client -status -CAfile "$ca/root.pem" -verify_return_error -verify_hostname sip.example &&
        grep -q 'OCSP Response Status: successful' "$room/peer.out" && grep -q 'Cert Status: good' "$room/peer.out" &&
        grep -q 'Verify return code: 0' "$room/peer.out" && meet_client -CAfile "$ca/root.pem" &&
        ! grep -q 'OCSP Response' "$room/peer.out" && stop_server
}
check "s_client -status gets our server's staple, and none without -status" is_judged_by_s_client

judges_s_client() {
    start_with server --client-cert require --ca "$ca/root.pem" --crl "$ca/mid.crl" &&
        meet_client -cert "$ca/client.pem" -key "$ca/client.key" -cert_chain "$ca/mid.pem" &&
        refused_client -cert "$ca/gone.pem" -key "$ca/gone.key" -cert_chain "$ca/mid.pem" &&
        server_says '"reason":"certificate of sip.example was revoked by mid' && stop_server
}
check "our server judges s_client" judges_s_client

# ---- GnuTLS ----

peer_client=(gnutls-cli -u -p PORT 127.0.0.1)
peer_answers() { # it echoes
    :
}

start_gnutls_serv() { # NAME OPTIONS...
    local name=$1
    shift
    start_peer 'IPv4.*done' gnutls-serv -u --echo -p PORT --x509certfile="$ca/$name-chain.pem" \
        --x509keyfile="$ca/$name.key" "$@"
}

judges_gnutls_serv() {
    start_gnutls_serv server && meet_server --ca "$ca/root.pem" --name sip.example && stop_peer
}
check "our client judges gnutls-serv" judges_gnutls_serv

takes_its_staple() {
    start_gnutls_serv strict --ocsp-response="$ca/strict.ocsp" --ignore-ocsp-response-errors &&
        meet_server --ca "$ca/root.pem" && stop_peer
}
check "our client takes gnutls-serv's staple (--ocsp-response)" takes_its_staple

is_judged_by_gnutls_cli() {
    start_with server --ocsp-response "$ca/server.ocsp" &&
        meet_client --x509cafile="$ca/root.pem" --verify-hostname=sip.example --save-ocsp="$room/saved" &&
        grep -q 'certificate is trusted' "$room/peer.out" && cmp "$room/saved" "$ca/server.ocsp" && stop_server
}
check "gnutls-cli gets our server's staple" is_judged_by_gnutls_cli

needs_ours() {
    start_with strict && refused_client --x509cafile="$ca/root.pem" --verify-hostname=sip.example && stop_server &&
        start_with strict --ocsp-response "$ca/strict.ocsp" &&
        meet_client --x509cafile="$ca/root.pem" --verify-hostname=sip.example && stop_server
}
check "gnutls-cli needs our staple where the certificate demands one" needs_ours

judges_gnutls_cli() {
    start_with server --client-cert require --ca "$ca/root.pem" &&
        meet_client --insecure --x509certfile="$ca/client-chain.pem" --x509keyfile="$ca/client.key" && stop_server
}
check "our server judges gnutls-cli" judges_gnutls_cli

finish
