# mirror.sh - what the scripts share that take other systems from Debian's mirror, with mmdebstrap. To be sourced.
# shellcheck disable=SC2034 # they use it
mirror=http://deb.debian.org/debian

mirror_is_away() { # LOG: that is why mmdebstrap has failed
    grep -qE 'Could not resolve|Could not connect|Cannot initiate the connection' "$1"
}
