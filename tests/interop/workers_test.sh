#!/bin/bash
# workers_test.sh - dtls-server with several workers, with threads for public-key work, and with another certificate.
# Usage: workers_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
. "$(dirname "$0")/tap.sh"
patience=400 # an old certificate is retired some seconds after its last association

certificate() { # NAME OPENSSL-REQ-OPTIONS...: NAME.pem and NAME.key
    local name=$1
    shift
    openssl req -x509 -nodes -subj "/CN=$name" -days 2 -keyout "$room/$name.key" -out "$room/$name.pem" "$@" 2>/dev/null
}
certificate one -newkey ec -pkeyopt ec_paramgen_curve:P-256
certificate two -newkey ec -pkeyopt ec_paramgen_curve:P-256
certificate rsa -newkey rsa:2048

fingerprint_of() { # NAME
    echo "SHA-256:$(openssl x509 -in "$room/$1.pem" -noout -fingerprint -sha256 | sed 's/.*=//')"
}

# ---- mistakes ----

check "0 workers" mistake "'0'" "$server" --port 0 --workers 0
check "65 workers" mistake "'65'" "$server" --port 0 --workers 65
check "workers in the client" mistake --workers "$client" --workers 2 127.0.0.1 4433
check "0 associations" mistake "'0'" "$server" --port 0 --max-associations 0
check "fewer associations than workers" mistake --max-associations "$server" --port 0 --workers 4 --max-associations 3
check "65 threads for jobs" mistake "'65'" "$server" --port 0 --job-threads 65
check "no number of threads" mistake many "$server" --port 0 --job-threads many
check "commands for several workers" mistake --commands "$server" --port 0 --workers 2 --commands

# ---- several workers ----

worker_has() { # NUMBER PATTERN
    grep -q "$2"'.*"worker":'"$1," "$room/server.out" || grep -q '"worker":'"$1,.*$2" "$room/server.out"
}

check "a server with two workers starts" start_server --workers 2
check "its port is not for another such server" mistake "$port" "$server" --port "$port" --workers 2

both_echo() { # one client in 2^40 runs meets the same worker forty times
    local i
    for i in $(seq 40); do
        talk && grep -q '^hello$' "$room/client.out" || return 1
        worker_has 1 '"event":"open"' && worker_has 2 '"event":"open"' && [ "$i" -ge 6 ] && return 0
    done
    return 1
}
check "clients are echoed, by both workers" both_echo

both_resume() {
    local i
    rm -f "$room/session"
    talk --resume "$room/session" || return 1
    for i in $(seq 40); do
        talk --json --resume "$room/session" && grep -q '"event":"open".*"resumed":true' "$room/client.out" || return 1
        worker_has 1 '"resumed":true' && worker_has 2 '"resumed":true' && return 0
    done
    return 1
}
check "a ticket is good for both workers" both_resume

flow() { # NAME OPTIONS...: in the background; its number is in $flowing
    local name=$1
    shift
    : >"$room/$name.out"
    timeout --foreground 90 "$client" --json --flow 100 "$@" 127.0.0.1 "$port" </dev/null >"$room/$name.out" 2>"$room/$name.err" &
    flowing=$!
    started+=($flowing)
}

loses_nothing() { # NAME
    grep -q '"event":"report".*"lost":0' "$room/$1.out"
}

flows_side_by_side() { # and their events come one a line
    local i flows=()
    for i in 1 2 3 4 5 6; do
        flow "flow$i" --for 2 --rehandshake-every 1.1 --rehandshake-first 0.4
        flows+=($flowing)
    done
    for i in 1 2 3 4 5 6; do
        wait "${flows[i - 1]}" && loses_nothing "flow$i" || return 1
    done
    [ "$(grep -c '"event":"rehandshake_done"' "$room/server.out")" -ge 12 ] && [ ! -s "$room/server.err" ] &&
        ! grep -qv '^{"event":[^{]*\({[^{]*\)\?}$' "$room/server.out"
}
check "flows through both workers lose nothing" flows_side_by_side

ends_all() { # clients of both workers, each with a close_notify
    local i flows=()
    for i in 1 2 3 4 5 6 7 8; do
        flow "flow$i" --for 60
        flows+=($flowing)
    done
    for i in 1 2 3 4 5 6 7 8; do
        wait_for '"event":"open"' "$room/flow$i.out" || return 1
    done
    stop_server || return 1
    for i in 1 2 3 4 5 6 7 8; do
        wait "${flows[i - 1]}"
        grep -q '"event":"closed"' "$room/flow$i.out" && grep -q 'the peer closed' "$room/flow$i.err" || return 1
    done
    [ "$(grep -c '"event":"closed"' "$room/server.out")" -ge 8 ] && [ ! -s "$room/server.err" ]
}
check "SIGTERM ends every worker, and closes every association" ends_all

interrupted() {
    start_server --workers 3 --job-threads 2 || return 1
    kill -INT "$server_pid" && wait "$server_pid"
}
check "SIGINT does the same, with nobody there" interrupted

is_full() { # while one client is there, another is not answered
    start_server --max-associations 1 || return 1
    flow flow1 --for 60
    wait_for '"event":"open"' "$room/flow1.out" || return 1
    printf 'x\n' | timeout --foreground 20 "$client" --initial-timeout 50 --handshake-timeout 300 127.0.0.1 "$port" \
        >"$room/client.out" 2>"$room/client.err"
    [ $? = 1 ] && kill -INT $flowing && wait $flowing && wait_for '"event":"closed"' "$room/server.out" && talk && stop_server
}
check "--max-associations 1 serves one client at a time" is_full

shares_out() { # one association for each of two workers: others are not answered, whoever would have room
    start_server --workers 2 --max-associations 2 || return 1
    local i flows=() opened
    for i in 1 2 3 4 5 6 7 8; do
        flow "flow$i" --for 2 --initial-timeout 50 --handshake-timeout 500
        flows+=($flowing)
    done
    for i in 1 2 3 4 5 6 7 8; do
        wait "${flows[i - 1]}"
    done
    opened=$(cat "$room"/flow?.out | grep -c '"event":"open"')
    [ "$opened" = 1 ] || [ "$opened" = 2 ] || return 1
    [ "$(grep -c '"event":"open"' "$room/server.out")" = "$opened" ] && stop_server
}
check "--max-associations is shared out among the workers" shares_out

# ---- another certificate ----

install() { # NAME: what --cert and --key name
    cp "$room/$1.pem" "$room/live.pem" && cp "$room/$1.key" "$room/live.key"
}

sees() { # NAME: a new client gets this certificate
    talk --json --pin "$(fingerprint_of "$1")" && grep -q '"text":"hello"' "$room/client.out"
}

events() { # EVENT NAME: how often the server told this of that certificate
    grep -c '"event":"'"$1"'".*"fingerprint":"'"$(fingerprint_of "$2")"'"}' "$room/server.out"
}

reloads_under_a_flow() { # OPTIONS...; the live client pins the old certificate, in full rehandshakes, too
    install one && start_server --cert "$room/live.pem" --key "$room/live.key" "$@" || return 1
    flow flow1 --for 4 --rehandshake-every 0.7 --pin "$(fingerprint_of one)"
    wait_for '"event":"rehandshake_done"' "$room/flow1.out" && install two && kill -HUP "$server_pid" &&
        wait_for '"event":"reloaded"' "$room/server.out" && [ "$(events reloaded two)" = 1 ] && sees two || return 1
    [ "$(events retired one)" = 0 ] && sleep 1 && [ "$(events retired one)" = 0 ] && wait $flowing &&
        loses_nothing flow1 && [ "$(grep -c '"event":"rehandshake_done"' "$room/flow1.out")" -ge 4 ] &&
        wait_for '"event":"retired"' "$room/server.out" && [ "$(events retired one)" = 1 ] && sees two &&
        [ ! -s "$room/server.err" ] && stop_server
}
check "SIGHUP brings another certificate, and the live client keeps its own" reloads_under_a_flow
check "the same with workers, and with threads for jobs" reloads_under_a_flow --workers 2 --job-threads 1

not_reloaded() { # WORD: one line more, with the word in it, and the old certificate
    local lines
    lines=$(wc -l <"$room/server.err")
    kill -HUP "$server_pid"
    for _ in $(seq $patience); do
        [ "$(wc -l <"$room/server.err")" = "$lines" ] || break
        sleep 0.05
    done
    [ "$(wc -l <"$room/server.err")" = $((lines + 1)) ] && tail -n 1 "$room/server.err" | grep -qF -- "$1" && sees one
}

survives_bad_files() {
    install one && start_server --workers 2 --cert "$room/live.pem" --key "$room/live.key" \
        --suites ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 || return 1
    echo "not PEM" >"$room/live.pem"
    not_reloaded "not reloaded: $room/live.pem" || return 1
    rm "$room/live.key"
    not_reloaded "not reloaded: $room/live.key" || return 1
    cp "$room/two.pem" "$room/live.pem" && cp "$room/one.key" "$room/live.key"
    not_reloaded "not reloaded: $room/live.pem and $room/live.key" || return 1
    install rsa # good files, but no suite for such a key
    not_reloaded "not reloaded: suites" || return 1
    ! grep -q '"reloaded"' "$room/server.out" && install two && kill -HUP "$server_pid" &&
        wait_for '"event":"reloaded"' "$room/server.out" && sees two && stop_server
}
check "bad files change nothing, and one line says so" survives_bad_files

reloads_often() { # while clients come and go
    install one && start_server --workers 2 --cert "$room/live.pem" --key "$room/live.key" || return 1
    local i
    for i in 1 2 3 4; do
        install two && kill -HUP "$server_pid" && talk && install one && kill -HUP "$server_pid" && talk || return 1
    done
    for _ in $(seq $patience); do
        sees one && break
    done
    sees one && [ ! -s "$room/server.err" ] && stop_server
}
check "certificates may change often" reloads_often

nothing_to_reload() {
    start_server && kill -HUP "$server_pid" && wait_for 'no --cert' "$room/server.err" &&
        [ "$(wc -l <"$room/server.err")" = 1 ] && talk && stop_server
}
check "a server with a certificate made for this run goes on after SIGHUP" nothing_to_reload

# ---- threads for public-key work ----

woken() { # how often the server's threads, but for the first, have waited for something
    cat "/proc/$server_pid/task/"[0-9]*/status |
        awk -v first="$server_pid" '/^Pid:/ { pid = $2 } /^voluntary_ctxt/ && pid != first { sum += $2 } END { print sum + 0 }'
}

works_on_threads() { # two jobs in each of eight handshakes or more, and the threads have nothing else to do
    start_server --cert "$room/rsa.pem" --key "$room/rsa.key" --job-threads 2 || return 1
    local i flows=() before
    before=$(woken)
    for i in 1 2 3 4; do
        flow "flow$i" --for 2 --rehandshake-every 0.3 --pin "$(fingerprint_of rsa)"
        flows+=($flowing)
    done
    for i in 1 2 3 4; do
        wait "${flows[i - 1]}" && loses_nothing "flow$i" &&
            grep -q '"event":"rehandshake_done".*"resumed":false' "$room/flow$i.out" || return 1
    done
    [ $(($(woken) - before)) -ge 8 ] && [ ! -s "$room/server.err" ] && stop_server
}
check "RSA signatures are made on threads, and flows lose nothing" works_on_threads

finish
