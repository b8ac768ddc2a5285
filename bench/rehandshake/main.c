/* main.c - what a rehandshake costs a call: records lost, silence, latency, and who survives. Ours in virtual and in
 * real time, and every peer program that is there. Usage: --help. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/complain.h"
#include "apps/options.h"
#include "bench/bench.h"
#include "bench/rehandshake/plot.h"
#include "bench/rehandshake/row.h"

enum {
    PEERS = 8,
    NAME = 32,
    PATH = 512,
    CASES = 512,
    QUIET_CALLS = 3, /* for the CPU time */
    PLOT_LOSS = 10,  /* percent, of the second picture */
};

struct named_peer {
    char name[NAME], program[PATH + NAME];
};

struct peers {
    struct named_peer at[PEERS];
    size_t count;
};

struct choices {
    uint32_t calls, real_calls, at_once;
    struct peers peers;
    const char *plot, *only;
    bool json;
};

/* ---- the command line ---- */

static void add_peer(struct peers *peers, const char *name, size_t name_len, const char *program)
{
    struct named_peer *peer = &peers->at[peers->count++];

    snprintf(peer->name, sizeof peer->name, "%.*s", (int)name_len, name);
    snprintf(peer->program, sizeof peer->program, "%s", program);
}

static const char *read_peer(const struct option_row *row, const char *text, void *to)
{
    struct peers *peers = to;
    const char *equals = strchr(text, '=');

    (void)row;
    if (equals == NULL || equals == text || (size_t)(equals - text) >= NAME || strlen(equals + 1) >= PATH ||
        peers->count == PEERS)
        return "NAME=PROGRAM (at most 8)";
    if (access(equals + 1, X_OK) != 0)
        return "NAME=PROGRAM with a program that can be run";
    add_peer(peers, text, (size_t)(equals - text), equals + 1);
    return NULL;
}

#define AT(field) offsetof(struct choices, field)
static const struct option_row rows[] = {
    { 1, "calls", "N", "of ours in virtual time, for each line (200)", option_whole, AT(calls), 1, 100000, NULL },
    { 1, "real-calls", "N", "of each program in real time, for each line; 0: none (5)", option_whole, AT(real_calls), 0,
      10000, NULL },
    { 1, "at-once", "N", "how many real calls run at the same time (24)", option_whole, AT(at_once), 1, 256, NULL },
    { 1, "peer", "NAME=PROGRAM",
      "one more implementation: a program that speaks the command\nline of bench/peers/README.md; may be repeated",
      read_peer, AT(peers), 0, 0, NULL },
    { 1, "only", "NAME", "real calls of this implementation alone: libdtls, openssl ...", option_text, AT(only), 0, 0,
      NULL },
    { 1, "plot", "FILE.svg",
      "draw deliveries over time, a lane for each implementation\n(needs gnuplot, and real calls)", option_text,
      AT(plot), 0, 0, NULL },
    { 1, "json", NULL, "one JSON object for each line", option_flag, AT(json), 0, 0, NULL },
    { 0 },
};

static const struct option_program program = {
    .name = "rehandshake",
    .mask = 1,
    .usage = "[options]",
    .about = "Rehandshakes in the middle of a call: 50 records of 160 bytes a second each way, 50 ms one way, 0\n"
             "to 20 % loss, started by either side. Ours runs in virtual time, and beside the programs of\n"
             "bench/peers in real time, each between two processes of its own with the same network between\n"
             "them. Each library is used as its manual reads (plain), as well as can be (careful), and with an\n"
             "application that sorts datagrams by their record headers (filtering); bench/peers/README.md says\n"
             "how.",
    .notes = "Per call: wanted are the records that the application wanted to send from 0.5 s before the\n"
             "rehandshake to 4 s after; by impl, those that neither arrived nor were lost by the network; gap,\n"
             "the longest silence at a receiver; added, the most that the library itself delayed a record (from\n"
             "the wish to send it until its datagram left, and from its datagram's arrival until it was\n"
             "delivered); latency, from the start to the starter's end. CPU is that of both sides, in calls\n"
             "without records. In real time the machine's own delays are in all of it.\n"
             "Exit status: 0 fine, 2 a mistake in the options.\n",
    .rows = rows,
};

/* The peer programs that were built beside this one. */
static void find_peers(struct peers *peers, const char *argv0)
{
    static const char *const names[] = { "libdtls", "openssl", "gnutls", "mbedtls" };
    char self[PATH], path[PATH + NAME];

    snprintf(self, sizeof self, "%s", argv0);
    const char *directory = dirname(self);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/peers/peer-%s", directory, names[i]);
        if (access(path, X_OK) == 0 && peers->count < PEERS)
            add_peer(peers, names[i], strlen(names[i]), path);
    }
}

/* ---- the lines of the table ---- */

static const unsigned losses[] = { 0, 5, 10, 20 };

struct table {
    struct bench_case cases[CASES];
    size_t count;
};

static void add_cases(struct table *table, const char *impl, const char *peer_program, const char *use, bool quiet)
{
    for (int initiator = BOOK_CLIENT; initiator <= BOOK_SERVER; initiator++)
        for (int abbreviated = 0; abbreviated < 2; abbreviated++)
            for (size_t i = 0; i < (quiet ? 1 : sizeof losses / sizeof losses[0]) && table->count < CASES; i++)
                table->cases[table->count++] = (struct bench_case){ .impl = impl,
                                                                    .program = peer_program,
                                                                    .use = use,
                                                                    .initiator = (enum book_side)initiator,
                                                                    .abbreviated = abbreviated,
                                                                    .loss = losses[i],
                                                                    .quiet = quiet };
}

static bool is_ours(const char *name)
{
    return strcmp(name, "libdtls") == 0;
}

static void add_peer_cases(struct table *table, const struct peers *peers, const char *only, bool quiet)
{
    for (size_t i = 0; i < peers->count; i++) {
        if (only != NULL && strcmp(only, peers->at[i].name) != 0)
            continue;
        add_cases(table, peers->at[i].name, peers->at[i].program, "careful", quiet);
        if (is_ours(peers->at[i].name) || quiet) /* for ours there is one way only */
            continue;
        add_cases(table, peers->at[i].name, peers->at[i].program, "plain", false);
        add_cases(table, peers->at[i].name, peers->at[i].program, "filtering", false);
    }
}

/* ---- calls ---- */

/* What a process of ours brings back of one real call. */
struct result {
    bool able;
    char why[BOOK_ERROR];
    struct outcome outcome;
    struct plot_lane lane;
};

static void run_virtual(const struct bench_case *bench_case, struct outcome *outcomes, size_t calls)
{
    for (size_t seed = 0; seed < calls; seed++) {
        struct book book;
        box_call(bench_case, seed, &book);
        outcomes[seed] = book_outcome(&book, bench_case->initiator);
        book_free(&book);
    }
}

static void run_real(const struct bench_case *bench_case, uint64_t seed, struct result *result)
{
    struct book book;

    result->able = real_call(bench_case, seed, &book, result->why);
    if (!result->able)
        return;
    result->outcome = book_outcome(&book, bench_case->initiator);
    plot_take(&result->lane, &book);
}

/* Every call of every case, `at_once` of them at a time, each in a process of its own. */
static struct result *run_all_real(const struct table *table, size_t calls, size_t at_once)
{
    size_t len = (table->count * calls + 1) * sizeof(struct result), running = 0;
    struct result *results = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (results == MAP_FAILED)
        bench_fail("no memory for the results");
    fflush(stdout);
    for (size_t i = 0; i < table->count * calls; i++) {
        if (running == at_once && wait(NULL) > 0)
            running--;
        pid_t pid = fork();
        if (pid < 0)
            bench_fail("no process for a call");
        if (pid == 0) {
            run_real(&table->cases[i / calls], i % calls, &results[i]);
            _exit(0);
        }
        running++;
    }
    while (running > 0 && (wait(NULL) > 0 || errno == EINTR))
        running--;
    return results;
}

/* ---- what is shown ---- */

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The median CPU time of the quiet calls like this one. */
static uint64_t find_cpu(const struct bench_case *of, const struct table *quiet, const struct result *results)
{
    for (size_t i = 0; i < quiet->count; i++) {
        const struct bench_case *at = &quiet->cases[i];
        uint64_t all[QUIET_CALLS];
        size_t count = 0;
        if (strcmp(at->impl, of->impl) != 0 || at->initiator != of->initiator || at->abbreviated != of->abbreviated)
            continue;
        for (size_t call = 0; call < QUIET_CALLS; call++) {
            const struct result *result = &results[i * QUIET_CALLS + call];
            if (result->able && result->outcome.alive && result->outcome.done)
                all[count++] = result->outcome.cpu_us;
        }
        if (count == 0)
            return 0;
        qsort(all, count, sizeof all[0], by_size);
        return all[count / 2];
    }
    return 0;
}

static void show(const struct row *row, bool json)
{
    if (json)
        row_print_json(row);
    else
        row_print(row);
}

static void show_virtual(const struct choices *choices)
{
    struct outcome *outcomes = calloc(choices->calls, sizeof *outcomes);
    struct table table = { .count = 0 };

    if (outcomes == NULL)
        bench_fail("no memory for the results");
    add_cases(&table, "libdtls", NULL, "careful", false);
    for (size_t i = 0; i < table.count; i++) {
        run_virtual(&table.cases[i], outcomes, choices->calls);
        show(&(struct row){ &table.cases[i], outcomes, choices->calls, 0 }, choices->json);
    }
    free(outcomes);
}

/* One case's results in a row of their own; 0 when the program cannot do it. */
static size_t gather(const struct result *results, size_t calls, struct outcome *out)
{
    size_t count = 0;

    for (size_t i = 0; i < calls; i++)
        if (results[i].able)
            out[count++] = results[i].outcome;
    return count;
}

static void show_real(const struct choices *choices, const struct table *table, const struct result *results,
                      const struct table *quiet, const struct result *quiet_results)
{
    struct outcome *outcomes = calloc(choices->real_calls, sizeof *outcomes);

    if (outcomes == NULL)
        bench_fail("no memory for the results");
    for (size_t i = 0; i < table->count; i++) {
        const struct bench_case *of = &table->cases[i];
        const struct result *first = &results[i * choices->real_calls];
        size_t count = gather(first, choices->real_calls, outcomes);
        uint64_t cpu_us = of->loss == 0 ? find_cpu(of, quiet, quiet_results) : 0;
        if (count > 0)
            show(&(struct row){ of, outcomes, count, cpu_us }, choices->json);
        else if (!choices->json && of->loss == 0)
            printf("%-9s %-8s %-7s -- %s\n", of->impl, of->use, "real", first->why);
    }
    free(outcomes);
}

static void draw(const char *path, const struct table *table, const struct result *results, size_t calls)
{
    static struct plot_lane lanes[PLOT_LANES];
    size_t count = 0;

    for (unsigned loss = 0; loss <= PLOT_LOSS; loss += PLOT_LOSS)
        for (size_t i = 0; i < table->count && count < PLOT_LANES; i++) {
            const struct bench_case *of = &table->cases[i];
            const struct result *result = &results[i * calls];
            if (of->abbreviated || of->initiator != BOOK_CLIENT || of->loss != loss || !result->able ||
                (loss > 0 && strcmp(of->use, "plain") == 0))
                continue;
            lanes[count] = result->lane;
            snprintf(lanes[count].title, PLOT_TITLE, "%s%s%s%s", of->impl, is_ours(of->impl) ? "" : ", ",
                     is_ours(of->impl) ? "" : of->use, loss == 0 ? "" : ", a tenth lost");
            count++;
        }
    const char *problem = plot_draw(
        path, lanes, count, "A full rehandshake, started by the client: 50 records a second each way, 50 ms one way");
    if (problem != NULL)
        refuse("--plot %s: %s", path, problem);
}

/* Asked first: the picture comes after minutes. */
static bool may_write(const char *path)
{
    FILE *file = fopen(path, "a");

    return file != NULL && fclose(file) == 0;
}

int main(int argc, char **argv)
{
    static struct choices choices = { .calls = 200, .real_calls = 5, .at_once = 24 };
    static struct table table, quiet;

    complain_as(program.name);
    find_peers(&choices.peers, argv[0]);
    options_read(&program, argc, argv, &choices, NULL);
    if (choices.plot != NULL && choices.real_calls == 0)
        refuse("--plot needs real calls (see --real-calls)");
    add_peer_cases(&table, &choices.peers, choices.only, false);
    add_peer_cases(&quiet, &choices.peers, choices.only, true);
    if (table.count == 0 && choices.real_calls > 0 && choices.only != NULL)
        refuse("--only %s: there is no such program (see --peer)", choices.only);
    if (table.count == 0 && choices.real_calls > 0)
        refuse("no peer program was built: --real-calls 0, or --peer");
    if (choices.plot != NULL && !may_write(choices.plot))
        refuse("--plot %s: %s", choices.plot, strerror(errno));
    if (!choices.json) {
        bench_print_machine();
        row_print_head();
    }
    show_virtual(&choices);
    if (choices.real_calls == 0)
        return 0;
    struct result *results = run_all_real(&table, choices.real_calls, choices.at_once);
    struct result *quiet_results = run_all_real(&quiet, QUIET_CALLS, choices.at_once);
    show_real(&choices, &table, results, &quiet, quiet_results);
    if (choices.plot != NULL)
        draw(choices.plot, &table, results, choices.real_calls);
    return 0;
}
