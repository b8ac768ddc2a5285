/* ecdhe.c - ephemeral Diffie-Hellman: fresh pairs and shared secrets. Knows no message. */
#include "crypto/ecdhe.h"

#include <nettle/curve25519.h>
#include <string.h>

#include "crypto/curve.h"
#include "crypto/secret.h"
#include "dtls/config.h"

/* NULL for a group that is not a NIST curve. */
static const struct ecc_curve *curve_of_group(uint16_t group)
{
    switch (group) {
    case DTLS_GROUP_SECP256R1:
        return nettle_get_secp_256r1();
    case DTLS_GROUP_SECP384R1:
        return nettle_get_secp_384r1();
    default:
        return NULL;
    }
}

static int generate_x25519(struct dtls_ecdhe *pair, const struct dtls_random *random)
{
    int result = dtls_random_bytes(random, pair->scalar, CURVE25519_SIZE);

    if (result == DTLS_OK)
        curve25519_mul_g(pair->public_point, pair->scalar);
    pair->public_len = CURVE25519_SIZE;
    return result;
}

static int generate_on_curve(struct dtls_ecdhe *pair, const struct ecc_curve *curve, const struct dtls_random *random)
{
    struct dtls_bytes drawn = { pair->scalar, dtls_curve_len(curve) };
    struct ecc_scalar scalar;

    for (int draw = 0; draw < DTLS_SCALAR_DRAWS; draw++) {
        if (dtls_random_bytes(random, pair->scalar, drawn.len) != DTLS_OK)
            return DTLS_ERR_RANDOM;
        if (!dtls_scalar_init(&scalar, curve, drawn))
            continue;
        pair->public_len = dtls_point_of_scalar(&scalar, pair->public_point);
        dtls_scalar_clear(&scalar);
        return DTLS_OK;
    }
    return DTLS_ERR_RANDOM;
}

static int agree_x25519(const struct dtls_ecdhe *pair, struct dtls_bytes peer_point, uint8_t *secret)
{
    static const uint8_t zeroes[CURVE25519_SIZE];

    if (peer_point.len != CURVE25519_SIZE)
        return DTLS_ERR_ILLEGAL_PARAMETER;
    curve25519_mul(secret, pair->scalar, peer_point.at);
    /* A peer's point of small order forces this result whatever our scalar is. */
    return dtls_secret_equal(secret, zeroes, sizeof zeroes) ? DTLS_ERR_ILLEGAL_PARAMETER : DTLS_OK;
}

static int agree_on_curve(const struct dtls_ecdhe *pair, const struct ecc_curve *curve, struct dtls_bytes peer_point,
                          uint8_t *secret)
{
    struct ecc_point point;
    struct ecc_scalar scalar;
    int result = DTLS_ERR_INTERNAL;

    if (!dtls_point_init(&point, curve, peer_point))
        return DTLS_ERR_ILLEGAL_PARAMETER;
    if (dtls_scalar_init(&scalar, curve, (struct dtls_bytes){ pair->scalar, dtls_curve_len(curve) })) {
        dtls_point_multiply(&point, &scalar, secret);
        dtls_scalar_clear(&scalar);
        result = DTLS_OK;
    }
    ecc_point_clear(&point);
    return result;
}

int dtls_ecdhe_generate(struct dtls_ecdhe *pair, uint16_t group, const struct dtls_random *random)
{
    const struct ecc_curve *curve = curve_of_group(group);
    int result = DTLS_ERR_ARGUMENT;

    *pair = (struct dtls_ecdhe){ .group = group };
    if (curve != NULL)
        result = generate_on_curve(pair, curve, random);
    else if (group == DTLS_GROUP_X25519)
        result = generate_x25519(pair, random);
    if (result != DTLS_OK)
        dtls_wipe(pair, sizeof *pair);
    return result;
}

int dtls_ecdhe_agree(const struct dtls_ecdhe *pair, struct dtls_bytes peer_point, uint8_t secret[DTLS_ECDHE_MAX_SECRET],
                     size_t *secret_len)
{
    const struct ecc_curve *curve = curve_of_group(pair->group);
    int result;

    if (curve != NULL)
        result = agree_on_curve(pair, curve, peer_point, secret);
    else
        result = agree_x25519(pair, peer_point, secret);
    *secret_len = curve != NULL ? dtls_curve_len(curve) : CURVE25519_SIZE;
    if (result != DTLS_OK) {
        dtls_wipe(secret, *secret_len);
        *secret_len = 0;
    }
    return result;
}
