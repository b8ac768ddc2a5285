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
    struct dtls_fingerprint any, any_again;
    char sdp[DTLS_FINGERPRINT_SDP];
    bool whole = dtls_fingerprint_from_sdp(text, &any) == DTLS_OK;
    FUZZ_CHECK(whole || dtls_fingerprint_parse(text, fingerprint) != DTLS_OK);
    if (whole) {
        dtls_fingerprint_to_sdp(&any, sdp);
        FUZZ_CHECK(strlen(sdp) == 7 + 3 * dtls_fingerprint_len(any.hash));
        FUZZ_CHECK(dtls_fingerprint_from_sdp(sdp, &any_again) == DTLS_OK);
        FUZZ_CHECK(memcmp(&any, &any_again, sizeof any) == 0);
    }
    free(text);
    return 0;
}
