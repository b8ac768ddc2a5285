/* suites.h - the table of cipher suites and groups. A new suite is a row here. */
#ifndef DTLS_HANDSHAKE_SUITES_H
#define DTLS_HANDSHAKE_SUITES_H

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/signature.h"
#include "dtls/config.h"

struct dtls_suite_row {
    uint16_t id;      /* enum dtls_suite */
    const char *name; /* IANA's */
    const struct dtls_aead *aead;
    enum dtls_hash hash; /* of the PRF */
    bool ecdhe;          /* a key exchange of its own: what is recorded today cannot be read with a key of tomorrow */
    bool psk;            /* with a pre-shared key, or else with certificates: */
    bool rsa;            /* the server's key: RSA, or else ECDSA or Ed25519 (RFC 8422, 5.10) */
    bool named_only;     /* offered where the configuration names it, not by default */
};

/* The row of a suite, or NULL. */
const struct dtls_suite_row *dtls_suite_find(uint16_t id);

/* Has this side a pre-shared key, or a way to learn of one? */
bool dtls_config_has_psk(const struct dtls_config *config);

/* The suites and groups a configuration offers, in its order: without those with a pre-shared key where it has none;
 * and in a client, without those with certificates where it could judge none. */
size_t dtls_config_suites(const struct dtls_config *config, enum dtls_role role, uint16_t out[DTLS_MAX_SUITES]);
size_t dtls_config_groups(const struct dtls_config *config, uint16_t out[DTLS_MAX_GROUPS]);

bool dtls_config_has_suite(const struct dtls_config *config, enum dtls_role role, uint16_t suite);
bool dtls_config_has_group(const struct dtls_config *config, uint16_t group);

/* Has it a suite with a pre-shared key, whose name it knows? */
bool dtls_config_fits_psk(const struct dtls_config *config, enum dtls_role role);

/* Has it a suite for a server's key of this kind (RFC 8422, 2)? Without one no client could ever connect. */
bool dtls_config_fits(const struct dtls_config *config, enum dtls_key_kind kind);

/* The most bytes a record of an enabled suite is longer than its plaintext (contract M3). */
size_t dtls_config_expansion(const struct dtls_config *config, enum dtls_role role);

/* Our signature schemes, best first, as 2-byte numbers. */
extern const uint16_t dtls_schemes[];
extern const size_t dtls_scheme_count;

/* The best scheme for our key that the peer's list has; 0 when there is none. */
uint16_t dtls_scheme_choose(enum dtls_key_kind kind, struct dtls_bytes offered);

#endif
