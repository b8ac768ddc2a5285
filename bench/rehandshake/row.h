/* row.h - all calls of one case, summed up, and how that is shown. */
#ifndef BENCH_REHANDSHAKE_ROW_H
#define BENCH_REHANDSHAKE_ROW_H

#include "bench/rehandshake/case.h"

struct row {
    const struct bench_case *of;
    const struct outcome *outcomes; /* `calls` of them */
    size_t calls;
    uint64_t cpu_us; /* median of the quiet calls; 0: not measured */
};

/* The headings, and a line for a person. */
void row_print_head(void);
void row_print(const struct row *row);

/* One object a line. */
void row_print_json(const struct row *row);

#endif
