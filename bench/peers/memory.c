/* memory.c - makes a hundred connections (Mbed TLS takes its time), and asks malloc what they weigh. Knows no library.
 */
#include "bench/peers/memory.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "apps/complain.h"
#include "bench/figure.h"

enum { PAIRS = 100, MOST_STEPS = 50, QUEUE = 32, DATAGRAM = 2048 };

/* The way to one end. One pair talks at a time. */
struct queue {
    uint8_t bytes[QUEUE][DATAGRAM];
    size_t len[QUEUE];
    size_t first, count;
};

static struct queue queues[2]; /* to the client, to the server */

void memory_push(bool from_server, const void *datagram, size_t len)
{
    struct queue *queue = &queues[!from_server];

    if (queue->count == QUEUE || len > DATAGRAM)
        refuse("memory: a flight is larger than was thought");
    size_t at = (queue->first + queue->count++) % QUEUE;
    memcpy(queue->bytes[at], datagram, len);
    queue->len[at] = len;
}

bool memory_waits(bool to_server)
{
    return queues[to_server].count > 0;
}

size_t memory_pull(bool to_server, void *out, size_t cap)
{
    struct queue *queue = &queues[to_server];
    size_t at = queue->first;

    if (queue->count == 0 || queue->len[at] > cap)
        return 0;
    memcpy(out, queue->bytes[at], queue->len[at]);
    queue->first = (at + 1) % QUEUE;
    queue->count--;
    return queue->len[at];
}

struct pair {
    void *client, *server;
};

static struct pair pairs[PAIRS];

static void connect_pair(struct pair *pair)
{
    bool client = false, server = false;

    pair->client = memory_library.make(false);
    pair->server = memory_library.make(true);
    for (int i = 0; i < MOST_STEPS && !(client && server); i++) {
        client = client || memory_library.shake(pair->client);
        server = server || memory_library.shake(pair->server);
    }
    if (!client || !server)
        refuse("memory: a handshake does not complete");
}

static void talk(struct pair *pair)
{
    if (!memory_library.send(pair->client) || !memory_library.receive(pair->server) ||
        !memory_library.send(pair->server) || !memory_library.receive(pair->client))
        refuse("memory: data does not arrive");
}

static double heap(void)
{
    struct mallinfo2 info = mallinfo2();

    return (double)info.uordblks + (double)info.hblkhd;
}

static void print_figure(const struct memory_case *of, const char *role, double bytes, bool json)
{
    char name[80];

    snprintf(name, sizeof name, "%s%s: %s, idle", of->chacha ? "ChaCha20-Poly1305" : "AES-128-GCM",
             of->tickets ? " with tickets" : "", role);
    figure_print(
        &(struct figure){ "memory", memory_library.name, memory_library.version(), name, bytes / PAIRS, "bytes" },
        json);
}

static void measure(const struct memory_case *of, bool json)
{
    struct pair first;

    memory_library.begin(of);
    connect_pair(&first); /* whatever is made once is there now */
    talk(&first);
    double empty = heap();
    for (size_t i = 0; i < PAIRS; i++) {
        connect_pair(&pairs[i]);
        talk(&pairs[i]);
    }
    if (memory_library.pass != NULL)
        memory_library.pass();
    for (size_t i = 0; i < PAIRS; i++)
        talk(&pairs[i]);
    double both = heap();
    for (size_t i = 0; i < PAIRS; i++)
        memory_library.free(pairs[i].client);
    double servers = heap();
    for (size_t i = 0; i < PAIRS; i++)
        memory_library.free(pairs[i].server);
    memory_library.free(first.client);
    memory_library.free(first.server);
    memory_library.finish();
    print_figure(of, "client", both - servers, json);
    print_figure(of, "server", servers - empty, json);
}

int memory_run(int argc, char **argv)
{
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;

    if (argc > 1 && !json)
        refuse("memory takes no argument but --json");
    if (memory_library.make == NULL)
        refuse("%s is weighed by bench/memory", memory_library.name);
    for (int i = 0; i < 4; i++)
        measure(&(struct memory_case){ .chacha = i >= 2, .tickets = i % 2 == 1 }, json);
    return 0;
}
