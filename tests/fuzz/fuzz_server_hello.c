/* fuzz_server_hello.c - any bytes as a ServerHello and a HelloVerifyRequest: what can be read can be written and read
 * again. */
#include <stdlib.h>

#include "messages/hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_bytes body = { data, len };
    struct dtls_server_hello hello;
    struct dtls_hello_verify verify;
    uint8_t *span = malloc(len + 1);
    struct dtls_writer to = dtls_writer_to(span, len);

    if (dtls_server_hello_read(body, &hello) == DTLS_OK) {
        dtls_server_hello_write(&to, &hello);
        if (to.broken || dtls_server_hello_read(dtls_writer_bytes(&to), &hello) != DTLS_OK)
            abort();
    }
    to = dtls_writer_to(span, len);
    if (dtls_hello_verify_read(body, &verify) == DTLS_OK) {
        dtls_hello_verify_write(&to, &verify);
        if (!dtls_bytes_equal(dtls_writer_bytes(&to), body))
            abort();
    }
    free(span);
    return 0;
}
