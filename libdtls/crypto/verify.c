/* verify.c - checks a peer's signature with the public key of its certificate. */
#include <nettle/ecdsa.h>
#include <nettle/eddsa.h>

#include "crypto/ecdsa_der.h"
#include "crypto/number.h"
#include "crypto/private_key.h"
#include "crypto/scheme.h"

static bool verify_ecdsa(const struct dtls_public_key *key, struct dtls_bytes digest, struct dtls_bytes signature)
{
    struct ecc_point point;
    struct dsa_signature numbers;
    struct dtls_bytes r, s;

    if (!dtls_ecdsa_der_read(signature, &r, &s) || !dtls_point_init(&point, dtls_key_kind_curve(key->kind), key->point))
        return false;
    dsa_signature_init(&numbers);
    dtls_number_read(numbers.r, r);
    dtls_number_read(numbers.s, s);
    bool valid = ecdsa_verify(&point, digest.len, digest.at, &numbers) != 0;
    dsa_signature_clear(&numbers);
    ecc_point_clear(&point);
    return valid;
}

static bool verify_ed25519(const struct dtls_public_key *key, struct dtls_bytes message, struct dtls_bytes signature)
{
    return key->point.len == ED25519_KEY_SIZE && signature.len == ED25519_SIGNATURE_SIZE &&
           ed25519_sha512_verify(key->point.at, message.len, message.at, signature.at) != 0;
}

static bool verify_pkcs1(const struct rsa_public_key *rsa, enum dtls_hash hash, const uint8_t *digest,
                         const mpz_t number)
{
    uint8_t info[DTLS_DIGEST_INFO_MAX];
    size_t len = dtls_scheme_digest_info(hash, digest, info);

    return rsa_pkcs1_verify(rsa, len, info, number) != 0;
}

/* The salt is as long as the hash (RFC 8446, 4.2.3). */
static bool verify_pss(const struct rsa_public_key *rsa, enum dtls_hash hash, const uint8_t *digest, const mpz_t number)
{
    switch (hash) {
    case DTLS_SHA256:
        return rsa_pss_sha256_verify_digest(rsa, dtls_hash_len(hash), digest, number) != 0;
    case DTLS_SHA384:
        return rsa_pss_sha384_verify_digest(rsa, dtls_hash_len(hash), digest, number) != 0;
    case DTLS_SHA512:
        return rsa_pss_sha512_verify_digest(rsa, dtls_hash_len(hash), digest, number) != 0;
    }
    return false;
}

static bool verify_rsa(const struct dtls_public_key *key, const struct dtls_scheme_parts *parts, const uint8_t *digest,
                       struct dtls_bytes signature)
{
    struct rsa_public_key rsa;
    bool valid = false;
    mpz_t number;

    if (!dtls_rsa_public_init(&rsa, key->modulus, key->exponent))
        return false;
    if (signature.len == rsa.size) { /* RFC 8017, 8.1.2 and 8.2.2, step 1 */
        mpz_init(number);
        dtls_number_read(number, signature);
        valid = parts->signing == DTLS_SIGN_PSS ? verify_pss(&rsa, parts->hash, digest, number)
                                                : verify_pkcs1(&rsa, parts->hash, digest, number);
        mpz_clear(number);
    }
    rsa_public_key_clear(&rsa);
    return valid;
}

int dtls_signature_verify(const struct dtls_public_key *key, uint16_t scheme, struct dtls_bytes message,
                          struct dtls_bytes signature)
{
    const struct dtls_scheme_parts *parts = dtls_scheme_parts(scheme, key->kind);
    uint8_t digest[DTLS_HASH_MAX];
    bool valid;

    if (parts == NULL)
        return DTLS_ERR_ILLEGAL_PARAMETER;
    if (parts->signing == DTLS_SIGN_ED25519) {
        valid = verify_ed25519(key, message, signature);
    } else {
        size_t len = dtls_hash_once(parts->hash, message, digest);
        valid = parts->signing == DTLS_SIGN_ECDSA ? verify_ecdsa(key, (struct dtls_bytes){ digest, len }, signature)
                                                  : verify_rsa(key, parts, digest, signature);
    }
    return valid ? DTLS_OK : DTLS_ERR_BAD_SIGNATURE;
}
