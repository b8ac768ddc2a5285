#!/bin/bash
# call_test.sh BUILD_DIR - dtls-call with itself: each profile and codec, what is heard, keys renewed under loss, and a
# user's mistakes. Prints TAP.
set -u

build=$1
. "$(dirname "$0")/tap.sh"
call=$build/apps/dtls-call
if [ ! -x "$call" ]; then
    skip "a call" "libsrtp2 was not there when this was built"
    finish
    exit
fi
no_opus=$("$call" --codec opus --record /nonexistent/x.wav listen 0 2>&1 | grep -c "no Opus")

# ---- mistakes ----

check "no port" mistake "argument" "$call" listen
check "a port that is none" mistake "'x'" "$call" listen x
check "port 0 cannot be called" mistake "'0'" "$call" 127.0.0.1 0
check "an unknown profile" mistake "ROT13" "$call" --srtp ROT13 listen 0
check "a profile twice" mistake "AEAD_AES_128_GCM" "$call" --srtp AEAD_AES_128_GCM,AEAD_AES_128_GCM listen 0
check "too long an MKI" mistake "'129'" "$call" --srtp-mki 129 listen 0
check "a file that is not there" mistake "$room/none.wav" "$call" --play "$room/none.wav" listen 0
echo "no sound" >"$room/text.wav"
check "a file that is no WAV" mistake "$room/text.wav" "$call" --play "$room/text.wav" listen 0
check "a place that cannot be written" mistake "/nonexistent" "$call" --record /nonexistent/x.wav listen 0
check "a key without a certificate" mistake --cert "$call" --key "$room/key.pem" listen 0
check "--help is no mistake" eval '"$call" --help | grep -q -- "--rehandshake-every"'

# ---- calls ----

value() { # WHO KEY: of its report
    sed -n '/"event":"report"/s/.*"'"$2"'":\([0-9.]*\).*/\1/p' "$room/$1.out"
}

listen() { # OPTIONS...: $port and $alice
    : >"$room/alice.out"
    timeout --foreground 60 "$call" --json --frames "$room/alice.frames" "$@" listen 0 >"$room/alice.out" 2>"$room/alice.err" &
    alice=$!
    started+=("$alice")
    wait_for '"listening"' "$room/alice.out" || return 1
    port=$(sed -n 's/.*"listening".*"port":\([0-9]*\).*/\1/p' "$room/alice.out")
    pin=$(sed -n 's/.*"fingerprint":"\([^"]*\)".*/\1/p' "$room/alice.out" | head -n 1)
}

ring() { # OPTIONS...: calls $port; the status of the call
    timeout --foreground 60 "$call" --json --frames "$room/bob.frames" --tone 600 "$@" 127.0.0.1 "$port" >"$room/bob.out" 2>"$room/bob.err"
}

same() { # all that was sent was received, as it was
    cmp -s <(sed -n 's/^sent //p' "$room/$1.frames" | sort) <(sed -n 's/^received //p' "$room/$2.frames" | sort)
}

whole_call() { # OPTIONS-OF-BOTH...: a perfect network
    listen "$@" && ring --for 0.6 "$@" && wait "$alice" && same bob alice && same alice bob &&
        [ "$(value bob sent)" -ge 25 ] && [ "$(value alice undecryptable)" = 0 ]
}

for profile in AEAD_AES_128_GCM AEAD_AES_256_GCM AES128_CM_HMAC_SHA1_80 AES128_CM_HMAC_SHA1_32; do
    check "a call with $profile" whole_call --srtp $profile
    check "  ... and an MKI of 4 bytes" whole_call --srtp $profile --srtp-mki 4
done
if [ "$no_opus" = 0 ]; then
    check "a call with Opus" whole_call --codec opus
else
    skip "a call with Opus" "libopus was not there when this was built"
fi
check "an MKI of 128 bytes" whole_call --srtp-mki 128

renewed() { # 4 seconds, three renewals, nothing lost
    listen && ring --for 3.6 --rehandshake-every 1.1 --pin "$pin" && wait "$alice" && same bob alice && same alice bob &&
        [ "$(value bob rehandshakes)" = 3 ] && [ "$(value alice rehandshakes)" = 3 ] && [ "$(value bob reports_received)" -ge 2 ]
}
check "keys are renewed three times, and nothing is lost" renewed

no_common_profile() {
    listen --srtp AEAD_AES_256_GCM && ! ring --for 1 --srtp AEAD_AES_128_GCM && stop "$alice" &&
        grep -q '"failed"' "$room/bob.out" && ! grep -q '"open"' "$room/bob.out" "$room/alice.out"
}
check "nothing in common: no call, and both say so" no_common_profile

wrong_pin() {
    listen && ! ring --for 1 --pin "SHA-256:$(printf '00:%.0s' {1..31})00" && stop "$alice" &&
        grep -q '"failed"' "$room/bob.out" && ! grep -q '"keys"' "$room/bob.out" "$room/alice.out" &&
        ! grep -q . "$room/alice.frames" "$room/bob.frames"
}
check "a wrong fingerprint: no keys, no media" wrong_pin

too_late() { # a second caller: the first one hears nothing of it
    listen || return 1
    timeout --foreground 60 "$call" --json --for 3 --frames "$room/first.frames" 127.0.0.1 "$port" >"$room/first.out" &
    local first=$!
    started+=("$first")
    wait_for '"keys"' "$room/first.out"
    ring --for 1
    wait "$first" && wait "$alice" && same first alice && same alice first
}
check "a second caller does not disturb the first" too_late

# A recording is, frame by frame, what G.711 makes of what was played.
recorded() {
    listen --record "$room/heard.wav" && ring --for 1 && wait "$alice" &&
        ring_back=$(stat -c %s "$room/heard.wav") && [ "$ring_back" -gt 14000 ] &&
        head -c 4 "$room/heard.wav" | grep -q RIFF
}
check "what is heard becomes a WAV file" recorded
replayed() { # played again: as many frames as it has
    listen --record "$room/again.wav" && ring --play "$room/heard.wav" && wait "$alice" && same bob alice &&
        [ "$(value bob sent)" -ge 45 ] &&
        cmp -s <(tail -c +45 "$room/heard.wav" | head -c 14000) <(tail -c +45 "$room/again.wav" | head -c 14000)
}
check "  ... which, played again, is heard as it was" replayed

through_impair() { # a bad network: what is missing is what it took
    local proxy
    listen --srtp AES128_CM_HMAC_SHA1_32 || return 1
    timeout --foreground 60 "$build/apps/udp-impair" --listen 0 --to "127.0.0.1:$port" --json --seed 5 --loss 10 --duplicate 5 \
        --reorder 10 --delay 10 >"$room/proxy.out" &
    proxy=$!
    started+=("$proxy")
    wait_for '"listening"' "$room/proxy.out" || return 1
    port=$(sed -n 's/.*"listening".*"port":\([0-9]*\).*/\1/p' "$room/proxy.out")
    ring --for 3.6 --rehandshake-every 1.1 --srtp AES128_CM_HMAC_SHA1_32 && wait "$alice" || return 1
    stop "$proxy"
    wait "$proxy"
    local lost
    lost=$(sed -n 's/.*"media_packets_lost":\([0-9]*\).*/\1/p' "$room/proxy.out" | awk '{ n += $1 } END { print n }')
    [ "$lost" -gt 10 ] && [ $(($(value bob sent) + $(value alice sent) - $(value bob received) - $(value alice received))) = "$lost" ] &&
        [ "$(value bob undecryptable)" = 0 ] && [ "$(value alice undecryptable)" = 0 ] &&
        [ $(($(value bob duplicated) + $(value alice duplicated))) -gt 3 ]
}
check "through a bad network, only that loses packets" through_impair

# ---- the example of docs/media.md ----

phone=$build/examples/example-softphone
example() {
    local alice
    timeout --foreground 30 "$phone" listen 45117 >"$room/phone.out" 2>&1 &
    alice=$!
    started+=("$alice")
    wait_for SHA-256 "$room/phone.out" &&
        timeout --foreground 3 "$phone" 127.0.0.1 45117 "$(head -n 1 "$room/phone.out")" >"$room/phone2.out" 2>&1
    stop "$alice"
    grep -q "heard 50 packets" "$room/phone.out" && grep -q "heard 100 packets" "$room/phone2.out"
}
check "examples/softphone.c holds a call" example
check "  ... and has less than 150 lines" [ "$(wc -l <"$(dirname "$0")/../../examples/softphone.c")" -lt 150 ]
finish
