/* report.h - tells what happens, to a person or as JSON. From any thread: a line stays whole. */
#ifndef APPS_REPORT_H
#define APPS_REPORT_H

#include <stdio.h>

#include "apps/address.h"
#include "apps/flow.h"
#include "dtls/ev.h"

enum { REPORT_MOST_EXPORT = 1024 };

struct report {
    bool json, verbose;
    FILE *remarks;     /* where a person reads what is not data */
    dtls_time start;   /* of the program */
    bool keys;         /* print those for media, too, and... */
    const char *label; /* ...keying material of this label, after each handshake; NULL: none */
    size_t label_len;  /* bytes of it, at most REPORT_MOST_EXPORT */
    unsigned worker;   /* whose associations these are, as JSON tells; 0: nobody asks */
};

/* "listening" or "connecting": the first thing told. `fingerprint` is the own one. */
void report_beginning(const struct report *report, const char *event, const struct sockaddr *address, socklen_t len,
                      const uint8_t *fingerprint);

/* The own certificate: "reloaded" (new associations get this one) or "retired" (nobody uses it any more). */
void report_credentials(const struct report *report, const char *event, const uint8_t *fingerprint);

/* What has become of the session store. */
void report_store(const struct report *report, bool up, const char *words);

/* Everything but DATA; `kept` says what became of a SESSION: NULL, or a remark ("kept in FILE"). */
void report_event(const struct report *report, const struct dtls_ev_conn *conn, const struct dtls_event *event,
                  const char *kept);

/* One received record, as a line. */
void report_data(const struct report *report, struct dtls_bytes data);

/* This side asked for a rehandshake; `error` is the engine's answer. */
void report_rehandshake_start(const struct report *report, const char *peer, enum dtls_rehandshake_mode mode,
                              int error);

/* Where an association stands, for whoever asks. */
void report_status(const struct report *report, const struct dtls_ev_conn *conn);

/* The end of an association that was open; `flow` may be NULL. */
void report_end(const struct report *report, const struct dtls_ev_conn *conn, const struct flow *flow);

/* The peer as text. */
void report_peer(const struct dtls_ev_conn *conn, char out[ADDRESS_TEXT]);

/* What killed the connection, for FAILED: in words, with the reason that the engine has, cut to fit. */
enum { REPORT_FAILURE = 320 };
const char *report_failure(const struct dtls_conn *engine, const struct dtls_event *event, char *out, size_t cap);

#endif
