/* ecdhe.h - ephemeral Diffie-Hellman over x25519 (RFC 7748), secp256r1 and secp384r1 (RFC 8422). */
#ifndef DTLS_CRYPTO_ECDHE_H
#define DTLS_CRYPTO_ECDHE_H

#include "crypto/random.h"

enum { DTLS_ECDHE_MAX_POINT = 97, DTLS_ECDHE_MAX_SECRET = 48 };

/* One ephemeral key pair; wipe when done. */
struct dtls_ecdhe {
    uint16_t group;                             /* enum dtls_group */
    uint8_t scalar[DTLS_ECDHE_MAX_SECRET];      /* secret, big endian (x25519: as RFC 7748 has it) */
    uint8_t public_point[DTLS_ECDHE_MAX_POINT]; /* as it goes over the wire: 32 bytes, or 0x04 X Y */
    size_t public_len;
};

/* DTLS_OK, DTLS_ERR_RANDOM, or DTLS_ERR_ARGUMENT for a group we do not have. */
int dtls_ecdhe_generate(struct dtls_ecdhe *pair, uint16_t group, const struct dtls_random *random);

/* The shared secret with the peer's point; DTLS_ERR_ILLEGAL_PARAMETER when the point is not on the curve, has the
 * wrong length or form, or (x25519) gives all zeroes (RFC 8422, 5.11). */
int dtls_ecdhe_agree(const struct dtls_ecdhe *pair, struct dtls_bytes peer_point, uint8_t secret[DTLS_ECDHE_MAX_SECRET],
                     size_t *secret_len);

#endif
