/* figure.h - one measured figure: as a line for a person, or as JSON for a program. */
#ifndef DTLS_BENCH_FIGURE_H
#define DTLS_BENCH_FIGURE_H

#include <stdbool.h>

struct figure {
    const char *bench;          /* the program that measures: "memory" */
    const char *impl, *version; /* the library that is measured */
    const char *name;           /* what of it: the JSON calls it "case" */
    double value;
    const char *unit;
};

/* With `json` an object a line: bench, impl, version, case, value, unit. No string may need escaping. */
void figure_print(const struct figure *figure, bool json);

#endif
