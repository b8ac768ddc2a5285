# keyboards.sh - one of our programs ("ours") and one of another library ("peer"), each with a keyboard: what happens
# when something is typed at either. Sourced after peers.sh. File descriptor 9 types at ours, 7 at the peer; what they
# say is in ours.out and peer.out. A script says in peer_close what is typed at the peer's client to make it close, and
# in peer_hears_close what the peer's server says when our client has closed.

patience=600 # twentieths of a second: virtual machines start slowly on a busy computer
most_kilobytes=unlimited # Erlang's compiled code is in a file too

# Each kind of certificate, each suite and each group; peers.sh tries more of them together.
combinations="
p256 ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519
p256 ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 secp256r1
p384 ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 secp384r1
ed25519 ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519
rsa2048 ECDHE_RSA_WITH_AES_128_GCM_SHA256 secp384r1
rsa2048 ECDHE_RSA_WITH_AES_256_GCM_SHA384 x25519
rsa2048 ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 secp256r1
"

type_at() { # WHO LINE...: in one piece, as cat writes what printf would write line by line
    local to=7
    [ "$1" != ours ] || to=9
    shift
    printf '%s\n' "$@" >"$room/typed"
    cat "$room/typed" >&$to
}

says() { # WHO PATTERN
    wait_for "$2" "$room/$1.out"
}

says_times() { # COUNT WHO PATTERN: in so many lines
    for _ in $(seq $patience); do
        [ "$(grep -c -- "$3" "$room/$2.out")" -ge "$1" ] && return 0
        sleep 0.05
    done
    return 1
}

has_not_said() { # WHO PATTERN
    ! grep -q -- "$2" "$room/$1.out"
}

# ---- our client at the peer's server, which start_peer has started ----

visit_peer() { # OPTIONS...
    ours=client
    give_us_a_keyboard
    timeout --foreground 100 "$client" --json --commands "$@" 127.0.0.1 "$port" <&9 >"$room/ours.out" 2>"$room/ours.err" &
    ours_pid=$!
    started+=($ours_pid)
    says ours '"open"\|"failed"' && says ours '"open"'
}

# ---- the peer's client at our server ----

serve_peer() { # OPTIONS...: sets port
    ours=server
    give_us_a_keyboard
    "$server" --json --commands --port 0 "$@" <&9 >"$room/ours.out" 2>"$room/ours.err" &
    ours_pid=$!
    started+=($ours_pid)
    says ours '"listening"' || return 1
    port=$(sed -n 's/.*"event":"listening".*"port":\([0-9]*\).*/\1/p' "$room/ours.out")
}

let_peer_in() { # COMMAND...: PORT in it stands for our server's
    rm -f "$room/keyboard"
    mkfifo "$room/keyboard"
    exec 7<>"$room/keyboard"
    : >"$room/peer.out"
    timeout --foreground 100 stdbuf -o0 "${@//PORT/$port}" <&7 >"$room/peer.out" 2>&1 &
    peer_pid=$!
    started+=($peer_pid)
    says ours '"open"'
}

give_us_a_keyboard() {
    rm -f "$room/ours.in"
    mkfifo "$room/ours.in"
    exec 9<>"$room/ours.in"
    : >"$room/ours.out"
}

# ---- both ----

word=0
both_speak() { # each says a line that arrives at the other; servers echo
    word=$((word + 1))
    if [ "$ours" = client ]; then
        type_at ours "line-$word" && says ours "\"data\".*line-$word"
    else
        type_at peer "line-$word" && says peer "line-$word" && type_at ours "unasked-$word" && says peer "unasked-$word"
    fi
}

is_renewed() { # RESUMED EPOCH
    says ours '"rehandshake_done".*"resumed":'"$1"',"epoch":'"$2"
}

unsafe="the peer does not support secure renegotiation and extended master secret"
refuses_unsafe() { # MODE: ours, which is told to begin one
    type_at ours ":rehandshake $1" && says ours '"rehandshake_start".*"mode":"'"$1"'","error":"'"$unsafe"'"'
}

# The client closes, and its server hears it; ours has nothing to complain about.
end() {
    if [ "$ours" = client ]; then
        type_at ours :close
    else
        type_at peer "$peer_close" && says ours '"closed"'
        kill -TERM "$ours_pid"
    fi
    wait "$ours_pid" && [ ! -s "$room/ours.err" ] || return 1
    [ "$ours" = server ] || says peer "$peer_hears_close" || return 1
    clean_up
}

# The peer has ended the association with a fatal alert: ours says so, and goes on or ends as it should.
end_killed() { # ALERT
    local status
    says ours '"failed".*"error":"the peer sent a fatal alert","alert":"'"$1"'"'
    if [ "$ours" = client ]; then
        wait "$ours_pid"
        status=$?
        clean_up
        [ $status = 1 ] && grep -q 'the peer sent a fatal alert' "$room/ours.err"
    else
        kill -TERM "$ours_pid" && wait "$ours_pid" && [ ! -s "$room/ours.err" ] && clean_up
    fi
}

clean_up() {
    stop_peer
    [ -z "${impair_pid:-}" ] || stop "$impair_pid"
    return 0
}
