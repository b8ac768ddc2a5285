/* sign.c - makes signatures with a private key. Changes no key, so threads may share one. */
#include <nettle/bignum.h>
#include <nettle/ecdsa.h>
#include <nettle/eddsa.h>
#include <string.h>

#include "crypto/ecdsa_der.h"
#include "crypto/number.h"
#include "crypto/private_key.h"
#include "crypto/scheme.h"
#include "crypto/secret.h"

struct source {
    const struct dtls_random *random;
    int result; /* the first failure stays */
};

/* nettle's callback cannot fail. So the failure waits in the source, and nettle gets bytes with which its search for
 * a usable number ends; what is made from them never leaves. */
static void draw(void *arg, size_t len, uint8_t *out)
{
    struct source *source = arg;

    if (source->result == DTLS_OK)
        source->result = dtls_random_bytes(source->random, out, len);
    if (source->result != DTLS_OK)
        memset(out, 1, len);
}

static size_t sign_ecdsa(const struct dtls_private_key *key, struct source *source, struct dtls_bytes digest,
                         uint8_t *out)
{
    size_t len = dtls_curve_len(key->ec.scalar.ecc);
    uint8_t r[DTLS_CURVE_MAX], s[DTLS_CURVE_MAX];
    struct dsa_signature numbers;
    struct dtls_writer to = dtls_writer_to(out, DTLS_SIGNATURE_MAX);

    dsa_signature_init(&numbers);
    ecdsa_sign(&key->ec.scalar, source, draw, digest.len, digest.at, &numbers);
    if (source->result == DTLS_OK) { /* else the nonce is known, and s gives the key away */
        nettle_mpz_get_str_256(len, r, numbers.r);
        nettle_mpz_get_str_256(len, s, numbers.s);
        dtls_ecdsa_der_write(&to, (struct dtls_bytes){ r, len }, (struct dtls_bytes){ s, len });
    }
    dtls_number_wipe(numbers.s);
    dsa_signature_clear(&numbers);
    return dtls_writer_bytes(&to).len;
}

static size_t sign_ed25519(const struct dtls_private_key *key, struct dtls_bytes message, uint8_t *out)
{
    ed25519_sha512_sign(key->ed.point, key->ed.seed, message.len, message.at, out);
    return ED25519_SIGNATURE_SIZE;
}

/* nettle's _tr calls are side-channel silent, blinded, and verify the result before they return it. */
static bool sign_pkcs1(const struct dtls_private_key *key, struct source *source, enum dtls_hash hash,
                       const uint8_t *digest, mpz_t number)
{
    uint8_t info[DTLS_DIGEST_INFO_MAX];
    size_t len = dtls_scheme_digest_info(hash, digest, info);

    return rsa_pkcs1_sign_tr(&key->rsa.public, &key->rsa.secret, source, draw, len, info, number) != 0;
}

static bool sign_pss(const struct dtls_private_key *key, struct source *source, enum dtls_hash hash,
                     const uint8_t *digest, mpz_t number)
{
    const struct rsa_public_key *public = &key->rsa.public;
    const struct rsa_private_key *secret = &key->rsa.secret;
    uint8_t salt[DTLS_HASH_MAX];
    size_t len = dtls_hash_len(hash); /* RFC 8446, 4.2.3 */

    draw(source, len, salt);
    switch (hash) {
    case DTLS_SHA256:
        return rsa_pss_sha256_sign_digest_tr(public, secret, source, draw, len, salt, digest, number) != 0;
    case DTLS_SHA384:
        return rsa_pss_sha384_sign_digest_tr(public, secret, source, draw, len, salt, digest, number) != 0;
    case DTLS_SHA512:
        return rsa_pss_sha512_sign_digest_tr(public, secret, source, draw, len, salt, digest, number) != 0;
    }
    return false;
}

static size_t sign_rsa(const struct dtls_private_key *key, struct source *source, const struct dtls_scheme_parts *parts,
                       const uint8_t *digest, uint8_t *out)
{
    size_t len = 0;
    mpz_t number;

    mpz_init(number);
    bool made = parts->signing == DTLS_SIGN_PSS ? sign_pss(key, source, parts->hash, digest, number)
                                                : sign_pkcs1(key, source, parts->hash, digest, number);
    if (made && source->result == DTLS_OK) {
        len = key->rsa.public.size;
        nettle_mpz_get_str_256(len, out, number);
    }
    mpz_clear(number);
    return len;
}

int dtls_signature_make(const struct dtls_private_key *key, uint16_t scheme, const struct dtls_random *random,
                        struct dtls_bytes message, uint8_t *out, size_t *len)
{
    const struct dtls_scheme_parts *parts = dtls_scheme_parts(scheme, key->kind);
    struct source source = { random, DTLS_OK };
    uint8_t digest[DTLS_HASH_MAX];

    *len = 0;
    if (parts == NULL)
        return DTLS_ERR_INTERNAL; /* the caller chooses among schemes that fit (dtls_scheme_fits) */
    if (parts->signing == DTLS_SIGN_ED25519) {
        *len = sign_ed25519(key, message, out);
    } else {
        size_t digest_len = dtls_hash_once(parts->hash, message, digest);
        *len = parts->signing == DTLS_SIGN_ECDSA
                   ? sign_ecdsa(key, &source, (struct dtls_bytes){ digest, digest_len }, out)
                   : sign_rsa(key, &source, parts, digest, out);
    }
    if (source.result != DTLS_OK)
        return source.result;
    return *len > 0 ? DTLS_OK : DTLS_ERR_INTERNAL;
}
