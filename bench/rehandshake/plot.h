/* plot.h - the picture: deliveries over time around a rehandshake, one lane for each implementation. */
#ifndef BENCH_REHANDSHAKE_PLOT_H
#define BENCH_REHANDSHAKE_PLOT_H

#include "bench/rehandshake/book.h"

enum { PLOT_MARKS = 256, PLOT_LANES = 12, PLOT_TITLE = 48 };

/* One record: delivered at a time, or wanted then and never delivered. Microseconds from the rehandshake's start. */
struct plot_mark {
    int32_t at_us;
    bool delivered, lost_by_network;
};

/* Both directions of one call. */
struct plot_lane {
    char title[PLOT_TITLE];
    struct plot_mark marks[2][PLOT_MARKS];
    size_t count[2];
};

/* What a call's book shows, from 300 ms before the rehandshake to 900 ms after. */
void plot_take(struct plot_lane *lane, const struct book *book);

/* Draws the lanes from top to bottom into an SVG file, with gnuplot. Returns NULL, or what went wrong. */
const char *plot_draw(const char *path, const struct plot_lane *lanes, size_t count, const char *title);

#endif
