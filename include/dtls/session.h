/* session.h - what a client keeps to resume later. A server's part is in store.h. */
#ifndef DTLS_SESSION_H
#define DTLS_SESSION_H

#include "dtls/config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A resumable session of a client: suite, master secret, session id, ticket; the server's fingerprint, the name and the
 * client's own identity that it was made with, which it is bound to; how old it is. Secret. */
struct dtls_session;

enum { DTLS_SESSION_MAX = 4352 }; /* bytes a serialised session has at most */

/*
 * Writes a session as bytes: keep them as safe as a private key. *len is set to what was written, or, with
 * DTLS_ERR_BUFFER_TOO_SMALL, to what is needed (DTLS_SESSION_MAX is always enough).
 */
DTLS_API int dtls_session_write(const struct dtls_session *session, uint8_t *out, size_t cap, size_t *len);

/* Reads them back; *out is the caller's, to free. DTLS_ERR_BAD_SESSION (also for a later format) or DTLS_ERR_NO_MEMORY:
 * *out is NULL. */
DTLS_API int dtls_session_read(const uint8_t *bytes, size_t len, struct dtls_session **out);

/* Wipes and frees; NULL is allowed. */
DTLS_API void dtls_session_free(struct dtls_session *session);

#ifdef __cplusplus
}
#endif

#endif
