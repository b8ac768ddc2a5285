#!/bin/bash
# faces_test.sh BUILD-DIRECTORY - every program as a person meets it: help, version, mistakes, and output that goes
# nowhere.
set -u

build=$1
. "$(dirname "$0")/tap.sh"

declare -A at=() # where each of them is
faces=()
for name in dtls-client dtls-server dtls-call dtls-webrtc udp-impair load roam rehandshake udp peer-libdtls bare \
    suites media memory store endpoint count; do
    at[$name]=$(find "$build" -type f -name $name -perm -u+x -not -path '*.p/*' | head -n 1)
    [ -z "${at[$name]}" ] || faces+=("$name")
done

words() { # PROGRAM: what stands in front of its options
    [ "$1" != peer-libdtls ] || echo call
}

# ---- help and version ----

helps() {
    local at=${at[$1]}
    "$at" --help >"$room/$1.help" 2>"$room/help.err" && [ ! -s "$room/help.err" ] &&
        head -n 1 "$room/$1.help" | grep -q "^usage: $1 " && grep -q '^Exit status: .*\<0\>' "$room/$1.help" &&
        grep -q '^  --help ' "$room/$1.help" && grep -q '^  --version ' "$room/$1.help" && ! grep -q '.\{100\}' "$room/$1.help" &&
        ! LC_ALL=C grep -q '[^ -~]' "$room/$1.help" && "$at" --version >"$room/version.out" 2>&1 &&
        grep -qx "$1 (libdtls) [0-9.]*" "$room/version.out"
}
for name in "${faces[@]}"; do
    check "$name: --help fits a window and names the exit statuses, and --version is one line" helps "$name"
done

goes_nowhere() { # a full disk, a closed stdout, a reader that has gone; with and without SIGPIPE
    local at=${at[$1]} status
    "$at" --help >/dev/full 2>"$room/full.err"
    [ $? = 2 ] && [ "$(cat "$room/full.err")" = "$1: stdout: not all of it could be written" ] || return 1
    "$at" --version >&- 2>"$room/full.err"
    [ $? = 2 ] && [ "$(wc -l <"$room/full.err")" = 1 ] || return 1
    mkfifo "$room/pipe"
    exec 6<>"$room/pipe" 5>"$room/pipe" 6<&- # nobody reads it any more
    rm "$room/pipe"
    "$at" --help >&5 2>"$room/full.err" 5>&-
    status=$?
    (trap '' PIPE && exec "$at" --help >&5 2>"$room/ignored.err" 5>&-)
    [ $? = 2 ] && [ $status = 141 ] && [ ! -s "$room/full.err" ] && [ "$(wc -l <"$room/ignored.err")" = 1 ]
    status=$?
    exec 5>&-
    return $status
}
for name in "${faces[@]}"; do
    check "$name: output that cannot be written is told, exit 2; a closed pipe is the end without a word" goes_nowhere "$name"
done

# ---- mistakes ----

mistakes() { # of each option, one line that names it
    local name=$1 at=${at[$1]} option value
    # shellcheck disable=SC2046
    set -- "$at" $(words "$name")
    mistake --no-such "$@" --no-such && mistake -x "$@" -x && mistake "--help takes no value" "$at" --help=1 || return 1
    while read -r option value; do
        option=${option#--}
        if [[ $value == [A-Za-z[]* ]] && grep -q "^  --$option [^ ]" "$room/$name.help"; then
            mistake "--$option: a value is missing: ${value%% *}" "$@" "--$option" || echo "# --$option without its value"
            mistake "--$option: ''" "$@" "--$option" '' || echo "# --$option with an empty value"
        else
            mistake "--$option takes no value" "$@" "--$option=1" || echo "# --$option with a value"
        fi
        case $value in # numbers and choices
        N | N\ * | MS* | BYTES* | SECONDS* | PERCENT* | HZ* | PPS* | P\ * | PER_SECOND* | none\|* | full\|* | flowing\|* | passive\|* | pcmu\|*)
            mistake "--$option: 'zz'" "$@" "--$option" zz && mistake "--$option: '-1'" "$@" "--$option=-1" || echo "# --$option zz" ;;
        esac
    done < <(grep '^  --' "$room/$name.help" | grep -v '^  --\(help\|version\) ') >"$room/wrong.out"
    [ ! -s "$room/wrong.out" ]
}
for name in "${faces[@]}"; do
    [ "$name" = bare ] || check "$name: each option's mistakes are one line that names it, exit 2" mistakes "$name"
done

mistaken() { # DESCRIPTION WORD PROGRAM [ARGUMENT...]: of one that may not be built
    [ -z "${at[$3]}" ] || check "$3: $1" mistake "$2" "${at[$3]}" "${@:4}"
}
mistaken "nothing to do" "an argument is missing" dtls-call
mistaken "nothing to do" --listen udp-impair
mistaken "nothing to do" HOST:PORT load
mistaken "nothing to do" --ports roam
for name in peer-libdtls bare count; do
    mistaken "nothing to do" "an argument is missing" $name
done
mistaken "something else" "'zz'" bare zz
mistaken "something else" "'zz'" count zz 1
for name in dtls-webrtc suites media memory store endpoint; do
    mistaken "an argument too many" "'zz'" $name zz
done
mistaken "an implementation that is not there, before anything is measured" "--only zz" rehandshake --only zz
[ -z "${at[peer-libdtls]}" ] || # who would have nobody to draw
    mistaken "a picture that cannot be written, likewise" nowhere/ rehandshake --plot "$room/nowhere/x.svg"

# ---- a report that is cut off ----

cut_off() {
    timeout --foreground 10 "${at[udp-impair]}" --listen 0 --to 127.0.0.1:9 --for 0.1 >/dev/full 2>"$room/cut.err"
    [ $? = 2 ] && grep -qx 'udp-impair: stdout: not all of it could be written' "$room/cut.err"
}
check "a report that does not fit on the disk is told, exit 2" cut_off

# ---- a terminal ----

on_a_terminal() { # with stderr on one, progress is shown there; nowhere is anything in colour
    python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' \
        "$client" --flow 20 --for 1.3 127.0.0.1 "$port" </dev/null >"$room/terminal.out" 2>&1
    grep -q $'\r.*1 s  sent [0-9]*  received [0-9]* ' "$room/terminal.out" && ! grep -q $'\033' "$room/terminal.out"
}
in_a_file() {
    timeout --foreground 20 "$client" --flow 20 --for 1.3 127.0.0.1 "$port" </dev/null >"$room/file.out" 2>"$room/file.err" &&
        ! grep -q $'[\r\033]' "$room/file.out" "$room/file.err"
}
check "a server starts" start_server
check "on a terminal a flow shows how far it is" on_a_terminal
check "in a file it does not" in_a_file
check "the server ends" stop_server

finish
