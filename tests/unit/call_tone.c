/* call_tone.c - a sine of the right height, loudness and steadiness. */
#include "apps/call/tone.h"

#include <string.h>

#include "tests/tap.h"

enum { RATE = 8000 };

static void has_its_frequency(void)
{
    static int16_t samples[RATE];
    struct tone tone;

    for (unsigned hz = 100; hz <= 3000; hz += 290) {
        unsigned rises = 0;
        tone_init(&tone, RATE, hz);
        tone_fill(&tone, samples, RATE);
        for (size_t i = 0; i < RATE; i++)
            rises += samples[i] > 0 && samples[(i + RATE - 1) % RATE] <= 0;
        CHECK_CASE(rises == hz, "%u rises at %u Hz", rises, hz);
    }
}

static void has_its_loudness(void)
{
    static int16_t samples[RATE];
    struct tone tone;
    int most = 0, least = 0;

    tone_init(&tone, RATE, 440);
    tone_fill(&tone, samples, RATE);
    for (size_t i = 0; i < RATE; i++) {
        most = samples[i] > most ? samples[i] : most;
        least = samples[i] < least ? samples[i] : least;
    }
    CU_ASSERT_TRUE(most > 8150 && most <= 8192 && least < -8150 && least >= -8192);
}

static void goes_on_without_a_click(void)
{
    static int16_t whole[3 * RATE], piece[3 * RATE];
    struct tone tone, other;
    size_t at = 0;

    tone_init(&tone, RATE, 437);
    tone_init(&other, RATE, 437);
    tone_fill(&tone, whole, 3 * RATE);
    for (size_t count = 1; at < 3 * RATE; count = count * 3 % 331 + 1) {
        size_t some = 3 * RATE - at < count ? 3 * RATE - at : count;
        tone_fill(&other, piece + at, some);
        at += some;
    }
    CU_ASSERT_EQUAL(memcmp(whole, piece, sizeof whole), 0);
    CU_ASSERT_EQUAL(memcmp(whole, whole + RATE, RATE * sizeof whole[0]), 0); /* nor does it drift */
}

static CU_TestInfo tests[] = {
    { "a tone has its frequency", has_its_frequency },
    { "a tone has a quarter of the full loudness", has_its_loudness },
    { "a tone goes on where it ended, and does not drift", goes_on_without_a_click },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "call/tone", tests);
}
