/* provider.c - who does the public-key operations: nettle, all of them. */
#include "crypto/provider.h"

static const struct dtls_ecdh *const groups[] = { &dtls_ecdh_x25519, &dtls_ecdh_secp256r1, &dtls_ecdh_secp384r1 };
static const struct dtls_key_ops *const kinds[] = { &dtls_key_p256, &dtls_key_p384, &dtls_key_ed25519, &dtls_key_rsa };

const struct dtls_ecdh *dtls_ecdh(uint16_t group)
{
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (groups[i]->group == group)
            return groups[i];
    return NULL;
}

const struct dtls_key_ops *dtls_key_ops(enum dtls_key_kind kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i]->kind == kind)
            return kinds[i];
    return NULL;
}
