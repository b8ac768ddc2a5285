/* settings.h - the command line that all peers share. */
#ifndef BENCH_PEERS_SETTINGS_H
#define BENCH_PEERS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "apps/address.h"

enum settings_mode { MODE_FULL, MODE_ABBREVIATED };
enum settings_policy { POLICY_ACCEPT, POLICY_REFUSE };
enum settings_use { USE_CAREFUL, USE_PLAIN, USE_FILTERING };
enum settings_model { MODEL_FLOWING, MODEL_STRICT };

enum { SETTINGS_NEVER = UINT32_MAX };

struct settings {
    bool server;
    struct address address; /* to connect to; a server's to listen on */
    uint32_t for_ms;
    uint32_t interval_ms; /* 0: quiet */
    uint32_t size;        /* bytes */
    uint32_t rehandshake_at_ms;
    int mode;   /* enum settings_mode */
    int policy; /* enum settings_policy */
    int use;    /* enum settings_use */
    int model;  /* enum settings_model; peer-libdtls only */
    uint32_t timeout_ms;
    const char *cert, *key; /* PEM files, never NULL; often the same */
    bool client_cert;       /* a client presents it */
    bool ask_client_cert;   /* a server asks for one */
    bool cookie;            /* a server asks for one */
    bool old_cookie;        /* a client sends it again in a rehandshake; peer-libdtls only */
};

/* The mode's word on the command line. */
const char *settings_mode_word(int mode);

/* Reads it, or prints the help and exits, or refuses (exit 2). `program`: as in peer_library. */
void settings_read(struct settings *settings, const char *program, int argc, char **argv);

#endif
