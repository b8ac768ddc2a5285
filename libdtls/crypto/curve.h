/* curve.h - points and scalars of the NIST curves, between bytes and nettle's structs. */
#ifndef DTLS_CRYPTO_CURVE_H
#define DTLS_CRYPTO_CURVE_H

#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <stdbool.h>

#include "dtls/identity.h"

enum { DTLS_CURVE_MAX = 48, DTLS_POINT_MAX = 1 + 2 * DTLS_CURVE_MAX };

/* Bytes of a coordinate, or of a scalar. */
size_t dtls_curve_len(const struct ecc_curve *curve);

/* False, and nothing to clear, unless 0 < scalar < order. Big endian, at most dtls_curve_len bytes. */
bool dtls_scalar_init(struct ecc_scalar *scalar, const struct ecc_curve *curve, struct dtls_bytes bytes);

/* Wipes and gives back. */
void dtls_scalar_clear(struct ecc_scalar *scalar);

/* False, and nothing to clear, unless it is 0x04 X Y (RFC 8422, 5.4.1) and on the curve. */
bool dtls_point_init(struct ecc_point *point, const struct ecc_curve *curve, struct dtls_bytes bytes);

/* Writes 0x04 X Y of the public point that belongs to a scalar; returns its length. */
size_t dtls_point_of_scalar(const struct ecc_scalar *scalar, uint8_t out[DTLS_POINT_MAX]);

/* Writes X of scalar * point, dtls_curve_len bytes: the shared secret of ECDH (RFC 8422, 5.10). */
void dtls_point_multiply(const struct ecc_point *point, const struct ecc_scalar *scalar, uint8_t *out);

#endif
