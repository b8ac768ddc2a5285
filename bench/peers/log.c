/* log.c - prints events. */
#include "bench/peers/log.h"

#include <stddef.h>

#include "apps/json.h"
#include "bench/peers/clock.h"

static void begin(const char *event, uint64_t at)
{
    json_begin(event);
    json_whole("t", at);
}

void log_listening(uint16_t port)
{
    json_begin("listening");
    json_whole("port", port);
    json_end();
}

void log_open(uint64_t at, const struct log_handshake *handshake)
{
    begin("open", at);
    json_text("suite", handshake->suite);
    json_bool("resumed", handshake->resumed);
    json_bool("secure_renegotiation", handshake->secure_renegotiation);
    json_end();
}

void log_closed(uint64_t at)
{
    log_event(at, "closed");
}

void log_end(uint64_t at, bool alive, uint64_t sent, uint64_t received)
{
    begin("end", at);
    json_bool("alive", alive);
    json_whole("sent", sent);
    json_whole("received", received);
    json_whole("cpu", clock_cpu());
    json_end();
}

void log_sent(uint64_t number, uint64_t wish, uint64_t left, uint64_t datagram, bool held)
{
    json_begin("sent");
    json_whole("n", number);
    json_whole("wish", wish);
    json_whole("left", left);
    json_whole("datagram", datagram);
    json_bool("held", held);
    json_end();
}

void log_unsent(uint64_t number, uint64_t wish, const char *why)
{
    json_begin("unsent");
    json_whole("n", number);
    json_whole("wish", wish);
    json_text("text", why);
    json_end();
}

void log_received(const struct delivery *delivery, const struct arrival *arrival)
{
    json_begin("received");
    json_whole("n", delivery->number);
    json_whole("arrived", arrival->at);
    json_whole("delivered", delivery->at);
    json_whole("datagram", arrival->datagram);
    json_whole("epoch", arrival->epoch);
    json_whole("cpu", clock_cpu());
    json_end();
}

void log_foreign(uint64_t at, uint64_t len)
{
    begin("foreign", at);
    json_whole("bytes", len);
    json_end();
}

void log_rehandshake_start(uint64_t at, const char *mode)
{
    begin("rehandshake_start", at);
    json_text("mode", mode);
    json_whole("cpu", clock_cpu());
    json_end();
}

void log_rehandshake_done(uint64_t at, bool resumed)
{
    begin("rehandshake_done", at);
    json_whole("cpu", clock_cpu());
    json_bool("resumed", resumed);
    json_end();
}

void log_event(uint64_t at, const char *event)
{
    begin(event, at);
    json_end();
}

void log_text(uint64_t at, const char *event, const char *text)
{
    begin(event, at);
    json_text("text", text);
    json_end();
}

void log_alert(uint64_t at, int level, int description)
{
    begin("alert", at);
    json_signed("level", level);
    json_signed("description", description);
    json_end();
}
