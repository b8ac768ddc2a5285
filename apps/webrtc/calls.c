/* calls.c - one UDP socket and the calls behind it. */
#define _POSIX_C_SOURCE 200809L
#include "apps/webrtc/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/complain.h"
#include "apps/json.h"
#include "apps/media_keys.h"
#include "apps/report.h"
#include "apps/webrtc/echo.h"
#include "apps/webrtc/stun.h"
#include "crypto/secret.h"
#include "dtls/mux.h"

enum { DATAGRAMS_A_TURN = 128 };
enum { CONSENT_US = 30 * 1000 * 1000, KEPT_US = 30 * 1000 * 1000 }; /* RFC 7675, 5.1; and for those who ask later */

const char *call_state_name(const struct call *call)
{
    static const char *const names[] = { "new", "connecting", "connected", "failed", "closed" };

    return names[call->state];
}

static bool is_over(const struct call *call)
{
    return call->state >= CALL_FAILED;
}

static void enter(struct call *call, enum call_state state, const char *reason)
{
    char peer[ADDRESS_TEXT] = "nobody yet";
    const struct address *path = &call->paths[call->path];

    call->state = state;
    snprintf(call->reason, sizeof call->reason, "%s", reason != NULL ? reason : "");
    for (char *at = call->reason; *at != '\0'; at++)
        if (*at == '"' || *at == '\\' || *at < ' ')
            *at = '\''; /* it goes into JSON as it is */
    if (is_over(call)) {
        struct dtls_conn *conn = dtls_endpoint_find(call->calls->endpoint, &call->address);
        call->heard_at = dtls_ev_now();
        if (conn != NULL)
            dtls_conn_close(conn, dtls_ev_now());
    }
    if (call->path_count > 0)
        address_text((const struct sockaddr *)&path->of, path->len, peer);
    if (call->calls->settings.json) {
        json_begin("call");
        json_text("id", call->id);
        json_text("state", call_state_name(call));
        json_text("peer", peer);
        json_text("reason", reason);
        json_text("suite", dtls_suite_name(call->suite));
        json_text("profile", dtls_srtp_profile_name(call->profile));
        json_whole("received", call->received);
        json_whole("sent", call->sent);
        json_end();
        return;
    }
    printf("call %s, %s: %s", call->id, peer, call_state_name(call));
    if (state == CALL_CONNECTED)
        printf(", %s, %s", dtls_suite_name(call->suite), dtls_srtp_profile_name(call->profile));
    if (call->received > 0)
        printf(", %" PRIu64 " packets came, %" PRIu64 " went back", call->received, call->sent);
    printf(reason != NULL ? ": %s\n" : "%s\n", reason != NULL ? reason : "");
    fflush(stdout);
}

/* ---- calls ---- */

struct call *calls_find(const struct calls *calls, const char *id)
{
    struct call *call = calls->first;

    while (call != NULL && strcmp(call->id, id) != 0)
        call = call->next;
    return call;
}

/* A letter for each 5 random bits: those that ICE takes (RFC 8839, 5.4), and a URL. */
static bool draw(char *out, size_t len)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

    if (dtls_system_random(NULL, (uint8_t *)out, len) != DTLS_OK)
        return false;
    for (size_t i = 0; i < len; i++)
        out[i] = letters[out[i] & 31];
    out[len] = '\0';
    return true;
}

static struct call *find_by_ufrag(const struct calls *calls, const char *ufrag)
{
    struct call *call = calls->first;

    while (call != NULL && strcmp(call->ufrag, ufrag) != 0)
        call = call->next;
    return call;
}

static void call_free(struct call *call)
{
    dtls_srtp_free(call->srtp);
    free(call);
}

/* Takes it out of the list at *at, unless the endpoint has something of it yet. */
static bool forget(struct calls *calls, struct call **at)
{
    struct call *call = *at;

    if (dtls_endpoint_has_config(calls->endpoint, &call->config))
        return false;
    *at = call->next;
    call_free(call);
    return true;
}

/* The list has the newest first. */
static bool make_room(struct calls *calls)
{
    struct call **over = NULL, **unheard = NULL;
    uint32_t count = 0;

    for (struct call **at = &calls->first; *at != NULL; at = &(*at)->next) {
        over = is_over(*at) ? at : over;
        unheard = (*at)->state == CALL_NEW ? at : unheard;
        count++;
    }
    if (count < calls->settings.most || (over != NULL && forget(calls, over)))
        return true;
    if (unheard == NULL)
        return false;
    enter(*unheard, CALL_FAILED, "no browser came, and others did");
    return forget(calls, unheard);
}

struct call *calls_begin(struct calls *calls, const struct sdp_offer *offer)
{
    struct call *call = make_room(calls) ? calloc(1, sizeof *call) : NULL;

    if (call == NULL)
        return NULL;
    if (!draw(call->id, CALL_ID) || !draw(call->ufrag, CALL_ID) || !draw(call->password, 32) ||
        dtls_srtp_new(NULL, &call->srtp) != DTLS_OK) {
        call_free(call);
        return NULL;
    }
    snprintf(call->ufrags, sizeof call->ufrags, "%s:%.*s", call->ufrag, (int)offer->ufrag.len, offer->ufrag.at);
    call->calls = calls;
    call->is_client = offer->may_be_server && (calls->settings.active || !offer->may_be_client);
    memcpy(call->fingerprints, offer->fingerprints, sizeof call->fingerprints);
    call->config = *calls->settings.config;
    call->config.fingerprints = call->fingerprints;
    call->config.fingerprint_count = offer->fingerprint_count;
    call->address.len = call->address.source_len = CALL_ID;
    memcpy(call->address.bytes, call->ufrag, CALL_ID + 1);
    call->began_at = call->heard_at = dtls_ev_now();
    call->next = calls->first;
    calls->first = call;
    enter(call, CALL_NEW, NULL);
    return call;
}

struct sdp_end call_answer(const struct call *call)
{
    const struct calls *calls = call->calls;

    return (
        struct sdp_end){ calls->host, calls->port, call->ufrag, call->password, calls->fingerprint, call->is_client };
}

/* ---- what leaves ---- */

static bool send_to(struct call *call, const uint8_t *datagram, size_t len)
{
    const struct address *to = &call->paths[call->path];

    return call->path_count > 0 && sendto(call->calls->socket, datagram, len, MSG_DONTWAIT, (const void *)&to->of,
                                          to->len) == (ssize_t)len; /* else it is lost, as on the way */
}

static void take_event(struct call *call, struct dtls_conn *conn, const struct dtls_event *event)
{
    struct dtls_srtp_keys keys;
    char words[sizeof call->reason];

    if (is_over(call))
        return;
    if (event->type == DTLS_EVENT_KEYS) {
        if (media_keys_take(call->srtp, dtls_ev_now(), conn, event) != DTLS_OK)
            enter(call, CALL_FAILED, "there are no keys for media");
    } else if (event->type == DTLS_EVENT_OPEN) {
        call->suite = dtls_conn_suite(conn);
        if (dtls_conn_srtp_keys(conn, event->epoch, &keys) == DTLS_OK)
            call->profile = keys.profile;
        dtls_wipe(&keys, sizeof keys);
        enter(call, CALL_CONNECTED, NULL);
    } else if (event->type == DTLS_EVENT_FAILED) {
        enter(call, CALL_FAILED, report_failure(conn, event, words, sizeof words));
    } else if (event->type == DTLS_EVENT_CLOSED) {
        enter(call, CALL_CLOSED, NULL);
    }
}

/* After anything that the endpoint was given. */
static void settle(struct calls *calls)
{
    uint8_t datagram[ECHO_ROOM];
    struct dtls_address to;
    struct dtls_event event;
    struct dtls_conn *conn;
    struct call *call;
    size_t len;

    while (dtls_endpoint_next_event(calls->endpoint, &conn, &event))
        if ((call = find_by_ufrag(calls, (const char *)dtls_endpoint_address(conn)->bytes)) != NULL)
            take_event(call, conn, &event);
    while (dtls_endpoint_next_datagram(calls->endpoint, dtls_ev_now(), datagram, sizeof datagram, &len, &to))
        if ((call = find_by_ufrag(calls, (const char *)to.bytes)) != NULL)
            send_to(call, datagram, len);
    dtls_time due = dtls_endpoint_deadline(calls->endpoint), now = dtls_ev_now();
    ev_timer_stop(calls->loop, &calls->deadline);
    if (due != DTLS_NEVER) {
        ev_timer_set(&calls->deadline, due > now ? (double)(due - now) / 1e6 : 0, 0);
        ev_timer_start(calls->loop, &calls->deadline);
    }
}

static void end(struct call *call, enum call_state state, const char *reason)
{
    if (is_over(call))
        return;
    enter(call, state, reason);
    settle(call->calls);
}

void call_hang_up(struct call *call)
{
    const struct dtls_conn *conn = dtls_endpoint_find(call->calls->endpoint, &call->address);
    char words[sizeof call->reason] = "";

    if (conn != NULL && dtls_conn_alert(conn) != 0) /* whoever has sent it (S9), it fits */
        snprintf(words, sizeof words, "hung up; an alert said: %s", dtls_alert_string(dtls_conn_alert(conn)));
    end(call, CALL_CLOSED, words[0] != '\0' ? words : NULL);
}

/* ---- what comes ---- */

static bool same_address(const struct address *a, const struct address *b)
{
    return a->len == b->len && memcmp(&a->of, &b->of, a->len) == 0;
}

/* The call that is not over, and which of its paths; NULL: STUN has not shown it yet. */
static struct call *find_by_path(const struct calls *calls, const struct address *from, size_t *path)
{
    for (struct call *call = calls->first; call != NULL; call = call->next)
        for (*path = 0; !is_over(call) && *path < call->path_count; (*path)++)
            if (same_address(&call->paths[*path], from))
                return call;
    return NULL;
}

/* The browser sends from wherever it likes. Until there are keys, we send where it has nominated or was last; then
 * where it has nominated and media has come from: a STUN request may have been caught and sent again from elsewhere. */
static void learn_path(struct call *call, const struct address *from, bool nominated)
{
    size_t path = 0;

    while (path < call->path_count && !same_address(&call->paths[path], from))
        path++;
    if (path == CALL_PATHS)
        path = (call->path + 1) % CALL_PATHS;
    else if (path == call->path_count)
        call->path_count++;
    call->nominated[path] = nominated || (call->nominated[path] && same_address(&call->paths[path], from));
    call->paths[path] = *from;
    if (call->state != CALL_CONNECTED && (nominated || !call->nominated[call->path]))
        call->path = path;
    call->heard_at = dtls_ev_now();
}

/* ICE has a path: DTLS begins, or may. */
static void connect_call(struct call *call)
{
    struct dtls_conn *conn;
    int error = DTLS_OK;

    enter(call, CALL_CONNECTING, NULL);
    if (call->is_client)
        error = dtls_endpoint_connect(call->calls->endpoint, dtls_ev_now(), &call->config, &call->address, NULL, &conn);
    if (error != DTLS_OK)
        enter(call, CALL_FAILED, dtls_error_string(error));
    settle(call->calls);
}

static void hear_stun(struct calls *calls, const struct address *from, struct dtls_bytes datagram)
{
    struct stun_request request;
    uint8_t answer[STUN_MOST_ANSWER];
    char ufrag[CALL_ID + 1];
    size_t path;

    if (!stun_read(datagram, &request) || request.username.len <= CALL_ID)
        return;
    snprintf(ufrag, sizeof ufrag, "%.*s", CALL_ID, (const char *)request.username.at);
    struct call *call = find_by_ufrag(calls, ufrag), *other = find_by_path(calls, from, &path);
    if (call == NULL || is_over(call) || strlen(call->ufrags) != request.username.len ||
        memcmp(call->ufrags, request.username.at, request.username.len) != 0)
        return;
    struct dtls_bytes password = { (const uint8_t *)call->password, strlen(call->password) };
    if (!stun_is_authentic(&request, password) || (other != NULL && other != call && other->state == CALL_CONNECTED))
        return; /* forged; or the address is another's, whose it stays */
    sendto(calls->socket, answer, stun_answer(&request, password, (const void *)&from->of, answer), MSG_DONTWAIT,
           (const void *)&from->of, from->len);
    if (request.unknown_count > 0)
        return;
    learn_path(call, from, request.nominates);
    if (call->state == CALL_NEW)
        connect_call(call);
}

/* The browser has our last flight (K3). */
static void confirm_keys(struct call *call, uint16_t epoch)
{
    struct dtls_conn *conn = dtls_endpoint_find(call->calls->endpoint, &call->address);

    if (conn != NULL)
        dtls_conn_media_confirmed(conn, dtls_ev_now(), epoch);
    settle(call->calls);
}

static void hear_media(struct call *call, size_t path, uint8_t *datagram, size_t len)
{
    uint8_t out[ECHO_ROOM];
    uint16_t epoch;
    size_t out_len = echo_packet(call->srtp, dtls_ev_now(), datagram, len, out, &epoch);

    if (epoch == 0)
        return; /* forged, or a copy */
    if (call->nominated[path])
        call->path = path;
    if (call->received++ == 0)
        confirm_keys(call, epoch);
    if (out_len > 0 && send_to(call, out, out_len))
        call->sent++;
}

static void hear(struct calls *calls, const struct address *from, uint8_t *datagram, size_t len)
{
    enum dtls_mux kind = dtls_mux_classify(datagram, len);
    struct call *call;
    size_t path;

    if (kind == DTLS_MUX_STUN) {
        hear_stun(calls, from, (struct dtls_bytes){ datagram, len });
    } else if ((call = find_by_path(calls, from, &path)) == NULL) {
        return; /* nobody whom STUN has shown */
    } else if (kind == DTLS_MUX_DTLS) {
        dtls_endpoint_receive(calls->endpoint, dtls_ev_now(), &call->address, datagram, len);
        settle(calls);
    } else if (kind == DTLS_MUX_RTP || kind == DTLS_MUX_RTCP) {
        hear_media(call, path, datagram, len);
    }
}

static void on_readable(struct ev_loop *loop, ev_io *readable, int happened)
{
    struct calls *calls = readable->data;
    uint8_t datagram[UINT16_MAX];
    struct address from;
    ssize_t got;

    (void)loop, (void)happened;
    for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
        from = (struct address){ .len = sizeof from.of };
        got = recvfrom(calls->socket, datagram, sizeof datagram, MSG_DONTWAIT, (struct sockaddr *)&from.of, &from.len);
        if (got < 0 && errno != ECONNREFUSED)
            return;
        if (got > 0)
            hear(calls, &from, datagram, (size_t)got);
    }
}

/* ---- time ---- */

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct calls *calls = timer->data;

    (void)loop, (void)happened;
    dtls_endpoint_tick(calls->endpoint, dtls_ev_now());
    settle(calls);
}

/* Once a second: who has not been heard for long is gone, and what is over is forgotten. */
static void on_sweep(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct calls *calls = timer->data;
    dtls_time now = dtls_ev_now();

    (void)loop, (void)happened;
    for (struct call **at = &calls->first, *call; (call = *at) != NULL;) {
        dtls_srtp_tick(call->srtp, now);
        if (is_over(call) && now - call->heard_at > KEPT_US && forget(calls, at))
            continue;
        if (now - call->heard_at > CONSENT_US)
            end(call, CALL_FAILED, "the browser has not been heard for 30 seconds");
        else if (call->state < CALL_CONNECTED && now - call->began_at > CONSENT_US)
            end(call, CALL_FAILED, "no call has come of it in 30 seconds");
        at = &call->next;
    }
}

/* ---- the socket ---- */

/* Whose the address is, is STUN's to say; one of no call gets nothing. */
static enum dtls_admit admit(void *arg, const struct dtls_address *from, const struct dtls_config **config)
{
    struct call *call = find_by_ufrag(arg, (const char *)from->bytes);

    if (call == NULL || is_over(call) || call->is_client || dtls_endpoint_find(call->calls->endpoint, from) != NULL)
        return DTLS_ADMIT_NOT; /* the last: it begins anew (S6). A browser does so with a new offer */
    *config = &call->config;
    return DTLS_ADMIT_VALIDATED;
}

void calls_open(struct calls *calls, struct ev_loop *loop, const struct calls_settings *settings, const char *host,
                uint16_t port)
{
    struct dtls_endpoint_settings limits = { .most = 2 * (size_t)settings->most, .admit = admit, .arg = calls };
    struct dtls_fingerprint fingerprint;
    struct address address;

    *calls = (struct calls){ .settings = *settings, .loop = loop };
    address_find(host, port, &address);
    calls->socket = socket(address.of.ss_family, SOCK_DGRAM, 0);
    if (calls->socket < 0 || fcntl(calls->socket, F_SETFD, FD_CLOEXEC) != 0 ||
        bind(calls->socket, (struct sockaddr *)&address.of, address.len) != 0 ||
        getsockname(calls->socket, (struct sockaddr *)&address.of, &address.len) != 0)
        refuse("%s UDP port %u: %s", host, port, strerror(errno));
    calls->port = address_host((struct sockaddr *)&address.of, address.len, calls->host);
    dtls_identity_fingerprint_by(settings->config->identity, DTLS_FINGERPRINT_SHA_256, &fingerprint);
    dtls_fingerprint_to_sdp(&fingerprint, calls->fingerprint);
    calls->endpoint = dtls_endpoint_new(settings->config, &limits);
    if (calls->endpoint == NULL)
        refuse("%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    ev_io_init(&calls->readable, on_readable, calls->socket, EV_READ);
    ev_timer_init(&calls->deadline, on_deadline, 0, 0);
    ev_timer_init(&calls->sweep, on_sweep, 1, 1);
    calls->readable.data = calls->deadline.data = calls->sweep.data = calls;
    ev_io_start(loop, &calls->readable);
    ev_timer_start(loop, &calls->sweep);
}

void calls_close(struct calls *calls)
{
    for (struct call *call = calls->first; call != NULL; call = call->next)
        call_hang_up(call);
    ev_io_stop(calls->loop, &calls->readable);
    ev_timer_stop(calls->loop, &calls->deadline);
    ev_timer_stop(calls->loop, &calls->sweep);
    dtls_endpoint_free(calls->endpoint);
    close(calls->socket);
    for (struct call *call = calls->first, *next; call != NULL; call = next) {
        next = call->next;
        call_free(call);
    }
}
