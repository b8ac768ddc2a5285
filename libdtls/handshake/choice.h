/* choice.h - which identity is shown to a peer: of the configuration's, or as the application says. */
#ifndef DTLS_HANDSHAKE_CHOICE_H
#define DTLS_HANDSHAKE_CHOICE_H

#include "dtls/config.h"

struct dtls_handshake;

/* The answer of an application, as a question keeps it. */
struct dtls_choice {
    const struct dtls_identity *identity;
};

/* Has a configuration anything that it may show? */
bool dtls_config_has_identity(const struct dtls_config *config);

/* NULL, or what is wrong with the table, its names and the lists of authorities. */
const char *dtls_choice_problem(const struct dtls_config *config, enum dtls_role role);

/* Has the table a row for this name? */
bool dtls_config_knows_name(const struct dtls_config *config, const char *name);

/*
 * Sets the handshake's identity, and the scheme it signs with (0 and NULL: none), for the peer whose message about it
 * is in the transcript at `choice_at`: a server's ClientHello, a client's CertificateRequest. Then `then`, at once or
 * when the application has answered.
 */
int dtls_handshake_choose_identity(struct dtls_handshake *hs, int (*then)(struct dtls_handshake *hs));

#endif
