/* probe.c - which size is tried next, and what an answer or its absence means. */
#include "conn/probe.h"

enum { CONTROL_SIZE = 1, PLATEAU = 548 };

#define CONTROL_BIT (UINT32_C(1) << 31) /* in the number of a control */

static bool is_searching(const struct dtls_probe *probe)
{
    return probe->good + 1 < probe->too_big;
}

static void rest(struct dtls_probe *probe, dtls_time now)
{
    probe->state = DTLS_PROBE_RESTS;
    probe->deadline = dtls_time_after(now, DTLS_PROBE_CONFIRM);
    if (probe->good >= probe->most)
        probe->raise_at = DTLS_NEVER;
}

static void try_size(struct dtls_probe *probe, uint32_t size)
{
    probe->state = DTLS_PROBE_WANTED;
    probe->size = size;
    probe->number = (probe->number + 1) & ~CONTROL_BIT;
    probe->losses = 0;
    probe->patience = DTLS_PROBE_TIMER;
}

/* The end of the search first: mostly it passes, and all is known. Then halves. */
static void go_on(struct dtls_probe *probe, dtls_time now)
{
    if (!is_searching(probe))
        rest(probe, now);
    else if (probe->too_big > probe->most)
        try_size(probe, probe->most);
    else
        try_size(probe, probe->good + (probe->too_big - probe->good) / 2);
}

void dtls_probe_begin(struct dtls_probe *probe, size_t good, size_t least, size_t most, dtls_time now)
{
    *probe = (struct dtls_probe){
        .good = (uint32_t)good,
        .least = (uint32_t)(least < good ? least : good),
        .most = (uint32_t)most,
        .too_big = (uint32_t)most + 1,
        .number = probe->number,
        .to = probe->to,
        .raise_at = dtls_time_after(now, DTLS_PROBE_RAISE),
    };
    go_on(probe, now);
}

void dtls_probe_pause(struct dtls_probe *probe)
{
    if (probe->state == DTLS_PROBE_IN_THE_AIR)
        probe->state = DTLS_PROBE_WANTED;
    else if (probe->state == DTLS_PROBE_CONTROL_FLIES)
        probe->state = DTLS_PROBE_CONTROL;
}

/* To where the search began, then to the plateaus of M5. */
static uint32_t fall_back(const struct dtls_probe *probe)
{
    if (probe->good > probe->least)
        return probe->least;
    return probe->good > PLATEAU ? PLATEAU : DTLS_SMALLEST_MTU;
}

/* The control has passed, the larger one not. Three times: of a size that is tried that is a limit; of the one in use
 * it is a black hole. */
static enum dtls_probe_outcome lose(struct dtls_probe *probe, dtls_time now)
{
    size_t before = probe->good;

    probe->patience = DTLS_PROBE_TIMER;
    if (++probe->losses < DTLS_PROBE_LOSSES) {
        probe->state = DTLS_PROBE_WANTED;
        return DTLS_PROBE_AS_IT_WAS;
    }
    if (probe->size <= probe->good) {
        probe->good = fall_back(probe);
        probe->raise_at = dtls_time_after(now, DTLS_PROBE_RAISE);
    }
    probe->too_big = probe->size > probe->good ? probe->size : probe->good + 1;
    go_on(probe, now);
    return probe->good < before ? DTLS_PROBE_FELL : DTLS_PROBE_AS_IT_WAS;
}

void dtls_probe_tick(struct dtls_probe *probe, uint64_t data_count, dtls_time now)
{
    if (now < dtls_probe_deadline(probe, data_count))
        return;
    if (probe->state == DTLS_PROBE_IN_THE_AIR) {
        probe->state = DTLS_PROBE_CONTROL;
    } else if (probe->state == DTLS_PROBE_CONTROL_FLIES) {
        probe->state = DTLS_PROBE_CONTROL;
        probe->patience = 2 * probe->patience < DTLS_PROBE_PATIENT ? 2 * probe->patience : DTLS_PROBE_PATIENT;
    } else if (now >= probe->raise_at) {
        dtls_probe_begin(probe, probe->good, probe->least, probe->most, now);
    } else {
        probe->data_count = data_count;
        try_size(probe, probe->good);
    }
}

size_t dtls_probe_wanted(const struct dtls_probe *probe)
{
    if (probe->state == DTLS_PROBE_CONTROL)
        return CONTROL_SIZE;
    return probe->state == DTLS_PROBE_WANTED ? probe->size : 0;
}

uint32_t dtls_probe_number(const struct dtls_probe *probe)
{
    return probe->state == DTLS_PROBE_CONTROL ? probe->number | CONTROL_BIT : probe->number;
}

void dtls_probe_sent(struct dtls_probe *probe, uint64_t round_trip_us, dtls_time now)
{
    uint64_t patience = 2 * round_trip_us > probe->patience ? 2 * round_trip_us : probe->patience;

    probe->state = probe->state == DTLS_PROBE_CONTROL ? DTLS_PROBE_CONTROL_FLIES : DTLS_PROBE_IN_THE_AIR;
    probe->deadline = dtls_time_after(now, patience);
}

bool dtls_probe_answered(struct dtls_probe *probe, uint32_t number, dtls_time now, enum dtls_probe_outcome *outcome)
{
    *outcome = DTLS_PROBE_AS_IT_WAS;
    if (probe->state < DTLS_PROBE_WANTED || (number & ~CONTROL_BIT) != probe->number)
        return false;
    if ((number & CONTROL_BIT) != 0) {
        if (probe->state != DTLS_PROBE_CONTROL && probe->state != DTLS_PROBE_CONTROL_FLIES)
            return false;
        *outcome = lose(probe, now);
        return true;
    }
    if (probe->size > probe->good) {
        probe->good = probe->size;
        *outcome = DTLS_PROBE_ROSE;
    }
    go_on(probe, now);
    return true;
}

void dtls_probe_told(struct dtls_probe *probe, size_t fits, dtls_time now)
{
    if (fits >= probe->too_big)
        return;
    probe->too_big = (uint32_t)fits + 1;
    probe->raise_at = dtls_time_after(now, DTLS_PROBE_RAISE);
    if (probe->good > fits)
        probe->good = (uint32_t)fits;
    if (probe->least > fits)
        probe->least = (uint32_t)fits;
    if (!is_searching(probe))
        rest(probe, now);
    else if (probe->state == DTLS_PROBE_RESTS || probe->size > fits)
        try_size(probe, (uint32_t)fits); /* whoever says so knows it, most likely */
}

dtls_time dtls_probe_deadline(const struct dtls_probe *probe, uint64_t data_count)
{
    if (probe->state == DTLS_PROBE_IN_THE_AIR || probe->state == DTLS_PROBE_CONTROL_FLIES)
        return probe->deadline;
    if (probe->state != DTLS_PROBE_RESTS)
        return DTLS_NEVER; /* off, or it waits to be taken */
    return data_count != probe->data_count && probe->deadline < probe->raise_at ? probe->deadline : probe->raise_at;
}
