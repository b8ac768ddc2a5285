/* plot.c - writes a gnuplot script with its data inside. */
#define _POSIX_C_SOURCE 200809L /* popen */
#include "bench/rehandshake/plot.h"

#include <stdio.h>
#include <string.h>

enum { FROM_MS = -300, TO_MS = 900, LANE_HEIGHT = 44 };

static bool is_in(int64_t at_us)
{
    return at_us >= FROM_MS * 1000 && at_us <= TO_MS * 1000;
}

void plot_take(struct plot_lane *lane, const struct book *book)
{
    for (int from = BOOK_CLIENT; from <= BOOK_SERVER; from++)
        for (size_t i = 0; i < book->count[from]; i++) {
            const struct book_record *record = &book->records[from][i];
            bool delivered = record->deliveries > 0;
            int64_t at_us = (int64_t)((delivered ? record->delivered : record->wished) - book->started);
            if (record->wished == 0 || !is_in(at_us) || lane->count[from] == PLOT_MARKS)
                continue;
            lane->marks[from][lane->count[from]++] =
                (struct plot_mark){ (int32_t)at_us, delivered, record->lost && !delivered };
        }
}

/* One data block: time in ms and height, of the marks of one kind. */
static void write_marks(FILE *to, const char *name, const struct plot_lane *lanes, size_t count, bool delivered,
                        bool lost_by_network)
{
    fprintf(to, "$%s << END\n", name);
    fprintf(to, "-9999 0\n"); /* gnuplot takes no empty block */
    for (size_t lane = 0; lane < count; lane++)
        for (int from = BOOK_CLIENT; from <= BOOK_SERVER; from++)
            for (size_t i = 0; i < lanes[lane].count[from]; i++) {
                const struct plot_mark *mark = &lanes[lane].marks[from][i];
                if (mark->delivered == delivered && mark->lost_by_network == lost_by_network)
                    fprintf(to, "%.2f %.2f\n", (double)mark->at_us / 1000,
                            (double)(count - lane) - (from == BOOK_CLIENT ? 0.32 : 0.68));
            }
    fprintf(to, "END\n");
}

static void write_script(FILE *to, const char *path, const struct plot_lane *lanes, size_t count, const char *title)
{
    write_marks(to, "delivered", lanes, count, true, false);
    write_marks(to, "network", lanes, count, false, true);
    write_marks(to, "library", lanes, count, false, false);
    fprintf(to, "set terminal svg size 900,%zu font 'sans,12' background 'white'\n", 110 + LANE_HEIGHT * count);
    fprintf(to, "set output '%s'\nset title \"%s\"\n", path, title);
    fprintf(to, "set xrange [%d:%d]\nset yrange [0:%zu]\n", FROM_MS, TO_MS, count);
    fprintf(to, "set xlabel 'milliseconds from the start of the rehandshake'\n");
    fprintf(to, "set key outside bottom center horizontal samplen 1\nset tics nomirror scale 0.5\nset border 1\n");
    fprintf(to, "set arrow from 0,0 to 0,%zu nohead lc rgb '#888888' dt 2\nset ytics (", count);
    for (size_t lane = 0; lane < count; lane++)
        fprintf(to, "%s'%s' %.2f", lane == 0 ? "" : ", ", lanes[lane].title, (double)(count - lane) - 0.5);
    fprintf(to, ")\n");
    for (size_t lane = 1; lane < count; lane++)
        fprintf(to, "set arrow from %d,%zu to %d,%zu nohead lc rgb '#dddddd'\n", FROM_MS, lane, TO_MS, lane);
    fprintf(to,
            "plot $delivered with points pt 7 ps 0.35 lc rgb '#2060a0' title 'delivered (to the server above, to the "
            "client below)', $network with points pt 2 ps 0.5 lc rgb '#999999' title 'lost by the network', $library "
            "with points pt 2 ps 0.6 lc rgb '#c02020' title 'lost by the library'\n");
}

const char *plot_draw(const char *path, const struct plot_lane *lanes, size_t count, const char *title)
{
    FILE *to;

    if (strchr(path, '\'') != NULL)
        return "the file's name has a quote in it";
    to = popen("gnuplot", "w");
    if (to == NULL)
        return "gnuplot cannot be started";
    write_script(to, path, lanes, count, title);
    return pclose(to) == 0 ? NULL : "gnuplot failed (is gnuplot-nox installed?)";
}
