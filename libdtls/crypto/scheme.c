/* scheme.c - the table of signature schemes. Computes nothing with a key. */
#include "crypto/scheme.h"

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
