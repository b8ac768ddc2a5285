/* messages_handshake_header.c - fragments: what is read, refused and written. */
#include "messages/handshake_header.h"

#include <string.h>

#include "tests/tap.h"

/* Bytes 2 and 3 of a message of 5, message_seq 0x0102. */
static const uint8_t middle[] = { 11, 0, 0, 5, 1, 2, 0, 0, 2, 0, 0, 2, 'x', 'y' };

static int read_fragment(struct dtls_bytes body, void *out)
{
    struct dtls_reader from = dtls_reader_of(body);

    if (!dtls_fragment_read(&from, out))
        return DTLS_ERR_DECODE;
    return dtls_reader_finished(&from) ? DTLS_OK : DTLS_ERR_DECODE;
}

static void reads_every_field(void)
{
    struct dtls_fragment fragment;

    CU_ASSERT_EQUAL(read_fragment((struct dtls_bytes){ middle, sizeof middle }, &fragment), DTLS_OK);
    CU_ASSERT_EQUAL(fragment.type, DTLS_CERTIFICATE);
    CU_ASSERT_EQUAL(fragment.length, 5);
    CU_ASSERT_EQUAL(fragment.message_seq, 0x0102);
    CU_ASSERT_EQUAL(fragment.offset, 2);
    CU_ASSERT_TRUE(fragment.body.at == middle + 12 && fragment.body.len == 2);
}

static void writes_what_it_reads(void)
{
    uint8_t span[sizeof middle];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);
    struct dtls_fragment fragment;

    CU_ASSERT_EQUAL(read_fragment((struct dtls_bytes){ middle, sizeof middle }, &fragment), DTLS_OK);
    dtls_fragment_write(&to, &fragment);
    CU_ASSERT_FALSE(to.broken);
    CU_ASSERT_EQUAL(memcmp(span, middle, sizeof middle), 0);
}

static void every_cut_is_refused_and_breaks_the_reader(void)
{
    for (size_t len = 0; len < sizeof middle; len++) {
        struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ middle, len });
        struct dtls_fragment out, before;

        memset(&out, 0xa5, sizeof out);
        before = out;
        CHECK_CASE(!dtls_fragment_read(&from, &out) && from.broken, "%zu bytes", len);
        CHECK_CASE(memcmp(&out, &before, sizeof out) == 0, "output touched at %zu bytes", len);
    }
}

static void a_fragment_beyond_its_message_is_refused(void)
{
    static const struct {
        uint8_t length, offset, len;
        bool ok;
    } cases[] = { { 2, 0, 2, true },  { 3, 1, 2, true },  { 0, 0, 0, true }, { 5, 5, 0, true },
                  { 1, 0, 2, false }, { 2, 1, 2, false }, { 0, 1, 0, false } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[] = { 1, 0, 0, cases[i].length, 0, 0, 0, 0, cases[i].offset, 0, 0, cases[i].len, 'x', 'y' };
        struct dtls_fragment fragment;
        struct dtls_bytes body = { bytes, DTLS_HANDSHAKE_HEADER_LEN + (size_t)cases[i].len };
        CHECK_CASE((read_fragment(body, &fragment) == DTLS_OK) == cases[i].ok, "case %zu", i);
    }
}

static void the_largest_numbers_do_not_wrap(void)
{
    static const uint8_t bytes[] = { 1, 0xff, 0xff, 0xff, 0, 0, 0xff, 0xff, 0xff, 0, 0, 1, 'x' };
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ bytes, sizeof bytes });
    struct dtls_fragment fragment;

    CU_ASSERT_FALSE(dtls_fragment_read(&from, &fragment));
}

static void the_fragments_of_a_record_are_read_one_by_one(void)
{
    uint8_t record[2 * sizeof middle];
    struct dtls_fragment fragment;
    size_t count = 0;

    memcpy(record, middle, sizeof middle);
    memcpy(record + sizeof middle, middle, sizeof middle);
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ record, sizeof record });
    while (dtls_reader_has_more(&from) && dtls_fragment_read(&from, &fragment))
        count++;
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_TRUE(dtls_reader_finished(&from));
}

static void messages_have_the_names_of_the_rfc(void)
{
    CU_ASSERT_STRING_EQUAL(dtls_message_name(1), "ClientHello");
    CU_ASSERT_STRING_EQUAL(dtls_message_name(3), "HelloVerifyRequest");
    CU_ASSERT_STRING_EQUAL(dtls_message_name(20), "Finished");
    CU_ASSERT_STRING_EQUAL(dtls_message_name(99), "unknown message");
}

static CU_TestInfo tests[] = {
    { "reads every field", reads_every_field },
    { "writes what it reads", writes_what_it_reads },
    { "every cut is refused and breaks the reader", every_cut_is_refused_and_breaks_the_reader },
    { "a fragment beyond its message is refused", a_fragment_beyond_its_message_is_refused },
    { "the largest numbers do not wrap", the_largest_numbers_do_not_wrap },
    { "the fragments of a record are read one by one", the_fragments_of_a_record_are_read_one_by_one },
    { "messages have the names of the RFC", messages_have_the_names_of_the_rfc },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "messages_handshake_header", tests);
}
