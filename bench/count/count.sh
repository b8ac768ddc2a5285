#!/bin/bash
# count.sh BUILD_DIR [--write] - instructions of a record and of handshakes, both ends together, as valgrind counts them,
# against those in baseline.json. Prints TAP; fails where there are more than a tenth more. They depend on the compiler
# and on nettle: where these are others than the baseline's, there is nothing to compare with. --write takes today's.
set -u
export LC_ALL=C MALLOC_PERTURB_=0 # which meson sets, and malloc works for

here=$(cd "$(dirname "$0")" && pwd)
baseline=$here/baseline.json
count=$(find "$1" -name count -type f -perm -u+x | head -n 1)
works="record-160:2000 record-1200:1000 full:4 resumed:100 rehandshake:100"
# All that ends in the machine's own words.
on="$(${CC:-cc} --version | head -n 1), nettle $(pkg-config --modversion nettle), $(uname -m)"

instructions() { # WORK TIMES
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$count" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\)$/\1/p'
}

each() { # WORK TIMES: of one more of it
    local some more
    some=$(instructions "$1" "$2") && more=$(instructions "$1" $((2 * $2)))
    [ -n "$some" ] && [ -n "$more" ] && echo $(((more - some) / $2))
}

was() { # WORK
    sed -n 's/^  "'"$1"'": \([0-9]*\),*$/\1/p' "$baseline"
}

if [ "${2-}" = --write ]; then
    {
        printf '{\n  "on": "%s"' "$on"
        for work in $works; do
            printf ',\n  "%s": %s' "${work%:*}" "$(each "${work%:*}" "${work#*:}")"
        done
        printf '\n}\n'
    } >"$baseline.new" && mv "$baseline.new" "$baseline"
    cat "$baseline"
    exit
fi
if [ "$(sed -n 's/^  "on": "\(.*\)",$/\1/p' "$baseline")" != "$on" ]; then
    echo "1..0 # SKIP the baseline is of another compiler, nettle or machine than $on"
    exit 0
fi
number=0 status=0
for work in $works; do
    number=$((number + 1))
    now=$(each "${work%:*}" "${work#*:}") before=$(was "${work%:*}")
    words="${work%:*}: $now instructions, $before in the baseline"
    if [ -n "$now" ] && [ -n "$before" ] && [ $((10 * now)) -le $((11 * before)) ]; then
        echo "ok $number - $words"
    else
        echo "not ok $number - $words"
        status=1
    fi
done
echo "1..$number"
exit $status
