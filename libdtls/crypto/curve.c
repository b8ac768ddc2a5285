/* curve.c - points and scalars of the NIST curves. Trusts no point that is not proven to be on its curve. */
#include "crypto/curve.h"

#include <nettle/bignum.h>

#include "bytes/reader.h"
#include "crypto/number.h"
#include "crypto/secret.h"

static const uint8_t uncompressed = 4; /* the only point format of RFC 8422 */

/* Writes the coordinates of a point and wipes it; `y` may be NULL. */
static void finish_point(struct ecc_point *point, uint8_t *x, uint8_t *y)
{
    size_t len = dtls_curve_len(point->ecc);
    mpz_t numbers[2];

    mpz_init(numbers[0]);
    mpz_init(numbers[1]);
    ecc_point_get(point, numbers[0], numbers[1]);
    nettle_mpz_get_str_256(len, x, numbers[0]);
    if (y != NULL)
        nettle_mpz_get_str_256(len, y, numbers[1]);
    dtls_number_wipe(numbers[0]);
    dtls_number_wipe(numbers[1]);
    mpz_clear(numbers[0]);
    mpz_clear(numbers[1]);
    dtls_wipe(point->p, (size_t)ecc_size_a(point->ecc) * sizeof(mp_limb_t));
    ecc_point_clear(point);
}

size_t dtls_curve_len(const struct ecc_curve *curve)
{
    return (ecc_bit_size(curve) + 7) / 8;
}

bool dtls_scalar_init(struct ecc_scalar *scalar, const struct ecc_curve *curve, struct dtls_bytes bytes)
{
    mpz_t number;

    if (bytes.len > dtls_curve_len(curve))
        return false;
    mpz_init(number);
    dtls_number_read(number, bytes);
    ecc_scalar_init(scalar, curve);
    bool ok = ecc_scalar_set(scalar, number) != 0;
    dtls_number_wipe(number);
    mpz_clear(number);
    if (!ok)
        ecc_scalar_clear(scalar);
    return ok;
}

void dtls_scalar_clear(struct ecc_scalar *scalar)
{
    dtls_wipe(scalar->p, (size_t)ecc_size(scalar->ecc) * sizeof(mp_limb_t));
    ecc_scalar_clear(scalar);
}

bool dtls_point_init(struct ecc_point *point, const struct ecc_curve *curve, struct dtls_bytes bytes)
{
    struct dtls_reader from = dtls_reader_of(bytes);
    mpz_t x, y;

    uint8_t form = dtls_read_u8(&from);
    struct dtls_bytes x_bytes = dtls_read_bytes(&from, dtls_curve_len(curve));
    struct dtls_bytes y_bytes = dtls_read_bytes(&from, dtls_curve_len(curve));
    if (form != uncompressed || !dtls_reader_finished(&from))
        return false;

    mpz_init(x);
    mpz_init(y);
    dtls_number_read(x, x_bytes);
    dtls_number_read(y, y_bytes);
    ecc_point_init(point, curve);
    bool ok = ecc_point_set(point, x, y) != 0; /* in range, and the equation holds */
    mpz_clear(x);
    mpz_clear(y);
    if (!ok)
        ecc_point_clear(point);
    return ok;
}

size_t dtls_point_of_scalar(const struct ecc_scalar *scalar, uint8_t out[DTLS_POINT_MAX])
{
    size_t len = dtls_curve_len(scalar->ecc);
    struct ecc_point point;

    ecc_point_init(&point, scalar->ecc);
    ecc_point_mul_g(&point, scalar);
    out[0] = uncompressed;
    finish_point(&point, out + 1, out + 1 + len);
    return 1 + 2 * len;
}

void dtls_point_multiply(const struct ecc_point *point, const struct ecc_scalar *scalar, uint8_t *out)
{
    struct ecc_point product;

    ecc_point_init(&product, scalar->ecc);
    ecc_point_mul(&product, scalar, point);
    finish_point(&product, out, NULL);
}
