/* fuzz_client_hello.c - any bytes as a ClientHello: what can be read can be written and read again, the same. */
#include "messages/hello.h"
#include "tests/fuzz/fuzz.h"

static bool same(const struct dtls_client_hello *a, const struct dtls_client_hello *b)
{
    return a->version == b->version && dtls_bytes_equal(a->random, b->random) &&
           dtls_bytes_equal(a->session_id, b->session_id) && dtls_bytes_equal(a->cookie, b->cookie) &&
           dtls_bytes_equal(a->suites, b->suites) && dtls_bytes_equal(a->compressions, b->compressions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_bytes body = { data, len };
    struct dtls_client_hello hello, start, again;

    int started = dtls_client_hello_read_start(body, &start);
    const uint8_t *random = dtls_client_hello_random(body);
    FUZZ_CHECK(started != DTLS_OK || random == start.random.at);
    if (dtls_client_hello_read(body, &hello) != DTLS_OK)
        return 0;
    FUZZ_CHECK(started == DTLS_OK && dtls_bytes_equal(start.cookie, hello.cookie));
    struct dtls_writer to = fuzz_writer(len);
    dtls_client_hello_write(&to, &hello);
    FUZZ_CHECK(!to.broken && dtls_client_hello_read(dtls_writer_bytes(&to), &again) == DTLS_OK);
    FUZZ_CHECK(same(&hello, &again));
    free(to.at);
    return 0;
}
