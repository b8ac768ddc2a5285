/* provider_libcrypto.c - a second provider of public-key operations behind the tables of crypto/provider.h: x25519,
 * secp256r1 and ECDSA with P-256 by OpenSSL's libcrypto, all else by nettle. It is here to say what such a one would
 * bring, and to show that it is one file; the library does not have it.
 *
 * The linker puts the two functions that choose in front of ours (--wrap, meson.build). Signatures draw their own
 * randomness. The functions of EC_KEY are out of favour since OpenSSL 3.0, and cost less there than those that are not.
 */
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "crypto/memory.h"
#include "crypto/provider.h"
#include "dtls/config.h"

enum { LEN = 32, POINT = 1 + 2 * LEN };

const struct dtls_ecdh *__real_dtls_ecdh(uint16_t group);
const struct dtls_ecdh *__wrap_dtls_ecdh(uint16_t group);
const struct dtls_key_ops *__real_dtls_key_ops(enum dtls_key_kind kind);
const struct dtls_key_ops *__wrap_dtls_key_ops(enum dtls_key_kind kind);

/* ---- x25519 ---- */

static bool share_x25519(const uint8_t *scalar, uint8_t *point)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, scalar, LEN);
    size_t len = LEN;
    bool ok = key != NULL && EVP_PKEY_get_raw_public_key(key, point, &len) == 1;

    EVP_PKEY_free(key);
    return ok;
}

static bool agree_x25519(const uint8_t *scalar, struct dtls_bytes peer_point, uint8_t *secret)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, scalar, LEN);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer_point.at, peer_point.len);
    EVP_PKEY_CTX *context = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    size_t len = LEN;
    bool ok = context != NULL && peer != NULL && EVP_PKEY_derive_init(context) == 1 &&
              EVP_PKEY_derive_set_peer(context, peer) == 1 && EVP_PKEY_derive(context, secret, &len) == 1;

    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(key);
    return ok;
}

static const struct dtls_ecdh x25519 = { DTLS_GROUP_X25519, LEN, LEN, share_x25519, agree_x25519 };

/* ---- P-256 ---- */

static EC_GROUP *curve;

/* A new key from a scalar, NULL when that is out of range. */
static EC_KEY *key_of_scalar(const uint8_t *scalar, size_t len)
{
    EC_KEY *key = EC_KEY_new();
    EC_POINT *point = EC_POINT_new(curve);
    BIGNUM *number = BN_bin2bn(scalar, (int)len, NULL);
    bool ok = key != NULL && point != NULL && number != NULL && !BN_is_zero(number) &&
              BN_cmp(number, EC_GROUP_get0_order(curve)) < 0 && EC_KEY_set_group(key, curve) == 1 &&
              EC_POINT_mul(curve, point, number, NULL, NULL, NULL) == 1 && EC_KEY_set_private_key(key, number) == 1 &&
              EC_KEY_set_public_key(key, point) == 1;

    BN_clear_free(number);
    EC_POINT_free(point);
    if (ok)
        return key;
    EC_KEY_free(key);
    return NULL;
}

static bool point_of_key(const EC_KEY *key, uint8_t *point)
{
    return EC_POINT_point2oct(curve, EC_KEY_get0_public_key(key), POINT_CONVERSION_UNCOMPRESSED, point, POINT, NULL) ==
           POINT;
}

/* NULL unless the bytes are 0x04 X Y of a point of the curve. */
static EC_POINT *point_of_bytes(struct dtls_bytes bytes)
{
    EC_POINT *point = EC_POINT_new(curve);

    if (point != NULL && bytes.len == POINT && EC_POINT_oct2point(curve, point, bytes.at, bytes.len, NULL) == 1)
        return point;
    EC_POINT_free(point);
    return NULL;
}

static bool share_p256(const uint8_t *scalar, uint8_t *point)
{
    EC_KEY *key = key_of_scalar(scalar, LEN);
    bool ok = key != NULL && point_of_key(key, point);

    EC_KEY_free(key);
    return ok;
}

static bool agree_p256(const uint8_t *scalar, struct dtls_bytes peer_point, uint8_t *secret)
{
    EC_POINT *peer = point_of_bytes(peer_point), *shared = EC_POINT_new(curve);
    BIGNUM *number = BN_bin2bn(scalar, LEN, NULL), *x = BN_new();
    bool ok = peer != NULL && shared != NULL && number != NULL && x != NULL &&
              EC_POINT_mul(curve, shared, NULL, peer, number, NULL) == 1 &&
              EC_POINT_get_affine_coordinates(curve, shared, x, NULL, NULL) == 1 && BN_bn2binpad(x, secret, LEN) == LEN;

    BN_clear_free(x);
    BN_clear_free(number);
    EC_POINT_clear_free(shared);
    EC_POINT_free(peer);
    return ok;
}

static const struct dtls_ecdh secp256r1 = { DTLS_GROUP_SECP256R1, LEN, POINT, share_p256, agree_p256 };

static const struct dtls_memory heap;

struct p256_key {
    struct dtls_private_key head;
    EC_KEY *key;
    uint8_t point[POINT];
};

static void free_p256(struct dtls_private_key *head)
{
    struct p256_key *key = (struct p256_key *)head;

    EC_KEY_free(key->key);
    dtls_release(&heap, key, sizeof *key);
}

static int load_p256(const struct dtls_key_ops *ops, const struct dtls_key_secret *secret,
                     struct dtls_private_key **out)
{
    struct p256_key *key = dtls_allocate(&heap, sizeof *key);

    if (key == NULL)
        return DTLS_ERR_NO_MEMORY;
    key->key = secret->scalar.len <= LEN ? key_of_scalar(secret->scalar.at, secret->scalar.len) : NULL;
    if (key->key == NULL || !point_of_key(key->key, key->point)) {
        free_p256(&key->head);
        return DTLS_ERR_BAD_KEY;
    }
    key->head = (struct dtls_private_key){ ops, { .kind = ops->kind, .point = { key->point, POINT } } };
    *out = &key->head;
    return DTLS_OK;
}

static int sign_p256(const struct dtls_private_key *head, const struct dtls_scheme_parts *parts,
                     const struct dtls_random *random, struct dtls_bytes digest, uint8_t *out, size_t *out_len)
{
    unsigned len = 0;

    (void)parts;
    (void)random;
    if (ECDSA_sign(0, digest.at, (int)digest.len, out, &len, ((const struct p256_key *)head)->key) != 1)
        return DTLS_ERR_INTERNAL;
    *out_len = len;
    return DTLS_OK;
}

static bool verify_p256(const struct dtls_public_key *public, const struct dtls_scheme_parts *parts,
                        struct dtls_bytes digest, struct dtls_bytes signature)
{
    EC_KEY *key = EC_KEY_new();
    EC_POINT *point = point_of_bytes(public->point);
    bool valid = key != NULL && point != NULL && EC_KEY_set_group(key, curve) == 1 &&
                 EC_KEY_set_public_key(key, point) == 1 &&
                 ECDSA_verify(0, digest.at, (int)digest.len, signature.at, (int)signature.len, key) == 1;

    (void)parts;
    EC_POINT_free(point);
    EC_KEY_free(key);
    return valid;
}

static const struct dtls_key_ops p256 = { DTLS_KEY_P256, LEN, load_p256, free_p256, sign_p256, verify_p256 };

/* ---- who does what ---- */

static bool have_curve(void)
{
    if (curve == NULL)
        curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    return curve != NULL;
}

const struct dtls_ecdh *__wrap_dtls_ecdh(uint16_t group)
{
    if (group == DTLS_GROUP_X25519)
        return &x25519;
    return group == DTLS_GROUP_SECP256R1 && have_curve() ? &secp256r1 : __real_dtls_ecdh(group);
}

const struct dtls_key_ops *__wrap_dtls_key_ops(enum dtls_key_kind kind)
{
    return kind == DTLS_KEY_P256 && have_curve() ? &p256 : __real_dtls_key_ops(kind);
}
