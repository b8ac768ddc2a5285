/* signature.h - public and private keys, and the signatures of RFC 8446, 4.2.3 as TLS 1.2 uses them. */
#ifndef DTLS_CRYPTO_SIGNATURE_H
#define DTLS_CRYPTO_SIGNATURE_H

#include <stdbool.h>

#include "crypto/random.h"
#include "dtls/signer.h"

/* Signature schemes. In TLS 1.2 an ECDSA scheme names the hash only, not the curve (RFC 8446, 4.2.3). */
enum dtls_scheme {
    DTLS_RSA_PKCS1_SHA256 = 0x0401,
    DTLS_RSA_PKCS1_SHA384 = 0x0501,
    DTLS_RSA_PKCS1_SHA512 = 0x0601,
    DTLS_ECDSA_SHA256 = 0x0403,
    DTLS_ECDSA_SHA384 = 0x0503,
    DTLS_ECDSA_SHA512 = 0x0603,
    DTLS_RSA_PSS_SHA256 = 0x0804, /* rsa_pss_rsae: the key is a plain RSA key */
    DTLS_RSA_PSS_SHA384 = 0x0805,
    DTLS_RSA_PSS_SHA512 = 0x0806,
    DTLS_ED25519 = 0x0807,
};

enum { DTLS_ED25519_LEN = 32 };

enum dtls_key_kind { DTLS_KEY_NONE, DTLS_KEY_P256, DTLS_KEY_P384, DTLS_KEY_ED, DTLS_KEY_RSA };

/* A public key as views of the certificate, or of the private key, it comes from. */
struct dtls_public_key {
    enum dtls_key_kind kind;
    struct dtls_bytes point;             /* ECDSA: 0x04 X Y; Ed25519: 32 bytes */
    struct dtls_bytes modulus, exponent; /* RSA: big endian */
};

/* Can a key of this kind sign with this scheme? */
bool dtls_scheme_fits(uint16_t scheme, enum dtls_key_kind kind);

/* DTLS_OK; DTLS_ERR_ILLEGAL_PARAMETER when the scheme does not fit the key; DTLS_ERR_BAD_SIGNATURE.
 * `message` is what was signed, not its hash. RSA keys below 2048 or above 8192 bits verify nothing. */
int dtls_signature_verify(const struct dtls_public_key *key, uint16_t scheme, struct dtls_bytes message,
                          struct dtls_bytes signature);

/* A private key, owned: memory from malloc, wiped when freed. Immutable: threads may share one. */
struct dtls_private_key;

/* ECDSA (P-256, P-384) from the big-endian scalar; Ed25519 from its 32-byte seed. DTLS_ERR_BAD_KEY or _NO_MEMORY. */
int dtls_private_key_from_scalar(enum dtls_key_kind kind, struct dtls_bytes scalar, struct dtls_private_key **out);

/* The numbers of an RSA key, big endian (RFC 8017, A.1.2). Checked against each other; 2048 to 8192 bits. */
struct dtls_rsa_numbers {
    struct dtls_bytes n, e, d, p, q, dp, dq, qinv;
};
int dtls_private_key_from_rsa(const struct dtls_rsa_numbers *numbers, struct dtls_private_key **out);

/* A fresh P-256, P-384 or Ed25519 key. DTLS_ERR_RANDOM or _NO_MEMORY. */
int dtls_private_key_generate(enum dtls_key_kind kind, const struct dtls_random *random, struct dtls_private_key **out);

void dtls_private_key_free(struct dtls_private_key *key);

/* The public half: views into `key`. */
struct dtls_public_key dtls_private_key_public(const struct dtls_private_key *key);

/* Signs `message` (hashed inside); out has room for DTLS_SIGNATURE_LARGEST bytes. DTLS_ERR_RANDOM, or
 * DTLS_ERR_INTERNAL when the primitive failed (RSA: the result is verified before it leaves, against faults). */
int dtls_signature_make(const struct dtls_private_key *key, uint16_t scheme, const struct dtls_random *random,
                        struct dtls_bytes message, uint8_t *out, size_t *len);

#endif
