/* tally.h - what all clients together have done, and how that is shown. Knows no client. */
#ifndef BENCH_LOAD_TALLY_H
#define BENCH_LOAD_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "apps/flow.h"

enum { TALLY_REASONS = 48 };

/* Why clients failed; the words last. */
struct tally_reason {
    const char *words;
    uint64_t count;
};

struct tally {
    uint64_t clients;
    uint64_t opened, resumed; /* first handshakes */
    uint64_t failed;          /* clients: never opened, or died later */
    uint64_t handshakes_us;   /* from the first client's start until the last one was open or had failed */
    struct flow_latency handshake;

    uint64_t sent, echoed, refused; /* records; refused: by the engine, not now */
    uint64_t records_us;            /* how long they were sent */
    struct flow_latency echo;

    uint64_t rehandshakes, rehandshakes_failed, rehandshakes_unfinished;
    struct flow_latency rehandshake; /* of those that we began */

    struct tally_reason reasons[TALLY_REASONS];
};

void tally_fail(struct tally *tally, const char *words);

/* For a person, or as one JSON object. */
void tally_print(const struct tally *tally);
void tally_print_json(const struct tally *tally);

#endif
