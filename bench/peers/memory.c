/* memory.c - makes a hundred connections (Mbed TLS takes its time), and asks malloc what they weigh. Knows no library.
 */
#include "bench/peers/pair.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "apps/complain.h"
#include "bench/figure.h"

enum { PAIRS = 100 };

static struct pair pairs[PAIRS];

static double heap(void)
{
    struct mallinfo2 info = mallinfo2();

    return (double)info.uordblks + (double)info.hblkhd;
}

static void print_figure(const struct pair_case *of, const char *role, double bytes, bool json)
{
    char name[80];

    snprintf(name, sizeof name, "%s%s: %s, idle", of->chacha ? "ChaCha20-Poly1305" : "AES-128-GCM",
             of->tickets ? " with tickets" : "", role);
    figure_print(&(struct figure){ "memory", pair_library.name, pair_library.version(), name, bytes / PAIRS, "bytes" },
                 json);
}

static void measure(const struct pair_case *of, bool json)
{
    struct pair first;

    pair_library.begin(of);
    pair_connect(&first, NULL, NULL); /* whatever is made once is there now */
    pair_talk(&first);
    double empty = heap();
    for (size_t i = 0; i < PAIRS; i++) {
        pair_connect(&pairs[i], NULL, NULL);
        pair_talk(&pairs[i]);
    }
    if (pair_library.pass != NULL)
        pair_library.pass();
    for (size_t i = 0; i < PAIRS; i++)
        pair_talk(&pairs[i]);
    double both = heap();
    for (size_t i = 0; i < PAIRS; i++)
        pair_library.free(pairs[i].client);
    double servers = heap();
    for (size_t i = 0; i < PAIRS; i++)
        pair_library.free(pairs[i].server);
    pair_free(&first, NULL);
    pair_library.finish();
    print_figure(of, "client", both - servers, json);
    print_figure(of, "server", servers - empty, json);
}

int memory_run(int argc, char **argv)
{
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;

    if (argc > 1 && !json)
        refuse("memory takes no argument but --json");
    if (pair_library.weighed_elsewhere)
        refuse("%s is weighed by bench/memory", pair_library.name);
    for (int i = 0; i < 4; i++)
        measure(&(struct pair_case){ .chacha = i >= 2, .tickets = i % 2 == 1 }, json);
    return 0;
}
