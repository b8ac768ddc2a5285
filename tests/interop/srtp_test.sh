#!/bin/bash
# srtp_test.sh - keys for media (RFC 5764) between our programs, OpenSSL's, and GnuTLS: byte for byte the same.
# Usage: srtp_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
here=$(dirname "$0")
. "$here/tap.sh"
. "$here/peers.sh"
need openssl

gnutls_peer=$build/tests/srtp-peer-gnutls
pem=$identity/p256.pem

openssl_name() { # AES128_CM_HMAC_SHA1_80 is SRTP_AES128_CM_SHA1_80 there
    echo "SRTP_$1" | sed 's/HMAC_//'
}

block_len() { # PROFILE: both keys and both salts (RFC 5764, 4.2)
    case $1 in
    AES128_*) echo 60 ;;
    AEAD_AES_128_GCM) echo 56 ;;
    *) echo 88 ;;
    esac
}

member() { # NAME FILE: of the first set of keys there
    sed -n 's/.*"'"$1"'":"\([0-9a-f]*\)".*/\1/p' "$2" | head -1
}

exported_by_us() { # FILE SENDER: the block as OpenSSL exports it: client's key, server's, client's salt, server's
    if [ "$2" = client ]; then
        echo "$(member send_key "$1")$(member receive_key "$1")$(member send_salt "$1")$(member receive_salt "$1")"
    else
        echo "$(member receive_key "$1")$(member send_key "$1")$(member receive_salt "$1")$(member send_salt "$1")"
    fi
}

exported_by_openssl() { # FILE
    sed -n 's/.*Keying material: *\([0-9A-F]*\).*/\1/p' "$1" | head -1 | tr A-F a-f
}

# ---- OpenSSL ----

peer_client=(openssl s_client -dtls1_2 -connect 127.0.0.1:PORT)

peer_answers() {
    wait_for "$1" "$room/peer.out" && echo "$1" >&7
}

same_as_s_server() { # PROFILE
    local len ours
    len=$(block_len "$1")
    start_peer ACCEPT openssl s_server -dtls1_2 -accept 127.0.0.1:PORT -cert "$pem" -key "$pem" \
        -use_srtp "$(openssl_name "$1")" -keymatexport EXTRACTOR-dtls_srtp -keymatexportlen "$len" &&
        meet_server --srtp "$1" --srtp-mki 4 --print-srtp-keys --export "EXTRACTOR-dtls_srtp:$len" &&
        wait_for "Keying material" "$room/peer.out" && stop_peer || return 1
    ours=$(exported_by_us "$room/client.out" client)
    [ ${#ours} = $((2 * len)) ] && [ "$ours" = "$(exported_by_openssl "$room/peer.out")" ] &&
        client_says "\"exported\":\"$ours\"" && client_says '"mki":""' && # OpenSSL has no MKI
        client_says '"keys":"send","epoch":1,"profile":"SRTP_'"$1"'"'
}

same_as_s_client() { # PROFILE
    local len ours
    len=$(block_len "$1")
    start_server --srtp "$1" --srtp-mki 4 --print-srtp-keys --export "EXTRACTOR-dtls_srtp:$len" &&
        meet_client -use_srtp "$(openssl_name "$1")" -keymatexport EXTRACTOR-dtls_srtp -keymatexportlen "$len" &&
        stop_server || return 1
    ours=$(exported_by_us "$room/server.out" server)
    [ ${#ours} = $((2 * len)) ] && [ "$ours" = "$(exported_by_openssl "$room/peer.out")" ] &&
        grep -q "\"exported\":\"$ours\"" "$room/server.out" && grep -q '"mki":""' "$room/server.out"
}

for profile in AES128_CM_HMAC_SHA1_80 AES128_CM_HMAC_SHA1_32 AEAD_AES_128_GCM AEAD_AES_256_GCM; do
    check "s_server has our client's keys: $profile" same_as_s_server $profile
    check "our server has s_client's keys: $profile" same_as_s_client $profile
done

other_label() { # any label, with SHA-384's PRF too
    start_server --suites ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 --export EXPERIMENTAL-libdtls:100 --print-srtp-keys &&
        meet_client -keymatexport EXPERIMENTAL-libdtls -keymatexportlen 100 && stop_server &&
        [ "$(member exported "$room/server.out")" = "$(exported_by_openssl "$room/peer.out")" ]
}
check "our server and s_client export the same by another label, SHA-384" other_label

# ---- GnuTLS: MKI, and its two profiles ----

gnutls_name() {
    echo "SRTP_$1"
}

meets() { # FILE: what the two ends printed, crosswise the same, MKI included
    local ours=$1
    [ -n "$(member send_key "$ours")" ] && [ "$(member send_key "$ours")" = "$(member receive_key "$room/gnutls.out")" ] &&
        [ "$(member receive_key "$ours")" = "$(member send_key "$room/gnutls.out")" ] &&
        [ "$(member send_salt "$ours")" = "$(member receive_salt "$room/gnutls.out")" ] &&
        [ "$(member receive_salt "$ours")" = "$(member send_salt "$room/gnutls.out")" ]
}

same_as_gnutls_server() { # PROFILE MKI_LEN
    local mki
    port=$((20000 + RANDOM % 10000))
    : >"$room/gnutls.out"
    timeout --foreground 20 "$gnutls_peer" listen "$port" "$pem" "$(gnutls_name "$1")" >"$room/gnutls.out" 2>"$room/gnutls.err" &
    started+=($!)
    wait_for listening "$room/gnutls.out" &&
        { wait_for '"keys":"send"' "$room/client.out"; } |
        timeout --foreground 10 "$client" --json --srtp "$1" --srtp-mki "$2" --print-srtp-keys 127.0.0.1 "$port" \
            >"$room/client.out" 2>"$room/client.err"
    meets "$room/client.out" || return 1
    mki=$(member mki "$room/client.out")
    [ ${#mki} = $((2 * $2)) ] && [ "$mki" = "$(member mki "$room/gnutls.out")" ]
}

same_as_gnutls_client() { # PROFILE MKI
    start_server --srtp "$1" --srtp-mki 1 --print-srtp-keys || return 1
    timeout --foreground 10 "$gnutls_peer" connect "$port" "$pem" "$(gnutls_name "$1")" $2 >"$room/gnutls.out" 2>"$room/gnutls.err" &&
        wait_for '"keys":"send"' "$room/server.out"
    stop_server
    meets "$room/server.out" && [ "$(member mki "$room/server.out")" = "${2:-}" ]
}

if [ -x "$gnutls_peer" ]; then
    long=$(printf '%0256d' 7)
    for profile in AES128_CM_HMAC_SHA1_80 AES128_CM_HMAC_SHA1_32; do
        check "a GnuTLS server has our client's keys: $profile" same_as_gnutls_server $profile 0
        check "a GnuTLS server has our client's keys, and its MKI: $profile" same_as_gnutls_server $profile 4
        check "our server has a GnuTLS client's keys: $profile" same_as_gnutls_client $profile ""
        check "our server has a GnuTLS client's keys, and its MKI: $profile" same_as_gnutls_client $profile 0102aaff
        check "our server has a GnuTLS client's MKI of 128 bytes: $profile" same_as_gnutls_client $profile "$long"
    done
    skip "AEAD profiles with GnuTLS" "GnuTLS 3.7 has none"
else
    skip "GnuTLS" "its library was not found when this was built"
fi

finish
