/* main.c - records per second over loopback: ours through libdtls-ev, the peers' libraries, and the kernel alone.
 * Usage: --help. */
#define _POSIX_C_SOURCE 200809L
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/complain.h"
#include "apps/options.h"
#include "bench/bench.h"
#include "bench/udp/child.h"
#include "bench/udp/row.h"

enum {
    PATH = 512,
    ROWS = 128,
    QUICK_MS = 30,
};

struct choices {
    uint32_t rounds, ms;
    const char *only;
    bool quick, json;
};

struct table {
    struct row rows[ROWS];
    char programs[ROWS][PATH + ROW_NAME];
    size_t count;
};

static const char *const impls[] = { "none", "openssl", "gnutls", "mbedtls", "libdtls" };
static const uint32_t sizes[] = { 160, 1200 }, bursts[] = { 32, 1 };

#define AT(field) offsetof(struct choices, field)
static const struct option_row option_rows[] = {
    { 1, "rounds", "N", "runs for each line; all lines have one before any has two (7)", option_whole, AT(rounds), 1,
      ROW_ROUNDS, NULL },
    { 1, "ms", "MS", "how long each run measures (80)", option_whole, AT(ms), 10, 60000, NULL },
    { 1, "only", "NAME", "this implementation alone: none, openssl, gnutls, mbedtls,\nlibdtls", option_text, AT(only),
      0, 0, NULL },
    { 1, "quick", NULL, "one round of 30 ms: does it work? Its figures mean nothing", option_flag, AT(quick), 0, 0,
      NULL },
    { 1, "json", NULL, "one JSON object for each line", option_flag, AT(json), 0, 0, NULL },
    { 0 },
};

static const struct option_program program = {
    .name = "udp",
    .mask = 1,
    .usage = "[options]",
    .about = "Throughput over loopback: one association, a sender and a receiver as two processes on two cores\n"
             "(where there are two), records of 160 and of 1,200 bytes, 32 or 1 in each turn of the sender's\n"
             "loop. A turn looks at the socket once, then sends. none is the same without cryptography: a sendto\n"
             "and a recvfrom for each record; sendmmsg and recvmmsg (mmsg); UDP_SEGMENT and UDP_GRO (gso). The\n"
             "other libraries are called once for each record on a blocking socket, as their manuals show;\n"
             "libdtls is called through libdtls-ev.",
    .notes = "Printed are medians: records per second that the receiver got; records lost; CPU nanoseconds for\n"
             "each record in the sender's and in the receiver's process, the kernel's part included; and the\n"
             "first of these as a multiple of the best other library's with the same cipher (for none: with\n"
             "any). So that no sender is measured by what it loses, each stays at most 128 records ahead of its\n"
             "receiver; the time it waits for that is not counted as CPU. Over loopback the sender's process\n"
             "also does the kernel's work of receiving. Where other processes want the same cores, both ends\n"
             "stall; so only the less disturbed half of the rounds counts, and disturbed is the share of the\n"
             "time that both waited for a core in those. Above a few per cent, records per second mean little.\n"
             "Exit status: 0 fine, 2 a mistake in the options.\n",
    .rows = option_rows,
};

/* ---- the lines of the table ---- */

static void add_rows(struct table *table, const char *path, const char *impl, const char *version, const char *cipher)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t k = 0; k < sizeof bursts / sizeof bursts[0] && table->count < ROWS; k++) {
            struct row *row = &table->rows[table->count];
            snprintf(row->impl, sizeof row->impl, "%s", impl);
            snprintf(row->version, sizeof row->version, "%s", version);
            snprintf(row->cipher, sizeof row->cipher, "%s", cipher);
            row->size = sizes[i];
            row->burst = bursts[k];
            snprintf(table->programs[table->count++], sizeof table->programs[0], "%s", path);
        }
}

/* What the program beside this one can do, if it was built. */
static void add_impl(struct table *table, const char *directory, const char *impl)
{
    char path[PATH + ROW_NAME], list_option[] = "--list", text[512];
    char *arguments[] = { path, list_option, NULL }, *rest = NULL;

    snprintf(path, sizeof path, "%s/udp-%s", directory, impl);
    if (access(path, X_OK) != 0)
        return;
    if (!child_read(arguments, text, sizeof text))
        bench_fail(path);
    const char *version = strtok_r(text, "\n", &rest), *cipher;
    while (version != NULL && (cipher = strtok_r(NULL, "\n", &rest)) != NULL)
        add_rows(table, path, impl, version, cipher);
}

/* What is to be compared stands together. */
static void show(const struct table *table, uint32_t size, uint32_t burst, bool json)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct row *row = &table->rows[i];
        if (row->size != size || row->burst != burst)
            continue;
        if (json)
            row_print_json(row);
        else
            row_print(row);
    }
}

/* ---- runs ---- */

static void run(struct row *row, const char *path, uint32_t ms)
{
    char line[6][PATH + ROW_NAME], text[256];
    struct row_figures *out = &row->rounds[row->count++];
    char *arguments[] = { line[0], line[1], line[2], line[3], line[4], NULL };

    snprintf(line[0], sizeof line[0], "%s", path);
    snprintf(line[1], sizeof line[1], "--cipher=%s", row->cipher);
    snprintf(line[2], sizeof line[2], "--size=%u", row->size);
    snprintf(line[3], sizeof line[3], "--burst=%u", row->burst);
    snprintf(line[4], sizeof line[4], "--ms=%u", ms);
    if (!child_read(arguments, text, sizeof text) ||
        sscanf(text, "%lf %lf %lf %lf %lf", &out->records_per_s, &out->lost, &out->cpu_ns_send, &out->cpu_ns_receive,
               &out->disturbed) != 5)
        bench_fail("a run has failed");
}

static void find_directory(const char *argv0, char out[PATH])
{
    char self[PATH];

    snprintf(self, sizeof self, "%s", argv0);
    snprintf(out, PATH, "%s", dirname(self));
}

int main(int argc, char **argv)
{
    static struct choices choices = { .rounds = 7, .ms = 80 };
    static struct table table;
    char directory[PATH];

    complain_as(program.name);
    options_read(&program, argc, argv, &choices, NULL);
    if (choices.quick) {
        choices.rounds = 1;
        choices.ms = QUICK_MS;
    }
    find_directory(argv[0], directory);
    for (size_t i = 0; i < sizeof impls / sizeof impls[0]; i++)
        if (choices.only == NULL || strcmp(choices.only, impls[i]) == 0)
            add_impl(&table, directory, impls[i]);
    if (table.count == 0)
        refuse("--only %s: there is no such implementation here", choices.only != NULL ? choices.only : "");
    for (uint32_t round = 0; round < choices.rounds; round++) {
        if (isatty(STDERR_FILENO)) /* nothing else is seen for half a minute */
            fprintf(stderr, "\rround %u of %u%s", round + 1, choices.rounds, round + 1 == choices.rounds ? "\n" : "");
        for (size_t i = 0; i < table.count; i++)
            run(&table.rows[i], table.programs[i], choices.ms);
    }
    row_sum_up(table.rows, table.count);
    if (!choices.json) {
        bench_print_machine();
        row_print_head();
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t k = 0; k < sizeof bursts / sizeof bursts[0]; k++)
            show(&table, sizes[i], bursts[k], choices.json);
    return EXIT_FINE;
}
