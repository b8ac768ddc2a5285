#!/bin/bash
# floors_test.sh SOURCE-DIRECTORY - who includes whom: docs/design.md, sections 3 and 4.
set -u
cd "$1" || exit 1
. tests/lint/tap.sh

# From the ground up, as docs/design.md lists them.
floors=(bytes crypto identity messages record handshake conn endpoint adapters)

includes() { # FILE...: "file header", one line each
    grep -H '^ *# *include' "$@" | sed 's/^\([^:]*\): *# *include *["<]\([^">]*\).*/\1 \2/'
}
engine=$(find libdtls -name '*.[ch]' | sort)
# shellcheck disable=SC2086
included=$(includes $engine)

find libdtls -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | grep -vxF "$(printf '%s\n' "${floors[@]}")" |
    empty "each folder of libdtls/ is a floor"

echo "$included" | awk -v floors="${floors[*]}" '
    BEGIN { for (count = split(floors, names, " "); count > 0; count--) height[names[count]] = count }
    { split($1, from, "/"); split($2, to, "/") }
    to[1] in height && !(from[2] in height && height[to[1]] <= height[from[2]]) { print $1 " includes " $2 }
    $2 ~ /^(tests|apps|bench|libdtls|include)\// || $2 ~ /\.\./ { print $1 " includes " $2 }' |
    empty "a file includes from its own floor or one below"

echo "$included" | awk '$2 ~ /^(nettle\/|gmp)/ && $1 !~ /^libdtls\/crypto\// { print $1 " includes " $2 }' |
    empty "nettle and gmp appear in crypto/ only"

echo "$included" | awk '$2 == "intel-ipsec-mb.h" && $1 != "libdtls/crypto/aead_gcm_ipsec.c" { print $1 " includes " $2 }' |
    empty "ipsec-mb appears in crypto/aead_gcm_ipsec.c only"

echo "$included" | awk '$2 ~ /^(ev\.h|dtls\/ev\.h)$/ && $1 !~ /^libdtls\/adapters\// { print $1 " includes " $2 }' |
    empty "libev appears in adapters/ only"

echo "$included" | awk '$2 ~ /^srtp2\// && $1 != "libdtls/adapters/srtp_generation.c" { print $1 " includes " $2 }' |
    empty "libsrtp appears in adapters/srtp_generation.c only"

echo "$included" | awk '$2 ~ /^hiredis\// && $1 !~ /^libdtls\/adapters\/redis[a-z_]*\.[ch]$/ { print $1 " includes " $2 }' |
    empty "hiredis appears in adapters/redis* only"

# X.509 and what it needs, and tokens: the rest of GnuTLS is another DTLS.
echo "$included" | awk '$2 ~ /^gnutls\// && ($1 !~ /^libdtls\/adapters\/pkix[a-z0-9_]*\.[ch]$/ ||
        $2 !~ /^gnutls\/(abstract|ocsp|pkcs12|x509)\.h$/) &&
        $1 " " $2 != "libdtls/adapters/pkix_pkcs11.c gnutls/pkcs11.h" { print $1 " includes " $2 }' |
    empty "GnuTLS appears in adapters/pkix* only, without its TLS"
grep -o 'gnutls_[a-z0-9_]*(' libdtls/adapters/pkix*.c | sort -u |
    grep -vE ':gnutls_(x509|ocsp|pkcs12|pubkey|privkey|sign|pk|pem|hash)_|:gnutls_(free|memset|strerror)\($' |
    grep -v '/pkix_pkcs11\.c:gnutls_pkcs11_' |
    empty "and none of its functions for TLS"

# The system's headers that hold no sockets, no clock, no threads, no files; randomness is the one way out.
echo "$included" | awk '$1 !~ /^libdtls\/adapters\// && $2 !~ /^(dtls|nettle|bytes|crypto|identity|messages|record|handshake|conn|endpoint)\// &&
        $2 !~ /^(assert|gmp|inttypes|limits|stdalign|stdbool|stddef|stdint|stdio|stdlib|string)\.h$/ &&
        $1 " " $2 !~ /^libdtls\/crypto\/aead_gcm_ipsec\.c (intel-ipsec-mb|stdatomic)\.h$/ &&
        $1 " " $2 !~ /^libdtls\/crypto\/random_(linux\.c (errno|sys\/random)|darwin\.c sys\/random)\.h$/ &&
        $1 " " $2 !~ /^libdtls\/crypto\/random_windows\.c (bcrypt|windows)\.h$/ { print $1 " includes " $2 }' |
    empty "below adapters/ nobody knows sockets, clocks or threads"

includes include/dtls/*.h | awk '$2 !~ /^(dtls\/[a-z_]*|std[a-z]*)\.h$/ &&
        !($1 ~ /^include\/dtls\/(ev|redis)\.h$/ && $2 ~ /^(ev|sys\/socket)\.h$/) { print $1 " includes " $2 }' |
    empty "the public headers include nothing private"
finish
