/* engine_settings.h - the settings that an input of fuzz_engine chooses: at the start, and one after the other later.
 */
#ifndef DTLS_TESTS_FUZZ_ENGINE_SETTINGS_H
#define DTLS_TESTS_FUZZ_ENGINE_SETTINGS_H

#include "bytes/reader.h"
#include "tests/box/keyring.h"

/* What is more than a setting of an engine. */
struct engine_settings {
    bool keeps;   /* all that is sent goes to the shelf from the start */
    bool tickets; /* the server has ticket keys */
    bool resumes; /* the client has a session */
    bool psk;     /* both have a pre-shared key instead of certificates */
    struct keyring rings[2];
};

/* Reads three bytes (zeroes where there are no more) into `options`, which has its defaults, and into `settings`, all
 * zeroes, which the configurations then point to; its rings want to know the pair. */
void engine_settings_read(struct dtls_reader *in, struct pair_options *options, struct engine_settings *settings);

/* One setting of `config` becomes another; true when that may end an association. */
bool engine_settings_change(struct dtls_config *config, enum net_end end, uint8_t choice);

#endif
