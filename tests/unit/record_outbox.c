/* record_outbox.c - packing flights into datagrams: never above the MTU, as few as possible, evenly cut (M2). */
#include <string.h>

#include "messages/handshake_header.h"
#include "record/outbox.h"
#include "tests/tap.h"

static const struct dtls_memory heap;
static uint8_t body[8000];

static struct dtls_outgoing message(uint16_t seq, size_t len)
{
    return (struct dtls_outgoing){
        .type = DTLS_HANDSHAKE_RECORD, .message_type = DTLS_CERTIFICATE, .message_seq = seq, .body = { body, len }
    };
}

/* Sends everything; checks every size and that the fragments of each message are whole and in order. */
static size_t send_all(struct dtls_outbox *outbox, const struct dtls_epochs *epochs, size_t mtu, size_t *largest,
                       size_t *smallest)
{
    static uint8_t out[65536];
    size_t count = 0, len;
    uint32_t expected_offset = 0;
    uint16_t expected_seq = 0;

    *largest = 0;
    *smallest = SIZE_MAX;
    while ((len = dtls_outbox_next(outbox, epochs, mtu, 0, out)) > 0) {
        CHECK_CASE(len <= mtu, "%zu bytes at MTU %zu", len, mtu);
        *largest = len > *largest ? len : *largest;
        *smallest = len < *smallest ? len : *smallest;
        count++;
        size_t position = 0;
        struct dtls_record record;
        while (position < len && dtls_record_read(out, len, &position, &record)) {
            struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ record.body, record.len });
            struct dtls_fragment fragment;
            CU_ASSERT_FATAL(dtls_fragment_read(&from, &fragment));
            CHECK_CASE(fragment.message_seq == expected_seq && fragment.offset == expected_offset,
                       "MTU %zu: message %u at %u", mtu, fragment.message_seq, fragment.offset);
            expected_offset += (uint32_t)fragment.body.len;
            if (expected_offset == fragment.length) {
                expected_offset = 0;
                expected_seq++;
            }
        }
    }
    return count;
}

static void every_mtu_is_respected_with_the_fewest_datagrams(void)
{
    static const size_t sizes[] = { 90, 3000, 300, 0 };
    struct dtls_epochs epochs;
    size_t largest, smallest;

    CU_ASSERT_EQUAL_FATAL(dtls_epochs_init(&epochs, &heap, 64), DTLS_OK);
    for (size_t mtu = 256; mtu <= 1500; mtu++) {
        struct dtls_outbox outbox = { 0 };
        size_t total = 0;
        for (uint16_t seq = 0; seq < 4; seq++) {
            struct dtls_outgoing item = message(seq, sizes[seq]);
            dtls_outbox_add(&outbox, &item);
            total += sizes[seq];
        }
        size_t count = send_all(&outbox, &epochs, mtu, &largest, &smallest);
        /* each datagram but the last can at worst waste a header that no longer fits, and each message one of its
         * own */
        size_t most = (total + 4 * 25) / (mtu - 2 * 25) + 1;
        CHECK_CASE(count >= (total + 4 * 25 + mtu - 1) / mtu && count <= most, "%zu datagrams at MTU %zu", count, mtu);
    }
    dtls_epochs_free(&epochs);
}

static void the_cut_is_even(void)
{
    struct dtls_epochs epochs;
    struct dtls_outbox outbox = { 0 };
    struct dtls_outgoing item = message(0, 1250);
    size_t largest, smallest;

    CU_ASSERT_EQUAL_FATAL(dtls_epochs_init(&epochs, &heap, 64), DTLS_OK);
    dtls_outbox_add(&outbox, &item);
    CU_ASSERT_EQUAL(send_all(&outbox, &epochs, 1200, &largest, &smallest), 2);
    CU_ASSERT(largest - smallest <= 1);
    dtls_epochs_free(&epochs);
}

static void an_item_whose_epoch_is_gone_is_left_out(void)
{
    struct dtls_epochs epochs;
    struct dtls_outbox outbox = { 0 };
    struct dtls_outgoing lost = { .type = DTLS_CHANGE_CIPHER_SPEC, .epoch = 9, .body = { body, 1 } },
                         item = message(0, 10);
    uint8_t out[256];

    CU_ASSERT_EQUAL_FATAL(dtls_epochs_init(&epochs, &heap, 64), DTLS_OK);
    dtls_outbox_add(&outbox, &lost);
    dtls_outbox_add(&outbox, &item);
    dtls_outbox_add(&outbox, &lost);
    CU_ASSERT_EQUAL(dtls_outbox_next(&outbox, &epochs, 256, 0, out), 13 + 12 + 10);
    CU_ASSERT_EQUAL(dtls_outbox_next(&outbox, &epochs, 256, 0, out), 0);
    CU_ASSERT_TRUE(dtls_outbox_is_empty(&outbox));
    dtls_epochs_free(&epochs);
}

static void what_ends_a_datagram_ends_it(void)
{
    struct dtls_epochs epochs;
    struct dtls_outbox outbox = { 0 };
    struct dtls_outgoing item = message(0, 10);
    uint8_t out[256];

    CU_ASSERT_EQUAL_FATAL(dtls_epochs_init(&epochs, &heap, 64), DTLS_OK);
    dtls_outbox_add(&outbox, &item);
    dtls_outbox_end_datagram(&outbox);
    dtls_outbox_add(&outbox, &item);
    CU_ASSERT_EQUAL(dtls_outbox_next(&outbox, &epochs, 256, 0, out), 13 + 12 + 10);
    CU_ASSERT_EQUAL(dtls_outbox_next(&outbox, &epochs, 256, 0, out), 13 + 12 + 10);
    CU_ASSERT_EQUAL(dtls_outbox_next(&outbox, &epochs, 256, 0, out), 0);
    dtls_epochs_free(&epochs);
}

static size_t count_items(struct dtls_outbox *outbox, const struct dtls_epochs *epochs)
{
    uint8_t out[256];
    size_t count = 0;

    for (; dtls_outbox_next(outbox, epochs, sizeof out, 0, out) > 0; count++)
        ;
    return count;
}

/* Each in a datagram of its own, so that they can be counted. */
static void add_items(struct dtls_outbox *outbox, size_t count)
{
    struct dtls_outgoing item = message(0, 200);

    for (size_t i = 0; i < count; i++)
        dtls_outbox_add(outbox, &item);
}

static void a_handshake_lends_it_room(void)
{
    struct dtls_epochs epochs;
    struct dtls_outbox outbox = { 0 };
    struct dtls_outbox_room room;

    CU_ASSERT_EQUAL_FATAL(dtls_epochs_init(&epochs, &heap, 64), DTLS_OK);
    add_items(&outbox, 3);
    dtls_outbox_take_room(&outbox, &room);
    add_items(&outbox, DTLS_OUTBOX_MOST + 1 - 3); /* what is too much is ignored */
    CU_ASSERT_EQUAL(count_items(&outbox, &epochs), DTLS_OUTBOX_MOST);
    add_items(&outbox, 1);
    dtls_outbox_leave_room(&outbox);
    memset(&room, 0xff, sizeof room);
    CU_ASSERT_TRUE(dtls_outbox_is_empty(&outbox));
    add_items(&outbox, DTLS_OUTBOX_FEW + 1);
    CU_ASSERT_EQUAL(count_items(&outbox, &epochs), DTLS_OUTBOX_FEW);
    dtls_epochs_free(&epochs);
}

static CU_TestInfo tests[] = {
    { "every MTU is respected, with the fewest datagrams (M2)", every_mtu_is_respected_with_the_fewest_datagrams },
    { "the cut is even (M2)", the_cut_is_even },
    { "what ends a datagram ends it, although more would fit", what_ends_a_datagram_ends_it },
    { "an item whose epoch is gone is left out", an_item_whose_epoch_is_gone_is_left_out },
    { "a handshake lends it room, and what waited is still sent", a_handshake_lends_it_room },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "record/outbox", tests);
}
