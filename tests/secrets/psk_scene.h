/* psk_scene.h - a connection under a pre-shared key: a handshake, a rehandshake, data. */
#ifndef DTLS_TESTS_SECRETS_PSK_SCENE_H
#define DTLS_TESTS_SECRETS_PSK_SCENE_H

#include "tests/box/pair.h"

/* Who is asked for the key, and when the answer comes. A client that is not asked has it in its config. */
enum psk_scene {
    PSK_SERVER_ASKED,
    PSK_BOTH_ASKED,
    PSK_ANSWERED_LATER, /* both are asked */
    PSK_SCENES,
};

/* Runs it to its end and checks that it worked; `key` is borrowed. */
void psk_scene_run(uint16_t suite, enum psk_scene kind, struct dtls_bytes key);

#endif
