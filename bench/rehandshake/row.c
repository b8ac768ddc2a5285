/* row.c - sums of outcomes, as a table and as JSON. */
#include "bench/rehandshake/row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/json.h"
#include "bench/bench.h"

struct sums {
    size_t wanted, delivered, duplicated, lost_by_network, dead, unfinished;
    int64_t lost_by_impl;
    uint64_t longest_gap_us, added_gap_us, latency_max_us;
    double gap_p50_ms, gap_p95_ms, latency_p50_ms;
    const char *error; /* of the first that died */
};

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The value that `percent` of `count` do not exceed, in milliseconds. Sorts. */
static double percentile_ms(uint64_t *values, size_t count, size_t percent)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, by_size);
    size_t at = (count * percent + 99) / 100;
    return (double)values[at > 0 ? at - 1 : 0] / 1000;
}

static struct sums sum_up(const struct row *row)
{
    uint64_t *gaps = calloc(row->calls, sizeof *gaps), *latencies = calloc(row->calls, sizeof *latencies);
    struct sums sums = { 0 };
    size_t done = 0;

    if (gaps == NULL || latencies == NULL)
        bench_fail("no memory for a row");
    for (size_t i = 0; i < row->calls; i++) {
        const struct outcome *call = &row->outcomes[i];
        sums.wanted += call->wanted;
        sums.delivered += call->delivered;
        sums.duplicated += call->duplicated;
        sums.lost_by_network += call->lost_by_network;
        sums.lost_by_impl += call->lost_by_impl;
        sums.dead += !call->alive;
        sums.unfinished += call->alive && !call->done;
        gaps[i] = call->longest_gap_us;
        if (call->added_gap_us > sums.added_gap_us)
            sums.added_gap_us = call->added_gap_us;
        if (call->latency_us > 0)
            latencies[done++] = call->latency_us;
        if (sums.error == NULL && call->error[0] != '\0')
            sums.error = call->error;
    }
    sums.gap_p50_ms = percentile_ms(gaps, row->calls, 50);
    sums.gap_p95_ms = percentile_ms(gaps, row->calls, 95);
    sums.longest_gap_us = gaps[row->calls - 1];
    sums.latency_p50_ms = percentile_ms(latencies, done, 50);
    sums.latency_max_us = done > 0 ? latencies[done - 1] : 0;
    free(gaps);
    free(latencies);
    return sums;
}

static const char *side_name(enum book_side side)
{
    return side == BOOK_CLIENT ? "client" : "server";
}

void row_print_head(void)
{
    printf("%-9s %-8s %-7s %-6s %-5s %4s  %5s %4s %5s  %6s %8s %7s  %18s %7s  %13s %7s  %s\n", "impl", "use", "clock",
           "starts", "mode", "loss", "calls", "dead", "never", "wanted", "lost net", "by impl", "gap ms p50/p95/max",
           "added", "latency ms", "CPU us", "dies of");
}

void row_print(const struct row *row)
{
    const struct bench_case *of = row->of;
    struct sums sums = sum_up(row);
    char gaps[40], latency[40], cpu[24] = "-";

    snprintf(gaps, sizeof gaps, "%.0f/%.0f/%.0f", sums.gap_p50_ms, sums.gap_p95_ms, (double)sums.longest_gap_us / 1000);
    snprintf(latency, sizeof latency, "%.1f/%.1f", sums.latency_p50_ms, (double)sums.latency_max_us / 1000);
    if (row->cpu_us > 0)
        snprintf(cpu, sizeof cpu, "%llu", (unsigned long long)row->cpu_us);
    printf("%-9s %-8s %-7s %-6s %-5.5s %3u%%  %5zu %4zu %5zu  %6zu %8zu %7lld  %18s %7.1f  %13s %7s  %s\n", of->impl,
           of->use, of->program == NULL ? "virtual" : "real", side_name(of->initiator),
           of->abbreviated ? "abbreviated" : "full", of->loss, row->calls, sums.dead, sums.unfinished, sums.wanted,
           sums.lost_by_network, (long long)sums.lost_by_impl, gaps, (double)sums.added_gap_us / 1000, latency, cpu,
           sums.error != NULL ? sums.error : "");
    fflush(stdout);
}

void row_print_json(const struct row *row)
{
    const struct bench_case *of = row->of;
    struct sums sums = sum_up(row);

    json_begin("row");
    json_text("impl", of->impl);
    json_text("use", of->use);
    json_text("clock", of->program == NULL ? "virtual" : "real");
    json_text("initiator", side_name(of->initiator));
    json_text("mode", of->abbreviated ? "abbreviated" : "full");
    json_whole("loss", of->loss);
    json_whole("calls", row->calls);
    json_bool("alive", sums.dead == 0);
    json_whole("dead", sums.dead);
    json_whole("unfinished", sums.unfinished);
    json_whole("wanted", sums.wanted);
    json_whole("delivered", sums.delivered);
    json_whole("duplicated", sums.duplicated);
    json_whole("lost_by_network", sums.lost_by_network);
    json_signed("lost_by_impl", sums.lost_by_impl);
    json_real("gap_p50_ms", sums.gap_p50_ms);
    json_real("gap_p95_ms", sums.gap_p95_ms);
    json_real("longest_gap_ms", (double)sums.longest_gap_us / 1000);
    json_real("added_gap_ms", (double)sums.added_gap_us / 1000);
    json_real("latency_ms", sums.latency_p50_ms);
    json_real("latency_max_ms", (double)sums.latency_max_us / 1000);
    if (row->cpu_us > 0)
        json_whole("cpu_us", row->cpu_us);
    else
        json_text("cpu_us", NULL);
    json_text("error", sums.error);
    json_end();
}
