/* call_opus.c - speech through libopus: smaller, and much the same. */
#include <math.h>
#include <string.h>

#include "apps/call/opus_codec.h"
#include "apps/call/tone.h"
#include "tests/tap.h"

enum { FRAMES = 50, MOST = OPUS_CODEC_CLOCK / 1000 * OPUS_CODEC_MOST_MS };

/* How alike two sounds are, whatever the delay up to 20 ms: 1 is the same. */
static double likeness(const int16_t *a, const int16_t *b, size_t count, size_t most_delay)
{
    double best = 0;

    for (size_t delay = 0; delay < most_delay; delay++) {
        double both = 0, of_a = 0, of_b = 0;
        for (size_t i = 0; i + delay < count; i++) {
            both += (double)a[i] * b[i + delay];
            of_a += (double)a[i] * a[i];
            of_b += (double)b[i + delay] * b[i + delay];
        }
        best = fmax(best, both / sqrt(of_a * of_b + 1));
    }
    return best;
}

static void a_tone_comes_back_at_every_rate(void)
{
    static const unsigned rates[] = { 8000, 16000, 48000 };
    static int16_t sent[FRAMES * 960], heard[FRAMES * 960 + MOST];
    uint8_t packet[OPUS_CODEC_LARGEST];

    for (size_t r = 0; r < 3; r++) {
        size_t frame = rates[r] / 50, bytes = 0;
        struct opus_codec *codec = opus_codec_new(rates[r]);
        struct tone tone;
        CU_ASSERT_PTR_NOT_NULL_FATAL(codec);
        tone_init(&tone, rates[r], 440);
        tone_fill(&tone, sent, FRAMES * frame);
        for (size_t i = 0; i < FRAMES; i++) {
            size_t len = opus_codec_encode(codec, sent + i * frame, frame, packet, sizeof packet);
            CU_ASSERT_TRUE(len > 0);
            bytes += len;
            CU_ASSERT_EQUAL(opus_codec_decode(codec, packet, len, heard + i * frame, MOST), frame);
        }
        size_t half = FRAMES / 2 * frame; /* once it has settled */
        double alike = likeness(sent + half, heard + half, FRAMES * frame - half, frame);
        CHECK_CASE(alike > 0.95, "%u a second: %.3f", rates[r], alike);
        CHECK_CASE(bytes < FRAMES * frame, "%u a second: %zu bytes", rates[r], bytes);
        opus_codec_free(codec);
    }
}

static void a_lost_packet_is_concealed(void)
{
    int16_t samples[160], heard[MOST];
    uint8_t packet[OPUS_CODEC_LARGEST];
    struct opus_codec *codec = opus_codec_new(8000);
    struct tone tone;
    double loud = 0;

    tone_init(&tone, 8000, 300);
    for (int i = 0; i < 30; i++) {
        tone_fill(&tone, samples, 160);
        size_t len = opus_codec_encode(codec, samples, 160, packet, sizeof packet);
        opus_codec_decode(codec, packet, len, heard, MOST);
    }
    CU_ASSERT_TRUE(opus_codec_conceal(codec, heard, 160));
    for (int i = 0; i < 160; i++)
        loud = fmax(loud, fabs((double)heard[i]));
    CU_ASSERT_TRUE(loud > 1000);
    opus_codec_free(codec);
}

static void what_cannot_be_done_gives_nothing(void)
{
    static const uint8_t nonsense[] = { 0xff, 0xff, 0xff };
    int16_t samples[161] = { 0 }, heard[MOST];
    uint8_t packet[OPUS_CODEC_LARGEST];
    struct opus_codec *codec = opus_codec_new(8000);

    CU_ASSERT_PTR_NULL(opus_codec_new(44100));
    CU_ASSERT_PTR_NULL(opus_codec_new(0xffffffff));
    CU_ASSERT_EQUAL(opus_codec_encode(codec, samples, 161, packet, sizeof packet), 0);
    CU_ASSERT_EQUAL(opus_codec_decode(codec, nonsense, sizeof nonsense, heard, MOST), 0);
    CU_ASSERT_EQUAL(opus_codec_decode(codec, nonsense, 0, heard, MOST), 0);
    opus_codec_free(codec);
    opus_codec_free(NULL);
}

static CU_TestInfo tests[] = {
    { "a tone comes back at every rate, in fewer bytes than G.711", a_tone_comes_back_at_every_rate },
    { "a lost packet is concealed", a_lost_packet_is_concealed },
    { "what cannot be done gives nothing", what_cannot_be_done_gives_nothing },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "call/opus", tests);
}
