/* fuzz_ecdsa_der.c - any bytes as an ECDSA signature: it has one form, so it comes back as it was when it is written.
 */
#include "crypto/ecdsa_der.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_bytes der = { data, len }, r, s;

    if (!dtls_ecdsa_der_read(der, &r, &s))
        return 0;
    struct dtls_writer to = fuzz_writer(len);
    dtls_ecdsa_der_write(&to, r, s);
    FUZZ_CHECK(dtls_bytes_equal(dtls_writer_bytes(&to), der));
    free(to.at);
    return 0;
}
