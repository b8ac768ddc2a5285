/* identity_der.c - DER values: the one form that each has, and no other. */
#include "identity/der.h"

#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

#define BYTES(...)                                                                                                     \
    {                                                                                                                  \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })                                     \
    }

static void every_length_comes_back_as_written(void)
{
    static const size_t lens[] = { 0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1234, 0xffff };
    static uint8_t content[0x10000], space[0x10010];

    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        struct dtls_writer to = dtls_writer_to(space, sizeof space);
        memset(content, 0x5a, lens[i]);
        dtls_der_write(&to, DTLS_DER_OCTET_STRING, (struct dtls_bytes){ content, lens[i] });
        struct dtls_reader from = dtls_reader_of(dtls_writer_bytes(&to));
        struct dtls_bytes back = dtls_der_read(&from, DTLS_DER_OCTET_STRING);
        CHECK_CASE(dtls_reader_finished(&from), "%zu: not whole", lens[i]);
        CHECK_CASE(dtls_bytes_equal(back, (struct dtls_bytes){ content, lens[i] }), "%zu: other content", lens[i]);
    }
}

static void writer_refuses_what_two_bytes_cannot_say(void)
{
    static uint8_t content[0x10000], space[0x10010];
    struct dtls_writer to = dtls_writer_to(space, sizeof space);

    dtls_der_write(&to, DTLS_DER_OCTET_STRING, (struct dtls_bytes){ content, sizeof content });

    CU_ASSERT_TRUE(to.broken);
}

static void writer_needs_exactly_the_room_of_the_value(void)
{
    static const uint8_t content[300];
    static const size_t lens[] = { 0, 0x7f, 0x80, 0xff, 0x100 }, headers[] = { 2, 2, 3, 3, 4 };

    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        for (size_t cap = 0; cap <= lens[i] + headers[i]; cap++) {
            uint8_t *space = malloc(cap + 1);
            struct dtls_writer to = dtls_writer_to(space, cap);
            dtls_der_write(&to, DTLS_DER_OCTET_STRING, (struct dtls_bytes){ content, lens[i] });
            CHECK_CASE(to.broken == (cap < lens[i] + headers[i]), "%zu bytes into %zu", lens[i], cap);
            free(space);
        }
    }
}

static void values_nest_when_the_inner_one_grows(void)
{
    static const uint8_t content[200] = { 1, 2, 3 };
    uint8_t space[300];
    struct dtls_writer to = dtls_writer_to(space, sizeof space);

    size_t outer = dtls_der_open(&to, DTLS_DER_SEQUENCE);
    size_t inner = dtls_der_open(&to, DTLS_DER_SET);
    dtls_der_write(&to, DTLS_DER_OCTET_STRING, (struct dtls_bytes){ content, sizeof content });
    dtls_der_close(&to, inner);
    dtls_der_write(&to, DTLS_DER_NULL, (struct dtls_bytes){ 0 });
    dtls_der_close(&to, outer);

    struct dtls_reader from = dtls_reader_of(dtls_writer_bytes(&to));
    struct dtls_reader sequence = dtls_reader_of(dtls_der_read(&from, DTLS_DER_SEQUENCE));
    struct dtls_reader set = dtls_reader_of(dtls_der_read(&sequence, DTLS_DER_SET));
    struct dtls_bytes back = dtls_der_read(&set, DTLS_DER_OCTET_STRING);
    dtls_der_read(&sequence, DTLS_DER_NULL);
    CU_ASSERT_TRUE(dtls_bytes_equal(back, (struct dtls_bytes){ content, sizeof content }));
    CU_ASSERT_TRUE(dtls_reader_finished(&set) && dtls_reader_finished(&sequence) && dtls_reader_finished(&from));
}

static void refuses_every_other_form_of_a_length(void)
{
    const struct {
        const char *name;
        struct dtls_bytes value;
    } cases[] = {
        { "nothing at all", { (const uint8_t *)"", 0 } },
        { "no length", BYTES(0x04) },
        { "indefinite", BYTES(0x04, 0x80, 0x00, 0x00) },
        { "one byte where none is needed", BYTES(0x04, 0x81, 0x01, 0xaa) },
        { "two bytes where one is enough", BYTES(0x04, 0x82, 0x00, 0x01, 0xaa) },
        { "three bytes where two are enough", BYTES(0x04, 0x83, 0x00, 0x00, 0x01, 0xaa) },
        { "four bytes", BYTES(0x04, 0x84, 0x00, 0x00, 0x00, 0x01, 0xaa) },
        { "reserved", BYTES(0x04, 0xff, 0xaa) },
        { "longer than what is there", BYTES(0x04, 0x02, 0xaa) },
        { "length cut short", BYTES(0x04, 0x82, 0x01) },
        { "another tag", BYTES(0x05, 0x00) },
        { "a tag of several bytes", BYTES(0x1f, 0x04, 0x00) },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dtls_reader from = dtls_reader_of(cases[i].value);
        struct dtls_bytes content = dtls_der_read(&from, DTLS_DER_OCTET_STRING);
        CHECK_CASE(from.broken && content.len == 0, "%s: taken", cases[i].name);
    }
}

static void optional_value_is_left_alone_when_another_comes(void)
{
    static const uint8_t null[] = { 0x05, 0x00 };
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ null, sizeof null });
    struct dtls_bytes content;

    CU_ASSERT_FALSE(dtls_der_read_optional(&from, DTLS_DER_CONTEXT_0, &content));
    CU_ASSERT_TRUE(dtls_der_read_optional(&from, DTLS_DER_NULL, &content));
    CU_ASSERT_FALSE(dtls_der_read_optional(&from, DTLS_DER_NULL, &content));
    CU_ASSERT_TRUE(dtls_reader_finished(&from));
}

static void optional_value_that_is_cut_breaks_the_reader(void)
{
    static const uint8_t cut[] = { 0xa0, 0x03, 0x02 };
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ cut, sizeof cut });
    struct dtls_bytes content;

    CU_ASSERT_FALSE(dtls_der_read_optional(&from, DTLS_DER_CONTEXT_0, &content));
    CU_ASSERT_TRUE(from.broken);
}

static void unsigned_numbers_have_one_form(void)
{
    const struct {
        const char *name;
        struct dtls_bytes value, number; /* an empty number: refused */
    } cases[] = {
        { "zero", BYTES(0x02, 0x01, 0x00), BYTES(0x00) },
        { "small", BYTES(0x02, 0x01, 0x7f), BYTES(0x7f) },
        { "top bit set", BYTES(0x02, 0x02, 0x00, 0x80), BYTES(0x80) },
        { "several bytes", BYTES(0x02, 0x03, 0x00, 0xff, 0x00), BYTES(0xff, 0x00) },
        { "no bytes", BYTES(0x02, 0x00), { 0 } },
        { "negative", BYTES(0x02, 0x01, 0x80), { 0 } },
        { "zero that is no sign", BYTES(0x02, 0x02, 0x00, 0x7f), { 0 } },
        { "zero twice", BYTES(0x02, 0x02, 0x00, 0x00), { 0 } },
        { "another tag", BYTES(0x04, 0x01, 0x01), { 0 } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dtls_reader from = dtls_reader_of(cases[i].value);
        struct dtls_bytes number = dtls_der_read_unsigned(&from);
        CHECK_CASE(dtls_bytes_equal(number, cases[i].number), "%s: %zu bytes", cases[i].name, number.len);
        CHECK_CASE(from.broken == (cases[i].number.len == 0), "%s: broken %d", cases[i].name, from.broken);
    }
}

static void any_value_is_taken_whole(void)
{
    static const uint8_t two[] = { 0x30, 0x02, 0x05, 0x00, 0x02, 0x01, 0x07 };
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ two, sizeof two });

    struct dtls_bytes first = dtls_der_read_any(&from);
    struct dtls_bytes second = dtls_der_read_any(&from);

    CU_ASSERT_TRUE(first.at == two && first.len == 4);
    CU_ASSERT_TRUE(second.at == two + 4 && second.len == 3);
    CU_ASSERT_TRUE(dtls_reader_finished(&from));
}

static void any_value_that_is_cut_breaks_the_reader(void)
{
    static const uint8_t cut[] = { 0x30, 0x02, 0x05 };

    for (size_t len = 0; len <= sizeof cut; len++) {
        struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ cut, len });
        struct dtls_bytes any = dtls_der_read_any(&from);
        CHECK_CASE(from.broken && any.len == 0, "%zu bytes", len);
    }
}

static CU_TestInfo der_tests[] = {
    { "every length comes back as it was written", every_length_comes_back_as_written },
    { "the writer refuses what two bytes cannot say", writer_refuses_what_two_bytes_cannot_say },
    { "the writer needs exactly the room of the value", writer_needs_exactly_the_room_of_the_value },
    { "values nest when the inner one's length grows", values_nest_when_the_inner_one_grows },
    { "every other form of a length is refused", refuses_every_other_form_of_a_length },
    { "an optional value is left alone when another comes", optional_value_is_left_alone_when_another_comes },
    { "an optional value that is cut breaks the reader", optional_value_that_is_cut_breaks_the_reader },
    { "unsigned numbers have one form", unsigned_numbers_have_one_form },
    { "any value is taken whole, header included", any_value_is_taken_whole },
    { "any value that is cut breaks the reader", any_value_that_is_cut_breaks_the_reader },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "identity_der", der_tests);
}
