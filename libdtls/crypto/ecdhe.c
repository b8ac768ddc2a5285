/* ecdhe.c - ephemeral Diffie-Hellman: fresh pairs and shared secrets. Knows no message. */
#include "crypto/ecdhe.h"

#include "crypto/provider.h"
#include "crypto/secret.h"

static int generate(struct dtls_ecdhe *pair, const struct dtls_ecdh *ecdh, const struct dtls_random *random)
{
    pair->public_len = ecdh->point_len;
    for (int draw = 0; draw < DTLS_SCALAR_DRAWS; draw++) {
        if (dtls_random_bytes(random, pair->scalar, ecdh->secret_len) != DTLS_OK)
            return DTLS_ERR_RANDOM;
        if (ecdh->share(pair->scalar, pair->public_point))
            return DTLS_OK;
    }
    return DTLS_ERR_RANDOM;
}

int dtls_ecdhe_generate(struct dtls_ecdhe *pair, uint16_t group, const struct dtls_random *random)
{
    const struct dtls_ecdh *ecdh = dtls_ecdh(group);

    *pair = (struct dtls_ecdhe){ .group = group };
    if (ecdh == NULL)
        return DTLS_ERR_ARGUMENT;
    int result = generate(pair, ecdh, random);
    if (result != DTLS_OK)
        dtls_wipe(pair, sizeof *pair);
    return result;
}

int dtls_ecdhe_agree(const struct dtls_ecdhe *pair, struct dtls_bytes peer_point, uint8_t secret[DTLS_ECDHE_MAX_SECRET],
                     size_t *secret_len)
{
    const struct dtls_ecdh *ecdh = dtls_ecdh(pair->group);

    *secret_len = 0;
    if (ecdh == NULL)
        return DTLS_ERR_INTERNAL;
    if (!ecdh->agree(pair->scalar, peer_point, secret)) {
        dtls_wipe(secret, ecdh->secret_len);
        return DTLS_ERR_ILLEGAL_PARAMETER;
    }
    *secret_len = ecdh->secret_len;
    return DTLS_OK;
}
