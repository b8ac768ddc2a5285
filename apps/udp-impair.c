/* udp-impair.c - the command line of the bad network: options in, one line out when it listens, a report at the end. */
#define _POSIX_C_SOURCE 200809L /* sigaction */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/complain.h"
#include "apps/impair_proxy.h"
#include "apps/json.h"
#include "apps/options.h"

enum { YEAR_S = 365 * 24 * 60 * 60, DELAY_MAX_MS = 60000, PAYLOAD_MAX = 65507, PORT_MAX = 65535 };

struct place {
    char host[ADDRESS_NAME];
    uint32_t port; /* UINT32_MAX: not given */
};

struct choices {
    struct place listen, to;
    struct impair_settings network;
    uint64_t seed;
    double seconds;
    bool json, verbose;
};

static const char *read_place(const struct option_row *row, const char *text, void *to)
{
    struct place *place = to;
    const char *port = address_split(text, place->host);

    if (port != NULL && option_whole(row, port, &place->port) == NULL)
        return NULL;
    return row->least > 0 ? "HOST:PORT, with a port from 1 to 65535 and an IPv6 host in brackets"
                          : "[HOST:]PORT, with a port up to 65535 and an IPv6 host in brackets";
}

static const char *read_place_here(const struct option_row *row, const char *text, void *to)
{
    char local[ADDRESS_TEXT];

    snprintf(local, sizeof local, "127.0.0.1:%s", text);
    return read_place(row, strchr(text, ':') == NULL ? local : text, to);
}

static const char *read_seed(const struct option_row *row, const char *text, void *to)
{
    size_t len = strlen(text);

    (void)row;
    errno = 0;
    *(uint64_t *)to = strtoull(text, NULL, 10);
    return len > 0 && strspn(text, "0123456789") == len && errno == 0 ? NULL : "a whole number below 2^64";
}

#define AT(member) offsetof(struct choices, member)
#define HEADING(text)                                                                                                  \
    {                                                                                                                  \
        1, NULL, NULL, text, NULL, 0, 0, 0, NULL                                                                       \
    }

static const struct option_row rows[] = {
    HEADING("Where"),
    { 1, "listen", "[HOST:]PORT",
      "where clients send to; HOST is 127.0.0.1 if not given, port 0\n"
      "takes a free one and prints it; IPv6: [::1]:PORT",
      read_place_here, AT(listen), 0, PORT_MAX, NULL },
    { 1, "to", "HOST:PORT", "the server", read_place, AT(to), 1, PORT_MAX, NULL },

    HEADING("What the datagrams suffer"),
    { 1, "loss", "PERCENT", "drop so many of the datagrams", option_real, AT(network.loss), 0, 100, NULL },
    { 1, "delay", "MS", "deliver each so much later", option_real, AT(network.delay_ms), 0, DELAY_MAX_MS, NULL },
    { 1, "jitter", "MS", "and up to so much later still, evenly spread", option_real, AT(network.jitter_ms), 0,
      DELAY_MAX_MS, NULL },
    { 1, "reorder", "PERCENT", "hold so many of them back for another 50 ms", option_real, AT(network.reorder), 0, 100,
      NULL },
    { 1, "duplicate", "PERCENT", "send so many of them twice, the copy 5 ms after the original", option_real,
      AT(network.duplicate), 0, 100, NULL },
    { 1, "corrupt", "PERCENT", "flip one bit in so many of them", option_real, AT(network.corrupt), 0, 100, NULL },
    { 1, "mtu", "BYTES", "drop larger UDP payloads", option_whole, AT(network.mtu), 0, PAYLOAD_MAX, NULL },
    { 1, "seed", "N",
      "roll other dice (1); the same seed and the same order of\n"
      "datagrams in a direction give the same decisions",
      read_seed, AT(seed), 0, 0, NULL },

    HEADING("The end"),
    { 1, "for", "SECONDS", "end by itself; else SIGINT or SIGTERM ends it", option_real, AT(seconds), 0, YEAR_S, NULL },

    HEADING("Output"),
    { 1, "json", NULL, "one JSON object a line on stdout", option_flag, AT(json), 0, 0, NULL },
    { 1, "verbose", NULL, "say on stderr what happens to each datagram", option_flag, AT(verbose), 0, 0, NULL },
    { 0 },
};

static const struct option_program program = {
    .name = "udp-impair",
    .mask = 1,
    .usage = "[options] --listen [HOST:]PORT --to HOST:PORT",
    .about = "A bad network as a proxy: clients send to --listen, the server at --to answers, and the\n"
             "datagrams of both directions suffer on the way. \"up\" is from client to server.",
    .notes = "At the end it reports for each direction what it did. From the clear headers of DTLS\n"
             "records it also knows which application records (type 23) did not arrive: those of each\n"
             "datagram that it dropped, and all those of each that it corrupted, for a bit anywhere\n"
             "may spoil any of them; --json prints each one's epoch and sequence. What is still under\n"
             "way at the end counts as lost. 1024 clients and 8192 datagrams under way are the most\n"
             "it carries; it drops what is beyond.\n\n"
             "Exit status: 0 after a report, 2 after a mistake on the command line.\n\n"
             "Examples, with dtls-server at port 4433 and dtls-client sent to port 4434:\n"
             "  udp-impair --listen 4434 --to 127.0.0.1:4433 --loss 10 --reorder 10\n"
             "  udp-impair --listen [::1]:4434 --to 127.0.0.1:4433 --delay 50 --jitter 20 --for 60 --json\n",
    .rows = rows,
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

/* From now on SIGINT and SIGTERM set `stop`, but only while the mask is `waiting`. */
static void take_signals(sigset_t *waiting)
{
    sigset_t ours;

    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigprocmask(SIG_BLOCK, &ours, waiting);
    sigaction(SIGINT, &(struct sigaction){ .sa_handler = on_signal }, NULL);
    sigaction(SIGTERM, &(struct sigaction){ .sa_handler = on_signal }, NULL);
}

static void prepare(struct impair_proxy *proxy, const struct choices *choices)
{
    if (choices->listen.port == UINT32_MAX || choices->to.port == UINT32_MAX)
        refuse("--listen and --to are needed (see --help)");
    proxy->settings = choices->network;
    proxy->verbose = choices->verbose;
    proxy->ledger[IMPAIR_UP] = (struct impair_ledger){ .direction = "up", .json = choices->json };
    proxy->ledger[IMPAIR_DOWN] = (struct impair_ledger){ .direction = "down", .json = choices->json };
    proxy->random[IMPAIR_UP].state = choices->seed;
    /* Dice of its own: how the directions interleave changes no decision. */
    proxy->random[IMPAIR_DOWN].state = ~choices->seed;
    address_find(choices->listen.host, (uint16_t)choices->listen.port, &proxy->listen);
    address_find(choices->to.host, (uint16_t)choices->to.port, &proxy->to);
    if (!impair_proxy_open(proxy))
        refuse("%s port %u: %s", choices->listen.host, choices->listen.port, strerror(errno));
}

static void say_listening(const struct address *address, bool json)
{
    char host[ADDRESS_HOST];
    uint16_t port = address_host((const struct sockaddr *)&address->of, address->len, host);

    if (!json) {
        printf("listening on %s port %u\n", host, port);
        return;
    }
    json_begin("listening");
    json_text("address", host);
    json_whole("port", port);
    json_end();
}

int main(int argc, char **argv)
{
    static struct impair_proxy proxy;
    struct choices choices = {
        .listen.port = UINT32_MAX,
        .to.port = UINT32_MAX,
        .network.mtu = PAYLOAD_MAX,
        .seed = 1,
        .seconds = YEAR_S,
    };
    sigset_t waiting;

    setvbuf(stdout, NULL, _IOLBF, 0);
    complain_as(program.name);
    options_read(&program, argc, argv, &choices, NULL);
    prepare(&proxy, &choices);
    take_signals(&waiting);
    say_listening(&proxy.listen, choices.json);
    impair_proxy_run(&proxy, choices.seconds, &waiting, &stop);
    impair_ledger_report(&proxy.ledger[IMPAIR_UP]);
    impair_ledger_report(&proxy.ledger[IMPAIR_DOWN]);
    return EXIT_FINE;
}
