/* trust.h - libdtls-pkix as the programs use it: authorities, and keys in wrappings. Where they are built without it
 * (trust_none.c) whoever asks for one of its options is refused. */
#ifndef APPS_TRUST_H
#define APPS_TRUST_H

#include "apps/files.h"
#include "apps/settings.h"

struct trust;

/* Refuses (exit 2) what this program cannot do. */
void trust_check(const struct settings *settings);

/* What --ca and --crl say, for `role`; a client expects `host`, unless --name says another. NULL without --ca. Refuses
 * what is wrong with the files. */
struct trust *trust_new(const struct settings *settings, enum dtls_role role, const char *host);
void trust_free(struct trust *trust); /* NULL is allowed */

/* Has it judge the peer; the pin of `settings`, which have to stay, counts besides. */
void trust_configure(struct trust *trust, const struct settings *settings, struct dtls_config *config);

/* The identity of a PKCS#12 file; of PEM whose key is encrypted; or of a key in a token, where `key` is its URI, `cert`
 * a file of PEM or a URI as well, and the PIN may be in `key`. NULL: `why` says what is wrong. */
struct dtls_identity *trust_pkcs12(const char *path, const char *password, struct files_why *why);
struct dtls_identity *trust_encrypted(const char *cert, const char *key, const char *password, struct files_why *why);
struct dtls_identity *trust_token(const char *cert, const char *key, const char *pin, struct files_why *why);

#endif
