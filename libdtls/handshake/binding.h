/* binding.h - what a session is good for alone: the name that its client has asked for (RFC 6066, 3), and, in a client,
 * the identity that it has shown. */
#ifndef DTLS_HANDSHAKE_BINDING_H
#define DTLS_HANDSHAKE_BINDING_H

#include "handshake/session.h"

/* Either may be NULL: none was asked for, none was shown. */
void dtls_session_bind(struct dtls_session_state *session, const char *name, const struct dtls_identity *shown);

/* Was it made with this name, and with this identity shown, or also without? */
bool dtls_session_fits(const struct dtls_session_state *session, const char *name, const struct dtls_identity *shown);

/* A client's: would what it was made with be asked for and shown today? Where the application chooses what is shown,
 * only the configuration's own identities are known to be. */
bool dtls_session_fits_config(const struct dtls_session_state *session, const struct dtls_config *config);

#endif
