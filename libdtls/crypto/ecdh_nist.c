/* ecdh_nist.c - Diffie-Hellman over secp256r1 and secp384r1 (RFC 8422) by nettle. */
#include "crypto/curve.h"
#include "crypto/provider.h"
#include "dtls/config.h"

enum { LEN_256 = 32, LEN_384 = 48 };

static bool share(const struct ecc_curve *curve, const uint8_t *scalar, uint8_t *point)
{
    struct ecc_scalar number;

    if (!dtls_scalar_init(&number, curve, (struct dtls_bytes){ scalar, dtls_curve_len(curve) }))
        return false;
    dtls_point_of_scalar(&number, point);
    dtls_scalar_clear(&number);
    return true;
}

static bool agree(const struct ecc_curve *curve, const uint8_t *scalar, struct dtls_bytes peer_point, uint8_t *secret)
{
    struct ecc_point point;
    struct ecc_scalar number;

    if (!dtls_point_init(&point, curve, peer_point))
        return false;
    bool ok = dtls_scalar_init(&number, curve, (struct dtls_bytes){ scalar, dtls_curve_len(curve) });
    if (ok) {
        dtls_point_multiply(&point, &number, secret);
        dtls_scalar_clear(&number);
    }
    ecc_point_clear(&point);
    return ok;
}

static bool share_256(const uint8_t *scalar, uint8_t *point)
{
    return share(nettle_get_secp_256r1(), scalar, point);
}

static bool agree_256(const uint8_t *scalar, struct dtls_bytes peer_point, uint8_t *secret)
{
    return agree(nettle_get_secp_256r1(), scalar, peer_point, secret);
}

static bool share_384(const uint8_t *scalar, uint8_t *point)
{
    return share(nettle_get_secp_384r1(), scalar, point);
}

static bool agree_384(const uint8_t *scalar, struct dtls_bytes peer_point, uint8_t *secret)
{
    return agree(nettle_get_secp_384r1(), scalar, peer_point, secret);
}

const struct dtls_ecdh dtls_ecdh_secp256r1 = {
    .group = DTLS_GROUP_SECP256R1,
    .secret_len = LEN_256,
    .point_len = 1 + 2 * LEN_256,
    .share = share_256,
    .agree = agree_256,
};

const struct dtls_ecdh dtls_ecdh_secp384r1 = {
    .group = DTLS_GROUP_SECP384R1,
    .secret_len = LEN_384,
    .point_len = 1 + 2 * LEN_384,
    .share = share_384,
    .agree = agree_384,
};
