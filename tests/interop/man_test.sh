#!/bin/bash
# man_test.sh BUILD-DIRECTORY SOURCE-DIRECTORY - the manual pages of docs/man say what the programs do: their options, the
# keys of their JSON, their exit statuses; and mandoc reads them without a complaint.
set -u

build=$1
. "$(dirname "$0")/tap.sh"
cd "$2/docs/man" || exit 1
is_built() { [ -n "$(find "$build" -type f -name "$1" -perm -u+x -not -path '*.p/*' | head -n 1)" ]; }
programs=$(for page in *.1; do ! is_built "${page%.1}" || echo "${page%.1}"; done)

if command -v mandoc >/dev/null; then
    check "mandoc finds nothing to complain of" bash -c 'mandoc -Tlint -Wwarning *.1 *.7'
else
    skip "mandoc finds nothing to complain of" "mandoc is not installed"
fi
check "no line is longer than 120 columns" bash -c '! grep -n ".\{121\}" *.1 *.7'

# ---- options ----

in_help() { # PROGRAM: each option, with "=" behind it where it takes a value
    "$(program "$1")" --help | sed -n 's/^  --\([a-z-]*\) [^ ].*/\1=/p; s/^  --\([a-z-]*\)\( .*\)\?$/\1/p' | sort -u
}

in_page() { # PROGRAM: likewise
    sed -n 's/^\.It Fl Fl \([a-z-]*\) .*/\1=/p; s/^\.It Fl Fl \([a-z-]*\)$/\1/p' "$1.1" | sort -u
}

same_options() {
    diff <(in_help "$1") <(in_page "$1") >"$room/options.out" && [ "$(in_page "$1" | wc -l)" -ge 10 ]
}
for name in $programs; do
    check "$name: the options of --help are those of its page" same_options "$name"
done

in_examples() { # PAGE: the options of its EXAMPLES, of whatever program
    sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$1" | grep -E '^(\$|    )' | sed 's/\$(.*//; s/\\e$//' |
        awk '{ if ($1 == "$") name = $2; for (i = 1; i <= NF; i++) if ($i ~ /^--/) print name, $i }'
}
known_in_examples() {
    in_examples "$1.1" | while read -r name option; do
        in_help "$name" | grep -qx -- "${option#--}=\?" || echo "$name $option"
    done >"$room/examples.out"
    [ ! -s "$room/examples.out" ] && [ "$(in_examples "$1.1" | wc -l)" -ge 3 ]
}
for name in $programs; do
    check "$name: what its EXAMPLES say there is" known_in_examples "$name"
done

# ---- exit statuses ----

statuses() { # PROGRAM: those of its page are those of --help, each
    local help page
    help=$("$(program "$1")" --help | grep '^Exit status:' | grep -o '[0-9]\+' | sort -u)
    page=$(sed -n '/^\.Sh EXIT STATUS/,/^\.El/s/^\.It \([0-9]*\)$/\1/p' "$1.1" | sort -u)
    [ -n "$help" ] && [ "$help" = "$page" ]
}
for name in $programs; do
    check "$name: its exit statuses are those of --help" statuses "$name"
done

# ---- JSON ----

json_words() { # PAGE...: what its JSON OUTPUT names
    sed -n '/^\.Sh JSON OUTPUT/,/^\.Sh /p' "$@" | grep -E '^\.(It )?Cm ' | sed 's/^\.\(It \)\?Cm //' | tr -d ',;.\\' | tr ' ' '\n' |
        grep .
}

json_source() { # FILE...: the keys and events that they print
    grep -hoE '(json_[a-z]+\(|begin\(report, |tell_secret\(report, peer, |^        \{ )"[a-z_0-9]+"' "$@" | sed 's/.*"\(.*\)"/\1/' |
        sort -u
}

named() { # PAGES FILE...: each key that the files print is in one of the pages, and each word there is printed
    local pages=$1
    shift
    json_source "$@" >"$room/source.out"
    # shellcheck disable=SC2086
    json_words $pages | sort -u >"$room/words.out"
    comm -23 "$room/source.out" "$room/words.out" >"$room/missing.out"
    [ ! -s "$room/missing.out" ] && [ "$(wc -l <"$room/source.out")" -ge 8 ]
}
apps=../../apps
check "dtls-client, dtls-server: each key of their JSON is in a page" named "dtls-client.1 dtls-server.1" $apps/report.c
check "udp-impair: each key of its JSON is in its page" named udp-impair.1 $apps/udp-impair.c $apps/impair_ledger.c
check "dtls-call: each key of its own JSON is in its page" named "dtls-call.1" $apps/call/dtls-call.c
check "dtls-webrtc: each key of its JSON is in its page" named dtls-webrtc.1 $apps/webrtc/dtls-webrtc.c $apps/webrtc/calls.c

printed() { # PAGE OUTPUT...: each key and event there is in the page; drop reasons stand in a header
    local page=$1
    shift
    sed 's/"dropped":{[^}]*}/"dropped":0/; s/"text":"[^"]*"/"text":""/' "$@" >"$room/objects"
    { grep -o '"[a-z_0-9]*":' "$room/objects" | tr -d '":'; sed 's/^{"event":"\([a-z_]*\)".*/\1/' "$room/objects"; } |
        sort -u >"$room/printed.out"
    json_words "$page" | sort -u >"$room/words.out"
    comm -23 "$room/printed.out" "$room/words.out" >"$room/missing.out"
    [ ! -s "$room/missing.out" ] && [ "$(wc -l <"$room/printed.out")" -ge 30 ]
}

converses() { # much happens
    start_server --rehandshake-every 0.3 --srtp AEAD_AES_128_GCM --print-srtp-keys --alpn a || return 1
    timeout --foreground 20 "$client" --json --flow 50 --for 1 --resume "$room/session" --srtp AEAD_AES_128_GCM --export EXPERIMENTAL \
        --print-srtp-keys --name example.org --alpn a 127.0.0.1 "$port" </dev/null >"$room/flow.out" 2>"$room/flow.err" &&
        printf ':status\nhello\n:rehandshake full\n' | timeout --foreground 20 "$client" --json --commands 127.0.0.1 "$port" \
            >"$room/lines.out" 2>"$room/lines.err" && stop_server
}
check "a client and a server have much to tell" converses
check "  ... the client nothing that its page does not name" printed dtls-client.1 "$room/flow.out" "$room/lines.out"
check "  ... nor the server" printed dtls-server.1 "$room/server.out"

# ---- where they go ----

installed() { # each page of a program that is built, and the overview
    meson introspect --installed "$build" >"$room/installed.out" 2>"$room/installed.err" || return 1
    for name in $programs; do grep -q "share/man/man1/$name\.1\"" "$room/installed.out" || return 1; done
    grep -q 'share/man/man7/libdtls\.7"' "$room/installed.out"
}
check "meson installs them" installed

finish
