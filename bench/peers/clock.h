/* clock.h - the two clocks, in microseconds. */
#ifndef BENCH_PEERS_CLOCK_H
#define BENCH_PEERS_CLOCK_H

#include <stdint.h>

uint64_t clock_now(void); /* CLOCK_MONOTONIC: the same in all processes */
uint64_t clock_cpu(void); /* what this process has used so far */

double clock_cpu_seconds(void); /* the same, to the nanosecond */

#endif
