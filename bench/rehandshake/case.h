/* case.h - one line of the table: who does what over which network. */
#ifndef BENCH_REHANDSHAKE_CASE_H
#define BENCH_REHANDSHAKE_CASE_H

#include "bench/rehandshake/book.h"

enum { CASE_DELAY_MS = 50, CASE_INTERVAL_MS = 20, CASE_RECORD = 160 /* bytes */ };

struct bench_case {
    const char *impl;    /* "libdtls", or a peer's name */
    const char *program; /* that plays both sides in real time; NULL: our engine in the box, in virtual time */
    const char *use;     /* "careful", "plain" */
    enum book_side initiator;
    bool abbreviated;
    unsigned loss; /* percent */
    bool quiet;    /* no records flow: the CPU time of a rehandshake is to be seen */
};

/* One call in virtual time: our engine in the box. Fills `book`, which is then the caller's to free. */
void box_call(const struct bench_case *bench_case, uint64_t seed, struct book *book);

/* One call in real time: two processes of the case's program with a relay between them, on loopback. False when the
 * program says that it cannot do such a thing (exit status 2); *why is then its line. */
bool real_call(const struct bench_case *bench_case, uint64_t seed, struct book *book, char why[BOOK_ERROR]);

#endif
