/* keys.h - the pre-shared keys of --psk, and a server's answers from them. */
#ifndef APPS_KEYS_H
#define APPS_KEYS_H

#include "apps/options.h"
#include "dtls/psk.h"

struct key {
    uint8_t identity[DTLS_PSK_MAX_IDENTITY];
    size_t identity_len;
    uint8_t key[DTLS_PSK_MAX_KEY];
    size_t key_len;
};

/* In the order of the command line. */
struct keys {
    struct key *at;
    size_t count;
};

/* The reader of --psk, into a struct keys: IDENTITY:HEXKEY, or @FILE, a file of such lines. Each one adds to those
 * before. A file that cannot be read, or has a line that is none, ends the program (exit 2). */
const char *keys_read(const struct option_row *row, const char *text, void *to);

/* Answers for a server, at once; `keys` is a const struct keys. */
void keys_answer(void *keys, struct dtls_question *question, struct dtls_bytes identity);

/* Wipes and frees. */
void keys_free(struct keys *keys);

#endif
