/* choices.h - the command line of load: its own options, and those of dtls-client that mean the same here. */
#ifndef BENCH_LOAD_CHOICES_H
#define BENCH_LOAD_CHOICES_H

#include <stdbool.h>
#include <stdint.h>

#include "apps/address.h"
#include "apps/settings.h"

struct choices {
    struct settings common; /* first: a row's place in it is a place here */
    uint32_t clients, at_once;
    double rate;    /* first handshakes a second; 0: as many as there may be at once */
    double records; /* a second, of each client */
    uint32_t bursts;
    double seconds;
    bool resume;
    struct address server;
};

/* Reads it, or prints the help and exits, or refuses (exit 2). */
void choices_read(struct choices *choices, int argc, char **argv);

#endif
