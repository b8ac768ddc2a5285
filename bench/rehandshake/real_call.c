/* real_call.c - two processes and a relay between them, in real time. */
#define _GNU_SOURCE /* ppoll */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "bench/bench.h"
#include "bench/rehandshake/case.h"
#include "bench/rehandshake/relay.h"
#include "bench/rehandshake/side.h"

enum {
    RENEW_AT_MS = 1000,
    CALL_MS = RENEW_AT_MS + BOOK_AFTER_MS,
    PATIENCE_MS = 30000, /* after which a call that hangs is ended */
    EXIT_CANNOT = 2,
};

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

struct real {
    struct side sides[2];
    struct relay relay;
    struct book *book;
};

static void start_side(struct real *real, const struct bench_case *bench_case, enum book_side which, const char *where,
                       const char *address, uint64_t seed)
{
    char call_ms[16], interval_ms[16], size[16], at_ms[16];
    /* At a moment of its own, not at a record's. */
    snprintf(at_ms, sizeof at_ms, "%u", RENEW_AT_MS + (unsigned)(seed % CASE_INTERVAL_MS));
    snprintf(call_ms, sizeof call_ms, "%u", CALL_MS + CASE_INTERVAL_MS);
    snprintf(interval_ms, sizeof interval_ms, "%u", bench_case->quiet ? 0 : CASE_INTERVAL_MS);
    snprintf(size, sizeof size, "%u", CASE_RECORD);
    const char *arguments[] = { where,
                                address,
                                "--for",
                                call_ms,
                                "--interval",
                                interval_ms,
                                "--size",
                                size,
                                "--use",
                                bench_case->use,
                                "--mode",
                                bench_case->abbreviated ? "abbreviated" : "full",
                                which == bench_case->initiator ? "--rehandshake-at" : NULL,
                                at_ms,
                                NULL };

    side_start(&real->sides[which], bench_case->program, arguments);
}

/* Waits for what comes next: output of the sides, a datagram, or the time at which one is due. */
static void wait_and_work(struct real *real, bool has_relay)
{
    struct pollfd polls[6];
    size_t count = 0;
    uint64_t now = now_us(), due = has_relay ? relay_due(&real->relay) : UINT64_MAX;
    uint64_t wait_us = due > now + 100000 ? 100000 : due > now ? due - now : 0;
    struct timespec wait = { .tv_sec = 0, .tv_nsec = (long)wait_us * 1000 };

    for (int side = BOOK_CLIENT; side <= BOOK_SERVER; side++) {
        polls[count++] = (struct pollfd){ .fd = real->sides[side].out, .events = POLLIN };
        polls[count++] = (struct pollfd){ .fd = real->sides[side].err, .events = POLLIN };
        if (has_relay)
            polls[count++] = (struct pollfd){ .fd = real->relay.fd[side], .events = POLLIN };
    }
    ppoll(polls, count, &wait, NULL);
    for (int side = BOOK_CLIENT; side <= BOOK_SERVER; side++)
        if (has_relay)
            relay_take(&real->relay, (enum book_side)side, now_us());
    if (has_relay)
        relay_deliver(&real->relay, now_us());
    side_read(&real->sides[BOOK_SERVER], BOOK_SERVER, real->book);
    if (has_relay)
        side_read(&real->sides[BOOK_CLIENT], BOOK_CLIENT, real->book);
}

static bool cannot(const struct side *side)
{
    return WIFEXITED(side->status) && WEXITSTATUS(side->status) == EXIT_CANNOT;
}

static void carry(struct real *real, const struct bench_case *bench_case, uint64_t seed)
{
    uint64_t end = now_us() + PATIENCE_MS * UINT64_C(1000);
    char address[32];
    uint16_t port;

    relay_open(&real->relay, real->sides[BOOK_SERVER].port, &port);
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    start_side(real, bench_case, BOOK_CLIENT, "--connect", address, seed);
    while (now_us() < end && !(side_is_over(&real->sides[BOOK_CLIENT]) && side_is_over(&real->sides[BOOK_SERVER]))) {
        wait_and_work(real, true);
        real->relay.losing = real->sides[BOOK_CLIENT].opened && real->sides[BOOK_SERVER].opened;
    }
}

/* A side may have told of a datagram before the relay had looked at it: so at the end only. */
static void note_losses(struct real *real)
{
    for (int from = BOOK_CLIENT; from <= BOOK_SERVER; from++)
        for (size_t i = 0; i < real->book->count[from]; i++) {
            struct book_record *record = &real->book->records[from][i];
            record->lost = record->left != 0 && relay_has_lost(&real->relay, (enum book_side)from, record->datagram);
        }
}

static void finish_book(struct real *real)
{
    struct book *book = real->book;

    for (int side = BOOK_CLIENT; side <= BOOK_SERVER; side++) {
        const struct side *at = &real->sides[side];
        if (!at->alive && !book->dead && book->error[0] == '\0')
            snprintf(book->error, sizeof book->error, "%s", at->ended ? "nothing arrives any more" : "hangs");
        book->dead = book->dead || !at->alive;
        if (at->cpu_done > at->cpu_before && at->cpu_before > 0)
            book->cpu_us += at->cpu_done - at->cpu_before;
    }
}

bool real_call(const struct bench_case *bench_case, uint64_t seed, struct book *book, char why[BOOK_ERROR])
{
    struct real real = {
        .relay = { .settings = { .loss = bench_case->loss, .delay_ms = CASE_DELAY_MS, .mtu = UINT32_MAX },
                   .random = { { 2 * seed }, { 2 * seed + 1 } } },
        .book = book
    };
    uint64_t end = now_us() + PATIENCE_MS * UINT64_C(1000);
    const struct side *server = &real.sides[BOOK_SERVER];
    bool able = true;

    *book = (struct book){ .interval_us = CASE_INTERVAL_MS * UINT64_C(1000) };
    start_side(&real, bench_case, BOOK_SERVER, "--listen", "0", seed);
    real.sides[BOOK_CLIENT].out = real.sides[BOOK_CLIENT].err = -1;
    while (now_us() < end && server->port == 0 && !side_is_over(server))
        wait_and_work(&real, false);
    bool listening = server->port != 0;
    if (listening)
        carry(&real, bench_case, seed);
    for (int side = BOOK_CLIENT; side <= BOOK_SERVER; side++) {
        if (side == BOOK_CLIENT && !listening)
            continue;
        side_end(&real.sides[side]);
        if (cannot(&real.sides[side])) {
            able = false;
            snprintf(why, BOOK_ERROR, "%s", real.sides[side].complaint);
        }
    }
    if (listening) {
        note_losses(&real);
        relay_close(&real.relay);
    }
    if (able && (!listening || book->started == 0)) {
        snprintf(why, BOOK_ERROR, "%s: no rehandshake began", bench_case->program);
        able = false;
    }
    finish_book(&real);
    return able;
}
