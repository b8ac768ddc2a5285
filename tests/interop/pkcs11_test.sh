#!/bin/bash
# pkcs11_test.sh - private keys that stay in a token, SoftHSM's: our programs with each other and with OpenSSL's, and what
# can be wrong. Usage: pkcs11_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
here=$(dirname "$0")
. "$here/tap.sh"
. "$here/peers.sh"

if "$client" --ca /nowhere 127.0.0.1 1 2>&1 </dev/null | grep -q 'built without'; then
    check "without libdtls-pkix there are no tokens" mistake "--key pkcs11:...: this program was built without" \
        "$server" --port 0 --cert "$identity/p256.pem" --key "pkcs11:object=p256"
    finish
    exit
fi
need openssl softhsm2-util p11tool

# ---- a token in this test's room, and nothing else of the machine's ----

find_module() { # wherever a distribution has put it
    local found
    for found in /usr/lib/softhsm /usr/lib/*/softhsm /usr/lib64/pkcs11 /usr/local/lib/softhsm; do
        [ -e "$found/libsofthsm2.so" ] && echo "$found/libsofthsm2.so" && return
    done
}
module=$(find_module)
[ -n "$module" ] || { echo "1..0 # SKIP libsofthsm2.so is not installed"; exit; }
export SOFTHSM2_CONF=$room/softhsm.conf
mkdir "$room/tokens" && echo "directories.tokendir = $room/tokens" >"$SOFTHSM2_CONF"
. "$here/authority.sh"

uri() { # KEY [QUERY...]
    local query
    printf 'pkcs11:token=test;object=%s?module-path=%s' "$1" "$module"
    shift
    for query in "$@"; do printf '&%s' "$query"; done
}

add() { # NAME ID: its key, and its certificate
    GNUTLS_PIN=1234 quietly p11tool --provider "$module" --batch --login --write --load-privkey "$ca/$1.key" \
        --label "$1" --id "$2" pkcs11:token=test &&
        GNUTLS_PIN=1234 quietly p11tool --provider "$module" --batch --login --write --load-certificate "$ca/$1.pem" \
            --label "$1" --id "$2" pkcs11:token=test
}

make_token() {
    quietly openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$ca/rsa.key" &&
        quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$ca/p384.key" &&
        quietly openssl genpkey -algorithm ed25519 -out "$ca/ed25519.key" &&
        certify_authority root root && certify_leaf p256 root DNS:sip.example,IP:127.0.0.1 &&
        certify_leaf p384 root DNS:sip.example,IP:127.0.0.1 && certify_leaf rsa root DNS:sip.example,IP:127.0.0.1 &&
        certify_leaf ed25519 root DNS:sip.example,IP:127.0.0.1 &&
        quietly softhsm2-util --init-token --free --label test --pin 1234 --so-pin 5678 &&
        add p256 01 && add p384 02 && add rsa 03 && add ed25519 04 && echo 1234 >"$room/pin" && echo 4321 >"$room/other"
}
check "a token with four keys" make_token

start_with() { # KEY OPTIONS...: our server with that certificate, and its key in the token
    local key=$1
    shift
    start_server --cert "$ca/$key-chain.pem" --key "$(uri "$key")" --key-password "$room/pin" "$@"
}

good() { # CLIENT'S OPTIONS...
    talk --json --ca "$ca/root.pem" "$@" && client_says '"text":"hello"'
}

# ---- between our programs ----

serves() { # KEY
    start_with "$1" && good && stop_server
}
for key in p256 p384 rsa ed25519; do
    check "a server with $key in the token" serves $key
done

serves_with() { # OPTIONS...
    start_server "$@" && good && [ ! -s "$room/server.err" ] && stop_server
}
check "the PIN in the URI" serves_with --cert "$ca/p256-chain.pem" --key "$(uri p256 pin-value=1234)"
check "the PIN in a file that the URI names" serves_with --cert "$ca/p256-chain.pem" \
    --key "$(uri p256 "pin-source=file:$room/pin")"
PIN=1234 check "the PIN in the environment, which counts" serves_with --cert "$ca/p256-chain.pem" \
    --key "$(uri p256 pin-value=4321)" --key-password env:PIN
check "the key by its number, the certificate from the token, too" serves_with --cert "$(uri p256)" \
    --key "pkcs11:token=test;id=%01?module-path=$module" --key-password "$room/pin"
check "two workers share it" serves_with --workers 2 --cert "$ca/rsa-chain.pem" --key "$(uri rsa)" \
    --key-password "$room/pin"
check "beside threads for jobs" serves_with --job-threads 2 --cert "$ca/rsa-chain.pem" --key "$(uri rsa)" \
    --key-password "$room/pin"

serves_by_p11_kit() { # the module of p11-kit's configuration
    start_server --cert "$ca/p256-chain.pem" --key "pkcs11:token=test;object=p256" --key-password "$room/pin" && good &&
        stop_server
}
if p11tool --list-token-urls 2>&1 | grep -q 'token=test'; then
    check "modules that p11-kit is configured with" serves_by_p11_kit
else
    skip "modules that p11-kit is configured with" "p11-kit does not know SoftHSM here"
fi

shows() { # KEY
    start_with p256 --client-cert require --ca "$ca/root.pem" && seen=0 &&
        good --cert "$ca/$1-chain.pem" --key "$(uri "$1")" --key-password "$room/pin" &&
        server_says '"event":"open".*"peer_fingerprint":"'"$(fingerprint_of "$ca/$1.pem")" && stop_server
}
for key in p256 rsa; do
    check "a client with $key in the token" shows $key
done

rehandshakes() {
    start_with p256 --rehandshake-every 3 --rehandshake-first 1.5 --client-cert require --ca "$ca/root.pem" || return 1
    timeout --foreground 30 "$client" --json --flow 100 --for 4 --rehandshake-every 1.5 --rehandshake-first 0.5 --ca "$ca/root.pem" \
        --cert "$ca/rsa-chain.pem" --key "$(uri rsa)" --key-password "$room/pin" 127.0.0.1 "$port" \
        >"$room/client.out" 2>"$room/client.err" </dev/null &&
        grep -q '"event":"report".*"lost":0' "$room/client.out" &&
        [ "$(grep -c '"event":"rehandshake_done".*"resumed":false' "$room/client.out")" -ge 3 ] && stop_server
}
check "rehandshakes with both keys in the token lose nothing" rehandshakes

reloads() { # the same key, and another certificate
    cp "$ca/p256-chain.pem" "$room/live.pem"
    start_server --cert "$room/live.pem" --key "$(uri p256)" --key-password "$room/pin" && good || return 1
    mv "$ca/p256.pem" "$ca/p256-before.pem" && certify_leaf p256 root DNS:sip.example,IP:127.0.0.1 &&
        cp "$ca/p256-chain.pem" "$room/live.pem" && kill -HUP "$server_pid" &&
        wait_for '"event":"reloaded".*"fingerprint":"'"$(fingerprint_of "$ca/p256.pem")" "$room/server.out" && good &&
        stop_server
}
check "SIGHUP brings another certificate of the key" reloads

# ---- the key goes away, and comes back ----

remove() { # NAME: its key
    GNUTLS_PIN=1234 quietly p11tool --provider "$module" --batch --login --delete \
        "pkcs11:token=test;object=$1;type=private"
}

goes_and_comes() { # the server lives, and goes on
    start_with p256 && seen=0 && good && remove p256 || return 1
    ! good && server_says '"event":"failed".*"reason":"there is no such private key in the token"' && ! good &&
        add p256 01 && good && [ ! -s "$room/server.err" ] && stop_server
}
check "a server whose key is gone says so, and goes on when it is back" goes_and_comes

# ---- OpenSSL ----

peer_client=(openssl s_client -dtls1_2 -connect 127.0.0.1:PORT)
peer_answers() { # s_server sends what is typed at it
    wait_for "^$1" "$room/peer.out"
    echo "$1" >&7
}

serves_s_client() { # KEY S_CLIENT'S OPTIONS...
    local key=$1
    shift
    start_with "$key" && meet_client -CAfile "$ca/root.pem" -verify_return_error "$@" && stop_server
}
check "s_client takes ECDSA" serves_s_client p256
check "s_client takes ECDSA of P-384" serves_s_client p384
check "s_client takes RSA-PSS" serves_s_client rsa -sigalgs RSA-PSS+SHA256:RSA+SHA256
check "s_client takes RSA PKCS#1" serves_s_client rsa -sigalgs RSA+SHA256
check "s_client takes SHA-384, too" serves_s_client rsa -sigalgs RSA-PSS+SHA384:RSA+SHA384

shows_s_server() { # KEY
    start_peer "^ACCEPT" openssl s_server -dtls1_2 -port PORT -cert "$ca/p256.pem" -key "$ca/p256.key" -Verify 1 \
        -CAfile "$ca/root.pem" -verify_return_error &&
        meet_server --ca "$ca/root.pem" --cert "$ca/$1-chain.pem" --key "$(uri "$1")" --key-password "$room/pin" &&
        wait_for "^subject=CN *= *$1" "$room/peer.out" && stop_peer
}
for key in p256 rsa; do
    check "s_server gets a client's certificate with $key in the token" shows_s_server $key
done

# ---- mistakes: one line, without the PIN ----

wrong() { # WORDS CERTIFICATE OPTIONS...
    local words=$1 certificate=$2
    shift 2
    mistake "$words" "$server" --port 0 --cert "$ca/$certificate-chain.pem" "$@" &&
        ! grep -qE '1234|4321' "$room/mistake.err"
}
check "mistake: another PIN" wrong "the token refuses the PIN" p256 --key "$(uri p256 pin-value=4321)"
check "mistake: another PIN in a file" wrong "the token refuses the PIN" p256 --key "$(uri p256)" \
    --key-password "$room/other"
check "mistake: no PIN" wrong "the token asks for a PIN, and there is none" p256 --key "$(uri p256)"
check "mistake: no such token" wrong "there is no such token" p256 \
    --key "pkcs11:token=none;object=p256?module-path=$module&pin-value=1234"
check "mistake: no such key" wrong "there is no such private key in the token" p256 --key "$(uri none pin-value=1234)"
check "mistake: another certificate's key" wrong "the token's key is not the one of the certificate" p256 \
    --key "$(uri p384 pin-value=1234)"
check "mistake: a key of another kind" wrong "the token's key is not the one of the certificate" p256 \
    --key "$(uri rsa pin-value=1234)"
check "mistake: no such module" wrong "/nowhere.so: No such file" p256 \
    --key "pkcs11:token=test;object=p256?module-path=/nowhere.so&pin-value=1234"
check "mistake: no module" wrong "cannot be loaded" p256 \
    --key "pkcs11:token=test;object=p256?module-path=$ca/p256.pem&pin-value=1234"
check "mistake: no object" wrong "names no object" p256 --key "pkcs11:token=test?pin-value=1234"
check "mistake: no file with the PIN" wrong "No such file" p256 --key "$(uri p256 pin-source=/nowhere)"
check "mistake: a command that gives the PIN" wrong "pin-source is no file" p256 \
    --key "$(uri p256 'pin-source=%7Cecho%201234')"
check "mistake: no such certificate" mistake "there is no such certificate in the token" "$server" --port 0 \
    --cert "$(uri none)" --key "$(uri p256 pin-value=1234)"
check "mistake: a certificate in the token, and no key" mistake "--key pkcs11:" "$server" --port 0 --cert "$(uri p256)"
check "mistake: a client's, too" mistake "there is no such token" "$client" --cert "$ca/p256-chain.pem" \
    --key "pkcs11:token=none;object=p256" 127.0.0.1 1

finish
