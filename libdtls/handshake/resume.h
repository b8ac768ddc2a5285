/* resume.h - a server: which session its client asks for, where that is kept, and whether it may be resumed. */
#ifndef DTLS_HANDSHAKE_RESUME_H
#define DTLS_HANDSHAKE_RESUME_H

#include "handshake/handshake.h"

struct dtls_client_hello;

/* The hello that is being answered. It was read before, but perhaps some questions ago (R19). */
int dtls_server_read_hello(const struct dtls_handshake *hs, struct dtls_client_hello *out);

/*
 * Looks for the session that the hello, which stands in the transcript at hs->choice_at, asks for: in a rehandshake the
 * connection's own (R11), else by ticket, or in the store, which may answer later (R19). Then `then`, with what was
 * found in hs->resuming where hs->has_resuming says so. DTLS_OK, or a death.
 */
int dtls_server_find_session(struct dtls_handshake *hs, const struct dtls_client_hello *hello,
                             int (*then)(struct dtls_handshake *hs));

/* Keeps what a full handshake has made, for those who come back without a ticket. Nothing comes of a failure but that
 * it cannot be resumed. */
void dtls_server_store_session(const struct dtls_handshake *hs);

/* Its association has come to a fatal end: no one resumes it any more (RFC 5246, 7.2.2), wherever it is kept. */
void dtls_server_forget_session(const struct dtls_association *as);

#endif
