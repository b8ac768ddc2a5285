/* call_settings.h - what dtls-call can be told. */
#ifndef APPS_CALL_CALL_SETTINGS_H
#define APPS_CALL_CALL_SETTINGS_H

#include "apps/settings.h"

struct call_settings {
    const char *host; /* to listen on */
    const char *cert, *key;
    struct settings_pin pin;
    struct settings_list profiles;
    uint32_t mki;
    double rehandshake_every_s; /* 0: never */
    double for_s;               /* 0: until somebody hangs up, or the file ends */
    int codec;                  /* enum voice_codec */
    uint32_t hz;
    const char *play, *record, *frames; /* NULL: none */
    const char *keylog;
    bool json, verbose;
};

extern const struct option_row call_rows[];

void call_settings_init(struct call_settings *settings);

/* Refuses (exit 2) what does not go together. */
void call_settings_check(const struct call_settings *settings);

/* The configuration of either side, but for the identity and the key log; the pin is a view of `settings`. */
void call_settings_configure(const struct call_settings *settings, struct dtls_config *config);

#endif
