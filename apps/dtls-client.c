/* dtls-client.c - a DTLS client: lines of stdin, or a measured flow of records. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "apps/commands.h"
#include "apps/complain.h"
#include "apps/input.h"
#include "apps/names.h"
#include "apps/own.h"
#include "apps/pace.h"
#include "apps/renew.h"
#include "apps/report.h"
#include "apps/settings.h"

static const double LINES_QUIET_S = 0.5, FLOW_QUIET_S = 1; /* without data, at the end */

struct client {
    struct ev_loop *loop;
    struct settings settings;
    struct report report;
    struct dtls_config config;
    struct trust *trust;       /* NULL without --ca */
    struct names *names;       /* that the configuration is a view of */
    struct dtls_ev_conn *conn; /* NULL: gone */
    int status;
    bool opened, leaving; /* leaving: all is sent, or we were told to go */

    struct renew renew;
    ev_timer quiet; /* runs once all is sent; data restarts it */

    struct input input;
    struct pace pace; /* with --flow, instead of lines */
};

static const struct option_program program = {
    .name = "dtls-client",
    .mask = FOR_CLIENT,
    .usage = "[options] HOST PORT",
    .about = "A DTLS 1.2 client. Lines of stdin are sent as records, and what comes back is printed as lines.\n"
             "With --flow it sends records at a steady rate to an echoing server instead, and reports what\n"
             "was lost.",
    .notes = COMMANDS_HELP "\nExit status: 0 fine, 1 the connection failed, 2 a mistake in the options or files.\n\n"
                           "Examples:\n"
                           "  dtls-client 127.0.0.1 4433\n"
                           "  dtls-client --pin SHA-256:.. --resume session 127.0.0.1 4433\n"
                           "  dtls-client --flow 50 --for 10 --rehandshake-every 2 127.0.0.1 4433\n"
                           "  dtls-client --commands --rehandshake-policy ask 127.0.0.1 4433\n",
    .operands = 2,
    .rows = settings_rows,
};

static bool has_flow(const struct client *client)
{
    return client->settings.flow_rate > 0;
}

/* ---- the end ---- */

static void leave(struct client *client)
{
    client->leaving = true;
    if (client->conn != NULL)
        dtls_ev_close(client->conn);
}

static void on_quiet(struct ev_loop *loop, ev_timer *timer, int happened)
{
    (void)loop;
    (void)happened;
    leave(timer->data);
}

static void on_signal(struct ev_loop *loop, ev_signal *signal, int happened)
{
    (void)loop;
    (void)happened;
    leave(signal->data);
}

static void wait_for_quiet(struct client *client)
{
    client->leaving = true;
    client->quiet.repeat = has_flow(client) ? FLOW_QUIET_S : LINES_QUIET_S;
    ev_timer_again(client->loop, &client->quiet);
}

/* ---- lines ---- */

static void send_line(struct client *client, uint64_t number, const uint8_t *line, size_t len)
{
    size_t fits = 0;
    int error = DTLS_ERR_LARGE_PACKET;

    if (client->conn == NULL || len == 0) /* no record is empty */
        return;
    if (line != NULL)
        error = dtls_ev_send(client->conn, line, len, &fits);
    else
        fits = dtls_conn_max_payload(dtls_ev_engine(client->conn));
    if (error == DTLS_ERR_LARGE_PACKET)
        complain("line %" PRIu64 " skipped: it has %zu bytes, at most %zu fit (see --mtu)", number, len, fits);
    else if (error != DTLS_OK)
        complain("line %" PRIu64 " not sent: %s", number, dtls_error_string(error));
}

static void on_line(void *arg, uint64_t number, const uint8_t *line, size_t len)
{
    struct client *client = arg;
    struct command command;
    size_t text_len = len - client->settings.line_ends;

    if (client->settings.commands && command_is(line, text_len)) {
        if (command_read(line, text_len, &command) && client->conn != NULL)
            command_do(&command, client->conn, &client->report);
    } else if (has_flow(client)) {
        complain("line %" PRIu64 " skipped: with --flow it can only be a command", number);
    } else {
        send_line(client, number, line, len);
    }
}

static void on_input_end(void *arg)
{
    struct client *client = arg;

    if (!has_flow(client)) /* which has an end of its own */
        wait_for_quiet(client);
}

/* ---- flow ---- */

static void on_flow_done(void *arg, int status)
{
    struct client *client = arg;

    client->status = status;
    if (status == EXIT_FINE)
        wait_for_quiet(client);
    else
        leave(client);
}

/* ---- the connection ---- */

static void on_open(struct client *client)
{
    client->opened = true;
    renew_start(&client->renew, client->loop, client->conn, &client->settings, &client->report);
    if (has_flow(client))
        pace_start(&client->pace, client->loop, client->conn, on_flow_done, client);
    if (!has_flow(client) || client->settings.commands)
        input_start(&client->input, client->loop);
}

static void on_data(struct client *client, struct dtls_bytes data)
{
    if (client->leaving && ev_is_active(&client->quiet))
        ev_timer_again(client->loop, &client->quiet);
    if (has_flow(client))
        flow_take(&client->pace.flow, dtls_ev_now(), data.at, data.len);
    else
        report_data(&client->report, data);
}

static void on_session(struct client *client, const struct dtls_event *event)
{
    const char *path = client->settings.resume;
    char remark[300];

    if (path != NULL && files_keep_session(path, event->session))
        snprintf(remark, sizeof remark, "kept in %s", path);
    else if (path != NULL)
        snprintf(remark, sizeof remark, "not kept: %s: %s", path, strerror(errno));
    report_event(&client->report, client->conn, event, path != NULL ? remark : NULL);
}

static void on_end(struct client *client, const struct dtls_event *event)
{
    char peer[ADDRESS_TEXT], words[REPORT_FAILURE];

    pace_stop(&client->pace);
    if (client->report.json || event->type == DTLS_EVENT_CLOSED)
        report_event(&client->report, client->conn, event, NULL);
    if (event->type == DTLS_EVENT_FAILED) {
        report_peer(client->conn, peer);
        complain("%s: %s", peer, report_failure(dtls_ev_engine(client->conn), event, words, sizeof words));
        client->status = EXIT_CONNECTION;
    } else if (has_flow(client) && !client->leaving) {
        complain("the peer closed before the flow was sent");
        client->status = EXIT_CONNECTION;
    }
    if (client->opened)
        report_end(&client->report, client->conn, has_flow(client) ? &client->pace.flow : NULL);
    renew_stop(&client->renew);
    dtls_ev_free(client->conn);
    client->conn = NULL;
    ev_break(client->loop, EVBREAK_ALL);
}

static void on_event(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct client *client = arg;

    switch (event->type) {
    case DTLS_EVENT_DATA:
        on_data(client, event->data);
        break;
    case DTLS_EVENT_SESSION:
        on_session(client, event);
        break;
    case DTLS_EVENT_CLOSED:
    case DTLS_EVENT_FAILED:
        on_end(client, event);
        break;
    case DTLS_EVENT_OPEN:
        report_event(&client->report, conn, event, NULL);
        on_open(client);
        break;
    case DTLS_EVENT_MTU:
        report_event(&client->report, conn, event, NULL);
        pace_adapt(&client->pace);
        break;
    default:
        report_event(&client->report, conn, event, NULL);
        break;
    }
}

static void configure(struct client *client, const char *host)
{
    const struct settings *settings = &client->settings;
    struct dtls_config *config = &client->config;
    struct files_why why;

    settings_configure(settings, DTLS_CLIENT, config);
    config->unix_time_offset_us = dtls_ev_unix_time_offset();
    client->names = names_configure(settings, config);
    if (!settings_have_keys_only(settings)) {
        config->identity = own_identity(settings, &why);
        if (config->identity == NULL)
            refuse("%s", why.words);
    }
    if (settings->keylog != NULL) {
        config->keylog = files_keylog;
        config->keylog_arg = files_open_keylog(settings->keylog);
    }
    client->trust = trust_new(settings, DTLS_CLIENT, host);
    if (client->trust != NULL)
        trust_configure(client->trust, settings, config);
    const char *problem = dtls_config_problem(config, DTLS_CLIENT);
    if (problem != NULL)
        refuse("%s", problem);
}

static int connect_to(struct client *client, const struct address *address, const struct dtls_session *session)
{
    const struct sockaddr *to = (const struct sockaddr *)&address->of;
    int error =
        dtls_ev_connect(client->loop, &client->config, to, address->len, session, on_event, client, &client->conn);

    if (error == DTLS_ERR_ARGUMENT && session != NULL) { /* only the session can be wrong: see configure */
        complain("%s: not resumed: %s", client->settings.resume,
                 client->trust != NULL ? "with --ca its peer has to show its certificates again"
                                       : "it is of another peer than the one of --pin or --psk, of another --name, or "
                                         "of another --cert (without one, each run has its own)");
        error = dtls_ev_connect(client->loop, &client->config, to, address->len, NULL, on_event, client, &client->conn);
    }
    return error;
}

static void start_watchers(struct client *client)
{
    static ev_signal interrupt, terminate;

    ev_signal_init(&interrupt, on_signal, SIGINT);
    ev_signal_init(&terminate, on_signal, SIGTERM);
    ev_signal_start(client->loop, &interrupt);
    ev_signal_start(client->loop, &terminate);
    client->input.take = on_line;
    client->input.end = on_input_end;
    client->input.arg = client;
    client->input.lines.keeps_ends = client->settings.line_ends;
    input_init(&client->input);
    ev_init(&client->quiet, on_quiet);
    interrupt.data = terminate.data = client->quiet.data = client;
}

static void release(struct client *client)
{
    flow_free(&client->pace.flow);
    dtls_identity_free((struct dtls_identity *)(uintptr_t)client->config.identity);
    trust_free(client->trust);
    keys_free(&client->settings.psk);
    names_free(client->names);
    if (client->config.keylog_arg != NULL)
        fclose(client->config.keylog_arg);
}

int main(int argc, char **argv)
{
    static const struct option_row port_row = { .least = 1, .most = 65535 };
    static struct client client;
    const char *operands[2], *wanted;
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN];
    struct dtls_session *session = NULL;
    struct address address;
    uint32_t port;

    complain_as(program.name);
    settings_init(&client.settings);
    options_read(&program, argc, argv, &client.settings, operands);
    settings_check(&client.settings);
    trust_check(&client.settings);
    if ((wanted = option_whole(&port_row, operands[1], &port)) != NULL)
        refuse("port '%s' is not %s", operands[1], wanted);
    client.report = (struct report){ .json = client.settings.json,
                                     .verbose = client.settings.verbose,
                                     .remarks = stderr,
                                     .start = dtls_ev_now(),
                                     .keys = client.settings.print_keys,
                                     .label = client.settings.exported.len > 0 ? client.settings.exported.label : NULL,
                                     .label_len = client.settings.exported.len };
    configure(&client, operands[0]);
    if (has_flow(&client))
        pace_init(&client.pace, &client.settings);
    if (client.settings.resume != NULL)
        session = files_session(client.settings.resume);
    address_find(operands[0], (uint16_t)port, &address);

    client.loop = EV_DEFAULT;
    start_watchers(&client);
    if (client.config.identity != NULL)
        names_fingerprint(&client.settings, client.config.identity, fingerprint);
    report_beginning(&client.report, "connecting", (struct sockaddr *)&address.of, address.len,
                     client.config.identity != NULL ? fingerprint : NULL);
    int error = connect_to(&client, &address, session);
    if (session != NULL && client.settings.single_use)
        remove(client.settings.resume);
    dtls_session_free(session);
    if (error == DTLS_OK) {
        ev_run(client.loop, 0);
    } else {
        complain("%s port %u: %s", operands[0], port,
                 error == DTLS_EV_ERR_SYSTEM ? strerror(errno) : dtls_error_string(error));
        client.status = EXIT_CONNECTION;
    }
    release(&client);
    return client.status;
}
