/* book.c - sums. Knows no clock, no process and no engine. */
#include "bench/rehandshake/book.h"

#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"

struct book_record *book_record(struct book *book, enum book_side from, size_t number)
{
    while (number >= book->cap[from]) {
        size_t cap = book->cap[from] == 0 ? 512 : 2 * book->cap[from];
        struct book_record *records = realloc(book->records[from], cap * sizeof *records);
        if (records == NULL)
            bench_fail("no memory for the book");
        memset(records + book->cap[from], 0, (cap - book->cap[from]) * sizeof *records);
        book->records[from] = records;
        book->cap[from] = cap;
    }
    if (number >= book->count[from])
        book->count[from] = number + 1;
    return &book->records[from][number];
}

void book_free(struct book *book)
{
    free(book->records[BOOK_CLIENT]);
    free(book->records[BOOK_SERVER]);
    *book = (struct book){ 0 };
}

static uint64_t window_start(const struct book *book)
{
    return book->started - BOOK_BEFORE_MS * UINT64_C(1000);
}

static uint64_t window_end(const struct book *book)
{
    return book->started + BOOK_AFTER_MS * UINT64_C(1000);
}

static void raise_to(uint64_t *most, uint64_t value)
{
    if (*most < value)
        *most = value;
}

static int by_time(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The longest silence at the receiver, from the window's start to its end. */
static uint64_t longest_gap(const struct book *book, enum book_side from)
{
    uint64_t *times = calloc(book->count[from] + 2, sizeof *times), longest = 0;
    size_t count = 0;

    if (times == NULL)
        bench_fail("no memory for the book");
    times[count++] = window_start(book);
    times[count++] = window_end(book);
    for (size_t i = 0; i < book->count[from]; i++) {
        uint64_t at = book->records[from][i].delivered;
        if (at > window_start(book) && at < window_end(book))
            times[count++] = at;
    }
    qsort(times, count, sizeof *times, by_time);
    for (size_t i = 1; i < count; i++)
        raise_to(&longest, times[i] - times[i - 1]);
    free(times);
    return longest;
}

static void add_side(const struct book *book, enum book_side from, struct outcome *out)
{
    size_t wanted = 0;

    for (size_t i = 0; i < book->count[from]; i++) {
        const struct book_record *record = &book->records[from][i];
        if (record->wished < window_start(book) || record->wished >= window_end(book))
            continue;
        wanted++;
        out->lost_by_network += record->lost && record->deliveries == 0;
        out->delivered += record->deliveries > 0;
        out->duplicated += record->deliveries > 1 ? record->deliveries - 1 : 0;
        if (record->deliveries == 0)
            continue;
        /* The library's own: before the datagram left, and after it came. */
        uint64_t before = record->left - record->wished;
        uint64_t after = record->arrived != 0 ? record->delivered - record->arrived : 0;
        raise_to(&out->added_gap_us, before + after);
    }
    size_t planned = (size_t)((window_end(book) - window_start(book)) / book->interval_us);
    out->wanted += book->dead && wanted < planned ? planned : wanted;
    raise_to(&out->longest_gap_us, longest_gap(book, from));
}

struct outcome book_outcome(const struct book *book, enum book_side initiator)
{
    struct outcome out = { .alive = !book->dead, .cpu_us = book->cpu_us };

    memcpy(out.error, book->error, sizeof out.error);
    out.done = book->done[BOOK_CLIENT] != 0 && book->done[BOOK_SERVER] != 0;
    if (book->done[initiator] != 0)
        out.latency_us = book->done[initiator] - book->started;
    add_side(book, BOOK_CLIENT, &out);
    add_side(book, BOOK_SERVER, &out);
    out.lost_by_impl = (int64_t)out.wanted - (int64_t)out.delivered - (int64_t)out.lost_by_network;
    return out;
}
