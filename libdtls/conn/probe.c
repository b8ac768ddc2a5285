/* probe.c - which size is tried next, and what an answer or its absence means. */
#include "conn/probe.h"

static bool is_searching(const struct dtls_probe *probe)
{
    return probe->good + 1 < probe->too_big;
}

/* The end of the search first: mostly it passes, and all is known. Then halves. */
static void choose(struct dtls_probe *probe, dtls_time now)
{
    probe->in_the_air = false;
    probe->losses = 0;
    probe->size = 0;
    if (is_searching(probe)) {
        probe->size = probe->too_big > probe->most ? probe->most : probe->good + (probe->too_big - probe->good) / 2;
        probe->number++;
        return;
    }
    probe->deadline = dtls_time_after(now, DTLS_PROBE_CONFIRM);
    if (probe->good >= probe->most)
        probe->raise_at = DTLS_NEVER;
}

void dtls_probe_begin(struct dtls_probe *probe, size_t good, size_t least, size_t most, dtls_time now)
{
    uint32_t number = probe->number;

    *probe = (struct dtls_probe){ .running = true,
                                  .good = good,
                                  .least = least < good ? least : good,
                                  .most = most,
                                  .too_big = most + 1,
                                  .number = number,
                                  .raise_at = dtls_time_after(now, DTLS_PROBE_RAISE) };
    choose(probe, now);
}

void dtls_probe_pause(struct dtls_probe *probe, dtls_time now)
{
    if (!probe->running || probe->size == 0)
        return;
    probe->number++; /* a late answer is to nothing */
    probe->in_the_air = false;
    if (probe->size <= probe->good) {
        probe->size = 0;
        probe->deadline = dtls_time_after(now, DTLS_PROBE_CONFIRM);
    }
}

/* To where the search began, then to the plateaus of M5. */
static size_t fall_back(const struct dtls_probe *probe)
{
    enum { PLATEAU = 548 };

    if (probe->good > probe->least)
        return probe->least;
    return probe->good > PLATEAU ? PLATEAU : DTLS_SMALLEST_MTU;
}

/* Three times nothing. Of a larger size that is a limit; of the one in use it is a black hole. */
static bool lost(struct dtls_probe *probe, dtls_time now)
{
    bool black_hole = probe->size <= probe->good;

    probe->too_big = probe->size;
    if (black_hole) {
        probe->good = fall_back(probe);
        probe->raise_at = dtls_time_after(now, DTLS_PROBE_RAISE);
    }
    choose(probe, now);
    return !black_hole;
}

bool dtls_probe_tick(struct dtls_probe *probe, uint64_t data_count, dtls_time now)
{
    if (!probe->running || now < dtls_probe_deadline(probe, data_count))
        return true;
    if (probe->in_the_air) {
        probe->in_the_air = false;
        probe->number++;
        return ++probe->losses < DTLS_PROBE_LOSSES || lost(probe, now);
    }
    if (probe->size != 0)
        return true; /* waits to be taken */
    if (now >= probe->raise_at) {
        dtls_probe_begin(probe, probe->good, probe->least, probe->most, now);
        return true;
    }
    probe->data_count = data_count;
    probe->size = probe->good;
    probe->number++;
    return true;
}

size_t dtls_probe_wanted(const struct dtls_probe *probe)
{
    return probe->running && !probe->in_the_air ? probe->size : 0;
}

void dtls_probe_sent(struct dtls_probe *probe, uint64_t round_trip_us, dtls_time now)
{
    uint64_t patience = 2 * round_trip_us > DTLS_PROBE_TIMER ? 2 * round_trip_us : DTLS_PROBE_TIMER;

    probe->in_the_air = true;
    probe->deadline = dtls_time_after(now, patience);
}

bool dtls_probe_answered(struct dtls_probe *probe, uint32_t number, dtls_time now)
{
    if (!probe->running || !probe->in_the_air || number != probe->number)
        return false;
    bool risen = probe->size > probe->good;
    if (risen)
        probe->good = probe->size;
    choose(probe, now);
    return risen;
}

void dtls_probe_told(struct dtls_probe *probe, size_t fits, dtls_time now)
{
    if (!probe->running || fits >= probe->too_big)
        return;
    probe->too_big = fits + 1;
    probe->raise_at = dtls_time_after(now, DTLS_PROBE_RAISE);
    if (probe->good > fits)
        probe->good = fits;
    if (probe->least > fits)
        probe->least = fits;
    if (probe->size <= fits && is_searching(probe))
        return;
    choose(probe, now);
    if (probe->size != 0)
        probe->size = fits; /* whoever says so knows it, most likely */
}

dtls_time dtls_probe_deadline(const struct dtls_probe *probe, uint64_t data_count)
{
    if (!probe->running || dtls_probe_wanted(probe) != 0)
        return DTLS_NEVER;
    if (!probe->in_the_air && data_count == probe->data_count)
        return probe->raise_at;
    return probe->deadline;
}
