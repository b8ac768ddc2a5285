/* call_ulaw.c - all samples and all bytes of G.711 u-law. */
#include "apps/call/ulaw.h"

#include <stdlib.h>

#include "tests/tap.h"

/* The decoder's output for the ends of the chords (ITU-T G.711, table 2, in 16 bits). */
static void published_values(void)
{
    static const struct {
        uint8_t byte;
        int16_t sample;
    } values[] = {
        { 0x80, 32124 }, { 0x8f, 16764 }, { 0x9f, 8316 }, { 0xaf, 4092 }, { 0xbf, 1980 },   { 0xcf, 924 },
        { 0xdf, 396 },   { 0xef, 132 },   { 0xfe, 8 },    { 0xff, 0 },    { 0x00, -32124 }, { 0x0f, -16764 },
        { 0x1f, -8316 }, { 0x6f, -132 },  { 0x7e, -8 },   { 0x7f, 0 },
    };

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        CHECK_CASE(ulaw_decode(values[i].byte) == values[i].sample, "byte %02x gives %d", values[i].byte,
                   ulaw_decode(values[i].byte));
}

static void every_byte_comes_back(void)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t again = ulaw_encode(ulaw_decode((uint8_t)byte));
        CHECK_CASE(again == (byte == 0x7f ? 0xff : byte), "byte %02x, again %02x", byte,
                   again); /* one zero is enough */
    }
}

/* Where the chords meet (the same table). */
static void published_decisions(void)
{
    static const int values[] = { 31, 95, 223, 479, 991, 2015, 4063 }; /* in 14 bits */

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        uint8_t below = ulaw_encode((int16_t)(values[i] * 4 - 1)), above = ulaw_encode((int16_t)(values[i] * 4));
        CHECK_CASE((below & 0x0f) == 0 && (above & 0x0f) == 0x0f && below == above + 1, "%d: %02x and %02x", values[i],
                   below, above);
    }
}

static void every_sample_is_off_by_half_a_step_at_most(void)
{
    for (int sample = -32635; sample <= 32635; sample++) {
        uint8_t byte = ulaw_encode((int16_t)sample);
        int off = abs(ulaw_decode(byte) - sample), half_a_step = 4 << (~byte >> 4 & 7);
        CHECK_CASE(off <= half_a_step, "sample %d is off by %d", sample, off);
    }
}

static void louder_samples_are_never_quieter_afterwards(void)
{
    int last = ulaw_decode(ulaw_encode(INT16_MIN));

    CU_ASSERT_EQUAL(last, -32124);
    for (int sample = INT16_MIN; sample <= INT16_MAX; sample++) {
        int heard = ulaw_decode(ulaw_encode((int16_t)sample));
        CHECK_CASE(heard >= last, "sample %d", sample);
        CHECK_CASE(sample == INT16_MIN || heard == -ulaw_decode(ulaw_encode((int16_t)-sample)), "sample %d, mirrored",
                   sample);
        last = heard;
    }
    CU_ASSERT_EQUAL(last, 32124);
}

static CU_TestInfo tests[] = {
    { "the published values", published_values },
    { "every byte comes back as it was", every_byte_comes_back },
    { "the published decision values", published_decisions },
    { "every sample is off by half a step of its chord at most", every_sample_is_off_by_half_a_step_at_most },
    { "louder samples are louder afterwards, or as loud, on both sides of zero",
      louder_samples_are_never_quieter_afterwards },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "call/ulaw", tests);
}
