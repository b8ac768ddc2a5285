/* private_key.c - private keys: made, checked, forgotten. Signs nothing. */
#include "crypto/private_key.h"

#include <nettle/bignum.h>
#include <nettle/eddsa.h>
#include <string.h>

#include "crypto/memory.h"
#include "crypto/number.h"
#include "crypto/secret.h"

static const struct dtls_memory heap; /* a key is older and younger than any configuration: plain malloc */

static struct dtls_private_key *allocate_key(enum dtls_key_kind kind)
{
    struct dtls_private_key *key = dtls_allocate(&heap, sizeof *key);

    if (key != NULL)
        key->kind = kind;
    return key;
}

static void release_key(struct dtls_private_key *key)
{
    dtls_release(&heap, key, sizeof *key);
}

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
static bool rsa_numbers_agree(const struct rsa_public_key *public, const struct rsa_private_key *secret)
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

static void clear_rsa_secret(struct rsa_private_key *secret)
{
    dtls_number_wipe(secret->d);
    dtls_number_wipe(secret->p);
    dtls_number_wipe(secret->q);
    dtls_number_wipe(secret->a);
    dtls_number_wipe(secret->b);
    dtls_number_wipe(secret->c);
    rsa_private_key_clear(secret);
}

const struct ecc_curve *dtls_key_kind_curve(enum dtls_key_kind kind)
{
    switch (kind) {
    case DTLS_KEY_P256:
        return nettle_get_secp_256r1();
    case DTLS_KEY_P384:
        return nettle_get_secp_384r1();
    default:
        return NULL;
    }
}

int dtls_private_key_from_scalar(enum dtls_key_kind kind, struct dtls_bytes scalar, struct dtls_private_key **out)
{
    const struct ecc_curve *curve = dtls_key_kind_curve(kind);

    *out = NULL;
    if (curve == NULL && (kind != DTLS_KEY_ED || scalar.len != DTLS_ED25519_LEN))
        return DTLS_ERR_BAD_KEY;
    struct dtls_private_key *key = allocate_key(kind);
    if (key == NULL)
        return DTLS_ERR_NO_MEMORY;

    if (curve == NULL) {
        memcpy(key->ed.seed, scalar.at, DTLS_ED25519_LEN);
        ed25519_sha512_public_key(key->ed.point, key->ed.seed);
    } else if (dtls_scalar_init(&key->ec.scalar, curve, scalar)) {
        key->ec.point_len = dtls_point_of_scalar(&key->ec.scalar, key->ec.point);
    } else {
        release_key(key);
        return DTLS_ERR_BAD_KEY;
    }
    *out = key;
    return DTLS_OK;
}

int dtls_private_key_from_rsa(const struct dtls_rsa_numbers *numbers, struct dtls_private_key **out)
{
    struct dtls_private_key *key = allocate_key(DTLS_KEY_RSA);

    *out = NULL;
    if (key == NULL)
        return DTLS_ERR_NO_MEMORY;
    if (!dtls_rsa_public_init(&key->rsa.public, numbers->n, numbers->e)) {
        release_key(key);
        return DTLS_ERR_BAD_KEY;
    }
    rsa_private_key_init(&key->rsa.secret);
    dtls_number_read(key->rsa.secret.d, numbers->d);
    dtls_number_read(key->rsa.secret.p, numbers->p);
    dtls_number_read(key->rsa.secret.q, numbers->q);
    dtls_number_read(key->rsa.secret.a, numbers->dp);
    dtls_number_read(key->rsa.secret.b, numbers->dq);
    dtls_number_read(key->rsa.secret.c, numbers->qinv);
    if (!rsa_numbers_agree(&key->rsa.public, &key->rsa.secret) || !rsa_private_key_prepare(&key->rsa.secret)) {
        dtls_private_key_free(key);
        return DTLS_ERR_BAD_KEY;
    }
    nettle_mpz_get_str_256(key->rsa.public.size, key->rsa.modulus, key->rsa.public.n);
    key->rsa.exponent_len = mpz_sizeinbase(key->rsa.public.e, 256);
    nettle_mpz_get_str_256(key->rsa.exponent_len, key->rsa.exponent, key->rsa.public.e);
    *out = key;
    return DTLS_OK;
}

int dtls_private_key_generate(enum dtls_key_kind kind, const struct dtls_random *random, struct dtls_private_key **out)
{
    uint8_t drawn[DTLS_CURVE_MAX];
    struct dtls_bytes scalar = { drawn, kind == DTLS_KEY_P384 ? 48 : 32 };
    int result = DTLS_ERR_BAD_KEY;

    *out = NULL;
    for (int draw = 0; draw < DTLS_SCALAR_DRAWS && result == DTLS_ERR_BAD_KEY; draw++) {
        result = dtls_random_bytes(random, drawn, scalar.len);
        if (result == DTLS_OK)
            result = dtls_private_key_from_scalar(kind, scalar, out);
    }
    dtls_wipe(drawn, sizeof drawn);
    return result == DTLS_ERR_BAD_KEY ? DTLS_ERR_RANDOM : result;
}

void dtls_private_key_free(struct dtls_private_key *key)
{
    if (key == NULL)
        return;
    if (key->kind == DTLS_KEY_RSA) {
        clear_rsa_secret(&key->rsa.secret);
        rsa_public_key_clear(&key->rsa.public);
    } else if (key->kind != DTLS_KEY_ED) {
        dtls_scalar_clear(&key->ec.scalar);
    }
    release_key(key);
}

struct dtls_public_key dtls_private_key_public(const struct dtls_private_key *key)
{
    struct dtls_public_key public = { .kind = key->kind };

    if (key->kind == DTLS_KEY_RSA) {
        public.modulus = (struct dtls_bytes){ key->rsa.modulus, key->rsa.public.size };
        public.exponent = (struct dtls_bytes){ key->rsa.exponent, key->rsa.exponent_len };
    } else if (key->kind == DTLS_KEY_ED) {
        public.point = (struct dtls_bytes){ key->ed.point, DTLS_ED25519_LEN };
    } else {
        public.point = (struct dtls_bytes){ key->ec.point, key->ec.point_len };
    }
    return public;
}
