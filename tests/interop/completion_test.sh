#!/bin/bash
# completion_test.sh BUILD-DIRECTORY SOURCE-DIRECTORY - apps/completion/dtls.bash, as bash drives it: what it offers is in
# --help, and the programs take it.
set -u

build=$1
. "$(dirname "$0")/tap.sh"
. "$2/apps/completion/dtls.bash"
cd "$room" || exit 1
mkdir empty && touch one.pem 'two words.pem'
impair=$(program udp-impair)
call=$(find "$build" -type f -name dtls-call -perm -u+x | head -n 1) # there is none without libsrtp

offers() { # WORD...: the last one is being typed. COMPREPLY, one a line
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _libdtls
    [ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}"
}
is() { # WANTED WORD...: exactly these, with spaces between
    local wanted=$1
    shift
    [ "$(offers "$@" | tr '\n' ' ')" = "$wanted" ] || { offers "$@" >"$room/offered.out"; return 1; }
}

# ---- options ----

all_options() {
    [ "$(offers "$1" -- | sort)" = "$("$1" --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p' | sort)" ]
}
check "dtls-client: all of its options" all_options "$client"
check "dtls-server: all of its options" all_options "$server"
[ -z "$call" ] || check "dtls-call: all of its options" all_options "$call"
check "udp-impair: all of its options" all_options "$impair"
check "options by their beginning" is "--allow-identity-change --alpn --answer-probes --adapt " "$client" --a
check "behind a flag comes another option" is "--keylog " "$client" --json --keyl
check "behind -- there is none" is "" "$client" -- --j

# ---- values ----

check "choices" is "none ask require " "$server" --client-cert ""
check "choices by their beginning" is "strict " "$client" --peer-model s
check "choices that a sentence names" is "accept deny ignore ask " "$client" --rehandshake-policy ""
check "two of them" is "empty old " "$client" --renegotiation-cookie ""
check "--name=value, which bash takes for three words" is "secp256r1 secp384r1 " "$client" --groups = se
check "  ... and of which only two are there yet" is "flowing strict " "$client" --peer-model =
check "groups" is "x25519 secp256r1 secp384r1 " "$client" --groups ""
check "a comma list goes on, without those that it has" is "x25519,secp256r1 x25519,secp384r1 " "$client" --groups x25519,
check "one that takes turns may repeat them" is "full,full full,abbreviated " "$client" --rehandshake full,
check "SRTP profiles" is "AEAD_AES_128_GCM AEAD_AES_256_GCM " "$client" --srtp AEAD
check "files" is "one.pem " "$client" --cert on
check "a file with a space is one word" is "two words.pem " "$client" --cert tw
check "files, or a word that stands for something else" is "system " "$client" --ca sy
check "numbers have none" is "" "$client" --mtu ""
check "free words have none" is "" "$client" --alpn ""
[ -z "$call" ] || check "a word of the usage" is "listen " "$call" lis

suites_are_taken() { # each alone
    local suite count=0
    for suite in $(offers "$client" --suites ""); do
        count=$((count + 1))
        mistake "an argument is missing" "$client" --suites "$suite" || { echo "# $suite"; return 1; }
    done
    [ $count = 13 ]
}
check "the suites are those that dtls-client takes" suites_are_taken

choices_are_taken() { # each word of each option whose values are from a list
    local option word count=0
    for option in $("$server" --help | sed -n 's/^  \(--[a-z-]*\) [^ ].*/\1/p'); do
        cd empty || return 1
        for word in $(offers "$server" "$option" ""); do
            [[ $option != --host ]] || continue # hosts of this machine
            count=$((count + 1))
            mistake "--port is missing" "$server" "$option" "$word" || mistake needs "$server" "$option" "$word" ||
                { echo "# $option $word"; cd ..; return 1; }
        done
        cd ..
    done
    [ $count -ge 29 ]
}
check "and so are all other words that are offered, by dtls-server" choices_are_taken

# ---- it cannot go stale ----

cat >"$room/newer" <<'END'
#!/bin/sh
cat <<HELP
usage: newer [options] call HOST

A program of some other time.
  --colour red|green|FILE         what it looks like
  --lists A,B                     of things, best first (all):
                                  ONE_THING, ANOTHER_1
  --plain                         nothing

Exit status: 0
HELP
END
chmod +x "$room/newer"
check "an option that no list here knows" is "--colour " "$room/newer" --c
check "  ... and its values" is "red " "$room/newer" --colour r
check "  ... and those of a list" is "ONE_THING ANOTHER_1 " "$room/newer" --lists ""
check "  ... and its words" is "call " "$room/newer" c
check "a program that is not there has nothing to offer" is "" "$room/nowhere" --c

# ---- in a shell ----

in_a_shell() { # with bash's own words: it has registered itself for each program
    local name
    for name in dtls-client dtls-server dtls-call dtls-webrtc udp-impair; do
        complete -p $name | grep -q '_libdtls' || return 1
    done
    meson introspect --installed "$build" 2>/dev/null | grep -q 'share/bash-completion/completions/dtls-client"'
}
check "it is there for every program, and meson installs it" in_a_shell

finish
