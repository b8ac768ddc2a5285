#!/bin/bash
# side_by_side_test.sh - bench/side_by_side and the commands of bench/peers that it plays: every implementation that was
# built has its rows, each of the form that is promised, with the ratios that its values give; and a user's mistakes. No
# figure is judged.
# Usage: side_by_side_test.sh BUILD_DIR SOURCE_DIR. Prints TAP.
set -u

build=$1 source=$2
. "$(dirname "$0")/tap.sh"
ours=$(program peer-libdtls) bare=$(program bare)

compare() {
    timeout --foreground 300 python3 "$source/bench/side_by_side/side_by_side.py" "$build" --quick "$@" \
        >"$room/compare.out" 2>"$room/compare.err" && [ ! -s "$room/compare.err" ]
}

compare_mistake() { # WORD ARGUMENTS...
    local word=$1
    shift
    mistake "$word" python3 "$source/bench/side_by_side/side_by_side.py" "$@"
}

check "no build directory" compare_mistake BUILD_DIR
check "a build directory that is none" compare_mistake /nonexistent /nonexistent
check "one without the programs" compare_mistake bench/peers "$room"
check "a bench that is none" compare_mistake "'speed'" "$build" --only speed
check "a file that cannot be made" compare_mistake /nonexistent "$build" --only records --json /nonexistent/rows
check "a directory for pictures that is none" compare_mistake /nonexistent "$build" --plots /nonexistent
check "an unknown option" compare_mistake --fast "$build" --fast
check "records: a cipher that is none" mistake "'ROT13'" "$ours" records --cipher ROT13
check "  ... a size of 0" mistake "'0'" "$ours" records --size 0
check "  ... an option of the other command" mistake --kind "$ours" records --kind x25519
check "handshakes: a kind that is none" mistake "'x448'" "$ours" handshakes --kind x448
check "the limit of nothing" mistake "an argument is missing" "$bare"
check "  ... and of a resumed handshake" mistake "no public-key operations" "$bare" handshakes --kind resumed

built=()
for name in openssl gnutls mbedtls wolfssl; do
    if [ -x "$build/bench/peers/peer-$name" ]; then
        built+=("$name")
    else
        skip "$name has its rows" "its library was not there when this was built"
    fi
done

check "records, handshakes and memory in one run" compare --only records --only handshakes --only memory \
    --json "$room/rows" --markdown "$room/table" --plots "$room"
# Reads the rows as a program would: prints what is wrong.
judge() {
    python3 - "$room/rows" "$build" "$@" <<'END' | sed 's/^/# /'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
BUILD, *built = sys.argv[2:]
wrong = []
names = ["bench", "impl", "version", "case", "value", "unit", "spread_percent", "ratio_to_best_peer", "ratio_to_limit"]
wrong += [f"members of {row}" for row in rows if list(row) != names]
wrong += [f"no figure: {row}" for row in rows if not row["value"] > 0 and "rehandshakes" not in row["case"]]
cases = [("records", f"{cipher}, {size} bytes: {part}") for cipher in ("AES-128-GCM", "ChaCha20-Poly1305")
         for size in (64, 160, 512, 1200, 1400) for part in ("seal", "open", "seal + open")]
cases += [("handshakes", f"{kind}: {part}") for kind in ("full, x25519", "full, P-256", "resumed by ticket")
          for part in ("client", "server", "both")]
for bench, case in cases:
    found = {row["impl"]: row for row in rows if (row["bench"], row["case"]) == (bench, case)}
    want = {"libdtls", *built} - ({"wolfssl"} if "1400" in case else set())
    if "full" in case:
        want |= {"libdtls+stock"} | ({"libdtls+libcrypto"} if "openssl" in built else set())
    want |= set() if "resumed" in case else {"nettle"}
    if set(found) != want:
        wrong.append(f"{case}: {sorted(found)}")
    best = min((found[peer]["value"] for peer in built if peer in found), default=None)
    for row in found.values():
        if best and abs(row["ratio_to_best_peer"] * best / row["value"] - 1) > 0.02:
            wrong.append(f"to the best peer: {row}")
        if row["impl"] == "libdtls+libcrypto":
            wrong += [f"a limit of other operations: {row}"] if row["ratio_to_limit"] else []
        elif "nettle" in found and abs(row["ratio_to_limit"] * found["nettle"]["value"] / row["value"] - 1) > 0.02:
            wrong.append(f"to the limit: {row}")
sanitized = "-fsanitize" in open(BUILD + "/compile_commands.json").read()  # its malloc says nothing of the others
idle = {row["impl"] for row in rows if (row["bench"], row["case"]) == ("memory", "AES-128-GCM: server, idle")}
if idle != {"libdtls", *([] if sanitized else built)}:
    wrong.append(f"memory: {sorted(idle)}")
for line in wrong:
    print(line)
sys.exit(bool(wrong))
END
    [ "${PIPESTATUS[0]}" = 0 ]
}
check "every row is there, of the form that is promised, and its ratios are right" judge "${built[@]}"
if [ ${#built[@]} -gt 0 ]; then
    check "a table for the README" eval 'grep -q "^| resumed handshake" "$room/table" &&
        grep -q "$(date +%Y)" "$room/table"'
fi
for picture in records-aes-128-gcm records-chacha20-poly1305 handshakes memory; do
    check "  ... a picture of $picture" eval 'python3 -c "import sys, xml.dom.minidom as dom
sys.exit(len(dom.parse(sys.argv[1]).getElementsByTagName(\"rect\")) < 4)" "$room/$picture.svg"'
done

finish
