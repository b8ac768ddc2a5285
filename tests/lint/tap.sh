# tap.sh - what the lint scripts share. Sourced in the source directory.

needs() { # PROGRAM: without it the script is one skip, which `./dev test` counts as a failure
    command -v "$1" > /dev/null || { echo "1..0 # SKIP $1 is not installed"; exit 0; }
}

shopt -s lastpipe # the last part of a pipe runs here, and may count
tests=0 failures=0
empty() { # DESCRIPTION: what comes in is what is wrong
    local wrong
    wrong=$(cat)
    tests=$((tests + 1))
    if [ -z "$wrong" ]; then
        echo "ok $tests - $1"
    else
        echo "not ok $tests - $1"
        echo "$wrong" | head -n 200 | sed 's/^/# /'
        failures=$((failures + 1))
    fi
}

finish() {
    echo "1..$tests"
    [ "$failures" = 0 ]
}
