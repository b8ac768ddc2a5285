/* signature.c - makes and checks signatures of all schemes. Changes no key, so threads may share one. */
#include "crypto/signature.h"

#include "crypto/provider.h"

/* What is signed: the message's digest, which goes into `digest`, or, as Ed25519 hashes inside, the message. */
static struct dtls_bytes input_of(const struct dtls_scheme_parts *parts, struct dtls_bytes message,
                                  uint8_t digest[DTLS_HASH_MAX])
{
    if (parts->signing == DTLS_SIGN_ED25519)
        return message;
    return (struct dtls_bytes){ digest, dtls_hash_once(parts->hash, message, digest) };
}

int dtls_signature_make(const struct dtls_private_key *key, uint16_t scheme, const struct dtls_random *random,
                        struct dtls_bytes message, uint8_t *out, size_t *len)
{
    const struct dtls_scheme_parts *parts = dtls_scheme_parts(scheme, key->ops->kind);
    uint8_t digest[DTLS_HASH_MAX];

    *len = 0;
    if (parts == NULL)
        return DTLS_ERR_INTERNAL; /* the caller chooses among schemes that fit (dtls_scheme_fits) */
    return key->ops->sign(key, parts, random, input_of(parts, message, digest), out, len);
}

int dtls_signature_verify(const struct dtls_public_key *key, uint16_t scheme, struct dtls_bytes message,
                          struct dtls_bytes signature)
{
    const struct dtls_scheme_parts *parts = dtls_scheme_parts(scheme, key->kind);
    uint8_t digest[DTLS_HASH_MAX];

    if (parts == NULL)
        return DTLS_ERR_ILLEGAL_PARAMETER;
    return dtls_key_ops(key->kind)->verify(key, parts, input_of(parts, message, digest), signature)
               ? DTLS_OK
               : DTLS_ERR_BAD_SIGNATURE;
}
