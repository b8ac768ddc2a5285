/* fleet.c - the loop around all clients. */
#define _POSIX_C_SOURCE 200809L
#include "bench/load/fleet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "apps/complain.h"

enum {
    OTHER_FDS = 16, /* that the program has or may need besides */
    READY_AT_ONCE = 256,
    TICKS_AT_ONCE = 4096, /* then the sockets have their turn */
    CLOSE_AT_ONCE = 32,
};

static const uint64_t SESSION_WAIT_US = 1000000, SETTLE_US = 3000000, LOOK_US = 10000, CLOSE_PAUSE_US = 3000,
                      SECOND_US = 1000000;

/* ---- life ---- */

static void allow_files(uint32_t clients)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)clients + OTHER_FDS;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    if (limit.rlim_max < wanted)
        refuse("--clients %u: each needs a file descriptor, and %lu is the most that the system gives (ulimit -Hn)",
               clients, (unsigned long)limit.rlim_max);
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        refuse("--clients %u: file descriptors: %s", clients, strerror(errno));
}

void fleet_init(struct fleet *fleet, uint32_t count, struct client_plan *plan)
{
    allow_files(count);
    *fleet = (struct fleet){ .plan = plan, .clients = calloc(count, sizeof(struct client)), .count = count };
    fleet->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (fleet->clients == NULL || !heap_init(&fleet->heap, count))
        refuse("--clients %u: no memory", count);
    if (fleet->epoll < 0)
        refuse("epoll: %s", strerror(errno));
}

void fleet_free(struct fleet *fleet)
{
    close(fleet->epoll);
    heap_free(&fleet->heap);
    free(fleet->clients);
}

/* ---- the loop ---- */

/* After each call of a client. */
static void note(struct fleet *fleet, struct client *client)
{
    heap_set(&fleet->heap, &client->alarm, client_due(client));
    if (client->counted && (client->open || client->conn == NULL)) {
        client->counted = false;
        fleet->handshaking--;
    }
}

static void tick_due(struct fleet *fleet)
{
    dtls_time now = client_now();

    for (int i = 0; i < TICKS_AT_ONCE; i++) {
        struct client *client = (struct client *)heap_first(&fleet->heap);
        if (client == NULL || client->alarm.at > now)
            return;
        client_tick(client, now);
        note(fleet, client);
    }
}

static int wait_ms(const struct fleet *fleet, dtls_time until)
{
    const struct heap_alarm *first = heap_first(&fleet->heap);
    dtls_time now = client_now();

    if (first != NULL && first->at < until)
        until = first->at;
    return until > now ? (int)((until - now + 999) / 1000) : 0;
}

/* One turn, which waits for something to happen, but not beyond `until`. */
static void turn(struct fleet *fleet, dtls_time until)
{
    struct epoll_event ready[READY_AT_ONCE];

    tick_due(fleet);
    int count = epoll_wait(fleet->epoll, ready, READY_AT_ONCE, wait_ms(fleet, until));
    for (int i = 0; i < count; i++) {
        struct client *client = ready[i].data.ptr;
        if (client->conn == NULL)
            continue;
        client_receive(client);
        note(fleet, client);
    }
}

/* ---- connecting ---- */

static void start_next(struct fleet *fleet)
{
    struct client *client = &fleet->clients[fleet->started];
    struct epoll_event readable = { .events = EPOLLIN, .data.ptr = client };

    if (!client_start(client, fleet->plan, fleet->started, client_now()))
        refuse("client %u of %u: %s", fleet->started + 1, fleet->count, strerror(errno));
    fleet->started++;
    fleet->handshaking++;
    client->counted = true;
    if (client->conn != NULL && epoll_ctl(fleet->epoll, EPOLL_CTL_ADD, client->fd, &readable) != 0)
        refuse("epoll: %s", strerror(errno));
    note(fleet, client);
}

/* When the next one may begin, as far as time decides; HEAP_NEVER: when another one is done. */
static dtls_time next_start(const struct fleet *fleet, const struct choices *choices, dtls_time begin)
{
    const struct client *first = &fleet->clients[0];

    if (fleet->started == fleet->count || fleet->handshaking >= choices->at_once)
        return HEAP_NEVER;
    if (fleet->started > 0 && fleet->plan->wants_session) /* the others resume the first one's */
        return fleet->handshaking > 0 ? HEAP_NEVER : first->started + SESSION_WAIT_US;
    return choices->rate > 0 ? begin + (dtls_time)((double)fleet->started * 1e6 / choices->rate) : 0;
}

void fleet_connect(struct fleet *fleet, const struct choices *choices)
{
    dtls_time begin = client_now();

    while (fleet->started < fleet->count || fleet->handshaking > 0) {
        dtls_time next = next_start(fleet, choices, begin), now = client_now();
        if (next <= now) {
            if (fleet->started > 0) /* has waited long enough */
                fleet->plan->wants_session = false;
            start_next(fleet);
        } else {
            turn(fleet, next < now + SECOND_US ? next : now + SECOND_US);
        }
    }
    fleet->plan->tally->handshakes_us = client_now() - begin;
}

/* ---- after that ---- */

static void run_until(struct fleet *fleet, dtls_time until)
{
    while (client_now() < until)
        turn(fleet, until);
}

void fleet_load(struct fleet *fleet, uint64_t for_us)
{
    dtls_time begin = client_now();

    for (uint32_t i = 0; i < fleet->count; i++)
        if (fleet->clients[i].open) {
            client_begin_load(&fleet->clients[i], begin, (double)i / (double)fleet->count);
            note(fleet, &fleet->clients[i]);
        }
    run_until(fleet, begin + for_us);
    for (uint32_t i = 0; i < fleet->count; i++) {
        client_end_load(&fleet->clients[i]);
        note(fleet, &fleet->clients[i]);
    }
    fleet->plan->tally->records_us = client_now() - begin;
}

static uint64_t count_unfinished(const struct fleet *fleet)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < fleet->count; i++)
        count += fleet->clients[i].conn != NULL && fleet->clients[i].asked_at != 0;
    return count;
}

void fleet_settle(struct fleet *fleet)
{
    struct tally *tally = fleet->plan->tally;
    dtls_time until = client_now() + SETTLE_US;

    while (client_now() < until && (tally->echoed < tally->sent || count_unfinished(fleet) > 0))
        run_until(fleet, client_now() + LOOK_US);
    tally->rehandshakes_unfinished = count_unfinished(fleet);
}

/* Not all at once: what the server's socket has no room for is lost, and nobody would say it again. */
void fleet_close(struct fleet *fleet)
{
    uint32_t closed = 0;

    for (uint32_t i = 0; i < fleet->count; i++) {
        struct client *client = &fleet->clients[i];
        if (client->conn == NULL)
            continue;
        client_close(client, client_now());
        note(fleet, client);
        if (++closed % CLOSE_AT_ONCE == 0)
            run_until(fleet, client_now() + CLOSE_PAUSE_US);
    }
}
