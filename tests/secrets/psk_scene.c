/* psk_scene.c - a connection under a pre-shared key. */
#include "tests/secrets/psk_scene.h"

#include "bytes/reader.h"
#include "tests/box/keyring.h"
#include "tests/tap.h"

void psk_scene_run(uint16_t suite, enum psk_scene kind, struct dtls_bytes key)
{
    const struct dtls_psk psk = { dtls_view("alice", 5), key };
    struct keyring ring[2];
    struct pair_options options;

    pair_options(&options, 23);
    for (int end = CLIENT; end <= SERVER; end++) {
        struct dtls_config *config = &options.config[end];
        config->identity = NULL;
        config->verifier.verify = NULL;
        config->suites[0] = suite;
        config->suite_count = 1;
        ring[end] = (struct keyring){ .psk = { psk }, .count = 1 };
        if (end == SERVER || kind != PSK_SERVER_ASKED)
            keyring_use(&ring[end], (enum net_end)end, config);
        ring[end].wait_us = kind == PSK_ANSWERED_LATER ? 30 * NET_MS : 0;
    }
    if (kind == PSK_SERVER_ASKED) {
        options.config[CLIENT].psk_identity = psk.identity;
        options.config[CLIENT].psk_key = psk.key;
    }
    options.silent = true;
    struct pair *pair = pair_new(&options);
    ring[CLIENT].pair = ring[SERVER].pair = pair;
    CHECK_CASE(pair_start_client(pair) == DTLS_OK && pair_run_until_open(pair, 10 * NET_SECOND), "%s, %d: not open",
               dtls_suite_name(suite), kind);
    pair_run_for(pair, 2 * NET_SECOND);
    CHECK_CASE(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL) == DTLS_OK &&
                   pair_run_until_renewed(pair, 1, 10 * NET_SECOND) && pair_ping(pair, NET_SECOND),
               "%s, %d: not renewed", dtls_suite_name(suite), kind);
    pair_free(pair);
}
