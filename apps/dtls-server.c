/* dtls-server.c - a DTLS server that echoes every record: its options, its signals, and who gets what is typed. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "apps/commands.h"
#include "apps/complain.h"
#include "apps/files.h"
#include "apps/input.h"
#include "apps/names.h"
#include "apps/worker.h"

struct server {
    struct settings settings;
    struct report report;
    struct dtls_config config; /* all but the identity and the session cache, which are a worker's lease's */
    struct trust *trust;       /* NULL without --ca */
    struct names *names;       /* that they are views of */
    struct dtls_ticket_keys ticket_keys;
    struct worker *workers; /* as many as settings.workers */
    ev_signal interrupt, terminate, hangup;
    struct input input; /* with --commands */
};

static const struct option_program program = {
    .name = "dtls-server",
    .mask = FOR_SERVER,
    .usage = "[options] --port P",
    .about = "A DTLS 1.2 server that sends every record back.",
    .notes = COMMANDS_HELP
    "They go to every association, and so do other lines, as records.\n\n"
    "With several workers, the system gives each client to one of them, by its address and port.\n"
    "A ticket is good for all of them; a session id is good for the worker that gave it, or with\n"
    "--session-store for all. --max-associations is shared out equally: one may be full while\n"
    "another has room.\n\n"
    "SIGHUP reads --cert and --key (or --pkcs12), --ocsp-response and --ticket-keys again, for new\n"
    "associations; the others keep theirs. If something is wrong with the files, one line says so, and\n"
    "nothing changes.\n"
    "SIGINT and SIGTERM close every association.\n"
    "Exit status: 0 fine, 2 a mistake in the options or files.\n\n"
    "Examples:\n"
    "  dtls-server --port 4433\n"
    "  dtls-server --port 5684 --psk @keys --suites PSK_WITH_AES_128_CCM_8\n"
    "  dtls-server --port 4433 --cert chain.pem --key key.pem --client-cert require\n"
    "  dtls-server --port 4433 --workers 4 --job-threads 1 --max-associations 20000\n"
    "  dtls-server --port 4433 --session-store redis://10.0.0.7 --ticket-keys fleet.keys\n"
    "  dtls-server --port 0 --json --rehandshake-every 60\n"
    "  dtls-server --port 4433 --commands --rehandshake-policy ask\n",
    .rows = settings_rows,
};

/* ---- what is typed (--commands) ---- */

/* One line, for every association of the only worker. */
struct errand {
    const struct report *report;
    struct command command;
    uint64_t number;
    const uint8_t *line;
    size_t len;
};

static void obey(void *arg, struct dtls_ev_conn *conn)
{
    const struct errand *errand = arg;

    command_do(&errand->command, conn, errand->report);
}

static void send_line(void *arg, struct dtls_ev_conn *conn)
{
    const struct errand *errand = arg;
    int error = DTLS_ERR_LARGE_PACKET;
    char peer[ADDRESS_TEXT];

    report_peer(conn, peer);
    if (errand->line != NULL)
        error = dtls_ev_send(conn, errand->line, errand->len, NULL);
    if (error != DTLS_OK)
        complain("%s: line %" PRIu64 " not sent: %s", peer, errand->number, dtls_error_string(error));
}

static void on_line(void *arg, uint64_t number, const uint8_t *line, size_t len)
{
    struct worker *worker = arg;
    struct errand errand = { .report = &worker->report, .number = number, .line = line, .len = len };

    if (command_is(line, len)) {
        if (command_read(line, len, &errand.command))
            dtls_ev_server_each(worker->server, obey, &errand);
    } else if (len > 0) {
        dtls_ev_server_each(worker->server, send_line, &errand);
    }
}

/* ---- signals ---- */

static void on_end(struct ev_loop *loop, ev_signal *signal, int happened)
{
    struct server *server = signal->data;

    (void)loop;
    (void)happened;
    for (uint32_t i = 0; i < server->settings.workers; i++)
        worker_end(&server->workers[i]);
}

/* New leases for all workers, or for none. */
static bool bring(struct server *server, struct credentials *credentials, const struct dtls_ticket_keys *keys)
{
    struct lease *leases[MOST_WORKERS];
    uint32_t count = 0;

    while (count < server->settings.workers) {
        leases[count] = worker_lease(&server->workers[count], &server->config, credentials, keys);
        if (leases[count] == NULL)
            break;
        count++;
    }
    bool all = count == server->settings.workers;
    for (uint32_t i = 0; i < count; i++) {
        if (all)
            worker_bring(&server->workers[i], leases[i]);
        else
            lease_free(leases[i]);
    }
    return all;
}

/* What the files say now; where there are none, those in use. NULL: `why` says what is wrong. */
static struct credentials *load_credentials(const struct server *server, struct files_why *why)
{
    const struct settings *settings = &server->settings;
    struct credentials *in_use = server->workers[0].leases->credentials;

    if (settings->cert != NULL || settings->pkcs12 != NULL)
        return credentials_load(settings, settings->workers, why);
    credentials_hold(in_use);
    return in_use;
}

static void on_hangup(struct ev_loop *loop, ev_signal *signal, int happened)
{
    struct server *server = signal->data;
    const struct settings *settings = &server->settings;
    struct dtls_config config = server->config;
    struct dtls_ticket_keys keys;
    struct credentials *credentials = NULL;
    struct files_why why;

    (void)loop;
    (void)happened;
    if (settings->cert == NULL && settings->pkcs12 == NULL && settings->ticket_keys == NULL) {
        complain("SIGHUP: there is no --cert and there are no --ticket-keys to read again");
        return;
    }
    keys = server->ticket_keys;
    if (settings->ticket_keys == NULL || files_ticket_keys(settings->ticket_keys, &keys, &why))
        credentials = load_credentials(server, &why);
    if (credentials == NULL) {
        complain("not reloaded: %s", why.words);
        explicit_bzero(&keys, sizeof keys);
        return;
    }
    config.identity = credentials->identity;
    const char *problem = dtls_config_problem(&config, DTLS_SERVER);
    if (problem == NULL && !bring(server, credentials, &keys))
        problem = dtls_error_string(DTLS_ERR_NO_MEMORY);
    if (problem != NULL)
        complain("not reloaded: %s", problem);
    else
        server->ticket_keys = keys;
    credentials_release(credentials);
    explicit_bzero(&keys, sizeof keys);
}

static void watch(struct server *server, ev_signal *watcher, int number,
                  void (*then)(struct ev_loop *loop, ev_signal *signal, int happened))
{
    ev_signal_init(watcher, then, number);
    watcher->data = server;
    ev_signal_start(EV_DEFAULT, watcher);
}

/* ---- the program ---- */

/* For this run; or those of the fleet. */
static void make_ticket_keys(struct server *server)
{
    struct dtls_ticket_key *key = &server->ticket_keys.keys[0];
    struct files_why why;

    if (server->settings.ticket_keys != NULL) {
        if (!files_ticket_keys(server->settings.ticket_keys, &server->ticket_keys, &why))
            refuse("%s", why.words);
        return;
    }
    if (dtls_system_random(NULL, key->name, sizeof key->name) != DTLS_OK ||
        dtls_system_random(NULL, key->key, sizeof key->key) != DTLS_OK)
        refuse("%s", dtls_error_string(DTLS_ERR_RANDOM));
    server->ticket_keys.count = 1;
}

static void configure(struct server *server, const struct dtls_identity *identity)
{
    const struct settings *settings = &server->settings;
    struct dtls_config *config = &server->config;

    settings_configure(settings, DTLS_SERVER, config);
    config->unix_time_offset_us = dtls_ev_unix_time_offset();
    server->names = names_configure(settings, config);
    if (settings->keylog != NULL) {
        config->keylog = files_keylog;
        config->keylog_arg = files_open_keylog(settings->keylog);
    }
    server->trust = trust_new(settings, DTLS_SERVER, NULL);
    if (server->trust != NULL)
        trust_configure(server->trust, settings, config);
    config->public_key_jobs = settings->job_threads > 0;
    make_ticket_keys(server);
    struct dtls_config whole = *config;
    whole.identity = identity;
    const char *problem = dtls_config_problem(&whole, DTLS_SERVER);
    if (problem != NULL)
        refuse("%s", problem);
}

/* `share` is out of `all`, for worker `i` of `count`. */
static size_t share_of(uint32_t all, uint32_t i, uint32_t count)
{
    return all / count + (i < all % count);
}

static void listen_on(struct server *server, uint32_t i, struct credentials *credentials, struct address *address,
                      bool share)
{
    const struct settings *settings = &server->settings;
    struct worker *worker = &server->workers[i];
    struct lease *lease = worker_lease(worker, &server->config, credentials, &server->ticket_keys);

    if (lease == NULL)
        refuse("%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    int error =
        worker_listen(worker, lease, address, share_of(settings->max_associations, i, settings->workers), share);
    if (error != DTLS_OK)
        refuse("%s port %u: %s", settings->host, settings->port,
               error == DTLS_EV_ERR_SYSTEM ? strerror(errno) : dtls_error_string(error));
    address->len = sizeof address->of;
    dtls_ev_server_address(worker->server, (struct sockaddr *)&address->of, &address->len);
}

/* All workers on one port. Sockets that share a port do not mind other programs of the same user that do, so the first
 * one asks alone whether it is free. */
static void listen_on_all(struct server *server, struct credentials *credentials)
{
    const struct settings *settings = &server->settings;
    struct address address;

    address_find(settings->host, (uint16_t)settings->port, &address);
    listen_on(server, 0, credentials, &address, false);
    if (settings->workers > 1) {
        dtls_ev_server_free(server->workers[0].server);
        lease_free(server->workers[0].leases);
        for (uint32_t i = 0; i < settings->workers; i++)
            listen_on(server, i, credentials, &address, true);
    }
    report_beginning(&server->report, "listening", (struct sockaddr *)&address.of, address.len,
                     credentials->identity != NULL ? credentials->fingerprint : NULL);
}

static void run(struct server *server)
{
    struct worker *workers = server->workers;
    uint32_t count = server->settings.workers;

    for (uint32_t i = 1; i < count; i++) {
        int error = worker_start(&workers[i]);
        if (error != 0)
            refuse("worker %u: %s", i + 1, strerror(error));
    }
    worker_run(&workers[0]);
    for (uint32_t i = 1; i < count; i++)
        worker_join(&workers[i]);
}

static void begin(struct server *server)
{
    const struct settings *settings = &server->settings;
    struct files_why why;

    struct credentials *credentials =
        settings_have_keys_only(settings) ? credentials_none(&why) : credentials_load(settings, 0, &why);
    if (credentials == NULL)
        refuse("%s", why.words);
    configure(server, credentials->identity);
    server->workers = calloc(settings->workers, sizeof *server->workers);
    if (server->workers == NULL)
        refuse("%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    for (uint32_t i = 0; i < settings->workers; i++)
        worker_init(&server->workers[i], i, settings, &server->report, &server->ticket_keys);
    watch(server, &server->interrupt, SIGINT, on_end);
    watch(server, &server->terminate, SIGTERM, on_end);
    watch(server, &server->hangup, SIGHUP, on_hangup);
    listen_on_all(server, credentials);
    credentials_release(credentials);
}

static void release(struct server *server)
{
    for (uint32_t i = 0; i < server->settings.workers; i++)
        worker_release(&server->workers[i]);
    explicit_bzero(server->workers, server->settings.workers * sizeof *server->workers); /* ticket keys */
    free(server->workers);
    trust_free(server->trust);
    keys_free(&server->settings.psk);
    names_free(server->names);
    if (server->config.keylog_arg != NULL)
        fclose(server->config.keylog_arg);
}

int main(int argc, char **argv)
{
    static struct server server;

    complain_as(program.name);
    settings_init(&server.settings);
    options_read(&program, argc, argv, &server.settings, NULL);
    settings_check(&server.settings);
    trust_check(&server.settings);
    store_check(&server.settings);
    if (server.settings.ca != NULL && server.settings.client_certificate == DTLS_CLIENT_CERTIFICATE_NONE)
        refuse("--ca judges clients: it needs --client-cert ask or require");
    if (server.settings.port == UINT32_MAX)
        refuse("--port is missing (see --help)");
    server.report = (struct report){ .json = server.settings.json,
                                     .verbose = server.settings.verbose,
                                     .remarks = stdout,
                                     .start = dtls_ev_now(),
                                     .keys = server.settings.print_keys,
                                     .label = server.settings.exported.len > 0 ? server.settings.exported.label : NULL,
                                     .label_len = server.settings.exported.len };
    begin(&server);
    server.input.take = on_line;
    server.input.arg = &server.workers[0];
    input_init(&server.input);
    if (server.settings.commands)
        input_start(&server.input, EV_DEFAULT);
    run(&server);
    release(&server);
    return EXIT_FINE;
}
