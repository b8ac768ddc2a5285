/* handshake_reassembly.c - fragments in any order, and everything a hostile peer can say about a message (S5). */
#include <string.h>

#include "handshake/reassembly.h"
#include "tests/tap.h"

enum { MAX_MESSAGE = 4096 };

static const struct dtls_memory heap;
static uint8_t text[MAX_MESSAGE];

static struct dtls_reassembly start(void)
{
    struct dtls_reassembly in;

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 7 + i / 256);
    dtls_reassembly_init(&in, &heap, MAX_MESSAGE);
    return in;
}

static struct dtls_fragment piece(uint16_t seq, uint32_t length, uint32_t offset, uint32_t len)
{
    return (struct dtls_fragment){ DTLS_CERTIFICATE, length, seq, offset, { text + offset, len } };
}

static enum dtls_taken take(struct dtls_reassembly *in, struct dtls_fragment fragment, enum dtls_drop *reason)
{
    return dtls_reassembly_take(in, &fragment, 1, NULL, reason);
}

static bool is_whole(const struct dtls_reassembly *in, uint32_t length)
{
    struct dtls_message message;

    return dtls_reassembly_ready(in, &message) && message.body.len == length &&
           memcmp(message.body.at, text, length) == 0;
}

static void any_order_of_overlapping_pieces_makes_the_message(void)
{
    static const struct {
        uint32_t offset, len;
    } cuts[] = { { 0, 40 }, { 30, 30 }, { 60, 1 }, { 61, 39 } };
    static const int orders[][4] = { { 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 2, 0, 3, 1 }, { 1, 3, 0, 2 } };
    enum dtls_drop reason;

    for (size_t order = 0; order < 4; order++) {
        struct dtls_reassembly in = start();
        for (size_t i = 0; i < 4; i++) {
            CHECK_CASE(!is_whole(&in, 100), "order %zu: whole after %zu pieces", order, i);
            int cut = orders[order][i];
            take(&in, piece(0, 100, cuts[cut].offset, cuts[cut].len), &reason);
            take(&in, piece(0, 100, cuts[cut].offset, cuts[cut].len), &reason); /* doubles are normal */
        }
        CHECK_CASE(is_whole(&in, 100), "order %zu", order);
        dtls_reassembly_free(&in);
    }
}

static void a_whole_message_whose_turn_it_is_is_not_copied(void)
{
    struct dtls_reassembly in = start();
    struct dtls_message whole;
    struct dtls_fragment fragment = piece(0, 50, 0, 50);
    enum dtls_drop reason;

    CU_ASSERT_EQUAL(dtls_reassembly_take(&in, &fragment, 1, &whole, &reason), DTLS_TAKEN_WHOLE);
    CU_ASSERT_PTR_EQUAL(whole.body.at, text);
    CU_ASSERT_EQUAL(in.room, 2 * MAX_MESSAGE);
}

static void messages_come_out_in_order(void)
{
    struct dtls_reassembly in = start();
    enum dtls_drop reason;

    take(&in, piece(1, 10, 0, 10), &reason);
    CU_ASSERT_FALSE(is_whole(&in, 10));
    take(&in, piece(0, 20, 0, 20), &reason);
    CU_ASSERT_TRUE(is_whole(&in, 20));
    dtls_reassembly_done(&in);
    CU_ASSERT_TRUE(is_whole(&in, 10));
    dtls_reassembly_free(&in);
}

struct refusal {
    const char *what;
    struct dtls_fragment fragment;
    enum dtls_drop reason;
};

static void what_contradicts_or_exceeds_is_refused_with_its_reason(void)
{
    struct dtls_reassembly in = start();
    enum dtls_drop reason = DTLS_DROP_COUNT;

    dtls_reassembly_skip_to(&in, 5);
    take(&in, piece(5, 100, 0, 10), &reason);
    struct refusal refusals[] = {
        { "another length (CVE-2026-33846)", piece(5, 101, 10, 10), DTLS_DROP_FRAGMENT },
        { "another type", piece(5, 100, 10, 10), DTLS_DROP_FRAGMENT },
        { "one of the past", piece(4, 100, 0, 10), DTLS_DROP_STALE },
        { "one of the far past", piece(65000, 100, 0, 10), DTLS_DROP_STALE },
        { "one beyond the window", piece(5 + DTLS_REASSEMBLY_SLOTS, 10, 0, 10), DTLS_DROP_FAR_AHEAD },
        { "a length above the bound (CVE-2014-3506)", piece(6, MAX_MESSAGE + 1, 0, 10), DTLS_DROP_TOO_LARGE },
        { "the largest length there is", piece(6, 0xffffff, 0, 10), DTLS_DROP_TOO_LARGE },
        { "no bytes at all (CVE-2014-3507)", piece(6, 100, 0, 0), DTLS_DROP_FRAGMENT },
    };
    refusals[1].fragment.type = DTLS_CLIENT_KEY_EXCHANGE;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        size_t room = in.room;
        enum dtls_taken taken = take(&in, refusals[i].fragment, &reason);
        CHECK_CASE(taken == DTLS_TAKEN_NOT && reason == refusals[i].reason, "%s", refusals[i].what);
        CHECK_CASE(in.room == room, "%s: allocates", refusals[i].what);
    }
    take(&in, piece(5, 100, 10, 90), &reason); /* and the message is none the worse */
    CU_ASSERT_TRUE(is_whole(&in, 100));
    dtls_reassembly_free(&in);
}

static void a_flood_of_large_promises_stays_within_the_bound(void)
{
    struct dtls_reassembly in = start();
    enum dtls_drop reason;
    unsigned kept = 0;

    for (unsigned i = 0; i < 100000; i++)
        if (take(&in, piece((uint16_t)i, MAX_MESSAGE, (i * 31) % MAX_MESSAGE, 1), &reason) == DTLS_TAKEN)
            kept++;
    CU_ASSERT(in.room <= 2 * MAX_MESSAGE); /* it never went below zero, that is, around */
    CU_ASSERT(kept >= 1);
    dtls_reassembly_free(&in);
    CU_ASSERT_EQUAL(in.room, 2 * MAX_MESSAGE);
}

static void a_message_keeps_to_one_epoch(void)
{
    struct dtls_reassembly in = start();
    struct dtls_fragment first = piece(0, 20, 0, 10), second = piece(0, 20, 10, 10);
    enum dtls_drop reason;

    dtls_reassembly_take(&in, &first, 1, NULL, &reason);
    CU_ASSERT_EQUAL(dtls_reassembly_take(&in, &second, 2, NULL, &reason), DTLS_TAKEN_NOT);
    CU_ASSERT_EQUAL(reason, DTLS_DROP_FRAGMENT);
    dtls_reassembly_free(&in);
}

static CU_TestInfo tests[] = {
    { "any order of overlapping pieces makes the message", any_order_of_overlapping_pieces_makes_the_message },
    { "a whole message whose turn it is is not copied", a_whole_message_whose_turn_it_is_is_not_copied },
    { "messages come out in order", messages_come_out_in_order },
    { "what contradicts or exceeds is refused with its reason (S5)",
      what_contradicts_or_exceeds_is_refused_with_its_reason },
    { "a flood of large promises stays within the bound (S5)", a_flood_of_large_promises_stays_within_the_bound },
    { "a message keeps to one epoch (S5)", a_message_keeps_to_one_epoch },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "handshake/reassembly", tests);
}
