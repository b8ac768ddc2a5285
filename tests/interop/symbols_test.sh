#!/bin/bash
# symbols_test.sh BUILD-DIRECTORY SOURCE-DIRECTORY - what each library exports is what packaging/debian/*.symbols lists,
# and what the public headers declare: nothing by accident, nothing lost.
set -u
export LC_ALL=C # comm and sort agree
CC=${CC:-cc}
build=$1
cd "$2" || exit 1
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
tests=0 status=0

same() { # DESCRIPTION FILE FILE: of names, one a line; none at all is no success
    tests=$((tests + 1))
    if cmp -s "$2" "$3" && [ -s "$2" ]; then
        echo "ok $tests - $1"
    else
        echo "not ok $tests - $1"
        diff "$2" "$3" | sed -n 's/^< /# only the first has /p; s/^> /# only the second has /p'
        status=1
    fi
}

exported() { # LIBRARY: with --coverage gcov's names are in it, which are not ours
    nm -D --defined-only "$1" | awk 'NF == 3 { print $3 }' | grep -vE '^(__gcov_.*|mangle_path)$' | sort
}

listed() { # SYMBOLS-FILE
    sed -n 's/^ \([^@ ]*\)@.*/\1/p' "$1" | sort
}

# The functions that a header itself declares: what stands in front of a parenthesis, outside of braces and typedefs.
declared() { # HEADER...
    local header
    for header; do
        $CC -std=c11 -E '-D__attribute__(x)=' -I include "$header" | awk -v mark="\"$header\"" '
            /^# [0-9]/ { mine = $3 == mark; next }
            mine { text = text " " $0 }
            END {
                while (gsub(/\{[^{}]*\}/, "", text)) continue
                for (count = split(text, parts, ";"); count > 0; count--)
                    if (parts[count] !~ /^ *typedef / && match(parts[count], /[A-Za-z0-9_]+ *\(/)) {
                        name = substr(parts[count], RSTART, RLENGTH)
                        sub(/ *\($/, "", name)
                        print name
                    }
            }'
    done | sort
}

# A header of the name of a companion is the companion's; the rest are the engine's.
companions=(ev pkix redis srtp)
engine=()
for header in include/dtls/*.h; do
    name=$(basename "$header" .h)
    [[ " ${companions[*]} " == *" $name "* ]] || engine+=("$header")
done

look_at() { # LIBRARY HEADER...
    local name=$1 library
    shift
    library=$(find "$build/libdtls" -maxdepth 1 -type f -name "$name.so.*.*.*")
    if [ -z "$library" ]; then
        tests=$((tests + 1))
        echo "ok $tests - $name # SKIP not in this build"
        return
    fi
    exported "$library" > "$room/exported"
    listed "packaging/debian/${name}0.symbols" > "$room/listed"
    declared "$@" > "$room/declared"
    same "$name exports what packaging/debian/${name}0.symbols lists" "$room/exported" "$room/listed"
    same "$name exports what its headers declare" "$room/exported" "$room/declared"
}

look_at libdtls "${engine[@]}"
for name in "${companions[@]}"; do
    look_at "libdtls-$name" "include/dtls/$name.h"
done

# A library that is new here has to be added above.
find "$build/libdtls" -maxdepth 1 -type f -name '*.so.*.*.*' -printf '%f\n' | sed 's/\.so.*//' | sort > "$room/built"
printf 'libdtls\n' > "$room/known"
printf 'libdtls-%s\n' "${companions[@]}" >> "$room/known"
comm -23 "$room/built" <(sort "$room/known") > "$room/unknown"
tests=$((tests + 1))
if [ -s "$room/unknown" ]; then
    echo "not ok $tests - no other library is built"
    status=1
else
    echo "ok $tests - no other library is built"
fi
echo "1..$tests"
exit $status
