/* tone.c - the phase is counted in whole samples, so it never drifts. */
#include "apps/call/tone.h"

#include <math.h>

static const double two_pi = 6.283185307179586;

enum { LOUDNESS = 8192 };

void tone_init(struct tone *tone, unsigned rate, unsigned hz)
{
    *tone = (struct tone){ .rate = rate, .hz = hz };
}

void tone_fill(struct tone *tone, int16_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double turns = (double)(tone->at * tone->hz % tone->rate) / tone->rate;
        out[i] = (int16_t)lrint(LOUDNESS * sin(two_pi * turns));
        tone->at = (tone->at + 1) % tone->rate; /* whole turns in a second */
    }
}
