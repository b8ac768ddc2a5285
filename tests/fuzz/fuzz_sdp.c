/* fuzz_sdp.c - any bytes as an offer: what is read can be answered, with as many sections. */
#include "apps/webrtc/sdp.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct sdp_end end = { "192.0.2.1", 5004, "ufrag", "password", "sha-256 AA", true };
    struct sdp_offer offer;
    size_t sections = 0;

    uint8_t *exact = fuzz_copy((struct dtls_bytes){ data, len });
    if (sdp_read((struct dtls_bytes){ exact, len }, &offer) == NULL) {
        char *answer = sdp_answer(&offer, &end);
        FUZZ_CHECK(answer != NULL && offer.fingerprint_count > 0 && offer.ufrag.len >= 4);
        for (const char *at = answer; (at = strstr(at, "\nm=")) != NULL; at++)
            sections++;
        FUZZ_CHECK(sections == offer.media_count);
        free(answer);
    }
    free(exact);
    return 0;
}
