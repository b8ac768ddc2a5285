/* meter.c - counts, credit, and two marks between which everything is measured. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, clock_getcpuclockid */
#include "bench/udp/meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "apps/complain.h"

static const uint64_t WARM_UP_NS = 20000000, STUCK_NS = 100000000;

_Noreturn void meter_fail(const char *what)
{
    complain("%s", what);
    exit(EXIT_CONNECTION);
}

struct meter *meter_new(uint32_t for_ms)
{
    struct meter *meter = mmap(NULL, sizeof *meter, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (meter == MAP_FAILED)
        meter_fail("no memory for a meter");
    meter->for_ns = (uint64_t)for_ms * 1000000;
    return meter;
}

static uint64_t read_ns(clockid_t clock)
{
    struct timespec time;

    if (clock_gettime(clock, &time) != 0)
        meter_fail("a clock cannot be read");
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* ---- the receiver ---- */

void meter_received(struct meter *meter, size_t records)
{
    uint64_t before = atomic_load_explicit(&meter->received, memory_order_relaxed);

    atomic_store_explicit(&meter->received, before + records, memory_order_relaxed);
}

/* ---- the sender ---- */

static uint64_t count_received(const struct meter *meter)
{
    return atomic_load_explicit(&meter->received, memory_order_relaxed);
}

/* How long the process was ready to run and did not, so far; 0 where the kernel does not say. */
static uint64_t read_delay_ns(pid_t pid)
{
    unsigned long long run_ns, delay_ns = 0;
    char path[40];

    snprintf(path, sizeof path, "/proc/%ld/schedstat", (long)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%llu %llu", &run_ns, &delay_ns) != 2)
        delay_ns = 0;
    fclose(file);
    return delay_ns;
}

static struct meter_mark mark(const struct meter *meter)
{
    uint64_t cpu_ns = read_ns(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t waits_ns = meter->waits_since_ns > 0 ? cpu_ns - meter->waits_since_ns : 0;
    clockid_t other;

    if (clock_getcpuclockid(meter->receiver, &other) != 0)
        meter_fail("the receiver is gone");
    return (struct meter_mark){
        .at_ns = read_ns(CLOCK_MONOTONIC),
        .cpu_send_ns = cpu_ns - meter->waited_ns - waits_ns,
        .cpu_receive_ns = read_ns(other),
        .delay_ns = read_delay_ns(getpid()) + read_delay_ns(meter->receiver),
        .sent = meter->sent,
        .received = count_received(meter),
    };
}

void meter_begin(struct meter *meter)
{
    meter->due_ns = read_ns(CLOCK_MONOTONIC) + WARM_UP_NS;
}

bool meter_is_over(struct meter *meter)
{
    bool idle = meter->sent == meter->begin.sent || count_received(meter) == meter->begin.received;

    if (meter->over || idle || read_ns(CLOCK_MONOTONIC) < meter->due_ns)
        return meter->over; /* idle: on a busy machine one of the two may not have had a turn yet */
    if (meter->begin.at_ns == 0) {
        meter->begin = mark(meter);
        meter->due_ns = meter->begin.at_ns + meter->for_ns;
        return false;
    }
    meter->end = mark(meter);
    meter->over = true;
    return true;
}

/* What has not come for so long was lost; or there is nobody any more. */
static void give_up(struct meter *meter)
{
    if (waitpid(meter->receiver, NULL, WNOHANG) != 0)
        meter_fail("the receiver has ended");
    meter->given_up = meter->sent - count_received(meter);
    meter->stuck_ns = read_ns(CLOCK_MONOTONIC) + STUCK_NS;
}

/* Waiting costs this process its whole CPU, but no record does. */
static void wait_on(struct meter *meter)
{
    if (meter->waits_since_ns == 0) {
        meter->waits_since_ns = read_ns(CLOCK_PROCESS_CPUTIME_ID);
        meter->stuck_ns = read_ns(CLOCK_MONOTONIC) + STUCK_NS;
    } else if (read_ns(CLOCK_MONOTONIC) > meter->stuck_ns) {
        give_up(meter);
    }
}

bool meter_has_room(struct meter *meter, size_t records)
{
    uint64_t known = count_received(meter) + meter->given_up;

    if (meter->sent + records > known + METER_AHEAD) {
        wait_on(meter);
        return false;
    }
    if (meter->waits_since_ns != 0) {
        meter->waited_ns += read_ns(CLOCK_PROCESS_CPUTIME_ID) - meter->waits_since_ns;
        meter->waits_since_ns = 0;
    }
    return true;
}

void meter_sent(struct meter *meter, size_t records)
{
    meter->sent += records;
}

struct meter_result meter_finish(struct meter *meter)
{
    enum { PAUSE_NS = 1000000, PAUSES = 200 };
    const struct timespec pause = { .tv_nsec = PAUSE_NS };
    const struct meter_mark *begin = &meter->begin, *end = &meter->end;
    uint64_t known = count_received(meter);

    for (int i = 0; i < PAUSES && known < meter->sent; i++) { /* as long as something comes */
        nanosleep(&pause, NULL);
        uint64_t now = count_received(meter);
        i = now > known ? 0 : i;
        known = now;
    }
    double received = (double)(end->received - begin->received), sent = (double)(end->sent - begin->sent);
    if (received <= 0 || sent <= 0)
        meter_fail("no record has come through");
    return (struct meter_result){
        .records_per_s = received * 1e9 / (double)(end->at_ns - begin->at_ns),
        .lost = meter->sent - known,
        .cpu_ns_send = (double)(end->cpu_send_ns - begin->cpu_send_ns) / sent,
        .cpu_ns_receive = (double)(end->cpu_receive_ns - begin->cpu_receive_ns) / received,
        .disturbed = (double)(end->delay_ns - begin->delay_ns) / (double)(end->at_ns - begin->at_ns),
    };
}
