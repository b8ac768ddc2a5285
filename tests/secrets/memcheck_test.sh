#!/bin/bash
# memcheck_test.sh - runs memcheck.c under valgrind: what is done on purpose has to be seen, and nothing else.
# Usage: memcheck_test.sh VALGRIND PROGRAM EXCEPTIONS. Prints TAP.
set -u

valgrind=$1 program=$2 exceptions=$3
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT

tests=0 failures=0
report() { # STATUS DESCRIPTION
    tests=$((tests + 1))
    if [ "$1" = 0 ]; then
        echo "ok $tests - $2"
    else
        echo "not ok $tests - $2"
        failures=$((failures + 1))
    fi
}

memcheck() { # PROGRAM'S ARGUMENTS...: exit 99 when it sees anything; then the log says what
    "$valgrind" --tool=memcheck --error-exitcode=99 --error-limit=no --num-callers=40 --suppressions="$exceptions" \
        --log-file="$room/log" "$program" "$@" >"$room/out"
}

# The first frame of each entry is of nettle, hogweed or gmp, and each names a function.
exceptions_are_not_ours() {
    awk '
        /^[[:space:]]*(#|$)/ { next }
        $1 == "{" { frames = 0; names = 0; getline; next }
        $1 ~ /^Memcheck:(Cond|Value[0-9]+)$/ { next }
        $1 == "}" { if (frames == 0 || names == 0) bad = 1; next }
        {
            if (++frames == 1 && $1 !~ /^(obj:\*\/lib(nettle|hogweed|gmp)\.so\.\*|fun:(_?nettle_|__gmp)[a-z0-9_]+\*?)$/)
                bad = 1
            if ($1 ~ /^fun:[_a-z]/)
                names++
        }
        END { exit bad }' "$exceptions"
}

sees() { # DEPENDENCE TEXT: memcheck reports it, and where
    memcheck --depend "$1"
    [ $? = 99 ] && grep -q "$2" "$room/log" && grep -q "\(at\|by\) 0x[0-9A-F]*: $1 " "$room/log"
}

exceptions_are_not_ours
report $? "every exception begins in nettle, hogweed or gmp"
sees branch "Conditional jump or move depends on uninitialised value"
report $? "a branch on a master secret is seen"
sees index "Use of uninitialised value"
report $? "an index that is a byte of a master secret is seen"
sees dtls_bytes_equal "Conditional jump or move depends on uninitialised value"
report $? "a comparison in libdtls that is not in constant time is seen"

memcheck
status=$?
while read -r line; do
    case $line in
    "ok "*) report 0 "${line#*- }" ;;
    "not ok "*) report 1 "${line#*- }" ;;
    "#"*) echo "$line" ;;
    esac
done <"$room/out"
grep -q '^1\.\.' "$room/out" && [ $status = 0 ]
report $? "memcheck sees nothing but the exceptions"
[ $status = 0 ] || sed 's/^/# /' "$room/log" | head -n 200

echo "1..$tests"
[ $failures = 0 ]
