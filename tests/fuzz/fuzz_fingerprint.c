/* fuzz_fingerprint.c - any text as a fingerprint: what can be read is written in one way, which can be read again. */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN], again[DTLS_FINGERPRINT_LEN];
    char written[DTLS_FINGERPRINT_TEXT];
    char *text = malloc(len + 1);

    FUZZ_CHECK(text != NULL);
    memcpy(text, data, len);
    text[len] = '\0';
    if (dtls_fingerprint_parse(text, fingerprint) == DTLS_OK) {
        dtls_fingerprint_format(fingerprint, written);
        FUZZ_CHECK(strlen(written) == sizeof written - 1);
        FUZZ_CHECK(dtls_fingerprint_parse(written, again) == DTLS_OK);
        FUZZ_CHECK(memcmp(fingerprint, again, sizeof again) == 0);
    }
    free(text);
    return 0;
}
