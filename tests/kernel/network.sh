# network.sh - a client, two routers and a server, each in a network namespace of its own, for the kernel scripts.
# Sourced after tap.sh. The link between the routers is the one that is thin:
#
#     near --1500-- r1 --MTU-- r2 --1500-- far        10.77.1.2 to 10.77.3.2, or fd77:1::2 to fd77:3::2

names=()
name_of() { # PLACE
    echo "dtls$$-$1"
}

clear_network() {
    local name
    for name in "${names[@]}"; do
        ip netns del "$name"
    done
    names=()
}
trap 'for pid in "${started[@]}"; do stop "$pid"; done; clear_network; rm -rf "$room"' EXIT

in_place() { # PLACE COMMAND...
    local place=$1
    shift
    ip netns exec "$(name_of "$place")" "$@"
}

configure() { # PLACE IP'S-ARGUMENTS...
    local place=$1
    shift
    ip -n "$(name_of "$place")" "$@"
}

knob() { # PLACE PATH VALUE: below /proc/sys/net
    in_place "$1" sh -c "echo $3 >/proc/sys/net/$2"
}

add_place() { # PLACE
    ip netns add "$(name_of "$1")" || return 1
    names+=("$(name_of "$1")")
    knob "$1" ipv6/conf/all/accept_dad 0 && knob "$1" ipv6/conf/default/accept_dad 0 && # or neighbours are found late
        knob "$1" ipv6/conf/default/disable_ipv6 0 || return 1
    configure "$1" link set lo up
}

link_places() { # PLACE INTERFACE PLACE INTERFACE NUMBER HOST HOST: on 10.77.NUMBER.0/24 and fd77:NUMBER::/64
    configure "$1" link add name "$2" type veth peer name "$4" netns "$(name_of "$3")" || return 1
    local place interface host
    while read -r place interface host; do
        configure "$place" addr add "10.77.$5.$host/24" dev "$interface" &&
            configure "$place" addr add "fd77:$5::$host/64" dev "$interface" nodad &&
            configure "$place" link set "$interface" gso_max_segs 1 && # many in one would be refused as one
            configure "$place" link set "$interface" up || return 1
    done <<END
$1 $2 $6
$3 $4 $7
END
}

# A fresh network: no kernel in it has heard of any path yet.
build_network() {
    local place
    clear_network
    for place in near r1 r2 far; do
        add_place $place || return 1
    done
    link_places near edge r1 outer 1 2 1 && link_places r1 middle r2 middle 2 1 2 &&
        link_places r2 outer far edge 3 1 2 || return 1
    for place in r1 r2; do
        knob $place ipv4/ip_forward 1 && knob $place ipv6/conf/all/forwarding 1 || return 1
    done
    configure near route add default via 10.77.1.1 && configure near route add default via fd77:1::1 &&
        configure r1 route add 10.77.3.0/24 via 10.77.2.2 && configure r1 route add fd77:3::/64 via fd77:2::2 &&
        configure r2 route add 10.77.1.0/24 via 10.77.2.1 && configure r2 route add fd77:1::/64 via fd77:2::1 &&
        configure far route add default via 10.77.3.1 && configure far route add default via fd77:3::1 &&
        wait_for_links
}

wait_for_links() { # IPv6 speaks on a link when the kernel says that it is up, which may take a second
    local place
    for place in near r1 r2 far; do
        for _ in $(seq 100); do
            configure $place -6 route show table local | grep -c '^local fe80:' >"$room/links"
            [ "$(<"$room/links")" = $((1 + (${#place} == 2))) ] && continue 2
            sleep 0.05
        done
        echo "no IPv6 on the links of $(name_of $place)" >&2
        return 1
    done
}

shrink() { # MTU: the near end first, so that what is echoed has learnt before it meets the other one
    configure r1 link set middle mtu "$1" && configure r2 link set middle mtu "$1"
}

# The routers still forward, but send nothing of their own: no ICMP.
swallow_icmp() {
    local place
    for place in r1 r2; do
        configure "$place" rule add pref 10 iif lo blackhole && configure "$place" -6 rule add pref 10 iif lo blackhole ||
            return 1
    done
}

# How many packets the thin hop has refused: because of their size, or because its other end was thinner already.
refused() {
    local place
    for place in r1 r2; do
        in_place $place cat /proc/net/snmp /proc/net/snmp6 /sys/class/net/middle/statistics/tx_dropped
    done | awk '
        /^Ip: [A-Z]/ { for (i = 2; i <= NF; i++) if ($i == "FragFails") column = i }
        /^Ip: [0-9]/ { sum += $column }
        /^Ip6InTooBigErrors/ { sum += $2 }
        NF == 1 { sum += $1 }
        END { print sum + 0 }'
}

# Everything above, or the whole script is skipped.
need_network() {
    command -v ip >"$room/where" || { echo "1..0 # SKIP iproute2 is not installed"; exit 0; }
    build_network 2>"$room/network.err" && return 0
    echo "1..0 # SKIP no network namespaces can be made here: $(tail -n 1 "$room/network.err")"
    exit 0
}
