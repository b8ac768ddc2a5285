/* report.c - words and JSON for everything that happens. */
#define _POSIX_C_SOURCE 200809L /* flockfile */
#include "apps/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "apps/json.h"

static uint64_t elapsed_ms(const struct report *report)
{
    return (dtls_ev_now() - report->start) / 1000;
}

static void begin(const struct report *report, const char *event, const char *peer)
{
    json_begin(event);
    json_whole("time_ms", elapsed_ms(report));
    if (peer != NULL)
        json_text("peer", peer);
    if (peer != NULL && report->worker > 0)
        json_whole("worker", report->worker);
}

static void __attribute__((format(printf, 2, 3))) say(const struct report *report, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    flockfile(report->remarks);
    fprintf(report->remarks, "%7.3f  ", (double)(dtls_ev_now() - report->start) / 1e6);
    vfprintf(report->remarks, format, args);
    fputc('\n', report->remarks);
    fflush(report->remarks);
    funlockfile(report->remarks);
    va_end(args);
}

static const char *fingerprint_text(const uint8_t *fingerprint, char out[DTLS_FINGERPRINT_TEXT])
{
    if (fingerprint == NULL)
        return NULL;
    dtls_fingerprint_format(fingerprint, out);
    return out;
}

static const char *mode_name(enum dtls_rehandshake_mode mode)
{
    return mode == DTLS_REHANDSHAKE_FULL ? "full" : "abbreviated";
}

void report_peer(const struct dtls_ev_conn *conn, char out[ADDRESS_TEXT])
{
    socklen_t len;
    const struct sockaddr *address = dtls_ev_peer(conn, &len);

    address_text(address, len, out);
}

const char *report_failure(const struct dtls_conn *engine, const struct dtls_event *event, char *out, size_t cap)
{
    const char *why = event->error == DTLS_ERR_ALERT ? dtls_alert_string(event->alert) : dtls_conn_reason(engine);

    snprintf(out, cap, why != NULL ? "%s: %s" : "%s", dtls_error_string(event->error), why);
    return out;
}

void report_beginning(const struct report *report, const char *event, const struct sockaddr *address, socklen_t len,
                      const uint8_t *fingerprint)
{
    char host[ADDRESS_HOST], text[DTLS_FINGERPRINT_TEXT];
    uint16_t port = address_host(address, len, host);

    if (report->json) {
        json_begin(event);
        json_text("address", host);
        json_whole("port", port);
        json_text("fingerprint", fingerprint_text(fingerprint, text));
        json_end();
        return;
    }
    say(report, "%s %s %s port %u", event, strcmp(event, "listening") == 0 ? "on" : "to", host, port);
    say(report, "own certificate %s", fingerprint != NULL ? fingerprint_text(fingerprint, text) : "none");
}

void report_credentials(const struct report *report, const char *event, const uint8_t *fingerprint)
{
    char text[DTLS_FINGERPRINT_TEXT];

    if (report->json) {
        begin(report, event, NULL);
        json_text("fingerprint", fingerprint_text(fingerprint, text));
        json_end();
        return;
    }
    say(report, "%s: own certificate %s", event, fingerprint_text(fingerprint, text));
}

void report_store(const struct report *report, bool up, const char *words)
{
    if (report->json) {
        begin(report, "session_store", NULL);
        json_bool("up", up);
        json_text("words", words);
        json_end();
        return;
    }
    say(report, "session store %s: %s", up ? "up" : "down", words);
}

/* As text; what is none is shown in hex. */
static void say_identity(const struct report *report, const char *peer, struct dtls_bytes identity)
{
    char text[4 * DTLS_PSK_MAX_IDENTITY + 1] = "";
    size_t len = 0;

    for (size_t i = 0; i < identity.len; i++) {
        bool plain = identity.at[i] > ' ' && identity.at[i] < 127 && identity.at[i] != '\\';
        len += (size_t)snprintf(text + len, sizeof text - len, plain ? "%c" : "\\x%02x", identity.at[i]);
    }
    say(report, "%s: pre-shared key of %s", peer, identity.at != NULL ? text : "a resumed session");
}

static void report_open(const struct report *report, const struct dtls_ev_conn *conn, const struct dtls_event *event,
                        const char *peer)
{
    const struct dtls_conn *engine = dtls_ev_engine(conn);
    char text[DTLS_FINGERPRINT_TEXT];
    const char *fingerprint = fingerprint_text(dtls_conn_peer_fingerprint(engine), text);
    const char *suite = dtls_suite_name(dtls_conn_suite(engine)), *group = dtls_group_name(dtls_conn_group(engine));
    struct dtls_bytes identity = dtls_conn_psk_identity(engine);
    const char *name = dtls_conn_server_name(engine), *protocol = dtls_conn_alpn(engine);
    bool raw = dtls_conn_peer_kind(engine) == DTLS_PEER_RAW_KEY;
    bool secure = dtls_conn_secure_renegotiation(engine);

    if (report->json) {
        begin(report, "open", peer);
        json_text("suite", suite);
        json_text("group", group);
        json_bool("resumed", event->resumed);
        json_bool("secure_renegotiation", secure);
        json_text("peer_fingerprint", fingerprint);
        if (identity.at != NULL)
            json_bytes("psk_identity", identity.at, identity.len);
        json_whole("epoch", event->epoch);
        json_bool("raw_public_key", raw);
        json_text("server_name", name);
        json_text("alpn", protocol);
        json_end();
        return;
    }
    say(report, "%s: open: %s%s%s%s%s", peer, suite, group != NULL ? ", " : "", group != NULL ? group : "",
        event->resumed ? ", resumed" : "", secure ? "" : "; the peer cannot rehandshake safely");
    if (name != NULL || protocol != NULL)
        say(report, "%s: %s%s%s%s%s", peer, name != NULL ? "name " : "", name != NULL ? name : "",
            name != NULL && protocol != NULL ? ", " : "", protocol != NULL ? "protocol " : "",
            protocol != NULL ? protocol : "");
    if (dtls_conn_psk_fingerprint(engine) != NULL) {
        say_identity(report, peer, identity);
        return;
    }
    say(report, "%s: %s %s", peer, raw ? "raw public key" : "certificate", fingerprint != NULL ? fingerprint : "none");
}

static void report_json_event(const struct report *report, const struct dtls_event *event, const char *peer,
                              const char *kept, const struct dtls_conn *engine)
{
    begin(report, dtls_event_name(event->type), peer);
    switch (event->type) {
    case DTLS_EVENT_REHANDSHAKE_DONE:
        json_bool("resumed", event->resumed);
        json_whole("epoch", event->epoch);
        break;
    case DTLS_EVENT_REHANDSHAKE_REQUESTED:
    case DTLS_EVENT_REHANDSHAKE_STARTED:
    case DTLS_EVENT_REHANDSHAKE_REFUSED:
    case DTLS_EVENT_REHANDSHAKE_FAILED:
    case DTLS_EVENT_REHANDSHAKE_STALLED:
    case DTLS_EVENT_REHANDSHAKE_ADVISED:
        json_whole("epoch", dtls_conn_epoch(engine));
        break;
    case DTLS_EVENT_SESSION:
        json_text("kept", kept);
        break;
    case DTLS_EVENT_MTU:
        json_whole("mtu", event->mtu);
        json_whole("old_mtu", event->old_mtu);
        json_text("reason", dtls_mtu_reason_name(event->mtu_reason));
        break;
    case DTLS_EVENT_ALERT:
        json_text("description", dtls_alert_string(event->alert));
        break;
    case DTLS_EVENT_FAILED:
        json_text("error", dtls_error_string(event->error));
        if (event->error == DTLS_ERR_ALERT)
            json_text("alert", dtls_alert_string(event->alert));
        if (dtls_conn_reason(engine) != NULL)
            json_text("reason", dtls_conn_reason(engine));
        break;
    default:
        break;
    }
    json_end();
}

static const char *hex(const uint8_t *bytes, size_t len, char out[2 * REPORT_MOST_EXPORT + 1])
{
    for (size_t i = 0; i < len; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    out[2 * len] = '\0';
    return out;
}

/* One secret, as a member of the JSON object or as a line. */
static void tell_secret(const struct report *report, const char *peer, const char *name, const uint8_t *bytes,
                        size_t len)
{
    char text[2 * REPORT_MOST_EXPORT + 1];

    if (report->json)
        json_text(name, hex(bytes, len, text));
    else
        say(report, "%s: %s %s", peer, name, hex(bytes, len, text));
}

static void tell_keys(const struct report *report, const char *peer, const struct dtls_srtp_keys *keys)
{
    tell_secret(report, peer, "send_key", keys->send_key, keys->key_len);
    tell_secret(report, peer, "send_salt", keys->send_salt, keys->salt_len);
    tell_secret(report, peer, "receive_key", keys->receive_key, keys->key_len);
    tell_secret(report, peer, "receive_salt", keys->receive_salt, keys->salt_len);
    tell_secret(report, peer, "mki", keys->mki, keys->mki_len); /* on the wire it is no secret */
}

static void report_keys(const struct report *report, const struct dtls_ev_conn *conn, const struct dtls_event *event,
                        const char *peer)
{
    const char *what = dtls_keys_name(event->keys);
    struct dtls_srtp_keys keys = { 0 };
    bool known = dtls_conn_srtp_keys(dtls_ev_engine(conn), event->epoch, &keys) == DTLS_OK;
    const char *profile = dtls_srtp_profile_name(keys.profile);

    if (report->json) {
        begin(report, "keys", peer);
        json_text("keys", what);
        json_whole("epoch", event->epoch);
        json_text("profile", profile);
        json_whole("mki_len", keys.mki_len);
    } else {
        say(report, "%s: keys for media: %s, epoch %u, %s", peer, what, event->epoch, known ? profile : "gone");
    }
    if (known && report->keys && event->keys == DTLS_KEYS_ACCEPT)
        tell_keys(report, peer, &keys);
    if (report->json)
        json_end();
}

static void report_export(const struct report *report, const struct dtls_ev_conn *conn, uint16_t epoch,
                          const char *peer)
{
    uint8_t bytes[REPORT_MOST_EXPORT];
    int error = dtls_conn_export(dtls_ev_engine(conn), epoch, report->label, NULL, bytes, report->label_len);

    if (report->json) {
        begin(report, "exported", peer);
        json_text("label", report->label);
        json_whole("epoch", epoch);
    }
    if (error == DTLS_OK)
        tell_secret(report, peer, "exported", bytes, report->label_len);
    else if (report->json)
        json_text("error", dtls_error_string(error));
    else
        say(report, "%s: %s: %s", peer, report->label, dtls_error_string(error));
    if (report->json)
        json_end();
}

static void report_one(const struct report *report, const struct dtls_ev_conn *conn, const struct dtls_event *event,
                       const char *kept, const char *peer)
{
    char words[REPORT_FAILURE];

    if (event->type == DTLS_EVENT_OPEN)
        report_open(report, conn, event, peer);
    else if (event->type == DTLS_EVENT_KEYS)
        report_keys(report, conn, event, peer);
    else if (report->json)
        report_json_event(report, event, peer, kept, dtls_ev_engine(conn));
    else if (event->type == DTLS_EVENT_REHANDSHAKE_DONE)
        say(report, "%s: rehandshake done%s, epoch %u", peer, event->resumed ? ", abbreviated" : "", event->epoch);
    else if (event->type == DTLS_EVENT_FAILED)
        say(report, "%s: failed: %s", peer, report_failure(dtls_ev_engine(conn), event, words, sizeof words));
    else if (event->type == DTLS_EVENT_ALERT)
        say(report, "%s: alert: %s", peer, dtls_alert_string(event->alert));
    else if (event->type == DTLS_EVENT_MTU)
        say(report, "%s: MTU %zu, it was %zu (%s)", peer, event->mtu, event->old_mtu,
            dtls_mtu_reason_name(event->mtu_reason));
    else if (event->type == DTLS_EVENT_SESSION && kept != NULL)
        say(report, "%s: session %s", peer, kept);
    else if (report->verbose || (event->type != DTLS_EVENT_SESSION && event->type != DTLS_EVENT_REHANDSHAKE_STARTED))
        say(report, "%s: %s", peer, dtls_event_name(event->type));
}

void report_event(const struct report *report, const struct dtls_ev_conn *conn, const struct dtls_event *event,
                  const char *kept)
{
    char peer[ADDRESS_TEXT];

    report_peer(conn, peer);
    report_one(report, conn, event, kept, peer);
    if (report->label != NULL && (event->type == DTLS_EVENT_OPEN || event->type == DTLS_EVENT_REHANDSHAKE_DONE))
        report_export(report, conn, event->epoch, peer);
}

void report_data(const struct report *report, struct dtls_bytes data)
{
    if (report->json) {
        begin(report, "data", NULL);
        json_whole("length", data.len);
        json_bytes("text", data.at, data.len);
        json_end();
        return;
    }
    fwrite(data.at, 1, data.len, stdout);
    putchar('\n');
    fflush(stdout);
}

void report_rehandshake_start(const struct report *report, const char *peer, enum dtls_rehandshake_mode mode, int error)
{
    if (report->json) {
        begin(report, "rehandshake_start", peer);
        json_text("mode", mode_name(mode));
        if (error != DTLS_OK)
            json_text("error", dtls_error_string(error));
        json_end();
    } else if (error != DTLS_OK) {
        say(report, "%s: %s rehandshake not started: %s", peer, mode_name(mode), dtls_error_string(error));
    } else if (report->verbose) {
        say(report, "%s: %s rehandshake asked for", peer, mode_name(mode));
    }
}

void report_status(const struct report *report, const struct dtls_ev_conn *conn)
{
    const struct dtls_conn *engine = dtls_ev_engine(conn);
    const char *suite = dtls_suite_name(dtls_conn_suite(engine));
    bool pending = dtls_conn_rehandshake_pending(engine);
    struct dtls_stats stats;
    char peer[ADDRESS_TEXT];

    dtls_conn_stats(engine, &stats);
    report_peer(conn, peer);
    if (!report->json) {
        say(report,
            "%s: epoch %u, %s%s, round trip %.1f ms, sent %" PRIu64 ", received %" PRIu64 ", rehandshakes %" PRIu64,
            peer, dtls_conn_epoch(engine), suite != NULL ? suite : "not open",
            pending ? ", a rehandshake is under way" : "", (double)dtls_conn_round_trip(engine) / 1000,
            stats.records_sent, stats.records_received, stats.rehandshakes);
        return;
    }
    begin(report, "status", peer);
    json_bool("open", dtls_conn_is_open(engine));
    json_whole("epoch", dtls_conn_epoch(engine));
    json_text("suite", suite);
    json_bool("pending", pending);
    json_real("round_trip_ms", (double)dtls_conn_round_trip(engine) / 1000);
    json_whole("sent", stats.records_sent);
    json_whole("received", stats.records_received);
    json_whole("rehandshakes", stats.rehandshakes);
    json_end();
}

static void json_flow(const struct flow *flow)
{
    const struct flow_latency *round_trip = &flow->round_trip;

    json_whole("sent", flow->sent);
    json_whole("received", flow->received);
    json_signed("lost", (int64_t)(flow->sent - flow->received));
    json_whole("reordered", flow->reordered);
    json_whole("duplicated", flow->duplicated);
    json_whole("foreign", flow->foreign);
    json_whole("longest_gap_ms", flow->longest_gap_us / 1000);
    json_open("rtt_ms");
    json_real("p50", (double)flow_latency_share(round_trip, 0.50) / 1000);
    json_real("p95", (double)flow_latency_share(round_trip, 0.95) / 1000);
    json_real("p99", (double)flow_latency_share(round_trip, 0.99) / 1000);
    json_real("max", (double)round_trip->max / 1000);
    json_close();
}

static void json_stats(const struct dtls_stats *stats)
{
    json_whole("rehandshakes", stats->rehandshakes);
    json_whole("retransmissions", stats->retransmissions);
    json_whole("answers", stats->answers);
    json_whole("final_copies", stats->final_copies);
    json_whole("probes", stats->probes);
    json_whole("held", stats->held);
    json_whole("ignored", stats->ignored);
    json_open("dropped");
    for (int i = 0; i < DTLS_DROP_COUNT; i++)
        json_whole(dtls_drop_name((enum dtls_drop)i), stats->dropped[i]);
    json_close();
}

static void print_flow(const struct flow *flow, const struct dtls_stats *stats)
{
    const struct flow_latency *round_trip = &flow->round_trip;

    printf("sent             %" PRIu64 "\n", flow->sent);
    printf("received         %" PRIu64 "\n", flow->received);
    printf("lost             %" PRIu64 "\n", flow->sent - flow->received);
    printf("reordered        %" PRIu64 "\n", flow->reordered);
    printf("duplicated       %" PRIu64 "\n", flow->duplicated);
    printf("longest gap      %" PRIu64 " ms\n", flow->longest_gap_us / 1000);
    printf("round trip       p50 %.1f  p95 %.1f  p99 %.1f  max %.1f ms\n",
           (double)flow_latency_share(round_trip, 0.50) / 1000, (double)flow_latency_share(round_trip, 0.95) / 1000,
           (double)flow_latency_share(round_trip, 0.99) / 1000, (double)round_trip->max / 1000);
    printf("rehandshakes     %" PRIu64 "\n", stats->rehandshakes);
    printf("retransmissions  %" PRIu64 "\n", stats->retransmissions);
    fflush(stdout);
}

void report_end(const struct report *report, const struct dtls_ev_conn *conn, const struct flow *flow)
{
    struct dtls_stats stats;
    char peer[ADDRESS_TEXT];

    dtls_conn_stats(dtls_ev_engine(conn), &stats);
    report_peer(conn, peer);
    if (report->json) {
        begin(report, "report", peer);
        if (flow != NULL) {
            json_flow(flow);
        } else {
            json_whole("sent", stats.records_sent);
            json_whole("received", stats.records_received);
        }
        json_stats(&stats);
        json_whole("mtu", dtls_conn_mtu(dtls_ev_engine(conn)));
        json_end();
        return;
    }
    if (flow != NULL)
        print_flow(flow, &stats);
    else
        say(report,
            "%s: sent %" PRIu64 ", received %" PRIu64 ", rehandshakes %" PRIu64 ", retransmissions %" PRIu64
            ", MTU %zu",
            peer, stats.records_sent, stats.records_received, stats.rehandshakes, stats.retransmissions,
            dtls_conn_mtu(dtls_ev_engine(conn)));
    for (int i = 0; report->verbose && i < DTLS_DROP_COUNT; i++)
        if (stats.dropped[i] > 0)
            say(report, "%s: dropped %" PRIu64 " (%s)", peer, stats.dropped[i], dtls_drop_name((enum dtls_drop)i));
}
