/* side.h - one process of a peer program, and what it prints (bench/peers/README.md). */
#ifndef BENCH_REHANDSHAKE_SIDE_H
#define BENCH_REHANDSHAKE_SIDE_H

#include <stdint.h>
#include <sys/types.h>

#include "bench/rehandshake/book.h"

enum { SIDE_LINE = 512, SIDE_ARGUMENTS = 32 };

struct side {
    pid_t pid;
    int out, err; /* ends of pipes; -1: at the end */
    char line[SIDE_LINE];
    size_t len;
    char complaint[BOOK_ERROR]; /* the last line of stderr */
    uint16_t port;              /* a server's; 0: not listening yet */
    bool opened, refused, ended, alive;
    uint64_t cpu_before, cpu_done; /* of the rehandshake; 0: unknown */
    int status;                    /* when it has ended */
};

/* Starts `program call` with arguments, NULL at the end. Ends the program when it cannot be started. */
void side_start(struct side *side, const char *program, const char *const *arguments);

/* Reads what there is; what is said of records and of the rehandshake goes into the book. */
void side_read(struct side *side, enum book_side which, struct book *book);

/* Is there nothing more to read? */
bool side_is_over(const struct side *side);

/* Waits for the process, and ends it first if it has not ended by itself. */
void side_end(struct side *side);

#endif
