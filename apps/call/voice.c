/* voice.c - sources, codecs and the recording. Knows no packet. */
#include "apps/call/voice.h"

#include <stdio.h>
#include <string.h>

#include "apps/call/opus_codec.h"
#include "apps/call/ulaw.h"

enum {
    MOST_SAMPLES = 48000 * 120 / 1000, /* of one packet of a peer */
    MOST_CONCEALED = 50,               /* frames in a row: after a second it is a silence, not a loss */
    PCMU_RATE = 8000,
    OPUS_RATE = 48000,
};

static bool open_codec(struct voice *voice, struct wav_why *why)
{
    if (voice->codec == VOICE_PCMU) {
        if (voice->rate == PCMU_RATE)
            return true;
        snprintf(why->words, sizeof why->words, "PCMU takes 8000 samples a second, not %u", voice->rate);
        return false;
    }
    voice->opus = opus_codec_new(voice->rate);
    if (voice->opus == NULL)
        snprintf(why->words, sizeof why->words, "there is no Opus for %u samples a second here", voice->rate);
    return voice->opus != NULL;
}

bool voice_open(struct voice *voice, const char *play, const char *record, struct wav_why *why)
{
    voice->rate = voice->codec == VOICE_PCMU ? PCMU_RATE : OPUS_RATE;
    if (play != NULL) {
        if (!wav_reader_open(&voice->reader, play, why))
            return false;
        voice->rate = voice->reader.rate;
    }
    tone_init(&voice->tone, voice->rate, voice->hz);
    if (open_codec(voice, why)) {
        if (record == NULL || wav_writer_open(&voice->writer, record, voice->rate, why))
            return true;
        opus_codec_free(voice->opus);
        voice->opus = NULL;
    }
    if (play != NULL)
        wav_reader_close(&voice->reader);
    return false;
}

bool voice_close(struct voice *voice, struct wav_why *why)
{
    opus_codec_free(voice->opus);
    if (voice->reader.file != NULL)
        wav_reader_close(&voice->reader);
    return voice->writer.file == NULL || wav_writer_close(&voice->writer, why);
}

uint8_t voice_type(const struct voice *voice)
{
    return voice->codec == VOICE_PCMU ? 0 : VOICE_OPUS_TYPE; /* RFC 3551, 6 */
}

uint32_t voice_step(const struct voice *voice)
{
    return (voice->codec == VOICE_PCMU ? PCMU_RATE : OPUS_RATE) / VOICE_FRAMES_A_SECOND;
}

size_t voice_next(struct voice *voice, uint8_t out[VOICE_MOST_PAYLOAD])
{
    int16_t samples[MOST_SAMPLES] = { 0 };
    size_t count = voice->rate / VOICE_FRAMES_A_SECOND;

    if (voice->reader.file == NULL)
        tone_fill(&voice->tone, samples, count);
    else if (wav_read(&voice->reader, samples, count) == 0)
        return 0;
    if (voice->codec == VOICE_OPUS)
        return opus_codec_encode(voice->opus, samples, count, out, VOICE_MOST_PAYLOAD);
    for (size_t i = 0; i < count; i++)
        out[i] = ulaw_encode(samples[i]);
    return count;
}

static size_t decode(const struct voice *voice, const uint8_t *payload, size_t len, int16_t out[MOST_SAMPLES])
{
    size_t count = len < MOST_SAMPLES ? len : MOST_SAMPLES;

    if (voice->codec == VOICE_OPUS)
        return opus_codec_decode(voice->opus, payload, len, out, MOST_SAMPLES);
    for (size_t i = 0; i < count; i++)
        out[i] = ulaw_decode(payload[i]);
    return count;
}

void voice_take(struct voice *voice, const uint8_t *payload, size_t len)
{
    int16_t samples[MOST_SAMPLES];

    if (voice->writer.file != NULL)
        wav_write(&voice->writer, samples, decode(voice, payload, len, samples));
}

void voice_conceal(struct voice *voice, uint64_t count)
{
    int16_t samples[MOST_SAMPLES];
    size_t each = voice->rate / VOICE_FRAMES_A_SECOND;

    if (voice->writer.file == NULL)
        return;
    for (uint64_t i = 0; i < count && i < MOST_CONCEALED; i++) {
        if (voice->codec == VOICE_PCMU || !opus_codec_conceal(voice->opus, samples, each))
            memset(samples, 0, sizeof samples);
        wav_write(&voice->writer, samples, each);
    }
}
