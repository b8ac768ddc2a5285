/* call_reception.c - packets as they come: counted, measured, reported (RFC 3550, A.1, A.3, A.8). */
#include "apps/call/reception.h"

#include <stdlib.h>

#include "tests/tap.h"

enum { RATE = 8000, FRAME = 160, FRAME_US = 20000 };

static const struct reception empty = { .clock_rate = RATE };

/* The packet with this number, on time. */
static enum reception_kind come(struct reception *reception, uint64_t number)
{
    return reception_packet(reception, 1000000 + number * FRAME_US, 9, (uint16_t)number, (uint32_t)number * FRAME);
}

static void counts_what_comes_and_what_does_not(void)
{
    static const uint64_t numbers[] = { 65530, 65531, 65534, 65532, 65537, 65534, 65531, 65536 };
    static const enum reception_kind kinds[] = { RECEPTION_NEW, RECEPTION_NEW,  RECEPTION_NEW,  RECEPTION_LATE,
                                                 RECEPTION_NEW, RECEPTION_COPY, RECEPTION_COPY, RECEPTION_LATE };
    struct reception reception = empty;

    for (size_t i = 0; i < 8; i++)
        CHECK_CASE(come(&reception, numbers[i]) == kinds[i], "packet %zu", i);
    CU_ASSERT_TRUE(reception.received == 6 && reception.late == 2 && reception.duplicated == 2);
    CU_ASSERT_EQUAL(reception_lost(&reception), 2); /* 65533 and 65535 */
}

static void a_late_first_packet_moves_the_beginning(void)
{
    struct reception reception = empty;

    come(&reception, 2);
    CU_ASSERT_EQUAL(come(&reception, 65536 * 0 + 0), RECEPTION_LATE);
    CU_ASSERT_EQUAL(reception_lost(&reception), 1);
    CU_ASSERT_EQUAL(come(&reception, 1), RECEPTION_LATE);
    CU_ASSERT_EQUAL(reception_lost(&reception), 0);
}

static void wraps_are_counted(void)
{
    struct reception reception = empty;
    struct rtcp_block block;

    for (uint64_t i = 0; i < 200000; i++)
        if (i % 10 != 3)
            come(&reception, i);
    CU_ASSERT_EQUAL(reception.received, 180000);
    CU_ASSERT_EQUAL(reception_lost(&reception), 20000);
    CU_ASSERT_TRUE(reception_block(&reception, 0, &block));
    CU_ASSERT_TRUE(block.highest == 199999 && block.lost == 20000);
}

static void packets_far_back_are_no_copies(void)
{
    struct reception reception = empty;

    come(&reception, 10);
    come(&reception, 10 + RECEPTION_MEMORY);
    CU_ASSERT_EQUAL(come(&reception, 11), RECEPTION_LATE); /* the oldest place: never seen */
    CU_ASSERT_EQUAL(come(&reception, 11), RECEPTION_COPY);
    CU_ASSERT_EQUAL(come(&reception, 10 + 3 * RECEPTION_MEMORY), RECEPTION_NEW);
    CU_ASSERT_EQUAL(come(&reception, 10 + 2 * RECEPTION_MEMORY + 7), RECEPTION_LATE); /* in a place used before */

    reception = empty;
    come(&reception, 10);
    come(&reception, 1000);
    come(&reception, 12 + RECEPTION_MEMORY);
    CU_ASSERT_EQUAL(come(&reception, 10 + RECEPTION_MEMORY), RECEPTION_LATE); /* the place of 10 */
    CU_ASSERT_EQUAL(come(&reception, 10), RECEPTION_LATE);                    /* behind all that is remembered */
}

static void the_longest_gap_is_kept(void)
{
    struct reception reception = empty;

    reception_packet(&reception, 100, 9, 0, 0);
    reception_packet(&reception, 20100, 9, 1, 160);
    reception_packet(&reception, 95100, 9, 4, 640);
    reception_packet(&reception, 95200, 9, 3, 480);
    CU_ASSERT_EQUAL(reception.longest_gap_us, 75000);
}

static void a_steady_stream_has_no_jitter(void)
{
    struct reception reception = empty;

    for (uint64_t i = 0; i < 1000; i++)
        come(&reception, i);
    CU_ASSERT_EQUAL(reception_jitter_us(&reception), 0);
}

/* Every second packet 5 ms late: the transit changes by 40 units each time, which is what jitter goes to. */
static void jitter_is_the_change_of_the_transit(void)
{
    struct reception reception = empty;
    struct rtcp_block block;

    for (uint64_t i = 0; i < 1000; i++)
        reception_packet(&reception, i * FRAME_US + (i % 2) * 5000, 9, (uint16_t)i, (uint32_t)i * FRAME);
    CU_ASSERT_TRUE(reception_block(&reception, 0, &block));
    CHECK_CASE(block.jitter >= 38 && block.jitter <= 40, "%u", (unsigned)block.jitter);
    CHECK_CASE(llabs((long long)reception_jitter_us(&reception) - 5000) < 200, "%llu",
               (unsigned long long)reception_jitter_us(&reception));
}

static void the_fraction_lost_is_since_the_last_report(void)
{
    struct reception reception = empty;
    struct rtcp_block block;

    CU_ASSERT_FALSE(reception_block(&reception, 0, &block));
    for (uint64_t i = 0; i < 100; i++)
        if (i % 4 != 1)
            come(&reception, i);
    CU_ASSERT_TRUE(reception_block(&reception, 0, &block));
    CU_ASSERT_TRUE(block.fraction_lost == 64 && block.lost == 25 && block.ssrc == 9);
    for (uint64_t i = 100; i < 200; i++)
        come(&reception, i);
    CU_ASSERT_TRUE(reception_block(&reception, 0, &block));
    CU_ASSERT_TRUE(block.fraction_lost == 0 && block.lost == 25);
    CU_ASSERT_TRUE(reception_block(&reception, 0, &block)); /* nothing since */
    CU_ASSERT_EQUAL(block.fraction_lost, 0);
}

static void a_block_answers_the_peers_report(void)
{
    struct reception reception = empty;
    struct rtcp_block block;

    come(&reception, 0);
    CU_ASSERT_TRUE(reception_block(&reception, 5000000, &block));
    CU_ASSERT_TRUE(block.last_report == 0 && block.delay == 0);
    reception_report(&reception, 5000000, UINT64_C(0x0102030405060708));
    CU_ASSERT_TRUE(reception_block(&reception, 6500000, &block));
    CU_ASSERT_TRUE(block.last_report == 0x03040506 && block.delay == 98304);
}

static CU_TestInfo tests[] = {
    { "received, lost, late and doubled packets are counted over a wrap", counts_what_comes_and_what_does_not },
    { "a packet from before the first one moves the beginning", a_late_first_packet_moves_the_beginning },
    { "wraps are counted", wraps_are_counted },
    { "packets from far back are late, not copies", packets_far_back_are_no_copies },
    { "the longest gap is kept", the_longest_gap_is_kept },
    { "a steady stream has no jitter", a_steady_stream_has_no_jitter },
    { "jitter is how the transit changes", jitter_is_the_change_of_the_transit },
    { "the fraction lost is that since the last report", the_fraction_lost_is_since_the_last_report },
    { "a block answers the peer's report", a_block_answers_the_peers_report },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "call/reception", tests);
}
