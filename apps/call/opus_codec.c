/* opus_codec.c - an encoder and a decoder of libopus, set for speech. */
#include "apps/call/opus_codec.h"

#include <opus/opus.h>
#include <stdlib.h>
#include <string.h>

struct opus_codec {
    OpusEncoder *encoder;
    OpusDecoder *decoder;
};

struct opus_codec *opus_codec_new(unsigned rate)
{
    struct opus_codec *codec = calloc(1, sizeof *codec);
    int error = OPUS_OK;

    if (codec == NULL)
        return NULL;
    codec->encoder = opus_encoder_create((opus_int32)rate, 1, OPUS_APPLICATION_VOIP, &error);
    if (error == OPUS_OK)
        codec->decoder = opus_decoder_create((opus_int32)rate, 1, &error);
    if (error == OPUS_OK)
        return codec;
    opus_codec_free(codec);
    return NULL;
}

void opus_codec_free(struct opus_codec *codec)
{
    if (codec == NULL)
        return;
    if (codec->encoder != NULL)
        opus_encoder_destroy(codec->encoder);
    if (codec->decoder != NULL)
        opus_decoder_destroy(codec->decoder);
    free(codec);
}

size_t opus_codec_encode(struct opus_codec *codec, const int16_t *samples, size_t count, uint8_t *out, size_t cap)
{
    opus_int32 len = opus_encode(codec->encoder, samples, (int)count, out, (opus_int32)cap);

    return len > 0 ? (size_t)len : 0;
}

size_t opus_codec_decode(struct opus_codec *codec, const uint8_t *packet, size_t len, int16_t *out, size_t cap)
{
    int count = len == 0 ? 0 : opus_decode(codec->decoder, packet, (opus_int32)len, out, (int)cap, 0);

    return count > 0 ? (size_t)count : 0;
}

bool opus_codec_conceal(struct opus_codec *codec, int16_t *out, size_t count)
{
    int made = opus_decode(codec->decoder, NULL, 0, out, (int)count, 0);

    if (made == (int)count)
        return true;
    memset(out, 0, count * sizeof out[0]);
    return false;
}
