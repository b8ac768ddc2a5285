/* private_key.c - private keys of all kinds: made, shown, forgotten. Signs nothing. */
#include "crypto/provider.h"
#include "crypto/secret.h"

int dtls_private_key_from_scalar(enum dtls_key_kind kind, struct dtls_bytes scalar, struct dtls_private_key **out)
{
    const struct dtls_key_ops *ops = dtls_key_ops(kind);

    *out = NULL;
    if (ops == NULL || ops->scalar_len == 0)
        return DTLS_ERR_BAD_KEY;
    return ops->load(ops, &(struct dtls_key_secret){ .scalar = scalar }, out);
}

int dtls_private_key_from_rsa(const struct dtls_rsa_numbers *numbers, struct dtls_private_key **out)
{
    const struct dtls_key_ops *ops = dtls_key_ops(DTLS_KEY_RSA);

    *out = NULL;
    return ops->load(ops, &(struct dtls_key_secret){ .rsa = numbers }, out);
}

int dtls_private_key_generate(enum dtls_key_kind kind, const struct dtls_random *random, struct dtls_private_key **out)
{
    const struct dtls_key_ops *ops = dtls_key_ops(kind);
    uint8_t drawn[DTLS_ECDHE_MAX_SECRET];
    int result = DTLS_ERR_BAD_KEY;

    *out = NULL;
    if (ops == NULL || ops->scalar_len == 0)
        return DTLS_ERR_BAD_KEY;
    for (int draw = 0; draw < DTLS_SCALAR_DRAWS && result == DTLS_ERR_BAD_KEY; draw++) {
        result = dtls_random_bytes(random, drawn, ops->scalar_len);
        if (result == DTLS_OK)
            result = dtls_private_key_from_scalar(kind, (struct dtls_bytes){ drawn, ops->scalar_len }, out);
    }
    dtls_wipe(drawn, sizeof drawn);
    return result == DTLS_ERR_BAD_KEY ? DTLS_ERR_RANDOM : result;
}

void dtls_private_key_free(struct dtls_private_key *key)
{
    if (key != NULL)
        key->ops->free(key);
}

struct dtls_public_key dtls_private_key_public(const struct dtls_private_key *key)
{
    return key->public;
}
