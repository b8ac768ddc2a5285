/* time_after.h - the one sum that times are made with: it saturates (contract T2). */
#ifndef DTLS_BYTES_TIME_AFTER_H
#define DTLS_BYTES_TIME_AFTER_H

#include "dtls/config.h"

static inline dtls_time dtls_time_after(dtls_time now, uint64_t delay_us)
{
    return delay_us < DTLS_NEVER - now ? now + delay_us : DTLS_NEVER;
}

#endif
