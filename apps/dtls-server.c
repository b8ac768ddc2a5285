/* dtls-server.c - a DTLS server that echoes every record. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "apps/commands.h"
#include "apps/complain.h"
#include "apps/files.h"
#include "apps/input.h"
#include "apps/renew.h"
#include "apps/report.h"
#include "apps/settings.h"

enum { CACHED_SESSIONS = 1024 };

struct server {
    struct ev_loop *loop;
    struct settings settings;
    struct report report;
    struct dtls_config config;
    struct dtls_ticket_key ticket_key;
    struct dtls_ev_server *server;
    struct input input; /* with --commands */
};

static const struct option_program program = {
    .name = "dtls-server",
    .mask = FOR_SERVER,
    .usage = "[options] --port P",
    .about = "A DTLS 1.2 server that sends every record back.",
    .notes = COMMANDS_HELP "They go to every association, and so do other lines, as records.\n\n"
                           "SIGINT and SIGTERM close every association.\n"
                           "Exit status: 0 fine, 2 a mistake in the options or files.\n\n"
                           "Examples:\n"
                           "  dtls-server --port 4433\n"
                           "  dtls-server --port 4433 --cert chain.pem --key key.pem --client-cert require\n"
                           "  dtls-server --port 0 --json --rehandshake-every 60\n"
                           "  dtls-server --port 4433 --commands --rehandshake-policy ask\n",
    .rows = settings_rows,
};

static void begin_association(struct server *server, struct dtls_ev_conn *conn)
{
    struct renew *renew = malloc(sizeof *renew);

    if (renew == NULL)
        return;
    renew_start(renew, server->loop, conn, &server->settings, &server->report);
    dtls_ev_set_data(conn, renew);
}

static void end_association(struct server *server, const struct dtls_ev_conn *conn)
{
    struct renew *renew = dtls_ev_data(conn);

    if (renew == NULL)
        return;
    report_end(&server->report, conn, NULL);
    renew_stop(renew);
    free(renew);
}

static void echo(const struct server *server, struct dtls_ev_conn *conn, struct dtls_bytes data)
{
    int error = dtls_ev_send(conn, data.at, data.len, NULL);

    if (error != DTLS_OK && server->settings.verbose)
        complain("a record of %zu bytes was not echoed: %s", data.len, dtls_error_string(error));
}

static void on_event(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct server *server = arg;

    if (event->type == DTLS_EVENT_DATA) {
        echo(server, conn, event->data);
        return;
    }
    report_event(&server->report, conn, event, NULL);
    if (event->type == DTLS_EVENT_OPEN)
        begin_association(server, conn);
    else if (event->type == DTLS_EVENT_CLOSED || event->type == DTLS_EVENT_FAILED)
        end_association(server, conn);
}

/* ---- what is typed (--commands) ---- */

/* One line, for every association. */
struct errand {
    struct server *server;
    struct command command;
    uint64_t number;
    const uint8_t *line;
    size_t len;
};

static void obey(void *arg, struct dtls_ev_conn *conn)
{
    const struct errand *errand = arg;

    command_do(&errand->command, conn, &errand->server->report);
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
    struct server *server = arg;
    struct errand errand = { .server = server, .number = number, .line = line, .len = len };

    if (command_is(line, len)) {
        if (command_read(line, len, &errand.command))
            dtls_ev_server_each(server->server, obey, &errand);
    } else if (len > 0) {
        dtls_ev_server_each(server->server, send_line, &errand);
    }
}

/* ---- the program ---- */

static void close_one(void *arg, struct dtls_ev_conn *conn)
{
    (void)arg;
    dtls_ev_close(conn);
}

static void on_signal(struct ev_loop *loop, ev_signal *signal, int happened)
{
    struct server *server = signal->data;

    (void)happened;
    dtls_ev_server_each(server->server, close_one, NULL);
    ev_break(loop, EVBREAK_ALL);
}

static void configure(struct server *server)
{
    const struct settings *settings = &server->settings;
    struct dtls_config *config = &server->config;

    settings_configure(settings, config);
    config->identity = files_identity(settings->cert, settings->key);
    if (settings->keylog != NULL) {
        config->keylog = files_keylog;
        config->keylog_arg = files_open_keylog(settings->keylog);
    }
    if (!settings->no_cache && (config->session_cache = dtls_session_cache_new(CACHED_SESSIONS)) == NULL)
        refuse("%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    if (!settings->no_tickets) {
        if (dtls_system_random(NULL, (uint8_t *)&server->ticket_key, sizeof server->ticket_key) != DTLS_OK)
            refuse("%s", dtls_error_string(DTLS_ERR_RANDOM));
        config->ticket_keys = &server->ticket_key;
        config->ticket_key_count = 1;
    }
    const char *problem = dtls_config_problem(config, DTLS_SERVER);
    if (problem != NULL)
        refuse("%s", problem);
}

static void listen_on(struct server *server)
{
    const struct settings *settings = &server->settings;
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN];
    struct address address;

    address_find(settings->host, (uint16_t)settings->port, &address);
    int error = dtls_ev_listen(server->loop, &server->config, (struct sockaddr *)&address.of, address.len, NULL,
                               on_event, server, &server->server);
    if (error != DTLS_OK)
        refuse("%s port %u: %s", settings->host, settings->port,
               error == DTLS_EV_ERR_SYSTEM ? strerror(errno) : dtls_error_string(error));
    address.len = sizeof address.of;
    dtls_ev_server_address(server->server, (struct sockaddr *)&address.of, &address.len);
    dtls_identity_fingerprint(server->config.identity, fingerprint);
    report_beginning(&server->report, "listening", (struct sockaddr *)&address.of, address.len, fingerprint);
}

static void release(struct server *server)
{
    dtls_ev_server_free(server->server);
    dtls_session_cache_free(server->config.session_cache);
    dtls_identity_free((struct dtls_identity *)(uintptr_t)server->config.identity);
    if (server->config.keylog_arg != NULL)
        fclose(server->config.keylog_arg);
}

int main(int argc, char **argv)
{
    static struct server server;
    ev_signal interrupt, terminate;

    complain_as(program.name);
    settings_init(&server.settings);
    options_read(&program, argc, argv, &server.settings, NULL);
    settings_check(&server.settings);
    if (server.settings.port == UINT32_MAX)
        refuse("--port is missing (see --help)");
    server.report = (struct report){ server.settings.json, server.settings.verbose, stdout, dtls_ev_now() };
    configure(&server);

    server.loop = EV_DEFAULT;
    ev_signal_init(&interrupt, on_signal, SIGINT);
    ev_signal_init(&terminate, on_signal, SIGTERM);
    interrupt.data = terminate.data = &server;
    ev_signal_start(server.loop, &interrupt);
    ev_signal_start(server.loop, &terminate);
    listen_on(&server);
    server.input.take = on_line;
    server.input.arg = &server;
    input_init(&server.input);
    if (server.settings.commands)
        input_start(&server.input, server.loop);
    ev_run(server.loop, 0);
    release(&server);
    return EXIT_FINE;
}
