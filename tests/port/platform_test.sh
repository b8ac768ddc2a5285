#!/bin/bash
# platform_test.sh BUILD-DIRECTORY SOURCE-DIRECTORY - what the core asks of its platform: functions of C11, nettle, gmp,
# and in one file a source of randomness. (Its headers are tests/lint/floors_test.sh's.)
# The file for macOS is no part of this build, and tried beside it: getentropy(2) is the same here.
set -u
export LC_ALL=C
CC=${CC:-cc}
build=$1
cd "$2" || exit 1
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
echo "1..2"

check() { # number words: what came before must have succeeded
    if [ "$status" = 0 ]; then echo "ok $1 - $2"; else echo "not ok $1 - $2"; head -n 20 "$room/log" | sed 's/^/# /'; fi
}

# Undefined here and in no other object of the core: "object function". What compilers, sanitizers and coverage add is not
# ours: calls for memcmp or assert under other names, stack protectors, what begins with __asan_ and the like.
core=$(find "$build/libdtls/libdtls-core.a.p" -name '*.o')
# shellcheck disable=SC2086
nm -A $core | awk '
    { object = $1; sub(/.*\//, "", object); sub(/:[0-9a-f]*$/, "", object); name = $NF; sub(/@.*/, "", name) }
    $(NF - 1) == "U" { wanted[object " " name] = name; next }
    $(NF - 1) ~ /^[A-Z]$/ { ours[name] = 1 }
    END { for (each in wanted) if (!(wanted[each] in ours)) print each }' |
    grep -vE ' (__asan|__ubsan|__tsan|__gcov|__llvm|__sanitizer|__stack_chk|_GLOBAL_OFFSET_TABLE_)' | sort > "$room/asked"
grep -vE ' (nettle_|_nettle_|__gmp)' "$room/asked" |
    grep -vE ' (__assert_fail|calloc|free|mem(chr|cmp|cpy|move|set)|snprintf|str(n?cmp|r?chr|len|str)|bcmp|__[a-z]*_chk)$' |
    grep -vE '^crypto_random_linux\.c\.o (getrandom|__errno_location)$' |
    grep -v '^crypto_aead_gcm_ipsec\.c\.o ' > "$room/log"
[ ! -s "$room/log" ] && [ "$(wc -l < "$room/asked")" -ge 100 ]
status=$?
check 1 "the core calls C11, nettle and gmp, and one file the system's randomness"

# macOS's, where glibc wants to be asked before it tells of getentropy.
cat > "$room/darwin.c" << 'PROGRAM'
#include <string.h>

#include "dtls/identity.h"

int dtls_system_random(void *arg, uint8_t *out, size_t len);

int main(void)
{
    static uint8_t bytes[1000], zeroes[32];

    if (dtls_system_random(NULL, bytes, sizeof bytes) != DTLS_OK)
        return 1;
    for (size_t at = 0; at + sizeof zeroes <= sizeof bytes; at += 8)
        if (memcmp(bytes + at, zeroes, sizeof zeroes) == 0)
            return 2;
    return dtls_system_random(NULL, bytes, 0) != DTLS_OK;
}
PROGRAM
$CC -std=c11 -D_DEFAULT_SOURCE -Wall -Wextra -Werror -I include -o "$room/darwin" "$room/darwin.c" \
    libdtls/crypto/random_darwin.c > "$room/log" 2>&1 && "$room/darwin"
status=$?
check 2 "random_darwin.c fills whatever it is given"
