/* udp-impair.c - the command line of the bad network: options in, one line out when it listens, a report at the end. */
#define _GNU_SOURCE /* getopt_long */
#include "apps/impair_proxy.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_S = 24 * 60 * 60, DELAY_MAX_MS = 60000, PAYLOAD_MAX = 65507 };

static const char help[] =
    "Usage: udp-impair --listen [HOST:]PORT --to HOST:PORT [options]\n"
    "\n"
    "A bad network as a proxy: clients send to --listen, the server at --to answers, and the\n"
    "datagrams of both directions suffer on the way. \"up\" is from client to server.\n"
    "\n"
    "  --listen [HOST:]PORT  where clients send to; HOST is 127.0.0.1 if not given, port 0\n"
    "                        takes a free one and prints it; IPv6: [::1]:PORT\n"
    "  --to HOST:PORT        the server\n"
    "  --loss PERCENT        drop so many of the datagrams\n"
    "  --delay MS            deliver each so much later\n"
    "  --jitter MS           and up to so much later still, evenly spread\n"
    "  --reorder PERCENT     hold so many of them back for another 50 ms\n"
    "  --duplicate PERCENT   send so many of them twice, the copy 5 ms after the original\n"
    "  --corrupt PERCENT     flip one bit in so many of them\n"
    "  --mtu BYTES           drop larger UDP payloads\n"
    "  --seed N              roll other dice (default 1); the same seed and the same order of\n"
    "                        datagrams in a direction give the same decisions\n"
    "  --for SECONDS         end by itself; else SIGINT or SIGTERM ends it\n"
    "  --json                one JSON object a line on stdout\n"
    "  --verbose             say on stderr what happens to each datagram\n"
    "  --help                this text\n"
    "\n"
    "At the end it reports for each direction what it did. From the clear headers of DTLS\n"
    "records it also knows which application records (type 23) did not arrive: those of each\n"
    "datagram that it dropped, and all those of each that it corrupted, for a bit anywhere\n"
    "may spoil any of them; --json prints each one's epoch and sequence. What is still under\n"
    "way at the end counts as lost. 1024 clients and 8192 datagrams under way are the most\n"
    "it carries; it drops what is beyond.\n"
    "\n"
    "Exit status: 0 after a report, 2 after a mistake on the command line.\n";

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

__attribute__((format(printf, 1, 2), noreturn)) static void usage_error(const char *format, ...)
{
    va_list args;

    fputs("udp-impair: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(2);
}

static double parse_number(const char *option, const char *text, double least, double most)
{
    char *end;
    double number = strtod(text, &end);

    if (end == text || *end != '\0' || !(number >= least && number <= most))
        usage_error("--%s takes a number from %g to %.0f, not \"%s\"", option, least, most, text);
    return number;
}

static uint64_t parse_whole(const char *option, const char *text, uint64_t most)
{
    char *end;

    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || number > most)
        usage_error("--%s takes a whole number up to %llu, not \"%s\"", option, (unsigned long long)most, text);
    return number;
}

/* "PORT" (if there is a default host), "HOST:PORT" or "[HOST]:PORT". */
static struct impair_address parse_address(const char *option, const char *text, const char *default_host)
{
    char host[256] = "";
    const char *colon = strrchr(text, ':');
    const char *port = colon != NULL ? colon + 1 : text;
    const char *name = text;
    size_t name_len = colon != NULL ? (size_t)(colon - text) : 0;

    if (name_len >= 2 && name[0] == '[' && name[name_len - 1] == ']') {
        name++;
        name_len -= 2;
    } else if (memchr(name, ':', name_len) != NULL) {
        usage_error("--%s: an IPv6 address goes in brackets, [::1]:PORT, not \"%s\"", option, text);
    }
    if (colon == NULL && default_host != NULL) {
        name = default_host;
        name_len = strlen(default_host);
    }
    if (name_len == 0 || name_len >= sizeof host)
        usage_error("--%s takes HOST:PORT, not \"%s\"", option, text);
    memcpy(host, name, name_len);

    if (parse_whole(option, port, 65535) == 0 && default_host == NULL)
        usage_error("--%s: port 0 is nowhere", option);
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV}, *found;
    int failed = getaddrinfo(host, port, &hints, &found);
    if (failed != 0)
        usage_error("--%s: %s: %s", option, host, gai_strerror(failed));
    struct impair_address address = {.len = found->ai_addrlen};
    memcpy(&address.at, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return address;
}

/* Fills in the proxy from the command line. Returns the seconds to run for. */
static double parse_options(struct impair_proxy *proxy, int argc, char **argv)
{
    enum { LISTEN, TO, LOSS, DELAY, JITTER, REORDER, DUPLICATE, CORRUPT, MTU, SEED, FOR, JSON, VERBOSE, HELP };
    static const struct option options[] = {
        [LISTEN] = {"listen", required_argument, NULL, LISTEN},
        [TO] = {"to", required_argument, NULL, TO},
        [LOSS] = {"loss", required_argument, NULL, LOSS},
        [DELAY] = {"delay", required_argument, NULL, DELAY},
        [JITTER] = {"jitter", required_argument, NULL, JITTER},
        [REORDER] = {"reorder", required_argument, NULL, REORDER},
        [DUPLICATE] = {"duplicate", required_argument, NULL, DUPLICATE},
        [CORRUPT] = {"corrupt", required_argument, NULL, CORRUPT},
        [MTU] = {"mtu", required_argument, NULL, MTU},
        [SEED] = {"seed", required_argument, NULL, SEED},
        [FOR] = {"for", required_argument, NULL, FOR},
        [JSON] = {"json", no_argument, NULL, JSON},
        [VERBOSE] = {"verbose", no_argument, NULL, VERBOSE},
        [HELP] = {"help", no_argument, NULL, HELP},
        [HELP + 1] = {NULL, 0, NULL, 0},
    };
    struct impair_settings *settings = &proxy->settings;
    const char *listen = NULL, *to = NULL;
    double seconds = DAY_S * 365.0;
    bool json = false;
    uint64_t seed = 1;

    settings->mtu = PAYLOAD_MAX;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == '?') /* getopt_long has said on stderr which */
            exit(2);
        const char *name = options[option].name;
        switch (option) {
        case LISTEN:
            listen = optarg;
            break;
        case TO:
            to = optarg;
            break;
        case LOSS:
            settings->loss = parse_number(name, optarg, 0, 100);
            break;
        case DELAY:
            settings->delay_ms = parse_number(name, optarg, 0, DELAY_MAX_MS);
            break;
        case JITTER:
            settings->jitter_ms = parse_number(name, optarg, 0, DELAY_MAX_MS);
            break;
        case REORDER:
            settings->reorder = parse_number(name, optarg, 0, 100);
            break;
        case DUPLICATE:
            settings->duplicate = parse_number(name, optarg, 0, 100);
            break;
        case CORRUPT:
            settings->corrupt = parse_number(name, optarg, 0, 100);
            break;
        case MTU:
            settings->mtu = parse_whole(name, optarg, PAYLOAD_MAX);
            break;
        case SEED:
            seed = parse_whole(name, optarg, UINT64_MAX);
            break;
        case FOR:
            seconds = parse_number(name, optarg, 0, DAY_S * 365.0);
            break;
        case JSON:
            json = true;
            break;
        case VERBOSE:
            proxy->verbose = true;
            break;
        case HELP:
            fputs(help, stdout);
            exit(0);
        }
    }
    if (optind < argc)
        usage_error("there is no place for \"%s\"; see --help", argv[optind]);
    if (listen == NULL || to == NULL)
        usage_error("--listen and --to are needed; see --help");
    proxy->listen = parse_address("listen", listen, "127.0.0.1");
    proxy->to = parse_address("to", to, NULL);
    proxy->ledger[IMPAIR_UP] = (struct impair_ledger){.direction = "up", .json = json};
    proxy->ledger[IMPAIR_DOWN] = (struct impair_ledger){.direction = "down", .json = json};
    proxy->random[IMPAIR_UP].state = seed;
    proxy->random[IMPAIR_DOWN].state = ~seed; /* dice of its own: how the directions interleave changes no decision */
    return seconds;
}

int main(int argc, char **argv)
{
    static struct impair_proxy proxy;
    char host[NI_MAXHOST], port[NI_MAXSERV];
    sigset_t ours, waiting;

    setvbuf(stdout, NULL, _IOLBF, 0);
    double seconds = parse_options(&proxy, argc, argv);
    if (!impair_proxy_open(&proxy))
        usage_error("cannot listen there: %s", strerror(errno));
    getnameinfo((const struct sockaddr *)&proxy.listen.at, proxy.listen.len, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);

    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigprocmask(SIG_BLOCK, &ours, &waiting);
    sigaction(SIGINT, &(struct sigaction){.sa_handler = on_signal}, NULL);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_signal}, NULL);

    if (proxy.ledger[IMPAIR_UP].json)
        printf("{\"event\":\"listening\",\"address\":\"%s\",\"port\":%s}\n", host, port);
    else
        printf("listening on %s port %s\n", host, port);
    impair_proxy_run(&proxy, seconds, &waiting, &stop);
    impair_ledger_report(&proxy.ledger[IMPAIR_UP]);
    impair_ledger_report(&proxy.ledger[IMPAIR_DOWN]);
    return 0;
}
