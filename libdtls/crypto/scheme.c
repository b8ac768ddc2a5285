/* scheme.c - the table of signature schemes. Computes nothing with a key. */
#include "crypto/scheme.h"

#include <string.h>

static const struct dtls_scheme_parts schemes[] = {
    { DTLS_RSA_PKCS1_SHA256, DTLS_SIGN_PKCS1, DTLS_SHA256 }, { DTLS_RSA_PKCS1_SHA384, DTLS_SIGN_PKCS1, DTLS_SHA384 },
    { DTLS_RSA_PKCS1_SHA512, DTLS_SIGN_PKCS1, DTLS_SHA512 }, { DTLS_ECDSA_SHA256, DTLS_SIGN_ECDSA, DTLS_SHA256 },
    { DTLS_ECDSA_SHA384, DTLS_SIGN_ECDSA, DTLS_SHA384 },     { DTLS_ECDSA_SHA512, DTLS_SIGN_ECDSA, DTLS_SHA512 },
    { DTLS_RSA_PSS_SHA256, DTLS_SIGN_PSS, DTLS_SHA256 },     { DTLS_RSA_PSS_SHA384, DTLS_SIGN_PSS, DTLS_SHA384 },
    { DTLS_RSA_PSS_SHA512, DTLS_SIGN_PSS, DTLS_SHA512 },     { DTLS_ED25519, DTLS_SIGN_ED25519, DTLS_SHA512 },
};

static bool signs_with(enum dtls_key_kind kind, enum dtls_signing signing)
{
    switch (kind) {
    case DTLS_KEY_P256:
    case DTLS_KEY_P384:
        return signing == DTLS_SIGN_ECDSA;
    case DTLS_KEY_ED:
        return signing == DTLS_SIGN_ED25519;
    case DTLS_KEY_RSA:
        return signing == DTLS_SIGN_PKCS1 || signing == DTLS_SIGN_PSS;
    case DTLS_KEY_NONE:
        break;
    }
    return false;
}

const struct dtls_scheme_parts *dtls_scheme_parts(uint16_t scheme, enum dtls_key_kind kind)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (schemes[i].scheme == scheme)
            return signs_with(kind, schemes[i].signing) ? &schemes[i] : NULL;
    return NULL;
}

bool dtls_scheme_fits(uint16_t scheme, enum dtls_key_kind kind)
{
    return dtls_scheme_parts(scheme, kind) != NULL;
}

size_t dtls_scheme_digest_info(enum dtls_hash hash, const uint8_t *digest, uint8_t out[DTLS_DIGEST_INFO_MAX])
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
