#!/bin/bash
# peers_matrix_test.sh - our engine and each other library (bench/peers), rehandshakes of every kind between them: what
# must hold on our side whatever the peer does, and what each peer does, as a table.
# Usage: peers_matrix_test.sh BUILD_DIR. Prints TAP.
set -u

build=$1
here=$(dirname "$0")
. "$here/tap.sh"

at_once=6   # pairs
length=2000 # ms of a call; half a second later it is closed
when=500    # ms after OPEN: the rehandshake
interval=10 # ms between records, each way
delay=50    # ms each way where records stream, so that a handshake has a middle for them to be in; nothing is lost
timeout=400 # ms: the first; more than a round trip

# What happens to the peer:
#   full, abbreviated   the rehandshake was done, and was of this kind
#   refused             it has asked, and knows that it was refused
#   nothing             none of these
#   dies: TEXT          the connection is over, for this reason of its own
#   we die: TEXT        the same of ours
#   silent              it lives, but sends nothing any more
#   loses               it has lost records that had arrived
#   late                it had to hold its own records back until the handshake was done
#   unsent              it has refused to send them
#   we wait             ours were held back (peer_model STRICT)
# Hardly any of this depends on timing: with 100 ms for each round trip and 10 ms between records there are always several
# under way, in each phase. Where it does, " or " stands between what may happen. It is the same with the libraries of Debian 12 (OpenSSL 3.0, GnuTLS 3.7, Mbed TLS 2.28) and of
# Debian 13 (3.5, 3.8, 3.6).
#
# The columns: the peer; its role; who asks for the rehandshake, and for which kind; do records stream; how the peer
# uses its library (bench/peers/README.md); and who refuses; or "cookie": the server asks for a cookie and a certificate;
# "old-cookie": for a cookie, and our client sends it again in the rehandshake; "strict": we take the peer for STRICT.
table=$(cat <<'END'
# peer    it is   asks    for          traffic  use        but        what happens to the peer
# OpenSSL: data in a handshake is fatal, but for SSL_read in a client that has sent no more than its ClientHello; so a
# careful client survives its own abbreviated rehandshake, which our one flight completes; then data under the old keys
# is dropped. Asked by a HelloRequest, a client always does a full one. A no is fatal, too.
openssl   client  peer    full         stream   plain      -          dies: unexpected record
openssl   client  peer    full         stream   careful    -          dies: unexpected record
openssl   client  peer    full         stream   filtering  -          full, loses, late
openssl   client  peer    full         quiet    careful    -          full
openssl   client  peer    abbreviated  stream   plain      -          dies: unexpected record
openssl   client  peer    abbreviated  stream   careful    -          abbreviated, loses, late
openssl   client  peer    abbreviated  stream   filtering  -          abbreviated, loses, late
openssl   client  peer    abbreviated  quiet    careful    -          abbreviated
openssl   client  we      full         stream   plain      -          dies: unexpected record
openssl   client  we      full         stream   careful    -          dies: unexpected record
openssl   client  we      full         stream   filtering  -          full, loses, late
openssl   client  we      full         quiet    careful    -          full
openssl   client  we      abbreviated  stream   plain      -          dies: unexpected record
openssl   client  we      abbreviated  stream   careful    -          dies: unexpected record
openssl   client  we      abbreviated  stream   filtering  -          full, loses, late
openssl   client  we      abbreviated  quiet    careful    -          full
openssl   server  peer    full         stream   plain      -          dies: unexpected record
openssl   server  peer    full         stream   careful    -          dies: unexpected record
openssl   server  peer    full         stream   filtering  -          full, loses, late
openssl   server  peer    full         quiet    careful    -          full
openssl   server  peer    abbreviated  stream   plain      -          dies: unexpected record
openssl   server  peer    abbreviated  stream   careful    -          dies: unexpected record
openssl   server  peer    abbreviated  stream   filtering  -          abbreviated, loses, late
openssl   server  peer    abbreviated  quiet    careful    -          abbreviated
openssl   server  we      full         stream   plain      -          dies: unexpected record
openssl   server  we      full         stream   careful    -          dies: unexpected record
openssl   server  we      full         stream   filtering  -          full, loses, late
openssl   server  we      full         quiet    careful    -          full
openssl   server  we      abbreviated  stream   plain      -          dies: unexpected record
openssl   server  we      abbreviated  stream   careful    -          dies: unexpected record
openssl   server  we      abbreviated  stream   filtering  -          abbreviated, loses, late
openssl   server  we      abbreviated  quiet    careful    -          abbreviated
openssl   client  we      full         stream   careful    it-refuses nothing
openssl   server  we      full         stream   careful    it-refuses nothing
openssl   client  peer    full         stream   careful    we-refuse  dies: no renegotiation
openssl   server  peer    full         stream   careful    we-refuse  dies: no renegotiation
openssl   client  nobody  -            quiet    careful    cookie     nothing
openssl   server  nobody  -            quiet    careful    cookie     nothing
# A libssl server asks for the cookie in a rehandshake, too, and then signs what no client but its own has seen.
openssl   server  we      full         quiet    careful    cookie     we die: the peer's signature is wrong

# GnuTLS: data in a handshake is thrown away by gnutls_handshake and gnutls_rehandshake, but gnutls_record_recv takes
# it. A server forgets the old keys with the client's last flight of a full one; what we send under them until its own
# has arrived (R2) is lost. A client offers no session of its own in a rehandshake.
gnutls    client  peer    full         stream   plain      -          full, loses
gnutls    client  peer    full         stream   careful    -          full, loses
gnutls    client  peer    full         stream   filtering  -          full
gnutls    client  peer    full         quiet    careful    -          full
gnutls    client  we      full         stream   plain      -          full, loses
gnutls    client  we      full         stream   careful    -          full, loses
gnutls    client  we      full         stream   filtering  -          full
gnutls    client  we      full         quiet    careful    -          full
gnutls    client  we      abbreviated  stream   plain      -          full, loses
gnutls    client  we      abbreviated  stream   careful    -          full, loses
gnutls    client  we      abbreviated  stream   filtering  -          full
gnutls    client  we      abbreviated  quiet    careful    -          full
gnutls    server  peer    full         stream   plain      -          full, loses
gnutls    server  peer    full         stream   careful    -          full, loses
gnutls    server  peer    full         stream   filtering  -          full, loses
gnutls    server  peer    full         quiet    careful    -          full
gnutls    server  peer    abbreviated  stream   plain      -          abbreviated, loses
gnutls    server  peer    abbreviated  stream   careful    -          abbreviated, loses
gnutls    server  peer    abbreviated  stream   filtering  -          abbreviated
gnutls    server  peer    abbreviated  quiet    careful    -          abbreviated
gnutls    server  we      full         stream   plain      -          full, loses
gnutls    server  we      full         stream   careful    -          full, loses
gnutls    server  we      full         stream   filtering  -          full, loses
gnutls    server  we      full         quiet    careful    -          full
gnutls    server  we      abbreviated  stream   plain      -          abbreviated, loses
gnutls    server  we      abbreviated  stream   careful    -          abbreviated, loses
gnutls    server  we      abbreviated  stream   filtering  -          abbreviated
gnutls    server  we      abbreviated  quiet    careful    -          abbreviated
gnutls    client  we      full         stream   careful    it-refuses nothing
gnutls    server  we      full         stream   careful    it-refuses nothing
gnutls    client  peer    full         stream   careful    we-refuse  refused, loses
gnutls    server  peer    full         stream   careful    we-refuse  refused, loses
gnutls    client  nobody  -            quiet    careful    cookie     nothing
gnutls    server  nobody  -            quiet    careful    cookie     nothing
gnutls    server  we      full         quiet    careful    cookie     full

# Mbed TLS: data in a handshake is thrown away, but for a careful client that waits for the ServerHello. It resumes
# nothing in a rehandshake. A client whose wish is refused goes on asking, and sends nothing else. In plain use, 16
# records without an answer to a HelloRequest or a ClientHello are the end; a round trip takes 10, if nobody is late.
mbedtls   client  peer    full         stream   plain      -          dies: SSL - Unexpected message at ServerHello in renegotiation
mbedtls   client  peer    full         stream   careful    -          full, loses, late
mbedtls   client  peer    full         quiet    careful    -          full
mbedtls   client  we      full         stream   plain      -          full, loses, unsent or dies: SSL - An unexpected message was received from our peer
mbedtls   client  we      full         stream   careful    -          full, loses, late
mbedtls   client  we      full         quiet    careful    -          full
mbedtls   client  we      abbreviated  stream   plain      -          full, loses, unsent or dies: SSL - An unexpected message was received from our peer
mbedtls   client  we      abbreviated  stream   careful    -          full, loses, late
mbedtls   client  we      abbreviated  quiet    careful    -          full
mbedtls   server  peer    full         stream   plain      -          full, loses, unsent or dies: SSL - An unexpected message was received from our peer
mbedtls   server  peer    full         stream   careful    -          full, loses, late
mbedtls   server  peer    full         quiet    careful    -          full
mbedtls   server  we      full         stream   plain      -          full, loses, unsent
mbedtls   server  we      full         stream   careful    -          full, loses, late
mbedtls   server  we      full         quiet    careful    -          full
mbedtls   server  we      abbreviated  stream   plain      -          full, loses, unsent
mbedtls   server  we      abbreviated  stream   careful    -          full, loses, late
mbedtls   server  we      abbreviated  quiet    careful    -          full
mbedtls   client  we      full         stream   careful    it-refuses nothing
mbedtls   server  we      full         stream   careful    it-refuses nothing
mbedtls   client  peer    full         stream   plain      we-refuse  dies: SSL - Unexpected message at ServerHello in renegotiation
mbedtls   client  peer    full         stream   careful    we-refuse  silent
mbedtls   server  peer    full         stream   plain      we-refuse  dies: SSL - An unexpected message was received from our peer
mbedtls   server  peer    full         stream   careful    we-refuse  nothing
mbedtls   client  nobody  -            quiet    careful    cookie     nothing
mbedtls   server  nobody  -            quiet    careful    cookie     nothing
mbedtls   server  we      full         quiet    careful    cookie     full

# The same where we take the peer for STRICT (R18): our records wait, about one round trip, where it could not take them.
# OpenSSL and Mbed TLS lose none then, and live, unless they begin it themselves in plain use: what we sent before their
# ClientHello came is fatal, too. A GnuTLS server that we ask loses none either.
openssl   client  peer    full         stream   plain      strict     dies: unexpected record
openssl   client  peer    full         stream   careful    strict     full, late, we wait
openssl   client  peer    abbreviated  stream   plain      strict     dies: unexpected record
openssl   client  peer    abbreviated  stream   careful    strict     abbreviated, late
openssl   client  we      full         stream   plain      strict     full, unsent, we wait
openssl   client  we      full         stream   careful    strict     full, late, we wait
openssl   client  we      abbreviated  stream   plain      strict     full, unsent, we wait
openssl   client  we      abbreviated  stream   careful    strict     full, late, we wait
openssl   server  peer    full         stream   plain      strict     full, unsent, we wait
openssl   server  peer    full         stream   careful    strict     full, late, we wait
openssl   server  peer    abbreviated  stream   plain      strict     abbreviated, unsent, we wait
openssl   server  peer    abbreviated  stream   careful    strict     abbreviated, late, we wait
openssl   server  we      full         stream   plain      strict     full, unsent, we wait
openssl   server  we      full         stream   careful    strict     full, late, we wait
openssl   server  we      abbreviated  stream   plain      strict     abbreviated, unsent, we wait
openssl   server  we      abbreviated  stream   careful    strict     abbreviated, late, we wait
gnutls    client  peer    full         stream   plain      strict     full, loses, we wait
gnutls    client  peer    full         stream   careful    strict     full, loses, we wait
gnutls    client  we      full         stream   plain      strict     full, loses, we wait
gnutls    client  we      full         stream   careful    strict     full, loses, we wait
gnutls    client  we      abbreviated  stream   plain      strict     full, loses, we wait
gnutls    client  we      abbreviated  stream   careful    strict     full, loses, we wait
gnutls    server  peer    full         stream   plain      strict     full, loses, we wait
gnutls    server  peer    full         stream   careful    strict     full, loses, we wait
gnutls    server  peer    abbreviated  stream   plain      strict     abbreviated, loses, we wait
gnutls    server  peer    abbreviated  stream   careful    strict     abbreviated, loses, we wait
gnutls    server  we      full         stream   plain      strict     full, we wait
gnutls    server  we      full         stream   careful    strict     full, we wait
gnutls    server  we      abbreviated  stream   plain      strict     abbreviated, we wait
gnutls    server  we      abbreviated  stream   careful    strict     abbreviated, we wait
mbedtls   client  peer    full         stream   plain      strict     dies: SSL - Unexpected message at ServerHello in renegotiation
mbedtls   client  peer    full         stream   careful    strict     full, late, we wait
mbedtls   client  we      full         stream   plain      strict     full, unsent, we wait
mbedtls   client  we      full         stream   careful    strict     full, late, we wait
mbedtls   client  we      abbreviated  stream   plain      strict     full, unsent, we wait
mbedtls   client  we      abbreviated  stream   careful    strict     full, late, we wait
mbedtls   server  peer    full         stream   plain      strict     full, unsent, we wait
mbedtls   server  peer    full         stream   careful    strict     full, late, we wait
mbedtls   server  we      full         stream   plain      strict     full, unsent, we wait
mbedtls   server  we      full         stream   careful    strict     full, late, we wait
mbedtls   server  we      abbreviated  stream   plain      strict     full, unsent, we wait
mbedtls   server  we      abbreviated  stream   careful    strict     full, late, we wait
openssl   server  we      full         quiet    careful    old-cookie full
openssl   server  we      abbreviated  quiet    careful    old-cookie abbreviated
openssl   server  peer    full         quiet    careful    old-cookie full
END
)

# ---- one pair ----

set_options() { # PEER ROLE ASKS FOR TRAFFIC USE BUT: sets what each side and each role is told: arrays
    local every=$interval
    [ "$5" = stream ] || every=0
    ours=(--for "$length" --interval "$every" --timeout "$timeout") server=() client=()
    theirs=("${ours[@]}" --use "$6")
    case $3 in
    peer) theirs+=(--rehandshake-at "$when" --mode "$4") ;;
    we) ours+=(--rehandshake-at "$when" --mode "$4") ;;
    esac
    case $7 in
    it-refuses) theirs+=(--policy refuse) ;;
    we-refuse) ours+=(--policy refuse) ;;
    cookie) server=(--cookie --ask-client-cert) client=(--client-cert) ;;
    old-cookie) server=(--cookie) ours+=(--old-cookie) ;;
    strict) ours+=(--model strict) ;;
    esac
    if [ "$2" = server ]; then
        server=(theirs "$peers/peer-$1" "${theirs[@]}" "${server[@]}")
        client=(ours "$peers/peer-libdtls" "${ours[@]}" "${client[@]}")
    else
        server=(ours "$peers/peer-libdtls" "${ours[@]}" "${server[@]}")
        client=(theirs "$peers/peer-$1" "${theirs[@]}" "${client[@]}")
    fi
}

start_delay() { # DIRECTORY: a proxy in front of `port`, and then its port
    # Not below timeout(1): its SIGCONT keeps LeakSanitizer waiting for ever.
    "$impair" --listen 0 --to "127.0.0.1:$port" --delay "$delay" --for 20 --json >"$1/proxy.out" 2>&1 &
    proxy_pid=$!
    wait_for listening "$1/proxy.out" || return 1
    port=$(sed -n 's/.*"listening".*"port":\([0-9]*\).*/\1/p' "$1/proxy.out")
}

run_pair() { # DIRECTORY PEER ROLE ASKS FOR TRAFFIC USE BUT: leaves what both have said, and their exit status
    local directory=$1 ours theirs server client port proxy_pid=
    shift
    set_options "$@"
    timeout --foreground 20 "${server[1]}" call --listen 0 "${server[@]:2}" \
        >"$directory/${server[0]}.json" 2>"$directory/${server[0]}.err" &
    local server_pid=$!
    wait_for listening "$directory/${server[0]}.json" || return
    port=$(sed -n 's/.*"listening","port":\([0-9]*\).*/\1/p' "$directory/${server[0]}.json")
    [ "$5" = quiet ] || start_delay "$directory" || return
    timeout --foreground 20 "${client[1]}" call --connect "127.0.0.1:$port" "${client[@]:2}" \
        >"$directory/${client[0]}.json" 2>"$directory/${client[0]}.err"
    echo $? >"$directory/${client[0]}.status"
    wait "$server_pid"
    echo $? >"$directory/${server[0]}.status"
    [ -z "$proxy_pid" ] || kill "$proxy_pid"
}

# ---- what came of it ----

# Reads ours.json and theirs.json. Prints "WRONG ..." for what must not be, then the words of the table.
# shellcheck disable=SC2016 # awk's dollars
judgement='
function value(key,    at, rest) {
    at = index($0, "\"" key "\":")
    if (at == 0)
        return ""
    rest = substr($0, at + length(key) + 3)
    if (substr(rest, 1, 1) == "\"")
        return substr(rest, 2, index(substr(rest, 2), "\"") - 1)
    match(rest, /[,}]/)
    return substr(rest, 1, RSTART - 1)
}
function add(word) {
    outcome = outcome (outcome == "" ? "" : ", ") word
}
{
    side = FILENAME ~ /ours.json$/ ? "ours" : "theirs"
    event = value("event")
    last[side] = event
    seen[side, event]++
    if (event == "sent") {
        sent[side, value("n")] = 1
        if (value("held") == "true")
            late[side]++
    } else if (event == "open") {
        unsafe = unsafe || value("secure_renegotiation") != "true"
    } else if (event == "received")
        got[side, value("n")]++
    else if (event == "error")
        death[side] = value("text")
    else if (event == "rehandshake_done")
        kind[side] = value("resumed") == "true" ? "abbreviated" : "full"
    else if (event == "end")
        alive[side] = value("alive")
}
END {
    if (last["ours"] != "end")
        print "WRONG our last word is not end"
    if (status != (alive["ours"] == "true" ? 0 : 1))
        print "WRONG our exit status is " status " and alive is " alive["ours"]
    if (seen["ours", "open"] != 1 || seen["theirs", "open"] != 1 || unsafe)
        print "WRONG there was no connection with secure renegotiation"
    if (death["ours"] != "" && death["theirs"] == "")
        print "WRONG we died and they did not"
    if (seen["ours", "rehandshake_done"] > 1)
        print "WRONG more than one rehandshake for us"
    if (kind["ours"] != kind["theirs"] && death["ours"] == "" && death["theirs"] == "")
        print "WRONG done for us: " kind["ours"] ", and for them: " kind["theirs"]
    if (seen["ours", "rehandshake_refused"] != (but == "it-refuses"))
        print "WRONG we know of " seen["ours", "rehandshake_refused"] + 0 " refusals"
    if ((seen["ours", "unsent"] > 0 || late["ours"] > 0) && (but != "strict" || death["ours"] != "" && death["theirs"] == ""))
        print "WRONG we did not send when it was time"
    if (seen["ours", "foreign"] > 0)
        print "WRONG data that nobody wrote"
    for (key in got) {
        split(key, part, SUBSEP)
        if (part[1] != "ours")
            continue
        if (got[key] > 1)
            print "WRONG delivered twice: " part[2]
        if (!(("theirs", part[2]) in sent))
            print "WRONG never sent: " part[2]
    }
    for (key in sent) {
        split(key, part, SUBSEP)
        if (part[1] == "theirs" && !(("ours", part[2]) in got))
            print "WRONG not delivered: " part[2]
        if (part[1] == "ours" && !(("theirs", part[2]) in got))
            lost++
    }
    if (death["ours"] != "" && death["ours"] !~ /^the peer sent a fatal alert/)
        add("we die: " death["ours"])
    else if (death["theirs"] != "")
        add("dies: " death["theirs"])
    else {
        if (kind["theirs"] != "")
            add(kind["theirs"])
        else if (seen["theirs", "rehandshake_refused"] > 0)
            add("refused")
        if (alive["ours"] != "true")
            add("silent")
        if (outcome == "")
            add("nothing")
        if (lost > 0)
            add("loses")
        if (outcome !~ /silent/) {
            if (late["theirs"] > 0)
                add("late")
            if (seen["theirs", "unsent"] > 0)
                add("unsent")
            if (late["ours"] > 0)
                add("we wait")
        }
    }
    print outcome
}'

judge() { # DIRECTORY BUT
    awk -v status="$(cat "$1/ours.status")" -v but="$2" "$judgement" "$1/ours.json" "$1/theirs.json"
    [ ! -s "$1/ours.err" ] || echo "WRONG we complained: $(head -n 1 "$1/ours.err")"
    [ ! -s "$1/theirs.err" ] || echo "WRONG they complained: $(head -n 1 "$1/theirs.err")"
    [[ $(cat "$1/theirs.status") == [01] ]] || echo "WRONG their exit status is $(cat "$1/theirs.status")"
}

is_as_told() { # DIRECTORY BUT WHAT-HAPPENS
    local observed told=" or $3 or "
    observed=$(judge "$1" "$2" 2>&1)
    [[ $observed == *$'\n'* || $told != *" or $observed or "* ]] || return 0
    sed 's/^/# observed: /' <<<"$observed"
    grep -hvE '"event":"(sent|received|unsent)"' "$1"/*.json "$1"/*.err "$1"/*.out 2>/dev/null | sed 's/^/# /'
    return 1
}

# ---- all of them ----

impair=$(program udp-impair)
peers=$(dirname "$(program peer-libdtls)")

each_row() { # COMMAND...: called with NUMBER PEER ROLE ASKS FOR TRAFFIC USE BUT WHAT-HAPPENS appended
    local number=0 row
    while read -r -a row <&8; do
        [[ ${#row[@]} -gt 0 && ${row[0]} != "#"* ]] || continue
        number=$((number + 1))
        "$@" $number "${row[@]:0:7}" "${row[*]:7}"
    done 8<<<"$table"
}

start_row() {
    [ -x "$peers/peer-$2" ] || return
    mkdir "$room/$1"
    [ "$(jobs -rp | wc -l)" -lt $at_once ] || wait -n
    run_pair "$room/$1" "${@:2:7}" &
}

name_of() { # as each_row gives it
    local who
    case $4 in
    peer) who="it asks for $5" ;;
    we) who="we ask for $5" ;;
    *) who="nobody asks" ;;
    esac
    [ "$8" = - ] || who="$who, $8"
    echo "$2 as $3 ($7), $6, $who: $9"
}

check_row() {
    if [ -x "$peers/peer-$2" ]; then
        check "$(name_of "$@")" is_as_told "$room/$1" "$8" "$9"
    else
        skip "$(name_of "$@")" "peer-$2 is not built"
    fi
}

each_row start_row
wait
each_row check_row

# ---- mistakes ----

cannot() { # NAME OPTIONS...: this peer says at once that its library cannot do it
    if [ -x "$peers/$1" ]; then
        check "$1 cannot: ${*:2}" mistake cannot "$peers/$1" call "${@:2}"
    else
        skip "$1 cannot: ${*:2}" "$1 is not built"
    fi
}
cannot peer-gnutls --connect 127.0.0.1:4433 --rehandshake-at 500 --mode abbreviated
cannot peer-mbedtls --connect 127.0.0.1:4433 --rehandshake-at 500 --mode abbreviated
cannot peer-mbedtls --listen 0 --rehandshake-at 500 --mode abbreviated
cannot peer-mbedtls --listen 0 --use filtering

refused() { # WORD OPTIONS...
    check "refused: call ${*:2}" mistake "$1" "$peers/peer-libdtls" call "${@:2}"
}
refused --listen
refused --listen --listen 0 --connect 127.0.0.1:4433
refused numeric --connect localhost:4433
refused 65535 --connect 127.0.0.1:0
refused from --listen 0 --size 23
refused "one of" --listen 0 --use often
refused "--key without --cert" --listen 0 --key "$here/tap.sh"
refused tap.sh --listen 0 --cert "$here/tap.sh"

finish
