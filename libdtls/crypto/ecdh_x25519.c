/* ecdh_x25519.c - x25519 (RFC 7748) by nettle. */
#include <nettle/curve25519.h>

#include "crypto/provider.h"
#include "crypto/secret.h"
#include "dtls/config.h"

static bool share(const uint8_t *scalar, uint8_t *point)
{
    curve25519_mul_g(point, scalar);
    return true;
}

static bool agree(const uint8_t *scalar, struct dtls_bytes peer_point, uint8_t *secret)
{
    static const uint8_t zeroes[CURVE25519_SIZE];

    if (peer_point.len != CURVE25519_SIZE)
        return false;
    curve25519_mul(secret, scalar, peer_point.at);
    /* A peer's point of small order forces this result whatever our scalar is. */
    return !dtls_secret_equal(secret, zeroes, sizeof zeroes);
}

const struct dtls_ecdh dtls_ecdh_x25519 = {
    .group = DTLS_GROUP_X25519,
    .secret_len = CURVE25519_SIZE,
    .point_len = CURVE25519_SIZE,
    .share = share,
    .agree = agree,
};
