# bash completion for dtls-client, dtls-server, dtls-call, dtls-webrtc and udp-impair.                 -*- shell-script -*-
#
# All that it knows it reads from --help of the program that is being typed: options, which of them take a value, and
# which values those are. So it needs no list of its own.

# Sets meta and text: what --help calls the value of option $2 (nothing: it takes none) and says of it. $1 is the help.
_libdtls_option() {
    local line found=''
    meta='' text=''
    while IFS= read -r line; do
        if [[ $line =~ ^\ \ --([a-z-]+)(\ ([^ ]+))?\ +(.*)$ ]]; then
            [[ -z $found ]] || return 0
            [[ --${BASH_REMATCH[1]} == "$2" ]] || continue
            found=yes meta=${BASH_REMATCH[3]} text=${BASH_REMATCH[4]}
        elif [[ -n $found ]]; then
            [[ $line == '                '* ]] || return 0
            text+=$'\n'$line
        fi
    done <<<"$1"
    [[ -n $found ]]
}

# Prints the words that stand for values in meta and text, one a line.
_libdtls_words() {
    local part parts lists='^([a-z]+, )+(or )?[a-z]+( or [a-z]+)?:'
    if [[ $meta == *'|'* ]]; then # none|ask|require; FILE|DIR|system
        IFS='|' read -ra parts <<<"$meta"
        for part in "${parts[@]}"; do
            [[ $part == *[A-Z]* ]] || echo "$part"
        done
    elif [[ $meta == A,B ]]; then # (x25519,secp256r1): all of them by default; or the lines below
        [[ $text =~ \(([a-z0-9]+(,[a-z0-9]+)+)\) ]] && printf '%s\n' ${BASH_REMATCH[1]//,/ }
        [[ $text == *$'\n'* ]] && for part in ${text#*$'\n'}; do
            [[ ${part%,} == *[^A-Z0-9_]* ]] || echo "${part%,}"
        done
    elif [[ $text =~ $lists ]]; then # accept, deny, ignore or ask: ...
        part=${BASH_REMATCH[0]%:}
        part=${part// or / }
        printf '%s\n' ${part//,/ }
    fi
}

# Completes `word`, a value of the option that meta and text are of.
_libdtls_value() {
    local words front='' candidate
    mapfile -t words < <(_libdtls_words)
    if [[ $meta == A,B || $text == *'comma list'* ]]; then
        [[ $word != *,* ]] || front=${word%,*},
        compopt -o nospace 2>/dev/null # a comma may follow
        for candidate in $(compgen -W "${words[*]}" -- "${word##*,}"); do
            [[ $meta == A,B && ,$front == *,$candidate,* ]] || COMPREPLY+=("$front$candidate")
        done
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$word")
    case "|$meta|" in
    *'|FILE'*)
        compopt -o filenames 2>/dev/null
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$word")
        ;;
    '|H|' | '|HOST|') mapfile -t COMPREPLY < <(compgen -A hostname -- "$word") ;;
    esac
}

_libdtls() {
    local word=${COMP_WORDS[COMP_CWORD]} option='' help meta text i part parts
    COMPREPLY=()
    help=$("${COMP_WORDS[0]/#\~/$HOME}" --help 2>/dev/null) || return 0

    # --name=value comes as three words.
    if [[ $word == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 1]} word=
    elif ((COMP_CWORD > 2)) && [[ ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    elif ((COMP_CWORD > 1)); then
        option=${COMP_WORDS[COMP_CWORD - 1]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} != -- ]] || option=none # which ends the options
    done
    if [[ $option == --* ]] && _libdtls_option "$help" "$option" && [[ -n $meta ]]; then
        _libdtls_value
    elif [[ $word == -* && $option != none ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(sed -n 's/^  \(--[a-z-]*\).*/\1/p' <<<"$help")" -- "$word")
    else # what the usage names: words of its own (listen), hosts
        read -ra parts <<<"${help%%$'\n'*}"
        for part in "${parts[@]}"; do
            [[ $part == *[!a-z]* || $part == usage || $part != "$word"* ]] || COMPREPLY+=("$part")
            [[ $part != HOST ]] || mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -A hostname -- "$word")
        done
    fi
}

complete -F _libdtls dtls-client dtls-server dtls-call dtls-webrtc udp-impair
