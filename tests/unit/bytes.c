/* bytes.c - the reader and the writer. */
#include "bytes/reader.h"
#include "bytes/writer.h"

#include <string.h>

#include "tests/tap.h"

static const uint8_t count_up[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

static struct dtls_reader reader(size_t len)
{
    return dtls_reader_of((struct dtls_bytes){ count_up, len });
}

static void numbers_are_big_endian(void)
{
    struct dtls_reader from = reader(12);

    CU_ASSERT_EQUAL(dtls_read_u8(&from), 1);
    CU_ASSERT_EQUAL(dtls_read_u16(&from), 0x0203);
    CU_ASSERT_EQUAL(dtls_read_u24(&from), 0x040506);
    CU_ASSERT_EQUAL(dtls_read_u48(&from), 0x0708090a0b0c);
    CU_ASSERT_TRUE(dtls_reader_finished(&from));
    from = reader(12);
    CU_ASSERT_EQUAL(dtls_read_u32(&from), 0x01020304);
    CU_ASSERT_EQUAL(dtls_read_u64(&from), 0x05060708090a0b0c);
    CU_ASSERT_TRUE(dtls_reader_finished(&from));
}

static void breaks_once_and_stays_broken(void)
{
    struct dtls_reader from = reader(5);

    CU_ASSERT_EQUAL(dtls_read_u32(&from), 0x01020304);
    CU_ASSERT_EQUAL(dtls_read_u16(&from), 0); /* one byte is there, two are not */
    CU_ASSERT_EQUAL(dtls_read_u8(&from), 0);  /* though it would fit */
    CU_ASSERT_EQUAL(dtls_read_rest(&from).len, 0);
    CU_ASSERT_FALSE(dtls_reader_has_more(&from));
    CU_ASSERT_FALSE(dtls_reader_finished(&from));
}

static void every_number_breaks_one_byte_early(void)
{
    struct dtls_reader from[] = { reader(0), reader(1), reader(2), reader(3), reader(5), reader(7) };

    CU_ASSERT_EQUAL(dtls_read_u8(&from[0]), 0);
    CU_ASSERT_EQUAL(dtls_read_u16(&from[1]), 0);
    CU_ASSERT_EQUAL(dtls_read_u24(&from[2]), 0);
    CU_ASSERT_EQUAL(dtls_read_u32(&from[3]), 0);
    CU_ASSERT_EQUAL(dtls_read_u48(&from[4]), 0);
    CU_ASSERT_EQUAL(dtls_read_u64(&from[5]), 0);
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++)
        CHECK_CASE(from[i].broken, "reader %zu", i);
}

static void a_reader_broken_by_its_caller_is_not_finished(void)
{
    struct dtls_reader from = reader(1);

    dtls_reader_break(&from);
    CU_ASSERT_FALSE(dtls_reader_has_more(&from));
    CU_ASSERT_EQUAL(dtls_read_u8(&from), 0);
    from = reader(0);
    dtls_reader_break(&from);
    CU_ASSERT_FALSE(dtls_reader_finished(&from));
}

static void an_empty_reader_is_finished(void)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ 0 });

    CU_ASSERT_EQUAL(dtls_read_rest(&from).len, 0);
    CU_ASSERT_EQUAL(dtls_read_bytes(&from, 0).len, 0);
    CU_ASSERT_FALSE(dtls_reader_has_more(&from));
    CU_ASSERT_TRUE(dtls_reader_finished(&from));
}

static void a_huge_length_breaks(void)
{
    struct dtls_reader from = reader(12);

    CU_ASSERT_EQUAL(dtls_read_bytes(&from, SIZE_MAX).len, 0);
    CU_ASSERT_TRUE(from.broken);
}

static void vectors_are_views(void)
{
    static const uint8_t bytes[] = { 1, 'a', 0, 2, 'b', 'c', 0, 0, 1, 'd', 0, 'r', 's' };
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ bytes, sizeof bytes });
    struct dtls_bytes a = dtls_read_vec8(&from);
    struct dtls_bytes bc = dtls_read_vec16(&from);
    struct dtls_bytes d = dtls_read_vec24(&from);
    struct dtls_bytes none = dtls_read_vec8(&from);
    struct dtls_bytes rest = dtls_read_rest(&from);

    CU_ASSERT_TRUE(a.at == bytes + 1 && a.len == 1);
    CU_ASSERT_TRUE(bc.at == bytes + 4 && bc.len == 2);
    CU_ASSERT_TRUE(d.at == bytes + 9 && d.len == 1);
    CU_ASSERT_TRUE(none.len == 0);
    CU_ASSERT_TRUE(rest.at == bytes + 11 && rest.len == 2);
    CU_ASSERT_TRUE(dtls_reader_finished(&from));
}

static void a_vector_longer_than_what_is_left_breaks(void)
{
    static const uint8_t bytes[] = { 0, 0, 2, 'x' };
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ bytes + 2, 2 });

    CU_ASSERT_EQUAL(dtls_read_vec8(&from).len, 0);
    CU_ASSERT_TRUE(from.broken);
    from = dtls_reader_of((struct dtls_bytes){ bytes + 1, 3 });
    CU_ASSERT_EQUAL(dtls_read_vec16(&from).len, 0);
    CU_ASSERT_TRUE(from.broken);
    from = dtls_reader_of((struct dtls_bytes){ bytes, 4 });
    CU_ASSERT_EQUAL(dtls_read_vec24(&from).len, 0);
    CU_ASSERT_TRUE(from.broken);
}

static void a_list_of_numbers_is_even_and_not_empty(void)
{
    static const uint8_t good[] = { 0, 4, 1, 2, 3, 4 }, odd[] = { 0, 3, 1, 2, 3 }, empty[] = { 0, 0 };
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ good, sizeof good });

    CU_ASSERT_EQUAL(dtls_read_u16_list(&from).len, 4);
    CU_ASSERT_TRUE(dtls_reader_finished(&from));
    from = dtls_reader_of((struct dtls_bytes){ odd, sizeof odd });
    CU_ASSERT_EQUAL(dtls_read_u16_list(&from).len, 0);
    CU_ASSERT_TRUE(from.broken);
    from = dtls_reader_of((struct dtls_bytes){ empty, sizeof empty });
    CU_ASSERT_EQUAL(dtls_read_u16_list(&from).len, 0);
    CU_ASSERT_TRUE(from.broken);
}

static void lists_are_searched_in_whole_items(void)
{
    struct dtls_bytes list = { count_up, 5 };

    CU_ASSERT_TRUE(dtls_bytes_have_u16(list, 0x0102));
    CU_ASSERT_TRUE(dtls_bytes_have_u16(list, 0x0304));
    CU_ASSERT_FALSE(dtls_bytes_have_u16(list, 0x0203)); /* across two items */
    CU_ASSERT_FALSE(dtls_bytes_have_u16(list, 0));      /* half an item is none */
    CU_ASSERT_TRUE(dtls_bytes_have_u8(list, 5));
    CU_ASSERT_FALSE(dtls_bytes_have_u8(list, 6));
    CU_ASSERT_FALSE(dtls_bytes_have_u8((struct dtls_bytes){ 0 }, 0));
}

static void equal_bytes_are_equal(void)
{
    uint8_t copy[] = { 1, 2, 3 };

    CU_ASSERT_TRUE(dtls_bytes_equal((struct dtls_bytes){ copy, 3 }, (struct dtls_bytes){ count_up, 3 }));
    CU_ASSERT_FALSE(dtls_bytes_equal((struct dtls_bytes){ copy, 2 }, (struct dtls_bytes){ count_up, 3 }));
    CU_ASSERT_FALSE(dtls_bytes_equal((struct dtls_bytes){ copy, 3 }, (struct dtls_bytes){ count_up + 1, 3 }));
    CU_ASSERT_TRUE(dtls_bytes_equal((struct dtls_bytes){ 0 }, (struct dtls_bytes){ copy, 0 }));
}

static void writes_what_the_reader_reads(void)
{
    uint8_t span[24];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);

    dtls_write_u8(&to, 0x01);
    dtls_write_u16(&to, 0x0203);
    dtls_write_u24(&to, 0x040506);
    dtls_write_u32(&to, 0x0708090a);
    dtls_write_number(&to, 6, 0x0b0c0d0e0f10);
    dtls_write_u64(&to, 0x1112131415161718);
    CU_ASSERT_FALSE(to.broken);
    CU_ASSERT_EQUAL(dtls_writer_bytes(&to).len, 24);
    for (size_t i = 0; i < sizeof span; i++)
        CHECK_CASE(span[i] == i + 1, "byte %zu is %u", i, span[i]);
}

static void an_overflow_breaks_and_writes_nothing_more(void)
{
    uint8_t span[4] = { 9, 9, 9, 9 };
    struct dtls_writer to = dtls_writer_to(span, 3); /* the fourth byte is not ours */

    dtls_write_u16(&to, 0);
    dtls_write_u16(&to, 0);
    CU_ASSERT_TRUE(to.broken);
    dtls_write_u8(&to, 0); /* though it would fit */
    dtls_write_bytes(&to, (struct dtls_bytes){ count_up, 1 });
    CU_ASSERT_PTR_NULL(dtls_write_space(&to, 0));
    CU_ASSERT_TRUE(span[2] == 9 && span[3] == 9);
    CU_ASSERT_EQUAL(dtls_writer_bytes(&to).len, 0);
}

static void a_full_span_is_not_an_overflow(void)
{
    uint8_t span[3];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);

    dtls_write_vec8(&to, (struct dtls_bytes){ count_up, 2 });
    dtls_write_bytes(&to, (struct dtls_bytes){ 0 });
    CU_ASSERT_FALSE(to.broken);
    CU_ASSERT_EQUAL(dtls_writer_bytes(&to).len, 3);
}

static void vectors_carry_their_length(void)
{
    static const uint8_t expected[] = { 2, 1, 2, 0, 1, 1, 0, 0, 3, 1, 2, 3, 0 };
    uint8_t span[sizeof expected];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);

    dtls_write_vec8(&to, (struct dtls_bytes){ count_up, 2 });
    dtls_write_vec16(&to, (struct dtls_bytes){ count_up, 1 });
    dtls_write_vec24(&to, (struct dtls_bytes){ count_up, 3 });
    dtls_write_vec8(&to, (struct dtls_bytes){ 0 });
    CU_ASSERT_TRUE(dtls_bytes_equal(dtls_writer_bytes(&to), (struct dtls_bytes){ expected, sizeof expected }));
}

static void open_lengths_nest(void)
{
    static const uint8_t expected[] = { 0, 0, 5, 0, 3, 2, 0xaa, 0xbb };
    uint8_t span[sizeof expected];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);

    size_t outer = dtls_write_open(&to, 3);
    size_t middle = dtls_write_open(&to, 2);
    size_t inner = dtls_write_open(&to, 1);
    dtls_write_u16(&to, 0xaabb);
    dtls_write_close(&to, inner, 1);
    dtls_write_close(&to, middle, 2);
    dtls_write_close(&to, outer, 3);
    CU_ASSERT_TRUE(dtls_bytes_equal(dtls_writer_bytes(&to), (struct dtls_bytes){ expected, sizeof expected }));
}

static void a_length_that_cannot_say_it_breaks(void)
{
    static uint8_t span[70000];
    static const uint8_t zeroes[65536];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);

    dtls_write_vec8(&to, (struct dtls_bytes){ zeroes, 255 });
    dtls_write_vec16(&to, (struct dtls_bytes){ zeroes, 65535 });
    CU_ASSERT_FALSE(to.broken);
    to = dtls_writer_to(span, sizeof span);
    dtls_write_vec8(&to, (struct dtls_bytes){ zeroes, 256 });
    CU_ASSERT_TRUE(to.broken);
    to = dtls_writer_to(span, sizeof span);
    dtls_write_vec16(&to, (struct dtls_bytes){ zeroes, 65536 });
    CU_ASSERT_TRUE(to.broken);
}

static void closing_after_an_overflow_is_harmless(void)
{
    uint8_t span[1] = { 9 };
    struct dtls_writer to = dtls_writer_to(span, sizeof span);

    size_t position = dtls_write_open(&to, 2);
    dtls_write_close(&to, position, 2);
    CU_ASSERT_TRUE(to.broken && span[0] == 9);
}

static CU_TestInfo tests[] = {
    { "numbers are big endian", numbers_are_big_endian },
    { "a reader breaks once and stays broken", breaks_once_and_stays_broken },
    { "every number breaks when its last byte is missing", every_number_breaks_one_byte_early },
    { "a reader broken by its caller is not finished", a_reader_broken_by_its_caller_is_not_finished },
    { "an empty reader is finished", an_empty_reader_is_finished },
    { "a huge length breaks", a_huge_length_breaks },
    { "vectors are views", vectors_are_views },
    { "a vector longer than what is left breaks", a_vector_longer_than_what_is_left_breaks },
    { "a list of numbers is even and not empty", a_list_of_numbers_is_even_and_not_empty },
    { "lists are searched in whole items", lists_are_searched_in_whole_items },
    { "equal bytes are equal", equal_bytes_are_equal },
    { "the writer writes what the reader reads", writes_what_the_reader_reads },
    { "an overflow breaks and writes nothing more", an_overflow_breaks_and_writes_nothing_more },
    { "a full span is not an overflow", a_full_span_is_not_an_overflow },
    { "vectors carry their length", vectors_carry_their_length },
    { "open lengths nest", open_lengths_nest },
    { "a length that cannot say it breaks", a_length_that_cannot_say_it_breaks },
    { "closing after an overflow is harmless", closing_after_an_overflow_is_harmless },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "bytes", tests);
}
