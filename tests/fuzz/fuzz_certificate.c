/* fuzz_certificate.c - any bytes as an X.509 certificate: its key lies within it, and verifies nothing by itself. */
#include "identity/certificate.h"
#include "tests/fuzz/fuzz.h"

static const uint16_t schemes[] = { DTLS_RSA_PKCS1_SHA256, DTLS_ECDSA_SHA256, DTLS_RSA_PSS_SHA384, DTLS_ED25519 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint8_t signature[DTLS_SIGNATURE_LARGEST] = { 0x30, 6, 2, 1, 1, 2, 1, 1 };
    struct dtls_bytes der = { data, len };
    struct dtls_public_key key;
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN];

    dtls_certificate_fingerprint(der, fingerprint);
    if (dtls_certificate_public_key(der, &key) != DTLS_OK)
        return 0;
    FUZZ_CHECK(key.kind != DTLS_KEY_NONE);
    fuzz_touch(key.point);
    fuzz_touch(key.modulus);
    fuzz_touch(key.exponent);
    size_t signature_len = key.kind == DTLS_KEY_RSA ? key.modulus.len : key.kind == DTLS_KEY_ED ? 64 : 8;
    if (signature_len > sizeof signature)
        signature_len = sizeof signature;
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        FUZZ_CHECK(dtls_signature_verify(&key, schemes[i], dtls_view(fingerprint, sizeof fingerprint),
                                         dtls_view(signature, signature_len)) != DTLS_OK);
    return 0;
}
