/* row.c - medians and ratios, as a table and as JSON. */
#include "bench/udp/row.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/json.h"

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int by_disturbance(const void *a, const void *b)
{
    const struct row_figures *x = a, *y = b;

    return by_size(&x->disturbed, &y->disturbed);
}

/* Of the figure at this offset, in the first half of the rounds. */
static double median(const struct row *row, size_t offset)
{
    size_t count = (row->count + 1) / 2;
    double values[ROW_ROUNDS];

    for (size_t i = 0; i < count; i++)
        memcpy(&values[i], (const char *)&row->rounds[i] + offset, sizeof values[i]);
    qsort(values, count, sizeof values[0], by_size);
    return values[count / 2];
}

static bool is_plain(const struct row *row)
{
    return strcmp(row->impl, "none") == 0;
}

static bool is_peer(const struct row *row)
{
    return !is_plain(row) && strcmp(row->impl, "libdtls") != 0;
}

static double best_peer(const struct row *rows, size_t count, const struct row *of)
{
    double best = 0;

    for (size_t i = 0; i < count; i++)
        if (is_peer(&rows[i]) && rows[i].size == of->size && rows[i].burst == of->burst &&
            (is_plain(of) || strcmp(rows[i].cipher, of->cipher) == 0) && rows[i].median.records_per_s > best)
            best = rows[i].median.records_per_s;
    return best;
}

void row_sum_up(struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        qsort(rows[i].rounds, rows[i].count, sizeof rows[i].rounds[0], by_disturbance);
        rows[i].median = (struct row_figures){
            .records_per_s = median(&rows[i], offsetof(struct row_figures, records_per_s)),
            .lost = median(&rows[i], offsetof(struct row_figures, lost)),
            .cpu_ns_send = median(&rows[i], offsetof(struct row_figures, cpu_ns_send)),
            .cpu_ns_receive = median(&rows[i], offsetof(struct row_figures, cpu_ns_receive)),
            .disturbed = median(&rows[i], offsetof(struct row_figures, disturbed)),
        };
    }
    for (size_t i = 0; i < count; i++) {
        double best = best_peer(rows, count, &rows[i]);
        rows[i].ratio = best > 0 ? rows[i].median.records_per_s / best : 0;
    }
}

void row_print_head(void)
{
    printf("%-8s %-18s %-17s %5s %5s  %9s %5s  %10s %13s  %16s  %s\n", "impl", "version", "cipher", "bytes", "burst",
           "records/s", "lost", "ns to send", "ns to receive", "to the best peer", "disturbed");
}

void row_print(const struct row *row)
{
    char ratio[16] = "-";

    if (row->ratio > 0)
        snprintf(ratio, sizeof ratio, "%.2f", row->ratio);
    printf("%-8s %-18.18s %-17s %5u %5u  %9.0f %5.0f  %10.0f %13.0f  %16s  %8.0f%%\n", row->impl, row->version,
           row->cipher, row->size, row->burst, row->median.records_per_s, row->median.lost, row->median.cpu_ns_send,
           row->median.cpu_ns_receive, ratio, row->median.disturbed * 100);
}

void row_print_json(const struct row *row)
{
    json_begin(NULL);
    json_text("impl", row->impl);
    json_text("version", row->version);
    json_text("cipher", row->cipher);
    json_whole("size", row->size);
    json_whole("burst", row->burst);
    json_real("records_per_s", row->median.records_per_s);
    json_whole("lost", (uint64_t)row->median.lost);
    json_real("cpu_ns_send", row->median.cpu_ns_send);
    json_real("cpu_ns_receive", row->median.cpu_ns_receive);
    if (row->ratio > 0)
        json_real("ratio_to_best_peer", row->ratio);
    else
        json_text("ratio_to_best_peer", NULL);
    json_end();
}
