/* provider.h - the tables of public-key operations: what a handshake needs of each group and of each kind of key.
 * nettle's are in ecdh_*.c and key_*.c; another provider is one more file with such tables, and provider.c chooses. */
#ifndef DTLS_CRYPTO_PROVIDER_H
#define DTLS_CRYPTO_PROVIDER_H

#include "crypto/ecdhe.h"
#include "crypto/scheme.h"

/* How often a scalar is drawn before the source counts as broken: one draw in 2^32 fails with P-256. */
enum { DTLS_SCALAR_DRAWS = 8 };

/* Diffie-Hellman in one group. Scalars and secrets are secret_len bytes, big endian (x25519: as RFC 7748 has them). */
struct dtls_ecdh {
    uint16_t group; /* enum dtls_group */
    size_t secret_len, point_len;

    /* The public point, as it goes over the wire, of a scalar; false when that is zero or not below the order. */
    bool (*share)(const uint8_t *scalar, uint8_t *point);

    /* The shared secret with the peer's point; false when that is not one of the group, or (x25519) forces a result of
     * all zeroes (RFC 8422, 5.11). */
    bool (*agree)(const uint8_t *scalar, struct dtls_bytes peer_point, uint8_t *secret);
};

/* How a private key begins, whoever's it is. */
struct dtls_private_key {
    const struct dtls_key_ops *ops;
    struct dtls_public_key public; /* views into the key */
};

/* The RSA keys that we work with; all others are DTLS_ERR_BAD_KEY, and verify nothing. What a peer may make us compute
 * has a bound in the exponent too: in use are 3 and 65,537. */
enum { DTLS_RSA_MIN_BITS = 2048, DTLS_RSA_MAX_BITS = 8192, DTLS_RSA_MAX_LEN = DTLS_RSA_MAX_BITS / 8 };
enum { DTLS_RSA_MAX_EXPONENT_LEN = 8 };

/* What a private key is made from: one of the two. */
struct dtls_key_secret {
    struct dtls_bytes scalar; /* ECDSA: big endian; Ed25519: the seed */
    const struct dtls_rsa_numbers *rsa;
};

/* Signatures with one kind of key. What is signed is the digest by the scheme's hash, or with Ed25519 the message. */
struct dtls_key_ops {
    enum dtls_key_kind kind;
    size_t scalar_len; /* bytes of a scalar, or seed; 0: it is made of numbers (RSA) */

    /* A checked key that owns its memory, not changed by being used; DTLS_ERR_BAD_KEY or _NO_MEMORY. */
    int (*load)(const struct dtls_key_ops *ops, const struct dtls_key_secret *secret, struct dtls_private_key **out);

    /* Wipes and gives back. */
    void (*free)(struct dtls_private_key *key);

    /* As dtls_signature_make. */
    int (*sign)(const struct dtls_private_key *key, const struct dtls_scheme_parts *parts,
                const struct dtls_random *random, struct dtls_bytes input, uint8_t *out, size_t *len);

    bool (*verify)(const struct dtls_public_key *key, const struct dtls_scheme_parts *parts, struct dtls_bytes input,
                   struct dtls_bytes signature);
};

/* NULL for what we do not have. */
const struct dtls_ecdh *dtls_ecdh(uint16_t group);
const struct dtls_key_ops *dtls_key_ops(enum dtls_key_kind kind);

/* nettle's. */
extern const struct dtls_ecdh dtls_ecdh_x25519, dtls_ecdh_secp256r1, dtls_ecdh_secp384r1;
extern const struct dtls_key_ops dtls_key_p256, dtls_key_p384, dtls_key_ed25519, dtls_key_rsa;

#endif
