/* call.h - one call from the first datagram to the end: its timeline, and what the library tells about it. */
#ifndef BENCH_PEERS_CALL_H
#define BENCH_PEERS_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct call;
struct log_handshake;
struct settings;

/* Makes the call that the settings ask for, from the socket to the end. Returns the exit status. */
int call_run(const struct settings *settings);

/* ---- what a library tells ---- */

void call_opened(struct call *call, const struct log_handshake *handshake);
void call_received(struct call *call, const uint8_t *data, size_t len);

void call_rehandshake_started(struct call *call); /* the other side has asked, or answered */
void call_rehandshake_done(struct call *call, bool resumed);
void call_rehandshake_refused(struct call *call);                  /* the connection lives on */
void call_rehandshake_failed(struct call *call, const char *text); /* the connection lives on */

void call_alert(struct call *call, int level, int description); /* a warning that changed nothing */
void call_closed(struct call *call);                            /* by the other side's close_notify */
void call_died(struct call *call, const char *text);

#endif
