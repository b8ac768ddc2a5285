/* renew.h - asks for rehandshakes on a schedule (--rehandshake-every). */
#ifndef APPS_RENEW_H
#define APPS_RENEW_H

#include "apps/report.h"
#include "apps/settings.h"

struct renew {
    struct ev_loop *loop;
    ev_timer timer;
    struct dtls_ev_conn *conn;
    const struct settings *settings;
    const struct report *report;
    size_t turn; /* rehandshakes asked for so far: the next mode */
};

/* From OPEN until renew_stop; does nothing without --rehandshake-every. */
void renew_start(struct renew *renew, struct ev_loop *loop, struct dtls_ev_conn *conn, const struct settings *settings,
                 const struct report *report);
void renew_stop(struct renew *renew);

#endif
