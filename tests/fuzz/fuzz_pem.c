/* fuzz_pem.c - any bytes as PEM text: each block lies within it, and decodes into no more than its length. */
#include "crypto/base64.h"
#include "identity/pem.h"
#include "tests/fuzz/fuzz.h"

static void check_block(const struct dtls_pem_block *block)
{
    uint8_t *out = fuzz_copy(block->text);
    size_t out_len = 0;

    fuzz_touch(block->label);
    FUZZ_CHECK(block->text.len > 0);
    if (dtls_base64_decode((const char *)block->text.at, block->text.len, out, &out_len))
        FUZZ_CHECK(out_len <= block->text.len);
    FUZZ_CHECK(!dtls_pem_is(block, "CERTIFICATE") || block->label.len == strlen("CERTIFICATE"));
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_reader file = dtls_reader_of((struct dtls_bytes){ data, len });
    struct dtls_pem_block block;
    size_t left = file.left + 1;

    while (dtls_pem_next(&file, &block)) {
        FUZZ_CHECK(file.left < left && !file.broken);
        left = file.left;
        check_block(&block);
    }
    return 0;
}
