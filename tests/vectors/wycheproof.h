/* wycheproof.h - walks the vectors of one Wycheproof file (tests/data/README) and counts them. */
#ifndef DTLS_TESTS_VECTORS_WYCHEPROOF_H
#define DTLS_TESTS_VECTORS_WYCHEPROOF_H

#include "dtls/identity.h"
#include "tests/json_file.h"
#include "tests/tap.h"

enum { WYCHEPROOF_FIELDS = 8 }; /* fields asked of one vector, its group's included */

/* One file, and the vector at which the walk is. */
struct wycheproof {
    const char *name;
    struct json text, groups, group, tests, test;
    long id;                            /* tcId, for messages */
    bool valid, acceptable;             /* what the file says of it; neither: invalid */
    uint8_t *fields[WYCHEPROOF_FIELDS]; /* what wycheproof_hex gave of it */
    size_t field_count, ran, skipped;
};

/* Opens a file of tests/data/wycheproof.tar.xz, which the build has unpacked: a failed check when it is not whole. */
void wycheproof_open(struct wycheproof *file, const char *name);

/* The next vector, which counts as run; false after the last. */
bool wycheproof_next(struct wycheproof *file);

/* This one was not run after all: our door has no way to be given it. */
void wycheproof_skip(struct wycheproof *file);

/* Prints the counts; checks that no vector of the file is missing and that `ran` were run, so that a walk that
 * finds nothing cannot pass. */
void wycheproof_close(struct wycheproof *file, size_t ran);

/* The bytes of a field of the vector (or of an object of its group), until the next vector. */
struct dtls_bytes wycheproof_hex(struct wycheproof *file, struct json object, const char *name);

bool wycheproof_has_flag(const struct wycheproof *file, const char *flag);

#endif
