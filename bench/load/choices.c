/* choices.c - the options of load. */
#include "bench/load/choices.h"

#include <stddef.h>
#include <string.h>

#include "apps/complain.h"
#include "bench/load/client.h"

enum { ROWS = 64 };

#define AT(field) offsetof(struct choices, field)
#define HEADING(text)                                                                                                  \
    {                                                                                                                  \
        1, NULL, NULL, text, NULL, 0, 0, 0, NULL                                                                       \
    }

static const struct option_row own_rows[] = {
    HEADING("The load"),
    { 1, "clients", "N", "how many, each with a socket of its own (100)", option_whole, AT(clients), 1, 1000000, NULL },
    { 1, "rate", "PER_SECOND", "first handshakes begun (as fast as they are done)", option_real, AT(rate), 0.01,
      1000000, NULL },
    { 1, "at-once", "N", "first handshakes that run at the same time, at most (64)", option_whole, AT(at_once), 1,
      1000000, NULL },
    { 1, "resume", NULL, "the first client's session is resumed by all others", option_flag, AT(resume), 0, 0, NULL },
    { 1, "records", "PER_SECOND", "from each client, once all are open (0)", option_real, AT(records), 0, 100000,
      NULL },
    { 1, "bursts", "N", "so many of them leave together, so many times less often (1)", option_whole, AT(bursts), 1,
      1024, NULL },
    { 1, "size", "BYTES", "of each record (160)", option_whole, offsetof(struct choices, common.flow_size),
      CLIENT_RECORD_MIN, CLIENT_RECORD_MAX, NULL },
    { 1, "seconds", "S", "how long (5)", option_real, AT(seconds), 0, 86400, NULL },
    { 1, "rehandshake-every", "SECONDS", "each client renews its keys so long after the last time (never)", option_real,
      offsetof(struct choices, common.rehandshake_every_s), 0.001, 86400, NULL },
    { 1, "json", NULL, "one JSON object", option_flag, offsetof(struct choices, common.json), 0, 0, NULL },
    HEADING("The handshake, as with dtls-client"),
};

/* Rows of dtls-client's; value and help where they are others here, without tokens and pre-shared keys. */
static const struct borrowed {
    const char *name, *value, *help;
} borrowed[] = {
    { "cert", "FILE", NULL },
    { "key", "FILE", "its private key, PEM (the file of --cert)" },
    { "pin", NULL, "accept only the server with this certificate fingerprint (any)" },
    { "suites", NULL,
      "cipher suites, best first (all but the last):\n"
      "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\nECDHE_RSA_WITH_AES_128_GCM_SHA256\n"
      "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256\nECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256\n"
      "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\nECDHE_RSA_WITH_AES_256_GCM_SHA384\n"
      "ECDHE_ECDSA_WITH_AES_128_CCM\nECDHE_ECDSA_WITH_AES_128_CCM_8" },
    { "groups", NULL, NULL },
    { "mtu", NULL, NULL },
    { "initial-timeout", NULL, NULL },
    { "maximum-timeout", NULL, NULL },
    { "handshake-timeout", NULL, NULL },
    { "rehandshake", NULL, NULL },
    { "peer-model", NULL, NULL },
    { "renegotiation-cookie", NULL, NULL },
};

static const char about[] =
    "Many DTLS 1.2 clients in one process, against a server that echoes (dtls-server does). First all\n"
    "of them connect; then they send records and renew their keys, for --seconds; then it waits a\n"
    "second at most for what is under way, and closes them all.";

static const char notes[] =
    "Latencies are those of the clients that saw an end; a first handshake's begins with its\n"
    "ClientHello. Lost are records that were sent and not echoed, on whatever part of the way. Where\n"
    "the server has fewer associations to give than --clients, the rest of them fail with\n"
    "--handshake-timeout.\n"
    "Exit status: 0 all opened and lived, 1 some did not, 2 a mistake in the options.\n"
    "\n"
    "Examples:\n"
    "  load --clients 1000 127.0.0.1:4433\n"
    "  load --clients 200 --records 50 --seconds 10 --rehandshake-every 2 127.0.0.1:4433\n";

static void borrow(struct option_row *out, const struct borrowed *one)
{
    for (const struct option_row *row = settings_rows; row->name != NULL || row->help != NULL; row++)
        if (row->name != NULL && strcmp(row->name, one->name) == 0 && (row->programs & FOR_CLIENT)) {
            *out = *row;
            out->programs = 1;
            out->value = one->value != NULL ? one->value : row->value;
            out->help = one->help != NULL ? one->help : row->help;
        }
}

static void find_server(struct choices *choices, const char *text)
{
    static const struct option_row port_row = { .least = 1, .most = 65535 };
    char host[ADDRESS_NAME];
    const char *port_text = address_split(text, host);
    uint32_t port;

    if (port_text == NULL || option_whole(&port_row, port_text, &port) != NULL)
        refuse("'%s' is not HOST:PORT", text);
    address_find(host, (uint16_t)port, &choices->server);
}

void choices_read(struct choices *choices, int argc, char **argv)
{
    static struct option_row rows[ROWS]; /* the rest is zeroes, and so the end */
    const struct option_program program = { "load", 1, "[options] HOST:PORT", about, notes, 1, rows };
    size_t count = sizeof own_rows / sizeof own_rows[0];
    const char *server;

    memcpy(rows, own_rows, sizeof own_rows);
    for (size_t i = 0; i < sizeof borrowed / sizeof borrowed[0]; i++)
        borrow(&rows[count++], &borrowed[i]);
    *choices = (struct choices){ .clients = 100, .at_once = 64, .bursts = 1, .seconds = 5 };
    settings_init(&choices->common);
    choices->common.flow_size = 160;
    options_read(&program, argc, argv, choices, &server);
    if (choices->common.key != NULL && choices->common.cert == NULL)
        refuse("--key needs --cert");
    if (choices->common.maximum_timeout_ms < choices->common.initial_timeout_ms)
        refuse("--maximum-timeout %u is below --initial-timeout %u", choices->common.maximum_timeout_ms,
               choices->common.initial_timeout_ms);
    find_server(choices, server);
}
