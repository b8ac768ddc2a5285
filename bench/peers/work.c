/* work.c - what records and handshakes cost in CPU time. Knows no library. */
#include "bench/peers/work.h"

#include <string.h>

#include "apps/complain.h"
#include "bench/peers/clock.h"
#include "bench/peers/pair.h"
#include "bench/peers/peer.h"

enum { BATCH = PAIR_WAITING }; /* records between two looks at the clock, which takes as long as one */

static const uint8_t data[PAIR_DATAGRAM] = { 0x80, 1, 2, 3 };

static void seal_batch(void *from, size_t size)
{
    for (int i = 0; i < BATCH; i++)
        if (!pair_library.send(from, data, size))
            refuse("a record is not sealed");
}

static void open_batch(void *to, size_t size)
{
    for (int i = 0; i < BATCH; i++) {
        size_t len;
        const uint8_t *got = pair_library.receive(to, &len);
        if (got == NULL || len != size || got[0] != data[0])
            refuse("a record is not opened");
    }
}

static void do_records(const struct work *work)
{
    double seal_s = 0, open_s = 0, records = 0;
    struct pair pair;

    pair_connect(&pair, NULL, NULL);
    pair_talk(&pair);
    while (seal_s + open_s < work->ms / 1e3) {
        double start = clock_cpu_seconds();
        seal_batch(pair.client, work->size);
        double middle = clock_cpu_seconds();
        open_batch(pair.server, work->size);
        open_s += clock_cpu_seconds() - middle;
        seal_s += middle - start;
        records += BATCH;
    }
    pair_free(&pair, NULL);
    work_print(work, pair_library.name, pair_library.version(), "seal", seal_s / records * 1e9);
    work_print(work, pair_library.name, pair_library.version(), "open", open_s / records * 1e9);
    work_print(work, pair_library.name, pair_library.version(), "seal + open", (seal_s + open_s) / records * 1e9);
}

static void do_handshakes(const struct work *work)
{
    struct pair_cost cost = { 0 };
    double count = 0;
    void *session = NULL;
    struct pair pair;

    pair_connect(&pair, NULL, NULL); /* whatever is made once is there now */
    pair_talk(&pair);
    if (work->kind == WORK_RESUMED) {
        session = pair_library.keep(pair.client);
        if (session == NULL)
            refuse("there is no session");
    }
    pair_free(&pair, NULL);
    for (; cost.client + cost.server < work->ms / 1e3; count++) {
        pair_connect(&pair, session, &cost);
        pair_free(&pair, &cost);
    }
    if (session != NULL)
        pair_library.drop(session);
    work_print(work, pair_library.name, pair_library.version(), "client", cost.client / count * 1e6);
    work_print(work, pair_library.name, pair_library.version(), "server", cost.server / count * 1e6);
    work_print(work, pair_library.name, pair_library.version(), "both", (cost.client + cost.server) / count * 1e6);
}

int work_run(int argc, char **argv)
{
    struct work work;

    work_read(&work, peer_library.name, argc, argv);
    pair_library.begin(&(struct pair_case){ .chacha = work.cipher == WORK_CHACHA20_POLY1305,
                                            .tickets = work.kind == WORK_RESUMED,
                                            .p256 = work.kind == WORK_P256 });
    if (work.handshakes)
        do_handshakes(&work);
    else
        do_records(&work);
    pair_library.finish();
    return 0;
}
