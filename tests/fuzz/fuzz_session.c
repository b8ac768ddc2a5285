/* fuzz_session.c - any bytes as a serialised session: it has one form, so it comes back as it was. */
#include "dtls/session.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_session *session = NULL;
    uint8_t written[DTLS_SESSION_MAX];
    size_t written_len = 0;

    int result = dtls_session_read(data, len, &session);
    FUZZ_CHECK((result == DTLS_OK) == (session != NULL));
    if (session == NULL) {
        FUZZ_CHECK(result == DTLS_ERR_BAD_SESSION);
        return 0;
    }
    FUZZ_CHECK(dtls_session_write(session, written, len - 1, &written_len) == DTLS_ERR_BUFFER_TOO_SMALL);
    FUZZ_CHECK(written_len == len);
    FUZZ_CHECK(dtls_session_write(session, written, sizeof written, &written_len) == DTLS_OK);
    FUZZ_CHECK(dtls_bytes_equal(dtls_view(written, written_len), dtls_view(data, len)));
    dtls_session_free(session);
    return 0;
}
