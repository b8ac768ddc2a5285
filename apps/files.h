/* files.h - what the programs read from files and write to them: identities, sessions, the key log.
 * Whatever else than an identity is wrong is refused: one line on stderr, exit 2. */
#ifndef APPS_FILES_H
#define APPS_FILES_H

#include <stdio.h>
#include <sys/types.h>

#include "dtls/dtls.h"

/* What is wrong, in one line. */
struct files_why {
    char words[512];
};

/* Less than `cap` bytes of a file, all of it: how many; -1: `why` says what is wrong. */
ssize_t files_read(const char *path, char *out, size_t cap, struct files_why *why);

/* From PEM files (`key` NULL: both are in `cert`), or made for this run when `cert` is NULL. The caller's, to free.
 * NULL: `why` says what is wrong. On one thread at a time. */
struct dtls_identity *files_identity(const char *cert, const char *key, struct files_why *why);

/* A set of ticket keys (dtls/store.h). False: `why` says what is wrong, and *keys is as it was. */
bool files_ticket_keys(const char *path, struct dtls_ticket_keys *keys, struct files_why *why);

/* A whole file of less than 1 MiB and a NUL; the caller's, to free. */
char *files_text(const char *path);

/* The session kept in `path`; NULL when there is no such file yet. Refuses also a place where none could be kept.
 * The caller's, to free. */
struct dtls_session *files_session(const char *path);

/* Keeps a session, readable by its owner only; a reader sees the old one or the new one, never half. False: errno. */
bool files_keep_session(const char *path, const struct dtls_session *session);

/* Opens a key log to append to, and writes a line to it (dtls_config's keylog; the FILE is its argument). */
FILE *files_open_keylog(const char *path);
void files_keylog(void *file, const char *line);

#endif
