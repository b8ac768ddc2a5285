#!/bin/bash
# names_test.sh - names, application protocols, several certificates, authorities and raw public keys: our programs with
# each other, with OpenSSL's and with GnuTLS's.
# Usage: names_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
here=$(dirname "$0")
. "$here/tap.sh"
. "$here/peers.sh"
need openssl

key_fingerprint_of() { # FILE: of its private key's public half
    echo "SHA-256:$(openssl pkey -in "$1" -pubout -outform DER 2>/dev/null | openssl sha256 | sed 's/.*= *//')"
}

p256=$identity/p256.pem ed25519=$identity/ed25519.pem p384=$identity/p384.pem
many=(--cert "$p256" --sni-cert "a.example=$ed25519" --sni-cert "*.b.example=$p384,$p384")

# ---- our own programs ----

meets() { # PATTERN CLIENT'S OPTIONS...: in the client's open event
    local pattern=$1
    shift
    echo hello | timeout --foreground 20 "$client" --json "$@" 127.0.0.1 "$port" >"$room/client.out" 2>"$room/client.err" &&
        client_says "\"open\".*$pattern"
}

refuses() { # PATTERN CLIENT'S OPTIONS...: the client fails, and says so
    local pattern=$1
    shift
    ! timeout --foreground 20 "$client" --json "$@" 127.0.0.1 "$port" </dev/null >"$room/client.out" 2>"$room/client.err" &&
        cat "$room/client.out" "$room/client.err" | grep -q -- "$pattern"
}

start_server "${many[@]}" --alpn coap,sip/2
check "a name gets its certificate, and both know it" meets '"server_name":"a.example"' --name a.example \
    --pin "$(fingerprint_of "$ed25519")"
check "a wildcard gets its certificate" meets '"server_name":"x.b.example"' --name x.b.example \
    --pin "$(fingerprint_of "$p384")"
check "another name gets the first one" meets '"server_name":"other.example"' --name other.example \
    --pin "$(fingerprint_of "$p256")"
check "no name gets the first one" meets '"server_name":null,"alpn":null' --pin "$(fingerprint_of "$p256")"
check "the server's order decides on a protocol" meets '"alpn":"coap"' --alpn sip/2,coap
check "no protocol in common is no_application_protocol" refuses no_application_protocol --alpn mqtt
stop "$server_pid"

start_server --cert "$p256" --client-cert require --raw-public-key
check "raw public keys both ways, pinned" meets '"raw_public_key":true' --cert "$p256" --raw-public-key \
    --pin "$(key_fingerprint_of "$p256")"
check "the fingerprint of a certificate is no pin of a raw key" refuses "not accepted" --cert "$p256" \
    --raw-public-key --pin "$(fingerprint_of "$p256")"
check "a client without raw keys gets a certificate" meets '"raw_public_key":false' --cert "$p256" \
    --pin "$(fingerprint_of "$p256")"
stop "$server_pid"

check "an address is no --name" mistake server_name "$client" --name 192.0.2.1 127.0.0.1 1
check "a --sni-cert without a file is refused" mistake --sni-cert "$server" --port 0 --sni-cert a.example
check "a --sni-cert for no name is refused" mistake identities "$server" --port 0 --sni-cert "*.b=$p256"
check "a --sni-cert that is not there is refused" mistake /nowhere "$server" --port 0 --sni-cert a.b=/nowhere
check "an empty protocol is refused" mistake --alpn "$client" --alpn a,,b 127.0.0.1 1
check "--client-ca without --client-cert is refused" mistake --client-ca "$server" --port 0 --client-ca "$p256"
check "a --client-ca without certificates is refused" mistake /dev/null "$server" --port 0 --client-cert ask \
    --client-ca /dev/null

# ---- OpenSSL ----

peer_client=(openssl s_client -dtls1_2 -connect 127.0.0.1:PORT)
peer_answers() { # LINE
    wait_for "$1" "$room/peer.out" && echo "$1" >&7
}

client_prints() { # PATTERN OPTIONS...: in what the peer's client prints of the server
    local pattern=$1
    shift
    meet_client "$@" && grep -q -- "$pattern" "$room/peer.out"
}
start_server "${many[@]}" --alpn coap,sip/2 --client-cert ask --client-ca "$ed25519"
check "s_client -servername gets the certificate of that name" client_prints "subject=CN *= *ed25519" \
    -servername a.example -sigalgs ed25519:ECDSA+SHA256
check "s_client without a name gets the first one" client_prints "subject=CN *= *p256" -noservername
check "s_client -alpn agrees on the server's first" client_prints "ALPN protocol: coap" -alpn sip/2,coap
check "s_client sees whose certificates are wanted" client_prints "Acceptable client certificate CA names"
stop "$server_pid"

start_peer ACCEPT openssl s_server -dtls1_2 -accept 127.0.0.1:PORT -cert "$p256" -key "$p256" -servername a.example \
    -cert2 "$p384" -key2 "$p384" -alpn coap,sip/2
check "s_server gets our name, and shows its certificate" meet_server --name a.example --pin "$(fingerprint_of "$p384")"
check "s_server agrees on a protocol" eval 'meet_server --alpn mqtt,sip/2 && client_says "\"alpn\":\"sip/2\""'
stop_peer
start_peer ACCEPT openssl s_server -dtls1_2 -accept 127.0.0.1:PORT -cert "$p384" -key "$p384" -verify 1 \
    -CAfile "$p256"
check "s_server's authorities: ours is shown" eval \
    'meet_server --cert "$p256" && wait_for "^subject=CN *= *p256" "$room/peer.out"'
check "s_server's authorities: a stranger's is not" eval \
    'meet_server --cert "$ed25519" && ! grep -q "^subject=CN *= *ed25519" "$room/peer.out"'
stop_peer

# ---- GnuTLS ----

gnutls_tests() {
    peer_client=(gnutls-cli -u --insecure -p PORT 127.0.0.1)
    peer_answers() { # it echoes
        :
    }
    start_server "${many[@]}" --alpn coap,sip/2
    check "gnutls-cli --sni-hostname gets the certificate of that name" client_prints "CN=ed25519" \
        --sni-hostname=a.example
    check "gnutls-cli --alpn agrees" client_prints "Application protocol: sip/2" --alpn=sip/2
    stop "$server_pid"
    start_peer 'IPv4.*done' gnutls-serv -u --echo -p PORT --x509certfile="$p256" --x509keyfile="$p256" \
        --alpn=sip/2
    check "gnutls-serv agrees on a protocol" eval 'meet_server --alpn coap,sip/2 && client_says "\"alpn\":\"sip/2\""'
    stop_peer

    openssl pkey -in "$p256" -pubout -out "$room/key.pub" 2>/dev/null
    openssl pkey -in "$p256" -out "$room/key.pem" 2>/dev/null
    raw='NORMAL:+CTYPE-CLI-RAWPK:+CTYPE-SRV-RAWPK'
    start_peer 'IPv4.*done' gnutls-serv -u --echo -p PORT --priority "$raw" --rawpkfile="$room/key.pub" \
        --rawpkkeyfile="$room/key.pem"
    check "gnutls-serv shows us its raw key" eval \
        'meet_server --raw-public-key --pin "$(key_fingerprint_of "$p256")" && client_says "\"raw_public_key\":true"'
    stop_peer
    start_peer 'IPv4.*done' gnutls-serv -u --echo -p PORT --priority "$raw" --rawpkfile="$room/key.pub" \
        --rawpkkeyfile="$room/key.pem" --require-client-cert
    check "gnutls-serv takes our raw key" meet_server --raw-public-key --cert "$ed25519"
    stop_peer
    start_server --cert "$p256" --raw-public-key --client-cert require
    check "gnutls-cli takes our raw key and shows its own" eval \
        'meet_client --priority "$raw" --rawpkfile="$room/key.pub" --rawpkkeyfile="$room/key.pem" &&
            server_says "\"open\".*\"raw_public_key\":true"'
    stop "$server_pid"
}
if command -v gnutls-cli >/dev/null && command -v gnutls-serv >/dev/null; then
    gnutls_tests
else
    skip "names, protocols and raw keys with GnuTLS" "gnutls-cli and gnutls-serv are not installed"
fi
finish
