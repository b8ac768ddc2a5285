/* roam.c - clients that go from server to server: each connects, resumes its session if it has one, says something,
 * renews its keys by that session, and leaves for another server. For `./dev fleet`. */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/complain.h"
#include "apps/json.h"
#include "apps/options.h"
#include "dtls/ev.h"

enum { MOST_SERVERS = 16, MOST_TIMES = 100000 };

static const double SAY_AGAIN_S = 0.3, LAST_S = 5; /* what is under way at the end may take so long */

struct choices {
    const char *ports;
    uint32_t clients, seed;
    double seconds, pause_ms, round_trip_ms;
    bool json;
};

/* How long handshakes of one kind took. */
struct times {
    double s[MOST_TIMES];
    size_t count;
};

struct tally {
    uint32_t visits, resumed, full, renewed, renewed_fully, failed;
};

struct roamers {
    struct choices choices;
    struct ev_loop *loop;
    struct dtls_config config;
    struct sockaddr_in servers[MOST_SERVERS];
    uint32_t server_count, under_way;
    struct tally all, lately;
    struct times resumed, full;
    double begin_s;
    bool ending;
};

struct roamer {
    struct roamers *all;
    struct dtls_ev_conn *conn;
    struct dtls_session *session; /* NULL: none yet */
    ev_timer timer;               /* to the next visit; or to say it again */
    uint32_t server, dice;
    double begin_s;
    bool heard;
};

/* ---- numbers ---- */

/* Whoever runs it again with the same seed has the same ways, though not at the same times. */
static uint32_t roll(struct roamer *roamer, uint32_t sides)
{
    roamer->dice = roamer->dice * 1664525 + 1013904223;
    return (roamer->dice >> 8) % sides;
}

static void note_time(struct times *times, double s)
{
    if (times->count < MOST_TIMES)
        times->s[times->count++] = s;
}

static int compare(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;

    return (difference > 0) - (difference < 0);
}

static double median(struct times *times)
{
    qsort(times->s, times->count, sizeof times->s[0], compare);
    return times->count == 0 ? 0 : times->s[times->count / 2];
}

/* ---- one client ---- */

static void on_event(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event);

static void wait_for(struct roamer *roamer, double s)
{
    ev_timer_stop(roamer->all->loop, &roamer->timer);
    ev_timer_set(&roamer->timer, s, 0);
    ev_timer_start(roamer->all->loop, &roamer->timer);
}

static void go(struct roamer *roamer)
{
    struct roamers *all = roamer->all;

    if (all->server_count > 1)
        roamer->server = (roamer->server + 1 + roll(roamer, all->server_count - 1)) % all->server_count;
    roamer->begin_s = ev_now(all->loop);
    roamer->heard = false;
    int error = dtls_ev_connect(all->loop, &all->config, (struct sockaddr *)&all->servers[roamer->server],
                                sizeof all->servers[0], roamer->session, on_event, roamer, &roamer->conn);
    if (error != DTLS_OK)
        refuse("a client cannot connect: %s", dtls_error_string(error));
    all->under_way++;
    all->all.visits++;
    all->lately.visits++;
}

static void say(struct roamer *roamer)
{
    dtls_ev_send(roamer->conn, (const uint8_t *)"hello", 5, NULL);
    wait_for(roamer, SAY_AGAIN_S); /* a record is lost like any other */
}

static void leave(struct roamer *roamer)
{
    struct roamers *all = roamer->all;

    dtls_ev_free(roamer->conn);
    roamer->conn = NULL;
    all->under_way--;
    if (all->ending && all->under_way == 0)
        ev_break(all->loop, EVBREAK_ALL);
    ev_timer_stop(all->loop, &roamer->timer);
    if (!all->ending)
        wait_for(roamer, all->choices.pause_ms / 1000 * (0.5 + roll(roamer, 1000) / 1000.0));
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct roamer *roamer = timer->data;

    (void)loop;
    (void)happened;
    if (roamer->conn != NULL)
        say(roamer);
    else if (!roamer->all->ending)
        go(roamer);
}

static void keep(struct roamer *roamer, const struct dtls_session *session)
{
    uint8_t bytes[DTLS_SESSION_MAX];
    struct dtls_session *copy;
    size_t len;

    if (dtls_session_write(session, bytes, sizeof bytes, &len) != DTLS_OK ||
        dtls_session_read(bytes, len, &copy) != DTLS_OK)
        refuse("%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    dtls_session_free(roamer->session);
    roamer->session = copy;
}

static void on_open(struct roamer *roamer, bool resumed)
{
    struct roamers *all = roamer->all;

    note_time(resumed ? &all->resumed : &all->full, ev_now(all->loop) - roamer->begin_s);
    all->all.resumed += resumed;
    all->lately.resumed += resumed;
    all->all.full += !resumed;
    all->lately.full += !resumed;
    say(roamer);
}

static void on_event(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct roamer *roamer = arg;
    struct roamers *all = roamer->all;

    if (event->type == DTLS_EVENT_OPEN) {
        on_open(roamer, event->resumed);
    } else if (event->type == DTLS_EVENT_SESSION) {
        keep(roamer, event->session);
    } else if (event->type == DTLS_EVENT_DATA && !roamer->heard) {
        roamer->heard = true;
        ev_timer_stop(all->loop, &roamer->timer);
        dtls_ev_rehandshake(conn, DTLS_REHANDSHAKE_ABBREVIATED);
    } else if (event->type == DTLS_EVENT_REHANDSHAKE_DONE) {
        all->all.renewed += event->resumed;
        all->lately.renewed += event->resumed;
        all->all.renewed_fully += !event->resumed;
        dtls_ev_close(conn);
    } else if (event->type == DTLS_EVENT_FAILED || event->type == DTLS_EVENT_CLOSED) {
        all->all.failed += event->type == DTLS_EVENT_FAILED;
        all->lately.failed += event->type == DTLS_EVENT_FAILED;
        if (event->type == DTLS_EVENT_FAILED)
            complain("a client failed: %s", dtls_error_string(event->error));
        leave(roamer);
    }
}

/* ---- what is told ---- */

static void tell(const struct roamers *all, const char *event, const struct tally *tally)
{
    if (!all->choices.json) {
        printf("%6.1f s  %4u visits: %4u resumed, %4u full handshakes; keys renewed %4u times; %u failed\n",
               ev_now(all->loop) - all->begin_s, tally->visits, tally->resumed, tally->full, tally->renewed,
               tally->failed);
        fflush(stdout);
        return;
    }
    json_begin(event);
    json_real("time_s", ev_now(all->loop) - all->begin_s);
    json_whole("visits", tally->visits);
    json_whole("resumed", tally->resumed);
    json_whole("full", tally->full);
    json_whole("renewed", tally->renewed);
    json_whole("renewed_fully", tally->renewed_fully);
    json_whole("failed", tally->failed);
}

static void on_second(struct ev_loop *loop, ev_timer *second, int happened)
{
    struct roamers *all = second->data;

    (void)loop;
    (void)happened;
    tell(all, "second", &all->lately);
    if (all->choices.json)
        json_end();
    memset(&all->lately, 0, sizeof all->lately);
}

static void on_end(struct ev_loop *loop, ev_timer *end, int happened)
{
    struct roamers *all = end->data;

    (void)happened;
    if (all->ending || all->under_way == 0) {
        ev_break(loop, EVBREAK_ALL);
        return;
    }
    all->ending = true;
    ev_timer_set(end, LAST_S, 0);
    ev_timer_start(loop, end);
}

static void tell_the_end(struct roamers *all)
{
    double trip_s = all->choices.round_trip_ms / 1000, resumed_s = median(&all->resumed), full_s = median(&all->full);

    all->all.failed += all->under_way; /* they never came to an end */
    tell(all, "report", &all->all);
    if (all->choices.json) {
        json_real("resumed_ms", resumed_s * 1000);
        json_real("full_ms", full_s * 1000);
        json_end();
        return;
    }
    if (trip_s > 0)
        printf("half of the resumed handshakes took %.1f round trips or less, half of the full ones %.1f\n",
               resumed_s / trip_s, full_s / trip_s);
}

/* ---- the program ---- */

#define AT(field) offsetof(struct choices, field)

static const struct option_row rows[] = {
    { 1, "ports", "A,B,C", "of the servers, on 127.0.0.1", option_text, AT(ports), 0, 0, NULL },
    { 1, "clients", "N", "how many (100)", option_whole, AT(clients), 1, 10000, NULL },
    { 1, "for", "SECONDS", "how long (10)", option_real, AT(seconds), 0.1, 86400, NULL },
    { 1, "pause", "MS", "between two visits (1000)", option_real, AT(pause_ms), 0, 60000, NULL },
    { 1, "round-trip", "MS", "of the network, to count handshakes in", option_real, AT(round_trip_ms), 0, 10000, NULL },
    { 1, "seed", "N", "other ways (1)", option_whole, AT(seed), 0, UINT32_MAX, NULL },
    { 1, "json", NULL, "one JSON object a line", option_flag, AT(json), 0, 0, NULL },
    { 0 },
};

static const struct option_program program = {
    .name = "roam",
    .mask = 1,
    .usage = "[options] --ports A,B,C",
    .about = "Clients that go from server to server, and resume their sessions there.",
    .notes = "Exit status: 0 when no handshake has failed, 1 when one has, 2 a mistake in the options.\n",
    .rows = rows,
};

static void read_ports(struct roamers *all)
{
    const char *at = all->choices.ports;

    while (at != NULL && *at != '\0') {
        char *end;
        unsigned long port = strtoul(at, &end, 10);
        if (end == at || port < 1 || port > 65535 || (*end != ',' && *end != '\0') || all->server_count == MOST_SERVERS)
            refuse("--ports '%s' is no comma list of up to %d ports", all->choices.ports, MOST_SERVERS);
        all->servers[all->server_count++] = (struct sockaddr_in){ .sin_family = AF_INET,
                                                                  .sin_port = htons((uint16_t)port),
                                                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        at = *end == ',' ? end + 1 : end;
    }
    if (all->server_count == 0)
        refuse("--ports is missing (see --help)");
}

int main(int argc, char **argv)
{
    static struct roamers all;
    ev_timer second, end;

    complain_as(program.name);
    all.choices = (struct choices){ .clients = 100, .seed = 1, .seconds = 10, .pause_ms = 1000 };
    options_read(&program, argc, argv, &all.choices, NULL);
    read_ports(&all);
    all.loop = EV_DEFAULT;
    dtls_config_init(&all.config);
    dtls_config_preset_realtime(&all.config);
    all.config.verifier = dtls_verifier_accept();
    all.config.unix_time_offset_us = dtls_ev_unix_time_offset();
    struct roamer *roamers = calloc(all.choices.clients, sizeof *roamers);
    if (roamers == NULL)
        refuse("%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    all.begin_s = ev_now(all.loop);
    for (uint32_t i = 0; i < all.choices.clients; i++) {
        roamers[i] = (struct roamer){ .all = &all, .dice = all.choices.seed * 7919 + i * 104729 };
        roamers[i].server = i % all.server_count;
        ev_init(&roamers[i].timer, on_timer);
        roamers[i].timer.data = &roamers[i];
        wait_for(&roamers[i], all.choices.pause_ms / 1000 * i / all.choices.clients);
    }
    ev_timer_init(&second, on_second, 1, 1);
    ev_timer_init(&end, on_end, all.choices.seconds, 0);
    second.data = end.data = &all;
    ev_timer_start(all.loop, &second);
    ev_timer_start(all.loop, &end);
    ev_run(all.loop, 0);
    tell_the_end(&all);
    for (uint32_t i = 0; i < all.choices.clients; i++) {
        dtls_ev_free(roamers[i].conn);
        dtls_session_free(roamers[i].session);
    }
    free(roamers);
    return all.all.failed > 0 ? EXIT_CONNECTION : EXIT_FINE;
}
