/* dtls-call.c - holds one call: DTLS-SRTP on one port, RTP each 20 ms, RTCP, and new keys while it goes on. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apps/call/call_settings.h"
#include "apps/call/leg.h"
#include "apps/complain.h"
#include "apps/files.h"
#include "apps/json.h"
#include "apps/report.h"

static const double REPORT_EVERY_S = 1, LINGER_S = 0.3; /* between the last packet and the end */

struct call {
    struct call_settings settings;
    struct report report;
    struct dtls_config config;
    struct ev_loop *loop;
    struct dtls_ev_server *server; /* with listen; else the connection has a socket of its own */
    struct dtls_ev_conn *conn;     /* the call; NULL before and after it */
    struct voice voice;
    struct leg leg;
    ev_timer speak, tell, rehandshake, hang_up, linger;
    bool begun, over;
    int status;
};

static const struct option_program program = {
    .name = "dtls-call",
    .mask = 1,
    .usage = "[options] listen PORT | HOST PORT",
    .about = "Holds a call: RTP under DTLS-SRTP, with keys that can be renewed in the middle of it.",
    .notes = "The first caller who comes through is the call; it ends when either side hangs up (SIGINT,\n"
             "SIGTERM, --for, the end of --play), and the program with it.\n"
             "Exit status: 0 fine, 1 the call failed, 2 a mistake in the options or files.\n\n"
             "Examples:\n"
             "  dtls-call listen 5004 --record heard.wav\n"
             "  dtls-call 127.0.0.1 5004 --play speech.wav --rehandshake-every 10\n",
    .operands = 2,
    .rows = call_rows,
};

static uint64_t unix_us(void)
{
    struct timespec now;

    timespec_get(&now, TIME_UTC);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- the end ---- */

static void tell_figures(const struct call *call)
{
    const struct leg *leg = &call->leg;
    const struct reception *in = &leg->reception;
    double jitter_ms = (double)reception_jitter_us(in) / 1000, gap_ms = (double)in->longest_gap_us / 1000;

    if (!call->settings.json) {
        printf("sent %" PRIu64 ", received %" PRIu64 ", lost %" PRIu64 ", duplicated %" PRIu64 ", late %" PRIu64
               ", undecryptable %" PRIu64 ", longest gap %.1f ms, jitter %.1f ms, rehandshakes %" PRIu64 "\n",
               leg->sent, in->received, reception_lost(in), leg_duplicated(leg), in->late, leg_undecryptable(leg),
               gap_ms, jitter_ms, leg->rehandshakes);
        return;
    }
    json_begin("report");
    json_whole("sent", leg->sent);
    json_whole("unsent", leg->unsent);
    json_whole("received", in->received);
    json_whole("lost", reception_lost(in));
    json_whole("duplicated", leg_duplicated(leg));
    json_whole("late", in->late);
    json_whole("undecryptable", leg_undecryptable(leg));
    json_whole("foreign", leg->foreign);
    json_real("longest_gap_ms", gap_ms);
    json_real("jitter_ms", jitter_ms);
    json_real("rtt_ms", (double)leg->round_trip_us / 1000);
    json_whole("reports_sent", leg->reports_sent);
    json_whole("reports_received", leg->reports_received);
    json_whole("rehandshakes", leg->rehandshakes);
    json_end();
}

static void stop_timers(struct call *call)
{
    ev_timer_stop(call->loop, &call->speak);
    ev_timer_stop(call->loop, &call->tell);
    ev_timer_stop(call->loop, &call->rehandshake);
    ev_timer_stop(call->loop, &call->hang_up);
    ev_timer_stop(call->loop, &call->linger);
}

static void end_call(struct call *call, int status)
{
    if (call->over)
        return;
    call->over = true;
    call->status = status;
    call->conn = NULL;
    stop_timers(call);
    if (call->begun)
        tell_figures(call);
    ev_break(call->loop, EVBREAK_ALL);
}

/* BYE; and what is still on the way is waited for, before the association ends. */
static void hang_up(struct call *call)
{
    if (call->conn == NULL) {
        end_call(call, EXIT_FINE);
        return;
    }
    if (ev_is_active(&call->linger))
        return;
    stop_timers(call);
    leg_report(&call->leg, dtls_ev_now(), unix_us(), true);
    ev_timer_set(&call->linger, LINGER_S, 0.);
    ev_timer_start(call->loop, &call->linger);
}

static void on_linger(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct call *call = timer->data;

    (void)loop;
    (void)happened;
    if (call->conn != NULL)
        dtls_ev_close(call->conn);
}

static void on_hang_up(struct ev_loop *loop, ev_timer *timer, int happened)
{
    (void)loop;
    (void)happened;
    hang_up(timer->data);
}

static void on_signal(struct ev_loop *loop, ev_signal *signal, int happened)
{
    (void)loop;
    (void)happened;
    hang_up(signal->data);
}

/* ---- media ---- */

static int send_media(void *arg, const uint8_t *datagram, size_t len)
{
    struct call *call = arg;

    return dtls_ev_send_other(call->conn, datagram, len);
}

static void on_speak(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct call *call = timer->data;

    (void)loop;
    (void)happened;
    if (!leg_say(&call->leg, dtls_ev_now()))
        hang_up(call);
}

static void on_tell(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct call *call = timer->data;

    (void)loop;
    (void)happened;
    leg_report(&call->leg, dtls_ev_now(), unix_us(), false);
    dtls_srtp_tick(call->leg.srtp, dtls_ev_now());
}

static void on_rehandshake(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct call *call = timer->data;
    char peer[ADDRESS_TEXT];

    (void)loop;
    (void)happened;
    report_peer(call->conn, peer);
    int error = dtls_ev_rehandshake(call->conn, DTLS_REHANDSHAKE_FULL);
    report_rehandshake_start(&call->report, peer, DTLS_REHANDSHAKE_FULL, error);
}

static void on_media(void *arg, const struct sockaddr *from, socklen_t from_len, uint8_t *datagram, size_t len)
{
    struct call *call = arg;
    uint16_t epoch;

    if (call->conn == NULL || (call->server != NULL && dtls_ev_server_find(call->server, from, from_len) != call->conn))
        return;
    if (!leg_hear(&call->leg, dtls_ev_now(), unix_us(), datagram, len, &epoch))
        return;
    dtls_ev_media_confirmed(call->conn, epoch);
    if (call->leg.has_bye && call->conn != NULL)
        hang_up(call);
}

static void start(struct call *call, ev_timer *timer, double after_s, double every_s)
{
    ev_timer_set(timer, after_s, every_s);
    ev_timer_start(call->loop, timer);
}

static void begin_speaking(struct call *call)
{
    const struct call_settings *settings = &call->settings;

    call->begun = true;
    start(call, &call->speak, 0, 1. / VOICE_FRAMES_A_SECOND);
    start(call, &call->tell, REPORT_EVERY_S, REPORT_EVERY_S);
    if (settings->rehandshake_every_s > 0)
        start(call, &call->rehandshake, settings->rehandshake_every_s, settings->rehandshake_every_s);
    if (settings->for_s > 0)
        start(call, &call->hang_up, settings->for_s, 0);
}

/* ---- the association ---- */

static void on_keys(struct call *call, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    int error = leg_take_keys(&call->leg, dtls_ev_now(), dtls_ev_engine(conn), event);

    if (error != DTLS_OK) {
        complain("no keys for the media of epoch %u: error %d", event->epoch, error);
        call->status = EXIT_CONNECTION;
        dtls_ev_close(conn);
    } else if (call->leg.may_send && !call->begun) {
        begin_speaking(call);
    }
}

static void on_event(void *arg, struct dtls_ev_conn *conn, const struct dtls_event *event)
{
    struct call *call = arg;

    if (event->type == DTLS_EVENT_OPEN && call->conn == NULL && !call->over)
        call->conn = conn;
    if (conn != call->conn && call->server != NULL) { /* one who does not get through, or is too late */
        if (event->type == DTLS_EVENT_OPEN)
            dtls_ev_close(conn);
        else if (event->type == DTLS_EVENT_FAILED)
            report_event(&call->report, conn, event, NULL);
        return;
    }
    report_event(&call->report, conn, event, NULL);
    if (event->type == DTLS_EVENT_KEYS)
        on_keys(call, conn, event);
    else if (event->type == DTLS_EVENT_CLOSED)
        end_call(call, call->status);
    else if (event->type == DTLS_EVENT_FAILED)
        end_call(call, EXIT_CONNECTION);
}

/* ---- the program ---- */

static void configure(struct call *call)
{
    const struct call_settings *settings = &call->settings;
    struct files_why why;
    struct wav_why wav_why;

    call_settings_configure(settings, &call->config);
    call->config.identity = files_identity(settings->cert, settings->key, &why);
    if (call->config.identity == NULL)
        refuse("%s", why.words);
    if (settings->keylog != NULL) {
        call->config.keylog = files_keylog;
        call->config.keylog_arg = files_open_keylog(settings->keylog);
    }
    const char *problem = dtls_config_problem(&call->config, DTLS_SERVER);
    if (problem != NULL)
        refuse("%s", problem);
    call->voice = (struct voice){ .codec = (enum voice_codec)settings->codec, .hz = settings->hz };
    if (!voice_open(&call->voice, settings->play, settings->record, &wav_why))
        refuse("%s", wav_why.words);
    call->leg = (struct leg){ .voice = &call->voice, .send = send_media, .arg = call };
    if (settings->frames != NULL && (call->leg.frames = fopen(settings->frames, "w")) == NULL)
        refuse("%s: %s", settings->frames, strerror(errno));
    if (!leg_begin(&call->leg))
        refuse("%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
}

static void watch(struct call *call)
{
    static ev_signal interrupt, terminate;

    ev_init(&call->speak, on_speak);
    ev_init(&call->tell, on_tell);
    ev_init(&call->rehandshake, on_rehandshake);
    ev_init(&call->hang_up, on_hang_up);
    ev_init(&call->linger, on_linger);
    ev_signal_init(&interrupt, on_signal, SIGINT);
    ev_signal_init(&terminate, on_signal, SIGTERM);
    ev_signal_start(call->loop, &interrupt);
    ev_signal_start(call->loop, &terminate);
    call->speak.data = call->tell.data = call->rehandshake.data = call->hang_up.data = call->linger.data = call;
    interrupt.data = terminate.data = call;
}

/* Listens, or calls; refuses (exit 2) what the system does not give. */
static void begin(struct call *call, bool listens, const char *host, uint16_t port)
{
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN];
    struct address address;
    int error;

    address_find(listens ? call->settings.host : host, port, &address);
    struct sockaddr *at = (struct sockaddr *)&address.of;
    if (listens)
        error = dtls_ev_listen(call->loop, &call->config, at, address.len, NULL, on_event, call, &call->server);
    else
        error = dtls_ev_connect(call->loop, &call->config, at, address.len, NULL, on_event, call, &call->conn);
    if (error != DTLS_OK)
        refuse("%s port %u: %s", host, port, error == DTLS_EV_ERR_SYSTEM ? strerror(errno) : dtls_error_string(error));
    if (listens) {
        address.len = sizeof address.of;
        dtls_ev_server_address(call->server, at, &address.len);
        dtls_ev_server_set_other(call->server, on_media, call);
    } else {
        dtls_ev_set_other(call->conn, on_media, call);
    }
    dtls_identity_fingerprint(call->config.identity, fingerprint);
    report_beginning(&call->report, listens ? "listening" : "connecting", at, address.len, fingerprint);
}

static void release(struct call *call)
{
    struct wav_why why;

    dtls_ev_server_free(call->server);
    leg_end(&call->leg);
    if (!voice_close(&call->voice, &why)) {
        complain("%s", why.words);
        call->status = EXIT_CONNECTION;
    }
    if (call->leg.frames != NULL)
        fclose(call->leg.frames);
    if (call->config.keylog_arg != NULL)
        fclose(call->config.keylog_arg);
    dtls_identity_free((struct dtls_identity *)(uintptr_t)call->config.identity);
}

int main(int argc, char **argv)
{
    static const struct option_row port_row = { .least = 0, .most = 65535 };
    static struct call call;
    const char *operands[2], *wanted;
    uint32_t port;

    complain_as(program.name);
    call_settings_init(&call.settings);
    options_read(&program, argc, argv, &call.settings, operands);
    call_settings_check(&call.settings);
    bool listens = strcmp(operands[0], "listen") == 0;
    if ((wanted = option_whole(&port_row, operands[1], &port)) != NULL || (port == 0 && !listens))
        refuse("port '%s' is not %s", operands[1], wanted != NULL ? wanted : "one to call");
    call.report = (struct report){
        .json = call.settings.json, .verbose = call.settings.verbose, .remarks = stdout, .start = dtls_ev_now()
    };
    configure(&call);
    call.loop = EV_DEFAULT;
    watch(&call);
    begin(&call, listens, operands[0], (uint16_t)port);
    struct dtls_ev_conn *client = call.conn;
    ev_run(call.loop, 0);
    dtls_ev_free(client);
    release(&call);
    return call.status;
}
