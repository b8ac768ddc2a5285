/* key_rsa.c - RSA (RFC 8017), PKCS#1 v1.5 and PSS, by nettle. */
#include <nettle/bignum.h>
#include <string.h>

#include "crypto/key_nettle.h"
#include "crypto/memory.h"
#include "crypto/number.h"

/* False, and nothing to clear, when the key is none of ours. Leading zeroes are allowed. */
static bool public_init(struct rsa_public_key *rsa, struct dtls_bytes modulus, struct dtls_bytes exponent)
{
    rsa_public_key_init(rsa);
    dtls_number_read(rsa->n, modulus);
    dtls_number_read(rsa->e, exponent);

    size_t bits = mpz_sizeinbase(rsa->n, 2);
    bool ok = bits >= DTLS_RSA_MIN_BITS && bits <= DTLS_RSA_MAX_BITS && rsa_public_key_prepare(rsa) != 0 &&
              mpz_odd_p(rsa->e) != 0 && mpz_cmp_ui(rsa->e, 3) >= 0 &&
              mpz_sizeinbase(rsa->e, 256) <= DTLS_RSA_MAX_EXPONENT_LEN;
    if (!ok)
        rsa_public_key_clear(rsa);
    return ok;
}

/* ---- private keys ---- */

static bool are_inverse(const mpz_t a, const mpz_t b, const mpz_t modulus)
{
    mpz_t product;

    mpz_init(product);
    mpz_mul(product, a, b);
    mpz_mod(product, product, modulus);
    bool inverse = mpz_cmp_ui(product, 1) == 0;
    dtls_number_wipe(product);
    mpz_clear(product);
    return inverse;
}

/* One half of the key: is `exponent` what d is modulo prime - 1, and the inverse of e? */
static bool half_agrees(const mpz_t e, const mpz_t d, const mpz_t prime, const mpz_t exponent)
{
    mpz_t order;

    mpz_init(order);
    mpz_sub_ui(order, prime, 1);
    bool agrees =
        mpz_cmp(exponent, order) < 0 && mpz_congruent_p(d, exponent, order) != 0 && are_inverse(e, exponent, order);
    dtls_number_wipe(order);
    mpz_clear(order);
    return agrees;
}

/* RFC 8017, 3.2. That p and q are primes is taken on trust; a signature is verified before it leaves. */
static bool numbers_agree(const struct rsa_public_key *public, const struct rsa_private_key *secret)
{
    mpz_t product;

    if (mpz_cmp_ui(secret->p, 1) <= 0 || mpz_cmp_ui(secret->q, 1) <= 0) /* nothing may be divided by zero */
        return false;
    mpz_init(product);
    mpz_mul(product, secret->p, secret->q);
    bool agree = mpz_cmp(product, public->n) == 0;
    mpz_clear(product);
    return agree && half_agrees(public->e, secret->d, secret->p, secret->a) &&
           half_agrees(public->e, secret->d, secret->q, secret->b) && mpz_cmp(secret->c, secret->p) < 0 &&
           are_inverse(secret->c, secret->q, secret->p);
}

static void free_key(struct dtls_private_key *head)
{
    struct dtls_rsa_key *key = (struct dtls_rsa_key *)head;

    dtls_number_wipe(key->secret.d);
    dtls_number_wipe(key->secret.p);
    dtls_number_wipe(key->secret.q);
    dtls_number_wipe(key->secret.a);
    dtls_number_wipe(key->secret.b);
    dtls_number_wipe(key->secret.c);
    rsa_private_key_clear(&key->secret);
    rsa_public_key_clear(&key->public);
    dtls_release(&dtls_heap, key, sizeof *key);
}

static int load(const struct dtls_key_ops *ops, const struct dtls_key_secret *secret, struct dtls_private_key **out)
{
    const struct dtls_rsa_numbers *numbers = secret->rsa;
    struct dtls_rsa_key *key = dtls_allocate(&dtls_heap, sizeof *key);

    if (key == NULL)
        return DTLS_ERR_NO_MEMORY;
    if (!public_init(&key->public, numbers->n, numbers->e)) {
        dtls_release(&dtls_heap, key, sizeof *key);
        return DTLS_ERR_BAD_KEY;
    }
    rsa_private_key_init(&key->secret);
    dtls_number_read(key->secret.d, numbers->d);
    dtls_number_read(key->secret.p, numbers->p);
    dtls_number_read(key->secret.q, numbers->q);
    dtls_number_read(key->secret.a, numbers->dp);
    dtls_number_read(key->secret.b, numbers->dq);
    dtls_number_read(key->secret.c, numbers->qinv);
    if (!numbers_agree(&key->public, &key->secret) || !rsa_private_key_prepare(&key->secret)) {
        free_key(&key->head);
        return DTLS_ERR_BAD_KEY;
    }
    size_t len = mpz_sizeinbase(key->public.e, 256);
    nettle_mpz_get_str_256(key->public.size, key->modulus, key->public.n);
    nettle_mpz_get_str_256(len, key->exponent, key->public.e);
    key->head.ops = ops;
    key->head.public = (struct dtls_public_key){ .kind = ops->kind,
                                                 .modulus = { key->modulus, key->public.size },
                                                 .exponent = { key->exponent, len } };
    *out = &key->head;
    return DTLS_OK;
}

/* ---- signatures ---- */

enum { DIGEST_INFO_MAX = 19 + DTLS_HASH_MAX };

/* Writes the DigestInfo that PKCS#1 signs for a digest (RFC 8017, 9.2, note 1); returns its length. */
static size_t digest_info(enum dtls_hash hash, const uint8_t *digest, uint8_t out[DIGEST_INFO_MAX])
{
    static const uint8_t last_of_oid[] = { [DTLS_SHA256] = 1, [DTLS_SHA384] = 2, [DTLS_SHA512] = 3 };
    uint8_t len = (uint8_t)dtls_hash_len(hash);
    const uint8_t header[] = {
        0x30, (uint8_t)(17 + len), 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
        0x02, last_of_oid[hash],   0x05, 0x00, 0x04, len
    };

    memcpy(out, header, sizeof header);
    memcpy(out + sizeof header, digest, len);
    return sizeof header + len;
}

/* nettle's _tr calls are side-channel silent, blinded, and verify the result before they return it. */
static bool sign_pkcs1(const struct dtls_rsa_key *key, struct dtls_nettle_random *source, enum dtls_hash hash,
                       const uint8_t *digest, mpz_t number)
{
    uint8_t info[DIGEST_INFO_MAX];
    size_t len = digest_info(hash, digest, info);

    return rsa_pkcs1_sign_tr(&key->public, &key->secret, source, dtls_nettle_draw, len, info, number) != 0;
}

static bool sign_pss(const struct dtls_rsa_key *key, struct dtls_nettle_random *source, enum dtls_hash hash,
                     const uint8_t *digest, mpz_t number)
{
    const struct rsa_public_key *public = &key->public;
    const struct rsa_private_key *secret = &key->secret;
    uint8_t salt[DTLS_HASH_MAX];
    size_t len = dtls_hash_len(hash); /* RFC 8446, 4.2.3 */

    dtls_nettle_draw(source, len, salt);
    switch (hash) {
    case DTLS_SHA256:
        return rsa_pss_sha256_sign_digest_tr(public, secret, source, dtls_nettle_draw, len, salt, digest, number) != 0;
    case DTLS_SHA384:
        return rsa_pss_sha384_sign_digest_tr(public, secret, source, dtls_nettle_draw, len, salt, digest, number) != 0;
    case DTLS_SHA512:
        return rsa_pss_sha512_sign_digest_tr(public, secret, source, dtls_nettle_draw, len, salt, digest, number) != 0;
    }
    return false;
}

static int sign(const struct dtls_private_key *head, const struct dtls_scheme_parts *parts,
                const struct dtls_random *random, struct dtls_bytes digest, uint8_t *out, size_t *out_len)
{
    const struct dtls_rsa_key *key = (const struct dtls_rsa_key *)head;
    struct dtls_nettle_random source = { random, DTLS_OK };
    mpz_t number;

    mpz_init(number);
    bool made = parts->signing == DTLS_SIGN_PSS ? sign_pss(key, &source, parts->hash, digest.at, number)
                                                : sign_pkcs1(key, &source, parts->hash, digest.at, number);
    if (made && source.result == DTLS_OK) {
        *out_len = key->public.size;
        nettle_mpz_get_str_256(*out_len, out, number);
    }
    mpz_clear(number);
    return source.result == DTLS_OK && !made ? DTLS_ERR_INTERNAL : source.result;
}

static bool verify_pkcs1(const struct rsa_public_key *rsa, enum dtls_hash hash, const uint8_t *digest,
                         const mpz_t number)
{
    uint8_t info[DIGEST_INFO_MAX];
    size_t len = digest_info(hash, digest, info);

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

static bool verify(const struct dtls_public_key *key, const struct dtls_scheme_parts *parts, struct dtls_bytes digest,
                   struct dtls_bytes signature)
{
    struct rsa_public_key rsa;
    bool valid = false;
    mpz_t number;

    if (!public_init(&rsa, key->modulus, key->exponent))
        return false;
    if (signature.len == rsa.size) { /* RFC 8017, 8.1.2 and 8.2.2, step 1 */
        mpz_init(number);
        dtls_number_read(number, signature);
        valid = parts->signing == DTLS_SIGN_PSS ? verify_pss(&rsa, parts->hash, digest.at, number)
                                                : verify_pkcs1(&rsa, parts->hash, digest.at, number);
        mpz_clear(number);
    }
    rsa_public_key_clear(&rsa);
    return valid;
}

const struct dtls_key_ops dtls_key_rsa = { DTLS_KEY_RSA, 0, load, free_key, sign, verify };
