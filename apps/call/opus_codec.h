/* opus_codec.h - 20 ms of speech to a packet and back with libopus (RFC 6716, RFC 7587). The door to libopus. */
#ifndef APPS_CALL_OPUS_CODEC_H
#define APPS_CALL_OPUS_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OPUS_CODEC_CLOCK = 48000,  /* timestamp units in a second, whatever the rate of the samples (RFC 7587, 4.1) */
    OPUS_CODEC_LARGEST = 1275, /* bytes of a packet */
    OPUS_CODEC_MOST_MS = 120   /* in one packet of a peer */
};

struct opus_codec; /* an encoder and a decoder */

/* For 8,000, 16,000 or 48,000 samples a second, mono. NULL: another rate, or no memory. The caller's, to free. */
struct opus_codec *opus_codec_new(unsigned rate);
void opus_codec_free(struct opus_codec *codec);

/* Encodes `count` samples, which must be 20 ms; the length of the packet, 0 if that failed. */
size_t opus_codec_encode(struct opus_codec *codec, const int16_t *samples, size_t count, uint8_t *out, size_t cap);

/* Decodes a packet; `out` has room for `cap` samples (OPUS_CODEC_MOST_MS of them are always enough). How many there
 * are, 0 when it cannot be decoded. */
size_t opus_codec_decode(struct opus_codec *codec, const uint8_t *packet, size_t len, int16_t *out, size_t cap);

/* In place of a lost packet: `count` samples, which must be 20 ms, that go on as the last ones did. False: silence. */
bool opus_codec_conceal(struct opus_codec *codec, int16_t *out, size_t count);

#endif
