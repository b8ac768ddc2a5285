# peers.sh - what the scripts share in which another library's program is the other side. Sourced after tap.sh.
# A script says how its peers are started, in peer_client, and how its server answers a line, in peer_answers.

impair=$(program udp-impair)
identity=$(cd "$(dirname "${BASH_SOURCE[0]}")/../data/identity" && pwd)

need() { # PROGRAM...: without them the whole script is skipped
    local name
    for name in "$@"; do
        command -v "$name" >"$room/where" && continue
        echo "1..0 # SKIP $name is not installed"
        exit 0
    done
}

fingerprint_of() { # FILE: its first certificate's, as our programs write it
    echo "SHA-256:$(openssl x509 -in "$1" -noout -fingerprint -sha256 | sed 's/.*=//')"
}

# ---- our client, the peer's server ----

# gnutls-serv repeats a line for ever after some errors: not more than 20 MB of them.
most_kilobytes=20000

# A server on a free port, which stands for PORT in COMMAND. Its stdin has no end: file descriptor 7 types at it.
start_peer() { # READY COMMAND...: sets port, peer_pid
    local ready=$1
    shift
    rm -f "$room/keyboard"
    mkfifo "$room/keyboard"
    exec 7<>"$room/keyboard"
    for _ in 1 2 3 4 5; do # below the ports that are given to clients
        port=$((20000 + RANDOM % 10000))
        : >"$room/peer.out"
        (ulimit -f "$most_kilobytes"; exec timeout --foreground 100 stdbuf -oL "${@//PORT/$port}") <&7 >"$room/peer.out" 2>&1 &
        peer_pid=$!
        started+=($peer_pid)
        wait_for "$ready" "$room/peer.out" && return 0
        stop "$peer_pid"
    done
    return 1
}

# The server of identity-peer-LIBRARY: without what start_peer puts in front of it, which ASan does not like.
start_identity_peer() { # PROGRAM OPTIONS...
    local program=$1
    shift
    start_peer ready env -u LD_PRELOAD "$program" server PORT "$@"
}

stop_peer() {
    stop "$peer_pid" && wait "$peer_pid" 2>/dev/null
    return 0 # they end by the signal
}

word=0
meet_server() { # OPTIONS...: our client and the peer's server say a line to each other, then our client closes
    word=$((word + 1))
    { echo "line-$word"; peer_answers "line-$word"; wait_for "\"data\".*\"line-$word" "$room/client.out"; } |
        timeout --foreground 20 "$client" --json "$@" 127.0.0.1 "$port" >"$room/client.out" 2>"$room/client.err" &&
        grep -q '"event":"closed"' "$room/client.out" && grep -q "\"data\".*\"line-$word" "$room/client.out"
}

client_says() { # PATTERN
    grep -q -- "$1" "$room/client.out"
}

# ---- our server, the peer's client ----

meet_client() { # OPTIONS...: the peer's client says a line to our server, which echoes, then the client closes
    word=$((word + 1))
    seen=$(wc -l <"$room/server.out")
    { echo "line-$word"; wait_for "line-$word" "$room/peer.out"; } |
        timeout --foreground 10 "${peer_client[@]//PORT/$port}" "$@" >"$room/peer.out" 2>"$room/peer.err" &&
        grep -q "line-$word" "$room/peer.out" && server_says '"event":"closed"'
}

server_says() { # PATTERN: about the last client
    for _ in $(seq 100); do
        tail -n +$((seen + 1)) "$room/server.out" | grep -q -- "$1" && return 0
        sleep 0.05
    done
    return 1
}

# ---- between them ----

start_path() { # UDP-IMPAIR'S OPTIONS...: a proxy at $port now, to what was there
    : >"$room/impair.out"
    "$impair" --listen 0 --to "127.0.0.1:$port" --json "$@" >"$room/impair.out" 2>"$room/impair.err" &
    impair_pid=$!
    started+=($impair_pid)
    wait_for listening "$room/impair.out" || return 1
    port=$(sed -n 's/.*"listening".*"port":\([0-9]*\).*/\1/p' "$room/impair.out")
}

start_narrow_path() { # it drops datagrams above 512 bytes
    start_path --mtu 512
}

stop_narrow_path() { # DIRECTION: nothing was too large for it, and DIRECTION took the 8 datagrams that a chain needs
    kill "$impair_pid" && wait "$impair_pid" && [ "$(grep -c '"too_large":0' "$room/impair.out")" = 2 ] &&
        [ "$(sed -n 's/.*"'"$1"'","datagrams":\([0-9]*\).*/\1/p' "$room/impair.out")" -ge 8 ]
}

# ---- what they have in common with us ----

# Certificate, suite, group: each suite, each group and each kind of certificate, and all of P-256's combinations.
combinations="
p256 ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519
p256 ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 secp256r1
p256 ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 secp384r1
p256 ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 x25519
p256 ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 secp256r1
p256 ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 secp384r1
p256 ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 x25519
p256 ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 secp256r1
p256 ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 secp384r1
p384 ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 secp384r1
ed25519 ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519
rsa2048 ECDHE_RSA_WITH_AES_128_GCM_SHA256 x25519
rsa2048 ECDHE_RSA_WITH_AES_256_GCM_SHA384 secp384r1
rsa2048 ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 secp256r1
"

each_combination() { # COMMAND...: called with IDENTITY SUITE GROUP appended
    local kind suite group
    while read -r kind suite group <&8; do
        [ -z "$kind" ] || "$@" "$kind" "$suite" "$group"
    done 8<<<"$combinations"
}

# What a client offers so that GROUP is chosen: an ECDSA certificate's curve has to be among its groups (RFC 8422, 5.1).
groups_for() { # IDENTITY GROUP
    case $1:$2 in
    p256:secp256r1) echo "$2" ;;
    p256:*) echo "$2,secp256r1" ;;
    *) echo "$2" ;;
    esac
}
