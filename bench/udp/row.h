/* row.h - one line of the table: one implementation, cipher, size and burst, in several rounds. */
#ifndef BENCH_UDP_ROW_H
#define BENCH_UDP_ROW_H

#include <stddef.h>
#include <stdint.h>

enum { ROW_ROUNDS = 101, ROW_NAME = 32 };

struct row_figures {
    double records_per_s, lost, cpu_ns_send, cpu_ns_receive;
    double disturbed; /* as in meter.h */
};

struct row {
    char impl[ROW_NAME], version[ROW_NAME], cipher[ROW_NAME];
    uint32_t size, burst;
    struct row_figures rounds[ROW_ROUNDS];
    size_t count; /* rounds so far */
    /* By row_sum_up, which puts the rounds in order: */
    struct row_figures median;
    double ratio; /* of records_per_s, to the best peer's with this size, burst and cipher; 0: there is none */
};

/* The medians of the less disturbed half of the rounds, each figure's own, and the ratios. What has no cryptography is
 * compared with the best peer of any cipher. Every row has a round at least. */
void row_sum_up(struct row *rows, size_t count);

/* The headings, and a line for a person. */
void row_print_head(void);
void row_print(const struct row *row);

/* One object a line. */
void row_print_json(const struct row *row);

#endif
