/* credentials.h - a certificate and its key, shared by workers on several threads, and freed when none uses them. */
#ifndef APPS_CREDENTIALS_H
#define APPS_CREDENTIALS_H

#include <stdatomic.h>

#include "apps/own.h"

/* Read-only but for the counts. */
struct credentials {
    struct dtls_identity *identity; /* NULL: pre-shared keys alone */
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN];
    atomic_uint users;
    atomic_uint awaited; /* workers that they are meant for, and that have not taken them yet */
};

/* As the options say (own.h), with one user: the caller. `workers` are awaited. NULL, and `why` says what is wrong. */
struct credentials *credentials_load(const struct settings *settings, unsigned workers, struct files_why *why);

/* The same without a certificate. */
struct credentials *credentials_none(struct files_why *why);

/* One user more, in any thread. */
void credentials_hold(struct credentials *credentials);

/* One user less, in any thread; true when it was the last, and all is freed. */
bool credentials_release(struct credentials *credentials);

/* A worker has taken them, in any thread; true when it was the last that was awaited. */
bool credentials_taken(struct credentials *credentials);

#endif
