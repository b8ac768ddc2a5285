/* key_ecdsa.c - ECDSA with P-256 and P-384 by nettle. */
#include <nettle/bignum.h>
#include <nettle/ecdsa.h>

#include "crypto/ecdsa_der.h"
#include "crypto/key_nettle.h"
#include "crypto/memory.h"
#include "crypto/number.h"

static const struct ecc_curve *curve_of(enum dtls_key_kind kind)
{
    return kind == DTLS_KEY_P256 ? nettle_get_secp_256r1() : nettle_get_secp_384r1();
}

static int load(const struct dtls_key_ops *ops, const struct dtls_key_secret *secret, struct dtls_private_key **out)
{
    struct dtls_ecdsa_key *key = dtls_allocate(&dtls_heap, sizeof *key);

    if (key == NULL)
        return DTLS_ERR_NO_MEMORY;
    if (!dtls_scalar_init(&key->scalar, curve_of(ops->kind), secret->scalar)) {
        dtls_release(&dtls_heap, key, sizeof *key);
        return DTLS_ERR_BAD_KEY;
    }
    size_t len = dtls_point_of_scalar(&key->scalar, key->point);
    key->head = (struct dtls_private_key){ ops, { .kind = ops->kind, .point = { key->point, len } } };
    *out = &key->head;
    return DTLS_OK;
}

static void free_key(struct dtls_private_key *head)
{
    struct dtls_ecdsa_key *key = (struct dtls_ecdsa_key *)head;

    dtls_scalar_clear(&key->scalar);
    dtls_release(&dtls_heap, key, sizeof *key);
}

static int sign(const struct dtls_private_key *head, const struct dtls_scheme_parts *parts,
                const struct dtls_random *random, struct dtls_bytes digest, uint8_t *out, size_t *out_len)
{
    const struct dtls_ecdsa_key *key = (const struct dtls_ecdsa_key *)head;
    size_t len = dtls_curve_len(key->scalar.ecc);
    struct dtls_nettle_random source = { random, DTLS_OK };
    struct dtls_writer to = dtls_writer_to(out, DTLS_SIGNATURE_LARGEST);
    uint8_t r[DTLS_CURVE_MAX], s[DTLS_CURVE_MAX];
    struct dsa_signature numbers;

    (void)parts; /* the scheme names the hash alone */
    dsa_signature_init(&numbers);
    ecdsa_sign(&key->scalar, &source, dtls_nettle_draw, digest.len, digest.at, &numbers);
    if (source.result == DTLS_OK) { /* else the nonce is known, and s gives the key away */
        nettle_mpz_get_str_256(len, r, numbers.r);
        nettle_mpz_get_str_256(len, s, numbers.s);
        dtls_ecdsa_der_write(&to, (struct dtls_bytes){ r, len }, (struct dtls_bytes){ s, len });
    }
    dtls_number_wipe(numbers.s);
    dsa_signature_clear(&numbers);
    *out_len = to.len;
    return source.result;
}

static bool verify(const struct dtls_public_key *key, const struct dtls_scheme_parts *parts, struct dtls_bytes digest,
                   struct dtls_bytes signature)
{
    struct ecc_point point;
    struct dsa_signature numbers;
    struct dtls_bytes r, s;

    (void)parts;
    if (!dtls_ecdsa_der_read(signature, &r, &s) || !dtls_point_init(&point, curve_of(key->kind), key->point))
        return false;
    dsa_signature_init(&numbers);
    dtls_number_read(numbers.r, r);
    dtls_number_read(numbers.s, s);
    bool valid = ecdsa_verify(&point, digest.len, digest.at, &numbers) != 0;
    dsa_signature_clear(&numbers);
    ecc_point_clear(&point);
    return valid;
}

const struct dtls_key_ops dtls_key_p256 = { DTLS_KEY_P256, 32, load, free_key, sign, verify };
const struct dtls_key_ops dtls_key_p384 = { DTLS_KEY_P384, 48, load, free_key, sign, verify };
