/* roam.c - clients that go from server to server: each connects, resumes its session if it has one, says something,
 * renews its keys by that session, and leaves for another server. For `./dev fleet`. */
#include <arpa/inet.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "apps/complain.h"
#include "apps/json.h"
#include "apps/options.h"
#include "dtls/ev.h"

enum { MOST_SERVERS = 16, MOST_PHASES = 8, MOST_TIMES = 100000 };

static const double SAY_AGAIN_S = 0.3, LAST_S = 30; /* what is under way at the end may take so long */

/* How sessions are kept, which is the servers' choice: the clients of one kind go to servers of that kind only. */
enum kind { BY_ID, BY_TICKET, KINDS };

struct choices {
    const char *ports[KINDS];
    uint32_t clients, phases, seed;
    double pause_ms, round_trip_ms;
};

/* How long handshakes of one kind took. */
struct times {
    double s[MOST_TIMES];
    size_t count;
};

struct tally {
    struct {
        uint32_t visits, resumed, full;
    } of[KINDS];
    uint32_t renewed, renewed_fully, failed;
};

struct servers {
    struct sockaddr_in at[MOST_SERVERS];
    uint32_t count;
};

struct roamers {
    struct choices choices;
    struct ev_loop *loop;
    struct dtls_config config;
    struct servers servers[KINDS];
    uint32_t under_way, phase;
    struct tally phases[MOST_PHASES]; /* of the visits that began in each */
    struct tally lately;
    struct times resumed, full;
    double begin_s;
    bool ending;
    struct roamer *first;
};

struct roamer {
    struct roamers *all;
    enum kind kind;
    struct dtls_ev_conn *conn;
    struct dtls_session *session; /* NULL: none yet */
    ev_timer timer;               /* to the next visit; or to say it again */
    uint32_t server, dice, phase;
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
    const struct servers *servers = &all->servers[roamer->kind];

    if (servers->count > 1)
        roamer->server = (roamer->server + 1 + roll(roamer, servers->count - 1)) % servers->count;
    roamer->begin_s = ev_now(all->loop);
    roamer->phase = all->phase;
    roamer->heard = false;
    int error = dtls_ev_connect(all->loop, &all->config, (const struct sockaddr *)&servers->at[roamer->server],
                                sizeof servers->at[0], roamer->session, on_event, roamer, &roamer->conn);
    if (error != DTLS_OK)
        refuse("a client cannot connect: %s", dtls_error_string(error));
    all->under_way++;
    all->phases[roamer->phase].of[roamer->kind].visits++;
    all->lately.of[roamer->kind].visits++;
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
    struct tally *tallies[] = { &all->phases[roamer->phase], &all->lately };

    note_time(resumed ? &all->resumed : &all->full, ev_now(all->loop) - roamer->begin_s);
    for (size_t i = 0; i < 2; i++) {
        tallies[i]->of[roamer->kind].resumed += resumed;
        tallies[i]->of[roamer->kind].full += !resumed;
    }
    say(roamer);
}

static void on_renewal(struct roamer *roamer, bool resumed)
{
    struct roamers *all = roamer->all;
    struct tally *tallies[] = { &all->phases[roamer->phase], &all->lately };

    for (size_t i = 0; i < 2; i++) {
        tallies[i]->renewed += resumed;
        tallies[i]->renewed_fully += !resumed;
    }
    dtls_ev_close(roamer->conn);
}

static void on_failure(struct roamer *roamer, int error)
{
    complain("a client failed: %s", dtls_error_string(error));
    roamer->all->phases[roamer->phase].failed++;
    roamer->all->lately.failed++;
    leave(roamer);
}

static void on_event(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct roamer *roamer = arg;

    if (event->type == DTLS_EVENT_OPEN) {
        on_open(roamer, event->resumed);
    } else if (event->type == DTLS_EVENT_SESSION) {
        keep(roamer, event->session);
    } else if (event->type == DTLS_EVENT_DATA && !roamer->heard) {
        roamer->heard = true;
        ev_timer_stop(roamer->all->loop, &roamer->timer);
        dtls_ev_rehandshake(conn, DTLS_REHANDSHAKE_ABBREVIATED);
    } else if (event->type == DTLS_EVENT_REHANDSHAKE_DONE) {
        on_renewal(roamer, event->resumed);
    } else if (event->type == DTLS_EVENT_FAILED) {
        on_failure(roamer, event->error);
    } else if (event->type == DTLS_EVENT_CLOSED) {
        leave(roamer);
    }
}

/* ---- what is told ---- */

static void begin_to_tell(const struct roamers *all, const char *event, const struct tally *tally)
{
    json_begin(event);
    json_real("time_s", ev_now(all->loop) - all->begin_s);
    json_whole("visits", tally->of[BY_ID].visits + tally->of[BY_TICKET].visits);
    json_whole("resumed_by_id", tally->of[BY_ID].resumed);
    json_whole("resumed_by_ticket", tally->of[BY_TICKET].resumed);
    json_whole("full", tally->of[BY_ID].full + tally->of[BY_TICKET].full);
    json_whole("full_by_ticket", tally->of[BY_TICKET].full);
    json_whole("renewed", tally->renewed);
    json_whole("renewed_fully", tally->renewed_fully);
    json_whole("failed", tally->failed);
}

static void on_second(struct ev_loop *loop, ev_timer *second, int happened)
{
    struct roamers *all = second->data;
    const struct tally *phase = &all->phases[all->phase];

    (void)loop;
    (void)happened;
    begin_to_tell(all, "second", &all->lately);
    json_whole("phase", all->phase);
    json_whole("phase_visits", phase->of[BY_ID].visits + phase->of[BY_TICKET].visits);
    json_end();
    memset(&all->lately, 0, sizeof all->lately);
}

static void add(struct tally *to, const struct tally *what)
{
    for (int kind = 0; kind < KINDS; kind++) {
        to->of[kind].visits += what->of[kind].visits;
        to->of[kind].resumed += what->of[kind].resumed;
        to->of[kind].full += what->of[kind].full;
    }
    to->renewed += what->renewed;
    to->renewed_fully += what->renewed_fully;
    to->failed += what->failed;
}

/* Returns how many have failed. */
static uint32_t tell_the_end(struct roamers *all)
{
    struct tally sum = { .failed = 0 };

    for (uint32_t i = 0; i < all->choices.clients; i++)
        if (all->first[i].conn != NULL) /* it never came to an end */
            all->phases[all->first[i].phase].failed++;
    for (uint32_t i = 0; i < all->choices.phases; i++) {
        begin_to_tell(all, "phase", &all->phases[i]);
        json_end();
        add(&sum, &all->phases[i]);
    }
    begin_to_tell(all, "report", &sum);
    json_real("trips_resumed", median(&all->resumed) * 1000 / all->choices.round_trip_ms);
    json_real("trips_full", median(&all->full) * 1000 / all->choices.round_trip_ms);
    json_end();
    return sum.failed;
}

/* ---- phases ---- */

static void on_late(struct ev_loop *loop, ev_timer *late, int happened)
{
    (void)late;
    (void)happened;
    ev_break(loop, EVBREAK_ALL);
}

static void on_signal(struct ev_loop *loop, ev_signal *signal, int happened)
{
    static ev_timer late;
    struct roamers *all = signal->data;

    (void)happened;
    if (all->phase + 1 < all->choices.phases) {
        all->phase++;
        return;
    }
    if (all->under_way == 0)
        ev_break(loop, EVBREAK_ALL);
    if (!all->ending) {
        all->ending = true;
        ev_timer_init(&late, on_late, LAST_S, 0);
        ev_timer_start(loop, &late);
    }
}

/* ---- the program ---- */

#define AT(field) offsetof(struct choices, field)

static const struct option_row rows[] = {
    { 1, "ports", "A,B,C", "of the servers, on 127.0.0.1", option_text, AT(ports[BY_ID]), 0, 0, NULL },
    { 1, "ticket-ports", "A,B,C", "of those that give tickets: every other client goes there", option_text,
      AT(ports[BY_TICKET]), 0, 0, NULL },
    { 1, "clients", "N", "how many (100)", option_whole, AT(clients), 1, 10000, NULL },
    { 1, "phases", "N", "that are counted, each for itself (1)", option_whole, AT(phases), 1, MOST_PHASES, NULL },
    { 1, "pause", "MS", "between two visits (1000)", option_real, AT(pause_ms), 0, 60000, NULL },
    { 1, "round-trip", "MS", "of the network, to count handshakes in (1)", option_real, AT(round_trip_ms), 0.001, 10000,
      NULL },
    { 1, "seed", "N", "other ways (1)", option_whole, AT(seed), 0, UINT32_MAX, NULL },
    { 0 },
};

static const struct option_program program = {
    .name = "roam",
    .mask = 1,
    .usage = "[options] --ports A,B,C",
    .about = "Clients that go from server to server, and resume their sessions there.\n",
    .notes = "Prints one JSON object a line: what happened in each second, and at the end in each phase. SIGUSR1\n"
             "begins the next phase, and after the last one it ends the program: what is under way is waited for.\n\n"
             "Exit status: 0 when no handshake has failed, 1 when one has, 2 a mistake in the options.\n",
    .rows = rows,
};

static void read_ports(struct servers *servers, const char *ports)
{
    const char *at = ports;

    while (at != NULL && *at != '\0') {
        char *end;
        unsigned long port = strtoul(at, &end, 10);
        if (end == at || port < 1 || port > 65535 || (*end != ',' && *end != '\0') || servers->count == MOST_SERVERS)
            refuse("'%s' is no comma list of up to %d ports", ports, MOST_SERVERS);
        servers->at[servers->count++] = (struct sockaddr_in){ .sin_family = AF_INET,
                                                              .sin_port = htons((uint16_t)port),
                                                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        at = *end == ',' ? end + 1 : end;
    }
}

static void place(struct roamers *all, uint32_t number)
{
    struct roamer *roamer = &all->first[number];
    bool by_ticket = all->servers[BY_TICKET].count > 0 && number % 2 == 1;

    *roamer = (struct roamer){ .all = all, .kind = by_ticket ? BY_TICKET : BY_ID };
    roamer->dice = all->choices.seed * 7919 + number * 104729;
    roamer->server = number % all->servers[roamer->kind].count;
    ev_init(&roamer->timer, on_timer);
    roamer->timer.data = roamer;
    wait_for(roamer, all->choices.pause_ms / 1000 * number / all->choices.clients);
}

int main(int argc, char **argv)
{
    static struct roamers all;
    ev_timer second;
    ev_signal signal;

    complain_as(program.name);
    all.choices = (struct choices){ .clients = 100, .phases = 1, .seed = 1, .pause_ms = 1000, .round_trip_ms = 1 };
    options_read(&program, argc, argv, &all.choices, NULL);
    for (int kind = 0; kind < KINDS; kind++)
        read_ports(&all.servers[kind], all.choices.ports[kind]);
    if (all.servers[BY_ID].count == 0)
        refuse("--ports is missing (see --help)");
    all.loop = EV_DEFAULT;
    dtls_config_init(&all.config);
    dtls_config_preset_realtime(&all.config);
    all.config.verifier = dtls_verifier_accept();
    all.config.unix_time_offset_us = dtls_ev_unix_time_offset();
    all.first = calloc(all.choices.clients, sizeof *all.first);
    if (all.first == NULL)
        refuse("%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    all.begin_s = ev_now(all.loop);
    for (uint32_t i = 0; i < all.choices.clients; i++)
        place(&all, i);
    ev_timer_init(&second, on_second, 1, 1);
    ev_signal_init(&signal, on_signal, SIGUSR1);
    second.data = signal.data = &all;
    ev_timer_start(all.loop, &second);
    ev_signal_start(all.loop, &signal);
    ev_run(all.loop, 0);
    uint32_t failed = tell_the_end(&all);
    for (uint32_t i = 0; i < all.choices.clients; i++) {
        dtls_ev_free(all.first[i].conn);
        dtls_session_free(all.first[i].session);
    }
    free(all.first);
    return failed > 0 ? EXIT_CONNECTION : EXIT_FINE;
}
