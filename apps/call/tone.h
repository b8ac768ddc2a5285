/* tone.h - a sine, as a source of samples. */
#ifndef APPS_CALL_TONE_H
#define APPS_CALL_TONE_H

#include <stddef.h>
#include <stdint.h>

struct tone {
    unsigned rate, hz;
    uint64_t at; /* samples so far; modulo the rate */
};

/* `rate` samples a second, not 0; a tone of less than half of it. */
void tone_init(struct tone *tone, unsigned rate, unsigned hz);

/* The next `count` samples, a quarter of the full scale: it goes on where the last call ended. */
void tone_fill(struct tone *tone, int16_t *out, size_t count);

#endif
