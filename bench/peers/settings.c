/* settings.c - the options of the peers. */
#include "bench/peers/settings.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "apps/complain.h"
#include "apps/options.h"
#include "bench/peers/payload.h"
#include "bench/peers/peer.h"

enum { FOR_ALL = 1, FOR_LIBDTLS = 2 };
enum { UNSET_PORT = UINT32_MAX };

static const char *const mode_words[] = { "full", "abbreviated", NULL }; /* as in settings.h, and so on */
static const char *const policy_words[] = { "accept", "refuse", NULL };
static const char *const use_words[] = { "careful", "plain", "filtering", NULL };
static const char *const model_words[] = { "flowing", "strict", NULL };

/* What is read before it can be judged as a whole. */
struct line {
    struct settings settings; /* first: a row's place in it is a place here */
    uint32_t listen;
    const char *connect;
    const char *cert, *key;
};

#define AT(field) offsetof(struct settings, field)
#define HEADING(text)                                                                                                  \
    {                                                                                                                  \
        FOR_ALL, NULL, NULL, text, NULL, 0, 0, 0, NULL                                                                 \
    }

static const struct option_row rows[] = {
    HEADING("Where"),
    { FOR_ALL, "listen", "PORT", "be the server, at 127.0.0.1; 0: any port, and it is printed", option_whole,
      offsetof(struct line, listen), 0, 65535, NULL },
    { FOR_ALL, "connect", "HOST:PORT", "be the client; HOST is a numeric address, [in brackets] if IPv6", option_text,
      offsetof(struct line, connect), 0, 0, NULL },

    HEADING("The call"),
    { FOR_ALL, "for", "MS", "how long to send after OPEN; half a second later it is\nclosed (3000)", option_whole,
      AT(for_ms), 500, 3600000, NULL },
    { FOR_ALL, "interval", "MS",
      "one record each so often (20); 0 is quiet: one record at OPEN,\n"
      "and one half a second before the end",
      option_whole, AT(interval_ms), 0, 60000, NULL },
    { FOR_ALL, "size", "BYTES", "of a record (160)", option_whole, AT(size), PAYLOAD_MIN, PAYLOAD_MAX, NULL },

    HEADING("The rehandshake"),
    { FOR_ALL, "rehandshake-at", "MS", "ask for one so long after OPEN (never)", option_whole, AT(rehandshake_at_ms), 0,
      3600000, NULL },
    { FOR_ALL, "mode", "full|abbreviated", "of which kind (full)", option_word, AT(mode), 0, 0, mode_words },
    { FOR_ALL, "policy", "accept|refuse", "what to answer when the other side asks (accept)", option_word, AT(policy),
      0, 0, policy_words },
    { FOR_ALL, "use", "plain|careful|filtering",
      "plain: the library's calls as its manual reads;\n"
      "careful (the default): as well as they can be called for data to\n"
      "flow and the connection to live; filtering: careful, and what\n"
      "would do harm in mid-handshake is found by its record headers and\n"
      "kept from the library",
      option_word, AT(use), 0, 0, use_words },
    { FOR_LIBDTLS, "model", "flowing|strict",
      "what the other side is taken for: strict takes no data in\nmid-handshake (flowing)", option_word, AT(model), 0,
      0, model_words },
    { FOR_LIBDTLS, "old-cookie", NULL, "in a client: send the first handshake's cookie again in a\nrehandshake",
      option_flag, AT(old_cookie), 0, 0, NULL },
    { FOR_ALL, "timeout", "MS", "first retransmission timeout (100)", option_whole, AT(timeout_ms), 50, 60000, NULL },

    HEADING("Who"),
    { FOR_ALL, "cert", "FILE", "own certificate, PEM (a P-256 one of the tests)", option_text,
      offsetof(struct line, cert), 0, 0, NULL },
    { FOR_ALL, "key", "FILE", "its private key, PEM (the file of --cert)", option_text, offsetof(struct line, key), 0,
      0, NULL },
    { FOR_ALL, "client-cert", NULL, "in a client: present it when asked", option_flag, AT(client_cert), 0, 0, NULL },
    { FOR_ALL, "ask-client-cert", NULL, "in a server: ask the client for one; any will do, also none", option_flag,
      AT(ask_client_cert), 0, 0, NULL },
    { FOR_ALL, "cookie", NULL, "in a server: answer the first ClientHello with a\nHelloVerifyRequest", option_flag,
      AT(cookie), 0, 0, NULL },
    { 0 },
};

static const char usage[] = "call --listen PORT | call --connect HOST:PORT [OPTION...] |\n"
                            "       memory [--json] | records [OPTION...] | handshakes [OPTION...]";

static const char about[] =
    "One end of one DTLS 1.2 call in real time, with one rehandshake in it if you like, by one library.\n"
    "All peers have this command line, so that any can be either end. No certificate is verified.\n"
    "\n"
    "memory: how many bytes of heap the library takes for a connection at rest; bench/memory runs it.\n"
    "records, handshakes: what the work costs, in memory; each has its own --help.";

static const char notes[] =
    "Prints one JSON object a line for each thing that happens; bench/peers/README.md says which.\n"
    "Exit status: 0 the call lived to its end; 1 it failed, died or fell silent; 2 a mistake in the\n"
    "command line.\n";

const char *settings_mode_word(int mode)
{
    return mode_words[mode];
}

static uint16_t port_number(const char *text)
{
    size_t len = strlen(text);
    unsigned long port = strtoul(text, NULL, 10);

    if (len == 0 || len > 5 || strspn(text, "0123456789") != len || port == 0 || port > 65535)
        refuse("--connect: '%s' is not a port from 1 to 65535", text);
    return (uint16_t)port;
}

static void find_server(struct settings *settings, const char *text)
{
    char host[ADDRESS_NAME];
    struct in6_addr any;
    const char *port = address_split(text, host);

    if (port == NULL || (inet_pton(AF_INET, host, &any) != 1 && inet_pton(AF_INET6, host, &any) != 1))
        refuse("--connect: '%s' is not a numeric address and a port: 127.0.0.1:4433 or [::1]:4433", text);
    address_find(host, port_number(port), &settings->address);
}

static void find_place(struct settings *settings, const struct line *line)
{
    settings->server = line->listen != UNSET_PORT;
    if (settings->server == (line->connect != NULL))
        refuse("either --listen PORT or --connect HOST:PORT is needed (see --help)");
    if (settings->server)
        address_find("127.0.0.1", (uint16_t)line->listen, &settings->address);
    else
        find_server(settings, line->connect);
}

static void find_identity(struct settings *settings, const struct line *line)
{
    if (line->key != NULL && line->cert == NULL)
        refuse("--key without --cert");
    settings->cert = line->cert != NULL ? line->cert : PEERS_IDENTITY;
    settings->key = line->key != NULL ? line->key : settings->cert;
}

void settings_read(struct settings *settings, const char *program, int argc, char **argv)
{
    const struct option_program command = {
        program, strcmp(program, "peer-libdtls") == 0 ? FOR_ALL | FOR_LIBDTLS : FOR_ALL, usage, about, notes, 1, rows,
    };
    struct line line = {
        .settings = { .for_ms = 3000,
                      .interval_ms = 20,
                      .size = 160,
                      .rehandshake_at_ms = SETTINGS_NEVER,
                      .timeout_ms = 100 },
        .listen = UNSET_PORT,
    };
    const char *word;

    options_read(&command, argc, argv, &line, &word);
    if (strcmp(word, "call") != 0)
        refuse("'%s' is no command; call, memory, records and handshakes are (see --help)", word);
    *settings = line.settings;
    find_place(settings, &line);
    find_identity(settings, &line);
}
