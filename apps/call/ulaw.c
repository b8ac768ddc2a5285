/* ulaw.c - G.711 u-law without tables: a sign, the number of the chord, and four bits of the place in it; inverted. */
#include "apps/call/ulaw.h"

enum {
    BIAS = 132,      /* moves the chords to powers of two: they begin at 132, 264, .. 16,896 */
    LOUDEST = 32635, /* with the bias still 15 bits */
    LOWEST_CHORD = 7 /* bit of the first one's beginning */
};

uint8_t ulaw_encode(int16_t sample)
{
    int sign = sample < 0 ? 0x80 : 0;
    int size = sample < 0 ? -(int)sample : sample;
    int chord = LOWEST_CHORD;

    size = (size > LOUDEST ? LOUDEST : size) + BIAS;
    while (size >> (chord + 1) != 0)
        chord++;
    return (uint8_t) ~(sign | (chord - LOWEST_CHORD) << 4 | (size >> (chord - 4) & 0x0f));
}

int16_t ulaw_decode(uint8_t byte)
{
    uint8_t bits = (uint8_t)~byte;
    int chord = bits >> 4 & 7, place = bits & 0x0f;
    int size = ((place << 3) + BIAS) * (1 << chord) - BIAS;

    return (int16_t)((bits & 0x80) != 0 ? -size : size);
}
