/* party.c - a run: two processes on two cores, a socket for each, and the line that says what was measured. */
#define _GNU_SOURCE /* sched_setaffinity */
#include "bench/udp/party.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/complain.h"
#include "apps/options.h"

enum {
    BUFFER = 4194304, /* bytes; the system may give less */
    FDS = 64,         /* file descriptors that are looked at */
    PATIENCE_S = 20,  /* for the handshake and all the rest, besides the time to measure */
};

struct choices {
    const char *cipher;
    uint32_t size, burst, ms;
    bool list;
};

#define AT(field) offsetof(struct choices, field)
static const struct option_row rows[] = {
    { 1, "cipher", "NAME", "one of those that --list prints (the first)", option_text, AT(cipher), 0, 0, NULL },
    { 1, "size", "BYTES", "of a record (160)", option_whole, AT(size), 16, PARTY_MOST_SIZE, NULL },
    { 1, "burst", "N", "records in each turn of the sender's loop (32)", option_whole, AT(burst), 1, PARTY_MOST_BURST,
      NULL },
    { 1, "ms", "MS", "how long to measure (1000)", option_whole, AT(ms), 10, 600000, NULL },
    { 1, "list", NULL, "print the version, and the ciphers, a line each, and no more", option_flag, AT(list), 0, 0,
      NULL },
    { 0 },
};

/* ---- sockets ---- */

void party_enlarge_buffers(void)
{
    const int wanted = BUFFER;

    for (int fd = 0; fd < FDS; fd++) {
        int type = 0;
        socklen_t len = sizeof type;
        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_DGRAM)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
    }
}

static int open_socket(struct sockaddr_in *own)
{
    socklen_t len = sizeof *own;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    *own = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (fd < 0 || bind(fd, (struct sockaddr *)own, len) != 0 || getsockname(fd, (struct sockaddr *)own, &len) != 0)
        meter_fail("no socket on loopback");
    return fd;
}

static void open_sockets(int fds[2])
{
    struct sockaddr_in names[2];

    for (int i = 0; i < 2; i++)
        fds[i] = open_socket(&names[i]);
    for (int i = 0; i < 2; i++)
        if (connect(fds[i], (struct sockaddr *)&names[1 - i], sizeof names[0]) != 0)
            meter_fail("loopback does not connect");
    party_enlarge_buffers();
}

void party_look(const struct party *party)
{
    struct pollfd readable = { .fd = party->fd, .events = POLLIN };

    poll(&readable, 1, 0);
}

void party_send_bursts(const struct party *party,
                       void (*burst)(void *arg, const uint8_t *data, size_t size, size_t count), void *arg)
{
    uint8_t data[PARTY_MOST_SIZE];

    memset(data, 'd', sizeof data);
    meter_begin(party->meter);
    while (!meter_is_over(party->meter)) {
        if (!meter_has_room(party->meter, party->burst))
            continue;
        party_look(party);
        burst(arg, data, party->size, party->burst);
        meter_sent(party->meter, party->burst);
    }
}

/* ---- processes ---- */

/* On the allowed core number `place`, if there are two at least. */
static void pin(int place)
{
    cpu_set_t allowed, own;

    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2)
        return;
    for (int core = 0; core < CPU_SETSIZE; core++)
        if (CPU_ISSET(core, &allowed) && place-- == 0) {
            CPU_ZERO(&own);
            CPU_SET(core, &own);
            sched_setaffinity(0, sizeof own, &own);
            return;
        }
}

static _Noreturn void receive(const struct party *party)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin(1);
    party_library.receive(party);
    meter_fail("the receiver has stopped");
}

static struct meter_result run(struct party *party, uint32_t ms)
{
    int fds[2];

    open_sockets(fds);
    party->meter = meter_new(ms);
    party->fd = fds[1];
    pid_t receiver = fork();
    if (receiver < 0)
        meter_fail("no second process");
    if (receiver == 0)
        receive(party);
    party->fd = fds[0];
    party->meter->receiver = receiver;
    alarm(PATIENCE_S + ms / 1000);
    pin(0);
    party_library.send(party);
    struct meter_result result = meter_finish(party->meter);
    kill(receiver, SIGKILL);
    waitpid(receiver, NULL, 0);
    return result;
}

/* ---- the command line ---- */

static void list(void)
{
    printf("%s\n", party_library.version());
    for (size_t i = 0; party_library.ciphers[i] != NULL; i++)
        printf("%s\n", party_library.ciphers[i]);
}

static const char *find_cipher(const char *name)
{
    for (size_t i = 0; party_library.ciphers[i] != NULL; i++)
        if (name == NULL || strcmp(name, party_library.ciphers[i]) == 0)
            return party_library.ciphers[i];
    refuse("--cipher: %s has no '%s' (see --list)", party_library.name, name);
}

int main(int argc, char **argv)
{
    struct option_program program = {
        .name = party_library.name,
        .mask = 1,
        .usage = "[options]",
        .about = "One run of build/bench/udp: records from one process to another, on two cores, over loopback.",
        .notes = "Prints records per second received, records lost, CPU nanoseconds for each record of the sender and\n"
                 "of the receiver, and the share of the time that they waited for a core that others had. Exit\n"
                 "status: 0 fine, 1 the run failed, 2 a mistake in the options.\n",
        .rows = rows,
    };
    struct choices choices = { .size = 160, .burst = 32, .ms = 1000 };

    complain_as(program.name);
    options_read(&program, argc, argv, &choices, NULL);
    if (choices.list) {
        list();
        return EXIT_FINE;
    }
    struct party party = { .cipher = find_cipher(choices.cipher), .size = choices.size, .burst = choices.burst };
    struct meter_result result = run(&party, choices.ms);
    printf("%.0f %llu %.1f %.1f %.3f\n", result.records_per_s, (unsigned long long)result.lost, result.cpu_ns_send,
           result.cpu_ns_receive, result.disturbed);
    return EXIT_FINE;
}
