/* fuzz_identity.c - any text as the file of certificates and key: an identity, or a reason and nothing. */
#include "tests/fuzz/fuzz.h"

static bool is_a_reason(int result)
{
    return result == DTLS_ERR_BAD_PEM || result == DTLS_ERR_BAD_X509 || result == DTLS_ERR_BAD_KEY ||
           result == DTLS_ERR_ENCRYPTED_KEY || result == DTLS_ERR_KEY_MISMATCH;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_identity *identity = NULL;
    const char *text = (const char *)data;

    int result = dtls_identity_from_pem(text, len, text, len, &identity);
    FUZZ_CHECK(result == DTLS_OK ? identity != NULL : identity == NULL && is_a_reason(result));
    if (identity != NULL) {
        FUZZ_CHECK(dtls_identity_certificate(identity, 0).len > 0);
        for (size_t i = 0; dtls_identity_certificate(identity, i).len > 0; i++)
            fuzz_touch(dtls_identity_certificate(identity, i));
    }
    dtls_identity_free(identity);
    return 0;
}
