/* identity.c - the life of a struct dtls_identity: read from PEM or made afresh, asked, freed. */
#include "identity/identity.h"

#include <string.h>

#include "crypto/base64.h"
#include "crypto/memory.h"
#include "identity/certificate.h"
#include "identity/der.h"
#include "identity/key_info.h"
#include "identity/pem.h"
#include "identity/private_key_file.h"
#include "identity/self_signed.h"

/* An intermediate certificate may have a key we could not use; it must still be one value and nothing behind it. */
static bool is_one_sequence(struct dtls_bytes der)
{
    struct dtls_reader from = dtls_reader_of(der);

    dtls_der_read(&from, DTLS_DER_SEQUENCE);
    return dtls_reader_finished(&from);
}

/* Appends one certificate to the chain; `der` has room for it. */
static int add_certificate(struct dtls_identity *identity, const struct dtls_pem_block *block, size_t *used)
{
    struct dtls_bytes certificate = { identity->der + *used, 0 };

    if (identity->chain_count == DTLS_MAX_CHAIN)
        return DTLS_ERR_BAD_PEM;
    if (!dtls_base64_decode((const char *)block->text.at, block->text.len, identity->der + *used, &certificate.len))
        return DTLS_ERR_BAD_PEM;
    if (!is_one_sequence(certificate))
        return DTLS_ERR_BAD_X509;
    *used += certificate.len;
    identity->chain[identity->chain_count++] = certificate;
    return DTLS_OK;
}

static int read_chain(struct dtls_identity *identity, struct dtls_bytes pem)
{
    struct dtls_reader file = dtls_reader_of(pem);
    struct dtls_pem_block block;
    size_t used = 0;

    if (pem.len == 0)
        return DTLS_ERR_BAD_PEM;
    identity->der = dtls_allocate(&dtls_heap, pem.len); /* base64 only shrinks */
    if (identity->der == NULL)
        return DTLS_ERR_NO_MEMORY;
    while (dtls_pem_next(&file, &block)) {
        int result = dtls_pem_is(&block, "CERTIFICATE") ? add_certificate(identity, &block, &used) : DTLS_OK;
        if (result != DTLS_OK)
            return result;
    }
    return file.broken || identity->chain_count == 0 ? DTLS_ERR_BAD_PEM : DTLS_OK;
}

/* A raw key: the SubjectPublicKeyInfo alone. */
static int write_key_info(struct dtls_identity *identity, const struct dtls_public_key *key)
{
    identity->der = dtls_allocate(&dtls_heap, DTLS_KEY_INFO_MAX);
    if (identity->der == NULL)
        return DTLS_ERR_NO_MEMORY;
    struct dtls_writer to = dtls_writer_to(identity->der, DTLS_KEY_INFO_MAX);
    dtls_key_info_write(&to, key);
    identity->key_info = dtls_writer_bytes(&to);
    return to.broken ? DTLS_ERR_BAD_KEY : DTLS_OK;
}

static int read_raw_key(struct dtls_identity *identity, struct dtls_bytes private_key)
{
    int result = dtls_private_key_from_pem(private_key, &identity->key);

    if (result != DTLS_OK)
        return result;
    struct dtls_public_key key = dtls_private_key_public(identity->key);
    return write_key_info(identity, &key);
}

/* A "PUBLIC KEY" block, if there is one; DTLS_ERR_BAD_PEM where not. */
static int read_key_info(struct dtls_identity *identity, struct dtls_bytes pem)
{
    struct dtls_reader file = dtls_reader_of(pem);
    struct dtls_pem_block block;

    while (dtls_pem_next(&file, &block)) {
        if (!dtls_pem_is(&block, "PUBLIC KEY"))
            continue;
        identity->der = dtls_allocate(&dtls_heap, pem.len);
        if (identity->der == NULL)
            return DTLS_ERR_NO_MEMORY;
        identity->key_info.at = identity->der;
        return dtls_base64_decode((const char *)block.text.at, block.text.len, identity->der, &identity->key_info.len)
                   ? DTLS_OK
                   : DTLS_ERR_BAD_PEM;
    }
    return DTLS_ERR_BAD_PEM;
}

static bool is_same_key(const struct dtls_public_key *a, const struct dtls_public_key *b)
{
    return a->kind == b->kind && dtls_bytes_equal(a->point, b->point) && dtls_bytes_equal(a->modulus, b->modulus) &&
           dtls_bytes_equal(a->exponent, b->exponent);
}

static int read_identity(struct dtls_identity *identity, struct dtls_bytes certificates, struct dtls_bytes private_key)
{
    struct dtls_public_key certified, owned;
    int result = read_chain(identity, certificates);

    if (result == DTLS_OK)
        result = dtls_certificate_public_key(identity->chain[0], &certified);
    if (result == DTLS_OK)
        result = dtls_private_key_from_pem(private_key, &identity->key);
    if (result != DTLS_OK)
        return result;
    owned = dtls_private_key_public(identity->key);
    return is_same_key(&certified, &owned) ? DTLS_OK : DTLS_ERR_KEY_MISMATCH;
}

static int make_identity(struct dtls_identity *identity, enum dtls_key_kind kind, const struct dtls_self_signed *what,
                         const struct dtls_random *random)
{
    identity->der = dtls_allocate(&dtls_heap, DTLS_SELF_SIGNED_MAX);
    if (identity->der == NULL)
        return DTLS_ERR_NO_MEMORY;
    struct dtls_writer certificate = dtls_writer_to(identity->der, DTLS_SELF_SIGNED_MAX);
    int result = dtls_private_key_generate(kind, random, &identity->key);
    if (result == DTLS_OK)
        result = dtls_self_signed_write(&certificate, what, identity->key, random);
    identity->chain[0] = dtls_writer_bytes(&certificate);
    identity->chain_count = 1;
    return result;
}

/* What a fingerprint is of. */
static struct dtls_bytes shown(const struct dtls_identity *identity)
{
    return identity->chain_count > 0 ? identity->chain[0] : identity->key_info;
}

/* The end of all ways to an identity: key, and chain or key_info are there, or it failed. Gives back the result. */
static int publish(struct dtls_identity *identity, int result, struct dtls_identity **out)
{
    if (result == DTLS_OK && identity->chain_count > 0)
        result = dtls_certificate_key_info(identity->chain[0], &identity->key_info);
    if (result == DTLS_OK)
        result = dtls_key_info_public_key(identity->key_info, &identity->public_key);
    if (result == DTLS_OK) {
        dtls_certificate_fingerprint(shown(identity), identity->fingerprint);
        *out = identity;
    } else {
        dtls_identity_free(identity);
    }
    return result;
}

int dtls_identity_from_pem(const char *certificates, size_t certificates_len, const char *private_key,
                           size_t private_key_len, struct dtls_identity **out)
{
    struct dtls_bytes chain = { (const uint8_t *)certificates, certificates_len };
    struct dtls_bytes key = { (const uint8_t *)private_key, private_key_len };
    struct dtls_identity *identity = dtls_allocate(&dtls_heap, sizeof *identity);

    *out = NULL;
    if (identity == NULL)
        return DTLS_ERR_NO_MEMORY;
    return publish(identity, read_identity(identity, chain, key), out);
}

int dtls_identity_from_key(const char *private_key, size_t private_key_len, struct dtls_identity **out)
{
    struct dtls_bytes key = { (const uint8_t *)private_key, private_key_len };
    struct dtls_identity *identity = dtls_allocate(&dtls_heap, sizeof *identity);

    *out = NULL;
    if (identity == NULL)
        return DTLS_ERR_NO_MEMORY;
    return publish(identity, read_raw_key(identity, key), out);
}

int dtls_identity_from_signer(const char *public_text, size_t public_len, dtls_sign_function *sign, void *sign_arg,
                              struct dtls_identity **out)
{
    struct dtls_bytes text = { (const uint8_t *)public_text, public_len };
    struct dtls_identity *identity = dtls_allocate(&dtls_heap, sizeof *identity);

    *out = NULL;
    if (identity == NULL)
        return DTLS_ERR_NO_MEMORY;
    identity->sign = sign;
    identity->sign_arg = sign_arg;
    int result = read_key_info(identity, text);
    if (result == DTLS_ERR_BAD_PEM && identity->der == NULL)
        result = read_chain(identity, text);
    return publish(identity, result, out);
}

void dtls_identity_release_signer(struct dtls_identity *identity, void (*release)(void *sign_arg))
{
    identity->release = release;
}

int dtls_identity_generate(enum dtls_key_type type, const char *common_name, int64_t not_before, int64_t not_after,
                           dtls_random_function *random, void *random_arg, struct dtls_identity **out)
{
    const struct dtls_self_signed what = { common_name, not_before, not_after };
    const struct dtls_random source = { random, random_arg };
    struct dtls_identity *identity;
    enum dtls_key_kind kind;

    *out = NULL;
    switch (type) {
    case DTLS_KEY_ECDSA_P256:
        kind = DTLS_KEY_P256;
        break;
    case DTLS_KEY_ED25519:
        kind = DTLS_KEY_ED;
        break;
    default:
        return DTLS_ERR_ARGUMENT;
    }
    identity = dtls_allocate(&dtls_heap, sizeof *identity);
    if (identity == NULL)
        return DTLS_ERR_NO_MEMORY;
    return publish(identity, make_identity(identity, kind, &what, &source), out);
}

int dtls_identity_set_ocsp_response(struct dtls_identity *identity, const uint8_t *response, size_t len)
{
    uint8_t *copy = NULL;

    if (len > UINT16_MAX)
        return DTLS_ERR_ARGUMENT;
    if (len > 0) {
        copy = dtls_allocate(&dtls_heap, len);
        if (copy == NULL)
            return DTLS_ERR_NO_MEMORY;
        memcpy(copy, response, len);
    }
    dtls_release(&dtls_heap, (void *)(uintptr_t)identity->ocsp_response.at, 0);
    identity->ocsp_response = (struct dtls_bytes){ copy, len };
    return DTLS_OK;
}

void dtls_identity_free(struct dtls_identity *identity)
{
    if (identity == NULL)
        return;
    void (*release)(void *sign_arg) = identity->release;
    void *sign_arg = identity->sign_arg;
    dtls_private_key_free(identity->key);
    dtls_release(&dtls_heap, (void *)(uintptr_t)identity->ocsp_response.at, 0);
    dtls_release(&dtls_heap, identity->der, 0); /* certificates are no secret: nothing to wipe */
    dtls_release(&dtls_heap, identity, sizeof *identity);
    if (release != NULL)
        release(sign_arg);
}

struct dtls_bytes dtls_identity_certificate(const struct dtls_identity *identity, size_t index)
{
    return index < identity->chain_count ? identity->chain[index] : (struct dtls_bytes){ 0 };
}

void dtls_identity_fingerprint(const struct dtls_identity *identity, uint8_t out[DTLS_FINGERPRINT_LEN])
{
    memcpy(out, identity->fingerprint, DTLS_FINGERPRINT_LEN);
}

void dtls_identity_fingerprint_by(const struct dtls_identity *identity, enum dtls_fingerprint_hash hash,
                                  struct dtls_fingerprint *out)
{
    dtls_certificate_fingerprint_by(shown(identity), hash, out);
}

struct dtls_bytes dtls_identity_key_info(const struct dtls_identity *identity)
{
    return identity->key_info;
}

void dtls_identity_key_fingerprint(const struct dtls_identity *identity, uint8_t out[DTLS_FINGERPRINT_LEN])
{
    dtls_certificate_fingerprint(identity->key_info, out);
}
