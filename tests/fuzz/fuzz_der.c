/* fuzz_der.c - any bytes as DER values, down to the innermost: each has one form, so it comes back as it was when it is
 * written. */
#include "identity/algorithm.h"
#include "tests/fuzz/fuzz.h"

enum { DEEPEST = 20, CONSTRUCTED = 0x20, LONGEST = 65535 };

static void read_values(struct dtls_reader from, unsigned depth);

static void read_number(struct dtls_bytes value)
{
    struct dtls_reader from = dtls_reader_of(value);
    struct dtls_bytes number = dtls_der_read_unsigned(&from);

    FUZZ_CHECK(from.broken == (number.len == 0));
    fuzz_touch(number);
}

static void read_algorithm(struct dtls_bytes value)
{
    struct dtls_reader key = dtls_reader_of(value), curve = key;

    FUZZ_CHECK(dtls_algorithm_read_key(&key) <= DTLS_KEY_RSA);
    FUZZ_CHECK(dtls_algorithm_read_curve(&curve) <= DTLS_KEY_RSA);
}

static void check_value(struct dtls_bytes value, unsigned depth)
{
    struct dtls_reader from = dtls_reader_of(value), optional = from;
    uint8_t tag = value.at[0];
    struct dtls_bytes content = dtls_der_read(&from, tag), again;

    FUZZ_CHECK(dtls_reader_finished(&from));
    FUZZ_CHECK(dtls_der_read_optional(&optional, tag, &again) && dtls_bytes_equal(content, again));
    optional = dtls_reader_of(value);
    FUZZ_CHECK(!dtls_der_read_optional(&optional, (uint8_t)(tag + 1), &again) && !optional.broken);
    if (content.len <= LONGEST) {
        struct dtls_writer to = fuzz_writer(value.len);
        dtls_der_write(&to, tag, content);
        FUZZ_CHECK(dtls_bytes_equal(dtls_writer_bytes(&to), value));
        free(to.at);
    }
    if (tag == DTLS_DER_INTEGER)
        read_number(value);
    if (tag == DTLS_DER_SEQUENCE)
        read_algorithm(value);
    if ((tag & CONSTRUCTED) != 0)
        read_values(dtls_reader_of(content), depth + 1);
}

static void read_values(struct dtls_reader from, unsigned depth)
{
    while (dtls_reader_has_more(&from) && depth < DEEPEST) {
        struct dtls_bytes value = dtls_der_read_any(&from);
        FUZZ_CHECK(from.broken == (value.len == 0));
        if (!from.broken)
            check_value(value, depth);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    read_values(dtls_reader_of((struct dtls_bytes){ data, len }), 0);
    return 0;
}
