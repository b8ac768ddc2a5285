/* opus_none.c - where this was built without libopus: there is no codec, for any rate. */
#include "apps/call/opus_codec.h"

/* The other file writes there. NOLINTBEGIN(readability-non-const-parameter) */

struct opus_codec *opus_codec_new(unsigned rate)
{
    (void)rate;
    return NULL;
}

void opus_codec_free(struct opus_codec *codec)
{
    (void)codec;
}

size_t opus_codec_encode(struct opus_codec *codec, const int16_t *samples, size_t count, uint8_t *out, size_t cap)
{
    (void)codec, (void)samples, (void)count, (void)out, (void)cap;
    return 0;
}

size_t opus_codec_decode(struct opus_codec *codec, const uint8_t *packet, size_t len, int16_t *out, size_t cap)
{
    (void)codec, (void)packet, (void)len, (void)out, (void)cap;
    return 0;
}

bool opus_codec_conceal(struct opus_codec *codec, int16_t *out, size_t count)
{
    (void)codec, (void)out, (void)count;
    return false;
}
/* NOLINTEND(readability-non-const-parameter) */
