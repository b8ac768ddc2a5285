/* meter.h - what the two processes of a run count, in memory that they share, and the measure that comes of it.
 * Knows no socket and no library. */
#ifndef BENCH_UDP_METER_H
#define BENCH_UDP_METER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Records that the sender is ahead of the receiver at most: what is in the receiver's socket buffer. Without that, the
 * faster sender would be measured by what it loses. */
enum { METER_AHEAD = 128 };

struct meter_result {
    double records_per_s;               /* received */
    uint64_t lost;                      /* of all that were sent, also before and after the time that is measured */
    double cpu_ns_send, cpu_ns_receive; /* per record */
    double disturbed;                   /* share of the time that the two waited for a core that others had */
};

/* One moment. */
struct meter_mark {
    uint64_t at_ns, cpu_send_ns, cpu_receive_ns, delay_ns, sent, received;
};

struct meter {
    _Alignas(64) _Atomic uint64_t received; /* written by the receiver alone */
    _Alignas(64) _Atomic uint32_t port;     /* of a receiver that opens its own socket; 0: not yet */

    /* The sender's own. */
    _Alignas(64) uint64_t for_ns;
    pid_t receiver;
    uint64_t sent, given_up; /* given_up: lost, and no longer waited for */
    uint64_t due_ns;         /* of the next mark */
    struct meter_mark begin, end;
    bool over;
    uint64_t waits_since_ns; /* CPU time; 0: it does not wait */
    uint64_t stuck_ns;       /* when the wait is taken for a loss */
    uint64_t waited_ns;      /* CPU time that was spent on waiting, and is no cost of a record */
};

/* Ends the process with one line on stderr and status 1. */
_Noreturn void meter_fail(const char *what);

/* Shared by the processes that are forked later; ends the program without memory. `for_ms`: the time to measure. */
struct meter *meter_new(uint32_t for_ms);

/* ---- the receiver ---- */

void meter_received(struct meter *meter, size_t records);

/* ---- the sender ---- */

/* The handshake is done: warming up begins. */
void meter_begin(struct meter *meter);

/* To be asked once a turn. True when all is measured. */
bool meter_is_over(struct meter *meter);

/* May `records` leave now? If not, ask again. */
bool meter_has_room(struct meter *meter, size_t records);

void meter_sent(struct meter *meter, size_t records);

/* After the end: waits for what is under way. */
struct meter_result meter_finish(struct meter *meter);

#endif
