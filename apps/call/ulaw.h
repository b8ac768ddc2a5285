/* ulaw.h - G.711 u-law: a sample as one byte, by its logarithm. */
#ifndef APPS_CALL_ULAW_H
#define APPS_CALL_ULAW_H

#include <stdint.h>

/* Of 16-bit samples the highest 14 bits count; beyond +-32,635 all is the loudest. */
uint8_t ulaw_encode(int16_t sample);
int16_t ulaw_decode(uint8_t byte);

#endif
