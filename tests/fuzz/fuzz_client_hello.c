/* fuzz_client_hello.c - any bytes as a ClientHello: what can be read can be written and read again. */
#include <stdlib.h>

#include "messages/hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_bytes body = { data, len };
    struct dtls_client_hello hello, again;
    uint8_t *span = malloc(len + 1);
    struct dtls_writer to = dtls_writer_to(span, len);

    int start = dtls_client_hello_read_start(body, &again);
    if (dtls_client_hello_read(body, &hello) == DTLS_OK) {
        dtls_client_hello_write(&to, &hello);
        if (start != DTLS_OK || to.broken || dtls_client_hello_read(dtls_writer_bytes(&to), &again) != DTLS_OK)
            abort();
    }
    free(span);
    return 0;
}
