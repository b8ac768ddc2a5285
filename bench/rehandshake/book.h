/* book.h - what became of every record of one call around its rehandshake, and what that sums up to.
 * Times are microseconds of one clock, virtual or real; the book does not care. */
#ifndef BENCH_REHANDSHAKE_BOOK_H
#define BENCH_REHANDSHAKE_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum book_side { BOOK_CLIENT, BOOK_SERVER };

enum {
    BOOK_BEFORE_MS = 500, /* of the time before the rehandshake that counts */
    BOOK_AFTER_MS = 4000, /* and after its start; a call that dies still wants to send until then */
    BOOK_ERROR = 100,
};

/* A time of 0: it did not happen. */
struct book_record {
    uint64_t wished, left, arrived, delivered;
    unsigned deliveries;
    bool lost;       /* by the network */
    size_t datagram; /* that it left in, of all of its side; for whoever finds out later what became of that */
};

struct book {
    uint64_t interval_us;
    struct book_record *records[2]; /* by sender */
    size_t count[2], cap[2];
    uint64_t started, done[2]; /* the rehandshake, and each side's DONE */
    bool dead;                 /* one side, or both */
    char error[BOOK_ERROR];    /* what the first to die said */
    uint64_t cpu_us;           /* of both sides, for the rehandshake; 0: not measured */
};

/* What the table shows of one call. */
struct outcome {
    bool done, alive;
    size_t wanted, delivered, duplicated, lost_by_network;
    int64_t lost_by_impl; /* wanted - delivered - lost_by_network */
    uint64_t longest_gap_us, added_gap_us, latency_us, cpu_us;
    char error[BOOK_ERROR];
};

/* The record with a number, new ones included; ends the program without memory. */
struct book_record *book_record(struct book *book, enum book_side from, size_t number);
void book_free(struct book *book);

/* Sums up. `initiator` is whose DONE ends the latency. */
struct outcome book_outcome(const struct book *book, enum book_side initiator);

#endif
