/* names.h - what the programs are told of names, identities and protocols, made ready for a configuration. */
#ifndef APPS_NAMES_H
#define APPS_NAMES_H

#include "apps/settings.h"

struct names;

/* Reads the files of --sni-cert and --client-ca, and splits --alpn; refuses (exit 2) what is wrong. `config` gets views
 * of what is returned, the caller's, to free when no connection uses it any more. */
struct names *names_configure(const struct settings *settings, struct dtls_config *config);
void names_free(struct names *names);

/* The fingerprint by which a peer knows this identity: of the certificate, or of the key. */
void names_fingerprint(const struct settings *settings, const struct dtls_identity *identity,
                       uint8_t out[DTLS_FINGERPRINT_LEN]);

#endif
