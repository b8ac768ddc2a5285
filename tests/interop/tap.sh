# tap.sh - what the interop scripts share: TAP lines, processes that end with the script, our programs in them.
# Sourced by a script that has put the build directory into $build; the script's last line is `finish`.

program() { # the built program NAME, wherever the build put it; without it the script ends, also from within $( )
    local found
    found=$(find "$build" -type f -name "$1" -perm -u+x -not -path '*.p/*' | head -n 1)
    [ -n "$found" ] || { echo "Bail out! $1 is not built" >&2; kill -TERM $$; exit 1; }
    echo "$found"
}
server=$(program dtls-server) client=$(program dtls-client)
room=$(mktemp -d)
started=()
trap 'for pid in "${started[@]}"; do stop "$pid"; done; rm -rf "$room"' EXIT

# ---- TAP ----

tests=0 failures=0
check() { # DESCRIPTION COMMAND...
    local name=$1
    shift
    tests=$((tests + 1))
    if "$@"; then
        echo "ok $tests - $name"
    else
        echo "not ok $tests - $name"
        failures=$((failures + 1))
        tail -n 5 "$room"/*.out "$room"/*.err 2>/dev/null | sed 's/^/# /'
    fi
}

skip() { # DESCRIPTION REASON
    tests=$((tests + 1))
    echo "ok $tests - $1 # SKIP $2"
}

finish() {
    echo "1..$tests"
    [ "$failures" = 0 ]
}

mistake() { # WORD COMMAND...: exit 2, exactly one line on stderr, WORD in it, nothing on stdout
    local word=$1 status
    shift
    timeout --foreground 10 "$@" >"$room/mistake.out" 2>"$room/mistake.err" </dev/null
    status=$?
    [ $status = 2 ] && [ "$(wc -l <"$room/mistake.err")" = 1 ] && [ ! -s "$room/mistake.out" ] &&
        grep -qF -- "$word" "$room/mistake.err"
}

# ---- processes ----

stop() { # PID: false when it has ended; its number may be somebody else's by now
    [[ $'\n'$(jobs -pr)$'\n' == *$'\n'"$1"$'\n'* ]] && kill "$1" 2>/dev/null
}

patience=100 # twentieths of a second
wait_for() { # WORD FILE
    for _ in $(seq $patience); do
        grep -qs -- "$1" "$2" && return 0
        sleep 0.05
    done
    return 1
}

start_server() { # OPTIONS...: sets port, fingerprint, server_pid
    : >"$room/server.out" # here and now: what the one before said is not taken for this one's
    "$server" --json --port 0 "$@" >"$room/server.out" 2>"$room/server.err" &
    server_pid=$!
    started+=($server_pid)
    wait_for '"listening"' "$room/server.out"
    port=$(sed -n 's/.*"event":"listening".*"port":\([0-9]*\).*/\1/p' "$room/server.out")
    fingerprint=$(sed -n 's/.*"event":"listening".*"fingerprint":"\([^"]*\)".*/\1/p' "$room/server.out")
    [ -n "$port" ] && [ -n "$fingerprint" ]
}

stop_server() { # true when it ends with exit 0
    kill -TERM "$server_pid" && wait "$server_pid"
}

talk() { # OPTIONS...: one line each way; the client's own output in client.out, client.err
    printf 'hello\n' | timeout --foreground 20 "$client" "$@" 127.0.0.1 "$port" >"$room/client.out" 2>"$room/client.err"
}
