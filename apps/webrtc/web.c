/* web.c - the door to libmicrohttpd, which runs in our loop. */
#define _POSIX_C_SOURCE 200809L
#include "apps/webrtc/web.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "apps/complain.h"
#include "dtls/srtp.h"

enum {
    LONGEST_OFFER = 64 * 1024,
    LONGEST_BODY = 16 << 20,
    MOST_CONNECTIONS = 256,
    MOST_OF_ONE_HOST = 192,
    IDLE_S = 15
};
static const double LONGEST_WAIT_S = 1; /* where all connections were taken, it listens again when it is run next */

/* What has been read of one request's body. */
struct body {
    size_t len, taken;            /* the second counts what was too much, too */
    char text[LONGEST_OFFER + 1]; /* one more shows that it is too long */
};

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *type, const char *text,
                             const char *location)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (location != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, location);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned status, const char *words)
{
    return reply(connection, status, "text/plain; charset=utf-8", words, NULL);
}

/* Cross-site forms cannot send it, and scripts have to ask first (CORS), which nobody here answers. */
static bool is_sdp(struct MHD_Connection *connection)
{
    const char *type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);

    return type != NULL && strcasecmp(type, "application/sdp") == 0;
}

static enum MHD_Result take_offer(struct web *web, struct MHD_Connection *connection, const struct body *body)
{
    struct sdp_offer offer;
    char location[sizeof "/calls/" + CALL_ID];

    if (!is_sdp(connection))
        return say(connection, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "an offer is application/sdp\n");
    if (body->len > LONGEST_OFFER)
        return say(connection, MHD_HTTP_CONTENT_TOO_LARGE, "an offer has 65536 bytes at most\n");
    const char *problem = sdp_read((struct dtls_bytes){ (const uint8_t *)body->text, body->len }, &offer);
    if (problem != NULL)
        return say(connection, MHD_HTTP_BAD_REQUEST, problem);
    struct call *call = calls_begin(web->calls, &offer);
    if (call == NULL)
        return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "too many calls\n");
    struct sdp_end end = call_answer(call);
    char *answer = sdp_answer(&offer, &end);
    if (answer == NULL) {
        call_hang_up(call);
        return MHD_NO;
    }
    snprintf(location, sizeof location, "/calls/%s", call->id);
    enum MHD_Result result = reply(connection, MHD_HTTP_CREATED, "application/sdp", answer, location);
    free(answer);
    return result;
}

static enum MHD_Result say_how(struct MHD_Connection *connection, const struct call *call)
{
    const char *suite = dtls_suite_name(call->suite), *profile = dtls_srtp_profile_name(call->profile);
    struct dtls_srtp_stats media;
    char text[1024];

    dtls_srtp_stats(call->srtp, &media);
    snprintf(text, sizeof text,
             "{\"state\":\"%s\",\"reason\":\"%s\",\"role\":\"%s\",\"suite\":\"%s\",\"profile\":\"%s\","
             "\"fingerprint\":\"%s\",\"received\":%" PRIu64 ",\"sent\":%" PRIu64 ",\"forged\":%" PRIu64 "}\n",
             call_state_name(call), call->reason, call->is_client ? "client" : "server", suite != NULL ? suite : "",
             profile != NULL ? profile : "", call->calls->fingerprint, call->received, call->sent, media.forged);
    return reply(connection, MHD_HTTP_OK, "application/json", text, NULL);
}

static enum MHD_Result answer_request(struct web *web, struct MHD_Connection *connection, const char *path,
                                      const char *method, const struct body *body)
{
    bool is_page = strcmp(path, "/") == 0, is_calls = strcmp(path, "/calls") == 0;
    bool gets = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    struct call *call = strncmp(path, "/calls/", 7) == 0 ? calls_find(web->calls, path + 7) : NULL;

    if (!is_page && !is_calls && call == NULL)
        return say(connection, MHD_HTTP_NOT_FOUND, "there is no such thing here\n");
    if (is_page && gets)
        return reply(connection, MHD_HTTP_OK, "text/html; charset=utf-8", web_page, NULL);
    if (is_calls && strcmp(method, MHD_HTTP_METHOD_POST) == 0)
        return take_offer(web, connection, body);
    if (call != NULL && gets)
        return say_how(connection, call);
    if (call != NULL && strcmp(method, MHD_HTTP_METHOD_DELETE) == 0) {
        call_hang_up(call);
        return say(connection, MHD_HTTP_OK, "");
    }
    return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "not with this method\n");
}

/* libmicrohttpd calls it when the headers are there, for each piece of a body, and at the end. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *piece, size_t *piece_len, void **context)
{
    struct body *body = *context;

    (void)version;
    if (body == NULL) {
        *context = calloc(1, sizeof *body);
        return *context != NULL ? MHD_YES : MHD_NO;
    }
    if (*piece_len == 0)
        return answer_request(arg, connection, path, method, body);
    size_t room = sizeof body->text - body->len, len = *piece_len < room ? *piece_len : room;
    memcpy(body->text + body->len, piece, len);
    body->len += len;
    body->taken += *piece_len;
    if (body->taken > LONGEST_BODY)
        return MHD_NO; /* hangs up */
    *piece_len = 0;
    return MHD_YES;
}

static void on_done(void *arg, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
    (void)arg, (void)connection, (void)code;
    free(*context);
}

/* ---- the loop ---- */

static void run(struct web *web)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    double wait_s = LONGEST_WAIT_S;

    MHD_run(web->daemon);
    if (MHD_get_timeout(web->daemon, &wait_ms) == MHD_YES && (double)wait_ms / 1000 < wait_s)
        wait_s = (double)wait_ms / 1000;
    ev_timer_stop(web->loop, &web->deadline);
    ev_timer_set(&web->deadline, wait_s, 0);
    ev_timer_start(web->loop, &web->deadline);
}

static void on_readable(struct ev_loop *loop, ev_io *readable, int happened)
{
    (void)loop, (void)happened;
    run(readable->data);
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int happened)
{
    (void)loop, (void)happened;
    run(timer->data);
}

static void on_complaint(void *arg, const char *format, va_list args)
{
    (void)arg, (void)format, (void)args; /* of what a browser has said wrong */
}

void web_open(struct web *web, struct ev_loop *loop, struct calls *calls, const char *host, uint16_t port,
              const char *cert, const char *key)
{
    struct address address;
    const struct MHD_OptionItem tls[] = { { MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert },
                                          { MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key },
                                          { MHD_OPTION_END, 0, NULL } };
    const struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };

    *web = (struct web){ .calls = calls, .loop = loop };
    address_find(host, port, &address);
    unsigned flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG | (cert != NULL ? MHD_USE_TLS : 0) |
                     (address.of.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    errno = 0;
    web->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, web, MHD_OPTION_EXTERNAL_LOGGER, on_complaint, NULL, MHD_OPTION_SOCK_ADDR,
        &address.of, MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)MOST_CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)MOST_OF_ONE_HOST,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_ARRAY, cert != NULL ? tls : none, MHD_OPTION_END);
    if (web->daemon == NULL)
        refuse("%s port %u: %s", host, port, errno != 0 ? strerror(errno) : "HTTP cannot be served there");
    web->port = MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    ev_io_init(&web->readable, on_readable, MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
               EV_READ);
    ev_init(&web->deadline, on_deadline);
    web->readable.data = web->deadline.data = web;
    ev_io_start(loop, &web->readable);
    run(web);
}

void web_close(struct web *web)
{
    ev_io_stop(web->loop, &web->readable);
    ev_timer_stop(web->loop, &web->deadline);
    MHD_stop_daemon(web->daemon);
}
