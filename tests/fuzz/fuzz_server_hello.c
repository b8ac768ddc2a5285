/* fuzz_server_hello.c - any bytes as a ServerHello and a HelloVerifyRequest: what can be read can be written and read
 * again, the same. */
#include "messages/hello.h"
#include "tests/fuzz/fuzz.h"

static bool same(const struct dtls_server_hello *a, const struct dtls_server_hello *b)
{
    return a->version == b->version && dtls_bytes_equal(a->random, b->random) &&
           dtls_bytes_equal(a->session_id, b->session_id) && a->suite == b->suite && a->compression == b->compression;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_bytes body = { data, len };
    struct dtls_server_hello hello, again;
    struct dtls_hello_verify verify;
    struct dtls_writer to = fuzz_writer(len);

    if (dtls_server_hello_read(body, &hello) == DTLS_OK) {
        dtls_server_hello_write(&to, &hello);
        FUZZ_CHECK(!to.broken && dtls_server_hello_read(dtls_writer_bytes(&to), &again) == DTLS_OK);
        FUZZ_CHECK(same(&hello, &again));
    }
    to = dtls_writer_to(to.at, len);
    if (dtls_hello_verify_read(body, &verify) == DTLS_OK) {
        dtls_hello_verify_write(&to, &verify);
        FUZZ_CHECK(dtls_bytes_equal(dtls_writer_bytes(&to), body));
    }
    free(to.at);
    return 0;
}
